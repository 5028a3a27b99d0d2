//! A function and what is in its parentheses: arguments, then clauses.
//!
//! A new clause is a line of [`CLAUSES`], a field of [`Call`], and a rule of `grammar/formula.pest`; a new window is one in
//! [`Parser::window`].

use super::ast::{Call, Kind, Window};
use super::parse::{Completed, Parsed, Parser, Stuck};
use super::token::{self, Reserved};
use crate::text::Spanned;

/// A part of a call that starts with a word of its own.
struct Clause {
    /// The word that it starts with.
    word: &'static str,
    /// Whether it may be in a call without arguments.
    is_first: bool,
    /// Reads what follows the word.
    read: fn(&mut Parser<'_>, &mut Call) -> Parsed<()>,
}

impl Clause {
    const fn new(word: &'static str, is_first: bool, read: fn(&mut Parser<'_>, &mut Call) -> Parsed<()>) -> Self {
        Self { word, is_first, read }
    }
}

/// All clauses, in the order in which they have to stand.
const CLAUSES: [Clause; 10] = [
    Clause::new("from", true, |parser, call| {
        call.from = Some(parser.name()?);
        Ok(())
    }),
    Clause::new("via", true, |parser, call| {
        call.via = Some(parser.path()?);
        Ok(())
    }),
    Clause::new("per", true, |parser, call| {
        call.per = Some(parser.path()?);
        Ok(())
    }),
    Clause::new("each", true, |parser, call| {
        call.each = Some(parser.spanned(Parser::unit)?);
        Ok(())
    }),
    Clause::new("where", true, |parser, call| {
        call.filter = Some(parser.expression()?);
        Ok(())
    }),
    Clause::new("top", true, |parser, call| {
        call.top = Some(parser.spanned(Parser::count)?);
        Ok(())
    }),
    Clause::new("at", true, |parser, call| {
        let is_end = parser.kind() == token::Kind::Reserved(Reserved::End);
        call.at = Some(if is_end { vec![parser.word()] } else { parser.path()? });
        Ok(())
    }),
    Clause::new("over", true, |parser, call| {
        call.over = Some(parser.spanned(Parser::window)?);
        Ok(())
    }),
    Clause::new("within", false, |parser, call| {
        call.within = Some(parser.spanned(Parser::duration)?);
        Ok(())
    }),
    Clause::new("of", false, |parser, call| {
        call.of = Some(parser.path()?);
        Ok(())
    }),
];

/// The words of clauses in their order.
pub(super) fn order() -> String {
    CLAUSES.map(|clause| clause.word).join(", ")
}

impl Parser<'_> {
    /// `sum(orders.amount where status = 'paid' over trailing 28 days)`
    pub(super) fn call(&mut self) -> Parsed<Kind> {
        let mut call = Call::new(self.name()?);
        self.expect(token::Kind::Open)?;
        if self.kind() != token::Kind::Close && !self.begins_clause() {
            call.arguments.push(self.expression()?);
            while self.takes(token::Kind::Comma) {
                if self.begins_clause() {
                    return Err(Stuck);
                }
                call.arguments.push(self.expression()?);
            }
        }
        while let Some(at) = CLAUSES.iter().position(|clause| self.is_word(clause.word)) {
            self.clause(at, &mut call)?;
        }
        self.expect(token::Kind::Close)?;
        Ok(Kind::Call(Box::new(call)))
    }

    /// Whether a clause stands where an argument could: its word, and then what no operator is.
    fn begins_clause(&self) -> bool {
        use token::Kind::{Number, Open, Percent, Quoted, Reserved, Text, Unknown, Whole, Word};
        CLAUSES.iter().any(|clause| clause.is_first && self.is_word(clause.word))
            && matches!(self.kind_after(), Word | Reserved(_) | Quoted | Open | Text | Whole | Number | Percent | Unknown)
    }

    /// Reads a clause. Each comes once and in the language's order, so that formulas of many people read alike.
    fn clause(&mut self, at: usize, call: &mut Call) -> Parsed<()> {
        let Some(clause) = CLAUSES.get(at) else { return Err(Stuck) };
        let start = self.place();
        self.take();
        (clause.read)(self, call)?;
        if self.before() == Completed::Nothing {
            self.complete(Completed::Clause);
        }
        let span = self.since(start);
        let word = clause.word;
        if call.clause(word).is_some() {
            let help = (word == "where").then_some("join the conditions with `and`");
            self.fault(span, format!("`{word}` appears twice in `{}(...)`", call.name.value), help);
        } else if let Some((before, _)) =
            call.clauses.iter().find(|(before, _)| CLAUSES.iter().skip(at).any(|later| later.word == *before))
        {
            let message = format!("`{word}` has to come before `{before}`");
            self.fault(span, message, Some(&format!("the order is: {}", order())));
        }
        call.clauses.push((word, span));
        Ok(())
    }

    /// A part with its place.
    fn spanned<T>(&mut self, read: fn(&mut Self) -> Parsed<T>) -> Parsed<Spanned<T>> {
        let start = self.place();
        let value = read(self)?;
        Ok(Spanned::new(value, self.since(start)))
    }

    /// `trailing 28 days`, `quarter to date`, `all time`, `previous period`, `age`, `age to date`
    fn window(&mut self) -> Parsed<Window> {
        if self.takes_word("trailing") {
            let (count, unit) = self.duration()?;
            return Ok(Window::Trailing(count, unit));
        }
        if self.takes_word("all") {
            self.expect_word("time")?;
            return Ok(Window::AllTime);
        }
        if self.takes_word("previous") {
            self.expect_word("period")?;
            return Ok(Window::Previous);
        }
        if self.takes_word("age") {
            if !self.takes_word("to") {
                return Ok(Window::Age);
            }
            self.expect_word("date")?;
            return Ok(Window::AgeToDate);
        }
        let unit = self.unit()?;
        self.expect_word("to")?;
        self.expect_word("date")?;
        Ok(Window::ToDate(unit))
    }
}
