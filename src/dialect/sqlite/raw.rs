//! Raw SQL as the program `sqlite3` cuts it.

use crate::rawsql::{Kind, Token, odd_blank, tokens};

/// The first part that is not what it is to kpic: brackets and backticks are quotes, texts have no escapes, and parameters are null.
pub(super) fn reads_otherwise(sql: &str) -> Option<&str> {
    let is_other = |token: &Token<'_>| match token.kind {
        Kind::Text => !token.text.starts_with(['\'', 'x', 'X']) || token.text.contains(['\\', '\n', '\r']),
        Kind::Operator => token.text.contains(['`', '?', '@', '#', ':']),
        Kind::Mark => matches!(token.text, "[" | "]" | "{" | "}" | ":"),
        Kind::Word => token.text.contains('$'),
        Kind::Parameter | Kind::Open | Kind::Other => true,
        Kind::Quoted | Kind::Number | Kind::Comment => false,
    };
    odd_blank(sql).or_else(|| tokens(sql).find(is_other).map(|token| token.text))
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
    }
}
