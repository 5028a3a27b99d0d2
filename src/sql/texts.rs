//! Where it matters how texts are compared, and how little has to be written for it.
//!
//! A plan marks every text that is read from a source or made by a function: it is compared by its bytes, whatever the session of a
//! reader has set. In SQL no mark is needed where nothing is compared. A text of a source keeps its own wherever something is: its
//! column may have a collation, which no mark at what it is compared with takes away.

use crate::dialect::Abilities;
use crate::functions::conversions::BY_BYTES;
use crate::model::expr::{Literal, Node};
use crate::plan::relation::Scalar;
use std::borrow::Cow;

/// Functions that do not compare texts, or put them together, and give no text that still has the collation of one. Most engines count
/// different texts by their bytes. `first` and `last` do not compare what they give, but others compare it with texts that are marked.
const NEVER: &[&str] = &["is null", "is not null", "length", "lower", "upper", "trim", "concat", "number", "date", "count"];

/// Functions that compare all of their arguments with each other, or look for one in another.
const TOGETHER: &[&str] =
    &["=", "!=", "<", "<=", ">", ">=", "in", "not in", "between", "not between", "like", "not like", "starts_with", "contains"];

/// The arguments of a function with no more marks than are needed.
pub(super) fn marked<'a>(function: &str, arguments: &'a [Scalar], able: Abilities) -> Cow<'a, [Scalar]> {
    if !arguments.iter().any(|argument| bare(argument).is_some()) {
        return Cow::Borrowed(arguments);
    }
    if NEVER.contains(&function) || (function == "count_distinct" && able.counts_by_bytes) {
        return arguments.iter().map(unmarked).cloned().collect();
    }
    if !TOGETHER.contains(&function) {
        return Cow::Borrowed(arguments);
    }
    // What is written has no collation of its own.
    let is_written = |argument: &Scalar| matches!(&unmarked(argument).node, Node::Literal(Literal::Text(_)));
    let any = arguments.iter().any(|argument| !is_written(argument) && bare(argument).is_some());
    let one = |argument: &Scalar| if any && is_written(argument) { unmarked(argument).clone() } else { argument.clone() };
    arguments.iter().map(one).collect()
}

/// What a mark stands at, if there is one.
fn bare(value: &Scalar) -> Option<&Scalar> {
    match &value.node {
        Node::Apply(function, arguments) if **function == BY_BYTES => arguments.first(),
        _ => None,
    }
}

/// A value without its mark.
pub(super) fn unmarked(value: &Scalar) -> &Scalar {
    bare(value).unwrap_or(value)
}

/// Whether a value is a text in SQL too. A column may be stored as something that is written as one.
pub(super) fn is_text(value: &Scalar) -> bool {
    match &value.node {
        Node::Literal(Literal::Text(_)) => true,
        Node::Apply(function, _) => matches!(function.name, "lower" | "upper" | "trim" | "concat" | "text" | "to json"),
        _ => false,
    }
}
