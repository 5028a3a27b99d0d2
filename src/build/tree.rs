//! Writes a tree of files as one: whoever looks sees the old tree or the new one, even if the writer is stopped half way.
//!
//! 1. The new tree is staged in a folder beside the target, of a name that no other build has, file by file, as they are made.
//! 2. Files that are as they were are linked into the staged tree, and so is all that the last build did not write: it belongs to
//!    somebody else.
//! 3. The two folders change places, in one step where the system can do that.
//! 4. The old tree is deleted: what the last build wrote, and what is in the new tree too. What somebody else has put there meanwhile moves
//!    into the new tree.
//!
//! A list in the target, `.kpic-files`, says which files a build wrote, with a sum of what is in each. A file is replaced or removed only if it is in
//! there, of a name that builds give, and still what the build wrote: the list may have come along with a repository. One build at a time works
//! on a target: [`Lock`] says which. What a killed build leaves behind is cleaned by the next one, by the same rule as an old tree, where its [`Note`]
//! says that it is one: folders of such names may have come along with a repository too.

use super::lock::Lock;
use super::note::Note;
use super::{Sink, is_output};
use crate::text::Sum;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The file that lists what a build wrote.
const LIST: &str = ".kpic-files";
/// The file in a staged tree that is not whole yet: all that is in there was made for it.
const UNFINISHED: &str = ".kpic-unfinished";

/// Why a tree could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    pub(super) fn io(what: &str, path: &Path, error: &io::Error) -> Self {
        Self { message: format!("{what} {}: {error}", path.display()), help: None }
    }
}

/// Writes files below the target of `lock` as they are made: `make` gives each to the function that it is given, from any thread, and none
/// twice.
///
/// # Errors
/// Fails, with the old tree in place, if a file of somebody else is in the way or the system refuses to write; and with what `make`
/// fails with, if it does.
pub fn write<T, E>(lock: &Lock, make: impl FnOnce(Sink<'_>) -> Result<T, E>) -> Result<Result<T, E>, Problem> {
    let staging = Staging::begin(lock)?;
    let result = make(&|path, text| staging.add(path, text));
    let done = if result.is_ok() { staging.finish() } else { Ok(()) };
    // What is left in the staging folder is the old tree, or what did not come to be.
    let cleared = clear(&staging.staged, staging.target);
    let Staging { staged, note, .. } = staging;
    // What could not be cleared is left to the next build, with its note.
    let noted = cleared.and_then(|()| note.delete().map_err(|error| Problem::io("cannot delete the note of", &staged, &error)));
    done.and(noted).map(|()| result)
}

/// A tree that is being made beside the one that it will replace.
struct Staging<'a> {
    target: &'a Path,
    /// Where it is made.
    staged: PathBuf,
    /// What says so to the next build, if this one is killed.
    note: Note,
    /// What the last build wrote.
    own: Listed,
    /// The folders that are made.
    folders: Mutex<BTreeSet<String>>,
    added: Mutex<Added>,
}

/// What has been added.
#[derive(Default)]
struct Added {
    /// The paths whose files are new or have another text; they are written.
    changed: Vec<(String, Sum)>,
    /// The paths whose files are as they were.
    same: Vec<(String, Sum)>,
    /// What could not be written.
    problems: Vec<Problem>,
}

