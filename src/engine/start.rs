//! How kpic becomes an engine on Linux: what the system is asked for before the engine's program runs.
//!
//! 1. It ends together with the process that asked for it, however that ends.
//! 2. It writes into its own temporary folder and nowhere else, whatever SQL of a project finds in DuckDB, and whatever the command line opens; for
//!    `kpic deploy` also beside the database that it changes.
//! 3. It lists no folders but those that it is given. DuckDB keeps SQL from reading other files, but a pattern with `**` and `..`, or one
//!    that passes a link, would still list the names of files anywhere.
//! 4. It reads no `.git` of these folders, which may hold a token, and opens no connection, unless the command line opens the network.
//! 5. SQLite's program, whose modules read any file, reads its libraries, the database and what stands beside it for it, and nothing else.
//!
//! A kernel without Landlock keeps it from the first alone, which is said; one with an older Landlock keeps it from what that knows.

use super::reach::{ONLY_FILES, OPEN_NETWORK};
use super::script::python_of;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, path_beneath_rules,
};
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use std::ffi::OsString;
use std::fs::DirEntry;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Becomes an engine. `arguments` are the process that asks for it, whether it may use the network, its temporary folder, the folder of a
/// database that it changes or nothing, how many folders it may list, these folders, the engine's program and its arguments. In the place of the folders may be
/// the only files that it reads. It only comes back with what went wrong.
pub fn start(arguments: &[OsString]) -> io::Error {
    become_engine(arguments).unwrap_or_else(|error| error)
}

fn become_engine(arguments: &[OsString]) -> io::Result<io::Error> {
    let unusable = || io::Error::from(io::ErrorKind::InvalidInput);
    let [parent, network, spill, database, count, rest @ ..] = arguments else { return Err(unusable()) };
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // If the parent ended before that, there is nobody left to answer.
    let is_there = getppid().is_some_and(|id| parent.to_str() == Some(id.as_raw_nonzero().to_string().as_str()));
    let count = count.to_str().and_then(|count| count.parse::<usize>().ok()).ok_or_else(unusable)?;
    let (folders, rest) = rest.split_at_checked(count).ok_or_else(unusable)?;
    let [program, arguments @ ..] = rest else { return Err(unusable()) };
    if !is_there {
        return Err(unusable());
    }
    let folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    if network == ONLY_FILES {
        confine_to_files(Path::new(spill), &folders, Path::new(program)).map_err(io::Error::other)?;
        return Ok(Command::new(program).args(arguments).exec());
    }
    // The database, if there is one, is among the arguments.
    let files = [spill, program].into_iter().chain(arguments).filter_map(|path| Path::new(path).canonicalize().ok());
    let needed: Vec<PathBuf> = files.chain(folders.iter().cloned()).collect();
    let written: Vec<&Path> = [spill, database].into_iter().filter(|path| !path.is_empty()).map(Path::new).collect();
    let confined = confine(network == OPEN_NETWORK, &written, &folders, Path::new(program), &needed);
    confined.map_err(io::Error::other)?;
    Ok(Command::new(program).args(arguments).exec())
}

/// Whether the kernel keeps an engine from anything at all.
pub fn kernel_confines() -> bool {
    let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement).handle_access(AccessFs::from_all(ABI::V1));
    ruleset.and_then(Ruleset::create).is_ok()
}

/// What programs read of a system to start: programs, which may stand in scripts, libraries, where they are, and time zones.
const SYSTEM: &[&str] = &[
    "/bin",
    "/usr/bin",
    "/usr/local/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/gnu/store",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/dev/null",
    "/dev/urandom",
];

/// How the names of the files end that hold the locks and the last changes of a database of SQLite's: who only reads locks them, too.
const LOCKS: &[&str] = &["-shm", "-wal"];

/// Keeps this process, and what it becomes, from all files but some, and from connections.
fn confine_to_files(spill: &Path, files: &[PathBuf], program: &Path) -> Result<(), landlock::RulesetError> {
    let abi = ABI::V5;
    let handled = AccessFs::from_all(abi) & !BitFlags::from(AccessFs::Execute);
    let program = program.canonicalize().unwrap_or_else(|_| program.to_path_buf());
    // Programs that were installed by themselves have their libraries beside them: `bin/sqlite3` and `lib/`.
    let own = program.parent().filter(|folder| folder.ends_with("bin")).and_then(Path::parent).map(|above| above.join("lib"));
    let read = SYSTEM.iter().map(PathBuf::from).chain(files.iter().cloned()).chain(own).chain([program]);
    let holds_locks = |path: &&PathBuf| LOCKS.iter().any(|ending| path.to_string_lossy().ends_with(ending));
    let locks = AccessFs::WriteFile | AccessFs::Truncate;
    Ruleset::default()
        .handle_access(handled)?
        .handle_access(AccessNet::from_all(ABI::V4))?
        .create()?
        .add_rules(path_beneath_rules([spill], handled))?
        .add_rules(path_beneath_rules(["/dev/null"], BitFlags::from(AccessFs::WriteFile)))?
        .add_rules(path_beneath_rules(read, BitFlags::from(AccessFs::ReadFile)))?
        .add_rules(path_beneath_rules(files.iter().filter(holds_locks), locks))?
        .restrict_self()
        .map(|_| ())
}

