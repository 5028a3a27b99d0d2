//! Reads everything that the pages show, all KPIs in one go.
//!
//! 1. `Reading::of` plans: totals by grain, side by side as `kpic run` asks for them; slices by dimensions, cohorts one by one.
//! 2. `Reading::read` asks while the data is checked, and asks for how things stand as `kpic review` does.
//!
//! A KPI that the engine refuses keeps no other from being shown: it is marked, and why is handed on.

use super::figures::{Cohort, Figures, KpiFigures, Member, Period, Point, Reached, Sliced, Target};
use crate::calendar::{AsOf, Date, Grain, add_days};
use crate::diagnostic::Findings;
use crate::engine::{Failure, Rows};
use crate::measure::guard::{self, Guarded, Guarding};
use crate::measure::present::{self, Found};
use crate::measure::refused::{self, Refused};
use crate::measure::{Session, number, shown, status};
use crate::model::objective::Reads;
use crate::model::{DimensionId, KpiId, Model};
use crate::plan::relation::Query;
use crate::plan::views::{IS_SHOWN, blank};
use crate::plan::{self, Output, Question, Show};
use serde_json::Value;
use std::collections::BTreeMap;

/// How many KPIs are asked for side by side.
const AT_ONCE: usize = 60;
/// How many periods of slices are read.
const PERIODS: usize = 13;
/// How many values of dimensions a page shows.
const MEMBERS: usize = 12;

/// What is asked for in one query.
enum Part {
    /// Totals at one grain.
    Totals(Grain, Vec<KpiId>),
    /// KPIs by some dimensions.
    Slices(Grain, Vec<DimensionId>, Vec<KpiId>),
    /// A KPI with ages.
    Cohorts(KpiId),
}

/// What is going to be read.
pub struct Reading<'s, 'a> {
    session: &'s Session<'a>,
    today: Option<Date>,
    parts: Vec<Part>,
}

impl<'s, 'a> Reading<'s, 'a> {
    /// Plans what to read.
    ///
    /// # Errors
    /// Fails if the last visible day is today, and the engine cannot say which that is.
    pub fn of(session: &'s Session<'a>) -> Result<Self, Failure> {
        let model = session.project.model();
        let mut totals: BTreeMap<Grain, Vec<KpiId>> = BTreeMap::new();
        let mut slices: BTreeMap<(Grain, Vec<DimensionId>), Vec<KpiId>> = BTreeMap::new();
        let mut cohorts = Vec::new();
        for (id, kpi) in model.kpis.iter() {
            if kpi.age.is_some() {
                cohorts.extend(kpi.facts.needs.is_none().then_some(Part::Cohorts(id)));
                continue;
            }
            if kpi.facts.needs.is_none() {
                totals.entry(kpi.grain).or_default().push(id);
            }
            for slice in &kpi.by {
                let asked = slices.entry((kpi.grain, slice.value.clone())).or_default();
                if !asked.contains(&id) {
                    asked.push(id);
                }
            }
        }
        for card in &model.scorecards {
            let asked = totals.entry(card.grain).or_default();
            let shown = card.kpis.iter().map(|entry| entry.value).filter(|id| has_total(model, *id));
            let new: Vec<KpiId> = shown.filter(|id| !asked.contains(id)).collect();
            asked.extend(new);
        }
        let mut parts = Vec::new();
        for (grain, kpis) in totals {
            parts.extend(kpis.chunks(AT_ONCE).map(|some| Part::Totals(grain, some.to_vec())));
        }
        for ((grain, dimensions), kpis) in slices {
            parts.extend(kpis.chunks(AT_ONCE).map(|some| Part::Slices(grain, dimensions.clone(), some.to_vec())));
        }
        parts.extend(cohorts);
        let today = match model.calendar.as_of {
            AsOf::Day(day) => Some(day),
            AsOf::Today => status::today(session)?,
        };
        Ok(Self { session, today, parts })
    }

    /// All queries that are run.
    pub fn queries(&self) -> Vec<Query> {
        self.own().into_iter().chain(present::queries(self.session)).collect()
    }

    fn own(&self) -> Vec<Query> {
        self.parts.iter().map(|part| self.query(part, None)).collect()
    }

    /// Reads it all, and what the engine refuses.
    ///
    /// # Errors
    /// Fails if the engine cannot be used.
    pub fn read(&self, guarding: Guarding) -> Result<Guarded<(Figures, Findings)>, Failure> {
        let own = self.own();
        let all: Vec<Query> = own.iter().cloned().chain(present::queries(self.session)).collect();
        guard::beside(self.session, guarding, &all, || {
            let (mut figures, refused) = self.answered(&own)?;
            let found = present::ask(self.session)?;
            let mut findings = refused.explained(self.session)?;
            self.put(&found, &mut figures);
            let own = found.refused.iter().cloned();
            for finding in own {
                if !findings.iter().any(|known| known.message == finding.message) {
                    findings.push(finding);
                }
            }
            findings.sort();
            Ok((figures, findings))
        })
    }

