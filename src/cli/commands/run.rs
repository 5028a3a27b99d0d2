//! `kpic run`

use crate::calendar::{Date, Grain};
use crate::cli::cohorts::Cohorts;
use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, FiguresFormat, Stop, complete, engine_of, environment, firing, freshness, guarded,
    out, progress, refused, right_part, say_doubts, say_left_out, show, show_findings, usage,
};
use crate::diagnostic::suggest;
use crate::engine::{Failure, Rows};
use crate::measure::firings::{self, Firing};
use crate::measure::refused::{self as refusals, Refused};
use crate::measure::shown::Precision;
use crate::measure::{Session, guard, number, shown};
use crate::model::guardrail::Guardrail;
use crate::model::{Body, Kpi, KpiId, Model, Sampling, sampling};
use crate::plan::relation::Query;
use crate::plan::views::guardrails;
use crate::plan::views::{IS_SHOWN, blank};
use crate::plan::{self, Data, Output, Question, Show};
use clap::Args;
use serde_json::Value;

/// The arguments of `run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic run                        every KPI of the project
  kpic run revenue buyers         two of them
  kpic run --periods 12 --format json
  kpic run --grain week           the KPIs that have this grain
  kpic run --fail-on alert        exit with 1 if a guardrail of that severity fires

A figure with * is not complete: its period is not over, or its window starts before the data is whole. Guardrails that fire in their last complete period are shown with the figures that they compared, who acts, and what they do.")]
pub(in crate::cli) struct RunArgs {
    /// The KPIs; all of them if none is named.
    #[arg(value_name = "KPI", add = complete::kpis())]
    kpis: Vec<String>,
    /// How many periods to show; a table wider than the terminal is split [default: up to 6 that fit].
    #[arg(long, value_name = "N", value_parser = count)]
    periods: Option<u32>,
    /// The grain, of KPIs that declare it [default: each KPI's own].
    #[arg(long, value_name = "GRAIN", value_parser = super::query::grain)]
    grain: Option<Grain>,
    /// How figures are shown.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: FiguresFormat,
    /// Exit with 1 if a guardrail of that severity or worse fires in its last complete period.
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<firing::FailOn>,
    #[command(flatten)]
    guards: guarded::GuardArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

/// How many periods a line of blocks shows.
const COURSE: usize = 24;

/// How many periods are shown unless more or fewer are asked for.
const PERIODS: usize = 6;

/// How wide a column of figures usually is.
const PERIOD_WIDTH: usize = 12;

/// How many KPIs are asked for at once.
const AT_ONCE: usize = 60;

/// A KPI's recent periods, the latest last.
struct Recent {
    kpi: KpiId,
    grain: Grain,
    periods: Vec<Figure>,
}

struct Figure {
    period: Date,
    /// A number as the engine gives it, or null.
    value: Value,
    /// What there is of its sampling error, by column.
    beside: Vec<(&'static str, Value)>,
    is_complete: bool,
}

impl Figure {
    /// Whether it rests on fewer rows than its KPI wants.
    fn is_few(&self, kpi: &Kpi) -> bool {
        let rows = self.beside.iter().find(|(column, _)| *column == sampling::N).and_then(|(_, rows)| number(rows));
        kpi.sampling.as_ref().zip(rows).is_some_and(|(sampling, rows)| sampling.is_few(rows))
    }
}

pub(in crate::cli) fn run(args: &RunArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let part = right_part(context, &root)?;
    let project = &part.project;
    let model = project.model();
    let left_out = part.left_out_of("kpis");
    let (wrong, names): (Vec<String>, Vec<String>) =
        args.kpis.iter().cloned().partition(|name| left_out.contains(&name.as_str()));
    let none_is_right = names.is_empty() && !wrong.is_empty() || model.kpis.is_empty() && !left_out.is_empty();
    if none_is_right {
        let findings = if wrong.is_empty() { part.findings.clone() } else { part.errors_of(&wrong) };
        return Err(refused(&findings, project.files()));
    }
    let kpis = named(model, &names)?;
    let grain_of = |id: &KpiId| args.grain.unwrap_or(model.kpis.get(*id).grain);
    let kpis = at_grain(model, kpis, args)?;
    let engine = engine_of(context, &root, &args.engine, &model.warehouse)?;
    let session = Session { project, engine: &*engine };
    let (asked, unsliced): (Vec<KpiId>, Vec<KpiId>) =
        kpis.iter().copied().partition(|id| model.kpis.get(*id).facts.needs.is_none());
    let (with_ages, asked): (Vec<KpiId>, Vec<KpiId>) = asked.into_iter().partition(|id| model.kpis.get(*id).age.is_some());
    let mut batches: Vec<(Grain, Vec<KpiId>)> = Vec::new();
    for grain in Grain::ALL {
        let of_grain: Vec<KpiId> = asked.iter().copied().filter(|id| grain_of(id) == grain).collect();
        batches.extend(of_grain.chunks(AT_ONCE).map(|chunk| (grain, chunk.to_vec())));
    }
    let watched = watching(model, if names.is_empty() { None } else { Some(&kpis) });
    let of_cohorts = |id: &KpiId| plan::plan(project, &Question::view(model, *id, grain_of(id), Vec::new()));
    let mut queries: Vec<Query> = batches
        .iter()
        .map(|(grain, kpis)| plan::plan(project, &question(model, *grain, kpis)))
        .chain(with_ages.iter().map(of_cohorts))
        .collect();
    queries.extend((!watched.is_empty()).then(|| guardrails::query(model, &watched, Data::Warehouse)));
    let answers = guarded::guarded(&args.guards, project.files(), "computing figures", |guarding| {
        guard::beside(&session, guarding, &queries, || session.answer(&queries))
    })?;
    let fresh = progress::during("checking the data", || freshness::look(&session, &queries))?;
    let (mut recent, mut cohorts, mut firings, mut unknown) = (Vec::new(), Vec::new(), Vec::new(), Refused::default());
    let fail = |failure: Failure| environment(&failure);
    for (at, answer) in answers.into_iter().enumerate() {
        let place = at.checked_sub(batches.len()).map(|place| with_ages.get(place));
        match (batches.get(at), place, answer) {
            (Some((grain, kpis)), _, answer) => {
                let alone = |id: &KpiId| plan::plan(project, &question(model, *grain, &[*id]));
                for (kpis, answer) in session.apart(kpis, answer, alone).map_err(fail)? {
                    match answer {
                        Ok(rows) => recent.extend(kpis.iter().map(|id| of_kpi(model, *id, *grain, &rows))),
                        Err(why) => kpis.iter().for_each(|id| unknown.add(&alone(id), refusals::kpi(model, *id, &why))),
                    }
                }
            }
            (None, Some(Some(id)), Ok(rows)) => cohorts.push(Cohorts::of(*id, &rows)),
            (None, Some(Some(id)), Err(why)) => unknown.add(&of_cohorts(id), refusals::kpi(model, *id, &why)),
            (None, _, answer) => {
                let all = firings::apart(&session, &watched, answer, &mut unknown).map_err(fail)?;
                firings.extend(all.into_iter().filter(|firing| firing.is_current));
            }
        }
    }
    let unknown = unknown.explained(&session).map_err(fail)?;
    let asked_for = args.periods.map(|periods| periods as usize);
    let stale = freshness::lines(&session, &fresh);
    match args.format {
        FiguresFormat::Table => {
            out::print(&if stale.is_empty() { stale } else { format!("{stale}\n") });
            let figures = tables(model, &recent, &cohorts, asked_for, &names);
            let fires = firing::text(model, &watched, &firings);
            let between = if figures.is_empty() || fires.is_empty() { "" } else { "\n" };
            out::print(&format!("{figures}{between}{fires}"));
        }
        FiguresFormat::Json => {
            out::error(&stale);
            out::json(&json(model, &recent, &cohorts, &firings, asked_for));
        }
    }
    say_unsliced(model, &unsliced);
    for (name, by) in kpis.iter().filter(|_| !names.is_empty()).filter_map(|id| share(model, *id)) {
        let note = out::styled(out::DIM, "note:");
        out::error(&format!(
            "{note} {name} is a share of its own total, so it is 100 % without a slice; try `kpic query {name} --by {by}`\n"
        ));
    }
    say_doubts(project, &kpis);
    say_left_out(&part, &[("guardrails", "guardrail")]);
    show_findings(&unknown, project.files());
    if !unknown.is_empty() {
        return Ok(FINDINGS);
    }
    if !wrong.is_empty() || names.is_empty() && !left_out.is_empty() {
        return Ok(FINDINGS);
    }
    Ok(if args.fail_on.is_some_and(|severity| severity.is_met(&firings)) { FINDINGS } else { FINE })
}

/// Says of which KPIs there is no total, and how to ask for them.
fn say_unsliced(model: &Model, unsliced: &[KpiId]) {
    for id in unsliced {
        let kpi = model.kpis.get(*id);
        let by = kpi.facts.needs.map(|id| model.dimensions.get(id).name.as_str()).unwrap_or_default();
        out::error(&format!(
            "{} {} has amounts in several currencies and no total; try `kpic query {} --by {by}`\n",
            out::styled(out::DIM, "note:"),
            kpi.name.value,
            kpi.name.value
        ));
    }
}

/// The name of a KPI that is a share of its own total, and by what it is sliced.
fn share(model: &Model, id: KpiId) -> Option<(&str, &str)> {
    let kpi = model.kpis.get(id);
    let Body::Formula(calc) = &kpi.body else { return None };
    let over = model.share_over(calc)?;
    let by = over.first().or(kpi.by.first().and_then(|slice| slice.value.first()))?;
    Some((&kpi.name.value, &model.dimensions.get(*by).name))
}

/// The guardrails that watch one of the KPIs; all of them where none is named.
fn watching<'a>(model: &'a Model, kpis: Option<&Vec<KpiId>>) -> Vec<&'a Guardrail> {
    let wanted = |guardrail: &&Guardrail| kpis.is_none_or(|kpis| guardrail.watches.iter().any(|id| kpis.contains(id)));
    model.guardrails.iter().filter(wanted).collect()
}

