//! The rows of journeys, made of the rows of their steps.
//!
//! Other parts ask for the columns of a journey that they read, and its rows are written out once all have asked, with these
//! columns and no others.
//!
//! - Where each entity has one journey, its first step is the first of the entity's rows. Each further step is the first of its
//!   own rows that is not before the earlier steps and is none of them: they are joined to the journeys that got there, which are
//!   one for each entity, so that no row is met twice.
//! - Where every first step begins a journey, `every_start` says to which start each row belongs. From there on a journey is known
//!   by its entity and its number.
//!
//! Joins to what each entity has reached took a fifth of the time of window functions over all steps (4 steps of 5 million rows on
//! DuckDB), and a journey of which only the first steps are read costs no more than these.

use crate::calendar::AsOf;
use crate::functions::{first, min, operators};
use crate::model::clock::TimeKind;
use crate::model::expr::{Expr, Node, Path, RowLeaf};
use crate::model::facts::Type;
use crate::model::journey::{Carried, Journey, Order, Starts, StepRows};
use crate::model::{Clock, ColumnId, SourceId, Storage};
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{
    Atom, Body, Fold, From, Join, JoinKind, Part, Ranking, Relies, Rows, Scalar, Select, column, fold,
};
use crate::plan::answer::assemble::Planner;
use crate::plan::rows::scan::{Days, Scan};
use crate::plan::time::clocks::Timed;
use std::collections::BTreeSet;

/// What is read of a journey.
#[derive(Debug)]
pub(in crate::plan) struct Wanted {
    /// The part with its rows.
    name: String,
    /// The columns that are read.
    columns: BTreeSet<String>,
}

/// A step whose time is read, or that decides about another.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Needed<'a> {
    /// Its name, which is that of its column.
    pub name: &'a str,
    /// Its place among the steps.
    pub place: usize,
    /// What is known of its time.
    pub kind: TimeKind,
    /// The clock on which its time is held.
    pub clock: &'a Clock,
    pub rows: &'a StepRows,
    /// The places of the earlier steps that it must not come before.
    pub after: Vec<usize>,
    /// The places of the earlier steps whose row it could be, but must not.
    pub apart: Vec<usize>,
    /// Whether a later step must not be its row.
    pub is_told_apart: bool,
}

/// A journey whose rows are being written out.
pub(in crate::plan) struct Writing<'a> {
    pub name: String,
    pub journey: &'a Journey,
    /// The steps, the first one first.
    pub steps: Vec<Needed<'a>>,
    /// The stored values of the first step's row that are read.
    pub carried: Vec<&'a Carried>,
    /// What the columns are called that tell journeys apart: the entity, and its journey's number where it has several.
    pub keys: Vec<String>,
    /// Names for further columns.
    pub columns: Names,
}

/// A step that has been written out.
pub(in crate::plan) struct Reached<'a> {
    pub step: Needed<'a>,
    /// The part with the journeys that got there.
    pub part: String,
    /// The columns that tell its row from others, where a later step must not be it.
    pub row: Vec<String>,
}

/// What is needed of the rows of a step beside who takes it, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) struct Take {
    /// What rows of the journey carry along.
    pub carried: bool,
    /// What tells its rows apart, and decides between those of one time.
    pub row: bool,
}

/// The rows of a step in a select that has no columns yet.
pub(in crate::plan) struct Taken {
    pub select: Select,
    /// Who takes it.
    pub entity: Vec<Scalar>,
    /// When, as its column holds it.
    pub time: Scalar,
    /// What rows of the journey carry along from its row.
    pub carried: Vec<Scalar>,
    /// What tells its rows apart, with names for it.
    pub row: Vec<(Scalar, String)>,
    /// Whether the row is a first step too, where that is asked.
    pub begins: Option<Scalar>,
}

impl Needed<'_> {
    /// The time of the step, where that stands.
    pub(in crate::plan) fn timed(&self, of: Scalar) -> Timed {
        Timed { of, kind: self.kind, clock: self.clock.clone() }
    }

    /// What is needed of the rows of a later step.
    pub(in crate::plan) fn take(&self) -> Take {
        Take { carried: false, row: self.is_told_apart || !self.apart.is_empty() }
    }
}

