//! Conditions that are never both true of one row, as far as they say so by themselves.

use super::expr::{Literal, Node, RowExpr, RowLeaf};
use std::collections::BTreeSet;

/// What a condition leaves of a value.
#[derive(Debug)]
pub enum Leaves {
    /// Only these, as they are written.
    Some(BTreeSet<String>),
    /// Everything but these, and null.
    Other(BTreeSet<String>),
    /// Only what is at or above a number; whether with the number itself.
    From(f64, bool),
    /// Only what is at or below a number; whether with the number itself.
    UpTo(f64, bool),
    /// Only null.
    Null,
    /// Everything but null.
    NotNull,
}

/// Whether no row passes both of two conditions. Without a condition every row passes.
pub fn never_both(one: Option<&RowExpr>, two: Option<&RowExpr>) -> bool {
    let (Some(one), Some(two)) = (one, two) else { return false };
    if let Some(alternatives) = alternatives(one) {
        return alternatives.iter().all(|one| never_both(Some(one), Some(two)));
    }
    if let Some(alternatives) = alternatives(two) {
        return alternatives.iter().all(|two| never_both(Some(one), Some(two)));
    }
    let others = two.conjuncts();
    one.conjuncts().iter().any(|one| {
        others.iter().any(|two| {
            let splits = alternatives(one).is_some() || alternatives(two).is_some();
            exclude(one, two) || splits && never_both(Some(one), Some(two))
        })
    })
}

/// The conditions that `or` joins.
fn alternatives(expr: &RowExpr) -> Option<&[RowExpr]> {
    match &expr.node {
        Node::Apply(function, arguments) if function.name == "or" => Some(arguments),
        _ => None,
    }
}

/// Whether two conditions are about the same value and leave nothing of it together.
fn exclude(one: &RowExpr, two: &RowExpr) -> bool {
    let (Some((of, one)), Some((other, two))) = (leaves(one), leaves(two)) else { return false };
    of == other && leave_nothing(&one, &two)
}

/// The value that a condition is about, and what it leaves of it; nothing where it says neither.
pub fn leaves(condition: &RowExpr) -> Option<(&RowExpr, Leaves)> {
    let truth = |value: bool| Leaves::Some(BTreeSet::from([value.to_string()]));
    let Node::Apply(function, arguments) = &condition.node else {
        return matches!(&condition.node, Node::Leaf(RowLeaf::Column(_) | RowLeaf::Dimension(_)))
            .then(|| (condition, truth(true)));
    };
    let (value, rest) = arguments.split_first()?;
    if !is_of_the_row(value) {
        return None;
    }
    let number = || rest.first().and_then(as_number);
    let leaves = match function.name {
        "not" if matches!(&value.node, Node::Leaf(RowLeaf::Column(_) | RowLeaf::Dimension(_))) => truth(false),
        "=" | "in" => Leaves::Some(rest.iter().map(written).collect::<Option<_>>()?),
        "!=" | "not in" => Leaves::Other(rest.iter().map(written).collect::<Option<_>>()?),
        ">" => Leaves::From(number()?, false),
        ">=" => Leaves::From(number()?, true),
        "<" => Leaves::UpTo(number()?, false),
        "<=" => Leaves::UpTo(number()?, true),
        "is null" => Leaves::Null,
        "is not null" => Leaves::NotNull,
        _ => return None,
    };
    Some((value, leaves))
}

/// Whether an expression is about a column of the row, and the same wherever it stands.
fn is_of_the_row(expr: &RowExpr) -> bool {
    let (mut columns, mut others) = (false, false);
    expr.leaves(&mut |leaf| match leaf {
        RowLeaf::Column(_) | RowLeaf::Dimension(_) => columns = true,
        RowLeaf::Duration(..) => {}
        _ => others = true,
    });
    columns && !others
}

