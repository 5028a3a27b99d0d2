//! Which functions raw SQL may call: those that answer, and none that does something.
//!
//! An engine has functions that write files, switch its parser or run a text as SQL, and it lets a query call them whatever its settings are.
//! So every table function is judged here. What stands where rows come from has to be in [`READS`] or [`OTHERS_READ`]; what is in [`REFUSED`]
//! may be called nowhere. A test compares these with the functions of the engine: a new version's are not known to do nothing else.

use super::relations::table_functions;
use super::{Kind, Token, tokens};
use std::ops::Range;

/// Table functions of DuckDB that only answer, from what the engine may read, and functions of its `pragma` that are ordinary ones, too.
const READS: &[&str] = &[
    "generate_series",
    "glob",
    "histogram",
    "icu_calendar_names",
    "json_each",
    "json_tree",
    "parquet_bloom_probe",
    "parquet_file_metadata",
    "parquet_full_metadata",
    "parquet_kv_metadata",
    "parquet_metadata",
    "parquet_scan",
    "parquet_schema",
    "pg_timezone_names",
    "range",
    "read_blob",
    "read_csv",
    "read_csv_auto",
    "read_json",
    "read_json_auto",
    "read_json_objects",
    "read_json_objects_auto",
    "read_ndjson",
    "read_ndjson_auto",
    "read_ndjson_objects",
    "read_parquet",
    "read_text",
    "repeat",
    "repeat_row",
    "sniff_csv",
    "summary",
    "unnest",
    "version",
];

/// Table functions that only answer, of extensions, of PostgreSQL and of Snowflake.
const OTHERS_READ: &[&str] = &[
    "date_trunc",
    "delta_scan",
    "explode",
    "explode_outer",
    "flatten",
    "generate_subscripts",
    "generateseries",
    "generator",
    "iceberg_scan",
    "inline",
    "inline_outer",
    "json_array_elements",
    "json_array_elements_text",
    "json_each_text",
    "json_object_keys",
    "json_populate_record",
    "json_populate_recordset",
    "json_table",
    "json_to_record",
    "json_to_recordset",
    "json_tuple",
    "jsonb_array_elements",
    "jsonb_array_elements_text",
    "jsonb_each",
    "jsonb_each_text",
    "jsonb_object_keys",
    "jsonb_path_query",
    "jsonb_populate_record",
    "jsonb_populate_recordset",
    "jsonb_to_record",
    "jsonb_to_recordset",
    "lower",
    "numbers",
    "numbers_mt",
    "posexplode",
    "posexplode_outer",
    "read_avro",
    "read_xlsx",
    "regexp_matches",
    "regexp_split_to_table",
    "split_part",
    "split_to_table",
    "stack",
    "string_to_table",
    "table",
    "xmltable",
    "zeros",
    "zeros_mt",
];

/// Functions that tell of the engine and what is in it: kpic itself asks them, and SQL of a spec does not.
#[cfg(test)]
const OWN: &[&str] = &[
    "duckdb_columns",
    "duckdb_constraints",
    "duckdb_coordinate_systems",
    "duckdb_databases",
    "duckdb_dependencies",
    "duckdb_functions",
    "duckdb_indexes",
    "duckdb_keywords",
    "duckdb_schemas",
    "duckdb_sequences",
    "duckdb_tables",
    "duckdb_types",
    "duckdb_views",
    "pragma_collations",
    "pragma_show",
    "pragma_table_info",
    "pragma_version",
];

