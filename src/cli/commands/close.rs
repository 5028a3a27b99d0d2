//! `kpic close`

use super::check::{many, print_diff};
use super::rename::{finish, refused};
use crate::calendar::{Date, Stretch};
use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, FiguresFormat, Stop, complete, day, engine_of, environment, guarded, out, show,
    show_findings, standing, usage, valid,
};
use crate::diagnostic::suggest;
use crate::engine::Failure;
use crate::fix;
use crate::measure::refused::Refused;
use crate::measure::status::{self, ResultStanding, Standing};
use crate::measure::{Session, freeze, guard};
use crate::model::Model;
use crate::model::objective::{KeyResult, Objective};
use crate::model::unit::Unit;
use crate::pipeline;
use crate::plan::views::objectives::unit_text;
use crate::refactor::carry::{self, Carry, Unfinished};
use crate::refactor::grade::{self, Grade};
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The arguments of `close`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic close 2025-H2 --diff                 show what would be written
  kpic close 2025-H2 --owner sales
  kpic close 2025-H2 --learned grow=\"Partners needed a sandbox first.\"
  kpic close 2025-H2 --grade grow=0.7       another grade than the score
  kpic close 2025-H2 --carry-to 2026-H1     also draft objectives with what is unfinished

Each objective of the period that has ended and has no `final` grade gets one: its score. A comment in the spec asks for what was learned where `--learned` does not say it. Objectives that are graded already are left alone, unless `--grade` or `--learned` names them. With `--carry-to` the unfinished results of closed objectives go on in drafts for that period, which say what they continue; look over their goals. Nothing else of the files changes, and the project is checked with the grades before anything is written.")]
pub(in crate::cli) struct CloseArgs {
    /// The period of the objectives, as they write it.
    #[arg(value_name = "PERIOD", add = complete::periods())]
    period: String,
    /// Only objectives of this team.
    #[arg(long, value_name = "TEAM", add = complete::teams())]
    owner: Option<String>,
    /// What was learned; may be given several times.
    #[arg(long, value_name = "OBJECTIVE=TEXT", value_parser = pair)]
    learned: Vec<(String, String)>,
    /// A grade from 0 to 1 in the place of the score; may be given several times.
    #[arg(long, value_name = "OBJECTIVE=GRADE", value_parser = grade_pair)]
    grade: Vec<(String, String)>,
    /// The day of the grades [default: the project's last visible day].
    #[arg(long, value_name = "DAY", value_parser = day::parse)]
    on: Option<Date>,
    /// Draft objectives of this later period with the results that are unfinished.
    #[arg(long, value_name = "PERIOD")]
    carry_to: Option<String>,
    /// Show the changes without writing them.
    #[arg(long)]
    diff: bool,
    /// Say what would change, and change nothing.
    #[arg(long, conflicts_with = "diff")]
    dry_run: bool,
    /// How it is shown.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: FiguresFormat,
    #[command(flatten)]
    guards: guarded::GuardArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let known = text.split_once('=').map(|(name, said)| (name.trim().to_owned(), said.trim().to_owned()));
    known.filter(|(name, said)| !name.is_empty() && !said.is_empty()).ok_or_else(|| "expected `objective=text`".to_owned())
}

fn grade_pair(text: &str) -> Result<(String, String), String> {
    let is_grade = |text: &str| text.parse::<f64>().is_ok_and(|grade| (0.0..=1.0).contains(&grade));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !text.starts_with('.');
    pair(text)
        .ok()
        .filter(|(_, grade)| is_grade(grade) && digits(grade))
        .ok_or_else(|| "expected `objective=grade` with a grade from 0 to 1, such as `grow=0.7`".to_owned())
}

