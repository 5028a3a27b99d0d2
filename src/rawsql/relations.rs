//! Which relations SQL reads, as far as tokens tell: the names behind `from`, `join` and the commas between them.
//!
//! Table functions, texts that name files, and what a `with` of the same query makes are left out. The rules of names are those of
//! a `with`: a name is known in its parentheses and in all those within, from its own definition on.

use super::{Kind, Token, tokens};
use foldhash::{HashMap, HashMapExt};
use std::ops::Range;

/// A relation that SQL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The parts of its name, without quotes: perhaps a database and a schema, then the relation.
    pub parts: Vec<String>,
    /// The bytes that name it.
    pub range: Range<usize>,
}

/// The relations that SQL reads, in the order in which it names them.
pub fn relations(sql: &str) -> Vec<Named> {
    read(sql).0
}

/// The functions that are called where SQL names relations.
pub(super) fn table_functions(sql: &str) -> Vec<Named> {
    read(sql).1
}

/// The texts that stand where SQL names relations: each its bytes.
pub fn texts_read(sql: &str) -> Vec<Range<usize>> {
    read(sql).2
}

/// The relations that SQL reads, and the functions that it calls and texts that it has in their place.
fn read(sql: &str) -> (Vec<Named>, Vec<Named>, Vec<Range<usize>>) {
    let tokens: Vec<Token<'_>> = tokens(sql).filter(|token| token.kind != Kind::Comment).collect();
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        levels: vec![Level::default()],
        found: Vec::new(),
        functions: Vec::new(),
        texts: Vec::new(),
        known: HashMap::new(),
    };
    while reader.at < tokens.len() {
        reader.step();
    }
    (reader.found, reader.functions, reader.texts)
}

/// Words before a parenthesis that do not make it the arguments of a call.
const BEFORE_PARENTHESIS: &[&str] = &[
    "all",
    "and",
    "any",
    "array",
    "as",
    "between",
    "by",
    "case",
    "distinct",
    "else",
    "except",
    "exists",
    "filter",
    "from",
    "having",
    "in",
    "intersect",
    "is",
    "join",
    "lateral",
    "like",
    "limit",
    "materialized",
    "not",
    "offset",
    "on",
    "or",
    "order",
    "over",
    "qualify",
    "select",
    "some",
    "then",
    "union",
    "using",
    "values",
    "when",
    "where",
    "with",
    "within",
];

/// Words that end the list of relations behind a `from`.
const AFTER_RELATIONS: &[&str] = &[
    "except",
    "fetch",
    "group",
    "having",
    "intersect",
    "limit",
    "offset",
    "order",
    "qualify",
    "select",
    "union",
    "where",
    "window",
];

/// Words before a relation, where they are the first of a query.
const BEFORE_RELATION: &[&str] = &["describe", "pivot", "pivot_longer", "pivot_wider", "show", "summarize", "table", "unpivot"];

/// What is known between two parentheses.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each of them may be so or not whatever the others are")]
struct Level {
    /// Whether a token has been met.
    begun: bool,
    /// Whether they hold the arguments of a call.
    is_call: bool,
    /// Whether a `select` has been met.
    selects: bool,
    /// Whether the list of a `from` goes on, so that a comma comes before a relation.
    lists: bool,
    /// Whether a relation comes next.
    expects: bool,
    /// The names that a `with` has made so far.
    made: Vec<String>,
    with: With,
    /// The name that its closing parenthesis makes known outside.
    makes: Option<String>,
}

/// How far a `with` has come.
#[derive(Debug, Default)]
enum With {
    /// There is none, or the query that follows it has started.
    #[default]
    No,
    /// A name comes next.
    Name { recursive: bool },
    /// The query of that name comes next, behind `as`.
    Query { name: String, recursive: bool, is_near: bool },
    /// A comma may come next.
    More { recursive: bool },
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    levels: Vec<Level>,
    found: Vec<Named>,
    functions: Vec<Named>,
    texts: Vec<Range<usize>>,
    /// All names that a `with` has made so far and that are known here, in small letters, each with how many levels made it.
    known: HashMap<String, usize>,
}