/// Functions that do something, run a text as SQL, or tell what is no data of a project.
const REFUSED: &[&str] = &[
    "add_parquet_key",
    "all_profiling_output",
    "arrow_scan",
    "arrow_scan_dumb",
    "check_peg_parser",
    "checkpoint",
    "collations",
    "copy_database",
    "current_connection_id",
    "current_query",
    "current_query_id",
    "current_setting",
    "current_transaction_id",
    "currval",
    "database_list",
    "database_size",
    "disable_checkpoint_on_shutdown",
    "disable_logging",
    "disable_object_cache",
    "disable_optimizer",
    "disable_peg_parser",
    "disable_print_progress_bar",
    "disable_profile",
    "disable_profiling",
    "disable_progress_bar",
    "disable_verification",
    "disable_verify_external",
    "disable_verify_fetch_row",
    "disable_verify_parallelism",
    "disable_verify_serializer",
    "duckdb_approx_database_count",
    "duckdb_connection_count",
    "duckdb_extensions",
    "duckdb_external_file_cache",
    "duckdb_log_contexts",
    "duckdb_logs",
    "duckdb_logs_parsed",
    "duckdb_memory",
    "duckdb_optimizers",
    "duckdb_prepared_statements",
    "duckdb_profiling_settings",
    "duckdb_secret_types",
    "duckdb_secrets",
    "duckdb_settings",
    "duckdb_table_sample",
    "duckdb_temporary_files",
    "duckdb_variables",
    "enable_checkpoint_on_shutdown",
    "enable_logging",
    "enable_object_cache",
    "enable_optimizer",
    "enable_peg_parser",
    "enable_print_progress_bar",
    "enable_profile",
    "enable_profiling",
    "enable_progress_bar",
    "enable_verification",
    "extension_versions",
    "force_checkpoint",
    "from_substrait",
    "from_substrait_json",
    "functions",
    "get_substrait",
    "get_substrait_json",
    "getenv",
    "histogram_values",
    "import_database",
    "json_execute_serialized_sql",
    "metadata_info",
    "mysql_execute",
    "mysql_query",
    "nextval",
    "pg_backend_pid",
    "pg_sleep",
    "platform",
    "postgres_execute",
    "postgres_query",
    "pragma_database_size",
    "pragma_metadata_info",
    "pragma_platform",
    "pragma_storage_info",
    "pragma_user_agent",
    "query",
    "query_table",
    "read_duckdb",
    "seq_scan",
    "setseed",
    "show",
    "show_databases",
    "show_tables",
    "show_tables_expanded",
    "sleep_ms",
    "sql_auto_complete",
    "sqlite_query",
    "stats",
    "storage_info",
    "table_info",
    "test_all_types",
    "test_vector_types",
    "truncate_duckdb_logs",
    "txid_current",
    "user_agent",
    "verify_external",
    "verify_fetch_row",
    "verify_parallelism",
    "verify_serializer",
    "which_secret",
    "write_log",
];

/// Those of [`REFUSED`] that write files, or run a text that may.
pub const WRITES: &[&str] = &[
    "enable_logging",
    "enable_peg_parser",
    "enable_profiling",
    "from_substrait",
    "from_substrait_json",
    "json_execute_serialized_sql",
    "query",
];

/// The first call in raw SQL of a function that it may not call: the bytes of its name.
pub fn call_fault(sql: &str) -> Option<Range<usize>> {
    let is_known = |name: &str| READS.contains(&name) || OTHERS_READ.contains(&name);
    let unknown = table_functions(sql).into_iter().filter_map(|function| {
        let name = function.parts.last()?.to_ascii_lowercase();
        (!is_known(&name)).then_some(function.range)
    });
    refused_call(sql).into_iter().chain(unknown).chain(reader_option(sql)).min_by_key(|range| range.start)
}

/// Options of readers with which the rows of a file depend on what is asked of it, or one question leaves something behind for the next.
const OPTIONS: &[&str] = &["ignore_errors", "rejects_limit", "rejects_scan", "rejects_table", "store_rejects"];

/// The first such option that is set.
fn reader_option(sql: &str) -> Option<Range<usize>> {
    let all: Vec<Token<'_>> = tokens(sql).filter(|token| token.kind != Kind::Comment).collect();
    let is_set = |at: usize| {
        let token = all.get(at)?;
        token.name().filter(|name| OPTIONS.contains(&name.to_ascii_lowercase().as_str()))?;
        let next = all.get(at + 1..).unwrap_or_default().iter().find(|next| !next.is_mark(")"));
        let sets = next.is_some_and(|next| matches!(next.text, "=" | "==" | ":=" | "=>" | ":"));
        sets.then(|| token.start..token.end())
    };
    (0..all.len()).find_map(is_set)
}

/// How names of what an engine says of itself begin.
const OF_ENGINE: &[&str] = &["dbstat", "duckdb_", "pragma_", "sqlite_"];

/// Schemas in which an engine says it.
const SCHEMAS: &[&str] =
    &["account_usage", "information_schema", "organization_usage", "pg_catalog", "pg_internal", "reader_account_usage"];

/// What an engine tells of itself where a query stands.
const TELLS: &[&str] = &["desc", "describe", "explain", "pragma", "show"];

