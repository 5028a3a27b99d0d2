//! Journeys of which every first step begins one: to which start each row of a later step belongs.
//!
//! A row belongs to the latest start of its entity that is not after it; one that is itself a start, to the latest other start
//! before it, by time and key. The rows of all steps are put in one order, and the starts so far are counted. Rows are compared by
//! what is known of both times, so that there can be several orders: then the starts are numbered first, and each row gets the
//! greatest number so far in its own order.

use crate::functions::{case, max, min, operators};
use crate::model::clock::TimeKind;
use crate::model::expr::{Expr, Literal, Node};
use crate::model::journey::Order;
use crate::plan::algebra::relation::{Atom, Body, Part, Ranking, Running, Scalar, Select, SoFar, column, fold};
use crate::plan::answer::assemble::Planner;
use crate::plan::rows::journey::{Needed, Reached, Take, Taken, Writing, is_there, of_first, together};

/// The columns by which the rows of all steps are put in order.
struct InOrder {
    /// The day, where rows are compared by it.
    day: Option<String>,
    /// The time on the project's clock, where rows are compared by it and starts are instants.
    civil: Option<String>,
    /// The time as it is compared with other starts; null where less is known of it.
    moment: String,
    /// What is known of that time.
    kind: TimeKind,
    /// Whether the row is a start, in its place as one.
    is_start: String,
    /// Whether it comes among the starts of its time: it is one, as a start or as a later step.
    is_among_starts: Option<String>,
    /// What decides between starts of one time.
    ties: Vec<String>,
    /// The number of a start, where starts are numbered first.
    start: Option<String>,
}

impl<'a> Planner<'a> {
    /// One journey for every first step.
    pub(in crate::plan) fn every(&mut self, mut writing: Writing<'a>, parts: &mut Vec<Part>) {
        let Some((first, later)) = writing.steps.split_first().map(|(first, later)| (first.clone(), later.to_vec())) else {
            return;
        };
        if later.is_empty() {
            let take = Take { carried: true, row: false };
            let Taken { mut select, entity, time, carried, .. } = self.taken(&mut writing, &first, take, false, parts);
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
        let (numbered, rows) = self.numbered(&mut writing, parts);
        // Whatever belongs to the journey is not before its start and is not its row; so the first row of a step is it, as long as no
        // other step comes in between.
        let is_plain = |(at, step): (usize, &Needed<'a>)| {
            let apart = step.apart.iter().any(|place| *place > 0);
            !apart && (at == 0 || writing.journey.order == Order::Any)
        };
        let plain: Vec<bool> = later.iter().enumerate().map(is_plain).collect();
        let all_plain = plain.iter().all(|plain| *plain);
        let name = if all_plain { writing.name.clone() } else { self.names.take(&format!("{}_{}", writing.name, first.name)) };
        let mut select = Select::from_part(&numbered);
        for key in &writing.keys {
            select.column(column(&numbered, key), key);
        }
        select.group_by_these();
        select.column(fold(&max::MAX, column(&numbered, first.name)), first.name);
        let row_of = |step: &Needed<'a>| {
            let own =
                rows.iter().find(|(place, _)| *place == step.place).map(|(_, names)| names.as_slice()).unwrap_or_default();
            own.iter().map(|name| (column(&numbered, name), name.clone())).collect::<Vec<_>>()
        };
        let mut reached = vec![Reached { step: first, part: name.clone(), row: Vec::new() }];
        for (step, _) in later.iter().zip(&plain).filter(|(_, plain)| **plain) {
            let time = column(&numbered, step.name);
            select.column(fold(&min::MIN, time.clone()), step.name);
            let mut kept = Vec::new();
            for (value, _) in row_of(step).iter().filter(|_| step.is_told_apart) {
                let name = writing.columns.take("row_key");
                select.column(of_first(value.clone(), &time, &row_of(step), Some(is_there(&time))), &name);
                kept.push(name);
            }
            reached.push(Reached { step: step.clone(), part: name.clone(), row: kept });
        }
        for carried in &writing.carried {
            select.column(fold(&max::MAX, column(&numbered, &carried.name)), &carried.name);
        }
        if let Some(number) = writing.keys.last() {
            select.filter.push(Expr::apply(&operators::GREATER, vec![column(&numbered, number), Expr::number(0)]));
        }
        parts.push(Part { name, body: Body::Select(select) });
        for (step, _) in later.into_iter().zip(plain).filter(|(_, plain)| !plain) {
            let mut select = Select::from_part(&numbered);
            let keys: Vec<Scalar> = writing.keys.iter().map(|key| column(&numbered, key)).collect();
            for (key, part) in writing.keys.iter().zip(&keys) {
                select.column(part.clone(), key);
            }
            let part = self.names.take(&format!("{}_{}", writing.name, step.name));
            let (time, row) = (column(&numbered, step.name), row_of(&step));
            let done = self.next(&writing, &reached, step, select, (&keys, time, row), part, parts);
            reached.push(done);
        }
        reached.sort_by_key(|reached| reached.step.place);
        if !all_plain {
            together(&writing, &reached, parts);
        }
    }

