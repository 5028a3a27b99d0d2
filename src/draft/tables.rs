//! Asks an engine which tables and columns there are, and what is in them. Each table is read once, files of text twice.

use super::Asked;
use super::files::Group;
use super::names::{free, snake};
use super::written::{Doubt, Seen};
use crate::calendar::Date;
use crate::dialect::{Dialect, reader};
use crate::engine::types::Family;
use crate::engine::{Failure, Refusal, Rows};
use crate::measure::number;
use crate::model::files::Files;
use crate::model::value::Type;
use serde_json::Value;

/// Where the tables of a project are.
#[derive(Debug, Clone)]
pub enum Data {
    /// The tables and views of the engine's database: those that the patterns name, all of them where there are none.
    Database(Patterns),
    /// Files.
    Files(Vec<Group>),
}

/// Which tables are wanted: those of one of the schemas with one of the names. `*` stands for anything.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    /// The schemas; all of them if there are none.
    pub schemas: Vec<String>,
    /// The names; all of them if there are none.
    pub tables: Vec<String>,
}

impl Patterns {
    /// Whether a table is wanted.
    pub fn want(&self, schema: &str, table: &str) -> bool {
        let any = |patterns: &[String], name: &str| patterns.is_empty() || patterns.iter().any(|pattern| like(pattern, name));
        any(&self.schemas, schema) && any(&self.tables, table)
    }
}

/// Whether a name is as a pattern has it, in any case of letters.
pub fn like(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let mut parts = pattern.split('*');
    let (Some(start), Some(mut rest)) = (parts.next(), name.strip_prefix(pattern.split('*').next().unwrap_or_default())) else {
        return false;
    };
    let others: Vec<&str> = parts.collect();
    let Some((end, between)) = others.split_last() else { return start == name };
    for part in between {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(end)
}

/// A table, view or file.
#[derive(Debug, Clone)]
pub struct Table {
    /// A name for it in specs.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// How many rows it has.
    pub rows: u64,
    pub(super) place: Place,
    /// The names of the columns of its declared key.
    pub(super) key: Vec<String>,
    /// Its declared references: a column, and a table with the column of its key.
    pub(super) references: Vec<(String, Place, String)>,
    /// What the values of its files leave open.
    pub(super) doubts: Vec<Doubt>,
    /// What was seen of each column of files of text.
    pub(super) seen: Vec<Seen>,
}

/// Where rows are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A table, by schema and name, and by its database where that is called as the schema is: DuckDB does not know which is meant then.
    Table(String, String, Option<String>),
    /// Files, as the engine finds them, and by the paths that the spec names.
    Files(Files, Vec<String>),
}

impl Table {
    /// Its schema and name, if it is in a database.
    pub fn in_database(&self) -> Option<(&str, &str)> {
        match &self.place {
            Place::Table(schema, name, _) => Some((schema, name)),
            Place::Files(..) => None,
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name there.
    pub name: String,
    /// A name for it in specs.
    pub spec_name: String,
    /// What the engine calls its type.
    pub ty: String,
    /// What that is in specs.
    pub family: Family,
    /// In how many rows it is not null.
    pub filled: u64,
    /// How many different values it has: exact for what may be a key, roughly for others.
    pub different: u64,
    /// The first and last day of a time.
    pub days: Option<(Date, Date)>,
    /// The least of its numbers.
    pub least: Option<f64>,
    /// How its texts write numbers, if all of them do.
    pub(super) written: Option<Written>,
    /// What else there is to say of it.
    pub(super) note: String,
    /// Its values, if it is a text that has a handful of them.
    pub(super) values: Vec<String>,
}

/// How numbers are written that an engine takes for texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// `1.099,50`
    Comma,
    /// `1,099.50`
    Point,
}

impl Written {
    const ALL: [Written; 2] = [Written::Comma, Written::Point];

    /// The separator of thousands, and that of the fraction.
    pub(super) fn separators(self) -> (char, char) {
        match self {
            Written::Comma => ('.', ','),
            Written::Point => (',', '.'),
        }
    }

