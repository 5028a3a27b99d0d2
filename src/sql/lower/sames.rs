//! Rows that are joined where values are the same are joined where these are equal, or both null: some engines look for the rows of
//! that condition, and would try all pairs for the other.

use super::walk::{every_expr, every_select};
use crate::calendar::DateTime;
use crate::functions::coalesce::COALESCE;
use crate::functions::if_::IF;
use crate::functions::operators::{AND, EQUAL, IS_NULL, OR};
use crate::model::expr::{Expr, Literal, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Moment, Query, Scalar, text};
use crate::sql::write::fault;

pub(super) fn compared(query: &mut Query) {
    every_select(query, &|select| select.joins.iter_mut().filter_map(|join| join.on.as_mut()).for_each(expr));
}

fn expr(of: &mut Scalar) {
    match &mut of.node {
        Node::Leaf(Atom::Same(one, two)) => {
            let (one, two) = ((**one).clone(), (**two).clone());
            let is_null = |side: &Scalar| Expr::apply(&IS_NULL, vec![side.clone()]);
            let nulls = Expr::apply(&AND, vec![is_null(&one), is_null(&two)]);
            *of = Expr::apply(&OR, vec![Expr::apply(&EQUAL, vec![one, two]), nulls]);
        }
        // Below anything else it would matter that what is neither is null, and not false.
        Node::Apply(function, arguments) if function.name == "and" => arguments.iter_mut().for_each(expr),
        Node::Apply(..) | Node::Leaf(_) | Node::Literal(_) | Node::Broken => {}
    }
}

/// Nulls stand as another value, and beside it whether they are null: that is an equality, by which engines can join, and never null.
pub(super) fn by_stand_ins(query: &mut Query) {
    every_expr(query, &|scope, expr| {
        let Node::Leaf(Atom::Same(one, two)) = &expr.node else { return };
        let stand_in = stand_in(scope.common("same", [&**one, &**two].into_iter()).unwrap_or_else(|wrong| fault(&wrong.0)));
        let side = |side: &Scalar| {
            let is_null = Expr::apply(&IS_NULL, vec![side.clone()]);
            (
                Expr::apply(&COALESCE, vec![side.clone(), stand_in.clone()]),
                Expr::apply(&IF, vec![is_null, Expr::number(1), Expr::number(0)]),
            )
        };
        let ((one, no_one), (two, no_two)) = (side(one), side(two));
        let equal = |one: Scalar, two: Scalar| Expr::apply(&EQUAL, vec![one, two]);
        *expr = Expr::apply(&AND, vec![equal(one, two), equal(no_one, no_two)]);
    });
}

/// A value of a type: any does.
fn stand_in(ty: Type) -> Scalar {
    let moment = |moment| Expr::leaf(Atom::Moment(moment));
    let start = DateTime::constant(2000, 1, 1, 0, 0, 0, 0);
    match ty {
        Type::Boolean => Expr::made(Node::Literal(Literal::Truth(false))),
        Type::Text => text(""),
        Type::Date => moment(Moment::Day(start.date())),
        Type::Timestamp => moment(Moment::Wall(start)),
        Type::Instant => moment(Moment::Instant(start)),
        Type::Integer | Type::Decimal | Type::Double | Type::Null | Type::Tuple => Expr::number(0),
    }
}
