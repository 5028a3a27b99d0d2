//! A formula as text, in one form whatever it was written like: for findings, docs and tests.

use super::ast::{Call, Expression, Kind, Literal, Operator, Window};
use crate::spec::RESERVED_WORDS;
use crate::text::Name;
use std::fmt::{self, Display, Formatter};

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Null => f.write_str("null"),
            Literal::Truth(value) => write!(f, "{value}"),
            Literal::Number(text) => f.write_str(text),
            Literal::Percent(text) => write!(f, "{text}%"),
            Literal::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Literal::Date(date) => write!(f, "date '{date}'"),
            Literal::Duration(count, unit) => {
                write!(f, "{count} {}{}", unit.name(), if *count == 1 { "" } else { "s" })
            }
        }
    }
}

impl Display for Window {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Window::Trailing(count, unit) => {
                write!(f, "trailing {count} {}{}", unit.name(), if *count == 1 { "" } else { "s" })
            }
            Window::ToDate(unit) => write!(f, "{} to date", unit.name()),
            Window::AllTime => f.write_str("all time"),
            Window::Previous => f.write_str("previous period"),
            Window::Age => f.write_str("age"),
            Window::AgeToDate => f.write_str("age to date"),
        }
    }
}

/// How tightly an operator binds; more is tighter.
fn tightness(operator: Operator) -> u8 {
    match operator {
        Operator::Or => 1,
        Operator::And => 2,
        Operator::Not => 3,
        Operator::Add | Operator::Subtract => 5,
        Operator::Multiply | Operator::Divide => 6,
        Operator::Negate => 7,
        _ => 4,
    }
}

impl Operator {
    /// The operator as written between its operands.
    pub fn symbol(self) -> &'static str {
        match self {
            Operator::Negate | Operator::Subtract => "-",
            Operator::Add => "+",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::In => "in",
            Operator::NotIn => "not in",
            Operator::Between => "between",
            Operator::NotBetween => "not between",
            Operator::Like => "like",
            Operator::NotLike => "not like",
            Operator::IsNull => "is null",
            Operator::IsNotNull => "is not null",
            Operator::Not => "not",
            Operator::And => "and",
            Operator::Or => "or",
        }
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Literal(literal) => literal.fmt(f),
            Kind::Path(path) => f.write_str(&dotted(path)),
            Kind::Operator(operator, _, operands) => operation(*operator, operands, f),
            Kind::Call(call) => call.fmt(f),
            Kind::Case { operand, branches, otherwise } => {
                f.write_str("case")?;
                operand.iter().try_for_each(|operand| write!(f, " {operand}"))?;
                branches.iter().try_for_each(|(when, then)| write!(f, " when {when} then {then}"))?;
                otherwise.iter().try_for_each(|otherwise| write!(f, " else {otherwise}"))?;
                f.write_str(" end")
            }
        }
    }
}

/// Names with dots between them, in backticks where a name is a word of the language.
pub fn dotted(path: &[Name]) -> String {
    let part = |name: &Name| {
        let plain = name.value.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
        let word = RESERVED_WORDS.contains(&name.value.as_str());
        if plain && !word { name.value.clone() } else { format!("`{}`", name.value) }
    };
    path.iter().map(part).collect::<Vec<_>>().join(".")
}

