//! What the findings of checks say of units, and what to write instead of what does not fit.

use super::Operand;
use crate::calendar::{Calendar, Date, meant_day};
use crate::model::expr::{Literal, Node};
use crate::model::facts::{KnownUnit, Type};
use crate::model::unit::{Notation, Unit};

/// How a written value has to look to be compared with a value of another type, whose text is `text`.
pub(super) fn written_otherwise<L>(written: &Node<L>, own: &str, other: Type, text: &str) -> Option<String> {
    let Node::Literal(literal) = written else {
        // `2024-01-31` without quotes is a subtraction, and `01/31/2024` a division.
        let day = meant_day(own).filter(|_| other.is_time())?;
        return Some(format!("this is integer arithmetic; write a day as `date '{day}'`"));
    };
    match literal {
        Literal::Text(day) if day.parse::<Date>().is_ok() => Some(format!("write a day as `date '{day}'`")),
        Literal::Text(named) if other.is_numeric() => Some(counted(named, text).unwrap_or_else(|| number(written, own))),
        Literal::Text(truth) if other == Type::Boolean && matches!(truth.to_lowercase().as_str(), "true" | "false") => {
            Some(format!("write it without quotes: `{}`", truth.to_lowercase()))
        }
        Literal::Number(digits) if other.is_time() => {
            let day = meant_day(digits).map_or_else(|| "2025-01-31".to_owned(), |day| day.to_string());
            Some(format!("write a day as `date '{day}'`"))
        }
        Literal::Number(digits) if other == Type::Text => Some(format!("write a text in quotes: `'{digits}'`")),
        Literal::Number(_) if other == Type::Boolean => Some(format!("write `{text}` or `not {text}`")),
        _ => None,
    }
}

/// The number of a day of the week or of a month that is named, where one is compared.
fn counted(named: &str, text: &str) -> Option<String> {
    let (known, legend) = if text.starts_with("weekday(") {
        (Calendar::WEEKDAYS, "1 is Monday and 7 is Sunday")
    } else if text.starts_with("month(") {
        (Calendar::MONTHS, "1 is January and 12 is December")
    } else {
        return None;
    };
    let named = named.trim().trim_end_matches('.').to_lowercase();
    let at = known.iter().position(|name| named.len() >= 3 && name.starts_with(&named));
    Some(match at {
        Some(at) => format!("{legend}: write `{}`", at + 1),
        None => legend.to_owned(),
    })
}

/// How a text becomes a number: one that is written without its quotes, any other by a conversion.
pub(super) fn number<L>(text: &Node<L>, named: &str) -> String {
    let Node::Literal(Literal::Text(written)) = text else {
        return format!("if the text holds a number, convert it with `number({named})`");
    };
    let plain = written.trim();
    let digits = plain.strip_suffix('%').unwrap_or(plain).trim_end();
    let is_number = digits.starts_with(|char: char| char.is_ascii_digit() || char == '-') && digits.parse::<f64>().is_ok();
    match (is_number, digits.len() == plain.len()) {
        (true, true) => format!("write a number without quotes: `{digits}`"),
        (true, false) => format!("write a percentage without quotes: `{digits}%`"),
        (false, _) => "write a number without quotes, such as `10`, or `10%`".to_owned(),
    }
}

/// How a value becomes a condition.
pub(super) fn condition(ty: Type, text: &str) -> String {
    match ty {
        _ if ty.is_numeric() => format!("a condition compares something, as in `{text} > 0`"),
        Type::Text => format!("a condition compares something, as in `{text} = '...'`"),
        _ => format!("a condition compares something, as in `{text} is not null`"),
    }
}

/// A number with its unit, for a message.
pub(super) fn unit_of<L>(operand: &Operand<L>) -> String {
    match &operand.measure {
        KnownUnit::Mixed(_) => "several currencies".to_owned(),
        KnownUnit::Of(unit) if *unit == Unit::none() => "no unit".to_owned(),
        KnownUnit::Of(unit) if unit.is_soft() => self::unit(unit),
        KnownUnit::Of(unit) => unit.hard().to_string(),
        KnownUnit::Bare | KnownUnit::Unknown => "no unit".to_owned(),
    }
}

/// A unit, for a message; what is not a hard unit is said to be so.
pub(super) fn unit(unit: &Unit) -> String {
    match unit.shown {
        Notation::Percent => "% (a share)".to_owned(),
        Notation::Points => "points (a score)".to_owned(),
        Notation::Plain if *unit == Unit::none() => "a number without a unit".to_owned(),
        Notation::Plain if unit.is_soft() => format!("{unit} (a count)"),
        Notation::Plain => unit.to_string(),
    }
}

/// What to do where one amount of a currency is for each unit of a time and the other is not.
pub(super) fn over_time<L>(amount: &Operand<L>, rate: &Operand<L>) -> Option<String> {
    let (KnownUnit::Of(whole), KnownUnit::Of(each)) = (&amount.measure, &rate.measure) else { return None };
    let time = Unit::time(whole.over(each).as_time().filter(|_| whole.currency() == each.currency())?);
    let (name, _) = rate.origin.as_ref()?;
    Some(format!("`{name}` is per {time}: multiply it by a time, for instance `{name} * 12 {time}s`"))
}
