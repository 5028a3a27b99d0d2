//! Raw SQL as the program `sqlite3` cuts it.

use crate::rawsql::{Calls, Kind, Token, call_beyond, ends_statement, listed, module_fault, odd_blank, plain, tokens};
use foldhash::HashSet;
use std::sync::LazyLock;

/// Functions that only compute.
static LIST: LazyLock<HashSet<&str>> = LazyLock::new(|| listed(include_str!("../../rawsql/functions/sqlite.txt")));

/// The first part that is not what it is to kpic: brackets and backticks are quotes, texts have no escapes, and parameters are null.
pub(super) fn reads_otherwise(sql: &str) -> Option<&str> {
    let is_other = |token: &Token<'_>| match token.kind {
        Kind::Text => !token.text.starts_with(['\'', 'x', 'X']) || token.text.contains(['\\', '\n', '\r']),
        Kind::Operator => token.text.contains(['`', '?', '@', '#', ':']),
        Kind::Mark => matches!(token.text, "[" | "]" | "{" | "}" | ":"),
        Kind::Word => token.text.contains('$'),
        Kind::Parameter | Kind::Open | Kind::Other => true,
        Kind::Comment => token.text.get(2..).is_some_and(|inside| token.text.starts_with("/*") && inside.contains("/*")),
        Kind::Quoted | Kind::Number => false,
    };
    odd_blank(sql).or_else(|| tokens(sql).find(is_other).map(|token| token.text)).or_else(|| ending_line(sql))
}

/// A line that would end the statement once comments are left out: the token that it is.
fn ending_line(sql: &str) -> Option<&str> {
    if !plain(sql, 0).lines().any(ends_statement) {
        return None;
    }
    tokens(sql).find(|token| ends_statement(token.text)).map(|token| token.text)
}

/// The first part under which it does more than read tables and compute: a module of its program, its own tables, or a call of what is not on the list. `added` is
/// what the command line lets SQL call.
pub(super) fn reads_beyond<'a>(sql: &'a str, added: &[String]) -> Option<&'a str> {
    let called = call_beyond(sql, &Calls { is_listed: &|name| LIST.contains(name), schemas: &[], curried: false, added });
    let first = called.into_iter().chain(module_fault(sql)).min_by_key(|range| range.start)?;
    sql.get(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_that_sqlite_cuts_in_another_way_is_found() {
        let found = reads_otherwise;
        assert_eq!(found("select x'ff', a->'$.b', \"c\" from t where note like 'it''s' -- [\n"), None);
        assert_eq!(found("select [a'] from t; drop table t; select ']"), Some("["));
        assert_eq!(found("select `a'` from t"), Some("`"));
        assert_eq!(found("select $$ ; drop table t; $$"), Some("$$ ; drop table t; $$"));
        assert_eq!(found("select 'a\\b', ?"), Some("'a\\b'"));
        assert_eq!(found("select a::text, @b"), Some("::"));
        assert_eq!(found("select 1 /* /* */ ; attach 'x' as y; -- */"), Some("/* /* */ ; attach 'x' as y; -- */"));
        assert_eq!(found("select 6 / 2, go from t as\n go1"), None);
        assert_eq!(found("select 6\n/\nselect 2"), Some("/"));
        assert_eq!(found("select 6\n  /* c */ / -- x\nselect 2"), Some("/"));
        assert_eq!(found("select 6 as\n\tGo\nfrom t"), Some("Go"));
    }

    #[test]
    fn what_does_more_than_compute_is_found() {
        for (sql, found) in [
            ("select * from 'fsdir'('x')", Some("'fsdir'")),
            ("select mine(1)", Some("mine")),
            ("select random(), last_insert_rowid()", Some("random")),
            ("select * from sqlite_master", Some("sqlite_master")),
            ("select sum(x) filter (where y), cast(z as decimal(10, 2)) from t, json_each(u) where v in (select 1)", None),
        ] {
            assert_eq!(reads_beyond(sql, &[]), found, "{sql}");
        }
        assert_eq!(reads_beyond("select mine(1)", &["mine".to_owned()]), None);
        assert_eq!(reads_beyond("select readfile('x')", &["readfile".to_owned()]), Some("readfile"));
    }
}
