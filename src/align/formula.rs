//! For each component of a formula: whether the value rises or falls with it.
//!
//! A walk from the leaves up. Each function says in its table row how it moves when an argument grows ([`Monotonicity`]); where that depends
//! on the sign of another argument, the ranges decide, and where they cannot, the sign is unknown. A condition that depends on a
//! component makes its sign unknown. Two occurrences have a sign together only if they have the same one.
//!
//! - A quotient is looked at where its divisor is positive, unless that never is: below 0 it would mean something else.
//! - A divisor pulls down only where the dividend does not grow with it: more signups do not lower an activation rate, they are in
//!   both of its halves. `kin` says where that is so.
//! - What is in the dividend and is the divisor itself is 1 and left out: `(a - b) / a` is `1 - b / a`.
//! - The value of an earlier period counts only for what has no part in the present one: `growth(a)` rises with `a`.

use super::Sign;
use super::interval;
use super::kin::{Kin, Owners};
use crate::functions::{Function, Gives, Monotonicity, operators};
use crate::graph::Graph;
use crate::model::expr::{Calc, CalcLeaf, Node};
use crate::model::facts::Range;
use crate::model::unit::Notation;
use crate::model::{Body, Kpi, KpiId, Model};
use crate::text::Span;
use std::collections::BTreeMap;

/// A KPI that is in a formula, with its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The KPI.
    pub kpi: KpiId,
    /// Which way the value moves when it rises.
    pub sign: Sign,
    /// Why, in words.
    pub why: String,
    /// Where it is first mentioned.
    pub span: Option<Span>,
}

/// What is known of all KPIs, so that the signs of their formulas can be found.
pub struct Formulas<'a> {
    model: &'a Model,
    ranges: Vec<Range>,
    kin: Vec<Kin<'a>>,
    owners: Owners,
}

/// The effect of one component on a part of a formula.
#[derive(Debug, Clone)]
struct Effect {
    sign: Sign,
    /// What happens to it on the way up, the first step first.
    steps: Vec<String>,
    /// Whether only its value at an earlier period counts.
    past: bool,
    span: Option<Span>,
}

type Effects = BTreeMap<KpiId, Effect>;

/// Which sign the values of a range have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Above,
    Below,
    Both,
}

fn side(range: Range) -> Side {
    if range.low >= 0.0 {
        Side::Above
    } else if range.high <= 0.0 {
        Side::Below
    } else {
        Side::Both
    }
}

impl<'a> Formulas<'a> {
    /// What is known of the KPIs of a checked model.
    pub fn of(model: &'a Model, graph: &Graph) -> Self {
        let mut ranges = vec![Range::ANY; model.kpis.len()];
        let mut kin = vec![Kin::default(); model.kpis.len()];
        for id in graph.kpi_order().iter().copied() {
            let kpi = model.kpis.get(id);
            let range = match &kpi.body {
                Body::Formula(calc) => interval::of_calc(model, &ranges, calc).times(Range::point(kpi.facts.scale)),
                Body::Values(_) | Body::Broken => kpi.facts.range,
            };
            let own = Kin::of_kpi(&kin, kpi);
            if let (Some(slot), Some(kin)) = (ranges.get_mut(id.index()), kin.get_mut(id.index())) {
                (*slot, *kin) = (range, own);
            }
        }
        Self { model, ranges, kin, owners: Owners::of(model) }
    }

    /// The range of a KPI, as far as it is known.
    pub fn range(&self, kpi: KpiId) -> Range {
        self.ranges.get(kpi.index()).copied().unwrap_or(Range::ANY)
    }

    /// The components of a KPI's formula, in the order of their definitions.
    pub fn components(&self, kpi: &Kpi, calc: &'a Calc) -> Vec<Component> {
        let share = kpi.facts.unit.shown == Notation::Percent;
        let found = Walk { all: self, share }.effects(calc, false).into_iter();
        let made = found.map(|(id, effect)| Component { kpi: id, sign: effect.sign, why: why(&effect), span: effect.span });
        made.collect()
    }
}

