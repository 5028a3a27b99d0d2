//! The rows of journeys, made of the rows of their steps.
//!
//! Other parts ask for the columns of a journey that they read, and its rows are written out once all have asked, with these
//! columns and no others.
//!
//! - Where each entity has one journey, its first step is the first of the entity's rows. Each further step is the first of its
//!   own rows that comes after the step before: they are joined to the journeys that got there, which are one for each entity, so
//!   that no row is met twice.
//! - Where every first step begins a journey, the rows of all steps are put in order first, and each belongs to the latest start
//!   before it. From there on a journey is known by its entity and its number.
//!
//! Joins to what each entity has reached took a fifth of the time of window functions over all steps (4 steps of 5 million rows on
//! DuckDB), and a journey of which only the first steps are read costs no more than these.

use super::assemble::Planner;
use super::relation::{Atom, Body, From, Join, JoinKind, Part, Ranking, Rows, Scalar, Select, SoFar, column, fold};
use super::scan::{Days, Scan};
use crate::calendar::AsOf;
use crate::functions::{conversions, max, min, operators};
use crate::model::expr::{Expr, Literal, Node, Path};
use crate::model::facts::Type;
use crate::model::journey::{Carried, Journey, Order, Starts, StepRows};
use crate::model::{ColumnId, SourceId, Storage};
use std::collections::BTreeSet;

/// What is read of a journey.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The part with its rows.
    name: String,
    /// The columns that are read.
    columns: BTreeSet<String>,
}

/// A step whose time is read, or that another has to come after.
#[derive(Debug, Clone)]
struct Needed<'a> {
    /// Its name, which is that of its column.
    name: &'a str,
    /// Its place among the steps.
    place: usize,
    ty: Type,
    rows: &'a StepRows,
}

/// A journey whose rows are being written out.
struct Writing<'a> {
    name: String,
    journey: &'a Journey,
    /// The steps, the first one first.
    steps: Vec<Needed<'a>>,
    /// The stored values of the first step's row that are read.
    carried: Vec<&'a Carried>,
    /// What the columns are called that tell journeys apart: the entity, and its journey's number where it has several.
    keys: Vec<String>,
    /// Names for further columns.
    columns: super::names::Names,
}

/// What is needed of the rows of a step beside who takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// When.
    Time,
    /// And what rows of the journey carry along.
    Row,
    /// And what decides between rows of one time.
    RowInOrder,
}

/// The rows of a step in a select that has no columns yet.
struct Taken {
    select: Select,
    /// Who takes it.
    entity: Vec<Scalar>,
    time: Scalar,
    /// What rows of the journey carry along from its row.
    carried: Vec<Scalar>,
    /// What decides between rows of one time, with names for it.
    ties: Vec<(Scalar, String)>,
}

impl<'a> Planner<'a> {
    /// What a scan reads and joins; for a journey the part with its rows, which will have the columns that the scan reads.
    pub(super) fn finish(&mut self, scan: Scan<'a>) -> (From, Vec<Join>) {
        let source = scan.source();
        let (mut from, joins) = self.read(scan);
        let known = self.model.sources.get(source);
        if let (Some(_), Rows::Source(rows)) = (&known.journey, &from.relation) {
            let names = &mut self.names;
            let wanted = self
                .journeys
                .entry(source)
                .or_insert_with(|| Wanted { name: names.take(&known.name.value), columns: BTreeSet::new() });
            wanted.columns.extend(rows.stored.iter().cloned());
            from.relation = Rows::Part(wanted.name.clone());
        }
        (from, joins)
    }

    /// The parts with the rows of all journeys that are read.
    pub(super) fn journey_parts(&mut self) -> Vec<Part> {
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
        let is_read = |place: usize, name: &str| place == 0 || wanted.columns.contains(name);
        let reads = |place: usize| journey.steps.get(place).is_some_and(|step| is_read(place, named(step.column)));
        let last = (0..journey.steps.len()).rev().find(|place| reads(*place)).unwrap_or(0);
        let steps = journey.steps.iter().enumerate().filter_map(|(place, step)| {
            let (name, rows) = (named(step.column), step.rows.as_ref()?);
            let needed = is_read(place, name) || journey.order == Order::Strict && place <= last;
            let ty = source.columns.get(step.column).ty;
            needed.then_some(Needed { name, place, ty, rows })
        });
        let mut columns = super::names::Names::default();
        for name in source.names.keys().chain(journey.carried.iter().map(|carried| &carried.name)) {
            columns.take(name);
        }
        let entities = journey.first().map_or(1, |first| self.parts_of_entity(first));
        let keys = (0..entities).map(|_| columns.take("entity")).collect();
        Writing {
            name: wanted.name,
            steps: steps.collect(),
            carried: journey.carried.iter().filter(|carried| wanted.columns.contains(&carried.name)).collect(),
            journey,
            keys,
            columns,
        }
    }

