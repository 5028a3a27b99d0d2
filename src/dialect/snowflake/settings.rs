//! The words of Snowflake that are no names, and what may be set around its queries.

use crate::dialect::Setting;

/// Words that cannot be a name without quotes in every place, by its documentation
/// (<https://docs.snowflake.com/en/sql-reference/reserved-keywords>), and those that readers take for a word of the language.
pub(super) const RESERVED: &str = "account all alter and any array as asc asof at before begin between by case changes cast check column connect connection constraint create \
cross cube current current_database current_date current_role current_schema current_time current_timestamp current_user \
database declare default delete desc distinct drop else end except exists false fetch following for from full grant group grouping gscluster \
having if ilike in increment inner insert intersect interval into is issue join lateral left like limit localtime localtimestamp \
match_recognize minus natural not null nulls object of offset on or order organization outer over partition pivot preceding qualify \
range recursive regexp revoke right rlike rollup row rows sample schema select set some start table tablesample then to top trigger true \
try_cast unbounded union unique unpivot update user using values variant view when whenever where window with within";

/// What a reader's session may set.
pub(super) const WITHSTANDS: &[Setting] = &[
    // Instants are compared as such, and civil times are made in zones that are named.
    Setting { name: "TIMEZONE", values: &["Asia/Tokyo", "America/Los_Angeles", "Pacific/Apia"] },
    // Types of times are named in full.
    Setting { name: "TIMESTAMP_TYPE_MAPPING", values: &["TIMESTAMP_LTZ", "TIMESTAMP_TZ"] },
    // Texts become times, and times texts, by a format that stands there.
    Setting { name: "DATE_INPUT_FORMAT", values: &["DD/MM/YYYY"] },
    Setting { name: "DATE_OUTPUT_FORMAT", values: &["DD.MM.YYYY"] },
    Setting { name: "TIMESTAMP_INPUT_FORMAT", values: &["DD/MM/YYYY HH24:MI:SS"] },
    Setting { name: "TIMESTAMP_OUTPUT_FORMAT", values: &["DD.MM.YYYY HH24:MI"] },
    Setting { name: "TIMESTAMP_NTZ_OUTPUT_FORMAT", values: &["DD.MM.YYYY HH24:MI"] },
    Setting { name: "TIMESTAMP_TZ_OUTPUT_FORMAT", values: &["DD.MM.YYYY HH24:MI"] },
    Setting { name: "TWO_DIGIT_CENTURY_START", values: &["2000"] },
    // Days are moved on the calendar, and times in seconds.
    Setting { name: "TIMESTAMP_DAY_IS_ALWAYS_24H", values: &["true"] },
    // Weeks begin by their ISO days.
    Setting { name: "WEEK_START", values: &["7", "3"] },
    Setting { name: "WEEK_OF_YEAR_POLICY", values: &["1"] },
    // Every order says where nulls are.
    Setting { name: "DEFAULT_NULL_ORDERING", values: &["FIRST"] },
];
