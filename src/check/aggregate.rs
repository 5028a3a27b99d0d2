//! Aggregates over rows and over entities: what they take, what they give, and how their values behave.

use super::row::Scope;
use super::{Context, Operand};
use crate::diagnostic::codes;
use crate::functions::{Argument, Function, Gives, UnitRule, avg, count, range, sum};
use crate::model::expr::{Aggregate, Grouped, Node, RowExpr, RowLeaf, Stock, Window};
use crate::model::facts::{CurrencyOf, Kind, KnownUnit, Range, Type};
use crate::model::unit::Unit;
use crate::model::{SourceId, Storage};
use crate::text::Span;

/// What is known of an aggregate's value.
#[derive(Debug, Clone)]
pub(super) struct Aggregated {
    pub ty: Type,
    pub measure: KnownUnit,
    pub range: Range,
    pub kind: Kind,
    pub adds_over_slices: bool,
    /// Where its unit comes from.
    pub origin: Option<(String, Span)>,
}

impl Aggregated {
    fn broken() -> Self {
        Self {
            ty: Type::Error,
            measure: KnownUnit::Unknown,
            range: Range::ANY,
            kind: Kind::Ratio,
            adds_over_slices: false,
            origin: None,
        }
    }
}

impl Context<'_> {
    /// Checks an aggregate over rows and gives it with its conversions written out.
    pub(super) fn aggregate(&mut self, aggregate: &Aggregate) -> (Aggregate, Aggregated) {
        let scope = Scope::Rows(aggregate.source);
        let filter = match &aggregate.filter {
            None => Some(None),
            Some(filter) => self.condition(filter, scope, "`where`").map(Some),
        };
        let argument = match &aggregate.argument {
            None => Some(None),
            Some(argument) => self.argument(aggregate.function, argument, scope).map(Some),
        };
        let broken_time = aggregate.time.is_some_and(|time| self.is_broken_column(aggregate.source, time));
        let (Some(filter), Some(argument), false) = (filter, argument, broken_time) else {
            return (aggregate.clone(), Aggregated::broken());
        };
        if self.has_no_closing_day(aggregate) {
            return (aggregate.clone(), Aggregated::broken());
        }
        if let Some(filter) = filter.as_ref().filter(|filter| filter.has_related())
            && self.looks_ahead(aggregate.source, filter)
        {
            return (aggregate.clone(), Aggregated::broken());
        }
        let value = self.aggregated(aggregate, argument.as_ref());
        let done = Aggregate { argument: argument.map(|argument| argument.expr), filter, ..aggregate.clone() };
        (done, value)
    }

    /// Whether a derived column could not be computed.
    fn is_broken_column(&self, source: SourceId, column: crate::model::ColumnId) -> bool {
        let column = self.model.sources.get(source).columns.get(column);
        column.ty == Type::Error || matches!(&column.storage, Storage::Derived(expr) if expr.is_broken())
    }

    /// What is aggregated, if the function takes it.
    fn argument(&mut self, function: &Function, argument: &RowExpr, scope: Scope<'_>) -> Option<Operand<RowLeaf>> {
        let operand = self.row(argument, scope);
        let wanted = function.takes.first().copied().unwrap_or(Argument::Any);
        let fits = match wanted {
            Argument::Numeric => operand.ty.is_numeric(),
            Argument::Ordered => operand.ty.is_numeric() || operand.ty.is_time() || operand.ty == Type::Text,
            // A key of several columns can be counted, and nothing else.
            _ => operand.ty != Type::Key || function.name.starts_with("count"),
        };
        if operand.ty == Type::Error {
            return None;
        }
        if fits {
            return Some(operand);
        }
        let span = argument.span_or(self.or);
        let message = format!("`{}` takes numbers, and `{}` is {}", function.name, self.text(argument), operand.ty);
        let text = self.text(argument);
        let source = match scope {
            Scope::Rows(source) => self.model.sources.get(source).name.value.as_str(),
            Scope::Slice(_) | Scope::Value(_) => "...",
        };
        let condition = text.strip_prefix(source).and_then(|rest| rest.strip_prefix('.')).unwrap_or(&text);
        let help = match operand.ty {
            Type::Boolean if *function == avg::AVG => {
                format!("for the share of rows where it is true write `count({source} where {condition}) / count({source})`")
            }
            Type::Boolean => format!("to count the rows where it is true write `count({source} where {condition})`"),
            Type::Text => {
                "to count its distinct values use `count_distinct`; `number(x)` turns a text such as `'12'` into a number"
                    .to_owned()
            }
            Type::Key => "a key of several columns can only be counted".to_owned(),
            _ => self.between_times(function.name, scope, condition),
        };
        self.report(&codes::TYPE_MISMATCH, span, message).help(help);
        None
    }

    /// How the time between two times is written: from the first that the source has to the one that is aggregated.
    fn between_times(&self, function: &str, scope: Scope<'_>, own: &str) -> String {
        let says = "the time between two times is a duration";
        let Scope::Rows(source) = scope else { return format!("{says}: subtract one from the other") };
        let source = self.model.sources.get(source);
        let is_time = |column: &&crate::model::Column| matches!(column.ty, Type::Date | Type::Timestamp);
        let names: Vec<&str> = source.columns.rows().iter().filter(is_time).map(|column| column.name.value.as_str()).collect();
        match names.as_slice() {
            [first, second, ..] => {
                let end = names.iter().skip(1).find(|name| **name == own).unwrap_or(second);
                format!("{says}: `{function}({end} - {first} from {})`", source.name.value)
            }
            _ => format!("{says}: subtract one from the other"),
        }
    }

    fn aggregated(&self, aggregate: &Aggregate, argument: Option<&Operand<RowLeaf>>) -> Aggregated {
        let function = aggregate.function;
        let Some(traits) = function.aggregation() else { return Aggregated::broken() };
        let ty = match function.gives {
            Gives::Integer => Type::Integer,
            Gives::Number => Type::Number,
            _ => argument.map_or(Type::Integer, |argument| argument.ty),
        };
        let of = argument.map_or(Range::POSITIVE, |argument| argument.range);
        let measure = match (function.unit, argument) {
            (UnitRule::Rows, argument) => KnownUnit::Of(self.counted(aggregate, argument)),
            (_, Some(argument)) => self.with_dimension(aggregate.source, &argument.measure),
            (_, None) => KnownUnit::none(),
        };
        let measure = match (function.unit, &measure) {
            (UnitRule::Squared, KnownUnit::Of(unit)) => KnownUnit::Of(unit.times(unit)),
            _ => measure,
        };
        let kind = match (&aggregate.stock, aggregate.window, traits.kind) {
            (Some(Stock::At(_)), _, Kind::Flow) => Kind::Stock,
            (Some(Stock::Pairs(_)), _, Kind::Flow) => Kind::Movement,
            (_, Window::Period | Window::Previous | Window::Age(_), kind) => kind,
            (_, _, Kind::Flow) => Kind::Stock,
            (_, _, kind) => kind,
        };
        Aggregated {
            ty,
            measure,
            range: range::of_aggregate(function, of),
            kind,
            adds_over_slices: traits.adds_over_slices,
            origin: argument.and_then(|argument| argument.origin.clone()),
        }
    }

    /// The noun of what is counted: the rows of the source, or those that a reference leads to.
    fn counted(&self, aggregate: &Aggregate, argument: Option<&Operand<RowLeaf>>) -> Unit {
        let source = aggregate.source;
        let counted = match (argument.map(|argument| &argument.expr.node), &aggregate.stock) {
            (None, Some(Stock::Pairs(Some(per)))) => self.model.column(source, per).reference,
            (None, _) => Some(source),
            (Some(Node::Leaf(RowLeaf::Column(path))), _) => self.model.column(source, path).reference,
            (Some(_), _) => None,
        };
        counted.map_or(Unit::none(), |source| Unit::noun(&self.model.sources.get(source).row))
    }

    /// Amounts of several currencies are told apart by a dimension from here on.
    fn with_dimension(&self, source: SourceId, measure: &KnownUnit) -> KnownUnit {
        let KnownUnit::Mixed(CurrencyOf::Column(path)) = measure else { return measure.clone() };
        let found = self.model.dimensions.iter().find(|(_, dimension)| dimension.places.get(&source) == Some(path));
        found.map_or(measure.clone(), |(id, _)| KnownUnit::Mixed(CurrencyOf::Dimension(id)))
    }

    /// Checks an aggregate over entities.
    pub(super) fn grouped(&mut self, grouped: &Grouped) -> (Grouped, Aggregated) {
        let (of, inner) = self.aggregate(&grouped.of);
        let broken = |of: Aggregate| (Grouped { of, ..grouped.clone() }, Aggregated::broken());
        if inner.ty == Type::Error || self.entity_has_no_closing_day(grouped) {
            return broken(of);
        }
        let function = grouped.function;
        let Some(traits) = function.aggregation() else { return broken(of) };
        if !inner.ty.is_numeric() && function.takes.first() == Some(&Argument::Numeric) {
            let span = of.at.0.unwrap_or(self.or);
            let message = format!("`{}` takes numbers, and the value of each entity is {}", function.name, inner.ty);
            self.report(&codes::TYPE_MISMATCH, span, message).help("aggregate a number for each entity");
            return broken(of);
        }
        let value = (inner.ty, inner.measure.clone(), inner.range);
        let filter = match &grouped.filter {
            None => None,
            Some(filter) => match self.condition(filter, Scope::Value(&value), "`where`") {
                Some(filter) => Some(filter),
                None => return broken(of),
            },
        };
        let ty = match function.gives {
            Gives::Integer => Type::Integer,
            Gives::Number => Type::Number,
            _ => inner.ty,
        };
        let entities = self.model.column(of.source, &grouped.entity).reference;
        let measure = match function.unit {
            UnitRule::Rows => KnownUnit::Of(entities.map_or(Unit::none(), |id| Unit::noun(&self.model.sources.get(id).row))),
            UnitRule::Squared => KnownUnit::Of(inner.measure.unit().times(&inner.measure.unit())),
            _ => inner.measure.clone(),
        };
        // The sum over all entities is the sum over all rows; anything else has to be worked out anew.
        let whole = *function == sum::SUM && filter.is_none() && grouped.top.is_none();
        let kind = match function {
            _ if whole => inner.kind,
            _ if *function == count::COUNT => Kind::Distinct,
            _ => Kind::Ratio,
        };
        let done = Grouped { of, filter, ..grouped.clone() };
        let adds_over_slices = whole && traits.adds_over_slices && inner.adds_over_slices;
        (
            done,
            Aggregated {
                ty,
                measure,
                range: range::of_aggregate(function, inner.range),
                kind,
                adds_over_slices,
                origin: inner.origin,
            },
        )
    }
}
