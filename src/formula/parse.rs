//! From a formula's text to its syntax tree.
//!
//! 1. [`tokens`] cuts the text up and refuses what is nested so deep that it would exhaust the stack.
//! 2. [`Parser`] makes the tree, with a function for each level of precedence; `clause` has what is in the parentheses of a
//!    function.
//! 3. [`explain`] says in words what a text that does not fit lacks.
//!
//! `grammar/formula.pest` is the same language as a grammar to read; a test holds the two together.

use super::ast::{Expression, Kind, Literal, Operator};
use super::explain::explain;
use super::token::{self, DEEPEST, Reserved, Token, tokens};
use crate::calendar::{TimeUnit, meant_day};
use crate::diagnostic::{Findings, codes};
use crate::spec::reader::FormulaText;
use crate::text::{Name, Span};
use std::ops::Range;

/// How long a formula may be, in bytes.
const LONGEST: usize = 20_000;
/// How many operators of one level may follow each other.
const WIDEST: usize = 200;

/// The syntax tree of a formula, or a finding that says why there is none.
pub fn parse(formula: &FormulaText, findings: &mut Findings) -> Option<Expression> {
    let whole = formula.span(0, formula.text.len());
    if formula.text.trim().is_empty() {
        findings
            .report(&codes::FORMULA_SYNTAX, formula.span, "the formula is empty")
            .help("for instance `count(orders)`; a hand-kept figure has `values:` instead");
        return None;
    }
    if formula.text.len() > LONGEST {
        let message = format!("the formula is longer than {LONGEST} characters");
        findings.report(&codes::FORMULA_TOO_LARGE, whole, message).help("split it into KPIs and refer to them");
        return None;
    }
    let tokens = match tokens(&formula.text) {
        Ok(tokens) => tokens,
        Err(at) => {
            let message = format!("the formula nests deeper than {DEEPEST} levels");
            findings
                .report(&codes::FORMULA_TOO_LARGE, formula.span(at, at + 1), message)
                .help("split it into KPIs and refer to them");
            return None;
        }
    };
    let mut parser = Parser::new(formula, &tokens);
    match parser.formula() {
        Err(Stuck) => {
            explain(formula, parser.token().start, parser.before(), findings);
            None
        }
        Ok(_) if !parser.faults.is_empty() => {
            findings.append(parser.faults);
            None
        }
        Ok(tree) => Some(tree),
    }
}

/// What stands right before the place at which the parser is stuck, so that it is known what could have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Completed {
    /// Something that is not complete without more.
    Nothing,
    /// An operand: an operator could come.
    Operand,
    /// A clause of a function: another one could come.
    Clause,
}

/// The text fits no formula from the parser's token on.
pub(super) struct Stuck;

/// What has been read, unless the text does not fit.
pub(super) type Parsed<T> = Result<T, Stuck>;

/// Reads tokens from first to last. It never goes back, so that the token at which it is stuck is where the text ceases to fit.
pub(super) struct Parser<'a> {
    formula: &'a FormulaText,
    tokens: &'a [Token],
    /// The token that is read next.
    at: usize,
    /// What the grammar last completed, and the token behind it.
    completed: (Completed, usize),
    /// What is a formula, and still wrong. The first fault counts.
    faults: Findings,
}

// --- Tokens ---

impl<'a> Parser<'a> {
    fn new(formula: &'a FormulaText, tokens: &'a [Token]) -> Self {
        Self { formula, tokens, at: 0, completed: (Completed::Nothing, 0), faults: Findings::default() }
    }

    pub(super) fn token(&self) -> Token {
        let nothing = Token { kind: token::Kind::Nothing, start: self.formula.text.len(), end: self.formula.text.len() };
        self.tokens.get(self.at).copied().unwrap_or(nothing)
    }

    pub(super) fn kind(&self) -> token::Kind {
        self.token().kind
    }

    /// The kind of the token behind the next one.
    pub(super) fn kind_after(&self) -> token::Kind {
        self.tokens.get(self.at + 1).map_or(token::Kind::Nothing, |token| token.kind)
    }