pub(in crate::cli) fn run(args: &CloseArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let (root, options) = (context.root()?, context.options());
    let project = valid(pipeline::check(&root, &options))?;
    let model = project.model();
    let chosen = chosen(model, args)?;
    let last = day::last(&model.calendar);
    let on = args.on.unwrap_or(last);
    if on > last {
        let help = "figures are known up to that day; `--as-of` sets another one";
        return Err(usage(&format!("{on} is after the project's last visible day, {last}"), help));
    }
    let next = args.carry_to.as_deref().map(|period| next_period(model, args, period)).transpose()?;
    let engine = engine_of(context, &root, &args.engine, &model.warehouse)?;
    let session = Session { project: &project, engine: &*engine };
    let (standings, findings) = guarded::guarded(&args.guards, project.files(), "reading", |guarding| {
        guard::beside(&session, guarding, &status::queries(&session), || {
            let mut refused = Refused::default();
            let standings = status::standings(&session, &mut refused)?;
            Ok((standings, refused.explained(&session)?))
        })
    })?;
    let of_period = standings.iter().filter(|standing| chosen.contains(&model.objectives.get(standing.objective).name.value));
    let closed: Vec<Closed<'_>> = of_period.map(|standing| Closed::of(model, standing, args, on)).collect();
    let grades: Vec<Grade> = closed.iter().filter_map(|each| each.grade.as_ref().ok().cloned()).collect();
    let made = grade::grade(&pipeline::check(&root, &options), &grades, &options).map_err(|refusal| refused(&refusal))?;
    let (mut changes, mut pairs) = (made.changes, Vec::new());
    if let Some(next) = &next {
        let wanted: Vec<Carry> = closed.iter().filter(|each| each.is_over()).map(|each| each.carry(model)).collect();
        let carried =
            carry::carry(&made.after, &wanted, (next.0.as_str(), next.1), &options).map_err(|refusal| refused(&refusal))?;
        pairs = carried.pairs;
        for change in carried.changes {
            match changes.iter_mut().find(|known| known.path == change.path) {
                Some(known) => known.after = change.after,
                None => changes.push(change),
            }
        }
    }
    let code = if findings.is_empty() { FINE } else { FINDINGS };
    if args.diff {
        print_diff(&changes, &root);
        show_findings(&findings, project.files());
        return Ok(code);
    }
    match args.format {
        FiguresFormat::Table => {
            let done = format!("{} of {} graded on {on}", many(grades.len(), "objective"), args.period);
            if changes.is_empty() {
                out::print(&format!("nothing to grade in {}\n", args.period));
            } else {
                finish(&root, &changes, false, args.dry_run, &done)?;
            }
            out::print(&text(args, &closed, &pairs));
        }
        FiguresFormat::Json => {
            if !args.dry_run {
                let fails = |problem: fix::Problem| environment(&Failure { message: problem.message, help: problem.help });
                fix::write(&root, &changes).map_err(fails)?;
            }
            let files = changes.iter().map(|change| change.path.as_str()).filter(|_| !args.dry_run);
            out::json(&data(model, args, on, &closed, &files.collect::<Vec<_>>(), &pairs));
        }
    }
    show_findings(&findings, project.files());
    Ok(code)
}

/// The period to which unfinished results go, which has to be later.
fn next_period(model: &Model, args: &CloseArgs, period: &str) -> Result<(String, Stretch), Stop> {
    let stretch = |text: &str| Stretch::parse(text, &model.calendar).filter(|_| !model.calendar.custom);
    let Some(next) = stretch(period) else {
        let help = "a year, half, quarter or month: `2026`, `2026-H1`, `2026-Q1`, `2026-01`; in a calendar of the project's own carry results on by hand";
        return Err(usage(&format!("`{period}` is not a period"), help));
    };
    let is_later = stretch(&args.period).is_none_or(|closed| closed.last < next.first);
    if !is_later {
        return Err(usage(&format!("{period} does not come after {}", args.period), "name a period that begins later"));
    }
    Ok((period.to_owned(), next))
}