/// Keeps this process, and what it becomes, from all that an engine does not need.
fn confine(
    network: bool,
    spaces: &[&Path],
    folders: &[PathBuf],
    program: &Path,
    needed: &[PathBuf],
) -> Result<(), landlock::RulesetError> {
    // What an older kernel does not know of this is left out of it.
    let abi = ABI::V5;
    let mut handled = AccessFs::from_all(abi) & !(AccessFs::Execute | AccessFs::ReadFile | AccessFs::ReadDir);
    let written = AccessFs::from_write(abi);
    let closed = if network { Vec::new() } else { secrets(folders) };
    if !network {
        handled |= AccessFs::ReadDir;
    }
    if !closed.is_empty() {
        handled |= AccessFs::ReadFile;
    }
    let mut ruleset = Ruleset::default().handle_access(handled)?;
    if !network {
        ruleset = ruleset.handle_access(AccessNet::from_all(ABI::V4))?;
    }
    let mut ruleset = ruleset
        .create()?
        .add_rules(path_beneath_rules(spaces, handled & (written | AccessFs::ReadDir | AccessFs::ReadFile)))?
        .add_rules(path_beneath_rules(["/dev/null"], BitFlags::from(AccessFs::WriteFile)))?;
    if !network {
        let listed = folders.iter().cloned().chain(of_python(program));
        ruleset = ruleset.add_rules(path_beneath_rules(listed, BitFlags::from(AccessFs::ReadDir)))?;
    }
    if !closed.is_empty() {
        ruleset = all_but(Path::new("/"), &closed, needed, ruleset)?;
    }
    ruleset.restrict_self().map(|_| ())
}

/// What is in folders that SQL of a project has no business with: the repository's own files.
fn secrets(folders: &[PathBuf]) -> Vec<PathBuf> {
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flat_map(Iterator::flatten);
    entries.filter(|entry| entry.file_name().eq_ignore_ascii_case(".git")).map(|entry| entry.path()).collect()
}

/// How many entries of a folder above a closed one are opened one by one. Of a folder with more, only what is needed is.
const ENTRIES: usize = 500;

/// Lets files be read everywhere below a folder but in what is closed. The kernel knows no exceptions, so each folder on the way to
/// something closed is opened entry by entry.
fn all_but(
    folder: &Path,
    closed: &[PathBuf],
    needed: &[PathBuf],
    mut ruleset: RulesetCreated,
) -> Result<RulesetCreated, landlock::RulesetError> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(ruleset) };
    // A rule for a link would be one for what it leads to, which may be what is closed.
    let is_link = |entry: &DirEntry| entry.file_type().map_or(true, |kind| kind.is_symlink());
    let mut opened: Vec<PathBuf> = entries.flatten().filter(|entry| !is_link(entry)).map(|entry| entry.path()).collect();
    if opened.len() > ENTRIES && !closed.iter().any(|closed| closed.parent() == Some(folder)) {
        opened.retain(|path| needed.iter().chain(closed).any(|needed| needed.starts_with(path)));
    }
    let (through, whole): (Vec<PathBuf>, Vec<PathBuf>) = opened
        .into_iter()
        .filter(|path| !closed.contains(path))
        .partition(|path| closed.iter().any(|closed| closed.starts_with(path)));
    ruleset = ruleset.add_rules(path_beneath_rules(whole, BitFlags::from(AccessFs::ReadFile)))?;
    for folder in through {
        ruleset = all_but(&folder, closed, needed, ruleset)?;
    }
    Ok(ruleset)
}

/// The folders that hold Python's modules, if a program is a script of Python's, which finds its modules by listing folders.
fn of_python(program: &Path) -> Vec<PathBuf> {
    let Some(python) = python_of(program) else { return Vec::new() };
    let above = |path: &Path| path.parent().and_then(Path::parent).map(Path::to_path_buf);
    let real = python.canonicalize().ok();
    [above(&python), real.as_deref().and_then(above)].into_iter().flatten().collect()
}
