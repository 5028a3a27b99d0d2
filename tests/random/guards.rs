//! What is said of data beside figures, on random projects.
//!
//! - Sound data is never refused, and no more references are said to lead nowhere than do. [`Looks::wrong`]
//! - Where a figure would be another one if references were found, it is said that they are not. [`completed`]
//! - Where a figure would be another one if states, snapshots or keys that references lead to were loaded twice, it is refused.
//!   [`loaded_twice`]
//! - Where a figure depends on the order in which rows happen to lie, it is refused. [`in_doubt`]
//! - The view `source_checks` counts what plain arithmetic over the rows counts. [`checks`]

use super::calendar::{days, earlier};
use super::data::key;
use super::engine::Answer;
use super::functions::{compare, day_of};
use super::project::{Aggregate, Body, Figure, Formula, Holds, Length, Project, Row, RowLeaf, Source, Stock, Type, Value};
use super::rows::{Record, Rows};
use jiff::civil::Date;
use kpic::model::Model;
use kpic::pipeline::Valid;
use kpic::plan::relation::Query;
use kpic::plan::rules::Rule;
use kpic::plan::rules::guards::{Guard, guards};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// The queries that count, for one view, what its figures rely on.
pub struct Looks {
    /// The queries.
    pub sql: Vec<String>,
    /// For each query what its columns count: the place of the guard, the column, and whether it is taken off.
    columns: Vec<Vec<(usize, String, bool)>>,
    guards: Vec<Guard>,
}

/// What the rows say: for each guard how many of them are wrong.
pub struct Found<'a> {
    looks: &'a Looks,
    counts: Vec<i64>,
}

impl Looks {
    pub fn of(project: &Valid, query: &Query) -> Self {
        let dialect = kpic::dialect::dialect(None);
        let all = guards(project.model(), std::slice::from_ref(query));
        let columns = |counting: &kpic::plan::rules::guards::Counting| {
            counting.columns.iter().map(|counted| (counted.guard, counted.column.clone(), counted.taken_off)).collect()
        };
        Self {
            sql: all.counts.iter().map(|counting| kpic::sql::query(&counting.query, dialect)).collect(),
            columns: all.counts.iter().map(columns).collect(),
            guards: all.guards,
        }
    }

    /// Adds up what the queries answer.
    pub fn found(&self, answers: &[Result<Vec<Answer>, String>]) -> Result<Found<'_>, String> {
        let mut counts = vec![0; self.guards.len()];
        for ((sql, columns), answer) in self.sql.iter().zip(&self.columns).zip(answers) {
            let rows = answer.as_ref().map_err(|why| format!("the engine refuses to look at the data:\n{why}\n{sql}"))?;
            for (guard, column, taken_off) in columns {
                let cell = rows.first().and_then(|row| row[column].clone());
                let count: i64 = cell.map_or(0, |count| count.parse().unwrap());
                counts[*guard] += if *taken_off { -count } else { count };
            }
        }
        Ok(Found { looks: self, counts })
    }
}

impl Found<'_> {
    fn any(&self, is_it: impl Fn(Rule) -> bool) -> bool {
        self.looks.guards.iter().zip(&self.counts).any(|(guard, count)| *count > 0 && is_it(guard.rule))
    }

    /// Whether the figure is refused.
    pub fn refuses(&self) -> bool {
        self.any(|rule| matches!(rule, Rule::UniqueKey | Rule::NoOverlap))
    }

    /// Whether it is said that references are not found.
    pub fn misses_rows(&self) -> bool {
        self.any(|rule| matches!(rule, Rule::Found(_)))
    }

    /// What is said of sound data that is not so.
    pub fn wrong(&self, model: &Model, project: &Project) -> Option<String> {
        let rows = Rows::new(project);
        let stored = project.sources.iter().filter(|source| source.journey.is_none());
        // A failing project made smaller may have keys and states that stand twice.
        if self.refuses() && stored.into_iter().all(|source| repeated(source) == 0 && overlaps(&rows, source) == 0) {
            return Some("sound data is refused".to_owned());
        }
        for (guard, count) in self.looks.guards.iter().zip(&self.counts) {
            let Rule::Found(column) = guard.rule else { continue };
            let of = &model.sources.get(guard.of).name.value;
            let mut at = guard.of;
            let mut path = Vec::new();
            for step in guard.through.iter().chain([&column]) {
                let column = model.sources.get(at).columns.get(*step);
                path.push(column.name.value.clone());
                at = column.reference.unwrap();
            }
            let nowhere = rows.of(of).filter(|record| leads_nowhere(&rows, *record, &path)).count();
            if *count < 0 || usize::try_from(*count).unwrap() > nowhere {
                let path = path.join(".");
                return Some(format!("{count} rows of {of} are said to lead nowhere by {path}, and {nowhere} do"));
            }
        }
        None
    }
}