    /// The text of a token.
    pub(super) fn text(&self, token: Token) -> &'a str {
        self.formula.text.get(token.start..token.end).unwrap_or_default()
    }

    /// Reads the next token, whatever it is.
    pub(super) fn take(&mut self) -> Token {
        let token = self.token();
        self.at += 1;
        token
    }

    /// Reads the next token if it is of that kind.
    pub(super) fn takes(&mut self, kind: token::Kind) -> bool {
        let fits = self.kind() == kind;
        self.at += usize::from(fits);
        fits
    }

    /// The next token, which has to be of that kind.
    pub(super) fn expect(&mut self, kind: token::Kind) -> Parsed<Token> {
        if self.kind() == kind { Ok(self.take()) } else { Err(Stuck) }
    }

    /// Whether the next token is a word that means something in this place.
    pub(super) fn is_word(&self, word: &str) -> bool {
        let token = self.token();
        token.kind == token::Kind::Word && self.text(token).eq_ignore_ascii_case(word)
    }

    /// Reads a word that means something in this place, if it is the next token.
    pub(super) fn takes_word(&mut self, word: &str) -> bool {
        let fits = self.is_word(word);
        self.at += usize::from(fits);
        fits
    }

    /// Reads a word that has to come.
    pub(super) fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.takes_word(word) { Ok(()) } else { Err(Stuck) }
    }

    /// How many tokens have been read.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// The place of a token.
    pub(super) fn span(&self, token: Token) -> Span {
        self.formula.span(token.start, token.end)
    }

    /// The place of all that was read since so many tokens had been.
    pub(super) fn since(&self, place: usize) -> Span {
        let range = self.range(place..self.at);
        self.formula.span(range.start, range.end)
    }

    /// The text of some tokens as written.
    fn written(&self, tokens: Range<usize>) -> &'a str {
        self.formula.text.get(self.range(tokens)).unwrap_or_default()
    }

    /// The bytes of some tokens.
    fn range(&self, tokens: Range<usize>) -> Range<usize> {
        let tokens = self.tokens.get(tokens).unwrap_or_default();
        tokens.first().map_or(0, |token| token.start)..tokens.last().map_or(0, |token| token.end)
    }

    /// Remembers that what was just read is complete.
    pub(super) fn complete(&mut self, what: Completed) {
        self.completed = (what, self.at);
    }

    /// What stands right before the next token.
    pub(super) fn before(&self) -> Completed {
        if self.completed.1 == self.at { self.completed.0 } else { Completed::Nothing }
    }

    /// Remembers what is wrong with a text that fits.
    pub(super) fn fault(&mut self, span: Span, message: impl Into<String>, help: Option<&str>) {
        if self.faults.is_empty() {
            self.faults.report(&codes::FORMULA_SYNTAX, span, message).help = help.map(str::to_owned);
        }
    }
}

// --- Precedence, loosest first ---

