//! How fresh the sources are that figures are made of: whether what they promise of when their rows come holds, and whether one that
//! promises nothing has had no row for much longer than is usual.

use super::{Session, number, whole};
use crate::calendar::Date;
use crate::diagnostic::{Findings, codes};
use crate::engine::{Failure, Rows};
use crate::model::freshness::Expect;
use crate::model::{Model, Source, SourceId};
use crate::plan::relation::Query;
use crate::plan::rules::guards::sources_read;
use crate::plan::views::freshness;
use serde_json::Value;
use std::collections::BTreeSet;

/// What is known of the rows of a source that promises when they come.
#[derive(Debug, Clone)]
pub struct State {
    /// The source.
    pub source: SourceId,
    /// The day of its last row; nothing if that is too old to be looked for.
    pub last_row: Option<Date>,
    /// How many days that is before the last visible one.
    pub days_behind: u64,
    /// Whether it is recent enough; nothing if the source does not say how recent it has to be.
    pub is_fresh: Option<bool>,
    /// How many days, weeks or months lack a row; nothing if the source does not say how often there is one.
    pub holes: Option<u64>,
    /// The first day of the last of them.
    pub last_hole: Option<Date>,
}

/// What was found about how fresh sources are.
#[derive(Debug, Default)]
pub struct Found {
    /// Those that promise when their rows come.
    pub states: Vec<State>,
    /// Warnings about those that do not.
    pub findings: Findings,
}

impl Found {
    /// The sources whose last row is too old.
    pub fn stale(&self) -> impl Iterator<Item = &State> {
        self.states.iter().filter(|state| state.is_fresh == Some(false))
    }
}

/// The sources that some queries read.
pub fn sources(queries: &[Query]) -> BTreeSet<SourceId> {
    sources_read(queries)
}

/// Looks at how fresh sources are, with warnings as the project wants them.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn look(session: &Session<'_>, sources: &BTreeSet<SourceId>) -> Result<Found, Failure> {
    let mut found = find(session, sources)?;
    session.project.settle(false, &mut found.findings);
    Ok(found)
}

/// The same with all warnings. What cannot be read is left out: others say so.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn find(session: &Session<'_>, sources: &BTreeSet<SourceId>) -> Result<Found, Failure> {
    let model = session.project.model();
    let promising: Vec<SourceId> = sources.iter().copied().filter(|id| promises(model.sources.get(*id))).collect();
    let quiet: Vec<SourceId> =
        sources.iter().copied().filter(|id| freshness::says_nothing_of_it(model.sources.get(*id))).collect();
    let asked = promising.iter().map(|id| freshness::freshness(model, &[*id]));
    let queries: Vec<Query> = asked.chain(quiet.iter().map(|id| freshness::rhythm(model, *id))).collect();
    let mut found = Found::default();
    if queries.is_empty() {
        return Ok(found);
    }
    let mut answers = session.answer(&queries)?.into_iter();
    for (id, answer) in promising.iter().zip(answers.by_ref()) {
        found.states.extend(answer.ok().and_then(|rows| state(*id, &rows)));
    }
    for (id, answer) in quiet.iter().zip(answers) {
        if let Some((last, behind, gap)) = answer.ok().and_then(|rows| rhythm(&rows)) {
            warn(model.sources.get(*id), last, behind, gap, &mut found.findings);
        }
    }
    Ok(found)
}

fn promises(source: &Source) -> bool {
    !source.freshness.is_nothing()
}

fn state(source: SourceId, rows: &Rows) -> Option<State> {
    let row = rows.rows.first()?;
    let value = |name: &str| rows.get(row, name);
    let day = |name: &str| value(name).and_then(Value::as_str).and_then(|day| day.parse().ok());
    let count = |name: &str| value(name).and_then(number).map(whole);
    Some(State {
        source,
        last_row: day("last_row"),
        days_behind: count("days_behind").unwrap_or(0),
        is_fresh: value("is_fresh").and_then(Value::as_bool),
        holes: count("holes"),
        last_hole: day("last_hole"),
    })
}

fn rhythm(rows: &Rows) -> Option<(Date, u64, u64)> {
    let row = rows.rows.first()?;
    let last = rows.get(row, "last_row")?.as_str()?.parse().ok()?;
    let count = |name: &str| rows.get(row, name).and_then(number).map(whole);
    Some((last, count("behind")?, count("gap")?))
}

/// Warns of a source that has had no row for more than twice as long as ever in the ninety days before its last one.
fn warn(source: &Source, last: Date, behind: u64, gap: u64, findings: &mut Findings) {
    let usual = gap.saturating_mul(2);
    if behind <= usual {
        return;
    }
    let name = &source.name.value;
    let message = format!(
        "`{name}` has no rows after {last}, {} before `as_of`; its longest gap in the 90 days before that was {}",
        days(behind),
        days(gap)
    );
    findings.report(&codes::QUIET_SOURCE, source.name.span, message).help(format!(
        "if the load has stopped, the zeros since then are wrong; `fresh_within: {}` on the source hides them",
        days(usual)
    ));
}

/// `1 day`, `3 days`.
fn days(count: u64) -> String {
    format!("{count} day{}", if count == 1 { "" } else { "s" })
}

/// What there is to say of a source whose last row is too old: `last row 2024-03-03, 11 days before as_of`.
pub fn words(state: &State) -> String {
    match state.last_row {
        Some(last) => format!("last row {last}, {} before `as_of`", days(state.days_behind)),
        None => "no rows since long before the calendar's start".to_owned(),
    }
}

/// What is wrong about when the rows of sources come.
pub fn report(model: &Model, found: &Found, findings: &mut Findings) {
    for state in &found.states {
        let source = model.sources.get(state.source);
        let name = &source.name.value;
        if let (Some(within), Some(false)) = (&source.freshness.within, state.is_fresh) {
            let message = format!("`{name}` is not fresh: {}, more than the allowed {}", words(state), within.value);
            findings
                .report(&codes::STALE_SOURCE, within.span, message)
                .help("check whether its load has stopped; until its rows are there, later figures are left out");
        }
        if let (Some(expect), Some(count), Some(last)) = (&source.freshness.expect, state.holes, state.last_hole) {
            let (noun, be) = (expect.value.noun(count), if count == 1 { "has" } else { "have" });
            let of = hole(expect.value, last);
            let last = if count == 1 { format!(": {of}") } else { format!(", the last of them {of}") };
            let message = format!("{count} {noun} of `{name}` {be} no row{last}");
            findings
                .report(&codes::SOURCE_WITH_HOLES, expect.span, message)
                .help("load the missing rows; until then, figures that cover such a time are not complete");
        }
    }
}

/// A time without a row, as one says it: `2024-03-04`, `that from 2024-03-04`.
fn hole(expect: Expect, first: Date) -> String {
    match expect {
        Expect::Day | Expect::Weekday => first.to_string(),
        Expect::Week | Expect::Month => format!("that from {first}"),
    }
}
