//! What a build notes beside its target while it is at work, so that the next one knows what it left behind if it was killed.
//!
//! A repository may bring folders of such names along. So a note can only be read, which no checkout gives a file, and holds the numbers that the
//! file system gave the two folders, which nobody knows before. What no note is about stays where it is.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A note of a build.
#[derive(Debug)]
pub(super) struct Note(PathBuf);

impl Note {
    /// Notes that a build makes a tree, and which one that will replace.
    pub(super) fn write(path: PathBuf, staged: &Path, target: &Path) -> io::Result<Self> {
        let mut file = File::options().write(true).create_new(true).open(&path)?;
        writeln!(file, "{}\n{}", number(staged), number(target))?;
        let mut permissions = file.metadata()?.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions)?;
        Ok(Self(path))
    }

    /// The note in a file, if a build on this machine has written it.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let meta = fs::symlink_metadata(path).ok()?;
        (meta.is_file() && meta.len() < 200 && meta.permissions().readonly()).then(|| Self(path.to_path_buf()))
    }

    /// Whether a folder is one of the two.
    pub(super) fn is_about(&self, folder: &Path) -> bool {
        let text = fs::read_to_string(&self.0).unwrap_or_default();
        let number = number(folder);
        fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_dir()) && text.lines().any(|line| line == number)
    }

    /// Deletes it: nothing is left behind.
    pub(super) fn delete(self) -> io::Result<()> {
        #[cfg(not(unix))]
        {
            let mut permissions = fs::symlink_metadata(&self.0)?.permissions();
            #[expect(clippy::permissions_set_readonly_false, reason = "these are no rights of others on such systems")]
            permissions.set_readonly(false);
            fs::set_permissions(&self.0, permissions)?;
        }
        fs::remove_file(&self.0)
    }
}

/// The numbers that a folder has in its file system.
#[cfg(unix)]
fn number(folder: &Path) -> String {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(folder).map_or_else(|_| "-".to_owned(), |meta| format!("{}:{}", meta.dev(), meta.ino()))
}

/// When a folder was made.
#[cfg(not(unix))]
fn number(folder: &Path) -> String {
    let made = fs::symlink_metadata(folder).and_then(|meta| meta.created()).ok();
    let since = made.and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or_else(|| "-".to_owned(), |since| since.as_nanos().to_string())
}
