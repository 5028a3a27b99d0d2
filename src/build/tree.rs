//! Writes a tree of files as one: whoever looks sees the old tree or the new one, even if the writer is stopped half way.
//!
//! 1. The new tree is staged in a folder beside the target.
//! 2. Files in the target that the last build did not write are linked into the staged tree: they belong to somebody else.
//! 3. The two folders change places, in one step where the system can do that.
//! 4. The old tree is deleted.
//!
//! A list in the target, `.kpic-files`, says which files a build wrote. Nothing else is ever replaced or removed.

use super::Output;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

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

/// Writes `outputs` below `target`.
///
/// # Errors
/// Fails, with the old tree in place, if a file of somebody else is in the way or the system refuses to write.
pub fn write(target: &Path, outputs: &[Output]) -> Result<(), Problem> {
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if target.is_file() {
        return Err(Problem {
            message: format!("{} is a file, and the output needs a folder of that name", target.display()),
            help: Some("move it away, or name another `target_dir:` in kpic.yml".to_owned()),
        });
    }
    fs::create_dir_all(parent).map_err(|error| Problem::io("cannot make the folder", parent, &error))?;
    let own = listed(target);
    let new: BTreeSet<&str> = outputs.iter().map(|output| output.path.as_str()).collect();
    let foreign = foreign(target, &own)?;
    if let Some(path) = foreign.iter().find(|path| new.contains(path.as_str())) {
        return Err(Problem {
            message: format!("{} is in the way: kpic did not write it", target.join(path).display()),
            help: Some("move it away, or name another `target_dir:` in kpic.yml".to_owned()),
        });
    }
    let staged = parent.join(format!(".{name}.kpic-next"));
    clear(&staged)?;
    if is_written(target, outputs, &own) {
        return Ok(());
    }
    let done = stage(target, &staged, outputs, &own, &foreign).and_then(|()| swap(target, &staged));
    // What is left in the staging folder is the old tree, or what did not come to be.
    let cleared = clear(&staged);
    done.and(cleared)
}

/// What the last build wrote into a target.
fn listed(target: &Path) -> BTreeSet<String> {
    let list = fs::read_to_string(target.join(LIST)).unwrap_or_default();
    list.lines().map(str::to_owned).collect()
}

/// Whether a target has these files, written by a build, and no other file of a build.
fn is_written(target: &Path, outputs: &[Output], own: &BTreeSet<String>) -> bool {
    own.len() == outputs.len() && outputs.par_iter().all(|output| own.contains(&output.path) && is_same(target, output))
}

fn is_same(target: &Path, output: &Output) -> bool {
    fs::read(target.join(&output.path)).is_ok_and(|bytes| bytes == output.text.as_bytes())
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

/// Makes the new tree. A file that is as it was is linked, so that its time of change stays.
fn stage(target: &Path, staged: &Path, outputs: &[Output], own: &BTreeSet<String>, foreign: &[String]) -> Result<(), Problem> {
    let make =
        |folder: &Path| fs::create_dir_all(folder).map_err(|error| Problem::io("cannot make the folder", folder, &error));
    make(staged)?;
    // The list comes first: whatever else is in a staging folder, it is ours.
    let list: String = outputs.iter().map(|output| format!("{}\n", output.path)).collect();
    write_file(&staged.join(LIST), &list)?;
    let folders: BTreeSet<&str> = outputs.iter().filter_map(|output| Some(output.path.rsplit_once('/')?.0)).collect();
    for folder in folders {
        make(&staged.join(folder))?;
    }
    let file = |output: &Output| {
        let path = staged.join(&output.path);
        let same = own.contains(&output.path) && is_same(target, output);
        if same && fs::hard_link(target.join(&output.path), &path).is_ok() { Ok(()) } else { write_file(&path, &output.text) }
    };
    // Side by side, and yet of several problems always the same is told.
    let done: Vec<Result<(), Problem>> = outputs.par_iter().map(file).collect();
    done.into_iter().collect::<Result<(), Problem>>()?;
    for file in foreign {
        let (old, path) = (target.join(file), staged.join(file));
        if let Some(folder) = path.parent() {
            make(folder)?;
        }
        if fs::hard_link(&old, &path).is_err() {
            fs::copy(&old, &path).map_err(|error| Problem::io("cannot keep", &old, &error))?;
        }
    }
    Ok(())
}

fn write_file(path: &Path, text: &str) -> Result<(), Problem> {
    fs::write(path, text).map_err(|error| Problem::io("cannot write", path, &error))
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

    fn output(path: &str, text: &str) -> Output {
        Output { path: path.to_owned(), text: text.to_owned() }
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
