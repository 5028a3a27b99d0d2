//! Writes proposals down as YAML, with comments where a person has to decide.

use super::File;
use super::sources::{Kpi, Of, Source};
use super::tables::{Column, Place, Written};
use crate::calendar::{Date, Grain, add, add_days};
use crate::engine::types::Family;
use crate::rawsql::name::written;
use crate::sql::dialect::dialect;

/// The span of data below which months say little.
const FEW_DAYS: i64 = 62;

/// The files of a project; `kpic.yml`, which makes it one, is the last.
pub(super) fn files(name: &str, sources: &[Source], database: Option<&str>) -> Vec<File> {
    let days = days(sources);
    let grain = match days {
        Some((first, last)) if add_days(first, FEW_DAYS) > last => Grain::Day,
        _ => Grain::Month,
    };
    let mut files: Vec<File> = sources
        .iter()
        .map(|source| File { path: format!("specs/{}.yml", source.name), text: source_file(source, grain) })
        .collect();
    // No source's name begins with `_`.
    files.push(File { path: "specs/_teams.yml".to_owned(), text: TEAMS.to_owned() });
    if let Some(text) = sources.iter().find_map(|source| test_file(source, grain)) {
        files.push(File { path: "specs/_tests.yml".to_owned(), text });
    }
    files.push(File { path: crate::load::PROJECT_FILE.to_owned(), text: project_file(name, days, grain, database) });
    files
}

