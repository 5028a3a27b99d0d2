//! `kpic status`

use crate::cli::standing::Line;
use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, FiguresFormat, Stop, ahead, complete, engine_of, freshness, guarded, out, show,
    show_findings, standing, usage, valid,
};
use crate::diagnostic::suggest;
use crate::measure::ahead as words;
use crate::measure::outlook::{self, Outlooks};
use crate::measure::refused::Refused;
use crate::measure::shown::Precision;
use crate::measure::status::{self, Standing, Star};
use crate::measure::{Session, guard, shown};
use crate::model::objective::ObjectiveId;
use crate::model::{Better, Model, TeamId};
use crate::pipeline;
use clap::Args;
use serde_json::{Value, json};

/// The arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic status
  kpic status love_at_first_use        one objective and those below it
  kpic status --owner growth           what a team owns
  kpic status --format json

The bar shows the score; the mark in it shows the expected pace. Below the table stands where each key result will be if its KPI goes on as it did.")]
pub(in crate::cli) struct StatusArgs {
    /// The objectives; all of them if none is named.
    #[arg(value_name = "OBJECTIVE", add = complete::objectives())]
    objectives: Vec<String>,
    /// Only what this team owns.
    #[arg(long, value_name = "TEAM", add = complete::teams())]
    owner: Option<String>,
    /// How it is shown.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: FiguresFormat,
    #[command(flatten)]
    guards: guarded::GuardArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

pub(in crate::cli) fn run(args: &StatusArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let project = valid(pipeline::check(&root, &context.options()))?;
    let model = project.model();
    let chosen = Chosen::of(model, args)?;
    if !crate::plan::views::objectives::is_filled(model) {
        out::print("there are no key results; define them under `objectives:`\n");
        return Ok(FINE);
    }
    let engine = engine_of(context, &root, &args.engine, &model.warehouse)?;
    let session = Session { project: &project, engine: &*engine };
    let queries = [status::queries(&session), status::star_queries(&session), outlook::queries(&session)].concat();
    let (standings, outlooks, stars, refused) = guarded::guarded(&args.guards, project.files(), "reading", |guarding| {
        let answer = || {
            let mut refused = Refused::default();
            let standings = status::standings(&session, &mut refused)?;
            let outlooks = outlook::outlooks(&session, &standings)?;
            let stars = status::north_star(&session, &mut refused)?;
            Ok((standings, outlooks, stars, refused.explained(&session)?))
        };
        guard::beside(&session, guarding, &queries, answer)
    })?;
    let stale = freshness::lines(&session, &freshness::look(&session, &queries)?);
    match args.format {
        FiguresFormat::Table => {
            let stale = if stale.is_empty() { stale } else { format!("{stale}\n") };
            out::print(&format!("{stale}{}{}", star(model, &stars), tree(model, &standings, &outlooks, &chosen)));
        }
        FiguresFormat::Json => {
            out::error(&stale);
            out::json(&data(model, &standings, &outlooks, &chosen));
        }
    }
    show_findings(&refused, project.files());
    Ok(if refused.is_empty() { FINE } else { FINDINGS })
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

    /// Whether a part of an objective is shown: all of it without an owner, else what the owner is responsible for.
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

/// The North Star as a table, above everything that serves it.
fn star(model: &Model, stars: &[Star]) -> String {
    let (Some(north_star), false) = (&model.north_star, stars.is_empty()) else { return String::new() };
    let rows = stars.iter().map(|star| {
        let kpi = model.kpis.get(star.kpi);
        let precision = Precision::of(star.before.into_iter().chain(star.value), &kpi.facts.unit);
        let figure = |value: Option<f64>| precision.known(value, &kpi.facts.unit);
        let period = star.period.map(|day| shown::period(day, kpi.grain, &model.calendar)).unwrap_or_default();
        vec![
            star.part.to_owned(),
            kpi.title.clone(),
            figure(star.before),
            figure(star.value),
            course(kpi.better, star).to_owned(),
            period,
            standing::owner(model, kpi.owner),
        ]
    });
    let headings = ["", "North Star", "before", "now", "", "period", "owner"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = rows.collect();
    let table = show::split_table(&headings, &rows, 2, |at| matches!(at, 2 | 3));
    format!("{}\n{table}\n", out::styled(out::STRONG, &north_star.title))
}

/// Which way a KPI of the North Star went, by what is better.
fn course(better: Option<Better>, star: &Star) -> &'static str {
    let (Some(before), Some(now)) = (star.before, star.value) else { return "" };
    let off = |value: f64, low: f64, high: f64| (low - value).max(value - high).max(0.0);
    let gain = match better {
        Some(Better::Up) => now - before,
        Some(Better::Down) => before - now,
        Some(Better::Between(low, high)) => off(before, low, high) - off(now, low, high),
        None => return "",
    };
    if gain > 0.0 {
        "better"
    } else if gain < 0.0 {
        "worse"
    } else {
        "same"
    }
}

fn tree(model: &Model, standings: &[Standing], outlooks: &Outlooks, chosen: &Chosen) -> String {
    let mut rows = Vec::new();
    let (mut notes, mut expected) = (Vec::new(), Vec::new());
    for (id, depth) in chosen.order(model) {
        let Some(standing) = standings.iter().find(|standing| standing.objective == id) else { continue };
        let objective = model.objectives.get(id);
        rows.push(Line {
            depth,
            title: objective.title.clone(),
            score: standing.score.clone(),
            as_of: objective.period_text.clone(),
            owner: standing::owner(model, objective.owner),
            ..Line::default()
        });
        for (at, (result, known)) in objective.key_results.iter().zip(&standing.key_results).enumerate() {
            if !chosen.shows(result.owner) {
                continue;
            }
            rows.push(Line { depth: depth + 1, ..standing::result_line(model, objective, result, known) });
            if !known.score.why.is_empty() {
                let name = format!("{}.{}", objective.name.value, result.name.value);
                notes.push(format!("{name} is not observable: {}", known.score.why));
            }
            if let Some(outlook) = outlooks.get(&(id, at)).filter(|_| words::is_open(result, known)) {
                let name = format!("{}.{}", objective.name.value, result.name.value);
                expected.push(format!("{name}: {}", words::line(model, result, known, outlook)));
            }
            if let Some(days) = known.stale {
                notes.push(format!("{}.{} has not been checked in for {days} days", objective.name.value, result.name.value));
            }
        }
    }
    let mut out = standing::table("objective, key result", &rows);
    for line in expected {
        out.push_str(&out::remark("forecast:", &line));
    }
    for note in notes {
        out.push_str(&out::remark("note:", &note));
    }
    out
}

fn data(model: &Model, standings: &[Standing], outlooks: &Outlooks, chosen: &Chosen) -> String {
    let mut all = Vec::new();
    for (id, _) in chosen.order(model) {
        let Some(standing) = standings.iter().find(|standing| standing.objective == id) else { continue };
        let objective = model.objectives.get(id);
        let results = objective.key_results.iter().zip(&standing.key_results).enumerate();
        let results = results
            .filter(|(_, (result, _))| chosen.shows(result.owner))
            .map(|(at, (result, known))| ahead::with_outlook(standing::data(model, result, known), outlooks.get(&(id, at))));
        let results: Vec<Value> = results.collect();
        let own = json!({
            "objective": objective.name.value,
            "title": objective.title,
            "owner": standing::team(model, objective.owner),
            "parent": objective.parent.as_ref().map(|parent| model.objectives.get(parent.value).name.value.clone()),
            "period": objective.period_text,
            "key_results": results,
        });
        all.push(standing::with_score(own, &standing.score));
    }
    let mut text = crate::text::json(&all);
    text.push('\n');
    text
}
