//! Writing files that a command was asked for, each as a whole or not at all.

use super::{Stop, environment};
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
