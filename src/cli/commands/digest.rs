//! `kpic digest`

use crate::calendar::{AsOf, Stretch, add_days};
use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, Stop, complete, day, engine_of, firing, freshness, guarded, out, show_findings,
    standing, usage, valid,
};
use crate::diagnostic::suggest;
use crate::docs::escape::{code, inline};
use crate::measure::digest::{self, Days, Decision, Digest, Moved, Slipping};
use crate::measure::firings::Firing;
use crate::measure::shown::{self, Precision};
use crate::measure::{Session, course, guard, present};
use crate::model::objective::{KeyResult, Objective};
use crate::model::unit::Unit;
use crate::model::{Model, TeamId};
use crate::pipeline::{self, Options, Valid};
use crate::plan::views::objectives::unit_text;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// The arguments of `digest`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic digest                              the last seven days of everything
  kpic digest --owner sales | mail -s \"Our week\" sales@example.com
  kpic digest --owner sales --week 2025-W40
  kpic digest --as-of 2025-10-05 --format json

It tells which key results have new figures, which slip or have something in their way, and what somebody has to decide: what check-ins ask, and objectives that have ended without a grade. The figures are those of `kpic status` and `kpic review`; of an earlier week they are what the data says of it now.")]
pub(in crate::cli) struct DigestArgs {
    /// Only what this team owns.
    #[arg(long, value_name = "TEAM", add = complete::teams())]
    owner: Option<String>,
    /// This week instead of the seven days up to the last visible one: `2025-W40`.
    #[arg(long, value_name = "WEEK")]
    week: Option<String>,
    /// How it is shown.
    #[arg(long, value_name = "FORMAT", default_value = "markdown")]
    format: Format,
    #[command(flatten)]
    guards: guarded::GuardArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// To be mailed as it is.
    Markdown,
    /// For programs.
    Json,
}

pub(in crate::cli) fn run(args: &DigestArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let options = as_of_week(args, context, &root)?;
    let project = valid(pipeline::check(&root, &options))?;
    let model = project.model();
    let owner = args.owner.as_deref().map(|name| team(model, name)).transpose()?;
    let engine = engine_of(context, &root, &args.engine, &model.warehouse)?;
    let session = Session { project: &project, engine: &*engine };
    let mut queries = present::queries(&session);
    queries.push(course::query(&session, &BTreeSet::new()));
    let (found, courses) = guarded::guarded(&args.guards, project.files(), "reading", |guarding| {
        guard::beside(&session, guarding, &queries, || Ok((present::ask(&session)?, course::all(&session)?)))
    })?;
    let stale = freshness::plain_lines(&session, &freshness::look(&session, &queries)?);
    let last = found.today.unwrap_or_else(|| day::last(&model.calendar));
    let days = Days { since: add_days(last, -7), last };
    let digest = digest::digest(model, &found, &courses, days, owner);
    let told = Told { project: &project, days, owner, digest };
    match args.format {
        Format::Markdown => out::data(&told.markdown(&stale)),
        Format::Json => {
            let lines = stale.iter().map(|line| format!("{} {line}\n", out::styled(out::BAD, "stale:")));
            out::error(&lines.collect::<String>());
            out::json(&told.data());
        }
    }
    show_findings(&found.refused, project.files());
    Ok(if found.refused.is_empty() { FINE } else { FINDINGS })
}

/// How the project is looked at: at the end of the week that is asked for.
fn as_of_week(args: &DigestArgs, context: &Context<'_>, root: &Path) -> Result<Options, Stop> {
    let options = context.options();
    let Some(week) = &args.week else { return Ok(options) };
    if options.as_of.is_some() {
        return Err(usage("`--week` and `--as-of` both say which days are meant", "use one of them"));
    }
    let calendar = valid(pipeline::check(root, &options))?.model().calendar.clone();
    let known =
        Stretch::parse(week, &calendar).filter(|stretch| week.contains("-W") && add_days(stretch.first, 6) == stretch.last);
    let Some(known) = known else {
        return Err(usage(&format!("`{week}` is not a week"), "a week is written as `2025-W40`"));
    };
    let last = day::last(&calendar);
    if known.last > last {
        let help = "without `--week` the digest is of the seven days up to that one";
        return Err(usage(&format!("{week} ends on {}, after the last visible day, {last}", known.last), help));
    }
    Ok(Options { as_of: Some(AsOf::Day(known.last)), ..options })
}

