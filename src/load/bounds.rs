//! Where a project's files may be: below its folder, and below the folders that the command line opens.
//!
//! A pull request can bring along a link or a path to any file of the machine that checks it. So each path of a spec is followed to where
//! it leads before anything there is read, and what leads out is a finding with both ends.

use crate::diagnostic::{Finding, codes};
use crate::text::Span;
use std::cell::Cell;
use std::path::{Component, Path, PathBuf};

/// How many entries of folders are looked at for all patterns of a project, a long pattern more often than a short one. Whatever lies behind is left to the
/// engine, which reads nothing outside the project either.
const ENTRIES: usize = 100_000;

/// For how many characters of a pattern an entry counts once.
const SHORT: usize = 64;

/// The folders that may be read.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// The project's folder as it was named.
    root: PathBuf,
    /// The same as it reads, and as it is once links are followed.
    own: Vec<PathBuf>,
    /// The folders that the command line opens, both ways too.
    opened: Vec<PathBuf>,
    /// How many entries may still be looked at.
    left: Cell<usize>,
}

impl Bounds {
    /// The bounds of the project in `root`, with further folders that the command line opens.
    pub fn of(root: &Path, opened: &[PathBuf]) -> Self {
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_path_buf());
        let both = |folder: &PathBuf| std::iter::once(normal(folder)).chain(folder.canonicalize().ok()).collect::<Vec<_>>();
        Self { own: both(&root), opened: opened.iter().flat_map(both).collect(), root, left: Cell::new(ENTRIES) }
    }

    /// Where a path leads to, if nothing may be read there. `path` is relative to the project's folder, or absolute.
    pub fn outside(&self, path: &Path) -> Option<PathBuf> {
        self.led_out(path, |path| is_in(path, &self.own) || is_in(path, &self.opened))
    }

    /// Where a path leads to, if that is outside the project's folder, whatever else is opened.
    pub fn outside_of_project(&self, path: &Path) -> Option<PathBuf> {
        self.led_out(path, |path| is_in(path, &self.own))
    }

    fn led_out(&self, path: &Path, may: impl Fn(&Path) -> bool) -> Option<PathBuf> {
        let full = self.root.join(path);
        let said = normal(&full);
        if !may(&said) {
            return Some(said);
        }
        // Of what is not there, the part that is there may be a link.
        let there = full.ancestors().find_map(|part| part.canonicalize().ok())?;
        (!may(&there)).then_some(there)
    }

    /// Where the first of the files of a pattern leads to that is outside, with the path up to there. Of `*`, `?`, `[` and `**` every
    /// match is followed; the engine's home folder (`~`) and `file:` count as what they stand for.
    pub fn outside_of_pattern(&self, pattern: &str) -> Option<(PathBuf, PathBuf)> {
        let path = pattern.strip_prefix("file:").map_or(pattern, |rest| rest.strip_prefix("//").unwrap_or(rest));
        if path.starts_with('~') {
            return Some((path.into(), path.into()));
        }
        if path.contains("://") {
            // Not on this machine: whether the network may be reached is the engine's matter.
            return None;
        }
        let mut parts: Vec<Component<'_>> = Path::new(path).components().collect();
        // Twice in a row it means the same as once.
        parts.dedup_by(|one, other| one == other && one.as_os_str() == "**");
        let is_pattern = |part: &Component<'_>| part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
        let fixed = parts.iter().take_while(|part| !is_pattern(part)).count();
        let (begin, rest) = parts.split_at(fixed);
        let begin: PathBuf = begin.iter().collect();
        if let Some(real) = self.outside(&begin) {
            return Some((begin, real));
        }
        self.below(&begin, rest)
    }

    /// Whether one more entry may be looked at for a part of a pattern.
    fn may_look(&self, name: &str) -> Option<()> {
        self.left.set(self.left.get().checked_sub(1 + name.len() / SHORT)?);
        Some(())
    }

    /// What a path or pattern of data names that is neither a file nor a folder, such as a pipe, whose reader waits for whoever writes. Of a pattern
    /// the entries of its last folder are looked at.
    pub fn odd_of_pattern(&self, path: &str) -> Option<PathBuf> {
        if path.contains("://") {
            return None;
        }
        let is_odd = |path: &Path| self.root.join(path).metadata().is_ok_and(|meta| !meta.is_file() && !meta.is_dir());
        let (path, name) = (Path::new(path), Path::new(path).file_name()?.to_string_lossy());
        if !name.contains(['*', '?', '[']) {
            return is_odd(path).then(|| path.to_path_buf());
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let entries = std::fs::read_dir(self.root.join(folder)).ok()?.flatten().take(ENTRIES);
        let entries = entries.map_while(|entry| self.may_look(&name).map(|()| entry));
        let fitting = entries.filter(|entry| matches(&name, &entry.file_name().to_string_lossy()));
        fitting.map(|entry| folder.join(entry.file_name())).find(|path| is_odd(path))
    }

    /// The same below a folder that is inside, for the parts of a pattern that are left.
    fn below(&self, folder: &Path, parts: &[Component<'_>]) -> Option<(PathBuf, PathBuf)> {
        let (part, rest) = parts.split_first()?;
        let name = part.as_os_str().to_string_lossy();
        if !name.contains(['*', '?', '[']) {
            let path = folder.join(part);
            return match self.outside(&path) {
                Some(real) => Some((path, real)),
                None => self.below(&path, rest),
            };
        }
        let deep = name == "**";
        if deep && let Some(found) = self.below(folder, rest) {
            return Some(found);
        }
        for entry in std::fs::read_dir(self.root.join(folder)).ok()?.flatten() {
            self.may_look(&name)?;
            let (path, kind) = (folder.join(entry.file_name()), entry.file_type().ok()?);
            if !deep && !matches(&name, &entry.file_name().to_string_lossy()) {
                continue;
            }
            if kind.is_symlink()
                && let Some(real) = self.outside(&path)
            {
                return Some((path, real));
            }
            // Links to folders may lead in a circle; `**` does not follow them.
            let follow = kind.is_dir() || (kind.is_symlink() && !deep && !rest.is_empty());
            let found = if follow { self.below(&path, if deep { parts } else { rest }) } else { None };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The part of a path in the project's folder, as it is named or once links are followed, that starts with a point: version control, CI and other tools
    /// keep there what they run and trust.
    pub fn hidden_part(&self, path: &Path) -> Option<String> {
        let named = path.strip_prefix(&self.root).unwrap_or(path);
        let named = if named.is_absolute() { PathBuf::new() } else { named.to_path_buf() };
        // As the system goes there: `..` behind a link is the folder above the one that it leads to.
        let there = self.root.join(path).ancestors().find_map(|part| part.canonicalize().ok()).unwrap_or_default();
        let own = self.root.canonicalize().unwrap_or_default();
        let there = there.strip_prefix(&own).map(Path::to_path_buf).unwrap_or_default();
        let real = self.inside(path).unwrap_or_default().join(there);
        let parts = named.components().chain(real.components()).filter_map(|part| match part {
            Component::Normal(name) => Some(with_width(&name.to_string_lossy())),
            Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
        });
        // `git~1` is what Windows calls `.git`, too.
        parts.into_iter().find(|name| name.starts_with('.') || name.eq_ignore_ascii_case("git~1"))
    }

    /// The path from the project's folder of something inside it, links followed; nothing of what is elsewhere.
    pub fn inside(&self, path: &Path) -> Option<PathBuf> {
        let real = |path: &Path| {
            let (there, part) = path.ancestors().find_map(|part| Some((part.canonicalize().ok()?, part)))?;
            Some(path.strip_prefix(part).map_or_else(|_| there.clone(), |rest| there.join(rest)))
        };
        let inside = real(&normal(&self.root.join(path)))?;
        inside.strip_prefix(real(&self.root)?).ok().map(Path::to_path_buf)
    }
}

/// A name without the characters that have no width, which some file systems leave out.
pub fn with_width(name: &str) -> String {
    let has_width =
        |char: &char| !matches!(char, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    name.chars().filter(has_width).collect()
}

/// A finding about what leads out, with both ends.
pub fn leads_out(path: &Path, real: &Path, span: Option<Span>) -> Finding {
    let message = if path == real {
        format!("`{}` is outside the project", path.display())
    } else {
        format!("`{}` leads out of the project, to `{}`", path.display(), real.display())
    };
    let mut finding = Finding::placeless(&codes::OUTSIDE_PROJECT, message);
    finding.labels.extend(span.map(|span| crate::diagnostic::Label { span, text: String::new() }));
    finding.help(
        "specs can only read files inside the project's folder: put it there, or allow another folder on the command line \
         with `--allow-path DIR`",
    );
    finding
}

fn is_in(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}

/// A path without `.` and `..`, as it reads: links are not followed.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = out.pop(),
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => out.push(part),
        }
    }
    out
}

/// Whether a name fits a pattern of `*`, `?` and `[...]`; what is in brackets is any character.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = Vec::new();
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        parts.push(match char {
            '*' => None,
            '[' => {
                chars.by_ref().find(|char| *char == ']');
                Some('?')
            }
            char => Some(char),
        });
    }
    let name: Vec<char> = name.chars().collect();
    // One state for each part of the pattern that may come next.
    let mut states = vec![false; parts.len() + 1];
    let skip = |states: &mut Vec<bool>| {
        for (at, part) in parts.iter().enumerate() {
            if part.is_none() && states.get(at) == Some(&true) {
                states.get_mut(at + 1).into_iter().for_each(|state| *state = true);
            }
        }
    };
    states.first_mut().into_iter().for_each(|state| *state = true);
    skip(&mut states);
    for char in name {
        let mut next = vec![false; parts.len() + 1];
        for (at, part) in parts.iter().enumerate().filter(|(at, _)| states.get(*at) == Some(&true)) {
            let to = match part {
                None => at,
                Some(wanted) if *wanted == '?' || *wanted == char => at + 1,
                Some(_) => continue,
            };
            next.get_mut(to).into_iter().for_each(|state| *state = true);
        }
        states = next;
        skip(&mut states);
    }
    states.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_names() {
        for (pattern, name, fits) in [
            ("*.csv", "a.csv", true),
            ("*.csv", "a.csv2", false),
            ("a?c*", "abcdef", true),
            ("a[0-9].csv", "a7.csv", true),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxcyyb", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_and_dots_are_followed_to_where_they_lead() {
        let folder = tempfile::tempdir().unwrap();
        let (root, other) = (folder.path().join("shop"), folder.path().join("other"));
        for folder in [root.join("data/deep"), other.clone()] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(other.join("a.csv"), "").unwrap();
        std::fs::write(root.join("data/b.csv"), "").unwrap();
        let bounds = Bounds::of(&root, &[]);
        let fine = |pattern: &str| assert_eq!(bounds.outside_of_pattern(pattern), None, "{pattern}");
        let out = |pattern: &str| assert!(bounds.outside_of_pattern(pattern).is_some(), "{pattern}");
        ["data/b.csv", "data/*.csv", "data/**/*.csv", "data/../data/b.csv", "nope/*.csv", "data/", "s3://bucket/a.csv"]
            .into_iter()
            .for_each(fine);
        fine(&root.join("data/b.csv").display().to_string());
        [
            "../other/a.csv",
            "/etc/passwd",
            "file:/etc/passwd",
            "file:///etc/passwd",
            "~/a.csv",
            "../other/*.csv",
            "nope/../../x",
        ]
        .into_iter()
        .for_each(out);
        std::os::unix::fs::symlink(other.join("a.csv"), root.join("data/deep/c.csv")).unwrap();
        std::os::unix::fs::symlink(&other, root.join("linked")).unwrap();
        [
            "data/deep/c.csv",
            "data/*/c.csv",
            "data/**/*.csv",
            "data/**",
            "linked/a.csv",
            "l*/a.csv",
            "*/a.csv",
            "linked/nope/x.csv",
        ]
        .into_iter()
        .for_each(out);
        fine("data/deep/d*.csv");
        std::fs::create_dir_all(root.join(".ci/flows")).unwrap();
        std::os::unix::fs::symlink(".ci/flows", root.join("specs")).unwrap();
        let hidden = |path: &str| bounds.hidden_part(Path::new(path));
        assert_eq!(hidden("data/a.yml"), None);
        assert_eq!(hidden("./data/../data"), None);
        assert_eq!(hidden(&root.join("data/a.yml").display().to_string()), None);
        assert_eq!(hidden("specs/a.yml"), Some(".ci".to_owned()));
        assert_eq!(hidden("\u{200d}.git/a.yml"), Some(".git".to_owned()));
        assert_eq!(hidden(".ci"), Some(".ci".to_owned()));
        assert_eq!(Bounds::of(&root, std::slice::from_ref(&other)).outside_of_pattern("l*/a.csv"), None);
    }
}