    /// The rows of all steps, each with the number of the start that it belongs to, 0 before the first; and for each step, by its
    /// place, the columns that tell its rows apart.
    fn numbered(&mut self, writing: &mut Writing<'a>, parts: &mut Vec<Part>) -> (String, Vec<(usize, Vec<String>)>) {
        let steps = writing.steps.clone();
        let mut order = self.in_order(writing, &steps);
        let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
        let mut members = Vec::new();
        for step in &steps {
            let is_first = step.place == 0;
            let take = if is_first { Take { carried: true, row: true } } else { step.take() };
            let mut taken = self.taken(writing, step, take, step.apart.contains(&0), parts);
            let names: Vec<String> = taken.row.iter().map(|(_, name)| name.clone()).collect();
            if is_first {
                order.ties.clone_from(&names);
                if let Some(number) = &order.start {
                    taken = self.number_starts(writing, step, taken, number, parts);
                }
            } else if step.is_told_apart || step.apart.iter().any(|place| *place > 0) {
                rows.push((step.place, names));
            }
            members.push(taken);
        }
        let told: Vec<String> = rows.iter().flat_map(|(_, names)| names.iter().cloned()).collect();
        let members =
            steps.iter().zip(members).map(|(step, taken)| self.rows_in_order(writing, step, &order, &told, taken)).collect();
        let union = self.names.take(&format!("{}_steps", writing.name));
        let mut select = Select::from_part(&union);
        let times = steps.iter().map(|step| step.name);
        let carried = writing.carried.iter().map(|carried| carried.name.as_str());
        for name in writing.keys.iter().map(String::as_str).chain(times).chain(carried).chain(told.iter().map(String::as_str)) {
            select.column(column(&union, name), name);
        }
        parts.push(Part { name: union.clone(), body: Body::Union(members) });
        let number = writing.columns.take("number");
        select.column(order.number(&union, writing), &number);
        let numbered = self.names.take(&format!("{union}_in_order"));
        parts.push(Part { name: numbered.clone(), body: Body::Select(select) });
        writing.keys.push(number);
        (numbered, rows)
    }

