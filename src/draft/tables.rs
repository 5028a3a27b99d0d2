//! Asks an engine which tables and columns there are, and what is in them. Each table is read once.

use super::names::{free, snake};
use crate::calendar::Date;
use crate::engine::types::Family;
use crate::engine::{Engine, Failure, Refusal, Rows};
use crate::sql::dialect::{Dialect, dialect};
use serde_json::Value;

/// Where the tables of a project are.
#[derive(Debug, Clone)]
pub enum Data {
    /// All tables and views of the engine's database.
    Database,
    /// Files, each with the path under which the engine finds it and the one that the spec names.
    Files(Vec<(String, String)>),
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
}

/// Where rows are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A table, by schema and name.
    Table(String, String),
    /// A file, by the path that the spec names.
    File(String),
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

/// Asks for all tables. Those that cannot be read come with the reason.
///
/// # Errors
/// Fails if the engine cannot be used, or refuses to list its tables.
pub fn ask(engine: &dyn Engine, data: &Data) -> Result<(Vec<Table>, Vec<Unreadable>), Failure> {
    let dialect = dialect(None);
    let (found, mut unreadable) = match data {
        Data::Database => (of_database(engine, dialect)?, Vec::new()),
        Data::Files(paths) => of_files(engine, dialect, paths)?,
    };
    let queries: Vec<String> = found.iter().map(|(table, relation)| look(table, relation, dialect)).collect();
    let mut tables = Vec::new();
    for ((mut table, _), answer) in found.into_iter().zip(engine.answer("", &queries)?) {
        match answer {
            Ok(rows) => {
                fill(&mut table, &rows);
                tables.push(table);
            }
            Err(why) => unreadable.push((table.name, why.to_string())),
        }
    }
    Ok((tables, unreadable))
}

