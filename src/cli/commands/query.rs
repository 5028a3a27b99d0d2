//! `kpic query`

use crate::calendar::{AsOf, Grain};
use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, Stop, USAGE, complete, csv, engine_of, freshness, guarded, out, say_doubts,
    say_left_out, show, show_findings, usage,
};
use crate::diagnostic::{Findings, suggest};
use crate::dialect;
use crate::engine::{Failure, Rows};
use crate::measure::refused::{self, Refused};
use crate::measure::shown::Precision;
use crate::measure::{Session, guard, number, shown};
use crate::model::unit::Unit;
use crate::model::{KpiId, Model};
use crate::pipeline::{self, Valid};
use crate::plan::relation::{Body, Query, column};
use crate::plan::{Question, Show};
use crate::query::{self, Asked, Column};
use crate::{plan, sql};
use clap::{Args, ValueEnum};
use serde_json::Value;

/// The arguments of `query`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic query revenue --by country --from 2024-01 --to 2024-06
  kpic query revenue buyers --grain week --where \"channel = 'partner'\" --order -revenue --limit 10
  kpic query 'aov = revenue / purchases' --format csv
  kpic query revenue --sql        print the SQL and do not run it

A KPI with `gaps: omit` shows the rows that its own views have. With several KPIs a row is shown if at least one has it, and the others are null there.")]
pub(in crate::cli) struct QueryArgs {
    /// KPIs, or formulas over them, perhaps with a name: `aov = revenue / purchases`.
    #[arg(value_name = "KPI", required = true, add = complete::kpis())]
    kpis: Vec<String>,
    /// Dimensions to slice by.
    #[arg(long, value_name = "DIMENSION,...", value_delimiter = ',')]
    by: Vec<String>,
    /// The grain of the periods [default: that of the first KPI].
    #[arg(long, value_name = "GRAIN", value_parser = grain)]
    grain: Option<Grain>,
    /// A condition on dimensions: only rows for which it is true count.
    #[arg(long = "where", value_name = "CONDITION")]
    condition: Option<String>,
    /// The first period: 2024-01, 2024-Q1, 2024-W05, 2024-01-31, 2024.
    #[arg(long, value_name = "PERIOD")]
    from: Option<String>,
    /// The last period.
    #[arg(long, value_name = "PERIOD")]
    to: Option<String>,
    /// Columns to sort by, `-` before one for the greatest first [default: period, then the dimensions].
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',', allow_hyphen_values = true)]
    order: Vec<String>,
    /// How many rows at most.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count)]
    limit: Option<u64>,
    /// How the answer is shown.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// What stands for null in CSV [default: nothing; an empty text is `""`].
    #[arg(long, value_name = "TEXT", value_parser = csv::null)]
    null: Option<String>,
    /// CSV for spreadsheets: a text that they would take for a formula gets an apostrophe before it [default: texts as they are].
    #[arg(long)]
    csv_safe: bool,
    /// Print the SQL and do not run it.
    #[arg(long)]
    sql: bool,
    #[command(flatten)]
    guards: guarded::GuardArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
}

pub(super) fn grain(text: &str) -> Result<Grain, String> {
    let known = Grain::NAMES.contains(&text).then(|| Grain::parse(text)).flatten();
    known.ok_or_else(|| format!("the grains are {}", Grain::NAMES.join(", ")))
}

