//! A difference as a comment on a pull request: what matters first, the rest folded.
//!
//! Everything that a spec says stands in code, where a code host makes nothing of it: no link, no name that is called, no HTML.

mod evidence;

use super::json::Versions;
use super::words::{downstream, effect, heading, link, many, summary};
use super::{Change, Class, Diff, FieldChange};
use crate::docs::escape::{code, fence};

/// How long a comment may be. GitHub takes 65,536 characters, GitLab a million.
const LONGEST: usize = 60_000;

/// So many owners are named.
const NAMES: usize = 20;

/// So many KPIs are drawn.
const DRAWN: usize = 25;

/// By which a program finds the comment that it wrote before.
pub const MARK: &str = "<!-- kpic diff -->";

/// A difference as Markdown.
pub fn text(diff: &Diff, versions: Versions<'_>, denied: &[String]) -> String {
    let mut text = format!("{MARK}\n### KPI changes: {}\n\n", summary(diff));
    text.push_str(&format!("From {} to {}.", code(versions.before), code(versions.after)));
    let owners = diff.owners();
    if !owners.is_empty() && diff.class() > Some(Class::Words) {
        let names: Vec<String> = owners.iter().take(NAMES).map(|owner| code(owner)).collect();
        let more = if owners.len() > NAMES { format!(" and {} more", owners.len() - NAMES) } else { String::new() };
        text.push_str(&format!(" Owners of what changes or is downstream: {}{more}.", names.join(", ")));
    }
    text.push('\n');
    if diff.errors_before + diff.errors_after > 0 {
        text.push_str(&format!(
            "\n> **{} before and {} after** keep some definitions from being compared; `kpic check` shows those after.\n",
            many(diff.errors_before, "error"),
            diff.errors_after
        ));
    }
    if !denied.is_empty() {
        text.push_str(&format!("\n> **This project refuses:** {}.\n", denied.join("; ")));
    }
    for allowance in &diff.allowed {
        text.push_str(&format!("\n> **Allowed:** {}.\n", allowance.told(code)));
    }
    let told: Vec<&Change> = diff.changes.iter().filter(|change| change.class > Class::Words).collect();
    let rest: Vec<&Change> = diff.changes.iter().filter(|change| change.class <= Class::Words).collect();
    text.push_str(&table(&told));
    text.push_str(&links(diff));
    text.push_str(&evidence::flips(diff));
    let mut left_out = 0;
    for change in &told {
        let details = details(diff, change, versions);
        if text.len() + details.len() > LONGEST {
            left_out += 1;
        } else {
            text.push_str(&details);
        }
    }
    for sql in &diff.sql {
        let details = evidence::sql(sql);
        if text.len() + details.len() > LONGEST {
            left_out += 1;
        } else {
            text.push_str(&details);
        }
    }
    if !rest.is_empty() {
        let mut folded = format!("\n<details><summary>{} nothing for readers of figures</summary>\n\n", changing(rest.len()));
        for change in &rest {
            let line = format!("- {}: {}{}\n", heading(change, code), effect(change), fields_of(change));
            if text.len() + folded.len() + line.len() > LONGEST {
                left_out += 1;
            } else {
                folded.push_str(&line);
            }
        }
        folded.push_str("\n</details>\n");
        text.push_str(&folded);
    }
    if left_out > 0 {
        text.push_str(&format!(
            "\n**{} left out here**, because a comment has to end somewhere; `kpic diff` shows all.\n",
            if left_out == 1 { "1 change is".to_owned() } else { format!("{left_out} changes are") }
        ));
    }
    text
}

fn changing(count: usize) -> String {
    format!("{} {}", many(count, "change"), if count == 1 { "changes" } else { "change" })
}

/// The names of the fields that differ, for what is not told in full.
fn fields_of(change: &Change) -> String {
    let names: Vec<String> = change.fields.iter().map(|field| code(&field.name)).collect();
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}

fn table(told: &[&Change]) -> String {
    if told.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n| | what | effect | downstream |\n|---|---|---|---|\n");
    for change in told.iter().take(50) {
        text.push_str(&format!(
            "| **{}** | {} | {} | {} |\n",
            change.class.name(),
            heading(change, code),
            effect(change),
            downstream(change)
        ));
    }
    if told.len() > 50 {
        text.push_str(&format!("\nand {} more.\n", told.len() - 50));
    }
    text
}

