//! What the engine may reach: the project's folder, the database that it opens, and what the command line adds to these.
//!
//! The SQL that it runs comes from specs, which may come from somebody unknown. So before it reads any of it, DuckDB gives up what SQL could do beside
//! asking for data: reading and writing other files, the network, extensions, the environment, commands of its shell, and changing any of this.

use crate::rawsql;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What the engine says if it does not give up what it should.
pub(super) const NOT_CONFINED: &str = "kpic: not confined";

/// The first argument of kpic where it becomes an engine; see [`start`].
pub const STARTER: &str = "__engine";

/// What the engine needs of the environment. On Windows no program starts without the folder of the system.
const ENVIRONMENT: &[&str] = &["PATH", "TMPDIR", "TEMP", "TMP", "TZ", "SYSTEMROOT", "SYSTEMDRIVE"];

/// What it needs beside these to load an extension and to find credentials that it has stored.
const OF_NETWORK: &[&str] = &["HOME", "USERPROFILE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "no_proxy"];

/// What the engine may reach and use beside its folder and its database. All of it comes from the command line.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Folders and files that it may read too.
    pub paths: Vec<PathBuf>,
    /// Whether it may use the network, for which it needs extensions; then it is not kept from any file either.
    pub network: bool,
    /// How much memory it may use, as DuckDB writes it: `4GB`. Without it DuckDB's own limit holds, four fifths of the machine's.
    pub memory: Option<String>,
    /// How long it may take to answer.
    pub timeout: Option<Duration>,
    /// The program kpic, which starts the engine so that the system ends it with kpic, however that ends.
    pub starter: Option<PathBuf>,
}

impl Reach {
    /// The command that starts an engine, with no more of the environment than it needs.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = match &self.starter {
            Some(starter) => {
                let mut command = Command::new(starter);
                command.arg(STARTER).arg(std::process::id().to_string()).arg(program);
                command
            }
            None => Command::new(program),
        };
        let names = ENVIRONMENT.iter().chain(OF_NETWORK.iter().filter(|_| self.network));
        let kept: Vec<(&str, OsString)> = names.filter_map(|name| Some((*name, std::env::var_os(name)?))).collect();
        command.env_clear().envs(kept);
        command
    }

    /// The beginning of each script. Which folders are allowed can only be said before the rest is given up.
    pub(super) fn confine(&self, folder: &Path, spill: &Path) -> String {
        let text = |path: &Path| rawsql::literal(&path.to_string_lossy());
        let list = |paths: &[PathBuf]| paths.iter().map(|path| text(path)).collect::<Vec<_>>().join(", ");
        let mut script = format!(".bail on\nset temp_directory = {};\n", text(spill));
        if let Some(memory) = &self.memory {
            script.push_str(&format!("set memory_limit = {};\n", rawsql::literal(memory)));
        }
        if self.network {
            script.push_str("set lock_configuration = true;\n");
        } else {
            let all: Vec<PathBuf> =
                std::iter::once(folder).chain(self.paths.iter().map(PathBuf::as_path)).flat_map(both).collect();
            let (files, folders): (Vec<PathBuf>, Vec<PathBuf>) = all.into_iter().partition(|path| path.is_file());
            script.push_str(&format!("set allowed_directories = [{}];\n", list(&folders)));
            if !files.is_empty() {
                script.push_str(&format!("set allowed_paths = [{}];\n", list(&files)));
            }
            // What is not there is said to be missing, and not looked for elsewhere.
            script.push_str("set autoinstall_known_extensions = false;\nset autoload_known_extensions = false;\n");
            // It turns off access to all else, commands of the shell among it, and locks the settings.
            script.push_str(&format!(
                ".safe_mode\nselect error('{NOT_CONFINED}') where current_setting('enable_external_access') or not \
                 current_setting('lock_configuration');\n"
            ));
        }
        script.push_str(".bail off\n");
        script
    }
}

/// A path as it was named, and as it is once links are followed.
fn both(path: &Path) -> Vec<PathBuf> {
    let named = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let real = path.canonicalize().ok().filter(|real| *real != named);
    std::iter::once(named).chain(real).collect()
}

/// Becomes an engine that the system ends together with the process that asked for it: `arguments` are that process, the engine's program
/// and its arguments. It only comes back with what went wrong.
#[cfg(target_os = "linux")]
pub fn start(arguments: &[OsString]) -> std::io::Error {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    use std::os::unix::process::CommandExt as _;
    let unusable = || std::io::Error::from(std::io::ErrorKind::InvalidInput);
    let [parent, program, arguments @ ..] = arguments else { return unusable() };
    if let Err(error) = set_parent_process_death_signal(Some(Signal::KILL)) {
        return error.into();
    }
    // If the parent ended before that, there is nobody left to answer.
    let is_there = getppid().is_some_and(|id| parent.to_str() == Some(id.as_raw_nonzero().to_string().as_str()));
    if is_there { Command::new(program).args(arguments).exec() } else { unusable() }
}
