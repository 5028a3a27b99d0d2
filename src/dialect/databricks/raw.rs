//! Texts for Databricks, raw SQL as it cuts it, and what is no table there.
//!
//! What a backslash or a doubled quote in a text means is up to settings, and `${name}` is a variable wherever it stands, also of the machine's
//! environment. So no text has any of these.

use crate::rawsql::{Calls, Kind, Token, call_beyond, listed, odd_blank, tokens};
use foldhash::HashSet;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

/// Functions that only compute.
static LIST: LazyLock<HashSet<&str>> = LazyLock::new(|| listed(include_str!("../../rawsql/functions/spark.txt")));

/// Words before a parenthesis that call nothing.
const WORDS: &[&str] = &["pivot", "tablesample", "unpivot"];

/// A text as a literal.
pub(super) fn text(text: &str) -> String {
    let mut parts = vec![String::new()];
    let mut push = |part: Option<u32>, char: char| match part {
        Some(code) => parts.extend([format!("chr({code})"), String::new()]),
        None => parts.iter_mut().last().into_iter().for_each(|last| last.push(char)),
    };
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let is_hidden = matches!(char, '\'' | '\\' | '\n' | '\r') || (char == '$' && chars.peek() == Some(&'{'));
        push(is_hidden.then_some(u32::from(char)), char);
    }
    let written = parts.iter().enumerate().filter(|(at, part)| at % 2 == 1 || !part.is_empty() || *at == 0);
    let written: Vec<String> = written.map(|(at, part)| if at % 2 == 1 { part.clone() } else { format!("'{part}'") }).collect();
    if written.len() == 1 { written.concat() } else { format!("({})", written.join(" || ")) }
}

/// A comment, in which a variable would be put in too, and whose line does not end behind a backslash.
pub(super) fn comment(line: &str) -> Cow<'_, str> {
    if line.contains(['\\', '$']) { line.replace('\\', "/").replace("${", "$ {").into() } else { line.into() }
}

/// The first part that is not what it is to kpic: double quotes are those of texts, a backslash escapes and joins lines of a comment, two quotes are one or
/// none, and `${` begins a variable.
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
            return !is_part || token.text.contains('$');
        }
        match token.kind {
            Kind::Text => {
                let inner = token.text.get(1..token.text.len().saturating_sub(1)).unwrap_or_default();
                !token.text.starts_with('\'') || inner.contains(['\\', '\n', '\r', '\'']) || inner.contains("${")
            }
            // Its program leaves out lines that begin with two dashes before it looks for comments.
            Kind::Comment => {
                let inside = token.text.get(2..).unwrap_or_default();
                let is_block = token.text.starts_with("/*");
                let has_dashes = || inside.lines().skip(1).any(|line| line.trim_start().starts_with("--"));
                token.text.contains("${") || token.text.contains('\\') || is_block && (inside.contains("/*") || has_dashes())
            }
            // `r'…'` is a text without escapes.
            Kind::Word => {
                token.text.contains('$')
                    || token.is_word("r") && sql.get(token.end()..).is_some_and(|rest| rest.starts_with(['\'', '"']))
            }
            Kind::Quoted | Kind::Parameter | Kind::Open | Kind::Other => true,
            Kind::Operator => token.text.contains(['?', '#', '@']),
            Kind::Mark => matches!(token.text, "{" | "}"),
            Kind::Number => false,
        }
    };
    let found = tokens(sql).find(|token| is_other(token)).map(|token| token.text);
    // A name of several lines, of which one may begin with two dashes.
    let over_lines = || sql.split('`').skip(1).step_by(2).find(|name| name.contains('\n') && name.contains("--"));
    odd_blank(sql).or_else(over_lines).or(found).or_else(|| in_name.then_some("`"))
}

/// Functions that reach beyond tables, run other programs, or tell secrets.
const CALLS: &str = "ai_gen ai_query cloud_files from_protobuf http_request java_method list_secrets read_files read_kafka read_kinesis read_pubsub read_pulsar reflect \
remote_query secret try_reflect try_secret";

/// Before a name with a point they are a format of files, and not a schema.
const FORMATS: &str = "avro binaryfile csv delta hudi iceberg json orc parquet text xml";

/// The first name that reads files or other servers, does something, or calls a function that is not on the list. `added` is what the command line
/// lets SQL call.
pub(super) fn reads_beyond<'a>(sql: &'a str, added: &[String]) -> Option<&'a str> {
    let called = call_beyond(
        sql,
        &Calls { is_listed: &|name| LIST.contains(name) || WORDS.contains(&name), schemas: &[], curried: false, added },
    );
    let named = beyond(sql).into_iter();
    let first = called.into_iter().chain(named).min_by_key(|range| range.start)?;
    sql.get(first)
}

