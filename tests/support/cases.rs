//! The Markdown cases of `tests/cases/`, as `tests/cases/README.md` says how they are written: [`collect`] finds the files, [`read`]
//! cuts one into cases.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test uses a part of it")]

use std::path::{Path, PathBuf};

/// The name of a case's spec file, as findings show it.
pub const SPEC: &str = "specs/case.yml";

/// One case: a project of two files, and what is to be found in it.
#[derive(Debug)]
pub struct Case {
    /// Where it stands: path and line of its heading.
    pub place: String,
    pub title: String,
    /// The project file.
    pub project: String,
    /// The spec file.
    pub spec: String,
    /// For each line of the spec the line of the Markdown file.
    pub lines: Vec<usize>,
    /// The findings that are expected, if the case says so.
    pub findings: Option<Vec<String>>,
    /// What is expected to be said of a KPI that the engine refuses to work out.
    pub refused: Option<String>,
    /// What is expected to be said of the data beside figures: the question, and the findings.
    pub guards: Vec<(String, Vec<String>)>,
}

/// Every Markdown file below a folder but the READMEs, in the order of their paths.
pub fn collect(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("first_sessions") {
            // `tests/first_sessions.rs` plays them.
            continue;
        }
        if path.is_dir() {
            found.extend(collect(&path));
        } else if path.extension().is_some_and(|ending| ending == "md") && path.file_stem().is_some_and(|stem| stem != "README")
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

// --- From Markdown to cases ---

/// Cuts a file into cases; what is wrong with the file itself goes to `failures`.
pub fn read(name: &str, text: &str, cases: &mut Vec<Case>, failures: &mut Vec<String>) {
    let mut wrong = |line: usize, what: &str| failures.push(format!("{name}:{line}: {what}\n"));
    let mut project = None;
    let mut case: Option<Case> = None;
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    if !text.starts_with("# ") {
        wrong(1, "a file begins with its title, `# ...`");
    }
    while let Some((number, line)) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            cases.extend(case.take());
            case = Some(Case {
                place: format!("{name}:{number}"),
                title: title.to_owned(),
                project: project.clone().unwrap_or_default(),
                spec: String::new(),
                lines: Vec::new(),
                findings: None,
                refused: None,
                guards: Vec::new(),
            });
        }
        let Some(info) = line.strip_prefix("```") else { continue };
        let mut block = Vec::new();
        let mut closed = false;
        for (number, line) in lines.by_ref() {
            closed = line == "```";
            if closed {
                break;
            }
            block.push((number, line));
        }
        if !closed {
            wrong(number, "this block is not closed");
        }
        let joined = || block.iter().map(|(_, line)| format!("{line}\n")).collect::<String>();
        match (info, &mut case) {
            ("text", _) => {}
            ("yaml kpic.yml", Some(case)) if !case.spec.is_empty() => {
                wrong(number, "a project file stands above the case's own blocks");
            }
            ("yaml kpic.yml", case) => {
                project = Some(joined());
                if let Some(case) = case {
                    case.project = joined();
                }
            }
            ("yaml", Some(case)) => {
                case.spec.push_str(&joined());
                case.lines.extend(block.iter().map(|(number, _)| number));
            }
            ("refused", Some(case)) => {
                case.refused = Some(block.iter().map(|(_, line)| *line).collect());
            }
            (info, Some(case)) if info.starts_with("guards ") => {
                let lines = block.iter().map(|(_, line)| (*line).to_owned()).collect();
                case.guards.push((info.trim_start_matches("guards ").to_owned(), lines));
            }
            ("findings", Some(case)) => {
                let findings = case.findings.get_or_insert_with(Vec::new);
                findings.extend(block.iter().map(|(_, line)| (*line).to_owned()));
            }
            _ => wrong(number, &format!("a block `{info}` means nothing here")),
        }
    }
    cases.extend(case);
}