fn team(model: &Model, name: &str) -> Result<TeamId, Stop> {
    let teams = || model.teams.rows().iter().map(|team| team.name.value.as_str());
    let found = model.teams.iter().find(|(_, team)| team.name.value == name).map(|(id, _)| id);
    found.ok_or_else(|| {
        let help =
            suggest::did_you_mean(name, "the teams are", teams()).unwrap_or_else(|| "define it under `teams:`".to_owned());
        usage(&format!("there is no team `{name}`"), &help)
    })
}

/// A digest with what it is of.
struct Told<'a> {
    project: &'a Valid,
    days: Days,
    owner: Option<TeamId>,
    digest: Digest<'a>,
}

impl Told<'_> {
    fn model(&self) -> &Model {
        self.project.model()
    }

    fn markdown(&self, stale: &[String]) -> String {
        let (model, digest) = (self.model(), &self.digest);
        let who = self.owner.map_or("Everyone", |team| &model.teams.get(team).title);
        let mut text = format!("# {}: {} to {}\n\n", inline(who), add_days(self.days.since, 1), self.days.last);
        for line in stale {
            text.push_str(&format!("> {}\n\n", inline(line)));
        }
        let slipping = digest.slipping.iter().filter(|each| each.of.known.slips()).count();
        text.push_str(&format!("{}.\n\n", summary(digest.pursued, slipping, digest.firings.len())));
        let moved: Vec<String> = digest.moved.iter().map(|each| self.moved(each)).collect();
        text.push_str(&section("What moved", &moved, "There are no new figures."));
        let firings = digest.firings.iter().map(|each| self.firing(each));
        let slips: Vec<String> = firings.chain(digest.slipping.iter().map(|each| self.slipping(each))).collect();
        text.push_str(&section("What slips", &slips, "Nothing slips."));
        let decisions: Vec<String> = digest.decisions.iter().map(|each| self.decision(each)).collect();
        text.push_str(&section("What to decide", &decisions, "Nothing is to be decided."));
        format!("{}\n", text.trim_end())
    }

    /// A title in bold, and whose it is where all teams are told of.
    fn named(&self, objective: &Objective, result: Option<&KeyResult>) -> String {
        let owner = result.and_then(|result| result.owner).or(objective.owner).filter(|_| self.owner.is_none());
        let owner = owner.map(|team| format!(" ({})", inline(&self.model().teams.get(team).title))).unwrap_or_default();
        format!("**{}**{owner}", inline(result.map_or(&objective.title, |result| &result.title)))
    }

    fn moved(&self, moved: &Moved<'_>) -> String {
        let (model, of) = (self.model(), moved.of);
        let unit = Unit::parse(&unit_text(model, of.result)).unwrap_or_default();
        let figures = [moved.before.map(|before| before.value), Some(moved.now.value), of.known.target];
        let precision = Precision::of(figures.into_iter().flatten(), &unit);
        let now = precision.figure(moved.now.value, &unit);
        let course = match moved.before {
            Some(before) => {
                let change = precision.change(moved.now.value - before.value, &unit);
                format!(
                    "{} on {} \u{2192} {now} on {} ({change})",
                    precision.figure(before.value, &unit),
                    before.day,
                    moved.now.day
                )
            }
            None => format!("first reading {now} on {}", moved.now.day),
        };
        let goal = present::goal(of.result, of.known.target, &unit);
        let goal = if goal.is_empty() { goal } else { format!("; goal {}", inline(&goal)) };
        format!("{}: {course}{goal}; {}", self.named(of.objective, Some(of.result)), of.known.score.status.replace('_', " "))
    }

    fn slipping(&self, slipping: &Slipping<'_>) -> String {
        let of = slipping.of;
        let mut parts = slipping.why.clone();
        if !slipping.blocker.is_empty() {
            parts.push(format!("in its way: {}", inline(slipping.blocker)));
        }
        format!("{}: {}", self.named(of.objective, Some(of.result)), parts.join("; "))
    }

    fn firing(&self, firing: &Firing<'_>) -> String {
        let (model, guardrail) = (self.model(), firing.guardrail);
        let label = |day| shown::period(day, guardrail.grain, &model.calendar);
        let slice = firing.slice.as_ref().map(|slice| format!(", {}", inline(slice))).unwrap_or_default();
        let owner = guardrail.owner.filter(|_| self.owner.is_none());
        let owner = owner.map(|team| format!(" ({})", inline(&model.teams.get(team).title))).unwrap_or_default();
        let since = if firing.since == firing.period { String::new() } else { format!(" since {}", label(firing.since)) };
        let action = if guardrail.action.is_empty() { String::new() } else { format!(". {}", inline(&guardrail.action)) };
        format!(
            "**{}**{owner}: {} of {}{since}{slice}: {}{action}",
            inline(&guardrail.title),
            guardrail.severity.name(),
            label(firing.period),
            code(&firing.compared())
        )
    }

    fn decision(&self, decision: &Decision<'_>) -> String {
        let since = if decision.result.is_some() { format!(" (asked on {})", decision.since) } else { String::new() };
        format!("{}: {}{since}", self.named(decision.objective, decision.result), inline(&decision.what))
    }

    fn data(&self) -> String {
        let (model, digest) = (self.model(), &self.digest);
        let named = |objective: &Objective, mut data: Value| {
            if let Some(members) = data.as_object_mut() {
                members.insert("objective".to_owned(), json!(objective.name.value));
            }
            data
        };
        let moved = digest.moved.iter().map(|each| {
            let data = json!({
                "key_result": each.of.result.name.value,
                "before": each.before.map(|before| json!({ "day": before.day.to_string(), "value": before.value })),
                "now": { "day": each.now.day.to_string(), "value": each.now.value },
                "change": each.before.map(|before| each.now.value - before.value),
                "target": each.of.known.target,
                "status": each.of.known.score.status,
            });
            named(each.of.objective, data)
        });
        let slipping = digest.slipping.iter().map(|each| {
            let mut data = standing::data(model, each.of.result, each.of.known);
            if let Some(members) = data.as_object_mut() {
                members.insert("slips".to_owned(), json!(each.of.known.slips()));
                members.insert("reasons".to_owned(), json!(each.why));
                members.insert("blocker".to_owned(), json!(Some(each.blocker).filter(|text| !text.is_empty())));
            }
            named(each.of.objective, data)
        });
        let decisions = digest.decisions.iter().map(|each| {
            let result = each.result.map(|result| result.name.value.clone());
            named(each.objective, json!({ "key_result": result, "decide": each.what, "since": each.since.to_string() }))
        });
        let all = json!({
            "owner": self.owner.map(|team| model.teams.get(team).name.value.clone()),
            "from": add_days(self.days.since, 1).to_string(),
            "to": self.days.last.to_string(),
            "key_results": digest.pursued,
            "moved": moved.collect::<Vec<_>>(),
            "slipping": slipping.collect::<Vec<_>>(),
            "firings": digest.firings.iter().map(|each| firing::json(model, each)).collect::<Vec<_>>(),
            "decisions": decisions.collect::<Vec<_>>(),
        });
        let mut text = crate::text::json(&all);
        text.push('\n');
        text
    }
}

/// `3 key results are open, 1 of them slips; 1 guardrail fires`
fn summary(pursued: usize, slipping: usize, firings: usize) -> String {
    let open = match pursued {
        0 => "No key result is open".to_owned(),
        1 => "1 key result is open".to_owned(),
        more => format!("{more} key results are open"),
    };
    let slips = match (pursued, slipping) {
        (0, _) => String::new(),
        (_, 0) => ", and none slips".to_owned(),
        (1, _) => ", and it slips".to_owned(),
        (_, 1) => ", and 1 of them slips".to_owned(),
        (_, more) => format!(", and {more} of them slip"),
    };
    let fires = match firings {
        0 => String::new(),
        1 => "; 1 guardrail fires".to_owned(),
        more => format!("; {more} guardrails fire"),
    };
    format!("{open}{slips}{fires}")
}

/// A heading with a list, or with what is said where there is nothing.
fn section(heading: &str, items: &[String], nothing: &str) -> String {
    let list: String = items.iter().map(|item| format!("- {item}\n")).collect();
    let body = if items.is_empty() { format!("{nothing}\n") } else { list };
    format!("## {heading}\n\n{body}\n")
}
