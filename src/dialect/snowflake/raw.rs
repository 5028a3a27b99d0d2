//! Raw SQL as Snowflake cuts it.
//!
//! A text with a line break would be written with a prefix that it does not know.

use crate::rawsql::{Calls, Kind, Token, call_beyond, listed, odd_blank, plain, relations, texts_read, tokens};
use foldhash::HashSet;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Functions that only compute.
static LIST: LazyLock<HashSet<&str>> = LazyLock::new(|| listed(include_str!("../../rawsql/functions/snowflake.txt")));

/// Words before a parenthesis that call nothing.
const WORDS: &[&str] = &["match_recognize", "pivot", "sample", "tablesample", "unpivot"];

/// Two characters with which something begins that programs of Snowflake's put in before they send SQL: an expression, which may name the machine's environment,
/// or a variable.
const PAIRS: &[&str] = &["<%", "&{", "{{", "$$"];

/// Whether a program may put something else in the place of a part.
pub(super) fn is_template(text: &str) -> bool {
    let mut named = text.match_indices('&').filter_map(|(at, _)| text.get(at + 1..)?.chars().next());
    PAIRS.iter().any(|pair| text.contains(pair)) || named.any(|char| char.is_alphabetic() || char == '_')
}

/// A text as a literal. Backslashes mean something in it.
pub(super) fn text(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "''").replace('\n', "\\n").replace('\r', "\\r");
    let mut written = apart(&escaped, "' || '");
    let is_joined = written.len() > escaped.len();
    written = format!("'{written}'");
    if is_joined { format!("({written})") } else { written }
}

/// A comment.
pub(super) fn comment(line: &str) -> Cow<'_, str> {
    if is_template(line) { apart(line, " ").into() } else { line.into() }
}

/// A text with something between the two characters of each such pair.
fn apart(text: &str, between: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    for char in text.chars() {
        let begins = |before: char| {
            // A name behind `&` is a variable as well.
            before == '&' && (char.is_alphabetic() || char == '_')
                || PAIRS.contains(&String::from_iter([before, char]).as_str())
        };
        if before.is_some_and(begins) {
            out.push_str(between);
        }
        out.push(char);
        before = Some(char);
    }
    out
}

/// The first part that is not what it is to kpic: backslashes are escapes in texts, `//` starts a comment, and what starts with a dollar is a variable
/// of the session or a text.
pub(super) fn reads_otherwise(sql: &str) -> Option<&str> {
    let is_other = |token: &Token<'_>| match token.kind {
        Kind::Text => {
            !token.text.starts_with(['\'', 'x', 'X']) || token.text.contains(['\\', '\n', '\r']) || is_template(token.text)
        }
        Kind::Operator => token.text.contains("//") || token.text.contains(['`', '?', '#', '&']),
        Kind::Parameter | Kind::Open | Kind::Other => true,
        Kind::Comment => token.text.get(2..).is_some_and(|inside| token.text.starts_with("/*") && inside.contains("/*")),
        // Programs that cut statements take `$$` for the beginning of a text wherever it stands.
        Kind::Word => token.text.contains("$$"),
        // To its programs a backslash escapes in names, too, and to the server it does not.
        Kind::Quoted => token.text.contains('\\') || is_template(token.text),
        Kind::Number | Kind::Mark => false,
    };
    // Its program takes a line that begins with `!` for a command, and `&name` for a variable.
    let commands = || plain(sql, 0).lines().any(|line| line.trim_start().starts_with('!'));
    let command = || sql.find('!').filter(|_| commands()).and_then(|at| sql.get(at..=at));
    odd_blank(sql).or_else(|| tokens(sql).find(is_other).map(|token| token.text)).or_else(command)
}

