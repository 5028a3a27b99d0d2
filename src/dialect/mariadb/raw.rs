//! Texts for MariaDB, and raw SQL as it cuts it.

use crate::rawsql::{Calls, Kind, Token, call_beyond, listed, odd_blank, tokens};
use foldhash::HashSet;
use std::sync::LazyLock;

/// Functions that only compute.
static LIST: LazyLock<HashSet<&str>> = LazyLock::new(|| listed(include_str!("../../rawsql/functions/mariadb.txt")));

/// Databases of the server itself, in which there is no data.
const OWN: &[&str] = &["information_schema", "mysql", "performance_schema", "sys"];

/// Words with which a query writes, locks, or calls something without parentheses.
const WORDS: &[&str] = &["dumpfile", "into", "lock", "outfile", "procedure"];

/// A text as a literal. What a backslash means is for a session to say, and its program looks for commands of its own in each line.
pub(super) fn text(text: &str) -> String {
    if !text.contains(|char: char| char == '\\' || char.is_ascii_control()) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let bytes: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("convert(x'{bytes}' using utf8mb4)")
}

/// The first part that is not what it is to kpic: double quotes are those of texts or names, as a session says, and so are backslashes; `#` begins a
/// comment, `--` does so before a blank only, and some comments are run.
pub(super) fn reads_otherwise(sql: &str) -> Option<&str> {
    let mut in_name = false;
    let mut is_other = |token: &Token<'_>| {
        if token.kind == Kind::Operator && token.text.contains('`') {
            let ticks = token.text.matches('`').count();
            in_name ^= ticks % 2 == 1;
            return !token.text.chars().all(|char| char == '`' || char == '-');
        }
        if in_name {
            let is_part = matches!(token.kind, Kind::Word | Kind::Number) || matches!(token.text, "." | "-");
            return !is_part;
        }
        match token.kind {
            Kind::Text => {
                let inner = token.text.trim_start_matches(['x', 'X']);
                !inner.starts_with('\'') || inner.contains(['\\', '\n', '\r'])
            }
            Kind::Comment => match token.text.strip_prefix("/*") {
                Some(inside) => inside.starts_with(['!', '+', 'M', 'm']) || inside.contains("/*"),
                None => !token.text.starts_with("--") || token.text.get(2..).is_some_and(|rest| !is_apart(rest)),
            },
            Kind::Operator => token.text.contains(['#', '@', '?', '\\', ':']),
            Kind::Mark => matches!(token.text, "{" | "}" | ":" | "[" | "]"),
            Kind::Word => token.text.contains('$'),
            Kind::Quoted | Kind::Parameter | Kind::Open | Kind::Other => true,
            Kind::Number => false,
        }
    };
    let found = tokens(sql).find(|token| is_other(token)).map(|token| token.text);
    odd_blank(sql).or(found).or_else(|| in_name.then_some("`"))
}

/// Whether what stands behind two dashes makes them the beginning of a comment.
fn is_apart(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', '\t', '\n'])
}

/// The first name under which more than tables and views is read: a database of the server, a word that does more than that, or a function that is not
/// on the list. `added` is what the command line lets SQL call.
pub(super) fn reads_beyond<'a>(sql: &'a str, added: &[String]) -> Option<&'a str> {
    // `next value for` changes a sequence.
    let before_value = |end: usize| {
        let mut rest = sql.get(end..).into_iter().flat_map(tokens).filter(|token| token.kind != Kind::Comment);
        rest.next().is_some_and(|next| next.is_word("value"))
    };
    let is_beyond = |token: &Token<'_>| {
        let is_sequence = ["next", "previous"].iter().any(|word| token.is_word(word)) && before_value(token.end());
        is_sequence || WORDS.iter().chain(OWN).any(|word| token.is_word(word))
    };
    let named = tokens(sql).find(is_beyond).map(|token| token.start..token.end());
    let called = call_beyond(sql, &Calls { is_listed: &|name| LIST.contains(name), schemas: &[], curried: false, added });
    let first = named.into_iter().chain(called).min_by_key(|range| range.start)?;
    sql.get(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_that_mariadb_cuts_in_another_way_is_found() {
        let found = reads_otherwise;
        assert_eq!(found("select `a`, x'ff', b - 1 from `my-shop`.orders where note like 'it''s' -- it's\n"), None);
        assert_eq!(found("select \"a\""), Some("\"a\""));
        assert_eq!(found("select 'a\\' or 1 -- '"), Some("'a\\'"));
        assert_eq!(found("select 5--3"), Some("--3"));
        assert_eq!(found("select 1 /*! into outfile 'x' */"), Some("/*! into outfile 'x' */"));
        assert_eq!(found("select 1 /*M!100000 , 2 */"), Some("/*M!100000 , 2 */"));
        assert_eq!(found("select 1 # ; drop table t"), Some("#"));
        assert_eq!(found("select @@secure_file_priv"), Some("@@"));
        assert_eq!(found("select a := 1"), Some(":"));
        assert_eq!(found("select `a' from t where b = '`"), Some("' from t where b = '"));
        assert_eq!(found("select n'a', $$b$$"), Some("n'a'"));
    }

    #[test]
    fn what_does_more_than_compute_is_found() {
        for (sql, found) in [
            ("select load_file('/etc/passwd')", Some("load_file")),
            ("select sleep(5), benchmark(1, 2)", Some("sleep")),
            ("select * from t into outfile 'x'", Some("into")),
            ("select next value for s", Some("next")),
            ("select * from mysql.user", Some("mysql")),
            ("select * from Information_Schema.tables", Some("Information_Schema")),
            ("select lastval(s), get_lock('a', 1)", Some("lastval")),
            ("select * from t lock in share mode", Some("lock")),
            ("select sum(a), cast(b as char(3)), left(c, 2) from t where d in (1, 2) and year(e) = 2024", None),
        ] {
            assert_eq!(reads_beyond(sql, &[]), found, "{sql}");
        }
        assert_eq!(reads_beyond("select mine(1)", &["mine".to_owned()]), None);
    }

    #[test]
    fn texts_have_no_backslash_and_one_line() {
        assert_eq!(text("it's ü"), "'it''s ü'");
        assert_eq!(text("a\\\nb"), "convert(x'615c0a62' using utf8mb4)");
    }
}
