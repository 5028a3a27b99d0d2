//! Objectives and key results as rows of a table: how far they are, beside what is expected.

use super::{out, show};
use crate::measure::present;
use crate::measure::shown::Precision;
use crate::measure::status::{ResultStanding, Score};
use crate::model::objective::{Goal, KeyResult, Objective};
use crate::model::unit::Unit;
use crate::model::{Model, TeamId};
use crate::plan::views::objectives::{slice_text, unit_text};
use crate::text::shown_on_a_line;
use serde_json::{Value, json};

/// An objective or a key result as a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    /// How far it is below what it serves.
    pub depth: usize,
    /// What it is called.
    pub title: String,
    /// How far it is.
    pub score: Score,
    /// The baseline, the latest figure and the goal.
    pub figures: [String; 3],
    /// The day or period of the figure.
    pub as_of: String,
    /// Who is responsible for it.
    pub owner: String,
}

/// Lines under headings, of which the first says what the lines are. Where the terminal is too narrow, titles wrap, days and owners
/// stand below them, and bars are short.
pub(super) fn table(what: &str, lines: &[Line]) -> String {
    let wide = wide(what, lines);
    match out::terminal_width() {
        Some(width) if wide.lines().any(|line| textwrap::core::display_width(line) > width) => narrow(what, lines, width),
        Some(_) | None => wide,
    }
}

fn wide(what: &str, lines: &[Line]) -> String {
    let headings = [what, "", "score", "expected", "status", "from", "now", "to", "as of", "owner"].map(str::to_owned).to_vec();
    let rows = lines.iter().map(|line| {
        let mut row = vec![format!("{}{}", "  ".repeat(line.depth), line.title)];
        row.extend([
            bar(&line.score, WIDTH),
            two_digits(line.score.score),
            two_digits(line.score.expected),
            status(&line.score),
        ]);
        row.extend(line.figures.iter().cloned());
        row.extend([line.as_of.clone(), line.owner.clone()]);
        row
    });
    show::table(headings, rows.collect(), |at| matches!(at, 2 | 3 | 5 | 6 | 7))
}

/// The narrowest a title gets.
const NARROWEST: usize = 16;
/// How many blocks a bar has in a narrow terminal.
const SHORT: usize = 8;

fn narrow(what: &str, lines: &[Line], width: usize) -> String {
    let headings = ["", "score", "status", "from", "now", "to"].map(str::to_owned);
    let cells = |line: &Line| {
        let [from, now, to] = line.figures.clone();
        [bar(&line.score, SHORT), two_digits(line.score.score), status(&line.score), from, now, sign(&to)]
    };
    let cells: Vec<[String; 6]> = lines.iter().map(cells).collect();
    let display = |text: &String| textwrap::core::display_width(text);
    let taken: usize = (0..headings.len())
        .map(|at| cells.iter().chain([&headings]).filter_map(|row| row.get(at)).map(display).max().unwrap_or(0) + 2)
        .sum();
    let left = width.saturating_sub(taken + 2).max(NARROWEST);
    let usual = usual_day(lines);
    let rows = lines.iter().zip(cells).map(|(line, cells)| {
        let indent = "  ".repeat(line.depth.min(3));
        let as_of = Some(line.as_of.as_str()).filter(|day| usual != Some(*day)).unwrap_or_default();
        let below = [as_of, line.owner.as_str()].into_iter().filter(|text| !text.is_empty());
        let below = below.collect::<Vec<_>>().join(", ");
        let options = |first| textwrap::Options::new(left).initial_indent(first).subsequent_indent(&indent);
        let one_line = shown_on_a_line(&line.title);
        let mut title = textwrap::wrap(&one_line, options(&indent));
        if !below.is_empty() {
            title.extend(textwrap::wrap(&below, options(&indent)));
        }
        std::iter::once(title.join("\n")).chain(cells).collect()
    });
    let headings = std::iter::once(what.to_owned()).chain(headings).collect();
    let table = show::wrapped_table(headings, rows.collect(), |at| matches!(at, 2 | 4 | 5 | 6));
    let note = usual.map(|day| format!("{}\n", out::styled(out::DIM, &format!("figures as of {day} unless noted"))));
    table + &note.unwrap_or_default()
}

/// The day or period that most figures are of, if there are several of it.
fn usual_day(lines: &[Line]) -> Option<&str> {
    let days =
        || lines.iter().filter(|line| line.figures.iter().any(|figure| !figure.is_empty())).map(|line| line.as_of.as_str());
    let times = |day: &str| days().filter(|known| *known == day).count();
    let usual = days().filter(|day| !day.is_empty()).max_by_key(|day| times(day))?;
    (times(usual) > 1).then_some(usual)
}

