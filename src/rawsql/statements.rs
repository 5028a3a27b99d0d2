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
    "unique",
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
        let does_more = (0..one.len()).find(|at| does_more(one, *at, &first)).and_then(|at| one.get(at));
        match (is_known, does_more) {
            (true, None) => None,
            (true, Some(token)) => Some(token.text.to_owned()),
            (false, _) => Some(one.iter().take(3).map(|token| token.text).collect::<Vec<_>>().join(" ")),
        }
    })
}

/// Words that lead to files, classes, settings or programs, wherever they stand in a statement.
const MORE: &[&str] = &[
    "call",
    "directory",
    "execute",
    "infile",
    "inpath",
    "jar",
    "location",
    "outfile",
    "procedure",
    "serde",
    "storage_integration",
];

/// Formats of tables that are a warehouse's own, behind `using`.
const OWN_TABLES: &[&str] = &["delta", "iceberg", "parquet"];

/// Whether a token makes a statement one that reads or writes beside tables, or that a program would cut elsewhere.
fn does_more(one: &[Token<'_>], at: usize, first: &str) -> bool {
    let Some(token) = one.get(at) else { return false };
    let next = one.get(at + 1);
    let is_called = || next.is_some_and(|next| next.is_mark("("));
    // What follows an `insert` in lines of its own is no SQL.
    let is_inline = first == "insert" && (token.is_word("format") && !is_called() || token.is_word("values"));
    let is_copied = first == "vacuum" && token.is_word("into");
    let is_chained = token.text.contains("->>");
    let is_driver = token.is_word("using")
        && next.is_some_and(|next| next.name().is_some() && !OWN_TABLES.iter().any(|own| next.is_word(own)))
        && matches!(first, "create" | "alter")
        && !one.iter().take(6).any(|word| word.is_word("index"));
    let is_setting = first == "set" && token.is_mark(".");
    // Who may do something, and as whom, is more than who may read a relation.
    let is_role = match first {
        "grant" | "revoke" => at == 1 && (token.is_word("role") || token.is_word("ownership")),
        "use" | "set" => token.is_word("role") || token.is_word("authorization"),
        "alter" => token.is_word("owner"),
        // What stands behind it but a transaction is a block of another language.
        "begin" => at > 0 && !["transaction", "work", "tran"].iter().any(|word| token.is_word(word)),
        _ => token.is_word("definer"),
    };
    is_role || MORE.iter().any(|word| token.is_word(word)) || is_inline || is_copied || is_chained || is_driver || is_setting
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
            "create table a using delta as select b from c join d using (e); insert into a select format(x) from f; vacuum",
            "begin; grant select on view a to role b; create unique index i on a using btree (b); commit; begin transaction; commit",
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
            ("insert into a format TSV 'x", "format"),
            ("insert into a values (1)", "values"),
            ("insert overwrite local directory '/x' select 1", "directory"),
            ("create table a (b string) location '/x'", "location"),
            ("create table a using jdbc as select 1", "using"),
            ("create table a row format serde 'x.Y'", "serde"),
            ("alter table a set location '/x'", "location"),
            ("vacuum into '/x'", "into"),
            ("set spark.sql.x = 1", "."),
            ("with p as procedure () select 1", "procedure"),
            ("select 1 ->> select 2", "->>"),
            ("grant role a to user b", "role"),
            ("use role a", "role"),
            ("set session authorization a", "authorization"),
            ("alter view a owner to b", "owner"),
            ("begin execute immediate 'x'", "execute"),
            ("begin select 1", "select"),
            ("create view a definer = b sql security definer as select 1", "definer"),
        ] {
            assert_eq!(odd_statement(sql).as_deref(), Some(odd), "{sql}");
        }
    }
}