    /// The columns by which the rows of steps are put in order.
    fn in_order(&self, writing: &mut Writing<'a>, steps: &[Needed<'a>]) -> InOrder {
        let first = steps.first().map_or(TimeKind::Day, |first| first.kind);
        let has = |kind: TimeKind| steps.iter().any(|step| step.kind == kind);
        let by_day = first != TimeKind::Day && has(TimeKind::Day);
        // A clock that is put back shows instants in another order than theirs, and times on it in that of their days.
        let is_fixed = self.calendar.zone.is_fixed();
        let apart = !is_fixed && first == TimeKind::Instant && steps.iter().any(|step| step.kind < first);
        let mut take = |wish: &str| writing.columns.take(wish);
        InOrder {
            day: by_day.then(|| take("day")),
            civil: (apart && has(TimeKind::Civil)).then(|| take("local")),
            moment: take("moment"),
            kind: match steps.iter().map(|step| step.kind).filter(|kind| *kind > TimeKind::Day).min() {
                Some(kind) if first != TimeKind::Day && !apart => kind,
                _ => first,
            },
            is_start: take("is_start"),
            is_among_starts: steps.iter().any(|step| step.apart.contains(&0)).then(|| take("is_among_starts")),
            ties: Vec::new(),
            start: apart.then(|| take("start")),
        }
    }

    /// First steps with their numbers, in a part of their own.
    fn number_starts(
        &mut self,
        writing: &Writing<'a>,
        step: &Needed<'a>,
        taken: Taken,
        number: &str,
        parts: &mut Vec<Part>,
    ) -> Taken {
        let Taken { mut select, entity, time, carried, row, .. } = taken;
        let name = self.names.take(&format!("{}_{}_in_order", writing.name, step.name));
        let of = |known: &str| column(&name, known);
        let order =
            std::iter::once(time.clone()).chain(row.iter().map(|(part, _)| part.clone())).map(|by| (by, false)).collect();
        let ranking = Ranking { part: entity.clone(), order, dense: false };
        let made = Taken {
            select: Select::from_part(&name),
            entity: writing.keys.iter().map(|key| of(key)).collect(),
            time: of(step.name),
            carried: writing.carried.iter().map(|known| of(&known.name)).collect(),
            row: row.iter().map(|(_, known)| (of(known), known.clone())).collect(),
            begins: None,
        };
        for (value, key) in entity.into_iter().zip(&writing.keys) {
            select.column(value, key);
        }
        select.column(time, step.name);
        for (value, known) in carried.into_iter().zip(&writing.carried) {
            select.column(value, &known.name);
        }
        for (value, known) in row {
            select.column(value, &known);
        }
        select.column(Expr::leaf(Atom::RowNumber(Box::new(ranking))), number);
        parts.push(Part { name: name.clone(), body: Body::Select(select) });
        made
    }

    /// The rows of one step among those of all.
    fn rows_in_order(
        &self,
        writing: &Writing<'a>,
        step: &Needed<'a>,
        order: &InOrder,
        told: &[String],
        taken: Taken,
    ) -> Select {
        let Taken { mut select, entity, time, carried, row, begins } = taken;
        let is_first = step.place == 0;
        let calendar = self.calendar;
        let timed = step.timed(time.clone());
        let truth = |value| Expr::made(Node::Literal(Literal::Truth(value)));
        for (key, part) in writing.keys.iter().zip(entity) {
            select.column(part, key);
        }
        if let Some(day) = &order.day {
            select.column(timed.as_kind(TimeKind::Day, calendar), day);
        }
        if let Some(civil) = &order.civil {
            let known = step.kind >= TimeKind::Civil;
            select.column(if known { timed.as_kind(TimeKind::Civil, calendar) } else { Expr::null() }, civil);
        }
        // What is known by less than a start is comes after all that are not after it.
        let same_clock = |other: &Needed<'a>| other.kind < order.kind || other.kind == step.kind && other.clock == step.clock;
        let moment = match step.kind >= order.kind {
            true if step.kind == order.kind && writing.steps.iter().all(same_clock) => time.clone(),
            true => timed.as_kind(order.kind, calendar),
            false => Expr::null(),
        };
        select.column(moment, &order.moment);
        select.column(truth(is_first), &order.is_start);
        let among = begins.filter(|_| !is_first);
        if let Some(name) = &order.is_among_starts {
            select.column(among.clone().unwrap_or_else(|| truth(is_first)), name);
        }
        if let Some(number) = &order.start {
            select.column(if is_first { column_of(&select, number) } else { Expr::null() }, number);
        }
        for other in &writing.steps {
            select.column(if other.place == step.place { time.clone() } else { Expr::null() }, other.name);
        }
        let mut carried = carried.into_iter();
        for known in &writing.carried {
            select.column(carried.next().unwrap_or_else(Expr::null), &known.name);
        }
        let decides = is_first || among.is_some();
        for (at, name) in order.ties.iter().enumerate() {
            let own = row.get(at).filter(|_| decides).map(|(part, _)| part.clone());
            select.column(own.unwrap_or_else(Expr::null), name);
        }
        for name in told {
            let own = row.iter().find(|(_, known)| known == name).map(|(part, _)| part.clone());
            select.column(own.unwrap_or_else(Expr::null), name);
        }
        select
    }
}

/// A column of the part that a select reads.
fn column_of(select: &Select, name: &str) -> Scalar {
    column(select.from.as_ref().map_or("", |from| &from.name), name)
}

impl InOrder {
    /// The number of the start that a row belongs to.
    fn number(&self, rows: &str, writing: &Writing<'_>) -> Scalar {
        let of = |name: &str| column(rows, name);
        let entity: Vec<Scalar> = writing.keys.iter().map(|key| of(key)).collect();
        let so_far = |running: Running, order: Vec<(Scalar, bool)>| {
            Expr::leaf(Atom::SoFar(Box::new(SoFar { of: running, part: entity.clone(), order })))
        };
        // Starts come before what else is of their time; what is a start too comes in its place as one, right before it.
        let mut by_moment: Vec<(Scalar, bool)> = vec![(of(&self.moment), false)];
        by_moment.push((of(self.is_among_starts.as_ref().unwrap_or(&self.is_start)), true));
        by_moment.extend(self.ties.iter().map(|tie| (of(tie), false)));
        by_moment.extend(self.is_among_starts.is_some().then(|| (of(&self.is_start), false)));
        let Some(start) = &self.start else {
            if let Some(day) = &self.day {
                by_moment.insert(0, (of(day), false));
            }
            return so_far(Running::Count(of(&self.is_start)), by_moment);
        };
        let greatest = |order| so_far(Running::Greatest(of(start)), order);
        let by = |name: &String| greatest(vec![(of(name), false), (of(&self.is_start), true)]);
        let mut cases = vec![is_there(&of(&self.moment)), greatest(by_moment)];
        if let Some(civil) = &self.civil {
            cases.extend([is_there(&of(civil)), by(civil)]);
        }
        cases.extend(self.day.as_ref().map(by));
        Expr::apply(&case::CASE, cases)
    }
}
