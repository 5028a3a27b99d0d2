//! Cohorts: a KPI with ages looks at them, what uses it has the same ages, and nothing shows it where there is room for one figure.

use crate::diagnostic::{Findings, codes};
use crate::graph::Graph;
use crate::model::expr::{Age, Calc, CalcLeaf, Node};
use crate::model::objective::Evidence;
use crate::model::{Body, KpiId, Model};
use crate::text::Span;

/// The column of ages in views.
const AGE: &str = "age";

/// Checks the ages of all KPIs.
pub(super) fn cohorts(model: &Model, graph: &Graph, findings: &mut Findings) {
    for id in graph.kpi_order().iter().copied() {
        let kpi = model.kpis.get(id);
        let Body::Formula(calc) = &kpi.body else { continue };
        let mut walk = Walk { model, id, age: kpi.age.as_ref().map(|age| age.value), used: false, wrong: false, findings };
        walk.calc(calc, kpi.name.span, false);
        let unused = !walk.used && !walk.wrong;
        if let (Some(age), true) = (&kpi.age, unused && !kpi.facts.is_broken()) {
            let message = format!("`{}` has ages, but its formula does not use them", kpi.name.value);
            findings
                .report(&codes::NEEDLESS_AGE, age.span, message)
                .help("say what to count at each age: `count(users where count(logins over age) > 0)`; or remove `age`");
        }
    }
    for kpi in model.kpis.rows().iter().filter(|kpi| kpi.age.is_some()) {
        for slice in &kpi.by {
            if slice.value.iter().any(|id| model.dimensions.get(*id).name == AGE) {
                let message = format!("the views of `{}` already have a column `{AGE}`, for its ages", kpi.name.value);
                findings
                    .report(&codes::BAD_SLICE, slice.span, message)
                    .help("give the dimension another name under `dimensions:`, such as `user_age`");
            }
        }
    }
    for (id, span, place) in single_figures(model) {
        let kpi = model.kpis.get(id);
        let Some(age) = &kpi.age else { continue };
        let message = format!("`{}` has a figure for each age, but {place} has room for one", kpi.name.value);
        findings.report(&codes::NO_ROOM_FOR_AGES, span, message).also(age.span, "its ages").help(
            "remove it: cohorts are a table of their own; a KPI without ages can look at one age, for instance with `within`",
        );
    }
}

/// The KPIs that are looked at where there is room for one figure, each with its place.
fn single_figures(model: &Model) -> Vec<(KpiId, Span, &'static str)> {
    let mut found: Vec<(KpiId, Span, &str)> = Vec::new();
    let cards = model.scorecards.iter().flat_map(|card| &card.kpis);
    found.extend(cards.map(|entry| (entry.value, entry.span, "a scorecard")));
    let watched = model.guardrails.iter().flat_map(|guardrail| guardrail.watches.iter().map(|id| (*id, guardrail.when_span)));
    found.extend(watched.map(|(id, span)| (id, span, "a guardrail")));
    if let Some(star) = &model.north_star {
        let parts = star.volume.iter().chain(&star.efficiency).chain(&star.counter);
        found.extend(parts.map(|part| (part.value, part.span, "the North Star")));
    }
    for result in model.objectives.rows().iter().flat_map(|objective| &objective.key_results) {
        if let Evidence::Kpi(shown) = &result.evidence {
            found.push((shown.kpi, shown.span, "a key result"));
        }
    }
    found
}

/// Looks for ages in the formula of a KPI.
struct Walk<'a> {
    model: &'a Model,
    id: KpiId,
    /// The ages of the KPI itself.
    age: Option<Age>,
    /// Whether a part looks at them.
    used: bool,
    /// Whether a part is wrong, so that nothing is known.
    wrong: bool,
    findings: &'a mut Findings,
}

impl Walk<'_> {
    fn calc(&mut self, calc: &Calc, or: Span, each: bool) {
        match &calc.node {
            Node::Apply(_, arguments) => arguments.iter().for_each(|argument| self.calc(argument, or, each)),
            Node::Broken => self.wrong = true,
            Node::Literal(_) => {}
            Node::Leaf(leaf) => match leaf {
                CalcLeaf::Aggregate(aggregate) => self.used |= aggregate.age().is_some(),
                CalcLeaf::Grouped(grouped) => self.used |= grouped.age().is_some(),
                CalcLeaf::Kpi(id) => self.kpi(*id, calc.span_or(or), each),
                CalcLeaf::Each(inner) => self.calc(&inner.of, or, true),
                CalcLeaf::Prior(_, of, _) | CalcLeaf::Slice(of, _) | CalcLeaf::Total(of, _) => self.calc(of, or, each),
                CalcLeaf::Trend(trend) => self.calc(&trend.of, or, each),
                CalcLeaf::Duration(..) => {}
            },
        }
    }

    /// Another KPI in the formula.
    fn kpi(&mut self, id: KpiId, span: Span, each: bool) {
        let (own, used) = (self.model.kpis.get(self.id), self.model.kpis.get(id));
        let Some(age) = &used.age else { return };
        let (own_name, name) = (&own.name.value, &used.name.value);
        if each {
            self.wrong = true;
            let message = format!("`each` goes over periods, but `{name}` has a figure for each age of a cohort");
            self.findings
                .report(&codes::MISPLACED_AGE, span, message)
                .also(age.span, "its ages")
                .help("remove `each`; for the mean of several cohorts use a longer grain, which counts more of them together");
        } else if self.age == Some(age.value) {
            self.used = true;
        } else {
            self.wrong = true;
            let message = match self.age {
                None => format!("`{name}` has a figure for each age, and `{own_name}` has no ages"),
                Some(_) => format!("`{name}` has other ages than `{own_name}`"),
            };
            self.findings
                .report(&codes::MISSING_AGE, span, message)
                .also(age.span, format!("the ages of `{name}`"))
                .help(format!("give `{own_name}` the same ages: `{}`", age.value));
        }
    }
}
