//! Where a project's data and output may be: inside the project's folder, and output not where something else stands.

use super::Spec;
use super::project::DEFAULT_TARGET;
use super::source::Relation;
use crate::diagnostic::{Findings, codes};
use crate::load::bounds::{Bounds, leads_out};
use crate::load::{PROJECT_FILE, TEMPLATES};
use crate::text::Span;
use std::path::{Component, Path, PathBuf};

/// The folders in which version control keeps what it runs and trusts.
const VERSION_CONTROL: [&str; 4] = [".git", ".hg", ".svn", ".jj"];

/// Reports data and output that is outside the project, and output in a folder that serves for something else.
pub(super) fn check(spec: &Spec, specs_folder: &str, bounds: &Bounds, kpic_yml: Span, findings: &mut Findings) {
    let mut data = Vec::new();
    let files = spec.sources.iter().flat_map(|source| &source.relations).filter_map(|relation| match relation {
        Relation::Files(files) => Some(&files.paths),
        Relation::Table(_) | Relation::Query(_) => None,
    });
    for path in files.flatten() {
        match bounds.outside_of_pattern(&path.value) {
            Some((at, real)) => _ = findings.push(leads_out(&at, &real, Some(path.span))),
            None => data.push(folder_of(&path.value)),
        }
    }
    if let Some(database) = &spec.project.database
        && let Some(real) = bounds.outside(Path::new(&database.value))
    {
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
    let version_control = |part: &str| VERSION_CONTROL.iter().any(|known| part.eq_ignore_ascii_case(known));
    let parts = inside.components().chain(path.components());
    let belongs_to_git = parts.into_iter().find(|part| part.as_os_str().to_str().is_some_and(version_control));
    let holds = |folder: &Path| bounds.inside(folder).is_some_and(|folder| folder.starts_with(&inside));
    let reason = if let Some(part) = belongs_to_git {
        Some(format!("`{}` belongs to version control", Path::new(&part).display()))
    } else if inside.as_os_str().is_empty() {
        Some("it is the project's folder itself".to_owned())
    } else if holds(Path::new(specs_folder)) {
        Some(format!("it holds the spec files, which are in `{specs_folder}`"))
    } else if holds(Path::new(TEMPLATES)) {
        Some(format!("`{TEMPLATES}` is where the project's own templates are"))
    } else {
        data.iter().find(|folder| holds(folder)).map(|folder| format!("there is data of a source in `{}`", folder.display()))
    };
    if let Some(reason) = reason {
        findings.report(&codes::TARGET_IN_USE, span, format!("output cannot go into `{target}`: {reason}")).help(format!(
            "a build replaces this whole folder; set a separate one in {PROJECT_FILE}, as in `target_dir: build`"
        ));
    }
}

/// The folder that files are in, up to the first pattern in their path.
fn folder_of(path: &str) -> PathBuf {
    let path = Path::new(path);
    let fixed = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    let begin: PathBuf = path.components().take_while(fixed).collect();
    if begin == path { begin.parent().map(Path::to_path_buf).unwrap_or_default() } else { begin }
}
