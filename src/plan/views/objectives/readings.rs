//! What is read of each key result: the values of its KPI in complete periods, or what people checked in.

use super::{ObjectivesPlanner, all, floating, number, text, text_or_null, truth};
use crate::calendar::{Date, Grain, add, add_days};
use crate::functions::{coalesce, if_, max, operators, sum};
use crate::model::expr::{Expr, Node};
use crate::model::objective::{Evidence, KeyResult, MeasuredKpi, Objective, Reads};
use crate::model::value::Type;
use crate::model::{Body as KpiBody, DimensionId, KpiId, Model};
use crate::plan::algebra::names::beside_own;
use crate::plan::algebra::relation::{
    Atom, Body, From, Join, JoinKind, Part, Query, Rolling, Rows, Scalar, Select, column, day, fold, moved,
};
use crate::plan::answer::assemble::Planner;
use crate::plan::{Output, Question, Show};

/// The day after a period, beside dimensions and KPIs, whose names have no two underscores.
const END: &str = "period__end";
/// The day after the period that follows it.
const NEXT_END: &str = "next_period__end";

/// Whether the answers have a column of that name beside those of dimensions.
fn is_own(name: &str) -> bool {
    name == "period"
}

/// Key results whose KPIs are asked for together.
struct Group<'a> {
    grain: Grain,
    dimensions: Vec<DimensionId>,
    since: Option<Date>,
    members: Vec<(&'a Objective, &'a KeyResult, &'a MeasuredKpi)>,
}

/// From which day on everything counts, if a result reads that. Hand-kept figures are added up instead.
fn since(model: &Model, objective: &Objective, result: &KeyResult, shown: &MeasuredKpi) -> Option<Date> {
    let by_hand = matches!(model.kpis.get(shown.kpi).body, KpiBody::Values(_));
    (result.reads == Reads::ToDate && !by_hand).then_some(objective.period?.first)
}

/// The key results that `which` chooses, grouped by how their KPIs are asked for. `whole` gives the KPI of periods, whatever is read.
fn groups<'a>(making: &ObjectivesPlanner<'a>, whole: bool, which: impl Fn(&Objective, &KeyResult) -> bool) -> Vec<Group<'a>> {
    let model = making.model;
    let mut groups: Vec<Group<'a>> = Vec::new();
    let is_asked = |result: &KeyResult| result.kpi().is_none_or(|shown| !making.left_out.contains(&shown.kpi));
    for (objective, result) in all(model).filter(|(objective, result)| which(objective, result) && is_asked(result)) {
        let (Evidence::Kpi(shown), Some(_), Some(_)) = (&result.evidence, objective.period, result.due) else { continue };
        let since = if whole { None } else { since(model, objective, result, shown) };
        // A window that begins before data is whole is never complete.
        if since.is_some_and(|since| since < model.calendar.data_from) {
            continue;
        }
        let dimensions = shown.dimensions();
        let member = (objective, result, shown.as_ref());
        // A slice has its first row in each KPI at a time of its own, so that no KPI may show it because another one does.
        let same = |group: &&mut Group<'_>| {
            let is_alike = group.grain == shown.grain && group.dimensions == dimensions && group.since == since;
            is_alike && (dimensions.is_empty() || group.members.iter().all(|(.., other)| other.kpi == shown.kpi))
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.members.push(member),
            None => groups.push(Group { grain: shown.grain, dimensions, since, members: vec![member] }),
        }
    }
    groups
}

