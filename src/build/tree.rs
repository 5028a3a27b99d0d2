//! Writes a tree of files as one: whoever looks sees the old tree or the new one, even if the writer is stopped half way.
//!
//! 1. The new tree is staged in a folder beside the target, file by file, as they are made.
//! 2. Files that are as they were are linked into the staged tree, and so are those that the last build did not write: they belong to
//!    somebody else.
//! 3. The two folders change places, in one step where the system can do that.
//! 4. The old tree is deleted.
//!
//! A list in the target, `.kpic-files`, says which files a build wrote. Nothing else is ever replaced or removed.

use super::Sink;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The file that lists what a build wrote.
const LIST: &str = ".kpic-files";

/// Why a tree could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    fn io(what: &str, path: &Path, error: &io::Error) -> Self {
        Self { message: format!("{what} {}: {error}", path.display()), help: None }
    }
}

/// Writes files below `target` as they are made: `make` gives each to the function that it is given, from any thread, and none twice.
///
/// # Errors
/// Fails, with the old tree in place, if a file of somebody else is in the way or the system refuses to write; and with what `make`
/// fails with, if it does.
pub fn write<T, E>(target: &Path, make: impl FnOnce(Sink<'_>) -> Result<T, E>) -> Result<Result<T, E>, Problem> {
    let staging = Staging::begin(target)?;
    let result = make(&|path, text| staging.add(path, text));
    let done = if result.is_ok() { staging.finish() } else { Ok(()) };
    // What is left in the staging folder is the old tree, or what did not come to be.
    let cleared = clear(&staging.staged);
    done.and(cleared).map(|()| result)
}

/// A tree that is being made beside the one that it will replace.
struct Staging<'a> {
    target: &'a Path,
    /// Where it is made.
    staged: PathBuf,
    /// What the last build wrote.
    own: BTreeSet<String>,
    /// The folders that are made.
    folders: Mutex<BTreeSet<String>>,
    added: Mutex<Added>,
}

/// What has been added.
#[derive(Default)]
struct Added {
    /// The paths whose files are new or have another text; they are written.
    changed: Vec<String>,
    /// The paths whose files are as they were.
    same: Vec<String>,
    /// What could not be written.
    problems: Vec<Problem>,
}

impl<'a> Staging<'a> {
    fn begin(target: &'a Path) -> Result<Self, Problem> {
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if target.is_file() {
            return Err(Problem {
                message: format!("{} is a file, and the output needs a folder of that name", target.display()),
                help: Some("move it away, or name another `target_dir:` in kpic.yml".to_owned()),
            });
        }
        fs::create_dir_all(parent).map_err(|error| Problem::io("cannot make the folder", parent, &error))?;
        let staged = parent.join(format!(".{name}.kpic-next"));
        clear(&staged)?;
        make_folder(&staged)?;
        let own = listed(target);
        Ok(Self { target, staged, own, folders: Mutex::default(), added: Mutex::default() })
    }

    /// Adds a file. One that is as it was waits: if all are, there is nothing to do.
    fn add(&self, path: &str, text: &[&str]) {
        let is_same = self.own.contains(path) && fs::read(self.target.join(path)).is_ok_and(|bytes| is_in_pieces(&bytes, text));
        let written = if is_same { Ok(()) } else { self.write(path, text) };
        let mut added = held(&self.added);
        match written {
            Ok(()) if is_same => added.same.push(path.to_owned()),
            Ok(()) => added.changed.push(path.to_owned()),
            Err(problem) => added.problems.push(problem),
        }
    }

    fn write(&self, path: &str, text: &[&str]) -> Result<(), Problem> {
        self.make_room(path)?;
        let path = self.staged.join(path);
        write_pieces(&path, text).map_err(|error| Problem::io("cannot write", &path, &error))
    }

    /// Makes the folder of a file, if no other file has needed it.
    fn make_room(&self, path: &str) -> Result<(), Problem> {
        let Some((folder, _)) = path.rsplit_once('/') else { return Ok(()) };
        let mut folders = held(&self.folders);
        if !folders.contains(folder) {
            make_folder(&self.staged.join(folder))?;
            folders.insert(folder.to_owned());
        }
        Ok(())
    }

