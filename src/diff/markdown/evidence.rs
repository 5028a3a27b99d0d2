//! What both versions make of the same rows, in a comment.

use crate::diff::Diff;
use crate::diff::evidence::{Differs, Evidence, OverRows, Sql};
use crate::docs::escape::{code, fence};
use similar::TextDiff;

/// So many rows of rows that differ are shown.
const ROWS: usize = 20;

/// What is known of one KPI.
pub(super) fn told(evidence: &Evidence) -> String {
    let mut text = String::new();
    match &evidence.rows {
        Some(OverRows::Differs(example)) => {
            let from = example
                .from_test
                .as_deref()
                .map_or("made-up rows".to_owned(), |test| format!("rows of the spec test {}", code(test)));
            text.push_str(&format!("{} on the smallest {from} that were found:\n\n", code(&evidence.kpi)));
            text.push_str(&table(&example.figures));
            text.push_str(&format!(
                "As a spec test, which the version after passes:\n\n{}\n\n",
                fence(example.test.trim_end(), "yaml")
            ));
        }
        Some(OverRows::Alike { .. } | OverRows::Untried { .. }) => {
            text.push_str(&format!("{}\n\n", fence(&evidence.lines().join("\n"), "text")));
        }
        None => {}
    }
    for view in &evidence.data {
        text.push_str(&format!("{}\n\n", fence(&view.line(), "text")));
        if view.differing > 0 {
            text.push_str(&format!("Those that differ most:\n\n{}", table(&view.largest)));
            if !view.latest.is_empty() {
                text.push_str(&format!("The last periods:\n\n{}", table(&view.latest)));
            }
        }
    }
    text
}

fn table(figures: &[Differs]) -> String {
    let mut text = String::from("| view | row | before | after |\n|---|---|--:|--:|\n");
    for figure in figures.iter().take(ROWS) {
        text.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            code(&figure.view),
            code(&figure.row),
            code(&figure.before),
            code(&figure.after)
        ));
    }
    text.push('\n');
    text
}

/// Key results and guardrails that say something else on the data.
pub(super) fn flips(diff: &Diff) -> String {
    if diff.flips.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n**On the project's data**\n\n");
    for flip in diff.flips.iter().take(ROWS) {
        text.push_str(&format!("- {} {}: {} → {}\n", flip.kind.replace('_', " "), code(&flip.name), flip.before, flip.after));
    }
    if diff.flips.len() > ROWS {
        text.push_str(&format!("- and {} more\n", diff.flips.len() - ROWS));
    }
    text
}

/// The SQL of a view, folded.
pub(super) fn sql(sql: &Sql) -> String {
    let name = sql.view.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let differs = TextDiff::from_lines(&sql.before, &sql.after).unified_diff().context_radius(3).to_string();
    let shown = if differs.is_empty() { "The SQL is the same.\n".to_owned() } else { fence(differs.trim_end(), "diff") };
    format!("\n<details><summary>SQL of <code>{name}</code> ({})</summary>\n\n{shown}\n\n</details>\n", sql.dialect)
}