impl<'a> Staging<'a> {
    fn begin(lock: &'a Lock) -> Result<Self, Problem> {
        let (target, parent) = (lock.target(), lock.parent());
        recover(lock)?;
        if target.symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
            return Err(Problem {
                message: format!("{} is a file, but the output needs a folder of that name", target.display()),
                help: Some("move it away, or name another `target_dir:` in kpic.yml".to_owned()),
            });
        }
        let prefix = lock.name_of("next");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix);
        // Temporary folders are for their owner only; this one becomes the target.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let staged = builder.tempdir_in(parent);
        let staged = staged.map_err(|error| Problem::io("cannot make a folder in", parent, &error))?.keep();
        let note = Note::write(note_of(&staged), &staged, target).map_err(|error| {
            let _ = fs::remove_dir(&staged);
            Problem::io("cannot write a note beside", &staged, &error)
        })?;
        open_as(target, &staged);
        let mark = staged.join(UNFINISHED);
        fs::write(&mark, "").map_err(|error| Problem::io("cannot write", &mark, &error))?;
        let own = listed(target);
        Ok(Self { target, staged, note, own, folders: Mutex::default(), added: Mutex::default() })
    }

    /// Adds a file. One that is as it was waits: if all are, there is nothing to do.
    fn add(&self, path: &str, text: &[&str]) {
        debug_assert!(is_output(path), "{path}");
        let length: usize = text.iter().map(|piece| piece.len()).sum();
        let there = self.target.join(path);
        let is_same = plain_length(&there).is_some_and(|bytes| usize::try_from(bytes) == Ok(length))
            && is_reached(self.target, path)
            && fs::read(&there).is_ok_and(|bytes| is_in_pieces(&bytes, text));
        let written = if is_same { Ok(()) } else { self.write(path, text) };
        let mut added = held(&self.added);
        match written {
            Ok(()) if is_same => added.same.push((path.to_owned(), Sum::of(text))),
            Ok(()) => added.changed.push((path.to_owned(), Sum::of(text))),
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
        let list: Listed = changed.iter().chain(&same).cloned().collect();
        if changed.is_empty() && list == self.own {
            return Ok(());
        }
        let new: BTreeSet<&str> = list.keys().map(String::as_str).collect();
        let same: BTreeSet<&str> = same.iter().map(|(path, _)| path.as_str()).collect();
        let mut room: BTreeSet<&Path> = new.iter().flat_map(|path| Path::new(path).ancestors().skip(1)).collect();
        room.remove(Path::new(""));
        let is_same = |path: &Path| path.to_str().is_some_and(|path| same.contains(path));
        let found = Found::of(self.target, &self.own, &is_same)?;
        let is_new = |path: &Path| path.to_str().is_some_and(|path| new.contains(path));
        let takes_the_place = |path: &&PathBuf| path.ancestors().any(is_new);
        let in_the_way = found.others.iter().find(|path| takes_the_place(path) || room.contains(path.as_path()));
        if let Some(path) = in_the_way.or_else(|| found.empty.iter().find(takes_the_place)) {
            return Err(Problem {
                message: format!("{} is in the way: it is not what kpic wrote", self.target.join(path).display()),
                help: Some("delete it or move it away, or name another `target_dir:` in kpic.yml".to_owned()),
            });
        }
        // By links files keep their times.
        same.par_iter().try_for_each(|path| {
            self.make_room(path)?;
            take_over(&self.target.join(path), &self.staged.join(path))
        })?;
        found.foreign_folders().try_for_each(|folder| make_folder(&self.staged.join(folder)))?;
        found.others.par_iter().try_for_each(|path| {
            path.parent().map_or(Ok(()), |folder| make_folder(&self.staged.join(folder)))?;
            take_over(&self.target.join(path), &self.staged.join(path))
        })?;
        // Only now: some may not be written into.
        for folder in found.foreign_folders() {
            open_as(&self.target.join(folder), &self.staged.join(folder));
        }
        let path = self.staged.join(LIST);
        let lines: String = list.iter().map(|(path, sum)| format!("{path}\t{sum}\n")).collect();
        fs::write(&path, lines).map_err(|error| Problem::io("cannot write", &path, &error))?;
        let mark = self.staged.join(UNFINISHED);
        fs::remove_file(&mark).map_err(|error| Problem::io("cannot delete", &mark, &error))?;
        swap(self.target, &self.staged)
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

/// Gives a new folder the rights of the one that it stands for, if there is one.
fn open_as(old: &Path, new: &Path) {
    // A folder with other rights than wanted still holds the right files.
    let _ = fs::metadata(old).and_then(|meta| fs::set_permissions(new, meta.permissions()));
}

/// Gives a file of the old tree a second place, in the new one. A link, also one to nowhere, stays a link.
fn take_over(old: &Path, new: &Path) -> Result<(), Problem> {
    let failed = |error: io::Error| Problem::io("cannot keep", old, &error);
    if fs::hard_link(old, new).is_ok() {
        return Ok(());
    }
    let meta = fs::symlink_metadata(old).map_err(failed)?;
    #[cfg(unix)]
    if meta.is_symlink() {
        return fs::read_link(old).and_then(|to| std::os::unix::fs::symlink(to, new)).map_err(failed);
    }
    if meta.is_file() { fs::copy(old, new).map(drop).map_err(failed) } else { Err(failed(io::ErrorKind::Unsupported.into())) }
}

/// How long an ordinary file is. What stands in its place may be a link to a device, which has no end.
fn plain_length(path: &Path) -> Option<u64> {
    fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file).map(|meta| meta.len())
}

/// The files of a build, each with the sum of what it wrote.
type Listed = BTreeMap<String, Sum>;

/// What the last build wrote into a target, as far as it says so.
fn listed(target: &Path) -> Listed {
    let path = target.join(LIST);
    let list = plain_length(&path).and_then(|_| fs::read_to_string(path).ok()).unwrap_or_default();
    let line = |line: &str| {
        let (path, sum) = line.split_once('\t')?;
        Some((path.to_owned(), sum.parse().ok()?))
    };
    list.lines().filter_map(line).filter(|(path, _)| is_output(path)).collect()
}

/// Whether a file is still what its build wrote.
fn is_as_written(path: &Path, sum: &Sum) -> bool {
    plain_length(path).is_some_and(|length| length == sum.length())
        && fs::read(path).is_ok_and(|bytes| Sum::of_bytes(&bytes) == *sum)
}

/// Whether no link is on the way to a file below a target.
fn is_reached(target: &Path, path: &str) -> bool {
    let mut folders = Path::new(path).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    folders.all(|folder| fs::symlink_metadata(target.join(folder)).is_ok_and(|meta| meta.is_dir()))
}

/// What is in a tree.
#[derive(Default)]
struct Found {
    /// The files that its build wrote.
    own: Vec<PathBuf>,
    /// The other files, links among them.
    others: Vec<PathBuf>,
    /// The folders, each before those in it.
    folders: Vec<PathBuf>,
    /// Those of them that hold a file of the build, or hold one that does.
    shared: BTreeSet<PathBuf>,
    /// Those with nothing in them.
    empty: BTreeSet<PathBuf>,
}

impl Found {
    /// Looks through a tree, of which these are its build's own; of some that is known already. Links are not followed.
    fn of(tree: &Path, own: &Listed, is_known: &(dyn Fn(&Path) -> bool + Sync)) -> Result<Self, Problem> {
        let mut found = Self::default();
        let mut todo = vec![PathBuf::new()];
        let is_own = |path: &Path| {
            let Some(name) = path.to_str() else { return false };
            let is_written = |sum: &Sum| is_as_written(&tree.join(path), sum);
            name == LIST || name == UNFINISHED || is_known(path) || own.get(name).is_some_and(is_written)
        };
        while let Some(folder) = todo.pop() {
            let path = tree.join(&folder);
            let failed = |error: io::Error| Problem::io("cannot read", &path, &error);
            let entries = match fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(error)),
            };
            let mut is_empty = true;
            for entry in entries {
                let entry = entry.map_err(failed)?;
                let inner = folder.join(entry.file_name());
                is_empty = false;
                if entry.file_type().map_err(failed)?.is_dir() {
                    todo.push(inner.clone());
                    found.folders.push(inner);
                } else if is_own(&inner) {
                    if !found.shared.contains(&folder) {
                        found.shared.extend(folder.ancestors().map(Path::to_path_buf));
                    }
                    found.own.push(inner);
                } else {
                    found.others.push(inner);
                }
            }
            if is_empty {
                found.empty.insert(folder);
            }
        }
        found.others.sort();
        found.folders.sort();
        Ok(found)
    }

    /// The folders that a build would not make itself.
    fn foreign_folders(&self) -> impl Iterator<Item = &PathBuf> {
        self.folders.iter().filter(|folder| !self.shared.contains(*folder))
    }
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
    // Two steps where one is not to be had: between them the old tree has another name, by which the next build knows it.
    let aside = aside(staged);
    fs::rename(target, &aside).map_err(failed)?;
    if let Err(error) = fs::rename(staged, target) {
        let _ = fs::rename(&aside, target);
        return Err(failed(error));
    }
    clear(&aside, target)
}