/// Whether a path leads to a reference that is not null and finds no row.
fn leads_nowhere(rows: &Rows<'_>, record: Record<'_>, path: &[String]) -> bool {
    if rows.column(record, path) == Value::Null {
        return false;
    }
    let target = rows.project.source(rows.project.column(record.source, path).references.as_ref().unwrap());
    let key = target.key.clone().unwrap();
    rows.column(record, &[path, &[key]].concat()) == Value::Null
}

/// The aggregates of a KPI, and those in their conditions.
fn aggregates<'a>(project: &'a Project, body: &'a Body) -> Vec<&'a Aggregate> {
    fn of_row<'a>(row: Option<&'a Row>, found: &mut Vec<&'a Aggregate>) {
        if let Some(row) = row {
            row.leaves(&mut |leaf| {
                if let RowLeaf::Related(related) = leaf {
                    of(related, found);
                }
            });
        }
    }
    fn of<'a>(aggregate: &'a Aggregate, found: &mut Vec<&'a Aggregate>) {
        found.push(aggregate);
        of_row(aggregate.argument.as_ref(), found);
        of_row(aggregate.filter.as_ref(), found);
    }
    fn of_formula<'a>(project: &'a Project, formula: &'a Formula, found: &mut Vec<&'a Aggregate>) {
        formula.leaves(&mut |figure| match figure {
            Figure::Kpi(name) => of_body(project, &project.kpi(name).body, found),
            Figure::Aggregate(aggregate) => of(aggregate, found),
            Figure::Grouped(grouped) => grouped.aggregates().for_each(|one| of(one, found)),
            Figure::Each(each) => of_formula(project, &each.of, found),
            Figure::Past(_, of, _) | Figure::Slice(of, _) | Figure::Total(of, _) => of_formula(project, of, found),
        });
    }
    fn of_body<'a>(project: &'a Project, body: &'a Body, found: &mut Vec<&'a Aggregate>) {
        if let Body::Formula(formula) = body {
            of_formula(project, formula, found);
        }
    }
    let mut found = Vec::new();
    of_body(project, body, &mut found);
    found
}

/// Whether a KPI aggregates the rows of a source, as they stand or as states, or as steps of a journey.
fn reads(project: &Project, body: &Body, source: &str, is_it: impl Fn(Option<Stock>) -> bool) -> bool {
    aggregates(project, body).into_iter().any(|aggregate| {
        let steps = project.source(&aggregate.source).journey.iter().flat_map(|journey| &journey.steps);
        let own = aggregate.source == source && is_it(project.stock(aggregate));
        own || is_it(None) && steps.into_iter().any(|step| step.source == source)
    })
}

/// Other rows, and the sources that have them.
pub struct Changed {
    /// The project with these.
    pub project: Project,
    /// The sources.
    pub sources: Vec<String>,
}

/// Every key that a reference names is there.
pub fn completed(project: &Project) -> Changed {
    let mut changed = Changed { project: project.clone(), sources: Vec::new() };
    for source in &mut changed.project.sources {
        let Some(name) = source.key.clone() else { continue };
        let missing = key(source.column(&name).ty, 99);
        let (at, width) = (source.at(&name), source.columns.len());
        if source.rows.iter().any(|cells| cells[at] == missing) {
            continue;
        }
        let mut cells = source.rows.first().cloned().unwrap_or_else(|| vec![Value::Null; width]);
        cells[at] = missing;
        if let Some(Holds::Valid { from, to, .. }) = source.states.clone() {
            let (from, to) = (source.at(&from), source.at(&to));
            cells[from] = early(source.columns[from].ty);
            cells[to] = Value::Null;
        }
        source.rows.push(cells);
        changed.sources.push(source.name.clone());
    }
    changed
}

/// A time before all others.
fn early(ty: Type) -> Value {
    let day = jiff::civil::date(2015, 1, 1);
    if ty == Type::Date { Value::Date(day) } else { Value::Time(day.to_datetime(jiff::civil::Time::midnight())) }
}

/// Whether a figure may change with other rows only because of what it looks up.
pub fn looks_up(changed: &Changed, body: &Body) -> bool {
    !changed.sources.iter().any(|source| reads(&changed.project, body, source, |_| true))
}

