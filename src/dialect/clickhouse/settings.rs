//! What queries set for `ClickHouse`, and what may be set otherwise around them.

use crate::dialect::Setting;

/// What every query says of itself, since a session or a server may say otherwise: what is left out is null and not 0, a column is
/// found before a new one of its name, numbers are columns of the select, values have one type, counts are exact and nothing overflows.
pub(super) const SETTINGS: &str = "settings join_use_nulls = 1, aggregate_functions_null_for_empty = 1, prefer_column_name_to_alias = 1, \
enable_positional_arguments = 1, use_variant_as_common_type = 0, count_distinct_implementation = 'uniqExact', \
decimal_check_overflow = 1, transform_null_in = 0, precise_float_parsing = 1, join_default_strictness = 'ALL', \
short_circuit_function_evaluation = 'enable', optimize_arithmetic_operations_in_aggregate_functions = 0";

/// What stands before all views: some are longer than a statement may be unless that is said, and older versions have fewer days.
pub(super) const BEFORE_VIEWS: &str = "set max_query_size = 100000000;
set max_ast_elements = 100000000;
set max_expanded_ast_elements = 100000000;
set query_plan_max_optimizations_to_apply = 100000000;
select throwIf((toUInt32(splitByChar('.', version())[1]), toUInt32(splitByChar('.', version())[2])) < (26, 9), \
'these views need ClickHouse 26.9 or later')";

/// What a reader's session may set.
pub(super) const WITHSTANDS: &[Setting] = &[
    Setting { name: "session_timezone", values: &["Asia/Tokyo", "America/Los_Angeles", "Pacific/Apia"] },
    Setting { name: "join_use_nulls", values: &["0"] },
    Setting { name: "aggregate_functions_null_for_empty", values: &["0"] },
    Setting { name: "prefer_column_name_to_alias", values: &["0"] },
    Setting { name: "enable_positional_arguments", values: &["0"] },
    Setting { name: "count_distinct_implementation", values: &["uniq"] },
    Setting { name: "decimal_check_overflow", values: &["0"] },
    Setting { name: "transform_null_in", values: &["1"] },
    Setting { name: "precise_float_parsing", values: &["0"] },
    Setting { name: "join_default_strictness", values: &["ANY"] },
    Setting { name: "short_circuit_function_evaluation", values: &["disable"] },
    Setting { name: "optimize_arithmetic_operations_in_aggregate_functions", values: &["1"] },
    Setting { name: "cast_keep_nullable", values: &["1"] },
    Setting { name: "output_format_decimal_trailing_zeros", values: &["1"] },
    Setting { name: "max_threads", values: &["1"] },
];
