//! What programs read: SARIF by its own schema, workflow commands as GitHub reads them back, Code Quality as GitLab wants it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use kpic::diagnostic::{Finding, Findings, codes, machine};
use kpic::pipeline::{Checked, Options, check_texts};
use kpic::text::Files;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use support::{kpic, text, write_files};

const PROJECT: &str = "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-06-30 }\n";

/// Findings of all kinds: with help, with a fix, with several places, over several lines, as warnings, behind wide characters.
const SPEC: &str = "sources:
  orders:
    table: orders
    kind: events
    time: ordered_on
    columns: { ordered_on: date, amount: { type: decimal, unit: EUR } }
kpis:
  revenue: { formula: sum(orders.amount), onwer: sales }
  wide: { description: \"\u{1f600}\", formula: \"revenu + 1\" }
  mixed: { formula: revenue + count(orders) }
  twice: { formula: count(orders), unit: order, unit: day }
  cut:
    formula: |
      sum(
        orders.amuont
      )
  loop_a: { formula: loop_b + 1 }
  loop_b: { formula: loop_a + 1 }
";

fn checked(spec: &str) -> Checked {
    let texts = vec![("kpic.yml".to_owned(), PROJECT.to_owned()), ("specs/100% of, it: now.yml".to_owned(), spec.to_owned())];
    check_texts(texts, &Options::default())
}

/// The schema of SARIF, compiled.
fn sarif_schema() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sarif/sarif-schema-2.1.0.json");
    // The pattern of languages has a bracket too many, which the validator refuses; the standard's errata mend it like this.
    let (wrong, right) = ("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(wrong));
    let schema: Value = serde_json::from_str(&text.replace(wrong, right)).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn sarif(findings: &Findings, files: &Files, folder: &str) -> Value {
    let log: Value = serde_json::from_str(&machine::sarif(findings, files, folder)).unwrap();
    let errors: Vec<String> =
        sarif_schema().iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    log
}

#[test]
fn the_validator_refuses_what_is_no_sarif() {
    let schema = sarif_schema();
    assert!(!schema.is_valid(&serde_json::json!({ "version": "2.1.0" })));
    let run = serde_json::json!({ "tool": { "driver": { "name": "kpic" } }, "columnKind": "bytes" });
    assert!(!schema.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [run] })));
}

#[test]
fn sarif_is_valid_and_says_what_was_found() {
    let checked = checked(SPEC);
    let log = sarif(&checked.findings, &checked.files, "shop/kpis");
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), checked.findings.iter().count());
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let found: BTreeSet<&str> = checked.findings.iter().map(|finding| finding.code.id).collect();
    assert_eq!(rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect::<Vec<_>>(), Vec::from_iter(found));
    for (result, finding) in results.iter().zip(&checked.findings) {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!((&result["ruleId"], &rule["id"]), (&finding.code.id.into(), &finding.code.id.into()));
        assert!(result["message"]["text"].as_str().unwrap().starts_with(&finding.message));
        let related = result["relatedLocations"].as_array().map_or(0, Vec::len);
        assert_eq!(related, finding.labels.len() - 1);
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert_eq!(uri, "shop/kpis/specs/100%25%20of%2C%20it%3A%20now.yml");
    }
    assert!(results.iter().any(|result| result["relatedLocations"].is_array()));
}

#[test]
fn sarif_counts_columns_in_utf16_code_units() {
    let checked = checked(SPEC);
    let log = sarif(&checked.findings, &checked.files, "");
    assert_eq!(log["runs"][0]["columnKind"], "utf16CodeUnits");
    let result = of_code(&log, "K0202");
    let region = &result["locations"][0]["physicalLocation"]["region"];
    let line = SPEC.lines().nth(8).unwrap();
    let before = line.split("revenu").next().unwrap();
    let column = before.encode_utf16().count() + 1;
    assert_eq!(before.chars().count() + 2, column, "a wide character stands before it");
    assert_eq!((&region["startLine"], &region["startColumn"]), (&9.into(), &column.into()));
    assert_eq!((&region["endLine"], &region["endColumn"]), (&9.into(), &(column + 6).into()));
}

