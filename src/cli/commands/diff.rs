//! `kpic diff`

use crate::calendar::Date;
use crate::cli::evidence::{self, EvidenceArgs};
use crate::cli::policy::{self, PolicyArgs, Side};
use crate::cli::{Context, ENVIRONMENT, FINDINGS, FINE, Stop, out, show_findings, usage};
use crate::diagnostic::machine::{Remark, annotation, remarks};
use crate::diff::json::Versions;
use crate::diff::lines::Finder;
use crate::diff::policy::{Policy, Refused};
use crate::diff::{self, Change, Class, Diff, json, markdown, words};
use crate::git::{Commit, Problem, Repository};
use crate::load::PROJECT_FILE;
use crate::pipeline::{self, Checked};
use crate::text::{Span, shown_on_a_line};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// The arguments of `diff`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic diff                        what this branch changes, from where it left the main branch
  kpic diff main                   this folder against another branch, tag or commit
  kpic diff v1.2..v1.3             two commits; with ... from where the second left the first
  kpic diff ../before ../after     two folders
  kpic diff --format markdown > comment.md
  kpic diff --deny interface --deny undecided
  kpic diff --manifest build/manifest.json   which KPIs mean something else than when that was built
  kpic diff --evidence             with the fewest rows on which figures differ, as a spec test
  kpic diff --data                 with the figures of both on the project's data

A change is one of these, the greatest first:
  meaning    values may change
  undecided  kpic cannot tell whether values change
  interface  a view, column, unit, kind or grain changes
  goal       a target, threshold, date or weight changes
  ownership  an owner changes
  words      only words for people change
  none       nothing changes for readers: something new, or written differently and proven to be the same

Exit code 1: the version after has errors, or `diff.deny` in kpic.yml of the version before, or --deny, names what a change does.")]
pub(in crate::cli) struct DiffArgs {
    /// What to compare with: a commit, two commits with `..` between them, or a folder [default: where this branch left the main branch].
    #[arg(value_name = "BASE")]
    base: Option<String>,
    /// The folder after, if BASE is a folder.
    #[arg(value_name = "NEW")]
    new: Option<PathBuf>,
    /// How it is shown.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Also list changes of words, and what changes nothing for readers.
    #[arg(long)]
    all: bool,
    /// Compare with the manifest of an earlier build instead: which KPIs mean something else, though perhaps only kpic has changed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["base", "new", "evidence", "data", "sql"])]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    evidence: EvidenceArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// A comment for a pull request.
    Markdown,
    /// For programs; `kpic schema diff` prints the schema.
    Json,
    /// Annotations of GitHub Actions, on the changed lines.
    Github,
    /// SARIF 2.1.0, for code scanning, on the changed lines.
    Sarif,
}

/// A version of a project, with what it is called.
pub(in crate::cli) struct Version {
    pub checked: Checked,
    pub name: String,
    /// The folder in which its data is.
    pub root: PathBuf,
    /// The commit that it is of; nothing where it is what the folder holds.
    pub commit: Option<Commit>,
}

pub(in crate::cli) fn run(args: &DiffArgs, context: &Context<'_>) -> Result<u8, Stop> {
    if let Some(path) = &args.manifest {
        return against(args, path, context);
    }
    let (before, after) = versions(args.base.as_deref(), args.new.as_deref(), context)?;
    let mut diff = diff::diff(&before.checked, &after.checked, today());
    let (old, new) = (before.name, after.name);
    let (roots, commits) = ((before.root, after.root), (before.commit, after.commit));
    let (before, after) = if args.evidence.is_asked() {
        evidence::look(&args.evidence, context, &roots.1, (before.checked, after.checked), &mut diff)?
    } else {
        (Box::new(before.checked), Box::new(after.checked))
    };
    // What rows show may be of another class than what definitions do.
    let side = |checked, root, commit| Side { checked, root, commit };
    let sides = (side(&*before, &*roots.0, commits.0.as_ref()), side(&*after, &*roots.1, commits.1.as_ref()));
    let refused = policy::judge(&args.policy, (&sides.0, &sides.1), &mut diff, context)?;
    let versions = Versions { before: &old, after: &new, before_files: &before.files, after_files: &after.files };
    let code = show(args, context, &diff, versions, &refused, &after);
    std::mem::forget((before, after));
    Ok(code)
}

/// No manifest has more bytes: that of 50,000 KPIs has a third of it.
const MANIFEST: u64 = 1 << 30;

