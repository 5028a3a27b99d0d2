//! `kpic checkin`

use super::check::print_diff;
use super::rename::{finish, refused};
use crate::calendar::Date;
use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, FiguresFormat, Stop, complete, day, engine_of, environment, guarded, out, show, usage,
    valid,
};
use crate::engine::Failure;
use crate::fix;
use crate::measure::course::{self, Reading};
use crate::measure::refused::Refused;
use crate::measure::shown::Precision;
use crate::measure::{Session, guard};
use crate::model::Model;
use crate::model::objective::{KeyResult, ObjectiveId, Sureness};
use crate::model::unit::Unit;
use crate::pipeline::{self, Valid};
use crate::plan::views::objectives::{kpis, unit_text};
use crate::refactor::check_in::{self, Wish};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// The arguments of `checkin`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic checkin growth.partner_shops 2 --note \"Signed in Ghent.\"
  kpic checkin growth.more_buyers --confidence 5 --blocker \"No stock until June.\" --decision \"Do we rent a second store?\"
  kpic checkin growth.partner_shops 3 --on 2024-05-31 --replace
  kpic checkin growth.partner_shops             show what was said so far

A result that a KPI measures takes no VALUE, or one that agrees with the KPI, whose own value counts. What is in the way and what is to be decided stay open until the next check-in. Less confidence than before makes a result slip in `kpic status`. Nothing else of the file changes, and the project is checked with the check-in before anything is written.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(in crate::cli) struct CheckinArgs {
    /// The key result.
    #[arg(value_name = "OBJECTIVE.RESULT", add = complete::key_results())]
    of: String,
    /// How far it is, where no KPI says so: a number as specs have it.
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    value: Option<String>,
    /// How sure people are that it is reached, from 1 to 10.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=10))]
    confidence: Option<u32>,
    /// What there is to say.
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    note: Option<String>,
    /// What is in its way.
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    blocker: Option<String>,
    /// What somebody has to decide.
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    decision: Option<String>,
    /// The day that it speaks of [default: the project's last visible day].
    #[arg(long, value_name = "DAY", value_parser = day::parse)]
    on: Option<Date>,
    /// Put it in the place of what was said on the same day.
    #[arg(long)]
    replace: bool,
    /// Do not ask the engine what the KPI of the result shows.
    #[arg(long)]
    no_figures: bool,
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

impl CheckinArgs {
    /// Whether anything is said.
    fn says(&self) -> bool {
        self.value.is_some() || self.confidence.is_some() || self.words().iter().any(Option::is_some)
    }

    fn words(&self) -> [Option<&str>; 3] {
        [&self.note, &self.blocker, &self.decision].map(|text| text.as_deref())
    }
}

pub(in crate::cli) fn run(args: &CheckinArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let options = context.options();
    let project = pipeline::check(&root, &options);
    let of = check_in::find(&project.model, &args.of).map_err(|refusal| refused(&refusal))?;
    let today = day::last(&project.model.calendar);
    let on = args.on.unwrap_or(today);
    if on > today {
        let help = "what is said is known on its day; `--as-of` sets another last day";
        return Err(usage(&format!("{on} is after the project's last visible day, {today}"), help));
    }
    if !args.says() {
        let project = valid(project)?;
        let told = Told::of(&project, of, on, readings(&project, of, args, context, &root)?);
        told.iter().for_each(|told| told.show(args, &Done { path: None, text: "" }));
        return Ok(FINE);
    }
    let is_manual = result_of(&project.model, of).is_some_and(check_in::is_manual);
    let typed = args.value.as_deref().map(|text| Ok((text, number(text)?))).transpose()?;
    if let (true, None) = (is_manual, typed) {
        let help = format!("no KPI measures it: `kpic checkin {} VALUE ...`", args.of);
        return Err(usage("a check-in says how far the result is", &help));
    }
    let readings = if is_manual { None } else { readings_before(&root, of, args, context)? };
    let [note, blocker, decision] = args.words();
    let value = typed.map(|(text, _)| text).filter(|_| is_manual);
    let wish = Wish { of, day: on, value, confidence: args.confidence, note, blocker, decision, replaces: args.replace };
    let left = args.confidence.is_none() && value.is_none() && args.words().iter().all(Option::is_none);
    if left {
        let help = "the value is the KPI's; say more with `--confidence`, `--note`, `--blocker` or `--decision`";
        return Err(usage("there is nothing to write", help));
    }
    if let (false, Some(typed)) = (is_manual, typed) {
        agrees(&project.model, of, typed, readings.as_deref(), on)?;
        out::error(&format!("{} the value is the KPI's, and is not written\n", out::styled(out::DIM, "note:")));
    }
    let made = check_in::check_in(&project, &wish, &options).map_err(|refusal| refused(&refusal))?;
    let changes = [made.change];
    if args.diff {
        print_diff(&changes, &root);
        return Ok(FINE);
    }
    let said = format!("{} is checked in on {on}", args.of);
    let path = changes.first().map(|change| change.path.clone()).filter(|_| !args.dry_run);
    match args.format {
        FiguresFormat::Table => finish(&root, &changes, false, args.dry_run, &said)?,
        FiguresFormat::Json if !args.dry_run => {
            let fails = |problem: fix::Problem| environment(&Failure { message: problem.message, help: problem.help });
            fix::write(&root, &changes).map_err(fails)?;
        }
        FiguresFormat::Json => {}
    }
    let after = valid(made.after)?;
    let told = Told::of(&after, of, on, readings);
    told.iter().for_each(|told| told.show(args, &Done { path: path.as_deref(), text: &said }));
    Ok(FINE)
}

/// A number of the command line, as specs have it.
fn number(text: &str) -> Result<f64, Stop> {
    let help = "write the number alone, as specs have it: `2`, `-1.5`, `45%`";
    check_in::number(text).ok_or_else(|| usage(&format!("`{text}` is not a number"), help))
}

fn result_of(model: &Model, (objective, at): (ObjectiveId, usize)) -> Option<&KeyResult> {
    model.objectives.get(objective).key_results.get(at)
}

/// What the KPI of a result shows, of the project as it is on the disk; nothing where nobody asks.
fn readings_before(
    root: &Path,
    of: (ObjectiveId, usize),
    args: &CheckinArgs,
    context: &Context<'_>,
) -> Result<Option<Vec<Reading>>, Stop> {
    let project = valid(pipeline::check(root, &context.options()))?;
    readings(&project, of, args, context, root)
}

/// What the KPI of a result shows; nothing where no KPI does, or where nobody asks.
fn readings(
    project: &Valid,
    of: (ObjectiveId, usize),
    args: &CheckinArgs,
    context: &Context<'_>,
    root: &Path,
) -> Result<Option<Vec<Reading>>, Stop> {
    let model = project.model();
    let Some(shown) = result_of(model, of).and_then(KeyResult::kpi).filter(|_| !args.no_figures) else { return Ok(None) };
    let engine = engine_of(context, root, &args.engine, &model.warehouse)?;
    let session = Session { project, engine: &*engine };
    let others: BTreeSet<_> = kpis(model).into_iter().filter(|other| *other != shown.kpi).collect();
    let (mut courses, findings) = guarded::guarded(&args.guards, project.files(), "reading", |guarding| {
        guard::beside(&session, guarding, &[course::query(&session, &others)], || {
            let mut refused = Refused::default();
            let courses = course::courses(&session, &others, &mut refused)?;
            Ok((courses, refused.explained(&session)?))
        })
    })?;
    if !findings.is_empty() {
        crate::cli::show_findings(&findings, project.files());
        out::error(&out::failure(
            "the figures of the KPI are not known",
            Some("`--no-figures` does without; nothing was changed"),
        ));
        return Err(Stop { code: FINDINGS });
    }
    Ok(Some(courses.remove(&of).unwrap_or_default()))
}

/// Refuses a value that is not the KPI's.
fn agrees(
    model: &Model,
    of: (ObjectiveId, usize),
    (text, typed): (&str, f64),
    readings: Option<&[Reading]>,
    on: Date,
) -> Result<(), Stop> {
    let Some(result) = result_of(model, of) else { return Ok(()) };
    let Some(shown) = result.kpi() else { return Ok(()) };
    let kpi = &model.kpis.get(shown.kpi).name.value;
    let Some(readings) = readings else {
        let help = "leave out VALUE, or `--no-figures` so that kpic can compare them";
        return Err(usage(&format!("`{kpi}` measures the result, and is not asked for"), help));
    };
    let stop = |message: &str| {
        let help = "the KPI's value counts: leave out VALUE, and say in `--note` what is wrong with it; nothing was changed";
        out::error(&out::failure(message, Some(help)));
        Err(Stop { code: FINDINGS })
    };
    let Some(last) = readings.iter().rev().find(|reading| reading.day <= on) else {
        return stop(&format!(
            "`{kpi}` measures the result and has no complete period yet, so {text} cannot be compared with it"
        ));
    };
    if (typed - last.value).abs() <= precision_of(text) * 0.5 * (1.0 + 1e-9) {
        return Ok(());
    }
    let unit = Unit::parse(&unit_text(model, result)).unwrap_or_default();
    let precision = Precision::of([last.value, typed], &unit);
    stop(&format!("`{kpi}` is {} on {}, and not {text}", precision.figure(last.value, &unit), last.day))
}

/// The size of the last digit of a number: 0.1 of `4.5`, 0.001 of `4.5%`.
fn precision_of(text: &str) -> f64 {
    let (digits, scale) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits, 0.01));
    let (plain, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let decimals = plain.split_once('.').map_or(0, |(_, decimals)| decimals.chars().filter(char::is_ascii_digit).count());
    let decimals = i32::try_from(decimals).unwrap_or(0);
    10_f64.powi(exponent.parse::<i32>().unwrap_or(0).saturating_sub(decimals)) * scale
}

