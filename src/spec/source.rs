//! `sources:`, the relations that the warehouse already has, with the columns that formulas may touch.

use super::allow;
use super::files;
use super::reader::{FormulaText, Reader, Text, formula, text, text_list};
use super::shape::{self, Field, Record, Shape};
use crate::load::{Entry, Node, Value};
use crate::model::freshness::Expect;
use crate::text::{Files, Name, Span, Spanned};

/// A source as written.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name.
    pub name: Name,
    /// What it holds.
    pub description: Option<Text>,
    /// Where its rows are: exactly one of the three, unless the spec is wrong.
    pub relations: Vec<Relation>,
    /// Whether rows happen or are.
    pub kind: Option<Text>,
    /// A noun for one row.
    pub row: Option<Text>,
    /// The columns that tell rows apart.
    pub key: Vec<Name>,
    /// The time at which a row counts.
    pub time: Option<Name>,
    /// Since when and until when a state holds.
    pub valid: Option<Valid>,
    /// When a snapshot was taken.
    pub snapshot: Option<Name>,
    /// Whether each key has snapshots of its own: `per: key`.
    pub per_key: Option<Text>,
    /// How often snapshots are taken.
    pub every: Option<Text>,
    /// How old the latest snapshot may be.
    pub stale_after: Option<Text>,
    /// How long before the last visible day the last row may be.
    pub fresh_within: Option<Text>,
    /// How often there is a row.
    pub expect: Option<Text>,
    /// The columns.
    pub columns: Vec<Column>,
    /// Whether the columns could not be read, so that none must be called unknown.
    pub is_partial: bool,
    /// Whether what its rows are, or when they count, is written and could not be read: nothing is said of what it lacks.
    pub unread: bool,
}

/// Since when and until when a state holds, as written.
#[derive(Debug, Clone)]
pub struct Valid {
    /// The column with its beginning.
    pub from: Option<Name>,
    /// The column with its end.
    pub to: Option<Name>,
    /// Whether that is the last day on which it holds, rather than the first on which it does not.
    pub inclusive: bool,
}

/// Where rows are.
#[derive(Debug, Clone)]
pub enum Relation {
    /// A table or view of the warehouse, perhaps with its schema and database.
    Table(Text),
    /// Files that the embedded engine reads.
    Files(Box<files::Files>),
    /// A query, with the place of each of its characters.
    Query(FormulaText),
}

impl Relation {
    /// Where it is written.
    pub fn span(&self) -> Option<Span> {
        match self {
            Relation::Table(text) => Some(text.span),
            Relation::Query(query) => Some(query.span),
            Relation::Files(files) => Some(files.span),
        }
    }
}

/// A column as written.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name in formulas.
    pub name: Name,
    /// What it holds.
    pub description: Option<Text>,
    /// Its type; a reference may leave it out.
    pub ty: Option<Text>,
    /// Its name in the relation, if another; several for a reference by a key of several columns.
    pub stored_as: Vec<Text>,
    /// The source whose key it holds.
    pub references: Option<Name>,
    /// Its place, if its type or what it refers to is written and could not be read.
    pub unread: Option<Span>,
    /// The unit of its numbers.
    pub unit: Option<ColumnUnit>,
    /// The least value it can have.
    pub min: Option<Spanned<f64>>,
    /// The greatest.
    pub max: Option<Spanned<f64>>,
    /// All values it can have.
    pub values: Vec<Text>,
    /// Whether it may be null; unknown means it may.
    pub nullable: Option<bool>,
    /// The zone of a wall-clock timestamp.
    pub zone: Option<Text>,
    /// A formula over other columns.
    pub expr: Option<FormulaText>,
    /// Raw SQL, or one for each dialect (`None` is for all), with the place of each of its characters.
    pub sql: Vec<(Option<Name>, FormulaText)>,
}

/// The unit of a column.
#[derive(Debug, Clone)]
pub enum ColumnUnit {
    /// The same for all rows.
    Fixed(Text),
    /// A currency that another column names.
    ByColumn(Name),
}

/// The types that a column may have.
pub const TYPES: &[&str] = &["boolean", "integer", "decimal", "number", "text", "date", "timestamp", "instant"];

