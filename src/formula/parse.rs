//! From a formula's text to its syntax tree.
//!
//! 1. [`too_deep`] refuses texts whose nesting would exhaust the stack.
//! 2. pest holds the text against `grammar/formula.pest`.
//! 3. [`Builder`] makes the tree; [`explain`] says in words what a text that does not fit lacks.

use super::ast::{Call, Expression, Kind, Literal, Operator, Window};
use super::explain::explain;
use crate::calendar::{TimeUnit, meant_day};
use crate::diagnostic::{Findings, codes};
use crate::spec::reader::FormulaText;
use crate::text::{Name, Span, Spanned};
use pest::Parser as _;
use pest::iterators::Pair;

#[allow(missing_docs, reason = "pest makes an enum of the grammar's rules, which the grammar documents")]
pub(super) mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/formula.pest"]
    pub(in crate::formula) struct Grammar;
}

use grammar::{Grammar, Rule};

/// How long a formula may be, in bytes.
const LONGEST: usize = 20_000;
/// How deep parentheses and `case` may nest.
const DEEPEST: usize = 60;
/// How many operators of one level may follow each other.
const WIDEST: usize = 200;

/// The syntax tree of a formula, or a finding that says why there is none.
pub fn parse(formula: &FormulaText, findings: &mut Findings) -> Option<Expression> {
    let whole = formula.span(0, formula.text.len());
    if formula.text.trim().is_empty() {
        findings
            .report(&codes::FORMULA_SYNTAX, formula.span, "the formula is empty")
            .help("for instance `count(orders)`; a figure that is kept by hand has `values:` instead");
        return None;
    }
    if formula.text.len() > LONGEST {
        let message = format!("the formula is longer than {LONGEST} characters");
        findings.report(&codes::FORMULA_TOO_LARGE, whole, message).help("make KPIs of its parts and refer to them");
        return None;
    }
    if let Some(at) = too_deep(&formula.text) {
        let message = format!("the formula nests deeper than {DEEPEST} levels");
        findings
            .report(&codes::FORMULA_TOO_LARGE, formula.span(at, at + 1), message)
            .help("make KPIs of its parts and refer to them");
        return None;
    }
    match Grammar::parse(Rule::formula, &formula.text) {
        Err(error) => {
            explain(formula, &error, findings);
            None
        }
        Ok(mut pairs) => {
            let mut builder = Builder { formula, findings, failed: false };
            let tree = pairs.next().and_then(|pair| pair.into_inner().next()).and_then(|pair| builder.expression(pair));
            if builder.failed { None } else { tree }
        }
    }
}

/// The first byte at which the text is nested too deep, if there is one.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut quoted: Option<char> = None;
    let mut word_start = None;
    for (at, char) in text.char_indices() {
        if let Some(quote) = quoted {
            if char == quote {
                quoted = None;
            }
            continue;
        }
        let in_word = char.is_ascii_alphanumeric() || char == '_';
        if in_word && word_start.is_none() {
            word_start = Some(at);
        }
        if !in_word && let Some(start) = word_start.take() {
            match text.get(start..at) {
                Some(word) if word.eq_ignore_ascii_case("case") => depth += 1,
                Some(word) if word.eq_ignore_ascii_case("end") => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        match char {
            '\'' | '`' => quoted = Some(char),
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Some(at);
        }
    }
    None
}

struct Builder<'a> {
    formula: &'a FormulaText,
    findings: &'a mut Findings,
    failed: bool,
}

