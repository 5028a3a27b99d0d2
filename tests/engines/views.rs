//! Every view of every project, on every engine that kpic has a dialect for, against DuckDB; and on DuckDB over the tables of these
//! tests against the views as they are deployed.

use super::compare::{Report, compare};
use super::driver::{Driver, driver, engine_of, left_behind, listed, tell};
use super::projects::{Answers, Project, at_random, example, of_cases};
use kpic::dialect::{self, Dialect};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

/// How many differences of an engine are told; all of them land in a file.
const TOLD: usize = 20;

#[test]
fn every_view_of_the_examples_shows_the_same_on_every_engine() {
    for name in ["cdnow", "flights", "saas"] {
        if is_wanted(name) {
            on_every_engine(name, &[example(name)]);
        }
    }
}

#[test]
fn every_case_shows_the_same_on_every_engine() {
    let projects = of_cases(&mut driver("duckdb").unwrap());
    assert!(projects.len() > 300, "{} tests of cases", projects.len());
    on_every_engine("cases", &projects.into_iter().filter(|project| is_wanted(&project.name)).collect::<Vec<_>>());
}

#[test]
fn random_projects_show_the_same_on_every_engine() {
    let setting = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let count = usize::try_from(setting("KPIC_ENGINE_RANDOM").unwrap_or(50)).unwrap();
    let projects = at_random(count, setting("KPIC_RANDOM_SEED").unwrap_or(1), &mut driver("duckdb").unwrap());
    on_every_engine("random", &projects.into_iter().filter(|project| is_wanted(&project.name)).collect::<Vec<_>>());
}

fn is_wanted(project: &str) -> bool {
    let wanted = listed("KPIC_ENGINE_PROJECTS");
    wanted.is_empty() || wanted.iter().any(|part| project.contains(part.as_str()))
}

