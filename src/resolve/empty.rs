//! `empty: null`: a KPI's own sums and counts are null over no rows, instead of 0.
//!
//! The aggregates themselves carry it, so that it holds wherever a part of the formula is looked at. What the formula names are other
//! KPIs, which have their own say; and an aggregate inside a condition is not a figure.

use super::Resolver;
use crate::diagnostic::codes;
use crate::functions::{Function, OverNothing};
use crate::model::Body;
use crate::model::expr::{Calc, CalcLeaf, Expr};
use crate::spec::kpi as written;
use crate::text::Span;

impl Resolver<'_> {
    /// Makes a KPI's sums and counts null over no rows, if it says so.
    pub(super) fn empty(&mut self, kpi: &written::Kpi, body: Body) -> Body {
        let Some(span) = kpi.empty_is_null else { return body };
        match body {
            Body::Formula(calc) => {
                let mut found = false;
                let made = null_if_empty(&calc, &mut found);
                if !found && !calc.is_broken() {
                    self.no_effect(span, &calc);
                }
                Body::Formula(made)
            }
            Body::Values(values) => {
                self.report(&codes::EMPTY_WITHOUT_EFFECT, span, "`empty: null` has no effect on hand-kept values")
                    .help("a period without a value is already null; delete it");
                Body::Values(values)
            }
            Body::Broken => Body::Broken,
        }
    }

    fn no_effect(&mut self, span: Span, calc: &Calc) {
        let mut kpis: Vec<&str> = Vec::new();
        calc.deep_leaves(&mut |leaf| {
            if let CalcLeaf::Kpi(id) = leaf {
                let name = self.model.kpis.get(*id).name.value.as_str();
                if !kpis.contains(&name) {
                    kpis.push(name);
                }
            }
        });
        let message = "`empty: null` has no effect: this formula has no sum or count of its own";
        let help = match kpis.as_slice() {
            [] => "its aggregates are already null over no rows; delete it".to_owned(),
            [only] => format!("write it on `{only}`, which the formula is made of"),
            several => format!("write it on the KPIs that the formula is made of: `{}`", several.join("`, `")),
        };
        self.report(&codes::EMPTY_WITHOUT_EFFECT, span, message).help(help);
    }
}

/// A formula whose own sums and counts are null over no rows; `found` tells whether it has any.
fn null_if_empty(calc: &Calc, found: &mut bool) -> Calc {
    let at = calc.at;
    let made = calc.map(&mut |leaf| {
        let mut counts = |function: &Function| {
            let zero = function.aggregation().is_some_and(|traits| traits.over_nothing == OverNothing::Zero);
            *found |= zero;
            zero
        };
        let leaf = match leaf {
            CalcLeaf::Aggregate(of) => {
                let null_if_empty = counts(of.function);
                CalcLeaf::Aggregate(Box::new(crate::model::expr::Aggregate { null_if_empty, ..(**of).clone() }))
            }
            CalcLeaf::Grouped(of) => {
                let null_if_empty = counts(of.function);
                CalcLeaf::Grouped(Box::new(crate::model::expr::Grouped { null_if_empty, ..(**of).clone() }))
            }
            CalcLeaf::Each(each) => {
                // Periods that are there whatever the data is are no rows.
                let null_if_empty = !each.counts_all_periods() && counts(each.function);
                let of = self::null_if_empty(&each.of, found);
                CalcLeaf::Each(Box::new(crate::model::expr::Each { of, null_if_empty, ..(**each).clone() }))
            }
            CalcLeaf::Prior(past, of, length) => CalcLeaf::Prior(*past, Box::new(self::null_if_empty(of, found)), *length),
            CalcLeaf::Trend(trend) => CalcLeaf::Trend(Box::new(crate::model::expr::Trend {
                of: self::null_if_empty(&trend.of, found),
                ..(**trend).clone()
            })),
            CalcLeaf::Slice(of, condition) => CalcLeaf::Slice(Box::new(self::null_if_empty(of, found)), condition.clone()),
            CalcLeaf::Total(of, dimensions) => CalcLeaf::Total(Box::new(self::null_if_empty(of, found)), dimensions.clone()),
            CalcLeaf::Kpi(_) | CalcLeaf::Duration(..) => leaf.clone(),
        };
        Expr::leaf(leaf)
    });
    Calc { at, ..made }
}
