//! The data against what the specs declare of it: for `verify`.
//!
//! 1. [`guard::columns`] finds columns that are missing or of another type.
//! 2. [`rules::counts`] counts, in one scan of each source, the rows that break a rule about the other columns.
//! 3. [`rules::examples`] shows the first of them, for the rules that are broken.
//! 4. `targets` holds the targets of key results against what their KPIs have done before.

use super::freshness::{self, State};
use super::refused::Refused;
use super::{Session, files, guard, number, targets, whole};
use crate::calendar::{Date, Length};
use crate::diagnostic::{Code, Finding, Findings, codes};
use crate::engine::{Failure, Rows};
use crate::model::facts::{Range, Type};
use crate::model::{Column, ColumnId, Holds, Model, Source, SourceId};
use crate::pipeline::Valid;
use crate::plan::rules::{self, Rule};
use crate::sql;
use crate::text::Span;
use std::collections::{BTreeMap, BTreeSet};

/// What was found about the sources of a project.
#[derive(Debug, Default)]
pub struct Report {
    /// The sources, in their order.
    pub sources: Vec<Checked>,
    /// What is wrong.
    pub findings: Findings,
}

/// What was found about one source.
#[derive(Debug)]
pub struct Checked {
    /// The source's name.
    pub name: String,
    /// How many rows it has, if they could be counted.
    pub rows: Option<u64>,
    /// The checks, in their order.
    pub checks: Vec<Check>,
}

/// One check of a source.
#[derive(Debug)]
pub struct Check {
    /// What has to be so.
    pub what: String,
    /// Whether it is.
    pub outcome: Outcome,
    /// The first of what is wrong.
    pub examples: Vec<String>,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is wrong.
    Fine,
    /// So many rows are wrong.
    Rows(u64),
    /// So many rows are wrong, and the project allows it.
    Allowed(u64),
    /// Something is wrong that is no matter of rows.
    Wrong,
    /// It could not be looked at, because of something else that is wrong.
    Unknown,
}

/// A rule of a source, with what was found.
struct Asked {
    source: SourceId,
    rule: Rule,
    outcome: Outcome,
    examples: Vec<String>,
}

/// Holds the data of some sources against their declarations.
///
/// # Errors
/// Fails if the engine cannot be used. What is wrong with the data comes back in the report.
pub fn verify(session: &Session<'_>, sources: &[SourceId]) -> Result<Report, Failure> {
    let model = session.project.model();
    let mut findings = Findings::default();
    // References are looked up in sources that may not be among those that are asked for.
    let mut read: BTreeSet<SourceId> = sources.iter().copied().collect();
    for id in sources {
        let all = rules::rules(model, *id);
        read.extend(all.into_iter().flat_map(|rule| rules::columns_of(model, *id, rule)).map(|(source, _)| source));
    }
    let mut unfit = guard::columns(session, &read, &mut findings)?;
    files::values(session, &mut unfit, &mut findings)?;
    guard::raw_columns(session, &mut unfit, &mut findings)?;
    let mut asked = ask(model, sources, &unfit);
    let rows = count(session, sources, &unfit, &mut asked, &mut findings)?;
    examples(session, &mut asked)?;
    for one in &asked {
        report(session.project, one, &mut findings);
    }
    let looked = freshness::find(session, &read_whole(model, sources, &unfit))?;
    freshness::report(model, &looked, &mut findings);
    findings.append(looked.findings.clone());
    // What is asked of all sources is asked of what is made of them too.
    if sources.len() >= model.source_count() {
        targets::check(session, &mut findings)?;
    }
    session.project.settle(sources.len() == model.sources.len(), &mut findings);
    for one in &mut asked {
        let (code, span) = {
            let words = words(session.project, one.source, one.rule);
            (words.code, words.span)
        };
        let stands = |finding: &Finding| finding.code == code && finding.labels.first().is_some_and(|label| label.span == span);
        if let (Outcome::Rows(count), false) = (one.outcome, findings.iter().any(stands)) {
            one.outcome = Outcome::Allowed(count);
        }
    }
    let mut report = Report::default();
    for id in sources {
        let source = model.sources.get(*id);
        let mut checks = vec![columns_check(source, unfit.get(id))];
        let own = asked.iter().filter(|one| one.source == *id && is_shown(one));
        checks.extend(own.map(|one| Check {
            what: words(session.project, one.source, one.rule).what,
            outcome: one.outcome,
            examples: one.examples.clone(),
        }));
        checks.extend(freshness_checks(source, looked.states.iter().find(|state| state.source == *id), &findings));
        let calendar = model.calendar_source.as_ref().filter(|calendar| calendar.source == *id);
        if let Some(calendar) = calendar {
            let sound = unfit.get(id).is_some_and(BTreeSet::is_empty);
            let mut found = Findings::default();
            if sound {
                let mut unchecked = Refused::default();
                guard::calendar_rows(session, calendar, &mut found, &mut unchecked)?;
                found.append(unchecked.explained(session)?);
            }
            let outcome = match (sound, found.is_empty()) {
                (false, _) => Outcome::Unknown,
                (true, true) => Outcome::Fine,
                (true, false) => Outcome::Wrong,
            };
            findings.append(found);
            checks.push(Check { what: "its rows are a calendar".to_owned(), outcome, examples: Vec::new() });
        }
        report.sources.push(Checked { name: source.name.value.clone(), rows: rows.get(id).copied(), checks });
    }
    findings.sort();
    report.findings = findings;
    Ok(report)
}

