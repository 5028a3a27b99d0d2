//! Writes proposals down as YAML, with comments where a person has to decide.

use super::kpis::{Kpi, Of};
use super::sources::Source;
use super::states::{Holding, How};
use super::tables::{Column, Place, Table, Written};
use super::{File, Known};
use crate::calendar::{Date, Grain, add, add_days};
use crate::dialect::Dialect;
use crate::engine::types::Family;
use crate::layout::{
    self,
    scalar::{double, text as scalar},
};
use crate::model::files::{self, FileFormat, Files};
use crate::model::value::Type;
use crate::rawsql::name::written;

/// The span of data below which months say little.
const FEW_DAYS: i64 = 62;

/// The team that is responsible for KPIs until somebody decides.
const TEAM: &str = "data";

/// The files of a project; `kpic.yml`, which makes it one, is the last.
pub(super) fn files(name: &str, sources: &[Source], database: Option<&str>, dialect: &dyn Dialect) -> Vec<File> {
    let days = days(sources);
    let grain = grain(days);
    let mut files: Vec<File> = sources
        .iter()
        .map(|source| File { path: format!("specs/{}.yml", source.name), text: source_file(source, grain, TEAM, dialect) })
        .collect();
    // No source's name starts with `_`.
    files.push(File { path: "specs/_teams.yml".to_owned(), text: TEAMS.to_owned() });
    if let Some(text) = sources.iter().find_map(|source| test_file(source, grain)) {
        files.push(File { path: "specs/_tests.yml".to_owned(), text });
    }
    files.push(File { path: crate::load::PROJECT_FILE.to_owned(), text: project_file(name, days, grain, database, dialect) });
    laid_out(files)
}

/// Files as `kpic fmt` would have them.
fn laid_out(mut files: Vec<File>) -> Vec<File> {
    for file in &mut files {
        if let Ok(text) = layout::format(&file.path, &file.text) {
            file.text = text;
        }
    }
    files
}

/// The files of further sources of a project: one for each, and one for a team if there is none.
pub(super) fn more(known: &Known, sources: &[Source], dialect: &dyn Dialect) -> Vec<File> {
    let mut taken = known.paths.clone();
    let mut path = |name: &str| {
        let mut path = format!("{}/{name}.yml", known.specs);
        let mut count = 1;
        while taken.contains(&path) {
            count += 1;
            path = format!("{}/{name}_{count}.yml", known.specs);
        }
        taken.push(path.clone());
        path
    };
    let team = known.team.as_deref().unwrap_or(TEAM);
    let file = |source: &Source| File {
        path: path(&source.name),
        text: source_file(source, grain(days(std::slice::from_ref(source))), team, dialect),
    };
    let mut files: Vec<File> = sources.iter().map(file).collect();
    if known.team.is_none() {
        files.push(File { path: path("_teams"), text: TEAMS.to_owned() });
    }
    laid_out(files)
}

/// The grain at which days of data say something.
fn grain(days: Option<(Date, Date)>) -> Grain {
    match days {
        Some((first, last)) if add_days(first, FEW_DAYS) > last => Grain::Day,
        _ => Grain::Month,
    }
}