    /// What all of such texts match, as a regular expression.
    fn pattern(self) -> String {
        let (thousands, fraction) = self.separators();
        format!("-?([0-9]{{1,3}}([{thousands}][0-9]{{3}})+([{fraction}][0-9]+)?|[0-9]+([{fraction}][0-9]+)?)")
    }
}

/// The separator in lists that the engine gives as text.
const SEPARATOR: char = '\u{1f}';

/// A table or file that was asked about and cannot be read, with the reason.
pub(super) type Unreadable = (String, String);

/// The tables that were found, and what cannot be read.
pub type Found = (Vec<Table>, Vec<Unreadable>);

/// Finds the tables and their columns. Those that cannot be read come with the reason.
///
/// # Errors
/// Fails if the engine cannot be used, or refuses to list its tables.
pub fn find(engine: &Asked<'_>, data: &Data) -> Result<Found, Failure> {
    let dialect = engine.dialect;
    let (found, mut unreadable) = match data {
        Data::Database(patterns) => (of_database(engine, patterns)?, Vec::new()),
        Data::Files(groups) => super::files::of_files(engine, groups)?,
    };
    let mut tables = Vec::new();
    for mut table in found {
        if super::written::decide(engine, dialect, &mut table)?.is_ok() {
            tables.push(table);
        } else {
            let why = uneven(engine, &table)?;
            unreadable.push((table.name, why));
        }
    }
    Ok((tables, unreadable))
}

/// That lines of a file are of different lengths, with the first one that has more or fewer values than the first line names columns.
fn uneven(engine: &Asked<'_>, table: &Table) -> Result<String, Failure> {
    if let Place::Files(files, _) = &table.place {
        for path in &files.paths {
            let Some((setup, query)) = reader().broken_lines(files, path, files.columns.len()) else { continue };
            let Some(Ok(rows)) = engine.answer(&setup, &[query])?.pop() else { continue };
            let Some(row) = rows.rows.first() else { continue };
            let Some(line) = rows.get(row, "line").and_then(number) else { continue };
            let kind = rows.get(row, "kind").and_then(Value::as_str).unwrap_or_default();
            let than = match kind {
                "TOO MANY COLUMNS" => "more",
                "MISSING COLUMNS" => "fewer",
                _ => continue,
            };
            let file = if files.paths.len() > 1 { format!("{path}: ") } else { String::new() };
            return Ok(format!("{file}line {line} has {than} values than the first line has columns"));
        }
    }
    Ok("its lines do not all have the same number of values".to_owned())
}

/// Looks at all values of the tables.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn look(engine: &Asked<'_>, found: Found) -> Result<Found, Failure> {
    let dialect = engine.dialect;
    let (found, mut unreadable) = found;
    let queries: Vec<String> = found.iter().map(|table| looking(table, &relation(&table.place, dialect), dialect)).collect();
    let mut tables = Vec::new();
    for (mut table, answer) in found.into_iter().zip(engine.answer("", &queries)?) {
        match answer {
            Ok(rows) => {
                fill(&mut table, &rows);
                tables.push(table);
            }
            Err(why) => unreadable.push((table.name, why.to_string())),
        }
    }
    values(engine, dialect, &mut tables)?;
    Ok((tables, unreadable))
}

/// How many values a text may have that are listed.
const VALUES: u32 = 12;
/// How long such a value may be.
const LONGEST: usize = 40;

/// Finds the values of texts that have a handful of them.
fn values(engine: &Asked<'_>, dialect: &dyn Dialect, tables: &mut [Table]) -> Result<(), Failure> {
    let mut asked = Vec::new();
    let mut queries = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        for (place, column) in table.columns.iter().enumerate() {
            let is_listed = column.family == Family::Text
                && (2..=u64::from(VALUES) + 2).contains(&column.different)
                && table.rows >= 4 * column.different
                && !may_be_key(&column.spec_name);
            if is_listed {
                let (name, relation) = (dialect.identifier(&column.name), relation(&table.place, dialect));
                queries.push(format!(
                    "select cast({name} as varchar) as value from {relation} where {name} is not null group by 1 order by {} limit {}",
                    dialect.by_bytes(&format!("cast({name} as varchar)"), true),
                    VALUES + 1
                ));
                asked.push((at, place));
            }
        }
    }
    for ((at, place), answer) in asked.into_iter().zip(engine.answer("", &queries)?) {
        let Ok(rows) = answer else { continue };
        let values: Vec<String> = rows.rows.iter().filter_map(|row| Some(row.first()?.as_str()?.to_owned())).collect();
        let is_word = |value: &String| {
            let plain = !value.is_empty() && value.trim() == value && !value.chars().any(char::is_control);
            plain && value.chars().count() <= LONGEST
        };
        let column = tables.get_mut(at).and_then(|table| table.columns.get_mut(place));
        if let Some(column) = column.filter(|_| (2..=VALUES as usize).contains(&values.len()) && values.iter().all(is_word)) {
            column.values = values;
        }
    }
    Ok(())
}