/// The sources of which it can be told when their rows came.
fn read_whole(model: &Model, sources: &[SourceId], unfit: &BTreeMap<SourceId, BTreeSet<ColumnId>>) -> BTreeSet<SourceId> {
    let has_clock = |id: &&SourceId| {
        let clock = model.sources.get(**id).clock();
        clock.is_some_and(|clock| unfit.get(id).is_some_and(|unfit| !unfit.contains(&clock)))
    };
    sources.iter().filter(has_clock).copied().collect()
}

/// What a source promises about when its rows come, and whether it holds.
fn freshness_checks(source: &Source, state: Option<&State>, findings: &Findings) -> Vec<Check> {
    let stands = |code: &'static Code, span: Span| {
        findings.iter().any(|finding| finding.code == code && finding.labels.first().is_some_and(|label| label.span == span))
    };
    let mut checks = Vec::new();
    let day = |day: Option<Date>| day.map(|day| day.to_string()).into_iter().collect();
    if let Some(within) = &source.freshness.within {
        let outcome = match state.and_then(|state| state.is_fresh) {
            None => Outcome::Unknown,
            Some(true) => Outcome::Fine,
            Some(false) if stands(&codes::STALE_SOURCE, within.span) => Outcome::Wrong,
            Some(false) => Outcome::Allowed(1),
        };
        let examples = if outcome == Outcome::Fine { Vec::new() } else { day(state.and_then(|state| state.last_row)) };
        checks.push(Check { what: format!("the last row is within {} of as_of", within.value), outcome, examples });
    }
    if let Some(expect) = &source.freshness.expect {
        let outcome = match state.and_then(|state| state.holes) {
            None => Outcome::Unknown,
            Some(0) => Outcome::Fine,
            Some(count) if stands(&codes::SOURCE_WITH_HOLES, expect.span) => Outcome::Rows(count),
            Some(count) => Outcome::Allowed(count),
        };
        let what = format!("{} has a row", expect.value);
        checks.push(Check { what, outcome, examples: day(state.and_then(|state| state.last_hole)) });
    }
    checks
}

/// The queries that count wrong rows and those that show them, each with what it is for. They need no engine.
pub fn queries(session: &Session<'_>, sources: &[SourceId]) -> Vec<(String, String)> {
    let model = session.project.model();
    let mut out = Vec::new();
    for id in sources {
        let source = model.sources.get(*id);
        let name = &source.name.value;
        if let Some(query) = files::of(source).and_then(|files| session.dialect().files().misfits(files)) {
            out.push((format!("{name}: how many values of each file are not of their column's type"), format!("{query};\n")));
        }
        let all = rules::rules(model, *id);
        if !source.freshness.is_nothing() {
            let query = crate::plan::freshness::freshness(model, &[*id]);
            out.push((format!("{name}: when its rows came"), sql::statement(&query, session.dialect())));
        }
        for counting in rules::counts(model, *id, &all) {
            out.push((format!("{name}: how many rows are wrong"), sql::statement(&counting.query, session.dialect())));
        }
        for rule in all {
            let query = rules::examples(model, *id, rule);
            let title = format!("{name}: rows for which this does not hold: {}", words(session.project, *id, rule).what);
            out.push((title, sql::statement(&query, session.dialect())));
        }
    }
    out
}

