//! What `diff` shows beside definitions: rows on which figures differ, figures on the project's data, SQL.

use super::{Context, EngineArgs, Stop, embedded, engine_of, environment, out, progress, usage};
use crate::dialect;
use crate::diff::evidence::{Evidence, OverRows};
use crate::diff::{Change, Diff};
use crate::engine::DuckDb;
use crate::evidence::{self, Versions};
use crate::measure::Session;
use crate::pipeline::{Checked, Valid};
use clap::Args;
use similar::TextDiff;
use std::collections::BTreeMap;
use std::path::Path;

/// What evidence is asked for.
#[derive(Debug, Args)]
pub(super) struct EvidenceArgs {
    /// Run both versions on the rows of spec tests and on made-up rows, and show the fewest on which figures differ.
    #[arg(long)]
    evidence: bool,
    /// Run both versions on the project's data, and show what differs there.
    #[arg(long)]
    data: bool,
    /// Show the SQL of both versions.
    #[arg(long)]
    sql: bool,
    #[command(flatten)]
    engine: EngineArgs,
}

impl EvidenceArgs {
    /// Whether any is.
    pub(super) fn is_asked(&self) -> bool {
        self.evidence || self.data || self.sql
    }
}

/// Looks for evidence and puts it into the difference. Where a version has errors nothing of it can be run, and a note says so.
pub(super) fn look(
    args: &EvidenceArgs,
    context: &Context<'_>,
    root: &Path,
    (before, after): (Checked, Checked),
    diff: &mut Diff,
) -> Result<(Box<Checked>, Box<Checked>), Stop> {
    let (mut before, mut after) = match (before.valid(), after.valid()) {
        (Ok(before), Ok(after)) => (before, after),
        (before, after) => {
            let which = if before.is_err() { "the version before" } else { "the version after" };
            out::error(&format!("{} {which} has errors, so it cannot be run\n", out::styled(out::DIM, "note:")));
            let whole =
                |side: Result<Valid, Box<Checked>>| side.map_or_else(|wrong| wrong, |valid| Box::new(valid.into_checked()));
            return Ok((whole(before), whole(after)));
        }
    };
    let failed = |failure| environment(&failure);
    let mut found: BTreeMap<String, Evidence> = BTreeMap::new();
    let blank = |kpi: &str| Evidence { kpi: kpi.to_owned(), rows: None, data: Vec::new() };
    let mut versions = Versions { before: &mut before, after: &mut after };
    if args.evidence {
        let engine = DuckDb { database: None, ..embedded(context, root, &args.engine, None)? };
        let look = || evidence::over_rows(&mut versions, diff, &engine);
        for (kpi, rows) in progress::during("looking for rows on which figures differ", look).map_err(failed)? {
            found.entry(kpi.clone()).or_insert_with(|| blank(&kpi)).rows = Some(rows);
        }
    }
    if args.sql {
        let name = versions.after.model().warehouse.dialect.as_ref().map(|name| name.value.as_str());
        diff.sql = evidence::sql(&versions, diff, dialect::dialect(name));
    }
    if args.data {
        let of = |project: &Valid| project.model().warehouse.dialect.as_ref().map(|name| name.value.clone());
        if of(&before) != of(&after) {
            return Err(usage(
                "the two versions are for different dialects, so no engine can run both",
                "name one for both: `kpic diff --data --dialect duckdb`",
            ));
        }
        let engine = engine_of(context, root, &args.engine, &after.model().warehouse)?;
        let sessions = (Session { project: &before, engine: &*engine }, Session { project: &after, engine: &*engine });
        let compare = || evidence::on_data((&sessions.0, &sessions.1), diff);
        let (views, flips) = progress::during("computing figures", compare).map_err(failed)?;
        for (kpi, views) in views {
            found.entry(kpi.clone()).or_insert_with(|| blank(&kpi)).data = views;
        }
        diff.flips = flips;
    }
    diff.evidence = found.into_values().collect();
    diff.settle();
    Ok((Box::new(before.into_checked()), Box::new(after.into_checked())))
}

/// What is known of a change beside definitions.
pub(super) fn told(diff: &Diff, change: &Change) -> String {
    crate::text::shown(&lines(diff, change)).into_owned()
}

fn lines(diff: &Diff, change: &Change) -> String {
    let mut text = String::new();
    for evidence in diff.evidence_of(change) {
        for line in evidence.lines() {
            text.push_str(&format!("    {line}\n"));
        }
        if let Some(OverRows::Differs(example)) = &evidence.rows {
            text.push_str("    as a spec test, which the version after passes:\n");
            for line in example.test.lines() {
                text.push_str(&format!("      {line}\n"));
            }
        }
        for view in &evidence.data {
            text.push_str(&format!("    {}\n", view.line()));
            for figure in view.largest.iter().filter(|_| view.latest.is_empty()) {
                text.push_str(&format!("      {}: {} → {}\n", figure.row, figure.before, figure.after));
            }
            for (what, figures) in [("most", &view.largest), ("last", &view.latest)] {
                if view.differing > 0 && !view.latest.is_empty() {
                    let rows = figures.iter().map(|figure| format!("{}: {} → {}", figure.row, figure.before, figure.after));
                    text.push_str(&format!("      {what}  {}\n", rows.collect::<Vec<_>>().join("\n            ")));
                }
            }
        }
    }
    text
}

/// Key results and guardrails that say something else on the data.
pub(super) fn flips(diff: &Diff) -> String {
    if diff.flips.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", out::styled(out::STRONG, "on the project's data"));
    for flip in &diff.flips {
        text.push_str(&format!("  {}: {} → {}\n", flip.what(), flip.before, flip.after));
    }
    text.push('\n');
    text
}

/// The SQL of a change, as far as it differs.
pub(super) fn sql(diff: &Diff, change: &Change) -> String {
    let mut text = String::new();
    for sql in diff.sql.iter().filter(|sql| change.looked_at().contains(&sql.kpi.as_str())) {
        text.push_str(&format!("    SQL of {} ({}):\n", sql.view, sql.dialect));
        let differs = TextDiff::from_lines(&sql.before, &sql.after).unified_diff().context_radius(3).to_string();
        if differs.is_empty() {
            text.push_str("      the same\n");
        }
        for line in differs.lines() {
            text.push_str(&format!("      {line}\n"));
        }
    }
    text
}
