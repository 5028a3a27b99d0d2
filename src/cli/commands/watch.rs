//! `kpic watch`

use super::build::BuildArgs;
use super::check;
use crate::cli::{Context, FindingsFormat, Stop, environment, out};
use crate::engine::Failure;
use crate::load::TEMPLATES;
use crate::pipeline::{self, Options};
use crate::text::Files;
use clap::Args;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// The arguments of `watch`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic watch                      check on every change
  kpic watch --build              and build when there are no errors

Ends with Ctrl-C.")]
pub(in crate::cli) struct WatchArgs {
    /// Build after every check that finds no error.
    #[arg(long)]
    build: bool,
}

/// Editors write a file in several steps, and tools write several files: changes count once nothing has happened for so long.
const QUIET: Duration = Duration::from_millis(120);

pub(in crate::cli) fn run(args: &WatchArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let (sender, events) = channel();
    // The receiver lives as long as this function; a watcher that outlives it has nobody to tell.
    let told = move |event| _ = sender.send(event);
    let watcher = notify::recommended_watcher(told).map_err(|error| cannot_watch(&root, &error))?;
    let mut followed = Followed { watcher, folders: Vec::new() };
    followed.follow(&root, &context.options())?;
    let mut texts = look(args, context, &root, None);
    while wait(&events) {
        // What cannot be watched has been said; the rest still can.
        let _ = followed.follow(&root, &context.options());
        texts = look(args, context, &root, Some(&texts));
    }
    Err(environment(&Failure { message: "files are no longer watched".to_owned(), help: None }))
}

/// The texts of a project: what a check depends on.
#[derive(Debug, PartialEq, Eq)]
struct Texts(Vec<(String, String)>);

impl Texts {
    fn of(files: &Files) -> Self {
        Self(files.iter().map(|(_, file)| (file.path.clone(), file.text.clone())).collect())
    }

    /// The paths that are new, gone or have another text.
    fn changed<'a>(&'a self, before: &'a Self) -> Vec<&'a str> {
        let differs = |(path, text): &&(String, String)| !before.0.iter().any(|(known, old)| known == path && old == text);
        let gone = before.0.iter().filter(|(path, _)| !self.0.iter().any(|(known, _)| known == path));
        self.0.iter().filter(differs).chain(gone).map(|(path, _)| path.as_str()).collect()
    }
}

/// Checks, and builds if that is wanted, unless nothing has changed. What is wrong is said and no reason to end.
fn look(args: &WatchArgs, context: &Context<'_>, root: &Path, before: Option<&Texts>) -> Texts {
    let checked = check::with_templates(pipeline::check(root, &context.options()), FindingsFormat::Human, root);
    let texts = Texts::of(&checked.files);
    if let Some(before) = before {
        let changed = texts.changed(before);
        if changed.is_empty() {
            return texts;
        }
        out::print(&format!("\n{}\n", out::styled(out::DIM, &format!("changed: {}", changed.join(", ")))));
    }
    out::print(&check::report(&checked));
    if args.build && !checked.findings.has_errors() {
        // It says itself what is in its way.
        let _ = super::build::run(&BuildArgs::default(), context);
    }
    out::print(&format!("{}\n", out::styled(out::DIM, "waiting for changes; Ctrl-C ends")));
    texts
}

/// What is watched: the project's folder, all below the folder of its spec files, and its own templates.
struct Followed {
    watcher: RecommendedWatcher,
    folders: Vec<PathBuf>,
}

impl Followed {
    /// Watches the folders that there are now. A folder that was deleted and made again is another one for the system, so all
    /// are watched anew; what changes meanwhile is read by the check that follows.
    fn follow(&mut self, root: &Path, options: &Options) -> Result<(), Stop> {
        for folder in self.folders.drain(..) {
            let _ = self.watcher.unwatch(&folder);
        }
        let specs = root.join(pipeline::specs_folder(root, options));
        // A folder that is not there yet shows in the one above.
        let there = specs.ancestors().find(|folder| folder.is_dir()).unwrap_or(root);
        let below = if there == specs { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        let mut wanted = vec![(there.to_path_buf(), below)];
        if there != root {
            wanted.push((root.to_path_buf(), RecursiveMode::NonRecursive));
        }
        let templates = root.join(TEMPLATES);
        if templates.is_dir() {
            wanted.push((templates, RecursiveMode::NonRecursive));
        }
        for (folder, mode) in wanted {
            self.watcher.watch(&folder, mode).map_err(|error| cannot_watch(&folder, &error))?;
            self.folders.push(folder);
        }
        Ok(())
    }
}

fn cannot_watch(folder: &Path, error: &notify::Error) -> Stop {
    let help = Some("raise the system's limit of watched files, or use `kpic check` to check once".to_owned());
    environment(&Failure { message: format!("{} cannot be watched: {error}", folder.display()), help })
}

/// Waits for a change that may matter, and then until it is quiet; `false` if none can come any more.
fn wait(events: &Receiver<notify::Result<Event>>) -> bool {
    let mut changed = false;
    loop {
        let event =
            if changed { events.recv_timeout(QUIET) } else { events.recv().map_err(|_| RecvTimeoutError::Disconnected) };
        match event {
            // An error of the watcher may stand for changes that it missed.
            Ok(event) => changed |= event.map_or(true, |event| matters(&event)),
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

/// Whether an event may be about a spec file, a template, or a folder of them. Reading is not a change: a check reads all of them.
fn matters(event: &Event) -> bool {
    let may_be_spec =
        |path: &PathBuf| path.extension().is_none_or(|ending| ending == "yml" || ending == "yaml" || ending == "j2");
    !matches!(event.kind, EventKind::Access(_)) && (event.paths.is_empty() || event.paths.iter().any(may_be_spec))
}
