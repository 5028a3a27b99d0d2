//! `kpic review`

use crate::calendar::Grain;
use crate::cli::standing::Line;
use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, FiguresFormat, Stop, ahead, complete, engine_of, firing, freshness, guarded, out,
    show_findings, standing, usage, valid,
};
use crate::diagnostic::suggest;
use crate::measure::Session;
use crate::measure::ahead as words;
use crate::measure::firings::Firing;
use crate::measure::outlook::Outlook;
use crate::measure::present::{self, Found};
use crate::measure::status::ResultStanding;
use crate::model::guardrail::Guardrail;
use crate::model::objective::{KeyResult, Objective};
use crate::model::review::{self, Review};
use crate::model::{KpiId, Model, Scorecard};
use crate::pipeline;
use crate::text::title;
use clap::Args;
use serde_json::{Value, json};

/// The arguments of `review`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic review                     all guardrails that fire and key results that slip
  kpic review weekly              only scorecards and objectives with that cadence
  kpic review weekly --format json

A key result slips if it is at risk or off track. Those overdue for a check-in and those that ended below their goals are listed too. `kpic build --figures` writes the same to the review pages.")]
pub(in crate::cli) struct ReviewArgs {
    /// How often the review is: daily, weekly, biweekly, monthly, quarterly or yearly [default: everything].
    #[arg(value_name = "CADENCE", add = complete::cadences())]
    cadence: Option<String>,
    /// How it is shown.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: FiguresFormat,
    #[command(flatten)]
    guards: guarded::GuardArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

pub(in crate::cli) fn run(args: &ReviewArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let project = valid(pipeline::check(&root, &context.options()))?;
    let model = project.model();
    let agenda = Agenda::of(model, args.cadence.as_deref())?;
    let engine = engine_of(context, &root, &args.engine, &model.warehouse)?;
    let session = Session { project: &project, engine: &*engine };
    let found = guarded::guarded(&args.guards, project.files(), "reading", |guarding| present::read(&session, guarding))?;
    let stale = freshness::lines(&session, &freshness::look(&session, &present::queries(&session))?);
    match args.format {
        FiguresFormat::Table => {
            let stale = if stale.is_empty() { stale } else { format!("{stale}\n") };
            out::print(&format!("{stale}{}", text(model, &agenda, &found)));
        }
        FiguresFormat::Json => {
            out::error(&stale);
            out::json(&data(model, &agenda, &found));
        }
    }
    show_findings(&found.refused, project.files());
    Ok(if found.refused.is_empty() { FINE } else { FINDINGS })
}

/// What is looked at; without a review, everything.
struct Agenda<'a> {
    review: Option<Review>,
    guardrails: Vec<&'a Guardrail>,
    kpis: Vec<KpiId>,
}

impl<'a> Agenda<'a> {
    fn of(model: &'a Model, cadence: Option<&str>) -> Result<Self, Stop> {
        let all = || Self { review: None, guardrails: model.guardrails.iter().collect(), kpis: Vec::new() };
        let Some(cadence) = cadence else { return Ok(all()) };
        let reviews = review::reviews(model);
        let known: Vec<&str> = reviews.iter().map(|review| review.cadence).collect();
        let Some(review) = reviews.iter().find(|review| review.cadence == cadence).cloned() else {
            let help = if known.is_empty() {
                "give a scorecard a `cadence`, or an objective a `review`".to_owned()
            } else {
                suggest::did_you_mean(cadence, "the reviews are", known.iter().copied())
                    .unwrap_or_else(|| format!("the reviews are {}", known.join(", ")))
            };
            return Err(usage(&format!("no scorecard or objective is reviewed `{cadence}`"), &help));
        };
        let cards = review.scorecards.iter().filter_map(|at| model.scorecards.get(*at));
        let kpis = cards.flat_map(|card| card.kpis.iter().map(|kpi| kpi.value)).collect();
        let watched = review.guardrails.iter().chain(&review.others).filter_map(|at| model.guardrails.get(*at));
        Ok(Self { guardrails: watched.collect(), kpis, review: Some(review) })
    }

