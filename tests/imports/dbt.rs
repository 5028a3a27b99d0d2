//! Small dbt projects in `tests/dbt/projects`, each with the artifacts that dbt wrote and the answers that MetricFlow gave. They are imported,
//! and every answer is compared with kpic's, cell by cell. A metric that is called exact has to be among the questions.
//!
//! `make test-dbt` asks dbt and MetricFlow anew; `KPIC_DBT` then names the folder with what they say. `KPIC_UPDATE_IMPORT=1` writes the
//! expected specs and reports anew: read the change.

use crate::support::{kpic, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder with the projects.
fn projects() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dbt/projects")
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The database that dbt would have built: seeds as tables, models as selects from them.
fn database(project: &Path, path: &Path) {
    let mut sql = String::new();
    let files = |folder: &str, ending: &str| -> Vec<PathBuf> {
        let all = fs::read_dir(project.join(folder)).unwrap().flatten().map(|entry| entry.path());
        let mut all: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|own| own == ending)).collect();
        all.sort();
        all
    };
    let stem = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    for seed in files("seeds", "csv") {
        sql.push_str(&format!("create table {} as from read_csv('{}');\n", stem(&seed), seed.display()));
    }
    for model in files("models", "sql") {
        let select = fs::read_to_string(&model).unwrap().replace("{{ ref('", "").replace("') }}", "");
        sql.push_str(&format!("create table {} as {select};\n", stem(&model)));
    }
    let program = std::env::var_os("KPIC_DUCKDB").unwrap_or_else(|| "duckdb".into());
    let made = Command::new(program).args(["-bail", "-c", &sql]).arg(path).output().unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
}

/// A project that was imported into a folder of its own.
struct Imported {
    folder: tempfile::TempDir,
    name: String,
    asked: Value,
    answers: Vec<Value>,
    report: Value,
}

fn imported(project: &Path) -> Imported {
    let name = project.file_name().unwrap().to_string_lossy().into_owned();
    let anew = std::env::var_os("KPIC_DBT").map(|folder| PathBuf::from(folder).join(&name).join("fixture"));
    let fixture = anew.filter(|folder| folder.is_dir()).unwrap_or_else(|| project.join("fixture"));
    let folder = tempfile::tempdir().unwrap();
    database(project, &folder.path().join("shop.duckdb"));
    let asked = json(&project.join("queries.json"));
    let start = asked["start"].as_str().unwrap();
    let arguments = ["import", "dbt", fixture.to_str().unwrap(), "--start", start, "--format", "json"];
    let done = kpic(folder.path(), &arguments);
    assert!(done.status.success(), "{name}: {}", text(&done.stderr));
    let report = serde_json::from_slice(&done.stdout).unwrap();
    let answers = json(&fixture.join("answers.json")).as_array().unwrap().clone();
    Imported { folder, name, asked, answers, report }
}

fn all() -> Vec<Imported> {
    let mut all: Vec<PathBuf> = fs::read_dir(projects()).unwrap().flatten().map(|entry| entry.path()).collect();
    all.sort();
    all.iter().map(|project| imported(project)).collect()
}

type Cells = BTreeMap<Vec<String>, f64>;

/// What is not null, by period and slice.
fn cells(rows: impl Iterator<Item = (Vec<Value>, Value)>) -> Cells {
    let word = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let filled = rows.filter_map(|(key, value)| {
        // Rows without a time are in no period.
        (!key[0].is_null()).then_some(())?;
        Some((key.into_iter().map(word).collect(), value.as_f64()?))
    });
    filled.collect()
}

