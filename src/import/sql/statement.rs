//! SQL as statements with their clauses: which tokens are whose. Nothing is read inside of expressions.
//!
//! What is not known to be harmless is refused at its place: a clause that is passed over could be one that changes figures.

use super::Fault;
use crate::rawsql::{Kind, Token};

/// A SELECT with what stands around it.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    /// Where it starts.
    pub(super) start: usize,
    /// The view or table that it makes.
    pub(super) name: Option<String>,
    /// The queries under `with`.
    pub(super) ctes: Vec<Cte<'a>>,
    pub(super) items: Vec<Item<'a>>,
    pub(super) from: Table<'a>,
    pub(super) joins: Vec<Join<'a>>,
    pub(super) filter: Vec<Token<'a>>,
    pub(super) group: Group<'a>,
    /// What it does with rows of the result: its clauses.
    pub(super) shown: Vec<&'static str>,
}

impl Statement<'_> {
    /// Parts names with points, which BigQuery has in one pair of backticks.
    pub(super) fn part_names(&mut self) {
        for table in std::iter::once(&mut self.from).chain(self.joins.iter_mut().map(|join| &mut join.table)) {
            let is_alias = table.parts.last().is_some_and(|last| last.to_lowercase() == table.alias);
            table.parts = table.parts.iter().flat_map(|part| part.split('.')).map(str::to_owned).collect();
            if let Some(last) = table.parts.last().filter(|_| is_alias) {
                table.alias = last.to_lowercase();
            }
        }
    }
}

/// A query that has a name.
#[derive(Debug)]
pub(super) struct Cte<'a> {
    pub(super) name: String,
    pub(super) at: Token<'a>,
    pub(super) tokens: Vec<Token<'a>>,
}

/// A column of the result.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    pub(super) alias: Option<String>,
}

/// By what rows are grouped.
#[derive(Debug)]
pub(super) enum Group<'a> {
    None,
    All,
    By(Vec<Vec<Token<'a>>>),
}

/// A table, or a query in its place.
#[derive(Debug)]
pub(super) struct Table<'a> {
    pub(super) parts: Vec<String>,
    /// The tokens of a query in parentheses.
    pub(super) query: Option<Vec<Token<'a>>>,
    /// How columns name it.
    pub(super) alias: String,
    pub(super) at: Token<'a>,
}

/// A joined table.
#[derive(Debug)]
pub(super) struct Join<'a> {
    pub(super) is_left: bool,
    pub(super) table: Table<'a>,
    pub(super) on: Vec<Token<'a>>,
    pub(super) using: Vec<Token<'a>>,
}

/// Clauses after `from`, in the order in which SQL has them.
const CLAUSES: [&str; 9] = ["where", "group", "having", "qualify", "window", "order", "limit", "offset", "fetch"];
/// What parts two SELECTs.
const SETS: [&str; 4] = ["union", "intersect", "except", "minus"];
/// Words after a table that are no alias of it.
const NO_ALIAS: [&str; 31] = [
    "on",
    "using",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "cross",
    "natural",
    "outer",
    "lateral",
    "final",
    "sample",
    "tablesample",
    "prewhere",
    "pivot",
    "unpivot",
    "at",
    "before",
    "array",
    "global",
    "any",
    "asof",
    "semi",
    "anti",
    "match_recognize",
    "for",
    "version",
    "timestamp",
    "positional",
    "straight_join",
];
/// Words after which a name is none of its own.
const NO_END: [&str; 12] = ["not", "and", "or", "is", "like", "then", "else", "when", "distinct", "in", "between", "from"];
/// Words that end an expression and are no alias.
const VALUES: [&str; 4] = ["null", "true", "false", "end"];

/// Tokens at the statements' own level, apart from what is in parentheses.
fn outside<'t, 'a>(tokens: &'t [Token<'a>]) -> impl Iterator<Item = (usize, &'t Token<'a>)> {
    let mut depth = 0_usize;
    tokens.iter().enumerate().filter(move |(_, token)| {
        let opens = token.kind == Kind::Mark && matches!(token.text, "(" | "[" | "{");
        let closes = token.kind == Kind::Mark && matches!(token.text, ")" | "]" | "}");
        depth = if closes { depth.saturating_sub(1) } else { depth };
        let is_outside = depth == 0 && !closes;
        depth += usize::from(opens);
        is_outside
    })
}

