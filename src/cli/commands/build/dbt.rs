//! `kpic build --format dbt`

use super::BuildArgs;
use crate::build::{self, Lock};
use crate::cli::{Context, FINE, FindingsFormat, Stop, environment, files, out, progress, refused};
use crate::diagnostic::Severity;
use crate::engine::Failure;
use crate::export::{self, Exported, Shape, Theirs};
use crate::pipeline;
use std::path::Path;

/// The folder of the package below the target folder.
const PACKAGE: &str = "dbt";
/// No manifest that is larger is read.
const LARGEST: u64 = 1 << 30;

pub(super) fn run(args: &BuildArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let mut project = FindingsFormat::Human.valid(pipeline::check(&root, &context.options()), &root)?;
    let theirs = args
        .dbt_target
        .as_ref()
        .map_or_else(|| Ok(Theirs::default()), |folder| read(&context.common.directory.join(folder)))?;
    let target = root.join(&project.model().warehouse.target_dir);
    let failed = |problem: build::Problem| environment(&Failure { message: problem.message, help: problem.help });
    let take =
        |folder: &Path| progress::during("waiting for another build", || Lock::take(folder, build::PATIENCE)).map_err(failed);
    // A folder in the target is there only as long as no other build puts another target in its place.
    let whole = if args.output.is_some() { None } else { Some(take(&target)?) };
    let base = &context.common.directory;
    let (shape, folder) = match &args.output {
        Some(folder) => (Shape::Folder, base.join(folder)),
        None => (Shape::Package, target.join(PACKAGE)),
    };
    files::own_folder(&root, &folder)?;
    let lock = take(&folder)?;
    let made = progress::during("writing", || build::write(&lock, |sink| export::dbt(&mut project, shape, &theirs, sink)));
    let made = made.map_err(failed)?;
    drop((lock, whole));
    let made = made.map_err(|findings| refused(&findings, project.files()))?;
    let shown = if args.output.is_some() { folder } else { [&project.model().warehouse.target_dir, PACKAGE].iter().collect() };
    out::print(&said(&made, shape, &shown.display().to_string()));
    let warnings = project.findings().count(Severity::Warning);
    if warnings > 0 {
        let plural = if warnings == 1 { "" } else { "s" };
        out::error(&format!("{} {warnings} warning{plural}; see `kpic check`\n", out::styled(out::DIM, "note:")));
    }
    Ok(FINE)
}

/// What the dbt project has already.
fn read(folder: &Path) -> Result<Theirs, Stop> {
    let path = folder.join("manifest.json");
    let help = || Some("run `dbt parse` in the dbt project, which writes it, and name its folder `target`".to_owned());
    let refused =
        |why: String| environment(&Failure { message: format!("cannot read {}: {why}", path.display()), help: help() });
    let about = std::fs::metadata(&path).map_err(|error| refused(error.to_string()))?;
    if !about.is_file() {
        return Err(refused("it is no file".to_owned()));
    }
    let length = about.len();
    if length > LARGEST {
        return Err(refused(format!("it has {} MiB, and kpic reads {} at most", length >> 20, LARGEST >> 20)));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| refused(error.to_string()))?;
    Theirs::of(&text).map_err(refused)
}

fn said(made: &Exported, shape: Shape, folder: &str) -> String {
    let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let what = match shape {
        Shape::Package => "is a dbt package",
        Shape::Folder => "has them, for the dbt project around it",
    };
    let mut text = format!(
        "{} {}, {} and {}\n  {folder} {what}\n",
        out::styled(out::GOOD, "built"),
        many(made.views, "model"),
        many(made.data_tests, "data test"),
        many(made.unit_tests, "unit test"),
    );
    if !made.left_out.is_empty() {
        text.push_str("\nLeft out\n");
        made.left_out.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    text
}