/// The rules of all sources; those that cannot be looked at are marked so.
fn ask(model: &Model, sources: &[SourceId], unfit: &BTreeMap<SourceId, BTreeSet<ColumnId>>) -> Vec<Asked> {
    let mut asked = Vec::new();
    for id in sources {
        for rule in rules::rules(model, *id) {
            let sound =
                |(source, column): &(SourceId, ColumnId)| unfit.get(source).is_some_and(|unfit| !unfit.contains(column));
            let known = rules::columns_of(model, *id, rule).iter().all(sound);
            let outcome = if known { Outcome::Fine } else { Outcome::Unknown };
            asked.push(Asked { source: *id, rule, outcome, examples: Vec::new() });
        }
    }
    asked
}

/// Counts the rows of all sources that can be read, and those that break a rule.
fn count(
    session: &Session<'_>,
    sources: &[SourceId],
    unfit: &BTreeMap<SourceId, BTreeSet<ColumnId>>,
    asked: &mut [Asked],
    findings: &mut Findings,
) -> Result<BTreeMap<SourceId, u64>, Failure> {
    let model = session.project.model();
    let mut scans = Vec::new();
    for id in sources.iter().filter(|id| unfit.contains_key(id)) {
        let known = asked.iter().filter(|one| one.source == *id && one.outcome != Outcome::Unknown);
        let known: Vec<Rule> = known.map(|one| one.rule).collect();
        scans.extend(rules::counts(model, *id, &known).into_iter().map(|counting| (*id, counting)));
    }
    let plans: Vec<_> = scans.iter().map(|(_, counting)| counting.query.clone()).collect();
    let mut all_rows = BTreeMap::new();
    for ((id, counting), answer) in scans.iter().zip(session.answer(&plans)?) {
        let source = model.sources.get(*id);
        let mut outcome_of = |rule: Rule, outcome: Outcome| {
            let found = asked.iter_mut().find(|one| one.source == *id && one.rule == rule);
            found.into_iter().for_each(|one| one.outcome = outcome);
        };
        match answer {
            Ok(rows) => {
                let row = rows.rows.first().map(Vec::as_slice).unwrap_or_default();
                let value = |name: &str| rows.get(row, name).and_then(number).map(whole);
                all_rows.extend(value("rows").map(|rows| (*id, rows)).filter(|_| !all_rows.contains_key(id)));
                for (rule, column) in &counting.columns {
                    outcome_of(*rule, value(column).filter(|rows| *rows > 0).map_or(Outcome::Fine, Outcome::Rows));
                }
            }
            Err(why) => {
                findings.push(guard::refused(source, &why));
                counting.columns.iter().for_each(|(rule, _)| outcome_of(*rule, Outcome::Unknown));
            }
        }
    }
    Ok(all_rows)
}

/// Whether a check is listed: what no spec declares, and hardly any data breaks, only where it is broken.
fn is_shown(one: &Asked) -> bool {
    !matches!((one.rule, one.outcome), (Rule::Finite(_), Outcome::Fine | Outcome::Unknown))
}

/// Looks at the first rows that break a rule.
fn examples(session: &Session<'_>, asked: &mut [Asked]) -> Result<(), Failure> {
    let model = session.project.model();
    // A row whose only key is null has nothing to be known by.
    let can_be_shown = |one: &Asked| match one.rule {
        Rule::Present(column) => model.sources.get(one.source).key != [column],
        _ => true,
    };
    let broken = asked.iter_mut().filter(|one| matches!(one.outcome, Outcome::Rows(_)) && can_be_shown(one));
    let mut broken: Vec<&mut Asked> = broken.collect();
    if broken.is_empty() {
        return Ok(());
    }
    let plans: Vec<_> = broken.iter().map(|one| rules::examples(model, one.source, one.rule)).collect();
    let answers = session.answer(&plans)?;
    for (one, answer) in broken.iter_mut().zip(answers) {
        let source = model.sources.get(one.source);
        one.examples = answer.map(|rows| shown(source, one.rule, &rows)).unwrap_or_default();
    }
    Ok(())
}