    /// Whether a key result is looked at: its objective is, or the KPI that shows it.
    fn has(&self, standing: &crate::measure::status::Standing, result: &KeyResult) -> bool {
        let Some(review) = &self.review else { return true };
        review.objectives.contains(&standing.objective) || result.kpi().is_some_and(|shown| self.kpis.contains(&shown.kpi))
    }

    fn firings<'f>(&self, found: &Found<'f>) -> Vec<Firing<'f>> {
        let watched = |firing: &&Firing<'_>| self.guardrails.iter().any(|each| each.name.value == firing.guardrail.name.value);
        found.firings.iter().filter(watched).cloned().collect()
    }

    /// The key results that are looked at, with how far they are.
    fn results<'f>(&self, model: &'f Model, found: &'f Found<'_>) -> Vec<Looked<'f>> {
        let mut all = Vec::new();
        for standing in &found.standings {
            let objective = model.objectives.get(standing.objective);
            let results = objective.key_results.iter().zip(&standing.key_results).enumerate();
            let looked_at = results.filter(|(_, (result, _))| self.has(standing, result));
            all.extend(looked_at.map(|(at, (result, known))| Looked {
                objective,
                result,
                known,
                outlook: found.outlooks.get(&(standing.objective, at)).filter(|_| words::is_open(result, known)),
            }));
        }
        all
    }
}

/// A key result that is looked at, with its objective, how far it is and what is expected of it.
#[derive(Clone, Copy)]
struct Looked<'a> {
    objective: &'a Objective,
    result: &'a KeyResult,
    known: &'a ResultStanding,
    outlook: Option<&'a Outlook>,
}

impl Looked<'_> {
    /// `sales.revenue`
    fn name(&self) -> String {
        format!("{}.{}", self.objective.name.value, self.result.name.value)
    }
}

/// `1 key result`, `2 ended key results`.
fn count(count: usize, which: &str) -> String {
    format!("{count} {which}key result{}", if count == 1 { "" } else { "s" })
}