    fn parts_of_entity(&self, rows: &StepRows) -> usize {
        self.model.column(rows.source, &rows.entity).storage.parts()
    }

    /// The rows of a step; those that are not visible or that nobody takes are left out. A time that has to be converted is so once, in a part of its
    /// own.
    fn taken(&mut self, writing: &mut Writing<'a>, step: &Needed<'a>, what: What, parts: &mut Vec<Part>) -> Taken {
        let rows = step.rows;
        let mut scan = self.rows_of(rows.source);
        let last = match self.model.calendar.as_of {
            AsOf::Day(last) => Some(last),
            AsOf::Today => None,
        };
        scan.known_days = Some((rows.time, None, last));
        let mut entity = scan.key_parts(&rows.entity);
        let mut time = scan.path(&Path::to(rows.time));
        let mut filter: Vec<Scalar> = entity.iter().map(is_there).collect();
        filter.extend(scan.range(rows.time, Days { from: None }));
        for condition in rows.filter.iter().flat_map(Expr::conjuncts) {
            filter.push(scan.row(condition));
        }
        let (mut carried, mut ties) = (Vec::new(), Vec::new());
        if what != What::Time {
            for value in &writing.carried {
                carried.extend(scan.parts_of(value.column).into_iter().nth(value.part));
            }
        }
        if what == What::RowInOrder {
            for tie in self.ties(&mut scan, rows) {
                ties.push((tie, writing.columns.take("tie")));
            }
        }
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
            for (value, name) in &mut ties {
                select.column(std::mem::replace(value, of(name)), name);
            }
            let rows = std::mem::replace(&mut select, Select::from_part(&part));
            parts.push(Part { name: part, body: Body::Select(rows) });
        }
        Taken { select, entity, time, carried, ties }
    }

    /// What decides between first steps of one time: the key, or without one all stored columns in their order.
    fn ties(&self, scan: &mut Scan<'a>, rows: &StepRows) -> Vec<Scalar> {
        let source = self.model.sources.get(rows.source);
        let all = || {
            let stored = |(id, column): (ColumnId, &crate::model::Column)| {
                (!matches!(column.storage, Storage::Derived(_))).then_some(id)
            };
            source.columns.iter().filter_map(stored).collect()
        };
        let by: Vec<ColumnId> = if source.key.is_empty() { all() } else { source.key.clone() };
        by.into_iter().flat_map(|column| scan.parts_of(column)).collect()
    }

    /// One journey for each entity.
    fn first_of_each(&mut self, mut writing: Writing<'a>, parts: &mut Vec<Part>) {
        let Some((first, later)) = writing.steps.split_first().map(|(first, later)| (first.clone(), later.to_vec())) else {
            return;
        };
        let starts =
            if later.is_empty() { writing.name.clone() } else { self.names.take(&format!("{}_{}", writing.name, first.name)) };
        self.starts_of_each(&mut writing, &first, &starts, parts);
        let mut reached = vec![(first.clone(), starts.clone())];
        for step in &later {
            let Some((before, from)) = preceding(writing.journey, &reached) else { continue };
            let Taken { mut select, entity, time, .. } = self.taken(&mut writing, step, What::Time, parts);
            for (key, part) in writing.keys.iter().zip(&entity) {
                select.column(part.clone(), key);
            }
            select.group_by_these();
            select.column(fold(&min::MIN, time.clone()), step.name);
            let before_name = column(&from, before.name);
            let same = writing.keys.iter().zip(entity).map(|(key, part)| equal(column(&from, key), part));
            let on = same.chain([not_before((&time, step.ty), (&before_name, before.ty))]).collect();
            select.join(JoinKind::Inner, &from, &from, Expr::all(on));
            let part = self.names.take(&format!("{}_{}", writing.name, step.name));
            parts.push(Part { name: part.clone(), body: Body::Select(select) });
            reached.push((step.clone(), part));
        }
        together(&writing, &reached, parts);
    }

    /// The first row of each entity.
    fn starts_of_each(&mut self, writing: &mut Writing<'a>, first: &Needed<'a>, name: &str, parts: &mut Vec<Part>) {
        let what = if writing.carried.is_empty() { What::Time } else { What::RowInOrder };
        let Taken { mut select, entity, time, carried, ties } = self.taken(writing, first, what, parts);
        for (key, part) in writing.keys.iter().zip(&entity) {
            select.column(part.clone(), key);
        }
        if what == What::Time {
            select.group_by_these();
            select.column(fold(&min::MIN, time), first.name);
            parts.push(Part { name: name.to_owned(), body: Body::Select(select) });
            return;
        }
        select.column(time.clone(), first.name);
        for (value, known) in carried.into_iter().zip(&writing.carried) {
            select.column(value, &known.name);
        }
        let order = std::iter::once(time).chain(ties.into_iter().map(|(tie, _)| tie)).map(|by| (by, false)).collect();
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
    }

    /// One journey for every first step.
    fn every(&mut self, mut writing: Writing<'a>, parts: &mut Vec<Part>) {
        let Some((first, later)) = writing.steps.split_first().map(|(first, later)| (first.clone(), later.to_vec())) else {
            return;
        };
        if later.is_empty() {
            let Taken { mut select, entity, time, carried, .. } = self.taken(&mut writing, &first, What::Row, parts);
            for (key, part) in writing.keys.iter().zip(entity) {
                select.column(part, key);
            }
            select.column(time, first.name);
            for (value, known) in carried.into_iter().zip(&writing.carried) {
                select.column(value, &known.name);
            }
            parts.push(Part { name: writing.name, body: Body::Select(select) });
            return;
        }
        let numbered = self.numbered(&mut writing, parts);
        // Whatever comes after the start and before the next belongs to the journey; of each step the first is it.
        let direct = if writing.journey.order == Order::Any { later.len() } else { 1 };
        let (now, chained) = later.split_at(direct.min(later.len()));
        let name = if chained.is_empty() {
            writing.name.clone()
        } else {
            self.names.take(&format!("{}_{}", writing.name, first.name))
        };
        let mut select = Select::from_part(&numbered);
        for key in &writing.keys {
            select.column(column(&numbered, key), key);
        }
        select.group_by_these();
        select.column(fold(&max::MAX, column(&numbered, first.name)), first.name);
        for step in now {
            select.column(fold(&min::MIN, column(&numbered, step.name)), step.name);
        }
        for carried in &writing.carried {
            select.column(fold(&max::MAX, column(&numbered, &carried.name)), &carried.name);
        }
        if let Some(number) = writing.keys.last() {
            select.filter.push(Expr::apply(&operators::GREATER, vec![column(&numbered, number), Expr::number(0)]));
        }
        parts.push(Part { name: name.clone(), body: Body::Select(select) });
        let mut reached: Vec<(Needed<'a>, String)> =
            std::iter::once(&first).chain(now).map(|step| (step.clone(), name.clone())).collect();
        for step in chained {
            let Some((before, from)) = preceding(writing.journey, &reached) else { continue };
            let mut select = Select::from_part(&numbered);
            for key in &writing.keys {
                select.column(column(&numbered, key), key);
            }
            select.group_by_these();
            let time = column(&numbered, step.name);
            select.column(fold(&min::MIN, time.clone()), step.name);
            let same = writing.keys.iter().map(|key| equal(column(&from, key), column(&numbered, key)));
            let after = not_before((&time, step.ty), (&column(&from, before.name), before.ty));
            select.join(JoinKind::Inner, &from, &from, Expr::all(same.chain([after]).collect()));
            let part = self.names.take(&format!("{}_{}", writing.name, step.name));
            parts.push(Part { name: part.clone(), body: Body::Select(select) });
            reached.push((step.clone(), part));
        }
        if !chained.is_empty() {
            together(&writing, &reached, parts);
        }
    }

    /// The rows of all steps, each with the number of its entity's latest start; 0 before the first.
    fn numbered(&mut self, writing: &mut Writing<'a>, parts: &mut Vec<Part>) -> String {
        let by_day = writing.steps.iter().any(|step| step.ty != first_type(writing));
        let starts_by_day = first_type(writing) == Type::Date;
        let [day, moment, is_start] = ["day", "moment", "is_start"].map(|wish| writing.columns.take(wish));
        let mut tie_names: Vec<String> = Vec::new();
        let mut members = Vec::new();
        for step in &writing.steps.clone() {
            let what = if step.place == 0 { What::RowInOrder } else { What::Time };
            let Taken { mut select, entity, time, carried, ties } = self.taken(writing, step, what, parts);
            for (key, part) in writing.keys.iter().zip(entity) {
                select.column(part, key);
            }
            if by_day {
                select.column(as_day(&time, step.ty), &day);
            }
            if !by_day || !starts_by_day {
                // What is known by the day only comes after all starts of the day.
                let exact = !by_day || step.ty != Type::Date;
                select.column(if exact { time.clone() } else { Expr::null() }, &moment);
            }
            select.column(Expr::made(Node::Literal(Literal::Truth(step.place == 0))), &is_start);
            for other in &writing.steps {
                select.column(if other.place == step.place { time.clone() } else { Expr::null() }, other.name);
            }
            if step.place == 0 {
                for (value, known) in carried.into_iter().zip(&writing.carried) {
                    select.column(value, &known.name);
                }
                for (tie, name) in ties {
                    select.column(tie, &name);
                    tie_names.push(name);
                }
            } else {
                for name in writing.carried.iter().map(|carried| &carried.name).chain(&tie_names) {
                    select.column(Expr::null(), name);
                }
            }
            members.push(select);
        }
        let all = self.names.take(&format!("{}_steps", writing.name));
        let columns: Vec<String> =
            members.first().map(|first| first.columns.iter().map(|(_, name)| name.clone()).collect()).unwrap_or_default();
        parts.push(Part { name: all.clone(), body: Body::Union(members) });
        let mut order: Vec<(Scalar, bool)> = Vec::new();
        for (name, greatest_first) in [(&day, false), (&moment, false), (&is_start, true)] {
            if columns.contains(name) {
                order.push((column(&all, name), greatest_first));
            }
        }
        order.extend(tie_names.iter().map(|name| (column(&all, name), false)));
        let part = writing.keys.iter().map(|key| column(&all, key)).collect();
        let number = writing.columns.take("number");
        let mut select = Select::from_part(&all);
        for name in &columns {
            if ![&day, &moment, &is_start].contains(&name) && !tie_names.contains(name) {
                select.column(column(&all, name), name);
            }
        }
        let so_far = SoFar { of: column(&all, &is_start), part, order };
        select.column(Expr::leaf(Atom::SoFar(Box::new(so_far))), &number);
        let numbered = self.names.take(&format!("{all}_in_order"));
        parts.push(Part { name: numbered.clone(), body: Body::Select(select) });
        writing.keys.push(number);
        numbered
    }
}

