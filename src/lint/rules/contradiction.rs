//! `contradiction`: conditions that exclude each other are true of no row.

use super::walk;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::expr::{Literal, Node, RowExpr, RowLeaf};
use crate::text::Span;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule { code: &codes::CONTRADICTION, check };

/// What a condition leaves of a column's values.
enum Leaves {
    /// Only these, as they are written.
    Some(BTreeSet<String>),
    /// Only numbers from here on; whether with this one.
    From(f64, bool),
    /// Only numbers up to here; whether with this one.
    UpTo(f64, bool),
    /// Only null.
    Null,
    /// Everything but null.
    NotNull,
}

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let mut found: Vec<(Span, Span)> = Vec::new();
    walk::rows(lens.model, &mut |_, expr| {
        let conditions: Vec<(&RowExpr, &RowExpr, Leaves)> = expr
            .conjuncts()
            .into_iter()
            .filter_map(|condition| leaves(condition).map(|(column, leaves)| (condition, column, leaves)))
            .collect();
        for (at, (second, column, two)) in conditions.iter().enumerate() {
            let other = conditions.iter().take(at).find(|(_, known, one)| known == column && exclude(one, two));
            if let (Some((first, ..)), Some(second)) = (other, second.at.0) {
                found.extend(first.at.0.map(|first| (second, first)));
            }
        }
    });
    found.sort();
    found.dedup();
    for (second, first) in found {
        let text = |span| lens.files.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
        let message = format!("`{}` and `{}` are never both true", text(first), text(second));
        findings
            .report(&codes::CONTRADICTION, second, message)
            .also(first, "the other condition")
            .help("no row passes both; write `or` between them, or `in (...)`, if either will do");
    }
}

/// The column that a condition is about, and what it leaves of it.
fn leaves(condition: &RowExpr) -> Option<(&RowExpr, Leaves)> {
    let Node::Apply(function, arguments) = &condition.node else { return None };
    let (column, rest) = arguments.split_first()?;
    if !matches!(&column.node, Node::Leaf(RowLeaf::Column(_) | RowLeaf::Dimension(_))) {
        return None;
    }
    let number = || rest.first().and_then(as_number);
    let leaves = match function.name {
        "=" | "in" => Leaves::Some(rest.iter().map(written).collect::<Option<_>>()?),
        ">" => Leaves::From(number()?, false),
        ">=" => Leaves::From(number()?, true),
        "<" => Leaves::UpTo(number()?, false),
        "<=" => Leaves::UpTo(number()?, true),
        "is null" => Leaves::Null,
        "is not null" => Leaves::NotNull,
        _ => return None,
    };
    Some((column, leaves))
}

fn exclude(one: &Leaves, two: &Leaves) -> bool {
    match (one, two) {
        (Leaves::Some(one), Leaves::Some(two)) => one.is_disjoint(two),
        (Leaves::From(low, with_low), Leaves::UpTo(high, with_high))
        | (Leaves::UpTo(high, with_high), Leaves::From(low, with_low)) => {
            low > high || low.to_bits() == high.to_bits() && !(*with_low && *with_high)
        }
        (Leaves::Null, Leaves::Null) => false,
        (Leaves::Null, _) | (_, Leaves::Null) => true,
        _ => false,
    }
}

fn as_number(expr: &RowExpr) -> Option<f64> {
    match &expr.node {
        Node::Literal(Literal::Number(digits)) => digits.parse().ok(),
        _ => None,
    }
}

/// A value as it is written; numbers of one value have one text.
fn written(expr: &RowExpr) -> Option<String> {
    match &expr.node {
        Node::Literal(Literal::Number(digits)) => digits.parse::<f64>().ok().map(|number| number.to_string()),
        Node::Literal(Literal::Text(text)) => Some(format!("'{text}'")),
        Node::Literal(Literal::Date(day)) => Some(day.to_string()),
        Node::Literal(Literal::Truth(truth)) => Some(truth.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_exclude_each_other_at_their_edges() {
        assert!(exclude(&Leaves::From(5.0, true), &Leaves::UpTo(5.0, false)));
        assert!(!exclude(&Leaves::From(5.0, true), &Leaves::UpTo(5.0, true)));
        assert!(!exclude(&Leaves::UpTo(6.0, false), &Leaves::From(5.0, false)));
        assert!(exclude(&Leaves::Null, &Leaves::NotNull));
        assert!(exclude(&Leaves::NotNull, &Leaves::Null));
        assert!(exclude(&Leaves::UpTo(5.0, true), &Leaves::Null));
        assert!(!exclude(&Leaves::Null, &Leaves::Null));
        assert!(!exclude(&Leaves::NotNull, &Leaves::UpTo(5.0, true)));
    }
}
