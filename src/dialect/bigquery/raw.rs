//! Raw SQL as BigQuery cuts it.

use crate::rawsql::{Calls, Kind, Token, call_beyond, listed, odd_blank, tokens};
use foldhash::HashSet;
use std::sync::LazyLock;

/// Functions that only compute.
static LIST: LazyLock<HashSet<&str>> = LazyLock::new(|| listed(include_str!("../../rawsql/functions/bigquery.txt")));

/// Words before a parenthesis that call nothing.
const WORDS: &[&str] = &["pivot", "tablesample", "unpivot"];

/// What stands before the names of functions that are built in.
const BUILT_IN: &[&str] = &["hll_count", "kll_quantiles", "net", "safe"];

/// The first part that is not what it is to kpic: double quotes are those of texts, backslashes escape, a `#` begins a comment, and comments
/// do not hold others. A name in backticks is one as long as it has nothing that would be another thing outside of them.
pub(super) fn reads_otherwise(sql: &str) -> Option<&str> {
    let mut in_name = false;
    let mut is_other = |token: &Token<'_>| {
        if token.kind == Kind::Operator && token.text.contains('`') {
            let ticks = token.text.matches('`').count();
            let is_plain = token.text.chars().all(|char| char == '`' || char == '-');
            in_name ^= ticks % 2 == 1;
            return !is_plain;
        }
        if in_name {
            let is_part = matches!(token.kind, Kind::Word | Kind::Number) || matches!(token.text, "." | "-");
            return !is_part || token.text.contains('$');
        }
        match token.kind {
            Kind::Text => {
                let inner = token.text.get(1..token.text.len().saturating_sub(1)).unwrap_or_default();
                !token.text.starts_with('\'') || inner.contains(['\\', '\n', '\r', '\''])
            }
            Kind::Comment => token.text.starts_with("/*") && token.text.get(2..).is_some_and(|rest| rest.contains("/*")),
            Kind::Operator => token.text.contains(['#', '@', '?', ':']),
            Kind::Mark => matches!(token.text, "{" | "}" | ":"),
            Kind::Word => token.text.contains('$'),
            Kind::Quoted | Kind::Parameter | Kind::Open | Kind::Other => true,
            Kind::Number => false,
        }
    };
    let found = tokens(sql).find(|token| is_other(token)).map(|token| token.text);
    odd_blank(sql).or(found).or_else(|| in_name.then_some("`"))
}

/// The first name under which more than tables and views is read: another database, what a dataset has, or a function that is not on the list.
/// `added` is what the command line lets SQL call.
pub(super) fn reads_beyond<'a>(sql: &'a str, added: &[String]) -> Option<&'a str> {
    let is_beyond = |token: &Token<'_>| {
        let is_named = ["external_query", "information_schema"].iter().any(|word| token.is_word(word));
        let name = if token.kind == Kind::Word { token.text.to_ascii_lowercase() } else { String::new() };
        is_named || ["__tables", "__partitions"].iter().any(|begin| name.starts_with(begin))
    };
    let named = tokens(sql).find(is_beyond).map(|token| token.start..token.end());
    let called = call_beyond(
        sql,
        &Calls { is_listed: &|name| LIST.contains(name) || WORDS.contains(&name), schemas: BUILT_IN, curried: false, added },
    );
    let first = named.into_iter().chain(called).min_by_key(|range| range.start)?;
    sql.get(first)
}

/// A text or a name between quotes: backslashes mean something in both, and neither has lines.
pub(super) fn escaped(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\0' => out.push_str("\\x00"),
            _ => {
                if char == '\\' || char == quote {
                    out.push('\\');
                }
                out.push(char);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_that_bigquery_cuts_in_another_way_is_found() {
        let found = reads_otherwise;
        assert_eq!(found("select `a`, x[offset(0)] from `my-shop.raw.orders` where note like 'it' -- it's\n"), None);
        assert_eq!(found("select `a'` from t; drop table t; select '`"), Some("'` from t; drop table t; select '"));
        assert_eq!(found("select `a"), Some("`"));
        assert_eq!(found("select \"a\""), Some("\"a\""));
        assert_eq!(found("select 'it''s'"), Some("'it''s'"));
        assert_eq!(found("select 'a\\'"), Some("'a\\'"));
        assert_eq!(found("select 1 # it's"), Some("#"));
        assert_eq!(found("select /* a /* b */ c */ 1"), Some("/* a /* b */ c */"));
        assert_eq!(found("select @x, a::text"), Some("@"));
        let reads_beyond = |sql| reads_beyond(sql, &[]);
        assert_eq!(reads_beyond("select safe.divide(a, b), x[offset(0)] from `a.b.c`, unnest(y) as z where d in (1)"), None);
        assert_eq!(reads_beyond("select * from `a.b.tvf`(1)"), Some("`"));
        assert_eq!(reads_beyond("select a.b.remote(1)"), Some("a.b.remote"));
        assert_eq!(reads_beyond("select mine(1)"), Some("mine"));
        assert_eq!(reads_beyond("select * from ml.predict(model m, table t)"), Some("ml.predict"));
        assert_eq!(reads_beyond("select session_user()"), Some("session_user"));
        assert_eq!(
            reads_beyond("select net.host(u), cast(x as numeric), hll_count.merge(s) from t pivot(sum(a) for b in ('c'))"),
            None
        );
        assert_eq!(reads_beyond("from raw.__PARTITIONS_SUMMARY__"), Some("__PARTITIONS_SUMMARY__"));
        assert_eq!(reads_beyond("select 1 from external_query('c', 'select 1')"), Some("external_query"));
    }

    #[test]
    fn chained_calls_reach_no_dataset() {
        assert_eq!(reads_beyond("select (1).(mydataset.remote)(2)", &[]), Some("."));
        assert_eq!(reads_beyond("select safe.divide(a, b), array_agg(x)[offset(0)] from t", &[]), None);
    }
}