static COLUMN: Record = Record {
    what: "a column",
    fields: &[
        Field::new("description", Shape::Text, "What it means.").example("What the customer paid, with tax."),
        Field::new("type", Shape::Word(TYPES), "Its type; a reference has the type of the key that it refers to."),
        Field::new(
            "column",
            Shape::Either(&[Shape::Text, Shape::List(&Shape::Text)]),
            "Its name in the data, if different; a list for a reference by several columns.",
        )
        .example("customer_id"),
        Field::new("references", Shape::Name, "The source whose key it holds: many rows here refer to one there.")
            .example("customers"),
        Field::new("expr", Shape::Formula, "A formula over the other columns.").example("amount >= 500"),
        Field::new(
            "sql",
            Shape::Either(&[Shape::Text, Shape::Map(&Shape::Text)]),
            "Raw SQL over the stored columns, or a map from dialect to SQL.",
        )
        .example("geo_region(ip)"),
        Field::new(
            "unit",
            Shape::Either(&[Shape::Text, Shape::Record(&UNIT)]),
            "The unit of its numbers: a currency, a time unit, a noun; or `{ column: currency }` for mixed amounts.",
        )
        .example("EUR"),
        Field::new("min", Shape::Number, "The smallest value that it can have.").example("0"),
        Field::new("max", Shape::Number, "The greatest value that it can have.").example("5"),
        Field::new("nullable", Shape::Truth, "`false` if it is never null.").example("false"),
        Field::new("values", Shape::List(&Shape::Text), "All values that it can have.").example("[open, paid, refunded]"),
        allow::FIELD,
        Field::new("zone", Shape::Text, "The zone of a wall-clock timestamp. Default: UTC.").example("Europe/Berlin"),
    ],
};

static UNIT: Record = Record {
    what: "a unit",
    fields: &[Field::new("column", Shape::Name, "The column that names each row's currency.").example("currency").required()],
};

/// The keys of a source.
pub static SOURCE: Record = Record {
    what: "a source",
    fields: &[
        Field::new("description", Shape::Text, "What one row is, and where the rows come from.")
            .example("One row per order placed in the shop."),
        Field::new(
            "table",
            Shape::Text,
            "A table or view, perhaps with its schema: `raw.orders`. Without one it is in `warehouse.source_schema`.",
        )
        .example("raw.orders"),
        Field::new(
            "files",
            Shape::Either(&[Shape::Text, Shape::List(&Shape::Text), Shape::Record(&files::FILES)]),
            "Parquet, CSV or JSON files, relative to the project's folder; or a map that also says how values are written \
             in them.",
        )
        .example("data/orders.parquet"),
        Field::new("query", Shape::Text, "A SELECT.").example("select * from raw.events where name = 'login'"),
        allow::FIELD,
        Field::new(
            "kind",
            Shape::Word(&["events", "states", "entities"]),
            "Whether rows happen at a time (events), are things (entities) or last for some time (states).",
        )
        .required(),
        Field::new("row", Shape::Text, "A noun for one row.").example("order"),
        Field::new(
            "key",
            Shape::Either(&[Shape::Name, Shape::List(&Shape::Name)]),
            "The column, or columns, that identify a row.",
        )
        .example("order_id"),
        Field::new("time", Shape::Name, "The time at which a row counts, unless a formula uses another with `at`.")
            .example("ordered_at"),
        Field::new("valid", Shape::Record(&VALID), "For states: from when to when a row is valid.")
            .example("{ from: started_at, to: ended_at }"),
        Field::new(
            "snapshot",
            Shape::Either(&[Shape::Name, Shape::Record(&SNAPSHOT)]),
            "For states from snapshots: the column with the day of the snapshot; or a map, if each key is read on its own \
             days.",
        )
        .example("taken_on"),
        Field::new("every", Shape::Word(&["day", "week", "month"]), "How often snapshots are taken."),
        Field::new(
            "stale_after",
            Shape::Text,
            "How old the latest snapshot may be before it stops counting. Default: twice the time between two snapshots.",
        )
        .example("10 days"),
        Field::new(
            "fresh_within",
            Shape::Text,
            "How long before the last visible day the last row may be. If it is older, later figures are left out.",
        )
        .example("2 days"),
        Field::new(
            "expect",
            Shape::Word(Expect::WORDS),
            "How often there is a row. A period with a day, week or month without rows is not complete.",
        ),
        Field::new(
            "columns",
            Shape::Named("a column", &Shape::Either(&[Shape::Word(TYPES), Shape::Record(&COLUMN)])),
            "The columns that formulas can use.",
        )
        .required(),
    ],
};

