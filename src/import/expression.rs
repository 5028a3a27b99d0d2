//! SQL of measures and filters as formulas, where both mean the same; else why not.
//!
//! Only what is known to mean the same is read: names, numbers, texts, days, arithmetic, comparisons, conditions, `case`, `coalesce`,
//! `nullif` and `abs`, and in arithmetic of metrics roundings too. Whatever else there is in SQL stays SQL.

use super::node::{Leaf, Node, Ty};
use crate::rawsql::{Kind, Token, tokens};
use std::iter::Peekable;

/// How deep an expression may be.
const DEEPEST: usize = 60;
/// No expression that is longer is read.
const LONGEST: usize = 20_000;

/// What is said of window functions.
const WINDOW: &str = "it looks at other rows of the result with `over`: kpic has `prior`, `over trailing` and `total`";

/// What an expression is made of.
pub(super) trait Names {
    /// What a name stands for; nothing if there is no such thing.
    fn leaf(&mut self, name: &str) -> Option<Leaf>;

    /// Whether it is arithmetic of metrics, and not of a row.
    fn is_of_metrics(&self) -> bool;

    /// Whether the warehouse divides whole numbers without a fraction.
    fn cuts_quotients(&self) -> bool;

    /// What a name stands for that has others before it, the last of them its table; nothing if tables are not known by names.
    fn of_table(&mut self, table: &str, name: &str) -> Option<Result<Leaf, String>> {
        let _ = (table, name);
        None
    }

    /// Whether a function aggregates rows, so that [`Self::aggregate`] reads its calls.
    fn aggregates(&self, function: &str) -> bool {
        let _ = function;
        false
    }

    /// The value of a call that aggregates rows.
    fn aggregate(&mut self, call: &Aggregation<'_>) -> Result<Node, String> {
        Err(format!("kpic does not read `{}(...)` in it", super::short(&call.function)))
    }

    /// Whether a part of arithmetic is never 0.
    fn never_zero(&self, node: &Node) -> bool {
        let _ = node;
        false
    }

    /// Whether the warehouse has floating-point numbers of 64 bits under the name of a type.
    fn is_double(&self, ty: &str) -> bool {
        matches!(ty, "double" | "float8" | "float64")
    }
}

/// A call that aggregates rows, in its tokens.
pub(super) struct Aggregation<'a> {
    pub(super) function: String,
    /// What stands in its parentheses.
    pub(super) inner: Vec<Token<'a>>,
    /// What stands in those of `within group`.
    pub(super) within: Option<Vec<Token<'a>>>,
    /// What stands in those of `filter`.
    pub(super) filter: Option<Vec<Token<'a>>>,
}

/// Why an expression is not read, and where.
pub(super) struct Refused {
    pub(super) why: String,
    /// The byte of the token that was read last; nothing if it ends early.
    pub(super) at: Option<usize>,
}

/// An expression as a tree, with what differs from SQL.
pub(super) fn read(sql: &str, names: &mut dyn Names) -> Result<(Node, Vec<String>), String> {
    if sql.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    read_tokens(tokens(sql).filter(|token| token.kind != Kind::Comment), names).map_err(|refused| refused.why)
}

/// An expression whose tokens are at hand, without comments.
pub(super) fn read_tokens<'a>(
    all: impl Iterator<Item = Token<'a>>,
    names: &mut dyn Names,
) -> Result<(Node, Vec<String>), Refused> {
    let mut reader = Reader { rest: all.peekable(), names, depth: 0, differences: Vec::new(), last: None };
    let node = reader.any().map_err(|why| Refused { why, at: reader.last })?;
    match reader.rest.next() {
        None => Ok((node, reader.differences)),
        Some(token) => {
            Err(Refused { why: format!("kpic does not read `{}` there", super::short(token.text)), at: Some(token.start) })
        }
    }
}

