//! The questions in which warehouses differ. Each has a default; a dialect's file answers where it differs.

mod bigquery;
pub mod catalog;
mod clickhouse;
mod clocks;
mod databricks;
mod duckdb;
pub mod files;
pub mod layout;
mod letters;
mod mariadb;
mod postgres;
mod redshift;
mod snowflake;
pub mod spell;
mod sqlite;

use crate::calendar::{Date, DateTime, Grain};
use crate::model::value::Type;
use catalog::Catalog;
use files::Reading;
use spell::{Spelling, spelling};
use std::borrow::Cow;
use std::fmt::Debug;

/// A warehouse's way with SQL.
pub trait Dialect: Debug + Sync {
    /// Its name, as `kpic.yml` and the folder of the output have it.
    fn name(&self) -> &'static str;

    /// What it is called beside that: names under which `kpic.yml` and a command line may mean it.
    fn other_names(&self) -> &'static [&'static str] {
        &[]
    }

    /// The schema of tables that are named without one; nothing where there is no usual one.
    fn source_schema(&self) -> Option<&'static str>;

    /// Whether `/` of two whole numbers leaves out the fraction.
    fn cuts_quotients(&self) -> bool {
        false
    }

    /// Whether a `timestamp` is a point in time rather than a reading of a clock.
    fn timestamps_are_instants(&self) -> bool {
        false
    }

    /// A name as the warehouse compares it: two names of one thing become the same.
    fn folded(&self, name: &str) -> String;

    /// How many bytes the name of a view or column may have.
    fn longest_name(&self) -> usize;

    /// How many columns a view, or a part of its query, may have; nothing where there is no limit that a project could reach.
    fn most_columns(&self) -> Option<usize> {
        None
    }

    /// How many parts the query of a view may have, as common table expressions; nothing where there is no limit that a project could reach.
    fn most_parts(&self) -> Option<usize> {
        None
    }

    /// How many characters the query of a view may have; nothing where there is no limit that a project could reach.
    fn longest_view(&self) -> Option<usize> {
        None
    }

    /// Whether a name has to be quoted because it is a word of the language.
    fn is_reserved(&self, name: &str) -> bool;

    /// A name, quoted where necessary.
    fn identifier<'a>(&self, name: &'a str) -> Cow<'a, str> {
        quoted(self, name)
    }

    /// Whether its program puts something else in the place of a name, however it is quoted.
    fn replaces(&self, name: &str) -> bool {
        let _ = name;
        false
    }

    /// A text as a literal.
    fn text(&self, text: &str) -> String {
        format!("'{}'", text.replace('\'', "''"))
    }

    /// A text where nothing but a literal may stand, in a statement that its program does not cut.
    fn literal(&self, text: &str) -> String {
        self.text(text)
    }

    /// A line of a comment without what its program takes for more than that.
    fn comment<'a>(&self, line: &'a str) -> Cow<'a, str> {
        line.into()
    }

    /// A number as a literal.
    fn number<'a>(&self, digits: &'a str) -> Cow<'a, str> {
        digits.into()
    }

    /// Raw SQL without comments and with each text on one line, as its program reads it.
    fn raw<'a>(&self, sql: &'a str) -> Cow<'a, str> {
        sql.into()
    }

    /// The first part of raw SQL that its program cuts in another way than kpic, which could then be a statement of its own.
    fn reads_otherwise<'a>(&self, sql: &'a str) -> Option<&'a str> {
        let _ = sql;
        None
    }

    /// The first name in raw SQL, or in a name as it is written there, under which its program would do more than read tables and views and compute.
    /// `added` are functions that the command line lets SQL call.
    fn reads_beyond<'a>(&self, sql: &'a str, added: &[String]) -> Option<&'a str> {
        let _ = (sql, added);
        None
    }

    /// A text, or what is written as one, so that it is compared by its bytes. `of` stands in parentheses where it has to. `is_text`
    /// says whether it is known to be stored as a text.
    fn by_bytes(&self, of: &str, is_text: bool) -> String;

    /// A day as a literal.
    fn day(&self, day: Date) -> String {
        format!("date '{day}'")
    }

    /// A reading of a wall clock as a literal.
    fn wall(&self, reading: DateTime) -> String {
        format!("timestamp '{} {}'", reading.date(), reading.time())
    }

    /// An instant, by its reading in UTC, as a literal.
    fn instant(&self, reading: DateTime) -> String {
        format!("timestamptz '{} {}+00'", reading.date(), reading.time())
    }

    /// What is earlier than every day, reading or instant, as the type says.
    fn never(&self, ty: Type) -> String {
        let ty = match ty {
            Type::Instant => "timestamptz",
            Type::Timestamp => "timestamp",
            _ => "date",
        };
        format!("{ty} '-infinity'")
    }

    /// The program that asks it.
    fn client(&self) -> Client {
        Client::None
    }

    /// Whether it is that of the embedded engine, which can read files too.
    fn is_embedded(&self) -> bool {
        self.client() == Client::DuckDb
    }

    /// What it can do of what plans have.
    fn abilities(&self) -> Abilities {
        Abilities::ALL
    }

    /// What it calls a type.
    fn type_name(&self, ty: Type) -> &'static str {
        match ty {
            Type::Boolean => "boolean",
            Type::Integer => "bigint",
            Type::Decimal => "decimal(38, 9)",
            Type::Double => "double",
            Type::Text | Type::Null | Type::Tuple => "varchar",
            Type::Date => "date",
            Type::Timestamp => "timestamp",
            Type::Instant => "timestamptz",
        }
    }

    /// The type of a column of that type, as dbt compares it with what a contract says; nothing where the column of a view may have another one.
    fn contract_type(&self, ty: Type) -> Option<&'static str> {
        let _ = ty;
        None
    }

    /// A value as one of that type.
    fn cast(&self, of: &str, ty: Type) -> String {
        format!("cast({of} as {})", self.type_name(ty))
    }

    /// How the function of that name is written; `ty` gives the type of an argument.
    fn spelling(&self, function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
        let _ = ty;
        spelling(function)
    }

    /// Functions that it does not have of values of a type.
    fn lacks(&self) -> &'static [(&'static str, Type)] {
        &[]
    }

    /// Whether spellings depend on types, which then have to be found out.
    fn wants_types(&self) -> bool {
        false
    }

    /// A floating number, null where it is NaN or infinite, in which `number` stands only once.
    fn finite_once(&self, number: &str) -> String {
        format!("nullif(nullif(nullif({number}, 'nan'), 'infinity'), '-infinity')")
    }

    /// Rows that are written out, each as its values, as a relation with these columns; nothing where `values` says it.
    fn rows(&self, columns: &[(String, Type)], rows: &[Vec<String>]) -> Option<String> {
        let _ = (columns, rows);
        None
    }

    /// What the engine says where it refuses to compute what others do, as documented: floating-point numbers that are too large, which others make
    /// infinity and a plan null; sums of whole numbers that are; views that are.
    fn refuses(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether a part that is joined has to be said to be worked out once. PostgreSQL takes few rows for what stands behind a window or a group,
    /// and then works such a part out again for each row of the other side.
    fn keeps_joined_parts(&self) -> bool {
        false
    }

    /// What joins rows that have a partner.
    fn join_word(&self) -> &'static str {
        "join"
    }

    /// So many days, as the bound of a window frame over days.
    fn frame(&self, days: i64) -> String {
        format!("interval {days} day")
    }

    /// What the rows of such a frame are ordered by; `day` is a day.
    fn frame_order(&self, day: &str) -> String {
        day.to_owned()
    }

    /// What rows are parted by for a window, of that type.
    fn parted(&self, by: &str, ty: Type) -> String {
        let _ = ty;
        by.to_owned()
    }

    /// What rows are ordered by whose frame is one of values: nulls come last. `is_bounded` says whether it has so many days.
    fn along(&self, by: &str, is_bounded: bool) -> String {
        let _ = is_bounded;
        format!("{by} asc nulls last")
    }

    /// What rows are ordered by: nulls come last, whichever way. What is left out, a session decides.
    fn ordered(&self, by: &str, greatest_first: bool) -> String {
        format!("{by} {} nulls last", if greatest_first { "desc" } else { "asc" })
    }

    /// What stands between two values that are the same, null being the same as null. Where it is another one than this, `not` has a spelling that is a call.
    fn same(&self) -> &'static str {
        "is not distinct from"
    }

    /// Several values as one, of which different ones can be counted.
    fn tuple(&self, parts: &[String]) -> String {
        format!("({})", parts.join(", "))
    }

    /// The first or last value of a group in an order, of rows that meet a condition; nothing where functions of the table say it.
    fn picked(&self, pick: &Pick<'_>) -> Option<String> {
        let _ = pick;
        None
    }

    /// A day moved by so many units; `day` binds at least as tightly as a sum.
    fn moved(&self, day: &str, count: i64, unit: Grain) -> String;

    /// The first day of the period of a grain that holds `of`, weeks from Monday and years from January.
    fn truncated(&self, grain: Grain, of: &str) -> String;

    /// A day or timestamp so many days later, to be truncated.
    fn days_later(&self, of: &str, count: i64) -> String;

    /// A day or timestamp so many months later, to be truncated.
    fn months_later(&self, of: &str, count: i64) -> String;

    /// A day of something that may be a timestamp by its arithmetic.
    fn as_day(&self, of: &str) -> String {
        format!("cast({of} as date)")
    }

    /// The days from `from` and before `before`, so many units apart, as a relation with the column `day`.
    fn days(&self, from: &str, before: &str, every: u32, unit: Grain) -> String;

    /// A stored time, a reading or an instant, moved by so many seconds; the result is a civil timestamp.
    fn shifted(&self, stored: &str, is_instant: bool, seconds: &Shift) -> String;

    /// A stored time in the project's zone, by the engine's own rules. `stored` is the zone of a wall clock, if it is one.
    fn in_zone(&self, of: &str, stored: Option<&str>, project: &str) -> String;

    /// The instant at which a day begins in a zone, by the engine's own rules.
    fn midnight(&self, day: &str, zone: &str) -> String;

    /// The current date in a zone.
    fn today(&self, zone: &str) -> String;

    /// What every query ends with.
    fn query_end(&self) -> Option<&'static str> {
        None
    }

    /// What stands before all views in one file, as a statement.
    fn before_views(&self) -> Option<&'static str> {
        None
    }

    /// What stands before a statement with other letters than those of ASCII in a file of its own.
    fn before_text(&self) -> Option<&'static str> {
        None
    }

    /// What stands after them.
    fn after_views(&self) -> Option<&'static str> {
        None
    }

    /// Its catalogue, where `kpic deploy` knows it.
    fn catalog(&self) -> Option<&dyn Catalog> {
        None
    }

    /// What it calls a schema where one is made.
    fn schema_word(&self) -> &'static str {
        "schema"
    }

    /// What people call a schema of it.
    fn schema_name(&self) -> &'static str {
        self.schema_word()
    }

    /// Whether relations are in schemas. Where they are not, the schema that a project names is the beginning of the names of its views.
    fn has_schemas(&self) -> bool {
        true
    }

    /// What stands between a view's name and its query.
    fn view_options(&self) -> &'static str {
        ""
    }

    /// What stands behind a view's query.
    fn view_end(&self) -> &'static str {
        ""
    }

    /// Whether its statements may be read by `psql`, which takes a backslash for the beginning of a command.
    fn is_read_by_psql(&self) -> bool {
        self.client() == Client::Psql
    }

    /// Whether making a view replaces the one that has its name.
    fn replaces_views(&self) -> bool {
        true
    }

    /// What SQL of others means there that nothing here reads, so that none is imported.
    fn foreign_rules(&self) -> Option<&'static str> {
        None
    }

    /// What a session may set without any view showing other rows.
    fn withstands(&self) -> &'static [Setting];
}

