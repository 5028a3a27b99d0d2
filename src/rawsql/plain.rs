//! Raw SQL written so that all who cut it into statements and lines cut it as the engine does.
//!
//! The shells of engines read statements line by line, with rules of their own for where one ends: some know no escapes and no nested
//! comments. So comments are left out, and texts are written on one line with no escape for a quote. What is in the
//! specs keeps its meaning, and a line outside quoted names starts with as many blanks as are asked for.
//!
//! `psql` has rules of its own, some of them settings of a session: a backslash in a text escapes or does not, and a name behind a colon stands for a
//! variable. So a text with a backslash is always written as one with escapes, and a blank follows a colon.

use super::{Kind, Token, tokens};

/// SQL that means the same, without comments, semicolons at its end, and line breaks in texts. Lines after the first start with at
/// least so many blanks, but for those inside a quoted name, where a blank would be another name.
pub fn plain(sql: &str, blanks: usize) -> String {
    let mut out = String::with_capacity(sql.len());
    let all: Vec<Token<'_>> = tokens(sql).filter(|token| token.kind != Kind::Comment).collect();
    let last = all.iter().rposition(|token| !token.is_mark(";")).map_or(0, |last| last + 1);
    let mut rest = all.get(..last).unwrap_or_default().iter().peekable();
    let mut before: Option<Token<'_>> = None;
    while let Some(token) = rest.next() {
        if let Some(before) = before {
            // A text between dollars is none that goes on in the next line.
            let texts = before.kind == Kind::Text && token.kind == Kind::Text;
            let joins = texts && (before.text.starts_with('$') || token.text.starts_with('$'));
            let between = sql.get(before.end()..token.start).unwrap_or_default();
            // Two quotes side by side would be one within a text.
            let between = if texts && between.is_empty() { " " } else { between };
            // `:name`, `:'name'`, `:"name"` and `:{?name}` would be variables.
            let splits = before.is_mark(":") && token.kind != Kind::Operator;
            let between = if splits && between.is_empty() { " " } else { between };
            gap(between, if joins { None } else { Some(blanks) }, &mut out);
        }
        before = Some(*token);
        if token.kind != Kind::Text {
            out.push_str(token.text);
        } else if let Some(value) = value(token.text) {
            // What goes on in the next line is the same text.
            let mut value = value;
            let mut end = *token;
            while let Some(next) = rest.peek().filter(|next| token.text.starts_with('\'') && goes_on(sql, end, ***next)) {
                value.push_str(&self::value(next.text).unwrap_or_default());
                end = **next;
                rest.next();
            }
            before = Some(end);
            let written = if value.contains('\\') { with_escapes(&value) } else { literal(&value) };
            // The prefix would be a part of a word before it.
            if written.starts_with('E')
                && out.ends_with(|char: char| char.is_alphanumeric() || !char.is_ascii() || matches!(char, '_' | '$'))
            {
                out.push(' ');
            }
            out.push_str(&written);
        } else {
            escaped(token.text, &mut out);
        }
    }
    out
}

/// A text as a literal on one line.
pub fn literal(value: &str) -> String {
    if value.contains(['\n', '\r']) { with_escapes(value) } else { format!("'{}'", value.replace('\'', "''")) }
}

/// A text as a literal that says of itself that it has escapes, so that no setting decides it.
fn with_escapes(value: &str) -> String {
    let escaped = value.replace('\'', "''").replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    format!("E'{escaped}'")
}

/// The value of a text without escapes.
fn value(text: &str) -> Option<String> {
    if let Some(inner) = text.strip_prefix('\'') {
        return Some(inner.strip_suffix('\'')?.replace("''", "'"));
    }
    let tag = text.strip_prefix('$')?.find('$')? + 2;
    text.get(tag..text.len().checked_sub(tag)?).map(str::to_owned)
}

/// A text with a prefix as it is, but for escaped quotes, which are doubled, and line breaks, which are escaped.
fn escaped(text: &str, out: &mut String) {
    let escapes = text.starts_with(['e', 'E']);
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' if escapes => match chars.next() {
                Some('\'') => out.push_str("''"),
                Some('\n') => out.push_str("\\n"),
                Some('\r') => out.push_str("\\r"),
                Some(next) => out.extend([char, next]),
                None => out.push(char),
            },
            '\n' if escapes => out.push_str("\\n"),
            '\r' if escapes => out.push_str("\\r"),
            _ => out.push(char),
        }
    }
}

/// Whether a text goes on with the next token: in another line, with nothing but blanks and comments to the end of a line between.
fn goes_on(sql: &str, text: Token<'_>, next: Token<'_>) -> bool {
    let between = sql.get(text.end()..next.start).unwrap_or_default();
    next.kind == Kind::Text && next.text.starts_with('\'') && breaks(between)
}

/// Whether there is a line break between tokens, outside a comment that may hold some.
fn breaks(between: &str) -> bool {
    let mut end = 0;
    let has_break = |from: usize, to: usize| between.get(from..to).is_some_and(|gap| gap.contains(['\n', '\r']));
    // What is within a comment does not count.
    for comment in tokens(between) {
        if has_break(end, comment.start) {
            return true;
        }
        end = comment.end();
    }
    has_break(end, between.len())
}

