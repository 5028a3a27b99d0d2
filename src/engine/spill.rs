//! The engine's temporary files: a folder for each start, which goes away with it, however it ends.
//!
//! 1. A process that ends by itself deletes its folder.
//! 2. Where the engine is at work for a while, another process waits for the end of this one, and deletes the folder then: a signal may end a
//!    process before it can do anything.
//! 3. What is left all the same is deleted by the next process that starts an engine. A lock in the folder says whether its owner is alive.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;
use std::{fs, io, thread};

/// The first argument of kpic where it waits for another process to end; see [`clean`].
pub const CLEANER: &str = "__clean";

/// How all of these folders begin.
const PREFIX: &str = "kpic-spill-";

/// The file in a folder whose lock its owner has.
const OWNER: &str = "owner";

/// How long the engine works before there is a process that would clean up. Before that there is hardly a file.
const PATIENCE: Duration = Duration::from_millis(300);

/// A folder for temporary files, deleted when this is dropped.
#[derive(Debug)]
pub(super) struct Spill {
    folder: tempfile::TempDir,
    inner: PathBuf,
    /// Locked as long as the owner lives.
    _owner: fs::File,
    /// Closed once it is over.
    _over: Sender<()>,
}

impl Spill {
    /// Makes one. `starter` is the program kpic, which cleans up.
    pub(super) fn make(starter: Option<&Path>) -> io::Result<Self> {
        static CLEANED: Once = Once::new();
        CLEANED.call_once(|| clean_left(&std::env::temp_dir()));
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
        // It gets its name once it is locked: a lock that is free is taken for that of a process that is gone.
        let unnamed = folder.path().join("new");
        let owner = fs::File::create(&unnamed)?;
        lock(&owner);
        fs::rename(unnamed, folder.path().join(OWNER))?;
        let inner = folder.path().join("files");
        fs::create_dir(&inner)?;
        let (over, ended) = channel::<()>();
        if let Some(starter) = starter {
            let mut cleaner = Command::new(starter);
            cleaner.arg(CLEANER).arg(folder.path()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            // A terminal sends its signals to all of a group.
            #[cfg(unix)]
            std::os::unix::process::CommandExt::process_group(&mut cleaner, 0);
            thread::spawn(move || {
                if ended.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                if let Ok(mut child) = cleaner.spawn() {
                    let _ = ended.recv();
                    drop(child.stdin.take());
                    let _ = child.wait();
                }
            });
        }
        Ok(Self { folder, inner, _owner: owner, _over: over })
    }

    /// Where the engine writes.
    pub(super) fn path(&self) -> &Path {
        &self.inner
    }

    /// The folder that goes away.
    #[cfg(test)]
    fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        // What cannot be deleted now, is by the next process.
        let _ = fs::remove_dir_all(self.folder.path());
    }
}

/// Waits for the process to end that has the other end of the input, and deletes its folder.
pub fn clean(folder: &Path) {
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    if !is_one(folder) {
        return;
    }
    // The engine may need a moment to end, too.
    for _ in 0..100 {
        let _ = fs::remove_dir_all(folder);
        if folder.symlink_metadata().is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Deletes what processes have left that are not there any more.
fn clean_left(temporary: &Path) {
    let entries = fs::read_dir(temporary).into_iter().flatten().flatten().map(|entry| entry.path());
    for folder in entries.filter(|path| is_one(path)) {
        let Ok(owner) = fs::File::open(folder.join(OWNER)) else { continue };
        if lock(&owner) {
            // What others may not delete stays.
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

/// Whether a path is that of such a folder, made by the same user.
fn is_one(folder: &Path) -> bool {
    let is_named = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
    is_named && folder.symlink_metadata().is_ok_and(|meta| meta.is_dir() && is_own(&meta))
}

#[cfg(unix)]
fn is_own(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    meta.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_own(_meta: &fs::Metadata) -> bool {
    true
}

/// Locks a file, if nobody else has; the system unlocks it when its process ends.
#[cfg(unix)]
fn lock(file: &fs::File) -> bool {
    rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_ok()
}

/// There, nothing tells whether the owner is alive, and what is left stays.
#[cfg(not(unix))]
fn lock(_file: &fs::File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_owner() {
        let spill = Spill::make(None).unwrap();
        let folder = spill.folder().to_path_buf();
        assert!(spill.path().is_dir() && is_one(&folder));
        drop(spill);
        assert!(!folder.exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_a_dead_owner_left_is_deleted_and_nothing_else() {
        let temporary = tempfile::tempdir().unwrap();
        let made = |name: &str| {
            let folder = temporary.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("x"), "").unwrap();
            (fs::File::create(folder.join(OWNER)).unwrap(), folder)
        };
        let (dead, left) = made("kpic-spill-a");
        let (alive, held) = made("kpic-spill-b");
        let (_other, other) = made("other");
        drop(dead);
        assert!(lock(&alive));
        std::os::unix::fs::symlink(&other, temporary.path().join("kpic-spill-c")).unwrap();
        clean_left(temporary.path());
        assert_eq!((left.exists(), held.exists(), other.join("x").exists()), (false, true, true));
    }
}
