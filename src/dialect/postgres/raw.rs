//! Texts and raw SQL for PostgreSQL without a backslash, what its program would cut in another way, and functions that do more than answer.
//!
//! Where a text ends for `psql` depends on encodings and settings, and a backslash outside of texts begins a command of it, which can run programs. So no
//! statement has one.
//!
//! A question is asked in a transaction that can only read, with the rights of whoever asks. These functions do something all the same: they set what holds
//! for other figures, run a text as SQL, read files, or act on other sessions.

use crate::rawsql::{Calls, Kind, Token, call_beyond, listed, odd_blank, qualified, tokens};
use foldhash::HashSet;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Functions that only compute.
static LIST: LazyLock<HashSet<&str>> = LazyLock::new(|| listed(include_str!("../../rawsql/functions/postgres.txt")));
/// Functions that `(x).f` calls and that may do more.
static REST: LazyLock<HashSet<&str>> = LazyLock::new(|| listed(include_str!("../../rawsql/functions/postgres_rest.txt")));

/// Words that tell who asks, or where, without a parenthesis.
const OF_SESSION: &[&str] =
    &["current_catalog", "current_role", "current_schema", "current_user", "session_user", "system_user", "user"];

/// Columns that each table has and types of their values: they tell how many transactions there have been.
const OF_TRANSACTION: &[&str] = &["cmax", "cmin", "xid", "xid8", "xmax", "xmin"];

/// Words before a text, which is a value there. A name before a text would be that of a type, and of a function once the text is put together.
static BEFORE_TEXT: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let words = "all and any between bigint bit boolean both by bool bytea case char cidr content date decimal default distinct document else escape except float for from \
from having ilike in inet int integer intersect interval is json jsonb leading like limit not numeric offset on or passing path placing precision real \
return select similar smallint some symmetric text then time timestamp timestamptz timetz to trailing union using uuid values varchar varying when \
where zone array as returning";
    words.split_whitespace().collect()
});

/// A text as a literal without a backslash.
pub(in crate::dialect) fn text(text: &str) -> String {
    let parts: Vec<String> = text.split('\\').map(|part| format!("'{}'", part.replace('\'', "''"))).collect();
    if parts.len() == 1 { parts.concat() } else { format!("({})", parts.join(" || chr(92) || ")) }
}

/// Raw SQL whose texts with escapes are put together from parts that have none.
pub(super) fn without_backslashes(sql: &str) -> Cow<'_, str> {
    if !sql.contains('\\') {
        return sql.into();
    }
    let (mut out, mut at) = (String::with_capacity(sql.len() + 64), 0);
    for token in tokens(sql).filter(|token| token.text.contains('\\')) {
        if let Some(text) = put_together(token.text) {
            out.push_str(sql.get(at..token.start).unwrap_or_default());
            out.push_str(&text);
            at = token.end();
        }
    }
    out.push_str(sql.get(at..).unwrap_or_default());
    out.into()
}

/// A text with escapes from parts that have none; nothing of what is none, or has escapes that are not known.
fn put_together(text: &str) -> Option<String> {
    let inner = text.strip_prefix(['e', 'E'])?.strip_prefix('\'')?.strip_suffix('\'')?;
    let (mut out, mut chars) = ("('".to_owned(), inner.chars());
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        let code = match chars.next()? {
            'b' => 8,
            't' => 9,
            'n' => 10,
            'f' => 12,
            'r' => 13,
            '\\' => 92,
            '\'' => 39,
            _ => return None,
        };
        out.push_str(&format!("' || chr({code}) || '"));
    }
    Some(out + "')")
}

/// The first part that its program cuts in another way: a blank that is none there, a name with a backslash, or a text with escapes that cannot be put
/// together from parts that have none.
pub(super) fn reads_otherwise(sql: &str) -> Option<&str> {
    let is_other = |token: &Token<'_>| match token.kind {
        Kind::Text if token.text.starts_with(['e', 'E']) => token.text.contains('\\') && put_together(token.text).is_none(),
        Kind::Text => !token.text.starts_with(['\'', '$']) && token.text.contains('\\'),
        Kind::Comment => false,
        _ => token.text.contains('\\'),
    };
    odd_blank(sql).or_else(|| tokens(sql).find(is_other).map(|token| token.text))
}

