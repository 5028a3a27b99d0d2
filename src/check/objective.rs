//! Objectives against the KPIs that show them: cascades without circles, targets in the KPI's unit, slices that the KPI has, and
//! periods in which there is something to be read.

use super::slice::{self, Parts, Sliced};
use crate::calendar::{Date, DateTime, Stretch, add_days};
use crate::diagnostic::{Findings, codes};
use crate::model::expr::{Calc, CalcLeaf, Literal, Node, RowLeaf, Window};
use crate::model::facts::{Kind, Range, Type};
use crate::model::objective::{
    Amount, Baseline, Evidence, Goal, KeyResult, MeasuredKpi, Objective, ObjectiveId, Reads, Relative, Target,
};
use crate::model::unit::{Fit, Notation, Unit};
use crate::model::{Body, DimensionId, KpiId, Model};
use crate::text::{Span, Spanned};
use std::collections::{BTreeMap, HashSet};

/// Checks all objectives. What is wrong is taken out, so that no later stage meets it.
pub(super) fn objectives(model: &mut Model, parts: &BTreeMap<KpiId, Parts>, findings: &mut Findings) {
    circles(model, findings);
    outlives(model, findings);
    continuations(model, findings);
    for id in model.objectives.ids().collect::<Vec<_>>() {
        let objective = model.objectives.get_mut(id);
        let mut results = std::mem::take(&mut objective.key_results);
        let objective = model.objectives.get(id);
        for result in &mut results {
            key_result(model, objective, result, parts, findings);
        }
        model.objectives.get_mut(id).key_results = results;
    }
}

/// Reports objectives that serve each other, once for each circle, and cuts it.
fn circles(model: &mut Model, findings: &mut Findings) {
    let parent = |model: &Model, id: ObjectiveId| model.objectives.get(id).parent.as_ref().map(|parent| parent.value);
    let mut done: HashSet<ObjectiveId> = HashSet::new();
    for start in model.objectives.ids().collect::<Vec<_>>() {
        let mut way = vec![start];
        let mut at = start;
        while let Some(next) = parent(model, at).filter(|next| !done.contains(next)) {
            if let Some(first) = way.iter().position(|known| *known == next) {
                let circle = way.get(first..).unwrap_or_default();
                circle_found(model, circle, findings);
                model.objectives.get_mut(at).parent = None;
                break;
            }
            way.push(next);
            at = next;
        }
        done.extend(way);
    }
}

fn circle_found(model: &Model, circle: &[ObjectiveId], findings: &mut Findings) {
    let name = |id: &ObjectiveId| model.objectives.get(*id).name.value.clone();
    let spans: Vec<Span> =
        circle.iter().filter_map(|id| model.objectives.get(*id).parent.as_ref().map(|parent| parent.span)).collect();
    let Some((first, rest)) = spans.split_first() else { return };
    let names: Vec<String> = circle.iter().chain(circle.first()).map(name).collect();
    let finding = findings.report(
        &codes::OBJECTIVE_CYCLE,
        *first,
        format!("these objectives are each other's parents: {}", names.join(" \u{2192} ")),
    );
    for span in rest {
        finding.also(*span, "");
    }
    finding.help("one of them is at the top: remove its `parent`");
}

/// Reports key results that cannot carry on what they name: of no earlier period, or another measure.
fn continuations(model: &Model, findings: &mut Findings) {
    for objective in model.objectives.rows() {
        for result in &objective.key_results {
            let Some(continues) = &result.continues else { continue };
            let before = model.objectives.get(continues.value.0);
            let Some(known) = before.key_results.get(continues.value.1) else { continue };
            let is_later = match (before.period, objective.period) {
                (Some(before), Some(own)) => before.first < own.first,
                _ => true,
            };
            let name = format!("{}.{}", before.name.value, known.name.value);
            let why = if !is_later {
                Some((format!("`{name}` does not begin earlier"), "name the key result of an earlier period"))
            } else if is_of_another_measure(&known.evidence, &result.evidence) {
                let message = format!("`{name}` is measured in another way, so `{}` cannot carry it on", result.name.value);
                Some((
                    message,
                    "both need the same KPI and slice, or the same unit where people report them; else remove `continues`",
                ))
            } else {
                None
            };
            if let Some((message, help)) = why {
                findings.report(&codes::BAD_KEY_RESULT, continues.span, message).also(known.name.span, "").help(help);
            }
        }
    }
}