/// The name of an old tree between the two steps.
fn aside(staged: &Path) -> PathBuf {
    let name = staged.file_name().map(|name| name.to_string_lossy().replace(".kpic-next", ".kpic-old")).unwrap_or_default();
    staged.with_file_name(name)
}

/// The name of the note about a tree.
fn note_of(staged: &Path) -> PathBuf {
    let name = staged.file_name().map(|name| name.to_string_lossy().replace(".kpic-next", ".kpic-note")).unwrap_or_default();
    staged.with_file_name(name)
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

/// Brings in order what killed builds have left beside a target, as their notes say. No other build is at work: this one has the lock.
fn recover(lock: &Lock) -> Result<(), Problem> {
    let entries = fs::read_dir(lock.parent()).map_err(|error| Problem::io("cannot read", lock.parent(), &error))?;
    let start = lock.name_of("note");
    let mut notes: Vec<(PathBuf, String)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.path(), entry.file_name().to_str()?.strip_prefix(&start)?.to_owned())))
        .collect();
    notes.sort();
    for (path, id) in notes {
        let Some(note) = Note::read(&path) else { continue };
        let of = |kind: &str| lock.parent().join(format!("{}{id}", lock.name_of(kind)));
        let (old, next) = (of("old"), of("next"));
        if note.is_about(&old) && lock.target().symlink_metadata().is_err() {
            // It was stopped between the two steps.
            fs::rename(&old, lock.target()).map_err(|error| Problem::io("cannot put back", &old, &error))?;
        }
        [old, next].iter().filter(|path| note.is_about(path)).try_for_each(|path| clear(path, lock.target()))?;
        note.delete().map_err(|error| Problem::io("cannot delete", &path, &error))?;
    }
    Ok(())
}