#[test]
fn sarif_brings_the_fix_along_where_it_is_certain() {
    let checked = checked(SPEC);
    let log = sarif(&checked.findings, &checked.files, "");
    let results = log["runs"][0]["results"].as_array().unwrap();
    let fixed = results.iter().filter(|result| result["fixes"].is_array()).count();
    let certain = checked.findings.iter().filter(|finding| finding.fix.is_some()).count();
    assert_eq!((fixed, certain), (3, 3), "onwer, revenu, amuont");
    let change = &of_code(&log, "K0101")["fixes"][0]["artifactChanges"][0];
    let replacement = &change["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], "owner");
    let column = SPEC.lines().nth(7).unwrap().find("onwer").unwrap() + 1;
    assert_eq!(replacement["deletedRegion"]["startColumn"], column);
    assert_eq!(replacement["deletedRegion"]["endColumn"], column + 5);
}

fn of_code<'a>(log: &'a Value, code: &str) -> &'a Value {
    let results = log["runs"][0]["results"].as_array().unwrap();
    results.iter().find(|result| result["ruleId"] == code).unwrap_or_else(|| panic!("no {code} in {log:#}"))
}

#[test]
fn a_finding_without_a_place_is_in_every_form() {
    let mut findings = Findings::default();
    findings.push(Finding::placeless(&codes::UNREADABLE_FILE, "specs/a.yml cannot be read: it is gone"));
    let files = Files::default();
    let log = sarif(&findings, &files, "shop");
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "shop/kpic.yml");
    assert!(place["region"].is_null());
    let command = machine::github(&findings, &files, "shop");
    assert_eq!(command, "::error title=K0001 unreadable-file::specs/a.yml cannot be read: it is gone\n");
    let report: Value = serde_json::from_str(&machine::gitlab(&findings, &files, "shop")).unwrap();
    assert_eq!(report[0]["location"]["path"], "shop/kpic.yml");
}

/// A workflow command as the runner of GitHub Actions reads it: level, properties, message.
fn read_back(line: &str) -> (String, Vec<(String, String)>, String) {
    let data = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    let property = |text: &str| data(&text.replace("%3A", ":").replace("%2C", ","));
    let (command, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
    let (level, properties) = command.split_once(' ').unwrap();
    let properties = properties.split(',').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), property(value))
    });
    (level.to_owned(), properties.collect(), data(message))
}

#[test]
fn github_reads_back_what_was_found() {
    let checked = checked(SPEC);
    let text = machine::github(&checked.findings, &checked.files, "shop");
    assert_eq!(text.lines().count(), checked.findings.iter().count(), "one line for each finding:\n{text}");
    for (line, finding) in text.lines().zip(&checked.findings) {
        let (level, properties, message) = read_back(line);
        let get = |name: &str| properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert!(matches!(level.as_str(), "error" | "warning"));
        assert_eq!(get("file"), Some("shop/specs/100% of, it: now.yml"));
        assert_eq!(get("title"), Some(format!("{} {}", finding.code.id, finding.code.name).as_str()));
        assert!(message.starts_with(&finding.message));
        assert!(finding.help.as_ref().is_none_or(|help| message.ends_with(&format!("\nhelp: {help}"))));
        assert_eq!(get("line") == get("endLine"), get("col").is_some(), "{line}");
    }
}