impl Parser<'_> {
    fn formula(&mut self) -> Parsed<Expression> {
        let tree = self.expression()?;
        self.expect(token::Kind::Nothing)?;
        Ok(tree)
    }

    /// `a and b or c`
    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        let all = |parser: &mut Self| parser.joined(Reserved::And, Operator::And, Self::condition);
        self.joined(Reserved::Or, Operator::Or, all)
    }

    /// `a and b and c`: one operator with all the operands that it joins.
    fn joined(
        &mut self,
        word: Reserved,
        operator: Operator,
        mut operand: impl FnMut(&mut Self) -> Parsed<Expression>,
    ) -> Parsed<Expression> {
        let start = self.at;
        let first = operand(self)?;
        if self.kind() != token::Kind::Reserved(word) {
            return Ok(first);
        }
        let place = self.span(self.token());
        let mut operands = vec![first];
        while self.takes(token::Kind::Reserved(word)) {
            operands.push(operand(self)?);
        }
        Ok(Expression { kind: Kind::Operator(operator, place, operands), span: self.since(start) })
    }

    /// `not a = b`
    fn condition(&mut self) -> Parsed<Expression> {
        self.prefixed(token::Kind::Reserved(Reserved::Not), Operator::Not, Self::comparison)
    }

    /// `not not x`, `--x`
    fn prefixed(
        &mut self,
        sign: token::Kind,
        operator: Operator,
        operand: fn(&mut Self) -> Parsed<Expression>,
    ) -> Parsed<Expression> {
        let start = self.at;
        while self.takes(sign) {}
        let end = self.at;
        let mut expression = operand(self)?;
        let signs = self.tokens.get(start..end).unwrap_or_default();
        if signs.len() > DEEPEST {
            self.fault(
                signs.first().map_or(expression.span, |sign| self.span(*sign)),
                "there are too many signs in a row",
                None,
            );
            return Ok(expression);
        }
        for sign in signs.iter().rev() {
            let place = self.span(*sign);
            let span = place.to(self.since(start));
            expression = Expression { kind: Kind::Operator(operator, place, vec![expression]), span };
        }
        Ok(expression)
    }

    /// `a = b`, `a in (b, c)`
    fn comparison(&mut self) -> Parsed<Expression> {
        let start = self.at;
        let first = self.sum()?;
        let left = start..self.at;
        let start = self.at;
        let Some(mut comparing) = self.comparing()? else { return Ok(first) };
        let span = first.span.to(self.since(start));
        let middle = start..self.at;
        let start = self.at;
        if self.comparing()?.is_some() {
            let last = comparing.operands.last().map_or_else(|| "b".to_owned(), Expression::to_string);
            let (left, middle, right) = (self.written(left), self.written(middle), self.written(start..self.at));
            let help = format!("join two comparisons with `and`: `{left} {middle} and {last} {right}`");
            self.fault(self.since(start), "comparisons cannot be chained", Some(&help));
            while self.comparing()?.is_some() {}
        }
        comparing.operands.insert(0, first);
        Ok(Expression { kind: Kind::Operator(comparing.operator, comparing.place, comparing.operands), span })
    }

    /// What is said of the left side of a comparison, if anything is.
    fn comparing(&mut self) -> Parsed<Option<Comparing>> {
        use token::Kind::Reserved as Word;
        let is_not = self.takes(Word(Reserved::Not));
        let either = |yes, no| if is_not { no } else { yes };
        let token = self.token();
        let place = self.span(token);
        let (operator, operands) = match token.kind {
            token::Kind::Comparator if !is_not => {
                let operator = self.comparator();
                (operator, vec![self.sum()?])
            }
            // Without parentheses the mistake is at `in`.
            Word(Reserved::In) if self.kind_after() == token::Kind::Open => {
                self.take();
                (either(Operator::In, Operator::NotIn), self.list()?)
            }
            Word(Reserved::Between) => {
                self.take();
                let low = self.sum()?;
                self.expect(Word(Reserved::And))?;
                (either(Operator::Between, Operator::NotBetween), vec![low, self.sum()?])
            }
            Word(Reserved::Like) => {
                self.take();
                (either(Operator::Like, Operator::NotLike), vec![self.sum()?])
            }
            Word(Reserved::Is) if !is_not => {
                self.take();
                let operator = if self.takes(Word(Reserved::Not)) { Operator::IsNotNull } else { Operator::IsNull };
                self.expect(Word(Reserved::Null))?;
                (operator, Vec::new())
            }
            _ if is_not => return Err(Stuck),
            _ => return Ok(None),
        };
        self.complete(Completed::Operand);
        Ok(Some(Comparing { operator, place, operands }))
    }

    /// `('DE', 'AT')`
    fn list(&mut self) -> Parsed<Vec<Expression>> {
        self.expect(token::Kind::Open)?;
        let mut items = vec![self.expression()?];
        while self.takes(token::Kind::Comma) && self.kind() != token::Kind::Close {
            items.push(self.expression()?);
        }
        self.expect(token::Kind::Close)?;
        Ok(items)
    }

    fn comparator(&mut self) -> Operator {
        let token = self.take();
        match self.text(token) {
            "!=" | "<>" => Operator::NotEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            "==" => {
                self.fault(self.span(token), "write equality as `=`", Some("write `=` instead of `==`"));
                Operator::Equal
            }
            _ => Operator::Equal,
        }
    }

    /// `a + b - c`
    fn sum(&mut self) -> Parsed<Expression> {
        let operator = |kind| match kind {
            token::Kind::Plus => Some(Operator::Add),
            token::Kind::Minus => Some(Operator::Subtract),
            _ => None,
        };
        self.series(operator, Self::product)
    }

    /// `a * b / c`
    fn product(&mut self) -> Parsed<Expression> {
        let operator = |kind| match kind {
            token::Kind::Star => Some(Operator::Multiply),
            token::Kind::Slash => Some(Operator::Divide),
            _ => None,
        };
        self.series(operator, |parser| parser.prefixed(token::Kind::Minus, Operator::Negate, Self::primary))
    }

    /// Operands of one precedence, from the left.
    fn series(
        &mut self,
        operator: fn(token::Kind) -> Option<Operator>,
        operand: fn(&mut Self) -> Parsed<Expression>,
    ) -> Parsed<Expression> {
        let mut left = operand(self)?;
        let mut count = 0;
        while let Some(operator) = operator(self.kind()) {
            let place = self.take();
            let place = self.span(place);
            let right = operand(self)?;
            count += 1;
            if count <= WIDEST {
                let span = left.span.to(right.span);
                left = Expression { kind: Kind::Operator(operator, place, vec![left, right]), span };
            } else if self.faults.is_empty() {
                // Every stage walks the tree, so that it must not grow without end.
                let message = format!("there are more than {WIDEST} terms in a row here");
                let help = "split it into KPIs and refer to them";
                self.faults.report(&codes::FORMULA_TOO_LARGE, place, message).help(help);
            }
        }
        Ok(left)
    }
}