/// Parts between marks, words or whatever parts them.
pub(in crate::import) fn split<'t, 'a>(tokens: &'t [Token<'a>], parts: impl Fn(&Token<'a>) -> bool) -> Vec<&'t [Token<'a>]> {
    let places: Vec<usize> = outside(tokens).filter(|(_, token)| parts(token)).map(|(at, _)| at).collect();
    let mut found = Vec::new();
    let mut start = 0;
    for at in places {
        found.push(tokens.get(start..at).unwrap_or_default());
        start = at + 1;
    }
    found.push(tokens.get(start..).unwrap_or_default());
    found
}

/// The statement that tokens without comments are.
pub(super) fn read<'a>(tokens: &[Token<'a>]) -> Result<Statement<'a>, Fault> {
    let first = *tokens.first().ok_or_else(|| Fault::at(0, "it is empty"))?;
    if let Some(token) = tokens.iter().find(|token| token.is_mark("{")) {
        return Err(Fault::of(token, "it has a template: import what the template makes of it"));
    }
    let mut rest = Rest { tokens, end: tokens.last().map_or(0, Token::end) };
    let name = rest.created()?;
    let ctes = rest.ctes()?;
    if !rest.word("select") {
        return Err(rest.fault("a statement is a SELECT, perhaps in `create view ... as` or after `with`"));
    }
    if let Some(token) = rest.peek().filter(|token| token.is_word("distinct") || token.is_word("top")) {
        return Err(Fault::of(&token, &format!("kpic does not read `{}` there", token.text)));
    }
    rest.word("all");
    let body = rest.tokens;
    if let Some((_, token)) = outside(body).find(|(_, token)| SETS.iter().any(|word| token.is_word(word))) {
        return Err(Fault::of(token, "it combines SELECTs: import each of them alone"));
    }
    let from = outside(body).find(|(_, token)| token.is_word("from")).map(|(at, _)| at);
    let Some(from) = from else { return Err(Fault::of(&first, "it reads no table")) };
    let items = split(body.get(..from).unwrap_or_default(), |token| token.is_mark(","));
    let items = items.into_iter().map(item).collect::<Result<Vec<_>, _>>().map_err(|why| Fault::at(first.start, &why))?;
    let after = body.get(from + 1..).unwrap_or_default();
    let clauses = clauses(after)?;
    let (table, joins) = tables(clauses.tables, rest.end)?;
    Ok(Statement {
        start: first.start,
        name,
        ctes,
        items,
        from: table,
        joins,
        filter: clauses.filter.to_vec(),
        group: clauses.group,
        shown: clauses.shown,
    })
}

/// The clauses after `from`.
struct Clauses<'t, 'a> {
    tables: &'t [Token<'a>],
    filter: &'t [Token<'a>],
    group: Group<'a>,
    shown: Vec<&'static str>,
}

fn clauses<'t, 'a>(tokens: &'t [Token<'a>]) -> Result<Clauses<'t, 'a>, Fault> {
    let rank = |token: &Token<'a>| CLAUSES.iter().position(|word| token.is_word(word));
    // `within group` stands in expressions alone, and these before `from`.
    let places: Vec<(usize, usize)> = outside(tokens).filter_map(|(at, token)| Some((at, rank(token)?))).collect();
    let end = |next: usize| places.get(next).map_or(tokens.len(), |(at, _)| *at);
    let mut found =
        Clauses { tables: tokens.get(..end(0)).unwrap_or_default(), filter: &[], group: Group::None, shown: Vec::new() };
    let mut before = None;
    for (number, (at, rank)) in places.iter().enumerate() {
        let (Some(token), Some(word)) = (tokens.get(*at), CLAUSES.get(*rank)) else { continue };
        let inner = tokens.get(at + 1..end(number + 1)).unwrap_or_default();
        if before.is_some_and(|before| before >= *rank) {
            return Err(Fault::of(token, &format!("kpic does not expect `{word}` there")));
        }
        before = Some(*rank);
        // What may follow there and changes which rows there are.
        let changes = ["settings", "with", "format", "interpolate", "option", "totals"];
        if let Some((_, odd)) = outside(inner).find(|(_, token)| changes.iter().any(|word| token.is_word(word))) {
            return Err(Fault::of(odd, &format!("kpic does not read `{}` there", odd.text)));
        }
        match *word {
            "where" if inner.is_empty() => return Err(Fault::of(token, "its `where` has no condition")),
            "where" => found.filter = inner,
            "group" => found.group = group(token, inner)?,
            "having" => found.shown.push("having"),
            "order" if inner.first().is_none_or(|token| !token.is_word("by")) => {
                return Err(Fault::of(token, "kpic expects `by` after it"));
            }
            // The order of rows changes none of them.
            "order" => {}
            "limit" | "offset" | "fetch" => {
                let is_plain = |token: &Token<'a>| {
                    token.kind == Kind::Number
                        || ["first", "next", "row", "rows", "only"].iter().any(|word| token.is_word(word))
                };
                if let Some(odd) = inner.iter().find(|token| !is_plain(token)) {
                    return Err(Fault::of(odd, &format!("kpic does not read `{}` there", super::super::short(odd.text))));
                }
                found.shown.extend((!found.shown.contains(&"limit")).then_some("limit"));
            }
            _ => return Err(Fault::of(token, &format!("kpic does not read `{word}`"))),
        }
    }
    Ok(found)
}