/// What stands between two tokens: nothing, a blank, or a line break and the blanks of the next line.
fn gap(between: &str, blanks: Option<usize>, out: &mut String) {
    if between.is_empty() {
        return;
    }
    let Some(least) = blanks.filter(|_| breaks(between)) else {
        out.push(' ');
        return;
    };
    let line = between.rsplit(['\n', '\r']).next().unwrap_or_default();
    let own = line.chars().take_while(|char| *char == ' ').count();
    out.push('\n');
    out.push_str(&" ".repeat(own.max(least)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_semicolons_at_the_end_are_left_out() {
        assert_eq!(plain("select 1 -- don't\nfrom t -- x\n;", 0), "select 1\nfrom t");
        assert_eq!(plain("/* ' */ select/* ' */1;;", 0), "select 1");
        assert_eq!(plain("a -- b\n+ c", 4), "a\n    + c");
        assert_eq!(plain("a\n\n      + c", 4), "a\n      + c");
        assert_eq!(plain("- -1 -/**/-2", 0), "- -1 - -2");
        assert_eq!(plain("", 2), "");
    }

    #[test]
    fn texts_stand_on_one_line() {
        assert_eq!(plain("select 'a\n.b''c\\'", 0), "select E'a\\n.b''c\\\\'");
        assert_eq!(plain("a'b\nc'", 0), "a E'b\\nc'");
        assert_eq!(plain("select $$a'b$$, $t$\n$$$t$", 0), "select 'a''b', E'\\n$$'");
        assert_eq!(plain("select E'a\\'b\n\\\\'", 0), "select E'a''b\\n\\\\'");
        assert_eq!(plain("select 'a'\n  'b\nc'", 0), "select E'ab\\nc'");
        assert_eq!(plain("select 'a' /*\n*/ 'b'", 0), "select 'a' 'b'");
        assert_eq!(plain("select 'a' -- x\n 'b'", 0), "select 'ab'");
        assert_eq!(plain("select 'a'\n$$b$$\n'c'", 0), "select 'a' 'b' 'c'");
        assert_eq!(plain("select $$a$$$$b$$ E'c'$$d$$", 0), "select 'a' 'b' E'c' 'd'");
        assert_eq!(plain("select \"a\nb\"\nfrom t", 2), "select \"a\nb\"\n  from t");
    }

    #[test]
    fn no_setting_of_a_shell_decides_what_is_read() {
        assert_eq!(plain(r"select 'a\' || ' \! id #', $$\$$", 0), r"select E'a\\' || E' \\! id #', E'\\'");
        assert_eq!(
            plain("select x::date, a[1:n], {'a':'b'}, {a:\"b\"}, f(a := 1), f(a:=1), lambda x:x, y: z", 0),
            "select x::date, a[1: n], {'a': 'b'}, {a: \"b\"}, f(a := 1), f(a:=1), lambda x: x, y: z"
        );
        assert_eq!(plain("select :name, :'name', :{?name}, :/**/name", 0), "select : name, : 'name', : {?name}, : name");
    }

    /// Each of these took time that grew with the square of its length: minutes for so much.
    #[test]
    fn long_sql_takes_no_longer_than_it_has_to() {
        let comments = format!("select 1 as d {}, 2 as s", "/*\n*/".repeat(200_000));
        assert_eq!(plain(&comments, 0), "select 1 as d , 2 as s");
        let many = |name: fn(usize) -> String| (0..100_000).map(name).collect::<Vec<_>>().join(", ");
        let with = format!("with {} select 1 from {}", many(|at| format!("a{at} as (select 1)")), many(|at| format!("a{at}")));
        assert_eq!(crate::rawsql::relations(&with), []);
        let nested = format!("with a as (select 1) {}select 1{}", "select * from a, (".repeat(50_000), ")".repeat(50_000));
        assert_eq!(crate::rawsql::relations(&nested), []);
    }

    #[test]
    fn the_engine_answers_the_same() {
        let program = crate::engine::find(None).unwrap();
        let answer = |sql: &str| {
            let output = std::process::Command::new(&program).args(["-no-init", "-csv", "-c", sql]).output().unwrap();
            assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
            output.stdout
        };
        for sql in [
            "select 1 /* a /* ' ; */ c */ as x",
            r"select E'a\'b\\n\n' as x, E'\t\x41' as y",
            "select 'a\n.b\r\n\\n''' as x",
            "select 'a\\n'\n'b\\n\nc' as x",
            "select $t$a$$b'\n$t$ as x",
            "select date E'2024-01-01' as x, date '2024-01-01' - 1 as y -- it's",
            "select E'a\\\nb' as x",
            "select 1 as \"a\n  b\",\n2 as c;",
            r"select regexp_extract('a1b22', '\d+$') as x, 'a\' as y, date '2024-01-01' as d, 'a%' like 'a\%' escape '\' as z",
            "select [1, 2, 3][1:2] as x, [1, 2, 3][y:y] as s, {'a':'b', c:y} as t, y::text as u, list_transform([1], lambda z:z) as w from (select 2 as y)",
            "select 1\u{a0}as\u{200b}x\n, -- c\r 2 as y",
        ] {
            assert_eq!(answer(sql), answer(&plain(sql, 3)), "{sql}");
        }
    }
}