fn operation(operator: Operator, operands: &[Expression], f: &mut Formatter<'_>) -> fmt::Result {
    let own = tightness(operator);
    let write = |f: &mut Formatter<'_>, operand: &Expression, least: u8| match &operand.kind {
        Kind::Operator(inner, ..) if tightness(*inner) < least => write!(f, "({operand})"),
        _ => write!(f, "{operand}"),
    };
    let symbol = operator.symbol();
    match (operator, operands) {
        (Operator::Negate, [only]) => {
            f.write_str(symbol)?;
            write(f, only, own + 1)
        }
        (Operator::Not, [only]) => {
            write!(f, "{symbol} ")?;
            write(f, only, own)
        }
        (Operator::IsNull | Operator::IsNotNull, [only]) => {
            write(f, only, own + 1)?;
            write!(f, " {symbol}")
        }
        (Operator::In | Operator::NotIn, [first, list @ ..]) => {
            write(f, first, own + 1)?;
            write!(f, " {symbol} (")?;
            for (at, item) in list.iter().enumerate() {
                write!(f, "{}{item}", if at == 0 { "" } else { ", " })?;
            }
            f.write_str(")")
        }
        (Operator::Between | Operator::NotBetween, [first, low, high]) => {
            write(f, first, own + 1)?;
            write!(f, " {symbol} ")?;
            write(f, low, own + 1)?;
            f.write_str(" and ")?;
            write(f, high, own + 1)
        }
        (Operator::And | Operator::Or, _) => {
            for (at, operand) in operands.iter().enumerate() {
                if at > 0 {
                    write!(f, " {symbol} ")?;
                }
                write(f, operand, own + 1)?;
            }
            Ok(())
        }
        (Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide, [left, right]) => {
            write(f, left, own)?;
            write!(f, " {symbol} ")?;
            write(f, right, own + 1)
        }
        (_, [left, right]) => {
            write(f, left, own + 1)?;
            write!(f, " {symbol} ")?;
            write(f, right, own + 1)
        }
        _ => f.write_str(symbol),
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name.value)?;
        for (at, argument) in self.arguments.iter().enumerate() {
            write!(f, "{}{argument}", if at == 0 { "" } else { ", " })?;
        }
        let mut blank = if self.arguments.is_empty() { "" } else { " " };
        let mut clause = |f: &mut Formatter<'_>, word: &str, value: &dyn Display| {
            write!(f, "{blank}{word} {value}")?;
            blank = " ";
            fmt::Result::Ok(())
        };
        if let Some(from) = &self.from {
            clause(f, "from", &from.value)?;
        }
        if let Some(via) = &self.via {
            clause(f, "via", &dotted(via))?;
        }
        if let Some(per) = &self.per {
            clause(f, "per", &dotted(per))?;
        }
        if let Some(each) = &self.each {
            clause(f, "each", &each.value.name())?;
        }
        if let Some(filter) = &self.filter {
            clause(f, "where", filter)?;
        }
        if let Some(top) = &self.top {
            clause(f, "top", &top.value)?;
        }
        if let Some(at) = &self.at {
            clause(f, "at", &dotted(at))?;
        }
        if let Some(over) = &self.over {
            clause(f, "over", &over.value)?;
        }
        if let Some(within) = &self.within {
            let (count, unit) = within.value;
            clause(f, "within", &Literal::Duration(count, unit))?;
        }
        if let Some(of) = &self.of {
            clause(f, "of", &dotted(of))?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use crate::formula::parse::parse_text;

    fn printed(text: &str) -> String {
        match parse_text(text) {
            Ok(tree) => tree.to_string(),
            Err(messages) => format!("! {}", messages.join("; ")),
        }
    }

    #[test]
    fn what_is_printed_reads_back_the_same() {
        let formulas = [
            "sum(orders.amount where status = 'paid' and customer.country in ('DE', 'AT'))",
            "sum(amount * rate from orders)",
            "count(orders at shipped_at)",
            "avg(closed_at - opened_at from deals at closed_at)",
            "count_distinct(logins.user over trailing 28 days)",
            "sum(orders.amount over quarter to date)",
            "count(orders over previous period)",
            "percentile(orders.amount, 90%)",
            "count(customers where count(orders where status = 'paid' over all time) >= 3 over all time)",
            "sum(sum(orders.amount) per orders.customer top 10) / sum(orders.amount)",
            "avg(burn each month over trailing 3 months)",
            "growth(mrr, 1 year)",
            "slice(revenue, source = 'partner')",
            "0.3 * a + 0.7 * (b - c) - (d - e)",
            "-(a + b) * -c",
            "not (a = 1 or b is not null) and c between 1 and 2 * 3",
            "case a when 1 then 'x' else null end",
            "case when a then b end",
            "coalesce(a, 1_000.5)",
            "count(onboarding where reached(bought within 14 days of signed_up))",
            "count(users where count(visits via visitor.user where page = 'a' at seen within 7 days of account.created_at) >= 3)",
            "sum(subscriptions.mrr at end)",
            "sum(end.mrr - start.mrr from subscriptions where start.mrr > 0)",
            "x like 'a''b%' and y > date '2025-01-31' + 3 days and z = 25%",
            "count(from orders where `end` = 1)",
        ];
        for formula in formulas {
            let once = printed(formula);
            assert!(!once.starts_with('!'), "{formula}: {once}");
            assert_eq!(printed(&once), once, "{formula}");
        }
        assert_eq!(printed("a - (b - c) + (d + e)"), "a - (b - c) + (d + e)");
        assert_eq!(printed("((a)) AND b <> 3"), "a and b != 3");
        assert_eq!(printed("coalesce(a, 1_000.5)"), "coalesce(a, 1000.5)");
    }

    #[test]
    fn syntax_errors_say_what_was_expected() {
        for (text, message) in [
            ("sum(orders.amount where)", "! expected a condition after `where`, but found `)`"),
            ("sum(orders.amount over)", "! expected a window after `over`"),
            ("a +", "! expected a value after `+`, but the formula ends here"),
            ("sum(a", "! a `(` is not closed"),
            ("a)", "! this `)` closes nothing"),
            ("a b", "! expected an operator or the end, but found `b`"),
            ("a = \"x\"", "! put texts in single quotes"),
            ("a = 'x", "! this text has no closing quote"),
            ("a % 2", "! `%` belongs to the number right before it"),
            ("a == 2", "! write equality as `=`"),
            ("a < b < c", "! comparisons cannot be chained"),
            ("sum(a over all time where b)", "! `where` has to come before `over`"),
            ("sum(a from b per where c > 1)", "! `where` is read as a name here, but found `c` after it"),
            ("top revenue", "! `top` is read as a name here, but found `revenue` after it"),
            ("sum(a from b foo)", "! expected another clause or `)`, but found `foo`"),
            ("sum(a where b where c)", "! `where` appears twice"),
            ("date '2025-02-30'", "! `2025-02-30` is not a day"),
            ("", "! the formula is empty"),
        ] {
            let found = printed(text);
            assert!(found.starts_with(message), "{text}: {found}");
        }
    }

    #[test]
    fn deep_and_long_formulas_are_refused_without_harm() {
        let deep = format!("{}a{}", "(".repeat(50_000), ")".repeat(50_000));
        for text in [
            deep.clone(),
            deep[..900].to_owned(),
            "-".repeat(19_000),
            "not ".repeat(4_000),
            format!("a{}", " + a".repeat(4_000)),
            "case when ".repeat(1_500),
            "f(".repeat(5_000),
        ] {
            assert!(printed(&text).starts_with('!'), "{}", &text[..20]);
        }
        let fine = format!("{}a{}", "(".repeat(55), ")".repeat(55));
        assert_eq!(printed(&fine), "a");
    }
}