fn count(text: &str) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| (1..=1000).contains(count));
    count.ok_or_else(|| "expected a whole number from 1 to 1000".to_owned())
}

/// The KPIs of the given names, or all that are not deprecated.
fn named(model: &Model, names: &[String]) -> Result<Vec<KpiId>, Stop> {
    if names.is_empty() {
        return Ok(model.kpis.iter().filter(|(_, kpi)| kpi.deprecated.is_none()).map(|(id, _)| id).collect());
    }
    let mut found = Vec::new();
    for name in names {
        let Some(id) = model.kpi_names.get(name) else {
            let all = model.kpis.rows().iter().map(|kpi| kpi.name.value.as_str());
            let help = suggest::did_you_mean(name, "the KPIs are", all);
            return Err(usage(
                &format!("there is no KPI `{name}`"),
                &help.unwrap_or_else(|| "see `kpic run` for all".to_owned()),
            ));
        };
        found.push(*id);
    }
    Ok(found)
}

/// The KPIs that can be shown at the grain that is asked for: all that declare it. Of those that are named none may lack it.
fn at_grain(model: &Model, kpis: Vec<KpiId>, args: &RunArgs) -> Result<Vec<KpiId>, Stop> {
    let Some(grain) = args.grain else { return Ok(kpis) };
    let (has, lacks): (Vec<KpiId>, Vec<KpiId>) =
        kpis.into_iter().partition(|id| model.grains(model.kpis.get(*id)).contains(&grain));
    match lacks.first().filter(|_| !args.kpis.is_empty() || has.is_empty()) {
        None => Ok(has),
        Some(id) if args.kpis.is_empty() => {
            let name = &model.kpis.get(*id).name.value;
            let help = format!(
                "add `grains: [{grain}]` to those that make sense by {grain}, or run `kpic query {name} --grain {grain}`"
            );
            Err(usage(&format!("no KPI has the grain {grain}"), &help))
        }
        Some(id) => {
            let name = &model.kpis.get(*id).name.value;
            let help = format!("add `{grain}` to its `grains`, or run `kpic query {name} --grain {grain}`");
            Err(usage(&format!("`{name}` does not have the grain {grain}"), &help))
        }
    }
}

