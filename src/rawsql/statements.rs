//! What the statements of a template may be: those that make, fill and describe relations, and none that an engine's program or server has beside them.

use super::{Kind, Token, tokens};

/// With what a statement may begin.
const BEGINS: &[&str] = &[
    "alter", "analyze", "begin", "comment", "commit", "create", "delete", "drop", "grant", "insert", "merge", "optimize",
    "refresh", "revoke", "select", "set", "start", "truncate", "update", "use", "vacuum", "values", "with",
];

/// What stands between `create` and what is created.
const BETWEEN: &[&str] = &[
    "dynamic",
    "force",
    "global",
    "live",
    "local",
    "materialized",
    "or",
    "recursive",
    "replace",
    "secure",
    "streaming",
    "temp",
    "temporary",
    "transient",
    "unlogged",
];

/// What may be created, changed or dropped.
const THINGS: &[&str] = &["index", "schema", "table", "view"];

/// The first statement of a template that is none of these, by the words with which it begins.
pub fn odd_statement(sql: &str) -> Option<String> {
    let all: Vec<Token<'_>> = tokens(sql).filter(|token| token.kind != Kind::Comment).collect();
    all.split(|token| token.is_mark(";")).filter(|one| !one.is_empty()).find_map(|one| {
        let word = |at: usize| one.get(at).map(|token: &Token<'_>| token.text.to_ascii_lowercase()).unwrap_or_default();
        let first = word(0);
        let is_known = match first.as_str() {
            "create" => {
                let at = (1..one.len()).find(|at| !BETWEEN.contains(&word(*at).as_str())).unwrap_or(one.len());
                THINGS.contains(&word(at).as_str())
            }
            "alter" | "drop" => THINGS.contains(&word(1).as_str()) || word(1) == "materialized" && word(2) == "view",
            first => BEGINS.contains(&first),
        };
        let reads_file = one.iter().find(|token| token.is_word("infile") || token.is_word("outfile"));
        match (is_known, reads_file) {
            (true, None) => None,
            (true, Some(token)) => Some(token.text.to_owned()),
            (false, _) => Some(one.iter().take(3).map(|token| token.text).collect::<Vec<_>>().join(" ")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::odd_statement;

    #[test]
    fn only_what_makes_relations_passes() {
        for sql in [
            "create or replace view kpi.a as\nselect 1;\ncomment on view kpi.a is 'drop it; !x';\ngrant select on kpi.a to b;",
            "drop view if exists a;\ncreate materialized view a as select 1; create index i on a (x)",
            "/* !x */ create or replace temporary table a as select 1; insert into a select 2;; -- done",
            "drop materialized view a; alter table a rename to b; set search_path = kpi",
        ] {
            assert_eq!(odd_statement(sql), None, "{sql}");
        }
        for (sql, odd) in [
            ("select 1; !touch x", "! touch x"),
            ("select 1; source x.sql", "source x ."),
            ("dfs -ls", "dfs - ls"),
            ("create operator public.@@ (function = lo_import)", "create operator public"),
            ("create temporary function f as 'c'", "create temporary function"),
            ("create external table a (b int)", "create external table"),
            ("add jar x", "add jar x"),
            ("do 'x'", "do 'x'"),
            ("execute immediate 'select 1'", "execute immediate 'select 1'"),
            ("copy a to program 'x'", "copy a to"),
            ("drop function f", "drop function f"),
            ("insert into a from infile 'x' format csv", "infile"),
        ] {
            assert_eq!(odd_statement(sql).as_deref(), Some(odd), "{sql}");
        }
    }
}