/// The part with the KPIs of a group side by side, sliced by its dimensions.
fn side_by_side(
    making: &mut ObjectivesPlanner<'_>,
    group: &Group<'_>,
    wish: &str,
    from: Option<Date>,
    to: Option<Date>,
) -> String {
    let model = making.model;
    let mut kpis: Vec<KpiId> = Vec::new();
    for (_, _, shown) in &group.members {
        if !kpis.contains(&shown.kpi) {
            kpis.push(shown.kpi);
        }
    }
    let mut outputs =
        vec![Output { name: END.to_owned(), show: Show::End }, Output { name: NEXT_END.to_owned(), show: Show::NextEnd }];
    for id in kpis {
        let name = &model.kpis.get(id).name.value;
        outputs.push(Output { name: format!("{name}__value"), show: Show::Value(id) });
        outputs.push(Output { name: format!("{name}__is_complete"), show: Show::IsComplete(vec![id]) });
    }
    let question = Question {
        outputs,
        grain: group.grain,
        dimensions: group.dimensions.clone(),
        age: None,
        filter: None,
        since: group.since,
        omit_gaps: false,
        from,
        // Which slices there are does not depend on when an objective begins.
        is_lead_in: true,
        to,
        data: making.data,
        lumped: None,
        is_own,
    };
    let names = std::mem::take(&mut making.names);
    let Query { parts, result } = Planner::new(model, &question, names).query(&mut making.names);
    making.parts.extend(parts);
    let name = making.names.take(wish);
    making.parts.push(Part { name: name.clone(), body: result });
    name
}

/// The rows of the slice that a result is about.
fn of_slice(model: &Model, shown: &MeasuredKpi, from: &str) -> impl Iterator<Item = Scalar> {
    shown.slice.iter().map(|member| {
        let value = column(from, &beside_own(&model.dimensions.get(member.dimension).name, is_own));
        let written = Expr::made(Node::Literal(member.value.clone()));
        match &member.text {
            None => Expr::apply(&operators::IS_NULL, vec![value]),
            Some(_) if member.is_time => {
                let time = Expr::leaf(Atom::As(Box::new(written), Type::Timestamp));
                Expr::apply(&operators::EQUAL, vec![value, time])
            }
            Some(_) => Expr::apply(&operators::EQUAL, vec![value, written]),
        }
    })
}

fn value_of(model: &Model, shown: &MeasuredKpi, from: &str) -> Scalar {
    floating(column(from, &format!("{}__value", model.kpis.get(shown.kpi).name.value)))
}

fn completeness_of(model: &Model, shown: &MeasuredKpi, from: &str) -> Scalar {
    column(from, &format!("{}__is_complete", model.kpis.get(shown.kpi).name.value))
}

fn at_most(one: Scalar, two: Scalar) -> Scalar {
    Expr::apply(&operators::LESS_OR_EQUAL, vec![one, two])
}

/// The part with the measured baselines: the values of the last complete period before each objective begins.
pub(super) fn baselines(making: &mut ObjectivesPlanner<'_>) -> String {
    let model = making.model;
    let mut selects = Vec::new();
    for group in groups(making, true, |objective, result| super::terms::measured_before(objective, result).is_some()) {
        let starts = group.members.iter().filter_map(|(objective, result, _)| super::terms::measured_before(objective, result));
        let custom = model.calendar.custom;
        let from = starts.clone().min().filter(|_| !custom).map(|first| before(model, group.grain, first));
        let to = starts.max().map(|last| add_days(last, -1));
        let from = if custom { Some(model.calendar.data_from) } else { from };
        let wide = side_by_side(making, &group, &format!("before_by_{}", group.grain), from, to);
        for (objective, result, shown) in &group.members {
            let Some(begins) = super::terms::measured_before(objective, result) else { continue };
            let period = if custom { last_period(&wide, begins) } else { day(before(model, group.grain, begins)) };
            let mut select = Select::from_part(&wide);
            select.column(text(&objective.name.value), "objective");
            select.column(text(&result.name.value), "key_result");
            select.column(value_of(model, shown, &wide), "baseline");
            select.filter.push(Expr::apply(&operators::EQUAL, vec![column(&wide, "period"), period]));
            select.filter.push(completeness_of(model, shown, &wide));
            select.filter.extend(of_slice(model, shown, &wide));
            selects.push(select);
        }
    }
    if selects.is_empty() {
        selects.push(no_baselines());
    }
    making.push("baselines", |_| Body::Union(selects))
}

