//! What other tools call keys and words, and what is written here instead.

use crate::load::{Entry, Value};

/// What other tools call a key or word, and the words for it here.
pub(super) fn words(word: &str) -> &'static [&'static str] {
    match word.to_ascii_lowercase().as_str() {
        "name" | "label" | "display_name" | "caption" => &["title"],
        "desc" | "comment" | "comments" | "doc" | "docs" | "definition" | "note" | "notes" => &["description"],
        "expression" | "expr" | "calculation" | "measure" | "calc" | "agg" | "value" => &["formula", "expr", "latest"],
        "dimensions" | "dims" | "group_by" | "groupby" | "slices" | "slice" | "breakdown" => &["by"],
        "team" | "owners" | "responsible" | "steward" => &["owner"],
        "granularity" | "time_grain" | "frequency" | "period" | "interval" => &["grain", "cadence"],
        "direction" | "polarity" | "goal" => &["better"],
        "format" | "currency" => &["unit"],
        "synonyms" | "former_names" | "alias" => &["aliases"],
        "data_type" | "dtype" | "datatype" => &["type"],
        "primary_key" | "pk" | "id" | "unique_key" => &["key"],
        "timestamp" | "time_column" | "date" | "date_column" | "event_time" | "agg_time_dimension" => &["time"],
        "relation" | "model" | "view" | "ref" => &["table"],
        "path" | "file" => &["files"],
        "sql" | "select" => &["query", "sql"],
        "fields" | "attributes" => &["columns"],
        "foreign_key" | "fk" | "reference" | "references_to" | "join" => &["references"],
        "source_column" | "field" => &["column"],
        "not_null" | "null" => &["nullable"],
        "accepted_values" | "enum" | "options" => &["values"],
        "metrics" | "kpi" | "members" => &["kpis"],
        "tz" | "time_zone" => &["timezone", "zone"],
        "int" | "bigint" | "smallint" | "long" | "int64" => &["integer"],
        "float" | "double" | "real" | "float64" => &["number"],
        "numeric" | "money" => &["decimal"],
        "string" | "varchar" | "char" | "uuid" | "str" => &["text"],
        "bool" => &["boolean"],
        "datetime" | "timestamp_ntz" => &["timestamp"],
        "timestamptz" | "timestamp_tz" | "timestamp_ltz" => &["instant"],
        "higher" | "increase" | "increases" | "high" | "more" | "larger" | "rises" | "positive" | "+" => &["up"],
        "lower" | "decrease" | "decreases" | "low" | "less" | "smaller" | "falls" | "negative" | "-" => &["down"],
        "hide" => &["omit"],
        "total" | "sum" | "cumulative" | "ytd" => &["to_date"],
        "average" | "avg" => &["mean"],
        "last" | "current" => &["latest"],
        "dimension" | "snapshot" | "entity" => &["entities"],
        "fact" | "log" | "incident" | "event" | "transaction" | "transactions" => &["events"],
        "no" | "off" | "n" => &["false", "allow"],
        "yes" | "on" | "y" => &["true"],
        "error" => &["deny"],
        "ignore" | "none" | "skip" => &["allow"],
        _ => &[],
    }
}

/// Where a key of another tool belongs here, if one word does not say it. `what` is the kind of map that it is in.
pub(super) fn advice(what: &str, entry: &Entry) -> Option<&'static str> {
    let key = entry.key.value.to_ascii_lowercase();
    let days = matches!(key.as_str(), "date_format" | "dateformat" | "time_format" | "timestamp_format")
        || key == "format" && matches!(&entry.value.value, Value::Scalar(scalar) if scalar.text.contains('%'));
    if what == "a column" && days {
        return Some(FORMAT_OF_DAYS);
    }
    let table = match what {
        "a KPI" => KPI,
        "a source" => SOURCE,
        "a column" => COLUMN,
        "`files:`" => FILES,
        "kpic.yml" => PROJECT,
        "a spec file" => {
            return FILE.iter().find(|(keys, _)| keys.contains(&key.as_str())).map(|row| row.1).or_else(|| section(entry));
        }
        _ => return None,
    };
    table.iter().find(|(keys, _)| keys.contains(&key.as_str())).map(|row| row.1)
}

/// The section that a definition belongs to which stands beside the sections.
fn section(entry: &Entry) -> Option<&'static str> {
    let Value::Map(entries) = &entry.value.value else { return None };
    let has = |key: &str| entries.iter().any(|entry| entry.key.value == key);
    if has("formula") {
        Some("a KPI goes under `kpis:`, indented")
    } else if has("columns") {
        Some("a source goes under `sources:`, indented")
    } else {
        None
    }
}

/// How files write days goes by file.
const FORMAT_OF_DAYS: &str = "how a file writes days goes next to its path, once for all columns: \
`files: { paths: data/orders.csv, date: \"%d.%m.%Y\" }`; for times it is `timestamp:`";

/// Keys, with where what they say belongs.
type Table = &'static [(&'static [&'static str], &'static str)];

const FILE: Table = &[
    (&["version"], "the version of the language goes in kpic.yml: `kpic: 1`"),
    (
        &["semantic_models", "models", "cubes", "views", "explores", "datasets", "tables", "semantic_model", "model"],
        "tables go under `sources:`, each with its `kind`, `time` and `columns`",
    ),
    (&["metrics", "measures", "saved_queries"], "did you mean `kpis`? each has a name and a `formula`"),
    (&["calendar", "timezone", "warehouse", "lints", "project", "kpic", "config"], "it belongs in kpic.yml"),
];

