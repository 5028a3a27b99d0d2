//! Aggregates over the values of a finer grain: what they may go over, and what they give.

use super::calc::Figure;
use super::{Context, Operand, advice};
use crate::diagnostic::codes;
use crate::functions::{Argument, Gives, avg, if_, range, sum};
use crate::model::expr::{Calc, CalcLeaf, Each, Expr, Literal, Node, Window};
use crate::model::facts::{Kind, KnownUnit, Range, Type};
use crate::model::unit::Unit;

impl Context<'_> {
    pub(super) fn each(&mut self, each: &Each, calc: &Calc) -> Figure {
        let span = calc.span_or(self.or);
        let of = self.calc(&each.of);
        if each.counts_periods {
            return self.count_of_periods(each, of, calc);
        }
        if of.operand.ty == Type::Boolean {
            let (name, grain, text) = (each.function.name, each.grain, self.text(&each.of));
            let message = format!("`{name}` takes a number for each {grain}, but `{text}` is a condition");
            self.report(&codes::TYPE_MISMATCH, each.of.span_or(self.or), message).help(format!(
                "to count the {grain}s in which it is true write `count(each {grain} where {text})`; for their share divide that \
                 by `count(each {grain})`"
            ));
            return Figure::broken(span);
        }
        let of = self.numeric(of, &each.of, each.function.name);
        let Some(traits) = each.function.aggregation() else { return Figure::broken(span) };
        if of.is_broken() {
            return Figure::broken(span);
        }
        let adds = *each.function == sum::SUM;
        if adds && of.kind != Kind::Flow {
            let place = each.of.span_or(self.or);
            let why = match of.kind {
                Kind::Stock => "is a level, and the same amount is there in every period",
                Kind::Distinct => "counts distinct things, and the same one can be in several periods",
                Kind::Movement => "is a change, and a thing that leaves and comes back would count twice",
                Kind::Ratio | Kind::Flow => "has to be recomputed from its parts",
            };
            let text = self.text(&each.of);
            let grain = each.grain;
            let help = match flag(&each.of) {
                Some(condition) => {
                    let holds = self.text(condition);
                    format!(
                        "to count the {grain}s in which `{holds}` write `count(each {grain} where {holds})`; for their \
                         share write `avg({text} each {grain})`"
                    )
                }
                None => format!(
                    "without `each` it is computed for the whole period; for a typical {grain} write `avg({text} each {grain})`"
                ),
            };
            self.report(&codes::DOES_NOT_ADD_UP, place, format!("`{text}` does not add up over time: it {why}")).help(help);
            return Figure::broken(span);
        }
        let ty = match each.function.gives {
            Gives::Integer => Type::Integer,
            Gives::Number => Type::Number,
            _ => of.operand.ty,
        };
        // A flow's mean over months is so much per month.
        let measure = match &of.operand.measure {
            KnownUnit::Of(unit) if *each.function == avg::AVG && of.kind == Kind::Flow => {
                crate::calendar::TimeUnit::parse(each.grain.name())
                    .map_or(of.operand.measure.clone(), |time| KnownUnit::Of(unit.over(&Unit::time(time))))
            }
            KnownUnit::Of(_) if each.function.takes.first() == Some(&Argument::Rows) => KnownUnit::none(),
            other => other.clone(),
        };
        let kind = if adds { added_up(each.window) } else { Kind::Ratio };
        let adds_over_slices = (adds || *each.function == avg::AVG) && of.adds_over_slices && traits.kind != Kind::Distinct;
        let range = range::of_aggregate(each.function, of.operand.range);
        let done = Each { of: of.operand.expr, ..each.clone() };
        let expr = Expr { node: Node::Leaf(CalcLeaf::Each(Box::new(done))), at: calc.at };
        let operand = Operand { expr, ty, measure, range, origin: of.operand.origin };
        Figure { operand, kind, adds_over_slices, constant: false }
    }
    /// How many of the finer periods there are, perhaps only of those in which a condition is true.
    fn count_of_periods(&mut self, each: &Each, of: Figure, calc: &Calc) -> Figure {
        let span = calc.span_or(self.or);
        if of.is_broken() {
            return Figure::broken(span);
        }
        if of.operand.ty != Type::Boolean {
            let text = self.text(&each.of);
            let message = format!("`where` takes a condition, and `{text}` is {}", of.operand.ty);
            let help = advice::condition(of.operand.ty, &text);
            self.report(&codes::TYPE_MISMATCH, each.of.span_or(self.or), message).help(help);
            return Figure::broken(span);
        }
        let one = Expr::number(1);
        let of = match &each.of.node {
            Node::Literal(Literal::Truth(true)) => one,
            _ => Expr::apply(&if_::IF, vec![of.operand.expr, one]),
        };
        let unit = crate::calendar::TimeUnit::parse(each.grain.name()).map_or(Unit::none(), Unit::time);
        let expr = Expr { node: Node::Leaf(CalcLeaf::Each(Box::new(Each { of, ..each.clone() }))), at: calc.at };
        let operand = Operand::new(expr, Type::Integer, KnownUnit::Of(unit), Range::POSITIVE);
        Figure { operand, kind: added_up(each.window), adds_over_slices: false, constant: false }
    }
}

/// The kind of what adds up over the periods of a window.
fn added_up(window: Window) -> Kind {
    match window {
        Window::Period | Window::Previous | Window::Age(_) | Window::AgeToDate(_) => Kind::Flow,
        Window::Trailing(_) | Window::ToDate(_) | Window::AllTime | Window::Within(..) => Kind::Stock,
    }
}

/// The condition, if a value is 1 where it holds, and else 0 or nothing.
fn flag(calc: &Calc) -> Option<&Calc> {
    let Node::Apply(function, arguments) = &calc.node else { return None };
    let is = |calc: &Calc, wanted: &[&str]| match &calc.node {
        Node::Literal(Literal::Number(digits)) => wanted.contains(&digits.as_str()),
        Node::Literal(Literal::Null) => wanted.contains(&""),
        _ => false,
    };
    match (function.name, arguments.as_slice()) {
        ("if", [condition, one]) if is(one, &["1"]) => Some(condition),
        ("if" | "case", [condition, one, other]) if is(one, &["1"]) && is(other, &["0", ""]) => Some(condition),
        ("case", [condition, one]) if is(one, &["1"]) => Some(condition),
        _ => None,
    }
}
