//! Words of `SQLite`, and what may be set around its queries.

use crate::dialect::Setting;

/// The words of the language. Many of them may be names without quotes, in some places.
pub(super) const RESERVED: &str = "abort action add after all alter always analyze and as asc attach autoincrement before begin between by \
cascade case cast check collate column commit conflict constraint create cross current current_date current_time current_timestamp \
database default deferrable deferred delete desc detach distinct do drop each else end escape except exclude exclusive exists explain \
fail false filter first following for foreign from full generated glob group groups having if ignore immediate in index indexed initially \
inner insert instead intersect into is isnull join key last left like limit match materialized natural no not nothing notnull null nulls \
of offset on or order others outer over partition plan pragma preceding primary query raise range recursive references regexp reindex \
release rename replace restrict returning right rollback row rowid rows savepoint select set table temp temporary then ties to \
transaction trigger true unbounded union unique update using vacuum values view virtual when where window with without within";

/// What a reader's session may set.
pub(super) const WITHSTANDS: &[Setting] = &[
    Setting { name: "case_sensitive_like", values: &["1"] },
    Setting { name: "reverse_unordered_selects", values: &["1"] },
    Setting { name: "short_column_names", values: &["0"] },
    Setting { name: "full_column_names", values: &["1"] },
    Setting { name: "trusted_schema", values: &["0"] },
    Setting { name: "temp_store", values: &["2"] },
    Setting { name: "threads", values: &["4"] },
];
