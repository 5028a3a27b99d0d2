//! Objectives and key results as rows of a table: how far they are, beside what is expected.

use super::show;
use crate::measure::status::{ResultStanding, Score};
use crate::measure::{present, shown};
use crate::model::objective::{Goal, KeyResult, Objective};
use crate::model::unit::Unit;
use crate::model::{Model, TeamId};
use crate::plan::objectives::{slice_text, unit_text};
use serde_json::{Value, json};

/// Rows under headings, of which the first says what the rows are.
pub(super) fn table(what: &str, rows: Vec<Vec<String>>) -> String {
    let headings = ["", "score", "expected", "status", "from", "now", "to", "as of", "owner"].map(str::to_owned);
    show::table([vec![what.to_owned()], headings.to_vec()].concat(), rows, |at| matches!(at, 2 | 3 | 5 | 6 | 7))
}

/// Bar, score, what is expected, and status.
pub(super) fn scored(score: &Score) -> [String; 4] {
    let figure = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.2}"));
    [bar(score), figure(score.score), figure(score.expected), score.status.replace('_', " ")]
}

/// A key result, after `title`.
pub(super) fn result_row(
    model: &Model,
    objective: &Objective,
    result: &KeyResult,
    known: &ResultStanding,
    title: &str,
) -> Vec<String> {
    let unit = Unit::parse(&unit_text(model, result)).unwrap_or_default();
    let slice = slice_text(model, result);
    let slice = if slice.is_empty() { slice } else { format!(" ({slice})") };
    let guard = if result.is_health { "guard: " } else { "" };
    let from = match &result.goal {
        Some(Goal::Reach { .. }) => shown::known(known.baseline, &unit),
        Some(Goal::Keep(_)) | None => String::new(),
    };
    let to = present::goal(result, known.target, &unit);
    let who = if result.owner == objective.owner { String::new() } else { owner(model, result.owner) };
    let mut row = vec![format!("{title}{guard}{}{slice}", result.title)];
    row.extend(scored(&known.score));
    row.extend([from, shown::known(known.current, &unit), to, known.score.as_of.clone(), who]);
    row
}

/// How people call a team.
pub(super) fn owner(model: &Model, owner: Option<TeamId>) -> String {
    owner.map(|team| model.teams.get(team).title.clone()).unwrap_or_default()
}

/// A key result for programs.
pub(super) fn data(model: &Model, result: &KeyResult, known: &ResultStanding) -> Value {
    let unit = unit_text(model, result);
    let own = json!({
        "key_result": result.name.value,
        "title": result.title,
        "owner": team(model, result.owner),
        "kpi": result.kpi().map(|shown| model.kpis.get(shown.kpi).name.value.clone()),
        "slice": Some(slice_text(model, result)).filter(|text| !text.is_empty()),
        "unit": Some(unit).filter(|text| !text.is_empty()),
        "is_health": result.is_health,
        "baseline": known.baseline,
        "target": known.target,
        "current": known.current,
        "progress": known.progress,
        "days_since_check_in": known.stale,
    });
    with_score(own, &known.score)
}

/// An object with a score's members added.
pub(super) fn with_score(mut object: Value, score: &Score) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert("score".to_owned(), json!(score.score));
        members.insert("expected".to_owned(), json!(score.expected));
        members.insert("status".to_owned(), json!(score.status));
        members.insert("as_of".to_owned(), json!((!score.as_of.is_empty()).then_some(&score.as_of)));
        members.insert("is_complete".to_owned(), json!(score.is_complete));
    }
    object
}

/// The name of a team.
pub(super) fn team(model: &Model, owner: Option<TeamId>) -> Option<String> {
    owner.map(|team| model.teams.get(team).name.value.clone())
}

/// How many blocks a bar has.
const WIDTH: usize = 20;

/// A score as a bar, with a mark where the pace would have it.
fn bar(score: &Score) -> String {
    let Some(reached) = score.score else { return String::new() };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "between 0 and WIDTH"
    )]
    let place = |share: f64| (share.clamp(0.0, 1.0) * WIDTH as f64).round() as usize;
    let (full, mark) = (place(reached), score.expected.map(place));
    let block = |at: usize| match mark {
        Some(mark) if at + 1 == mark.max(1) => '\u{2502}',
        _ if at < full => '\u{2588}',
        _ => '\u{2591}',
    };
    (0..WIDTH).map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_score_and_pace() {
        let bar =
            |score: f64, expected: f64| super::bar(&Score { score: Some(score), expected: Some(expected), ..Score::default() });
        assert_eq!(bar(0.5, 1.0), "\u{2588}".repeat(10) + &"\u{2591}".repeat(9) + "\u{2502}");
        assert_eq!(bar(0.0, 0.0), "\u{2502}".to_owned() + &"\u{2591}".repeat(19));
        assert_eq!(bar(1.0, 0.5), "\u{2588}".repeat(9) + "\u{2502}" + &"\u{2588}".repeat(10));
        assert_eq!(super::bar(&Score::default()), "");
    }
}