/// What was made of a table, in a line.
pub(super) fn in_short(source: &Source) -> String {
    let columns = |places: &[usize]| {
        let names = places.iter().filter_map(|at| source.table.columns.get(*at)).map(|column| column.spec_name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let mut parts = vec![format!("{} of {}", kind(source), rows(source.table.rows))];
    if !source.key.is_empty() {
        parts.push(format!("key {}", columns(&source.key)));
    }
    parts.extend(source.time.map(|time| format!("time {}", columns(&[time]))));
    parts.extend(source.holding.as_ref().map(|holding| match holding.how {
        How::Valid { from, to, .. } => format!("from {} to {}", columns(&[from]), columns(&[to])),
        How::Snapshot { taken, every } => format!("taken every {every}, on {}", columns(&[taken])),
    }));
    let targets: Vec<&str> = source.references.iter().map(|reference| reference.target.as_str()).collect();
    if !targets.is_empty() {
        parts.push(format!("refers to {}", targets.join(", ")));
    }
    let kpis: Vec<&str> = source.kpis.iter().map(|kpi| kpi.name.as_str()).collect();
    parts.push(format!("KPIs {}", kpis.join(", ")));
    parts.join("; ")
}

fn kind(source: &Source) -> &'static str {
    match (&source.holding, source.events) {
        (Some(_), _) => "states",
        (None, true) => "events",
        (None, false) => "entities",
    }
}

/// `1 row`, `2 rows`.
pub fn rows(count: u64) -> String {
    format!("{count} row{}", if count == 1 { "" } else { "s" })
}

const TEAMS: &str = "\
# Who owns KPIs. Every KPI has an owner; decide who it is and name the team.
teams:
  data: { title: Data }
";

/// The first and last day of all rows that have a time.
fn days(sources: &[Source]) -> Option<(Date, Date)> {
    let begins = |source: &Source| source.time.or_else(|| source.holding.as_ref().map(Holding::begins));
    let times = sources.iter().filter_map(|source| source.table.columns.get(begins(source)?)?.days);
    times.reduce(|(first, last), (other_first, other_last)| (first.min(other_first), last.max(other_last)))
}

fn project_file(name: &str, days: Option<(Date, Date)>, grain: Grain, database: Option<&str>, dialect: &dyn Dialect) -> String {
    let mut out = String::from("# The project: its calendar, and where its views go. Everything else is in specs/.\nkpic: 1\n");
    out.push_str(&format!("project: {}\ncalendar:\n", scalar(name)));
    if let Some((first, last)) = days {
        let start = if grain == Grain::Day { first } else { first.first_of_month() };
        out.push_str(&commented(
            &format!("  start: {start}"),
            &format!(
                "the first period shown; the first row is from \
         {first}"
            ),
        ));
        out.push_str(&commented(
            &format!("  as_of: {last}"),
            "the last day that has rows; write `today` once rows arrive every day",
        ));
    } else {
        out.push_str(&commented("  start: 2024-01-01", "the first period shown; no rows with a time were found"));
        out.push_str(&commented("  as_of: today", "the last day whose rows are whole"));
    }
    out.push_str(&commented("  timezone: UTC", "choose the time zone of your days: `Europe/Berlin`, `America/New_York`"));
    out.push_str(&format!("warehouse:\n  dialect: {}\n", dialect.name()));
    if let Some(database) = database {
        out.push_str(&commented(&format!("  database: {}", scalar(database)), "opened for reading only"));
    }
    out.push_str(&commented("  schema: kpi", "where `kpic build` puts the views"));
    out
}

fn source_file(source: &Source, grain: Grain, team: &str, dialect: &dyn Dialect) -> String {
    let mut out = format!("sources:\n  {}:\n", source.name);
    let row = source.row.replace('_', " ");
    out.push_str(&format!("    description: {}\n", scalar(&format!("One row per {row}."))));
    out.push_str(&place(&source.table, dialect));
    let about = match (&source.holding, source.events) {
        (Some(_), _) => "each row lasts for some time; `events` if it happens once, such as an order",
        (None, true) => "each row happens once; `entities` if it is a thing that lasts, such as a customer",
        (None, false) => "each row is a thing that lasts; `events` if it happens once, such as an order",
    };
    out.push_str(&commented(&format!("    kind: {}", kind(source)), about));
    if let Some((thing, day)) = source.daily {
        let name = |at: usize| source.table.columns.get(at).map(|column| column.spec_name.as_str()).unwrap_or_default();
        let (thing, day) = (name(thing), name(day));
        out.push_str(&format!(
            "    # each {thing} has a row on most days: if these are levels, such as balances, `kind: states`, `key: {thing}`, \
             `snapshot: {day}`\n"
        ));
    }
    out.push_str(&format!("    row: {}\n", scalar(&source.row)));
    let names = |places: &[usize]| {
        let names = places.iter().filter_map(|at| source.table.columns.get(*at)).map(|column| column.spec_name.clone());
        names.collect::<Vec<_>>()
    };
    match names(&source.key).as_slice() {
        [] if source.remark.is_empty() => {}
        [] => out.push_str(&format!("    # {}\n", source.remark)),
        [only] if source.holding.is_some() => {
            out.push_str(&commented(&format!("    key: {only}"), "whose state it is: it has one valid row at any time"));
        }
        [only] => out.push_str(&commented(&format!("    key: {only}"), "no two rows share it; `kpic verify` checks that")),
        several => out.push_str(&commented(
            &format!("    key: [{}]", several.join(", ")),
            "no two rows share all of these; `kpic verify` checks that",
        )),
    }
    out.push_str(&valid(source));
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
    out.push_str(&columns(source, dialect));
    out.push_str("\nkpis:\n");
    let kpis: Vec<String> = source.kpis.iter().map(|one| kpi(source, one, grain, team)).collect();
    out.push_str(&kpis.join("\n"));
    out
}

/// For how long rows hold.
fn valid(source: &Source) -> String {
    let Some(Holding { how, .. }) = &source.holding else { return String::new() };
    let name = |at: usize| source.table.columns.get(at).map(|column| column.spec_name.as_str()).unwrap_or_default();
    let (from, to, inclusive) = match how {
        How::Valid { from, to, inclusive } => (from, to, inclusive),
        How::Snapshot { taken, every } => {
            let line = format!("    snapshot: {}", name(*taken));
            return commented(&line, "all rows are loaded again on each of its days") + &format!("    every: {every}\n");
        }
    };
    let (from_name, to_name) = (name(*from), name(*to));
    if *inclusive == Some(true) {
        return format!("    valid: {{ from: {from_name}, to: {{ column: {to_name}, inclusive: true }} }}\n");
    }
    let is_date = source.table.columns.get(*from).is_some_and(|column| column.family == Family::Date);
    let about = if is_date && inclusive.is_none() {
        format!(
            "the first day on which it is no longer valid; `{{ column: {to_name}, inclusive: true }}` if it is the last \
             valid day"
        )
    } else {
        String::new()
    };
    commented(&format!("    valid: {{ from: {from_name}, to: {to_name} }}"), &about)
}

/// Where the rows are.
fn place(table: &Table, dialect: &dyn Dialect) -> String {
    match &table.place {
        Place::Files(files, named) => files_of(table, files, named),
        Place::Table(schema, name, database) => {
            let schema = (dialect.source_schema() != Some(schema.as_str())).then_some(schema);
            let parts = database.iter().filter(|_| schema.is_some()).chain(schema).chain([name]);
            let whole = parts.map(|part| written(part)).collect::<Vec<_>>().join(".");
            format!("    table: {}\n", scalar(&whole))
        }
    }
}

/// The files, and what is to be said of how values are written in them.
fn files_of(table: &Table, files: &Files, named: &[String]) -> String {
    let paths = match named {
        [only] => scalar(only),
        several => format!("[{}]", several.iter().map(|path| scalar(path)).collect::<Vec<_>>().join(", ")),
    };
    let path = named.first().map_or("", String::as_str);
    let sign = |sign: char| if sign == '\t' { "tab".to_owned() } else { double(&sign.to_string()) };
    let mut keys: Vec<(&str, String)> = Vec::new();
    if let FileFormat::Csv(csv) = &files.format {
        let usual = files::format_of(path).map_or(',', |(_, delimiter)| delimiter);
        keys.extend((csv.delimiter != usual).then(|| ("delimiter", sign(csv.delimiter))));
        keys.extend((!csv.header).then(|| ("header", "false".to_owned())));
    }
    if let Some(written) = files.written() {
        keys.extend((written.decimal != '.').then(|| ("decimal", sign(written.decimal))));
        keys.extend(written.thousands.map(|thousands| ("thousands", sign(thousands))));
        keys.extend(written.date.as_ref().map(|format| ("date", double(&format.to_string()))));
        keys.extend(written.timestamp.as_ref().map(|format| ("timestamp", double(&format.to_string()))));
        let usual = files::Written::usual(matches!(files.format, FileFormat::Csv(_)));
        if written.null != usual.null {
            let words: Vec<String> = written.null.iter().map(|word| double(word)).collect();
            keys.push(("null", format!("[{}]", words.join(", "))));
        }
    }
    keys.extend(files.by_name.then(|| ("by_name", "true".to_owned())));
    let doubts = table.doubts.iter().filter(|doubt| !doubt.comment.is_empty());
    let doubts: Vec<(&str, &str)> = doubts.map(|doubt| (doubt.key, doubt.comment.as_str())).collect();
    if keys.is_empty() && doubts.is_empty() {
        return format!("    files: {paths}\n");
    }
    let mut out = format!("    files:\n      paths: {paths}\n");
    for (key, value) in &keys {
        let about = match *key {
            "by_name" => "some of the files lack columns, which are null there",
            "null" => "the texts that mean null",
            _ => doubts.iter().find(|(of, _)| of == key).map_or("", |(_, comment)| comment),
        };
        out.push_str(&commented(&format!("      {key}: {value}"), about));
    }
    for (_, comment) in doubts.iter().filter(|(of, _)| !keys.iter().any(|(key, _)| key == of)) {
        out.push_str(&format!("      # {comment}\n"));
    }
    out
}

fn columns(source: &Source, dialect: &dyn Dialect) -> String {
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
            let values: Vec<String> = column.values.iter().map(|value| scalar(value)).collect();
            let values = (!values.is_empty()).then(|| format!("values: [{}]", values.join(", ")));
            std::iter::once(format!("type: {ty}")).chain(stored).chain(unit).chain(least).chain(values).collect()
        };
        let line = match (fields.as_slice(), reference) {
            ([_], None) => format!("      {name}: {ty}"),
            _ => format!("      {name}: {{ {} }}", fields.join(", ")),
        };
        let about = match reference {
            Some(reference) if reference.lost > 0 => {
                let rows =
                    if reference.lost == 1 { "1 row refers".to_owned() } else { format!("{} rows refer", reference.lost) };
                format!("{rows} to missing rows: see `kpic verify`")
            }
            _ if !column.note.is_empty() => column.note.clone(),
            _ if let Some(written) = column.written => as_number(name, &column.name, written, dialect),
            _ if column.family == Family::Timestamp => "wall-clock time in UTC; set `zone:` if it is another".to_owned(),
            _ => String::new(),
        };
        out.push_str(&commented(&line, &about));
    }
    if !untyped.is_empty() {
        out.push_str(&format!("      # left out, because formulas do not know their types: {}\n", untyped.join(", ")));
    }
    out
}