fn is_of_another_measure(before: &Evidence, own: &Evidence) -> bool {
    let slice = |shown: &MeasuredKpi| {
        let mut slice: Vec<_> = shown.slice.iter().map(|member| (member.dimension, member.text.clone())).collect();
        slice.sort();
        slice
    };
    match (before, own) {
        (Evidence::Kpi(before), Evidence::Kpi(own)) => before.kpi != own.kpi || slice(before) != slice(own),
        (Evidence::Manual(before), Evidence::Manual(own)) => before.unit != own.unit,
        // What is wrong or missing has been said.
        (Evidence::Broken | Evidence::Missing, _) | (_, Evidence::Broken | Evidence::Missing) => false,
        (Evidence::Kpi(_), Evidence::Manual(_)) | (Evidence::Manual(_), Evidence::Kpi(_)) => true,
    }
}

/// Reports objectives that are not within the period of the one they serve.
fn outlives(model: &Model, findings: &mut Findings) {
    for objective in model.objectives.rows() {
        let Some(parent) = objective.parent.as_ref().map(|parent| model.objectives.get(parent.value)) else { continue };
        let (Some(own), Some(of_parent)) = (objective.period, parent.period) else { continue };
        if of_parent.holds(own) {
            continue;
        }
        let name = &objective.name.value;
        let message = if own.last > of_parent.last {
            format!("`{name}` runs until {}, but its parent `{}` ends on {}", own.last, parent.name.value, of_parent.last)
        } else {
            format!("`{name}` starts on {}, before its parent `{}` starts on {}", own.first, parent.name.value, of_parent.first)
        };
        let finding = findings.report(&codes::OUTLIVES_PARENT, objective.period_span.unwrap_or(objective.name.span), message);
        if let Some(span) = parent.period_span {
            finding.also(span, format!("the period of `{}`", parent.name.value));
        }
        finding.help("an objective has to fit into its parent's period: shorten this one, or give it another `parent`");
    }
}

fn key_result(
    model: &Model,
    objective: &Objective,
    result: &mut KeyResult,
    parts: &BTreeMap<KpiId, Parts>,
    findings: &mut Findings,
) {
    let unit = match &mut result.evidence {
        Evidence::Kpi(shown) => {
            let facts = &model.kpis.get(shown.kpi).facts;
            if facts.is_broken() {
                // What is wrong with the KPI has been said.
                result.evidence = Evidence::Broken;
                return;
            }
            if !sliced(model, shown, parts, findings) {
                result.evidence = Evidence::Broken;
                return;
            }
            Some((facts.unit.clone(), facts.range, format!("`{}` is", model.kpis.get(shown.kpi).name.value)))
        }
        Evidence::Manual(manual) => Some((manual.unit.clone(), Range::ANY, format!("`{}` is", result.name.value))),
        Evidence::Missing | Evidence::Broken => None,
    };
    if let (Some(goal), Some((unit, range, of))) = (&mut result.goal, unit)
        && !goal_fits(goal, &unit, range, &of, findings)
    {
        result.goal = None;
    }
    begins_at_zero(model, result, findings);
    no_way_to_go(result, findings);
    let Some(shown) = result.kpi() else { return };
    let (Some(period), Some(due)) = (objective.period, result.due) else { return };
    let stretch = Stretch { first: period.first, last: due };
    let seen = is_observed(model, shown, result.reads, stretch);
    let (kpi, grain) = (&model.kpis.get(shown.kpi).name.value, shown.grain);
    if !seen {
        let message = format!("`{kpi}` is read by {grain}, but there is no whole {grain} between {} and {due}", period.first);
        findings
            .report(&codes::NEVER_OBSERVED, shown.span, message)
            .help(format!("use a KPI with a finer grain, or make the objective at least one whole {grain} long"));
        result.evidence = Evidence::Broken;
        return;
    }
    if result.reads == Reads::ToDate
        && let Some(why) = cannot_accumulate(model, shown.kpi, &shown.dimensions())
    {
        let message = format!("`{kpi}` has no cumulative value since a given day: {why}");
        findings
            .report(&codes::CANNOT_ACCUMULATE, shown.span, message)
            .help("remove `measure` to read its latest period, or write `measure: mean` for the mean of its periods");
        result.evidence = Evidence::Broken;
    }
}

