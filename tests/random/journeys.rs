//! Journeys: made up, and worked out row by row from section 5 of the language, as sources with a row for each.

use super::calendar::days;
use super::conditions::{Maker, paths};
use super::data::Times;
use super::freshness::Freshness;
use super::functions::{compare, day_of};
use super::generate::Choices;
use super::project::{Column, Expr, Interval, Journey, Project, RowLeaf, Source, Step, Type, Unit, Value, is_fixed};
use super::rows::{Record, Rows, known};
use super::stocks::data::leads_to_states;
use jiff::civil::Date;
use std::cmp::Ordering;

/// Makes up journeys over the sources of a project.
pub fn make(project: &mut Project, choices: &mut Choices) {
    for number in 1..=choices.weighted(&[(4, 0), (5, 1), (2, 2)]) {
        let ty = *choices.pick(&[Type::Integer, Type::Text]);
        let times = Times::new(&project.calendar, choices);
        let count = choices.weighted(&[(2, 1), (4, 2), (3, 3), (1, 4)]);
        // Mostly of a thing that has a key, so that rows of different steps are of the same one.
        let keyed: Vec<&Source> = project.sources.iter().filter(|source| source.key.is_some()).collect();
        let thing = (!keyed.is_empty() && choices.chance(75)).then(|| choices.pick(&keyed).name.clone());
        let mut steps: Vec<Step> = Vec::new();
        for at in 1..=count {
            steps.extend(step(project, &times, format!("p{at}"), (ty, thing.as_ref()), &steps, choices));
        }
        if steps.len() < count {
            continue;
        }
        let (every, any) = (choices.chance(40), choices.chance(35));
        project.journeys.push(Journey { name: format!("j{number}"), every, any, steps });
    }
}

/// A step that something of a type takes; nothing where there is no time or nobody.
fn step(
    project: &Project,
    times: &Times,
    name: String,
    (ty, thing): (Type, Option<&String>),
    earlier: &[Step],
    choices: &mut Choices,
) -> Option<Step> {
    // The key of a state does not decide between two of one time.
    let apart = |source: &&Source| source.states.is_none() && !leads_to_states(project, source);
    let sources: Vec<&Source> = project.sources.iter().filter(apart).collect();
    if sources.is_empty() {
        return None;
    }
    // Often the rows of an earlier step once more.
    let again = (!earlier.is_empty() && choices.chance(45)).then(|| choices.pick(earlier));
    let source = again.map_or_else(|| *choices.pick(&sources), |again| project.source(&again.source));
    let mut at: Vec<&Column> = source.columns.iter().filter(|column| column.ty.is_time()).collect();
    // One row is one step, and without a key nothing says which one a row is.
    let shared = |column: &Column| earlier.iter().any(|step| step.source == source.name && step.at == column.name);
    at.retain(|column| source.key.is_some() || !shared(column));
    if choices.chance(60) && at.iter().any(|column| shared(column)) {
        at.retain(|column| shared(column));
    }
    let mut entities = paths(project, source, 2);
    entities.retain(|(path, found)| match thing {
        None => *found == ty,
        Some(thing) => {
            let column = project.column(source, path);
            column.references.as_ref() == Some(thing)
                || path.len() == 1 && source.name == *thing && source.key.as_ref() == Some(&column.name)
        }
    });
    if at.is_empty() || entities.is_empty() {
        return None;
    }
    let maker = Maker { project, source, times, related: false, only_within: false };
    let filter = choices.chance(30).then(|| maker.condition(1, choices));
    let at = choices.pick(&at).name.clone();
    Some(Step { name, source: source.name.clone(), at, entity: choices.pick(&entities).0.clone(), filter })
}

/// The project with its journeys as sources, whose rows are computed.
pub fn materialised(project: &Project) -> Project {
    let mut whole = project.clone();
    for journey in &project.journeys {
        let source = source(project, journey);
        // A dimension stands where it stands in the source of the first step.
        for dimension in &mut whole.dimensions {
            let place = dimension.from.iter().find(|(name, _)| *name == journey.steps[0].source);
            let place = place.map(|(_, path)| (journey.name.clone(), path.clone()));
            dimension.from.extend(place);
        }
        whole.sources.push(source);
    }
    // By the names that sources have come to have.
    whole.kpis.iter_mut().for_each(|kpi| kpi.interval = Interval::of(&kpi.body));
    whole
}

/// The same project as of another day: its journeys have come as far as they had by then.
pub fn as_of(whole: &Project, day: Date) -> Project {
    let mut then = whole.clone();
    then.calendar.as_of = day;
    for journey in &whole.journeys {
        let made = source(&then, journey);
        then.sources.iter_mut().filter(|known| known.name == made.name).for_each(|known| known.rows.clone_from(&made.rows));
    }
    then
}

/// A row that is a step: who took it when, and what decides between rows of one time.
struct Taken<'a> {
    entity: Value,
    time: Value,
    ties: Vec<Value>,
    cells: &'a [Value],
    /// What it is, whatever steps it could be: its source, which of its times, and its place among the rows.
    is: (&'a str, &'a str, usize),
}