/// What was made of a table, in a line.
pub(super) fn in_short(source: &Source) -> String {
    let columns = |places: &[usize]| {
        let names = places.iter().filter_map(|at| source.table.columns.get(*at)).map(|column| column.spec_name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let mut parts = vec![format!("{} of {}", if source.events { "events" } else { "entities" }, rows(source.table.rows))];
    if !source.key.is_empty() {
        parts.push(format!("key {}", columns(&source.key)));
    }
    parts.extend(source.time.map(|time| format!("time {}", columns(&[time]))));
    let targets: Vec<&str> = source.references.iter().map(|reference| reference.target.as_str()).collect();
    if !targets.is_empty() {
        parts.push(format!("refers to {}", targets.join(", ")));
    }
    let kpis: Vec<&str> = source.kpis.iter().map(|kpi| kpi.name.as_str()).collect();
    parts.push(format!("KPIs {}", kpis.join(", ")));
    parts.join("; ")
}

/// `1 row`, `2 rows`.
pub fn rows(count: u64) -> String {
    format!("{count} row{}", if count == 1 { "" } else { "s" })
}

const TEAMS: &str = "\
# Who answers for KPIs. Every KPI has an owner; decide who it is and name the team.
teams:
  data: { title: Data }
";

/// The first and last day of all rows that have a time.
fn days(sources: &[Source]) -> Option<(Date, Date)> {
    let times = sources.iter().filter_map(|source| source.table.columns.get(source.time?)?.days);
    times.reduce(|(first, last), (other_first, other_last)| (first.min(other_first), last.max(other_last)))
}

fn project_file(name: &str, days: Option<(Date, Date)>, grain: Grain, database: Option<&str>) -> String {
    let mut out = String::from(
        "# The project: its calendar, and where its views will live. Everything else stands in specs/.\nkpic: 1\n",
    );
    out.push_str(&format!("project: {}\ncalendar:\n", scalar(name)));
    if let Some((first, last)) = days {
        let start = if grain == Grain::Day { first } else { first.first_of_month() };
        out.push_str(&commented(&format!("  start: {start}"), &format!("the first period shown; the first row is of {first}")));
        out.push_str(&commented(
            &format!("  as_of: {last}"),
            "the last day that has rows; write `today` once rows arrive every day",
        ));
    } else {
        out.push_str(&commented("  start: 2024-01-01", "the first period shown; no rows with a time were found"));
        out.push_str(&commented("  as_of: today", "the last day whose rows are whole"));
    }
    out.push_str(&commented("  timezone: UTC", "decide in which zone a day begins: `Europe/Berlin`, `America/New_York`"));
    out.push_str("warehouse:\n  dialect: duckdb\n");
    if let Some(database) = database {
        out.push_str(&commented(&format!("  database: {}", scalar(database)), "opened for reading only"));
    }
    out.push_str(&commented("  schema: kpi", "where `kpic build` puts the views"));
    out
}

fn source_file(source: &Source, grain: Grain) -> String {
    let mut out = format!("sources:\n  {}:\n", source.name);
    let row = source.row.replace('_', " ");
    out.push_str(&format!("    description: {}\n", scalar(&format!("One row per {row}."))));
    out.push_str(&place(&source.table.place));
    let (kind, about) = if source.events {
        ("events", "each row happens once; `entities` if it is a thing that lasts, such as a customer")
    } else {
        ("entities", "each row is a thing that lasts; `events` if it happens once, such as an order")
    };
    out.push_str(&commented(&format!("    kind: {kind}"), about));
    out.push_str(&format!("    row: {}\n", scalar(&source.row)));
    let names = |places: &[usize]| {
        let names = places.iter().filter_map(|at| source.table.columns.get(*at)).map(|column| column.spec_name.clone());
        names.collect::<Vec<_>>()
    };
    match names(&source.key).as_slice() {
        [] => {}
        [only] => out.push_str(&commented(&format!("    key: {only}"), "no two rows share it; `kpic verify` checks that")),
        several => out.push_str(&format!("    key: [{}]\n", several.join(", "))),
    }
    if let Some(time) = source.time.and_then(|at| source.table.columns.get(at)) {
        let is_time = |column: &&Column| matches!(column.family, Family::Date | Family::Timestamp | Family::Instant);
        let others = source.table.columns.iter().filter(|column| is_time(column) && column.name != time.name);
        let others: Vec<&str> = others.map(|column| column.spec_name.as_str()).collect();
        let about = if others.is_empty() {
            "when a row counts".to_owned()
        } else {
            format!("when a row counts unless a formula says `at` another: {}", others.join(", "))
        };
        out.push_str(&commented(&format!("    time: {}", time.spec_name), &about));
    }
    out.push_str("    columns:\n");
    out.push_str(&columns(source));
    out.push_str("\nkpis:\n");
    let kpis: Vec<String> = source.kpis.iter().map(|one| kpi(source, one, grain)).collect();
    out.push_str(&kpis.join("\n"));
    out
}

/// Where the rows are.
fn place(place: &Place) -> String {
    match place {
        Place::File(path) => format!("    files: {}\n", scalar(path)),
        Place::Table(schema, name) => {
            let whole = if schema == "main" { written(name) } else { format!("{}.{}", written(schema), written(name)) };
            format!("    table: {}\n", scalar(&whole))
        }
    }
}

fn columns(source: &Source) -> String {
    let mut out = String::new();
    let mut untyped = Vec::new();
    for (at, column) in source.table.columns.iter().enumerate() {
        let reference = source.references.iter().find(|reference| reference.column == at);
        let name = reference.map_or(&column.spec_name, |reference| &reference.name);
        let stored = (*name != column.name).then(|| format!("column: {}", scalar(&column.name)));
        let Some(ty) = column.family.declared() else {
            untyped.push(format!("{} ({})", plain(&column.name), plain(&column.ty)));
            continue;
        };
        let fields: Vec<String> = if let Some(reference) = reference {
            stored.into_iter().chain([format!("references: {}", reference.target)]).collect()
        } else {
            let amount = source.kpis.iter().find_map(|kpi| match &kpi.of {
                Of::Sum(place, currency) if *place == at => Some(currency),
                _ => None,
            });
            let unit = amount.and_then(Option::as_ref).map(|unit| format!("unit: {unit}"));
            let least = amount.and(column.least).filter(|least| *least >= 0.0).map(|_| "min: 0".to_owned());
            std::iter::once(format!("type: {ty}")).chain(stored).chain(unit).chain(least).collect()
        };
        let line = match (fields.as_slice(), reference) {
            ([_], None) => format!("      {name}: {ty}"),
            _ => format!("      {name}: {{ {} }}", fields.join(", ")),
        };
        let about = match reference {
            Some(reference) if reference.lost > 0 => {
                let rows =
                    if reference.lost == 1 { "1 row refers".to_owned() } else { format!("{} rows refer", reference.lost) };
                format!("{rows} to what is not there: see `kpic verify`")
            }
            _ if let Some(written) = column.written => as_number(name, &column.name, written),
            _ if column.family == Family::Timestamp => "wall-clock time in UTC; `zone:` says if it is another".to_owned(),
            _ => String::new(),
        };
        out.push_str(&commented(&line, &about));
    }
    if !untyped.is_empty() {
        out.push_str(&format!("      # left out, having no type that formulas know: {}\n", untyped.join(", ")));
    }
    out
}

/// How numbers that are written with separators become numbers.
fn as_number(name: &str, column: &str, written: Written) -> String {
    let (thousands, fraction) = written.separators();
    let column = dialect(None).identifier(column).replace('"', "\\\"");
    let digits = format!("replace(replace({column}, '{thousands}', ''), '{fraction}', '.')");
    format!("numbers as text; `{name}_number: {{ type: number, sql: \"cast({digits} as double)\" }}` makes them numbers")
}

fn kpi(source: &Source, kpi: &Kpi, grain: Grain) -> String {
    let rows = source.name.replace('_', " ");
    let mut out = format!("  {}:\n", kpi.name);
    let from = |column: &str| {
        if crate::spec::RESERVED_WORDS.contains(&column) {
            format!("{}.`{column}`", source.name)
        } else {
            format!("{}.{column}", source.name)
        }
    };
    match &kpi.of {
        Of::Rows => {
            let about = format!("How many rows of {rows} fall into the period.");
            out.push_str(&format!("    description: {}\n", scalar(&about)));
            out.push_str(&commented(
                &format!("    formula: count({})", source.name),
                "decide which rows count: `count(... where status = 'paid')`",
            ));
        }
        Of::AllRows => {
            out.push_str(&format!(
                "    description: {}\n",
                scalar(&format!("How many rows {rows} have, whatever the period."))
            ));
            out.push_str(&format!("    formula: count({} over all time)\n", source.name));
        }
        Of::Sum(at, currency) => {
            let column = source.table.columns.get(*at).map(|column| column.spec_name.as_str()).unwrap_or_default();
            let about = format!("What `{column}` adds up to over the {rows} of the period.");
            out.push_str(&format!("    description: {}\n", scalar(&about)));
            let about = "decide what is left out: refunds, taxes, test accounts";
            out.push_str(&commented(&format!("    formula: sum({})", from(column)), about));
            match currency {
                Some(code) => out.push_str(&format!("    unit: {code}\n")),
                None => out.push_str("    # if it is money, say which here and at the column: `unit: EUR`\n"),
            }
        }
    }
    out.push_str("    owner: data\n");
    if grain != Grain::Month {
        out.push_str(&commented(
            &format!("    grain: {grain}"),
            "the data spans few months; `week` or `month` once it is more",
        ));
    }
    if !kpi.by.is_empty() {
        out.push_str(&commented(
            &format!("    by: [{}]", kpi.by.join(", ")),
            "slices to emit; ask for any with `kpic query --by`",
        ));
    }
    out
}

/// A test of the first count that there is, to begin with.
fn test_file(source: &Source, grain: Grain) -> Option<String> {
    let kpi = source.kpis.iter().find(|kpi| matches!(kpi.of, Of::Rows))?;
    let time = source.table.columns.get(source.time?)?;
    let (first, _) = time.days?;
    let (period, name, end) = if grain == Grain::Day {
        (first.to_string(), "on_its_day", first)
    } else {
        let end = add_days(add(first.first_of_month(), Grain::Month, 1), -1);
        (first.strftime("%Y-%m").to_string(), "in_its_month", end)
    };
    Some(format!(
        "# Spec tests: a few rows, and the figures that follow. `kpic test` runs them without the data.
tests:
  {row}_counts_{name}:
    as_of: {end}
    given:
      {source}:
        - {{ {time}: {first} }}
        - {{ {time}: {next} }}        # after `as_of`: not visible yet
    expect:
      {kpi}: {{ {period}: 1 }}
",
        row = source.row,
        source = source.name,
        time = time.spec_name,
        next = add_days(end, 1),
        kpi = kpi.name,
    ))
}

/// A line with a comment, all comments beginning at the same place where lines are short enough.
fn commented(line: &str, about: &str) -> String {
    if about.is_empty() { format!("{line}\n") } else { format!("{line:<32}  # {about}\n") }
}

/// A text without line breaks, for comments.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as a YAML scalar: as it is if it cannot be misread, else as JSON has it.
pub(super) fn scalar(text: &str) -> String {
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let first_is_letter = text.chars().next().is_some_and(char::is_alphabetic);
    let harmless = |char: char| char.is_alphanumeric() || matches!(char, ' ' | '_' | '-' | '.' | '/' | '(' | ')');
    let is_plain =
        first_is_letter && text.chars().all(harmless) && !text.ends_with(' ') && !words.contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