/// Compares the project with the manifest of an earlier build.
fn against(args: &DiffArgs, path: &Path, context: &Context<'_>) -> Result<u8, Stop> {
    let wrong = |why: &str| {
        usage(
            &format!("`{}` cannot be compared with: {why}", path.display()),
            "name a manifest.json that `kpic build` has written",
        )
    };
    let about = std::fs::metadata(path).map_err(|_| wrong("it cannot be read"))?;
    if !about.is_file() || about.len() > MANIFEST {
        return Err(wrong(&format!("it is no file of at most {} MiB", MANIFEST >> 20)));
    }
    let text = std::fs::read_to_string(path).map_err(|_| wrong("it cannot be read"))?;
    let manifest = serde_json::from_str(&text).map_err(|_| wrong("it is not JSON"))?;
    let after = here(context)?;
    let mut diff = diff::manifest::against(&manifest, &after.checked).map_err(|why| wrong(&why))?;
    let name = clean(&path.display().to_string());
    let files = &after.checked.files;
    let versions = Versions { before: &name, after: &after.name, before_files: files, after_files: files };
    let deny = after.checked.denied().iter().chain(&args.policy.deny).cloned().collect();
    let refused = Policy { deny, ..Policy::default() }.judge(&mut diff);
    Ok(show(args, context, &diff, versions, &refused, &after.checked))
}

/// Shows a difference; the exit code.
fn show(args: &DiffArgs, context: &Context<'_>, diff: &Diff, versions: Versions<'_>, refused: &Refused, after: &Checked) -> u8 {
    let denied = &refused.words;
    match args.format {
        Format::Text => out::print(&text(diff, versions, args.all)),
        Format::Markdown => out::data(&markdown::text(diff, versions, denied)),
        Format::Json => out::json(&json::text(&json::document(diff, versions, denied))),
        Format::Github => {
            let root = context.root().unwrap_or_default();
            out::data(&annotations(diff, versions, refused, &crate::cli::findings::in_repository(&root)));
        }
        Format::Sarif => {
            let root = context.root().unwrap_or_default();
            out::json(&sarif(diff, versions, refused, &crate::cli::findings::in_repository(&root)));
        }
    }
    if args.format == Format::Text {
        for allowance in &diff.allowed {
            out::error(&format!(
                "{} {}\n",
                out::styled(out::STRONG, "allowed:"),
                allowance.told(|text| shown_on_a_line(text).into_owned())
            ));
        }
        for one in denied {
            out::error(&format!("{} {one}\n", out::styled(out::BAD, "refused:")));
        }
        if diff.errors_after > 0 {
            show_findings(&after.findings, &after.files);
        }
    }
    if denied.is_empty() && diff.errors_after == 0 { FINE } else { FINDINGS }
}

/// Whether a text is written as a path and cannot name a commit.
fn is_path(text: &str) -> bool {
    let begins = |start: &str| {
        text.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', std::path::MAIN_SEPARATOR]))
    };
    begins(".") || begins("..") || Path::new(text).is_absolute()
}

/// The day that counts where the last visible day of a project is not fixed.
pub(in crate::cli) fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// The versions that a command line names: two folders, or commits as `BASE` has them.
pub(in crate::cli) fn versions(
    base: Option<&str>,
    new: Option<&Path>,
    context: &Context<'_>,
) -> Result<(Version, Version), Stop> {
    if let Some(new) = new {
        let old = base.unwrap_or_default();
        return both(|| folder(Path::new(old), context), || folder(new, context));
    }
    // `origin/main` is a branch whatever folders there are: whoever proposes a change could make one of that name.
    if let Some(path) = base.filter(|base| is_path(base) && Path::new(base).is_dir()) {
        return both(|| folder(Path::new(path), context), || here(context));
    }
    // A variable of a CI that is not set leaves nothing, and nothing is no version.
    let is_empty = |base: &str| base.split("..").any(|side| side.trim_start_matches('.').trim().is_empty());
    if base.is_some_and(is_empty) {
        return Err(usage(
            "what to compare with is empty",
            "name it: `kpic diff main`, `kpic diff main..HEAD`, or leave it out",
        ));
    }
    let root = context.root()?;
    let repository = Repository::around(&root).map_err(|problem| stopped(&problem))?;
    let commit = |name: &str| repository.commit(name).map_err(|problem| stopped(&problem));
    let Some(base) = base else {
        let (commit, branch) = repository.base().map_err(|problem| stopped(&problem))?;
        let branch = if branch.is_empty() { "the main branch".to_owned() } else { branch };
        let name = format!("{} (where {branch} was left)", commit.short());
        return both(|| at(&repository, &commit, name, context), || here(context));
    };
    if let Some((one, two)) = base.split_once("...") {
        let (one, two) = (commit(one)?, commit(two)?);
        let start = repository.merge_base(&one, &two).map_err(|problem| stopped(&problem))?;
        let names = (start.short().to_owned(), two.short().to_owned());
        return both(|| at(&repository, &start, names.0, context), || at(&repository, &two, names.1, context));
    }
    if let Some((one, two)) = base.split_once("..") {
        let named = |name: &str, commit: &Commit| format!("{name} ({})", commit.short());
        let (old, new) = (commit(one)?, commit(two)?);
        let (from, to) = (named(one, &old), named(two, &new));
        return both(|| at(&repository, &old, from, context), || at(&repository, &new, to, context));
    }
    let old = commit(base)?;
    let name = if base == old.name() { base.to_owned() } else { format!("{base} ({})", old.short()) };
    both(|| at(&repository, &old, name, context), || here(context))
}

