//! A formula in its canonical layout: blanks, the case of words, and parentheses that say nothing. Lines stay as their author broke them, and so do
//! numbers and the order of everything. Never changes the tree.

use super::ast::{Call, Expression, Kind as Tree, Operator};
use super::parse::parse;
use super::token::{Kind, Reserved, Token, tokens};
use crate::diagnostic::Findings;
use crate::spec::reader::FormulaText;
use crate::text::{Files, Name, Span};
use std::collections::BTreeSet;

/// A formula of one line, laid out; nothing if it is none.
pub fn line(text: &str) -> Option<String> {
    if text.contains('\n') { None } else { lines(text) }
}

/// A formula that may have several lines, which stay; nothing if it is none.
pub fn lines(text: &str) -> Option<String> {
    let tree = read(text)?;
    let tokens = tokens(text).ok()?;
    // A line break in a quoted text is part of it.
    if tokens.iter().any(|token| text.get(token.start..token.end).is_some_and(|part| part.contains('\n'))) {
        return None;
    }
    let known = Known::of(&tree);
    let whole = known.write(text, &tokens, &BTreeSet::new());
    let shorter = known.write(text, &tokens, &known.needless(text, &tokens));
    [shorter, whole].into_iter().find(|made| are_same(text, made))
}

/// Whether two texts are the same formula.
pub fn are_same(one: &str, other: &str) -> bool {
    one == other || matches!((read(one), read(other)), (Some(one), Some(other)) if one.to_string() == other.to_string())
}

/// The tree of a text; each place in it is a byte of the text.
fn read(text: &str) -> Option<Expression> {
    let file = Files::default().add(String::new(), String::new());
    parse(&FormulaText::bare(text, Span::new(file, 0..text.len())), &mut Findings::default())
}

/// What the tree knows of tokens: where they start.
#[derive(Default)]
struct Known {
    /// Names, which keep their case.
    names: BTreeSet<usize>,
    /// Names of functions.
    functions: BTreeSet<usize>,
    /// A minus with one operand.
    signs: BTreeSet<usize>,
}

impl Known {
    fn of(tree: &Expression) -> Self {
        let mut known = Self::default();
        tree.walk(&mut |part| match &part.kind {
            Tree::Path(path) => known.path(path),
            Tree::Operator(Operator::Negate, place, _) => _ = known.signs.insert(place.start as usize),
            Tree::Call(call) => known.call(call),
            Tree::Literal(_) | Tree::Operator(..) | Tree::Case { .. } => {}
        });
        known
    }

    fn call(&mut self, call: &Call) {
        self.functions.insert(call.name.span.start as usize);
        self.path(std::slice::from_ref(&call.name));
        self.path(call.from.as_slice());
        [&call.via, &call.per, &call.at, &call.of].into_iter().flatten().for_each(|path| self.path(path));
    }

    fn path(&mut self, path: &[Name]) {
        self.names.extend(path.iter().map(|name| name.span.start as usize));
    }

    /// The tokens as text, without some.
    fn write(&self, text: &str, tokens: &[Token], without: &BTreeSet<usize>) -> String {
        let mut out = String::with_capacity(text.len());
        let mut before: Option<&Token> = None;
        for token in tokens.iter().filter(|token| token.kind != Kind::Nothing && !without.contains(&token.start)) {
            if let Some(before) = before {
                let between = text.get(before.end..token.start).unwrap_or_default();
                match between.rfind('\n') {
                    Some(at) => {
                        // The indentation of a line is its author's.
                        let indent = text.get(before.end + at + 1..).unwrap_or_default();
                        out.push('\n');
                        out.extend(indent.chars().take_while(|char| *char == ' '));
                    }
                    None if self.are_apart(*before, *token) => out.push(' '),
                    None => {}
                }
            }
            out.push_str(&self.word(text, *token));
            before = Some(token);
        }
        out
    }

    fn word(&self, text: &str, token: Token) -> String {
        let word = text.get(token.start..token.end).unwrap_or_default();
        match token.kind {
            Kind::Word | Kind::Reserved(_) if !self.names.contains(&token.start) => word.to_ascii_lowercase(),
            Kind::Comparator if word == "<>" => "!=".to_owned(),
            _ => word.to_owned(),
        }
    }

