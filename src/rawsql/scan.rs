//! Cuts SQL into tokens.

use super::{Kind, Token};

/// The characters that operators are made of.
const OPERATORS: &str = "~!@#^&|`?+-*/%<>=";
/// Of these, the ones without which an operator does not end in `+` or `-`.
const SPECIAL: &str = "~!@#^&|`?%";

/// The tokens of SQL, in order. Blanks are none.
pub fn tokens(sql: &str) -> impl Iterator<Item = Token<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = sql.get(at..)?;
        let start = at + (rest.len() - rest.trim_start_matches(is_blank).len());
        let rest = sql.get(start..)?;
        let first = rest.chars().next()?;
        let (kind, length) = token(rest, first);
        at = start + length;
        Some(Token { kind, text: rest.get(..length)?, start })
    })
}

/// The blanks of SQL, and those of Unicode that DuckDB takes for them.
fn is_blank(char: char) -> bool {
    matches!(
        char,
        ' ' | '\t'
            | '\n'
            | '\r'
            | '\u{c}'
            | '\u{85}'
            | '\u{a0}'
            | '\u{1680}'
            | '\u{180e}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{2000}'..='\u{200d}' | '\u{202f}' | '\u{205f}' | '\u{2060}' | '\u{3000}' | '\u{feff}'
    )
}

/// The first blank that only some engines take for one, outside of texts, quoted names and comments: others have it for a letter.
pub fn odd_blank(sql: &str) -> Option<&str> {
    let is_odd = |char: char| !char.is_ascii() && is_blank(char);
    let all: Vec<Token<'_>> = tokens(sql).collect();
    let hidden = |at: usize| {
        let after = all.partition_point(|token| token.start <= at);
        let token = after.checked_sub(1).and_then(|before| all.get(before)).filter(|token| at < token.end());
        token.is_some_and(|token| matches!(token.kind, Kind::Text | Kind::Quoted | Kind::Comment))
    };
    let (at, char) = sql.char_indices().find(|(at, char)| is_odd(*char) && !hidden(*at))?;
    sql.get(at..at + char.len_utf8())
}

/// Names may have every character beyond ASCII.
fn begins_word(char: char) -> bool {
    char.is_ascii_alphabetic() || char == '_' || !char.is_ascii()
}

fn continues_word(char: char) -> bool {
    !is_blank(char) && (begins_word(char) || char.is_ascii_digit() || char == '$')
}

/// What stands first, and how many bytes it has.
fn token(rest: &str, first: char) -> (Kind, usize) {
    let second = rest.chars().nth(1);
    match first {
        '\'' => quoted(rest, 0, '\'', false, Kind::Text),
        '"' => quoted(rest, 0, '"', false, Kind::Quoted),
        '-' if second == Some('-') => (Kind::Comment, rest.find(['\n', '\r']).unwrap_or(rest.len())),
        '/' if second == Some('*') => comment(rest),
        '$' => dollar(rest),
        '.' if second.is_some_and(|next| next.is_ascii_digit()) => (Kind::Number, number(rest)),
        '0'..='9' => (Kind::Number, number(rest)),
        ':' if second == Some(':') => (Kind::Operator, 2),
        '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | '.' | ':' => (Kind::Mark, 1),
        _ if OPERATORS.contains(first) => (Kind::Operator, operator(rest)),
        _ if begins_word(first) => word(rest, second),
        _ => (Kind::Other, first.len_utf8()),
    }
}

/// A word, or a text that starts with a letter, such as `E'a\'b'` or `x'ff'`.
fn word(rest: &str, second: Option<char>) -> (Kind, usize) {
    let prefixed = second == Some('\'');
    match rest.as_bytes().first() {
        Some(b'e' | b'E') if prefixed => quoted(rest, 1, '\'', true, Kind::Text),
        Some(b'b' | b'B' | b'x' | b'X' | b'n' | b'N') if prefixed => quoted(rest, 1, '\'', false, Kind::Text),
        _ => (Kind::Word, rest.find(|char| !continues_word(char)).unwrap_or(rest.len())),
    }
}