/// What was done to files.
struct Done<'a> {
    path: Option<&'a str>,
    text: &'a str,
}

/// A key result with what people said about it until a day, and what its KPI shows.
struct Told<'a> {
    model: &'a Model,
    result: &'a KeyResult,
    unit: Unit,
    day: Date,
    /// How far it was, the earliest first.
    values: Vec<(Date, f64)>,
    /// Whether it was asked how far it was.
    is_asked: bool,
    /// Why people are less sure of it than before, where somebody has to act.
    doubt: Option<String>,
}

impl<'a> Told<'a> {
    fn of(project: &'a Valid, of: (ObjectiveId, usize), day: Date, readings: Option<Vec<Reading>>) -> Option<Self> {
        let model = project.model();
        let result = result_of(model, of)?;
        let is_asked = readings.is_some() || check_in::is_manual(result);
        let values: Vec<(Date, f64)> = match readings {
            Some(readings) => readings.into_iter().map(|reading| (reading.day, reading.value)).collect(),
            None => result.check_ins.iter().filter_map(|each| Some((each.day, each.value?))).collect(),
        };
        let unit = Unit::parse(&unit_text(model, result)).unwrap_or_default();
        let values = values.into_iter().filter(|(known, _)| *known <= day).collect();
        let doubt = result.lost_confidence(model.objectives.get(of.0), day).and_then(|sureness| sureness.fall());
        Some(Self { model, result, unit, day, values, is_asked, doubt })
    }

