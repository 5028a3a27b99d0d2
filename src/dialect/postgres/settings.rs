//! PostgreSQL's own words, and what a session of it may set without any view showing other rows.

use crate::dialect::Setting;

/// What a reader's session may set.
pub(super) const WITHSTANDS: &[Setting] = &[
    Setting { name: "TimeZone", values: &["Asia/Tokyo", "America/Los_Angeles", "Pacific/Apia"] },
    Setting { name: "DateStyle", values: &["German", "SQL, DMY"] },
    Setting { name: "IntervalStyle", values: &["iso_8601", "sql_standard"] },
    Setting { name: "search_path", values: &["elsewhere"] },
    Setting { name: "standard_conforming_strings", values: &["off"] },
    Setting { name: "extra_float_digits", values: &["-5"] },
    Setting { name: "transform_null_equals", values: &["on"] },
    Setting { name: "max_parallel_workers_per_gather", values: &["0"] },
];

/// Words that cannot be a name without quotes in every place, by `pg_get_keywords()`: the reserved ones, and those that may only be
/// names of functions or types or need `as` before them.
pub(super) const RESERVED: &str = "all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast \
char character check coalesce collate collation column concurrently constraint create cross current_catalog current_date \
current_role current_schema current_time current_timestamp current_user day dec decimal default deferrable desc distinct do else end \
except exists extract false fetch filter float for foreign freeze from full grant greatest group grouping having hour ilike in \
initially inner inout int integer intersect interval into is isnull join json_array json_arrayagg json_object json_objectagg json_scalar \
json_serialize lateral leading least left like limit localtime localtimestamp merge_action minute month national natural nchar none \
normalize not notnull null nullif numeric offset on only or order out outer over overlaps overlay placing position precision primary \
real references returning right row second select session_user setof similar smallint some substring symmetric system_user table \
tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic varying verbose when \
where window with within without xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot \
xmlserialize xmltable year";
