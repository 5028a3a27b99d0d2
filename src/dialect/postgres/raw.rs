//! Raw SQL for PostgreSQL: what its program would cut in another way, and functions that do more than answer.
//!
//! A question is asked in a transaction that can only read, with the rights of whoever asks. These functions do something all the same: they set what holds
//! for other figures, run a text as SQL, read files, or act on other sessions.

use crate::rawsql::{Kind, Token, tokens};

/// Functions that do something, beside those of [`FAMILIES`].
const CALLS: &[&str] = &[
    "currval",
    "cursor_to_xml",
    "cursor_to_xmlschema",
    "database_to_xml",
    "database_to_xml_and_xmlschema",
    "database_to_xmlschema",
    "lastval",
    "loread",
    "lowrite",
    "nextval",
    "query_to_xml",
    "query_to_xml_and_xmlschema",
    "query_to_xmlschema",
    "schema_to_xml",
    "schema_to_xml_and_xmlschema",
    "schema_to_xmlschema",
    "set_config",
    "setseed",
    "setval",
    "table_to_xml",
    "table_to_xml_and_xmlschema",
    "table_to_xmlschema",
    "ts_rewrite",
    "ts_stat",
];

/// How names of families begin whose functions do something.
const FAMILIES: &[&str] = &["dblink", "lo_", "pg_"];

/// Functions of these families that only answer.
const HARMLESS: &[&str] = &["pg_column_size", "pg_size_bytes", "pg_size_pretty", "pg_typeof"];

/// The first name in which a backslash stands: its program may take it for the beginning of a command.
pub(super) fn reads_otherwise(sql: &str) -> Option<&str> {
    let is_other = |token: &Token<'_>| token.kind == Kind::Quoted && token.text.contains('\\');
    tokens(sql).find(is_other).map(|token| token.text)
}

/// The first call of a function that does more than answer.
pub(super) fn reads_beyond(sql: &str) -> Option<&str> {
    let mut before: Option<Token<'_>> = None;
    for token in tokens(sql).filter(|token| token.kind != Kind::Comment) {
        if token.is_mark("(")
            && let Some(name) = before
            && name.name().is_some_and(|name| does_more(&name.to_ascii_lowercase()))
        {
            return Some(name.text);
        }
        before = Some(token);
    }
    None
}

fn does_more(name: &str) -> bool {
    CALLS.contains(&name) || (FAMILIES.iter().any(|family| name.starts_with(family)) && !HARMLESS.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_more_than_answer_is_found() {
        for (sql, found) in [
            ("select set_config('x', 'y', false)", Some("set_config")),
            ("select pg_catalog.\"set_config\" /* c */ ('x', 'y', false)", Some("\"set_config\"")),
            ("select Pg_Read_File('/etc/passwd')", Some("Pg_Read_File")),
            ("select * from dblink_exec('x')", Some("dblink_exec")),
            ("select pg_typeof(a), set_config, 'pg_sleep(1)' from t", None),
            ("select a from pg_orders where lo_price > (1)", None),
        ] {
            assert_eq!(reads_beyond(sql), found, "{sql}");
        }
        assert_eq!(reads_otherwise("select 'a\\b' as \"b\", \"\\! c\""), Some("\"\\! c\""));
    }
}