/// Two versions, read side by side.
fn both(
    before: impl FnOnce() -> Result<Version, Stop> + Send,
    after: impl FnOnce() -> Result<Version, Stop> + Send,
) -> Result<(Version, Version), Stop> {
    let (before, after) = rayon::join(before, after);
    Ok((before?, after?))
}

/// The project as it is in its folder.
fn here(context: &Context<'_>) -> Result<Version, Stop> {
    let root = context.root()?;
    Ok(Version { checked: pipeline::check(&root, &context.options()), name: "this folder".to_owned(), root, commit: None })
}

/// The project in another folder.
fn folder(path: &Path, context: &Context<'_>) -> Result<Version, Stop> {
    let name = path.display().to_string();
    if !path.join(PROJECT_FILE).is_file() {
        if !path.exists() {
            let help = "name two folders with a project each, or two commits with `..` between them: `kpic diff main..HEAD`";
            return Err(usage(&format!("there is no {PROJECT_FILE} in `{name}`"), help));
        }
        return Err(usage(
            &format!("there is no {PROJECT_FILE} in `{name}`"),
            "name two folders with a project each: `kpic diff OLD NEW`",
        ));
    }
    Ok(Version { checked: pipeline::check(path, &context.options()), name, root: path.to_path_buf(), commit: None })
}

/// The project as it was at a commit.
fn at(repository: &Repository, commit: &Commit, name: String, context: &Context<'_>) -> Result<Version, Stop> {
    let checked = crate::history::version::at(repository, commit, &context.options()).map_err(|problem| stopped(&problem))?;
    if let Some(checked) = checked {
        return Ok(Version { checked, name, root: context.root()?, commit: Some(commit.clone()) });
    }
    let place = if repository.folder().is_empty() { String::new() } else { format!(" in `{}`", repository.folder()) };
    Err(stopped(&Problem {
        message: format!("there is no {PROJECT_FILE}{place} at {name}, so there is nothing to compare with"),
        help: "name a commit that has the project: `kpic diff BASE`".to_owned(),
    }))
}

pub(in crate::cli) fn stopped(problem: &Problem) -> Stop {
    out::error(&out::failure(&problem.message, Some(&problem.help)));
    Stop { code: ENVIRONMENT }
}

fn text(diff: &Diff, versions: Versions<'_>, all: bool) -> String {
    let mut text = String::new();
    let is_told = |change: &&Change| all || change.class > Class::Words || change.fields.iter().any(|field| field.is_proven);
    for change in diff.changes.iter().filter(is_told) {
        text.push_str(&told(diff, change, versions));
    }
    text.push_str(&evidence::flips(diff));
    if !diff.links.is_empty() {
        text.push_str(&format!("{}\n", out::styled(out::STRONG, "links to the North Star")));
        for change in &diff.links {
            text.push_str(&format!("  {}: {} → {}\n", change.kpi, words::link(change.before), words::link(change.after)));
        }
        text.push('\n');
    }
    if diff.errors_before > 0 {
        text.push_str(&format!(
            "{} {} has {}, so not all of it can be compared\n",
            out::styled(out::BAD, "note:"),
            versions.before,
            words::many(diff.errors_before, "error")
        ));
    }
    let hidden = diff.changes.iter().filter(|change| !is_told(change)).count();
    let hidden = if hidden > 0 { format!(" (--all lists {hidden} more)") } else { String::new() };
    text.push_str(&format!(
        "{}{hidden}\n{}\n",
        out::styled(out::STRONG, &words::summary(diff)),
        out::styled(out::DIM, &format!("{} → {}", versions.before, versions.after))
    ));
    text
}

/// A text of a spec as it is shown on one line of a terminal.
pub(in crate::cli) fn clean(text: &str) -> String {
    crate::text::shown_on_a_line(text).into_owned()
}