/// Key results of several objectives as a table under a heading.
fn table(model: &Model, heading: &str, results: &[Looked<'_>]) -> String {
    let rows = results.iter().map(|Looked { objective, result, known, .. }| {
        let line = standing::result_line(model, objective, result, known);
        // Next to other objectives' results the owner is always named.
        let owner = standing::owner(model, result.owner.or(objective.owner));
        Line { title: format!("{}: {}", objective.title, line.title), owner, ..line }
    });
    let rows: Vec<Line> = rows.collect();
    format!("{}\n{}", out::styled(out::STRONG, heading), standing::table("key result", &rows))
}

fn text(model: &Model, agenda: &Agenda<'_>, found: &Found<'_>) -> String {
    let name = agenda.review.as_ref().map_or("Review".to_owned(), |review| format!("{} review", title(review.cadence, &[])));
    let day = found.today.map(|day| format!(", as of {day}")).unwrap_or_default();
    let mut parts = vec![format!("{}{day}\n", out::styled(out::STRONG, &name))];
    parts.push(firing::text(model, &agenda.guardrails, &agenda.firings(found)));
    let results = agenda.results(model, found);
    let (ended, open): (Vec<Looked<'_>>, Vec<Looked<'_>>) =
        results.iter().copied().partition(|looked| looked.known.score.is_complete);
    let slipping: Vec<Looked<'_>> = open.iter().copied().filter(|looked| looked.known.slips()).collect();
    if let (false, true) = (open.is_empty(), slipping.is_empty()) {
        parts.push(format!("{} none of {} slips\n", out::styled(out::GOOD, "fine:"), count(open.len(), "")));
    }
    if !slipping.is_empty() {
        // What nobody has checked in may be on its way.
        let behind = slipping.iter().filter(|looked| looked.known.is_behind()).count();
        let silent = slipping.len() - behind;
        let all = count(open.len(), "");
        let have = if silent == 1 { "has" } else { "have" };
        let heading = match (behind, silent) {
            (0, _) => format!("{silent} of {all} {have} not been checked in for too long"),
            (_, 0) => format!("{behind} of {all} {}", if behind == 1 { "slips" } else { "slip" }),
            (1, _) => format!("1 of {all} slips, and {silent} {have} not been checked in for too long"),
            _ => format!("{behind} of {all} slip, and {silent} {have} not been checked in for too long"),
        };
        let mut part = table(model, &heading, &slipping);
        for looked in &slipping {
            if let Some(outlook) = looked.outlook.filter(|outlook| outlook.is_ok()) {
                let expected = words::line(model, looked.result, looked.known, outlook);
                part.push_str(&out::remark("forecast:", &format!("{}: {expected}", looked.name())));
            }
        }
        for looked in &slipping {
            if let Some(days) = looked.known.stale {
                let note = format!("{} has not been checked in for {days} days", looked.name());
                part.push_str(&out::remark("note:", &note));
            }
        }
        parts.push(part);
    }
    let missed: Vec<Looked<'_>> = ended.iter().copied().filter(|looked| looked.known.missed()).collect();
    let achieved = ended.iter().filter(|looked| looked.known.score.status == "achieved").count();
    if !missed.is_empty() {
        let heading = format!("{} of {} missed the goal", missed.len(), count(ended.len(), "ended "));
        parts.push(table(model, &heading, &missed));
    } else if achieved > 0 {
        parts.push(format!("{} {} reached the goal\n", out::styled(out::GOOD, "ended:"), count(achieved, "")));
    }
    let cards = agenda.review.iter().flat_map(|review| &review.scorecards).filter_map(|at| model.scorecards.get(*at));
    let grain = agenda.review.as_ref().and_then(|review| Grain::of_cadence(review.cadence));
    let shown: Vec<String> = cards.flat_map(|card| figures_of(model, card, grain)).collect();
    if !shown.is_empty() {
        parts.push(format!("{}\n{}", out::styled(out::STRONG, "Figures"), shown.concat()));
    }
    if parts.len() == 2 && parts.iter().any(String::is_empty) {
        parts.push("there are no guardrails and no key results to review\n".to_owned());
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// The commands that show a scorecard's KPIs, at the grain of the review where a KPI declares it.
fn figures_of(model: &Model, card: &Scorecard, grain: Option<Grain>) -> Vec<String> {
    let at_grain = |id: &KpiId| grain.filter(|grain| model.grains(model.kpis.get(*id)).contains(grain));
    let own = |id: &KpiId| model.kpis.get(*id).grain;
    let (asked, others): (Vec<KpiId>, Vec<KpiId>) =
        card.kpis.iter().map(|kpi| kpi.value).partition(|id| at_grain(id).is_some_and(|grain| grain != own(id)));
    let command = |kpis: Vec<KpiId>, flag: &str| {
        let names: Vec<&str> = kpis.iter().map(|id| model.kpis.get(*id).name.value.as_str()).collect();
        (!names.is_empty()).then(|| format!("  {}: kpic run {}{flag}\n", card.title, names.join(" ")))
    };
    let flag = grain.map(|grain| format!(" --grain {grain}")).unwrap_or_default();
    command(asked, &flag).into_iter().chain(command(others, "")).collect()
}

fn data(model: &Model, agenda: &Agenda<'_>, found: &Found<'_>) -> String {
    let results = agenda.results(model, found);
    let of = |passes: fn(&ResultStanding) -> bool| -> Vec<Value> {
        let chosen = results.iter().filter(|looked| passes(looked.known));
        let data = chosen.map(|looked| {
            let mut data = ahead::with_outlook(standing::data(model, looked.result, looked.known), looked.outlook);
            if let Some(data) = data.as_object_mut() {
                data.insert("objective".to_owned(), json!(looked.objective.name.value));
            }
            data
        });
        data.collect()
    };
    let firings: Vec<Value> = agenda.firings(found).iter().map(|firing| firing::json(model, firing)).collect();
    let cards = agenda.review.iter().flat_map(|review| &review.scorecards).filter_map(|at| model.scorecards.get(*at));
    let all = json!({
        "cadence": agenda.review.as_ref().map(|review| review.cadence),
        "as_of": found.today.map(|day| day.to_string()),
        "scorecards": cards.map(|card| &card.name.value).collect::<Vec<_>>(),
        "guardrails": agenda.guardrails.len(),
        "firings": firings,
        "key_results": results.len(),
        "slipping": of(ResultStanding::slips),
        "missed": of(ResultStanding::missed),
    });
    let mut text = crate::text::json(&all);
    text.push('\n');
    text
}