/// A walk through one formula.
struct Walk<'w, 'a> {
    all: &'w Formulas<'a>,
    /// Whether the KPI is shown in percent.
    share: bool,
}

impl<'a> Walk<'_, 'a> {
    fn range(&self, calc: &Calc) -> Range {
        interval::of_calc(self.all.model, &self.all.ranges, calc)
    }

    fn kin(&self, calc: &'a Calc) -> Kin<'a> {
        Kin::of(&self.all.kin, calc)
    }

    /// The effects of all components; `positive` where the value is looked at only as far as it is above 0.
    fn effects(&self, calc: &'a Calc, positive: bool) -> Effects {
        match &calc.node {
            Node::Literal(_) | Node::Broken => Effects::new(),
            Node::Apply(function, arguments) => match arguments.as_slice() {
                [dividend, divisor] if **function == operators::DIVIDE => self.quotient(dividend, divisor),
                [left, right] if **function == operators::MULTIPLY => self.product(left, right, positive),
                arguments => self.applied(function, arguments),
            },
            Node::Leaf(leaf) => self.leaf(leaf, calc, positive),
        }
    }

    fn leaf(&self, leaf: &'a CalcLeaf, calc: &'a Calc, positive: bool) -> Effects {
        match leaf {
            CalcLeaf::Kpi(id) => {
                Effects::from([(*id, Effect { sign: Sign::Plus, steps: Vec::new(), past: false, span: calc.at.0 })])
            }
            CalcLeaf::Duration(..) | CalcLeaf::Aggregate(_) | CalcLeaf::Grouped(_) => Effects::new(),
            CalcLeaf::Each(each) => moved(self.effects(&each.of, false), each.function, each.function.monotonicity(0)),
            CalcLeaf::Prior(past, of, _) => {
                let now = self.effects(of, positive && past.is_value());
                let before = now.clone().into_iter().map(|(id, effect)| (id, Effect { past: true, ..effect })).collect();
                if past.is_value() {
                    step(before, Sign::Plus, "counts with its value from an earlier period")
                } else {
                    step(now, Sign::Plus, "is compared with what it was")
                }
            }
            CalcLeaf::Slice(of, _) => step(self.effects(of, false), Sign::Unknown, "only a part of it counts"),
            CalcLeaf::Total(of, _) => self.effects(of, positive),
            // A condition, which only guardrails have.
            CalcLeaf::Trend(trend) => step(self.effects(&trend.of, false), Sign::Unknown, "decides a condition"),
        }
    }

    /// A function whose trends do not depend on other arguments, or of whose values one range decides.
    fn applied(&self, function: &'static Function, arguments: &'a [Calc]) -> Effects {
        let mut all = Effects::new();
        for (at, argument) in arguments.iter().enumerate() {
            let own = self.effects(argument, false);
            if own.is_empty() {
                continue;
            }
            let other = |at: usize| arguments.get(at).map_or(Range::ANY, |argument| self.range(argument));
            let moves = match function.monotonicity(at) {
                Monotonicity::Size => match side(self.range(argument)) {
                    Side::Above => Monotonicity::Rises,
                    Side::Below => Monotonicity::Falls,
                    Side::Both => Monotonicity::Depends,
                },
                Monotonicity::Base => match (side(self.range(argument)), side(other(1))) {
                    (Side::Above, Side::Above) => Monotonicity::Rises,
                    (Side::Above, Side::Below) => Monotonicity::Falls,
                    _ => Monotonicity::Depends,
                },
                Monotonicity::Exponent if other(0).low >= 1.0 => Monotonicity::Rises,
                Monotonicity::Exponent if other(0).low >= 0.0 && other(0).high <= 1.0 => Monotonicity::Falls,
                Monotonicity::Exponent | Monotonicity::Factor | Monotonicity::Dividend | Monotonicity::Divisor => {
                    Monotonicity::Depends
                }
                known => known,
            };
            join(&mut all, moved(own, function, moves));
        }
        all
    }

    fn product(&self, left: &'a Calc, right: &'a Calc, positive: bool) -> Effects {
        let mut all = Effects::new();
        for (own, other) in [(left, right), (right, left)] {
            // Where a product is positive, its factors have the same sign.
            let shown = match (side(self.range(other)), side(self.range(own))) {
                (Side::Both, Side::Above) if positive => Side::Above,
                (Side::Both, Side::Below) if positive => Side::Below,
                (side, _) => side,
            };
            let (sign, words) = match shown {
                Side::Above if matches!(other.node, Node::Literal(_)) => (Sign::Plus, "is multiplied by a positive number"),
                Side::Above => (Sign::Plus, "is multiplied by a value that is never negative"),
                Side::Below => (Sign::Minus, "is multiplied by a value that is never positive"),
                Side::Both => (Sign::Unknown, "is multiplied by a value that can be positive or negative"),
            };
            join(&mut all, step(self.effects(own, false), sign, words));
        }
        all
    }

    fn quotient(&self, dividend: &'a Calc, divisor: &'a Calc) -> Effects {
        let mut all = Effects::new();
        let (rest, wholes) = terms(dividend, divisor);
        let below = side(self.range(divisor));
        let assumed = below == Side::Both;
        let (sign, words) = match below {
            Side::Above => (Sign::Plus, "is in the numerator"),
            Side::Below => (Sign::Minus, "is in the numerator, and the denominator is never positive"),
            Side::Both => (Sign::Plus, "is in the numerator, and the denominator is assumed to be positive"),
        };
        for (minus, term) in &rest {
            let own = self.effects(term, false);
            let own = if *minus { step(own, Sign::Minus, "is subtracted") } else { own };
            join(&mut all, step(own, sign, words));
        }
        let ranges = rest.iter().map(|(minus, term)| if *minus { self.range(term).negated() } else { self.range(term) });
        let above = side(ranges.fold(Range::point(0.0), Range::plus));
        let kin = rest.iter().map(|(_, term)| self.kin(term)).fold(Kin::default(), Kin::with);
        // Of several terms each counts by itself.
        let counts = self.share && wholes == 0 && rest.iter().all(|(_, term)| self.kin(term).counts);
        let mut direct = Vec::new();
        for (_, term) in &rest {
            term.deep_leaves(&mut |leaf| {
                if let CalcLeaf::Kpi(id) = leaf {
                    direct.push(*id);
                }
            });
        }
        for (id, effect) in self.effects(divisor, assumed) {
            let (sign, words) = if self.grows_with(&kin, counts, &direct, id) {
                (Sign::Unknown, "is in the denominator, and the numerator may grow with it")
            } else {
                match above {
                    Side::Above if wholes > 0 => (Sign::Minus, "is in the denominator of a value that is never negative"),
                    Side::Below if wholes > 0 => (Sign::Plus, "is in the denominator of a value that is subtracted"),
                    Side::Above => (Sign::Minus, "is in the denominator, and the numerator is never negative"),
                    Side::Below => (Sign::Plus, "is in the denominator, and the numerator is never positive"),
                    Side::Both => (Sign::Unknown, "is in the denominator, and the numerator can be positive or negative"),
                }
            };
            join(&mut all, step(Effects::from([(id, effect)]), sign, words));
        }
        all
    }

    /// Whether a dividend that is made of `kin`, with these KPIs in it, grows with a component of the divisor.
    fn grows_with(&self, kin: &Kin<'a>, counts: bool, direct: &[KpiId], component: KpiId) -> bool {
        let Some(own) = self.all.kin.get(component.index()) else { return true };
        let claimed = || {
            let drives = &self.all.model.kpis.get(component).about.drives;
            drives.iter().any(|drive| drive.effect == "up" && direct.contains(&drive.kpi))
        };
        // A count in percent of another count is a part of it.
        let part = counts && own.counts;
        direct.contains(&component) || part || self.all.owners.are_kin(kin, own) || claimed()
    }
}

