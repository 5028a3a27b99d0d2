//! Row expressions: what each is, with its conversions written out.

use super::{Context, Operand, literal};
use crate::functions::{range, sum};
use crate::model::expr::{Calc, Expr, Literal, Node, PairLeaf, Path, RowExpr, RowLeaf};
use crate::model::facts::{CurrencyOf, KnownUnit, Range, Type};
use crate::model::unit::Unit;
use crate::model::{ColumnUnit, SourceId};

/// Where a row expression stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    /// Over the rows of a source.
    Rows(SourceId),
    /// Over the dimensions of that part of a KPI.
    Slice(&'a Calc),
    /// Over the values of entities, which are like that.
    Value(&'a (Type, KnownUnit, Range)),
}

impl Context<'_> {
    /// Checks a row expression.
    pub(super) fn row(&mut self, expr: &RowExpr, scope: Scope<'_>) -> Operand<RowLeaf> {
        let span = expr.span_or(self.or);
        match &expr.node {
            Node::Broken => Operand::broken(span),
            Node::Literal(value) => literal(expr, value),
            Node::Apply(function, arguments) => {
                let operands = arguments.iter().map(|argument| self.row(argument, scope)).collect();
                self.apply(function, operands, span)
            }
            Node::Leaf(leaf) => self.row_leaf(leaf, expr, scope),
        }
    }

    fn row_leaf(&mut self, leaf: &RowLeaf, expr: &RowExpr, scope: Scope<'_>) -> Operand<RowLeaf> {
        let span = expr.span_or(self.or);
        match (leaf, scope) {
            (RowLeaf::Column(path), Scope::Rows(source)) => self.column(source, path, expr),
            (RowLeaf::Duration(count, unit), _) => {
                let number = Expr { node: Node::Literal(Literal::Number(count.to_string())), at: expr.at };
                Operand::new(number, Type::Integer, KnownUnit::Of(Unit::time(*unit)), Range::point(f64::from(*count)))
            }
            (RowLeaf::Dimension(id), Scope::Slice(of_part)) => {
                let dimension = self.model.dimensions.get(*id);
                // That of the part's own sources. Where they do not agree, or do not have it, is looked at with the other slices.
                let of = |place: Option<&Path>, source| place.map(|path| self.model.column(source, path).ty);
                let own = || {
                    let sources = self.model.sources_read(of_part);
                    sources.into_iter().find_map(|source| of(dimension.places.get(&source), source))
                };
                let any = || dimension.places.iter().next().and_then(|(source, path)| of(Some(path), *source));
                let ty = dimension.ty.or_else(own).or_else(any);
                Operand::new(expr.clone(), ty.unwrap_or(Type::Error), KnownUnit::none(), Range::ANY)
            }
            (RowLeaf::Value, Scope::Value((ty, measure, range))) => Operand::new(expr.clone(), *ty, measure.clone(), *range),
            (RowLeaf::Related(related), Scope::Rows(source)) => {
                if self.related_has_no_closing_day(related) {
                    return Operand::broken(span);
                }
                let (aggregate, value) = self.aggregate(&related.aggregate);
                if value.ty == Type::Error || !self.is_exact_enough(related, source, span) {
                    return Operand::broken(span);
                }
                let related = crate::model::expr::Related { aggregate, ..(**related).clone() };
                let leaf = Node::Leaf(RowLeaf::Related(Box::new(related)));
                Operand {
                    expr: Expr { node: leaf, at: expr.at },
                    ty: value.ty,
                    measure: value.measure,
                    range: value.range,
                    origin: None,
                }
            }
            (RowLeaf::Pair(leaf), Scope::Rows(source)) => match leaf {
                PairLeaf::Of(_, path) | PairLeaf::Either(path) => {
                    let operand = self.column(source, path, expr);
                    // Numbers of several states are added up, and a missing one is 0.
                    Operand { range: range::of_aggregate(&sum::SUM, operand.range), ..operand }
                }
                PairLeaf::Exists(_) | PairLeaf::Ever => {
                    Operand::new(expr.clone(), Type::Boolean, KnownUnit::none(), Range::ANY)
                }
            },
            (RowLeaf::Reached(reached), Scope::Rows(source)) => self.reached(reached, source, expr),
            _ => Operand::broken(span),
        }
    }

    /// A column at the end of a path that starts in `source`.
    fn column(&mut self, source: SourceId, path: &Path, expr: &RowExpr) -> Operand<RowLeaf> {
        let end = self.model.end_of(source, path);
        let column = self.model.sources.get(end).columns.get(path.column);
        let measure = match &column.unit {
            _ if !column.ty.is_numeric() => KnownUnit::none(),
            ColumnUnit::Fixed(unit) => KnownUnit::Of(unit.clone()),
            ColumnUnit::ByColumn(currency) => {
                KnownUnit::Mixed(CurrencyOf::Column(Path { through: path.through.clone(), column: *currency }))
            }
        };
        let name = format!("{}.{}", self.model.sources.get(end).name.value, column.name.value);
        let mut operand = Operand::new(expr.clone(), column.ty, measure, column.range);
        operand.origin = Some((name, column.name.span));
        operand
    }

    /// Checks a condition; nothing, with a finding, if it is none.
    pub(super) fn condition(&mut self, expr: &RowExpr, scope: Scope<'_>, what: &str) -> Option<RowExpr> {
        let operand = self.row(expr, scope);
        if matches!(operand.ty, Type::Boolean | Type::Null) {
            return Some(operand.expr);
        }
        if operand.ty != Type::Error {
            let span = expr.span_or(self.or);
            let message = format!("{what} needs a condition, but `{}` is {}", self.text(expr), operand.ty);
            let help = super::advice::condition(operand.ty, &self.text(expr));
            self.report(&crate::diagnostic::codes::TYPE_MISMATCH, span, message).help(help);
        }
        None
    }
}