    fn query(&self, part: &Part, alone: Option<KpiId>) -> Query {
        let model = self.session.project.model();
        let question = match part {
            Part::Totals(grain, kpis) => totals(model, *grain, &chosen(kpis, alone)),
            Part::Slices(grain, dimensions, kpis) => Question {
                dimensions: dimensions.clone(),
                from: self.first(*grain, PERIODS),
                ..totals(model, *grain, &chosen(kpis, alone))
            },
            Part::Cohorts(kpi) => Question::view(model, *kpi, model.kpis.get(*kpi).grain, Vec::new()),
        };
        plan::plan(self.session.project, &question)
    }

    /// The first of so many periods up to the last visible one; nothing where only the data knows.
    fn first(&self, grain: Grain, count: usize) -> Option<Date> {
        let calendar = &self.session.project.model().calendar;
        let today = self.today.filter(|_| !calendar.custom)?;
        let start =
            (1..count).fold(calendar.period_start(grain, today), |start, _| calendar.period_start(grain, add_days(start, -1)));
        (start > calendar.start).then_some(start)
    }

    fn answered(&self, own: &[Query]) -> Result<(Figures, Refused), Failure> {
        let model = self.session.project.model();
        let (mut figures, mut refused) = (Figures::default(), Refused::default());
        for (part, answer) in self.parts.iter().zip(self.session.answer(own)?) {
            let kpis = match part {
                Part::Totals(_, kpis) | Part::Slices(_, _, kpis) => kpis.clone(),
                Part::Cohorts(kpi) => vec![*kpi],
            };
            for (kpis, answer) in self.session.apart(&kpis, answer, |kpi| self.query(part, Some(*kpi)))? {
                for id in kpis {
                    let kpi = model.kpis.get(id);
                    let known = figures.kpis.entry(kpi.name.value.clone()).or_default();
                    match &answer {
                        Ok(rows) => self.keep(part, id, rows, known),
                        Err(why) if known.refused.is_none() => {
                            let finding = refused::kpi(model, id, why);
                            known.refused = Some(why.to_string());
                            refused.add(&self.query(part, Some(id)), finding);
                        }
                        Err(_) => {}
                    }
                }
            }
        }
        Ok((figures, refused))
    }

    fn keep(&self, part: &Part, id: KpiId, rows: &Rows, known: &mut KpiFigures) {
        match part {
            Part::Totals(grain, _) => {
                known.totals.insert(grain.name().to_owned(), self.points(id, *grain, rows));
            }
            Part::Slices(grain, dimensions, _) => known.slices.push(self.sliced(id, *grain, dimensions, rows)),
            Part::Cohorts(_) => known.cohorts = self.cohorts(id, rows),
        }
    }

    fn label(&self, day: Date, grain: Grain) -> String {
        shown::period(day, grain, &self.session.project.model().calendar)
    }

    fn points(&self, id: KpiId, grain: Grain, rows: &Rows) -> Vec<Point> {
        let name = &self.session.project.model().kpis.get(id).name.value;
        let mut days: Vec<(Date, &Vec<Value>)> =
            rows.rows.iter().filter(|row| is_shown(rows, row, name)).filter_map(|row| Some((day(rows, row)?, row))).collect();
        days.sort_by_key(|(day, _)| *day);
        let point = |(day, row): (Date, &Vec<Value>)| Point {
            label: self.label(day, grain),
            day: day.to_string(),
            value: figure(rows, row, name),
            change: rows.get(row, &format!("{name}__change")).and_then(number),
            is_complete: is_true(rows, row, &format!("{name}__is_complete")),
        };
        days.into_iter().map(point).collect()
    }

    fn sliced(&self, id: KpiId, grain: Grain, dimensions: &[DimensionId], rows: &Rows) -> Sliced {
        let model = self.session.project.model();
        let name = &model.kpis.get(id).name.value;
        let names: Vec<String> = dimensions.iter().map(|id| model.dimensions.get(*id).name.clone()).collect();
        let mut periods: BTreeMap<Date, bool> = BTreeMap::new();
        let mut members: BTreeMap<Vec<String>, BTreeMap<Date, Value>> = BTreeMap::new();
        for row in &rows.rows {
            let Some(day) = day(rows, row) else { continue };
            let is_complete = is_true(rows, row, &format!("{name}__is_complete"));
            periods.entry(day).and_modify(|known| *known &= is_complete).or_insert(is_complete);
            if is_shown(rows, row, name) {
                let key = names.iter().map(|name| member(rows.get(row, name))).collect();
                members.entry(key).or_default().insert(day, figure(rows, row, name));
            }
        }
        let last = periods.iter().rev().find(|(_, complete)| **complete).or(periods.iter().next_back()).map(|(day, _)| *day);
        let mut members: Vec<Member> = Vec::from_iter(members)
            .into_iter()
            .map(|(key, values)| Member {
                name: key.join(", "),
                values: periods.keys().map(|day| values.get(day).cloned().unwrap_or_default()).collect(),
            })
            // Beside other KPIs there are rows of values that this one does not have.
            .filter(|member| member.values.iter().filter_map(number).any(|value| value != 0.0))
            .collect();
        let at = periods.keys().position(|day| Some(*day) == last).unwrap_or(0);
        let size = |member: &Member| member.values.get(at).and_then(number).map_or(-1.0, f64::abs);
        members.sort_by(|one, other| size(other).total_cmp(&size(one)));
        let left_out = members.len().saturating_sub(MEMBERS);
        members.truncate(MEMBERS);
        let period =
            |(day, is_complete): (Date, bool)| Period { label: self.label(day, grain), day: day.to_string(), is_complete };
        Sliced { dimensions: names, periods: periods.into_iter().map(period).collect(), members, left_out }
    }

