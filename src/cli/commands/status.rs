//! `kpic status`

use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, Stop, engine_of, environment, out, progress, show, show_findings, usage, valid,
};
use crate::diagnostic::suggest;
use crate::engine::Failure;
use crate::measure::status::{self, ResultStanding, Score, Standing};
use crate::measure::{Session, guard};
use crate::model::objective::{KeyResult, Objective, ObjectiveId};
use crate::model::unit::Unit;
use crate::model::{Model, TeamId};
use crate::pipeline;
use crate::plan::objectives::{slice_text, unit_text};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

/// The arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic status
  kpic status love_at_first_use        one objective, and what serves it
  kpic status --owner growth           what a team answers for
  kpic status --format json

The bar shows the score, the mark in it what the pace asks for by now.")]
pub(in crate::cli) struct StatusArgs {
    /// The objectives; all of them if none is named.
    #[arg(value_name = "OBJECTIVE")]
    objectives: Vec<String>,
    /// Only what this team owns.
    #[arg(long, value_name = "TEAM")]
    owner: Option<String>,
    /// How it is shown.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    #[command(flatten)]
    engine: EngineArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A tree for people.
    Table,
    /// The same as data.
    Json,
}

pub(in crate::cli) fn run(args: &StatusArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let project = valid(pipeline::check(&root, &context.options()))?;
    let model = project.model();
    let chosen = Chosen::of(model, args)?;
    if !crate::plan::objectives::is_filled(model) {
        out::print("there are no key results; define them under `objectives:`\n");
        return Ok(FINE);
    }
    let engine = engine_of(&root, &args.engine, model.warehouse.database.as_deref())?;
    let session = Session { project: &project, engine: &engine };
    let standings = progress::during("reading", || {
        let found = guard::check(&session, &status::queries(&session))?;
        if found.has_errors() { Ok(Err(found)) } else { status::standings(&session).map(Ok) }
    });
    let standings = match standings.map_err(|failure: Failure| environment(&failure))? {
        Ok(standings) => standings,
        Err(found) => {
            show_findings(&found, project.files());
            return Ok(FINDINGS);
        }
    };
    out::print(&match args.format {
        Format::Table => tree(model, &standings, &chosen),
        Format::Json => data(model, &standings, &chosen),
    });
    Ok(FINE)
}

/// Which objectives are asked for.
struct Chosen {
    roots: Option<Vec<ObjectiveId>>,
    owner: Option<TeamId>,
}

impl Chosen {
    fn of(model: &Model, args: &StatusArgs) -> Result<Self, Stop> {
        let names = || model.objectives.rows().iter().map(|objective| objective.name.value.as_str());
        let mut roots = Vec::new();
        for name in &args.objectives {
            let found = model.objectives.iter().find(|(_, objective)| objective.name.value == *name);
            let Some((id, _)) = found else {
                let help = suggest::did_you_mean(name, "the objectives are", names())
                    .unwrap_or_else(|| "see `kpic status`".to_owned());
                return Err(usage(&format!("there is no objective `{name}`"), &help));
            };
            roots.push(id);
        }
        let mut owner = None;
        if let Some(name) = &args.owner {
            let teams = || model.teams.rows().iter().map(|team| team.name.value.as_str());
            owner = model.teams.iter().find(|(_, team)| team.name.value == *name).map(|(id, _)| id);
            if owner.is_none() {
                let help = suggest::did_you_mean(name, "the teams are", teams())
                    .unwrap_or_else(|| "define it under `teams:`".to_owned());
                return Err(usage(&format!("there is no team `{name}`"), &help));
            }
        }
        Ok(Self { roots: (!roots.is_empty()).then_some(roots), owner })
    }

    /// Whether a part of an objective is shown: all of it without an owner, else what the owner answers for.
    fn shows(&self, owner: Option<TeamId>) -> bool {
        self.owner.is_none_or(|wanted| owner == Some(wanted))
    }

