//! What no other words say: functions that a dialect does not have of values of a type.

use super::walk::every_expr;
use crate::dialect::Dialect;
use crate::model::expr::Node;
use crate::model::value::Type;
use crate::plan::relation::Query;
use std::cell::Cell;

/// The first function of a plan that a dialect lacks, with the type of which.
pub fn lacked(query: &Query, dialect: &dyn Dialect) -> Option<(&'static str, Type)> {
    let lacks = dialect.lacks();
    if lacks.is_empty() {
        return None;
    }
    let found = Cell::new(None);
    every_expr(&mut query.clone(), &|scope, expr| {
        let Node::Apply(function, arguments) = &expr.node else { return };
        let is_of = |ty: Type| arguments.iter().any(|argument| scope.ty(argument) == Ok(ty));
        if let Some(lack) = lacks.iter().find(|(name, ty)| function.name == *name && is_of(*ty)) {
            found.set(found.get().or(Some(*lack)));
        }
    });
    found.get()
}