    fn cohorts(&self, id: KpiId, rows: &Rows) -> Vec<Cohort> {
        let kpi = self.session.project.model().kpis.get(id);
        let mut cohorts: BTreeMap<Date, BTreeMap<usize, (Value, bool)>> = BTreeMap::new();
        for row in &rows.rows {
            let age = rows.get(row, "age").and_then(Value::as_u64).and_then(|age| usize::try_from(age).ok());
            let (Some(day), Some(age)) = (day(rows, row), age) else { continue };
            cohorts.entry(day).or_default().insert(age, (figure(rows, row, "value"), is_true(rows, row, "is_complete")));
        }
        let up_to = kpi.age.as_ref().map_or(0, |age| age.value.up_to as usize);
        let cohort = |(day, ages): (Date, BTreeMap<usize, (Value, bool)>)| Cohort {
            label: self.label(day, kpi.grain),
            day: day.to_string(),
            ages: (0..=up_to).map(|age| ages.get(&age).cloned().unwrap_or_default()).collect(),
        };
        cohorts.into_iter().map(cohort).collect()
    }

    /// Adds how things stand.
    fn put(&self, found: &Found<'_>, figures: &mut Figures) {
        let model = self.session.project.model();
        figures.present = present::data(model, found);
        if figures.present.as_of.is_empty() {
            figures.present.as_of = self.today.map(|day| day.to_string()).unwrap_or_default();
        }
        for standing in &found.standings {
            let objective = model.objectives.get(standing.objective);
            let name = &objective.name.value;
            let reached = |score: &status::Score| Reached { score: score.score, expected: score.expected };
            figures.scores.insert((name.clone(), String::new()), reached(&standing.score));
            for (result, known) in objective.key_results.iter().zip(&standing.key_results) {
                figures.scores.insert((name.clone(), result.name.value.clone()), reached(&known.score));
                // A chart of the total shows goals for that and for nothing else.
                let of_total = result.kpi().filter(|shown| {
                    shown.slice.is_empty() && result.reads == Reads::Latest && shown.grain == model.kpis.get(shown.kpi).grain
                });
                if let (Some(shown), Some(value), None) = (of_total, known.target, &result.dropped) {
                    let kpi = model.kpis.get(shown.kpi).name.value.clone();
                    let target = Target { objective: name.clone(), key_result: result.name.value.clone(), value };
                    figures.targets.entry(kpi).or_default().push(target);
                }
            }
        }
    }
}

/// The KPIs of a part, or one of them.
fn chosen(kpis: &[KpiId], alone: Option<KpiId>) -> Vec<KpiId> {
    alone.map_or_else(|| kpis.to_vec(), |kpi| vec![kpi])
}

fn has_total(model: &Model, id: KpiId) -> bool {
    let kpi = model.kpis.get(id);
    kpi.facts.needs.is_none() && kpi.age.is_none()
}

/// Some KPIs at one grain, each with its change, and whether it is complete.
fn totals(model: &Model, grain: Grain, kpis: &[KpiId]) -> Question {
    let mut question = blank(grain);
    for id in kpis {
        let kpi = model.kpis.get(*id);
        let name = &kpi.name.value;
        let mut add = |name: String, show| question.outputs.push(Output { name, show });
        add(name.clone(), Show::Value(*id));
        add(format!("{name}__change"), Show::Change(*id));
        add(format!("{name}__is_complete"), Show::IsComplete(vec![*id]));
        if kpi.omit_gaps {
            add(format!("{name}__{IS_SHOWN}"), Show::IsShown(*id));
        }
    }
    question
}

fn day(rows: &Rows, row: &[Value]) -> Option<Date> {
    rows.get(row, "period").and_then(Value::as_str).and_then(|day| day.parse().ok())
}

fn is_true(rows: &Rows, row: &[Value], column: &str) -> bool {
    rows.get(row, column).and_then(Value::as_bool).unwrap_or(false)
}

fn is_shown(rows: &Rows, row: &[Value], name: &str) -> bool {
    rows.get(row, &format!("{name}__{IS_SHOWN}")).and_then(Value::as_bool) != Some(false)
}

/// A number as the engine gives it, or null.
fn figure(rows: &Rows, row: &[Value], column: &str) -> Value {
    rows.get(row, column).filter(|value| number(value).is_some()).cloned().unwrap_or_default()
}

/// The value of a dimension as people read it.
fn member(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "null".to_owned(),
        Some(Value::String(text)) => shown::told_from_null(text),
        Some(other) => other.to_string(),
    }
}
