//! The entries of guardrails.

use super::Collected;
use super::data::Guardrail;
use crate::model;
use std::collections::BTreeMap;

/// The entries of all guardrails, by name.
pub(super) fn guardrails(all: &Collected<'_>) -> BTreeMap<String, Guardrail> {
    let entry = |(at, guardrail): (usize, &model::guardrail::Guardrail)| {
        let expected = |test: &&model::TestCase| test.firings.iter().any(|expected| expected.guardrail == at);
        let tests = all.model.tests.iter().filter(expected).map(|test| test.name.value.clone());
        let made = Guardrail {
            name: guardrail.name.value.clone(),
            title: guardrail.title.clone(),
            description: guardrail.description.clone(),
            when: guardrail.written.clone(),
            compares: guardrail.readings.iter().map(|reading| reading.text.clone()).collect(),
            kpis: guardrail.watches.iter().map(|id| all.kpi_name(*id)).collect(),
            grain: guardrail.grain.name().to_owned(),
            slices: guardrail.by.iter().map(|slice| all.dimension_names(&slice.value)).collect(),
            periods: guardrail.periods,
            severity: guardrail.severity.name().to_owned(),
            owner: guardrail.owner.map(|team| all.model.teams.get(team).name.value.clone()),
            action: guardrail.action.clone(),
            tests: tests.collect(),
            defined: all.place(guardrail.name.span),
        };
        (made.name.clone(), made)
    };
    all.model.guardrails.iter().enumerate().map(entry).collect()
}
