//! Holds the source to `docs/architecture.md`: which module may use which, how long files may be, and that tables are whole.

#![allow(clippy::unwrap_used, reason = "a test that cannot read the source has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// For each module those that it may use. Leaves come first, then the stages from top to bottom, then what stands around them.
/// A module never uses one that stands below it.
const MAY_USE: &[(&str, &[&str])] = &[
    // Leaves: data that any stage may speak of.
    ("text", &[]),
    ("rawsql", &["text"]),
    ("calendar", &[]),
    ("forecast", &[]),
    ("diagnostic", &["text"]),
    ("functions", &["model"]),
    ("model", &["text", "calendar", "functions"]),
    ("dialect", &["rawsql", "calendar", "model"]),
    // Stages.
    ("load", &["text", "diagnostic"]),
    ("spec", &["text", "calendar", "diagnostic", "model", "load"]),
    ("schema", &["text", "diagnostic", "load", "spec"]),
    ("formula", &["text", "calendar", "diagnostic", "spec"]),
    ("layout", &["text", "diagnostic", "load", "spec", "formula"]),
    ("resolve", &["text", "rawsql", "calendar", "diagnostic", "functions", "model", "load", "spec", "formula"]),
    ("graph", &["text", "diagnostic", "model"]),
    ("check", &["text", "calendar", "diagnostic", "functions", "model", "graph"]),
    ("align", &["text", "diagnostic", "functions", "model", "graph"]),
    ("lint", &["text", "calendar", "diagnostic", "functions", "model", "spec", "graph", "align"]),
    ("support", &["dialect", "rawsql", "text", "calendar", "diagnostic", "model"]),
    ("meaning", &["calendar", "functions", "model", "graph"]),
    // Where the stages meet.
    (
        "pipeline",
        &[
            "text",
            "calendar",
            "diagnostic",
            "model",
            "load",
            "spec",
            "formula",
            "resolve",
            "graph",
            "check",
            "align",
            "lint",
            "support",
        ],
    ),
    ("fix", &["text", "diagnostic", "load", "pipeline"]),
    ("refactor", &["text", "calendar", "diagnostic", "model", "load", "spec", "layout", "pipeline", "fix"]),
    // What only a valid project reaches.
    ("plan", &["text", "calendar", "diagnostic", "functions", "model", "graph", "check", "align", "support", "pipeline"]),
    ("sql", &["dialect", "rawsql", "calendar", "functions", "model", "plan"]),
    (
        "manifest",
        &["dialect", "text", "calendar", "functions", "model", "graph", "align", "meaning", "pipeline", "plan", "sql"],
    ),
    ("template", &["text", "diagnostic", "load"]),
    ("docs", &["text", "diagnostic", "template", "manifest"]),
    (
        "build",
        &[
            "dialect",
            "text",
            "calendar",
            "diagnostic",
            "load",
            "model",
            "pipeline",
            "plan",
            "rawsql",
            "sql",
            "template",
            "manifest",
            "docs",
        ],
    ),
    // Around the pipeline.
    ("program", &[]),
    ("git", &["program"]),
    (
        "diff",
        &[
            "text",
            "calendar",
            "diagnostic",
            "model",
            "load",
            "spec",
            "graph",
            "align",
            "support",
            "meaning",
            "pipeline",
            "docs",
        ],
    ),
    ("history", &["text", "calendar", "diagnostic", "model", "load", "spec", "pipeline", "docs", "git", "diff"]),
    ("query", &["text", "calendar", "diagnostic", "model", "spec", "plan"]),
    ("engine", &["text", "rawsql", "program"]),
    (
        "measure",
        &[
            "dialect",
            "text",
            "rawsql",
            "calendar",
            "forecast",
            "diagnostic",
            "model",
            "align",
            "pipeline",
            "plan",
            "sql",
            "manifest",
            "engine",
        ],
    ),
    (
        "evidence",
        &[
            "dialect", "text", "calendar", "model", "graph", "support", "meaning", "pipeline", "plan", "sql", "diff", "engine",
            "measure",
        ],
    ),
    (
        "deploy",
        &[
            "dialect",
            "text",
            "rawsql",
            "calendar",
            "diagnostic",
            "model",
            "support",
            "pipeline",
            "plan",
            "sql",
            "build",
            "engine",
            "measure",
        ],
    ),
    ("export", &["dialect", "text", "diagnostic", "functions", "model", "support", "pipeline", "plan", "sql", "build"]),
    ("draft", &["dialect", "rawsql", "calendar", "model", "load", "spec", "layout", "sql", "engine", "measure"]),
    ("import", &["dialect", "text", "rawsql", "calendar", "diagnostic", "load", "spec", "pipeline", "draft"]),
    (
        "site",
        &[
            "text",
            "calendar",
            "diagnostic",
            "model",
            "pipeline",
            "plan",
            "template",
            "manifest",
            "build",
            "query",
            "engine",
            "measure",
        ],
    ),
    (
        "cli",
        &[
            "dialect",
            "text",
            "calendar",
            "diagnostic",
            "model",
            "load",
            "pipeline",
            "plan",
            "sql",
            "manifest",
            "template",
            "docs",
            "build",
            "query",
            "engine",
            "measure",
            "fix",
            "layout",
            "refactor",
            "schema",
            "graph",
            "align",
            "draft",
            "import",
            "deploy",
            "export",
            "site",
            "git",
            "diff",
            "evidence",
            "history",
        ],
    ),
];

