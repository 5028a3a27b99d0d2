//! Words of MariaDB, and what may be set around its queries.

use crate::dialect::Setting;

/// The words that cannot be a name without quotes in every place.
pub(super) const RESERVED: &str = "accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade case \
change char character check collate column condition constraint continue convert create cross cube current_date \
current_role current_time current_timestamp current_user cursor databases day_hour day_microsecond day_minute \
day_second dec decimal declare default delayed delete delete_domain_id desc describe deterministic distinct distinctrow \
div do_domain_ids double drop dual each else elseif enclosed escaped except exists exit explain false fetch float \
float4 float8 for force foreign from fulltext grant group having high_priority hour_microsecond hour_minute hour_second \
if ignore ignore_domain_ids in index infile inner inout insensitive insert int int1 int2 int3 int4 int8 integer \
intersect interval into is iterate join key keys kill leading leave left like limit linear lines load localtime \
localtimestamp lock long longblob longtext loop low_priority master_demote_to_replica master_demote_to_slave \
master_ssl_verify_server_cert match maxvalue mediumblob mediumint mediumtext middleint minute_microsecond minute_second \
mod modifies natural no_write_to_binlog not null numeric offset on optimize optionally or order out outer outfile over \
page_checksum parse_vcol_expr partition portion precision primary procedure purge range read read_write reads real \
recursive ref_system_id references regexp release rename repeat replace require resignal restrict return returning \
revoke right rlike rollup row_number rows schemas second_microsecond select sensitive separator set show signal \
smallint spatial specific sql sql_big_result sql_buffer_result sql_cache sql_calc_found_rows sql_no_cache \
sql_small_result sqlexception sqlstate sqlwarning ssl starting stats_auto_recalc stats_persistent stats_sample_pages \
straight_join system table terminated then tinyblob tinyint tinytext to trailing trigger true undo union unique unlock \
unsigned update usage use using utc_date utc_time utc_timestamp values varbinary varchar varcharacter varying when \
where while window with write xor year_month zerofill";

/// What a reader's session may set.
pub(super) const WITHSTANDS: &[Setting] = &[
    Setting {
        name: "sql_mode",
        values: &[
            "ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,HIGH_NOT_PRECEDENCE,ONLY_FULL_GROUP_BY,ALLOW_INVALID_DATES,IGNORE_SPACE,NO_UNSIGNED_SUBTRACTION,TIME_ROUND_FRACTIONAL",
        ],
    },
    Setting { name: "collation_connection", values: &["utf8mb4_bin"] },
    Setting { name: "div_precision_increment", values: &["0"] },
    Setting { name: "default_week_format", values: &["6"] },
    Setting { name: "lc_time_names", values: &["de_DE"] },
    Setting { name: "max_recursive_iterations", values: &["1"] },
    Setting { name: "group_concat_max_len", values: &["4"] },
    Setting { name: "sql_auto_is_null", values: &["1"] },
    Setting { name: "join_cache_level", values: &["1"] },
];