/// The steps of all journeys side by side: null where one was not reached.
fn together(writing: &Writing<'_>, reached: &[(Needed<'_>, String)], parts: &mut Vec<Part>) {
    let Some(((_, starts), _)) = reached.split_first() else { return };
    if *starts == writing.name {
        return;
    }
    let mut select = Select::from_part(starts);
    let mut joined = vec![starts];
    for (step, part) in reached {
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

/// The step that the next one has to come after, with the part that holds its time.
fn preceding<'a>(journey: &Journey, reached: &[(Needed<'a>, String)]) -> Option<(Needed<'a>, String)> {
    match journey.order {
        Order::Strict => reached.last().cloned(),
        Order::Any => reached.first().cloned(),
    }
}

fn first_type(writing: &Writing<'_>) -> Type {
    writing.steps.first().map_or(Type::Error, |first| first.ty)
}

/// That a time is not before another; by the day where one of them is known by the day only.
fn not_before((time, ty): (&Scalar, Type), (before, other): (&Scalar, Type)) -> Scalar {
    let (time, before) = if ty == other { (time.clone(), before.clone()) } else { (as_day(time, ty), as_day(before, other)) };
    Expr::apply(&operators::GREATER_OR_EQUAL, vec![time, before])
}

fn as_day(time: &Scalar, ty: Type) -> Scalar {
    if ty == Type::Date { time.clone() } else { Expr::apply(&conversions::TO_DATE, vec![time.clone()]) }
}

fn is_there(value: &Scalar) -> Scalar {
    Expr::apply(&operators::IS_NOT_NULL, vec![value.clone()])
}

fn equal(one: Scalar, two: Scalar) -> Scalar {
    Expr::apply(&operators::EQUAL, vec![one, two])
}
