//! The syntax tree of a formula. Every part knows its place in the file.

use crate::calendar::{Date, TimeUnit};
use crate::text::{Name, Span, Spanned};

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A value as written.
    Literal(Literal),
    /// A name, or names with dots between them.
    Path(Vec<Name>),
    /// An operator before, between or after its operands, with the place of the operator itself.
    Operator(Operator, Span, Vec<Expression>),
    /// A function.
    Call(Box<Call>),
    /// `case x when a then b else c end`.
    Case {
        /// What is compared with each `when`; without it each `when` is a condition.
        operand: Option<Box<Expression>>,
        /// The pairs of `when` and `then`.
        branches: Vec<(Expression, Expression)>,
        /// What it is if no `when` fits; null if left out.
        otherwise: Option<Box<Expression>>,
    },
}

/// A value as written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Truth(bool),
    /// A number, without `_`: `1000.5`
    Number(String),
    /// A percentage: the number before `%`
    Percent(String),
    /// `'text'`
    Text(String),
    /// `date '2025-01-31'`
    Date(Date),
    /// `14 days`
    Duration(u32, TimeUnit),
}

/// An operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `-x`
    Negate,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `in (...)`: the first operand is what is looked for
    In,
    /// `not in (...)`
    NotIn,
    /// `between a and b`, both included
    Between,
    /// `not between a and b`
    NotBetween,
    /// `like`
    Like,
    /// `not like`
    NotLike,
    /// `is null`
    IsNull,
    /// `is not null`
    IsNotNull,
    /// `not`
    Not,
    /// `and`, of two or more operands
    And,
    /// `or`, of two or more operands
    Or,
}

/// A function with what is in its parentheses.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The function's name.
    pub name: Name,
    /// Its arguments.
    pub arguments: Vec<Expression>,
    /// `from source`
    pub from: Option<Name>,
    /// `via reference`
    pub via: Option<Vec<Name>>,
    /// `per path`
    pub per: Option<Vec<Name>>,
    /// `each grain`
    pub each: Option<Spanned<TimeUnit>>,
    /// `where condition`
    pub filter: Option<Expression>,
    /// `top n`
    pub top: Option<Spanned<u32>>,
    /// `at moment`
    pub at: Option<Vec<Name>>,
    /// `over window`
    pub over: Option<Spanned<Window>>,
    /// `within duration`
    pub within: Option<Spanned<(u32, TimeUnit)>>,
    /// `of time`
    pub of: Option<Vec<Name>>,
    /// The clauses as written, in order, for findings.
    pub clauses: Vec<(&'static str, Span)>,
}

/// What a window ranges over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    /// `trailing n unit`
    Trailing(u32, TimeUnit),
    /// `unit to date`
    ToDate(TimeUnit),
    /// `all time`
    AllTime,
    /// `previous period`
    Previous,
    /// `age`
    Age,
    /// `age to date`
    AgeToDate,
}

impl Call {
    /// A call with nothing in its parentheses yet.
    pub fn new(name: Name) -> Self {
        Self {
            name,
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
        }
    }

    /// The place of a clause, if it was written.
    pub fn clause(&self, name: &str) -> Option<Span> {
        self.clauses.iter().find(|(clause, _)| *clause == name).map(|(_, span)| *span)
    }
}

impl Expression {
    /// `slice(of, condition)`, of which both stand somewhere.
    #[must_use]
    pub fn slice(of: Expression, condition: Expression) -> Self {
        let span = of.span;
        let mut call = Call::new(Name::new("slice".to_owned(), condition.span));
        call.arguments = vec![of, condition];
        Self { kind: Kind::Call(Box::new(call)), span }
    }

    /// Calls `visit` on this expression and on every one below it, the outer before the inner.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Expression)) {
        visit(self);
        match &self.kind {
            Kind::Literal(_) | Kind::Path(_) => {}
            Kind::Operator(_, _, operands) => operands.iter().for_each(|operand| operand.walk(visit)),
            Kind::Call(call) => {
                call.arguments.iter().for_each(|argument| argument.walk(visit));
                if let Some(filter) = &call.filter {
                    filter.walk(visit);
                }
            }
            Kind::Case { operand, branches, otherwise } => {
                operand.iter().for_each(|operand| operand.walk(visit));
                for (when, then) in branches {
                    when.walk(visit);
                    then.walk(visit);
                }
                otherwise.iter().for_each(|otherwise| otherwise.walk(visit));
            }
        }
    }
}
