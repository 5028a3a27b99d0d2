//! What is shown has the type that the plan gives it: to some engines a condition is a number, and a number or a day one of
//! several types.

use crate::model::expr::{Expr, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Body, Part, Query, Select, column};
use crate::plan::types::Types;
use crate::sql::write::fault;

pub(super) fn typed(query: &mut Query) {
    let (_, columns) = Types::of(query).unwrap_or_else(|wrong| fault(&wrong.0));
    let is_part = match &query.result {
        Body::Select(select) => columns.iter().take(select.group.unwrap_or(0)).any(|(_, ty)| *ty == Type::Boolean),
        Body::Union(_) => true,
    };
    if is_part {
        // It becomes a part, and what is shown is read from that.
        let name = free_name(query);
        let mut shown = Select::from_part(&name);
        columns.iter().for_each(|(own, _)| _ = shown.column(column(&name, own), own));
        let body = std::mem::replace(&mut query.result, Body::Select(shown));
        query.parts.push(Part { name, body });
    }
    let Body::Select(select) = &mut query.result else { return };
    // What is grouped by is a day that was made one, or a text.
    let keys = select.group.unwrap_or(0);
    for ((expr, _), (_, ty)) in select.columns.iter_mut().zip(columns.iter()).skip(keys) {
        let is_wanted = matches!(ty, Type::Boolean | Type::Integer | Type::Date | Type::Timestamp | Type::Instant);
        if is_wanted && !matches!(&expr.node, Node::Leaf(Atom::As(..) | Atom::Whole(_))) {
            *expr = Expr::leaf(Atom::As(Box::new(expr.clone()), *ty));
        }
    }
}

/// A name that no part has.
fn free_name(query: &Query) -> String {
    let is_taken = |name: &str| query.parts.iter().any(|part| part.name.eq_ignore_ascii_case(name));
    let mut name = "all_rows".to_owned();
    while is_taken(&name) {
        name.push('_');
    }
    name
}