fn beyond(sql: &str) -> Option<Range<usize>> {
    let all: Vec<Token<'_>> = tokens(sql).filter(|token| token.kind != Kind::Comment).collect();
    let is_one = |at: usize| {
        let token = all.get(at)?;
        let is_of = |list: &str| list.split(' ').any(|word| token.is_word(word));
        let next = all.get(at + 1);
        let is_call = is_of(CALLS) && next.is_some_and(|next| next.is_mark("(") || next.text.starts_with('`'));
        let is_file = is_of(FORMATS)
            && next.is_some_and(|next| next.is_mark("."))
            && all.get(at + 2).is_some_and(|name| name.text.starts_with('`'));
        // A script that rows go through stands behind `using`, in whatever quotes; columns to join by are in parentheses.
        let is_script = token.is_word("using") && !next.is_some_and(|next| next.is_mark("("));
        // What a text names is called, or read.
        let is_named = token.is_word("identifier") && next.is_some_and(|next| next.is_mark("("));
        // A format in quotes of its own.
        let is_quoted = is_of(FORMATS)
            && next.is_some_and(|next| next.text.contains('`'))
            && at.checked_sub(1).and_then(|at| all.get(at)).is_some_and(|before| before.text.contains('`'))
            && all.get(at + 2).is_some_and(|point| point.is_mark("."));
        (is_call || is_file || is_script || is_named || is_quoted).then(|| token.start..token.end())
    };
    (0..all.len()).find_map(is_one).or_else(|| place(sql))
}

/// Formats of files that have no word of their own in [`FORMATS`], and what reads through a driver.
const DRIVERS: &str = "binary image jdbc libsvm ml mlflow ratesource redshift snowflake sqlserver bigquery mongodb cassandra kafka kinesis socket rate";

/// A name of two parts that is a format or a class with a path: its first part has a point or is a driver's, or its last has what only a path or an address has.
fn place(sql: &str) -> Option<Range<usize>> {
    let mut seen: Vec<u8> = sql.bytes().collect();
    for token in tokens(sql).filter(|token| matches!(token.kind, Kind::Text | Kind::Comment | Kind::Open)) {
        seen.get_mut(token.start..token.end()).into_iter().flatten().for_each(|byte| *byte = b' ');
    }
    let seen = String::from_utf8(seen).unwrap_or_default();
    let mut at = 0;
    let (mut before, mut earlier) = (String::new(), String::new());
    // Whether a comma stands between relations, for each parenthesis that is open.
    let mut lists = vec![true];
    while let Some(rest) = seen.get(at..).filter(|rest| !rest.is_empty()) {
        let Some((first, length)) = name_at(rest) else {
            let char = rest.chars().next().unwrap_or(' ');
            if !char.is_whitespace() {
                match char {
                    // The arguments of a call are no relations.
                    '(' => lists.push(lists.last() != Some(&false) && !is_called(&before)),
                    ')' => _ = lists.pop(),
                    _ => {}
                }
                earlier = std::mem::replace(&mut before, char.to_string());
            }
            at += char.len_utf8();
            continue;
        };
        let start = at;
        at += length;
        // Hardly any word ends the list for sure: most may be an alias there.
        let is_of = |words: &[&str]| words.iter().any(|word| first.eq_ignore_ascii_case(word));
        let is_quoted = seen.get(start..).is_some_and(|rest| rest.starts_with(['`', '"']));
        if let Some(list) = lists.last_mut().filter(|_| !is_quoted) {
            *list = is_of(&["from", "join"]) || *list && !is_of(&["select"]);
        }
        let Some((second, end)) = point_at(&seen, at).and_then(|next| {
            let (second, length) = name_at(seen.get(next..)?)?;
            Some((second, next + length))
        }) else {
            earlier = std::mem::replace(&mut before, first.to_owned());
            continue;
        };
        let is_start = before != ".";
        let leads = |word: &str| {
            let words = ["from", "join", "lateral", "only", "stream", "table"];
            word.is_empty()
                || word == "," && lists.last() != Some(&false)
                || words.iter().any(|lead| word.eq_ignore_ascii_case(lead))
        };
        let is_read = leads(&before) || before == "(" && (earlier == "(" || leads(&earlier));
        let is_driver = DRIVERS.split(' ').chain(FORMATS.split(' ')).any(|driver| driver.eq_ignore_ascii_case(first));
        let is_path = second.contains(['/', ':', '\\']) || first.contains(['.', '/', ':']);
        let is_whole = point_at(&seen, end).is_none();
        if is_path || is_start && is_read && is_driver && is_whole {
            return Some(start..start + length);
        }
        earlier = std::mem::replace(&mut before, first.to_owned());
    }
    None
}

