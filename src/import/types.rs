//! What warehouses call their types, as specs do.

use super::node::Ty;
use crate::dialect::Dialect;

/// The type of a column by what a warehouse calls it; nothing if specs have none for it.
pub(super) fn declared(name: &str, dialect: &dyn Dialect) -> Option<Ty> {
    let mut name = name.trim().to_lowercase();
    let inner =
        |name: &str, wrapper: &str| name.strip_prefix(wrapper).and_then(|rest| rest.strip_suffix(')')).map(str::to_owned);
    while let Some(inside) = inner(&name, "nullable(").or_else(|| inner(&name, "lowcardinality(")) {
        name = inside;
    }
    let arguments = name.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inner, _)| inner.to_owned());
    if let (Some(open), Some(close)) = (name.find('('), name.rfind(')'))
        && open < close
    {
        name.replace_range(open..=close, "");
    }
    let digits_after_point = |otherwise: bool| match arguments.as_deref().map(|inner| inner.split(',').nth(1).map(str::trim)) {
        Some(Some(digits)) => digits != "0",
        Some(None) => false,
        None => otherwise,
    };
    Some(match name.trim() {
        "boolean" | "bool" => Ty::Boolean,
        "tinyint" | "smallint" | "integer" | "int" | "bigint" | "hugeint" | "utinyint" | "usmallint" | "uinteger"
        | "ubigint" | "int2" | "int4" | "int8" | "int16" | "int32" | "int64" | "uint8" | "uint16" | "uint32" | "uint64"
        | "long" | "short" | "byteint" => Ty::Integer,
        // Of a number without digits after the point all values are whole.
        "number" if !digits_after_point(false) => Ty::Integer,
        "decimal" | "numeric" | "number" | "bignumeric" | "decimal32" | "decimal64" | "decimal128" => Ty::Decimal,
        "float" | "double" | "real" | "double precision" | "float4" | "float8" | "float32" | "float64" => Ty::Number,
        "varchar" | "text" | "string" | "character varying" | "character" | "char" | "bpchar" | "enum" | "uuid"
        | "fixedstring" | "name" => Ty::Text,
        "date" | "date32" => Ty::Date,
        "timestamp" if dialect.timestamps_are_instants() => Ty::Instant,
        "timestamp"
        | "timestamp without time zone"
        | "timestamp_ntz"
        | "datetime"
        | "datetime64"
        | "timestamp_s"
        | "timestamp_ms"
        | "timestamp_ns" => Ty::Timestamp,
        "timestamp with time zone" | "timestamptz" | "timestamp_tz" | "timestamp_ltz" => Ty::Instant,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_all_warehouses_are_known() {
        let of = |name: &str, dialect: &str| crate::dialect::find(Some(dialect)).and_then(|dialect| declared(name, dialect));
        for (dialect, name, ty) in [
            ("duckdb", "DECIMAL(12,2)", Some(Ty::Decimal)),
            ("duckdb", "TIMESTAMP WITH TIME ZONE", Some(Ty::Instant)),
            ("duckdb", "INTEGER[]", None),
            ("snowflake", "NUMBER(38,0)", Some(Ty::Integer)),
            ("snowflake", "NUMBER(12,2)", Some(Ty::Decimal)),
            ("snowflake", "TIMESTAMP_NTZ", Some(Ty::Timestamp)),
            ("bigquery", "TIMESTAMP", Some(Ty::Instant)),
            ("bigquery", "DATETIME", Some(Ty::Timestamp)),
            ("bigquery", "STRUCT<a INT64>", None),
            ("clickhouse", "LowCardinality(Nullable(String))", Some(Ty::Text)),
            ("postgres", "timestamp(6) without time zone", Some(Ty::Timestamp)),
        ] {
            assert_eq!(of(name, dialect), ty, "{dialect} {name}");
        }
    }
}