struct Reader<'a, 'n, I: Iterator<Item = Token<'a>>> {
    rest: Peekable<I>,
    names: &'n mut dyn Names,
    depth: usize,
    differences: Vec<String>,
    /// Where the token starts that was taken last.
    last: Option<usize>,
}

impl<'a, I: Iterator<Item = Token<'a>>> Reader<'a, '_, I> {
    fn next(&mut self) -> Option<Token<'a>> {
        self.next_if(|_| true)
    }

    fn next_if(&mut self, is_it: impl Fn(&Token<'a>) -> bool) -> Option<Token<'a>> {
        let taken = self.rest.next_if(is_it)?;
        self.last = Some(taken.start);
        Some(taken)
    }

    fn word(&mut self, word: &str) -> bool {
        self.next_if(|token| token.is_word(word)).is_some()
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.next_if(|token| matches!(token.kind, Kind::Operator | Kind::Mark) && token.text == sign).is_some()
    }

    fn expect(&mut self, what: &str) -> Result<(), String> {
        let is_there = if what.starts_with(char::is_alphabetic) { self.word(what) } else { self.sign(what) };
        if is_there { Ok(()) } else { Err(format!("kpic expects `{what}` in it")) }
    }

    fn any(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("it is nested too deeply".to_owned());
        }
        let mut all = vec![self.all()?];
        while self.word("or") {
            all.push(self.all()?);
        }
        self.depth -= 1;
        Ok(one_or(all, Node::Or))
    }

    fn all(&mut self) -> Result<Node, String> {
        let mut all = vec![self.negated()?];
        while self.word("and") {
            all.push(self.negated()?);
        }
        Ok(one_or(all, Node::And))
    }

    fn negated(&mut self) -> Result<Node, String> {
        let mut count = 0;
        while self.word("not") {
            count += 1;
        }
        let node = self.compared()?;
        Ok(if count % 2 == 0 { node } else { Node::Not(Box::new(node)) })
    }

    fn compared(&mut self) -> Result<Node, String> {
        let left = self.sum()?;
        for (sign, written) in [("=", "="), ("<>", "!="), ("!=", "!="), ("<=", "<="), (">=", ">="), ("<", "<"), (">", ">")] {
            if self.sign(sign) {
                let right = self.sum()?;
                let (left, right) = comparable(left, right, written)?;
                return Ok(Node::Binary(written, Box::new(left), Box::new(right)));
            }
        }
        if self.word("is") {
            let not = self.word("not");
            self.expect("null")?;
            return Ok(Node::IsNull { of: Box::new(left), not });
        }
        let not = self.word("not");
        if self.word("in") {
            self.expect("(")?;
            let mut list = Vec::new();
            loop {
                let (_, one) = comparable(left.clone(), self.sum()?, "=")?;
                list.push(one);
                if !self.sign(",") {
                    break;
                }
            }
            self.expect(")")?;
            return Ok(Node::In { of: Box::new(left), list, not });
        }
        if self.word("between") {
            let low = self.sum()?;
            self.expect("and")?;
            let high = self.sum()?;
            let (_, low) = comparable(left.clone(), low, ">=")?;
            let (left, high) = comparable(left, high, "<=")?;
            return Ok(Node::Between { of: Box::new(left), low: Box::new(low), high: Box::new(high), not });
        }
        if self.word("like") {
            let pattern = self.primary()?;
            // A backslash escapes on some engines only.
            let is_plain = matches!(&pattern, Node::Text(text) if !text.contains('\\'));
            return if is_plain {
                Ok(Node::Like { of: Box::new(left), pattern: Box::new(pattern), not })
            } else {
                Err("its `like` has no plain text".to_owned())
            };
        }
        if not { Err("kpic does not read its `not`".to_owned()) } else { Ok(left) }
    }

    fn sum(&mut self) -> Result<Node, String> {
        let mut node = self.product()?;
        loop {
            let sign = match () {
                () if self.sign("+") => "+",
                () if self.sign("-") => "-",
                () => return Ok(node),
            };
            let right = self.product()?;
            if [&node, &right].into_iter().any(|side| side.ty().is_some_and(Ty::is_time)) {
                return Err("it computes with times".to_owned());
            }
            node = Node::Binary(sign, Box::new(node), Box::new(right));
        }
    }

    fn product(&mut self) -> Result<Node, String> {
        let mut node = self.signed()?;
        loop {
            if self.sign("*") {
                node = Node::Binary("*", Box::new(node), Box::new(self.signed()?));
            } else if self.sign("/") {
                let right = self.signed()?;
                node = self.quotient(node, right)?;
            } else {
                return Ok(node);
            }
        }
    }

    /// Division is real here, and null where the divisor is 0.
    fn quotient(&mut self, left: Node, right: Node) -> Result<Node, String> {
        let whole = |node: &Node| node.ty().is_none_or(|ty| ty == Ty::Integer);
        let is_cut = self.names.cuts_quotients() && whole(&left) && whole(&right);
        let (right, guarded) = right.without_zero();
        let guarded = guarded || self.names.never_zero(&right);
        if !self.names.is_of_metrics() {
            return if is_cut || !guarded {
                Err("it divides, and the warehouse may do so in another way than kpic".to_owned())
            } else {
                Ok(Node::Binary("/", Box::new(left), Box::new(right)))
            };
        }
        if is_cut {
            self.differs("the warehouse cuts quotients of whole numbers, and kpic does not");
        }
        if !guarded {
            self.differs("where the divisor is 0 it is null; the warehouse fails there or shows infinity");
        }
        Ok(Node::Binary("/", Box::new(left), Box::new(right)))
    }

    fn differs(&mut self, difference: &str) {
        if !self.differences.iter().any(|known| known == difference) {
            self.differences.push(difference.to_owned());
        }
    }

    fn signed(&mut self) -> Result<Node, String> {
        if self.sign("-") {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err("it is nested too deeply".to_owned());
            }
            let node = self.signed()?;
            self.depth -= 1;
            return Ok(Node::Negate(Box::new(node)));
        }
        let node = self.primary()?;
        if self.sign("::") {
            return self.cast(node);
        }
        Ok(node)
    }

    fn primary(&mut self) -> Result<Node, String> {
        let Some(token) = self.next() else { return Err("it ends early".to_owned()) };
        let called = self.rest.peek().is_some_and(|next| next.is_mark("("));
        match token.kind {
            Kind::Mark if token.text == "(" => {
                let node = self.any()?;
                self.expect(")")?;
                Ok(node)
            }
            Kind::Number => number(token.text),
            Kind::Text => text(token.text).map(Node::Text),
            Kind::Word if called && self.names.aggregates(&token.text.to_lowercase()) => self.aggregate(&token),
            Kind::Word if called => self.call(&token.text.to_lowercase(), token.start),
            Kind::Word => match token.text.to_lowercase().as_str() {
                "true" => Ok(Node::Truth(true)),
                "false" => Ok(Node::Truth(false)),
                "null" => Ok(Node::Null),
                "case" => self.case(),
                "date" if self.rest.peek().is_some_and(|next| next.kind == Kind::Text) => {
                    let literal = self.next().map(|next| text(next.text)).transpose()?.unwrap_or_default();
                    day(&literal).map(Node::Day).ok_or_else(|| "its day is not written as 2024-01-31".to_owned())
                }
                _ => self.name(token),
            },
            Kind::Quoted => self.name(token),
            _ => Err(format!("kpic does not read `{}`", super::short(token.text))),
        }
    }

    fn name(&mut self, token: Token<'a>) -> Result<Node, String> {
        let mut name = token.name().unwrap_or_default();
        let mut table = None;
        while self.sign(".") {
            let next = self.next_if(|next| matches!(next.kind, Kind::Word | Kind::Quoted)).and_then(|next| next.name());
            let next = next.ok_or_else(|| format!("kpic does not read what follows `{}`", super::short(&name)))?;
            table = Some(std::mem::replace(&mut name, next));
        }
        if let Some(table) = table {
            let leaf = self.names.of_table(&table, &name);
            let leaf = leaf.ok_or_else(|| format!("it names a table before a column, `{}`", super::short(&table)))?;
            return leaf.map(Node::Leaf);
        }
        let leaf = self.names.leaf(&name).ok_or_else(|| format!("kpic does not know `{}`", super::short(&name)))?;
        Ok(Node::Leaf(leaf))
    }

    /// The tokens in parentheses, up to the one that closes.
    fn enclosed(&mut self) -> Result<Vec<Token<'a>>, String> {
        self.expect("(")?;
        let (mut inner, mut depth) = (Vec::new(), 0_usize);
        while let Some(token) = self.next() {
            match token.text {
                "(" if token.kind == Kind::Mark => depth += 1,
                ")" if token.kind == Kind::Mark && depth == 0 => return Ok(inner),
                ")" if token.kind == Kind::Mark => depth -= 1,
                _ => {}
            }
            inner.push(token);
        }
        Err("it ends early".to_owned())
    }

    fn aggregate(&mut self, name: &Token<'a>) -> Result<Node, String> {
        let inner = self.enclosed()?;
        let within = if self.word("within") {
            self.expect("group")?;
            Some(self.enclosed()?)
        } else {
            None
        };
        let filter = if self.word("filter") { Some(self.enclosed()?) } else { None };
        if self.word("over") {
            return Err(WINDOW.to_owned());
        }
        self.last = Some(name.start);
        self.names.aggregate(&Aggregation { function: name.text.to_lowercase(), inner, within, filter })
    }

    fn call(&mut self, name: &str, start: usize) -> Result<Node, String> {
        self.expect("(")?;
        if name == "cast" {
            let node = self.any()?;
            self.expect("as")?;
            let node = self.cast(node)?;
            self.expect(")")?;
            return Ok(node);
        }
        let mut arguments = Vec::new();
        if !self.sign(")") {
            loop {
                arguments.push(self.any()?);
                if !self.sign(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        let of_metrics = self.names.is_of_metrics();
        match (name, arguments.as_slice()) {
            ("coalesce", [_, _, ..]) => Ok(Node::Call("coalesce", arguments)),
            ("abs", [_]) => Ok(Node::Call("abs", arguments)),
            ("floor", [_]) if of_metrics => Ok(Node::Call("floor", arguments)),
            ("ceil" | "ceiling", [_]) if of_metrics => Ok(Node::Call("ceil", arguments)),
            ("round", [_] | [_, Node::Number(_)]) if of_metrics => {
                self.differs("halves are rounded away from 0, which not every warehouse does");
                Ok(Node::Call("round", arguments))
            }
            ("nullif", [of, other]) => {
                let (of, other) = (of.clone(), other.clone());
                let same = Node::Binary("=", Box::new(of.clone()), Box::new(other));
                Ok(Node::Call("if", vec![same, Node::Null, of]))
            }
            _ => {
                self.last = Some(start);
                if self.rest.peek().is_some_and(|next| next.is_word("over")) {
                    return Err(WINDOW.to_owned());
                }
                Err(format!("kpic does not read `{}(...)` in it", super::short(name)))
            }
        }
    }

    /// A cast that changes nothing, since arithmetic of metrics is of floating-point numbers already.
    fn cast(&mut self, node: Node) -> Result<Node, String> {
        let name = self.next().map(|token| token.text.to_lowercase()).unwrap_or_default();
        let is_double = self.names.is_double(&name) && !self.rest.peek().is_some_and(|next| next.is_mark("("));
        if name == "double" {
            self.word("precision");
        }
        if is_double && self.names.is_of_metrics() { Ok(Node::Real(Box::new(node))) } else { Err("it casts".to_owned()) }
    }

    fn case(&mut self) -> Result<Node, String> {
        self.depth += 1;
        let is_searched = self.rest.peek().is_some_and(|next| next.is_word("when"));
        let operand = if is_searched { None } else { Some(Box::new(self.any()?)) };
        let mut branches = Vec::new();
        while self.word("when") {
            let when = self.any()?;
            self.expect("then")?;
            branches.push((when, self.any()?));
        }
        let otherwise = if self.word("else") { Some(Box::new(self.any()?)) } else { None };
        self.expect("end")?;
        self.depth -= 1;
        if branches.is_empty() {
            Err("its `case` has no `when`".to_owned())
        } else {
            Ok(Node::Case { operand, branches, otherwise })
        }
    }
}

fn one_or(mut all: Vec<Node>, many: impl Fn(Vec<Node>) -> Node) -> Node {
    match (all.len(), all.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            all.extend(last);
            many(all)
        }
    }
}

/// Two sides of a comparison: a text beside a time is a day.
fn comparable(left: Node, right: Node, sign: &str) -> Result<(Node, Node), String> {
    let time = |node: &Node| node.ty().is_some_and(Ty::is_time);
    let (left, right) = match (time(&left), time(&right)) {
        (true, false) => (left, as_day(right)?),
        (false, true) => (as_day(left)?, right),
        (false, false) => return Ok((left, right)),
        // Two times of one kind, of which nothing is cut off.
        (true, true) if left.ty() == right.ty() && (left.ty() == Some(Ty::Date) || !left.is_by_day() && !right.is_by_day()) => {
            return Ok((left, right));
        }
        (true, true) => (left, right),
    };
    // Beside a day kpic looks at the day of a time, and SQL at its first moment.
    let is_day = |node: &Node| matches!(node, Node::Day(_) | Node::Null);
    let is_fine = |node: &Node| node.ty().is_none_or(|ty| ty == Ty::Date) || node.is_by_day();
    let is_same = is_day(&right) && matches!(sign, ">=" | "<");
    if (is_day(&left) || is_day(&right)) && is_fine(&left) && is_fine(&right) || is_same {
        Ok((left, right))
    } else {
        Err("it compares a time of day with a day".to_owned())
    }
}

fn as_day(node: Node) -> Result<Node, String> {
    match node {
        Node::Text(text) => {
            day(&text).map(Node::Day).ok_or_else(|| "it compares a time with a text that is not a day".to_owned())
        }
        Node::Day(_) | Node::Null => Ok(node),
        _ => Err("it compares a time with something else".to_owned()),
    }
}

/// A day as it is written in formulas.
fn day(text: &str) -> Option<String> {
    let text = text.strip_suffix(" 00:00:00").unwrap_or(text);
    text.parse::<crate::calendar::Date>().ok().map(|day| day.to_string()).filter(|written| written == text)
}

fn number(text: &str) -> Result<Node, String> {
    let digits = text.trim_start_matches(|char: char| char.is_ascii_digit());
    let rest =
        digits.strip_prefix('.').map_or(digits, |fraction| fraction.trim_start_matches(|char: char| char.is_ascii_digit()));
    if rest.is_empty() && text.starts_with(|char: char| char.is_ascii_digit()) && !text.ends_with('.') {
        Ok(Node::Number(text.to_owned()))
    } else {
        Err(format!("kpic does not read the number `{}`", super::short(text)))
    }
}

/// The value of a plain text.
fn text(token: &str) -> Result<String, String> {
    let inner = token.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    match inner {
        // A backslash escapes on some engines only.
        Some(inner) if !inner.contains('\\') && !inner.chars().any(crate::text::is_control) => Ok(inner.replace("''", "'")),
        _ => Err("it has a text with escapes".to_owned()),
    }
}