impl Builder<'_> {
    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        // A rule ends where its last token does; pest counts the blanks before a repetition that did not come.
        let range = pair.as_span();
        let text = pair.as_str().trim_end();
        self.formula.span(range.start(), range.start() + text.len())
    }

    fn fail<T>(&mut self, span: Span, message: impl Into<String>, help: Option<&str>) -> Option<T> {
        let finding = self.findings.report(&codes::FORMULA_SYNTAX, span, message);
        finding.help = help.map(str::to_owned);
        self.failed = true;
        None
    }

    fn expression(&mut self, pair: Pair<'_, Rule>) -> Option<Expression> {
        let pair = innermost(pair);
        match pair.as_rule() {
            Rule::expression => self.conditions(pair),
            Rule::comparison => self.comparison(pair),
            Rule::sum => self.arithmetic(pair),
            Rule::call => self.call(pair),
            Rule::case => self.case(pair),
            Rule::path => {
                let span = self.span(&pair);
                let path = self.path(pair);
                Some(Expression { kind: Kind::Path(path), span })
            }
            _ => {
                let span = self.span(&pair);
                let literal = self.literal(&pair)?;
                Some(Expression { kind: Kind::Literal(literal), span })
            }
        }
    }

    /// `a and not b or c`: one operator with all the operands that it joins.
    fn conditions(&mut self, pair: Pair<'_, Rule>) -> Option<Expression> {
        let (mut all, mut any) = (Chain::new(Operator::And), Chain::new(Operator::Or));
        let mut marks = Vec::new();
        for part in pair.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::word_not => marks.push(span),
                Rule::word_and => _ = all.place.get_or_insert(span),
                Rule::word_or => {
                    any.place.get_or_insert(span);
                    any.operands.push(all.close()?);
                }
                _ => {
                    let start = marks.first().copied().unwrap_or(span);
                    let operand = self.expression(part)?;
                    all.operands.push((self.prefixed(std::mem::take(&mut marks), Operator::Not, operand)?, start.to(span)));
                }
            }
        }
        any.operands.push(all.close()?);
        any.close().map(|(expression, _)| expression)
    }

    /// `not not x`, `--x`.
    fn prefixed(&mut self, marks: Vec<Span>, operator: Operator, mut expression: Expression) -> Option<Expression> {
        if marks.len() > DEEPEST {
            return self.fail(marks.first().copied()?, "there are too many signs in a row", None);
        }
        for place in marks.into_iter().rev() {
            let span = place.to(expression.span);
            expression = Expression { kind: Kind::Operator(operator, place, vec![expression]), span };
        }
        Some(expression)
    }

    /// `a + b * -c - d`: from the left, products first.
    fn arithmetic(&mut self, pair: Pair<'_, Rule>) -> Option<Expression> {
        let mut marks = Vec::new();
        // What has been read of the sum, and of its last product, each with the operator that waits for more.
        let (mut sum, mut product): (Option<Waiting>, Option<Waiting>) = (None, None);
        let mut last = None;
        let (mut terms, mut factors) = (0, 0);
        for part in pair.into_inner() {
            let place = self.span(&part);
            match part.as_rule() {
                Rule::minus => marks.push(place),
                Rule::multiplicative => {
                    factors += 1;
                    self.not_too_wide(factors, place)?;
                    let operator = if part.as_str() == "*" { Operator::Multiply } else { Operator::Divide };
                    product = Some((last.take()?, operator, place));
                }
                Rule::additive => {
                    (terms, factors) = (terms + 1, 0);
                    self.not_too_wide(terms, place)?;
                    let operator = if part.as_str() == "+" { Operator::Add } else { Operator::Subtract };
                    sum = Some((joined(sum.take(), last.take()?), operator, place));
                }
                _ => {
                    let operand = self.expression(part)?;
                    let operand = self.prefixed(std::mem::take(&mut marks), Operator::Negate, operand)?;
                    last = Some(joined(product.take(), operand));
                }
            }
        }
        Some(joined(sum, last?))
    }

    /// Fails if more terms stand in a row than every stage can walk.
    fn not_too_wide(&mut self, count: usize, place: Span) -> Option<()> {
        if count <= WIDEST {
            return Some(());
        }
        let message = format!("more than {WIDEST} terms stand in a row here");
        self.findings.report(&codes::FORMULA_TOO_LARGE, place, message).help("make KPIs of its parts and refer to them");
        self.failed = true;
        None
    }

    fn comparison(&mut self, pair: Pair<'_, Rule>) -> Option<Expression> {
        let mut parts = pair.into_inner();
        let start = parts.next()?;
        let text = start.as_str().trim_end();
        let first = self.expression(start)?;
        let Some(tail) = parts.next() else { return Some(first) };
        if let Some(second) = parts.next() {
            let span = self.span(&second);
            let middle = tail.clone().into_inner().last().map_or("b", |pair| pair.as_str().trim_end());
            let help = format!(
                "join two comparisons with `and`: `{text} {} and {middle} {}`",
                tail.as_str().trim_end(),
                second.as_str().trim_end()
            );
            return self.fail(span, "comparisons cannot be chained", Some(&help));
        }
        let place = self.span(&tail);
        let rule = tail.as_rule();
        let mut negated = false;
        let mut operator = None;
        let mut operator_place = place;
        let mut operands = vec![first];
        for part in tail.into_inner() {
            match part.as_rule() {
                Rule::word_not => negated = true,
                Rule::comparator => {
                    operator_place = self.span(&part);
                    operator = Some(self.comparator(part.as_str(), operator_place)?);
                }
                Rule::word_in | Rule::word_between | Rule::word_like | Rule::word_is => operator_place = self.span(&part),
                Rule::word_and | Rule::word_null => {}
                _ => operands.push(self.expression(part)?),
            }
        }
        let operator = operator.unwrap_or(match (rule, negated) {
            (Rule::in_list, false) => Operator::In,
            (Rule::in_list, true) => Operator::NotIn,
            (Rule::between, false) => Operator::Between,
            (Rule::between, true) => Operator::NotBetween,
            (Rule::like, false) => Operator::Like,
            (Rule::like, true) => Operator::NotLike,
            (_, false) => Operator::IsNull,
            (_, true) => Operator::IsNotNull,
        });
        let span = operands.first()?.span.to(place);
        Some(Expression { kind: Kind::Operator(operator, operator_place, operands), span })
    }

    fn comparator(&mut self, text: &str, place: Span) -> Option<Operator> {
        Some(match text {
            "=" => Operator::Equal,
            "!=" | "<>" => Operator::NotEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            _ => return self.fail(place, "equality is written `=`", Some("write `=` instead of `==`")),
        })
    }

    fn literal(&mut self, pair: &Pair<'_, Rule>) -> Option<Literal> {
        let text = pair.as_str();
        let span = self.span(pair);
        Some(match pair.as_rule() {
            Rule::null => Literal::Null,
            Rule::truth => Literal::Truth(text.eq_ignore_ascii_case("true")),
            Rule::number => Literal::Number(text.replace('_', "")),
            Rule::percent => Literal::Percent(text.trim_end_matches('%').replace('_', "")),
            Rule::text => Literal::Text(unquote(text)),
            Rule::duration => {
                let (count, unit) = self.duration(pair.clone())?;
                Literal::Duration(count, unit)
            }
            Rule::date => {
                let quoted = text.find('\'').and_then(|at| text.get(at..)).map(unquote).unwrap_or_default();
                if let Ok(date) = quoted.parse() {
                    Literal::Date(date)
                } else {
                    let message = format!("`{quoted}` is not a day");
                    let day = meant_day(&quoted).map_or_else(|| "2025-01-31".to_owned(), |day| day.to_string());
                    return self.fail(span, message, Some(&format!("write it as `date '{day}'`")));
                }
            }
            _ => return self.fail(span, "this is not a value", None),
        })
    }

    fn duration(&mut self, pair: Pair<'_, Rule>) -> Option<(u32, TimeUnit)> {
        let mut parts = pair.into_inner();
        let count = self.digits(&parts.next()?)?;
        let unit = TimeUnit::parse(parts.next()?.as_str())?;
        Some((count, unit))
    }

    /// A whole number that is small enough to count with.
    fn digits(&mut self, pair: &Pair<'_, Rule>) -> Option<u32> {
        match pair.as_str().parse::<u32>() {
            Ok(number) if number <= 1_000_000 => Some(number),
            _ => {
                let span = self.span(pair);
                self.fail(span, format!("{} is too large a number here", pair.as_str()), Some("the largest is 1000000"))
            }
        }
    }

    fn path(&mut self, pair: Pair<'_, Rule>) -> Vec<Name> {
        pair.into_inner().map(|part| self.name(&part)).collect()
    }

    fn name(&self, pair: &Pair<'_, Rule>) -> Name {
        let text = pair.as_str().trim_end();
        Name::new(text.trim_matches('`').to_owned(), self.span(pair))
    }

    fn case(&mut self, pair: Pair<'_, Rule>) -> Option<Expression> {
        let span = self.span(&pair);
        let mut operand = None;
        let mut branches = Vec::new();
        let mut otherwise = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::when => {
                    let mut inner = part.into_inner().filter(|pair| pair.as_rule() == Rule::expression);
                    let when = self.expression(inner.next()?)?;
                    let then = self.expression(inner.next()?)?;
                    branches.push((when, then));
                }
                Rule::else_ => {
                    let inner = part.into_inner().find(|pair| pair.as_rule() == Rule::expression)?;
                    otherwise = Some(Box::new(self.expression(inner)?));
                }
                Rule::expression => operand = Some(Box::new(self.expression(part)?)),
                _ => {}
            }
        }
        Some(Expression { kind: Kind::Case { operand, branches, otherwise }, span })
    }

    fn call(&mut self, pair: Pair<'_, Rule>) -> Option<Expression> {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let name = parts.next()?;
        let mut call = Call {
            name: self.name(&name),
            arguments: Vec::new(),
            from: None,
            via: None,
            per: None,
            each: None,
            filter: None,
            top: None,
            at: None,
            over: None,
            within: None,
            of: None,
            clauses: Vec::new(),
        };
        for part in parts {
            if part.as_rule() == Rule::arguments {
                for argument in part.into_inner().flat_map(Pair::into_inner) {
                    call.arguments.push(self.expression(argument)?);
                }
            } else {
                self.clause(part, &mut call)?;
            }
        }
        self.clause_order(&call)?;
        Some(Expression { kind: Kind::Call(Box::new(call)), span })
    }

    fn clause(&mut self, pair: Pair<'_, Rule>, call: &mut Call) -> Option<()> {
        let clause = pair.into_inner().next()?;
        let span = self.span(&clause);
        let rule = clause.as_rule();
        let mut inner = clause.into_inner();
        let word = inner.next()?;
        let value = inner.next()?;
        let name = match rule {
            Rule::from => {
                call.from = Some(self.name(&value));
                "from"
            }
            Rule::via => {
                call.via = Some(self.path(value));
                "via"
            }
            Rule::per => {
                call.per = Some(self.path(value));
                "per"
            }
            Rule::each => {
                call.each = TimeUnit::parse(value.as_str()).map(|unit| Spanned::new(unit, self.span(&value)));
                "each"
            }
            Rule::where_ => {
                call.filter = Some(self.expression(value)?);
                "where"
            }
            Rule::top => {
                let count = self.digits(&value)?;
                call.top = Some(Spanned::new(count, self.span(&value)));
                "top"
            }
            Rule::at => {
                call.at = Some(match value.as_rule() {
                    Rule::word_end => vec![self.name(&value)],
                    _ => self.path(value),
                });
                "at"
            }
            Rule::over => {
                let place = self.span(&value);
                call.over = Some(Spanned::new(self.window(value)?, place));
                "over"
            }
            Rule::within => {
                let place = self.span(&value);
                call.within = Some(Spanned::new(self.duration(value)?, place));
                "within"
            }
            _ => {
                call.of = Some(self.name(&value));
                "of"
            }
        };
        let _ = word;
        call.clauses.push((name, span));
        Some(())
    }

    fn window(&mut self, pair: Pair<'_, Rule>) -> Option<Window> {
        let window = pair.into_inner().next()?;
        let rule = window.as_rule();
        let mut unit = None;
        let mut count = None;
        for part in window.into_inner() {
            match part.as_rule() {
                Rule::unit => unit = TimeUnit::parse(part.as_str()),
                Rule::digits => count = Some(self.digits(&part)?),
                _ => {}
            }
        }
        Some(match rule {
            Rule::trailing => Window::Trailing(count?, unit?),
            Rule::to_date => Window::ToDate(unit?),
            Rule::all_time => Window::AllTime,
            Rule::previous => Window::Previous,
            _ => Window::Age,
        })
    }

    /// Clauses come once each and in the language's order, so that formulas of many people read alike.
    fn clause_order(&mut self, call: &Call) -> Option<()> {
        const ORDER: [&str; 10] = ["from", "via", "per", "each", "where", "top", "at", "over", "within", "of"];
        let place = |clause: &str| ORDER.iter().position(|known| *known == clause);
        let mut last: Option<&str> = None;
        for (clause, span) in &call.clauses {
            match last {
                Some(before) if before == *clause || call.clauses.iter().filter(|(other, _)| other == clause).count() > 1 => {
                    let message = format!("`{clause}` stands twice in `{}(...)`", call.name.value);
                    let help = (*clause == "where").then_some("join the conditions with `and`");
                    return self.fail(*span, message, help);
                }
                Some(before) if place(before) > place(clause) => {
                    let message = format!("`{clause}` has to come before `{before}`");
                    return self.fail(*span, message, Some("the order is: from, via, per, where, top, at, over"));
                }
                _ => last = Some(clause),
            }
        }
        Some(())
    }
}