/// No baseline at all, with the columns of one.
fn no_baselines() -> Select {
    let mut select = Select::default();
    select.column(text_or_null(None), "objective");
    select.column(text_or_null(None), "key_result");
    select.column(floating(Expr::null()), "baseline");
    select.filter.push(truth(false));
    select
}

/// The last period that is over when a day begins.
fn before(model: &Model, grain: Grain, begins: Date) -> Date {
    add(model.calendar.period_start(grain, begins), grain, -1)
}

/// The same where only the warehouse knows the periods.
fn last_period(wide: &str, begins: Date) -> Scalar {
    let mut select = Select::from_part(wide);
    select.column(fold(&max::MAX, column(wide, "period")), "period");
    select.filter.push(at_most(column(wide, END), day(begins)));
    Expr::leaf(Atom::Single(Box::new(select)))
}

/// The part with what is read: one row for each key result and complete period, or check-in, that counts.
pub(super) fn readings(making: &mut ObjectivesPlanner<'_>, goals: &str) -> String {
    let model = making.model;
    let mut selects = Vec::new();
    for group in groups(making, false, |_, _| true) {
        let custom = model.calendar.custom;
        let starts = group.members.iter().filter_map(|(objective, ..)| Some(objective.period?.first));
        let first = starts.min().map(|first| model.calendar.period_start(group.grain, first));
        let from = if custom { Some(model.calendar.data_from) } else { first };
        let to = group.members.iter().filter_map(|(_, result, _)| result.due).max();
        let wide = side_by_side(making, &group, &format!("readings_by_{}", group.grain), from, to);
        selects.extend(group.members.iter().filter_map(|member| kpi_rows(making, &group, member, &wide)));
    }
    for (objective, result) in all(model) {
        selects.extend(check_ins(making, objective, result));
    }
    if selects.is_empty() {
        selects.push(no_rows(goals));
    }
    making.push("readings", |_| Body::Union(selects))
}

/// The rows of one key result in the wide answer of its group.
fn kpi_rows(
    making: &ObjectivesPlanner<'_>,
    group: &Group<'_>,
    (objective, result, shown): &(&Objective, &KeyResult, &MeasuredKpi),
    wide: &str,
) -> Option<Select> {
    let model = making.model;
    let (period, due) = (objective.period?, result.due?);
    let end = || column(wide, END);
    let value = value_of(model, shown, wide);
    let rolling = |argument: Scalar| {
        let order = column(wide, "period");
        Expr::leaf(Atom::Rolling(Box::new(Rolling {
            function: &sum::SUM,
            fraction: None,
            argument,
            part: Vec::new(),
            order,
            days_before: None,
        })))
    };
    let is_there = Expr::apply(&operators::IS_NOT_NULL, vec![value.clone()]);
    let current = match result.reads {
        Reads::Mean => {
            let there = Expr::apply(&if_::IF, vec![is_there, number(1.0), number(0.0)]);
            making.settled(Expr::apply(&operators::DIVIDE, vec![rolling(value), rolling(there)]))
        }
        Reads::ToDate if group.since.is_none() => making.settled(rolling(value)),
        Reads::ToDate | Reads::Latest => value,
    };
    let mut select = Select::from_part(wide);
    select.column(text(&objective.name.value), "objective");
    select.column(text(&result.name.value), "key_result");
    select.column(column(wide, "period"), "period");
    select.column(end(), "period_end");
    select.column(current, "current");
    // The last reading is that after which no further period ends in time. Where a calendar does not say when the next one ends, it
    // is the one that ends on the day.
    let after_due = || day(add_days(due, 1));
    let ends_then = Expr::apply(&operators::GREATER_OR_EQUAL, vec![end(), after_due()]);
    let next_is_late = Expr::apply(&operators::GREATER, vec![column(wide, NEXT_END), after_due()]);
    let is_last = if model.calendar.custom {
        let next_is_late = Expr::apply(&coalesce::COALESCE, vec![next_is_late, truth(false)]);
        Expr::apply(&operators::OR, vec![ends_then, next_is_late])
    } else {
        next_is_late
    };
    select.column(is_last, "is_last");
    select.filter.push(completeness_of(model, shown, wide));
    select.filter.extend(of_slice(model, shown, wide));
    // What accumulates may begin within a period.
    let begun = if group.since.is_some() {
        Expr::apply(&operators::GREATER, vec![end(), day(period.first)])
    } else {
        Expr::apply(&operators::GREATER_OR_EQUAL, vec![column(wide, "period"), day(period.first)])
    };
    select.filter.push(begun);
    select.filter.push(at_most(end(), day(add_days(due, 1))));
    Some(select)
}

