//! Raw SQL as ClickHouse cuts it.
//!
//! Backslashes escape in texts and in names of either quotes, backticks are quotes, a `#` begins a comment, and quotes of other scripts are quotes too.

use crate::rawsql::{Calls, Kind, Token, call_beyond, listed, odd_blank, relations, tokens};
use foldhash::HashSet;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

/// Functions that only compute.
static LIST: LazyLock<HashSet<&str>> = LazyLock::new(|| listed(include_str!("../../rawsql/functions/clickhouse.txt")));

/// What may stand behind the name of an aggregate and makes another of it.
const COMBINATORS: &[&str] = &[
    "argmax",
    "argmin",
    "array",
    "distinct",
    "foreach",
    "if",
    "map",
    "merge",
    "ordefault",
    "ornull",
    "resample",
    "simplestate",
    "state",
    "tuple",
];

/// Words that choose settings or outputs, or name a function without a call.
const WORDS: &[&str] = &["apply", "outfile", "settings"];

/// The first part that is not what it is to kpic.
pub(super) fn reads_otherwise(sql: &str) -> Option<&str> {
    let all: Vec<Token<'_>> = tokens(sql).collect();
    let mut opened: Option<usize> = None;
    for (at, token) in all.iter().enumerate() {
        if let Some(begin) = opened {
            // Between backticks is one word, and nothing around it.
            let is_next =
                at.checked_sub(1).and_then(|before| all.get(before)).is_some_and(|before| before.end() == token.start);
            let is_part = match at - begin {
                1 => token.kind == Kind::Word && !token.text.contains('$'),
                _ => token.text == "`",
            };
            if !(is_next && is_part) {
                return Some(token.text);
            }
            opened = Some(begin).filter(|begin| at - begin < 2);
            continue;
        }
        if token.text == "`" {
            opened = Some(at);
        } else if is_other(token) {
            return Some(token.text);
        }
    }
    odd_blank(sql).or_else(|| opened.map(|_| "`"))
}

fn is_other(token: &Token<'_>) -> bool {
    match token.kind {
        Kind::Text => !token.text.starts_with('\'') || !ends_alike(token.text),
        Kind::Quoted => token.text.contains('\\'),
        Kind::Comment => token.text.get(2..).is_some_and(|inside| token.text.starts_with("/*") && inside.contains("/*")),
        Kind::Operator => token.text.contains(['`', '#', '@', '?']),
        Kind::Mark => matches!(token.text, "{" | "}"),
        Kind::Word => !token.text.is_ascii() || token.text.contains('$'),
        Kind::Parameter | Kind::Open | Kind::Other => true,
        Kind::Number => false,
    }
}

/// Whether a text in single quotes ends in the same place where backslashes escape. A line break with backslashes beside it is written in another way.
fn ends_alike(text: &str) -> bool {
    if !text.contains('\\') {
        return true;
    }
    let mut chars = text.get(1..).unwrap_or_default().chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' => {
                chars.next();
            }
            '\'' if chars.next_if_eq(&'\'').is_none() => return chars.peek().is_none() && !text.contains(['\n', '\r']),
            _ => {}
        }
    }
    false
}

/// Raw SQL on lines of its own as ClickHouse reads it: what kpic writes as a text with escapes has a prefix that it does not know. Backslashes are as they were.
pub(super) fn written(sql: &str) -> Cow<'_, str> {
    let is_escaped = |token: &Token<'_>| token.kind == Kind::Text && token.text.starts_with(['e', 'E']);
    if !tokens(sql).any(|token| is_escaped(&token)) {
        return sql.into();
    }
    let (mut out, mut at) = (String::with_capacity(sql.len()), 0);
    for token in tokens(sql).filter(is_escaped) {
        out.push_str(sql.get(at..token.start).unwrap_or_default());
        out.push_str(&token.text.get(1..).unwrap_or_default().replace("\\\\", "\\"));
        at = token.end();
    }
    out.push_str(sql.get(at..).unwrap_or_default());
    out.into()
}

/// The first part under which it does more than read tables and compute: a call of what is not on the list, its own databases, settings, and functions that are
/// named without a call.
pub(super) fn reads_beyond<'a>(sql: &'a str, added: &[String]) -> Option<&'a str> {
    let all: Vec<Token<'_>> = tokens(sql).filter(|token| token.kind != Kind::Comment).collect();
    let called = call_beyond(sql, &Calls { is_listed: &is_listed, schemas: &[], curried: true, added });
    let named = all.iter().enumerate().find(|(at, token)| {
        let Some(name) = token.name().map(|name| name.to_ascii_lowercase()) else { return false };
        let is_part = at.checked_sub(1).and_then(|before| all.get(before)).is_some_and(|before| before.is_mark("."));
        // A name in backticks has one of them behind it.
        let after = all.get(at + 1).filter(|after| after.text != "`").or_else(|| all.get(at + 2));
        let leads = after.is_some_and(|after| after.is_mark("."));
        let is_server = ["system", "information_schema", "_table_function"].contains(&name.as_str()) && leads && !is_part;
        is_server || token.kind == Kind::Word && !is_part && WORDS.contains(&name.as_str())
    });
    let named = named.map(|(_, token)| token.start..token.end());
    let closes = closes(&all);
    let given = (0..all.len()).find_map(|at| given_by_name(&all, &closes, at));
    let first = called.into_iter().chain(named).chain(given).chain(file(sql)).min_by_key(|range| range.start)?;
    sql.get(first)
}

