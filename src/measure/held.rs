//! What has to hold of data, when it is looked at, and what is said of rows for which it does not.
//!
//! `verify` looks at all rows of a source and at all that is declared of them; commands that show figures look at what these
//! read (`guard`). Both say the same of the same fault.

use super::shown::told_from_null;
use super::{files, number, whole};
use crate::calendar::Length;
use crate::diagnostic::{Code, Finding, Level, Severity};
use crate::engine::Rows;
use crate::model::expr::Path;
use crate::model::facts::{Range, Type};
use crate::model::{Column, ColumnId, Holds, Source, SourceId};
use crate::pipeline::Valid;
use crate::plan::rules::Rule;
use crate::plan::views::checks;

/// How bad a finding is beside figures before a project has said so.
pub(super) fn severity_beside_figures(code: &Code) -> Severity {
    if checks::level_beside_figures(code) == Level::Warn { Severity::Warning } else { Severity::Error }
}

/// Which rows a rule is about, as figures reach them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    /// The source whose rows they are.
    pub source: SourceId,
    /// The references that lead from there to the source of the rule.
    pub through: &'a [ColumnId],
    /// The source of the rule.
    pub declared: SourceId,
    /// Whether references are followed as figures do it: to the state at the row's time.
    pub follows: bool,
}

impl Of<'_> {
    /// All rows of a source.
    pub(super) fn all(source: SourceId) -> Self {
        Self { source, through: &[], declared: source, follows: false }
    }
}

/// Says of some rows that a rule does not hold.
pub(super) fn broken(project: &Valid, of: Of<'_>, rule: Rule, count: u64, examples: &[String]) -> Finding {
    let model = project.model();
    let words = words(project, of, rule);
    let (code, span) = checks::declared(model, of.declared, rule);
    let rows = match rule {
        Rule::Steady | Rule::NotStale if count == 1 => "key",
        Rule::Steady | Rule::NotStale => "keys",
        _ if count == 1 => "row",
        _ => "rows",
    };
    let examples = if examples.is_empty() { String::new() } else { format!(", such as {}", examples.join("; ")) };
    let message = format!("`{}` has {count} {rows} {}{examples}", model.sources.get(of.source).name.value, words.wrong);
    let mut finding = Finding::new(code, span, message);
    let known = if code.is_lint() {
        let name = code.name;
        format!("; if this is intended, write `allow: {{ {name}: <reason> }}` in the source, or set its level under `lints:`")
    } else {
        String::new()
    };
    finding.help(words.help + &known);
    finding
}

/// What there is to say about a rule.
pub(super) struct Words {
    /// What has to be so.
    pub what: String,
    /// What the rows that break it are like.
    wrong: String,
    help: String,
}