/// The names of the objectives of the period, or of a team in it.
fn chosen(model: &Model, args: &CloseArgs) -> Result<BTreeSet<String>, Stop> {
    let owner = match &args.owner {
        None => None,
        Some(name) => {
            let teams = || model.teams.rows().iter().map(|team| team.name.value.as_str());
            let found = model.teams.iter().find(|(_, team)| team.name.value == *name).map(|(id, _)| id);
            Some(found.ok_or_else(|| {
                let help = suggest::did_you_mean(name, "the teams are", teams())
                    .unwrap_or_else(|| "define it under `teams:`".to_owned());
                usage(&format!("there is no team `{name}`"), &help)
            })?)
        }
    };
    let stretch = Stretch::parse(&args.period, &model.calendar).filter(|_| !model.calendar.custom);
    let is_of =
        |objective: &&Objective| objective.period_text == args.period || (stretch.is_some() && objective.period == stretch);
    let of_period: Vec<&Objective> = model.objectives.rows().iter().filter(is_of).collect();
    if of_period.is_empty() {
        let known: BTreeSet<&str> = model.objectives.rows().iter().map(|objective| objective.period_text.as_str()).collect();
        let help =
            suggest::did_you_mean(&args.period, "the periods are", known).unwrap_or_else(|| "see `kpic status`".to_owned());
        return Err(usage(&format!("no objective is of the period `{}`", args.period), &help));
    }
    let own = of_period.iter().filter(|objective| owner.is_none_or(|owner| objective.owner == Some(owner)));
    let names: BTreeSet<String> = own.map(|objective| objective.name.value.clone()).collect();
    for (name, _) in args.learned.iter().chain(&args.grade) {
        if !names.contains(name) {
            let help = suggest::did_you_mean(name, "the objectives are", names.iter().map(String::as_str))
                .unwrap_or_else(|| "see `kpic status`".to_owned());
            return Err(usage(&format!("`{name}` is not an objective of {} that is closed here", args.period), &help));
        }
    }
    Ok(names)
}

/// An objective of the period with its grade, or why it gets none.
struct Closed<'a> {
    objective: &'a Objective,
    standing: &'a Standing,
    grade: Result<Grade, String>,
}

impl<'a> Closed<'a> {
    fn of(model: &'a Model, standing: &'a Standing, args: &CloseArgs, on: Date) -> Self {
        let objective = model.objectives.get(standing.objective);
        Self { objective, standing, grade: grade_of(objective, standing, args, on) }
    }

    /// Its key results that count and are pursued to the end.
    fn results(&self) -> impl Iterator<Item = (&'a KeyResult, &'a ResultStanding)> {
        let all = self.objective.key_results.iter().zip(&self.standing.key_results);
        all.filter(|(result, _)| result.counts())
    }

    fn reached(&self) -> usize {
        self.results().filter(|(_, known)| known.score.status == "achieved").count()
    }

    fn dropped(&self) -> usize {
        self.objective.key_results.iter().filter(|result| result.dropped.is_some()).count()
    }

    /// The results that did not reach their goal, which may go on in the next period.
    fn unfinished(&self) -> Vec<(usize, &'a KeyResult, &'a ResultStanding)> {
        let all = self.objective.key_results.iter().zip(&self.standing.key_results).enumerate();
        let open = all.filter(|(_, (result, known))| result.counts() && known.score.status != "achieved");
        open.map(|(at, (result, known))| (at, result, known)).collect()
    }

    /// Whether it has a grade, or gets one.
    fn is_over(&self) -> bool {
        self.grade.is_ok() || !self.objective.finals.is_empty()
    }

    /// The results that go on.
    fn carry(&self, model: &Model) -> Carry {
        let results = self.unfinished().into_iter().filter(|(_, result, _)| carry::cannot(result).is_none());
        let results = results.map(|(at, result, known)| {
            let unit = Unit::parse(&unit_text(model, result)).unwrap_or_default();
            let written = |value: Option<f64>| value.map(|value| freeze::written(value, &unit));
            Unfinished { at, current: written(known.current), target: written(known.target) }
        });
        Carry { objective: self.standing.objective, results: results.collect() }
    }
}

/// The grade of an objective, or why it gets none.
fn grade_of(objective: &Objective, standing: &Standing, args: &CloseArgs, on: Date) -> Result<Grade, String> {
    let name = &objective.name.value;
    let said = |all: &[(String, String)]| all.iter().rev().find(|(of, _)| of == name).map(|(_, said)| said.clone());
    let (grade, learned) = (said(&args.grade), said(&args.learned));
    if let Some(period) = objective.period.filter(|period| period.last > on) {
        return Err(format!("it runs until {}", period.last));
    }
    let score =
        || standing.score.score.map(|score| format!("{score:.2}").trim_end_matches('0').trim_end_matches('.').to_owned());
    match objective.finals.last() {
        Some(known) if grade.is_none() && learned.is_none() => {
            let grade = known.grade.map(|grade| format!("{grade} ")).unwrap_or_default();
            Err(format!("it was graded {grade}on {}", known.day))
        }
        // What is said later goes into the grade that is there.
        Some(known) => {
            let kept = known.grade.map(|grade| grade.to_string());
            let grade = grade.or(kept).or_else(score).ok_or("its score is not known: name a grade with `--grade`")?;
            let learned = learned.unwrap_or_else(|| known.learned.clone());
            Ok(Grade { objective: standing.objective, day: known.day, grade, learned, replaces: true })
        }
        None => {
            let grade = grade.or_else(score).ok_or("its score is not known: name a grade with `--grade`")?;
            let learned = learned.unwrap_or_default();
            Ok(Grade { objective: standing.objective, day: on, grade, learned, replaces: false })
        }
    }
}

