//! Targets against what their KPIs have done before, for `verify`: those that were reached without any effort, and those that are far
//! outside all that ever happened.
//!
//! Looked at are results that go from one value to another by their KPI's latest period, over the complete periods before the
//! objective starts. A mean, or what adds up, is not a figure that a period of the past had.

use super::{Session, past};
use crate::calendar::{Calendar, Date, Grain};
use crate::diagnostic::{Findings, codes};
use crate::engine::{Failure, Rows};
use crate::model::Model;
use crate::model::objective::{Baseline, Goal, KeyResult, MeasuredKpi, Objective, Reads, Target};
use crate::plan::plan;

/// How many periods before the start are looked at for what is reached already.
const RECENT: usize = 6;
/// How many times the greatest change of the past is more than anybody can plan for.
const STRETCH: f64 = 3.0;

/// A key result with what it aims at and the question after its past.
struct Asked<'a> {
    objective: &'a Objective,
    result: &'a KeyResult,
    shown: &'a MeasuredKpi,
    goal: &'a Goal,
    begins: Date,
    due: Date,
}

/// Reports targets that the past says something against.
///
/// # Errors
/// Fails if the engine cannot be used. A question that it refuses is left out: what is wrong with the data is said elsewhere.
pub(super) fn check(session: &Session<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let model = session.project.model();
    // Only the warehouse knows the periods of a custom calendar.
    if model.calendar.custom {
        return Ok(());
    }
    let asked: Vec<Asked<'_>> = model.objectives.rows().iter().flat_map(all).collect();
    let queries: Vec<_> =
        asked.iter().map(|one| plan(session.project, &past::question(model, one.shown, Some(one.begins)))).collect();
    if queries.is_empty() {
        return Ok(());
    }
    for (one, answer) in asked.iter().zip(session.answer(&queries)?) {
        let Ok(rows) = answer else { continue };
        judge(model, one, &past(model, one, &rows), findings);
    }
    Ok(())
}

fn all(objective: &Objective) -> impl Iterator<Item = Asked<'_>> {
    objective.key_results.iter().filter_map(move |result| {
        let goal = result.goal.as_ref().filter(|goal| matches!(goal, Goal::Reach { .. }))?;
        let (shown, period, due) = (result.kpi()?, objective.period?, result.due?);
        let counts = result.dropped.is_none() && result.reads == Reads::Latest;
        counts.then_some(Asked { objective, result, shown, goal, begins: period.first, due })
    })
}

/// The values of the complete periods before the objective starts, the earliest first.
fn past(model: &Model, one: &Asked<'_>, rows: &Rows) -> Vec<f64> {
    let before = |period: &Date| model.calendar.next(one.shown.grain, *period) <= one.begins;
    let periods = past::complete(model, one.shown, rows).into_iter().filter(|(period, _)| before(period));
    periods.filter_map(|(_, value)| value).collect()
}

/// How many periods lie between the start and the due date.
fn periods(calendar: &Calendar, grain: Grain, one: &Asked<'_>) -> usize {
    let mut at = calendar.first_from(grain, one.begins);
    let mut count = 0;
    while calendar.next(grain, at) <= crate::calendar::add_days(one.due, 1) {
        at = calendar.next(grain, at);
        count += 1;
    }
    count
}

fn judge(model: &Model, one: &Asked<'_>, past: &[f64], findings: &mut Findings) {
    let (Some(last), true) = (past.last().copied(), past.len() >= RECENT) else { return };
    let Goal::Reach { from, to } = one.goal else { return };
    let from = match from {
        Baseline::Number(amount) => amount.number,
        Baseline::Measured(_) => last,
        Baseline::Zero => return,
    };
    let to = match to {
        Target::Number(amount) => amount.number,
        Target::Relative(relative) => relative.of(from),
    };
    let sign = if to > from { 1.0 } else { -1.0 };
    let grain = one.shown.grain;
    let kpi = &model.kpis.get(one.shown.kpi).name.value;
    let recent = past.get(past.len() - RECENT..).unwrap_or_default();
    let reached = recent.iter().filter(|value| (**value - to) * sign >= 0.0).count();
    let what = format!("`{}` of `{}`", one.result.name.value, one.objective.name.value);
    if reached * 2 >= RECENT {
        let message =
            format!("{what} is already reached: `{kpi}` was there in {reached} of the {RECENT} {grain}s before the start");
        findings
            .report(&codes::SANDBAGGED_TARGET, one.goal.span(), message)
            .help("set a target that takes effort; or, to keep the level, write a bound with `health: true`");
        return;
    }
    let count = periods(&model.calendar, grain, one);
    let changes = past.iter().zip(past.iter().skip(count)).map(|(before, after)| (after - before) * sign);
    let best = changes.fold(0.0, f64::max);
    let asked = (to - last) * sign;
    if best > 0.0 && asked > STRETCH * best {
        let times = asked / best;
        let message = format!(
            "{what} asks for {times:.0} times the largest change that `{kpi}` ever made within {count} {grain}{}",
            if count == 1 { "" } else { "s" }
        );
        findings
            .report(&codes::IMPROBABLE_TARGET, one.goal.span(), message)
            .help("a stretch target should still be possible: look at the past figures with `kpic run`");
    }
}
