//! What the engine may reach: the project's folder, the database that it opens, and what the command line adds to these.
//!
//! The SQL that it runs comes from specs, which may come from somebody unknown. So before it reads any of it, DuckDB gives up what SQL could do beside
//! asking for data: reading and writing other files, the network, extensions, the environment, commands of its shell, and changing any of this.

use super::script::program_behind;
use crate::rawsql;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What the engine says if it does not give up what it should.
pub(super) const NOT_CONFINED: &str = "kpic: not confined";

/// What stands around the engine's settings as they are before it reads SQL of a project.
pub(super) const BEGUN: &str = "kpic-begun";

/// What the engine says if a database brings SQL that does more than answer.
pub(super) const UNSAFE_DATABASE: &str = "kpic: unsafe database";

/// Refuses a database whose views and macros call what writes files, or may hide such a call in a text. The engine stores their SQL in a form of its own,
/// without comments. On Linux the kernel keeps them from writing where nothing is to be changed, and this would take longer than all else at a start.
pub(super) fn harmless_database() -> String {
    format!(
        "select system.main.error('{UNSAFE_DATABASE}') from (select sql from system.main.duckdb_views() where not internal union all select \
         macro_definition from system.main.duckdb_functions() where not internal) where system.main.regexp_matches(system.main.lower(sql), \
         '(^|[^a-z0-9_])({})\"? *[(]');\n",
        rawsql::WRITES.join("|")
    )
}

/// Asks for the engine's settings, but for those that `use` changes. Named in full, because a database may have functions of the same names.
pub(super) const SETTINGS: &str =
    "select name, value from system.main.duckdb_settings() where name not in ('schema', 'search_path');\n";

/// Asks for the same settings before anything else, and ends the script where access to all else is not off, or can be turned on again: one question,
/// because each takes a tenth of a start.
fn settings_if_confined() -> String {
    let settings = SETTINGS.trim_end().trim_end_matches(';');
    format!(
        "{settings} and case when system.main.current_setting('enable_external_access') or not \
         system.main.current_setting('lock_configuration') then system.main.error('{NOT_CONFINED}') else true end;\n"
    )
}

/// The first argument of kpic where it becomes an engine; see `start`.
pub const STARTER: &str = "__engine";

/// Says to `start` that the network is open; then all may be read and listed.
pub(super) const OPEN_NETWORK: &str = "network";

/// Says to `start` that an engine reads only the files that it is given.
pub(super) const ONLY_FILES: &str = "files";

/// The command that starts an engine which reads `files` and what its program needs, and nothing else. Of these it may write those beside a database
/// that hold its locks. `spill` is its own.
pub(super) fn only_files(starter: Option<&Path>, program: &Path, spill: &Path, files: &[PathBuf]) -> Command {
    let Some(starter) = starter else { return Command::new(program) };
    let mut command = Command::new(starter);
    command.arg(STARTER).arg(std::process::id().to_string()).arg(ONLY_FILES).arg(spill).arg("");
    command.arg(files.len().to_string()).args(files).arg(program);
    command
}

/// What the engine needs of the environment. On Windows no program starts without the folder of the system.
const ENVIRONMENT: &[&str] = &["PATH", "TMPDIR", "TEMP", "TMP", "TZ", "SYSTEMROOT", "SYSTEMDRIVE"];

/// What it needs beside these to load an extension and to find credentials that it has stored.
const OF_NETWORK: &[&str] = &["HOME", "USERPROFILE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "no_proxy"];

/// How much the engine may write into temporary files where the command line does not say.
pub(super) const SPILL: &str = "20GB";

/// What the engine may reach and use beside its folder and its database. All of it comes from the command line.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Folders and files that it may read too.
    pub paths: Vec<PathBuf>,
    /// Whether it may use the network, for which it needs extensions; then it is not kept from any file either.
    pub network: bool,
    /// How much memory it may use, as DuckDB writes it: `4GB`. Without it DuckDB's own limit holds, four fifths of the machine's.
    pub memory: Option<String>,
    /// How much it may write into temporary files, as DuckDB writes it; without it [`SPILL`].
    pub spill: Option<String>,
    /// How long it may take to answer.
    pub timeout: Option<Duration>,
    /// The program kpic, which starts the engine so that the system ends it with kpic, however that ends.
    pub starter: Option<PathBuf>,
}