/// The first part that reads files of a stage or what the server tells of itself, is a function of the system, or calls one that is not on the list. `added` is what
/// the command line lets SQL call.
pub(super) fn reads_beyond<'a>(sql: &'a str, added: &[String]) -> Option<&'a str> {
    let is_system = |name: &str| name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("system$"));
    // What names a thing by a text, takes the next number of a sequence, or tells which session or question it is.
    let tells = |name: &str| {
        [
            "identifier",
            "nextval",
            "current_transaction",
            "current_session",
            "current_statement",
            "last_query_id",
            "last_transaction",
        ]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
    };
    let is_beyond = |token: &Token<'_>| match token.kind {
        Kind::Operator => token.text.contains('@'),
        Kind::Word | Kind::Quoted => token.name().is_some_and(|name| is_system(&name) || tells(&name)),
        _ => false,
    };
    let named = tokens(sql).find(is_beyond).map(|token| token.start..token.end());
    let called = call_beyond(
        sql,
        &Calls { is_listed: &|name| LIST.contains(name) || WORDS.contains(&name), schemas: &[], curried: false, added },
    );
    // The database that every account shares.
    let shared = relations(sql).into_iter().find(|read| {
        read.parts.len() > 2 && read.parts.first().is_some_and(|database| database.eq_ignore_ascii_case("snowflake"))
    });
    let shared = shared.map(|read| read.range);
    let first = named.into_iter().chain(called).chain(texts_read(sql)).chain(shared).min_by_key(|range| range.start)?;
    sql.get(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_that_snowflake_cuts_in_another_way_is_found() {
        let found = reads_otherwise;
        assert_eq!(
            found("select src:items[0].price::number(18, 2), x'ff', \"c\" from t where note like 'it''s' -- //\n"),
            None
        );
        // To kpic the text ends before `from`.
        assert_eq!(found("select 'a\\' from t; drop table t; select '"), Some("'a\\'"));
        assert_eq!(found("select 'a\nb'"), Some("'a\nb'"));
        assert_eq!(found("select 4 // 2"), Some("//"));
        assert_eq!(found("select &x"), Some("&"));
        assert_eq!(found("select 1\n  /* c */ !system rm"), Some("!"));
        assert_eq!(found("select a != b"), None);
        assert_eq!(found("select $$ ; drop table t; $$"), Some("$$ ; drop table t; $$"));
        assert_eq!(found("select $price from t"), Some("$price"));
        assert_eq!(found("select E'a' from t"), Some("E'a'"));
        assert_eq!(found("select 1 /* a /* b */ c */"), Some("/* a /* b */ c */"));
    }

    #[test]
    fn nothing_of_a_text_is_put_in_by_a_program() {
        assert_eq!(text("it's 5 % & so"), "'it''s 5 % & so'");
        assert_eq!(text("<% ctx.env.HOME %>"), "('<' || '% ctx.env.HOME %>')");
        assert_eq!(
            text("a\n!system x &{ y } {{{ \\ $$$"),
            "('a\\n!system x &' || '{ y } {' || '{' || '{ \\\\ $' || '$' || '$')"
        );
        assert_eq!(comment("a <% b %> $$$ {{"), "a < % b %> $ $ $ { {");
        assert_eq!(comment("plain"), "plain");
        assert_eq!(reads_otherwise("select '<% x %>'"), Some("'<% x %>'"));
        assert_eq!(reads_otherwise("select \"&{ x }\""), Some("\"&{ x }\""));
        assert_eq!(reads_otherwise("select 1 as \"a\\\" from t"), Some("\"a\\\""));
    }

    #[test]
    fn stages_and_functions_of_the_system_are_no_tables() {
        let reads_beyond = |sql| reads_beyond(sql, &[]);
        assert_eq!(
            reads_beyond("select x, split_part(y, '@', 1), a.b[0]::number(18, 2) from t, lateral flatten(input => x) as f"),
            None
        );
        assert_eq!(reads_beyond("select identifier('db.s.f')(1)"), Some("identifier"));
        assert_eq!(reads_beyond("select s.nextval, current_session()"), Some("nextval"));
        assert_eq!(reads_otherwise("select a$$b from t"), Some("a$$b"));
        assert_eq!(reads_beyond("select x from t, '@stage/x.csv'"), Some("'@stage/x.csv'"));
        assert_eq!(reads_beyond("select \"SYSTEM$CANCEL_ALL_QUERIES\"(1)"), Some("\"SYSTEM$CANCEL_ALL_QUERIES\""));
        assert_eq!(reads_beyond("select db.raw.calls_a_server(x) from t"), Some("db.raw.calls_a_server"));
        assert_eq!(reads_beyond("select $1 from @stage/file.csv"), Some("@"));
        assert_eq!(reads_beyond("select System$Cancel_All_Queries(1)"), Some("System$Cancel_All_Queries"));
        assert_eq!(reads_beyond("select 'system$a', '@' from t"), None);
        assert_eq!(reads_beyond("select mine(1)"), Some("mine"));
        assert_eq!(reads_beyond("select ai_complete('m', x), encrypt(x, 'k') from t"), Some("ai_complete"));
        assert_eq!(reads_beyond("select * from snowflake.usage.query_history"), Some("snowflake.usage.query_history"));
        assert_eq!(
            reads_beyond(
                "select array_agg(x) within group (order by y) over (partition by z) from table(flatten(a)) pivot(sum(b) for c in ('d'))"
            ),
            None
        );
    }
}
