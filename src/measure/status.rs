//! How far objectives and key results are, for `status`: the rows of their views, put back to what they are about.

use super::refused::{self, Refused};
use super::{Session, number, unobserved};
use crate::calendar::{AsOf, Date};
use crate::engine::{Failure, Refusal, Rows};
use crate::model::expr::Expr;
use crate::model::objective::{KeyResult, Objective, ObjectiveId, Sheet, Sureness};
use crate::model::{KpiId, Model};
use crate::plan::relation::{Atom, Body, Query, Select};
use crate::plan::rules::guards::sources_read;
use crate::plan::views::objectives;
use crate::plan::{Data, Output, Question, Show, plan};
use crate::text::Spanned;
use serde_json::Value;
use std::collections::BTreeSet;

/// How far an objective is.
#[derive(Debug)]
pub struct Standing {
    /// The objective.
    pub objective: ObjectiveId,
    /// What is known of it.
    pub score: Score,
    /// Its key results, in their order.
    pub key_results: Vec<ResultStanding>,
}

/// How far a key result is.
#[derive(Debug)]
pub struct ResultStanding {
    /// The value at the start, if it is known.
    pub baseline: Option<f64>,
    /// The value to be reached, or the bound.
    pub target: Option<f64>,
    /// The latest value.
    pub current: Option<f64>,
    /// The share of the way that is gone.
    pub progress: Option<f64>,
    /// What follows from that.
    pub score: Score,
    /// For how many days a manual result has not been checked in, where that is too long.
    pub stale: Option<i32>,
    /// How sure people are of reaching it, if they say so.
    pub sureness: Option<Sureness>,
    /// Whether they are less sure than the time before, and somebody has to act.
    pub is_doubted: bool,
}

impl ResultStanding {
    /// Whether somebody has to act: it is behind its pace, nobody has said for too long how far it is, or people are less sure of
    /// it than before. What has ended cannot be helped any more.
    pub fn slips(&self) -> bool {
        !self.score.is_complete && (self.is_behind() || self.stale.is_some() || self.is_doubted)
    }

    /// Why people are less sure of it than before, in words; nothing where they are not, or nobody has to act.
    pub fn doubt(&self) -> Option<String> {
        self.sureness.filter(|_| self.is_doubted && !self.score.is_complete)?.fall()
    }

    /// Whether it is behind its pace.
    pub fn is_behind(&self) -> bool {
        matches!(self.score.status.as_str(), "at_risk" | "off_track")
    }

    /// Whether it has ended below its goal.
    pub fn missed(&self) -> bool {
        self.score.is_complete && matches!(self.score.status.as_str(), "on_track" | "at_risk" | "off_track")
    }
}

/// A score with what is expected and what that makes of it.
#[derive(Debug, Clone, Default)]
pub struct Score {
    /// The score, 0 to 1.
    pub score: Option<f64>,
    /// What the pace asks for.
    pub expected: Option<f64>,
    /// The status: `on_track`.
    pub status: String,
    /// The last day that it speaks of; empty if nothing is known.
    pub as_of: String,
    /// Whether it cannot change any more.
    pub is_complete: bool,
    /// Why nothing is known; empty if something is.
    pub why: String,
}

/// How the company does by a KPI of its North Star.
#[derive(Debug)]
pub struct Star {
    /// Its part: `volume`, `efficiency` or `counter`.
    pub part: &'static str,
    /// The KPI.
    pub kpi: KpiId,
    /// The first day of the latest complete period, if there is one.
    pub period: Option<Date>,
    /// The value in that period.
    pub value: Option<f64>,
    /// The value in the period before.
    pub before: Option<f64>,
}

/// How the company does by its North Star; nothing where it has none. What the engine refuses is left out, and goes to `refused`.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn north_star(session: &Session<'_>, refused: &mut Refused) -> Result<Vec<Star>, Failure> {
    let model = session.project.model();
    let parts = star_parts(model);
    let queries: Vec<Query> = star_queries(session);
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (((part, kpi), query), answer) in parts.into_iter().zip(&queries).zip(session.answer(&queries)?) {
        let rows = match answer {
            Ok(rows) => rows,
            Err(why) => {
                refused.add(query, refused::kpi(model, kpi, &why));
                continue;
            }
        };
        let period =
            |row: &Vec<Value>| rows.get(row, "period").and_then(Value::as_str).and_then(|day| day.parse::<Date>().ok());
        let complete = rows.rows.iter().filter(|row| rows.get(row, "is_complete").and_then(Value::as_bool) == Some(true));
        let last = complete.filter_map(|row| Some((period(row)?, row))).max_by_key(|(period, _)| *period);
        let figure = |column: &str| last.and_then(|(_, row)| rows.get(row, column)).and_then(number);
        found.push(Star {
            part,
            kpi,
            period: last.map(|(period, _)| period),
            value: figure("value"),
            before: figure("before"),
        });
    }
    Ok(found)
}

