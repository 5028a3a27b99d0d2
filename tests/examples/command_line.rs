//! What the commands say and how they end, on the example projects.

use crate::project::{Project, Rows, files, kpic_command, kpic_in};
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::process::Stdio;

/// The keys of a finding for programs.
const KEYS: [&str; 11] =
    ["code", "name", "severity", "message", "help", "file", "line", "column", "end_line", "end_column", "related"];

#[test]
fn the_examples_have_no_findings_and_pass_their_tests() {
    for (name, tests) in [("cdnow", 3), ("flights", 3), ("saas", 25)] {
        let project = Project::copy(name);
        let check = project.kpic(&["check", "--format", "json"]);
        assert_eq!((check.code, check.stdout.trim(), check.stderr.as_str()), (0, "[]", ""), "{name}");
        let check = project.kpic(&["check"]);
        assert_eq!((check.code, check.stderr.as_str()), (0, ""), "{}", check.stdout);
        let test = project.kpic(&["test"]);
        assert_eq!((test.code, test.stderr.as_str()), (0, ""), "{}", test.stdout);
        let passed = test.stdout.lines().filter(|line| line.starts_with("ok ")).count();
        assert!(passed >= tests && test.stdout.ends_with(&format!("passed {passed} tests\n")), "{}", test.stdout);
    }
}

#[test]
fn a_query_gives_what_the_view_shows() {
    let asked: [(&str, &str, &[&str]); 3] = [
        ("revenue", "revenue", &[]),
        ("revenue__week__by_basket", "revenue", &["--grain", "week", "--by", "basket"]),
        ("active_buyers_90d__day", "active_buyers_90d", &["--grain", "day"]),
    ];
    let project = Project::copy("cdnow");
    project.build(&[]);
    project.deploy();
    for (view, kpi, options) in asked {
        let shown = &project.views(&[view.to_owned()], "UTC")[view];
        let answer = project.kpic(&[&["query", kpi, "--format", "csv"], options].concat());
        assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
        let answer = Rows::new(answer.stdout, ',');
        let columns: Vec<&str> = shown.columns().into_iter().map(|name| if name == "value" { kpi } else { name }).collect();
        assert_eq!(answer.columns(), columns);
        assert_eq!(answer.iter().collect::<Vec<_>>(), shown.iter().collect::<Vec<_>>(), "{view}");
        assert!(answer.len() >= 18);
    }
}

#[test]
fn a_run_shows_the_last_periods_of_the_view() {
    let project = Project::copy("cdnow");
    project.build(&[]);
    project.deploy();
    let shown = &project.views(&["revenue".to_owned()], "UTC")["revenue"];
    let run = project.kpic(&["run", "revenue", "--periods", "3", "--format", "json"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let run: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&run[0]["kpi"], &run[0]["unit"], run.as_array().unwrap().len()), (&"revenue".into(), &"USD".into(), 1));
    let periods = run[0]["periods"].as_array().unwrap();
    let periods = periods.iter().map(|period| {
        ["period", "value", "is_complete"]
            .map(|key| period[key].as_str().map_or_else(|| period[key].to_string(), str::to_owned))
    });
    let last: Vec<_> = shown.iter().skip(15).collect();
    assert_eq!(periods.map(Vec::from).collect::<Vec<_>>(), last);
}

#[test]
fn a_build_is_the_same_wherever_and_whenever() {
    for name in ["cdnow", "flights", "saas"] {
        let project = Project::copy(name);
        let first = project.build(&[]);
        assert!(first.contains_key("sql/duckdb/deploy.sql"));
        assert_eq!(project.build(&[]), first, "{name}");
        assert_eq!(Project::copy(name).build(&[]), first, "{name}");
    }
}

