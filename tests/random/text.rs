//! Emitted SQL as text: nothing in it runs into its neighbour.

use kpic::rawsql::{Kind, Token, tokens};

/// All operators that kpic writes.
const OPERATORS: &[&str] = &["+", "-", "*", "/", "%", "=", "<>", "<", "<=", ">", ">=", "||", "~~", "!~~"];

/// The comment that the raw SQL of a project has, which ends its line.
const OWN: &str = "-- of the stored one";

/// What lists and maps are written with, which the readers of files take.
const OF_READERS: &[&str] = &["[", "]", "{", "}", ":"];

/// A token that stands in no statement of kpic's, or two that touch; nothing where all is well.
pub fn problem(sql: &str) -> Option<String> {
    let reads_files = sql.contains(" read_csv(") || sql.contains(" read_json(");
    let mut before: Option<Token<'_>> = None;
    for token in tokens(sql) {
        let known = match token.kind {
            Kind::Comment => token.text == OWN,
            Kind::Operator => OPERATORS.contains(&token.text),
            Kind::Open | Kind::Other | Kind::Parameter => false,
            Kind::Mark => matches!(token.text, "(" | ")" | "," | ".") || reads_files && OF_READERS.contains(&token.text),
            Kind::Word | Kind::Quoted | Kind::Text | Kind::Number => true,
        };
        if !known {
            return Some(format!("the {:?} `{}`", token.kind, token.text));
        }
        // Words, names and values are apart from each other, and so are operators.
        let apart = |kind: Kind| matches!(kind, Kind::Word | Kind::Quoted | Kind::Text | Kind::Number);
        if let Some(before) = before.filter(|before| before.end() == token.start) {
            let both = apart(before.kind) && apart(token.kind) || before.kind == Kind::Operator && token.kind == Kind::Operator;
            if both {
                return Some(format!("`{}` directly before `{}`", before.text, token.text));
            }
        }
        before = Some(token);
    }
    None
}

#[test]
fn what_runs_into_its_neighbour_is_found() {
    for (sql, found) in [
        ("select -(-x)", None),
        ("select - -1 from \"a--b\" where c = '--'", None),
        ("select --x", Some("the Comment `--x`")),
        ("select a /* b */", Some("the Comment `/* b */`")),
        ("select a*/b", Some("the Operator `*/`")),
        ("select 1a", Some("`1` directly before `a`")),
        ("select 'a'b", Some("`'a'` directly before `b`")),
        ("select 'a", Some("the Open `'a`")),
        ("select a[1]", Some("the Mark `[`")),
        ("select * from read_csv(['a', 'b'], columns = {'x': 'VARCHAR'})", None),
    ] {
        assert_eq!(problem(sql).as_deref(), found, "{sql}");
    }
}
