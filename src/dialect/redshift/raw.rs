//! Raw SQL as Redshift cuts it.

use crate::rawsql::{Kind, Token, odd_blank, tokens};

/// The first part that is not what it is to kpic: backslashes are escapes in texts, and what starts with a dollar is a text or a parameter.
pub(super) fn reads_otherwise(sql: &str) -> Option<&str> {
    let is_other = |token: &Token<'_>| match token.kind {
        Kind::Text => !token.text.starts_with('\'') || token.text.contains('\\'),
        Kind::Comment => token.text.get(2..).is_some_and(|inside| token.text.starts_with("/*") && inside.contains("/*")),
        Kind::Parameter | Kind::Open | Kind::Other => true,
        Kind::Word | Kind::Quoted | Kind::Number | Kind::Operator | Kind::Mark => token.text.contains('\\'),
    };
    odd_blank(sql).or_else(|| tokens(sql).find(is_other).map(|token| token.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_that_redshift_cuts_in_another_way_is_found() {
        let found = reads_otherwise;
        assert_eq!(found("select amount::numeric(18, 2), \"a b\" from t where note like 'it''s' -- \\\n"), None);
        // To kpic the text ends before `from`.
        assert_eq!(found("select 'a\\' from t; drop table t; select '"), Some("'a\\'"));
        assert_eq!(found("select E'a' from t"), Some("E'a'"));
        assert_eq!(found("select $$ ; drop table t; $$"), Some("$$ ; drop table t; $$"));
        assert_eq!(found("select $1 from t"), Some("$1"));
        assert_eq!(found("select 1 /* a /* b */ c */"), Some("/* a /* b */ c */"));
        assert_eq!(found("select 1 as x\u{a0}"), Some("\u{a0}"));
    }
}