/// What is in quotes, from the quote at `open` on; a doubled one stands for itself.
fn quoted(rest: &str, open: usize, quote: char, escapes: bool, kind: Kind) -> (Kind, usize) {
    let inner = open + 1;
    let mut chars = rest.get(inner..).unwrap_or_default().char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        if escapes && char == '\\' {
            chars.next();
        } else if char == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                return (kind, inner + at + 1);
            }
        }
    }
    (Kind::Open, rest.len())
}

/// A comment in `/*` and `*/`, which may hold others.
fn comment(rest: &str) -> (Kind, usize) {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(pair) = rest.as_bytes().get(at..at + 2) {
        match pair {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return (Kind::Comment, at);
        }
    }
    (Kind::Open, rest.len())
}

/// A text between dollars such as `$$a$$` and `$tag$a$tag$`, or a parameter.
fn dollar(rest: &str) -> (Kind, usize) {
    let after = rest.get(1..).unwrap_or_default();
    let length = after.find(|char: char| !continues_word(char) || char == '$').unwrap_or(after.len());
    let is_tag = !after.starts_with(|char: char| char.is_ascii_digit());
    if is_tag && after.get(length..).is_some_and(|rest| rest.starts_with('$')) {
        let open = length + 2;
        let tag = rest.get(..open).unwrap_or_default();
        return match rest.get(open..).and_then(|inner| inner.find(tag)) {
            Some(close) => (Kind::Text, open + close + open),
            None => (Kind::Open, rest.len()),
        };
    }
    if length > 0 { (Kind::Parameter, 1 + length) } else { (Kind::Other, 1) }
}

fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let digits = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'_').count()
    };
    let mut at = digits(0);
    if bytes.get(at) == Some(&b'.') {
        at += 1 + digits(at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + signed);
        if exponent > 0 {
            at += 1 + signed + exponent;
        }
    }
    at
}