static SNAPSHOT: Record = Record {
    what: "snapshots",
    fields: &[
        Field::new("on", Shape::Name, "The column with the day of the snapshot.").example("taken_on").required(),
        Field::new("per", Shape::Word(&["key"]), "`key` if each key is read on its own days: its latest reading counts."),
    ],
};

static VALID: Record = Record {
    what: "the time during which a state is valid",
    fields: &[
        Field::new("from", Shape::Name, "The column with its start.").example("started_at").required(),
        Field::new(
            "to",
            Shape::Either(&[Shape::Name, Shape::Record(&VALID_TO)]),
            "The column with its end; null means that it is still valid.",
        )
        .example("ended_at")
        .required(),
    ],
};

static VALID_TO: Record = Record {
    what: "the end of a state",
    fields: &[
        Field::new("column", Shape::Name, "The column.").example("last_day").required(),
        Field::new("inclusive", Shape::Truth, "`true` if it is the last day on which the state is valid.").example("true"),
    ],
};

/// Reads one source.
pub fn decode(entry: &Entry, texts: &Files) -> Source {
    let reader = Reader::of(&entry.value);
    let snapshot = reader.record("snapshot");
    let relations = [
        reader.text("table").map(Relation::Table),
        reader.get("files").and_then(files::decode).map(|files| Relation::Files(Box::new(files))),
        reader.formula("query", texts).map(Relation::Query),
    ];
    Source {
        name: entry.key.clone(),
        description: reader.text("description"),
        relations: relations.into_iter().flatten().collect(),
        kind: reader.text("kind"),
        row: reader.text("row"),
        key: reader.texts("key"),
        time: reader.text("time"),
        valid: reader.record("valid").map(|valid| read_valid(&valid)),
        snapshot: snapshot.map_or_else(|| reader.text("snapshot"), |snapshot| snapshot.text("on")),
        per_key: snapshot.and_then(|snapshot| snapshot.text("per")),
        every: reader.text("every"),
        stale_after: reader.text("stale_after"),
        fresh_within: reader.text("fresh_within"),
        expect: reader.text("expect"),
        columns: columns(reader.entries("columns"), texts),
        is_partial: !reader.get("columns").is_some_and(|node| matches!(node.value, Value::Map(_))),
        unread: SOURCE.cannot_read(&reader, &["table", "files", "query", "kind", "key", "time", "valid", "snapshot", "every"]),
    }
}

fn columns(entries: &[Entry], files: &Files) -> Vec<Column> {
    let whole = entries.iter().enumerate().filter(|(at, _)| !shape::is_rest_of_type(entries, *at));
    whole.map(|(_, entry)| column(entry, files)).collect()
}

fn read_valid(valid: &Reader<'_>) -> Valid {
    let to = valid.record("to");
    Valid {
        from: valid.text("from"),
        to: to.as_ref().map_or_else(|| valid.text("to"), |to| to.text("column")),
        inclusive: to.and_then(|to| to.truth("inclusive")).unwrap_or(false),
    }
}

fn column(entry: &Entry, files: &Files) -> Column {
    let reader = Reader::of(&entry.value);
    let short = text(&entry.value);
    Column {
        name: entry.key.clone(),
        description: reader.text("description"),
        ty: short.or_else(|| reader.text("type")),
        stored_as: reader.texts("column"),
        references: reader.text("references"),
        unread: COLUMN.cannot_read(&reader, &["type", "references"]).then_some(entry.key.span),
        unit: reader.get("unit").and_then(unit),
        min: reader.number("min"),
        max: reader.number("max"),
        values: reader.get("values").map(text_list).unwrap_or_default(),
        nullable: reader.truth("nullable"),
        zone: reader.text("zone"),
        expr: reader.formula("expr", files),
        sql: reader.get("sql").map(|node| raw_sql(node, files)).unwrap_or_default(),
    }
}

fn unit(node: &Node) -> Option<ColumnUnit> {
    match &node.value {
        Value::Map(_) => Reader::of(node).text("column").map(ColumnUnit::ByColumn),
        Value::Null | Value::Scalar(_) | Value::List(_) => text(node).map(ColumnUnit::Fixed),
    }
}

fn raw_sql(node: &Node, files: &Files) -> Vec<(Option<Name>, FormulaText)> {
    match &node.value {
        Value::Map(entries) => {
            entries.iter().filter_map(|entry| Some((Some(entry.key.clone()), formula(&entry.value, files)?))).collect()
        }
        Value::Null | Value::Scalar(_) | Value::List(_) => formula(node, files).map(|sql| (None, sql)).into_iter().collect(),
    }
}