#[test]
fn a_project_with_an_error_writes_nothing() {
    let project = Project::copy("cdnow");
    let before = project.build(&[]);
    break_a_formula(&project);
    let build = project.kpic(&["build"]);
    assert_eq!((build.code, build.stdout.as_str()), (1, ""), "{}", build.stderr);
    assert!(build.stderr.contains("amuont"), "{}", build.stderr);
    assert_eq!(files(&project.folder.join("build")), before);

    fs::remove_dir_all(project.folder.join("build")).unwrap();
    assert_eq!(project.kpic(&["build"]).code, 1);
    let mut left: Vec<String> =
        fs::read_dir(&project.folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["data", "kpic.yml", "specs"]);
}

#[test]
fn findings_for_programs_have_the_documented_keys() {
    let project = Project::copy("cdnow");
    break_a_formula(&project);
    let check = project.kpic(&["check", "--format", "json"]);
    assert_eq!((check.code, check.stderr.as_str()), (1, ""));
    let findings: Value = serde_json::from_str(&check.stdout).unwrap();
    let findings = findings.as_array().unwrap();
    assert!(!findings.is_empty());
    for finding in findings {
        let keys: Vec<&str> = finding.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, KEYS);
    }
    // The exact characters of the mistake: line and columns count from 1, the end is the place after the last one.
    let text = fs::read_to_string(project.folder.join("specs/sales.yml")).unwrap();
    let (line, column) = place(&text, "amuont");
    let finding = &findings[0];
    assert_eq!(finding["file"], "specs/sales.yml");
    let found = ["line", "column", "end_line", "end_column"].map(|key| finding[key].as_u64().unwrap());
    let [line, column] = [line, column].map(|place| u64::try_from(place).unwrap());
    assert_eq!(found, [line, column, line, column + 6]);
    assert_eq!(findings.len(), 1, "what follows from a mistake is not reported again: {findings:#?}");
}

#[test]
fn exit_codes_say_who_is_to_blame() {
    let project = Project::copy("cdnow");
    let empty = tempfile::tempdir().unwrap();
    for arguments in [&["check"][..], &["run", "revenue"], &["query", "revenue"], &["--help"], &["--version"]] {
        let outcome = project.kpic(arguments);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(!outcome.stdout.is_empty(), "{arguments:?}");
    }
    let wrong_usage = [
        (&["check", "--nonsense"][..], "--nonsense"),
        (&["nonsense"], "nonsense"),
        (&["run", "revenu"], "`revenue`"),
        (&["query", "revenue", "--order", "nonsense"], "nonsense"),
        (&["test", "nonsense"], "nonsense"),
        (&["--as-of", "31.1.1998", "run"], "31.1.1998"),
    ];
    for (arguments, said) in wrong_usage {
        let outcome = project.kpic(arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{arguments:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{arguments:?}: {}", outcome.stderr);
    }
    for command in ["check", "build", "run", "test"] {
        let outcome = kpic_in(empty.path(), &[command]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{command}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("kpic.yml"), "{}", outcome.stderr);
    }
    for command in [&["run"][..], &["query", "revenue"], &["test"]] {
        let outcome = project.kpic(&[command, &["--duckdb", "/nonexistent"]].concat());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{command:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("/nonexistent"), "{}", outcome.stderr);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_panic() {
    let project = Project::copy("flights");
    // More than a pipe holds: the writer is still writing when the reader leaves.
    let long = ["query", "flights", "--by", "airline,airport", "--grain", "day", "--format", "csv"];
    for (arguments, reads) in [(&["run"][..], 1), (&["check"], 0), (&long, 64)] {
        let mut command = kpic_command(&project.folder, arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut vec![0; reads]).unwrap();
        drop(stdout);
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

/// Gives the formula of revenue a column that is not there.
fn break_a_formula(project: &Project) {
    let path = project.folder.join("specs/sales.yml");
    let text = fs::read_to_string(&path).unwrap();
    let broken = text.replacen("sum(purchases.amount)", "sum(purchases.amuont)", 1);
    assert_ne!(text, broken);
    fs::write(path, broken).unwrap();
}

/// The line and the column at which a text stands, counted from 1.
fn place(text: &str, wanted: &str) -> (usize, usize) {
    let before = &text[..text.find(wanted).unwrap()];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