fn group<'a>(token: &Token<'a>, inner: &[Token<'a>]) -> Result<Group<'a>, Fault> {
    let [by, rest @ ..] = inner else { return Err(Fault::of(token, "kpic expects `by` after it")) };
    if !by.is_word("by") {
        return Err(Fault::of(by, "kpic expects `by` there"));
    }
    if let [only] = rest
        && only.is_word("all")
    {
        return Ok(Group::All);
    }
    let sets = ["rollup", "cube", "grouping", "with"];
    if let Some(set) = rest.iter().find(|token| sets.iter().any(|word| token.is_word(word))) {
        return Err(Fault::of(set, "it shows totals beside groups: ask kpic for each with `--by`"));
    }
    Ok(Group::By(split(rest, |token| token.is_mark(",")).into_iter().map(<[Token<'a>]>::to_vec).collect()))
}

/// A column of the result with its name.
fn item<'a>(tokens: &[Token<'a>]) -> Result<Item<'a>, String> {
    let is_name = |token: &Token<'a>| matches!(token.kind, Kind::Word | Kind::Quoted);
    match tokens {
        [] => Err("its list of columns has an empty place".to_owned()),
        [inner @ .., keyword, last] if keyword.is_word("as") && is_name(last) && !inner.is_empty() => {
            Ok(Item { tokens: inner.to_vec(), alias: last.name() })
        }
        [inner @ .., before, last] if is_name(last) && !VALUES.iter().any(|word| last.is_word(word)) => {
            let ends = before.is_mark(")")
                || matches!(before.kind, Kind::Number | Kind::Text | Kind::Quoted)
                || before.kind == Kind::Word && !NO_END.iter().any(|word| before.is_word(word));
            let whole: Vec<Token<'a>> = inner.iter().chain([before]).copied().collect();
            if ends {
                Ok(Item { tokens: whole, alias: last.name() })
            } else {
                Ok(Item { tokens: tokens.to_vec(), alias: None })
            }
        }
        _ => Ok(Item { tokens: tokens.to_vec(), alias: None }),
    }
}

/// What stands after `from`.
fn tables<'a>(tokens: &[Token<'a>], end: usize) -> Result<(Table<'a>, Vec<Join<'a>>), Fault> {
    let mut rest = Rest { tokens, end };
    let first = rest.table()?;
    let mut joins = Vec::new();
    while let Some(token) = rest.peek() {
        let is_left = rest.word("left");
        if is_left {
            rest.word("outer");
        } else {
            rest.word("inner");
        }
        if !rest.word("join") {
            let why = if token.is_mark(",") {
                "tables after a comma are joined by `where`: write `join ... on`".to_owned()
            } else {
                format!("kpic does not read `{}` there: it reads `join` and `left join`", super::super::short(token.text))
            };
            return Err(Fault::of(&token, &why));
        }
        let table = rest.table()?;
        let (mut on, mut using) = (Vec::new(), Vec::new());
        if rest.word("using") {
            using = rest.enclosed()?;
        } else if rest.word("on") {
            let ends = |token: &Token<'a>| {
                ["join", "left", "right", "full", "inner", "cross", "natural", "asof", "semi", "anti", "any", "global", "array"]
                    .iter()
                    .any(|word| token.is_word(word))
                    || token.is_mark(",")
            };
            let until = outside(rest.tokens).find(|(_, token)| ends(token)).map_or(rest.tokens.len(), |(at, _)| at);
            on = rest.tokens.get(..until).unwrap_or_default().to_vec();
            rest.tokens = rest.tokens.get(until..).unwrap_or_default();
        }
        if on.is_empty() && using.is_empty() {
            return Err(Fault::of(&token, "the join says by which key: kpic expects `on` or `using`"));
        }
        joins.push(Join { is_left, table, on, using });
    }
    Ok((first, joins))
}

/// Tokens that are taken one after the other.
struct Rest<'t, 'a> {
    tokens: &'t [Token<'a>],
    end: usize,
}