/// The KPIs of the North Star that have a total.
fn star_parts(model: &Model) -> Vec<(&'static str, KpiId)> {
    let Some(star) = &model.north_star else { return Vec::new() };
    let one = |part: &'static str, kpi: Option<&Spanned<KpiId>>| kpi.map(|kpi| (part, kpi.value));
    let counters = star.counter.iter().map(|kpi| ("counter", kpi.value));
    let parts = [one("volume", star.volume.as_ref()), one("efficiency", star.efficiency.as_ref())];
    parts.into_iter().flatten().chain(counters).filter(|(_, kpi)| model.kpis.get(*kpi).facts.needs.is_none()).collect()
}

/// The queries that [`north_star`] runs.
pub fn star_queries(session: &Session<'_>) -> Vec<Query> {
    let model = session.project.model();
    let question = |kpi: KpiId| {
        let mut question = Question::view(model, kpi, model.kpis.get(kpi).grain, Vec::new());
        question.outputs.push(Output { name: "before".to_owned(), show: Show::Prior(kpi) });
        plan(session.project, &question)
    };
    star_parts(model).into_iter().map(|(_, kpi)| question(kpi)).collect()
}

/// The queries that [`standings`] runs.
pub fn queries(session: &Session<'_>) -> Vec<Query> {
    let sheets = [Sheet::Objectives, Sheet::KeyResults];
    sheets.map(|sheet| objectives::query(session.project, sheet, Data::Warehouse)).to_vec()
}

/// The rows of the views of objectives and of key results, and the KPIs that are left out of them because the engine refuses these.
fn sheets(session: &Session<'_>, refused: &mut Refused) -> Result<(Rows, Rows, BTreeSet<KpiId>), Failure> {
    let (project, model) = (session.project, session.project.model());
    let both = |left_out: &BTreeSet<KpiId>| -> Result<Result<(Rows, Rows), Refusal>, Failure> {
        let sheets = [Sheet::Objectives, Sheet::KeyResults];
        let plans = sheets.map(|sheet| objectives::query_without(project, sheet, Data::Warehouse, left_out));
        let mut answers = session.answer(&plans)?.into_iter();
        Ok(match (answers.next(), answers.next()) {
            (Some(Ok(objectives)), Some(Ok(results))) => Ok((objectives, results)),
            (Some(Err(why)), _) | (_, Some(Err(why))) => Err(why),
            _ => Ok((Rows::default(), Rows::default())),
        })
    };
    if let Ok((objectives, results)) = both(&BTreeSet::new())? {
        return Ok((objectives, results, BTreeSet::new()));
    }
    let left_out = to_blame(session, refused)?;
    match both(&left_out)? {
        Ok((objectives, results)) => Ok((objectives, results, left_out)),
        Err(why) => {
            let read = sources_read(&queries(session));
            refused.of(read, refused::other("how far objectives are", None, &why));
            Ok((Rows::default(), Rows::default(), objectives::kpis(model)))
        }
    }
}

/// The KPIs that the engine refuses to compute for key results: each with all others left out shows whether it is to blame.
pub(super) fn to_blame(session: &Session<'_>, refused: &mut Refused) -> Result<BTreeSet<KpiId>, Failure> {
    let (project, model) = (session.project, session.project.model());
    let all = objectives::kpis(model);
    let others = |kpi: &KpiId| all.iter().copied().filter(|other| other != kpi).collect();
    let alone: Vec<Query> =
        all.iter().map(|kpi| objectives::query_without(project, Sheet::KeyResults, Data::Warehouse, &others(kpi))).collect();
    let mut left_out = BTreeSet::new();
    for ((kpi, query), answer) in all.iter().zip(&alone).zip(session.answer(&alone)?) {
        if let Err(why) = answer {
            refused.add(query, refused::kpi(model, *kpi, &why));
            left_out.insert(*kpi);
        }
    }
    Ok(left_out)
}

