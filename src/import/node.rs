//! Expressions that SQL and formulas share, and how formulas write them.

/// A type of specs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ty {
    Boolean,
    Integer,
    Decimal,
    Number,
    Text,
    Date,
    Timestamp,
    Instant,
}

impl Ty {
    /// What specs call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Ty::Boolean => "boolean",
            Ty::Integer => "integer",
            Ty::Decimal => "decimal",
            Ty::Number => "number",
            Ty::Text => "text",
            Ty::Date => "date",
            Ty::Timestamp => "timestamp",
            Ty::Instant => "instant",
        }
    }

    pub(super) fn is_time(self) -> bool {
        matches!(self, Ty::Date | Ty::Timestamp | Ty::Instant)
    }
}

/// A name in an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    /// What stands for it in a formula.
    pub(super) text: String,
    /// How tightly that holds together.
    pub(super) holds: u8,
    /// Its type, if it is known.
    pub(super) ty: Option<Ty>,
    /// Whether it may be null.
    pub(super) nullable: bool,
    /// Of a time: whether only its day counts.
    pub(super) by_day: bool,
    /// Whether it is a column and nothing more.
    pub(super) is_column: bool,
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Leaf(Leaf),
    Number(String),
    Text(String),
    Day(String),
    Truth(bool),
    Null,
    Negate(Box<Node>),
    Not(Box<Node>),
    Binary(&'static str, Box<Node>, Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    In {
        of: Box<Node>,
        list: Vec<Node>,
        not: bool,
    },
    Between {
        of: Box<Node>,
        low: Box<Node>,
        high: Box<Node>,
        not: bool,
    },
    Like {
        of: Box<Node>,
        pattern: Box<Node>,
        not: bool,
    },
    IsNull {
        of: Box<Node>,
        not: bool,
    },
    Case {
        operand: Option<Box<Node>>,
        branches: Vec<(Node, Node)>,
        otherwise: Option<Box<Node>>,
    },
    Call(&'static str, Vec<Node>),
    /// Known to be a floating-point number.
    Real(Box<Node>),
}

/// How tightly operators hold: what is above holds more.
pub(super) const ATOM: u8 = 8;
const SIGN: u8 = 7;
const PRODUCT: u8 = 6;
pub(super) const SUM: u8 = 5;
const COMPARED: u8 = 4;
const NOT: u8 = 3;
pub(super) const AND: u8 = 2;
const OR: u8 = 1;

impl Node {
    /// Its type, if it is known.
    pub(super) fn ty(&self) -> Option<Ty> {
        match self {
            Node::Leaf(leaf) => leaf.ty,
            Node::Number(digits) => Some(if digits.contains('.') { Ty::Decimal } else { Ty::Integer }),
            Node::Text(_) => Some(Ty::Text),
            Node::Day(_) => Some(Ty::Date),
            Node::Null => None,
            Node::Negate(of) => of.ty(),
            Node::Real(_) | Node::Binary("/", ..) => Some(Ty::Number),
            Node::Binary("+" | "-" | "*", left, right) => match (left.ty()?, right.ty()?) {
                (Ty::Number, _) | (_, Ty::Number) => Some(Ty::Number),
                (Ty::Decimal, _) | (_, Ty::Decimal) => Some(Ty::Decimal),
                (Ty::Integer, Ty::Integer) => Some(Ty::Integer),
                _ => None,
            },
            Node::Truth(_)
            | Node::Not(_)
            | Node::Binary(..)
            | Node::And(_)
            | Node::Or(_)
            | Node::In { .. }
            | Node::Between { .. }
            | Node::Like { .. }
            | Node::IsNull { .. } => Some(Ty::Boolean),
            Node::Case { branches, otherwise, .. } => {
                let all = branches.iter().map(|(_, then)| then).chain(otherwise.as_deref());
                same(all)
            }
            Node::Call("coalesce" | "abs", arguments) => same(arguments.iter()),
            Node::Call("if", arguments) => same(arguments.iter().skip(1)),
            Node::Call(..) => Some(Ty::Number),
        }
    }

