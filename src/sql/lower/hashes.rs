//! Rows that are joined by a text are joined by a number that is made of its bytes, too. Some engines look for the rows of an equality only where a column
//! of what is joined stands alone in it, and has a length: for texts they would try all pairs. So that number is a column of a relation of its own, which
//! has a limit that it never reaches. Else it would be put back into the condition.

use super::joins::columns_read;
use super::walk::every_body;
use crate::functions::conversions::{BY_BYTES, HASHED};
use crate::functions::operators::{AND, EQUAL};
use crate::model::expr::{Expr, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Body, Query, Rows, Scalar, Select, column};
use crate::plan::types::{Scope, Types};
use crate::sql::write::fault;

pub(super) fn joined(query: &mut Query) {
    every_body(query, &mut |types, body| match body {
        Body::Select(one) => select(types, one),
        Body::Union(selects) => selects.iter_mut().for_each(|one| select(types, one)),
    });
}

fn select(types: &Types, of: &mut Select) {
    for from in of.from.iter_mut().chain(of.joins.iter_mut().map(|join| &mut join.from)) {
        if let Rows::Select(inner) = &mut from.relation {
            select(types, inner);
        }
    }
    for at in 0..of.joins.len() {
        let Some(join) = of.joins.get(at) else { continue };
        let name = join.from.name.clone();
        let is_read = matches!(join.from.relation, Rows::Source(_) | Rows::Part(_) | Rows::Select(_));
        let scope = types.scope(of, None).unwrap_or_else(|wrong| fault(&wrong.0));
        let Some((own, other)) = join.on.as_ref().filter(|_| is_read).and_then(|on| texts(&scope, on, &name)) else { continue };
        let read = columns_read(of, &name);
        let mut hash = "text_hash".to_owned();
        while read.contains(&hash) {
            hash.push('_');
        }
        let Some(join) = of.joins.get_mut(at) else { continue };
        let mut inner = Select { from: Some(join.from.clone()), limit: Some(u64::MAX), ..Select::default() };
        read.iter().for_each(|own| _ = inner.column(column(&name, own), own));
        inner.column(Expr::apply(&HASHED, vec![own]), &hash);
        join.from.relation = Rows::Select(Box::new(inner));
        let same = Expr::apply(&EQUAL, vec![column(&name, &hash), Expr::apply(&HASHED, vec![other])]);
        join.on = join.on.take().map(|on| Expr::apply(&AND, vec![same, on]));
    }
}

/// The texts of the first equality that holds wherever a condition does: that of a column of the joined relation, and the one that it equals.
fn texts(scope: &Scope<'_>, on: &Scalar, name: &str) -> Option<(Scalar, Scalar)> {
    let Node::Apply(function, arguments) = &on.node else { return None };
    match (function.name, arguments.as_slice()) {
        ("and", all) => all.iter().find_map(|part| texts(scope, part, name)),
        ("=", [one, two]) if scope.ty(one) == Ok(Type::Text) => {
            let (one, two) = (unmarked(one), unmarked(two));
            match (is_of(one, name), is_of(two, name)) {
                (true, false) => Some((one.clone(), two.clone())),
                (false, true) => Some((two.clone(), one.clone())),
                _ => None,
            }
        }
        _ => None,
    }
}

fn unmarked(text: &Scalar) -> &Scalar {
    match &text.node {
        Node::Apply(function, arguments) if **function == BY_BYTES => arguments.first().unwrap_or(text),
        _ => text,
    }
}

/// Whether it is a column of that relation.
fn is_of(expr: &Scalar, name: &str) -> bool {
    matches!(&expr.node, Node::Leaf(Atom::Column { of, .. }) if of == name)
}