/// The objectives whose score is not known where some KPIs are not: those with results that they show, and those that are judged by
/// such objectives.
fn unknown_scores(model: &Model, left_out: &BTreeSet<KpiId>) -> BTreeSet<ObjectiveId> {
    let shows = |objective: &Objective| {
        objective.key_results.iter().filter_map(KeyResult::kpi).any(|shown| left_out.contains(&shown.kpi))
    };
    let own = model.objectives.iter().filter(|(_, objective)| shows(objective));
    let mut unknown: BTreeSet<ObjectiveId> = own.map(|(id, _)| id).collect();
    let mut left: Vec<ObjectiveId> = unknown.iter().copied().collect();
    while let Some(id) = left.pop() {
        let parent = model.objectives.get(id).parent.as_ref().map(|parent| parent.value);
        let by_children = parent.filter(|parent| !model.objectives.get(*parent).has_own_score());
        left.extend(by_children.filter(|parent| unknown.insert(*parent)));
    }
    unknown
}

/// How far all objectives are, in the order of their definitions. Of what the engine refuses nothing is known, which goes to
/// `refused`.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn standings(session: &Session<'_>, refused: &mut Refused) -> Result<Vec<Standing>, Failure> {
    let model = session.project.model();
    let (objectives, results, left_out) = sheets(session, refused)?;
    let unknown = unknown_scores(model, &left_out);
    let today = today(session)?;
    let longest = model.okrs.stale_after;
    let standing = |(id, objective): (ObjectiveId, &Objective)| {
        let name = &objective.name.value;
        let of = |result: &KeyResult| {
            let row = find(&results, &[("objective", name), ("key_result", &result.name.value)]);
            let value = |column: &str| row.and_then(|row| results.get(row, column)).and_then(number);
            let mut known = ResultStanding {
                baseline: value("baseline"),
                target: value("target"),
                current: value("current"),
                progress: value("progress"),
                score: score(&results, row),
                stale: today.and_then(|today| result.silence(objective, today, longest)).map(|silence| silence.days),
                sureness: today.and_then(|today| result.sureness(today)),
                is_doubted: today.is_some_and(|today| result.lost_confidence(objective, today).is_some()),
            };
            known.score.why = if result.kpi().is_some_and(|shown| left_out.contains(&shown.kpi)) {
                "the engine cannot compute its figures".to_owned()
            } else {
                unobserved::why(model, objective, result, &known, today)
            };
            known
        };
        let known = if unknown.contains(&id) {
            // A score without one of its results would be another score.
            Score { status: unobserved::STATUS.to_owned(), ..Score::default() }
        } else {
            score(&objectives, find(&objectives, &[("objective", name)]))
        };
        Standing { objective: id, score: known, key_results: objective.key_results.iter().map(of).collect() }
    };
    Ok(model.objectives.iter().map(standing).collect())
}

/// The last visible day, as the engine has it where that is today.
///
/// # Errors
/// Fails if the engine cannot be used, or refuses the query.
pub fn today(session: &Session<'_>) -> Result<Option<Date>, Failure> {
    let calendar = &session.project.model().calendar;
    let zone = match calendar.as_of {
        AsOf::Day(day) => return Ok(Some(day)),
        AsOf::Today => calendar.zone.name().to_owned(),
    };
    let mut select = Select::default();
    select.column(Expr::leaf(Atom::Today(zone)), "as_of");
    let rows = session.rows(&Query { parts: Vec::new(), result: Body::Select(select) })?;
    Ok(rows.rows.first().and_then(|row| row.first()).and_then(Value::as_str).and_then(|day| day.parse().ok()))
}

fn find<'a>(rows: &'a Rows, keys: &[(&str, &str)]) -> Option<&'a Vec<Value>> {
    let is_it =
        |row: &&Vec<Value>| keys.iter().all(|(column, wanted)| rows.get(row, column).and_then(Value::as_str) == Some(*wanted));
    rows.rows.iter().find(is_it)
}

fn score(rows: &Rows, row: Option<&Vec<Value>>) -> Score {
    let value = |column: &str| row.and_then(|row| rows.get(row, column));
    let text = |column: &str| value(column).and_then(Value::as_str).unwrap_or_default().to_owned();
    Score {
        score: value("score").and_then(number),
        expected: value("expected").and_then(number),
        status: text("status"),
        as_of: text("as_of"),
        is_complete: value("is_complete").and_then(Value::as_bool).unwrap_or(false),
        why: String::new(),
    }
}