/// A function may be given by its name: `arrayMap(file, paths)` calls it, in parentheses and with another name behind `as`, too. So the first of several arguments of what
/// begins with `array` or `map` is no bare name, unless the function is known to take values only; what is given has to say what it does: `x -> lower(x)`.
fn given_by_name(all: &[Token<'_>], closes: &[usize], at: usize) -> Option<Range<usize>> {
    let name = all.get(at)?.name()?.to_ascii_lowercase();
    let is_higher =
        (name.starts_with("array") || name.starts_with("map")) && !TAKES_VALUES.split_whitespace().any(|known| known == name);
    let mut open = at + 1;
    // A name in backticks has one of them behind it.
    while all.get(open).is_some_and(|token| token.text == "`") {
        open += 1;
    }
    if !is_higher || !all.get(open)?.is_mark("(") {
        return None;
    }
    let end = *closes.get(open)?;
    // What these give is no function, and nothing is known of more arguments behind theirs.
    if all.get(end + 1).is_some_and(|next| next.is_mark("(")) {
        return all.get(at).map(|token| token.start..token.end());
    }
    let (mut name, mut is_lambda) = (None, false);
    let mut next = open + 1;
    while let Some(token) = all.get(next).filter(|_| next < end) {
        if token.text == "," {
            return name.filter(|_| !is_lambda);
        }
        if token.text == "->" {
            is_lambda = true;
        }
        if name.is_none() && token.name().is_some() {
            name = Some(token.start..token.end());
        }
        let inside = closes.get(next).copied().filter(|close| *close > next && *close < end);
        if let Some(close) = inside {
            // A name may be in brackets; those of a call and of arguments hold nothing else that is given.
            if name.is_none() && !is_lambda {
                let named = all.get(next + 1..close).unwrap_or_default().iter().find(|token| token.name().is_some());
                name = named.map(|token| token.start..token.end());
            }
            next = close;
        }
        next += 1;
    }
    None
}

/// For each bracket that opens, where it closes; its own place for all else.
fn closes(all: &[Token<'_>]) -> Vec<usize> {
    let (mut closes, mut open): (Vec<usize>, Vec<usize>) = ((0..all.len()).collect(), Vec::new());
    for (at, token) in all.iter().enumerate() {
        match token.text {
            "(" | "[" => open.push(at),
            ")" | "]" => {
                if let Some(place) = open.pop().and_then(|opened| closes.get_mut(opened)) {
                    *place = at;
                }
            }
            _ => {}
        }
    }
    open.into_iter().for_each(|opened| {
        if let Some(place) = closes.get_mut(opened) {
            *place = all.len();
        }
    });
    closes
}

/// The first relation whose name would be that of files in a database of files.
fn file(sql: &str) -> Option<Range<usize>> {
    let is_path = |name: &String| name.contains(['/', '\\', '*', '?', '{', '[', '.']);
    relations(sql).into_iter().find(|read| read.parts.iter().any(is_path)).map(|read| read.range)
}

/// Functions of arrays and maps that take values only.
const TAKES_VALUES: &str = "array arrayauc arrayaucpr arrayconcat arraydistinct arraydotproduct arrayelement arrayelementornull arrayenumerate arrayenumeratedense \
arrayenumeratedenseranked arrayenumerateuniq arrayenumerateuniqranked arrayexcept arrayflatten arrayintersect arrayjaccardindex arrayjoin arraylevenshteindistance \
arraylevenshteindistanceweighted arraynormalizedgini arraypopback arraypopfront arrayprauc arraypushback arraypushfront arrayrandomsample arrayremove arrayresize \
arrayreverse arrayrocauc arrayrotateleft arrayrotateright arrayshiftleft arrayshiftright arrayshingles arrayshuffle arraysimilarity arrayslice arraystringconcat \
arraysymmetricdifference arrayunion arrayuniq arraywithconstant arrayzip arrayzipunaligned map mapadd mapconcat mapcontains mapcontainskey mapcontainskeylike \
mapcontainsvalue mapcontainsvaluelike mapextractkeylike mapextractvaluelike mapfromarrays mapfromstring mapkeys mappopulateseries mapsubtract mapupdate mapvalues";

/// No name of a function is longer.
const LONGEST: usize = 200;

/// Whether a function is on the list, perhaps as an aggregate with what may stand behind its name.
fn is_listed(name: &str) -> bool {
    let mut name = name;
    if name.len() > LONGEST {
        return false;
    }
    while !LIST.contains(name) {
        match COMBINATORS.iter().find_map(|combinator| name.strip_suffix(combinator)) {
            Some(base) if !base.is_empty() => name = base,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rawsql::plain;

    #[test]
    fn sql_that_clickhouse_cuts_in_another_way_is_found() {
        let found = reads_otherwise;
        assert_eq!(
            found("select `a`, b.`c`, \"d\"\"e\", m['k'] from `raw`.t where s like 'it''s' and match(s, '\\\\d+') -- it's\n"),
            None
        );
        assert_eq!(found("select 1 as `'` from t; drop table t; --'`"), Some("'` from t; drop table t; --'"));
        assert_eq!(found("select `a b`"), Some("b"));
        assert_eq!(found("select `a\\` from t"), Some("\\"));
        assert_eq!(found("select \"a\\\" from t"), Some("\"a\\\""));
        assert_eq!(found("select 'a\\' from t; drop table t; select '"), Some("'a\\'"));
        assert_eq!(found("select 'a\\''b'"), Some("'a\\''b'"));
        assert_eq!(found("select 1 # it's"), Some("#"));
        assert_eq!(found("select $$a$$"), Some("$$a$$"));
        assert_eq!(found("select E'a'"), Some("E'a'"));
        assert_eq!(found("select \u{2018}a\u{2019}"), Some("\u{2018}a\u{2019}"));
        assert_eq!(found("select /* /* */ */ 1"), Some("/* /* */ */"));
        assert_eq!(found("select `a"), Some("`"));
        assert_eq!(found("select {x:String}"), Some("{"));
    }

    #[test]
    fn texts_are_written_as_they_are_read() {
        assert_eq!(
            written(&plain("select match(s, '\\\\d+\\t'), 'a\nb', 'it''s'", 0)),
            "select match(s, '\\\\d+\\t'), 'a\\nb', 'it''s'"
        );
    }

    #[test]
    fn what_does_more_than_compute_is_found() {
        for (sql, found) in [
            ("select * from url('http://x')", Some("url")),
            ("select * from `url`('http://x')", Some("`")),
            ("select file('/etc/passwd')", Some("file")),
            ("select arrayMap(file, ['/etc/passwd'])", Some("file")),
            ("select arrayMap(`file`, ['/etc/passwd'])", Some("file")),
            ("select arrayMap(\"file\", ['/etc/passwd'])", Some("\"file\"")),
            ("select arrayMap((file), ['/etc/passwd'])", Some("file")),
            ("select arrayMap(file as f, ['/etc/passwd'])", Some("file")),
            ("select arrayMap(((`file`)) , ['/etc/passwd'])", Some("file")),
            ("select `arrayMap`(file, ['/etc/passwd'])", Some("`")),
            ("select arrayMap(all file, ['/etc/passwd'])", Some("all")),
            ("select arrayMap(+file, ['/etc/passwd'])", Some("file")),
            ("select arrayMap((file as f) as g, ['/etc/passwd'])", Some("file")),
            ("select arrayCompact(file, ['/etc/passwd'])", Some("file")),
            ("select arrayTopK(file, 1, ['/etc/passwd'])", Some("file")),
            ("select arrayNotYetKnown(file, ['/etc/passwd'])", Some("arrayNotYetKnown")),
            (
                "select arrayConcat(a, b), arrayElement(a, 1), arrayReverse(a), arrayFilter((x, y) -> y > 1, a, b), arrayCount(a), arraySort(a)",
                None,
            ),
            ("select arrayMap()(file, ['/etc/passwd'])", Some("arrayMap")),
            ("select arrayMap(x -> x, a)(file, ['/etc/passwd'])", Some("arrayMap")),
            ("select arrayMap([(file)][1], ['/etc/passwd'])", Some("file")),
            ("select * from default.\"/etc/passwd\"", Some("default.\"/etc/passwd\"")),
            ("from \"data.csv\"", Some("\"data.csv\"")),
            ("select arrayMap(x -> lower(x), names), arraySum(amounts), quantile(0.9)(x) from t", None),
            ("select dictGet('d', 'a', 1)", Some("dictGet")),
            ("select * from system.tables", Some("system")),
            ("select * from `system`.tables", Some("system")),
            ("select * from INFORMATION_SCHEMA.tables", Some("INFORMATION_SCHEMA")),
            ("select * from (select 1 settings max_threads = 1)", Some("settings")),
            ("select * apply(hostName) from t", Some("apply")),
            ("select query_id(), sleepEachRow(1)", Some("query_id")),
            ("select sumIf(x, y), uniqExactMerge(z), quantile(0.9)(x), argMaxOrNull(a, b), countIfState(c) from t.u", None),
            (
                "select toDate32(d), cast(x as Nullable(Decimal(18, 2))), arrayJoin([1, 2]), o.settings from numbers(10) as o",
                None,
            ),
        ] {
            assert_eq!(reads_beyond(sql, &[]), found, "{sql}");
        }
    }
}
