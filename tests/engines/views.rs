//! Every view of every project, on every engine that kpic has a dialect for, against DuckDB; and on DuckDB over the tables of these
//! tests against the views as they are deployed.

use super::compare::{Report, compare};
use super::driver::{Driver, driver, engines_of, gives_up, is_there, left_behind, listed, most_rows, stored_as_null, tell};
use super::projects::{Answers, Asked, Project, at_random, example, is_question, of_cases};
use kpic::dialect::{self, Dialect};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How many differences of an engine are told; all of them land in a file.
const TOLD: usize = 20;

#[test]
fn every_view_of_the_examples_shows_the_same_on_every_engine() {
    for name in ["cdnow", "flights", "saas"] {
        if is_wanted(name) && is_there("duckdb") {
            on_every_engine(name, &[example(name)]);
        }
    }
}

#[test]
fn every_case_shows_the_same_on_every_engine() {
    let Some(projects) = driver("duckdb").map(|mut duckdb| of_cases(&mut duckdb)) else { return };
    assert!(projects.len() > 300, "{} tests of cases", projects.len());
    on_every_engine("cases", &projects.into_iter().filter(|project| is_wanted(&project.name)).collect::<Vec<_>>());
}

#[test]
fn random_projects_show_the_same_on_every_engine() {
    let setting = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let count = usize::try_from(setting("KPIC_ENGINE_RANDOM").unwrap_or(50)).unwrap();
    let seed = setting("KPIC_RANDOM_SEED").unwrap_or(1);
    let Some(projects) = driver("duckdb").map(|mut duckdb| at_random(count, seed, &mut duckdb)) else { return };
    on_every_engine("random", &projects.into_iter().filter(|project| is_wanted(&project.name)).collect::<Vec<_>>());
}

/// Reads views as they are in a warehouse, and makes them, in a session that has everything else that it may have.
#[test]
fn what_a_session_may_set_changes_no_view() {
    let Some(mut projects) = driver("duckdb").map(|mut duckdb| at_random(8, 7, &mut duckdb)) else { return };
    projects.push(example("cdnow"));
    // Instants beside readings of clocks.
    let cases = driver("duckdb").map(|mut duckdb| of_cases(&mut duckdb)).unwrap_or_default();
    projects.extend(cases.into_iter().filter(|project| project.name.starts_with("language/instants.md")));
    projects.retain(|project| is_wanted(&project.name));
    let others = dialect::names().filter(|name| *name != "duckdb");
    for (name, engine) in others.flat_map(|name| engines_of(name).into_iter().map(move |engine| (name, engine))) {
        let dialect = dialect::dialect(Some(name));
        let Some(mut engine) = driver(engine) else { continue };
        let (mut cells, mut problems) = (0, Vec::new());
        for project in &projects {
            let fewer = most_rows(engine.name).and_then(|most| project.with_fewer_rows(most));
            let project = fewer.as_ref().unwrap_or(project);
            let tables: Vec<_> = project.tables.iter().map(|table| table.within(dialect.source_schema())).collect();
            let schema: Vec<String> = dialect.source_schema().iter().map(|schema| format!("{schema}.")).collect();
            let view = |at: usize, made: &str| format!("{}session_view_{made}{at}", schema.concat());
            let mut queries = project.asked(dialect).unwrap().queries;
            queries.retain(|(name, _)| !is_question(name));
            engine.reset().and_then(|()| engine.tables(&tables)).unwrap();
            // A view that the engine refuses as documented is not made.
            let mut tried = 0;
            queries.retain(|(_, sql)| {
                tried += 1;
                let why = engine.run(&[format!("create view {} as\n{sql}", view(tried, "tried_"))]).err();
                !why.is_some_and(|why| dialect.refuses().iter().any(|said| why.contains(said)))
            });
            let make = |made: &str| -> Vec<_> {
                let all = queries.iter().enumerate();
                all.map(|(at, (_, sql))| format!("create view {} as\n{sql}", view(at, made))).collect()
            };
            engine.run(&make("")).unwrap();
            // In words of its own each time, so that no statement is still known that was understood before. A session of SQLite may have the
            // name of a relation before those of columns.
            let read = |engine: &mut Driver, made: &str, after: &str| -> Vec<_> {
                let one = |at: usize| {
                    let mut answer = engine.query(&format!("select * from {}{after}", view(at, made)))?;
                    let before = format!("session_view_{made}{at}.");
                    let names = answer.columns.iter_mut();
                    names.for_each(|name| *name = name.strip_prefix(&before).unwrap_or(name).to_owned());
                    Ok::<_, String>(answer)
                };
                (0..queries.len()).map(one).collect()
            };
            let usual = read(&mut engine, "", "");
            for setting in dialect.withstands() {
                engine.set(setting.name, setting.values[0]).unwrap_or_else(|why| panic!("{name}: {}: {why}", setting.name));
            }
            engine.run(&make("there_")).unwrap_or_else(|why| panic!("{name}: {}: {why}", project.name));
            let others = read(&mut engine, "", " where 1 = 1").into_iter().chain(read(&mut engine, "there_", ""));
            for ((usual, other), (view, _)) in usual.iter().cycle().zip(others).zip(queries.iter().cycle()) {
                let place = format!("{name}: {}: {view}", project.name);
                match (usual, other) {
                    (Ok(usual), Ok(other)) => {
                        let report = compare(usual, &other);
                        cells += report.cells;
                        problems.extend(report.first.into_iter().map(|what| format!("{place}: {what}")));
                    }
                    (Ok(_), Err(why)) => problems.push(format!("{place}: {}", first_lines(&why))),
                    (Err(_), _) => {}
                }
            }
        }
        engine.reset().unwrap();
        tell(&format!("{name} on {}: {cells} cells in another session, {} problems", engine.name, problems.len()));
        assert!(cells > 1_000 && problems.is_empty(), "{}", problems.join("\n"));
    }
}

