//! `kpic query`

mod file;
mod notes;
mod table;

use crate::calendar::Grain;
use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, Stop, USAGE, complete, csv, day, engine_of, freshness, guarded, out, say_doubts,
    say_left_out, show_findings, usage,
};
use crate::diagnostic::{Findings, suggest};
use crate::dialect;
use crate::engine::{Failure, Rows};
use crate::measure::refused::{self, Refused};
use crate::measure::{Session, guard};
use crate::model::KpiId;
use crate::pipeline;
use crate::plan::Show;
use crate::plan::relation::{Body, Query, column};
use crate::query::{self, Answering, Asked};
use crate::{plan, sql};
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The arguments of `query`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic query revenue --by country --from 2024-01 --to 2024-06
  kpic query revenue buyers --grain week --where \"channel = 'partner'\" --order -revenue --limit 10
  kpic query 'aov = revenue / purchases' --format csv
  kpic query revenue --by country --top 5 --others --last 12
  kpic query revenue buyers --by country --having \"buyers >= 10\" --rank
  kpic query --by country         the values of a dimension, with the rows of each source that have them
  kpic query revenue --by country -o revenue.parquet
  kpic query revenue --sql        print the SQL and do not run it

A KPI with `gaps: omit` shows the rows that its own views have. With several KPIs a row is shown if at least one has it, and the others are null there.")]
#[expect(clippy::struct_excessive_bools, reason = "flags of the command line")]
pub(in crate::cli) struct QueryArgs {
    /// KPIs, or formulas over them, perhaps with a name: `aov = revenue / purchases`.
    #[arg(value_name = "KPI", required_unless_present = "by", add = complete::kpis())]
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
    /// A condition on the figures of a row, by the names of its columns: only rows for which it is true are shown.
    #[arg(long, value_name = "CONDITION")]
    having: Option<String>,
    /// The first period: 2024-01, 2024-Q1, 2024-W05, 2024-01-31, 2024; `today` for the current one, `-12` for the twelfth before it.
    #[arg(long, value_name = "PERIOD", allow_hyphen_values = true)]
    from: Option<String>,
    /// The last period.
    #[arg(long, value_name = "PERIOD", allow_hyphen_values = true)]
    to: Option<String>,
    /// The last N periods, up to `--to` or the current one.
    #[arg(long, value_name = "N", conflicts_with = "from", value_parser = clap::value_parser!(u32).range(1..))]
    last: Option<u32>,
    /// Only the N values of the first dimension that are greatest over the range that is asked for.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    top: Option<u64>,
    /// All other values as one row, whose figures are computed from their rows.
    #[arg(long, requires = "top")]
    others: bool,
    /// What `--top` and `--rank` compare: a KPI or formula [default: the first KPI].
    #[arg(long, value_name = "KPI", add = complete::kpis())]
    by_kpi: Option<String>,
    /// A column `rank`: the place of each row within its period, the greatest first; equal values share a place.
    #[arg(long)]
    rank: bool,
    /// Columns to sort by, `-` before one for the greatest first [default: period, then the dimensions].
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',', allow_hyphen_values = true)]
    order: Vec<String>,
    /// How many rows at most.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count)]
    limit: Option<u64>,
    /// How the answer is shown [default: a table, or what the ending of the file says].
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write the answer to a file, whole or not at all; `.csv`, `.json` and `.parquet` say what is written.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
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
    /// With the types of columns; needs `-o FILE`.
    Parquet,
}

pub(super) fn grain(text: &str) -> Result<Grain, String> {
    let known = Grain::NAMES.contains(&text).then(|| Grain::parse(text)).flatten();
    known.ok_or_else(|| format!("the grains are {}", Grain::NAMES.join(", ")))
}

