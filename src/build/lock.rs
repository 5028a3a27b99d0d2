//! One build at a time works on a target: a file beside it is locked meanwhile, and says which process has it.
//!
//! The system unlocks the file when its process ends, however it ends. A lock file that is left over locks nothing.

use super::tree::Problem;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a build waits for another one to end.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often it looks.
const PAUSE: Duration = Duration::from_millis(20);

/// The right to write into a target; it ends with this value.
#[derive(Debug)]
pub struct Lock {
    target: PathBuf,
    parent: PathBuf,
    name: String,
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Takes the lock of a target, and waits for whoever has it.
    ///
    /// # Errors
    /// Fails if another build is still at work after so much patience, or if the system refuses.
    pub fn take(target: &Path, patience: Duration) -> Result<Self, Problem> {
        // A link to a folder stays as it is: the tree goes where it leads.
        let real = target.canonicalize();
        let target = real.as_deref().unwrap_or(target);
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf();
        fs::create_dir_all(&parent).map_err(|error| Problem::io("cannot make the folder", &parent, &error))?;
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let path = parent.join(format!(".{name}.kpic-lock"));
        let mut waited = Duration::ZERO;
        loop {
            if path.symlink_metadata().is_ok_and(|meta| !meta.is_file()) {
                let message = format!("{} is not a regular file, and a build keeps its lock there", path.display());
                return Err(Problem { message, help: Some("delete it".to_owned()) });
            }
            let locked = open(&path).map_err(|error| Problem::io("cannot write", &path, &error))?;
            if let Some(mut file) = locked {
                // To say who has it is a service to the others.
                let _ = file.set_len(0).and_then(|()| file.rewind());
                let _ = writeln!(file, "{}", std::process::id());
                return Ok(Self { target: target.to_path_buf(), parent, name, path, file });
            }
            if waited >= patience {
                let message = format!("another build is running in {}{}", target.display(), holder(&path));
                let help = "wait until it ends, or stop it, and build again; nothing was written".to_owned();
                return Err(Problem { message, help: Some(help) });
            }
            std::thread::sleep(PAUSE);
            waited += PAUSE;
        }
    }

    /// The folder that may be written.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// The folder that the target is in.
    pub(super) fn parent(&self) -> &Path {
        &self.parent
    }

    /// How the names of folders start that builds make beside the target, for a purpose.
    pub(super) fn name_of(&self, purpose: &str) -> String {
        format!(".{}.kpic-{purpose}-", self.name)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is still locked: whoever waits for it sees that it is gone, and makes another one.
        let _ = fs::remove_file(&self.path);
        let _ = self.file.flush();
    }
}

/// Who has a lock, as far as its file says so.
fn holder(path: &Path) -> String {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(20).read_to_string(&mut text));
    match (read, text.trim().parse::<u32>()) {
        (Ok(_), Ok(process)) => format!(": process {process}"),
        _ => String::new(),
    }
}

/// The file, locked; nothing while somebody else has it.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<Option<File>> {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;
    use std::os::unix::fs::MetadataExt;
    let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        // Some file systems know no locks; a build there is as good as it was without.
        Err(Errno::NOSYS | Errno::NOTSUP | Errno::NOLCK) => return Ok(Some(file)),
        Err(Errno::WOULDBLOCK | Errno::INTR) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    // Its last holder may have deleted it after it was opened here.
    let same = fs::symlink_metadata(path).is_ok_and(|there| file.metadata().is_ok_and(|own| own.ino() == there.ino()));
    Ok(same.then_some(file))
}

/// The file, locked; nothing while somebody else has it.
#[cfg(windows)]
fn open(path: &Path) -> io::Result<Option<File>> {
    use std::os::windows::fs::OpenOptionsExt;
    /// The error of Windows for a file that another process has opened for itself.
    const SHARING_VIOLATION: i32 = 32;
    /// Others may read who has it, and it can be deleted while it is held; nobody else may write.
    const READ_AND_DELETE: u32 = 1 | 4;
    match File::options().read(true).write(true).create(true).truncate(false).share_mode(READ_AND_DELETE).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_build_waits_and_then_says_who_has_the_target() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("build");
        let first = Lock::take(&target, PATIENCE).unwrap();
        let problem = Lock::take(&target, Duration::from_millis(60)).unwrap_err();
        assert!(problem.message.contains(&format!("process {}", std::process::id())), "{}", problem.message);
        let waiting = std::thread::spawn({
            let target = target.clone();
            move || Lock::take(&target, PATIENCE).map(drop)
        });
        drop(first);
        waiting.join().unwrap().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_lock_file_that_is_left_over_locks_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".build.kpic-lock"), "1\n").unwrap();
        drop(Lock::take(&folder.path().join("build"), Duration::ZERO).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_the_lock_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "mine").unwrap();
        std::os::unix::fs::symlink(&elsewhere, folder.path().join(".build.kpic-lock")).unwrap();
        assert!(Lock::take(&folder.path().join("build"), Duration::ZERO).is_err());
        assert_eq!(fs::read_to_string(elsewhere).unwrap(), "mine");
    }
}