    /// Puts the tree in the target's place.
    fn finish(&self) -> Result<(), Problem> {
        let Added { changed, same, mut problems } = std::mem::take(&mut *held(&self.added));
        // Of several problems always the same is told.
        problems.sort_by(|one, other| one.message.cmp(&other.message));
        if let Some(problem) = problems.into_iter().next() {
            return Err(problem);
        }
        if changed.is_empty() && same.len() == self.own.len() {
            return Ok(());
        }
        let new: BTreeSet<&str> = changed.iter().chain(&same).map(String::as_str).collect();
        let foreign = foreign(self.target, &self.own)?;
        if let Some(path) = foreign.iter().find(|path| new.contains(path.as_str())) {
            return Err(Problem {
                message: format!("{} is in the way: kpic did not write it", self.target.join(path).display()),
                help: Some("move it away, or name another `target_dir:` in kpic.yml".to_owned()),
            });
        }
        // By links files keep their times.
        same.par_iter().chain(&foreign).try_for_each(|path| self.keep(path))?;
        let list = self.staged.join(LIST);
        let paths: String = new.iter().map(|path| format!("{path}\n")).collect();
        fs::write(&list, paths).map_err(|error| Problem::io("cannot write", &list, &error))?;
        swap(self.target, &self.staged)
    }

    /// Takes a file of the old tree over.
    fn keep(&self, path: &str) -> Result<(), Problem> {
        self.make_room(path)?;
        let (old, new) = (self.target.join(path), self.staged.join(path));
        if fs::hard_link(&old, &new).is_err() {
            fs::copy(&old, &new).map_err(|error| Problem::io("cannot keep", &old, &error))?;
        }
        Ok(())
    }
}

/// Whether a text is made of these pieces, one after the other.
fn is_in_pieces(text: &[u8], pieces: &[&str]) -> bool {
    let rest = pieces.iter().try_fold(text, |rest, piece| rest.strip_prefix(piece.as_bytes()));
    rest.is_some_and(<[u8]>::is_empty)
}

fn write_pieces(path: &Path, pieces: &[&str]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    if let [text] = pieces {
        return file.write_all(text.as_bytes());
    }
    let mut file = BufWriter::with_capacity(1 << 16, file);
    pieces.iter().try_for_each(|piece| file.write_all(piece.as_bytes()))?;
    file.flush()
}

/// What a lock holds; no thread dies with it in hand.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

fn make_folder(folder: &Path) -> Result<(), Problem> {
    fs::create_dir_all(folder).map_err(|error| Problem::io("cannot make the folder", folder, &error))
}

/// What the last build wrote into a target.
fn listed(target: &Path) -> BTreeSet<String> {
    let list = fs::read_to_string(target.join(LIST)).unwrap_or_default();
    list.lines().map(str::to_owned).collect()
}

/// The files in a target that the last build did not write, by their paths.
fn foreign(target: &Path, own: &BTreeSet<String>) -> Result<Vec<String>, Problem> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let path = target.join(&folder);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Problem::io("cannot read", &path, &error)),
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let inner = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(inner);
            } else if inner != LIST && !own.contains(&inner) {
                found.push(inner);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Puts the staged tree in the target's place.
fn swap(target: &Path, staged: &Path) -> Result<(), Problem> {
    let failed = |error: io::Error| Problem::io("cannot replace", target, &error);
    if !target.exists() {
        return fs::rename(staged, target).map_err(failed);
    }
    if exchange(target, staged) {
        return Ok(());
    }
    // Two steps where one is not to be had: between them the old tree has another name.
    let aside = staged.with_extension("kpic-old");
    clear(&aside)?;
    fs::rename(target, &aside).map_err(failed)?;
    if let Err(error) = fs::rename(staged, target) {
        let _ = fs::rename(&aside, target);
        return Err(failed(error));
    }
    clear(&aside)
}

/// Lets two folders change places in one step, if the system can.
#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok()
}

/// Lets two folders change places in one step, if the system can.
#[cfg(not(target_os = "linux"))]
fn exchange(_one: &Path, _other: &Path) -> bool {
    false
}