/// Some KPIs at one grain, each with whether it is complete.
fn question(model: &Model, grain: Grain, kpis: &[KpiId]) -> Question {
    let mut outputs = Vec::new();
    for id in kpis {
        let name = &model.kpis.get(*id).name.value;
        outputs.push(Output { name: name.clone(), show: Show::Value(*id) });
        outputs.push(Output { name: format!("{name}__is_complete"), show: Show::IsComplete(vec![*id]) });
        let sampled = plan::sampled(model, *id).into_iter();
        outputs.extend(sampled.map(|(column, show)| Output { name: sampling::beside(name, column), show }));
        if model.kpis.get(*id).omit_gaps {
            outputs.push(Output { name: format!("{name}__{IS_SHOWN}"), show: Show::IsShown(*id) });
        }
    }
    Question { outputs, ..blank(grain) }
}

fn of_kpi(model: &Model, id: KpiId, grain: Grain, rows: &Rows) -> Recent {
    let name = &model.kpis.get(id).name.value;
    let mut periods: Vec<Figure> = rows
        .rows
        .iter()
        .filter_map(|row| {
            let period = rows.get(row, "period")?.as_str()?.parse().ok()?;
            if rows.get(row, &format!("{name}__{IS_SHOWN}")).and_then(Value::as_bool) == Some(false) {
                return None;
            }
            let value = rows.get(row, name).filter(|value| number(value).is_some()).cloned().unwrap_or_default();
            let complete = rows.get(row, &format!("{name}__is_complete"));
            let columns = model.kpis.get(id).sampling.iter().flat_map(Sampling::columns);
            let beside = columns
                .map(|(column, _)| (column, rows.get(row, &sampling::beside(name, column)).cloned().unwrap_or_default()));
            Some(Figure {
                period,
                value,
                beside: beside.collect(),
                is_complete: complete.and_then(Value::as_bool).unwrap_or(false),
            })
        })
        .collect();
    periods.sort_by_key(|figure| figure.period);
    Recent { kpi: id, grain, periods }
}

