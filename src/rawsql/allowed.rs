//! Which functions raw SQL calls that are not known to only compute.
//!
//! A list of what is refused is never complete: a server has thousands of functions, and each version has more. So where kpic asks a server, or writes
//! statements for one, a call has to be of a function on a list of those that only compute. Only the command line adds to it.
//!
//! What looks like a call decides, whatever it turns out to be: a name before a parenthesis that is no word of the language, and none that is made there.

use super::{Kind, Token, tokens};
use foldhash::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// Words before a parenthesis, none of which calls anything.
static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| BEFORE_PARENTHESIS.split_whitespace().collect());
const BEFORE_PARENTHESIS: &str = "all and any array as asof between bernoulli by case char character check columns coalesce collate dec decimal default distinct else escape except \
exists filter float for from full global group having if ilike in inner intersect interval into is isnull join lateral left like limit \
materialized not notnull nulls numeric offset on only operator or order over partition passing prewhere qualify range recursive repeatable returning right row \
rows select set sets similar some symmetric system then time timestamp timestamptz timetz to union unique using values varchar varying when \
where window with within zone bit bpchar varbit cube rollup cross natural groups ties";

/// The names of a list in a file: one a line, in small letters; a line that begins with `#` says what the list is.
pub fn listed(list: &'static str) -> HashSet<&'static str> {
    list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// What may be called.
#[derive(Clone, Copy)]
pub struct Calls<'a> {
    /// Whether a function is on the list, by its name in small letters.
    pub is_listed: &'a dyn Fn(&str) -> bool,
    /// The schemas of functions that are built in.
    pub schemas: &'a [&'a str],
    /// Whether what a call gives may be called, as in `quantile(0.9)(x)`.
    pub curried: bool,
    /// What the command line adds, with its schema where it has one.
    pub added: &'a [String],
}

impl Calls<'_> {
    /// Whether a function may be called, by the parts of its name.
    pub fn allow(&self, parts: &[String]) -> bool {
        let name = parts.join(".").to_ascii_lowercase();
        if self.added.iter().any(|added| added.eq_ignore_ascii_case(&name)) {
            return true;
        }
        match parts {
            [_] => (self.is_listed)(&name),
            [schema, name] => {
                self.schemas.iter().any(|own| schema.eq_ignore_ascii_case(own)) && (self.is_listed)(&name.to_ascii_lowercase())
            }
            _ => false,
        }
    }
}

/// The first call in raw SQL of a function that it may not call: the bytes of its name, with its schema.
pub fn call_beyond(sql: &str, calls: &Calls<'_>) -> Option<Range<usize>> {
    let all: Vec<Token<'_>> = tokens(sql).filter(|token| token.kind != Kind::Comment).collect();
    let opened = |at: &usize| all.get(*at).is_some_and(|token| token.is_mark("("));
    let closes = closes(&all);
    (0..all.len()).filter(opened).find_map(|at| {
        let last = at.checked_sub(1)?;
        let name = all.get(last)?;
        // A name that is put together, or one behind a point.
        if name.is_mark(".") || name.is_mark(")") && !calls.curried {
            return Some(name.start..name.end());
        }
        if name.kind == Kind::Text || name.kind == Kind::Operator && name.text.ends_with('`') {
            return Some(name.start..name.end());
        }
        name.name()?;
        let (first, parts) = qualified(&all, last);
        let is_plain = first == last && name.kind == Kind::Word;
        if is_plain && WORDS.contains(name.text.to_ascii_lowercase().as_str()) || makes_name(&all, first, at, &closes) {
            return None;
        }
        let start = all.get(first)?.start;
        (!calls.allow(&parts)).then_some(start..name.end())
    })
}

