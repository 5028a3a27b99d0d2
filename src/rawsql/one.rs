//! Whether raw SQL is one query or one expression, so that nothing of it is read as something else once SQL stands around it.

use super::{Kind, Token, tokens};
use crate::text::is_control;
use std::ops::Range;

/// What keeps raw SQL from being one query or one expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its bytes.
    pub range: Range<usize>,
    /// What it is.
    pub why: Why,
}

/// Why raw SQL is not one query or one expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There is nothing but blanks and comments.
    Empty,
    /// A query that starts with another word than queries do.
    Start,
    /// A semicolon with SQL after it.
    Semicolon,
    /// A semicolon after an expression.
    Ends,
    /// A comma between two expressions.
    Comma,
    /// A parenthesis or bracket that closes what was not opened.
    Closes,
    /// A parenthesis or bracket that is not closed.
    NotClosed,
    /// A text that is not closed.
    OpenText,
    /// A quoted name that is not closed.
    OpenName,
    /// A comment that is not closed.
    OpenComment,
    /// A control character other than a tab or line break.
    Control(char),
    /// A carriage return: engines do not agree on whether it ends a comment.
    Return,
    /// A character that SQL does not need outside texts.
    Other,
    /// A text that goes on in another line, after one with escapes.
    GoesOn,
    /// A text of bits, bytes or national characters with a line break or a backslash.
    BrokenLine,
    /// A text or name with `U&` before it.
    Unicode,
    /// A quoted name with a line that starts as commands of the engine's shell do.
    Command,
}

/// What queries start with.
const STARTS: [&str; 4] = ["select", "with", "from", "values"];

/// What keeps SQL from being one query; a semicolon at its end does not.
pub fn query_fault(sql: &str) -> Option<Fault> {
    let starts = |first: &Token<'_>| first.is_mark("(") || STARTS.iter().any(|word| first.is_word(word));
    fault(sql, true, &starts)
}

/// What keeps SQL from being one expression.
pub fn expression_fault(sql: &str) -> Option<Fault> {
    fault(sql, false, &|_| true)
}

/// Whether the shell of an engine may take a line of a text for a command: where it starts.
pub fn command_line(text: &str) -> Option<usize> {
    let breaks = text.match_indices(['\n', '\r']).map(|(at, _)| at + 1);
    breaks.into_iter().find(|at| text.get(*at..).is_some_and(|line| line.starts_with(['.', '#'])))
}

