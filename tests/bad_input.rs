//! Nothing that can be typed makes kpic panic, hang or lose a finding.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(dead_code, unreachable_pub, reason = "the fuzz targets are a crate of their own, of which a part is used")]

#[path = "../fuzz/src/targets/mod.rs"]
mod targets;

use kpic::diagnostic::{Findings, Severity};
use kpic::pipeline::{Checked, Options, check, check_texts};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROJECT: &str = "kpic: 1\nproject: t\ncalendar: { start: 2024-01-01, as_of: 2024-06-30 }\n\
lints: { missing-description: allow, unused-source: allow }\n";

const SOURCES: &str = "sources:
  orders:
    table: orders
    kind: events
    key: order_id
    time: ordered_on
    columns:
      order_id: text
      ordered_on: date
      customer: { column: customer_id, references: customers }
      amount: { type: decimal, unit: EUR }
      status: { type: text, nullable: false }
  customers:
    table: customers
    kind: entities
    key: customer_id
    columns: { customer_id: text, country: text }
";

/// Checks a spec text beside the sources above.
fn checked(spec: &str) -> Checked {
    let texts = vec![
        ("kpic.yml".to_owned(), PROJECT.to_owned()),
        ("specs/sources.yml".to_owned(), SOURCES.to_owned()),
        ("specs/a.yml".to_owned(), spec.to_owned()),
    ];
    check_texts(texts, &Options::default())
}

fn names(findings: &Findings) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code.name).collect()
}

/// A text as a YAML scalar in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace(['\n', '\r', '\0'], " "))
}

// --- Everything is reported, once ---

#[test]
fn five_bad_keys_in_three_kpis_are_five_findings() {
    let spec = "kpis:
  a: { formula: count(orders), onwer: x, unti: EUR }
  b: { formula: count(orders), grian: day }
  c: { formula: count(orders), betterr: up, descripton: d }
";
    let checked = checked(spec);
    assert_eq!(names(&checked.findings), ["unknown-key"; 5]);
    let helps: Vec<_> = checked.findings.iter().map(|finding| finding.help.clone().unwrap()).collect();
    let meant = ["owner", "unit", "grain", "better", "description"];
    for (help, meant) in helps.iter().zip(meant) {
        assert!(help.contains(&format!("`{meant}`")), "{help}");
    }
}

#[test]
fn a_misspelt_column_among_kpis_is_told_with_the_aggregate_that_it_needs() {
    let spec = "kpis:
  revenue: { formula: sum(orders.amount) }
  more: { formula: revenue + amuont }
";
    let checked = checked(spec);
    assert_eq!(names(&checked.findings), ["unknown-name"]);
    let help = checked.findings.iter().next().unwrap().help.clone().unwrap();
    assert_eq!(
        help,
        "did you mean the column `amount`? put an aggregate around it: `sum(orders.amount)`, `avg(orders.amount)`"
    );
}

#[test]
fn what_follows_from_a_finding_is_not_repeated() {
    let spec = "kpis:
  a: { formula: sum(orders.amuont) }
  b: { formula: a + 1 }
  c: { formula: b / a }
  d: { formula: growth(c), unit: EUR }
";
    assert_eq!(names(&checked(spec).findings), ["unknown-column"]);
}