    /// The objectives in the order of the tree, each with its depth: those that serve one come below it.
    fn order(&self, model: &Model) -> Vec<(ObjectiveId, usize)> {
        let parent = |id: ObjectiveId| model.objectives.get(id).parent.as_ref().map(|parent| parent.value);
        let roots: Vec<ObjectiveId> = match &self.roots {
            Some(roots) => roots.clone(),
            None => model.objectives.ids().filter(|id| parent(*id).is_none()).collect(),
        };
        let mut order = Vec::new();
        let mut left: Vec<(ObjectiveId, usize)> = roots.into_iter().rev().map(|id| (id, 0)).collect();
        while let Some((id, depth)) = left.pop() {
            let objective = model.objectives.get(id);
            let mine = self.shows(objective.owner) || objective.key_results.iter().any(|result| self.shows(result.owner));
            if mine && !order.iter().any(|(known, _)| *known == id) {
                order.push((id, depth));
            }
            let below: Vec<ObjectiveId> = model.objectives.ids().filter(|child| parent(*child) == Some(id)).collect();
            left.extend(below.into_iter().rev().map(|child| (child, depth + 1)));
        }
        order
    }
}

fn tree(model: &Model, standings: &[Standing], chosen: &Chosen) -> String {
    let headings = ["", "score", "expected", "status", "from", "now", "to", "as of", "owner"].map(str::to_owned).to_vec();
    let headings = [vec!["objective, key result".to_owned()], headings].concat();
    let mut rows = Vec::new();
    let mut notes = Vec::new();
    for (id, depth) in chosen.order(model) {
        let Some(standing) = standings.iter().find(|standing| standing.objective == id) else { continue };
        let objective = model.objectives.get(id);
        let indent = "  ".repeat(depth);
        let mut row = vec![format!("{indent}{}", objective.title)];
        row.extend(scored(&standing.score));
        let empty = || String::new();
        row.extend([empty(), empty(), objective.period_text.clone(), empty(), owner(model, objective.owner)]);
        rows.push(row);
        for (result, known) in objective.key_results.iter().zip(&standing.key_results) {
            if !chosen.shows(result.owner) {
                continue;
            }
            rows.push(result_row(model, objective, result, known, &indent));
            if let Some(days) = known.stale {
                notes.push(format!("{}.{} has not been checked in for {days} days", objective.name.value, result.name.value));
            }
        }
    }
    let mut out = show::table(headings, rows, |at| matches!(at, 2 | 3 | 5 | 6 | 7));
    for note in notes {
        out.push_str(&format!("{} {note}\n", out::styled(out::DIM, "note:")));
    }
    out
}

/// Bar, score, what is expected, and status.
fn scored(score: &Score) -> [String; 4] {
    let figure = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.2}"));
    [bar(score), figure(score.score), figure(score.expected), score.status.replace('_', " ")]
}

fn result_row(model: &Model, objective: &Objective, result: &KeyResult, known: &ResultStanding, indent: &str) -> Vec<String> {
    let unit = Unit::parse(&unit_text(model, result)).unwrap_or_default();
    let figure = |value: Option<f64>| value.map_or_else(|| "\u{2013}".to_owned(), |value| show::figure(value, &unit));
    let slice = slice_text(model, result);
    let slice = if slice.is_empty() { slice } else { format!(" ({slice})") };
    let guard = if result.is_health { "guard: " } else { "" };
    let (from, to) = match &result.goal {
        Some(crate::model::objective::Goal::Keep(bound)) => {
            let bounds: Vec<String> = bound.amounts().into_iter().map(|amount| show::figure(amount.number, &unit)).collect();
            (String::new(), format!("{} {}", bound.word().replace('_', " "), bounds.join(" and ")))
        }
        Some(_) => (figure(known.baseline), figure(known.target)),
        None => (String::new(), String::new()),
    };
    let who = if result.owner == objective.owner { String::new() } else { owner(model, result.owner) };
    let mut row = vec![format!("{indent}  {guard}{}{slice}", result.title)];
    row.extend(scored(&known.score));
    row.extend([from, figure(known.current), to, known.score.as_of.clone(), who]);
    row
}