fn is_wanted(project: &str) -> bool {
    let wanted = listed("KPIC_ENGINE_PROJECTS");
    wanted.is_empty() || wanted.iter().any(|part| project.contains(part.as_str()))
}

/// Compares all views of some projects on all engines.
fn on_every_engine(collection: &str, projects: &[Project]) {
    let mut failures = Vec::new();
    let expected: Vec<Answers> = {
        let Some(mut duckdb) = driver("duckdb") else { return };
        let mut run = Run::new(collection, dialect::dialect(None), "duckdb");
        let expected = projects.iter().map(|project| run.reference(project, &mut duckdb)).collect();
        failures.extend(run.ends(&duckdb));
        expected
    };
    let others: Vec<_> = dialect::names().filter(|name| *name != "duckdb").map(|name| (name, engines_of(name))).collect();
    for (name, _) in others.iter().filter(|(_, engines)| engines.is_empty()) {
        tell(&format!("DIALECT NOT PROVEN: nothing here runs {name}"));
    }
    for (name, engine) in others.into_iter().flat_map(|(name, engines)| engines.into_iter().map(move |engine| (name, engine))) {
        if listed("KPIC_ENGINE_LATER").iter().any(|later| *later == format!("{name}/{collection}")) {
            tell(&format!("{name}: {collection} is left to `make test-engines`"));
            continue;
        }
        let Some(mut engine) = driver(engine) else { continue };
        let mut run = Run::new(collection, dialect::dialect(Some(name)), engine.name);
        for (project, expected) in projects.iter().zip(&expected) {
            // What DuckDB shows over the rows that the engine has.
            let fewer = most_rows(engine.name).and_then(|most| project.with_fewer_rows(most));
            let Some(other) = fewer.or_else(|| project.without(stored_as_null(engine.name))) else {
                run.others(project, expected, &mut engine);
                continue;
            };
            let mut reference = Run::new(collection, dialect::dialect(None), "duckdb");
            let (_, expected) = reference.answers(&other, &mut driver("duckdb").unwrap()).unwrap();
            run.others(&other, &expected, &mut engine);
        }
        failures.extend(run.ends(&engine));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// One dialect over some projects.
struct Run {
    collection: String,
    dialect: &'static dyn Dialect,
    engine: &'static str,
    begin: Instant,
    report: Report,
    /// How many figures agree that were worked out by hand.
    by_hand: usize,
    /// How many views an engine refuses as documented, for numbers that no type holds and the like.
    refused: usize,
    /// The views that an engine gave up where the warehouse would not.
    given_up: Vec<String>,
    problems: Vec<String>,
}

impl Run {
    fn new(collection: &str, dialect: &'static dyn Dialect, engine: &'static str) -> Self {
        let (report, begin) = (Report::default(), Instant::now());
        Self {
            collection: collection.to_owned(),
            dialect,
            engine,
            begin,
            report,
            by_hand: 0,
            refused: 0,
            given_up: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// What DuckDB shows over the tables, after it was held against what views show as they are deployed.
    fn reference(&mut self, project: &Project, duckdb: &mut Driver) -> Answers {
        let Some((asked, answers)) = self.answers(project, duckdb) else { return Answers::new() };
        if let Some(deployed) = &project.deployed {
            self.compare(project, &asked, deployed, &answers);
            let refused = |name: &String| deployed.get(name).is_some_and(Result::is_err);
            let other = answers.iter().find(|(name, answer)| answer.is_ok() && refused(name));
            self.problems.extend(other.map(|(view, _)| format!("{}: {view} is refused as it is deployed", project.name)));
        } else {
            // What its test asks is held against figures that were worked out by hand. Other views may be refused.
            let refused = |view: &&String| answers.get(*view).is_some_and(Result::is_err);
            let refused = asked.by_hand.iter().filter(refused);
            self.problems.extend(refused.map(|view| format!("{}: {view} is refused", project.name)));
            self.counts(&answers);
        }
        self.by_hand(project, &asked, &answers);
        answers
    }

    /// Compares another engine with DuckDB.
    fn others(&mut self, project: &Project, expected: &Answers, engine: &mut Driver) {
        let Some((asked, answers)) = self.answers(project, engine) else { return };
        if engine.tier == "parsed" {
            let refused = answers.iter().filter_map(|(view, answer)| Some((view, answer.as_ref().err()?)));
            let problem = |(view, why): (&String, &String)| format!("{}: {view}: refused: {}", project.name, first_lines(why));
            self.problems.extend(refused.map(problem));
            return self.counts(&answers);
        }
        self.compare(project, &asked, expected, &answers);
        self.by_hand(project, &asked, &answers);
    }

    /// What an engine shows for all that a project asks; nothing where it cannot be asked.
    fn answers(&mut self, project: &Project, engine: &mut Driver) -> Option<(Asked, Answers)> {
        let asked = match catch_unwind(AssertUnwindSafe(|| project.asked(self.dialect))) {
            Ok(Ok(asked)) => asked,
            Ok(Err(why)) => {
                self.problems.push(format!("{}: kpic refuses it: {why}", project.name));
                return None;
            }
            Err(_) => {
                self.problems.push(format!("{}: kpic panicked", project.name));
                return None;
            }
        };
        let tables: Vec<_> = project.tables.iter().map(|table| table.within(self.dialect.source_schema())).collect();
        let ready = engine.reset().or_else(|_| engine.restart()).and_then(|()| engine.tables(&tables));
        if let Err(why) = ready {
            self.problems.push(format!("{}: its tables cannot be made: {why}", project.name));
            return None;
        }
        _ = std::fs::remove_dir_all(self.folder(project));
        let slow = std::env::var("KPIC_ENGINE_SLOW").ok().map(|seconds| Duration::from_secs_f64(seconds.parse().unwrap()));
        let mut answers = Answers::new();
        for (view, sql) in &asked.queries {
            let begin = Instant::now();
            let answer = engine.query(sql);
            if slow.is_some_and(|slow| begin.elapsed() > slow) {
                let seconds = begin.elapsed().as_secs_f64();
                tell(&format!("{} took {seconds:.1} s for {}: {view}", engine.name, project.name));
            }
            if let Err(why) = &answer {
                self.leave(project, view, sql, why);
                if !engine.answers() {
                    // One view that takes forever says nothing of the others.
                    _ = engine.restart().and_then(|()| engine.tables(&tables));
                }
            }
            answers.insert(view.clone(), answer);
        }
        Some((asked, answers))
    }

    fn compare(&mut self, project: &Project, asked: &Asked, expected: &Answers, found: &Answers) {
        for (view, expected) in expected {
            let place = format!("{}: {view}", project.name);
            match (expected, found.get(view)) {
                // A question that is too long for the engine.
                (_, None) if is_question(view) => self.refused += 1,
                (_, None) => self.problems.push(format!("{place}: there is no such view")),
                (Ok(expected), Some(Ok(found))) => {
                    let mut report = compare(expected, found);
                    if report.differing > 0 {
                        let sql = asked.queries.iter().find(|(name, _)| name == view).map_or("", |(_, sql)| sql);
                        self.leave(project, view, sql, &report.first.join("\n"));
                    }
                    self.problems.extend(report.first.drain(..).map(|what| format!("{place}: {what}")));
                    self.report.add(report);
                }
                // Documented: computed by DuckDB, and refused by this one.
                (Ok(_), Some(Err(why))) if self.dialect.refuses().iter().any(|said| why.contains(said)) => {
                    self.refused += 1;
                }
                (Ok(_), Some(Err(why))) if gives_up(self.engine, why) => {
                    self.given_up.push(place);
                }
                (Ok(_), Some(Err(why))) => self.problems.push(format!("{place}: refused: {}", first_lines(why))),
                // Numbers that are too large for the one may not be for the other.
                (Err(_), Some(_)) => self.refused += 1,
            }
        }
    }

    fn counts(&mut self, answers: &Answers) {
        for answer in answers.values() {
            match answer {
                Ok(answer) => {
                    let (rows, cells) = (answer.rows.len(), answer.rows.len() * answer.columns.len());
                    self.report.add(Report { views: 1, rows, cells, ..Report::default() });
                }
                // What is no SQL is no number that is too large.
                Err(why) if ["Binder Error", "Parser Error", "Catalog Error"].iter().any(|kind| why.contains(kind)) => {
                    self.problems.push(first_lines(why));
                }
                Err(_) => self.refused += 1,
            }
        }
    }

    fn by_hand(&mut self, project: &Project, asked: &Asked, answers: &Answers) {
        let (agree, wrong) = project.by_hand(asked, answers);
        self.by_hand += agree;
        self.problems.extend(wrong.into_iter().map(|what| format!("{}: {what}", project.name)));
    }

    /// The dialect's name, or that of another version of its engine.
    fn place(&self) -> &'static str {
        if engines_of(self.dialect.name()).first() == Some(&self.engine) { self.dialect.name() } else { self.engine }
    }

    /// Where what goes wrong with a project lands.
    fn folder(&self, project: &Project) -> PathBuf {
        left_behind().join(self.place()).join(file_name(&project.name))
    }

    /// Keeps what went wrong with a view, and its SQL.
    fn leave(&self, project: &Project, view: &str, sql: &str, why: &str) {
        let folder = self.folder(project);
        std::fs::create_dir_all(&folder).unwrap();
        let why: String = why.lines().map(|line| format!("-- {line}\n")).collect();
        std::fs::write(folder.join(format!("{}.sql", file_name(view))), format!("{why}{sql};\n")).unwrap();
    }

    /// Tells what was compared; gives what is wrong.
    fn ends(self, engine: &Driver) -> Option<String> {
        let Self {
            collection, report: Report { views, rows, cells, differing, .. }, by_hand, refused, given_up, problems, ..
        } = &self;
        let (name, seconds) = (self.dialect.name(), self.begin.elapsed().as_secs_f64());
        let hand = if *by_hand > 0 { format!(", {by_hand} figures as worked out by hand") } else { String::new() };
        let refused =
            if *refused > 0 { format!(", {refused} refused for numbers or queries that are too large") } else { String::new() };
        let refused = match given_up.len() {
            0 => refused,
            count => format!("{refused}, {count} given up by the engine of the test: {}", given_up.join(", ")),
        };
        // What is given up proves nothing.
        let most = (*views + given_up.len()) / 20;
        let too_many = (given_up.len() > most).then(|| format!("more than {most} views were given up"));
        let problems: Vec<String> = problems.iter().cloned().chain(too_many).collect();
        let title = format!("{collection} in {name} on {} {} ({})", engine.name, engine.version, engine.tier);
        tell(&format!(
            "{title}: {views} views, {rows} rows, {cells} cells: {differing} differ, {} problems{hand}{refused}; {seconds:.1} s",
            problems.len()
        ));
        let path = left_behind().join(format!("{}-{collection}.txt", self.place()));
        if problems.is_empty() {
            _ = std::fs::remove_file(path);
            return None;
        }
        std::fs::write(&path, problems.join("\n")).unwrap();
        let first = problems[..problems.len().min(TOLD)].join("\n  ");
        Some(format!("{title}: {} problems, all of them in {}:\n  {first}", problems.len(), path.display()))
    }
}

fn file_name(name: &str) -> String {
    let plain = |char: char| if char.is_alphanumeric() || "._-".contains(char) { char } else { '_' };
    name.chars().map(plain).take(120).collect()
}

fn first_lines(text: &str) -> String {
    text.lines().take(3).collect::<Vec<_>>().join(" / ")
}
