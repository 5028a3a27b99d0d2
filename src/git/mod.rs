//! Earlier versions of a project, read from the repository that it is in: with the `git` program, without a checkout, a hook, a filter or the network.
//!
//! 1. [`Repository::around`] finds the repository, and the project's folder in it.
//! 2. [`Repository::commit`] and [`Repository::base`] say which commit is meant.
//! 3. [`Repository::objects`] gives texts of a commit.
//! 4. [`Repository::log`] lists commits, and [`Repository::states`] says at which of them the project's files differ.

mod log;
mod objects;

pub use log::{Logged, Order, State};
pub use objects::{Entry, Objects};

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why git cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Problem {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// A repository, and a folder in it.
#[derive(Debug, Clone)]
pub struct Repository {
    top: PathBuf,
    folder: String,
}

/// A commit by its full name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit(String);

impl Commit {
    /// Its name, as far as people write it.
    pub fn short(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }

    /// Its whole name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// Branches that others are compared with, the first that is there.
const MAIN: &[&str] = &[
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
];

/// Where a name may stand. If it stands in several of them for several commits, whoever may push a tag would decide what is compared.
const PLACES: &[&str] = &["refs/heads/", "refs/remotes/", "refs/tags/"];

impl Repository {
    /// The repository that a folder is in.
    pub fn around(folder: &Path) -> Result<Self, Problem> {
        let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        let asked = ask(&folder, &["rev-parse", "--show-toplevel", "--show-prefix"])?;
        let text = asked.map_err(|said| {
            if said.contains("dubious ownership") {
                Problem::new(
                    format!("git does not trust the repository of `{}`: somebody else owns it", folder.display()),
                    format!("if you do, say `git config --global --add safe.directory {}`", folder.display()),
                )
            } else {
                Problem::new(
                    format!("`{}` is not in a git repository, so it has no earlier version", folder.display()),
                    "compare two folders instead: `kpic diff OLD NEW`",
                )
            }
        })?;
        let mut lines = text.lines();
        let top = lines.next().map(PathBuf::from).unwrap_or_default();
        Ok(Self { top, folder: lines.next().unwrap_or_default().to_owned() })
    }

    /// The same repository with a folder that is in it.
    pub fn folder(&self) -> &str {
        self.folder.trim_end_matches('/')
    }

    /// The commit of a name: a branch, a tag, or what else git takes.
    pub fn commit(&self, name: &str) -> Result<Commit, Problem> {
        if !name.starts_with("refs/") {
            let full = PLACES.iter().map(|place| format!("{place}{name}"));
            let there: Vec<(String, Commit)> = full.filter_map(|full| Some((full.clone(), self.named(&full).ok()?))).collect();
            if let [(one, first), others @ ..] = there.as_slice()
                && let Some((other, _)) = others.iter().find(|(_, commit)| commit != first)
            {
                return Err(Problem::new(
                    format!("`{name}` may be two commits here: `{one}` and `{other}`"),
                    format!("write which one in full: `kpic diff {one}`"),
                ));
            }
            // A tag may look like the short name of a commit.
            let looks_short = name.len() >= 4 && name.len() < 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
            let begins_so = || ask(&self.top, &["rev-parse", &format!("--disambiguate={name}")]).ok()?.ok();
            let is_other = |commit: &Commit| begins_so().is_some_and(|found| found.lines().any(|other| other != commit.0));
            if let Some((one, _)) = there.first().filter(|(_, commit)| looks_short && is_other(commit)) {
                return Err(Problem::new(
                    format!("`{name}` may be two commits here: `{one}`, and the one whose name begins so"),
                    format!("write which one in full: `kpic diff {one}`, or the whole name of the commit"),
                ));
            }
        }
        self.named(name)
    }

    /// The commit of a name as git takes it.
    fn named(&self, name: &str) -> Result<Commit, Problem> {
        let of_commit = format!("{name}^{{commit}}");
        let asked = ask(&self.top, &["rev-parse", "--verify", "--quiet", "--end-of-options", &of_commit])?;
        asked.map(|text| Commit(text.trim().to_owned())).map_err(|_| {
            let remote = format!("origin/{name}");
            let is_remote = ask(&self.top, &["rev-parse", "--verify", "--quiet", "--end-of-options", &remote]);
            let help = match is_remote {
                Ok(Ok(_)) => format!("there is `{remote}`"),
                _ if Path::new(name).is_dir() => format!("if you mean the folder, write `./{name}`"),
                _ if self.is_shallow() => {
                    "this clone is shallow: fetch the commit, as with `fetch-depth: 0` in GitHub's checkout".to_owned()
                }
                _ => "name a branch, a tag or a commit; `git fetch` brings what is on the server only".to_owned(),
            };
            Problem::new(format!("git knows no commit `{name}` here"), help)
        })
    }

    /// Where the work in the folder left the main branch, with that branch's name.
    pub fn base(&self) -> Result<(Commit, String), Problem> {
        let there = MAIN.iter().find_map(|name| self.commit(name).ok().map(|commit| (*name, commit)));
        let Some((name, main)) = there else {
            return Err(Problem::new("there is no main branch to compare with", "name what to compare with: `kpic diff BASE`"));
        };
        let head = self.commit("HEAD")?;
        Ok((self.merge_base(&main, &head)?, short(name)))
    }

    /// The last commit that two have in common.
    pub fn merge_base(&self, one: &Commit, two: &Commit) -> Result<Commit, Problem> {
        let asked = ask(&self.top, &["merge-base", one.name(), two.name()])?;
        let found = asked.ok().map(|text| Commit(text.trim().to_owned())).filter(|commit| !commit.0.is_empty());
        found.ok_or_else(|| {
            let help = if self.is_shallow() {
                "this clone is shallow: fetch the history, as with `fetch-depth: 0` in GitHub's checkout"
            } else {
                "name the commit to compare with: `kpic diff BASE`"
            };
            Problem::new("git finds no commit that both versions have in common", help)
        })
    }

    fn is_shallow(&self) -> bool {
        let asked = ask(&self.top, &["rev-parse", "--is-shallow-repository"]);
        matches!(asked, Ok(Ok(text)) if text.trim() == "true")
    }

    /// The objects of a commit, to be read.
    pub fn objects(&self, commit: &Commit) -> Result<Objects, Problem> {
        Objects::of(&self.top, self.folder(), commit)
    }
}

/// A branch as people call it; nothing for what only says which one it is.
fn short(name: &str) -> String {
    let name = name.trim_start_matches("refs/heads/").trim_start_matches("refs/remotes/");
    if name == "origin/HEAD" { String::new() } else { name.to_owned() }
}

/// A call of git that runs nothing that a repository brings along.
fn git(folder: &Path) -> Result<Command, Problem> {
    let program = crate::program::on_path("git").ok_or_else(|| not_started("it was not found"))?;
    let mut command = Command::new(program);
    command.arg("-C").arg(folder).args(["--no-pager", "--literal-pathspecs"]);
    // A folder of the repository that looks like one itself could bring settings along that run programs.
    command.args(["-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]);
    // What is not here is not fetched, and nobody is asked for a password.
    for (name, value) in
        [("GIT_NO_LAZY_FETCH", "1"), ("GIT_OPTIONAL_LOCKS", "0"), ("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C")]
    {
        command.env(name, value);
    }
    command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::piped());
    Ok(command)
}

fn not_started(why: &str) -> Problem {
    Problem::new(format!("git could not be started: {why}"), "install git, or compare two folders: `kpic diff OLD NEW`")
}

/// What git answers; or what it says of why not.
fn ask(folder: &Path, arguments: &[&str]) -> Result<Result<String, String>, Problem> {
    let output = git(folder)?.args(arguments).output().map_err(|error| not_started(&error.to_string()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) })
}