fn text(args: &CloseArgs, closed: &[Closed<'_>], pairs: &[(String, String)]) -> String {
    let graded = || closed.iter().filter_map(|each| Some((each, each.grade.as_ref().ok()?)));
    let rows = graded().map(|(each, grade)| {
        let score = each.standing.score.score.map(|score| format!("{score:.2}")).unwrap_or_default();
        let reached = format!("{} of {}", each.reached(), each.results().count());
        vec![
            each.objective.title.clone(),
            grade.grade.clone(),
            score,
            reached,
            each.dropped().to_string(),
            grade.learned.clone(),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let headings = ["objective", "grade", "score", "reached", "dropped", "learned"].map(str::to_owned).to_vec();
    let mut text = if rows.is_empty() { String::new() } else { show::table(headings, rows, |at| matches!(at, 1..=4)) };
    let note = |text: &mut String, mark: &str, said: &str| text.push_str(&format!("{} {said}\n", out::styled(out::DIM, mark)));
    for (each, grade) in graded() {
        let name = &each.objective.name.value;
        if !each.standing.score.is_complete {
            note(
                &mut text,
                "note:",
                &format!("the score of {name} may still change: not all of its results have their last reading"),
            );
        }
        let open = each.unfinished();
        if !open.is_empty() {
            let names: Vec<String> = open.iter().map(|(_, result, _)| format!("{name}.{}", result.name.value)).collect();
            note(&mut text, "unfinished:", &names.join(", "));
        }
        if grade.learned.is_empty() {
            let command = format!("kpic close {} --learned {name}=\"...\"", args.period);
            note(&mut text, "note:", &format!("say what was learned in the spec, or with `{command}`"));
        }
    }
    for (before, after) in pairs {
        note(&mut text, "carried on:", &format!("{before} as {after}"));
    }
    for each in closed.iter().filter(|each| args.carry_to.is_some() && each.is_over()) {
        for (_, result, _) in each.unfinished() {
            if let Some(why) = carry::cannot(result) {
                note(&mut text, "not carried on:", &format!("{}.{}: {why}", each.objective.name.value, result.name.value));
            }
        }
    }
    for each in closed {
        if let Err(why) = &each.grade {
            note(&mut text, "left:", &format!("{}: {why}", each.objective.name.value));
        }
    }
    text
}

fn data(
    model: &Model,
    args: &CloseArgs,
    on: Date,
    closed: &[Closed<'_>],
    written: &[&str],
    pairs: &[(String, String)],
) -> String {
    let of = |each: &Closed<'_>| -> Value {
        let grade = each.grade.as_ref().ok();
        json!({
            "objective": each.objective.name.value,
            "owner": standing::team(model, each.objective.owner),
            "grade": grade.and_then(|grade| grade.grade.parse::<f64>().ok()),
            "graded_on": grade.map(|grade| grade.day.to_string()),
            "score": each.standing.score.score,
            "is_complete": each.standing.score.is_complete,
            "learned": grade.map(|grade| &grade.learned).filter(|text| !text.is_empty()),
            "reached": each.reached(),
            "key_results": each.results().count(),
            "dropped": each.dropped(),
            "unfinished": each.unfinished().iter().map(|(_, result, _)| &result.name.value).collect::<Vec<_>>(),
            "left": each.grade.as_ref().err(),
        })
    };
    let all = json!({
        "period": args.period,
        "day": on.to_string(),
        "objectives": closed.iter().map(of).collect::<Vec<_>>(),
        "written": written,
        "carried_on": pairs.iter().map(|(before, after)| json!({ "from": before, "to": after })).collect::<Vec<_>>(),
    });
    let mut text = crate::text::json(&all);
    text.push('\n');
    text
}