/// A name in double quotes, where it has to be.
fn quoted<'a>(dialect: &(impl Dialect + ?Sized), name: &'a str) -> Cow<'a, str> {
    let plain = name.starts_with(|char: char| char.is_ascii_lowercase() || char == '_')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if plain && !dialect.is_reserved(name) { name.into() } else { format!("\"{}\"", name.replace('"', "\"\"")).into() }
}

/// A program that asks a warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// The program `duckdb`, which is the engine itself.
    DuckDb,
    /// The program `psql`, which asks a server.
    Psql,
    /// The program `sqlite3`, which reads a file.
    Sqlite,
    /// None that this version knows.
    None,
}

/// What an engine can do. Where it cannot, the plan is written in other words first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct Abilities {
    /// A null in a union has the type of the other selects there.
    pub untyped_nulls: bool,
    /// A text or a null that stands alone in a column has a type.
    pub typed_literals: bool,
    /// A null that is written may be compared.
    pub null_operands: bool,
    /// Conditions have an order, so that there is a greatest one.
    pub orders_conditions: bool,
    /// Days may lie between bounds that each row of what is joined before has.
    pub days_of_rows: bool,
    /// A value may be looked up by a key of the row at hand, wherever an expression stands.
    pub lookups: bool,
    /// Rows that meet no other are kept whatever the condition, be it no equality.
    pub unequal_joins: bool,
    /// Where they are not, an equality of what is always the same is known for one, and does not count.
    pub finds_constants: bool,
    /// Rows may be joined where values are the same, null being the same as null.
    pub null_safe_joins: bool,
    /// Rows are joined by texts that are compared by their bytes as they are by others.
    pub text_joins: bool,
    /// It can be asked whether two values are the same, null being the same as null.
    pub same_values: bool,
    /// A relation may have the name of a column that is read beside it.
    pub alike_names: bool,
    /// A column without its relation's name is found before that relation, and before what is shown under its name.
    pub bare_columns: bool,
    /// The columns of a union hold the values of all its selects, whatever their types.
    pub mixed_unions: bool,
    /// A condition is shown as one, and not as 1 or 0.
    pub shows_conditions: bool,
    /// What is chosen from several values has a type that holds all of them.
    pub mixed_choices: bool,
    /// A list in which a value is looked for may have values of other types, nulls, and what is no literal.
    pub mixed_lists: bool,
    /// Counts are numbers like all others, with which there are negative ones.
    pub signed_counts: bool,
    /// A neighbour that is not there is null, whatever the type of the others.
    pub null_neighbours: bool,
    /// What is shown has the type that the plan gives it.
    pub typed_results: bool,
    /// A wall clock is stored as its readings, and not as instants in a zone.
    pub wall_clocks: bool,
    /// An instant that is stored is read as it is, whatever a session takes for its zone.
    pub stored_instants: bool,
    /// A column that is read with its relation's name is called without it.
    pub short_names: bool,
    /// There are aggregates that look at values in an order, as medians do, or twice, as standard deviations do.
    pub ordered_aggregates: bool,
    /// Medians and percentiles are aggregates, where others are that look at values in an order.
    pub percentiles: bool,
    /// Aggregates of one query may look at values in orders of their own.
    pub several_orders: bool,
    /// A window may have a frame of values, such as so many days.
    pub range_frames: bool,
    /// Decimals are computed without rounding errors.
    pub exact_decimals: bool,
    /// Where decimals of different digits meet, none of them loses any.
    pub wide_decimals: bool,
    /// A mean of whole numbers is that of their exact sum.
    pub exact_means: bool,
    /// A whole number that is too large is refused.
    pub checked_numbers: bool,
    /// A sum of floating numbers that is too large is refused or infinite.
    pub checked_sums: bool,
    /// All values of a stored column have its type.
    pub typed_columns: bool,
    /// The columns of rows that are written out can be named where these are read.
    pub named_values: bool,
    /// Rows that are written out may hold what is computed.
    pub computed_values: bool,
    /// An aggregate may have a condition of its own on the rows that it goes over.
    pub filters: bool,
    /// Several values as one are a value, which may be chosen.
    pub tuple_values: bool,
    /// Several values as one may be of several types.
    pub mixed_tuples: bool,
    /// There are aggregates that give the first or last value in an order of several columns.
    pub first_values: bool,
    /// A mean of decimals has as many digits as a floating number.
    pub decimal_means: bool,
    /// A name means a column that is read, also where a new one is called so.
    pub columns_first: bool,
    /// Different texts are counted by their bytes, whatever their collation.
    pub counts_by_bytes: bool,
}

