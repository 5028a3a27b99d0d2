//! Scripts in the place of DuckDB's program: `pip install duckdb-cli` puts one of Python's on `PATH`, which starts the program.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The program that a script of pip's starts. Started itself it is there sooner, and ends with kpic.
pub(super) fn program_behind(script: &Path) -> Option<PathBuf> {
    let real = script.canonicalize().ok()?;
    let folder = real.parent()?;
    if !folder.ends_with("Scripts") {
        python_of(&real)?;
    }
    let name = format!("duckdb{}", std::env::consts::EXE_SUFFIX);
    let mut found =
        packages(folder.parent()?).map(|packages| packages.join("duckdb_cli").join(&name)).filter(|path| path.is_file());
    // Of several it is not known which one the script means.
    found.next().filter(|_| found.next().is_none())
}

/// The folders below a prefix in which Python may have packages.
fn packages(prefix: &Path) -> impl Iterator<Item = PathBuf> {
    let versions = std::fs::read_dir(prefix.join("lib")).into_iter().flatten().flatten().map(|entry| entry.path());
    let libraries = versions.filter(|path| is_python(path)).chain([prefix.join("Lib")]);
    libraries.flat_map(|library| ["site-packages", "dist-packages"].map(|name| library.join(name)))
}

/// The interpreter of a script of Python's.
pub(super) fn python_of(program: &Path) -> Option<PathBuf> {
    let mut line = Vec::new();
    BufReader::new(File::open(program).ok()?.take(4096)).read_until(b'\n', &mut line).ok()?;
    let line = String::from_utf8(line).ok()?;
    let python = PathBuf::from(line.strip_prefix("#!")?.split_whitespace().next()?);
    is_python(&python).then_some(python)
}

fn is_python(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn behind_a_script_of_pip_is_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        let script = write("bin/duckdb", "#!/usr/bin/python3\nimport duckdb_cli\n");
        assert_eq!(program_behind(&script), None);
        let program = write("lib/python3.12/site-packages/duckdb_cli/duckdb", "");
        assert_eq!(program_behind(&script), Some(program));
        std::os::unix::fs::symlink(&script, root.join("link")).unwrap();
        assert!(program_behind(&root.join("link")).is_some());
        // Anything else is what it is.
        assert_eq!(program_behind(&write("bin/other", "#!/bin/sh\nexec duckdb\n")), None);
        assert_eq!(program_behind(&write("bin/native", "\u{7f}ELF")), None);
        write("lib/python3.13/site-packages/duckdb_cli/duckdb", "");
        assert_eq!(program_behind(&script), None);
    }
}
