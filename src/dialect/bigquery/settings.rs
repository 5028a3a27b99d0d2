//! Words of BigQuery, and what may be set around its queries.

use crate::dialect::Setting;

/// The reserved words, by its documentation: <https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical>.
pub(super) const RESERVED: &str = "all and any array as asc assert_rows_modified at between by case cast collate contains create cross cube \
current default define desc distinct else end enum escape except exclude exists extract false fetch following for from full graph_table group \
grouping groups hash having if ignore in inner intersect interval into is join lateral left like limit lookup match_recognize merge natural \
new no not null nulls of on or order outer over partition preceding proto qualify range recursive respect right rollup rows select set some \
struct tablesample then to treat true unbounded union unnest using when where window with within \
current_date current_datetime current_time current_timestamp";

/// What a reader's session may set.
pub(super) const WITHSTANDS: &[Setting] =
    &[Setting { name: "time_zone", values: &["Asia/Tokyo", "America/Los_Angeles", "Pacific/Apia"] }];