/// One table for each grain, and one for each KPI with ages.
fn tables(model: &Model, recent: &[Recent], cohorts: &[Cohorts], asked_for: Option<usize>, order: &[String]) -> String {
    let calendar = &model.calendar;
    let mut out = String::new();
    let mut marks = Marks::default();
    // A share of its own total is 100 % without a slice: of all KPIs nobody asked for that.
    let (shares, recent): (Vec<&Recent>, Vec<&Recent>) =
        recent.iter().partition(|recent| order.is_empty() && share(model, recent.kpi).is_some());
    for grain in Grain::ALL {
        let mut of_grain: Vec<&Recent> = recent.iter().copied().filter(|recent| recent.grain == grain).collect();
        if of_grain.is_empty() {
            continue;
        }
        let place = |recent: &&Recent| order.iter().position(|name| *name == model.kpis.get(recent.kpi).name.value);
        of_grain.sort_by_key(place);
        let (fitting, course) = fitting(&of_grain, model);
        let periods = match asked_for {
            Some(wanted) => last_periods(&of_grain, wanted),
            None => periods_shown(&of_grain, fitting),
        };
        let mut headings = vec![format!("by {grain}"), "unit".to_owned()];
        headings.extend(periods.iter().map(|period| shown::period(*period, grain, calendar)));
        let right = headings.len();
        if course > 0 {
            headings.push("course".to_owned());
        }
        let rows: Vec<Vec<String>> = of_grain.iter().map(|recent| row(model, recent, &periods, course, &mut marks)).collect();
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&show::split_table(&headings, &rows, 2, |at| at > 1 && at < right));
    }
    for cohorts in cohorts {
        let (table, open) = cohorts.table(model, asked_for);
        marks.any_open |= open;
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&table);
    }
    let mut notes: Vec<String> = Vec::new();
    if marks.any_open {
        notes.push("* not complete".to_owned());
    }
    if marks.any_few {
        notes.push("~ rests on fewer rows than its `min_rows`".to_owned());
    }
    if !shares.is_empty() {
        let names: Vec<&str> = shares.iter().map(|recent| model.kpis.get(recent.kpi).name.value.as_str()).collect();
        notes.push(format!("not shown, because a share of its own total is 100 % without a slice: {}", names.join(", ")));
    }
    if !notes.is_empty() {
        out.push_str(&format!("\n{}\n", out::styled(out::DIM, &notes.join("\n"))));
    }
    out
}

/// Which marks stand behind figures.
#[derive(Default)]
struct Marks {
    any_open: bool,
    any_few: bool,
}

