//! What there is to say of a step of history, for people, and as Markdown.

use super::step::Step;
use super::walk::{Ended, Item};
use crate::diff::words::{effect, heading, many};
use crate::docs::escape::code;
use crate::git::Logged;
use crate::text::shown_on_a_line;
use std::fmt::Write;

/// What a step is, in a few words: `KPI revenue (was sales): values may change`.
pub fn about(step: &Step, named: impl Fn(&str) -> String) -> String {
    match &step.own {
        Some(own) if step.is_first() => heading(own, named),
        Some(own) => format!("{}: {}", heading(own, named), effect(own)),
        None => {
            let name = if step.kind.is_single() { String::new() } else { format!(" {}", named(&step.name)) };
            format!(
                "{}{name}: {}",
                step.kind.noun(),
                if step.upstream.is_empty() { "a goal changes" } else { "something upstream changes" }
            )
        }
    }
}

/// That versions in between cannot be compared.
pub fn unsure(count: usize) -> String {
    let versions = many(count, "version");
    format!("or in {versions} right before it, which {} not compile", if count == 1 { "does" } else { "do" })
}

/// How the history ends.
pub fn ended(ended: &Ended) -> Option<String> {
    match ended {
        Ended::CutOff(commit) => Some(format!(
            "this clone is shallow: what was before {} is not here; fetch it, as with `fetch-depth: 0` in GitHub's checkout",
            commit.short()
        )),
        Ended::Unread => {
            Some("no version before that compiles with this kpic, so nothing is known of what was before".to_owned())
        }
        Ended::Began | Ended::Stopped | Ended::NotFound => None,
    }
}

/// A step as an item of a Markdown list. What others wrote stands in code, where a code host makes nothing of it.
fn markdown(item: &Item) -> String {
    match item {
        Item::Step(step) => {
            let mut text =
                format!("- **{}** {}: {}\n", step.class().name(), commit_code(step.logged.as_ref()), about(step, code));
            for field in step.own.iter().flat_map(|own| &own.fields) {
                let _ = writeln!(text, "  - {}", field_code(&field.name, field.before.as_deref(), field.after.as_deref()));
            }
            for way in step.upstream.iter().chain(&step.goals) {
                let by =
                    if way.through.len() > 1 { format!(" by {}", code(&way.through.join(" → "))) } else { String::new() };
                let _ = writeln!(text, "  - **{}** {}{by}", way.change.class.name(), heading(&way.change, code));
                for field in &way.change.fields {
                    let _ =
                        writeln!(text, "    - {}", field_code(&field.name, field.before.as_deref(), field.after.as_deref()));
                }
            }
            for brought in &step.brought {
                let _ = writeln!(text, "  - merged from {}", commit_code(Some(&brought.logged)));
            }
            if step.unsure > 0 {
                let _ = writeln!(text, "  - {}", unsure(step.unsure));
            }
            text
        }
        Item::Broken(versions, why) => {
            let first = versions.first().and_then(Option::as_ref);
            let more = if versions.len() > 1 {
                format!(" and {} before it", many(versions.len() - 1, "version"))
            } else {
                String::new()
            };
            format!("- **does not compile** {}{more}: {}\n", commit_code(first), quoted(why))
        }
    }
}

/// What others wrote, as code on one line.
pub fn quoted(text: &str) -> String {
    code(&shown_on_a_line(text))
}

fn commit_code(logged: Option<&Logged>) -> String {
    let Some(logged) = logged else { return "not committed".to_owned() };
    format!("{} {} {} {}", logged.day, code(logged.commit.short()), quoted(&logged.author), quoted(&logged.summary))
}

fn field_code(name: &str, before: Option<&str>, after: Option<&str>) -> String {
    let side = |text: Option<&str>| {
        text.map_or_else(|| "nothing".to_owned(), |text| quoted(&text.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    format!("{}: {} → {}", code(name), side(before), side(after))
}

/// A history as a Markdown list of its latest steps, at most so many.
pub fn list(items: &[Item], why_it_ends: &Ended, most: usize) -> String {
    let mut text: String = items.iter().take(most).map(markdown).collect();
    let left = items.len().saturating_sub(most);
    if left > 0 {
        let _ = writeln!(text, "- and {}", many(left, "earlier step"));
    }
    if let Some(why) = ended(why_it_ends) {
        let _ = write!(text, "\n> {why}\n");
    }
    text
}

/// A history as Markdown.
pub fn document(name: &str, items: &[Item], why_it_ends: &Ended) -> String {
    let mut text = format!("### History of {}\n\n", code(name));
    text.push_str(&list(items, why_it_ends, usize::MAX));
    text
}
