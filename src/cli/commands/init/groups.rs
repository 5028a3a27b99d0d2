//! Which files may be one table: those of one folder whose names differ in their digits only, such as the months of an export.

use super::paths::{clean, from};
use crate::cli::{Stop, usage};
use crate::draft::{Group, Named, like};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The files that are named, with those behind a `*` that no shell has seen.
pub(super) fn expanded(base: &Path, named: &[PathBuf]) -> Result<Vec<PathBuf>, Stop> {
    let mut files = Vec::new();
    for path in named {
        let path = clean(&base.join(path));
        let name = file_name(&path);
        if !name.contains('*') {
            files.push(path);
            continue;
        }
        let found = files_like(&path, &name);
        if found.is_empty() {
            return Err(usage(&format!("there is no file {}", path.display()), "check the path"));
        }
        files.extend(found);
    }
    let mut seen = BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

/// The files beside a path whose names are as a pattern has it.
fn files_like(path: &Path, pattern: &str) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.is_file() && like(pattern, &file_name(path))).collect();
    found.sort();
    found
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Files by what they may be together.
pub(super) fn groups(root: &Path, files: &[PathBuf]) -> Vec<Group> {
    let mut groups: Vec<(PathBuf, String, Vec<&PathBuf>)> = Vec::new();
    for file in files {
        let (folder, pattern) = (file.parent().unwrap_or(Path::new("")), pattern(&file_name(file)));
        match groups.iter_mut().find(|(known, of, _)| known == folder && *of == pattern && pattern.contains('*')) {
            Some((.., members)) => members.push(file),
            None => groups.push((folder.to_path_buf(), pattern, vec![file])),
        }
    }
    groups.into_iter().map(|(folder, pattern, members)| group(root, &folder, &pattern, &members)).collect()
}

fn group(root: &Path, folder: &Path, pattern: &str, members: &[&PathBuf]) -> Group {
    let stem = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    let path = folder.join(pattern);
    let together = members.len() > 1 && files_like(&path, pattern).len() == members.len();
    let without: String =
        stem(pattern).replace('*', " ").split(|char: char| !char.is_alphanumeric()).collect::<Vec<_>>().join(" ");
    let name = match without.split_whitespace().collect::<Vec<_>>().join("_") {
        name if members.len() < 2 => members.first().map_or(name, |file| stem(&file_name(file))),
        // Files that are called by their dates only are called by their folder.
        name if name.is_empty() => file_name(folder),
        name => name,
    };
    let file = |path: &&PathBuf| Named {
        stem: stem(&file_name(path)),
        path: path.to_string_lossy().into_owned(),
        named: from(root, path),
    };
    Group { name, files: members.iter().map(file).collect(), pattern: together.then(|| from(root, &path)) }
}

/// The name of a file with `*` for its digits, and for what parts digits from digits.
fn pattern(name: &str) -> String {
    let mut out = String::new();
    let mut parting = String::new();
    for char in name.chars() {
        if char.is_ascii_digit() {
            if out.ends_with('*') {
                parting.clear();
            } else {
                out.push_str(&parting);
                parting.clear();
                out.push('*');
            }
        } else if out.ends_with('*') && matches!(char, '-' | '_' | '.')
            || !parting.is_empty() && matches!(char, '-' | '_' | '.')
        {
            parting.push(char);
        } else {
            out.push_str(&parting);
            parting.clear();
            out.push(char);
        }
    }
    out + &parting
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn digits_of_names_are_stars() {
        for (name, expected) in [
            ("orders.csv", "orders.csv"),
            ("orders-2024-01.csv", "orders-*.csv"),
            ("2024_01_31.csv", "*.csv"),
            ("q1.csv.gz", "q*.csv.gz"),
            ("v2-orders-01.csv", "v*-orders-*.csv"),
        ] {
            assert_eq!(pattern(name), expected);
        }
    }
}