impl<'a> Planner<'a> {
    /// What a scan reads and joins; for a journey the part with its rows, which will have the columns that the scan reads.
    pub(in crate::plan) fn finish(&mut self, scan: Scan<'a>) -> (From, Vec<Join>) {
        let source = scan.source();
        let (mut from, joins) = self.read(scan);
        let known = self.model.sources.get(source);
        if let (Some(_), Rows::Source(rows)) = (&known.journey, &from.relation) {
            let names = &mut self.names;
            let wanted = self
                .journeys
                .entry(source)
                .or_insert_with(|| Wanted { name: names.take_journey(&known.name.value), columns: BTreeSet::new() });
            wanted.columns.extend(rows.stored.iter().cloned());
            from.relation = Rows::Part(wanted.name.clone());
        }
        (from, joins)
    }

    /// The parts with the rows of all journeys that are read.
    pub(in crate::plan) fn journey_parts(&mut self) -> Vec<Part> {
        let model = self.model;
        let mut parts = Vec::new();
        for (id, wanted) in std::mem::take(&mut self.journeys) {
            let Some(journey) = &model.sources.get(id).journey else { continue };
            let writing = self.writing(id, journey, wanted);
            match journey.starts {
                Starts::First => self.first_of_each(writing, &mut parts),
                Starts::Every => self.every(writing, &mut parts),
            }
        }
        parts
    }

