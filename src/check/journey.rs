//! Journeys: conditions of steps are conditions, all steps tell entities apart by one kind of value, and times that `reached` counts
//! are as exact as the steps.

use super::row::Scope;
use super::{Context, Operand};
use crate::calendar::{TimeUnit, Zone};
use crate::diagnostic::{Findings, codes};
use crate::model::clock::TimeKind;
use crate::model::exclusion::never_both;
use crate::model::expr::{Expr, Node, Path, RowExpr, RowLeaf};
use crate::model::facts::{KnownUnit, Range, Type};
use crate::model::journey::{Journey, Order, Reached, Starts, Step, StepRows};
use crate::model::{Clock, ColumnId, ColumnUnit, Model, Source, SourceId, Storage};
use crate::text::{Files, Span};

/// Checks all journeys, once the columns of sources have been.
pub(super) fn journeys(model: &mut Model, files: &Files, findings: &mut Findings) {
    let ids: Vec<SourceId> = model.sources.ids().filter(|id| model.sources.get(*id).journey.is_some()).collect();
    for id in ids {
        let Some(mut journey) = model.sources.get(id).journey.clone() else { continue };
        conditions(&mut journey, model, files, findings);
        super::closing::steps(&journey, model, findings);
        entities(&journey, model, findings);
        shared_rows(&mut journey, model.sources.get(id), model, findings);
        unreachable(&journey, model.sources.get(id), findings);
        inherit(id, &journey, model);
        model.sources.get_mut(id).journey = Some(journey);
    }
}

/// Checks the conditions of steps, and writes out their conversions.
fn conditions(journey: &mut Journey, model: &Model, files: &Files, findings: &mut Findings) {
    for rows in journey.steps.iter_mut().filter_map(|step| step.rows.as_mut()) {
        let Some(filter) = &rows.filter else { continue };
        let mut context = Context { model, files, findings, or: rows.time_span };
        let checked = context.condition(filter, Scope::Rows(rows.source), "`where`");
        rows.filter = Some(checked.unwrap_or_else(|| Expr::new(Node::Broken, rows.time_span)));
    }
}

/// Finds the earlier steps that a row of each step could be as well. One row is one step of a journey, so such rows have to be told
/// apart.
fn shared_rows(journey: &mut Journey, own: &Source, model: &Model, findings: &mut Findings) {
    let steps: Vec<(ColumnId, Option<StepRows>)> = journey.steps.iter().map(|step| (step.column, step.rows.clone())).collect();
    for (place, step) in journey.steps.iter_mut().enumerate() {
        let Some(rows) = &step.rows else { continue };
        let shares = |(_, earlier): &&(ColumnId, Option<StepRows>)| {
            let at_once = |earlier: &&StepRows| (earlier.source, earlier.time) == (rows.source, rows.time);
            let both = |earlier: &StepRows| !never_both(earlier.filter.as_ref(), rows.filter.as_ref());
            earlier.as_ref().filter(at_once).is_some_and(both)
        };
        let earlier = steps.iter().take(place);
        step.apart = earlier.clone().enumerate().filter(|(_, earlier)| shares(earlier)).map(|(at, _)| at).collect();
        let source = model.sources.get(rows.source);
        let Some((first, _)) = earlier.clone().find(shares) else { continue };
        if source.key.is_empty() && !source.is_partial {
            let (name, first) = (&own.columns.get(step.column).name, &own.columns.get(*first).name);
            let of = &source.name.value;
            let message = format!(
                "a row of `{of}` can be both `{}` and `{}`, but it counts as one step of a journey, and `{of}` has no `key` \
                 to identify rows",
                first.value, name.value
            );
            findings.report(&codes::STEP_NEEDS_KEY, name.span, message).also(first.span, "the earlier step").help(format!(
                "give `{of}` a `key`; or, if no row is both, say so with a `where` in each step, such as `where: page = \
                 'home'`"
            ));
        }
    }
}

