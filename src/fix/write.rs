//! Puts changed texts in the place of files, so that whoever looks sees a file as it was or as it is to be.

use super::Change;
use crate::load::bounds::Bounds;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Why files could not be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Writes all changes. Every new text is on the disk before the first file is replaced; links and permissions stay.
///
/// # Errors
/// Fails, with no file changed, if one of them is not as it was read, leads out of the project, or cannot be written beside.
pub fn write(root: &Path, changes: &[Change]) -> Result<(), Problem> {
    let staged: Vec<(tempfile::NamedTempFile, PathBuf)> =
        changes.iter().map(|change| stage(root, change)).collect::<Result<_, _>>()?;
    for (file, path) in staged {
        file.persist(&path).map_err(|error| problem(&path, &error.error))?;
    }
    Ok(())
}

/// Writes a text beside the file that it is to replace.
fn stage(root: &Path, change: &Change) -> Result<(tempfile::NamedTempFile, PathBuf), Problem> {
    within(root, Path::new(&change.path))?;
    let path = root.join(&change.path);
    if change.before.is_empty() && !path.exists() {
        return create(&path, change);
    }
    let path = fs::canonicalize(&path).map_err(|error| problem(&path, &error))?;
    let now = fs::read(&path).map_err(|error| problem(&path, &error))?;
    if now != change.before.as_bytes() {
        return Err(Problem {
            message: format!("{} was changed in the meantime", change.path),
            help: Some("run the command again".to_owned()),
        });
    }
    let folder = path.parent().unwrap_or(root);
    let mut file = tempfile::Builder::new()
        .prefix(".")
        .suffix(".kpic-fix")
        .tempfile_in(folder)
        .map_err(|error| problem(folder, &error))?;
    let permissions = fs::metadata(&path).map_err(|error| problem(&path, &error))?.permissions();
    file.write_all(change.after.as_bytes())
        .and_then(|()| file.as_file().set_permissions(permissions))
        .and_then(|()| file.as_file().sync_all())
        .map_err(|error| problem(&path, &error))?;
    Ok((file, path))
}

/// Writes a text beside the place of a file that is not there yet, in a folder that may be new too.
fn create(path: &Path, change: &Change) -> Result<(tempfile::NamedTempFile, PathBuf), Problem> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| problem(folder, &error))?;
    let mut file = tempfile::Builder::new()
        .prefix(".")
        .suffix(".kpic-fix")
        .tempfile_in(folder)
        .map_err(|error| problem(folder, &error))?;
    readable(file.as_file()).map_err(|error| problem(path, &error))?;
    file.write_all(change.after.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(|error| problem(path, &error))?;
    Ok((file, path.to_path_buf()))
}

/// Temporary files are for their owner only; a spec file is like any other.
#[cfg(unix)]
fn readable(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &fs::File) -> std::io::Result<()> {
    Ok(())
}

/// What is changed is the project's own, wherever links lead.
fn within(root: &Path, path: &Path) -> Result<(), Problem> {
    let bounds = Bounds::of(root, &[]);
    let why = match (bounds.outside_of_project(path), bounds.hidden_part(path)) {
        (Some(real), _) => format!("it leads out of the project, to {}", real.display()),
        (None, Some(part)) => format!("it leads into `{part}`"),
        (None, None) => return Ok(()),
    };
    Err(Problem {
        message: format!("cannot change {}: {why}", path.display()),
        help: Some("change that file by hand, or put it in the place of the link; nothing was changed".to_owned()),
    })
}

fn problem(path: &Path, error: &std::io::Error) -> Problem {
    Problem { message: format!("cannot change {}: {error}", path.display()), help: None }
}
