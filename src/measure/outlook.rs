//! Where a key result will be at its due date if its KPI goes on as it did, for `status`. Never a part of a view: what is forecast is not a figure.
//!
//! A forecast is of the KPI in the last period that ends by the due date, from its complete periods in unbroken order: a period without a value
//! (or that is not there) and all before it are left out, since what stands in a gap would be made up.

use super::status::{ResultStanding, Standing};
use super::{Session, past};
use crate::calendar::{Calendar, Date, Grain, add_days};
use crate::engine::{Answer, Failure};
use crate::forecast::{self, FEWEST, FEWEST_ERRORS, Forecast};
use crate::model::Model;
use crate::model::objective::{Bound, Goal, KeyResult, MeasuredKpi, ObjectiveId, Reads};
use crate::plan::plan;
use crate::plan::relation::Query;
use std::collections::BTreeMap;

/// What is expected of a key result, or why nothing is.
pub type Outlook = Result<Expected, String>;

/// The outlooks of key results that a KPI shows, by objective and place within it.
pub type Outlooks = BTreeMap<(ObjectiveId, usize), Outlook>;

/// What is expected of a key result.
#[derive(Debug)]
pub struct Expected {
    /// The last day of the period that is forecast.
    pub day: Date,
    /// How many periods it is after the last complete one.
    pub periods: usize,
    /// Their grain.
    pub grain: Grain,
    /// The value, within what the KPI's formula allows.
    pub value: f64,
    /// The interval that holds 80 % of the values; nothing if the past is too short for the horizon.
    pub interval: Option<(f64, f64)>,
    /// The chance of the goal, if there is an interval.
    pub chance: Option<f64>,
    /// How much each period would have to bring; nothing for a bound, and where the goal is reached.
    pub needed: Option<f64>,
    /// The most that the KPI ever changed towards the goal in so many periods.
    pub best: Option<f64>,
    /// The method with its errors.
    pub made: Forecast,
}

/// A key result to be forecast.
struct Asked<'a> {
    at: (ObjectiveId, usize),
    result: &'a KeyResult,
    shown: &'a MeasuredKpi,
    due: Date,
}

/// The key results that may have a forecast.
fn asked(model: &Model) -> Vec<Asked<'_>> {
    let all = model
        .objectives
        .iter()
        .flat_map(|(id, objective)| objective.key_results.iter().enumerate().map(move |(at, result)| ((id, at), result)));
    let counts = |result: &KeyResult| result.reads == Reads::Latest && result.dropped.is_none() && !model.calendar.custom;
    all.filter(|(_, result)| counts(result))
        .filter_map(|(at, result)| Some(Asked { at, result, shown: result.kpi()?, due: result.due? }))
        .collect()
}

/// The queries that [`outlooks`] runs.
pub fn queries(session: &Session<'_>) -> Vec<Query> {
    let model = session.project.model();
    asked(model).iter().map(|one| plan(session.project, &past::question(model, one.shown, None))).collect()
}

/// The outlooks of all key results that a KPI shows.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn outlooks(session: &Session<'_>, standings: &[Standing]) -> Result<Outlooks, Failure> {
    let model = session.project.model();
    let mut found: Outlooks = model
        .objectives
        .iter()
        .flat_map(|(id, objective)| objective.key_results.iter().enumerate().map(move |(at, result)| ((id, at), result)))
        .filter(|(_, result)| result.kpi().is_some())
        .map(|(at, result)| (at, Err(not_asked(model, result))))
        .collect();
    let asked = asked(model);
    if asked.is_empty() {
        return Ok(found);
    }
    for (one, answer) in asked.iter().zip(session.answer(&queries(session))?) {
        let standing = standings.iter().find(|standing| standing.objective == one.at.0);
        let Some(known) = standing.and_then(|standing| standing.key_results.get(one.at.1)) else { continue };
        found.insert(one.at, outlook(model, one, known, &answer));
    }
    Ok(found)
}

/// Why a key result is not asked for.
fn not_asked(model: &Model, result: &KeyResult) -> String {
    match result.reads {
        _ if result.dropped.is_some() => "it is dropped",
        Reads::ToDate => "it adds up since the start, and a forecast is of one period",
        Reads::Mean => "it is a mean since the start, and a forecast is of one period",
        Reads::Latest if model.calendar.custom => "only the warehouse knows the periods of a custom calendar",
        Reads::Latest => "it has no due date",
    }
    .to_owned()
}