/// How often a tree is looked through that somebody fills while it is being deleted.
const TRIES: usize = 5;

/// Deletes a tree that is not needed any more, or never came to be. What a build did not write, and what the target does not have, moves
/// there. No file is deleted that has not been looked at.
fn clear(tree: &Path, target: &Path) -> Result<(), Problem> {
    let failed = |error: io::Error| Problem::io("cannot delete", tree, &error);
    // Of one that is not whole, all that is somebody else's is a link to what is in the target.
    let is_whole = !tree.join(UNFINISHED).exists();
    for last in (0..TRIES).rev() {
        if tree.symlink_metadata().is_err() {
            return Ok(());
        }
        // What has a place in the target too is not lost with this one.
        let is_kept = |path: &Path| is_one_file(&tree.join(path), &target.join(path));
        let own = listed(tree);
        let found = Found::of(tree, &own, &|path| path.to_str().is_some_and(|name| own.contains_key(name)) && is_kept(path))?;
        if is_whole {
            no_link_on_the_way(tree, target, &found)?;
        }
        found.folders.iter().for_each(|folder| writable(&tree.join(folder)));
        if is_whole {
            for folder in found.foreign_folders().filter(|folder| target.join(folder).symlink_metadata().is_err()) {
                fs::create_dir_all(target.join(folder))
                    .map_err(|error| Problem::io("cannot keep", &tree.join(folder), &error))?;
            }
        }
        found.others.par_iter().try_for_each(|path| {
            let (old, new) = (tree.join(path), target.join(path));
            let moved = if is_whole && is_newer(&old, &new)? {
                new.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::rename(&old, &new))
            } else {
                fs::remove_file(&old)
            };
            moved.map_err(|error| Problem::io("cannot keep", &old, &error))
        })?;
        // The list goes last: if this is stopped, the next build knows by it what is whose.
        let (list, own): (Vec<_>, Vec<_>) =
            found.own.iter().partition(|path| [LIST, UNFINISHED].iter().any(|name| *path == Path::new(name)));
        own.par_iter().try_for_each(|path| fs::remove_file(tree.join(path))).map_err(failed)?;
        let folders = found.folders.iter().rev().map(|folder| tree.join(folder));
        let emptied = folders.into_iter().try_for_each(fs::remove_dir);
        let emptied = emptied.and_then(|()| list.iter().try_for_each(|path| fs::remove_file(tree.join(path))));
        match emptied.and_then(|()| fs::remove_dir(tree)) {
            Err(error) if last == 0 || error.kind() != io::ErrorKind::DirectoryNotEmpty => return Err(failed(error)),
            Err(_) | Ok(()) => {}
        }
    }
    Ok(())
}