pub(in crate::cli) fn run(args: &QueryArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    if args.null.is_some() && args.format != Format::Csv {
        return Err(usage("`--null` only applies to CSV", "add `--format csv`, or remove `--null`"));
    }
    let asked = Asked {
        kpis: args.kpis.clone(),
        by: args.by.clone(),
        grain: args.grain,
        condition: args.condition.clone(),
        from: args.from.clone(),
        to: args.to.clone(),
    };
    if let Some(unclear) = query::unclear(&asked) {
        return Err(usage(&unclear.message, &unclear.help));
    }
    let mut written = query::Written::default();
    let ask = |spec: &_, files: &mut _| {
        written = query::write(&asked, spec, files);
        written.kpis.clone()
    };
    let part = pipeline::part(&root, ask, &context.options()).map_err(|checked| {
        let kpis: Vec<KpiId> = checked.model.kpis.iter().filter(|(_, kpi)| kpi.is_asked()).map(|(id, _)| id).collect();
        let found = if written.is_wrong(&checked.findings) { checked.findings.clone() } else { checked.errors_of(&kpis) };
        show_findings(&written.remarks(&found, &checked.model, &checked.files), &checked.files);
        // What is wrong with the question is a mistake on the command line, as it is for every other command.
        Stop { code: if written.is_wrong(&checked.findings) { USAGE } else { FINDINGS } }
    })?;
    let (project, columns) = (&part.project, &written.columns);
    if !written.doubled.is_empty() {
        show_findings(&written.doubled, project.files());
        return Err(Stop { code: FINDINGS });
    }
    show_findings(&written.remarks(project.findings(), project.model(), project.files()), project.files());
    say_left_out(&part, &[]);
    let model = project.model();
    let (question, kpis) = query::question(model, &asked, columns).map_err(|unclear| usage(&unclear.message, &unclear.help))?;
    let mut plan = plan::plan(project, &question);
    order(&mut plan, args, false)?;
    let dialect = dialect::dialect(model.warehouse.dialect.as_ref().map(|name| name.value.as_str()));
    if args.sql {
        out::data(&sql::statement(&plan, dialect));
        return Ok(FINE);
    }
    let engine = engine_of(context, &root, &args.engine, &model.warehouse)?;
    let session = Session { project, engine: &*engine };
    let plans = [plan];
    let read = plans.clone();
    let stale = freshness::stale_lines(&session, &plans)?;
    let (plans, rows, mut refused) = guarded::guarded(&args.guards, project.files(), "asking", |guarding| {
        guard::beside(&session, guarding, &read, || answered(&session, &question, plans, &kpis, args))
    })?;
    out::error(&stale);
    if let Some(rows) = rows {
        let text = match args.format {
            Format::Table => table(project, &rows, columns, &kpis, question.grain),
            Format::Csv => csv::text(plans.first(), &rows, args.null.as_deref().unwrap_or_default(), args.csv_safe),
            Format::Json => json(&rows),
        };
        match args.format {
            Format::Table => out::print(&text),
            Format::Csv => out::data(&text),
            Format::Json => out::json(&text),
        }
        say_doubts(project, &kpis);
        let note = if rows.rows.is_empty() { Some(why_empty(model, &question, args)) } else { left_out(model, &question) };
        if let Some(note) = note {
            out::error(&format!("{} {note}\n", out::styled(out::DIM, "note:")));
        }
    }
    written.reword(&mut refused);
    show_findings(&refused, project.files());
    Ok(if refused.is_empty() { FINE } else { FINDINGS })
}

/// The answer to a question over some KPIs, with its plan. Where the engine refuses it, that over those KPIs that it does not refuse
/// alone, and why it refuses the others.
fn answered(
    session: &Session<'_>,
    question: &Question,
    plans: [Query; 1],
    kpis: &[KpiId],
    args: &QueryArgs,
) -> Result<([Query; 1], Option<Rows>, Findings), Failure> {
    let model = session.project.model();
    let mut refused = Refused::default();
    let Some(answer) = session.answer(&plans)?.into_iter().next() else { return Ok((plans, None, Findings::default())) };
    let whole = match answer {
        Ok(rows) => return Ok((plans, Some(rows), Findings::default())),
        Err(why) => why,
    };
    let of = |wanted: &dyn Fn(KpiId) -> bool| {
        let mut part = question.clone();
        part.outputs.retain_mut(|output| match &mut output.show {
            Show::Value(kpi) | Show::ValueIfShown(kpi) => wanted(*kpi),
            Show::IsComplete(all) => {
                all.retain(|kpi| wanted(*kpi));
                true
            }
            _ => true,
        });
        plan::plan(session.project, &part)
    };
    let mut known = Vec::new();
    for (each, answer) in session.apart(kpis, Err(whole.clone()), |kpi| of(&|other| other == *kpi))? {
        match (answer, each.first()) {
            (Ok(_), _) => known.extend(each),
            (Err(why), Some(kpi)) => refused.add(&of(&|other| other == *kpi), refused::kpi(model, *kpi, &why)),
            (Err(_), None) => {}
        }
    }
    if known.is_empty() {
        return Ok((plans, None, refused.explained(session)?));
    }
    let mut plan = of(&|kpi| known.contains(&kpi));
    // What cannot be shown cannot be sorted by either; all other wishes have been understood before.
    let _ = order(&mut plan, args, true);
    let plans = [plan];
    let rows = match session.answer(&plans)?.into_iter().next() {
        Some(Ok(rows)) => Some(rows),
        Some(Err(why)) => {
            plans.iter().for_each(|plan| refused.add(plan, refused::other("the answer", None, &why)));
            None
        }
        None => None,
    };
    Ok((plans, rows, refused.explained(session)?))
}

