//! Where a project's data and output may be: inside the project's folder, and output not where something else stands.

use super::Spec;
use super::project::DEFAULT_TARGET;
use super::source::Relation;
use crate::diagnostic::{Findings, codes};
use crate::load::bounds::{Bounds, leads_out, with_width};
use crate::load::{PROJECT_FILE, TEMPLATES};
use crate::text::Span;
use std::path::{Component, Path, PathBuf};

/// The folders in which version control, and the CI of who hosts it, keep what they run and trust. `git~1` is what Windows calls the first one, too.
const VERSION_CONTROL: [&str; 10] =
    [".git", "git~1", ".hg", ".svn", ".jj", ".github", ".gitlab", ".gitea", ".forgejo", ".circleci"];

/// Whether a part of a path is one of these, as every file system reads it: some leave out points and blanks at the end, or what has no width.
fn is_version_control(part: &Component<'_>) -> bool {
    let name = with_width(&part.as_os_str().to_string_lossy());
    VERSION_CONTROL.iter().any(|known| name.trim_end_matches(['.', ' ']).eq_ignore_ascii_case(known))
}

/// Reports data and output that is outside the project, and output in a folder that serves for something else.
pub(super) fn check(spec: &Spec, specs_folder: &str, bounds: &Bounds, kpic_yml: Span, findings: &mut Findings) {
    let mut data = Vec::new();
    let files = spec.sources.iter().flat_map(|source| &source.relations).filter_map(|relation| match relation {
        Relation::Files(files) => Some(&files.paths),
        Relation::Table(_) | Relation::Query(_) => None,
    });
    for path in files.flatten() {
        if let Some(part) = Path::new(&path.value).components().find(is_version_control) {
            let message = format!("`{}` belongs to version control", Path::new(&part).display());
            findings.report(&codes::OUTSIDE_PROJECT, path.span, message).help("put the data in a folder of its own");
            continue;
        }
        if let Some(odd) = bounds.odd_of_pattern(&path.value) {
            let message = format!("`{}` is not a regular file: what it holds comes from somewhere else", odd.display());
            findings.report(&codes::OUTSIDE_PROJECT, path.span, message).help("save the data as a file");
            continue;
        }
        // What the command line opens may be anywhere.
        let is_opened = bounds.outside_of_project(&begin_of(&path.value)).is_some();
        let is_near = !is_opened && !path.value.contains("://");
        match (bounds.outside_of_pattern(&path.value), bounds.hidden_part(&begin_of(&path.value)).filter(|_| is_near)) {
            (Some((at, real)), _) => _ = findings.push(leads_out(&at, &real, Some(path.span))),
            (None, Some(part)) => {
                let message =
                    format!("`{}` leads to `{part}`, where version control, CI or other tools keep files", path.value);
                findings.report(&codes::OUTSIDE_PROJECT, path.span, message).help("put the data in a folder of its own");
            }
            (None, None) => data.push(folder_of(&path.value)),
        }
    }
    let of_targets = spec.project.targets.iter().map(|target| &target.database);
    for database in std::iter::once(&spec.project.database).chain(of_targets).flatten() {
        let Some(real) = bounds.outside(Path::new(&database.value)) else { continue };
        let mut finding = leads_out(Path::new(&database.value), &real, Some(database.span));
        finding.help(
            "specs can only read files inside the project's folder: remove the database here, and name it on the command \
             line with `--database FILE`, or allow its folder with `--allow-path DIR`",
        );
        findings.push(finding);
    }
    let (target, span) = match &spec.project.target_dir {
        Some(target) => (target.value.as_str(), target.span),
        None => (DEFAULT_TARGET, kpic_yml),
    };
    let path = Path::new(target);
    if let Some(real) = bounds.outside_of_project(path) {
        findings.push(leads_out(path, &real, Some(span)));
        return;
    }
    // Where it is once links are followed.
    let inside = bounds.inside(path).unwrap_or_else(|| path.to_path_buf());
    let parts = inside.components().chain(path.components());
    let belongs_to_git = parts.into_iter().find(is_version_control);
    let holds = |folder: &Path| bounds.inside(folder).is_some_and(|folder| folder.starts_with(&inside));
    // What serves for all of the project is no place that output could be in.
    let is_in = |folder: &Path| {
        bounds.inside(folder).is_some_and(|folder| !folder.as_os_str().is_empty() && inside.starts_with(folder))
    };
    let reason = if let Some(part) = belongs_to_git {
        Some(format!("`{}` belongs to version control", Path::new(&part).display()))
    } else if inside.as_os_str().is_empty() {
        Some("it is the project's folder itself".to_owned())
    } else if holds(Path::new(specs_folder)) {
        Some(format!("it holds the spec files, which are in `{specs_folder}`"))
    } else if holds(Path::new(TEMPLATES)) {
        Some(format!("`{TEMPLATES}` is where the project's own templates are"))
    } else if is_in(Path::new(specs_folder)) {
        Some(format!("the spec files are in `{specs_folder}`"))
    } else if is_in(Path::new(TEMPLATES)) {
        Some(format!("the project's own templates are in `{TEMPLATES}`"))
    } else if let Some(folder) = data.iter().find(|folder| is_in(folder)) {
        Some(format!("there is data of a source in `{}`", folder.display()))
    } else {
        data.iter().find(|folder| holds(folder)).map(|folder| format!("there is data of a source in `{}`", folder.display()))
    };
    if let Some(reason) = reason {
        findings.report(&codes::TARGET_IN_USE, span, format!("output cannot go into `{target}`: {reason}")).help(format!(
            "a build replaces this whole folder; set a separate one in {PROJECT_FILE}, as in `target_dir: build`"
        ));
    }
}

/// The path of files up to the first pattern in it.
fn begin_of(path: &str) -> PathBuf {
    let fixed = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    Path::new(path).components().take_while(fixed).collect()
}

/// The folder that files are in, up to the first pattern in their path.
fn folder_of(path: &str) -> PathBuf {
    let (path, begin) = (Path::new(path), begin_of(path));
    if begin == path { begin.parent().map(Path::to_path_buf).unwrap_or_default() } else { begin }
}
