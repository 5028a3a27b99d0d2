//! How things stand: the North Star, objectives and guardrails that fire, all read at once, for reviews and documents.

use super::firings::{self, Firing};
use super::guard::{self, Guarded, Guarding};
use super::outlook::{self, Outlooks};
use super::refused::Refused;
use super::status::{self, Score, Standing, Star};
use super::{Session, ahead, shown};
use crate::calendar::Date;
use crate::diagnostic::Findings;
use crate::engine::Failure;
use crate::manifest::present::{Fired, FiredOf, Present, Progress, ResultFigures, StarFigures};
use crate::model::Model;
use crate::model::guardrail::Guardrail;
use crate::model::objective::{Goal, KeyResult};
use crate::model::unit::Unit;
use crate::plan::Data;
use crate::plan::relation::Query;
use crate::plan::views::guardrails;
use crate::plan::views::objectives::{is_filled, unit_text};
use std::collections::BTreeMap;

/// What an engine says of the present.
pub struct Found<'a> {
    /// The last visible day.
    pub today: Option<Date>,
    /// The KPIs of the North Star.
    pub stars: Vec<Star>,
    /// How far objectives are, in the order of their definitions.
    pub standings: Vec<Standing>,
    /// Where key results will be at their due dates.
    pub outlooks: Outlooks,
    /// The guardrails that fire in their last complete period.
    pub firings: Vec<Firing<'a>>,
    /// What the engine refuses to compute, which is left out.
    pub refused: Findings,
}

/// The queries that [`read`] runs.
pub fn queries(session: &Session<'_>) -> Vec<Query> {
    let model = session.project.model();
    let mut queries = status::star_queries(session);
    queries.extend(firing_query(model, &watched(model)));
    if is_filled(model) {
        queries.extend(status::queries(session));
        queries.extend(outlook::queries(session));
    }
    queries
}

fn watched(model: &Model) -> Vec<&Guardrail> {
    model.guardrails.iter().collect()
}

fn firing_query(model: &Model, watched: &[&Guardrail]) -> Option<Query> {
    (!watched.is_empty()).then(|| guardrails::query(model, watched, Data::Warehouse))
}

/// Reads how things stand, while the data is checked.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn read<'a>(session: &Session<'a>, guarding: Guarding) -> Result<Guarded<Found<'a>>, Failure> {
    guard::beside(session, guarding, &queries(session), || ask(session))
}

/// The same of data that is checked by whoever asks.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn ask<'a>(session: &Session<'a>) -> Result<Found<'a>, Failure> {
    let model = session.project.model();
    let watched = watched(model);
    let firings = firing_query(model, &watched);
    let mut refused = Refused::default();
    let mut current = Vec::new();
    for answer in firings.map(|query| session.answer(&[query])).transpose()?.into_iter().flatten() {
        current.extend(firings::apart(session, &watched, answer, &mut refused)?);
    }
    let stars = status::north_star(session, &mut refused)?;
    let standings = if is_filled(model) { status::standings(session, &mut refused)? } else { Vec::new() };
    let outlooks = if standings.is_empty() { Outlooks::new() } else { outlook::outlooks(session, &standings)? };
    Ok(Found {
        today: status::today(session)?,
        stars,
        standings,
        outlooks,
        firings: current.into_iter().filter(|firing: &Firing<'_>| firing.is_current).collect(),
        refused: refused.explained(session)?,
    })
}

/// The same as documents show it.
pub fn data(model: &Model, found: &Found<'_>) -> Present {
    let mut present = Present { as_of: found.today.map(|day| day.to_string()).unwrap_or_default(), ..Present::default() };
    for star in &found.stars {
        let kpi = model.kpis.get(star.kpi);
        let figures = StarFigures {
            period: star.period.map(|day| shown::period(day, kpi.grain, &model.calendar)).unwrap_or_default(),
            now: shown::known(star.value, &kpi.facts.unit),
            before: shown::known(star.before, &kpi.facts.unit),
        };
        present.north_star.insert(kpi.name.value.clone(), figures);
    }
    for standing in &found.standings {
        let objective = model.objectives.get(standing.objective);
        let name = objective.name.value.clone();
        let results = objective.key_results.iter().zip(&standing.key_results).enumerate().map(|(at, (result, known))| {
            let outlook = found.outlooks.get(&(standing.objective, at)).filter(|outlook| outlook.is_ok());
            let outlook = outlook.filter(|_| ahead::is_open(result, known));
            let unit = Unit::parse(&unit_text(model, result)).unwrap_or_default();
            let figures = ResultFigures {
                progress: progress(&known.score),
                from: shown::known(known.baseline, &unit),
                now: shown::known(known.current, &unit),
                to: goal(result, known.target, &unit),
                as_of: known.score.as_of.clone(),
                days_since_check_in: known.stale,
                slips: known.slips(),
                missed: known.missed(),
                ahead: outlook.map(|outlook| ahead::line(model, result, known, outlook)).unwrap_or_default(),
            };
            (result.name.value.clone(), figures)
        });
        present.key_results.insert(name.clone(), results.collect());
        present.objectives.insert(name, progress(&standing.score));
    }
    present.firings = fired(model, &found.firings);
    present
}

/// What a key result is to reach or keep: `45.0%`, `at least 46.0%`.
pub fn goal(result: &KeyResult, target: Option<f64>, unit: &Unit) -> String {
    match &result.goal {
        Some(Goal::Keep(bound)) => {
            let bounds: Vec<String> = bound.amounts().into_iter().map(|amount| shown::figure(amount.number, unit)).collect();
            format!("{} {}", bound.word().replace('_', " "), bounds.join(" and "))
        }
        Some(Goal::Reach { .. }) => shown::known(target, unit),
        None => String::new(),
    }
}

fn progress(score: &Score) -> Progress {
    let figure = |value: Option<f64>| value.map(|value| format!("{value:.2}")).unwrap_or_default();
    Progress {
        score: figure(score.score),
        expected: figure(score.expected),
        status: score.status.clone(),
        why: score.why.clone(),
    }
}

fn fired(model: &Model, firings: &[Firing<'_>]) -> BTreeMap<String, Fired> {
    let mut found: BTreeMap<String, Fired> = BTreeMap::new();
    for firing in firings {
        let label = |day| shown::period(day, firing.guardrail.grain, &model.calendar);
        let entry = found
            .entry(firing.guardrail.name.value.clone())
            .or_insert_with(|| Fired { period: label(firing.period), of: Vec::new() });
        entry.of.push(FiredOf { slice: firing.slice.clone(), figures: firing.compared(), since: label(firing.since) });
    }
    found
}