fn fault(sql: &str, is_query: bool, starts: &dyn Fn(&Token<'_>) -> bool) -> Option<Fault> {
    let found = |range: Range<usize>, why| Some(Fault { range, why });
    if let Some((at, char)) = sql.char_indices().find(|(_, char)| is_control(*char)) {
        return found(at..at + char.len_utf8(), Why::Control(char));
    }
    if let Some(at) = sql.find('\r') {
        return found(at..at + 1, Why::Return);
    }
    // What is open, each with its place; a semicolon; the token before.
    let (mut open, mut end, mut before) = (Vec::new(), None, None::<Token<'_>>);
    for token in tokens(sql) {
        let range = token.start..token.end();
        match token.kind {
            Kind::Comment => continue,
            Kind::Open => return found(range, open_kind(token.text)),
            Kind::Other => return found(range, Why::Other),
            Kind::Quoted if command_line(token.text).is_some() => return found(range, Why::Command),
            Kind::Text if goes_on(sql, before, token) => return found(range, Why::GoesOn),
            Kind::Text if token.text.starts_with(['b', 'B', 'x', 'X', 'n', 'N']) && token.text.contains(['\n', '\r', '\\']) => {
                return found(range, Why::BrokenLine);
            }
            Kind::Text | Kind::Quoted if before.is_some_and(|before| follows_unicode(sql, before, token)) => {
                return found(range, Why::Unicode);
            }
            _ => {}
        }
        if token.is_mark(";") {
            end = end.or(Some(range));
            continue;
        }
        if let Some(end) = end {
            return found(end, if is_query { Why::Semicolon } else { Why::Ends });
        }
        if before.is_none() && !starts(&token) {
            return found(range, Why::Start);
        }
        if token.kind == Kind::Mark {
            match token.text {
                "(" | "[" | "{" => open.push(token),
                ")" | "]" | "}" => {
                    let opens = match token.text {
                        ")" => "(",
                        "]" => "[",
                        _ => "{",
                    };
                    if open.pop().is_none_or(|last: Token<'_>| last.text != opens) {
                        return found(range, Why::Closes);
                    }
                }
                "," if !is_query && open.is_empty() => return found(range, Why::Comma),
                _ => {}
            }
        }
        before = Some(token);
    }
    match (open.pop(), end, before) {
        (Some(open), ..) => found(open.start..open.end(), Why::NotClosed),
        (_, Some(end), _) if !is_query => found(end, Why::Ends),
        (.., None) => found(0..sql.len(), Why::Empty),
        _ => None,
    }
}

/// Engines take a text in the next line for a part of the text before it, and its backslashes for escapes if that has some.
fn goes_on(sql: &str, before: Option<Token<'_>>, token: Token<'_>) -> bool {
    let Some(before) = before.filter(|before| before.kind == Kind::Text && before.text.starts_with(['e', 'E'])) else {
        return false;
    };
    let between = sql.get(before.end()..token.start).unwrap_or_default();
    token.text.starts_with('\'') && between.contains(['\n', '\r'])
}

/// Whether a text or name has `U&` before it, which PostgreSQL reads in one of two ways, by a setting.
fn follows_unicode(sql: &str, before: Token<'_>, token: Token<'_>) -> bool {
    let is_adjacent = before.end() == token.start && before.text == "&";
    is_adjacent && sql.get(..before.start).is_some_and(|sql| sql.ends_with(['u', 'U']))
}

fn open_kind(text: &str) -> Why {
    if text.starts_with("/*") {
        Why::OpenComment
    } else if text.starts_with('"') {
        Why::OpenName
    } else {
        Why::OpenText
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_query(sql: &str) -> Option<(&str, Why)> {
        query_fault(sql).map(|fault| (sql.get(fault.range).unwrap(), fault.why))
    }

    fn of_expression(sql: &str) -> Option<(&str, Why)> {
        expression_fault(sql).map(|fault| (sql.get(fault.range).unwrap(), fault.why))
    }

    #[test]
    fn one_query_is_one() {
        for sql in [
            "select 1",
            "SELECT ';' -- ;",
            "with a as (select 1) select * from a;",
            "from orders",
            "values (1), (2)",
            "(select 1) union all (select 2)",
            "/* ' ; */ select 1 ; -- done",
            "select [1, 2][1], {'a': 1}, $$;$$, E'\\';', \"a;b\"",
        ] {
            assert_eq!(of_query(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_is_not_one_query_is_told_at_its_place() {
        assert_eq!(of_query(" -- only this"), Some((" -- only this", Why::Empty)));
        assert_eq!(of_query(";"), Some((";", Why::Empty)));
        assert_eq!(of_query("copy t to 'x'"), Some(("copy", Why::Start)));
        assert_eq!(of_query("select 1; select 2"), Some((";", Why::Semicolon)));
        assert_eq!(of_query("select 1; /* */ .shell id"), Some((";", Why::Semicolon)));
        assert_eq!(of_query("select 1) as a"), Some((")", Why::Closes)));
        assert_eq!(of_query("select (1]"), Some(("]", Why::Closes)));
        assert_eq!(of_query("select (1"), Some(("(", Why::NotClosed)));
        assert_eq!(of_query("select 'a"), Some(("'a", Why::OpenText)));
        assert_eq!(of_query("select $a$b"), Some(("$a$b", Why::OpenText)));
        assert_eq!(of_query("select \"a"), Some(("\"a", Why::OpenName)));
        assert_eq!(of_query("select 1 /* /* */"), Some(("/* /* */", Why::OpenComment)));
        assert_eq!(of_query("select 1 --\r, edit('x')"), Some(("\r", Why::Return)));
        assert_eq!(of_query("select 'a\0'"), Some(("\0", Why::Control('\0'))));
        assert_eq!(of_query("select \\"), Some(("\\", Why::Other)));
        assert_eq!(of_query("select E'a'\n  'b'"), Some(("'b'", Why::GoesOn)));
        assert_eq!(of_query("select n'a\\'"), Some(("n'a\\'", Why::BrokenLine)));
        assert_eq!(of_query("select U&'\\0041'"), Some(("'\\0041'", Why::Unicode)));
        assert_eq!(of_query("select u&\"a\""), Some(("\"a\"", Why::Unicode)));
        assert_eq!(of_query("select u & 'a'"), None);
        assert_eq!(of_query("select x'4\n1'"), Some(("x'4\n1'", Why::BrokenLine)));
        assert_eq!(of_query("select 1 as \"a\n.shell id\""), Some(("\"a\n.shell id\"", Why::Command)));
        assert_eq!(of_query("select 1 as \"a\nb\""), None);
    }

    #[test]
    fn an_expression_has_neither_commas_nor_semicolons() {
        for sql in ["a + 1", "coalesce(a, b)", "case when a then b end -- c", "(select max(x) from t)"] {
            assert_eq!(of_expression(sql), None, "{sql}");
        }
        assert_eq!(of_expression("a, b"), Some((",", Why::Comma)));
        assert_eq!(of_expression("a;"), Some((";", Why::Ends)));
        assert_eq!(of_expression("1) as x, (2"), Some((")", Why::Closes)));
        assert_eq!(of_expression("  "), Some(("  ", Why::Empty)));
    }
}