/// The left side of an operator, the operator, and its place.
type Waiting = (Expression, Operator, Span);

/// The operator with its right side; the right side alone where nothing waits for it.
fn joined(left: Option<Waiting>, right: Expression) -> Expression {
    let Some((left, operator, place)) = left else { return right };
    let span = left.span.to(right.span);
    Expression { kind: Kind::Operator(operator, place, vec![left, right]), span }
}

/// Operands that one operator joins, as far as they have been read.
struct Chain {
    operator: Operator,
    /// Where the operator first stands, if it does.
    place: Option<Span>,
    /// Each with the place of all that belongs to it, its parentheses too.
    operands: Vec<(Expression, Span)>,
}

impl Chain {
    fn new(operator: Operator) -> Self {
        Self { operator, place: None, operands: Vec::new() }
    }

    /// All of it as one expression; one operand alone is itself.
    fn close(&mut self) -> Option<(Expression, Span)> {
        let operands = std::mem::take(&mut self.operands);
        let Some(place) = self.place.take() else { return operands.into_iter().next() };
        let span = operands.first()?.1.to(operands.last()?.1);
        let operands = operands.into_iter().map(|(operand, _)| operand).collect();
        Some((Expression { kind: Kind::Operator(self.operator, place, operands), span }, span))
    }
}

/// What stands in a pair of parentheses, or at a level of precedence whose operators do not occur: most levels do nothing.
fn innermost(mut pair: Pair<'_, Rule>) -> Pair<'_, Rule> {
    while matches!(pair.as_rule(), Rule::expression | Rule::comparison | Rule::sum | Rule::group) {
        let mut inner = pair.clone().into_inner();
        match (inner.next(), inner.next()) {
            (Some(only), None) => pair = only,
            _ => break,
        }
    }
    pair
}

/// The text between quotes, with doubled quotes made single.
fn unquote(text: &str) -> String {
    let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(text);
    inner.replace("''", "'")
}

/// Parses a formula that stands in no file, for tests of later stages.
#[cfg(test)]
pub(crate) fn parse_text(text: &str) -> Result<Expression, Vec<String>> {
    let mut files = crate::text::Files::default();
    let file = files.add("formula".into(), text.into());
    let mut findings = Findings::default();
    let formula = FormulaText::bare(text, Span::new(file, 0..text.len()));
    let tree = parse(&formula, &mut findings);
    tree.ok_or_else(|| findings.iter().map(|finding| finding.message.clone()).collect())
}