fn outlook(model: &Model, one: &Asked<'_>, known: &ResultStanding, answer: &Answer) -> Outlook {
    let Ok(rows) = answer else { return Err("the engine cannot compute its figures".to_owned()) };
    let (grain, calendar) = (one.shown.grain, &model.calendar);
    let periods = past::complete(model, one.shown, rows);
    let Some((last, _)) = periods.last().copied() else { return Err("no period is complete".to_owned()) };
    let (horizon, day) = horizon(calendar, grain, last, one.due);
    if horizon == 0 && day < one.due {
        return Err(format!("no {grain} ends between the last complete one and {}", one.due));
    }
    if horizon == 0 || known.score.is_complete {
        return Err("it has ended".to_owned());
    }
    let values = unbroken(calendar, grain, &periods);
    if values.len() < FEWEST {
        let gap = if values.len() < periods.len() { " without a gap" } else { "" };
        let plural = if values.len() == 1 { "" } else { "s" };
        return Err(format!("its past has {} complete {grain}{plural}{gap}, and {FEWEST} are needed", values.len()));
    }
    let season = match grain {
        Grain::Day => 7,
        Grain::Week => 52,
        Grain::Month => 12,
        Grain::Quarter => 4,
        Grain::Year => 1,
    };
    let Some(made) = forecast::forecast(&values, season, horizon) else {
        return Err("its figures are too large to be forecast".to_owned());
    };
    let range = model.kpis.get(one.shown.kpi).facts.range;
    let within = |value: f64| value.max(range.low).min(range.high);
    let spread = made.spread;
    let interval = spread.map(|spread| (within(made.value - spread.margin()), within(made.value + spread.margin())));
    let wanted = wanted(one.result, known);
    let now = values.last().copied();
    let needed = now.zip(wanted.target).map(|(now, target)| (target - now, wanted.sign));
    #[expect(clippy::cast_precision_loss, reason = "a few periods")]
    let needed = needed.filter(|(left, sign)| left * sign > 0.0).map(|(left, _)| left / horizon as f64);
    Ok(Expected {
        day,
        periods: horizon,
        grain,
        value: within(made.value),
        interval,
        chance: spread.zip(wanted.bounds).map(|(spread, (low, high))| spread.chance(made.value, low, high)),
        needed,
        best: (wanted.sign != 0.0).then(|| forecast::best_change(&values, horizon, wanted.sign)).flatten(),
        made,
    })
}

/// The values since the last gap.
fn unbroken(calendar: &Calendar, grain: Grain, periods: &[(Date, Option<f64>)]) -> Vec<f64> {
    let mut values = Vec::new();
    let mut expected = None;
    for (period, value) in periods {
        if expected.is_some_and(|expected| expected != *period) || value.is_none() {
            values.clear();
        }
        values.extend(*value);
        expected = Some(calendar.next(grain, *period));
    }
    values
}

/// How many periods after the last one end by the due date, and the last day of these.
fn horizon(calendar: &Calendar, grain: Grain, last: Date, due: Date) -> (usize, Date) {
    let (mut at, mut count) = (calendar.next(grain, last), 0);
    loop {
        let next = calendar.next(grain, at);
        if next <= at || add_days(next, -1) > due {
            return (count, add_days(at, -1));
        }
        (at, count) = (next, count + 1);
    }
}

/// What a goal asks of the last period.
struct Wanted {
    /// The value to be reached; nothing for a bound.
    target: Option<f64>,
    /// 1.0 for up, -1.0 for down, 0.0 if neither.
    sign: f64,
    /// Between what the goal is reached or kept.
    bounds: Option<(f64, f64)>,
}

fn wanted(result: &KeyResult, known: &ResultStanding) -> Wanted {
    let (least, most) = (f64::NEG_INFINITY, f64::INFINITY);
    let bound = |sign, low, high| Wanted { target: None, sign, bounds: Some((low, high)) };
    match &result.goal {
        Some(Goal::Keep(Bound::AtLeast(amount) | Bound::Above(amount))) => bound(1.0, amount.number, most),
        Some(Goal::Keep(Bound::AtMost(amount) | Bound::Below(amount))) => bound(-1.0, least, amount.number),
        Some(Goal::Keep(Bound::Between(low, high))) => bound(0.0, low.number, high.number),
        Some(Goal::Reach { .. }) => match known.baseline.zip(known.target) {
            Some((from, to)) if to > from => Wanted { target: Some(to), sign: 1.0, bounds: Some((to, most)) },
            Some((from, to)) if to < from => Wanted { target: Some(to), sign: -1.0, bounds: Some((least, to)) },
            Some(_) | None => Wanted { target: None, sign: 0.0, bounds: None },
        },
        None => Wanted { target: None, sign: 0.0, bounds: None },
    }
}

impl Expected {
    /// Why there is no interval; nothing if there is one.
    pub fn why_no_interval(&self) -> Option<String> {
        let (errors, grain, periods) = (self.made.errors, self.grain, self.periods);
        let ahead = format!("{periods} {grain}{}", if periods == 1 { "" } else { "s" });
        self.interval.is_none().then(|| {
            format!(
                "the past has {errors} back-tests of {ahead} ahead, and {FEWEST_ERRORS} are needed for an interval and a chance"
            )
        })
    }
}
