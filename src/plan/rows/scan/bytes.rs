//! Texts that are compared by their bytes, whatever the collation of a column or server is.

use crate::functions::{Function, conversions};
use crate::model::expr::{Expr, Literal, Node};
use crate::model::facts::Type;
use crate::plan::algebra::relation::Scalar;
use crate::plan::lookup::finite::Lowered;

/// A value of a type: one of texts is compared by its bytes.
pub(super) fn as_text(value: Scalar, ty: Option<Type>) -> Scalar {
    if ty == Some(Type::Text) && !is_by_bytes(&value) { Expr::apply(&conversions::BY_BYTES, vec![value]) } else { value }
}

/// Whether a value is known to be compared by its bytes: as one of those that it may be is.
fn is_by_bytes(value: &Scalar) -> bool {
    let Node::Apply(function, arguments) = &value.node else { return false };
    match function.name {
        "by bytes" => true,
        "coalesce" | "least" | "greatest" => arguments.iter().any(is_by_bytes),
        "if" => arguments.iter().skip(1).any(is_by_bytes),
        // Conditions and values in turn, then perhaps the value of all others.
        "case" => arguments.chunks(2).filter_map(<[Scalar]>::last).any(is_by_bytes),
        _ => false,
    }
}

/// A comparison with a written text goes by bytes even if nothing else in it is known to be a text.
pub(super) fn compare_by_bytes(function: &Function, arguments: &mut [Lowered]) {
    let compares = matches!(function.name, "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in" | "between" | "not between");
    if !compares || arguments.iter().any(|argument| is_by_bytes(&argument.value)) {
        return;
    }
    if let Some(text) = arguments.iter_mut().rfind(|argument| matches!(&argument.value.node, Node::Literal(Literal::Text(_)))) {
        *text = Lowered::small(Expr::apply(&conversions::BY_BYTES, vec![text.value.clone()]));
    }
}