impl Abilities {
    /// All of them.
    pub const ALL: Self = Self {
        untyped_nulls: true,
        typed_literals: true,
        null_operands: true,
        orders_conditions: true,
        days_of_rows: true,
        lookups: true,
        unequal_joins: true,
        finds_constants: false,
        null_safe_joins: true,
        text_joins: true,
        same_values: true,
        alike_names: true,
        bare_columns: true,
        mixed_unions: true,
        shows_conditions: true,
        mixed_choices: true,
        mixed_lists: true,
        signed_counts: true,
        null_neighbours: true,
        typed_results: true,
        wall_clocks: true,
        stored_instants: true,
        short_names: true,
        ordered_aggregates: true,
        percentiles: true,
        several_orders: true,
        range_frames: true,
        filters: true,
        exact_decimals: true,
        wide_decimals: true,
        exact_means: true,
        checked_numbers: true,
        checked_sums: true,
        typed_columns: true,
        named_values: true,
        computed_values: true,
        tuple_values: true,
        mixed_tuples: true,
        first_values: true,
        decimal_means: true,
        columns_first: true,
        counts_by_bytes: true,
    };
}

/// The first or last value of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick<'a> {
    /// The value, which is not null.
    pub value: &'a str,
    /// What the rows are ordered by.
    pub order: &'a [String],
    /// Which rows count.
    pub filter: Option<&'a str>,
    /// Whether it is the last one.
    pub last: bool,
}