/// Examples as texts: `-5 (order_id 17)`, `c9 (3 rows)`, `order_id 17`.
fn shown(source: &Source, rule: Rule, rows: &Rows) -> Vec<String> {
    let plain = |value: &serde_json::Value| match value {
        serde_json::Value::Null => "null".to_owned(),
        serde_json::Value::String(text)
            if matches!(rule, Rule::Finite(_)) && !text.starts_with(|char: char| char.is_numeric()) =>
        {
            odd_number(text)
        }
        serde_json::Value::String(text) => text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect(),
        other => other.to_string(),
    };
    let names: Vec<&str> = source.key.iter().map(|key| source.columns.get(*key).name.value.as_str()).collect();
    let line = |row: &Vec<serde_json::Value>| {
        let of = |prefix: &str| {
            let own = rows.columns.iter().zip(row).filter(|(name, _)| name.starts_with(prefix));
            own.map(|(_, value)| plain(value)).collect::<Vec<_>>().join(", ")
        };
        let (key, value) = (of("key_"), of("value_"));
        let times = rows.get(row, "times").and_then(number).map(whole);
        let times = times.map(|times| format!("{times} row{}", if times == 1 { "" } else { "s" }));
        match (value.is_empty(), key.is_empty(), times) {
            (false, true, Some(times)) => format!("{value} ({times})"),
            (false, false, _) => format!("{value} ({} {key})", names.join(", ")),
            (true, false, Some(times)) => format!("{key} ({times})"),
            (true, false, None) => format!("{} {key}", names.join(", ")),
            (_, true, _) => value,
        }
    };
    rows.rows.iter().map(line).filter(|line| !line.is_empty()).collect()
}

/// NaN and infinity as people write them, whatever the engine does.
fn odd_number(text: &str) -> String {
    let sign = if text.starts_with('-') { "-" } else { "" };
    match text.trim_start_matches('-').to_lowercase() {
        nan if nan == "nan" => "NaN".to_owned(),
        infinity if infinity.starts_with("inf") => format!("{sign}infinity"),
        other => other,
    }
}

fn columns_check(source: &Source, unfit: Option<&BTreeSet<ColumnId>>) -> Check {
    let count = source.columns.len();
    let what = format!("{count} column{} as declared", if count == 1 { "" } else { "s" });
    let name = |id: &ColumnId| source.columns.get(*id).name.value.clone();
    let (outcome, examples) = match unfit {
        None => (Outcome::Wrong, vec!["its rows cannot be read".to_owned()]),
        Some(unfit) if unfit.is_empty() => (Outcome::Fine, Vec::new()),
        Some(unfit) => (Outcome::Wrong, unfit.iter().map(name).collect()),
    };
    Check { what, outcome, examples }
}

/// What there is to say about a rule.
struct Words {
    code: &'static Code,
    span: Span,
    /// What has to be so.
    what: String,
    /// What the rows that break it are like.
    wrong: String,
    help: String,
}

