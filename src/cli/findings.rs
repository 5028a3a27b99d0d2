//! Findings on the command line: in which form, and where a code host looks for the files that they are about.

use super::limits::{Limits, Watch};
use super::{FINDINGS, Stop, out, show_findings};
use crate::diagnostic::render::Look;
use crate::diagnostic::{Findings, machine, render};
use crate::pipeline::{Checked, Valid};
use crate::text::Files;
use clap::ValueEnum;
use std::path::Path;

/// How findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum FindingsFormat {
    /// For people.
    #[default]
    Human,
    /// For programs: a JSON array.
    Json,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// A report of GitLab's Code Quality.
    Gitlab,
}

impl FindingsFormat {
    /// Findings in this form, for stdout. `root` is the project's folder.
    pub(super) fn text(self, findings: &Findings, files: &Files, root: &Path, look: Look) -> String {
        match self {
            FindingsFormat::Human => render::human(findings, files, look) + &out::engine_says(findings),
            FindingsFormat::Json => machine::json(findings, files),
            FindingsFormat::Sarif => machine::sarif(findings, files, &in_repository(root)),
            FindingsFormat::Github => machine::github(findings, files, &in_repository(root)),
            FindingsFormat::Gitlab => machine::gitlab(findings, files, &in_repository(root)),
        }
    }

    /// Whether a program reads the output.
    pub(super) fn is_for_programs(self) -> bool {
        self != FindingsFormat::Human
    }

    /// The project, if nothing in it is wrong; else its findings are shown, to people on stderr.
    pub(super) fn valid(self, checked: Checked, root: &Path) -> Result<Valid, Stop> {
        checked.valid().map_err(|checked| self.refused(&checked.findings, &checked.files, root))
    }

    /// Shows why a project is refused, to people on stderr.
    pub(super) fn refused(self, findings: &Findings, files: &Files, root: &Path) -> Stop {
        if self.is_for_programs() {
            out::json(&self.text(findings, files, root, out::look_of_stdout()));
        } else {
            show_findings(findings, files);
        }
        Stop { code: FINDINGS }
    }
}

/// As long as there is what it gives, a project whose own templates take too much ends the process, once `show` has shown the finding. A build
/// that ends so has not changed its target.
pub(super) fn watch(files: &Files, show: impl FnOnce(&Findings, &Files) + Send + 'static) -> Option<Watch> {
    let end = move |findings: &Findings, files: &Files| {
        show(findings, files);
        #[expect(clippy::exit, reason = "a template cannot be stopped from outside")]
        std::process::exit(FINDINGS.into());
    };
    Watch::over(files, Limits::default(), Box::new(end))
}

/// The project's folder as seen from the root of its repository, with `/`; from the current folder where there is no repository;
/// empty if it is that folder, or outside it.
pub(super) fn in_repository(root: &Path) -> String {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let root = real(root);
    let repository = root.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_path_buf);
    let from = repository.unwrap_or_else(|| real(Path::new(".")));
    let inside = root.strip_prefix(from).unwrap_or(Path::new(""));
    inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
