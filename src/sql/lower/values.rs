//! Rows that are written out hold literals only, where a warehouse computes nothing in them: days become texts there, and what is made of a literal is
//! made of it outside.

use super::walk::every_select;
use crate::functions::date::DATE;
use crate::functions::text::TEXT;
use crate::model::expr::{Expr, Literal, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, From, Moment, Query, Rows, Scalar, Select, column};

/// What the rows are called inside.
const WRITTEN: &str = "written_rows";

pub(super) fn literal(query: &mut Query) {
    every_select(query, &|select| {
        for from in select.from.iter_mut().chain(select.joins.iter_mut().map(|join| &mut join.from)) {
            if let Rows::Values(columns, rows) = &mut from.relation
                && let Some(made) = outside(columns, rows)
            {
                from.relation = Rows::Select(Box::new(made));
            }
        }
    });
}

/// The columns made of literals; nothing where all are literals already, or where one is none that is known here.
fn outside(columns: &[String], rows: &mut Vec<Vec<Scalar>>) -> Option<Select> {
    if rows.iter().flatten().all(|cell| matches!(&cell.node, Node::Literal(literal) if !matches!(literal, Literal::Date(_)))) {
        return None;
    }
    let mut select = Select::default();
    for (at, name) in columns.iter().enumerate() {
        let mut made = column(WRITTEN, name);
        for cell in rows.iter_mut().filter_map(|row| row.get_mut(at)) {
            match &cell.node {
                Node::Leaf(Atom::Moment(Moment::Day(day))) | Node::Literal(Literal::Date(day)) => {
                    *cell = Expr::made(Node::Literal(Literal::Text(day.to_string())));
                    made = Expr::apply(&DATE, vec![column(WRITTEN, name)]);
                }
                // No text, which is a text.
                Node::Apply(function, of) if **function == TEXT && of.as_slice() == [Expr::null()] => {
                    *cell = Expr::null();
                    made = Expr::leaf(Atom::As(Box::new(column(WRITTEN, name)), Type::Text));
                }
                _ => {}
            }
        }
        select.column(made, name);
    }
    let relation = Rows::Values(columns.to_vec(), std::mem::take(rows));
    select.from = Some(From { relation, name: WRITTEN.to_owned() });
    Some(select)
}