fn links(diff: &Diff) -> String {
    if diff.links.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n**Links to the North Star**\n\n");
    for change in diff.links.iter().take(20) {
        text.push_str(&format!("- {}: {} → {}\n", code(&change.kpi), link(change.before), link(change.after)));
    }
    if diff.links.len() > 20 {
        text.push_str(&format!("- and {} more\n", diff.links.len() - 20));
    }
    text
}

fn details(diff: &Diff, change: &Change, versions: Versions<'_>) -> String {
    let mut text = format!("\n<details><summary><b>{}</b> {}</summary>\n\n", change.class.name(), html_heading(change));
    let (file, line) = versions.place(change.place);
    if line > 0 {
        text.push_str(&format!("{}, line {line}\n\n", code(&file)));
    }
    for field in change.fields.iter().filter(|field| field.class > Class::Words || field.is_proven) {
        text.push_str(&field_text(field));
    }
    let words: Vec<String> = change
        .fields
        .iter()
        .filter(|field| field.class <= Class::Words && !field.is_proven)
        .map(|field| code(&field.name))
        .collect();
    if !words.is_empty() {
        text.push_str(&format!("Also changed: {}\n\n", words.join(", ")));
    }
    for one in diff.evidence_of(change) {
        text.push_str(&evidence::told(one));
    }
    let down = &change.downstream;
    for (what, names) in [
        ("Scorecards", &down.scorecards),
        ("Key results", &down.key_results),
        ("Objectives", &down.objectives),
        ("Guardrails", &down.guardrails),
        ("Parts of the North Star", &down.north_star),
        ("Owners", &change.owners),
    ] {
        if !names.is_empty() {
            let shown: Vec<String> = names.iter().take(20).map(|name| code(name)).collect();
            let more = if names.len() > 20 { format!(" and {} more", names.len() - 20) } else { String::new() };
            text.push_str(&format!("{what}: {}{more}\n\n", shown.join(", ")));
        }
    }
    if down.kpis.len() > 1 {
        text.push_str(&drawing(change));
    }
    text.push_str("</details>\n");
    text
}

/// A heading inside HTML, where code is an element.
fn html_heading(change: &Change) -> String {
    heading(change, |name| format!("<code>{}</code>", name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")))
}

fn field_text(field: &FieldChange) -> String {
    let proven = if field.is_proven { ", proven to be the same" } else { "" };
    let text = |text: &Option<String>| {
        text.as_deref().map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).unwrap_or_default()
    };
    let minus = text(&field.before).into_iter().map(|line| format!("- {line}"));
    let plus = text(&field.after).into_iter().map(|line| format!("+ {line}"));
    let lines: Vec<String> = minus.chain(plus).collect();
    format!("{} ({}{proven})\n\n{}\n\n", code(&field.name), field.class.name(), fence(&lines.join("\n"), "diff"))
}

/// What the change goes through, as a flowchart.
fn drawing(change: &Change) -> String {
    let mut text = String::from("flowchart LR\n");
    let mut lines = std::collections::BTreeSet::new();
    for kpi in change.downstream.kpis.iter().take(DRAWN) {
        let way: Vec<&str> = kpi.through.iter().map(String::as_str).chain([kpi.name.as_str()]).collect();
        for pair in way.windows(2) {
            if let [from, to] = pair {
                lines.insert(format!("  {} --> {}\n", node(from), node(to)));
            }
        }
    }
    lines.iter().for_each(|line| text.push_str(line));
    let more = change.downstream.kpis.len().saturating_sub(DRAWN);
    let more = if more > 0 { format!("{} more are not drawn.\n\n", many(more, "KPI")) } else { String::new() };
    if lines.is_empty() { more } else { format!("{}\n\n{more}", fence(&text, "mermaid")) }
}

/// A node by its name, which is made of letters, digits, `_` and points.
fn node(name: &str) -> String {
    let id: String = name.chars().map(|char| if char.is_ascii_alphanumeric() || char == '_' { char } else { '_' }).collect();
    let label: String = name.chars().filter(|char| char.is_alphanumeric() || matches!(char, '_' | '.')).collect();
    format!("n_{id}[\"{label}\"]")
}