impl Reach {
    /// The command that starts an engine, with no more of the environment than it needs. `folder` and `spill` are its own, and `written` is the folder of a
    /// database that it may change.
    pub(super) fn command(&self, program: &Path, folder: &Path, spill: &Path, written: Option<&Path>) -> Command {
        // A script of pip's says where extensions are, which are for the network.
        let behind = if self.network { None } else { program_behind(program) };
        let program = behind.as_deref().unwrap_or(program);
        let mut command = match &self.starter {
            Some(starter) => {
                let mut command = Command::new(starter);
                command.arg(STARTER).arg(std::process::id().to_string());
                let listed = self.listed(folder, spill);
                command.arg(if self.network { OPEN_NETWORK } else { "closed" }).arg(spill);
                command.arg(written.unwrap_or(Path::new("")));
                command.arg(listed.len().to_string()).args(listed).arg(program);
                command
            }
            None => Command::new(program),
        };
        let names = ENVIRONMENT.iter().chain(OF_NETWORK.iter().filter(|_| self.network));
        let kept: Vec<(&str, OsString)> = names.filter_map(|name| Some((*name, std::env::var_os(name)?))).collect();
        command.env_clear().envs(kept);
        command
    }

    /// The folders that it may list. To read a file it lists none.
    fn listed(&self, folder: &Path, spill: &Path) -> Vec<PathBuf> {
        let folders = [folder, spill].into_iter().chain(self.paths.iter().map(PathBuf::as_path));
        folders.filter_map(|path| path.canonicalize().ok()).filter(|path| path.is_dir()).collect()
    }

    /// The beginning of each script. Which folders are allowed can only be said before the rest is given up.
    pub(super) fn confine(&self, folder: &Path, spill: &Path, has_database: bool, writes: bool) -> String {
        let text = |path: &Path| rawsql::literal(&path.to_string_lossy());
        let list = |paths: &[PathBuf]| paths.iter().map(|path| text(path)).collect::<Vec<_>>().join(", ");
        let mut script = format!(".bail on\nset temp_directory = {};\n", text(spill));
        let most = self.spill.as_deref().unwrap_or(SPILL);
        script.push_str(&format!("set max_temp_directory_size = {};\n", rawsql::literal(most)));
        if let Some(memory) = &self.memory {
            script.push_str(&format!("set memory_limit = {};\n", rawsql::literal(memory)));
        }
        if self.network {
            // The engine writes nowhere else, so what it fetches goes away with it; what the user has installed is at hand there.
            #[cfg(target_os = "linux")]
            if let Some(folder) = installed_extensions(spill) {
                script.push_str(&format!("set extension_directory = {};\n", text(&folder)));
            }
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
            script.push_str(".safe_mode\n");
        }
        if has_database && (writes || !cfg!(target_os = "linux")) {
            script.push_str(&harmless_database());
        }
        let settings = if self.network { SETTINGS.to_owned() } else { settings_if_confined() };
        script.push_str(&format!(".print {BEGUN}\n{settings}.print {BEGUN}\n.bail off\n"));
        script
    }
}

/// A folder for extensions among the temporary files, with links to those that the user has installed.
#[cfg(target_os = "linux")]
fn installed_extensions(spill: &Path) -> Option<PathBuf> {
    let own = spill.join("extensions");
    std::fs::create_dir(&own).ok()?;
    let home = std::env::var_os("HOME").map(PathBuf::from)?;
    let folders =
        |path: &Path| std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    // By version, then by system.
    for version in folders(&home.join(".duckdb").join("extensions")) {
        for system in folders(&version) {
            let (Some(version), Some(name)) = (version.file_name(), system.file_name()) else { continue };
            let copy = own.join(version).join(name);
            if std::fs::create_dir_all(&copy).is_ok() {
                for file in folders(&system) {
                    // One that is not at hand is fetched.
                    let _ = file.file_name().map(|name| std::os::unix::fs::symlink(&file, copy.join(name)));
                }
            }
        }
    }
    Some(own)
}

/// A path as it was named, and as it is once links are followed.
fn both(path: &Path) -> Vec<PathBuf> {
    let named = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let real = path.canonicalize().ok().filter(|real| *real != named);
    std::iter::once(named).chain(real).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_whose_sql_does_more_than_answer_is_told() {
        let program = crate::engine::find(None).unwrap();
        let refused = |made: &str| {
            let asked = format!("create table t as select 1 as a; {made}; {}", harmless_database());
            let output = Command::new(&program).args(["-no-init", "-c", &asked]).output().unwrap();
            String::from_utf8_lossy(&output.stderr).contains(UNSAFE_DATABASE)
        };
        for made in [
            "create view v as select * from ENABLE_PROFILING /* x */ (save_location = 'x')",
            "create view v as select (select 1 from system.main.\"query\"('select 1'))",
            "create macro m() as (select 1 from enable_logging(storage = 'file', storage_path = 'x'))",
            "create macro m(x) as table select * from query(x)",
        ] {
            assert!(refused(made), "{made}");
        }
        for made in
            ["create view v as select my_query, a as query from (select 1 as my_query, 2 as a)", "create macro m(x) as x + 1"]
        {
            assert!(!refused(made), "{made}");
        }
    }
}