/// What there is to say about a rule of some rows.
pub(super) fn words(project: &Valid, of: Of<'_>, rule: Rule) -> Words {
    let model = project.model();
    let source = model.sources.get(of.declared);
    let rows = of;
    let of = |column: ColumnId| source.columns.get(column);
    match rule {
        Rule::UniqueKey => {
            let names: Vec<&str> = source.key.iter().map(|key| of(*key).name.value.as_str()).collect();
            Words {
                what: format!(
                    "{} {} unique{}",
                    names.join(", "),
                    if names.len() == 1 { "is" } else { "are" },
                    match source.holds {
                        Some(Holds::Readings { .. }) => " at each time of a reading",
                        Some(_) => " in each snapshot",
                        None => "",
                    }
                ),
                wrong: "with the key of another row".to_owned(),
                help: match source.holds {
                    Some(Holds::Readings { .. }) => {
                        "load each reading once, or make the source a `query:` with one row per key and time"
                    }
                    Some(_) => "load each snapshot once, or make the source a `query:` with one row per key and day",
                    None => "name a key that is unique, or make the source a `query:` with one row per key",
                }
                .to_owned(),
            }
        }
        Rule::NoOverlap => {
            let names: Vec<&str> = source.key.iter().map(|key| of(*key).name.value.as_str()).collect();
            let names = names.join(", ");
            Words {
                what: format!("states of one {names} do not overlap"),
                wrong: "whose state overlaps the next one of the same key".to_owned(),
                help: format!(
                    "end each state where the next of its `{names}` starts; if such states may overlap, add a column to the \
                     key"
                ),
            }
        }
        Rule::InOrder => Words {
            what: "no state ends before it starts".to_owned(),
            wrong: "that ends before it starts and never counts".to_owned(),
            help: "correct the times, or filter such rows out with a `query:`".to_owned(),
        },
        Rule::Steady => come_and_go(source),
        Rule::NotStale => stale_keys(source),
        Rule::Present(column) => present(source, column),
        Rule::Found(column) => {
            let target = of(column).reference.map(|id| model.sources.get(id));
            let at_its_time =
                if rows.follows && target.is_some_and(|target| target.holds.is_some()) { " at their time" } else { "" };
            let name = &of(column).name;
            let path = model.path_text(rows.source, &Path { through: rows.through.to_vec(), column });
            if let Some((target, Holds::Readings { fresh_for, .. })) = target.and_then(|target| Some((target, target.holds?))) {
                return no_reading((&name.value, &path), &target.name.value, fresh_for);
            }
            let target = target.map_or("", |target| target.name.value.as_str());
            Words {
                what: format!("{} is in {target}", name.value),
                wrong: format!("whose `{path}` is not in `{target}`{at_its_time}"),
                help: format!(
                    "load the rows that `{target}` lacks, or set the reference to null; until then, everything looked up \
                     through `{path}` is null for these rows"
                ),
            }
        }
        Rule::Listed(column) => {
            let Column { name, values, .. } = of(column);
            Words {
                what: format!("{} is one of {} value{}", name.value, values.len(), if values.len() == 1 { "" } else { "s" }),
                wrong: format!("whose `{}` is not in `values:`", name.value),
                help: format!("add it to `values:`, or correct the data; the list is: {}", values.join(", ")),
            }
        }
        Rule::Within(column) => {
            let Column { name, range, .. } = of(column);
            Words {
                what: format!("{} is {}", name.value, bounds(*range)),
                wrong: format!("whose `{}` is not {}", name.value, bounds(*range)),
                help: "correct the data, or correct `min` and `max`: formulas are checked against them".to_owned(),
            }
        }
        Rule::Kept(at) => kept(project, source, at),
        Rule::Finite(column) => finite(source, column),
    }
}

/// What there is to say of a conversion, by its place, that gives null for a text.
fn kept(project: &Valid, source: &Source, at: usize) -> Words {
    let conversions = project.model().conversions();
    let span = conversions.get(at).map_or(source.name.span, |conversion| conversion.span);
    let written = project.files().slice(span);
    let among = conversions.get(at).is_some_and(|conversion| conversion.among.is_some());
    Words {
        what: if among { format!("{written} gives a value where it counts") } else { format!("{written} gives a value") },
        wrong: format!("with a text of which `{written}` makes null"),
        help: if files::of(source).is_some() {
            "declare the column's actual type, and describe how values are written under `files:`; or correct the values"
                .to_owned()
        } else {
            "correct the values, or convert them in a `query:` or a column with `sql:`".to_owned()
        },
    }
}

fn come_and_go(source: &Source) -> Words {
    let taken = source.holds.map(|holds| source.columns.get(holds.begins()));
    let taken = taken.map_or("", |taken| taken.name.value.as_str());
    Words {
        what: "keys do not come and go".to_owned(),
        wrong: "missing from one snapshot and back in a later one".to_owned(),
        help: format!(
            "a key has no state while the latest snapshot lacks it; if each key is read on its own days, write `snapshot: \
             {{ on: {taken}, per: key }}`, so that its latest reading counts"
        ),
    }
}

fn stale_keys(source: &Source) -> Words {
    let longest = match source.holds {
        Some(Holds::Readings { fresh_for, .. }) => fresh_for.to_string(),
        _ => String::new(),
    };
    Words {
        what: format!("no key was last read more than {longest} ago"),
        wrong: format!("last read more than {longest} ago"),
        help: "after that a key has no state; load its readings if they are late, or let readings count longer with \
         `stale_after`"
            .to_owned(),
    }
}

/// What there is to say of rows that refer to readings.
fn no_reading((name, path): (&str, &str), target: &str, fresh_for: Length) -> Words {
    Words {
        what: format!("{name} has a reading in {target}"),
        wrong: format!("whose `{path}` has no reading in `{target}` that is not older than {fresh_for}"),
        help: format!(
            "load the readings that `{target}` lacks, or let them count longer with `stale_after`; until then, everything \
             looked up through `{path}` is null for these rows"
        ),
    }
}

