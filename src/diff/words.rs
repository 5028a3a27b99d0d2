//! What there is to say of a difference, for people.

use super::{Change, Class, Diff, FieldChange, Kind, What};
use crate::align::Sign;

/// So many with their noun: `1 KPI`, `3 KPIs`.
pub fn many(count: usize, one: &str) -> String {
    let plural = match one {
        "key result on the way" => "key results on the way".to_owned(),
        one if one.ends_with('y') => format!("{}ies", one.trim_end_matches('y')),
        one => format!("{one}s"),
    };
    format!("{count} {}", if count == 1 { one } else { plural.as_str() })
}

/// What changed, on a line: ``KPI `revenue` ``, ``KPI `net` (was `profit`)``.
pub fn heading(change: &Change, code: impl Fn(&str) -> String) -> String {
    let named = if change.kind.is_single() {
        change.kind.noun().to_owned()
    } else {
        format!("{} {}", change.kind.noun(), code(&change.name))
    };
    match (change.what, &change.former) {
        (_, Some(former)) => format!("{named} (was {})", code(former)),
        (What::Added, _) => format!("{named} (new)"),
        (What::Removed, _) => format!("{named} (removed)"),
        _ => named,
    }
}

/// What a change does, in a sentence without its full stop.
pub fn effect(change: &Change) -> String {
    match (change.open.as_str(), change.class) {
        ("", _) => done(change),
        (open, Class::Undecided | Class::None) => open.to_owned(),
        (open, _) => format!("{}; {open}", done(change)),
    }
}

/// What a change does by its class.
fn done(change: &Change) -> String {
    match (change.what, change.class) {
        (What::Added, Class::Goal) => "something new is aimed for".to_owned(),
        (What::Added, class) if class >= Class::Undecided => format!("new; {}", class.about()),
        (What::Added, _) => "new; nothing that was there changes".to_owned(),
        (What::Removed, Class::Interface) => "its views are gone".to_owned(),
        (What::Removed, Class::Goal) => "it is no longer aimed for".to_owned(),
        (What::Removed, _) => "gone".to_owned(),
        (_, Class::Interface) => interface(change),
        (_, Class::None) if change.fields.iter().any(|field| field.is_proven) => {
            "written differently, proven to be the same".to_owned()
        }
        (_, Class::Goal) if change.is_mid_cycle => "a goal changes in the middle of its period".to_owned(),
        (_, class) => class.about().to_owned(),
    }
}

fn interface(change: &Change) -> String {
    let fields = change.fields.iter().filter(|field| field.class == Class::Interface);
    let names: Vec<&str> = fields.map(|field| field.name.as_str()).collect();
    match names.as_slice() {
        [] => "views and columns that have its name have another one".to_owned(),
        ["views"] => "a view is gone or has another name".to_owned(),
        ["kpis"] => "it shows fewer KPIs".to_owned(),
        names => format!("readers see another {}", names.join(", ")),
    }
}

/// Who is downstream, on a line; empty if nobody is.
pub fn downstream(change: &Change) -> String {
    let down = &change.downstream;
    let others = down.kpis.iter().filter(|kpi| change.kind != Kind::Kpi || kpi.name != change.name).count();
    let mut parts = Vec::new();
    let mut add = |count: usize, one: &str| {
        if count > 0 {
            parts.push(many(count, one));
        }
    };
    add(others, if change.kind == Kind::Kpi { "other KPI" } else { "KPI" });
    add(down.scorecards.len(), "scorecard");
    add(down.key_results.len(), "key result");
    add(down.objectives.len(), "objective");
    add(down.guardrails.len(), "guardrail");
    if !down.north_star.is_empty() {
        parts.push("the North Star".to_owned());
    }
    match parts.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    }
}

/// A difference of a field, if its values are short enough for a line.
pub fn short(field: &FieldChange) -> Option<String> {
    let is_short = |text: &Option<String>| text.as_ref().is_none_or(|text| text.chars().count() <= 40 && !text.contains('\n'));
    if !is_short(&field.before) || !is_short(&field.after) {
        return None;
    }
    Some(match (&field.before, &field.after) {
        (Some(before), Some(after)) if before == after => format!("{before} (differs in detail)"),
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (None, Some(after)) => format!("+ {after}"),
        (Some(before), None) => format!("- {before}"),
        (None, None) => String::new(),
    })
}

/// How a KPI moves the North Star.
pub fn link(sign: Option<Sign>) -> &'static str {
    match sign {
        None => "not linked",
        Some(Sign::Plus) => "moves it the same way",
        Some(Sign::Minus) => "moves it the other way",
        Some(Sign::Unknown) => "linked, which way depends",
    }
}

/// The whole on a line: `2 change values, 1 changes what readers see`.
pub fn summary(diff: &Diff) -> String {
    let said = |class: Class| match class {
        Class::Meaning => "may change values",
        Class::Undecided => "cannot be decided",
        Class::Interface => "change what readers see",
        Class::Goal => "change a goal",
        Class::Ownership => "change an owner",
        Class::Words => "change words",
        Class::None => "change nothing for readers",
    };
    let parts = Class::ALL.into_iter().rev().filter_map(|class| {
        let count = diff.count(class);
        let verb = said(class);
        let verb = if count == 1 {
            verb.replacen("change ", "changes ", 1).replacen("may changes", "may change", 1)
        } else {
            verb.to_owned()
        };
        (count > 0).then(|| format!("{count} {verb}"))
    });
    let parts: Vec<String> = parts.collect();
    match parts.as_slice() {
        [] if diff.errors_before + diff.errors_after > 0 => "no difference in what can be compared".to_owned(),
        [] => "no change".to_owned(),
        parts => parts.join(", "),
    }
}