/// What is said of the left side of a comparison.
struct Comparing {
    operator: Operator,
    /// The place of the operator.
    place: Span,
    /// What it is compared with.
    operands: Vec<Expression>,
}

// --- Operands ---

impl Parser<'_> {
    /// An operand of the tightest operator.
    fn primary(&mut self) -> Parsed<Expression> {
        use token::Kind::Reserved as Word;
        let start = self.at;
        let kind = match self.kind() {
            token::Kind::Word | token::Kind::Quoted if self.kind_after() == token::Kind::Open => self.call()?,
            token::Kind::Word if self.is_date() => self.date(),
            token::Kind::Word | token::Kind::Quoted => Kind::Path(self.path()?),
            // `end.` means states, as `at end` does; any other `end` closes a `case`.
            Word(Reserved::End) if self.kind_after() == token::Kind::Dot => Kind::Path(self.path()?),
            Word(Reserved::Case) => self.case()?,
            token::Kind::Open => {
                self.take();
                let inner = self.expression()?;
                self.expect(token::Kind::Close)?;
                self.complete(Completed::Operand);
                return Ok(inner);
            }
            _ => Kind::Literal(self.literal()?),
        };
        self.complete(Completed::Operand);
        Ok(Expression { kind, span: self.since(start) })
    }

    fn literal(&mut self) -> Parsed<Literal> {
        use token::Kind::Reserved as Word;
        let token = self.token();
        let text = self.text(token);
        let literal = match token.kind {
            token::Kind::Whole if self.unit_after().is_some() => {
                let (count, unit) = self.duration()?;
                return Ok(Literal::Duration(count, unit));
            }
            token::Kind::Whole | token::Kind::Number => Literal::Number(text.replace('_', "")),
            token::Kind::Percent => Literal::Percent(text.trim_end_matches('%').replace('_', "")),
            token::Kind::Text => Literal::Text(unquote(text)),
            Word(Reserved::True) => Literal::Truth(true),
            Word(Reserved::False) => Literal::Truth(false),
            Word(Reserved::Null) => Literal::Null,
            _ => return Err(Stuck),
        };
        self.take();
        Ok(literal)
    }

    /// Whether the next tokens are `date '...'`, with a blank between.
    fn is_date(&self) -> bool {
        let text = self.tokens.get(self.at + 1).filter(|token| token.kind == token::Kind::Text);
        text.is_some_and(|text| text.start > self.token().end) && self.is_word("date")
    }

    fn date(&mut self) -> Kind {
        let start = self.at;
        self.take();
        let quoted = self.take();
        let quoted = unquote(self.text(quoted));
        if let Ok(date) = quoted.parse() {
            return Kind::Literal(Literal::Date(date));
        }
        let day = meant_day(&quoted).map_or_else(|| "2025-01-31".to_owned(), |day| day.to_string());
        let help = format!("write it as `date '{day}'`");
        self.fault(self.since(start), format!("`{quoted}` is not a day"), Some(&help));
        Kind::Literal(Literal::Null)
    }

    /// `14 days`
    pub(super) fn duration(&mut self) -> Parsed<(u32, TimeUnit)> {
        let count = self.count()?;
        Ok((count, self.unit()?))
    }

    /// A whole number that is small enough to count with.
    pub(super) fn count(&mut self) -> Parsed<u32> {
        let token = self.expect(token::Kind::Whole)?;
        let text = self.text(token);
        Ok(text.parse().ok().filter(|count| *count <= 1_000_000).unwrap_or_else(|| {
            self.fault(self.span(token), format!("{text} is too large here"), Some("the largest is 1000000"));
            1
        }))
    }

    /// A unit of time.
    pub(super) fn unit(&mut self) -> Parsed<TimeUnit> {
        let unit = unit(self.text(self.token())).ok_or(Stuck)?;
        self.take();
        Ok(unit)
    }

    /// The unit of time behind the next token, if it is one.
    fn unit_after(&self) -> Option<TimeUnit> {
        unit(self.text(*self.tokens.get(self.at + 1)?))
    }

    /// A name, or names with dots between them.
    pub(super) fn path(&mut self) -> Parsed<Vec<Name>> {
        let mut path = Vec::with_capacity(1);
        loop {
            let is_states = self.kind() == token::Kind::Reserved(Reserved::End) && self.kind_after() == token::Kind::Dot;
            path.push(if is_states { self.word() } else { self.name()? });
            if !self.takes(token::Kind::Dot) {
                return Ok(path);
            }
        }
    }

    /// A name.
    pub(super) fn name(&mut self) -> Parsed<Name> {
        if matches!(self.kind(), token::Kind::Word | token::Kind::Quoted) { Ok(self.word()) } else { Err(Stuck) }
    }

    /// The next token as a name, even if its word is reserved.
    pub(super) fn word(&mut self) -> Name {
        let token = self.take();
        Name::new(self.text(token).trim_matches('`').to_owned(), self.span(token))
    }

    /// `case x when a then b else c end`
    fn case(&mut self) -> Parsed<Kind> {
        use token::Kind::Reserved as Word;
        self.take();
        let operand = if self.kind() == Word(Reserved::When) { None } else { Some(Box::new(self.expression()?)) };
        let mut branches = Vec::new();
        self.expect(Word(Reserved::When))?;
        loop {
            let when = self.expression()?;
            self.expect(Word(Reserved::Then))?;
            branches.push((when, self.expression()?));
            if !self.takes(Word(Reserved::When)) {
                break;
            }
        }
        let otherwise = if self.takes(Word(Reserved::Else)) { Some(Box::new(self.expression()?)) } else { None };
        self.expect(Word(Reserved::End))?;
        Ok(Kind::Case { operand, branches, otherwise })
    }
}

