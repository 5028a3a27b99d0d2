//! Paths, as far as they say something.

use std::path::{Component, Path, PathBuf};

pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// A path without `.` and `..`, as far as they say nothing.
pub(super) fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = out.pop(),
            part => out.push(part),
        }
    }
    out
}

/// A path as it is named from a folder, with `/`.
pub(super) fn from(root: &Path, path: &Path) -> String {
    let (mut own, mut other) = (root.components().peekable(), path.components().peekable());
    while own.peek().is_some() && own.peek() == other.peek() {
        own.next();
        other.next();
    }
    let up = own.map(|_| "..".to_owned());
    let down = other.map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::{clean, from};
    use std::path::Path;

    #[test]
    fn paths_are_named_from_the_project() {
        let named = |path: &str| from(Path::new("/shop"), &clean(Path::new(path)));
        assert_eq!(named("/shop/data/./orders.csv"), "data/orders.csv");
        assert_eq!(named("/shop/../raw/orders.csv"), "../raw/orders.csv");
        assert_eq!(named("/data/orders.csv"), "../data/orders.csv");
    }
}