#[test]
fn two_thousand_mistakes_are_two_thousand_findings() {
    let mut spec = String::from("kpis:\n");
    for at in 0..400 {
        spec.push_str(&format!(
            "  a{at}: {{ formula: sum(orders.amuont) }}
  b{at}: {{ formula: \"count(orders where status = 'b{at}')\", onwer: sales }}
  c{at}: {{ formula: \"count(orders where status = 'c{at}')\", grain: monthly }}
  d{at}: {{ formula: sum(orders.amount) + count(orders) }}
  e{at}: {{ formula: count(orders where }}
  follows_a{at}: {{ formula: a{at} + 1 }}
  follows_d{at}: {{ formula: growth(d{at}) / e{at}, unit: EUR }}
  follows_both{at}: {{ formula: avg(follows_a{at} each day) - prior(follows_d{at}) }}
"
        ));
    }
    let checked = checked(&spec);
    let errors: Vec<_> = checked.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert_eq!(errors.len(), 2_000);
    for name in ["unknown-column", "unknown-key", "wrong-shape", "unit-mismatch", "formula-syntax"] {
        assert_eq!(errors.iter().filter(|finding| finding.code.name == name).count(), 400, "{name}");
    }
    let places: BTreeSet<_> = errors.iter().map(|finding| finding.labels[0].span).collect();
    assert_eq!(places.len(), 2_000, "no place is named twice");
    assert!(checked.findings.iter().all(|finding| finding.severity == Severity::Error), "{:?}", names(&checked.findings));
    assert_eq!(kpic::diagnostic::machine::github(&checked.findings, &checked.files, "").lines().count(), 2_000);
}

#[test]
fn what_stands_in_the_wrong_section_is_not_called_unknown() {
    let spec = "metrics:\n  turnover: { formula: sum(orders.amount), unit: EUR }\nkpis:\n  double: { formula: turnover * 2 }\n";
    assert_eq!(names(&checked(spec).findings), ["unknown-key"]);
    let spec = "kpis:\n  turnover:\n  formula: sum(orders.amount)\n  unit: EUR\n  double: { formula: turnover * 2 }\n";
    assert_eq!(names(&checked(spec).findings), ["wrong-shape"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_among_the_specs_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kpic.yml"), PROJECT).unwrap();
    fs::create_dir(folder.path().join("specs")).unwrap();
    fs::write(folder.path().join("specs/a.yml"), SOURCES).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("specs/b.yml")).status().unwrap().success());
    assert_eq!(names(&check(folder.path(), &Options::default()).findings), ["unreadable-file"]);
}

#[test]
fn a_file_that_cannot_be_read_does_not_make_its_names_unknown() {
    let texts = |broken: &str| {
        vec![
            ("kpic.yml".to_owned(), PROJECT.to_owned()),
            ("specs/a.yml".to_owned(), "kpis:\n  a: { formula: revenue / buyers, owner: sales, by: [region] }\n".to_owned()),
            ("specs/b.yml".to_owned(), broken.to_owned()),
        ]
    };
    let checked = check_texts(texts("kpis:\n  revenue: [\n"), &Options::default());
    assert_eq!(names(&checked.findings), ["yaml-syntax"]);
    // Nor does a name that it defines mean something else meanwhile, and what could not be read comes first.
    let named = "kpis:\n  orders: { formula: count(orders) }\n  ratio: { formula: orders / day }\n  bad: { formula: sum() }\n";
    let others = "sources:\n  seen: { table: s, kind: events, time: day, columns: { day: date, region: text } }\n";
    let mut files = texts("sources:\n  orders:\n    table: orders\n     kind: events\n");
    files.push(("specs/0.yml".to_owned(), format!("{named}{others}")));
    files.push(("specs/1.yml".to_owned(), "kpis:\n  seen: { formula: count(seen), by: [country] }\n".to_owned()));
    assert_eq!(names(&check_texts(files, &Options::default()).findings), ["yaml-syntax", "wrong-arguments"]);
    let checked = check_texts(texts(""), &Options::default());
    let mut found = names(&checked.findings);
    found.sort_unstable();
    assert_eq!(found, ["unknown-dimension", "unknown-name", "unknown-name", "unknown-team"]);
}

#[test]
fn a_file_that_is_not_text_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kpic.yml"), PROJECT).unwrap();
    fs::create_dir(folder.path().join("specs")).unwrap();
    fs::write(folder.path().join("specs/a.yml"), "kpis:\n  a: { formula: revenue }\n").unwrap();
    fs::write(folder.path().join("specs/b.yml"), b"kpis:\n  gr\xf6sse: 1\n").unwrap();
    let checked = check(folder.path(), &Options::default());
    assert_eq!(names(&checked.findings), ["unreadable-file"]);
    let message = &checked.findings.iter().next().unwrap().message;
    assert!(message.contains("specs/b.yml") && message.contains("line 2"), "{message}");
}

// --- Findings point at the exact characters, however YAML writes a formula ---

#[test]
fn spans_are_right_in_every_kind_of_scalar() {
    let forms = [
        "kpis:\n  a:\n    formula: count(orders where statsu = 'paid')\n",
        "kpis:\n  a:\n    formula: 'count(orders where statsu = ''paid'')'\n",
        "kpis:\n  a:\n    formula: \"count(orders where \\x73tatus = 'a' or statsu = 'paid')\"\n",
        "kpis:\n  a:\n    formula: \"count(orders \\\n      where statsu = 'paid')\"\n",
        "kpis:\n  a:\n    formula: |\n      count(orders\n        where statsu = 'paid')\n",
        "kpis:\n  a:\n    formula: >-\n      count(orders\n      where\n\n      statsu = 'paid')\n",
        "kpis:\n  a:\n    formula: count(orders\n      where statsu = 'paid')\n",
        "kpis:\n  b: { formula: &f \"count(orders where statsu = 'paid')\" }\n",
        "kpis:\n  größe_ist_kein_name: { formula: \"count(orders where statsu = 'ü')\" }\n",
    ];
    for form in forms {
        for text in [form.to_owned(), form.replace('\n', "\r\n")] {
            let checked = checked(&text);
            let finding = checked.findings.iter().find(|finding| finding.code.name == "unknown-column");
            let finding = finding.unwrap_or_else(|| panic!("{text}: {:?}", names(&checked.findings)));
            assert_eq!(checked.files.slice(finding.labels[0].span), "statsu", "{text:?}");
        }
    }
}

#[test]
fn an_aliased_formula_is_reported_where_it_is_written() {
    let checked = checked("kpis:\n  a: { formula: &f count(ordrs) }\n  b: { formula: *f }\n");
    assert_eq!(names(&checked.findings), ["unknown-source"]);
    let span = checked.findings.iter().next().unwrap().labels[0].span;
    assert_eq!(checked.files.slice(span), "ordrs");
    assert_eq!(checked.files.line(span), 2);
}

// --- Nothing panics ---

/// Words that formulas are made of, so that most of what is made of them comes far.
const WORDS: &[&str] = &[
    "sum",
    "count",
    "avg",
    "percentile",
    "prior",
    "growth",
    "slice",
    "total",
    "first",
    "if",
    "case",
    "when",
    "then",
    "else",
    "end",
    "(",
    ")",
    "(",
    ")",
    ",",
    "+",
    "-",
    "*",
    "/",
    "=",
    "!=",
    "<",
    ">=",
    "and",
    "or",
    "not",
    "in",
    "between",
    "like",
    "is",
    "null",
    "orders",
    "orders.amount",
    "amount",
    "status",
    "customer",
    "customer.country",
    "a",
    "b",
    "revenue",
    "where",
    "from",
    "via",
    "per",
    "top",
    "at",
    "over",
    "each",
    "trailing",
    "28",
    "days",
    "month",
    "quarter to date",
    "all time",
    "previous period",
    "age",
    "'paid'",
    "90%",
    "1_000.5",
    "date '2024-01-31'",
    "14 days",
    "true",
    "value",
    "start.x",
    "`end`",
    "reached",
    "within",
    ".",
    "%",
    "trunc",
    "text",
    "round",
    "2",
    "10",
    "#",
    "\"",
    "'",
    ":",
    "é",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(WORDS), 0..30).prop_map(|words| words.join(" "))
}

/// Formulas that are right, to be broken.
const FORMULAS: &[&str] = &[
    "sum(orders.amount where status = 'paid' and customer.country in ('DE', 'AT'))",
    "count(customers where count(orders where status = 'paid' over all time) >= 3 over all time)",
    "sum(sum(orders.amount) per orders.customer where value > 10 top 10) / sum(orders.amount)",
    "avg(a each day over trailing 3 months) / coalesce(prior(a, 1 year), 0)",
    "case when a > b then 1 else if(a = b, 0.5, -1) end * slice(a, status = 'paid')",
    "percentile(orders.amount over trailing 28 days, 90%) + growth(a) - total(a, country)",
];

/// A right formula with some of its characters cut out, doubled or replaced.
fn broken() -> impl Strategy<Value = String> {
    let cut = (prop::sample::select(FORMULAS), any::<prop::sample::Index>(), any::<prop::sample::Index>(), "\\PC{0,3}");
    cut.prop_map(|(formula, from, to, put)| {
        let chars: Vec<char> = formula.chars().collect();
        let (from, to) = (from.index(chars.len() + 1), to.index(chars.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        chars[..from].iter().chain(&put.chars().collect::<Vec<_>>()).chain(&chars[to..]).collect()
    })
}

fn with_formula(formula: &str) -> String {
    format!(
        "kpis:\n  a: {{ formula: count(orders) }}\n  b: {{ formula: sum(orders.amount), unit: EUR }}\n  \
         c: {{ formula: {}, grains: [day, week, year], by: [status] }}\n",
        quoted(formula)
    )
}

/// The example projects' spec files, to be broken.
fn spec_files() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let mut found = Vec::new();
    for project in ["cdnow", "flights"] {
        for entry in fs::read_dir(root.join(project).join("specs")).unwrap().flatten() {
            found.push(fs::read_to_string(entry.path()).unwrap());
        }
        found.push(fs::read_to_string(root.join(project).join("kpic.yml")).unwrap());
    }
    found.sort();
    found
}

/// A spec file in which lines or characters were cut, doubled, moved or replaced.
fn broken_file() -> impl Strategy<Value = (String, bool)> {
    let edit = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..6u8, "[ -~\t\r\n\u{e9}\u{feff}]{0,4}");
    let edits = prop::collection::vec(edit, 1..4);
    (prop::sample::select(spec_files()), edits, any::<bool>()).prop_map(|(text, edits, as_project)| {
        let mut text = text;
        for (one, other, kind, put) in edits {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            if lines.is_empty() {
                break;
            }
            let (at, to) = (one.index(lines.len()), other.index(lines.len()));
            match kind {
                0 => drop(lines.remove(at)),
                1 => lines.insert(to, lines[at].clone()),
                2 => lines.swap(at, to),
                3 => lines[at].insert_str(0, &put),
                4 => {
                    let chars: Vec<char> = lines[at].chars().collect();
                    let cut = other.index(chars.len() + 1);
                    lines[at] = chars[..cut].iter().collect::<String>() + &put + &chars[cut..].iter().collect::<String>();
                }
                _ => lines[at] = lines[at].chars().take(3).collect(),
            }
            text = lines.join("\n");
        }
        (text, as_project)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_formula_panics(formula in prop_oneof![soup(), broken(), "\\PC{0,60}", "[-(a+'. ]{0,60}"]) {
        let checked = checked(&with_formula(&formula));
        targets::show(&checked.findings, &checked.files);
        // What is valid can be planned, and nothing in it is wrong without a word.
        if let Ok(valid) = checked.valid() {
            assert!(valid.model().kpis.rows().iter().all(|kpi| !kpi.facts.is_broken()), "{formula}");
            kpic::build::outputs(&valid, kpic::build::Documents::Pages(kpic::docs::Beside::default())).unwrap();
        }
    }

    #[test]
    fn no_spec_file_panics((text, as_project) in broken_file()) {
        let project = if as_project { text.clone() } else { PROJECT.to_owned() };
        let spec = if as_project { SOURCES.to_owned() } else { text };
        let checked = check_texts(vec![("kpic.yml".into(), project), ("specs/a.yml".into(), spec)], &Options::default());
        targets::show(&checked.findings, &checked.files);
        targets::mend(&checked);
        if let Ok(valid) = checked.valid() {
            kpic::build::outputs(&valid, kpic::build::Documents::Pages(kpic::docs::Beside::default())).unwrap();
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}|[a-z:\\-\\[\\]{}&*!|>'\"%@`# \n]{0,120}") {
        let checked = check_texts(vec![("kpic.yml".into(), text.clone()), ("specs/a.yml".into(), text)], &Options::default());
        targets::show(&checked.findings, &checked.files);
    }
}

#[test]
fn long_chains_and_wide_sums_are_answered_or_refused() {
    let mut chain = String::from("kpis:\n  k0: { formula: count(orders) }\n");
    for at in 1..3_000 {
        chain.push_str(&format!("  k{at}: {{ formula: k{} + 1 }}\n", at - 1));
    }
    let found = checked(&chain);
    assert_eq!(names(&found.findings), ["formula-too-large"]);
    // Each doubles the one before: 2^40 parts if it were written out.
    let mut doubling = String::from("kpis:\n  k0: { formula: count(orders) }\n");
    for at in 1..40 {
        doubling.push_str(&format!("  k{at}: {{ formula: k{0} + k{0} }}\n", at - 1));
    }
    assert_eq!(names(&checked(&doubling).findings), ["formula-too-large"]);
    // A root has its operand twice in SQL: 2^30 of them.
    let roots = format!("kpis:\n  k: {{ formula: \"{}count(orders){}\" }}\n", "sqrt(".repeat(30), ")".repeat(30));
    assert_eq!(names(&checked(&roots).findings), ["formula-too-large"]);
    // Columns are written out too, where rows are aggregated.
    let mut columns =
        String::from("sources:\n  rows:\n    { table: rows, kind: events, time: day, columns: { day: date, c0: number");
    for at in 1..40 {
        columns.push_str(&format!(", c{at}: {{ type: number, expr: c{0} + c{0} }}", at - 1));
    }
    columns.push_str(" } }\nkpis:\n  k: { formula: sum(rows.c39) }\n");
    assert_eq!(names(&checked(&columns).findings), ["formula-too-large"]);
    // As deep as can be: every stage has to walk it on an ordinary stack.
    let mut deep = String::from("kpis:\n  k0: { formula: count(orders) }\n");
    for at in 1..245 {
        deep.push_str(&format!("  k{at}: {{ formula: k{} * 2 }}\n", at - 1));
    }
    let found = checked(&deep);
    assert!(!found.findings.has_errors());
    kpic::build::outputs(&found.valid().unwrap(), kpic::build::Documents::Pages(kpic::docs::Beside::default())).unwrap();
    // Within one formula too: whatever is written twice at one level is written 2^40 times at the fortieth.
    let (open, close) = ("(".repeat(55), " = true)".repeat(55));
    let nested = format!(
        "kpis:\n  signs: {{ formula: \"{}count(orders)\" }}\n  compared: {{ formula: \"count(orders where {open}(status is null){close})\" }}\n",
        "-".repeat(55)
    );
    let found = checked(&nested);
    assert!(!found.findings.has_errors(), "{:?}", names(&found.findings));
    kpic::build::outputs(&found.valid().unwrap(), kpic::build::Documents::Pages(kpic::docs::Beside::default())).unwrap();
    let mut wide = String::from("kpis:\n");
    for at in 0..190 {
        wide.push_str(&format!("  k{at}: {{ formula: \"count(orders where status = 's{at}')\" }}\n"));
    }
    let sum: Vec<String> = (0..190).map(|at| format!("k{at}")).collect();
    wide.push_str(&format!("  all: {{ formula: \"{}\" }}\n", sum.join(" + ")));
    let found = checked(&wide);
    let errors: Vec<_> = found.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    kpic::build::outputs(&found.valid().unwrap(), kpic::build::Documents::Pages(kpic::docs::Beside::default())).unwrap();
}

// --- An interrupted build leaves the old tree or the new one ---

#[test]
fn a_build_that_is_killed_leaves_a_whole_tree() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path();
    fs::write(project.join("kpic.yml"), PROJECT).unwrap();
    fs::create_dir(project.join("specs")).unwrap();
    fs::write(project.join("specs/sources.yml"), SOURCES).unwrap();
    let write = |round: usize| {
        let mut spec = String::from("kpis:\n");
        for at in 0..300 {
            spec.push_str(&format!("  k{at}: {{ formula: \"count(orders where status = 'round {round}')\" }}\n"));
        }
        fs::write(project.join("specs/a.yml"), spec).unwrap();
    };
    let build = || Command::new(env!("CARGO_BIN_EXE_kpic")).arg("-C").arg(project).arg("build").spawn().unwrap();
    write(0);
    assert!(build().wait().unwrap().success());
    let target = project.join("build/sql/duckdb");
    for round in 1..16 {
        write(round);
        let mut child = build();
        std::thread::sleep(std::time::Duration::from_millis(20 * u64::try_from(round).unwrap()));
        let _ = child.kill();
        let _ = child.wait();
        let rounds = rounds_in(&target);
        assert_eq!(rounds.len(), 1, "a mixture of rounds {rounds:?} after round {round}");
    }
    write(99);
    assert!(build().wait().unwrap().success());
    assert_eq!(rounds_in(&target), ["99"]);
    let beside: Vec<_> = fs::read_dir(project).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(beside.len(), 3, "{beside:?}");
}

/// The rounds that the files of a tree are of; every file is there.
fn rounds_in(target: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let files: Vec<PathBuf> = fs::read_dir(target).unwrap().flatten().map(|entry| entry.path()).collect();
    assert_eq!(files.len(), 302, "files are missing");
    // What is checked of the data is the same in every round.
    for file in files.iter().filter(|file| !file.ends_with("source_checks.sql")) {
        let text = fs::read_to_string(file).unwrap();
        let round = text.split("round ").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        if !found.contains(&round) {
            found.push(round);
        }
    }
    found
}

// --- Files stay inside of the project ---

/// A project with a source of its own, in a folder beside one with secrets.
#[cfg(unix)]
fn beside_secrets(kpic_yml: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop");
    fs::create_dir_all(root.join("specs")).unwrap();
    fs::create_dir_all(folder.path().join("secret/templates")).unwrap();
    fs::write(folder.path().join("secret/key.yml"), "kpis:\n  canary: { formula: sum(canary.canary) }\n").unwrap();
    fs::write(folder.path().join("secret/templates/kpi.md.j2"), "canary").unwrap();
    fs::write(root.join("kpic.yml"), format!("{PROJECT}{kpic_yml}")).unwrap();
    fs::write(root.join("specs/a.yml"), SOURCES).unwrap();
    (folder, root)
}

/// That a check of a project refuses what leads out, names both ends, and has read nothing there; and that `--allow-path` opens it, or not.
#[cfg(unix)]
fn refuses(root: &Path, named: &str, leads_to: &str, opens: bool) {
    let checked = check(root, &Options::default());
    assert!(names(&checked.findings).contains(&"outside-project"), "{:?}", names(&checked.findings));
    assert!(checked.files.iter().all(|(_, file)| !file.text.contains("canary")), "{named}");
    let said: String = checked.findings.iter().map(|finding| format!("{}\n", finding.message)).collect();
    assert!(said.contains(named) && said.contains(leads_to), "{said}");
    let opened = Options { opened: vec![root.parent().unwrap().to_path_buf()], ..Options::default() };
    let is_open = !names(&check(root, &opened).findings).contains(&"outside-project");
    assert_eq!(is_open, opens, "{named}");
}

#[cfg(unix)]
#[test]
fn specs_and_templates_that_lead_out_are_not_read() {
    use std::os::unix::fs::symlink;
    let (_folder, root) = beside_secrets("specs: ../secret\n");
    refuses(&root, "../secret", "/secret", true);
    let (folder, root) = beside_secrets("");
    symlink(folder.path().join("secret/key.yml"), root.join("specs/b.yml")).unwrap();
    refuses(&root, "specs/b.yml", "/secret/key.yml", true);
    let (_folder, root) = beside_secrets("");
    symlink("/proc/self/environ", root.join("specs/environ.yml")).unwrap();
    assert_eq!(names(&check(&root, &Options::default()).findings), ["outside-project"]);
    let (folder, root) = beside_secrets("specs: linked\n");
    symlink(folder.path().join("secret"), root.join("linked")).unwrap();
    refuses(&root, "linked", "/secret", true);
    let (folder, root) = beside_secrets("");
    symlink(folder.path().join("secret/templates"), root.join("templates")).unwrap();
    refuses(&root, "templates", "/secret/templates", true);
    let (folder, root) = beside_secrets("");
    fs::create_dir(root.join("templates")).unwrap();
    symlink(folder.path().join("secret/templates/kpi.md.j2"), root.join("templates/kpi.md.j2")).unwrap();
    refuses(&root, "templates/kpi.md.j2", "/secret/templates/kpi.md.j2", true);
    // A link that stays inside is as good as a file.
    let (_folder, root) = beside_secrets("");
    fs::create_dir(root.join("more")).unwrap();
    fs::write(root.join("more/b.yml"), "kpis:\n  all: { formula: count(orders), unit: orders, better: up, owner: x }\n")
        .unwrap();
    symlink(root.join("more/b.yml"), root.join("specs/b.yml")).unwrap();
    let checked = check(&root, &Options::default());
    assert!(checked.model.kpi_names.contains_key("all"));
    assert!(!names(&checked.findings).contains(&"outside-project"));
}

#[cfg(unix)]
#[test]
fn data_and_output_that_lead_out_are_refused() {
    use std::os::unix::fs::symlink;
    let of_files = |files: &str| format!("sources:\n  t: {{ files: '{files}', kind: events, columns: {{ a: text }} }}\n");
    for (files, leads_to) in [
        ("../secret/a.csv", "secret/a.csv"),
        ("/etc/passwd", "/etc/passwd"),
        ("data/*/a.csv", "/secret"),
        ("~/a.csv", "~/a.csv"),
    ] {
        let (folder, root) = beside_secrets("");
        fs::create_dir(root.join("data")).unwrap();
        symlink(folder.path().join("secret"), root.join("data/link")).unwrap();
        fs::write(root.join("specs/b.yml"), of_files(files)).unwrap();
        refuses(&root, "", leads_to, files.contains("a.csv") && !files.starts_with('~'));
    }
    // What the command line opens is for reading.
    let (folder, root) = beside_secrets("");
    symlink(folder.path().join("secret"), root.join("build")).unwrap();
    refuses(&root, "build", "/secret", false);
}

#[cfg(unix)]
#[test]
fn output_goes_nowhere_where_something_else_stands() {
    use std::os::unix::fs::symlink;
    let target = |kpic_yml: &str, prepare: fn(&Path)| {
        let (_folder, root) = beside_secrets(kpic_yml);
        fs::write(root.join("specs/b.yml"), "sources:\n  t: { files: 'data/in/*.csv', kind: events, columns: { a: text } }\n")
            .unwrap();
        prepare(&root);
        names(&check(&root, &Options::default()).findings).into_iter().filter(|name| *name == "target-in-use").count()
    };
    let nothing = |_: &Path| {};
    for taken in [
        ".git",
        ".git/hooks",
        "a/.GIT",
        "./specs",
        "specs/",
        "specs/out",
        "templates",
        "templates/out",
        "data/in",
        "data/in/out",
        "data",
    ] {
        assert_eq!(target(&format!("target_dir: {taken}\n"), nothing), 1, "{taken}");
    }
    for free in ["build", "data/out", "specs-of-build", "a/b"] {
        assert_eq!(target(&format!("target_dir: {free}\n"), nothing), 0, "{free}");
    }
    assert_eq!(target("", |root| symlink(root.join("specs"), root.join("build")).unwrap()), 1);
    assert_eq!(target("", |root| symlink(root, root.join("build")).unwrap()), 1);
}

// --- Limits ---

/// Findings as people see them, without colours.
fn shown(checked: &Checked) -> String {
    let look = kpic::diagnostic::render::Look { color: false, width: 100 };
    kpic::diagnostic::render::human(&checked.findings, &checked.files, look)
}

/// Does something with the stack that the program has.
fn deep<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(2).stack_size(64 << 20).build().unwrap().install(work)
}

#[test]
fn a_fault_in_a_long_line_is_shown_with_what_is_around_it() {
    let before = "x ".repeat(47_000);
    let spec = format!("kpis: {{ a: {{ description: '{before}', onwer: x, formula: count(orders) }} }} # {before}\n");
    let text = shown(&checked(&spec));
    assert!(text.contains("onwer: x, formula: count(orders)"), "{text}");
    assert!(text.contains("[specs/a.yml:1:94031]"), "{text}");
    assert!(text.len() < 3_000, "{}", text.len());
    let spec = format!("kpis:\n  a: {{ description: {}, formula: count(orderz) }}\n", "Größe".repeat(20_000));
    let text = shown(&checked(&spec));
    assert!(text.contains("count(orderz) }") && text.contains("[specs/a.yml:2:100038]"), "{text}");
    assert!(text.len() < 3_000, "{}", text.len());
}

#[test]
fn a_finding_over_many_lines_is_shown_at_its_first() {
    let rows = "    - x\n".repeat(5_000);
    let spec = format!("kpis:\n  a:\n    formula:\n{rows}");
    let text = shown(&checked(&spec));
    assert!(text.contains("wrong-shape") && text.lines().count() < 40, "{text}");
}

#[test]
fn long_chains_of_names_are_refused_at_once() {
    let chain = |formula: &(dyn Fn(usize) -> String + Sync)| {
        let kpis =
            |count: usize| (1..count).map(|at| format!("  k{at}: {{ formula: {} }}\n", formula(at - 1))).collect::<String>();
        let begun = std::time::Instant::now();
        let checked = deep(|| checked(&format!("kpis:\n  k0: {{ formula: count(orders) }}\n{}", kpis(50_000))));
        let errors: Vec<_> = checked.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
        assert_eq!(errors.len(), 1, "{}", errors.len());
        assert_eq!(errors[0].code.name, "formula-too-large");
        assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    };
    chain(&|at| format!("k{at}"));
    chain(&|at| format!("k{at} + 1"));
    // The longest that is allowed.
    let kpis: String = (1..=250).map(|at| format!("  k{at}: {{ formula: k{} }}\n", at - 1)).collect();
    let spec = format!("kpis:\n  k0: {{ formula: count(orders) }}\n{kpis}");
    assert!(deep(|| checked(&spec)).findings.iter().all(|finding| finding.severity != Severity::Error));
}

#[test]
fn large_cycles_are_told_once_and_in_short() {
    let begun = std::time::Instant::now();
    let ring: String = (0..50_000).map(|at| format!("  k{at}: {{ formula: k{} }}\n", (at + 1) % 50_000)).collect();
    let found = deep(|| checked(&format!("kpis:\n{ring}")));
    assert_eq!(names(&found.findings), ["dependency-cycle"]);
    let text = shown(&found);
    assert!(text.contains("… 49984 more …") && text.len() < 20_000, "{text}");
    // Each of many needs the same one, which needs each of them.
    let all: Vec<String> = (0..3_000).map(|at| format!("k{at}")).collect();
    let star: String = all.iter().map(|name| format!("  {name}: {{ formula: hub }}\n")).collect();
    let hub: String =
        all.chunks(100).enumerate().map(|(at, names)| format!("  h{at}: {{ formula: {} }}\n", names.join(" + "))).collect();
    let hubs: Vec<String> = (0..30).map(|at| format!("h{at}")).collect();
    let found = deep(|| checked(&format!("kpis:\n  hub: {{ formula: {} }}\n{hub}{star}", hubs.join(" + "))));
    assert!(names(&found.findings).iter().all(|name| *name == "dependency-cycle"));
    assert!(found.findings.iter().count() <= 20);
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

#[test]
fn a_template_cannot_loop_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("kpic.yml"), PROJECT).unwrap();
    fs::create_dir(root.join("specs")).unwrap();
    fs::create_dir(root.join("templates")).unwrap();
    let kpis: String = (0..20).map(|at| format!("  k{at}: {{ formula: count(orders) }}\n")).collect();
    fs::write(root.join("specs/a.yml"), format!("{SOURCES}kpis:\n{kpis}")).unwrap();
    let nested =
        "{% for a in range(90000) %}{% for b in range(90000) %}{% for c in range(90000) %}{% endfor %}{% endfor %}{% endfor %}";
    fs::write(root.join("templates/kpi.md.j2"), nested).unwrap();
    let checked = kpic::build::with_templates(check(root, &Options::default()));
    let found = checked.findings.iter().find(|finding| finding.severity == Severity::Error).unwrap();
    assert_eq!(found.code.name, "bad-template");
    assert!(found.message.contains("steps"), "{}", found.message);
}

#[test]
fn a_template_at_which_its_library_panics_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("kpic.yml"), PROJECT).unwrap();
    fs::create_dir(root.join("specs")).unwrap();
    fs::create_dir(root.join("templates")).unwrap();
    fs::write(root.join("specs/a.yml"), format!("{SOURCES}kpis:\n  n: {{ formula: count(orders) }}\n")).unwrap();
    fs::write(root.join("templates/kpi.md.j2"), "{% import \"x\" as a/b %}").unwrap();
    let checked = kpic::build::with_templates(check(root, &Options::default()));
    let found = checked.findings.iter().find(|finding| finding.severity == Severity::Error).unwrap();
    assert_eq!((found.code.name, &*found.message), ("bad-template", "the template cannot be read"));
}