    /// The day since which a change is counted: that of the check-in before, or of the reading before where there is none.
    fn before(&self) -> Option<(Date, f64)> {
        let (last, _) = *self.values.last()?;
        let said = self.result.check_ins.iter().map(|each| each.day);
        let said = said.chain(self.result.confidence.iter().map(|(day, _)| *day)).filter(|day| *day < self.day).max();
        let is_before = |known: Date| known < last && said.is_none_or(|said| known <= said);
        let known = self.values.iter().rev().find(|(known, _)| is_before(*known));
        known.or_else(|| self.values.iter().rev().find(|(known, _)| *known < last)).copied()
    }

    fn sureness(&self) -> Option<Sureness> {
        self.result.sureness(self.day)
    }

    fn show(&self, args: &CheckinArgs, done: &Done<'_>) {
        match args.format {
            FiguresFormat::Table => out::print(&self.text(args, done)),
            FiguresFormat::Json => out::json(&self.data(args, done)),
        }
    }

    fn text(&self, args: &CheckinArgs, done: &Done<'_>) -> String {
        let mut text = String::new();
        if done.text.is_empty() {
            text.push_str(&self.history());
        }
        let precision = Precision::of(self.values.iter().map(|(_, value)| *value), &self.unit);
        if let Some((day, value)) = self.values.last() {
            let spark = show::sparkline(&self.values.iter().map(|(_, value)| Some(*value)).collect::<Vec<_>>());
            let change = self.before().map_or_else(String::new, |(since, before)| {
                format!(", {} since {since}", precision.change(value - before, &self.unit))
            });
            text.push_str(&format!("value       {} on {day}{change}  {spark}\n", precision.figure(*value, &self.unit)));
        } else if self.is_asked {
            text.push_str("value       not known yet\n");
        }
        if let Some(sureness) = self.sureness() {
            let known = self.result.confidence.iter().filter(|(day, _)| *day <= self.day);
            let spark = show::sparkline(&known.map(|(_, sure)| Some(f64::from(*sure))).collect::<Vec<_>>());
            let change = sureness.before.map_or_else(String::new, |(since, before)| format!(", {before} on {since}"));
            text.push_str(&format!("confidence  {} of 10 on {}{change}  {spark}\n", sureness.now, sureness.day));
        }
        if let Some(fall) = &self.doubt {
            text.push_str(&format!("{} {fall}, so {} slips until it rises\n", out::styled(out::DIM, "note:"), args.of));
        }
        text
    }