/// How numbers that are written with separators become numbers.
fn as_number(name: &str, column: &str, written: Written, dialect: &dyn Dialect) -> String {
    let (thousands, fraction) = written.separators();
    let column = dialect.identifier(column).replace('"', "\\\"");
    let digits = format!("replace(replace({column}, '{thousands}', ''), '{fraction}', '.')");
    let digits = dialect.cast(&digits, Type::Double);
    format!("numbers as text; `{name}_number: {{ type: number, sql: \"{digits}\" }}` makes them numbers")
}

fn kpi(source: &Source, kpi: &Kpi, grain: Grain, team: &str) -> String {
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
        Of::Rows if source.holding.is_some() => {
            out.push_str(&format!(
                "    description: {}\n",
                scalar(&format!(
                    "How many {rows} are valid at the end of the \
             period."
                ))
            ));
            out.push_str(&format!("    formula: count({})\n", source.name));
        }
        Of::Rows => {
            let about = format!("How many rows of {rows} are in the period.");
            out.push_str(&format!("    description: {}\n", scalar(&about)));
            out.push_str(&commented(
                &format!("    formula: count({})", source.name),
                "decide which rows count: `count(... where status = 'paid')`",
            ));
        }
        Of::AllRows => {
            out.push_str(&format!(
                "    description: {}\n",
                scalar(&format!("How many rows {rows} have, the same in every period."))
            ));
            out.push_str(&format!("    formula: count({} over all time)\n", source.name));
        }
        Of::Sum(at, currency) => {
            let column = source.table.columns.get(*at).map(|column| column.spec_name.as_str()).unwrap_or_default();
            let about = if source.holding.is_some() {
                format!("The sum of `{column}` over the {rows} that are valid at the end of the period.")
            } else {
                format!("The sum of `{column}` over the {rows} of the period.")
            };
            out.push_str(&format!("    description: {}\n", scalar(&about)));
            let about = "decide what to leave out: refunds, taxes, test accounts";
            out.push_str(&commented(&format!("    formula: sum({})", from(column)), about));
            match currency {
                Some(code) => out.push_str(&format!("    unit: {code}\n")),
                None => out.push_str("    # if it is money, set the currency here and on the column: `unit: EUR`\n"),
            }
        }
    }
    out.push_str(&format!("    owner: {team}\n"));
    if grain != Grain::Month {
        out.push_str(&commented(
            &format!("    grain: {grain}"),
            "the data spans a few months; use `week` or `month` once there is more",
        ));
    }
    if !kpi.by.is_empty() {
        out.push_str(&commented(
            &format!("    by: [{}]", kpi.by.join(", ")),
            "slices to emit; query any other with `kpic query --by`",
        ));
    }
    out
}