    /// Whether it may be null.
    pub(super) fn nullable(&self) -> bool {
        match self {
            Node::Leaf(leaf) => leaf.nullable,
            Node::Number(_) | Node::Text(_) | Node::Day(_) | Node::Truth(_) | Node::IsNull { .. } => false,
            Node::Binary("/", left, right) if right.is_some_number() => left.nullable(),
            Node::Null | Node::Binary("/", ..) => true,
            Node::Negate(of) | Node::Not(of) | Node::Real(of) | Node::Like { of, .. } => of.nullable(),
            Node::Binary(_, left, right) => left.nullable() || right.nullable(),
            Node::And(all) | Node::Or(all) => all.iter().any(Node::nullable),
            Node::In { of, list, .. } => of.nullable() || list.iter().any(Node::nullable),
            Node::Between { of, low, high, .. } => of.nullable() || low.nullable() || high.nullable(),
            Node::Case { branches, otherwise, .. } => {
                otherwise.as_ref().is_none_or(|otherwise| otherwise.nullable())
                    || branches.iter().any(|(_, then)| then.nullable())
            }
            Node::Call("coalesce", arguments) => arguments.iter().all(Node::nullable),
            Node::Call("if", arguments) => arguments.iter().skip(1).any(Node::nullable),
            Node::Call(_, arguments) => arguments.iter().any(Node::nullable),
        }
    }

    /// What has to hold so that it is not null.
    pub(super) fn is_there(&self) -> Vec<Node> {
        match self {
            _ if !self.nullable() => Vec::new(),
            Node::Negate(of) => of.is_there(),
            Node::Binary("/", left, right) if right.is_some_number() => left.is_there(),
            Node::Binary("+" | "-" | "*", left, right) => {
                let mut all = left.is_there();
                all.extend(right.is_there().into_iter().filter(|one| !all.contains(one)).collect::<Vec<_>>());
                all
            }
            _ => vec![Node::IsNull { of: Box::new(self.clone()), not: true }],
        }
    }

    /// A divisor without what keeps it from being 0, which kpic's division does itself; and whether it cannot be 0.
    pub(super) fn without_zero(self) -> (Node, bool) {
        if let Node::Call("if", arguments) = &self
            && let [Node::Binary("=", left, right), Node::Null, of] = arguments.as_slice()
            && **left == *of
            && matches!(&**right, Node::Number(digits) if is_zero(digits))
        {
            return (of.clone(), true);
        }
        let guarded = self.is_some_number();
        (self, guarded)
    }

    /// Whether it is a number other than 0.
    fn is_some_number(&self) -> bool {
        matches!(self, Node::Number(digits) if !is_zero(digits))
    }

    /// Whether it may have a value where its parts have none.
    pub(super) fn fills(&self) -> bool {
        match self {
            Node::Call("coalesce" | "if", _) | Node::Case { .. } | Node::IsNull { .. } => true,
            Node::Negate(of)
            | Node::Not(of)
            | Node::Real(of)
            | Node::In { of, .. }
            | Node::Between { of, .. }
            | Node::Like { of, .. } => of.fills(),
            Node::Binary(_, left, right) => left.fills() || right.fills(),
            Node::And(all) | Node::Or(all) | Node::Call(_, all) => all.iter().any(Node::fills),
            Node::Leaf(_) | Node::Number(_) | Node::Text(_) | Node::Day(_) | Node::Truth(_) | Node::Null => false,
        }
    }

    /// Whether of its time only the day counts.
    pub(super) fn is_by_day(&self) -> bool {
        matches!(self, Node::Leaf(leaf) if leaf.by_day) || matches!(self, Node::Day(_))
    }

