//! The commits of a history, with who made them and what the project's files are there.

use super::objects::Objects;
use super::{Commit, Problem, Repository, ask, git};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

/// A commit and what it says of itself. All texts are others' words: show them as such.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// The commit.
    pub commit: Commit,
    /// Its parents in this clone, the first first.
    pub parents: Vec<Commit>,
    /// Who wrote it.
    pub author: String,
    /// The day on which it was committed, as its committer's clock had it: `2026-03-31`.
    pub day: String,
    /// The first line of its message.
    pub summary: String,
}

/// What the files of a project are at a commit: where two are equal, nothing of the project differs. Nothing where there is no project.
pub type State = Option<String>;

/// In which order commits come, and which parents count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// A commit, its first parent, that one's first parent.
    FirstParent,
    /// All commits, none before those that follow on it.
    All,
}

/// What comes first in a line of `rev-list` that stands before the format.
const HEADER: &str = "commit ";

impl Repository {
    /// The commits that lead to `from`, the latest first, but for those that lead to `without`.
    pub fn log(&self, from: &Commit, without: Option<&Commit>, order: Order) -> Result<Vec<Logged>, Problem> {
        let format = "--format=%H%x00%P%x00%an%x00%cs%x00%s";
        let mut arguments = vec!["-c", "i18n.logOutputEncoding=UTF-8", "rev-list", format];
        arguments.push(if order == Order::FirstParent { "--first-parent" } else { "--topo-order" });
        let not = without.map(|commit| format!("^{}", commit.name()));
        arguments.push(from.name());
        arguments.extend(not.as_deref());
        arguments.push("--");
        let text = ask(&self.top, &arguments)?;
        let text = text.map_err(|_| Problem::new("git cannot list the history of that commit", "run `git fsck`"))?;
        Ok(text.split('\n').filter(|line| !line.starts_with(HEADER)).filter_map(logged).collect())
    }

    /// The messages of the commits that lead to `to` and not to `from`, each with the short name of the commit and its author.
    pub fn messages(&self, from: &Commit, to: &Commit) -> Result<Vec<(String, String)>, Problem> {
        let not = format!("^{}", from.name());
        let format = "--format=%H%x00%an%x00%B%x00";
        let text = ask(&self.top, &["-c", "i18n.logOutputEncoding=UTF-8", "rev-list", format, to.name(), &not, "--"])?;
        let text = text.map_err(|_| Problem::new("git cannot list the commits in between", "run `git fsck`"))?;
        let mut parts = text.split('\0');
        let mut messages = Vec::new();
        while let (Some(name), Some(author), Some(message)) = (parts.next(), parts.next(), parts.next()) {
            let name = Commit(name.lines().last().unwrap_or_default().to_owned());
            messages.push((format!("{} {author}", name.short()), message.to_owned()));
        }
        Ok(messages)
    }

    /// Whether the parents of a commit are missing in this clone, so that nothing is known of what was before.
    pub fn is_cut_off(&self, logged: &Logged) -> bool {
        let raw = ask(&self.top, &["cat-file", "commit", logged.commit.name()]);
        let Ok(Ok(raw)) = raw else { return true };
        let parents = raw.lines().take_while(|line| !line.is_empty()).filter(|line| line.starts_with("parent ")).count();
        parents > logged.parents.len()
    }

    /// What the project's files are at each of some commits. `folders` gets the text of a `kpic.yml` and says which folders it reads, from its
    /// own; nothing where they cannot be named, which stands for the whole folder of the project.
    pub fn states(
        &self,
        commits: &[Commit],
        project: &str,
        folders: impl Fn(&str) -> Option<Vec<String>>,
    ) -> Result<Vec<State>, Problem> {
        let inside = |path: &str| if path.is_empty() { self.folder().to_owned() } else { format!("{}{path}", self.folder) };
        let files: Vec<String> = commits.iter().map(|commit| format!("{}:{}", commit.name(), inside(project))).collect();
        let files = self.names(&files)?;
        let mut known: Vec<&String> = files.iter().flatten().collect();
        known.sort();
        known.dedup();
        // Each text is read once, however many commits have it.
        let Some(first) = commits.first() else { return Ok(Vec::new()) };
        let texts = Objects::of(&self.top, self.folder(), first)?.named(&known)?;
        let reads: BTreeMap<&String, Option<Vec<String>>> =
            known.into_iter().zip(texts).map(|(name, text)| (name, text.ok().and_then(|text| folders(&text)))).collect();
        let mut asked = Vec::new();
        for (commit, file) in commits.iter().zip(&files) {
            let Some(file) = file else { continue };
            let whole = || vec![String::new()];
            let paths = reads.get(file).cloned().flatten().filter(|paths| paths.iter().all(|path| !path.contains('\n')));
            let paths = paths.unwrap_or_else(whole);
            asked.extend(paths.iter().map(|path| (commit, format!("{}:{}", commit.name(), inside(path)))));
        }
        let names = self.names(&asked.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>())?;
        let mut folders: BTreeMap<&str, String> = BTreeMap::new();
        for ((commit, _), name) in asked.iter().zip(names) {
            let of = folders.entry(commit.name()).or_default();
            of.push(' ');
            of.push_str(name.as_deref().unwrap_or("-"));
        }
        let state = |(commit, file): (&Commit, Option<String>)| {
            file.map(|file| format!("{file}{}", folders.get(commit.name()).map_or("", String::as_str)))
        };
        Ok(commits.iter().zip(files).map(state).collect())
    }

    /// The names of some objects, each asked for by an expression on one line; nothing for one that is not there.
    fn names(&self, asked: &[String]) -> Result<Vec<Option<String>>, Problem> {
        let broken = || Problem::new("git stopped while it was asked", "run `git fsck`");
        let mut command = git(&self.top)?;
        command.args(["cat-file", "--batch-check=%(objectname)"]).stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child =
            command.spawn().map_err(|error| Problem::new(format!("git could not be started: {error}"), "install git"))?;
        let (Some(mut asks), Some(answers)) = (child.stdin.take(), child.stdout.take()) else { return Err(broken()) };
        let lines: Vec<String> = std::thread::scope(|scope| {
            // Whoever writes without reading waits for ever once the pipe is full.
            scope.spawn(move || {
                let text: String = asked.iter().map(|name| format!("{name}\n")).collect();
                asks.write_all(text.as_bytes())
            });
            BufReader::new(answers).lines().map_while(Result::ok).collect()
        });
        let _ = child.wait();
        if lines.len() != asked.len() {
            return Err(broken());
        }
        let is_name = |line: &String| line.len() >= 40 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
        Ok(lines.into_iter().map(|line| Some(line).filter(is_name)).collect())
    }
}

/// A line of the log.
fn logged(line: &str) -> Option<Logged> {
    let mut parts = line.splitn(5, '\0');
    let commit = Commit(parts.next().filter(|name| !name.is_empty())?.to_owned());
    let parents = parts.next()?.split(' ').filter(|name| !name.is_empty()).map(|name| Commit(name.to_owned())).collect();
    let (author, day) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    Some(Logged { commit, parents, author, day, summary: parts.next()?.to_owned() })
}
