//! Texts and raw SQL for PostgreSQL without a backslash, what its program would cut in another way, and functions that do more than answer.
//!
//! Where a text ends for `psql` depends on encodings and settings, and a backslash outside of texts begins a command of it, which can run programs. So no
//! statement has one.
//!
//! A question is asked in a transaction that can only read, with the rights of whoever asks. These functions do something all the same: they set what holds
//! for other figures, run a text as SQL, read files, or act on other sessions.

use crate::rawsql::{Kind, Token, odd_blank, tokens};
use std::borrow::Cow;

/// Functions that do something, beside those of [`FAMILIES`].
const CALLS: &str = "currval cursor_to_xml cursor_to_xmlschema database_to_xml database_to_xml_and_xmlschema database_to_xmlschema \
lastval lo_close lo_creat lo_create lo_export lo_from_bytea lo_get lo_import lo_lseek lo_lseek64 lo_open lo_put lo_tell lo_tell64 \
lo_truncate lo_truncate64 lo_unlink loread lowrite nextval query_to_xml query_to_xml_and_xmlschema query_to_xmlschema \
schema_to_xml schema_to_xml_and_xmlschema schema_to_xmlschema set_config setseed setval table_to_xml \
table_to_xml_and_xmlschema table_to_xmlschema ts_rewrite ts_stat";

/// How names of families begin whose functions do something.
const FAMILIES: &[&str] = &["dblink", "pg_"];

/// Functions of these families that only answer.
const HARMLESS: &[&str] = &["pg_column_size", "pg_size_bytes", "pg_size_pretty", "pg_typeof"];

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

/// The first function that does more than answer and is called: `f(x)`, or `(x).f`.
pub(in crate::dialect) fn reads_beyond(sql: &str) -> Option<&str> {
    let all: Vec<Token<'_>> = tokens(sql).filter(|token| token.kind != Kind::Comment).collect();
    let is_one = |at: usize| {
        let named = all.get(at)?;
        let name = named.name()?.to_ascii_lowercase();
        let before = |back: usize| at.checked_sub(back).and_then(|at| all.get(at));
        let is_called = all.get(at + 1).is_some_and(|next| next.is_mark("("));
        let schema = before(2).and_then(Token::name);
        let is_of_server = schema.is_some_and(|name| name.eq_ignore_ascii_case("pg_catalog"));
        let is_part = before(1).is_some_and(|point| point.is_mark(".")) && !is_of_server;
        (does_more(&name) && (is_called || is_part)).then_some(named.text)
    };
    (0..all.len()).find_map(is_one)
}

fn does_more(name: &str) -> bool {
    let is_family = FAMILIES.iter().any(|family| name.starts_with(family)) && !HARMLESS.contains(&name);
    is_family || CALLS.split(' ').any(|call| call == name)
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
            ("select lo_import('x')", Some("lo_import")),
            ("select (a.pid).pg_terminate_backend from pg_stat_activity as a", Some("pg_terminate_backend")),
            ("select (0.1::float8) . \"pg_sleep\"", Some("\"pg_sleep\"")),
            ("select pg_typeof(a), set_config, 'pg_sleep(1)' from t", None),
            ("select a from pg_orders where lo_price > (1)", None),
            ("select o.lo_revenue from pg_catalog.pg_class as o", None),
        ] {
            assert_eq!(reads_beyond(sql), found, "{sql}");
        }
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
