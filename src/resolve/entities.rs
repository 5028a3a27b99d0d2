//! Aggregates over entities: one value for each of them first, made of aggregates over its rows, then an aggregate over these values.

use super::Resolver;
use super::row::Scope;
use crate::diagnostic::codes;
use crate::formula::print::dotted;
use crate::formula::{Call, Expression, Kind};
use crate::functions::{self, Argument, Function, first, last};
use crate::model::expr::{Aggregate, Calc, CalcLeaf, Expr, Grouped, Node};
use crate::text::{Name, Span};

/// The function of an aggregate over rows, if an expression is one.
fn aggregate_of(argument: &Expression) -> Option<(&Call, &'static Function)> {
    let Kind::Call(inner) = &argument.kind else { return None };
    let function = functions::by_name(&inner.name.value.to_lowercase())?;
    (function.aggregation().is_some()).then_some((inner, function))
}

/// Whether an aggregate goes over values of entities: over an aggregate, or with `per` over something that is computed of some.
pub(super) fn goes_over_entities(call: &Call, argument: &Expression) -> bool {
    if let Some((inner, _)) = aggregate_of(argument) {
        return inner.each.is_none();
    }
    let mut found = false;
    argument.walk(&mut |part| found |= aggregate_of(part).is_some());
    found && call.per.is_some()
}