/// A test of the first count that there is, to start with.
fn test_file(source: &Source, grain: Grain) -> Option<String> {
    let kpi = source.kpis.iter().find(|kpi| matches!(kpi.of, Of::Rows))?;
    let begins = source.time.or_else(|| source.holding.as_ref().map(Holding::begins))?;
    let time = source.table.columns.get(begins)?;
    let (first, _) = time.days?;
    let (period, when, end) = if grain == Grain::Day {
        (first.to_string(), "day", first)
    } else {
        let end = add_days(add(first.first_of_month(), Grain::Month, 1), -1);
        (first.strftime("%Y-%m").to_string(), "month", end)
    };
    // Of states each belongs to a thing.
    let key = source.holding.as_ref().and_then(|holding| source.table.columns.get(holding.key));
    let key = |at: usize| match key {
        Some(column) if column.family == Family::Text => {
            format!("{}: {}, ", name_of(source, column), ["a", "b"].get(at).unwrap_or(&"c"))
        }
        Some(column) => format!("{}: {}, ", name_of(source, column), at + 1),
        None => String::new(),
    };
    let name = if source.holding.is_some() {
        format!("holds_at_the_end_of_its_{when}")
    } else {
        format!("counts_{}_its_{when}", if when == "day" { "on" } else { "in" })
    };
    Some(format!(
        "# Spec tests: a few rows, and the figures that follow. `kpic test` runs them without the data.
tests:
  {row}_{name}:
    as_of: {end}
    given:
      {source}:
        - {{ {one}{time}: {first} }}
        - {{ {two}{time}: {next} }}        # after `as_of`: not visible yet
    expect:
      {kpi}: {{ {period}: 1 }}
",
        row = source.row,
        source = source.name,
        time = time.spec_name,
        next = add_days(end, 1),
        kpi = kpi.name,
        one = key(0),
        two = key(1),
    ))
}

/// What a column is called in the spec: a reference has a name of its own.
fn name_of<'a>(source: &'a Source, column: &'a Column) -> &'a str {
    let is_it = |at: usize| source.table.columns.get(at).is_some_and(|known| known.name == column.name);
    source.references.iter().find(|reference| is_it(reference.column)).map_or(&column.spec_name, |reference| &reference.name)
}

/// How long a line may be before its comment stands above it.
const LINE: usize = 150;

/// A line with a comment; `layout` puts comments of neighbouring lines below each other.
fn commented(line: &str, about: &str) -> String {
    let indent: String = line.chars().take_while(|char| *char == ' ').collect();
    match about {
        "" => format!("{line}\n"),
        _ if line.len() + about.len() > LINE => format!("{indent}# {about}\n{line}\n"),
        _ => format!("{line}  # {about}\n"),
    }
}

/// A text without line breaks, for comments.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