/// Something that a session can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Values other than the usual one.
    pub values: &'static [&'static str],
}

/// By how many seconds a clock is moved: one number, or an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shift {
    /// Not at all.
    None,
    /// By that many seconds.
    Seconds(i64),
    /// By what a list of conditions says, each with the seconds that hold if it is true, and the seconds of all others.
    Cases(Vec<(String, i64)>, i64),
}

/// The dialects that kpic compiles for; the first is meant where none is named.
static ALL: &[&dyn Dialect] = &[
    &duckdb::DuckDb,
    &postgres::Postgres,
    &clickhouse::ClickHouse,
    &sqlite::Sqlite,
    &snowflake::Snowflake,
    &bigquery::BigQuery,
    &databricks::Databricks,
    &redshift::Redshift,
    &mariadb::MariaDb,
];

/// Dialects of the language that this version does not compile for yet.
pub const LATER: [&str; 4] = ["mysql", "trino", "sqlserver", "datafusion"];

/// How files are read: the embedded engine does so, whatever the dialect of a project.
pub fn reader() -> &'static dyn Reading {
    &duckdb::DuckDb
}

/// The names of all dialects that kpic compiles for.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|dialect| dialect.name())
}

/// The dialect of that name, if kpic compiles for it; the usual one where none is named.
pub fn find(name: Option<&str>) -> Option<&'static dyn Dialect> {
    match name {
        None => ALL.first().copied(),
        Some(name) => ALL.iter().find(|dialect| dialect.name() == name || dialect.other_names().contains(&name)).copied(),
    }
}

/// The same where the name is known to be one: a project whose dialect is none is not valid.
pub fn dialect(name: Option<&str>) -> &'static dyn Dialect {
    find(name).unwrap_or(&duckdb::DuckDb)
}