impl Imported {
    /// What MetricFlow answers.
    fn theirs(&self, metric: &str, grain: &str, by: &[&str]) -> Cells {
        let is_it = |answer: &&Value| {
            let own: Vec<&str> = answer["by"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            answer["metric"] == metric && answer["grain"] == grain && own == by
        };
        let answer =
            self.answers.iter().find(is_it).unwrap_or_else(|| panic!("{}: no answer to {metric} by {grain}", self.name));
        assert!(answer.get("refused").is_none(), "{}: MetricFlow refuses {metric}: {}", self.name, answer["refused"]);
        let columns = answer["columns"].as_array().unwrap();
        let place = |name: &str| columns.iter().position(|column| column == name).unwrap();
        let keys: Vec<usize> =
            std::iter::once(place(&format!("metric_time__{grain}"))).chain(by.iter().map(|name| place(name))).collect();
        let rows = answer["rows"].as_array().unwrap().iter();
        cells(rows.map(|row| (keys.iter().map(|at| row[*at].clone()).collect(), row[place(metric)].clone())))
    }

    /// What kpic shows of several KPIs.
    fn ours(&self, kpis: &[&str], grain: &str, by: &[&str]) -> Vec<Cells> {
        let mut arguments = vec!["--as-of", self.asked["as_of"].as_str().unwrap(), "query"];
        arguments.extend(kpis);
        arguments.extend([
            "--grain",
            grain,
            "--format",
            "json",
            "--database",
            "shop.duckdb",
            "--from",
            self.asked["start"].as_str().unwrap(),
        ]);
        let dimensions = by.join(",");
        if !by.is_empty() {
            arguments.extend(["--by", &dimensions]);
        }
        let done = Command::new(env!("CARGO_BIN_EXE_kpic")).current_dir(self.folder.path()).args(&arguments).output().unwrap();
        assert!(done.status.success(), "{}: {arguments:?}: {}", self.name, text(&done.stderr));
        let rows: Vec<Value> = serde_json::from_slice(&done.stdout).unwrap();
        let key = |row: &Value| std::iter::once("period").chain(by.iter().copied()).map(|name| row[name].clone()).collect();
        kpis.iter().map(|kpi| cells(rows.iter().map(|row| (key(row), row[*kpi].clone())))).collect()
    }

    /// The cells that differ, in words.
    fn differences(&self) -> (usize, Vec<String>) {
        let (mut count, mut wrong) = (0, Vec::new());
        for query in self.asked["queries"].as_array().unwrap() {
            let metrics: Vec<&str> = query["metrics"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let dimensions = query["by"].as_object();
            let theirs: Vec<&str> = dimensions.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            let ours: Vec<&str> = dimensions.into_iter().flatten().filter_map(|(_, name)| name.as_str()).collect();
            for grain in query["grains"].as_array().unwrap().iter().filter_map(Value::as_str) {
                let found = self.ours(&metrics, grain, &ours);
                for (metric, mut own) in metrics.iter().zip(found) {
                    let other = self.theirs(metric, grain, &theirs);
                    // The time spine of the dbt project starts after the calendar of kpic's.
                    if query["dense"] == true {
                        let first = other.keys().next().cloned();
                        own.retain(|key, _| Some(key) >= first.as_ref());
                    }
                    count += other.len();
                    let keys: BTreeSet<&Vec<String>> = own.keys().chain(other.keys()).collect();
                    for key in keys {
                        let (own, other) = (own.get(key), other.get(key));
                        let same =
                            own.zip(other).is_some_and(|(own, other)| (own - other).abs() <= 1e-9 * other.abs().max(1.0));
                        if !same {
                            let key = key.join(", ");
                            wrong.push(format!("{} {metric} by {grain}, {key}: kpic {own:?}, MetricFlow {other:?}", self.name));
                        }
                    }
                }
            }
        }
        (count, wrong)
    }

    fn fidelities(&self, of: &str) -> BTreeSet<&str> {
        let metrics = self.report["metrics"].as_array().unwrap().iter();
        metrics.filter(|metric| metric["fidelity"] == of).filter_map(|metric| metric["metric"].as_str()).collect()
    }
}

#[test]
fn figures_are_those_of_metricflow() {
    let mut wrong = Vec::new();
    for project in all() {
        let (count, differences) = project.differences();
        assert!(count > 20, "{} has only {count} cells", project.name);
        wrong.extend(differences);
        let asked = project.asked["queries"].as_array().unwrap().iter().flat_map(|query| query["metrics"].as_array().unwrap());
        let asked: BTreeSet<&str> = asked.filter_map(Value::as_str).collect();
        let unproven: Vec<&str> = project.fidelities("exact").into_iter().filter(|name| !asked.contains(name)).collect();
        assert!(unproven.is_empty(), "{} calls these exact, and nothing is asked of them: {unproven:?}", project.name);
    }
    assert!(
        wrong.is_empty(),
        "{} cells differ\n{}",
        wrong.len(),
        wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn specs_and_reports_are_as_expected() {
    let update = std::env::var_os("KPIC_UPDATE_IMPORT").is_some();
    for project in all() {
        let home = projects().join(&project.name);
        let fixture = home.join("fixture");
        let folder = project.folder.path();
        let shown = kpic(
            folder,
            &["import", "dbt", fixture.to_str().unwrap(), "--output", "elsewhere", "--dry-run", "--format", "markdown"],
        );
        let mut expected = vec![(home.join("report.md"), text(&shown.stdout))];
        let specs = fs::read_dir(folder.join("specs")).unwrap().flatten().map(|entry| entry.path());
        expected
            .extend(specs.map(|path| (home.join("specs").join(path.file_name().unwrap()), fs::read_to_string(&path).unwrap())));
        for (path, text) in expected {
            if update {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &text).unwrap();
            }
            assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{}", path.display());
        }
    }
}

#[test]
fn what_is_imported_passes_the_check_and_holds_in_the_data() {
    for project in all() {
        let checked = kpic(project.folder.path(), &["check", "--format", "json"]);
        assert!(checked.status.success(), "{}: {}", project.name, text(&checked.stdout));
        let verified = kpic(project.folder.path(), &["verify", "--database", "shop.duckdb"]);
        let said = text(&verified.stdout) + &text(&verified.stderr);
        assert!(!said.contains("column-type-differs"), "{}: {said}", project.name);
    }
}