/// The parts of the name that ends with a token, and where it starts. What stands before its points and is no name is a part without letters.
pub fn qualified(all: &[Token<'_>], last: usize) -> (usize, Vec<String>) {
    // The last one first.
    let (mut first, mut parts) = (last, vec![all.get(last).and_then(Token::name).unwrap_or_default()]);
    while first.checked_sub(1).and_then(|point| all.get(point)).is_some_and(|point| point.is_mark(".")) {
        let before = first.checked_sub(2).and_then(|before| Some((before, all.get(before)?.name()?)));
        let Some((before, name)) = before else {
            parts.push(String::new());
            break;
        };
        parts.push(name);
        first = before;
    }
    parts.reverse();
    (first, parts)
}

/// Whether a name before a parenthesis is one that is made there: `as name(columns)`, a type behind `as` or `::`, or `name(columns) as (select ...`.
fn makes_name(all: &[Token<'_>], first: usize, open: usize, closes: &[usize]) -> bool {
    let before = first.checked_sub(1).and_then(|before| all.get(before));
    if before.is_some_and(|before| before.is_word("as")) {
        let behind_point = first.checked_sub(2).and_then(|at| all.get(at)).is_some_and(|token| token.is_mark("."));
        return !behind_point;
    }
    if before.is_some_and(|before| before.text == "::") {
        return true;
    }
    if !before.is_some_and(|before| before.is_mark(",") || before.is_word("with") || before.is_word("recursive")) {
        return false;
    }
    let mut rest = closes.get(open).and_then(|close| all.get(close + 1..)).unwrap_or_default().iter().peekable();
    let Some(_) = rest.next().filter(|word| word.is_word("as")) else { return false };
    rest.next_if(|word| word.is_word("not"));
    rest.next_if(|word| word.is_word("materialized"));
    // What a function gives may be described there: `f(x) as (column type)`.
    let begins = |word: &Token<'_>| word.is_mark("(") || ["select", "with", "table"].iter().any(|begin| word.is_word(begin));
    let opens = rest.next().is_some_and(|token| token.is_mark("("));
    let Some(begin) = rest.next().filter(|_| opens) else { return false };
    begins(begin) || begin.is_word("values") && rest.next().is_some_and(|token| token.is_mark("("))
}

/// For each parenthesis that opens, where it closes; the end for all other tokens.
fn closes(all: &[Token<'_>]) -> Vec<usize> {
    let (mut closes, mut open) = (vec![all.len(); all.len()], Vec::new());
    for (at, token) in all.iter().enumerate() {
        if token.is_mark("(") {
            open.push(at);
        } else if token.is_mark(")")
            && let Some(place) = open.pop().and_then(|opened| closes.get_mut(opened))
        {
            *place = at;
        }
    }
    closes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_is_called() {
        let is_listed = |name: &str| ["sum", "lower", "generate_series", "cast"].contains(&name);
        let added = ["mine".to_owned(), "Tools.Clean".to_owned()];
        let calls = Calls { is_listed: &is_listed, schemas: &["builtin"], curried: false, added: &added };
        for (sql, found) in [
            ("select other(1)", Some("other")),
            ("select sum(x), \"other\" /* ( */ (1)", Some("\"other\"")),
            ("select a.b.sum(x)", Some("a.b.sum")),
            ("select s.sum(x)", Some("s.sum")),
            ("select (x).sum(1)", Some("sum")),
            ("select * from 'other'('x')", Some("'other'")),
            ("select * from `other`('x')", Some("`")),
            ("select * from t, other(1) as (a int, b text)", Some("other")),
            ("select * from t, other(values) as (values int)", Some("other")),
            ("with a(x) as (select other(1)) select 1", Some("other")),
            ("select distinct on (x) other(y)", Some("other")),
            ("select x.as other(1)", Some("other")),
            ("select sum(x) filter (where y in (1, 2)) over (partition by z)", None),
            ("select LOWER(x), builtin.\"sum\"(y), Mine(1), tools.clean(2) from t", None),
            ("with a(x, y) as (select 1, 2), b(z) as not materialized (values (1)), c as ((select 1)) select 1", None),
            ("select cast(x as other(10, 2)), x::numeric(10, 2) from generate_series(1, 2) as g(day)", None),
            ("select 'other(1)' -- other(1)", None),
        ] {
            assert_eq!(call_beyond(sql, &calls).and_then(|range| sql.get(range)), found, "{sql}");
        }
    }

    #[test]
    fn lists_are_in_order_and_in_small_letters() {
        for list in [
            include_str!("functions/postgres.txt"),
            include_str!("functions/postgres_rest.txt"),
            include_str!("functions/sqlite.txt"),
            include_str!("functions/clickhouse.txt"),
        ] {
            let names: Vec<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(names.is_sorted() && names.windows(2).all(|two| two[0] != two[1]));
            assert!(names.iter().all(|name| !name.is_empty() && name.to_ascii_lowercase() == *name));
            assert_eq!(listed(list).len(), names.len());
        }
    }

    /// Names that have let a query act, read files or tell its moment; a list that has one of them is wrong.
    #[test]
    fn lists_have_no_function_that_acts() {
        let acts = "setval nextval set_config current_setting pg_read_file pg_sleep lo_export lo_import ts_stat ts_rewrite query_to_xml txid_current \
                    currtid2 dblink gin_clean_pending_list brin_summarize_new_values clock_timestamp statement_timestamp random readfile writefile edit \
                    load_extension shell_putsnl usleep fts3_tokenizer eval sha3_query file url remote s3 executable sleep sleepeachrow hostname getsetting \
                    dictget joinget queryid mysql postgresql jdbc odbc sqlite input merge cluster view dictionary zeroblob randomblob apply";
        for list in [
            include_str!("functions/postgres.txt"),
            include_str!("functions/sqlite.txt"),
            include_str!("functions/clickhouse.txt"),
        ] {
            let names = listed(list);
            let found: Vec<&str> = acts.split_whitespace().filter(|name| names.contains(name)).collect();
            assert_eq!(found, Vec::<&str>::new());
        }
    }
}