/// Says if what moves from a tree to the target would pass a link there, which may lead anywhere. Such a tree is not one that a build has left.
fn no_link_on_the_way(tree: &Path, target: &Path, found: &Found) -> Result<(), Problem> {
    let is_link = |folder: &&PathBuf| fs::symlink_metadata(target.join(folder)).is_ok_and(|meta| !meta.is_dir());
    match found.folders.iter().find(is_link) {
        None => Ok(()),
        Some(folder) => Err(Problem {
            message: format!(
                "{} cannot be kept: {} is a link or a file",
                tree.join(folder).display(),
                target.join(folder).display()
            ),
            help: Some("delete one of the two".to_owned()),
        }),
    }
}

/// Makes a folder one whose entries can be deleted.
fn writable(folder: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Where that is refused, the deletion says why.
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// Whether two paths lead to one file, as far as the system says so.
fn is_one_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |path: &Path| fs::symlink_metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
        identity(one).is_some_and(|one| identity(other) == Some(one))
    }
    #[cfg(not(unix))]
    {
        let _ = (one, other);
        false
    }
}

/// Whether a file is not there at another place, or has been replaced by a later one since it was linked there.
fn is_newer(old: &Path, new: &Path) -> Result<bool, Problem> {
    let failed = |error: io::Error| Problem::io("cannot keep", old, &error);
    let there = match fs::symlink_metadata(new) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(failed(error)),
    };
    let old = fs::symlink_metadata(old).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if (old.dev(), old.ino()) == (there.dev(), there.ino()) {
            return Ok(false);
        }
    }
    Ok(!there.is_dir() && old.modified().map_err(failed)? > there.modified().map_err(failed)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::Output;

    fn output(path: &str, text: &str) -> Output {
        Output { path: path.to_owned(), text: text.to_owned() }
    }

    fn write(target: &Path, outputs: &[Output]) -> Result<(), Problem> {
        let lock = Lock::take(target, std::time::Duration::ZERO).unwrap();
        super::write(&lock, |sink| {
            outputs.iter().for_each(|output| sink(&output.path, &[&output.text]));
            Ok::<(), ()>(())
        })
        .map(|made| made.unwrap())
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    /// What is in the folder that the target is in.
    fn beside(target: &Path) -> Vec<std::ffi::OsString> {
        fs::read_dir(target.parent().unwrap()).unwrap().flatten().map(|entry| entry.file_name()).collect()
    }

    fn read(target: &Path, path: &str) -> Option<String> {
        fs::read_to_string(target.join(path)).ok()
    }

    #[test]
    fn a_build_replaces_what_the_last_one_wrote_and_nothing_else() {
        let folder = folder();
        let target = folder.path().join("a b").join("build");
        write(&target, &[output("sql/duckdb/a.sql", "1"), output("sql/duckdb/b.sql", "2")]).unwrap();
        fs::write(target.join("sql").join("mine.txt"), "mine").unwrap();
        write(&target, &[output("sql/duckdb/a.sql", "3")]).unwrap();
        assert_eq!(read(&target, "sql/duckdb/a.sql").as_deref(), Some("3"));
        assert_eq!(read(&target, "sql/duckdb/b.sql"), None);
        assert_eq!(read(&target, "sql/mine.txt").as_deref(), Some("mine"));
        assert_eq!(beside(&target), ["build"]);
    }

    #[test]
    fn a_file_of_somebody_else_is_never_replaced() {
        let folder = folder();
        let target = folder.path().join("build");
        fs::create_dir_all(target.join("sql/duckdb")).unwrap();
        fs::write(target.join("sql/duckdb/a.sql"), "mine").unwrap();
        let problem = write(&target, &[output("sql/duckdb/a.sql", "1"), output("sql/duckdb/b.sql", "2")]).unwrap_err();
        assert!(problem.message.contains("in the way"));
        assert_eq!(read(&target, "sql/duckdb/a.sql").as_deref(), Some("mine"));
        assert_eq!(read(&target, "sql/duckdb/b.sql"), None);
    }

    /// The list may have come along with a repository, or what a build wrote may have been edited.
    #[test]
    fn what_is_not_as_a_build_wrote_it_stays_whatever_the_list_says() {
        let folder = folder();
        let target = folder.path().join("build");
        fs::create_dir_all(target.join("docs")).unwrap();
        let sum = Sum::of(&["mine"]);
        for file in ["mine.txt", "docs/notes.md", "docs/gone.md", "docs/.hidden.md", "docs/a.md"] {
            fs::write(target.join(file), "mine").unwrap();
        }
        let wrong = Sum::of(&["other"]);
        let list = format!(
            "mine.txt\t{sum}\ndocs/notes.md\t{wrong}\ndocs/gone.md\t{sum}\ndocs/.hidden.md\t{sum}\n../docs/x.md\t{sum}\ndocs/a.md\n/\n\n"
        );
        fs::write(target.join(LIST), list).unwrap();
        let problem = write(&target, &[output("docs/a.md", "1")]).unwrap_err();
        assert!(problem.message.contains("docs/a.md is in the way"), "{problem:?}");
        write(&target, &[output("docs/b.md", "1")]).unwrap();
        for file in ["mine.txt", "docs/notes.md", "docs/.hidden.md", "docs/a.md"] {
            assert_eq!(read(&target, file).as_deref(), Some("mine"), "{file}");
        }
        assert_eq!(read(&target, "docs/gone.md"), None);
        // An edit is not lost, neither where the file would change nor where it would go.
        fs::write(target.join("docs/b.md"), "edited").unwrap();
        assert!(write(&target, &[output("docs/b.md", "2")]).unwrap_err().message.contains("in the way"));
        write(&target, &[output("docs/c.md", "1")]).unwrap();
        assert_eq!(read(&target, "docs/b.md").as_deref(), Some("edited"));
        // What is the same anyway is nobody's loss.
        fs::remove_file(target.join(LIST)).unwrap();
        write(&target, &[output("docs/c.md", "1"), output("docs/d.md", "1")]).unwrap();
        write(&target, &[output("docs/d.md", "2")]).unwrap();
        assert_eq!((read(&target, "docs/c.md"), read(&target, "docs/d.md").as_deref()), (None, Some("2")));
    }

    #[test]
    fn what_killed_builds_left_behind_is_cleared() {
        let folder = folder();
        let target = folder.path().join("build");
        write(&target, &[output("docs/a.md", "1")]).unwrap();
        fs::write(target.join("mine"), "mine").unwrap();
        // One was killed while it made its tree, one after it had put it in place, with a file that came in between.
        let unfinished = folder.path().join(".build.kpic-next-x1");
        fs::create_dir_all(unfinished.join("sql")).unwrap();
        fs::write(unfinished.join(UNFINISHED), "").unwrap();
        fs::write(unfinished.join("sql/half"), "").unwrap();
        let old = folder.path().join(".build.kpic-next-x2");
        fs::create_dir_all(old.join("deep")).unwrap();
        fs::create_dir_all(old.join("docs")).unwrap();
        fs::write(old.join(LIST), format!("docs/b.md\t{}\n", Sum::of(&["own"]))).unwrap();
        fs::write(old.join("docs/b.md"), "own").unwrap();
        fs::write(old.join("deep/late"), "late").unwrap();
        fs::hard_link(target.join("mine"), old.join("mine")).unwrap();
        drop(Note::write(note_of(&unfinished), &unfinished, &target).unwrap());
        drop(Note::write(note_of(&old), &target, &old).unwrap());
        write(&target, &[output("docs/a.md", "2")]).unwrap();
        assert_eq!(read(&target, "docs/a.md").as_deref(), Some("2"));
        assert_eq!(read(&target, "mine").as_deref(), Some("mine"));
        assert_eq!(read(&target, "deep/late").as_deref(), Some("late"));
        assert_eq!(read(&target, "docs/b.md"), None);
        assert_eq!(beside(&target), ["build"]);
    }

    #[test]
    fn a_tree_that_stood_aside_when_its_build_was_killed_is_put_back() {
        let folder = folder();
        let target = folder.path().join("build");
        write(&target, &[output("docs/a.md", "1")]).unwrap();
        fs::write(target.join("mine"), "mine").unwrap();
        drop(Note::write(folder.path().join(".build.kpic-note-x"), &folder.path().join("gone"), &target).unwrap());
        fs::rename(&target, folder.path().join(".build.kpic-old-x")).unwrap();
        write(&target, &[output("docs/a.md", "2")]).unwrap();
        assert_eq!(read(&target, "docs/a.md").as_deref(), Some("2"));
        assert_eq!(read(&target, "mine").as_deref(), Some("mine"));
        assert_eq!(beside(&target), ["build"]);
    }

    /// A repository may bring along folders and notes of such names, newer than what is in the target.
    #[test]
    fn what_no_build_has_left_behind_stays_and_replaces_nothing() {
        let folder = folder();
        let target = folder.path().join("build");
        write(&target, &[output("docs/a.md", "1")]).unwrap();
        fs::write(target.join("notes.md"), "mine").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        for (name, note) in [(".build.kpic-old-x", None), (".build.kpic-next-x", Some(".build.kpic-note-x"))] {
            let strange = folder.path().join(name);
            fs::create_dir_all(&strange).unwrap();
            fs::write(strange.join("notes.md"), "stranger").unwrap();
            if let Some(note) = note {
                // The right numbers, but in a file as a checkout makes one.
                drop(Note::write(folder.path().join("right"), &strange, &target).unwrap());
                fs::write(folder.path().join(note), fs::read(folder.path().join("right")).unwrap()).unwrap();
                fs::rename(folder.path().join("right"), folder.path().join("elsewhere")).unwrap();
            }
            write(&target, &[output("docs/a.md", name)]).unwrap();
            assert_eq!(read(&target, "notes.md").as_deref(), Some("mine"), "{name}");
            assert_eq!(fs::read_to_string(strange.join("notes.md")).unwrap(), "stranger", "{name}");
        }
        // Not even where there is no target.
        fs::rename(&target, folder.path().join("away")).unwrap();
        write(&target, &[output("docs/a.md", "1")]).unwrap();
        assert_eq!(read(&target, "notes.md"), None);
        // A note of a build is about its own folders only.
        drop(Note::write(folder.path().join(".build.kpic-note-y"), &target, &target).unwrap());
        fs::create_dir_all(folder.path().join(".build.kpic-old-y")).unwrap();
        write(&target, &[output("docs/a.md", "2")]).unwrap();
        assert!(folder.path().join(".build.kpic-old-y").is_dir());
        assert!(!folder.path().join(".build.kpic-note-y").exists());
    }

    #[cfg(unix)]
    #[test]
    fn folders_links_and_odd_names_of_others_stay() {
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = folder();
        let target = folder.path().join("build");
        write(&target, &[output("sql/duckdb/a.sql", "1"), output("docs/old/b.md", "1")]).unwrap();
        let odd = std::ffi::OsStr::from_bytes(b"odd-\xff-name");
        fs::write(target.join(odd), "odd").unwrap();
        fs::create_dir_all(target.join("empty/deep")).unwrap();
        fs::create_dir(target.join("sql").join(odd)).unwrap();
        symlink("nowhere", target.join("link")).unwrap();
        fs::create_dir(target.join("closed")).unwrap();
        fs::write(target.join("closed/file"), "closed").unwrap();
        fs::set_permissions(target.join("closed"), fs::Permissions::from_mode(0o555)).unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o750)).unwrap();
        write(&target, &[output("sql/duckdb/a.sql", "2")]).unwrap();
        assert_eq!(fs::read_to_string(target.join(odd)).unwrap(), "odd");
        assert!(target.join("empty/deep").is_dir() && target.join("sql").join(odd).is_dir());
        assert_eq!(fs::read_link(target.join("link")).unwrap(), Path::new("nowhere"));
        assert_eq!(read(&target, "closed/file").as_deref(), Some("closed"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&target), mode(&target.join("closed"))), (0o750, 0o555));
        assert!(!target.join("docs/old").exists(), "a folder that held nothing but output goes with it");
        assert_eq!(beside(&target), ["build"]);
        fs::set_permissions(target.join("closed"), fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link_of_somebody_else() {
        let folder = folder();
        let (target, elsewhere) = (folder.path().join("build"), folder.path().join("elsewhere"));
        fs::create_dir(&elsewhere).unwrap();
        write(&target, &[output("docs/a.md", "1")]).unwrap();
        std::os::unix::fs::symlink(&elsewhere, target.join("sql")).unwrap();
        assert!(write(&target, &[output("sql/duckdb/a.sql", "1")]).unwrap_err().message.contains("in the way"));
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
        fs::create_dir(target.join("manifest.json")).unwrap();
        assert!(write(&target, &[output("manifest.json", "1")]).unwrap_err().message.contains("in the way"));
    }

    #[test]
    fn a_text_in_pieces_is_the_same_as_one_in_others() {
        let folder = folder();
        let target = folder.path().join("build");
        let write = |pieces: &[&str]| {
            let make = |sink: Sink<'_>| {
                sink("docs/a.md", pieces);
                Ok::<(), ()>(())
            };
            super::write(&Lock::take(&target, std::time::Duration::ZERO).unwrap(), make).unwrap().unwrap();
        };
        write(&["one\n", "", "two\n"]);
        assert_eq!(read(&target, "docs/a.md").as_deref(), Some("one\ntwo\n"));
        let time = || fs::metadata(target.join("docs/a.md")).unwrap().modified().unwrap();
        let before = time();
        write(&["one\nt", "wo\n"]);
        assert_eq!(time(), before);
        write(&["one\n", "two\n", "three\n"]);
        write(&["one\n", "two\n"]);
        assert_eq!(read(&target, "docs/a.md").as_deref(), Some("one\ntwo\n"));
    }

    #[test]
    fn what_did_not_change_keeps_its_time() {
        let folder = folder();
        let target = folder.path().join("build");
        write(&target, &[output("docs/a.md", "1"), output("docs/b.md", "1")]).unwrap();
        let time = |path: &str| fs::metadata(target.join(path)).unwrap().modified().unwrap();
        let before = time("docs/a.md");
        std::thread::sleep(std::time::Duration::from_millis(20));
        write(&target, &[output("docs/a.md", "1"), output("docs/b.md", "2")]).unwrap();
        assert_eq!(time("docs/a.md"), before);
        assert!(time("docs/b.md") > before);
    }
}