/// The tables and views of a database that are wanted. What `kpic build` deploys is left out.
fn of_database(engine: &Asked<'_>, patterns: &Patterns) -> Result<Vec<Table>, Failure> {
    let unknown = || Failure {
        message: format!("kpic cannot draft sources of `{}` yet", engine.dialect.name()),
        help: Some("write them by hand, or draft them of files: `kpic init --csv FILE`".to_owned()),
    };
    let catalog = engine.dialect.catalog().ok_or_else(unknown)?;
    let queries = [catalog.columns(), catalog.keys()];
    let mut answers = engine.answer("", &queries)?.into_iter();
    let mut next = || answers.next().unwrap_or_else(|| Err(Refusal::of("no answer")));
    let columns = next().map_err(|why| Failure { message: format!("the tables cannot be listed: {why}"), help: None })?;
    // Keys are a help and no more.
    let constraints = next().unwrap_or_default();
    let mut tables: Vec<Table> = Vec::new();
    for row in &columns.rows {
        let text = |name: &str| columns.get(row, name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let place = place(text("database_name"), text("schema_name"), text("table_name"));
        if tables.last().is_none_or(|last| last.place != place) {
            tables.push(table(place));
        }
        let known = tables.last_mut().into_iter();
        known.for_each(|table| table.columns.push(column(&text("column_name"), &text("data_type"))));
    }
    for row in &constraints.rows {
        let text = |name: &str| constraints.get(row, name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let database = text("database_name");
        let own = place(database.clone(), text("schema_name"), text("table_name"));
        let names: Vec<String> = text("constraint_column_names").split(SEPARATOR).map(str::to_owned).collect();
        let Some(table) = tables.iter_mut().find(|table| table.place == own) else { continue };
        match (text("constraint_type").as_str(), names.as_slice()) {
            ("PRIMARY KEY", _) => table.key = names,
            (_, [only]) => {
                let target = place(database, text("referenced_schema"), text("referenced_table"));
                table.references.push((only.clone(), target, text("referenced_column_names")));
            }
            _ => {}
        }
    }
    tables.retain(|table| match &table.place {
        Place::Table(schema, name, _) => patterns.want(schema, name),
        Place::Files(..) => true,
    });
    let mut taken = Vec::new();
    let several = |name: &str, tables: &[Table]| tables.iter().filter(|table| table_name(table) == name).count() > 1;
    let names: Vec<String> = tables
        .iter()
        .map(|table| match &table.place {
            Place::Table(schema, name, _) if several(name, &tables) => format!("{schema}_{name}"),
            Place::Table(..) | Place::Files(..) => table_name(table).to_owned(),
        })
        .collect();
    for (table, name) in tables.iter_mut().zip(names) {
        finish(table, &name, &mut taken);
    }
    Ok(tables)
}

fn table_name(table: &Table) -> &str {
    match &table.place {
        Place::Table(_, name, _) => name,
        Place::Files(..) => &table.name,
    }
}

fn place(database: String, schema: String, table: String) -> Place {
    let is_same = database.to_lowercase() == schema.to_lowercase();
    Place::Table(schema, table, is_same.then_some(database))
}

/// What stands for a table in SQL.
pub(super) fn relation(place: &Place, dialect: &dyn Dialect) -> String {
    match place {
        Place::Table(schema, name, database) => {
            let parts = database.iter().chain([schema, name]);
            parts.map(|part| dialect.identifier(part)).collect::<Vec<_>>().join(".")
        }
        Place::Files(files, _) => reader().rows(files, None),
    }
}

pub(super) fn table(place: Place) -> Table {
    let (columns, key, references, doubts, seen) = Default::default();
    Table { name: String::new(), place, columns, rows: 0, key, references, doubts, seen }
}

pub(super) fn column(name: &str, ty: &str) -> Column {
    Column {
        name: name.to_owned(),
        spec_name: String::new(),
        ty: ty.to_owned(),
        // A column of nothing but nulls has no type that a spec could declare.
        family: Family::of(ty).unwrap_or(Family::Other),
        filled: 0,
        different: 0,
        days: None,
        least: None,
        written: None,
        note: String::new(),
        values: Vec::new(),
    }
}

/// Gives a table and its columns their names in specs.
pub(super) fn finish(table: &mut Table, name: &str, taken: &mut Vec<String>) {
    let mut wish = snake(name).unwrap_or_else(|| "table".to_owned());
    if crate::spec::RESERVED_WORDS.contains(&wish.as_str()) {
        wish.push_str("_rows");
    }
    table.name = free(&wish, taken);
    let mut own = Vec::new();
    for (at, column) in table.columns.iter_mut().enumerate() {
        // Without a line of names columns are named by their places.
        let is_place = column.name.bytes().all(|byte| byte.is_ascii_digit());
        let wish = snake(&column.name).filter(|_| !is_place).unwrap_or_else(|| format!("column_{}", at + 1));
        column.spec_name = free(&wish, &mut own);
    }
}

/// The query that looks at all columns of a table at once.
fn looking(table: &Table, relation: &str, dialect: &dyn Dialect) -> String {
    let mut parts = vec!["count(*) as rows".to_owned()];
    for (at, column) in table.columns.iter().enumerate().filter(|(_, column)| column.family != Family::Other) {
        let name = dialect.identifier(&column.name);
        parts.push(format!("count({name}) as filled_{at}"));
        match column.family {
            Family::Integer | Family::Text if at == 0 || may_be_key(&column.spec_name) || table.key.contains(&column.name) => {
                parts.push(format!("count(distinct {name}) as different_{at}"));
            }
            Family::Text => {
                let about = dialect
                    .catalog()
                    .map_or_else(|| format!("count(distinct {name})"), |catalog| catalog.roughly_distinct(&name));
                parts.push(format!("{about} as different_{at}"));
            }
            _ => {}
        }
        if column.family == Family::Text {
            for (way, written) in Written::ALL.iter().enumerate() {
                let pattern = written.pattern();
                parts.push(format!(
                    "count(*) filter (where trim(cast({name} as varchar)) ~ '^({pattern})$') as written_{at}_{way}"
                ));
            }
        }
        let day = match column.family {
            Family::Date => Some(name.to_string()),
            Family::Timestamp => Some(format!("cast({name} as date)")),
            Family::Instant => Some(format!("cast({name} at time zone 'UTC' as date)")),
            _ => None,
        };
        if let Some(day) = day {
            // Times such as 9999-12-31 stand for none.
            let known = format!("filter (where {day} between date '1970-01-02' and date '2099-12-31')");
            parts.push(format!("min({day}) {known} as first_{at}, max({day}) {known} as last_{at}"));
        }
        if matches!(column.family, Family::Integer | Family::Decimal | Family::Floating) {
            parts.push(format!("{} as least_{at}", dialect.cast(&format!("min({name})"), Type::Double)));
        }
    }
    format!("select {} from {relation}", parts.join(", "))
}

fn fill(table: &mut Table, rows: &Rows) {
    let row = rows.rows.first().map(Vec::as_slice).unwrap_or_default();
    let number = |name: &str| rows.get(row, name).and_then(crate::measure::number);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of rows")]
    let count = |name: &str| number(name).unwrap_or(0.0).max(0.0) as u64;
    let day = |name: &str| rows.get(row, name).and_then(Value::as_str).and_then(|text| text.parse::<Date>().ok());
    table.rows = count("rows");
    for (at, column) in table.columns.iter_mut().enumerate() {
        column.filled = count(&format!("filled_{at}"));
        column.different = count(&format!("different_{at}"));
        column.days = day(&format!("first_{at}")).zip(day(&format!("last_{at}")));
        column.least = number(&format!("least_{at}"));
        // Codes such as 1000 are whole numbers in both ways; they say nothing.
        let ways = Written::ALL.iter().enumerate().filter(|(way, _)| count(&format!("written_{at}_{way}")) == column.filled);
        let ways: Vec<Written> = ways.map(|(_, written)| *written).collect();
        column.written = match ways.as_slice() {
            [only] if column.filled > 0 => Some(*only),
            _ => None,
        };
    }
}

/// The endings of names that tell things apart.
const KEY_ENDINGS: [&str; 8] = ["id", "key", "no", "nr", "number", "code", "uuid", "sku"];

/// Whether a column of that name is one that tells things apart.
pub(super) fn may_be_key(name: &str) -> bool {
    key_stem(name).is_some()
}

/// What a column that tells things apart is about: `customer` for `customer_id`, nothing before `id`.
pub(super) fn key_stem(name: &str) -> Option<&str> {
    KEY_ENDINGS.iter().find_map(|ending| {
        let stem = name.strip_suffix(ending)?;
        if stem.is_empty() { Some("") } else { stem.strip_suffix('_') }
    })
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn patterns_have_stars() {
        for (pattern, name) in
            [("orders", "Orders"), ("ord*", "orders"), ("*", ""), ("*_fact", "sales_fact"), ("a*b*c", "aXbYc")]
        {
            assert!(like(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("orders", "orders_2"), ("ord*s", "order"), ("a*b*c", "acb"), ("ab*bc", "abc")] {
            assert!(!like(pattern, name), "{pattern} {name}");
        }
    }
}