/// What is left out of an answer where earlier or later periods are asked for than there are.
fn left_out(model: &Model, question: &Question) -> Option<String> {
    let calendar = &model.calendar;
    let last = match calendar.as_of {
        AsOf::Day(last) if !calendar.custom => Some(last),
        _ => None,
    };
    // Whoever asks for a period gets what there is of it.
    let last = last.filter(|last| question.to.is_some_and(|to| calendar.period_start(question.grain, to) > *last));
    let starts_later = question.from.is_some_and(|from| from < calendar.start);
    match (starts_later, last) {
        (false, None) => None,
        (true, None) => Some(starts(model)),
        (false, Some(last)) => Some(format!("figures end on {last} (`as_of` under `calendar`)")),
        (true, Some(last)) => {
            Some(format!("figures start on {} and end on {last} (`start` and `as_of` under `calendar`)", calendar.start))
        }
    }
}

fn starts(model: &Model) -> String {
    format!("figures start on {} (`start` under `calendar`)", model.calendar.start)
}

/// Why an answer has no rows.
fn why_empty(model: &Model, question: &Question, args: &QueryArgs) -> String {
    if args.limit == Some(0) {
        return "`--limit 0` leaves out all rows".to_owned();
    }
    let calendar = &model.calendar;
    let grain = question.grain;
    if let AsOf::Day(last) = calendar.as_of {
        let first = calendar.first_from(grain, calendar.start);
        if !calendar.custom && first > last {
            return format!(
                "the first {grain} on or after `start` ({}) starts on {first}, but the last visible day is {last}; an \
                 earlier `start` in kpic.yml shows the {grain} before",
                calendar.start
            );
        }
        if question.from.is_some_and(|from| from > last) {
            return format!("`--from` is after the last visible day, {last} (`as_of`)");
        }
    }
    if question.to.is_some_and(|to| to < calendar.start) {
        return starts(model) + ", which is after these periods";
    }
    if let (Some(from), Some(to)) = (question.from, question.to)
        && !calendar.custom
        && calendar.first_from(grain, from) > to
    {
        return format!("no {grain} starts between {from} and {to}");
    }
    match (&args.condition, args.by.is_empty()) {
        (Some(condition), _) => format!("no row there matches `{condition}`"),
        (None, false) => format!("no row in these periods has a value of {}", args.by.join(", ")),
        (None, true) => "there is no data in these periods".to_owned(),
    }
}

fn count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected a whole number, 0 or more".to_owned())
}

/// Sorts and cuts the answer. Columns that are not there are a mistake, unless they have been `left_out`.
fn order(plan: &mut Query, args: &QueryArgs, left_out: bool) -> Result<(), Stop> {
    let keys = plan.keys();
    let Body::Select(select) = &mut plan.result else { return Ok(()) };
    let names: Vec<String> = select.columns.iter().map(|(_, name)| name.clone()).collect();
    let mut order = Vec::new();
    for wish in &args.order {
        let (name, greatest_first) = wish.strip_prefix('-').map_or((wish.as_str(), false), |name| (name, true));
        let is_there = names.iter().any(|known| known == name);
        if !is_there && left_out {
            continue;
        }
        if !is_there {
            let words = || name.split([' ', ':', ',']).next().into_iter().chain(way(name));
            let bare = words().find(|bare| names.iter().any(|known| known == bare));
            let help = match bare.filter(|bare| bare.len() < name.len()) {
                Some(bare) => format!("write `--order {bare}`, or `--order=-{bare}` for the greatest first"),
                None => suggest::did_you_mean(name, "the columns are", names.iter().map(String::as_str)).unwrap_or_default(),
            };
            return Err(usage(&format!("the answer has no column `{name}`"), &help));
        }
        order.push((column("", name), greatest_first));
    }
    // Whatever is asked for, equal rows come in one order.
    for name in names.iter().take(keys) {
        if !args.order.iter().any(|wish| wish.trim_start_matches('-') == name) {
            order.push((column("", name), false));
        }
    }
    select.order = order;
    select.limit = args.limit;
    Ok(())
}