/// The characters of operators up to where a comment starts; `+` and `-` at the end belong to what follows, unless the
/// operator has a character that no arithmetic has.
fn operator(rest: &str) -> usize {
    let run = rest.get(..rest.find(|char| !OPERATORS.contains(char)).unwrap_or(rest.len())).unwrap_or_default();
    let comment = ["--", "/*"].iter().filter_map(|begin| run.find(begin)).min();
    let run = run.get(..comment.unwrap_or(run.len())).unwrap_or_default();
    if run.contains(|char| SPECIAL.contains(char)) {
        return run.len();
    }
    run.trim_end_matches(['+', '-']).len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Kind::{Comment, Mark, Number, Open, Operator, Other, Parameter, Quoted, Text, Word};

    fn kinds(sql: &str) -> Vec<(Kind, &str)> {
        tokens(sql).map(|token| (token.kind, token.text)).collect()
    }

    #[test]
    fn words_names_and_texts() {
        assert_eq!(
            kinds("select a1.\"b\"\"--\", 'it''s -- /* ' from größe"),
            [
                (Word, "select"),
                (Word, "a1"),
                (Mark, "."),
                (Quoted, "\"b\"\"--\""),
                (Mark, ","),
                (Text, "'it''s -- /* '"),
                (Word, "from"),
                (Word, "größe"),
            ]
        );
        assert_eq!(
            kinds(r"E'a\'b' e'' 'a\' x'00' end"),
            [(Text, r"E'a\'b'"), (Text, "e''"), (Text, r"'a\'"), (Text, "x'00'"), (Word, "end"),]
        );
        assert_eq!(
            kinds("$$a'b$$ $t$a$$b$t$ $1 $name $"),
            [(Text, "$$a'b$$"), (Text, "$t$a$$b$t$"), (Parameter, "$1"), (Parameter, "$name"), (Other, "$"),]
        );
        // A dollar within a name is a part of it, and a blank is one whatever its width.
        assert_eq!(kinds("a$b$ c\u{a0}d"), [(Word, "a$b$"), (Word, "c"), (Word, "d")]);
    }

    #[test]
    fn comments_end_with_their_line_or_their_mark() {
        assert_eq!(kinds("a -- b 'c\nd"), [(Word, "a"), (Comment, "-- b 'c"), (Word, "d")]);
        assert_eq!(kinds("a--b\r\nc"), [(Word, "a"), (Comment, "--b"), (Word, "c")]);
        assert_eq!(kinds("a/* b /* ' */ c */d"), [(Word, "a"), (Comment, "/* b /* ' */ c */"), (Word, "d")]);
        assert_eq!(kinds("*/"), [(Operator, "*/")]);
    }

    #[test]
    fn numbers_and_operators() {
        assert_eq!(
            kinds("1_000.5e-3 .5 1. 2e"),
            [(Number, "1_000.5e-3"), (Number, ".5"), (Number, "1."), (Number, "2"), (Word, "e"),]
        );
        assert_eq!(
            kinds("a<-1 b<=c d||-e f::g h+-i j>--k"),
            [
                (Word, "a"),
                (Operator, "<"),
                (Operator, "-"),
                (Number, "1"),
                (Word, "b"),
                (Operator, "<="),
                (Word, "c"),
                (Word, "d"),
                (Operator, "||-"),
                (Word, "e"),
                (Word, "f"),
                (Operator, "::"),
                (Word, "g"),
                (Word, "h"),
                (Operator, "+"),
                (Operator, "-"),
                (Word, "i"),
                (Word, "j"),
                (Operator, ">"),
                (Comment, "--k"),
            ]
        );
        assert_eq!(kinds("- -1"), [(Operator, "-"), (Operator, "-"), (Number, "1")]);
    }

    #[test]
    fn what_is_not_closed_goes_on_to_the_end() {
        for open in ["'a", "\"a\"\"", "/* a /* b */", "$$a$", "E'a\\'"] {
            assert_eq!(kinds(&format!("x {open}")), [(Word, "x"), (Open, open)], "{open}");
        }
    }

    #[test]
    fn the_engine_cuts_it_the_same_way() {
        // As an argument: from its input the program cuts statements by rules of its own.
        let program = crate::engine::find(None).unwrap();
        let answer = |sql: &str| {
            let output = std::process::Command::new(&program).args(["-no-init", "-csv", "-c", sql]).output().unwrap();
            assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
            output.stdout
        };
        let same = [
            "select 1 /* a /* b */ c */ as x",
            r"select E'a\'b' as x",
            r"select 'a\' as x",
            "select $t$a$$b$t$ as x",
            "select 1\u{a0}as\u{200b}x",
            "select 1\u{feff}as ä\u{a0}, 2 as \"b\"\"--\"",
            "select 1 as x -- c\r, 2 as y",
            "select 1 - -1 as a$b$",
            "select x from (select 1_0.5e0 as x) where x>-1 and 'it''s'<>'it'",
        ];
        for sql in same {
            // Cut apart and put together with other blanks, it is the same query.
            let cut = tokens(sql).filter(|token| token.kind != Comment);
            let spaced: Vec<&str> = cut.map(|token| token.text).collect();
            assert_eq!(answer(sql), answer(&spaced.join("\n")), "{sql}");
        }
        for open in ["select 1 as x /* a", "select 'a", "select \"a", "select $$a$"] {
            assert!(tokens(open).any(|token| token.kind == Open), "{open}");
        }
    }

    #[test]
    fn tokens_and_blanks_are_the_whole_text() {
        let texts = [
            "with a as (select 1) select * from a where b = 'c' -- d\n  and e >= 1.5e3;",
            "$ $a ' \" /* -- \u{0} \\ { } [1:2] a -> b",
            "ä'ö\"ü",
            "-",
            "--",
            "/",
            "/*",
            "*/",
            "$",
            "$$",
            "'",
            "E",
            "E'",
            "1e",
            "1e+",
            ".",
            "..",
            "::",
            ":",
        ];
        for text in texts {
            let mut end = 0;
            for token in tokens(text) {
                let between = text.get(end..token.start).unwrap();
                assert!(between.chars().all(is_blank), "{text}: {between:?}");
                assert!(!token.text.is_empty(), "{text}");
                end = token.end();
            }
            assert!(text.get(end..).unwrap().chars().all(is_blank), "{text}");
        }
    }
}