    fn writing(&self, id: SourceId, journey: &'a Journey, wanted: Wanted) -> Writing<'a> {
        let source = self.model.sources.get(id);
        let named = |column: ColumnId| source.columns.get(column).name.value.as_str();
        let mut columns = Names::default();
        for name in source.names.keys().chain(journey.carried.iter().map(|carried| &carried.name)) {
            columns.take(name);
        }
        let places = needed_places(journey, |column| wanted.columns.contains(named(column)));
        let mut steps: Vec<Needed<'a>> = Vec::new();
        for place in places {
            let Some((step, rows)) = journey.steps.get(place).and_then(|step| Some((step, step.rows.as_ref()?))) else {
                continue;
            };
            let column = source.columns.get(step.column);
            let kind = self.model.column_time_kind(rows.source, self.model.column(rows.source, &Path::to(rows.time)));
            let mut needed = Needed {
                name: &column.name.value,
                place,
                kind: kind.unwrap_or(TimeKind::Day),
                clock: &column.clock,
                rows,
                after: Vec::new(),
                apart: step.apart.clone(),
                is_told_apart: false,
            };
            needed.after = self.after(journey.order, &steps, &needed);
            steps.push(needed);
        }
        let told: BTreeSet<usize> = steps.iter().flat_map(|step| step.apart.iter().copied()).collect();
        for step in &mut steps {
            step.is_told_apart = told.contains(&step.place);
        }
        let entities = journey.first().map_or(1, |first| self.parts_of_entity(first));
        let keys = (0..entities).map(|_| columns.take("entity")).collect();
        Writing {
            name: wanted.name,
            steps,
            carried: journey.carried.iter().filter(|carried| wanted.columns.contains(&carried.name)).collect(),
            journey,
            keys,
            columns,
        }
    }

    /// The earlier steps that a step has to be compared with; that it is not before the others follows.
    fn after(&self, order: Order, earlier: &[Needed<'a>], step: &Needed<'a>) -> Vec<usize> {
        if order == Order::Any {
            return earlier.first().map(|first| first.place).into_iter().collect();
        }
        let is_fixed = self.calendar.zone.is_fixed();
        // Whether what comes in an order by one kind of times comes so by another kind too. A clock that is put back shows instants
        // in another order.
        let keeps = |by: TimeKind, other: TimeKind| match (by, other) {
            (by, other) if by == other => true,
            (TimeKind::Day, _) => false,
            (TimeKind::Civil, TimeKind::Day) => true,
            _ => is_fixed,
        };
        let follows = |(at, one): (usize, &Needed<'a>)| {
            let by = one.kind.min(step.kind);
            earlier.iter().skip(at + 1).any(|between| {
                let (first, second) = (one.kind.min(between.kind), between.kind.min(step.kind));
                keeps(first, by) && keeps(second, by)
            })
        };
        earlier.iter().enumerate().filter(|each| !follows(*each)).map(|(_, one)| one.place).collect()
    }

    fn parts_of_entity(&self, rows: &StepRows) -> usize {
        self.model.column(rows.source, &rows.entity).storage.parts()
    }

    /// Relies on keys to tell apart the rows that share some values; of states, on when they begin too. `row` are the parts that tell a row apart.
    fn rely_on_key<'s>(
        &self,
        scan: &mut Scan<'a>,
        source: SourceId,
        row: &'s [Scalar],
        shared: impl Iterator<Item = &'s Scalar>,
    ) {
        let source = self.model.sources.get(source);
        if !source.key.is_empty() {
            let key: usize = source.key.iter().map(|column| source.columns.get(*column).storage.parts()).sum();
            scan.rely_on(Relies::UniqueAmong(shared.chain(row.iter().skip(key)).cloned().collect()));
        }
    }

    /// The rows of a step; those that are not visible or that nobody takes are left out. A time that has to be converted is so once, in a part of its
    /// own.
    pub(in crate::plan) fn taken(
        &mut self,
        writing: &mut Writing<'a>,
        step: &Needed<'a>,
        take: Take,
        begins: bool,
        parts: &mut Vec<Part>,
    ) -> Taken {
        let rows = step.rows;
        let mut scan = self.rows_of(rows.source);
        let last = match self.calendar.as_of {
            AsOf::Day(last) => Some(last),
            AsOf::Today => None,
        };
        scan.known_days = Some((rows.time, None, last));
        let mut entity = self.entity(&mut scan, rows, &rows.entity);
        let mut time = scan.held(&Path::to(rows.time)).of;
        let mut filter: Vec<Scalar> = entity.iter().map(is_there).collect();
        filter.extend(scan.range(rows.time, Days { from: None }));
        for condition in rows.filter.iter().flat_map(Expr::conjuncts) {
            filter.push(scan.row(condition));
        }
        let mut carried = Vec::new();
        if take.carried {
            for value in &writing.carried {
                carried.extend(scan.parts_of(value.column).into_iter().nth(value.part));
            }
        }
        let mut row = Vec::new();
        if take.row {
            for part in self.row_of(&mut scan, rows) {
                row.push((part, writing.columns.take("row_key")));
            }
            let is_entity = |value: &&Carried| rows.entity.through.is_empty() && rows.entity.column == value.column;
            if take.carried && !writing.carried.iter().all(is_entity) {
                // Which of two rows of one time comes first, and so what is carried along, is known by their keys.
                let parts: Vec<Scalar> = row.iter().map(|(part, _)| part.clone()).collect();
                self.rely_on_key(&mut scan, rows.source, &parts, entity.iter().chain([&time]));
            }
            if step.is_told_apart || !step.apart.is_empty() {
                scan.rely_on(Relies::ToldApart);
            }
        }
        let is_carried = |key: &ColumnId| writing.carried.iter().any(|value| value.column == *key);
        let key = &self.model.sources.get(rows.source).key;
        if take.carried && !take.row && !key.is_empty() && key.iter().all(is_carried) {
            // The same where each row is a journey, which its key tells from others of its time.
            let parts = self.row_of(&mut scan, rows);
            self.rely_on_key(&mut scan, rows.source, &parts, entity.iter().chain([&time]));
        }
        let mut begins = match (begins, writing.journey.first()) {
            (true, Some(first)) => Some(self.begins(&mut scan, first, rows)),
            _ => None,
        };
        let (from, joins) = self.read(scan);
        let mut select = Select { from: Some(from), joins, filter, ..Select::default() };
        if !matches!(&time.node, Node::Leaf(Atom::Column { .. })) {
            let part = self.names.take(&format!("{}_{}_rows", writing.name, step.name));
            let of = |name: &str| column(&part, name);
            for (value, key) in entity.iter_mut().zip(&writing.keys) {
                select.column(std::mem::replace(value, of(key)), key);
            }
            select.column(std::mem::replace(&mut time, of(step.name)), step.name);
            for (value, known) in carried.iter_mut().zip(&writing.carried) {
                select.column(std::mem::replace(value, of(&known.name)), &known.name);
            }
            for (value, name) in &mut row {
                select.column(std::mem::replace(value, of(name)), name);
            }
            if let Some(condition) = &mut begins {
                let name = writing.columns.take("begins");
                select.column(std::mem::replace(condition, of(&name)), &name);
            }
            let rows = std::mem::replace(&mut select, Select::from_part(&part));
            parts.push(Part { name: part, body: Body::Select(rows) });
        }
        Taken { select, entity, time, carried, row, begins }
    }

    /// Who takes a step. Times that tell entities apart may stand on several clocks.
    fn entity(&self, scan: &mut Scan<'a>, rows: &StepRows, entity: &Path) -> Vec<Scalar> {
        let is_time = self.model.column(rows.source, entity).ty == Type::Timestamp;
        if is_time { vec![scan.value(&Expr::leaf(RowLeaf::Column(entity.clone())))] } else { scan.key_parts(entity) }
    }

    /// What tells the rows of a step apart, and decides between those of one time: the key, or without one all stored columns in
    /// their order. Of the states of one key each begins, or is taken, at a time of its own.
    fn row_of(&self, scan: &mut Scan<'a>, rows: &StepRows) -> Vec<Scalar> {
        let source = self.model.sources.get(rows.source);
        let all = || {
            let stored = |(id, column): (ColumnId, &crate::model::Column)| {
                (!matches!(column.storage, Storage::Derived(_))).then_some(id)
            };
            source.columns.iter().filter_map(stored).collect()
        };
        let begins = source.holds.map(|holds| holds.begins());
        let keyed = || source.key.iter().copied().chain(begins).collect();
        let by: Vec<ColumnId> = if source.key.is_empty() { all() } else { keyed() };
        by.into_iter().flat_map(|column| scan.parts_of(column)).collect()
    }

    /// Whether a row of a step is a first step of the same entity too.
    fn begins(&self, scan: &mut Scan<'a>, first: &StepRows, rows: &StepRows) -> Scalar {
        let mut conditions: Vec<Scalar> = first.filter.iter().flat_map(Expr::conjuncts).map(|part| scan.row(part)).collect();
        if first.entity != rows.entity {
            let (one, two) = (self.entity(scan, first, &first.entity), self.entity(scan, rows, &rows.entity));
            conditions.extend(one.into_iter().zip(two).map(|(one, two)| equal(one, two)));
        }
        let truth = |value| Expr::made(Node::Literal(crate::model::expr::Literal::Truth(value)));
        match Expr::all(conditions) {
            None => truth(true),
            Some(all) => Expr::apply(&crate::functions::coalesce::COALESCE, vec![all, truth(false)]),
        }
    }

    /// One journey for each entity.
    fn first_of_each(&mut self, mut writing: Writing<'a>, parts: &mut Vec<Part>) {
        let Some((first, later)) = writing.steps.split_first().map(|(first, later)| (first.clone(), later.to_vec())) else {
            return;
        };
        let starts =
            if later.is_empty() { writing.name.clone() } else { self.names.take(&format!("{}_{}", writing.name, first.name)) };
        let row = self.starts_of_each(&mut writing, &first, &starts, parts);
        let mut reached = vec![Reached { step: first, part: starts, row }];
        for step in later {
            let Taken { mut select, entity, time, row, .. } = self.taken(&mut writing, &step, step.take(), false, parts);
            for (key, part) in writing.keys.iter().zip(&entity) {
                select.column(part.clone(), key);
            }
            let part = self.names.take(&format!("{}_{}", writing.name, step.name));
            let done = self.next(&writing, &reached, step, select, (&entity, time, row), part, parts);
            reached.push(done);
        }
        together(&writing, &reached, parts);
    }

    /// A later step: the first of its rows that is not before the earlier steps and is none of them. The select has these rows,
    /// and for columns what tells journeys apart.
    #[expect(clippy::too_many_arguments, reason = "what a row of the step is made of, and where it goes")]
    pub(in crate::plan) fn next(
        &self,
        writing: &Writing<'a>,
        reached: &[Reached<'a>],
        step: Needed<'a>,
        mut select: Select,
        (keys, time, row): (&[Scalar], Scalar, Vec<(Scalar, String)>),
        part: String,
        parts: &mut Vec<Part>,
    ) -> Reached<'a> {
        let calendar = self.calendar;
        select.group_by_these();
        select.column(fold(&min::MIN, time.clone()), step.name);
        let kept = if step.is_told_apart { row.clone() } else { Vec::new() };
        for (value, name) in &kept {
            select.column(of_first(value.clone(), &time, &row, None), name);
        }
        // What the last step needs, all steps before it have reached; in any order the start is all that there has to be.
        let base = match writing.journey.order {
            Order::Strict => reached.last(),
            Order::Any => reached.first(),
        };
        let mut joined: Vec<(&str, Vec<Scalar>)> = base.iter().map(|base| (base.part.as_str(), Vec::new())).collect();
        for earlier in reached {
            let mut conditions = Vec::new();
            if step.after.contains(&earlier.step.place) {
                let there = earlier.step.timed(column(&earlier.part, earlier.step.name));
                conditions.push(step.timed(time.clone()).not_before(&there, calendar));
            }
            if step.apart.contains(&earlier.step.place) && !earlier.row.is_empty() {
                let same = earlier.row.iter().zip(&row).map(|(there, (own, _))| {
                    Expr::leaf(Atom::Same(Box::new(own.clone()), Box::new(column(&earlier.part, there))))
                });
                conditions.extend(Expr::all(same.collect()).map(|same| Expr::apply(&operators::NOT, vec![same])));
            }
            match joined.iter_mut().find(|(part, _)| *part == earlier.part) {
                Some((_, known)) => known.extend(conditions),
                None if conditions.is_empty() => {}
                None => joined.push((&earlier.part, conditions)),
            }
        }
        for (at, (part, conditions)) in joined.into_iter().enumerate() {
            let mut on: Vec<Scalar> =
                writing.keys.iter().zip(keys).map(|(key, own)| equal(column(part, key), own.clone())).collect();
            if at == 0 || writing.journey.order == Order::Strict {
                on.extend(conditions);
                select.join(JoinKind::Inner, part, part, Expr::all(on));
            } else {
                // A step that need not be there takes a row away only where it is.
                select.join(JoinKind::Left, part, part, Expr::all(on));
                select.filter.extend(conditions);
            }
        }
        parts.push(Part { name: part.clone(), body: Body::Select(select) });
        Reached { step, part, row: kept.into_iter().map(|(_, name)| name).collect() }
    }

    /// The first row of each entity; gives the columns that tell it from others, where that is needed.
    fn starts_of_each(
        &mut self,
        writing: &mut Writing<'a>,
        step: &Needed<'a>,
        name: &str,
        parts: &mut Vec<Part>,
    ) -> Vec<String> {
        // What is the entity itself is the same in all of its rows.
        let is_entity = |rows: &StepRows, value: &Carried| {
            let is_time = self.model.column(rows.source, &rows.entity).ty.is_time();
            rows.entity.through.is_empty() && rows.entity.column == value.column && !is_time
        };
        let only_entity =
            writing.journey.first().is_some_and(|rows| writing.carried.iter().all(|value| is_entity(rows, value)));
        let take = Take { carried: true, row: step.is_told_apart || !only_entity };
        let Taken { mut select, entity, time, carried, row, .. } = self.taken(writing, step, take, false, parts);
        for (key, part) in writing.keys.iter().zip(&entity) {
            select.column(part.clone(), key);
        }
        if !take.row {
            for (value, known) in carried.into_iter().zip(&writing.carried) {
                select.column(value, &known.name);
            }
            select.group_by_these();
            select.column(fold(&min::MIN, time), step.name);
            parts.push(Part { name: name.to_owned(), body: Body::Select(select) });
            return Vec::new();
        }
        select.column(time.clone(), step.name);
        for (value, known) in carried.into_iter().zip(&writing.carried) {
            select.column(value, &known.name);
        }
        let mut kept = Vec::new();
        for (part, name) in row.iter().filter(|_| step.is_told_apart) {
            select.column(part.clone(), name);
            kept.push(name.clone());
        }
        let order = std::iter::once(time).chain(row.into_iter().map(|(part, _)| part)).map(|by| (by, false)).collect();
        let place = writing.columns.take("place");
        let ranking = Ranking { part: entity, order, dense: false };
        select.column(Expr::leaf(Atom::RowNumber(Box::new(ranking))), &place);
        let ranked = self.names.take(&format!("{name}_in_order"));
        let mut firsts = Select::from_part(&ranked);
        for (_, name) in select.columns.iter().filter(|(_, name)| *name != place) {
            firsts.column(column(&ranked, name), name);
        }
        firsts.filter.push(equal(column(&ranked, &place), Expr::number(1)));
        parts.push(Part { name: ranked, body: Body::Select(select) });
        parts.push(Part { name: name.to_owned(), body: Body::Select(firsts) });
        kept
    }
}

/// The places of the steps that are needed where some are read, in order: a step needs those that it must not come before, and
/// those whose row it must not be.
fn needed_places(journey: &Journey, is_read: impl Fn(ColumnId) -> bool) -> Vec<usize> {
    let mut needed: BTreeSet<usize> = BTreeSet::from([0]);
    for (place, step) in journey.steps.iter().enumerate().rev() {
        if place > 0 && !is_read(step.column) && !needed.contains(&place) {
            continue;
        }
        needed.insert(place);
        match journey.order {
            Order::Strict => needed.extend(0..place),
            Order::Any => needed.extend(step.apart.iter().copied()),
        }
    }
    needed.into_iter().collect()
}

/// A value of the first row of a group, by time and then by what tells rows apart.
pub(in crate::plan) fn of_first(value: Scalar, time: &Scalar, row: &[(Scalar, String)], filter: Option<Scalar>) -> Scalar {
    let order = std::iter::once(time.clone()).chain(row.iter().map(|(part, _)| part.clone())).collect();
    let fold = Fold { function: &first::FIRST, fraction: None, argument: Some(value), filter, order };
    Expr::leaf(Atom::Aggregate(Box::new(fold)))
}

/// The steps of all journeys side by side: null where one was not reached.
pub(in crate::plan) fn together(writing: &Writing<'_>, reached: &[Reached<'_>], parts: &mut Vec<Part>) {
    let Some(starts) = reached.first().map(|start| &start.part) else { return };
    if *starts == writing.name {
        return;
    }
    let mut select = Select::from_part(starts);
    let mut joined = vec![starts];
    for Reached { step, part, .. } in reached {
        if !joined.contains(&part) {
            let same = writing.keys.iter().map(|key| equal(column(part, key), column(starts, key)));
            select.join(JoinKind::Left, part, part, Expr::all(same.collect()));
            joined.push(part);
        }
        select.column(column(part, step.name), step.name);
    }
    for carried in &writing.carried {
        select.column(column(starts, &carried.name), &carried.name);
    }
    parts.push(Part { name: writing.name.clone(), body: Body::Select(select) });
}

pub(in crate::plan) fn is_there(value: &Scalar) -> Scalar {
    Expr::apply(&operators::IS_NOT_NULL, vec![value.clone()])
}

pub(in crate::plan) fn equal(one: Scalar, two: Scalar) -> Scalar {
    Expr::apply(&operators::EQUAL, vec![one, two])
}