/// A bound with a sign instead of words.
fn sign(goal: &str) -> String {
    let signs = [("at least ", "\u{2265} "), ("at most ", "\u{2264} "), ("above ", "> "), ("below ", "< ")];
    let short = signs.iter().find_map(|(words, sign)| Some(format!("{sign}{}", goal.strip_prefix(words)?)));
    short.unwrap_or_else(|| goal.strip_prefix("between ").unwrap_or(goal).replace(" and ", " \u{2013} "))
}

fn two_digits(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{value:.2}"))
}

fn status(score: &Score) -> String {
    score.status.replace('_', " ")
}

/// A key result.
pub(super) fn result_line(model: &Model, objective: &Objective, result: &KeyResult, known: &ResultStanding) -> Line {
    let unit = Unit::parse(&unit_text(model, result)).unwrap_or_default();
    let slice = slice_text(model, result);
    let slice = if slice.is_empty() { slice } else { format!(" ({slice})") };
    let guard = if result.is_health { "guard: " } else { "" };
    let precision = Precision::of([known.baseline, known.current, known.target].into_iter().flatten(), &unit);
    let from = match &result.goal {
        Some(Goal::Reach { .. }) => precision.known(known.baseline, &unit),
        Some(Goal::Keep(_)) | None => String::new(),
    };
    let to = match &result.goal {
        Some(Goal::Reach { .. }) => precision.known(known.target, &unit),
        Some(Goal::Keep(_)) | None => present::goal(result, known.target, &unit),
    };
    let who = if result.owner == objective.owner { String::new() } else { owner(model, result.owner) };
    Line {
        depth: 0,
        title: format!("{guard}{}{slice}", result.title),
        score: known.score.clone(),
        figures: [from, precision.known(known.current, &unit), to],
        as_of: known.score.as_of.clone(),
        owner: who,
    }
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
        "confidence": known.sureness.map(|sureness| sureness.now),
        "confidence_before": known.sureness.and_then(|sureness| sureness.before).map(|(_, before)| before),
    });
    with_score(own, &known.score)
}

/// An object with a score's members added.
pub(super) fn with_score(mut object: Value, score: &Score) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert("score".to_owned(), json!(score.score));
        members.insert("expected".to_owned(), json!(score.expected));
        members.insert("status".to_owned(), json!(score.status));
        members.insert("why".to_owned(), json!((!score.why.is_empty()).then_some(&score.why)));
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
fn bar(score: &Score, width: usize) -> String {
    let Some(reached) = score.score else { return String::new() };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "between 0 and the width"
    )]
    let place = |share: f64| (share.clamp(0.0, 1.0) * width as f64).round() as usize;
    let (full, mark) = (place(reached), score.expected.map(place));
    let block = |at: usize| match mark {
        Some(mark) if at + 1 == mark.max(1) => '\u{2502}',
        _ if at < full => '\u{2588}',
        _ => '\u{2591}',
    };
    (0..width).map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_score_and_pace() {
        let bar = |score: f64, expected: f64| {
            super::bar(&Score { score: Some(score), expected: Some(expected), ..Score::default() }, WIDTH)
        };
        assert_eq!(bar(0.5, 1.0), "\u{2588}".repeat(10) + &"\u{2591}".repeat(9) + "\u{2502}");
        assert_eq!(bar(0.0, 0.0), "\u{2502}".to_owned() + &"\u{2591}".repeat(19));
        assert_eq!(bar(1.0, 0.5), "\u{2588}".repeat(9) + "\u{2502}" + &"\u{2588}".repeat(10));
        assert_eq!(super::bar(&Score::default(), WIDTH), "");
    }

    #[test]
    fn bounds_have_signs_where_there_is_little_room() {
        assert_eq!(sign("at least 46.0%"), "\u{2265} 46.0%");
        assert_eq!(sign("below 0.0%"), "< 0.0%");
        assert_eq!(sign("between 3 and 5"), "3 \u{2013} 5");
        assert_eq!(sign("12"), "12");
    }

    #[test]
    fn narrow_tables_keep_to_the_width() {
        let line = |depth: usize, title: &str| Line {
            depth,
            title: title.to_owned(),
            score: Score { score: Some(0.5), expected: Some(0.5), status: "on_track".to_owned(), ..Score::default() },
            figures: ["509,322".to_owned(), "565,663".to_owned(), "611,187".to_owned()],
            as_of: "2025-09-30".to_owned(),
            owner: "Customer success".to_owned(),
        };
        let lines =
            [line(0, "A planning tool that teams rely on, and that pays for itself"), line(1, "Recurring revenue grows")];
        let text = narrow("objective, key result", &lines, 80);
        assert!(text.lines().all(|line| textwrap::core::display_width(line) <= 80), "{text}");
        assert!(text.contains("Recurring") && text.contains("Customer success") && text.contains("611,187"), "{text}");
    }
}
