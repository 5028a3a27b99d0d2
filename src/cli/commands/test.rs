//! `kpic test`

use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, FindingsFormat, Stop, complete, embedded, engine_of, environment, out, progress,
    say_left_out, show, sqlite, usage,
};
use crate::diagnostic::{Findings, Severity, suggest};
use crate::dialect::{self, Client};
use crate::engine::{DuckDb, Engine};
use crate::measure::test::{self, Outcome};
use crate::pipeline;
use clap::Args;
use std::path::PathBuf;

/// The arguments of `test`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic test
  kpic test refunds_do_not_count
  kpic test refunds_do_not_count --sql    with the SQL that was run
  kpic test --live                        on the server of a project for PostgreSQL, or in SQLite, which keep nothing of it")]
pub(in crate::cli) struct TestArgs {
    /// The tests; all of them if none is named.
    #[arg(value_name = "TEST", add = complete::tests())]
    tests: Vec<String>,
    /// Show the SQL of every test that fails, or of those that are named.
    #[arg(long)]
    sql: bool,
    /// Run them on the project's own warehouse, in temporary tables, instead of the embedded engine.
    #[arg(long)]
    live: bool,
    /// How failures are shown.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: FindingsFormat,
    #[command(flatten)]
    engine: EngineArgs,
}

pub(in crate::cli) fn run(args: &TestArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let mut part = pipeline::part(&root, |_, _| Vec::new(), &context.options())
        .map_err(|checked| args.format.refused(&checked.findings, &checked.files, &root))?;
    let is_whole = part.left_out.is_empty();
    let left_out = part.left_out_of("tests");
    if args.tests.iter().any(|name| left_out.contains(&name.as_str())) || part.project.model().tests.is_empty() && !is_whole {
        return Err(args.format.refused(&part.findings, part.project.files(), &root));
    }
    let project = &mut part.project;
    for name in &args.tests {
        let names = || project.model().tests.iter().map(|test| test.name.value.as_str());
        if !names().any(|known| known == name) {
            let help = suggest::did_you_mean(name, "the tests are", names()).unwrap_or_else(|| "see `kpic test`".to_owned());
            return Err(usage(&format!("there is no test `{name}`"), &help));
        }
    }
    let warehouse = &project.model().warehouse;
    let name = if args.live { warehouse.dialect.as_ref().map(|name| name.value.as_str()) } else { None };
    let dialect = dialect::dialect(name);
    // Tests bring their own rows; of the embedded engine no database is read.
    let engine: Box<dyn Engine> = if dialect.is_embedded() {
        Box::new(DuckDb { database: None, ..embedded(context, &root, &args.engine, None)? })
    } else if dialect.client() == Client::Sqlite {
        Box::new(sqlite(PathBuf::new(), &args.engine)?)
    } else {
        engine_of(context, &root, &args.engine, warehouse)?
    };
    let run = || test::run_as(project, &*engine, &args.tests, dialect);
    let outcomes = progress::during("testing", run).map_err(|failure| environment(&failure))?;
    let failed = outcomes.iter().filter(|outcome| !outcome.passes()).count();
    if args.format.is_for_programs() {
        let mut found = Findings::default();
        if !is_whole {
            found = part.findings.clone();
            found.retain(|finding| finding.severity == Severity::Error);
        }
        found.append(test::findings(&part.project, &outcomes));
        out::json(&args.format.text(&found, part.project.files(), &root, out::look_of_stdout()));
    } else {
        for outcome in &outcomes {
            out::print(&report(outcome, args));
        }
        let count = outcomes.len();
        let plural = if count == 1 { "" } else { "s" };
        let summary = match failed {
            0 => format!("{} {count} test{plural}\n", out::styled(out::GOOD, "passed")),
            _ => format!("{} {failed} of {count} test{plural}\n", out::styled(out::BAD, "failed")),
        };
        out::print(&summary);
        say_left_out(&part, &[("tests", "test")]);
    }
    Ok(if failed > 0 || args.tests.is_empty() && !is_whole { FINDINGS } else { FINE })
}

/// What there is to say of a test: nothing beyond its name if it passes.
fn report(outcome: &Outcome, args: &TestArgs) -> String {
    let passes = outcome.passes();
    let mark = if passes { out::styled(out::GOOD, "ok  ") } else { out::styled(out::BAD, "FAIL") };
    let mut out = format!("{mark} {}\n", outcome.name);
    for (of, why) in &outcome.refused {
        out.push_str(&format!("     {of} cannot be computed: {why}\n"));
        if out::is_verbose() {
            out.push_str(&format!("     the engine says: {}\n", why.said));
        }
    }
    let wrong: Vec<_> = outcome.figures.iter().filter(|figure| !figure.agrees).collect();
    if !wrong.is_empty() {
        let headings = ["", "period", "expected", "is"].map(str::to_owned).to_vec();
        let rows = wrong
            .iter()
            .map(|figure| vec![figure.of.clone(), figure.row.clone(), figure.expected.clone(), figure.actual.clone()])
            .collect();
        for line in show::table(headings, rows, |at| at > 1).lines() {
            out.push_str(&format!("     {line}\n"));
        }
    }
    if args.sql && (!passes || !args.tests.is_empty()) {
        for (of, query) in &outcome.queries {
            out.push_str(&format!("\n-- {of}\n{query};\n"));
        }
    }
    out
}
