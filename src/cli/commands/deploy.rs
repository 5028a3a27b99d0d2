//! `kpic deploy`

use crate::build;
use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, FiguresFormat, Stop, engine_to_change, environment, out, progress, refused,
    show_findings, usage, valid,
};
use crate::deploy::{self, Change, How, Plan};
use crate::dialect::{self, Client};
use crate::engine::Failure;
use crate::model::{Model, Relation, Warehouse};
use crate::pipeline;
use clap::Args;
use serde_json::json;
use std::path::Path;

/// The arguments of `deploy`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic deploy --dry-run                   say what would change
  kpic deploy --target prod
  kpic deploy --database shop.duckdb
  kpic deploy --drop                      also drop views that no spec names any more

All views are put there in one transaction, or none. kpic changes and drops only what it has made itself, which it knows by the last line of a comment.")]
pub(in crate::cli) struct DeployArgs {
    /// Say what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Drop views that kpic has made and that no spec names any more.
    #[arg(long)]
    drop: bool,
    /// Take over views of the project's names that kpic does not know, such as those that `deploy.sql` has made.
    #[arg(long)]
    adopt: bool,
    /// How the changes are shown.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: FiguresFormat,
    #[command(flatten)]
    engine: EngineArgs,
}

pub(in crate::cli) fn run(args: &DeployArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let project = valid(pipeline::check(&root, &context.options()))?;
    let model = project.model();
    let dialect = dialect::dialect(model.warehouse.dialect.as_ref().map(|name| name.value.as_str()));
    let fail = |failure: Failure| environment(&failure);
    let Some(catalog) = dialect.catalog() else {
        return Err(fail(Failure {
            message: format!("kpic cannot deploy to `{}` yet", dialect.name()),
            help: Some(format!(
                "run {}/sql/{}/deploy.sql, which `kpic build` writes",
                model.warehouse.target_dir,
                dialect.name()
            )),
        }));
    };
    if build::has_own_template(&project, dialect) {
        return Err(usage(
            "the statements of this project are made by its own template view.sql.j2, and `kpic deploy` knows only its own",
            &format!("run {}/sql/{}/deploy.sql, which `kpic build` writes", model.warehouse.target_dir, dialect.name()),
        ));
    }
    let has_database =
        args.engine.database.is_some() || args.engine.profile.is_named(false) || model.warehouse.database.is_some();
    if dialect.client() == Client::DuckDb && !has_database {
        return Err(usage(
            "there is no database to deploy to",
            "name a DuckDB file: `--database FILE`, or `database` under `warehouse` or a target in kpic.yml",
        ));
    }
    let engine = engine_to_change(context, &root, &args.engine, &model.warehouse)?;
    let how = How { drop: args.drop, adopt: args.adopt };
    let planned = progress::during("comparing views", || {
        let wanted = match deploy::wanted(&project, dialect) {
            Ok(wanted) => wanted,
            Err(findings) => return Ok(Err(findings)),
        };
        let found = deploy::found(&project, &*engine, dialect, catalog)?;
        Ok(deploy::plan(&project, &wanted, &found, how, dialect, catalog))
    });
    let plan = planned.map_err(fail)?.map_err(|findings| {
        let stop = refused(&findings, project.files());
        say_unchanged(&model.warehouse);
        stop
    })?;
    if !args.dry_run {
        let findings = progress::during("deploying", || deploy::carry_out(&project, &*engine, &plan)).map_err(fail)?;
        if !findings.is_empty() {
            show_findings(&findings, project.files());
            say_unchanged(&model.warehouse);
            return Ok(FINDINGS);
        }
    }
    match args.format {
        FiguresFormat::Table => out::print(&text(model, &plan, args)),
        FiguresFormat::Json => out::json(&json(model, &plan, args)),
    }
    if reads_files_of_the_project(model) && !plan.steps.is_empty() {
        let note = "views over files name them from the project's folder: whoever reads these views starts DuckDB there";
        out::error(&format!("{} {note}\n", out::styled(out::DIM, "note:")));
    }
    if !model.warehouse.readers.is_empty() && catalog.roles(&[]).is_none() {
        let name = dialect.name();
        out::error(&format!("{} `grants` are left out: `{name}` has no roles\n", out::styled(out::DIM, "note:")));
    }
    Ok(FINE)
}

/// Whether a source is files that are named without the whole path.
fn reads_files_of_the_project(model: &Model) -> bool {
    model.sources.rows().iter().any(|source| match &source.relation {
        Some(Relation::Files(files)) => files.paths.iter().any(|path| Path::new(path).is_relative()),
        _ => false,
    })
}

fn say_unchanged(warehouse: &Warehouse) {
    out::error(&format!("nothing was changed in the schema {}\n", warehouse.schema.join(".")));
}

/// What changes, for people: a line for each view that does not stay as it is, and a sum.
fn text(model: &Model, plan: &Plan, args: &DeployArgs) -> String {
    let mut text = String::new();
    for change in Change::ALL.into_iter().filter(|change| *change != Change::Same) {
        for step in plan.steps.iter().filter(|step| step.change == change) {
            let style = if change == Change::Dropped { out::BAD } else { out::GOOD };
            let word = out::styled(if change == Change::Gone { out::DIM } else { style }, &format!("{:<8}", change.word()));
            text.push_str(&format!("{word} {}\n", step.relation));
        }
    }
    let count = |change: Change| plan.steps.iter().filter(|step| step.change == change).count();
    let counts: Vec<String> = Change::ALL
        .into_iter()
        .filter(|change| count(*change) > 0)
        .map(|change| format!("{} {}", count(change), in_sum(change)))
        .collect();
    let schema = model.warehouse.schema.join(".");
    let target = model.warehouse.target.as_ref().map(|name| format!(" (target {name})")).unwrap_or_default();
    let doing = if args.dry_run { "would deploy" } else { "deployed" };
    let counts = if counts.is_empty() { "no views".to_owned() } else { counts.join(", ") };
    text.push_str(&format!("{} to the schema {schema}{target}: {counts}\n", out::styled(out::GOOD, doing)));
    if count(Change::Gone) > 0 {
        text.push_str("no spec names those that are gone; `kpic deploy --drop` drops them\n");
    }
    text
}

fn in_sum(change: Change) -> &'static str {
    match change {
        Change::Same => "the same",
        Change::Edited => "edited by somebody else",
        other => other.word(),
    }
}

/// The same as data.
fn json(model: &Model, plan: &Plan, args: &DeployArgs) -> String {
    let views = plan
        .steps
        .iter()
        .map(|step| json!({ "relation": step.relation, "kind": step.kind.word(), "change": step.change.word() }));
    let all = json!({
        "target": model.warehouse.target,
        "schema": model.warehouse.schema.join("."),
        "dry_run": args.dry_run,
        "views": views.collect::<Vec<_>>(),
    });
    format!("{all:#}\n")
}