/// The first part under which it does more than read tables and compute: a call of what is not on the list, `(x).f` and `alias.f` of what may do more, its own
/// catalogue, or who asks. `added` is what the command line lets SQL call.
pub(in crate::dialect) fn reads_beyond<'a>(sql: &'a str, added: &[String]) -> Option<&'a str> {
    let all: Vec<Token<'_>> = tokens(sql).filter(|token| token.kind != Kind::Comment).collect();
    let calls = Calls { is_listed: &|name| LIST.contains(name), schemas: &["pg_catalog"], curried: false, added };
    let called = call_beyond(sql, &calls);
    let named = (0..all.len()).find_map(|at| {
        let token = all.get(at)?;
        is_beyond(&all, at, &calls).then(|| token.start..token.end())
    });
    let first = called.into_iter().chain(named).min_by_key(|range| range.start)?;
    sql.get(first)
}

/// Whether a token is, whether it is called or not.
fn is_beyond(all: &[Token<'_>], at: usize, calls: &Calls<'_>) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|at| all.get(at));
    let after = |on: usize| all.get(at + on);
    let Some(token) = all.get(at) else { return false };
    let is_part = before(1).is_some_and(|point| point.is_mark("."));
    if token.kind == Kind::Text {
        // A text right behind a name is a literal of a type, and perhaps once the arguments of a function.
        let is_value = |before: &Token<'_>| match before.kind {
            Kind::Word => {
                let is_name = at.checked_sub(2).and_then(|at| all.get(at)).is_some_and(|point| point.is_mark("."));
                !is_name && BEFORE_TEXT.contains(before.text.to_ascii_lowercase().as_str())
            }
            Kind::Quoted => false,
            _ => !before.is_mark(")"),
        };
        return !before(1).is_none_or(is_value);
    }
    let Some(name) = token.name().map(|name| name.to_ascii_lowercase()) else { return false };
    let is_called = after(1).is_some_and(|next| next.is_mark("("));
    if name == "operator" && token.kind == Kind::Word && is_called {
        return !after(2).is_some_and(|schema| schema.is_word("pg_catalog"));
    }
    // Rows that are read are not locked for others.
    if token.is_word("for")
        && after(1).is_some_and(|next| ["key", "no", "share", "update"].iter().any(|word| next.is_word(word)))
    {
        return true;
    }
    if name.starts_with("pg_") {
        // What is called has been looked at. Otherwise its schema stands before a type, a collation, an operator or a function that is called.
        let leads = before(1).is_some_and(|word| word.is_word("collate") || word.text == "::" || word.is_mark("("));
        let is_operator = before(2).is_some_and(|word| word.is_word("operator"));
        let is_schema = name == "pg_catalog" && !is_part && after(1).is_some_and(|point| point.is_mark("."));
        let is_known = leads && (is_operator || !before(1).is_some_and(|word| word.is_mark("(")))
            || after(3).is_some_and(|next| next.is_mark("("));
        return !(is_schema && is_known || is_called);
    }
    if is_part {
        let may_act = !is_called && (REST.contains(name.as_str()) || name.starts_with("dblink"));
        // The command line may allow it, with the schema that stands before it.
        return may_act && !calls.allow(&[name]) && !calls.allow(&qualified(all, at).1);
    }
    let is_word = token.kind == Kind::Word && OF_SESSION.contains(&name.as_str());
    let is_column = OF_TRANSACTION.contains(&name.as_str())
        && (!name.starts_with("xid") || before(1).is_some_and(|cast| cast.text == "::" || cast.is_word("as")));
    name == "information_schema" || is_word || is_column
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_more_than_answer_is_found() {
        for (sql, found) in [
            ("select set_config('x', 'y', false)", Some("set_config")),
            ("select pg_catalog.\"set_config\" /* c */ ('x', 'y', false)", Some("pg_catalog.\"set_config\"")),
            ("select Pg_Read_File('/etc/passwd')", Some("Pg_Read_File")),
            ("select * from dblink_exec('x')", Some("dblink_exec")),
            ("select lo_import('x')", Some("lo_import")),
            ("select txid_current(), currtid2('t', '(0,1)')", Some("txid_current")),
            ("select public.lower(x)", Some("public.lower")),
            ("select f(x).lower", Some("f")),
            ("select (a.pid).pg_terminate_backend from t as a", Some("pg_terminate_backend")),
            ("select (0.1::float8) . \"pg_sleep\"", Some("\"pg_sleep\"")),
            ("select pg_catalog.pg_read_file as s from string_to_table('/x', '|') as pg_catalog", Some("pg_catalog")),
            ("select a.\"pg_ls_dir\", a.path from t as a", Some("\"pg_ls_dir\"")),
            ("select ('s'::regclass).nextval, o.currval from o", Some("nextval")),
            ("select * from pg_stat_activity", Some("pg_stat_activity")),
            ("select * from information_schema.tables", Some("information_schema")),
            ("select o.xmin from t as o where x = current_user", Some("current_user")),
            ("select age('3'::xid)", Some("xid")),
            ("select * from t for update", Some("for")),
            // A text behind a name, which may be written in parentheses later on.
            ("select ts_stat E'select\\t1'", Some("E'select\\t1'")),
            ("select ts_stat 'a\\b'", Some("'a\\b'")),
            ("select \"date\" 'x'", Some("'x'")),
            ("select pg_catalog.date 'x'", Some("pg_catalog")),
            ("select * from ts_stat $$x$$ as f(a)", Some("$$x$$")),
            ("select interval(3) '1 day'", Some("'1 day'")),
            ("select 1 operator(public.+) 2", Some("operator")),
            ("select pg_typeof(a), set_config, 'pg_sleep(1)', x.user, 1 operator(pg_catalog.+) 2 from t", None),
            (
                "select a collate pg_catalog.\"C\", b::pg_catalog.int4, pg_catalog.lower(c) from orders where lo_price > (1)",
                None,
            ),
            (
                "select o.lo_revenue, o.path, o.version, date '2024-01-01', x like 'a' or y in ('b', 'c') from lineorder as o",
                None,
            ),
            (
                "select cast(ts as timestamp with time zone) at time zone 'UTC', interval '1 day', trim(both 'x' from y) from t",
                None,
            ),
        ] {
            assert_eq!(reads_beyond(sql, &[]), found, "{sql}");
        }
        let added = ["nextval".to_owned(), "public.clean".to_owned()];
        assert_eq!(reads_beyond("select nextval('s'), public.Clean(x)", &added), None);
        assert_eq!(reads_beyond("select clean(x)", &added), Some("clean"));
    }

    #[test]
    fn no_text_has_a_backslash() {
        assert_eq!(text("it's"), "'it''s'");
        assert_eq!(text("a\\'b\\"), "('a' || chr(92) || '''b' || chr(92) || '')");
        assert_eq!(
            without_backslashes("select E'a\\\\d\\n''b', 'c'"),
            "select ('a' || chr(92) || 'd' || chr(10) || '''b'), 'c'"
        );
        assert_eq!(without_backslashes("select 'c'"), "select 'c'");
        assert_eq!(reads_otherwise("select 'a\\b' as \"b\", \"\\! c\""), Some("\"\\! c\""));
        assert_eq!(reads_otherwise("select E'a\\x41'"), Some("E'a\\x41'"));
        assert_eq!(reads_otherwise("select E'a\\'b', 'a\\b', $$\\$$, größe"), None);
        assert_eq!(reads_otherwise("select 1 as x\u{a0}$$ ' $$"), Some("\u{a0}"));
        assert_eq!(reads_otherwise("select '\u{a0}' as \"\u{a0}\" -- \u{a0}\n"), None);
    }
}