/// Whether the KPI can be sliced by the dimensions of the slice, and these have such values.
fn sliced(model: &Model, shown: &mut MeasuredKpi, parts: &BTreeMap<KpiId, Parts>, findings: &mut Findings) -> bool {
    let kpi = model.kpis.get(shown.kpi);
    let dimensions = shown.dimensions();
    if let Some(needed) = kpi.facts.needs.filter(|needed| !dimensions.contains(needed)) {
        let dimension = &model.dimensions.get(needed).name;
        let message = format!("`{}` has amounts in several currencies, and no total", kpi.name.value);
        findings.report(&codes::BAD_SLICE, shown.span, message).help(format!("say which: `slice: {{ {dimension}: USD }}`"));
        return false;
    }
    let (Some(span), Some(parts)) = (shown.slice_span, parts.get(&shown.kpi)) else { return true };
    let before = findings.iter().count();
    let of = Sliced { name: &kpi.name.value, what: "formula", own: Some(shown.kpi) };
    slice::check(model, &of, &Spanned::new(dimensions, span), parts, findings);
    for member in &mut shown.slice {
        let Some(text) = &member.text else { continue };
        let ty = slice::type_of(model, member.dimension, parts);
        if let Some(value) = literal(ty, text) {
            member.value = value;
            member.is_time = ty == Type::Timestamp;
        } else {
            let message = format!("`{}` is {ty}, and `{text}` is not", model.dimensions.get(member.dimension).name);
            findings.report(&codes::BAD_SLICE, member.value_span, message).help("write one of its values, or `null`");
        }
    }
    findings.iter().count() == before
}

/// A value of a dimension.
fn literal(ty: Type, text: &str) -> Option<Literal> {
    match ty {
        Type::Boolean => text.parse().ok().map(Literal::Truth),
        Type::Integer => text.parse::<i64>().ok().map(|number| Literal::Number(number.to_string())),
        Type::Date => text.parse().ok().map(Literal::Date),
        Type::Timestamp => text.parse::<DateTime>().is_ok().then(|| Literal::Text(text.to_owned())),
        _ => Some(Literal::Text(text.to_owned())),
    }
}

/// Whether the numbers of a goal are in the unit of what is read; brings them into it.
fn goal_fits(goal: &mut Goal, unit: &Unit, range: Range, of: &str, findings: &mut Findings) -> bool {
    let mut amounts: Vec<&mut Amount> = Vec::new();
    let mut relative: Option<&Relative> = None;
    match goal {
        Goal::Reach { from, to } => {
            if let Baseline::Number(amount) = from {
                amounts.push(amount);
            }
            match to {
                Target::Number(amount) => amounts.push(amount),
                Target::Relative(by) => relative = Some(by),
            }
        }
        Goal::Keep(bound) => amounts.extend(bound.amounts_mut()),
    }
    let mut fits = true;
    for amount in amounts {
        fits &= amount_fits(amount, unit, of, findings);
    }
    let Some(by) = relative else { return fits };
    let is_share = unit.shown == Notation::Percent;
    if by.plus != 0.0 && !is_share {
        let message = format!("`{}` are percentage points, and {of} {}", by.text, described(unit));
        findings.report(&codes::TARGET_UNIT, by.span, message).help(format!(
            "write the target value, or `{}` for a change relative to the baseline",
            by.text.replace("pp", "%").replace(' ', "")
        ));
        return false;
    }
    if by.share < 0.0 && is_share && range.low < 0.0 {
        let message = format!("`{}` may be a value or a change: {of} a share that can be negative", by.text);
        let size = by.text.trim_start_matches('-').trim_end_matches('%').trim();
        findings.report(&codes::BAD_TARGET, by.span, message).help(format!(
            "write `{}` for the value; `-{size} pp` or `x{}` for the change",
            by.share,
            1.0 + by.share
        ));
        return false;
    }
    fits
}

