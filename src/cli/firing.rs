//! Guardrails that fire, on the terminal and for programs.

use super::out;
use crate::measure::firings::Firing;
use crate::measure::shown;
use crate::model::Model;
use crate::model::guardrail::{Guardrail, Severity};
use clap::ValueEnum;
use serde_json::{Value, json};

/// From which severity on a guardrail that fires is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Notice,
    Warn,
    Alert,
}

impl FailOn {
    /// Whether one of the firings is that bad.
    pub(super) fn is_met(self, firings: &[Firing<'_>]) -> bool {
        let least = match self {
            FailOn::Notice => Severity::Notice,
            FailOn::Warn => Severity::Warn,
            FailOn::Alert => Severity::Alert,
        };
        firings.iter().any(|firing| firing.guardrail.severity >= least)
    }
}

/// The guardrails that fire, the worst first, each with its figures and what to do; or that none does. Empty where none is watched.
pub(super) fn text(model: &Model, watched: &[&Guardrail], firings: &[Firing<'_>]) -> String {
    if watched.is_empty() {
        return String::new();
    }
    let guardrails = if watched.len() == 1 { "1 guardrail".to_owned() } else { format!("{} guardrails", watched.len()) };
    if firings.is_empty() {
        let none =
            if watched.len() == 1 { "the guardrail does not fire".to_owned() } else { format!("none of {guardrails} fires") };
        return format!("{} {none}\n", out::styled(out::GOOD, "fine:"));
    }
    // The firings of a guardrail stand together.
    let mut groups: Vec<&[Firing<'_>]> =
        firings.chunk_by(|one, next| one.guardrail.name.value == next.guardrail.name.value).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.first().map(|firing| firing.guardrail.severity)));
    let heading = format!("{} of {guardrails} {}", groups.len(), if groups.len() == 1 { "fires" } else { "fire" });
    let mut lines = vec![out::styled(out::STRONG, &heading)];
    for group in groups {
        lines.extend(of_one(model, group));
    }
    format!("{}\n", lines.join("\n"))
}

/// A guardrail: its period, what it compared in the total or in each slice that fires, and who does what.
fn of_one(model: &Model, firings: &[Firing<'_>]) -> Vec<String> {
    let Some(Firing { guardrail, period, .. }) = firings.first() else { return Vec::new() };
    let label = |day| shown::period(day, guardrail.grain, &model.calendar);
    let style = if guardrail.severity == Severity::Notice { out::DIM } else { out::BAD };
    let severity = out::styled(style, &format!("{:<6}", guardrail.severity.name()));
    let mut lines = vec![format!("  {severity}  {}  {}", guardrail.name.value, label(*period))];
    for firing in firings {
        let slice = firing.slice.as_ref().map(|slice| format!("{}: ", one_line(slice))).unwrap_or_default();
        let since = if firing.since == *period { String::new() } else { format!(", since {}", label(firing.since)) };
        lines.push(format!("          {slice}{}{since}", firing.compared()));
    }
    let owner = guardrail.owner.map(|team| model.teams.get(team).title.clone());
    let action = one_line(&guardrail.action);
    lines.extend(match (owner, action.is_empty()) {
        (Some(owner), false) => Some(format!("          {owner}: {action}")),
        (Some(owner), true) => Some(format!("          {owner}")),
        (None, false) => Some(format!("          {action}")),
        (None, true) => None,
    });
    lines
}

/// A text of data or specs as one line without control characters.
fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A guardrail that fires, for programs.
pub(super) fn json(model: &Model, firing: &Firing<'_>) -> Value {
    let guardrail = firing.guardrail;
    let each = guardrail.readings.iter().zip(&firing.figures);
    let figures: serde_json::Map<String, Value> = each.map(|(reading, value)| (reading.text.clone(), json!(value))).collect();
    json!({
        "guardrail": guardrail.name.value,
        "severity": guardrail.severity.name(),
        "owner": guardrail.owner.map(|team| model.teams.get(team).name.value.clone()),
        "grain": guardrail.grain.name(),
        "period": firing.period.to_string(),
        "slice": firing.slice,
        "since": firing.since.to_string(),
        "periods": firing.periods,
        "figures": figures,
        "action": guardrail.action,
    })
}