fn words(project: &Valid, id: SourceId, rule: Rule) -> Words {
    let model = project.model();
    let source = model.sources.get(id);
    let of = |column: ColumnId| source.columns.get(column);
    match rule {
        Rule::UniqueKey => {
            let names: Vec<&str> = source.key.iter().map(|key| of(*key).name.value.as_str()).collect();
            Words {
                code: &codes::KEY_NOT_UNIQUE,
                span: source.key_span.unwrap_or(source.name.span),
                what: format!(
                    "{} {} unique{}",
                    names.join(", "),
                    if names.len() == 1 { "is" } else { "are" },
                    match source.holds {
                        Some(Holds::Readings { .. }) => " at each time of a reading",
                        Some(_) => " in each snapshot",
                        None => "",
                    }
                ),
                wrong: "whose key is that of another row".to_owned(),
                help: "name a key that is unique, or make the source a `query:` with one row per key".to_owned(),
            }
        }
        Rule::NoOverlap => {
            let names: Vec<&str> = source.key.iter().map(|key| of(*key).name.value.as_str()).collect();
            let names = names.join(", ");
            Words {
                code: &codes::STATES_OVERLAP,
                span: source.key_span.unwrap_or(source.name.span),
                what: format!("states of one {names} do not overlap"),
                wrong: "whose state still holds when the next of the same key begins".to_owned(),
                help: format!(
                    "end each state where the next of its `{names}` begins; if such states are meant to hold side by side, the key \
                     needs a further column"
                ),
            }
        }
        Rule::InOrder => Words {
            code: &codes::ENDS_BEFORE_IT_BEGINS,
            span: source.name.span,
            what: "no state ends before it begins".to_owned(),
            wrong: "whose end is before its beginning, so that it never holds".to_owned(),
            help: "correct their times, or leave such rows out with a `query:`".to_owned(),
        },
        Rule::Steady => come_and_go(source),
        Rule::NotStale => stale_keys(source),
        Rule::Present(column) => present(source, column),
        Rule::Found(column) => {
            let source = of(column).reference.map(|id| model.sources.get(id));
            let target = source.map_or("", |source| source.name.value.as_str());
            let name = &of(column).name;
            if let Some(Holds::Readings { fresh_for, .. }) = source.and_then(|source| source.holds) {
                return no_reading(of(column), target, fresh_for);
            }
            Words {
                code: &codes::REFERENCE_NOT_FOUND,
                span: of(column).reference_span.unwrap_or(name.span),
                what: format!("{} is in {target}", name.value),
                wrong: format!("whose `{}` is not in `{target}`", name.value),
                help: format!(
                    "load the rows that `{target}` lacks, or make the reference null; until then all that is looked up through \
                     `{}` is null for them",
                    name.value
                ),
            }
        }
        Rule::Listed(column) => {
            let Column { name, values, .. } = of(column);
            Words {
                code: &codes::UNDECLARED_VALUE,
                span: name.span,
                what: format!("{} is one of {} value{}", name.value, values.len(), if values.len() == 1 { "" } else { "s" }),
                wrong: format!("whose `{}` is none of its `values:`", name.value),
                help: format!("add it to `values:`, or mend the data; the list is now: {}", values.join(", ")),
            }
        }
        Rule::Within(column) => {
            let Column { name, range, .. } = of(column);
            Words {
                code: &codes::OUT_OF_RANGE,
                span: name.span,
                what: format!("{} is {}", name.value, bounds(*range)),
                wrong: format!("whose `{}` is not {}", name.value, bounds(*range)),
                help: "mend the data, or declare the bounds that it has: formulas are checked against them".to_owned(),
            }
        }
        Rule::Kept(at) => kept(project, source, at),
        Rule::Finite(column) => finite(source, column),
    }
}

/// What there is to say of a conversion, by its place, that gives null for a text.
fn kept(project: &Valid, source: &Source, at: usize) -> Words {
    let conversions = project.model().conversions();
    let span = conversions.get(at).map_or(source.name.span, |conversion| conversion.span);
    let written = project.files().slice(span);
    let among = conversions.get(at).is_some_and(|conversion| conversion.among.is_some());
    let what = if among { format!("{written} gives a value where it counts") } else { format!("{written} gives a value") };
    Words {
        code: &codes::LOST_IN_CONVERSION,
        span,
        what,
        wrong: format!("with a text of which `{written}` makes null"),
        help: if files::of(source).is_some() {
            "declare the column with the type that it has, and say under `files:` how values are written in it; or correct \
             them"
                .to_owned()
        } else {
            "correct the values, or convert them as they are written, in a `query:` or a column with `sql:`".to_owned()
        },
    }
}

fn finite(source: &Source, column: ColumnId) -> Words {
    let Column { name, ty, .. } = source.columns.get(column);
    let of = &name.value;
    if *ty == Type::Number {
        return Words {
            code: &codes::NOT_FINITE,
            span: name.span,
            what: format!("{of} has no NaN or infinity"),
            wrong: format!("whose `{of}` is NaN or infinite"),
            help:
                "kpic takes such a number as null: find out where it comes from; if it stands for an unknown value, load null"
                    .to_owned(),
        };
    }
    let what = format!("{of} is never infinite");
    let wrong = format!("whose `{of}` is infinite");
    if source.time == Some(column) {
        return Words {
            code: &codes::TIME_MISSING,
            span: source.time_span.unwrap_or(name.span),
            what,
            wrong,
            help: "no period counts them: fill in the time, or leave such rows out with a `query:`".to_owned(),
        };
    }
    Words {
        code: &codes::NOT_FINITE,
        span: name.span,
        what,
        wrong,
        help: "an infinite time is later or earlier than every other, and a duration to it is null; if it stands for no time, load \
               null"
            .to_owned(),
    }
}

