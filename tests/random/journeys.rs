//! Journeys: made up, and worked out row by row from section 5 of the language, as sources with a row for each.

use super::calendar::days;
use super::conditions::{Maker, paths};
use super::data::Times;
use super::freshness::Freshness;
use super::functions::{compare, day_of};
use super::generate::Choices;
use super::project::{Column, Journey, Project, Source, Step, Type, Value};
use super::rows::{Record, Rows};
use super::stocks::data::leads_to_states;
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
        let steps: Option<Vec<Step>> =
            (1..=count).map(|at| step(project, &times, format!("p{at}"), (ty, thing.as_ref()), choices)).collect();
        let Some(steps) = steps else { continue };
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
    choices: &mut Choices,
) -> Option<Step> {
    // The key of a state does not decide between two of one time.
    let apart = |source: &&Source| source.states.is_none() && !leads_to_states(project, source);
    let sources: Vec<&Source> = project.sources.iter().filter(apart).collect();
    if sources.is_empty() {
        return None;
    }
    let source = *choices.pick(&sources);
    let at: Vec<&Column> = source.columns.iter().filter(|column| column.ty.is_time()).collect();
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
    let maker = Maker { project, source, times, related: false };
    let filter = choices.chance(30).then(|| maker.condition(1, choices));
    let at = choices.pick(&at).name.clone();
    Some(Step { name, source: source.name.clone(), at, entity: choices.pick(&entities).0.clone(), filter })
}

/// The project with its journeys as sources, whose rows are worked out.
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
    whole
}

/// A row that is a step: who took it when, and what decides between rows of one time.
struct Taken<'a> {
    entity: Value,
    time: Value,
    ties: Vec<Value>,
    cells: &'a [Value],
}

fn source(project: &Project, journey: &Journey) -> Source {
    let first = project.source(&journey.steps[0].source);
    let rows = Rows::new(project);
    let taken: Vec<Vec<Taken<'_>>> = journey.steps.iter().map(|step| taken(project, &rows, step)).collect();
    let mut found = Vec::new();
    for (place, start) in taken[0].iter().enumerate() {
        let alike: Vec<&Taken<'_>> = taken[0].iter().filter(|other| other.entity == start.entity).collect();
        // Of rows that are the same in all that decides, those that stand first are first.
        let before = |other: &Taken<'_>| {
            earlier(other, start).then_with(|| other.cells.as_ptr().cmp(&taken[0][place].cells.as_ptr())).is_lt()
        };
        if !journey.every && alike.iter().any(|other| before(other)) {
            continue;
        }
        let later: Vec<&&Taken<'_>> = alike.iter().filter(|other| !before(other) && !std::ptr::eq(**other, start)).collect();
        let mut steps = vec![start.time.clone()];
        for occurrences in &taken[1..] {
            let after = if journey.any { &steps[0] } else { steps.last().unwrap() };
            let own = occurrences.iter().filter(|row| {
                // An occurrence belongs to the latest start at or before it.
                let begun = |start: &Value| is_at_or_after(&row.time, start);
                let theirs = row.entity == start.entity && begun(&start.time);
                theirs && !(journey.every && later.iter().any(|other| begun(&other.time)))
            });
            let reached = own.filter(|row| *after != Value::Null && is_at_or_after(&row.time, after));
            let reached = reached.map(|row| &row.time).min_by(|one, two| compare(one, two).unwrap());
            steps.push(reached.cloned().unwrap_or(Value::Null));
        }
        steps.extend(start.cells.iter().cloned());
        found.push(steps);
    }
    let columns = journey.steps.iter().map(|step| {
        let ty = match project.source(&step.source).column(&step.at).ty {
            Type::Date => Type::Date,
            _ => Type::Timestamp(project.calendar.zone),
        };
        Column { name: step.name.clone(), stored_as: step.name.clone(), ty, ddl: "", references: None, expr: None }
    });
    Source {
        name: journey.name.clone(),
        entities: false,
        by_query: false,
        key: first.key.clone(),
        time: Some(journey.steps[0].name.clone()),
        columns: columns.chain(first.columns.iter().cloned()).collect(),
        rows: found,
        journey: Some(journey.clone()),
        states: None,
        freshness: Freshness::default(),
    }
}

/// The visible rows of a step that somebody takes.
fn taken<'a>(project: &'a Project, rows: &Rows<'a>, step: &Step) -> Vec<Taken<'a>> {
    let source = project.source(&step.source);
    let mut found = Vec::new();
    for record in rows.of(&step.source) {
        let nothing = |_: &_, _: Record<'_>| unreachable!("a step's condition has no aggregates");
        let passes = step.filter.as_ref().is_none_or(|filter| rows.row(record, filter, &nothing) == Value::Bool(true));
        let (entity, time) = (rows.column(record, &step.entity), rows.column(record, std::slice::from_ref(&step.at)));
        let visible = time != Value::Null && day_of(&time) < days(project.calendar.as_of, 1);
        if !passes || !visible || entity == Value::Null {
            continue;
        }
        let stored = |column: &&Column| column.expr.is_none() && source.key.as_ref().is_none_or(|key| *key == column.name);
        let ties = source.columns.iter().filter(stored).map(|column| record.cells[source.at(&column.name)].clone());
        found.push(Taken { entity, time, ties: ties.collect(), cells: record.cells });
    }
    found
}

/// Which of two starts comes first: by time, then by the key or all columns, nulls last.
fn earlier(one: &Taken<'_>, two: &Taken<'_>) -> Ordering {
    let mut order = compare(&one.time, &two.time).unwrap();
    for (one, two) in one.ties.iter().zip(&two.ties) {
        order = order.then_with(|| compare(one, two).unwrap_or_else(|| (*one == Value::Null).cmp(&(*two == Value::Null))));
    }
    order
}

/// Whether a time is not before another; by the day where one of them is a date.
fn is_at_or_after(time: &Value, other: &Value) -> bool {
    compare(time, other).is_some_and(Ordering::is_ge)
}
