//! Programs that kpic starts, as they are found on `PATH`.

use std::path::PathBuf;

/// The first program of a name on `PATH`; its ending on this system is added. A folder there that is relative would be one of the folder where kpic is
/// started, which may be a stranger's, so it is left out.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let name = format!("{}{}", name.strip_suffix(std::env::consts::EXE_SUFFIX).unwrap_or(name), std::env::consts::EXE_SUFFIX);
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&folders).filter(|folder| folder.is_absolute()).collect();
    folders.into_iter().map(|folder| folder.join(&name)).find(|path| path.is_file())
}