/// The tables and views of a database, each with what stands for it in SQL. What `kpic build` deploys is left out.
fn of_database(engine: &dyn Engine, dialect: &dyn Dialect) -> Result<Vec<(Table, String)>, Failure> {
    let list = |column: &str| format!("array_to_string({column}, chr(31)) as {column}");
    let queries = [
        "select schema_name, table_name, column_name, data_type from duckdb_columns() \
         where not internal and database_name = current_database() and schema_name <> 'kpi' \
         order by schema_name, table_name, column_index"
            .to_owned(),
        format!(
            "select schema_name, table_name, constraint_type, {}, coalesce(referenced_table, '') as referenced_table, {} \
             from duckdb_constraints() where database_name = current_database() \
             and constraint_type in ('PRIMARY KEY', 'FOREIGN KEY') order by all",
            list("constraint_column_names"),
            list("referenced_column_names"),
        ),
    ];
    let mut answers = engine.answer("", &queries)?.into_iter();
    let mut next = || answers.next().unwrap_or_else(|| Err(Refusal::of("no answer")));
    let columns = next().map_err(|why| Failure { message: format!("the tables cannot be listed: {why}"), help: None })?;
    // Keys are a help and no more.
    let constraints = next().unwrap_or_default();
    let mut tables: Vec<Table> = Vec::new();
    for row in &columns.rows {
        let text = |name: &str| columns.get(row, name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let place = Place::Table(text("schema_name"), text("table_name"));
        if tables.last().is_none_or(|last| last.place != place) {
            tables.push(table(String::new(), place));
        }
        let known = tables.last_mut().into_iter();
        known.for_each(|table| table.columns.push(column(&text("column_name"), &text("data_type"))));
    }
    for row in &constraints.rows {
        let text = |name: &str| constraints.get(row, name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let schema = text("schema_name");
        let own = Place::Table(schema.clone(), text("table_name"));
        let names: Vec<String> = text("constraint_column_names").split(SEPARATOR).map(str::to_owned).collect();
        let Some(table) = tables.iter_mut().find(|table| table.place == own) else { continue };
        match (text("constraint_type").as_str(), names.as_slice()) {
            ("PRIMARY KEY", _) => table.key = names,
            (_, [only]) => {
                let target = Place::Table(schema, text("referenced_table"));
                table.references.push((only.clone(), target, text("referenced_column_names")));
            }
            _ => {}
        }
    }
    let mut taken = Vec::new();
    let several = |name: &str, tables: &[Table]| tables.iter().filter(|table| table_name(table) == name).count() > 1;
    let names: Vec<String> = tables
        .iter()
        .map(|table| match &table.place {
            Place::Table(schema, name) if several(name, &tables) => format!("{schema}_{name}"),
            Place::Table(_, name) | Place::File(name) => name.clone(),
        })
        .collect();
    for (table, name) in tables.iter_mut().zip(names) {
        finish(table, &name, &mut taken);
    }
    Ok(tables
        .into_iter()
        .map(|table| (relation(&table.place, dialect), table))
        .map(|(relation, table)| (table, relation))
        .collect())
}

fn table_name(table: &Table) -> &str {
    match &table.place {
        Place::Table(_, name) | Place::File(name) => name,
    }
}

/// What stands for a table in SQL.
pub(super) fn relation(place: &Place, dialect: &dyn Dialect) -> String {
    match place {
        Place::Table(schema, name) => format!("{}.{}", dialect.identifier(schema), dialect.identifier(name)),
        Place::File(path) => dialect.files(std::slice::from_ref(path)),
    }
}

type Found = (Vec<(Table, String)>, Vec<Unreadable>);

fn of_files(engine: &dyn Engine, dialect: &dyn Dialect, paths: &[(String, String)]) -> Result<Found, Failure> {
    let relations: Vec<String> = paths.iter().map(|(path, _)| dialect.files(std::slice::from_ref(path))).collect();
    let queries: Vec<String> = relations
        .iter()
        .map(|relation| format!("select column_name, column_type from (describe select * from {relation})"))
        .collect();
    let (mut tables, mut unreadable, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    for (((_, path), relation), answer) in paths.iter().zip(relations).zip(engine.answer("", &queries)?) {
        match answer {
            Ok(rows) => {
                let mut made = table(String::new(), Place::File(path.clone()));
                let text =
                    |row: &[Value], name: &str| rows.get(row, name).and_then(Value::as_str).unwrap_or_default().to_owned();
                made.columns =
                    rows.rows.iter().map(|row| column(&text(row, "column_name"), &text(row, "column_type"))).collect();
                let file = path.rsplit('/').next().unwrap_or(path);
                finish(&mut made, file.split('.').next().unwrap_or(file), &mut taken);
                tables.push((made, relation));
            }
            Err(why) => unreadable.push((path.clone(), why.to_string())),
        }
    }
    Ok((tables, unreadable))
}

fn table(name: String, place: Place) -> Table {
    Table { name, place, columns: Vec::new(), rows: 0, key: Vec::new(), references: Vec::new() }
}

fn column(name: &str, ty: &str) -> Column {
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
    }
}

/// Gives a table and its columns their names in specs.
fn finish(table: &mut Table, name: &str, taken: &mut Vec<String>) {
    let mut wish = snake(name).unwrap_or_else(|| "table".to_owned());
    if crate::spec::RESERVED_WORDS.contains(&wish.as_str()) {
        wish.push_str("_rows");
    }
    table.name = free(&wish, taken);
    let mut own = Vec::new();
    for (at, column) in table.columns.iter_mut().enumerate() {
        let wish = snake(&column.name).unwrap_or_else(|| format!("column_{}", at + 1));
        column.spec_name = free(&wish, &mut own);
    }
}

/// The query that looks at all columns of a table at once.
fn look(table: &Table, relation: &str, dialect: &dyn Dialect) -> String {
    let mut parts = vec!["count(*) as rows".to_owned()];
    for (at, column) in table.columns.iter().enumerate() {
        let name = dialect.identifier(&column.name);
        parts.push(format!("count({name}) as filled_{at}"));
        match column.family {
            Family::Integer | Family::Text if at == 0 || may_be_key(&column.spec_name) || table.key.contains(&column.name) => {
                parts.push(format!("count(distinct {name}) as different_{at}"));
            }
            Family::Text => parts.push(format!("approx_count_distinct({name}) as different_{at}")),
            _ => {}
        }
        if column.family == Family::Text {
            for (way, written) in Written::ALL.iter().enumerate() {
                let pattern = written.pattern();
                parts.push(format!("count_if(regexp_full_match(trim({name}), '{pattern}')) as written_{at}_{way}"));
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
            parts.push(format!("cast(min({name}) as double) as least_{at}"));
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