/// No file is longer than this.
const LONGEST: usize = 800;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a folder, with their texts.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// The text of a file without its unit tests, which may use anything.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]").map_or(text, |at| &text[..at])
}

/// The top-level modules of this crate that a text names.
fn used(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut add = |path: &str| {
        let name: String = path.chars().take_while(|char| char.is_ascii_lowercase() || *char == '_').collect();
        found.extend((!name.is_empty()).then_some(name));
    };
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => add(rest),
            Some(list) => list.split('}').next().unwrap_or_default().split(',').for_each(|item| add(item.trim())),
        }
    }
    found
}

#[test]
fn modules_use_only_what_stands_above_them() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for (path, text) in files(&root().join("src")) {
        let inner = path.strip_prefix(root().join("src")).unwrap();
        let module = inner.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let Some(may_use) = allowed.get(module.as_str()) else {
            wrong.push(format!("{}: the module `{module}` is not in the table", inner.display()));
            continue;
        };
        for name in used(without_tests(&text)) {
            if name != module && !may_use.contains(&name.as_str()) {
                wrong.push(format!("{}: `{module}` may not use `{name}`", inner.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rooms of `plan`, each with those that it may use. Those in the middle are one planner.
const ROOMS: &[(&str, &[&str])] = &[
    ("algebra", &["algebra"]),
    ("lookup", &["algebra", "lookup", "time", "rows", "answer"]),
    ("time", &["algebra", "lookup", "time", "rows", "answer"]),
    ("rows", &["algebra", "lookup", "time", "rows", "answer"]),
    ("answer", &["algebra", "lookup", "time", "rows", "answer"]),
    ("rules", &["algebra", "time", "rows", "rules"]),
    ("views", &["algebra", "lookup", "time", "rows", "answer", "rules", "views"]),
];

#[test]
fn rooms_of_plans_use_only_what_stands_above_them() {
    for (path, text) in files(&root().join("src/plan")) {
        let inner = path.strip_prefix(root().join("src/plan")).unwrap();
        let room = inner.iter().next().unwrap().to_str().unwrap();
        if room == "mod.rs" {
            continue;
        }
        let (_, may_use) = ROOMS.iter().find(|(name, _)| *name == room).unwrap_or_else(|| panic!("no room is called {room}"));
        // What a comment names is no use of it.
        let code = without_tests(&text).lines().filter(|line| !line.trim_start().starts_with("//"));
        for (name, _) in ROOMS {
            let uses = code.clone().any(|line| line.contains(&format!("crate::plan::{name}::")));
            assert!(!uses || may_use.contains(name), "{}: `{room}` may not use `{name}`", inner.display());
        }
    }
}

#[test]
fn the_table_has_one_direction() {
    // Leaves may know each other; every stage stands below all that it uses.
    let place = |name: &str| MAY_USE.iter().position(|(known, _)| *known == name).unwrap();
    let leaves = ["text", "calendar", "diagnostic", "functions", "model"];
    for (module, may_use) in MAY_USE {
        for used in *may_use {
            let both_leaves = leaves.contains(module) && leaves.contains(used);
            assert!(both_leaves || place(used) < place(module), "{module} stands above {used}");
        }
    }
}

#[test]
fn only_the_command_line_prints_and_only_it_knows_the_terminal() {
    for (path, text) in files(&root().join("src")) {
        let inner = path.strip_prefix(root().join("src")).unwrap().to_str().unwrap().to_owned();
        if inner.starts_with("cli") || inner == "main.rs" {
            continue;
        }
        for word in ["println!", "eprintln!", "print!", "anstream", "std::io::stdout", "std::process::exit"] {
            assert!(!without_tests(&text).contains(word), "{inner}: {word}");
        }
    }
}

#[test]
fn no_stage_reads_a_clock_or_the_environment() {
    for (path, text) in files(&root().join("src")) {
        let inner = path.strip_prefix(root().join("src")).unwrap().to_str().unwrap().to_owned();
        let may = ["cli", "engine", "program.rs"].iter().any(|module| inner.starts_with(module));
        for word in ["SystemTime", "Instant::now", "Timestamp::now", "Zoned::now", "env::var"] {
            assert!(may || !without_tests(&text).contains(word), "{inner}: {word}");
        }
    }
}

#[test]
fn files_are_short() {
    let mut long = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for (path, text) in files(&root().join(folder)) {
            let lines = text.lines().count();
            if lines > LONGEST {
                long.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    for folder in ["src", "tests", "benches"] {
        for (path, text) in files(&root().join(folder)) {
            assert!(text.starts_with("//!"), "{}", path.display());
        }
    }
}

#[test]
fn every_lint_is_in_the_table() {
    let folder = root().join("src/lint/rules");
    let table = std::fs::read_to_string(folder.join("mod.rs")).unwrap();
    for (path, _) in files(&folder) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if !matches!(name, "mod" | "walk" | "imply") {
            assert!(table.contains(&format!("    {name}::RULE,")), "{name}");
        }
    }
}

#[test]
fn every_function_is_in_the_table() {
    let folder = root().join("src/functions");
    let table = std::fs::read_to_string(folder.join("mod.rs")).unwrap();
    for (path, _) in files(&folder) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        // The syntax has its own words for `case`, operators and conversions; `range` is about all of them.
        if !matches!(name, "mod" | "case" | "operators" | "conversions" | "range") {
            assert!(table.contains(&format!("    &{name}::")), "{name}");
        }
    }
}

#[test]
fn every_code_is_in_the_table_once_and_reported_somewhere() {
    use kpic::diagnostic::codes;
    let mut ids = BTreeSet::new();
    let mut names = BTreeSet::new();
    for code in codes::ALL {
        assert!(ids.insert(code.id), "{} twice", code.id);
        assert!(names.insert(code.name), "{} twice", code.name);
    }
    let text = std::fs::read_to_string(root().join("src/diagnostic/codes.rs")).unwrap();
    let sources: String = files(&root().join("src"))
        .into_iter()
        .filter(|(path, _)| !path.ends_with("diagnostic/codes.rs"))
        .map(|(_, text)| text)
        .collect();
    for line in text.lines().filter_map(|line| line.strip_prefix("pub static ")) {
        let name = line.split(':').next().unwrap();
        if name == "ALL" {
            continue;
        }
        assert!(text.contains(&format!("&{name},")), "{name} is not in the table");
        assert!(sources.contains(&format!("codes::{name}")), "{name} is never reported");
    }
}
