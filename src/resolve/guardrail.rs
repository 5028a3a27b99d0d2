//! Guardrails: the KPIs, dimensions and teams that they name, and the grain that follows from the KPIs.

use super::Resolver;
use crate::calendar::Grain;
use crate::diagnostic::{Findings, codes};
use crate::formula::Expression;
use crate::model::expr::{Calc, CalcLeaf};
use crate::model::guardrail::{Guardrail, Severity};
use crate::model::{KpiId, Model};
use crate::spec::Spec;
use crate::spec::guardrail as written;
use crate::spec::reader::Text;
use crate::text::title;

/// Makes the guardrails.
pub(super) fn guardrails(spec: &Spec, formulas: &super::Formulas, model: &mut Model, findings: &mut Findings) {
    let mut made = Vec::new();
    for (guardrail, tree) in spec.guardrails.iter().zip(&formulas.guardrails) {
        let mut resolver = Resolver { in_condition: true, ..Resolver::new(model, spec.incomplete) };
        made.push(resolver.guardrail(guardrail, tree.as_ref()));
        findings.append(resolver.findings);
    }
    model.guardrails = made;
}

impl Resolver<'_> {
    fn guardrail(&mut self, guardrail: &written::Guardrail, tree: Option<&Expression>) -> Guardrail {
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.value.clone());
        let condition = tree.map(|tree| self.calc(tree));
        let mut watches: Vec<KpiId> = Vec::new();
        if let Some(condition) = &condition {
            condition.deep_leaves(&mut |leaf| {
                if let CalcLeaf::Kpi(id) = leaf
                    && !watches.contains(id)
                {
                    watches.push(*id);
                }
            });
        }
        let periods = guardrail.periods.as_ref();
        if let Some(zero) = periods.filter(|periods| periods.value == 0) {
            self.report(&codes::GUARDRAIL_FOR_NOTHING, zero.span, "a condition for 0 periods is always true")
                .help("`for: 1` is one complete period, which is the default; `for: 2` needs two in a row");
        }
        let owner = guardrail.owner.as_ref().and_then(|name| self.team(name));
        let by = guardrail.by.iter().filter_map(|slice| self.slice(slice)).collect();
        let when = guardrail.when.as_ref();
        let grain = self.grain_of(guardrail, condition.as_ref());
        Guardrail {
            name: guardrail.name.clone(),
            title: text(&guardrail.title).unwrap_or_else(|| title(&guardrail.name.value, &self.model.acronyms)),
            description: text(&guardrail.description).unwrap_or_default(),
            written: when.map(|when| when.text.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default(),
            when_span: when.map_or(guardrail.name.span, |when| when.span),
            grain: grain.unwrap_or(Grain::Month),
            condition: condition.filter(|_| grain.is_some()),
            watches,
            by,
            periods: periods.map_or(1, |periods| periods.value),
            severity: guardrail.severity.as_ref().and_then(|text| Severity::parse(&text.value)).unwrap_or(Severity::Warn),
            owner,
            owner_named: guardrail.owner.is_some(),
            action: text(&guardrail.action).unwrap_or_default(),
            readings: Vec::new(),
        }
    }

    /// The grain that is said, or that of all KPIs which the condition looks at in a period; nothing, with a finding, if they differ.
    fn grain_of(&mut self, guardrail: &written::Guardrail, condition: Option<&Calc>) -> Option<Grain> {
        if let Some(grain) = &guardrail.grain {
            return Some(grain.value);
        }
        let mut looked_at = Vec::new();
        if let Some(condition) = condition {
            outside_each(condition, &mut |id| looked_at.push(id));
        }
        let of = |id: &KpiId| self.model.kpis.get(*id);
        let Some(first) = looked_at.first().map(of) else { return Some(Grain::Month) };
        if let Some(other) = looked_at.iter().map(of).find(|kpi| kpi.grain != first.grain) {
            let message = format!(
                "`{}` is by {}, but `{}` is by {}: which grain does this guardrail use?",
                first.name.value, first.grain, other.name.value, other.grain
            );
            let (span, help) = (guardrail.name.span, format!("declare it: `grain: {}`", first.grain.max(other.grain)));
            self.report(&codes::UNCLEAR_GUARDRAIL_GRAIN, span, message).help(help);
            return None;
        }
        Some(first.grain)
    }
}

/// Calls `visit` on every KPI that is looked at in the period itself: inside `each` the grain is said.
fn outside_each(calc: &Calc, visit: &mut impl FnMut(KpiId)) {
    calc.leaves(&mut |leaf| match leaf {
        CalcLeaf::Kpi(id) => visit(*id),
        CalcLeaf::Prior(_, of, _) | CalcLeaf::Slice(of, _) | CalcLeaf::Total(of, _) => outside_each(of, visit),
        CalcLeaf::Trend(trend) => outside_each(&trend.of, visit),
        CalcLeaf::Each(_) | CalcLeaf::Duration(..) | CalcLeaf::Aggregate(_) | CalcLeaf::Grouped(_) => {}
    });
}