/// Deletes a folder that a build left behind.
fn clear(folder: &Path) -> Result<(), Problem> {
    if !folder.exists() {
        return Ok(());
    }
    fs::remove_dir_all(folder).map_err(|error| Problem::io("cannot delete", folder, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::Output;

    fn output(path: &str, text: &str) -> Output {
        Output { path: path.to_owned(), text: text.to_owned() }
    }

    fn write(target: &Path, outputs: &[Output]) -> Result<(), Problem> {
        super::write(target, |sink| {
            outputs.iter().for_each(|output| sink(&output.path, &[&output.text]));
            Ok::<(), ()>(())
        })
        .map(|made| made.unwrap())
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn read(target: &Path, path: &str) -> Option<String> {
        fs::read_to_string(target.join(path)).ok()
    }

    #[test]
    fn a_build_replaces_what_the_last_one_wrote_and_nothing_else() {
        let folder = folder();
        let target = folder.path().join("a b").join("build");
        write(&target, &[output("sql/a.sql", "1"), output("sql/b.sql", "2")]).unwrap();
        fs::write(target.join("sql").join("mine.txt"), "mine").unwrap();
        write(&target, &[output("sql/a.sql", "3")]).unwrap();
        assert_eq!(read(&target, "sql/a.sql").as_deref(), Some("3"));
        assert_eq!(read(&target, "sql/b.sql"), None);
        assert_eq!(read(&target, "sql/mine.txt").as_deref(), Some("mine"));
        let beside: Vec<_> = fs::read_dir(target.parent().unwrap()).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(beside, ["build"]);
    }

    #[test]
    fn a_file_of_somebody_else_is_never_replaced() {
        let folder = folder();
        let target = folder.path().join("build");
        fs::create_dir_all(target.join("sql")).unwrap();
        fs::write(target.join("sql/a.sql"), "mine").unwrap();
        let problem = write(&target, &[output("sql/a.sql", "1"), output("sql/b.sql", "2")]).unwrap_err();
        assert!(problem.message.contains("in the way"));
        assert_eq!(read(&target, "sql/a.sql").as_deref(), Some("mine"));
        assert_eq!(read(&target, "sql/b.sql"), None);
    }

    #[test]
    fn what_an_interrupted_build_left_behind_is_cleared() {
        let folder = folder();
        let target = folder.path().join("build");
        write(&target, &[output("a", "1")]).unwrap();
        let left = folder.path().join(".build.kpic-next");
        fs::create_dir_all(left.join("sql")).unwrap();
        fs::write(left.join("sql/half"), "").unwrap();
        assert_eq!(read(&target, "a").as_deref(), Some("1"));
        write(&target, &[output("a", "2")]).unwrap();
        assert_eq!(read(&target, "a").as_deref(), Some("2"));
        assert!(!left.exists());
    }

    #[test]
    fn a_text_in_pieces_is_the_same_as_one_in_others() {
        let folder = folder();
        let target = folder.path().join("build");
        let write = |pieces: &[&str]| {
            let make = |sink: Sink<'_>| {
                sink("a", pieces);
                Ok::<(), ()>(())
            };
            super::write(&target, make).unwrap().unwrap();
        };
        write(&["one\n", "", "two\n"]);
        assert_eq!(read(&target, "a").as_deref(), Some("one\ntwo\n"));
        let time = || fs::metadata(target.join("a")).unwrap().modified().unwrap();
        let before = time();
        write(&["one\nt", "wo\n"]);
        assert_eq!(time(), before);
        write(&["one\n", "two\n", "three\n"]);
        write(&["one\n", "two\n"]);
        assert_eq!(read(&target, "a").as_deref(), Some("one\ntwo\n"));
    }

    #[test]
    fn what_did_not_change_keeps_its_time() {
        let folder = folder();
        let target = folder.path().join("build");
        write(&target, &[output("a", "1"), output("b", "1")]).unwrap();
        let time = |path: &str| fs::metadata(target.join(path)).unwrap().modified().unwrap();
        let before = time("a");
        std::thread::sleep(std::time::Duration::from_millis(20));
        write(&target, &[output("a", "1"), output("b", "2")]).unwrap();
        assert_eq!(time("a"), before);
        assert!(time("b") > before);
    }
}