fn amount_fits(amount: &mut Amount, unit: &Unit, of: &str, findings: &mut Findings) -> bool {
    let Some(written) = &amount.unit else { return true };
    let dimensionless = unit.plain() == Unit::none();
    let fit = match (written.shown, unit.shown) {
        (Notation::Percent, Notation::Percent | Notation::Plain) if dimensionless => Fit::Times(1.0),
        (Notation::Points, Notation::Points) => Fit::Times(1.0),
        (Notation::Plain, Notation::Plain) => written.fit(unit),
        _ => Fit::Not,
    };
    match fit {
        Fit::Times(factor) => {
            if (factor - 1.0).abs() > f64::EPSILON {
                amount.number *= factor;
            }
            true
        }
        Fit::Not => {
            let message = format!("this is in {}, and {of} {}", in_words(written), described(unit));
            let help = match (written.shown, unit.to_string()) {
                (Notation::Percent, _) => "for a change in percent add a sign: `+20%`, `-20%`".to_owned(),
                (_, unit) if unit.is_empty() => "write the number alone".to_owned(),
                (_, unit) => format!("write the number alone, or in {unit}"),
            };
            findings.report(&codes::TARGET_UNIT, amount.span, message).help(help);
            false
        }
    }
}

fn in_words(unit: &Unit) -> String {
    match unit.to_string() {
        none if none.is_empty() => "no unit".to_owned(),
        percent if percent == "%" => "percent".to_owned(),
        other => other,
    }
}

fn described(unit: &Unit) -> String {
    match unit.to_string() {
        none if none.is_empty() => "a number without a unit".to_owned(),
        percent if percent == "%" => "a share in percent".to_owned(),
        other => format!("in {other}"),
    }
}

/// What adds up since the start of the objective starts at 0, whatever a period before it came to.
fn begins_at_zero(model: &Model, result: &mut KeyResult, findings: &mut Findings) {
    let kind = result.kpi().map(|shown| model.kpis.get(shown.kpi).facts.kind);
    let adds_up = result.reads == Reads::ToDate && matches!(kind, Some(Kind::Flow | Kind::Distinct));
    let Some(Goal::Reach { from, .. }) = result.goal.as_mut().filter(|_| adds_up) else { return };
    match from {
        Baseline::Measured(Some(span)) => {
            let message = format!(
                "`{}` adds up since the objective started, so a period before that cannot be its baseline",
                result.name.value
            );
            findings.report(&codes::BAD_TARGET, *span, message).help("it starts at zero: write `from: 0`");
            result.goal = None;
        }
        Baseline::Measured(None) => *from = Baseline::Zero,
        Baseline::Number(_) | Baseline::Zero => {}
    }
}

/// Reports a target that is the baseline.
fn no_way_to_go(result: &mut KeyResult, findings: &mut Findings) {
    let Some(goal) = &result.goal else { return };
    let nowhere = match goal {
        Goal::Reach { from: Baseline::Measured(_), to: Target::Relative(by) } => by.of(1.0).total_cmp(&1.0).is_eq(),
        Goal::Reach { .. } => goal.baseline().zip(goal.target()).is_some_and(|(from, to)| from.total_cmp(&to).is_eq()),
        Goal::Keep(_) => false,
    };
    if nowhere {
        let message = format!("the target of `{}` is its baseline, so there is no progress to make", result.name.value);
        findings
            .report(&codes::TARGET_IS_BASELINE, goal.span(), message)
            .help("to keep a level, write a bound instead of `from` and `to`: `at_least: ...`, perhaps with `health: true`");
        result.goal = None;
    }
}

