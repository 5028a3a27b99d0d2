//! `kpic verify`

use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, FindingsFormat, Stop, engine_of, environment, out, progress, show, usage,
};
use crate::diagnostic::suggest;
use crate::measure::verify::{self, Check, Outcome, Report};
use crate::measure::{Session, shown};
use crate::model::unit::Unit;
use crate::model::{Model, SourceId};
use crate::pipeline;
use clap::Args;

/// The arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic verify                     every source of the project
  kpic verify orders customers    two of them
  kpic verify orders --sql        print the SQL that finds the bad rows

Each source is read once. Nothing is written.")]
pub(in crate::cli) struct VerifyArgs {
    /// The sources; all of them if none is named.
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// Show the SQL instead of running it.
    #[arg(long)]
    sql: bool,
    /// How findings are shown.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: FindingsFormat,
    #[command(flatten)]
    engine: EngineArgs,
}

pub(in crate::cli) fn run(args: &VerifyArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let project = args.format.valid(pipeline::check(&root, &context.options()), &root)?;
    let model = project.model();
    let sources = named(model, &args.sources)?;
    let engine = engine_of(context, &root, &args.engine, &model.warehouse)?;
    let session = Session { project: &project, engine: &*engine };
    if args.sql {
        for (title, query) in verify::queries(&session, &sources) {
            out::data(&format!("-- {title}\n{query}\n"));
        }
        return Ok(FINE);
    }
    let report = progress::during("checking the data", || verify::verify(&session, &sources))
        .map_err(|failure| environment(&failure))?;
    let findings = args.format.text(&report.findings, project.files(), &root, out::look_of_stdout());
    if args.format == FindingsFormat::Human {
        out::print(&table(&report));
        let count: usize = report.sources.iter().map(|source| source.checks.len()).sum();
        let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let fine = format!("{} of {}", many(count, "check"), many(report.sources.len(), "source"));
        let allowed = |check: &&Check| matches!(check.outcome, Outcome::Allowed(_));
        let allowed = report.sources.iter().flat_map(|source| &source.checks).filter(allowed).count();
        let known = if allowed == 0 { String::new() } else { format!("; {allowed} with rows that the project allows") };
        let fine = format!("\n{} {fine}{known}\n", out::styled(out::GOOD, "fine:"));
        out::print(&if report.findings.is_empty() { fine } else { format!("\n{findings}") });
    } else {
        out::json(&findings);
    }
    Ok(if report.findings.has_errors() { FINDINGS } else { FINE })
}

/// The sources that are asked for.
fn named(model: &Model, names: &[String]) -> Result<Vec<SourceId>, Stop> {
    if names.is_empty() {
        // A journey has no rows of its own.
        return Ok(model.sources.iter().filter(|(_, source)| source.journey.is_none()).map(|(id, _)| id).collect());
    }
    let find = |name: &String| {
        let journey = model.source_names.get(name).filter(|id| model.sources.get(**id).journey.is_some());
        if journey.is_some() {
            let help = "name the sources of its steps instead";
            return Err(usage(&format!("`{name}` is a journey and has no rows of its own"), help));
        }
        model.source_names.get(name).copied().ok_or_else(|| {
            let names = model.sources.rows().iter().map(|source| source.name.value.as_str());
            let help = suggest::did_you_mean(name, "the sources are", names).unwrap_or_else(|| "see `kpic check`".to_owned());
            usage(&format!("there is no source `{name}`"), &help)
        })
    };
    names.iter().map(find).collect()
}

/// A line for each check, the source's name and size at its first.
fn table(report: &Report) -> String {
    let headings = ["source", "rows", "check", "result", "such as"].map(str::to_owned).to_vec();
    let mut rows = Vec::new();
    for source in &report.sources {
        for (at, check) in source.checks.iter().enumerate() {
            let size = source.rows.map_or_else(|| "unknown".to_owned(), count);
            let (name, size) = if at == 0 { (source.name.clone(), size) } else { (String::new(), String::new()) };
            rows.push(vec![name, size, check.what.clone(), result(check), check.examples.join("; ")]);
        }
    }
    show::table(headings, rows, |at| at == 1)
}

fn result(check: &Check) -> String {
    match check.outcome {
        Outcome::Fine => "fine".to_owned(),
        Outcome::Rows(rows) => format!("{} wrong", count(rows)),
        Outcome::Allowed(rows) => format!("{} allowed", count(rows)),
        Outcome::Wrong => "wrong".to_owned(),
        Outcome::Unknown => "not checked".to_owned(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown to people")]
fn count(rows: u64) -> String {
    shown::figure(rows as f64, &Unit::none())
}