/// Points out steps that no row is left for: where every first step starts a journey, the next first step is the only one of its
/// kind that belongs to it.
fn unreachable(journey: &Journey, own: &Source, findings: &mut Findings) {
    let (Starts::Every, Some(first)) = (journey.starts, journey.first()) else { return };
    let begins = |rows: &StepRows| {
        let same = (rows.source, rows.time, &rows.entity) == (first.source, first.time, &first.entity);
        same && narrows(rows, first)
    };
    let steps = journey.steps.iter().enumerate().skip(1).filter_map(|(at, step)| Some((at, step, step.rows.as_ref()?)));
    for (at, step, rows) in steps.clone().filter(|(_, _, rows)| begins(rows)) {
        let takes = |(place, _, earlier): &(usize, &Step, &StepRows)| {
            *place < at && begins(earlier) && (journey.order == Order::Strict || narrows(rows, earlier))
        };
        let Some((_, earlier, _)) = steps.clone().find(takes) else { continue };
        let name = |column: ColumnId| &own.columns.get(column).name;
        let (name, earlier, begin) =
            (name(step.column), name(earlier.column), journey.steps.first().map(|step| name(step.column)));
        let message = format!(
            "`{}` is never reached: each of its rows is also `{}` and starts a new journey, and the only one that belongs \
             to the journey before is `{}`",
            name.value,
            begin.map_or("", |begin| begin.value.as_str()),
            earlier.value
        );
        findings
            .report(&codes::UNREACHABLE_STEP, name.span, message)
            .also(earlier.span, "the step it counts as")
            .help("remove the step; for the first, second and third of each entity write `starts: first`");
    }
}

/// Whether every row that is the one step fulfils the condition of the other, as far as the conditions say so.
fn narrows(rows: &StepRows, of: &StepRows) -> bool {
    let parts: Vec<&RowExpr> = rows.filter.iter().flat_map(Expr::conjuncts).collect();
    of.filter.iter().flat_map(Expr::conjuncts).all(|part| parts.contains(&part))
}

/// Checks that the entities of all steps can be the same.
fn entities(journey: &Journey, model: &Model, findings: &mut Findings) {
    let mut steps = journey.steps.iter().filter_map(|step| step.rows.as_ref());
    let Some(first) = steps.next() else { return };
    let known = entity(first, model);
    for step in steps {
        let own = entity(step, model);
        let written = |rows: &StepRows| {
            format!("{}.{}", model.sources.get(rows.source).name.value, model.path_text(rows.source, &rows.entity))
        };
        if !known.fits(&own) {
            let message = format!(
                "all steps of a journey need the same entity, but `{}` is {}, and `{}` is {}",
                written(first),
                known.shown(),
                written(step),
                own.shown()
            );
            findings
                .report(&codes::ENTITY_MISMATCH, step.entity_span, message)
                .also(first.entity_span, "the entity of the first step")
                .help(
                    "name a path to the same key in each step; if a column holds it in another type, convert it with \
                 `expr:`",
                );
        } else if let (Some(one), Some(two)) = (known.of, own.of)
            && one != two
        {
            let (one, two) = (&model.sources.get(one).name.value, &model.sources.get(two).name.value);
            let message = format!(
                "`{}` is a key of `{one}`, but `{}` is a key of `{two}`: equal keys need not mean the same entity",
                written(first),
                written(step)
            );
            findings
                .report(&codes::DIFFERENT_ENTITIES, step.entity_span, message)
                .also(first.entity_span, "the entity of the first step")
                .help("name a path to the same source in each step, such as `contact.user`");
        }
    }
}

/// What tells entities apart in a step.
struct Entity {
    /// The types of the parts of the key.
    parts: Vec<Type>,
    /// The source whose key it is, if that is known.
    of: Option<SourceId>,
}

impl Entity {
    fn fits(&self, other: &Entity) -> bool {
        let is_unknown = |entity: &Entity| entity.parts.contains(&Type::Error);
        let same = |(one, two): (&Type, &Type)| one.common(*two).is_some();
        is_unknown(self)
            || is_unknown(other)
            || self.parts.len() == other.parts.len() && self.parts.iter().zip(&other.parts).all(same)
    }

    fn shown(&self) -> String {
        match self.parts.as_slice() {
            [only] => only.to_string(),
            parts => format!("a key of {} columns", parts.len()),
        }
    }
}