impl Reader<'_> {
    fn token(&self, at: usize) -> Option<&Token<'_>> {
        self.tokens.get(at)
    }

    fn is_word(&self, at: usize, words: &[&str]) -> bool {
        // Behind a point every word is a name.
        let named = at.checked_sub(1).and_then(|before| self.token(before)).is_some_and(|token| token.is_mark("."));
        !named && self.token(at).is_some_and(|token| words.iter().any(|word| token.is_word(word)))
    }

    /// Goes over the next token, or over the whole name of a relation.
    fn step(&mut self) {
        let at = self.at;
        self.at += 1;
        let Some(token) = self.tokens.get(at) else { return };
        if token.is_mark("(") {
            self.open(at);
        } else if token.is_mark(")") {
            self.close();
        } else {
            self.within(at, token);
        }
    }

    fn open(&mut self, at: usize) {
        let before = at.checked_sub(1).and_then(|before| self.token(before));
        let is_call = before.is_some_and(|token| matches!(token.kind, Kind::Word | Kind::Quoted))
            && at.checked_sub(1).is_some_and(|before| !self.is_word(before, BEFORE_PARENTHESIS));
        let mut inner = Level { is_call, ..Level::default() };
        if let Some(level) = self.levels.last_mut() {
            level.begun = true;
            // In parentheses stands a query, or relations that are joined.
            inner.expects = std::mem::take(&mut level.expects);
            match std::mem::take(&mut level.with) {
                With::Query { name, recursive, is_near: true } => {
                    inner.is_call = false;
                    inner.makes = Some(name);
                    level.with = With::More { recursive };
                }
                other => level.with = other,
            }
        }
        self.levels.push(inner);
    }

    fn close(&mut self) {
        if self.levels.len() < 2 {
            return;
        }
        let Some(level) = self.levels.pop() else { return };
        self.forget(level.made);
        if let Some(name) = level.makes {
            self.know(&name);
        }
    }

    /// Makes a name known from here on, up to the end of the parentheses.
    fn know(&mut self, name: &str) {
        let name = name.to_ascii_lowercase();
        *self.known.entry(name.clone()).or_default() += 1;
        if let Some(level) = self.levels.last_mut() {
            level.made.push(name);
        }
    }

    fn forget(&mut self, names: Vec<String>) {
        for name in names {
            if let Some(count) = self.known.get_mut(&name) {
                *count -= 1;
            }
        }
    }

    /// A token that is not a parenthesis.
    fn within(&mut self, at: usize, token: &Token<'_>) {
        let is = |words: &[&str]| self.is_word(at, words);
        let (is_from, is_join, is_select) = (is(&["from"]), is(&["join"]), is(&["select"]));
        let (is_with, ends, leads) = (is(&["with"]), is(AFTER_RELATIONS), is(BEFORE_RELATION));
        let is_filler = is(&["lateral", "only"]);
        // `is distinct from` compares.
        let compares = at.checked_sub(1).is_some_and(|before| self.is_word(before, &["distinct"]));
        let Some(level) = self.levels.last_mut() else { return };
        let is_first = !std::mem::replace(&mut level.begun, true);
        level.selects |= is_select;
        if is_first && is_with {
            level.with = With::Name { recursive: false };
            level.expects = false;
            return;
        }
        if !matches!(level.with, With::No) && self.with(token) {
            return;
        }
        let Some(level) = self.levels.last_mut() else { return };
        if is_from && !compares {
            // `extract(year from day)` names no relation.
            let reads = is_first || level.selects || !level.is_call;
            (level.lists, level.expects) = (reads, reads);
        } else if is_join || is_first && leads {
            level.expects = true;
        } else if ends {
            (level.lists, level.expects) = (false, false);
        } else if token.is_mark(";") {
            let before = std::mem::take(level);
            self.forget(before.made);
        } else if token.is_mark(",") {
            level.expects = level.lists;
        } else if level.expects && !is_filler {
            level.expects = false;
            if matches!(token.kind, Kind::Word | Kind::Quoted) {
                self.name(at);
            } else if token.kind == Kind::Text {
                self.texts.push(token.start..token.end());
            }
        }
    }

    /// A token of a `with`; whether it is one, and not the beginning of the query that follows.
    fn with(&mut self, token: &Token<'_>) -> bool {
        let Some(level) = self.levels.last_mut() else { return false };
        level.with = match std::mem::take(&mut level.with) {
            With::Name { .. } if token.is_word("recursive") => With::Name { recursive: true },
            With::Name { recursive } => match token.name() {
                Some(name) => {
                    level.with = With::Query { name: name.clone(), recursive, is_near: false };
                    if recursive {
                        self.know(&name);
                    }
                    return true;
                }
                None => return false,
            },
            // `as (`, `as materialized (` and `as not materialized (`; before it may be columns.
            With::Query { name, recursive, .. } => {
                let is_near = ["as", "materialized"].iter().any(|word| token.is_word(word));
                With::Query { name, recursive, is_near }
            }
            With::More { recursive } if token.is_mark(",") => With::Name { recursive },
            With::More { .. } | With::No => return false,
        };
        true
    }

    /// The name of a relation that starts at a token.
    fn name(&mut self, first: usize) {
        let mut parts: Vec<String> = Vec::new();
        let mut last = first;
        while let Some(part) = self.token(last).and_then(Token::name) {
            parts.push(part);
            if !self.token(last + 1).is_some_and(|token| token.is_mark(".")) {
                break;
            }
            last += 2;
        }
        let (Some(begin), Some(end)) = (self.token(first), self.token(last)) else { return };
        let range = begin.start..end.end();
        let lists_values = begin.is_word("values");
        let is_function = self.token(last + 1).is_some_and(|token| token.is_mark("("));
        let is_made = parts.len() == 1
            && parts.first().is_some_and(|name| self.known.get(&name.to_ascii_lowercase()).is_some_and(|count| *count > 0));
        self.at = last + 1;
        if is_function && !lists_values {
            self.functions.push(Named { parts, range });
        } else if !is_function && !is_made {
            self.found.push(Named { parts, range });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(sql: &str) -> Vec<String> {
        let found = relations(sql);
        for Named { range, .. } in &found {
            assert!(!sql[range.clone()].trim().is_empty(), "{sql}");
        }
        found.into_iter().map(|named| named.parts.join(".")).collect()
    }

    #[test]
    fn what_stands_behind_from_and_join() {
        assert_eq!(named("select * from plan"), ["plan"]);
        assert_eq!(named("SELECT a FROM raw.\"My Orders\" AS o WHERE plan = 1"), ["raw.My Orders"]);
        assert_eq!(named("select * from a, b as plan, c where d in (e, f)"), ["a", "b", "c"]);
        assert_eq!(
            named("select * from a join b using (x, y), c left join d on a.e = d.f and g in (h, i)"),
            ["a", "b", "c", "d"]
        );
        assert_eq!(named("from plan select a, b order by c, d"), ["plan"]);
        assert_eq!(named("select a from b union all select c, d from e limit 1"), ["b", "e"]);
        assert_eq!(named("select * from db.raw.a -- from b\n, c /* , d */"), ["db.raw.a", "c"]);
        assert_eq!(named("pivot plan on a using sum(b)"), ["plan"]);
        assert_eq!(named("select * from (describe plan)"), ["plan"]);
        assert_eq!(named("select * from \"a.b\""), ["a.b"]);
    }

    #[test]
    fn what_stands_in_parentheses() {
        assert_eq!(named("select * from (select * from plan) as x, y"), ["plan", "y"]);
        assert_eq!(
            named("select * from ((a join b on a.x = b.x) cross join c) where d in (select e from f)"),
            ["a", "b", "c", "f"]
        );
        assert_eq!(named("select (select max(x) from plan), y from z"), ["plan", "z"]);
        assert_eq!(named("(select max(x) from plan)"), ["plan"]);
        assert_eq!(named("amount * (from rates select max(rate))"), ["rates"]);
        assert_eq!(named("select * from a, lateral (select * from b where b.x = a.x)"), ["a", "b"]);
        assert_eq!(named("select array(select x from plan), list_sum(array(from other))"), ["plan", "other"]);
    }

    #[test]
    fn what_is_no_relation() {
        let none: [String; 0] = [];
        assert_eq!(named("select extract(year from plan), trim(both ' ' from plan), substring(plan from 2 for 3)"), none);
        assert_eq!(named("a is distinct from plan and b is not distinct from plan"), none);
        assert_eq!(named("select * from read_csv('plan'), range(5), 'plan.csv'"), none);
        assert_eq!(named("select 'from plan', \"from\" plan, x.from, y.join from (values (1, 2)) as plan(a, b)"), none);
        assert_eq!(named("year(plan) // 10"), none);
        assert_eq!(named("extract(year from day) + extract(month from other.day)"), none);
        assert_eq!(named("select count(*) filter (where a), sum(b) over (partition by c order by d), f from g"), ["g"]);
        assert_eq!(named("select extract(year from (select max(x) from plan)) from y"), ["plan", "y"]);
    }

    #[test]
    fn what_a_with_makes_is_known_from_there_on() {
        assert_eq!(named("with plan as (select 1) select * from plan, other"), ["other"]);
        assert_eq!(
            named("with a as (select * from plan), plan(x, y) as not materialized (select 1, 2) from plan, A"),
            ["plan"]
        );
        assert_eq!(named("with plan as (select * from plan) select * from plan"), ["plan"]);
        assert_eq!(named("with recursive r as (select 1 union all select * from r) select * from r"), Vec::<String>::new());
        assert_eq!(named("select * from (with plan as (select 1) select * from plan) join plan using (x)"), ["plan"]);
        assert_eq!(named("with a as (with b as (select 1) select * from b) select * from a, b"), ["b"]);
        assert_eq!(named("with plan as (select 1) select * from raw.plan"), ["raw.plan"]);
        assert_eq!(named("with \"plan\" as materialized (values (1, 2)) select x, (select y from plan) from z"), ["z"]);
    }

    #[test]
    fn nothing_that_is_written_stops_it() {
        for sql in [
            "",
            ")",
            "(",
            "from",
            "from (",
            "join ,",
            "with",
            "with a",
            "with a as (",
            "from a.",
            "from .a",
            "from a..b",
            ") from a",
        ] {
            relations(sql);
        }
    }
}