impl Resolver<'_> {
    /// `sum(sum(orders.amount) per orders.customer top 10)`, `avg(max(orders.amount) - min(orders.amount) per orders.customer)`.
    pub(super) fn grouped(&mut self, call: &Call, function: &'static Function, argument: &Expression, span: Span) -> Calc {
        let broken = Expr::new(Node::Broken, span);
        let Some(per) = &call.per else { return self.without_entities(call, function, argument) };
        self.only_clauses(call, &["per", "where", "top"], "an aggregate over entities");
        let fraction = self.fraction(call, function);
        let of = match aggregate_of(argument) {
            Some((inner, inner_function)) => self
                .aggregate(inner, inner_function, argument.span, None)
                .map(|of| Expr::new(Node::Leaf(CalcLeaf::Aggregate(Box::new(of))), argument.span)),
            None => self.value_of_entity(argument, per),
        };
        let enough = call.arguments.len() == function.takes.len();
        if !enough {
            self.arity(call, function);
        }
        let (Some(of), true) = (of, enough) else { return broken };
        if *function == first::FIRST || *function == last::LAST {
            let message = format!("`{}` takes rows, which have times; entities have none", function.name);
            let help = "over entities use `avg`, `sum`, `min`, `max`, `median`, `percentile`, `stddev` or `count`";
            return self.broken(&codes::WRONG_ARGUMENTS, call.name.span, message, Some(help.to_owned()));
        }
        let mut source = None;
        of.leaves(&mut |leaf| {
            if let CalcLeaf::Aggregate(aggregate) = leaf {
                source = Some(aggregate.source);
            }
        });
        let Some(source) = source else { return broken };
        let Some(entity) = self.column_path(source, per) else { return broken };
        let filter = call.filter.as_ref().map(|filter| self.row(filter, &Scope::value()));
        if let Some(top) = call.top.as_ref().filter(|top| top.value == 0) {
            self.report(&codes::WRONG_ARGUMENTS, top.span, "`top 0` keeps nothing").help("write how many, as in `top 10`");
        }
        let top = call.top.as_ref().map(|top| top.value);
        if fraction.is_none() && function.takes.contains(&Argument::Fraction) {
            return broken;
        }
        let grouped = Grouped { function, fraction, source, of, entity, filter, top, null_if_empty: false };
        Expr::new(Node::Leaf(CalcLeaf::Grouped(Box::new(grouped))), span)
    }

    /// An aggregate of an aggregate that does not say over what it goes.
    fn without_entities(&mut self, call: &Call, function: &Function, argument: &Expression) -> Calc {
        let inner = aggregate_of(argument).map_or("aggregate", |(inner, _)| inner.name.value.as_str());
        let message = format!("`{}` needs several values, but `{inner}` gives one for the whole period", function.name);
        let help = format!(
            "for one value per customer write `{0}({1} per orders.customer)`; for one value per day make `{1}` a KPI and write \
             `{0}(kpi each day)`",
            function.name,
            call.arguments.first().map(ToString::to_string).unwrap_or_default()
        );
        self.broken(&codes::NESTED_AGGREGATE, argument.span, message, Some(help))
    }

    /// What is computed of aggregates over the rows of each entity. All of them have to look at the same rows: of an entity that has some for
    /// one of them only, half of the value would be unknown and nobody told.
    fn value_of_entity(&mut self, argument: &Expression, per: &[Name]) -> Option<Calc> {
        let value = self.calc(argument);
        if value.is_broken() {
            return None;
        }
        let mut parts: Vec<(&CalcLeaf, Span)> = Vec::new();
        spots(&value, argument.span, &mut parts);
        let mut first: Option<(&Aggregate, Span)> = None;
        for (leaf, span) in parts {
            match (leaf, first) {
                (CalcLeaf::Duration(..), _) => {}
                (CalcLeaf::Aggregate(aggregate), None) => first = Some((aggregate, span)),
                (CalcLeaf::Aggregate(aggregate), Some(one)) => {
                    let Some(how) = differs(one.0, aggregate) else { continue };
                    let (own, other) = (written(argument, span), written(argument, one.1));
                    let message = format!("`{own}` goes over other rows than `{other}`: {how}");
                    self.report(&codes::UNLIKE_AGGREGATES, span, message).also(one.1, "the other one").help(format!(
                        "aggregates that make up one value of `{}` go over one source, time and window: give both the same, or make a \
                         KPI of each and compute with these",
                        dotted(per)
                    ));
                    return None;
                }
                (CalcLeaf::Kpi(_), _) => {
                    let own = written(argument, span);
                    let message =
                        format!("`{own}` is a KPI: it has one figure per period, and none for each `{}`", dotted(per));
                    self.report(&codes::KPI_IN_ROWS, span, message)
                        .help("write the aggregates of its formula in its place, or compute with KPIs outside of `per`");
                    return None;
                }
                _ => {
                    let own = written(argument, span);
                    let message = format!("`{own}` has one value per period, and none for each `{}`", dotted(per));
                    self.report(&codes::NESTED_AGGREGATE, span, message)
                        .help("before `per` stand aggregates over rows and arithmetic over these; make a KPI of all else");
                    return None;
                }
            }
        }
        Some(value)
    }
}

/// The leaves of an expression, each with its place.
fn spots<'c>(calc: &'c Calc, or: Span, found: &mut Vec<(&'c CalcLeaf, Span)>) {
    match &calc.node {
        Node::Leaf(leaf) => found.push((leaf, calc.span_or(or))),
        Node::Apply(_, arguments) => arguments.iter().for_each(|argument| spots(argument, or, found)),
        Node::Literal(_) | Node::Broken => {}
    }
}

/// The part of an expression at a place, as it is written.
fn written(argument: &Expression, span: Span) -> String {
    let mut found = None;
    argument.walk(&mut |part| {
        if part.span == span {
            found.get_or_insert_with(|| part.to_string());
        }
    });
    found.unwrap_or_else(|| argument.to_string())
}

/// How two aggregates look at other rows, if they do. What each has for a condition is its own matter.
fn differs(one: &Aggregate, other: &Aggregate) -> Option<&'static str> {
    if one.source != other.source {
        Some("those of another source")
    } else if one.stock != other.stock {
        Some("the states of another moment")
    } else if one.time != other.time {
        Some("by another time")
    } else if one.window != other.window {
        Some("over another window")
    } else if one.age() != other.age() {
        Some("at other ages")
    } else {
        None
    }
}
