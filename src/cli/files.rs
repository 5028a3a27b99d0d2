//! Writing files that a command was asked for, each as a whole or not at all.

use super::{Stop, environment, usage};
use crate::engine::Failure;
use std::io::Write;
use std::path::Path;

/// Writes files into a folder, which is made if it is not there.
pub(super) fn write(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Stop> {
    let failed = |path: &Path, error: &std::io::Error| {
        environment(&Failure { message: format!("cannot write {}: {error}", path.display()), help: None })
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    for (name, bytes) in files {
        let path = folder.join(name);
        let mut builder = tempfile::Builder::new();
        builder.prefix(".").suffix(".kpic-new");
        // Temporary files are for their owner only; what is asked for may be read by all whom the system's mask allows.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(folder).map_err(|error| failed(&path, &error))?;
        file.write_all(bytes).map_err(|error| failed(&path, &error))?;
        file.persist(&path).map_err(|error| failed(&path, &error.error))?;
    }
    Ok(())
}

/// Whether a folder may be written as a whole: no link leads to it, it holds no project, and nothing in it is version control's.
pub(super) fn own_folder(root: &Path, folder: &Path) -> Result<(), Stop> {
    let full = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    // Links above the project are whoever's machine it is.
    let is_link = |part: &&Path| part.is_symlink() && (*part == full || part.starts_with(root) && *part != root);
    let there = full.ancestors().find_map(|part| part.canonicalize().ok()).unwrap_or_default();
    let is_git = |path: &Path| path.components().any(|part| part.as_os_str().eq_ignore_ascii_case(".git"));
    let holds = || full.canonicalize().ok().zip(root.canonicalize().ok()).is_some_and(|(full, root)| root.starts_with(full));
    let why = if let Some(link) = full.ancestors().find(is_link) {
        format!("`{}` is a link", link.display())
    } else if is_git(&full) || is_git(&there) {
        "it belongs to version control".to_owned()
    } else if holds() {
        "the project's own folder is in it".to_owned()
    } else {
        return Ok(());
    };
    Err(usage(
        &format!("output cannot go into `{}`: {why}", folder.display()),
        "all of the folder is replaced: name one for the output alone",
    ))
}