    /// How tightly it holds together when it is written.
    pub(super) fn holds(&self) -> u8 {
        match self {
            Node::Leaf(leaf) => leaf.holds,
            Node::Real(of) => of.holds(),
            Node::Negate(_) => SIGN,
            Node::Binary("*" | "/", ..) => PRODUCT,
            Node::Binary("+" | "-", ..) => SUM,
            Node::Binary(..) | Node::In { .. } | Node::Between { .. } | Node::Like { .. } | Node::IsNull { .. } => COMPARED,
            Node::Not(_) => NOT,
            Node::And(_) => AND,
            Node::Or(_) => OR,
            Node::Number(_)
            | Node::Text(_)
            | Node::Day(_)
            | Node::Truth(_)
            | Node::Null
            | Node::Case { .. }
            | Node::Call(..) => ATOM,
        }
    }

    /// As formulas write it.
    pub(super) fn written(&self) -> String {
        let not = |not: bool| if not { "not " } else { "" };
        match self {
            Node::Leaf(leaf) => leaf.text.clone(),
            Node::Number(digits) => digits.clone(),
            Node::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Node::Day(day) => format!("date '{day}'"),
            Node::Truth(truth) => truth.to_string(),
            Node::Null => "null".to_owned(),
            Node::Real(of) => of.written(),
            Node::Negate(of) => format!("-{}", of.at_least(ATOM)),
            Node::Not(of) => format!("not {}", of.at_least(COMPARED)),
            Node::Binary(sign, left, right) => {
                let own = self.holds();
                // What follows has to hold more, as `a - (b - c)` does; comparisons do not chain.
                let before = if own == COMPARED { own + 1 } else { own };
                format!("{} {sign} {}", left.at_least(before), right.at_least(own + 1))
            }
            Node::And(all) => joined(all, " and ", NOT),
            Node::Or(all) => joined(all, " or ", AND),
            Node::In { of, list, not: negated } => {
                format!("{} {}in ({})", of.at_least(SUM), not(*negated), joined(list, ", ", SUM))
            }
            Node::Between { of, low, high, not: negated } => {
                format!("{} {}between {} and {}", of.at_least(SUM), not(*negated), low.at_least(SUM), high.at_least(SUM))
            }
            Node::Like { of, pattern, not: negated } => {
                format!("{} {}like {}", of.at_least(SUM), not(*negated), pattern.written())
            }
            Node::IsNull { of, not: negated } => format!("{} is {}null", of.at_least(SUM), not(*negated)),
            Node::Case { operand, branches, otherwise } => {
                let mut out = "case".to_owned();
                operand.iter().for_each(|operand| out.push_str(&format!(" {}", operand.written())));
                for (when, then) in branches {
                    out.push_str(&format!(" when {} then {}", when.written(), then.written()));
                }
                otherwise.iter().for_each(|otherwise| out.push_str(&format!(" else {}", otherwise.written())));
                out + " end"
            }
            Node::Call(name, arguments) => format!("{name}({})", joined(arguments, ", ", OR)),
        }
    }

    /// The same in parentheses, unless it holds together tightly enough.
    pub(super) fn at_least(&self, holds: u8) -> String {
        if self.holds() >= holds { self.written() } else { format!("({})", self.written()) }
    }
}

fn same<'a>(mut all: impl Iterator<Item = &'a Node>) -> Option<Ty> {
    let mut seen = None;
    // A null has any type.
    let found = all.try_for_each(|one| match (one, one.ty(), seen) {
        (Node::Null, ..) => Some(()),
        (_, Some(ty), None) => {
            seen = Some(ty);
            Some(())
        }
        (_, Some(ty), Some(known)) if ty == known => Some(()),
        (_, Some(Ty::Decimal), Some(Ty::Integer)) => {
            seen = Some(Ty::Decimal);
            Some(())
        }
        (_, Some(Ty::Integer), Some(Ty::Decimal)) => Some(()),
        _ => None,
    });
    found.and(seen)
}

fn is_zero(digits: &str) -> bool {
    digits.chars().all(|char| matches!(char, '0' | '.'))
}

/// Several written one after the other.
pub(super) fn joined(all: &[Node], between: &str, holds: u8) -> String {
    all.iter().map(|one| one.at_least(holds)).collect::<Vec<_>>().join(between)
}