/// Compares all views of some projects on all engines.
fn on_every_engine(collection: &str, projects: &[Project]) {
    let mut failures = Vec::new();
    let expected = {
        let mut duckdb = driver("duckdb").unwrap();
        let mut run = Run::new(collection, dialect::dialect(None));
        let expected: Vec<Answers> = projects
            .iter()
            .map(|project| {
                let answers = run.answers(project, &mut duckdb);
                match &project.deployed {
                    Some(deployed) => run.compare(project, deployed, &answers),
                    // It is held against figures that were worked out by hand.
                    None => run.has_no_errors(project, &answers),
                }
                run.by_hand(project, &answers);
                answers
            })
            .collect();
        failures.extend(run.ends(&duckdb));
        expected
    };
    for name in dialect::names().filter(|name| *name != "duckdb") {
        let Some(engine) = engine_of(name) else {
            tell(&format!("DIALECT NOT PROVEN: nothing here runs {name}"));
            continue;
        };
        let Some(mut engine) = driver(engine) else { continue };
        let mut run = Run::new(collection, dialect::dialect(Some(name)));
        for (project, expected) in projects.iter().zip(&expected) {
            let answers = run.answers(project, &mut engine);
            if engine.tier == "parsed" {
                run.has_no_errors(project, &answers);
            } else {
                run.compare(project, expected, &answers);
                run.by_hand(project, &answers);
            }
        }
        failures.extend(run.ends(&engine));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// One dialect over some projects.
struct Run {
    collection: String,
    dialect: &'static dyn Dialect,
    begin: Instant,
    report: Report,
    /// How many figures agree that were worked out by hand.
    by_hand: usize,
    /// How many views the engines refuse, both of them.
    refused: usize,
    problems: Vec<String>,
}

impl Run {
    fn new(collection: &str, dialect: &'static dyn Dialect) -> Self {
        let (report, begin) = (Report::default(), Instant::now());
        Self { collection: collection.to_owned(), dialect, begin, report, by_hand: 0, refused: 0, problems: Vec::new() }
    }

    /// What an engine shows for all that a project asks.
    fn answers(&mut self, project: &Project, engine: &mut Driver) -> Answers {
        let queries = match catch_unwind(AssertUnwindSafe(|| project.queries(self.dialect))) {
            Ok(Ok(queries)) => queries,
            Ok(Err(why)) => {
                self.problems.push(format!("{}: kpic refuses it: {why}", project.name));
                return Answers::new();
            }
            Err(_) => {
                self.problems.push(format!("{}: kpic panicked", project.name));
                return Answers::new();
            }
        };
        let tables: Vec<_> = project.tables.iter().map(|table| table.within(self.dialect.source_schema())).collect();
        if let Err(why) = engine.reset().and_then(|()| engine.tables(&tables)) {
            self.problems.push(format!("{}: its tables cannot be made: {why}", project.name));
            return Answers::new();
        }
        let folder = left_behind().join(self.dialect.name()).join(file_name(&project.name));
        _ = std::fs::remove_dir_all(&folder);
        let mut answers = Answers::new();
        for (view, sql) in queries {
            let answer = engine.query(&sql);
            if let Err(why) = &answer {
                leave(&folder, &view, &sql, why);
            }
            answers.insert(view, answer);
        }
        answers
    }

    fn compare(&mut self, project: &Project, expected: &Answers, found: &Answers) {
        for (view, expected) in expected {
            let place = format!("{}: {view}", project.name);
            match (expected, found.get(view)) {
                (_, None) if found.is_empty() => {}
                (_, None) => self.problems.push(format!("{place}: there is no such view")),
                (Ok(expected), Some(Ok(found))) => {
                    let mut report = compare(expected, found);
                    if report.differing > 0 {
                        let folder = left_behind().join(self.dialect.name()).join(file_name(&project.name));
                        let sql = project.queries(self.dialect).unwrap_or_default().into_iter().find(|(name, _)| name == view);
                        leave(&folder, view, &sql.map(|(_, sql)| sql).unwrap_or_default(), &report.first.join("\n"));
                    }
                    self.problems.extend(report.first.drain(..).map(|what| format!("{place}: {what}")));
                    self.report.add(report);
                }
                (Err(_), Some(Err(_))) => self.refused += 1,
                (Ok(_), Some(Err(why))) => self.problems.push(format!("{place}: refused: {}", first_lines(why))),
                (Err(why), Some(Ok(_))) => {
                    self.problems.push(format!("{place}: shows something, where the other is refused: {}", first_lines(why)));
                }
            }
        }
    }

    fn has_no_errors(&mut self, project: &Project, answers: &Answers) {
        for (view, answer) in answers {
            match answer {
                Ok(answer) => {
                    let (rows, cells) = (answer.rows.len(), answer.rows.len() * answer.columns.len());
                    self.report.add(Report { views: 1, rows, cells, ..Report::default() });
                }
                Err(why) => self.problems.push(format!("{}: {view}: refused: {}", project.name, first_lines(why))),
            }
        }
    }

    fn by_hand(&mut self, project: &Project, answers: &Answers) {
        let (agree, wrong) = project.by_hand(answers, self.dialect);
        self.by_hand += agree;
        self.problems.extend(wrong.into_iter().map(|what| format!("{}: {what}", project.name)));
    }

    /// Tells what was compared; gives what is wrong.
    fn ends(self, engine: &Driver) -> Option<String> {
        let Self { collection, report: Report { views, rows, cells, differing, .. }, by_hand, refused, problems, .. } = &self;
        let (name, seconds) = (self.dialect.name(), self.begin.elapsed().as_secs_f64());
        let hand = if *by_hand > 0 { format!(", {by_hand} figures as worked out by hand") } else { String::new() };
        let refused = if *refused > 0 { format!(", {refused} refused there and here") } else { String::new() };
        let title = format!("{collection} in {name} on {} {} ({})", engine.name, engine.version, engine.tier);
        tell(&format!(
            "{title}: {views} views, {rows} rows, {cells} cells: {differing} differ, {} problems{hand}{refused}; {seconds:.1} s",
            problems.len()
        ));
        if problems.is_empty() {
            return None;
        }
        let path = left_behind().join(format!("{name}-{collection}.txt"));
        std::fs::write(&path, problems.join("\n")).unwrap();
        let first = problems[..problems.len().min(TOLD)].join("\n  ");
        Some(format!("{title}: {} problems, all of them in {}:\n  {first}", problems.len(), path.display()))
    }
}

/// Keeps what went wrong with a view, and its SQL.
fn leave(folder: &Path, view: &str, sql: &str, why: &str) {
    std::fs::create_dir_all(folder).unwrap();
    let why: String = why.lines().map(|line| format!("-- {line}\n")).collect();
    std::fs::write(folder.join(format!("{}.sql", file_name(view))), format!("{why}{sql};\n")).unwrap();
}

fn file_name(name: &str) -> String {
    let plain = |char: char| if char.is_alphanumeric() || "._-".contains(char) { char } else { '_' };
    name.chars().map(plain).take(120).collect()
}

fn first_lines(text: &str) -> String {
    text.lines().take(3).collect::<Vec<_>>().join(" / ")
}