fn row(model: &Model, recent: &Recent, periods: &[Date], course: usize, marks: &mut Marks) -> Vec<String> {
    let kpi = model.kpis.get(recent.kpi);
    let unit = &kpi.facts.unit;
    let mut cells = vec![kpi.name.value.clone(), unit.to_string()];
    let seen = recent.periods.iter().filter(|figure| periods.contains(&figure.period));
    let precision = Precision::of(seen.filter_map(|figure| number(&figure.value)), unit);
    for period in periods {
        let figure = recent.periods.iter().find(|figure| figure.period == *period);
        cells.push(match figure {
            None => String::new(),
            Some(Figure { value: Value::Null, .. }) => "–".to_owned(),
            Some(figure) => {
                let mark = match (figure.is_complete, figure.is_few(kpi)) {
                    (false, _) => "*",
                    (true, true) => "~",
                    (true, false) => " ",
                };
                marks.any_open |= mark == "*";
                marks.any_few |= mark == "~";
                // A place for the mark keeps the digits under each other.
                format!("{}{mark}", precision.exact(&figure.value, unit))
            }
        });
    }
    if course > 0 {
        let first = recent.periods.len().saturating_sub(course);
        let course: Vec<Option<f64>> = recent.periods.iter().skip(first).map(|figure| number(&figure.value)).collect();
        cells.push(show::sparkline(&course));
    }
    cells
}

/// The last periods that any of the KPIs has.
fn last_periods(recent: &[&Recent], wanted: usize) -> Vec<Date> {
    let mut periods: Vec<Date> = recent.iter().flat_map(|recent| recent.periods.iter().map(|figure| figure.period)).collect();
    periods.sort_unstable();
    periods.dedup();
    let first = periods.len().saturating_sub(wanted);
    periods.split_off(first)
}

/// The last periods where so many fit. Where there is room for two at most, these are complete ones, if there are any.
fn periods_shown(recent: &[&Recent], fitting: usize) -> Vec<Date> {
    let all = last_periods(recent, usize::MAX);
    let is_complete = |day: &Date| {
        recent.iter().any(|recent| recent.periods.iter().any(|figure| figure.period == *day && figure.is_complete))
    };
    let end = match all.iter().rposition(is_complete) {
        Some(last) if fitting < 3 => last + 1,
        Some(_) | None => all.len(),
    };
    all.get(end.saturating_sub(fitting)..end).unwrap_or_default().to_vec()
}

/// How many periods fit beside names and units, where nobody asked for more or fewer, and how long courses are: they give way first.
fn fitting(recent: &[&Recent], model: &Model) -> (usize, usize) {
    let names = recent.iter().map(|recent| model.kpis.get(recent.kpi).name.value.len()).max().unwrap_or(0);
    let units = recent.iter().map(|recent| model.kpis.get(recent.kpi).facts.unit.to_string().len()).max().unwrap_or(0);
    let longest = recent.iter().map(|recent| recent.periods.len().min(COURSE)).max().unwrap_or(0);
    let fit = |course: usize| {
        let beside = names.max("by quarter".len())
            + 2
            + units.max("unit".len())
            + 2
            + if course > 0 { course.max("course".len()) + 2 } else { 0 };
        PERIODS.min(out::width().saturating_sub(beside) / PERIOD_WIDTH)
    };
    let courses = [longest, longest.min(COURSE / 2), 0];
    let course = courses.into_iter().find(|course| fit(*course) >= 3).unwrap_or(0);
    (fit(course).max(1), course)
}

fn json(model: &Model, recent: &[Recent], cohorts: &[Cohorts], firings: &[Firing<'_>], asked_for: Option<usize>) -> String {
    let wanted = asked_for.unwrap_or(PERIODS);
    let all: Vec<Value> = recent
        .iter()
        .map(|recent| {
            let kpi = model.kpis.get(recent.kpi);
            let first = recent.periods.len().saturating_sub(wanted);
            let periods: Vec<Value> = recent
                .periods
                .iter()
                .skip(first)
                .map(|figure| {
                    let mut shown = serde_json::json!({
                        "period": figure.period.to_string(),
                        "value": figure.value,
                        "is_complete": figure.is_complete,
                    });
                    if let Some(shown) = shown.as_object_mut() {
                        shown.extend(figure.beside.iter().map(|(column, value)| ((*column).to_owned(), value.clone())));
                    }
                    shown
                })
                .collect();
            let fires = firings.iter().filter(|firing| firing.guardrail.watches.contains(&recent.kpi));
            let fires: Vec<Value> = fires.map(|firing| firing::json(model, firing)).collect();
            serde_json::json!({
                "kpi": kpi.name.value,
                "title": kpi.title,
                "grain": recent.grain.name(),
                "unit": kpi.facts.unit.to_string(),
                "periods": periods,
                "guardrails": fires,
            })
        })
        .chain(cohorts.iter().map(|cohorts| cohorts.json(model, asked_for)))
        .collect();
    let mut text = crate::text::json(&all);
    text.push('\n');
    text
}