pub(in crate::cli) fn run(args: &QueryArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let format = file::format(args)?;
    if args.null.is_some() && format != Format::Csv {
        return Err(usage("`--null` only applies to CSV", "add `--format csv`, or remove `--null`"));
    }
    let mut asked = Asked {
        kpis: args.kpis.clone(),
        by: args.by.clone(),
        grain: args.grain,
        condition: args.condition.clone(),
        from: args.from.clone(),
        to: args.to.clone(),
        last: args.last,
        having: args.having.clone(),
        top: args.top,
        others: args.others,
        by_kpi: args.by_kpi.clone(),
        rank: args.rank,
        counts_values: false,
    };
    if args.by_kpi.is_some() && args.top.is_none() && !args.rank {
        return Err(usage("`--by-kpi` says what `--top` and `--rank` compare", "add one of them, or use `--order` to sort"));
    }
    if let Some(unclear) = query::unclear(&asked) {
        return Err(usage(&unclear.message, &unclear.help));
    }
    if args.kpis.is_empty() {
        asked = values(&root, &asked, args, context)?;
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
    let today = day::today(&model.calendar.zone);
    let answering =
        query::question(model, &asked, &written, today).map_err(|unclear| usage(&unclear.message, &unclear.help))?;
    let (question, kpis) = (&answering.question, &answering.kpis);
    let mut plan = plan::views::shape::shaped(project, question, &answering.shape);
    order(&mut plan, args, false)?;
    let dialect = dialect::dialect(model.warehouse.dialect.as_ref().map(|name| name.value.as_str()));
    if args.sql {
        file::put(args.output.as_deref(), sql::statement(&plan, dialect).as_bytes())?;
        return Ok(FINE);
    }
    let engine = engine_of(context, &root, &args.engine, &model.warehouse)?;
    let session = Session { project, engine: &*engine };
    let plans = [plan];
    let read = plans.clone();
    let stale = freshness::stale_lines(&session, &plans)?;
    let (plans, rows, mut refused) = guarded::guarded(&args.guards, project.files(), "asking", |guarding| {
        guard::beside(&session, guarding, &read, || answered(&session, &answering, plans, args))
    })?;
    out::error(&stale);
    if let Some(rows) = rows {
        let dimension = question.dimensions.first().map(|id| question.key(model, *id));
        let as_table = || table::table(project, &rows, columns, kpis, (question.grain, dimension.as_deref()));
        match (&args.output, format) {
            (Some(file), _) if !refused.is_empty() => {
                let name = file.display();
                out::error(&format!("{} {name} is not written, as figures are missing\n", out::styled(out::BAD, "error:")));
            }
            (Some(file), format) => {
                let bytes = file::bytes(format, plans.first(), &rows, args, as_table)?;
                file::put(Some(file), &bytes)?;
            }
            (None, Format::Csv) => {
                out::data(&csv::text(plans.first(), &rows, args.null.as_deref().unwrap_or_default(), args.csv_safe));
            }
            (None, Format::Json) => out::json(&json(&rows)),
            (None, _) => out::print(&as_table()),
        }
        say_doubts(project, kpis);
        let note =
            if rows.rows.is_empty() { Some(notes::why_empty(model, question, args)) } else { notes::left_out(model, question) };
        let note = note.or_else(|| notes::by_last_period(model, &answering).filter(|_| !asked.counts_values));
        if let Some(note) = note {
            out::error(&format!("{} {note}\n", out::styled(out::DIM, "note:")));
        }
    }
    written.reword(&mut refused);
    show_findings(&refused, project.files());
    Ok(if refused.is_empty() { FINE } else { FINDINGS })
}

/// The question for the values of dimensions, where no KPI is asked for.
fn values(root: &Path, asked: &Asked, args: &QueryArgs, context: &Context<'_>) -> Result<Asked, Stop> {
    let of_periods = [("--grain", args.grain.is_some()), ("--from", args.from.is_some()), ("--to", args.to.is_some())];
    let given = of_periods.into_iter().chain([("--last", args.last.is_some())]).find(|(_, is_given)| *is_given);
    if let Some((option, _)) = given {
        let message = format!("`{option}` is about the periods of KPIs, and without a KPI all rows are counted");
        return Err(usage(&message, "name a KPI, or remove it"));
    }
    let part = pipeline::part(root, |_, _| Vec::new(), &context.options()).map_err(|checked| {
        show_findings(&checked.findings, &checked.files);
        Stop { code: FINDINGS }
    })?;
    query::values(part.project.model(), asked).map_err(|unclear| usage(&unclear.message, &unclear.help))
}

/// The answer to a question over some KPIs, with its plan. Where the engine refuses it, that over those KPIs that it does not refuse
/// alone, and why it refuses the others.
fn answered(
    session: &Session<'_>,
    answering: &Answering,
    plans: [Query; 1],
    args: &QueryArgs,
) -> Result<([Query; 1], Option<Rows>, Findings), Failure> {
    let model = session.project.model();
    let (question, kpis) = (&answering.question, &answering.kpis);
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
        plan::views::shape::shaped(session.project, &part, &answering.shape)
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

fn count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected a whole number, 0 or more".to_owned())
}

/// Sorts and cuts the answer. Columns that are not there are a mistake, unless they have been `left_out`.
fn order(plan: &mut Query, args: &QueryArgs, left_out: bool) -> Result<(), Stop> {
    let keys = plan.keys();
    let of_top = if args.top.is_some() && args.order.is_empty() { plan::views::shape::order_of_top(plan) } else { Vec::new() };
    let Body::Select(select) = &mut plan.result else { return Ok(()) };
    let names: Vec<String> = select.columns.iter().map(|(_, name)| name.clone()).collect();
    let mut order = of_top;
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
        let is_there = order.iter().any(|(by, _)| *by == column("", name));
        if !is_there && !args.order.iter().any(|wish| wish.trim_start_matches('-') == name) {
            order.push((column("", name), false));
        }
    }
    select.order = order;
    select.limit = args.limit;
    Ok(())
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