/// The states, or all other rows that have a key, are there twice.
pub fn loaded_twice(project: &Project, states: bool) -> Changed {
    let mut changed = Changed { project: project.clone(), sources: Vec::new() };
    for source in &mut changed.project.sources {
        if source.key.is_some() && source.states.is_some() == states {
            source.rows.extend(source.rows.clone());
            changed.sources.push(source.name.clone());
        }
    }
    changed
}

/// Whether a figure reads no doubled row as one that happened: such rows count twice.
pub fn counts_once(changed: &Changed, body: &Body) -> bool {
    !changed.sources.iter().any(|source| reads(&changed.project, body, source, |stock| stock.is_none()))
}

/// Keys and times stand twice with different values beside them; in one order, and in the other.
pub fn in_doubt(project: &Project) -> [Project; 2] {
    let mut one = project.clone();
    for source in &mut one.sources {
        let Some(name) = source.key.clone() else { continue };
        let own = |at: usize, source: &Source| {
            let column = &source.columns[at];
            column.name == name || column.ty.is_time()
        };
        let Some(first) = source.rows.first().cloned() else { continue };
        let mut more = Vec::new();
        for cells in source.rows.iter().skip(1).step_by(2) {
            let other = cells.iter().enumerate().map(|(at, cell)| if own(at, source) { cell } else { &first[at] });
            more.push(other.cloned().collect::<Vec<_>>());
        }
        source.rows.extend(more);
    }
    let mut other = one.clone();
    other.sources.iter_mut().for_each(|source| source.rows.reverse());
    [one, other]
}

/// Whether two answers show the same.
pub fn agree(one: &[Answer], two: &[Answer]) -> bool {
    let ordered = |rows: &[Answer]| {
        let place = |row: &Answer| {
            let mut cells: Vec<(String, Option<String>)> =
                row.iter().filter(|(name, _)| *name != "value").map(|(name, cell)| (name.clone(), cell.clone())).collect();
            cells.sort();
            cells
        };
        let rows = rows.iter().map(|row| (place(row), row.get("value").cloned().flatten()));
        rows.collect::<BTreeMap<_, _>>()
    };
    let (one, two) = (ordered(one), ordered(two));
    let same = |(one, two): (&Option<String>, &Option<String>)| match (one, two) {
        (Some(one), Some(two)) => {
            let (one, two): (f64, f64) = (one.parse().unwrap(), two.parse().unwrap());
            (one - two).abs() <= 1e-9 * one.abs().max(two.abs()).max(1.0)
        }
        (one, two) => one == two,
    };
    one.keys().eq(two.keys()) && one.values().zip(two.values()).all(same)
}

/// What the view `source_checks` shows that plain arithmetic over the rows does not.
pub fn checks(project: &Project, answer: &[Answer]) -> Option<String> {
    let rows = Rows::new(project);
    for row in answer {
        let cell = |name: &str| row[name].clone().unwrap_or_default();
        let source = project.source(&cell("source"));
        let records = || source.rows.iter().map(|cells| Record { source, cells });
        let path = [cell("column")];
        let is_null = |record: Record<'_>| rows.column(record, &path) == Value::Null;
        let expected = match cell("rule").as_str() {
            "key-not-unique" => repeated(source),
            "states-overlap" => overlaps(&rows, source),
            "time-missing" | "unexpected-null" => records().filter(|record| is_null(*record)).count(),
            "reference-not-found" => {
                let target = project.source(source.column(&path[0]).references.as_ref().unwrap());
                if let Some(Holds::Readings { .. }) = &target.states {
                    let is_timed = |record: &Record<'_>| rows.day(*record, None).is_some();
                    records().filter(|record| is_timed(record) && leads_nowhere(&rows, *record, &path)).count()
                } else {
                    let at = target.at(target.key.as_ref().unwrap());
                    let known = |key: &Value| target.rows.iter().any(|cells| cells[at] == *key);
                    // The key may be worked out.
                    records().map(|record| rows.column(record, &path)).filter(|key| *key != Value::Null && !known(key)).count()
                }
            }
            "stale-keys" => stale_keys(project, &rows, source),
            "keys-come-and-go" => come_and_go(&rows, source),
            "not-finite" => {
                let at = source.at(&path[0]);
                let is_odd = |record: &Record<'_>| matches!(record.cells[at], Value::Number(number) if !number.is_finite());
                records().filter(is_odd).count()
            }
            "ends-before-it-begins" => records().filter(|record| ends_early(&rows, *record)).count(),
            other => return Some(format!("source_checks has a rule {other}")),
        };
        if cell("rows") != expected.to_string() {
            return Some(format!("source_checks: expected {expected}: {row:?}"));
        }
    }
    None
}