    /// What was said so far, a line for each day.
    fn history(&self) -> String {
        let precision = Precision::of(self.result.check_ins.iter().filter_map(|each| each.value), &self.unit);
        let said = self.result.check_ins.iter().map(|each| each.day);
        let days: BTreeSet<Date> = said.chain(self.result.confidence.iter().map(|(day, _)| *day)).collect();
        let rows = days.into_iter().filter(|day| *day <= self.day).map(|day| {
            let said = self.result.check_ins.iter().find(|each| each.day == day);
            let sure = self.result.confidence.iter().find(|(known, _)| *known == day);
            let value = said.and_then(|said| said.value).map(|value| precision.figure(value, &self.unit));
            let words = |of: fn(&crate::model::objective::CheckIn) -> &String| said.map(of).cloned().unwrap_or_default();
            vec![
                day.to_string(),
                value.unwrap_or_default(),
                sure.map(|(_, sure)| sure.to_string()).unwrap_or_default(),
                words(|said| &said.note),
                words(|said| &said.blocker),
                words(|said| &said.decision),
            ]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        if rows.is_empty() {
            return "nobody has checked in yet\n".to_owned();
        }
        let headings = ["day", "value", "confidence", "note", "in its way", "to decide"].map(str::to_owned).to_vec();
        format!("{}\n", show::table(headings, rows, |at| matches!(at, 1 | 2)))
    }

    fn data(&self, args: &CheckinArgs, done: &Done<'_>) -> String {
        let said = |each: &crate::model::objective::CheckIn| {
            let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            json!({
                "day": each.day.to_string(),
                "value": each.value,
                "note": text(&each.note),
                "blocker": text(&each.blocker),
                "decision": text(&each.decision),
            })
        };
        let check_ins: Vec<Value> = self.result.check_ins.iter().filter(|each| each.day <= self.day).map(said).collect();
        let readings = self.values.iter().map(|(day, value)| json!({ "day": day.to_string(), "value": value }));
        let confidence = self.result.confidence.iter().filter(|(day, _)| *day <= self.day);
        let confidence = confidence.map(|(day, sure)| json!({ "day": day.to_string(), "confidence": sure }));
        let change = self.values.last().zip(self.before()).map(|((_, now), (_, before))| now - before);
        let all = json!({
            "key_result": args.of,
            "title": self.result.title,
            "kpi": self.result.kpi().map(|shown| self.model.kpis.get(shown.kpi).name.value.clone()),
            "unit": Some(unit_text(self.model, self.result)).filter(|text| !text.is_empty()),
            "day": self.day.to_string(),
            "written": done.path,
            "check_ins": check_ins,
            "readings": self.is_asked.then(|| readings.collect::<Vec<Value>>()),
            "change": change,
            "since": self.before().map(|(day, _)| day.to_string()),
            "confidence": confidence.collect::<Vec<Value>>(),
            "confidence_falls": self.sureness().is_some_and(|sureness| sureness.falls()),
        });
        let mut text = crate::text::json(&all);
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::precision_of;

    #[test]
    fn numbers_have_the_precision_of_their_last_digit() {
        for (text, wanted) in [("12", 1.0), ("12.50", 0.01), ("45%", 0.01), ("4.5%", 0.001), ("1.5e3", 100.0), ("-3", 1.0)] {
            assert!((precision_of(text) - wanted).abs() < wanted * 1e-9, "{text}");
        }
    }
}
