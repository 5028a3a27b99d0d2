//! Texts of one commit, through one process of `git cat-file`.

use super::{Commit, Problem, git, not_started};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// How large a file may be, in bytes: no spec is nearly that large.
const LARGEST: usize = 16 << 20;

/// How large all files may be together, those that stand there several times as often.
const LARGEST_TOGETHER: usize = 256 << 20;

/// How many files and folders below the specs are gone through. A few objects can stand for millions.
const MOST: usize = 200_000;

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its path from the project's folder.
    pub path: String,
    /// Its text, or why it cannot be read.
    pub text: Result<String, String>,
}

/// The objects of a commit.
#[derive(Debug)]
pub struct Objects {
    top: PathBuf,
    folder: String,
    commit: String,
    child: Child,
    asks: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// A file in a tree.
struct File {
    mode: String,
    object: String,
    path: String,
}

impl Objects {
    pub(super) fn of(top: &Path, folder: &str, commit: &Commit) -> Result<Self, Problem> {
        let fails = |why: String| Problem::new(format!("git could not be started: {why}"), "install git");
        let mut command = git(top)?;
        command.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| fails(error.to_string()))?;
        let asks = child.stdin.take();
        let answers = child.stdout.take().ok_or_else(|| fails("it says nothing".to_owned()))?;
        Ok(Self {
            top: top.to_path_buf(),
            folder: folder.to_owned(),
            commit: commit.name().to_owned(),
            child,
            asks,
            answers: BufReader::new(answers),
        })
    }

    /// A file by its path from the project's folder; nothing if there is none.
    pub fn file(&mut self, path: &str) -> Result<Option<Entry>, Problem> {
        Ok(self.below(&[path], |_| true)?.into_iter().find(|entry| entry.path == path))
    }

    /// The files at some paths, or below them, as far as their paths are wanted.
    pub fn below(&mut self, paths: &[&str], is_wanted: impl Fn(&str) -> bool) -> Result<Vec<Entry>, Problem> {
        let mut files = Vec::new();
        for path in paths {
            files.extend(self.list(path)?);
        }
        files.retain(|file| refused(&file.mode).is_some() || is_wanted(&file.path));
        // All is asked for at once: git answers in the same order.
        let wanted: Vec<&File> = files.iter().filter(|file| refused(&file.mode).is_none()).collect();
        let asked: String = wanted.iter().map(|file| format!("{}\n", file.object)).collect();
        let texts = self.texts(&asked, wanted.len())?;
        let mut texts = texts.into_iter();
        let entries = files.into_iter().map(|file| {
            let text = match refused(&file.mode) {
                Some(why) => Err(why.to_owned()),
                None => texts.next().unwrap_or_else(|| Err("cannot be read".to_owned())),
            };
            Entry { path: file.path, text }
        });
        Ok(entries.collect())
    }

    /// The texts of objects by their names.
    pub(super) fn named(&mut self, names: &[&String]) -> Result<Vec<Result<String, String>>, Problem> {
        let asked: String = names.iter().map(|name| format!("{name}\n")).collect();
        self.texts(&asked, names.len())
    }

    fn list(&self, path: &str) -> Result<Vec<File>, Problem> {
        let whole = [self.folder.as_str(), path].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        let mut arguments = vec!["ls-tree", "-r", "-z", "--full-tree", self.commit.as_str()];
        if !whole.is_empty() {
            arguments.extend(["--", whole.as_str()]);
        }
        let listed = listed(&self.top, &arguments)?;
        let prefix = if self.folder.is_empty() { String::new() } else { format!("{}/", self.folder) };
        let files = listed.split('\0').filter_map(|line| {
            let (about, path) = line.split_once('\t')?;
            let mut about = about.split(' ');
            let (mode, object) = (about.next()?.to_owned(), about.nth(1)?.to_owned());
            Some(File { mode, object, path: path.strip_prefix(&prefix)?.to_owned() })
        });
        Ok(files.collect())
    }

    /// The texts of objects, in the order in which they were asked for.
    fn texts(&mut self, asked: &str, count: usize) -> Result<Vec<Result<String, String>>, Problem> {
        let broken = || Problem::new("git stopped while it was asked", "run `git fsck`");
        let Some(asks) = self.asks.as_mut() else { return Err(broken()) };
        let mut texts = Vec::with_capacity(count);
        let answers = &mut self.answers;
        std::thread::scope(|scope| {
            // Whoever writes without reading waits for ever once the pipe is full.
            scope.spawn(move || asks.write_all(asked.as_bytes()).and_then(|()| asks.flush()));
            let mut left = LARGEST_TOGETHER;
            for _ in 0..count {
                texts.push(one(answers, &mut left).ok_or_else(broken)?);
            }
            Ok(texts)
        })
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // It ends when nobody can ask any more.
        drop(self.asks.take());
        let _ = self.child.wait();
    }
}

/// What `git ls-tree -z` lists, up to [`MOST`] files.
fn listed(top: &Path, arguments: &[&str]) -> Result<String, Problem> {
    let unlisted = || Problem::new("git cannot list the files of that commit", "run `git fsck`");
    let mut child = git(top)?.args(arguments).stderr(Stdio::null()).spawn().map_err(|error| not_started(&error.to_string()))?;
    let mut answers = BufReader::new(child.stdout.take().ok_or_else(unlisted)?);
    let (mut bytes, mut count) = (Vec::new(), 0);
    while answers.read_until(0, &mut bytes).map_err(|_| unlisted())? > 0 {
        count += 1;
        if count > MOST {
            let _ = child.kill();
            let _ = child.wait();
            let help = "name a folder with nothing but specs: `specs:` in kpic.yml";
            return Err(Problem::new(format!("that commit has more than {MOST} files where its specs are"), help));
        }
    }
    if child.wait().is_ok_and(|status| status.success()) {
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    } else {
        Err(unlisted())
    }
}

/// Why a file of that kind is not read.
fn refused(mode: &str) -> Option<&'static str> {
    match mode {
        "120000" => Some("is a link, which is not followed in an earlier version"),
        "160000" => Some("is a submodule, whose files are in another repository"),
        _ => None,
    }
}

/// The next object: `NAME TYPE SIZE`, a line break, so many bytes, and a line break.
fn one(answers: &mut BufReader<ChildStdout>, left: &mut usize) -> Option<Result<String, String>> {
    let mut header = String::new();
    answers.read_line(&mut header).ok().filter(|read| *read > 0)?;
    let Some(size) = header.trim_end().split(' ').nth(2).and_then(|size| size.parse::<usize>().ok()) else {
        return Some(Err("is not in this clone, which has only a part of the history".to_owned()));
    };
    if size > LARGEST.min(*left) {
        std::io::copy(&mut answers.take(size as u64 + 1), &mut std::io::sink()).ok()?;
        let why = if size > LARGEST { "is too large to be a spec" } else { "is too large with all files before it" };
        return Some(Err(why.to_owned()));
    }
    *left -= size;
    let mut bytes = vec![0; size];
    answers.read_exact(&mut bytes).ok()?;
    answers.read_exact(&mut [0]).ok()?;
    if bytes.starts_with(b"version https://git-lfs.github.com/spec/") {
        return Some(Err("is kept by Git LFS, so its text is not in the repository".to_owned()));
    }
    Some(String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned()))
}