const KPI: Table = &[
    (&["type", "type_params", "metric_type"], "this follows from the formula: `sum(orders.amount)`, `signups / visitors`"),
    (
        &["measures", "measure", "agg", "aggregation", "expr", "expression", "sql", "calculation", "input_measures"],
        "did you mean `formula`? for instance `formula: sum(orders.amount)`",
    ),
    (&["numerator", "denominator"], "write a ratio as a quotient of two KPIs: `formula: signups / visitors`"),
    (
        &["filter", "filters", "where", "condition"],
        "a condition goes inside the aggregate: `formula: sum(orders.amount where status = 'paid')`",
    ),
    (
        &["source", "model", "table", "from", "semantic_model", "dataset", "entity"],
        "the formula names its source: `formula: sum(orders.amount)`",
    ),
    (
        &["timestamp", "time", "agg_time_dimension", "date_column", "time_dimension", "time_column"],
        "rows count at the `time` of their source; a formula can use another: `count(orders at shipped_at)`",
    ),
    (
        &["window", "grain_to_date", "cumulative", "cumulative_type_params"],
        "a window goes inside the aggregate: `formula: sum(orders.amount over trailing 28 days)`",
    ),
    (&["offset", "offset_window"], "use the function `prior` for an earlier period: `formula: prior(revenue, 1 year)`"),
    (&["name"], "its name is the key above it; did you mean `title`, which people see?"),
];

const SOURCE: Table = &[
    (&["measures", "metrics"], "figures are KPIs and go under `kpis:`: `revenue: { formula: sum(orders.amount) }`"),
    (&["dimensions", "dims"], "did you mean `columns`? each of them is automatically a dimension"),
    (&["schema", "database", "catalog", "project"], "it is part of the table's name: `table: raw.orders`"),
    (
        &["joins", "relationships", "foreign_keys"],
        "declare it on the column with the other source's key: `customer: { column: customer_id, references: customers }`",
    ),
    (&["entities"], "the entity of a row is its `key`; other entities are columns with `references`"),
    (&["grain"], "`row` says what one row is, and `key` what identifies it"),
    (
        &["format", "delimiter", "decimal", "thousands", "date", "header", "null", "by_name"],
        "it goes with the files: `files: { paths: data/orders.csv, delimiter: \";\" }`",
    ),
    (&["type"], "did you mean `kind`?"),
    (&["name"], "its name is the key above it"),
    (&["meta", "tags", "owner", "label", "title", "config"], "put it in `description`"),
];

const FILES: Table = &[
    (&["path", "file", "files", "glob", "location"], "did you mean `paths`?"),
    (&["type", "kind"], "did you mean `format`?"),
    (&["sep", "separator", "delim", "field_delimiter"], "did you mean `delimiter`?"),
    (&["decimal_separator", "decimal_point", "decimal_mark", "dec"], "did you mean `decimal`?"),
    (&["thousands_separator", "grouping", "group_separator"], "did you mean `thousands`?"),
    (&["dateformat", "date_format", "dates"], "did you mean `date`? for instance `date: \"%d/%m/%Y\"`"),
    (&["timestampformat", "timestamp_format", "datetime", "datetime_format"], "did you mean `timestamp`?"),
    (
        &["nullstr", "null_values", "na_values", "na", "nulls", "null_string"],
        "did you mean `null`? for instance `null: [\"\", NA]`",
    ),
    (&["has_header", "skip_header", "names"], "did you mean `header`? use `false` if there is no header line"),
    (&["union_by_name", "mergeschema", "merge_schema"], "did you mean `by_name`?"),
    (&["types", "dtypes", "schema", "columns"], "the types go in the `columns` of the source"),
    (&["encoding", "charset"], "files are read as UTF-8: save the file as UTF-8"),
    (&["quote", "escape"], "the quote character is always `\"`, doubled inside a value"),
    (&["compression"], "`.gz` and `.zst` files are unpacked automatically"),
];

const COLUMN: Table = &[
    (&["primary_key", "pk", "unique"], "the key goes next to the columns, as in `key: order_id`"),
    (
        &["tests", "data_tests", "constraints"],
        "write rules as `nullable: false`, `values`, `min` and `max`; `kpic verify` checks them",
    ),
    (&["not_null"], "write `nullable: false`"),
    (&["name"], "its name is the key above it; `column` is its name in the data"),
    (&["label", "title"], "put it in `description`"),
    (&["agg", "measure", "aggregation"], "figures are KPIs and go under `kpis:`"),
    (&["currency", "format"], "did you mean `unit`? for instance `unit: EUR`"),
];

const PROJECT: Table = &[
    (&["name"], "did you mean `project`?"),
    (&["version"], "the version of the language is `kpic: 1`"),
    (
        &["start", "timezone", "time_zone", "as_of", "week_starts", "week_start", "fiscal_year_starts", "data_from", "settle"],
        "it belongs under `calendar`",
    ),
    (
        &["dialect", "schema", "database", "type", "profile", "connection", "adapter"],
        "it belongs under `warehouse`: `warehouse: { dialect: duckdb, schema: kpi }`",
    ),
    (&["model_paths", "models", "path", "paths"], "did you mean `specs`, the folder with the spec files?"),
    (&["target", "output", "build"], "did you mean `target_dir`?"),
];