/// Whether there is a period to be read between two days.
fn is_observed(model: &Model, shown: &MeasuredKpi, reads: Reads, stretch: Stretch) -> bool {
    let calendar = &model.calendar;
    if calendar.custom {
        // Only the warehouse knows.
        return true;
    }
    // What accumulates may start within a period.
    let first: Date = match reads {
        Reads::ToDate => calendar.period_start(shown.grain, stretch.first),
        Reads::Latest | Reads::Mean => calendar.first_from(shown.grain, stretch.first),
    };
    add_days(calendar.next(shown.grain, first), -1) <= stretch.last
}

/// Why a KPI has no value over everything since a day, by some dimensions; nothing if it has.
pub(crate) fn cannot_accumulate(model: &Model, id: KpiId, dimensions: &[DimensionId]) -> Option<String> {
    let of_slices = || match &model.kpis.get(id).body {
        Body::Formula(calc) => dimensions.iter().find_map(|dimension| dimension_cannot(model, calc, *dimension)),
        Body::Values(_) | Body::Broken => None,
    };
    kpi_cannot(model, id).or_else(of_slices)
}

fn dimension_cannot(model: &Model, calc: &Calc, dimension: DimensionId) -> Option<String> {
    let dimension = model.dimensions.get(dimension);
    let closes = |source| dimension.places.get(&source).is_some_and(|path| model.path_closes(source, path));
    let any = model.sources_read(calc).into_iter().any(closes);
    any.then(|| format!("`{}` depends on the day on which each period closes", dimension.name))
}

fn kpi_cannot(model: &Model, id: KpiId) -> Option<String> {
    let kpi = model.kpis.get(id);
    match &kpi.body {
        Body::Formula(calc) => formula_cannot(model, calc),
        Body::Values(values) if values.kind == Kind::Flow => None,
        Body::Values(_) => Some("it is kept by hand and does not add up over periods".to_owned()),
        Body::Broken => None,
    }
}

fn formula_cannot(model: &Model, calc: &Calc) -> Option<String> {
    match &calc.node {
        Node::Apply(_, arguments) => arguments.iter().find_map(|argument| formula_cannot(model, argument)),
        Node::Literal(_) | Node::Broken => None,
        Node::Leaf(leaf) => match leaf {
            CalcLeaf::Kpi(id) => {
                let name = &model.kpis.get(*id).name.value;
                let by_hand = matches!(&model.kpis.get(*id).body, Body::Values(_));
                let why = if by_hand { Some("it is kept by hand".to_owned()) } else { kpi_cannot(model, *id) };
                why.map(|why| if why.starts_with("of `") { why } else { format!("of `{name}`, {why}") })
            }
            CalcLeaf::Duration(..) => None,
            CalcLeaf::Aggregate(aggregate) => aggregate_cannot(model, aggregate),
            CalcLeaf::Grouped(grouped) => grouped.aggregates().into_iter().find_map(|of| aggregate_cannot(model, of)),
            CalcLeaf::Each(_) => Some("it is made of the separate values of finer periods".to_owned()),
            CalcLeaf::Prior(..) | CalcLeaf::Trend(_) => Some("it looks at an earlier period".to_owned()),
            CalcLeaf::Slice(of, condition) => formula_cannot(model, of).or_else(|| {
                let mut found = None;
                condition.leaves(&mut |leaf| {
                    if let RowLeaf::Dimension(id) = leaf {
                        found = found.take().or_else(|| dimension_cannot(model, of, *id));
                    }
                });
                found
            }),
            CalcLeaf::Total(of, _) => formula_cannot(model, of),
        },
    }
}

fn aggregate_cannot(model: &Model, aggregate: &crate::model::expr::Aggregate) -> Option<String> {
    if model.aggregate_closes(aggregate) {
        return Some("it looks at the day on which each period closes".to_owned());
    }
    if aggregate.stock.is_some() {
        return Some("it is a level, or a change of one, and levels do not add up".to_owned());
    }
    let has_own_window = aggregate.window != Window::Period || aggregate.has_related();
    if has_own_window {
        return Some("it has a window of its own".to_owned());
    }
    aggregate.time.is_none().then(|| "its rows have no time".to_owned())
}