/// The text between quotes, with doubled quotes made single.
fn unquote(text: &str) -> String {
    let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(text);
    inner.replace("''", "'")
}

/// The unit of time of that name, which is a word.
fn unit(word: &str) -> Option<TimeUnit> {
    word.starts_with(|char: char| char.is_ascii_alphabetic()).then(|| TimeUnit::parse(word))?
}

/// Parses a formula that is in no file, for tests of later stages.
#[cfg(test)]
pub(crate) fn parse_text(text: &str) -> Result<Expression, Vec<String>> {
    let mut files = crate::text::Files::default();
    let file = files.add("formula".into(), text.into());
    let mut findings = Findings::default();
    let formula = FormulaText::bare(text, Span::new(file, 0..text.len()));
    let tree = parse(&formula, &mut findings);
    tree.ok_or_else(|| findings.iter().map(|finding| finding.message.clone()).collect())
}

/// Whether a text has the form of a formula, whatever else is wrong with it; the byte at which it ceases to have it.
#[cfg(test)]
pub(super) fn fits(text: &str) -> Result<(), usize> {
    let mut files = crate::text::Files::default();
    let file = files.add("formula".into(), text.into());
    let formula = FormulaText::bare(text, Span::new(file, 0..text.len()));
    let tokens = tokens(text)?;
    let mut parser = Parser::new(&formula, &tokens);
    match parser.formula() {
        Ok(_) => Ok(()),
        Err(Stuck) => Err(parser.token().start),
    }
}