/// The check-ins of a manual result.
fn check_ins(making: &ObjectivesPlanner<'_>, objective: &Objective, result: &KeyResult) -> Option<Select> {
    let Evidence::Manual(_) = &result.evidence else { return None };
    let due = result.due?;
    let rows: Vec<_> =
        result.check_ins.iter().filter_map(|check_in| Some(vec![day(check_in.day), number(check_in.value?)])).collect();
    if rows.is_empty() {
        return None;
    }
    let name = "check_ins";
    let relation = Rows::Values(vec!["day".to_owned(), "value".to_owned()], rows);
    let mut select = Select { from: Some(From { relation, name: name.to_owned() }), ..Select::default() };
    select.column(text(&objective.name.value), "objective");
    select.column(text(&result.name.value), "key_result");
    select.column(column(name, "day"), "period");
    select.column(moved(column(name, "day"), 1, Grain::Day), "period_end");
    select.column(floating(column(name, "value")), "current");
    select.column(Expr::apply(&operators::GREATER_OR_EQUAL, vec![column(name, "day"), day(due)]), "is_last");
    select.filter.push(making.is_visible(column(name, "day")));
    Some(select)
}

/// No reading at all, with the columns of one.
fn no_rows(goals: &str) -> Select {
    let mut select = Select::from_part(goals);
    select.column(column(goals, "objective"), "objective");
    select.column(column(goals, "key_result"), "key_result");
    select.column(column(goals, "begins"), "period");
    select.column(column(goals, "begins"), "period_end");
    select.column(column(goals, "target"), "current");
    select.column(truth(false), "is_last");
    select.filter.push(truth(false));
    select
}

/// The part with the pace of each result, in straight pieces: which share of the way from one day to another.
pub(super) fn paces(making: &mut ObjectivesPlanner<'_>) -> String {
    let mut rows = Vec::new();
    for (objective, result) in all(making.model) {
        for pair in result.pace.windows(2) {
            let [from, to] = pair else { continue };
            rows.push(vec![
                text(&objective.name.value),
                text(&result.name.value),
                day(add_days(from.day, 1)),
                day(add_days(to.day, 1)),
                number(from.share),
                number(to.share),
            ]);
        }
    }
    let names = ["objective", "key_result", "from_day", "to_day", "from_share", "to_share"];
    making.push("paces", |name| {
        let relation = Rows::Values(names.map(str::to_owned).to_vec(), rows);
        let mut select = Select { from: Some(From { relation, name: name.to_owned() }), ..Select::default() };
        for column_name in names {
            let value = column(name, column_name);
            select.column(if column_name.ends_with("_share") { floating(value) } else { value }, column_name);
        }
        Body::Select(select)
    })
}

/// How a part is joined to another by key result.
pub(super) fn joined(kind: JoinKind, part: &str, on: Scalar) -> Join {
    Join { kind, from: From { relation: Rows::Part(part.to_owned()), name: part.to_owned() }, on: Some(on) }
}