/// How many rows have the key of an earlier one; among snapshots, the key and the day.
fn repeated(source: &Source) -> usize {
    let Some(key) = &source.key else { return 0 };
    let taken = match &source.states {
        Some(Holds::Valid { .. }) => return 0,
        Some(Holds::Snapshot { taken, .. } | Holds::Readings { taken, .. }) => Some(source.at(taken)),
        None => None,
    };
    let mut seen = BTreeSet::new();
    let own = |cells: &Vec<Value>| -> Option<String> {
        let parts = std::iter::once(source.at(key)).chain(taken).map(|at| &cells[at]);
        let parts: Vec<&Value> = parts.collect();
        let is_null = parts.iter().any(|part| **part == Value::Null);
        (!is_null).then(|| format!("{parts:?}"))
    };
    source.rows.iter().filter_map(own).filter(|key| !seen.insert(key.clone())).count()
}

/// The days on which each key was taken, in their order.
fn days_taken(rows: &Rows<'_>, source: &Source, taken: &String) -> Vec<BTreeSet<Date>> {
    let mut keys: BTreeMap<String, BTreeSet<Date>> = BTreeMap::new();
    for cells in &source.rows {
        let record = Record { source, cells };
        if let (Some(day), own) = (rows.day(record, Some(taken)), rows.key(record))
            && own != Value::Null
        {
            keys.entry(format!("{own:?}")).or_default().insert(day);
        }
    }
    keys.into_values().collect()
}

/// How many keys have no state any more at the end of the last visible day, because their last reading is too old.
fn stale_keys(project: &Project, rows: &Rows<'_>, source: &Source) -> usize {
    let Some(Holds::Readings { taken, stale_after }) = &source.states else { return 0 };
    let as_of = project.calendar.as_of;
    let is_stale = |last: &Date| earlier(days(*last, 1), Length { count: -stale_after.count, ..*stale_after }) <= as_of;
    let last = |days: &BTreeSet<Date>| days.range(..=as_of).next_back().copied();
    days_taken(rows, source, taken).iter().filter_map(last).filter(is_stale).count()
}

/// How many keys are not in a snapshot that lies between two which have them.
fn come_and_go(rows: &Rows<'_>, source: &Source) -> usize {
    let Some(Holds::Snapshot { taken, .. }) = &source.states else { return 0 };
    let keys = days_taken(rows, source, taken);
    let all: BTreeSet<Date> = keys.iter().flatten().copied().collect();
    let comes_back = |days: &&BTreeSet<Date>| {
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return false };
        all.range(first..=last).count() > days.len()
    };
    keys.iter().filter(comes_back).count()
}

/// How many states still hold when the next one of their key begins.
fn overlaps(rows: &Rows<'_>, source: &Source) -> usize {
    let Some(Holds::Valid { from, to, inclusive }) = &source.states else { return 0 };
    let key = source.key.clone().unwrap();
    let of = |record: Record<'_>, name: &String| rows.column(record, std::slice::from_ref(name));
    let bound = |value: Value| bound(value, *inclusive);
    let mut found = 0;
    let mut keys: BTreeMap<String, Vec<(Value, Value, Value)>> = BTreeMap::new();
    for cells in &source.rows {
        let record = Record { source, cells };
        let (own, begins, ends) = (of(record, &key), of(record, from), of(record, to));
        let (from, to) = (bound(begins.clone()), bound(ends));
        let order = compare(&to, &from);
        let holds = to == Value::Null || order == Some(Ordering::Greater) || *inclusive && order == Some(Ordering::Equal);
        if own != Value::Null && begins != Value::Null && holds {
            keys.entry(format!("{own:?}")).or_default().push((begins, from, to));
        }
    }
    for states in keys.values_mut() {
        states.sort_by(|(one, ..), (two, ..)| compare(one, two).unwrap());
        found += states
            .windows(2)
            .filter(|pair| {
                let order = compare(&pair[1].1, &pair[0].2);
                pair[0].2 == Value::Null || order == Some(Ordering::Less) || *inclusive && order == Some(Ordering::Equal)
            })
            .count();
    }
    found
}

fn ends_early(rows: &Rows<'_>, record: Record<'_>) -> bool {
    let Some(Holds::Valid { from, to, inclusive }) = &record.source.states else { return false };
    let time = |name: &String| bound(rows.column(record, std::slice::from_ref(name)), *inclusive);
    compare(&time(to), &time(from)) == Some(Ordering::Less)
}

/// Where a state begins or ends: with a last day the day. A date and a time are compared by their days.
fn bound(value: Value, inclusive: bool) -> Value {
    match value {
        Value::Null => Value::Null,
        value if inclusive => Value::Date(day_of(&value)),
        value => value,
    }
}