fn source(project: &Project, journey: &Journey) -> Source {
    let first = project.source(&journey.steps[0].source);
    let rows = Rows::new(project);
    let taken: Vec<Vec<Taken<'_>>> = journey.steps.iter().map(|step| taken(project, &rows, step)).collect();
    let mut found = Vec::new();
    for start in &taken[0] {
        let alike: Vec<&Taken<'_>> = taken[0].iter().filter(|other| other.entity == start.entity).collect();
        if !journey.every && alike.iter().any(|other| earlier(other, start).is_lt()) {
            continue;
        }
        let mut steps = vec![start.time.clone()];
        let mut used = vec![start.is];
        for occurrences in &taken[1..] {
            // In order a step comes after all that are declared before it, else after the start alone.
            let after = if journey.any { &steps[..1] } else { &steps[..] };
            let fits = |row: &&Taken<'_>| {
                let theirs = row.entity == start.entity && (!journey.every || begins(row, &alike) == Some(start.is));
                let in_order = after.iter().all(|step| *step != Value::Null && is_at_or_after(&row.time, step));
                theirs && in_order && !used.contains(&row.is)
            };
            match occurrences.iter().filter(fits).min_by(|one, two| earlier(one, two)) {
                Some(row) => {
                    steps.push(row.time.clone());
                    used.push(row.is);
                }
                None => steps.push(Value::Null),
            }
        }
        // As columns store them: instants by UTC, all else by the project's clock.
        let stored = |time| if let Value::Instant { utc, .. } = time { Value::Time(utc) } else { time };
        found.push(steps.into_iter().map(stored).chain(start.cells.iter().cloned()).collect());
    }
    let columns = journey.steps.iter().map(|step| {
        let ty = match kind(project, project.source(&step.source), std::slice::from_ref(&step.at)) {
            Kind::Day => Type::Date,
            Kind::Wall => Type::Timestamp(project.calendar.zone),
            Kind::Instant => Type::Instant,
        };
        Column { name: step.name.clone(), stored_as: step.name.clone(), ty, ddl: "", references: None, expr: None, sql: None }
    });
    Source {
        name: journey.name.clone(),
        entities: false,
        by_query: false,
        written: None,
        key: first.key.clone(),
        time: Some(journey.steps[0].name.clone()),
        columns: columns.chain(first.columns.iter().cloned()).collect(),
        rows: found,
        journey: Some(journey.clone()),
        states: None,
        freshness: Freshness::default(),
    }
}

/// The start to which a row belongs where every one begins a journey: the latest that it is not before. A row that is a start
/// itself belongs to the latest other one before it.
fn begins<'a>(row: &Taken<'_>, starts: &[&Taken<'a>]) -> Option<(&'a str, &'a str, usize)> {
    let own = starts.iter().find(|start| start.is == row.is);
    let before = starts.iter().filter(|start| match own {
        Some(own) => earlier(start, own).is_lt(),
        None => is_at_or_after(&row.time, &start.time),
    });
    before.max_by(|one, two| earlier(one, two)).map(|start| start.is)
}

/// What a time column knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Day,
    Wall,
    Instant,
}

/// What the time at the end of a path knows, which may be that of a derived column.
pub fn kind(project: &Project, source: &Source, path: &[String]) -> Kind {
    let column = source.column(&path[0]);
    if path.len() > 1 {
        return kind(project, project.source(column.references.as_ref().unwrap()), &path[1..]);
    }
    match (&column.expr, column.ty) {
        (_, Type::Date) => Kind::Day,
        (None, Type::Instant) => Kind::Instant,
        (None, Type::Timestamp(zone)) if is_fixed(zone) => Kind::Instant,
        (Some(Expr::Apply(_, sides)), _) => match (&sides[0], &sides[1]) {
            (Expr::Leaf(RowLeaf::Path(of)), Expr::Literal(Value::Span(_, Unit::Hour))) => kind(project, source, of),
            _ => Kind::Wall,
        },
        _ => Kind::Wall,
    }
}

/// The visible rows of a step that somebody takes.
fn taken<'a>(project: &'a Project, rows: &Rows<'a>, step: &'a Step) -> Vec<Taken<'a>> {
    let source = project.source(&step.source);
    let mut found = Vec::new();
    for (place, record) in rows.of(&step.source).enumerate() {
        let nothing = |_: &_, _: Record<'_>| unreachable!("a step's condition has no aggregates");
        let passes = step.filter.as_ref().is_none_or(|filter| rows.row(record, filter, &nothing) == Value::Bool(true));
        let (entity, time) = (rows.column(record, &step.entity), rows.column(record, std::slice::from_ref(&step.at)));
        let visible = time != Value::Null && day_of(&time) < days(project.calendar.as_of, 1);
        if !passes || !visible || entity == Value::Null {
            continue;
        }
        let stored = |column: &&Column| column.expr.is_none() && source.key.as_ref().is_none_or(|key| *key == column.name);
        let ties = source.columns.iter().filter(stored).map(|column| known(&record.cells[source.at(&column.name)]));
        let is = (step.source.as_str(), step.at.as_str(), place);
        found.push(Taken { entity, time, ties: ties.collect(), cells: record.cells, is });
    }
    found
}

/// Which of two starts comes first: by time, then by the key or all columns, nulls last.
fn earlier(one: &Taken<'_>, two: &Taken<'_>) -> Ordering {
    let mut order = compare(&one.time, &two.time).unwrap();
    for (one, two) in one.ties.iter().zip(&two.ties) {
        order = order.then_with(|| compare(one, two).unwrap_or_else(|| (*one == Value::Null).cmp(&(*two == Value::Null))));
    }
    // Of rows that are the same in all that decides, those that stand first are first.
    order.then(one.is.2.cmp(&two.is.2))
}

/// Whether a time is not before another; by the day where one of them is a date.
fn is_at_or_after(time: &Value, other: &Value) -> bool {
    compare(time, other).is_some_and(Ordering::is_ge)
}
