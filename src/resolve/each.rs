//! Aggregates over the values of a finer grain: `avg(dau each day)`.

use super::Resolver;
use crate::calendar::TimeUnit;
use crate::diagnostic::codes;
use crate::formula::{Call, Expression};
use crate::functions::{Argument, Function, count};
use crate::model::expr::{Calc, CalcLeaf, Each, Expr, Literal, Node};
use crate::text::Span;

impl Resolver<'_> {
    /// `avg(dau each day)`, `count(each day where revenue = 0)`.
    pub(super) fn each(&mut self, call: &Call, function: &'static Function, span: Span) -> Calc {
        let broken = Expr::new(Node::Broken, span);
        let Some(each) = &call.each else { return broken };
        let counts_periods = call.arguments.is_empty() && *function == count::COUNT;
        if let (Some(filter), false) = (&call.filter, counts_periods) {
            self.condition_on_periods(call, function, filter, each.value);
            return broken;
        }
        self.only_clauses(
            call,
            if counts_periods { &["each", "where", "over"] } else { &["each", "over"] },
            "an aggregate over periods",
        );
        let fraction = self.fraction(call, function);
        let of = match (call.arguments.first(), &call.filter) {
            (Some(of), _) => self.finer(of),
            (None, Some(condition)) => self.finer(condition),
            (None, None) if counts_periods => Expr::new(Node::Literal(Literal::Truth(true)), span),
            (None, None) => {
                self.without_value(call, function, each.value);
                return broken;
            }
        };
        let Some(grain) = each.value.grain() else {
            let message = format!("there is no grain `{}`", each.value.name());
            self.report(&codes::GRAIN_MISMATCH, each.span, message).help("the grains are day, week, month, quarter and year");
            return broken;
        };
        let Some(window) = self.window(call.over.as_ref(), Some(grain)) else { return broken };
        if fraction.is_none() && function.takes.contains(&Argument::Fraction) {
            return broken;
        }
        let each = Each { function, fraction, of, grain, window, counts_periods, null_if_empty: false };
        Expr::new(Node::Leaf(CalcLeaf::Each(Box::new(each))), span)
    }

    /// What has a value, or is true or false, in each of the finer periods.
    fn finer(&mut self, of: &Expression) -> Calc {
        self.ages.each += 1;
        let of = self.calc(of);
        self.ages.each -= 1;
        of
    }

    /// Says that nothing is aggregated.
    fn without_value(&mut self, call: &Call, function: &Function, grain: TimeUnit) {
        let (name, grain) = (function.name, grain.name());
        let message = format!("`{name}` needs a value of each {grain}");
        self.report(&codes::WRONG_ARGUMENTS, call.name.span, message)
            .help(format!("name a KPI, as in `{name}(revenue each {grain})`; `count(each {grain})` counts {grain}s"));
    }

    /// Says where a condition on the periods of `each` goes.
    fn condition_on_periods(&mut self, call: &Call, function: &Function, filter: &Expression, grain: TimeUnit) {
        let of = call.arguments.first().map(ToString::to_string);
        let holds = match &of {
            Some(of) => replace_word(&filter.to_string(), "value", of),
            None => filter.to_string(),
        };
        let (name, grain) = (function.name, grain.name());
        let help = match of.filter(|_| *function != count::COUNT) {
            Some(of) => format!("put the condition inside: `{name}(if({holds}, {of}) each {grain})`"),
            None => format!("count the {grain}s themselves: `count(each {grain} where {holds})`"),
        };
        let span = call.clause("where").unwrap_or(filter.span);
        self.report(&codes::WRONG_CLAUSE, span, "an aggregate over periods takes no `where`").help(help);
    }
}

/// A text with other words in the place of one.
fn replace_word(text: &str, word: &str, with: &str) -> String {
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (rest.get(..at).unwrap_or_default(), rest.get(at + word.len()..).unwrap_or_default());
        let whole = !before.ends_with(is_part) && !after.starts_with(is_part);
        out.push_str(before);
        out.push_str(if whole { with } else { word });
        rest = after;
    }
    out + rest
}