/// Whether a word before a parenthesis makes what is between it and the other one the arguments of a call.
fn is_called(word: &str) -> bool {
    let is_name = word.chars().next().is_some_and(|char| char.is_alphanumeric() || char == '_');
    is_name && !["from", "join", "lateral", "table", "in", "exists", "as"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// A name at the beginning of a text, without its quotes, and its length with them.
fn name_at(text: &str) -> Option<(&str, usize)> {
    let first = text.chars().next()?;
    if matches!(first, '`' | '"') {
        let inside = text.get(1..)?;
        let end = inside.find(first)?;
        return Some((inside.get(..end)?, end + 2));
    }
    let end = text.find(|char: char| !(char.is_alphanumeric() || char == '_')).unwrap_or(text.len());
    (end > 0).then(|| (text.get(..end).unwrap_or_default(), end))
}

/// The place behind a point, if the next thing there is one.
fn point_at(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let behind = rest.trim_start().strip_prefix('.')?.trim_start();
    Some(text.len() - behind.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_a_script_a_file_or_a_hidden_call_passes() {
        for (sql, found) in [
            ("select transform(a) using r'id' as (z) from t", "using"),
            ("select transform(a) using 'id' as (z) from t", "using"),
            ("select identifier('java_method')('java.lang.System')", "identifier"),
            ("select (f)('x')", ")"),
            ("select * from `parquet`.`data`", "parquet"),
            ("select * from parquet.`/data`", "parquet"),
            ("select * from image.data", "image"),
            ("select * from text.data", "text"),
            ("text.data", "text"),
            ("select * from (image.x)", "image"),
            ("select * from t join (image.x)", "image"),
            ("select * from lateral image.x", "image"),
            ("select a from (select b from u where c) x, text.data", "text"),
            ("select a from t join u on t.a = u.a, json.data", "json"),
            ("select * from \"org.apache.spark.sql.json\".\"data\"", "\"org.apache.spark.sql.json\""),
            ("select * from \"thing\".\"/data\"", "\"thing\""),
            ("\"com.databricks.spark.csv\".\"data\"", "\"com.databricks.spark.csv\""),
            ("image.\"data\"", "image"),
            ("select * from t as `select`, text.secrets", "text"),
            ("select * from t limit, binaryfile.x", "binaryfile"),
        ] {
            assert_eq!(reads_beyond(sql, &[]), Some(found), "{sql}");
        }
        assert_eq!(reads_beyond("select a from t join u using (a)", &[]), None);
        assert_eq!(
            reads_beyond("select image.size, c.s.t, `raw`.`orders`.day from raw.orders join image.files.raw using (a)", &[]),
            None
        );
        assert_eq!(reads_otherwise("select r'id'"), Some("r"));
        assert_eq!(reads_otherwise("select a,\u{1680}reflect('x')"), Some("\u{1680}"));
        assert_eq!(reads_otherwise("select a,\u{2028}reflect('x')"), Some("\u{2028}"));
        assert_eq!(reads_otherwise("select r, a from t"), None);
    }

    #[test]
    fn no_text_has_what_settings_decide() {
        assert_eq!(text("plain"), "'plain'");
        assert_eq!(text(""), "''");
        assert_eq!(text("it's"), "('it' || chr(39) || 's')");
        assert_eq!(text("\\"), "('' || chr(92))");
        assert_eq!(text("a\n${env:HOME}$1"), "('a' || chr(10) || chr(36) || '{env:HOME}$1')");
        assert_eq!(comment("a ${x} \\"), "a $ {x} /");
    }

    #[test]
    fn sql_that_databricks_cuts_in_another_way_is_found() {
        let found = reads_otherwise;
        assert_eq!(
            found("select `a`, x[0], m['k'], j:a.b::int from `my-shop`.raw.orders where note like 'it' -- it's\n"),
            None
        );
        assert_eq!(found("select `a'` from t; drop table t; select '`"), Some("'` from t; drop table t; select '"));
        assert_eq!(found("select `a"), Some("`"));
        assert_eq!(found("select \"a\""), Some("\"a\""));
        assert_eq!(found("select 'it''s'"), Some("'it''s'"));
        assert_eq!(found("select 'a\\'"), Some("'a\\'"));
        assert_eq!(found("select '${env:HOME}'"), Some("'${env:HOME}'"));
        assert_eq!(found("select ${env:HOME}"), Some("$"));
        assert_eq!(found("select 1 -- a \\\n"), Some("-- a \\"));
        assert_eq!(found("select ?"), Some("?"));
        assert_eq!(found("/*\n-- /*\n*/ ; !touch x;\n-- */"), Some("/*\n-- /*\n*/ ; !touch x;\n-- */"));
        assert_eq!(found("select 1 /* a\n -- b */"), Some("/* a\n -- b */"));
        assert_eq!(found("select `a\n--` from t"), Some("a\n--"));
    }

    #[test]
    fn what_does_more_than_read_tables_is_found() {
        for (sql, found) in [
            ("select reflect('java.lang.System', 'getenv', 'HOME')", Some("reflect")),
            ("select * from read_files('/x')", Some("read_files")),
            ("select * from parquet.`/data/x`", Some("parquet")),
            ("select transform(a) using 'cat' as (b) from t", Some("using")),
            ("select secret('a', 'b')", Some("secret")),
            ("select mine(1)", Some("mine")),
            ("select ai_gen(x), current_user() from t", Some("ai_gen")),
            ("select current_user()", Some("current_user")),
            ("select cast(x as decimal(10, 2)), named_struct('a', y).a, explode(z) from t pivot (sum(a) for b in ('c'))", None),
            ("select transform(a, x -> x + 1), secret, text.a from t join u using (id)", None),
        ] {
            assert_eq!(reads_beyond(sql, &[]), found, "{sql}");
        }
    }
}
