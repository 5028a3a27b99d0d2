//! A null in a union gets the type that the union has there: to some engines a null that stands alone is a text. A null that is compared gets
//! the type of what it is compared with.

use super::walk::{every_body, every_expr};
use crate::model::expr::{Expr, Literal, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Body, Query, Scalar, Select};
use crate::plan::types::{Columns, Types};
use crate::sql::write::fault;

pub(super) fn compared(query: &mut Query) {
    every_expr(query, &|scope, expr| {
        let Node::Apply(function, arguments) = &mut expr.node else { return };
        let is_comparison = matches!(
            function.name,
            "=" | "!=" | "<" | "<=" | ">" | ">=" | "between" | "not between" | "like" | "not like" | "in" | "not in"
        );
        if !is_comparison || !arguments.iter().any(is_null) {
            return;
        }
        let common = match scope.common(function.name, arguments.iter()) {
            Ok(Type::Null) | Err(_) => Type::Integer,
            Ok(common) => common,
        };
        for argument in arguments.iter_mut().filter(|argument| is_null(argument)) {
            *argument = Expr::leaf(Atom::As(Box::new(argument.clone()), common));
        }
    });
}

fn is_null(value: &Scalar) -> bool {
    matches!(&value.node, Node::Literal(Literal::Null))
}

pub(super) fn typed(query: &mut Query) {
    every_body(query, &mut |types, body| {
        let columns = types.body(body).unwrap_or_else(|wrong| fault(&wrong.0));
        match body {
            Body::Union(selects) => selects.iter_mut().for_each(|select| as_in_union(types, select, &columns)),
            Body::Select(_) => {}
        }
    });
}

fn as_in_union(types: &Types, select: &mut Select, columns: &Columns) {
    let own = types.select(select, None).unwrap_or_else(|wrong| fault(&wrong.0));
    for (((expr, _), (_, own)), (_, wanted)) in select.columns.iter_mut().zip(own.iter()).zip(columns.iter()) {
        if *own == Type::Null && *wanted != Type::Null {
            *expr = Expr::leaf(Atom::As(Box::new(expr.clone()), *wanted));
        }
    }
}
