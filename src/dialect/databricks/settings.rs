//! Words of Databricks and Spark, and what may be set around their queries.

use crate::dialect::Setting;

/// Words that cannot be a name without quotes in every place or every session, by Spark's documentation
/// (<https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html>), and those that readers take for a word of the language.
pub(super) const RESERVED: &str = "all and anti any array as asc at authorization between both by case cast check cluster collate column constraint \
create cross cube current current_date current_time current_timestamp current_user date default delete desc describe distinct distribute drop else \
end escape except execute exists explain false fetch filter following for foreign from full grant group grouping having if in inner insert intersect \
interval into is join lateral leading left like limit map merge minus natural not null nulls of offset on only or order outer over overlaps \
partition percentile_cont percentile_disc pivot preceding primary qualify range recursive reduce references right rollup row rows select semi \
session_user set show some sort sql struct table tablesample then time timestamp to trailing transform true truncate unbounded union unique unknown \
unpivot update user using values when where window with within";

/// What stands before all views: in ANSI mode a number and a text are a number together, and else a text.
pub(super) const BEFORE_VIEWS: &str = "select assert_true(typeof(coalesce(1, '1')) = 'bigint', 'these views need ANSI mode')";

/// What a reader's session may set.
pub(super) const WITHSTANDS: &[Setting] = &[
    Setting { name: "spark.sql.session.timeZone", values: &["Asia/Tokyo", "America/Los_Angeles", "Pacific/Apia"] },
    // Types of times are named in full.
    Setting { name: "spark.sql.timestampType", values: &["TIMESTAMP_NTZ"] },
    Setting { name: "spark.sql.legacy.timeParserPolicy", values: &["LEGACY"] },
    // Texts have no escapes.
    Setting { name: "spark.sql.parser.escapedStringLiterals", values: &["true"] },
    Setting { name: "spark.sql.legacy.consecutiveStringLiterals.enabled", values: &["true"] },
    Setting { name: "spark.sql.ansi.doubleQuotedIdentifiers", values: &["true"] },
    Setting { name: "spark.sql.caseSensitive", values: &["true"] },
    Setting { name: "spark.sql.legacy.exponentLiteralAsDecimal.enabled", values: &["true"] },
    Setting { name: "spark.sql.decimalOperations.allowPrecisionLoss", values: &["false"] },
    Setting { name: "spark.sql.optimizer.maxIterations", values: &["50"] },
    Setting { name: "spark.sql.adaptive.enabled", values: &["false"] },
    Setting { name: "spark.sql.shuffle.partitions", values: &["3"] },
];
