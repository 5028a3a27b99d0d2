//! The files of models in a folder and those below it. Links are not followed.

use super::super::artifacts::Unreadable;
use super::ModelFile;
use std::fs;
use std::path::Path;

/// No more files are read.
const MOST: usize = 5_000;
/// No file that is larger is read.
const LARGEST: u64 = 8 << 20;
/// How deep folders may be in one another.
const DEEPEST: usize = 20;

/// The files below a folder whose names end as asked for, sorted by their paths.
///
/// # Errors
/// Fails if the folder is not there, or a file cannot be read or is too large.
pub fn model_files(folder: &Path, endings: &[&str]) -> Result<Vec<ModelFile>, Unreadable> {
    let help = "name the folder with the files of the models".to_owned();
    if !folder.is_dir() {
        let is_there = folder.exists();
        let why = if is_there { "it is no folder" } else { "it does not exist" };
        return Err(Unreadable { message: format!("cannot read {}: {why}", folder.display()), help });
    }
    let mut found = Vec::new();
    walk(folder, folder, endings, 0, &mut found)?;
    if found.is_empty() {
        let message = format!("{} has no files that end in {}", folder.display(), endings.join(", "));
        return Err(Unreadable { message, help });
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

fn walk(root: &Path, folder: &Path, endings: &[&str], depth: usize, found: &mut Vec<ModelFile>) -> Result<(), Unreadable> {
    let refused = |path: &Path, why: &str| Unreadable {
        message: format!("cannot read {}: {why}", path.display()),
        help: "name a folder with nothing but the files of the models".to_owned(),
    };
    let entries = fs::read_dir(folder).map_err(|error| refused(folder, &error.to_string()))?;
    for entry in entries {
        let entry = entry.map_err(|error| refused(folder, &error.to_string()))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let kind = entry.file_type().map_err(|error| refused(&path, &error.to_string()))?;
        if name.starts_with('.') || name == "node_modules" {
            continue;
        }
        if kind.is_dir() {
            if depth >= DEEPEST {
                return Err(refused(&path, "folders are too deep in one another"));
            }
            walk(root, &path, endings, depth + 1, found)?;
            continue;
        }
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        if !kind.is_file() || !endings.contains(&ending.as_str()) {
            continue;
        }
        if found.len() >= MOST {
            return Err(refused(root, &format!("it has more than {MOST} files")));
        }
        if entry.metadata().map_or(0, |about| about.len()) > LARGEST {
            return Err(refused(&path, &format!("it has more than {} MiB", LARGEST >> 20)));
        }
        let bytes = fs::read(&path).map_err(|error| refused(&path, &error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| refused(&path, "it is not UTF-8"))?;
        let path = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        found.push(ModelFile { path, text });
    }
    Ok(())
}
