//! `kpic move`

use super::rename::{KindArg, finish, refused};
use crate::cli::{Context, FINE, Stop, complete, environment, out};
use crate::engine::Failure;
use crate::pipeline;
use crate::refactor::Kind;
use crate::refactor::move_to::{self, Wish};
use clap::Args;
use std::path::{Component, Path, PathBuf};

/// The arguments of `move`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic move revenue specs/finance/revenue.yml
  kpic move revenue specs/finance/revenue.yml --diff    show the changes without writing them
  kpic move orders specs/sources.yml --kind source

The lines of the definition go behind those of its section in the other file, which is created if it is not there. Where a definition stands makes no difference to its meaning.")]
pub(in crate::cli) struct MoveArgs {
    /// The name of the definition.
    #[arg(value_name = "NAME", add = complete::kpis())]
    name: String,
    /// The spec file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What it is the name of, where several definitions share it.
    #[arg(long, value_name = "KIND")]
    kind: Option<KindArg>,
    /// Show the changes without writing them.
    #[arg(long)]
    diff: bool,
    /// Say what would change, and change nothing.
    #[arg(long, conflicts_with = "diff")]
    dry_run: bool,
}

pub(in crate::cli) fn run(args: &MoveArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let options = context.options();
    let folder = pipeline::specs_folder(&root, &options);
    let Some(to) = below(&root, &folder, &args.file) else {
        let message = format!("`{}` is not in the folder of the spec files", args.file.display());
        let help = format!("name a file in `{}`", folder.display());
        return Err(environment(&Failure { message, help: Some(help) }));
    };
    let project = pipeline::check(&root, &options);
    let wish = Wish { kind: args.kind.map(Kind::from), name: &args.name, to: &to };
    let moved = move_to::move_to(&project, wish, &options).map_err(|refusal| refused(&refusal))?;
    let said = format!("the {} {} is in {to}", moved.kind.noun(), args.name);
    finish(&root, &moved.changes, args.diff, args.dry_run, &said)?;
    if moved.is_left_empty {
        out::error(&format!("{} nothing is defined in {} any more\n", out::styled(out::DIM, "note:"), moved.from));
    }
    Ok(FINE)
}

/// The path from the project's folder of a file among the spec files, with `/`; it need not be there.
fn below(root: &Path, specs: &Path, typed: &Path) -> Option<String> {
    let plain = |path: &Path| {
        let mut out = PathBuf::new();
        for part in path.components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => _ = out.pop(),
                other => out.push(other),
            }
        }
        out
    };
    let real = |path: &Path| {
        let full = plain(&std::path::absolute(path).ok()?);
        let (there, rest) =
            full.ancestors().find_map(|part| Some((part.canonicalize().ok()?, full.strip_prefix(part).ok()?)))?;
        Some(there.join(rest))
    };
    let (own, full) = (real(root)?, real(typed)?);
    let inside = full.strip_prefix(&own).ok()?;
    let is_hidden = inside.components().any(|part| part.as_os_str().to_string_lossy().starts_with('.'));
    let is_spec = plain(&own.join(specs)).components().eq(full.components().take(plain(&own.join(specs)).components().count()));
    let parts: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    (is_spec && !is_hidden && !parts.is_empty()).then(|| parts.join("/"))
}
