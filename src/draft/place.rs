//! Puts the files of a new project into a folder: all of them or none, and never over another file.

use super::File;
use crate::load::bounds::Bounds;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Why a project could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What went wrong.
    pub message: String,
}

impl Problem {
    fn io(what: &str, path: &Path, error: &io::Error) -> Self {
        Self { message: format!("{what} {}: {error}", path.display()) }
    }
}

/// The first of the files that is there already.
pub fn in_the_way(root: &Path, files: &[File]) -> Option<PathBuf> {
    files.iter().map(|file| root.join(&file.path)).find(|path| path.symlink_metadata().is_ok())
}

/// Writes the files below `root`, the last one last, and adds lines to `.gitignore` unless they stand there.
///
/// # Errors
/// Fails if a file is there already or the system refuses; what was written until then is taken away again.
pub fn write(root: &Path, files: &[File], ignored: &[&str]) -> Result<(), Problem> {
    files.iter().try_for_each(|file| within(root, Path::new(&file.path)))?;
    let mut made = Vec::new();
    let done = files.iter().try_for_each(|file| one(root, file, &mut made)).and_then(|()| ignore(root, ignored));
    if done.is_err() {
        // Folders go if nothing else is in them.
        for path in made.iter().rev() {
            let _ = if path.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
        }
    }
    done
}

/// What is written is within the project, wherever links lead. A folder that is not there has none.
fn within(root: &Path, path: &Path) -> Result<(), Problem> {
    if !root.exists() {
        return Ok(());
    }
    let bounds = Bounds::of(root, &[]);
    let folder = path.parent().unwrap_or(Path::new(""));
    let why = match (bounds.outside_of_project(path), bounds.hidden_part(folder)) {
        (Some(real), _) => format!("that leads out of the project, to {}", real.display()),
        (None, Some(part)) => format!("that leads into `{part}`, where version control, CI or other tools keep files"),
        (None, None) => return Ok(()),
    };
    Err(Problem { message: format!("will not write {}: {why}", root.join(path).display()) })
}

fn one(root: &Path, file: &File, made: &mut Vec<PathBuf>) -> Result<(), Problem> {
    let path = root.join(&file.path);
    let missing: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| !folder.exists()).collect();
    for folder in missing.into_iter().rev() {
        fs::create_dir(folder).map_err(|error| Problem::io("cannot make the folder", folder, &error))?;
        made.push(folder.to_path_buf());
    }
    let mut open = fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(|error| {
        let what = if error.kind() == io::ErrorKind::AlreadyExists { "will not write over" } else { "cannot write" };
        Problem::io(what, &path, &error)
    })?;
    made.push(path.clone());
    let done = open.write_all(file.text.as_bytes()).and_then(|()| open.sync_all());
    done.map_err(|error| Problem::io("cannot write", &path, &error))
}

/// Adds lines to `.gitignore`: to what is there, in one step.
fn ignore(root: &Path, lines: &[&str]) -> Result<(), Problem> {
    let path = root.join(".gitignore");
    within(root, Path::new(".gitignore"))?;
    let before = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Problem::io("cannot read", &path, &error)),
    };
    let mut after = before.clone();
    for line in lines {
        let same = |known: &str| known.trim().trim_matches('/') == line.trim_matches('/');
        if !before.lines().any(same) {
            if !after.is_empty() && !after.ends_with('\n') {
                after.push('\n');
            }
            after.push_str(line);
            after.push('\n');
        }
    }
    if after == before {
        return Ok(());
    }
    let wrong = |error: &io::Error| Problem::io("cannot write", &path, error);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gitignore.").suffix(".kpic-next");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // Of a name that nobody knows, so that no link leads elsewhere.
    let mut next = builder.tempfile_in(root).map_err(|error| wrong(&error))?;
    next.write_all(after.as_bytes()).map_err(|error| wrong(&error))?;
    next.persist(&path).map(|_| ()).map_err(|error| wrong(&error.error))
}