fn told(diff: &Diff, change: &Change, versions: Versions<'_>) -> String {
    let style = match change.class {
        Class::Meaning | Class::Undecided | Class::Interface => out::BAD,
        Class::Goal | Class::Ownership => out::STRONG,
        Class::Words | Class::None => out::DIM,
    };
    let (file, line) = versions.place(change.place);
    let place = if line > 0 { format!("  {}", out::styled(out::DIM, &format!("{file}:{line}"))) } else { String::new() };
    let mut text = format!(
        "{} {}{place}\n  {}\n",
        out::styled(style, change.class.name()),
        out::styled(out::STRONG, &words::heading(change, clean)),
        words::effect(change)
    );
    text.push_str(&fields(change));
    text.push_str(&evidence::told(diff, change));
    let down = words::downstream(change);
    if !down.is_empty() {
        text.push_str(&format!("    downstream: {down}\n"));
        for kpi in change.downstream.kpis.iter().filter(|kpi| !kpi.through.is_empty()).take(5) {
            text.push_str(&format!("      {} → {}\n", clean(&kpi.through.join(" → ")), clean(&kpi.name)));
        }
    }
    if !change.owners.is_empty() && change.class > Class::Words {
        text.push_str(&format!("    owners: {}\n", clean(&change.owners.join(", "))));
    }
    text.push_str(&evidence::sql(diff, change));
    text.push('\n');
    text
}

/// The fields of a change that differ.
pub(in crate::cli) fn fields(change: &Change) -> String {
    let mut text = String::new();
    for field in &change.fields {
        let proven = if field.is_proven { out::styled(out::GOOD, "  proven to be the same") } else { String::new() };
        if let Some(short) = words::short(field) {
            text.push_str(&format!("    {}: {}{proven}\n", clean(&field.name), clean(&short)));
            continue;
        }
        text.push_str(&format!("    {}:{proven}\n", clean(&field.name)));
        for (mark, side) in [("-", &field.before), ("+", &field.after)] {
            for line in side.iter().flat_map(|side| side.lines()) {
                text.push_str(&format!("      {mark} {}\n", clean(line)));
            }
        }
    }
    text
}

/// What a change does in a sentence, for a line of a file.
fn says(change: &Change) -> String {
    let down = words::downstream(change);
    let down = if down.is_empty() { String::new() } else { format!("; downstream: {down}") };
    format!("{}: {}{down}", words::heading(change, str::to_owned), words::effect(change))
}

/// What is told of changes on their lines: those that do more than change words, each with its level and its line.
fn remarked<'a>(diff: &'a Diff, versions: Versions<'_>, refused: &Refused) -> Vec<(&'a Change, bool, Option<Span>)> {
    let mut finder = Finder::of(versions.after_files);
    let told = diff.changes.iter().enumerate().filter(|(_, change)| change.class > Class::Words);
    told.map(|(at, change)| (change, refused.changes.contains(&at), finder.place(change))).collect()
}

/// A notice for each change, on its line in a pull request.
fn annotations(diff: &Diff, versions: Versions<'_>, refused: &Refused, folder: &str) -> String {
    let mut text = String::new();
    for (change, is_refused, span) in remarked(diff, versions, refused) {
        let level = match is_refused {
            true => "error",
            false if change.class >= Class::Interface => "warning",
            false => "notice",
        };
        let (file, line) = versions.place(span.map(|span| (diff::Side::After, span)));
        let file = if folder.is_empty() { file } else { format!("{folder}/{file}") };
        let place = if line > 0 { Some((file.as_str(), line)) } else { None };
        text.push_str(&annotation(level, place, &format!("kpic diff: {}", change.class.name()), &says(change)));
    }
    for allowance in &diff.allowed {
        text.push_str(&annotation("notice", None, "kpic diff: allowed", &allowance.told(str::to_owned)));
    }
    text
}

/// The rules of a SARIF log: a class each.
const RULES: &[(&str, Class)] = &[
    ("diff-meaning", Class::Meaning),
    ("diff-undecided", Class::Undecided),
    ("diff-interface", Class::Interface),
    ("diff-goal", Class::Goal),
    ("diff-ownership", Class::Ownership),
];

/// The changes as SARIF, on their lines.
fn sarif(diff: &Diff, versions: Versions<'_>, refused: &Refused, folder: &str) -> String {
    let rules: Vec<(&str, &str)> = RULES.iter().map(|(id, class)| (*id, class.about())).collect();
    let of = |(change, is_refused, span): (&Change, bool, Option<Span>)| {
        let rule = RULES.iter().find(|(_, class)| *class == change.class).map_or("diff-meaning", |(id, _)| *id);
        let level = match is_refused {
            true => "error",
            false if change.class >= Class::Interface => "warning",
            false => "note",
        };
        let identity = format!("{} {}", change.kind.name(), change.name);
        let allowed = diff.allowed.iter().filter(|of| of.name.as_ref().is_none_or(|name| *name == change.name));
        let allowed: String = allowed.map(|of| format!("\nallowed: {}", of.told(str::to_owned))).collect();
        Remark { rule, level, says: format!("{}{allowed}", says(change)), span, identity }
    };
    let found: Vec<Remark> = remarked(diff, versions, refused).into_iter().map(of).collect();
    remarks(&rules, &found, versions.after_files, folder)
}
