//! `times-hundred`: a ratio times 100 is a percentage written by hand, which every reader then has to know of.

use super::walk;
use crate::diagnostic::{Findings, codes};
use crate::functions::operators;
use crate::lint::{Lens, Rule};
use crate::model::Body;
use crate::model::expr::{Calc, CalcLeaf, Literal, Node};
use crate::model::facts::Kind;
use crate::model::unit::Notation;

pub(super) const RULE: Rule = Rule { code: &codes::TIMES_HUNDRED, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for (_, kpi) in lens.kpis() {
        let points = kpi.unit.as_ref().is_some_and(|unit| unit.value.shown == Notation::Points);
        let Body::Formula(calc) = &kpi.body else { continue };
        if points {
            continue;
        }
        walk::nodes(calc, &mut |node| {
            let Node::Apply(function, arguments) = &node.node else { return };
            let [left, right] = arguments.as_slice() else { return };
            let hundred = [left, right].into_iter().any(is_hundred);
            let ratio = [left, right].into_iter().any(|side| is_ratio(lens, side));
            let times = **function == operators::MULTIPLY && hundred && ratio;
            // `100 * part / whole`; what has a unit may be an amount in hundredths.
            let before = **function == operators::DIVIDE && kpi.facts.unit.is_soft() && is_hundredfold(left);
            if let (true, Some(span)) = (times || before, node.at.0) {
                findings.report(&codes::TIMES_HUNDRED, span, "a ratio is multiplied by 100 here").help(
                    "remove the 100 and write `unit: \"%\"`: the value stays a fraction and is shown as percent; for \
                     a score write `unit: points`",
                );
            }
        });
    }
}

fn is_hundred(calc: &Calc) -> bool {
    matches!(&calc.node, Node::Literal(Literal::Number(digits)) if digits.parse::<f64>().is_ok_and(|value| value.to_bits() == 100f64.to_bits()))
}

fn is_hundredfold(calc: &Calc) -> bool {
    match &calc.node {
        Node::Apply(function, arguments) => **function == operators::MULTIPLY && arguments.iter().any(is_hundred),
        Node::Leaf(_) | Node::Literal(_) | Node::Broken => false,
    }
}

fn is_ratio(lens: &Lens<'_>, calc: &Calc) -> bool {
    match &calc.node {
        Node::Apply(function, arguments) if **function == operators::DIVIDE => !arguments.get(1).is_some_and(is_hundred),
        // `part / whole - 1`
        Node::Apply(function, arguments) if **function == operators::ADD || **function == operators::SUBTRACT => {
            arguments.iter().any(|argument| is_ratio(lens, argument))
        }
        Node::Leaf(CalcLeaf::Prior(past, ..)) if past.is_growth() => true,
        Node::Leaf(CalcLeaf::Prior(_, of, _)) => is_ratio(lens, of),
        Node::Leaf(CalcLeaf::Kpi(id)) => {
            let facts = &lens.model.kpis.get(*id).facts;
            facts.kind == Kind::Ratio && facts.unit.is_soft()
        }
        _ => false,
    }
}