/// Whether two conditions on the same value leave nothing of it together.
pub fn leave_nothing(one: &Leaves, two: &Leaves) -> bool {
    match (one, two) {
        (Leaves::Some(one), Leaves::Some(two)) => one.is_disjoint(two),
        (Leaves::Some(some), Leaves::Other(other)) | (Leaves::Other(other), Leaves::Some(some)) => some.is_subset(other),
        (Leaves::Some(some), Leaves::From(low, with_low)) | (Leaves::From(low, with_low), Leaves::Some(some)) => {
            some.iter().all(|value| value.parse::<f64>().is_ok_and(|value| value < *low || value <= *low && !with_low))
        }
        (Leaves::Some(some), Leaves::UpTo(high, with_high)) | (Leaves::UpTo(high, with_high), Leaves::Some(some)) => {
            some.iter().all(|value| value.parse::<f64>().is_ok_and(|value| value > *high || value >= *high && !with_high))
        }
        (Leaves::From(low, with_low), Leaves::UpTo(high, with_high))
        | (Leaves::UpTo(high, with_high), Leaves::From(low, with_low)) => {
            low > high || low.to_bits() == high.to_bits() && !(*with_low && *with_high)
        }
        (Leaves::Null, Leaves::Null) => false,
        (Leaves::Null, _) | (_, Leaves::Null) => true,
        _ => false,
    }
}

/// A number, or a day as one.
fn as_number(expr: &RowExpr) -> Option<f64> {
    match &expr.node {
        Node::Literal(Literal::Number(digits)) => digits.parse().ok(),
        Node::Literal(Literal::Date(day)) => {
            let days = day.since((jiff::Unit::Day, jiff::civil::Date::ZERO)).ok()?.get_days();
            Some(f64::from(days))
        }
        _ => None,
    }
}

/// A value as it is written; numbers of one value have one text, and days that of their number.
fn written(expr: &RowExpr) -> Option<String> {
    match &expr.node {
        Node::Literal(Literal::Number(_) | Literal::Date(_)) => as_number(expr).map(|number| number.to_string()),
        Node::Literal(Literal::Text(text)) => Some(format!("'{text}'")),
        Node::Literal(Literal::Truth(truth)) => Some(truth.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_exclude_each_other_at_their_edges() {
        assert!(leave_nothing(&Leaves::From(5.0, true), &Leaves::UpTo(5.0, false)));
        assert!(!leave_nothing(&Leaves::From(5.0, true), &Leaves::UpTo(5.0, true)));
        assert!(!leave_nothing(&Leaves::UpTo(6.0, false), &Leaves::From(5.0, false)));
        assert!(leave_nothing(&Leaves::Null, &Leaves::NotNull));
        assert!(leave_nothing(&Leaves::NotNull, &Leaves::Null));
        assert!(leave_nothing(&Leaves::UpTo(5.0, true), &Leaves::Null));
        assert!(!leave_nothing(&Leaves::Null, &Leaves::Null));
        assert!(!leave_nothing(&Leaves::NotNull, &Leaves::UpTo(5.0, true)));
    }

    #[test]
    fn values_are_in_a_range_or_not() {
        let some = |values: &[&str]| Leaves::Some(values.iter().map(|value| (*value).to_owned()).collect());
        let other = |values: &[&str]| Leaves::Other(values.iter().map(|value| (*value).to_owned()).collect());
        assert!(leave_nothing(&some(&["1", "5"]), &Leaves::From(5.0, false)));
        assert!(!leave_nothing(&some(&["1", "5"]), &Leaves::From(5.0, true)));
        assert!(leave_nothing(&Leaves::UpTo(1.0, false), &some(&["1", "5"])));
        assert!(!leave_nothing(&Leaves::UpTo(1.0, true), &some(&["1", "5"])));
        assert!(leave_nothing(&some(&["'a'"]), &other(&["'a'", "'b'"])));
        assert!(!leave_nothing(&some(&["'a'", "'c'"]), &other(&["'a'", "'b'"])));
        assert!(!leave_nothing(&other(&["'a'"]), &other(&["'b'"])));
        // What is not a number is in no range of numbers that is known here.
        assert!(!leave_nothing(&some(&["'a'"]), &Leaves::From(5.0, true)));
    }
}