/// The terms of a dividend, each with whether it is subtracted, without those that are the divisor; and how many of these there are.
/// A dividend that is nothing else keeps them.
pub(super) fn terms<'c>(dividend: &'c Calc, divisor: &Calc) -> (Vec<(bool, &'c Calc)>, usize) {
    let mut all = Vec::new();
    split(dividend, false, &mut all);
    let is_whole = |(minus, term): &(bool, &Calc)| !minus && **term == *divisor;
    let wholes = all.iter().filter(|term| is_whole(term)).count();
    if wholes == 0 || wholes == all.len() {
        return (vec![(false, dividend)], 0);
    }
    all.retain(|term| !is_whole(term));
    (all, wholes)
}

fn split<'c>(calc: &'c Calc, minus: bool, all: &mut Vec<(bool, &'c Calc)>) {
    match &calc.node {
        Node::Apply(function, arguments) => match (function.name, arguments.as_slice()) {
            ("+", [one, two]) => {
                split(one, minus, all);
                split(two, minus, all);
            }
            ("-", [one, two]) => {
                split(one, minus, all);
                split(two, !minus, all);
            }
            ("negate", [one]) => split(one, !minus, all),
            _ => all.push((minus, calc)),
        },
        Node::Leaf(_) | Node::Literal(_) | Node::Broken => all.push((minus, calc)),
    }
}

/// The effects of an argument on the value of a function.
fn moved(own: Effects, function: &Function, moves: Monotonicity) -> Effects {
    match moves {
        Monotonicity::Rises if function.name == "+" => step(own, Sign::Plus, "is added"),
        Monotonicity::Rises => step(own, Sign::Plus, ""),
        Monotonicity::Falls if function.name == "abs" => step(own, Sign::Minus, "is below 0, and its size counts"),
        Monotonicity::Falls => step(own, Sign::Minus, "is subtracted"),
        // What is true or false is the business of the condition that it is in.
        _ if function.gives == Gives::Truth => step(own, Sign::Unknown, ""),
        _ if matches!(function.name, "if" | "case") => step(own, Sign::Unknown, "decides in a condition"),
        _ => step(own, Sign::Unknown, &format!("may move `{}` either way", function.name)),
    }
}

/// Effects one step further up.
fn step(mut own: Effects, sign: Sign, words: &str) -> Effects {
    for effect in own.values_mut() {
        effect.sign = effect.sign.times(sign);
        if !words.is_empty() {
            effect.steps.push(words.to_owned());
        }
    }
    own
}

/// The effects of two parts at once.
fn join(all: &mut Effects, more: Effects) {
    for (id, effect) in more {
        let Some(known) = all.get_mut(&id) else {
            all.insert(id, effect);
            continue;
        };
        // The present counts before the past.
        if known.past != effect.past {
            if known.past {
                *known = effect;
            }
            continue;
        }
        let sign = known.sign.and(effect.sign);
        if sign == Sign::Unknown && known.sign != Sign::Unknown {
            let pulls = vec!["pulls in both directions, in two places".to_owned()];
            known.steps = if effect.sign == Sign::Unknown { effect.steps } else { pulls };
        }
        known.sign = sign;
    }
}

/// The steps in words: those that say something, or the first if none does.
fn why(effect: &Effect) -> String {
    let plain = |words: &&String| matches!(words.as_str(), "is added" | "is in the numerator");
    let telling: Vec<&str> = effect.steps.iter().filter(|words| !plain(words)).map(String::as_str).collect();
    match (telling.as_slice(), effect.steps.last()) {
        ([], None) => "is the same figure".to_owned(),
        ([], Some(last)) => last.clone(),
        ([one], _) => (*one).to_owned(),
        ([first, rest @ ..], _) => format!("{first}, and that {}", rest.last().copied().unwrap_or_default()),
    }
}