/// Whether what stands before a token is an alias with its colon: `from q: orders`.
fn names_alias(all: &[Token<'_>], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|at| all.get(at));
    let leads =
        |word: &Token<'_>| ["from", "join"].iter().any(|lead| word.is_word(lead)) || word.is_mark(",") || word.is_mark("(");
    before(1).is_some_and(|colon| colon.text == ":")
        && before(2).is_some_and(|alias| alias.name().is_some())
        && before(3).is_some_and(leads)
}

/// The first name in raw SQL of what an engine or server says of itself, such as `information_schema.tables`: its bytes. What is there differs from question to
/// question, so that rows could depend on which one is asked. A text counts where rows may come from, since it may be a name there.
pub fn engine_view(sql: &str) -> Option<Range<usize>> {
    let all: Vec<Token<'_>> = tokens(sql).filter(|token| token.kind != Kind::Comment).collect();
    let is_one = |at: usize| {
        let token = all.get(at)?;
        let before = at.checked_sub(1).and_then(|before| all.get(before));
        let leads = before.is_some_and(|word| {
            let words = ["from", "join", "table", "summarize", "lateral", "pivot", "unpivot"];
            words.iter().any(|lead| word.is_word(lead)) || word.is_mark(",") || word.is_mark("(") || names_alias(&all, at)
        });
        let is_part = before.is_some_and(|point| point.is_mark("."));
        let text = || token.text.strip_prefix('\'')?.strip_suffix('\'').map(str::to_owned);
        let name = token.name().or_else(|| text().filter(|_| leads))?.to_ascii_lowercase();
        // A collation, a type or an operator of the server's own schema is no view.
        let is_of_type = before.is_some_and(|before| before.is_word("collate") || before.text == "::")
            || at.checked_sub(2).and_then(|at| all.get(at)).is_some_and(|word| word.is_word("operator"));
        let is_schema = !is_of_type
            && (SCHEMAS.contains(&name.as_str()) || name == "system" && leads)
            && all.get(at + 1).is_some_and(|point| point.is_mark("."))
            && !all.get(at + 3).is_some_and(|open| open.is_mark("("));
        let is_own = OF_ENGINE.iter().any(|begin| name.starts_with(begin)) || is_schema;
        // `pg_class` stands in a schema where every name is looked for.
        let is_catalog =
            name.starts_with("pg_") && leads && !is_part && !all.get(at + 1).is_some_and(|next| matches!(next.text, "(" | "."));
        let is_told = before.is_some_and(|open| open.is_mark("("))
            && token.kind == Kind::Word
            && TELLS.contains(&name.as_str())
            && all.get(at + 1).is_none_or(|next| {
                matches!(next.kind, Kind::Word | Kind::Quoted | Kind::Text) || next.is_mark(")") || next.is_mark("(")
            })
            && at.checked_sub(2).and_then(|at| all.get(at)).is_some_and(|word| {
                word.is_word("from")
                    || word.is_word("join")
                    || word.is_word("lateral")
                    || word.is_word("as")
                    || word.is_mark(",")
                    || word.is_mark("(")
            });
        if is_told {
            return Some(token.start..token.end());
        }
        let is_read = leads || is_part || is_schema;
        (is_own && is_read || is_catalog && before.is_some_and(|word| !word.is_mark("("))).then(|| token.start..token.end())
    };
    (0..all.len()).find_map(is_one)
}

/// The first call in SQL of a function that is refused wherever it stands.
pub fn refused_call(sql: &str) -> Option<Range<usize>> {
    let mut before: Option<Token<'_>> = None;
    for token in tokens(sql).filter(|token| token.kind != Kind::Comment) {
        if token.is_mark("(")
            && let Some(name) = before
            && name.name().is_some_and(|name| REFUSED.binary_search(&name.to_ascii_lowercase().as_str()).is_ok())
        {
            return Some(name.start..name.end());
        }
        before = Some(token);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn called(sql: &str) -> Option<&str> {
        call_fault(sql).and_then(|range| sql.get(range))
    }

    #[test]
    fn what_does_something_is_called_nowhere() {
        for (sql, found) in [
            ("from enable_profiling(format = 'json')", "enable_profiling"),
            ("select (select count(*) from Enable_Logging ())", "Enable_Logging"),
            ("select * from a, system.main.\"query\"('select 1')", "system.main.\"query\""),
            ("select x from t where y in (from query /* c */ -- d\n ('select 1'))", "query"),
            ("from x: query('select 1')", "query"),
            ("select enable_peg_parser()", "enable_peg_parser"),
            ("select write_log('x')", "write_log"),
            ("select [a for a in query_table('t')]", "query_table"),
            // What nobody has judged, where rows come from.
            ("from mine(1)", "mine"),
            ("select 1 from t join lateral s.mine(1) on true", "s.mine"),
            ("select * from t, \"Mine\"()", "\"Mine\""),
            ("select * from t, (other(1) cross join u)", "other"),
        ] {
            assert_eq!(called(sql), Some(found), "{sql}");
        }
    }

    #[test]
    fn what_only_answers_may_be_called() {
        for sql in [
            "select * from read_csv('a.csv'), range(5), unnest([1]) as u(x)",
            "select query, \"checkpoint\" from query where show = 'x'",
            "select mine(1), sum(x) from t(1)".trim_end_matches("(1)"),
            "from (values (1)) as t(x)",
            "from (select (1))",
            "select * from ((values (1)) cross join t)",
            "with query as (select 1) from query",
            "select extract(year from date(x)) from t",
            "select 'from query(1)' -- from query(1)",
            "select a from t using sample reservoir(10 rows)",
            "select * from regexp_split_to_table(x, ',')",
            "from histogram(t, a)",
        ] {
            assert_eq!(called(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_an_engine_says_of_itself_is_not_read() {
        let found = |sql: &'static str| engine_view(sql).and_then(|range| sql.get(range));
        for (sql, name) in [
            ("from duckdb_tables", "duckdb_tables"),
            ("select 1 from t join main.\"DuckDB_Views\" on true", "\"DuckDB_Views\""),
            ("select * from t, 'sqlite_master'", "'sqlite_master'"),
            ("select (select count(*) from pg_class)", "pg_class"),
            ("select * from pg_catalog.pg_stat_activity", "pg_catalog"),
            ("select * from shop.information_schema.tables", "information_schema"),
            ("from q: pg_settings", "pg_settings"),
            ("select * from t, q: 'duckdb_databases'", "'duckdb_databases'"),
            ("select * from (unpivot duckdb_databases on a)", "duckdb_databases"),
        ] {
            assert_eq!(found(sql), Some(name), "{sql}");
        }
        for sql in [
            "select pg_typeof(x), pg_catalog.lower(y), t.a as duckdb_id from t where s = 'duckdb_x'",
            "select a collate pg_catalog.\"C\", b::pg_catalog.int4, c operator(pg_catalog.||) d from t",
            "select information_schema from orders",
            "select a.pg_x from t as a",
        ] {
            assert_eq!(found(sql), None, "{sql}");
        }
    }

    #[test]
    fn the_tables_are_in_order_and_say_one_thing_of_each() {
        let all: Vec<&str> = [READS, OTHERS_READ, OWN, REFUSED].concat();
        for table in [READS, OTHERS_READ, OWN, REFUSED] {
            assert!(table.is_sorted(), "{table:?}");
        }
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(WRITES.iter().all(|name| REFUSED.contains(name)));
    }

    #[test]
    fn every_function_of_the_engine_that_may_do_something_is_judged() {
        let asked = "select distinct function_name from duckdb_functions() where function_type in ('table', 'pragma', 'table_macro') \
                     or coalesce(has_side_effects, false)";
        let output = std::process::Command::new(crate::engine::find(None).unwrap())
            .args(["-no-init", "-csv", "-noheader", "-c", asked])
            .output()
            .unwrap();
        let known = String::from_utf8(output.stdout).unwrap();
        let known: Vec<&str> = known.split_whitespace().collect();
        assert!(known.len() > 80, "{known:?}");
        // These change nothing that stays: they make a value, or end the query.
        let values = ["error", "gen_random_uuid", "random", "uuid", "uuidv4", "uuidv7"];
        let judged =
            |name: &&str| READS.contains(name) || OWN.contains(name) || REFUSED.contains(name) || values.contains(name);
        let left: Vec<&str> = known.into_iter().filter(|name| !judged(name)).collect();
        assert_eq!(left, Vec::<&str>::new(), "judge them: READS if they only answer, REFUSED if they do more");
    }
}