fn come_and_go(source: &Source) -> Words {
    let taken = source.holds.iter().flat_map(Holds::columns).next();
    let taken = taken.map_or("", |taken| source.columns.get(taken).name.value.as_str());
    Words {
        code: &codes::KEYS_COME_AND_GO,
        span: source.key_span.unwrap_or(source.name.span),
        what: "keys do not come and go".to_owned(),
        wrong: "missing from one snapshot and back in a later one".to_owned(),
        help: format!(
            "a key has no state while the latest snapshot lacks it; if each key is taken on days of its own write `snapshot: {{ on: \
             {taken}, per: key }}`, and its latest reading counts"
        ),
    }
}

fn stale_keys(source: &Source) -> Words {
    let longest = match source.holds {
        Some(Holds::Readings { fresh_for, .. }) => fresh_for.to_string(),
        _ => String::new(),
    };
    Words {
        code: &codes::STALE_KEYS,
        span: source.key_span.unwrap_or(source.name.span),
        what: format!("no key was last read more than {longest} ago"),
        wrong: format!("last read more than {longest} ago"),
        help: format!(
            "a key has no state any more then; load its readings if they are late, let readings count longer with `stale_after`, \
             or, if such keys are gone, write `allow: {{ {}: ... }}`",
            codes::STALE_KEYS.name
        ),
    }
}

/// What there is to say of rows that refer to readings.
fn no_reading(column: &Column, target: &str, fresh_for: Length) -> Words {
    let name = &column.name;
    Words {
        code: &codes::REFERENCE_NOT_FOUND,
        span: column.reference_span.unwrap_or(name.span),
        what: format!("{} has a reading in {target}", name.value),
        wrong: format!("whose `{}` has no reading in `{target}` that is not older than {fresh_for}", name.value),
        help: format!(
            "load the readings that `{target}` lacks, or let them count longer with `stale_after`; until then all that is looked up \
             through `{}` is null for these rows",
            name.value
        ),
    }
}

fn present(source: &Source, column: ColumnId) -> Words {
    let name = &source.columns.get(column).name;
    let what = format!("{} is never null", name.value);
    if source.time == Some(column) {
        Words {
            code: &codes::TIME_MISSING,
            span: source.time_span.unwrap_or(name.span),
            what,
            wrong: format!("whose time `{}` is null", name.value),
            help: "no period counts them: fill in the time, or leave such rows out with a `query:`".to_owned(),
        }
    } else if source.holds.iter().flat_map(Holds::columns).any(|held| held == column) {
        Words {
            code: &codes::TIME_MISSING,
            span: name.span,
            what,
            wrong: format!("whose `{}` is null", name.value),
            help: "such a state never holds: fill in the time, or leave such rows out with a `query:`".to_owned(),
        }
    } else if source.key.contains(&column) {
        Words {
            code: &codes::UNEXPECTED_NULL,
            span: source.key_span.unwrap_or(name.span),
            what,
            wrong: format!("whose key `{}` is null", name.value),
            help: "nothing can refer to them: fill in the key, or leave such rows out with a `query:`".to_owned(),
        }
    } else {
        Words {
            code: &codes::UNEXPECTED_NULL,
            span: name.span,
            what,
            wrong: format!("whose `{}` is null, against `nullable: false`", name.value),
            help: "mend the data, or take `nullable: false` away".to_owned(),
        }
    }
}

/// `0 or more`, `from 0 to 1`, `at most 1`.
fn bounds(range: Range) -> String {
    match (range.low.is_finite(), range.high.is_finite()) {
        (true, true) => format!("from {} to {}", range.low, range.high),
        (true, false) => format!("{} or more", range.low),
        (false, _) => format!("{} or less", range.high),
    }
}

fn report(project: &Valid, asked: &Asked, findings: &mut Findings) {
    let Outcome::Rows(count) = asked.outcome else { return };
    let source = project.model().sources.get(asked.source);
    let words = words(project, asked.source, asked.rule);
    let rows = match asked.rule {
        Rule::Steady | Rule::NotStale if count == 1 => "key",
        Rule::Steady | Rule::NotStale => "keys",
        _ if count == 1 => "row",
        _ => "rows",
    };
    let examples = if asked.examples.is_empty() { String::new() } else { format!(", such as {}", asked.examples.join("; ")) };
    let message = format!("`{}` has {count} {rows} {}{examples}", source.name.value, words.wrong);
    findings.report(words.code, words.span, message).help(words.help);
}