#[test]
fn gitlab_fingerprints_differ_and_stay_when_lines_move() {
    let report = |spec: &str| -> Vec<Value> {
        let checked = checked(spec);
        serde_json::from_str(&machine::gitlab(&checked.findings, &checked.files, "")).unwrap()
    };
    // The same mistake twice on lines that are the same.
    let spec = format!(
        "{SPEC}  again:\n    formula: count(orders)\n    color: red\n  once_more:\n    formula: count(orders)\n    color: red\n"
    );
    let before = report(&spec);
    let after = report(&format!("# a new line\n\n{}", spec.replace("kpis:", "kpis:\n\n")));
    let prints = |report: &[Value]| -> Vec<String> {
        report.iter().map(|issue| issue["fingerprint"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(prints(&before), prints(&after));
    assert_ne!(before[0]["location"]["lines"], after[0]["location"]["lines"]);
    assert_eq!(prints(&before).iter().collect::<BTreeSet<_>>().len(), before.len());
    for issue in &before {
        let keys: Vec<&str> = issue.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["description", "check_name", "fingerprint", "severity", "location"]);
        assert!(matches!(issue["severity"].as_str().unwrap(), "critical" | "minor"));
        assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() > 0);
    }
}

#[test]
fn code_hosts_see_paths_from_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    let project = folder.path().join("teams/shop");
    write_files(&project, &[("kpic.yml", PROJECT), ("specs/a.yml", "kpis:\n  a: { formula: nothing, values: 1 }\n")]);
    let said = |command: &str, format: &str| {
        let output = kpic(&project, &[command, "--format", format]);
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(1), ""));
        text(&output.stdout)
    };
    for command in ["check", "build", "test"] {
        assert!(said(command, "github").contains("file=teams/shop/specs/a.yml,line=2"), "{command}");
        assert!(said(command, "sarif").contains("\"teams/shop/specs/a.yml\""), "{command}");
        assert!(said(command, "gitlab").contains("\"teams/shop/specs/a.yml\""), "{command}");
        assert!(said(command, "json").contains("\"specs/a.yml\""), "{command}");
    }
}

/// 2 to the power of 53, and 1 more, which no floating number is.
const ODD: &str = "9007199254740993";

#[test]
fn whole_numbers_keep_all_digits() {
    let folder = tempfile::tempdir().unwrap();
    let spec = "sources:
  o:
    files: o.csv
    kind: events
    time: d
    columns: { d: date, n: integer, same: { column: n, references: people } }
  people: { files: o.csv, kind: entities, key: n, time: d, columns: { d: date, n: integer } }
kpis:
  n: { formula: sum(o.n) }
  most: { formula: count(o) * 9223372036854775807 }
  aged: { formula: count(people where count(o via same over age) > 0) * 9007199254740993, age: { unit: month, up_to: 1 } }
";
    let project = format!("{PROJECT}lints: {{ missing-owner: allow, missing-description: allow, no-north-star: allow }}\n");
    write_files(
        folder.path(),
        &[("kpic.yml", &project), ("specs/all.yml", spec), ("o.csv", &format!("d,n\n2024-06-01,{ODD}\n2024-05-01,-{ODD}\n"))],
    );
    let says = |arguments: &[&str]| {
        let output = kpic(folder.path(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let grouped = "9,007,199,254,740,993";
    for (arguments, wanted) in [
        (
            vec!["query", "n", "most"],
            vec![format!(" {grouped} "), format!("-{grouped} "), "9,223,372,036,854,775,807\n".to_owned()],
        ),
        (vec!["query", "n", "--format", "csv"], vec![format!(",{ODD},"), format!(",-{ODD},")]),
        (vec!["query", "n", "--format", "json"], vec![format!("\"n\": {ODD},"), format!("\"n\": -{ODD},")]),
        (vec!["run", "n"], vec![format!(" {grouped} "), format!("-{grouped} ")]),
        (vec!["run", "aged"], vec![format!(" {grouped} ")]),
        (vec!["run", "n", "--format", "json"], vec![format!("\"value\": {ODD},"), format!("\"value\": -{ODD},")]),
        (vec!["run", "aged", "--format", "json"], vec![format!("\"value\": {ODD},")]),
        (vec!["query", "aged"], vec![grouped.to_owned()]),
    ] {
        let shown = says(&arguments);
        for wanted in wanted {
            assert!(shown.contains(&wanted), "{arguments:?} lacks {wanted}: {shown}");
        }
    }
}