fn finite(source: &Source, column: ColumnId) -> Words {
    let Column { name, ty, .. } = source.columns.get(column);
    let of = &name.value;
    if *ty == Type::Number {
        return Words {
            what: format!("{of} has no NaN or infinity"),
            wrong: format!("whose `{of}` is NaN or infinite"),
            help: "kpic reads such a number as null: find out where it comes from; if the value is unknown, load null"
                .to_owned(),
        };
    }
    let help = if source.time == Some(column) {
        "no period counts them: fill in the time, or filter such rows out with a `query:`"
    } else {
        "an infinite time is after or before every other time, and a duration to it is null; if it means no time, load null"
    };
    Words { what: format!("{of} is never infinite"), wrong: format!("whose `{of}` is infinite"), help: help.to_owned() }
}

fn present(source: &Source, column: ColumnId) -> Words {
    let name = &source.columns.get(column).name;
    let what = format!("{} is never null", name.value);
    if source.time == Some(column) {
        Words {
            what,
            wrong: format!("whose time `{}` is null", name.value),
            help: "no period counts them: fill in the time, or filter such rows out with a `query:`".to_owned(),
        }
    } else if source.holds.iter().flat_map(Holds::columns).any(|held| held == column) {
        Words {
            what,
            wrong: format!("whose `{}` is null", name.value),
            help: "such a state never counts: fill in the time, or filter such rows out with a `query:`".to_owned(),
        }
    } else if source.key.contains(&column) {
        Words {
            what,
            wrong: format!("whose key `{}` is null", name.value),
            help: "nothing can refer to them: fill in the key, or filter such rows out with a `query:`".to_owned(),
        }
    } else {
        Words {
            what,
            wrong: format!("whose `{}` is null despite `nullable: false`", name.value),
            help: "correct the data, or remove `nullable: false`".to_owned(),
        }
    }
}

/// `0 or more`, `from 0 to 1`, `at most 1`.
fn bounds(range: Range) -> String {
    match (range.low.is_finite(), range.high.is_finite()) {
        (true, true) => format!("from {} to {}", range.low, range.high),
        (true, false) => format!("{} or more", range.low),
        (false, _) => format!("{} or less", range.high),
    }
}

/// Whether rows that break a rule can be shown: one whose only key is null has nothing to be known by.
pub(super) fn can_be_shown(source: &Source, rule: Rule) -> bool {
    !matches!(rule, Rule::Present(column) if source.key == [column])
}

/// Examples as texts: `-5 (order_id 17)`, `c9 (3 rows)`, `order_id 17`.
pub(super) fn shown(source: &Source, rule: Rule, rows: &Rows) -> Vec<String> {
    let plain = |value: &serde_json::Value| match value {
        serde_json::Value::Null => "null".to_owned(),
        serde_json::Value::String(text) => {
            let line: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
            told_from_null(&line)
        }
        other => other.to_string(),
    };
    let value = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) if matches!(rule, Rule::Finite(_)) => odd_number(text),
        other => plain(other),
    };
    let names: Vec<&str> = source.key.iter().map(|key| source.columns.get(*key).name.value.as_str()).collect();
    let line = |row: &Vec<serde_json::Value>| {
        let of = |prefix: &str, text: &dyn Fn(&serde_json::Value) -> String| {
            let own = rows.columns.iter().zip(row).filter(|(name, _)| name.starts_with(prefix));
            own.map(|(_, value)| text(value)).collect::<Vec<_>>().join(", ")
        };
        let (key, value) = (of("key_", &plain), of("value_", &value));
        let times = rows.get(row, "times").and_then(number).map(whole);
        let times = times.map(|times| format!("{times} row{}", if times == 1 { "" } else { "s" }));
        match (value.is_empty(), key.is_empty(), times) {
            (false, true, Some(times)) => format!("{value} ({times})"),
            (false, false, _) => format!("{value} ({} {key})", names.join(", ")),
            (true, false, Some(times)) => format!("{key} ({times})"),
            (true, false, None) => format!("{} {key}", names.join(", ")),
            (_, true, _) => value,
        }
    };
    rows.rows.iter().map(line).filter(|line| !line.is_empty()).collect()
}

/// NaN and infinity as people write them, whatever the engine does; times that are infinite beside them as they are.
fn odd_number(text: &str) -> String {
    if text.starts_with(|char: char| char.is_numeric()) {
        return text.to_owned();
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    match text.trim_start_matches('-').to_lowercase() {
        nan if nan == "nan" => "NaN".to_owned(),
        infinity if infinity.starts_with("inf") => format!("{sign}infinity"),
        other => other,
    }
}