    /// Whether a blank stands between two tokens.
    fn are_apart(&self, left: Token, right: Token) -> bool {
        match (left.kind, right.kind) {
            (Kind::Open | Kind::Dot, _) | (_, Kind::Close | Kind::Comma | Kind::Dot) => false,
            (Kind::Minus, _) => !self.signs.contains(&left.start),
            (_, Kind::Open) => !self.functions.contains(&left.start),
            _ => true,
        }
    }

    /// The parentheses that say nothing: around others, the whole formula, a single operand, an argument.
    fn needless(&self, text: &str, tokens: &[Token]) -> BTreeSet<usize> {
        let mut open = Vec::new();
        let mut pairs = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            match token.kind {
                Kind::Open => open.push(at),
                Kind::Close => pairs.extend(open.pop().map(|open| (open, at))),
                _ => {}
            }
        }
        let kind = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map_or(Kind::Nothing, |token| token.kind);
        let start = |at: usize| tokens.get(at).map_or(text.len(), |token| token.start);
        // What belongs to a function or to `in`.
        let is_list = |open: usize| {
            let before = open.checked_sub(1);
            kind(before) == Kind::Reserved(Reserved::In) || before.is_some_and(|at| self.functions.contains(&start(at)))
        };
        let groups: BTreeSet<(usize, usize)> = pairs.iter().copied().filter(|(open, _)| !is_list(*open)).collect();
        let lists: BTreeSet<usize> = pairs.iter().map(|(open, _)| *open).filter(|open| is_list(*open)).collect();
        let mut needless = BTreeSet::new();
        for (open, close) in &groups {
            let (before, after) = (open.checked_sub(1), kind(Some(close + 1)));
            let is_whole = before.is_none() && after == Kind::Nothing;
            let is_double = groups.contains(&(open + 1, close.wrapping_sub(1)));
            let is_single = close.checked_sub(*open) == Some(2) && !matches!(kind(Some(open + 1)), Kind::Reserved(_));
            let starts = before.is_some_and(|at| lists.contains(&at)) || kind(before) == Kind::Comma;
            let is_argument = starts && matches!(after, Kind::Comma | Kind::Close);
            if is_whole || is_double || is_single || is_argument {
                needless.extend([start(*open), start(*close)]);
            }
        }
        needless
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_laid_out() {
        for (written, wanted) in [
            ("sum( orders.amount )", "sum(orders.amount)"),
            ("a+b*c", "a + b * c"),
            ("-a- -b", "-a - -b"),
            ("-(a-b)*-(-y)", "-(a - b) * -(-y)"),
            (
                "SUM(amount WHERE status='paid' AND NOT x IS NULL OVER Trailing 28 DAYS)",
                "SUM(amount where status = 'paid' and not x is null over trailing 28 days)",
            ),
            ("count (orders where(a or b))", "count(orders where (a or b))"),
            ("a in('x','y')", "a in ('x', 'y')"),
            ("x<>1_000.50", "x != 1_000.50"),
            ("orders . amount>25%", "orders.amount > 25%"),
            ("((a + b)) * c", "(a + b) * c"),
            ("(a + b)", "a + b"),
            ("(a) / (2)", "a / 2"),
            ("coalesce((a + b), (c))", "coalesce(a + b, c)"),
            ("(a * b) + c", "(a * b) + c"),
            ("a - (b - c)", "a - (b - c)"),
            ("CASE WHEN a THEN -1 ELSE date  '2025-01-31' END", "case when a then -1 else date '2025-01-31' end"),
            ("sum(Amount where `Over`='It''s')", "sum(Amount where `Over` = 'It''s')"),
            ("growth(mrr,1 Year)", "growth(mrr, 1 year)"),
            ("sum(end.mrr-start.mrr from subscriptions)", "sum(end.mrr - start.mrr from subscriptions)"),
            ("a\n  +b\n  -c", "a\n  + b\n  - c"),
            ("slice(revenue,(a='x' and b))", "slice(revenue, a = 'x' and b)"),
            ("a in ((1), 2)", "a in (1, 2)"),
            ("count(orders where (top) = 1)", "count(orders where top = 1)"),
        ] {
            assert_eq!(lines(written).as_deref(), Some(wanted), "{written}");
            assert_eq!(lines(wanted).as_deref(), Some(wanted), "{wanted}");
        }
    }

    #[test]
    fn what_is_no_formula_stays() {
        for text in ["a +", "", "a == b", "sum(a", "date '2025-02-30'", "a = 'x\ny'"] {
            assert_eq!(lines(text), None, "{text}");
        }
    }
}