fn owner(model: &Model, owner: Option<TeamId>) -> String {
    owner.map(|team| model.teams.get(team).title.clone()).unwrap_or_default()
}

/// How many blocks a bar has.
const WIDTH: usize = 20;

/// A score as a bar, with a mark where the pace would have it.
fn bar(score: &Score) -> String {
    let Some(reached) = score.score else { return String::new() };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "between 0 and WIDTH"
    )]
    let place = |share: f64| (share.clamp(0.0, 1.0) * WIDTH as f64).round() as usize;
    let (full, mark) = (place(reached), score.expected.map(place));
    let block = |at: usize| match mark {
        Some(mark) if at + 1 == mark.max(1) => '\u{2502}',
        _ if at < full => '\u{2588}',
        _ => '\u{2591}',
    };
    (0..WIDTH).map(block).collect()
}

fn data(model: &Model, standings: &[Standing], chosen: &Chosen) -> String {
    let score = |score: &Score| {
        json!({
            "score": score.score,
            "expected": score.expected,
            "status": score.status,
            "as_of": (!score.as_of.is_empty()).then_some(&score.as_of),
            "is_complete": score.is_complete,
        })
    };
    let merged = |mut one: Value, other: Value| {
        if let (Some(one), Value::Object(other)) = (one.as_object_mut(), other) {
            one.extend(other);
        }
        one
    };
    let team = |owner: Option<TeamId>| owner.map(|team| model.teams.get(team).name.value.clone());
    let mut all = Vec::new();
    for (id, _) in chosen.order(model) {
        let Some(standing) = standings.iter().find(|standing| standing.objective == id) else { continue };
        let objective = model.objectives.get(id);
        let results = objective.key_results.iter().zip(&standing.key_results).filter(|(result, _)| chosen.shows(result.owner));
        let results: Vec<Value> = results
            .map(|(result, known)| {
                let unit = unit_text(model, result);
                let own = json!({
                    "key_result": result.name.value,
                    "title": result.title,
                    "owner": team(result.owner),
                    "kpi": result.kpi().map(|shown| model.kpis.get(shown.kpi).name.value.clone()),
                    "slice": Some(slice_text(model, result)).filter(|text| !text.is_empty()),
                    "unit": Some(unit).filter(|text| !text.is_empty()),
                    "is_health": result.is_health,
                    "baseline": known.baseline,
                    "target": known.target,
                    "current": known.current,
                    "progress": known.progress,
                    "days_since_check_in": known.stale,
                });
                merged(own, score(&known.score))
            })
            .collect();
        let own = json!({
            "objective": objective.name.value,
            "title": objective.title,
            "owner": team(objective.owner),
            "parent": objective.parent.as_ref().map(|parent| model.objectives.get(parent.value).name.value.clone()),
            "period": objective.period_text,
            "key_results": results,
        });
        all.push(merged(own, score(&standing.score)));
    }
    let mut text = serde_json::to_string_pretty(&all).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_score_and_pace() {
        let bar =
            |score: f64, expected: f64| super::bar(&Score { score: Some(score), expected: Some(expected), ..Score::default() });
        assert_eq!(bar(0.5, 1.0), "\u{2588}".repeat(10) + &"\u{2591}".repeat(9) + "\u{2502}");
        assert_eq!(bar(0.0, 0.0), "\u{2502}".to_owned() + &"\u{2591}".repeat(19));
        assert_eq!(bar(1.0, 0.5), "\u{2588}".repeat(9) + "\u{2502}" + &"\u{2588}".repeat(10));
        assert_eq!(super::bar(&Score::default()), "");
    }
}
