//! How kpic becomes an engine on Linux: what the system is asked for before the engine's program runs.
//!
//! 1. It ends together with the process that asked for it, however that ends.
//! 2. It lists no folders but those that it is given. DuckDB keeps SQL from reading other files, but a pattern with `**` and `..`, or one
//!    that passes a link, would still list the names of files anywhere. A kernel without Landlock does not keep it from that.

use super::reach::ANY_FOLDER;
use super::script::python_of;
use landlock::{AccessFs, Ruleset, RulesetAttr, RulesetCreatedAttr, path_beneath_rules};
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Becomes an engine. `arguments` are the process that asks for it, how many folders it may list, these folders, the engine's program and
/// its arguments. It only comes back with what went wrong.
pub fn start(arguments: &[OsString]) -> io::Error {
    become_engine(arguments).unwrap_or_else(|error| error)
}

fn become_engine(arguments: &[OsString]) -> io::Result<io::Error> {
    let unusable = || io::Error::from(io::ErrorKind::InvalidInput);
    let [parent, count, rest @ ..] = arguments else { return Err(unusable()) };
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // If the parent ended before that, there is nobody left to answer.
    let is_there = getppid().is_some_and(|id| parent.to_str() == Some(id.as_raw_nonzero().to_string().as_str()));
    let count = count.to_str().ok_or_else(unusable)?;
    let listed = if count == ANY_FOLDER { None } else { Some(count.parse::<usize>().map_err(|_| unusable())?) };
    let (folders, rest) = rest.split_at_checked(listed.unwrap_or_default()).ok_or_else(unusable)?;
    let [program, arguments @ ..] = rest else { return Err(unusable()) };
    if !is_there {
        return Err(unusable());
    }
    if listed.is_some() {
        let folders = folders.iter().map(PathBuf::from).chain(of_python(Path::new(program)));
        list_only(folders)?;
    }
    Ok(Command::new(program).args(arguments).exec())
}

/// Keeps this process, and what it becomes, from listing other folders.
fn list_only(folders: impl Iterator<Item = PathBuf>) -> io::Result<()> {
    let ruleset = Ruleset::default().handle_access(AccessFs::ReadDir).and_then(Ruleset::create);
    let restricted = ruleset
        .and_then(|ruleset| ruleset.add_rules(path_beneath_rules(folders, AccessFs::ReadDir)))
        .and_then(landlock::RulesetCreated::restrict_self);
    restricted.map(|_| ()).map_err(io::Error::other)
}

/// The folders that hold Python's modules, if a program is a script of Python's, which finds its modules by listing folders.
fn of_python(program: &Path) -> Vec<PathBuf> {
    let Some(python) = python_of(program) else { return Vec::new() };
    let above = |path: &Path| path.parent().and_then(Path::parent).map(Path::to_path_buf);
    let real = python.canonicalize().ok();
    [above(&python), real.as_deref().and_then(above)].into_iter().flatten().collect()
}
