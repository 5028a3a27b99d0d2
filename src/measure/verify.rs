//! The data against what the specs declare of it: for `verify`.
//!
//! 1. [`guard::columns`] finds columns that are missing or of another type.
//! 2. [`rules::counts`] counts, in one scan of each source, the rows that break a rule about the other columns.
//! 3. [`rules::examples`] shows the first of them, for the rules that are broken.
//! 4. `targets` holds the targets of key results against what their KPIs have done before.

use super::freshness::{self, State};
use super::held::{Of, broken, can_be_shown, shown, words};
use super::refused::Refused;
use super::{Session, files, guard, number, targets, whole};
use crate::calendar::Date;
use crate::diagnostic::{Code, Finding, Findings, codes};
use crate::engine::Failure;
use crate::model::{ColumnId, Model, Source, SourceId};
use crate::plan::rules::{self, Rule};
use crate::plan::views::checks;
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
        if let Outcome::Rows(count) = one.outcome {
            findings.push(broken(session.project, Of::all(one.source), one.rule, count, &one.examples));
        }
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
        let (code, span) = checks::declared(model, one.source, one.rule);
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
            what: words(session.project, Of::all(one.source), one.rule).what,
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
                super::calendar::rows(session, calendar, &mut found, &mut unchecked)?;
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
        checks.push(Check { what: format!("the last row is within {} of `as_of`", within.value), outcome, examples });
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
        if let Some(query) = files::of(source).and_then(|files| crate::dialect::reader().misfits(files)) {
            out.push((
                format!(
                    "{name}: how many values in each file do not have their column's \
             type"
                ),
                format!("{query};\n"),
            ));
        }
        let all = rules::rules(model, *id);
        if !source.freshness.is_nothing() {
            let query = crate::plan::views::freshness::freshness(model, &[*id]);
            out.push((format!("{name}: when its rows came"), sql::statement(&query, session.dialect())));
        }
        for counting in rules::counts(model, *id, &all) {
            out.push((format!("{name}: how many rows are wrong"), sql::statement(&counting.query, session.dialect())));
        }
        for rule in all {
            let query = rules::examples(model, *id, rule);
            let what = words(session.project, Of::all(*id), rule).what;
            let title = format!("{name}: rows that break this rule: {what}");
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
    let broken = asked
        .iter_mut()
        .filter(|one| matches!(one.outcome, Outcome::Rows(_)) && can_be_shown(model.sources.get(one.source), one.rule));
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