fn table(project: &Valid, rows: &Rows, columns: &[Column], kpis: &[KpiId], grain: Grain) -> String {
    let model = project.model();
    let units: Vec<(&str, &Unit)> =
        columns.iter().zip(kpis).map(|(column, id)| (column.name.as_str(), &model.kpis.get(*id).facts.unit)).collect();
    if rows.rows.is_empty() {
        return "no rows\n".to_owned();
    }
    let shown: Vec<usize> =
        rows.columns.iter().enumerate().filter(|(_, name)| *name != "is_complete").map(|(at, _)| at).collect();
    let headings: Vec<String> = shown.iter().filter_map(|at| rows.columns.get(*at)).map(|name| heading(name, &units)).collect();
    let precisions: Vec<Option<Precision>> = rows
        .columns
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let (_, unit) = units.iter().find(|(known, _)| known == name)?;
            Some(Precision::of(rows.rows.iter().filter_map(|row| number(row.get(at)?)), unit))
        })
        .collect();
    let mut any_open = false;
    let body: Vec<Vec<String>> = rows
        .rows
        .iter()
        .map(|row| {
            let complete = rows.get(row, "is_complete").and_then(Value::as_bool).unwrap_or(true);
            any_open |= !complete;
            shown.iter().map(|at| cell(model, rows, row, *at, (&units, &precisions), grain, complete)).collect()
        })
        .collect();
    let is_figure = |at: usize| {
        let name = shown.get(at).and_then(|at| rows.columns.get(*at));
        name.is_some_and(|name| units.iter().any(|(known, _)| known == name))
    };
    let keys = (0..shown.len()).take_while(|at| !is_figure(*at)).count();
    let mut out = show::split_table(&headings, &body, keys, is_figure);
    if any_open {
        out.push_str(&format!("\n{}\n", out::styled(out::DIM, "* not complete")));
    }
    out
}

fn heading(name: &str, units: &[(&str, &Unit)]) -> String {
    match units.iter().find(|(known, _)| *known == name).map(|(_, unit)| unit.to_string()) {
        Some(unit) if !unit.is_empty() => format!("{name} ({unit})"),
        _ => name.to_owned(),
    }
}

/// The columns of figures by their names and units, and the precision of each of all columns that is one.
type Figures<'a> = (&'a [(&'a str, &'a Unit)], &'a [Option<Precision>]);

fn cell(
    model: &Model,
    rows: &Rows,
    row: &[Value],
    at: usize,
    (units, precisions): Figures<'_>,
    grain: Grain,
    complete: bool,
) -> String {
    let name = rows.columns.get(at).map(String::as_str).unwrap_or_default();
    let value = row.get(at).unwrap_or(&Value::Null);
    if let (Some((_, unit)), Some(Some(precision))) = (units.iter().find(|(known, _)| *known == name), precisions.get(at)) {
        return precision.exact(value, unit);
    }
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) if name == "period" => {
            let label = text.parse().map_or_else(|_| text.clone(), |day| shown::period(day, grain, &model.calendar));
            if complete { label } else { format!("{label}*") }
        }
        Value::String(text) => {
            let line: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
            shown::told_from_null(&line)
        }
        other => other.to_string(),
    }
}

fn json(rows: &Rows) -> String {
    let all: Vec<Value> =
        rows.rows.iter().map(|row| Value::Object(rows.columns.iter().cloned().zip(row.iter().cloned()).collect())).collect();
    let mut text = crate::text::json(&all);
    text.push('\n');
    text
}

/// The column of `trips-desc`, `trips_asc`.
fn way(typed: &str) -> Option<&str> {
    let start = typed.rfind(['-', '_', '.'])?;
    let way = typed.get(start + 1..)?.to_lowercase();
    matches!(way.as_str(), "asc" | "desc" | "ascending" | "descending").then(|| typed.get(..start))?
}