fn entity(rows: &StepRows, model: &Model) -> Entity {
    let end = model.sources.get(model.end_of(rows.source, &rows.entity));
    let column = end.columns.get(rows.entity.column);
    let target = column.reference.map(|id| model.sources.get(id));
    let parts = match (&column.storage, target) {
        (Storage::Several(_), Some(target)) => target.key.iter().map(|key| target.columns.get(*key).ty).collect(),
        _ => vec![column.ty],
    };
    let is_key = end.key.as_slice() == [rows.entity.column];
    let own = || is_key.then(|| model.end_of(rows.source, &rows.entity));
    Entity { parts, of: column.reference.or_else(own) }
}

/// Gives the journey's columns what the checks found out about the columns of the first step's source.
fn inherit(id: SourceId, journey: &Journey, model: &mut Model) {
    let Some(first) = journey.first() else { return };
    for (own, there) in &journey.inherited {
        let from = model.sources.get(first.source).columns.get(*there);
        let ty = from.ty;
        let storage = match &from.storage {
            Storage::Derived(expr) => Some(Storage::Derived(journey.inherit_row(expr))),
            Storage::Stored(_) | Storage::Several(_) | Storage::Raw(_) => None,
        };
        let unit = match &from.unit {
            ColumnUnit::Fixed(unit) => Some(ColumnUnit::Fixed(unit.clone())),
            ColumnUnit::ByColumn(_) => None,
        };
        let own = model.sources.get_mut(id).columns.get_mut(*own);
        own.ty = ty;
        if let Some(storage) = storage {
            own.storage = storage;
        }
        if let Some(unit) = unit {
            own.unit = unit;
        }
    }
    for step in &journey.steps {
        let Some(rows) = &step.rows else { continue };
        let time = model.sources.get(rows.source).columns.get(rows.time);
        let is_broken = time.ty == Type::Error || rows.filter.as_ref().is_some_and(Expr::is_broken);
        let ty = if is_broken { Type::Error } else { time.ty };
        // Instants stay what they are, on the clock on which they are stored; all else has become time of the project's clock.
        let kind = model.column_time_kind(rows.source, time);
        let clock = match (&time.storage, kind) {
            (Storage::Derived(_), Some(TimeKind::Instant)) if !model.calendar.zone.is_fixed() => Clock::Wall(Zone::utc()),
            (Storage::Stored(_) | Storage::Raw(_), Some(TimeKind::Instant)) => time.clock.clone(),
            _ => Clock::Civil,
        };
        let own = model.sources.get_mut(id).columns.get_mut(step.column);
        own.ty = ty;
        own.clock = clock;
    }
}

impl Context<'_> {
    /// Checks `reached`: the time that it counts is as exact as its steps.
    pub(super) fn reached(&mut self, reached: &Reached, source: SourceId, expr: &RowExpr) -> Operand<RowLeaf> {
        let span = expr.span_or(self.or);
        if let Some((count, unit)) = reached.within
            && self.is_too_exact(reached, source, count, unit, span)
        {
            return Operand::broken(span);
        }
        let condition = self.row(&reached.condition, Scope::Rows(source));
        if condition.is_broken() {
            return Operand::broken(span);
        }
        let leaf = RowLeaf::Reached(Box::new(Reached { condition: condition.expr, ..reached.clone() }));
        Operand::new(Expr { node: Node::Leaf(leaf), at: expr.at }, Type::Boolean, KnownUnit::none(), Range::ANY)
    }

    /// Whether a time shorter than a day counts between steps of which one is known by the day only.
    fn is_too_exact(&mut self, reached: &Reached, source: SourceId, count: u32, unit: TimeUnit, span: Span) -> bool {
        if unit.grain().is_some() {
            return false;
        }
        let steps = [reached.step, reached.of];
        let by_day = |step: &&ColumnId| self.model.column(source, &Path::to(**step)).ty == Type::Date;
        let Some(step) = steps.iter().find(by_day) else { return false };
        let name = &self.model.sources.get(source).columns.get(*step).name.value;
        let plural = if count == 1 { "" } else { "s" };
        let message = format!(
            "`{name}` is a date, so kpic cannot tell whether it comes within {count} \
         {}{plural}",
            unit.name()
        );
        self.report(&codes::TYPE_MISMATCH, span, message)
            .help("give the time in days or longer units, or use a timestamp column as the step's time");
        true
    }
}
