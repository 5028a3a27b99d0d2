//! A null in a union gets the type that the union has there: to some engines a null that stands alone is a text.

use super::walk::every_body;
use crate::model::expr::Expr;
use crate::model::value::Type;
use crate::plan::relation::{Atom, Body, Query, Select};
use crate::plan::types::{Columns, Types};
use crate::sql::write::fault;

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