impl<'a> Rest<'_, 'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.first().copied()
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(*first)
    }

    fn word(&mut self, word: &str) -> bool {
        let is_it = self.peek().is_some_and(|token| token.is_word(word));
        if is_it {
            self.next();
        }
        is_it
    }

    fn mark(&mut self, mark: &str) -> bool {
        let is_it = self.peek().is_some_and(|token| token.is_mark(mark));
        if is_it {
            self.next();
        }
        is_it
    }

    fn fault(&self, why: &str) -> Fault {
        self.peek().map_or_else(|| Fault::at(self.end, &format!("it ends early: {why}")), |token| Fault::of(&token, why))
    }

    /// The tokens in parentheses that open here.
    fn enclosed(&mut self) -> Result<Vec<Token<'a>>, Fault> {
        if !self.mark("(") {
            return Err(self.fault("kpic expects `(` there"));
        }
        let mut depth = 0_usize;
        let mut inner = Vec::new();
        while let Some(token) = self.next() {
            match token.text {
                "(" if token.kind == Kind::Mark => depth += 1,
                ")" if token.kind == Kind::Mark && depth == 0 => return Ok(inner),
                ")" if token.kind == Kind::Mark => depth -= 1,
                _ => {}
            }
            inner.push(token);
        }
        Err(self.fault("a parenthesis is not closed"))
    }

    /// A name with those before it.
    fn names(&mut self) -> Result<Vec<String>, Fault> {
        let mut names = Vec::new();
        loop {
            match self.peek().and_then(|token| token.name()) {
                Some(name) => names.push(name),
                None => return Err(self.fault("kpic expects a name there")),
            }
            self.next();
            if !self.mark(".") {
                return Ok(names);
            }
        }
    }

    /// `create view x as`: the name, if there is one.
    fn created(&mut self) -> Result<Option<String>, Fault> {
        if !self.word("create") {
            return Ok(None);
        }
        if self.word("or") && !self.word("replace") {
            return Err(self.fault("kpic expects `replace` there"));
        }
        while ["temp", "temporary", "materialized", "transient"].iter().any(|word| self.word(word)) {}
        if !self.word("view") && !self.word("table") {
            return Err(self.fault("a statement is a SELECT, perhaps in `create view ... as`"));
        }
        if self.word("if") && !(self.word("not") && self.word("exists")) {
            return Err(self.fault("kpic expects `not exists` there"));
        }
        let names = self.names()?;
        if !self.word("as") {
            return Err(self.fault("kpic expects `as` there"));
        }
        Ok(names.into_iter().next_back())
    }

    fn ctes(&mut self) -> Result<Vec<Cte<'a>>, Fault> {
        let mut found = Vec::new();
        if !self.word("with") {
            return Ok(found);
        }
        if self.peek().is_some_and(|token| token.is_word("recursive")) {
            return Err(self.fault("kpic does not read queries that call themselves"));
        }
        loop {
            let named = self.peek().and_then(|token| Some((token, token.name()?)));
            let (at, name) = named.ok_or_else(|| self.fault("kpic expects a name there"))?;
            self.next();
            if !self.word("as") {
                return Err(self.fault("kpic expects `as` there"));
            }
            if self.word("not") || self.peek().is_some_and(|token| token.is_word("materialized")) {
                self.word("materialized");
            }
            found.push(Cte { name, at, tokens: self.enclosed()? });
            if !self.mark(",") {
                return Ok(found);
            }
        }
    }

    fn table(&mut self) -> Result<Table<'a>, Fault> {
        let at = self.peek().ok_or_else(|| self.fault("kpic expects a table there"))?;
        let (parts, query) = if at.is_mark("(") {
            let inner = self.enclosed()?;
            if !inner.first().is_some_and(|token| token.is_word("select") || token.is_word("with")) {
                return Err(Fault::of(&at, "kpic expects a table or a query there"));
            }
            (Vec::new(), Some(inner))
        } else if at.kind == Kind::Word && NO_ALIAS.iter().any(|word| at.is_word(word)) {
            return Err(Fault::of(&at, "kpic expects a table there"));
        } else {
            (self.names()?, None)
        };
        if self.peek().is_some_and(|token| token.is_mark("(")) {
            return Err(Fault::of(&at, "it reads a function: a source is a table, or `files:`, which you write by hand"));
        }
        let explicit = self.word("as");
        let alias = self.peek().filter(|token| {
            let is_word = token.kind == Kind::Word && !NO_ALIAS.iter().any(|word| token.is_word(word));
            is_word || token.kind == Kind::Quoted
        });
        let alias = alias.and_then(|token| token.name());
        if alias.is_some() {
            self.next();
        } else if explicit {
            return Err(self.fault("kpic expects a name there"));
        }
        if self.peek().is_some_and(|token| token.is_mark("(")) {
            return Err(self.fault("kpic does not read other names of columns there"));
        }
        let alias = alias.or_else(|| parts.last().cloned());
        let alias = alias.ok_or_else(|| Fault::of(&at, "a query in the place of a table needs a name"))?;
        Ok(Table { parts, query, alias: alias.to_lowercase(), at })
    }
}
