//! Derived columns: their formulas give the declared type, in the declared unit.

use super::row::Scope;
use super::size::{Sizes, too_large};
use super::{Context, advice, apply};
use crate::diagnostic::{Findings, codes};
use crate::functions::conversions;
use crate::graph::Graph;
use crate::model::expr::{Expr, Node};
use crate::model::facts::{KnownUnit, Type};
use crate::model::unit::Fit;
use crate::model::{ColumnUnit, Model, Storage};
use crate::text::Files;

/// Checks the derived columns, each after those it needs, and gives the sizes of their formulas.
pub(super) fn columns(model: &mut Model, graph: &Graph, files: &Files, findings: &mut Findings) -> Sizes {
    let mut sizes = Sizes::default();
    for (source, column) in graph.column_order() {
        if model.sources.get(source).journey.is_some() {
            // What a journey has of another source is looked at there.
            continue;
        }
        let known = model.sources.get(source).columns.get(column);
        let Storage::Derived(expr) = &known.storage else { continue };
        let name = known.name.clone();
        let mut context = Context { model, files, findings, or: name.span };
        let size = sizes.row(model, source, expr);
        let operand = if graph.is_cyclic_column(source, column) {
            super::Operand::broken(name.span)
        } else {
            context.row(expr, Scope::Rows(source))
        };
        let operand = if !operand.is_broken() && context.is_of_no_period(source, column, expr) {
            super::Operand::broken(name.span)
        } else {
            operand
        };
        let operand = if size.is_too_large() && !operand.is_broken() {
            // What uses it is broken by it and not reported again.
            too_large(&mut context, &name.value, expr.span_or(name.span), size);
            super::Operand::broken(name.span)
        } else {
            if !operand.is_broken() {
                sizes.note_column(source, column, size);
            }
            operand
        };
        let declared = known.ty;
        let fits = match (declared, operand.ty) {
            (Type::Error, _) | (_, Type::Error | Type::Null) => true,
            (Type::Number, ty) => ty.is_numeric(),
            (Type::Decimal, ty) => matches!(ty, Type::Integer | Type::Decimal),
            (declared, ty) => declared == ty,
        };
        let place = expr.span_or(name.span);
        let mut done = operand.expr;
        let mut ty = if operand.ty == Type::Error { Type::Error } else { declared };
        if !fits {
            let message = format!("`{}` is declared as {declared}, but its formula gives {}", name.value, operand.ty);
            let finding = context.report(&codes::TYPE_MISMATCH, place, message);
            finding.help = operand.ty.declared().map(|ty| format!("declare it as `type: {ty}`, or correct the formula"));
            ty = Type::Error;
        }
        let unit = match (&known.unit, &operand.measure) {
            (ColumnUnit::Fixed(declared), KnownUnit::Of(found)) if ty.is_numeric() && *declared != *found => {
                // A column without a declared unit has that of its formula.
                if declared.is_soft() && !found.is_soft() && declared.to_string().is_empty() {
                    Some(ColumnUnit::Fixed(found.clone()))
                } else {
                    match found.fit(declared) {
                        Fit::Times(factor) => done = apply::scaled(done, factor),
                        Fit::Not => {
                            let (declared, found) = (advice::unit(declared), advice::unit(found));
                            let message = format!("`{}` is declared in {declared}, but its formula gives {found}", name.value);
                            context
                                .report(&codes::UNIT_MISMATCH, place, message)
                                .help("correct the column's unit, or the units of the columns that its formula reads");
                            ty = Type::Error;
                        }
                    }
                    None
                }
            }
            _ => None,
        };
        if ty == Type::Error {
            done = Expr::new(Node::Broken, place);
        } else if declared == Type::Number && operand.ty != Type::Number {
            done = Expr { at: done.at, ..Expr::apply(&conversions::TO_NUMBER, vec![done]) };
        }
        let column = model.sources.get_mut(source).columns.get_mut(column);
        column.storage = Storage::Derived(done);
        column.ty = ty;
        if let Some(unit) = unit {
            column.unit = unit;
        }
    }
    sizes
}
