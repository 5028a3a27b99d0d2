//! The projects whose views are compared, each with the tables that it reads, and what its views show in DuckDB as they are deployed.

use super::cases::{Case, SPEC, collect, read};
use super::driver::{Driver, left_behind};
use super::tables::{Answer, Table};
use super::{given, random};
use kpic::build::{Documents, outputs};
use kpic::calendar::AsOf;
use kpic::dialect::Dialect;
use kpic::model::{Cell, Expected, ExpectedRow, ExpectedValue, Kpi, Model};
use kpic::pipeline::{Checked, Options, Valid, check, check_texts};
use kpic::plan::views::shape::{Shape, Top, shaped};
use kpic::plan::views::{Shows, query, views};
use kpic::plan::{Question, plan};
use kpic::support::views::view_name;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// What is asked, and what an engine answers, or why it does not.
pub type Answers = BTreeMap<String, Result<Answer, String>>;

/// A project with its tables.
pub struct Project {
    pub name: String,
    pub tables: Vec<Table>,
    /// What its views show in DuckDB over the sources that it declares; nothing where it has no such sources.
    pub deployed: Option<Answers>,
    make: std::rc::Rc<dyn Fn() -> Checked>,
    as_of: Option<AsOf>,
    /// The spec test whose figures were worked out by hand, by its place.
    test: Option<usize>,
}

/// A project as a dialect has it.
pub struct Asked {
    valid: Valid,
    /// The SQL of all views, and of what the test asks for beside them, by name.
    pub queries: Vec<(String, String)>,
    /// Those whose figures were worked out by hand.
    pub by_hand: Vec<String>,
}

impl Project {
    /// The project over its tables, for a dialect; else why kpic refuses it.
    pub fn asked(&self, dialect: &'static dyn Dialect) -> Result<Asked, String> {
        let mut valid = given::over_tables((self.make)(), dialect)?;
        if let Some(as_of) = self.as_of {
            valid.set_as_of(as_of);
        }
        let model = valid.model();
        let mut queries = Vec::new();
        for view in views(&valid) {
            if let Some(plan) = query(&valid, &view.shows) {
                queries.push((view.name, kpic::sql::query(&plan, dialect)));
            }
        }
        for (name, question, shape) in tops(model) {
            let sql = kpic::sql::query(&shaped(&valid, &question, &shape), dialect);
            if sql.len() <= most_of_a_question(dialect.name()) {
                queries.push((name, sql));
            }
        }
        let mut by_hand = Vec::new();
        for expected in self.expected(&valid) {
            let name = asked(&valid, expected);
            by_hand.push(name.clone());
            if !queries.iter().any(|(known, _)| *known == name) {
                let question = Question::view(model, expected.kpi, expected.grain, expected.dimensions.clone());
                queries.push((name, kpic::sql::query(&plan(&valid, &question), dialect)));
            }
        }
        Ok(Asked { valid, queries, by_hand })
    }

    /// The same project with null wherever its tables have one of some values; nothing where they have none.
    pub fn without(&self, values: &[&str]) -> Option<Self> {
        let is_one = |cell: &Option<String>| cell.as_deref().is_some_and(|cell| values.contains(&cell));
        if !self.tables.iter().any(|table| table.rows.iter().flatten().any(is_one)) {
            return None;
        }
        let mut tables = self.tables.clone();
        let cells = tables.iter_mut().flat_map(|table| table.rows.iter_mut().flatten());
        cells.filter(|cell| is_one(cell)).for_each(|cell| *cell = None);
        Some(self.over(tables))
    }

    /// The same project over fewer rows: of each table the first ones, which belong together, and some from everywhere after them. Nothing where all
    /// tables are small, or where figures were worked out by hand.
    pub fn with_fewer_rows(&self, most: usize) -> Option<Self> {
        if self.test.is_some() {
            return None;
        }
        let mut tables = self.tables.clone();
        for table in &mut tables {
            let from_file = table.file.take().map(|file| std::fs::read_to_string(file).unwrap());
            table.rows.extend(
                from_file.into_iter().flat_map(|text| serde_json::from_str::<Vec<Vec<Option<String>>>>(&text).unwrap()),
            );
            let (first, others) = (most / 2, table.rows.len().saturating_sub(most / 2));
            if table.rows.len() > most {
                let mut at = 0;
                table.rows.retain(|_| {
                    at += 1;
                    at <= first || (at - first) * (most - first) / others > (at - first - 1) * (most - first) / others
                });
            }
        }
        let is_small = |(fewer, all): (&Table, &Table)| all.file.is_none() && fewer.rows.len() == all.rows.len();
        (!tables.iter().zip(&self.tables).all(is_small)).then(|| self.over(tables))
    }

    /// The same project over other rows.
    fn over(&self, tables: Vec<Table>) -> Self {
        Self {
            name: self.name.clone(),
            tables,
            deployed: None,
            make: std::rc::Rc::clone(&self.make),
            as_of: self.as_of,
            test: self.test,
        }
    }

    fn expected<'a>(&self, valid: &'a Valid) -> &'a [Expected] {
        self.test.map_or(&[], |test| &valid.model().tests[test].expect)
    }

    /// How many figures that were worked out by hand an engine agrees with, and those with which it does not.
    pub fn by_hand(&self, Asked { valid, .. }: &Asked, answers: &Answers) -> (usize, Vec<String>) {
        let (mut agree, mut wrong) = (0, Vec::new());
        for expected in self.expected(valid) {
            let name = asked(valid, expected);
            let Some(Ok(answer)) = answers.get(&name) else { continue };
            for row in &expected.rows {
                match disagrees(valid, expected, row, answer) {
                    None => agree += 1,
                    Some(what) => wrong.push(format!("{name} {}: {what}", row.label)),
                }
            }
        }
        (agree, wrong)
    }
}

/// Whether a query is a question beside the views.
pub fn is_question(name: &str) -> bool {
    name.starts_with(TOP)
}

const TOP: &str = "top of ";

/// How long a question's SQL is at most. ClickHouse reads a `with` anew wherever it is named: what is beyond that takes minutes there, and
/// `docs/guides/questions.md` says so.
fn most_of_a_question(dialect: &str) -> usize {
    if dialect == "clickhouse" { 60_000 } else { usize::MAX }
}

/// The top of some KPIs by their first slices beside all others, with ranks.
fn tops(model: &Model) -> Vec<(String, Question, Shape)> {
    const MOST: usize = 6;
    let fits = |kpi: &Kpi| kpi.age.is_none() && kpi.facts.needs.is_none() && !model.calendar.custom;
    let sliced = model.kpis.iter().filter(|(_, kpi)| fits(kpi)).filter_map(|(id, kpi)| Some((id, kpi, kpi.by.first()?)));
    let asked = sliced.take(MOST).map(|(id, kpi, by)| {
        let top = Top { count: 2, by: id, others: true };
        let shape = Shape { having: None, top: Some(top), rank: Some(id), is_last: false };
        (format!("{TOP}{}", kpi.name.value), Question::view(model, id, kpi.grain, by.value.clone()), shape)
    });
    asked.collect()
}

/// How a question of a test is called: by its view, whether the project has it or not.
fn asked(valid: &Valid, expected: &Expected) -> String {
    let model = valid.model();
    view_name(model, model.kpis.get(expected.kpi), expected.grain, &expected.dimensions)
}

/// What is wrong with a row whose figure was worked out by hand; nothing if it is right.
fn disagrees(valid: &Valid, expected: &Expected, wanted: &ExpectedRow, answer: &Answer) -> Option<String> {
    let at = |name: &str| answer.columns.iter().position(|column| column == name);
    let is = |row: &[Option<String>], name: &str, text: Option<&str>| at(name).is_some_and(|at| row[at].as_deref() == text);
    let is_of = |row: &&Vec<Option<String>>| {
        let keys = expected.dimensions.iter().zip(&wanted.keys);
        is(row, "period", Some(&wanted.period.to_string()))
            && wanted.age.is_none_or(|age| is(row, "age", Some(&age.to_string())))
            && keys.into_iter().all(|(id, key)| {
                let cell = at(&valid.model().dimensions.get(*id).name).and_then(|at| row[at].as_deref());
                match (key, cell) {
                    (Cell::Null, cell) => cell.is_none(),
                    (Cell::Truth(truth), Some(cell)) => cell == truth.to_string() || cell == u8::from(*truth).to_string(),
                    (Cell::Number(digits), Some(cell)) => digits.parse::<f64>().ok() == cell.parse::<f64>().ok(),
                    (Cell::Text(text), Some(cell)) => cell == text,
                    (Cell::Day(day), Some(cell)) => cell == day.to_string(),
                    _ => false,
                }
            })
    };
    let found = answer.rows.iter().find(is_of);
    let value = found.zip(at("value")).map(|(row, at)| row[at].as_deref());
    let shown = match value {
        None => "no row".to_owned(),
        Some(value) => value.unwrap_or("null").to_owned(),
    };
    let number = |found: &str| found.parse::<f64>().unwrap_or(f64::NAN);
    let is_right = match (wanted.value, value) {
        (ExpectedValue::Absent, None) | (ExpectedValue::Any, Some(_)) | (ExpectedValue::Null, Some(None)) => true,
        (ExpectedValue::Number(wanted), Some(Some(found))) => {
            (wanted - number(found)).abs() <= 1e-9 * wanted.abs().max(number(found).abs()).max(1.0)
        }
        _ => false,
    };
    if !is_right {
        return Some(format!("is {shown}, and {:?} by hand", wanted.value));
    }
    let complete =
        found.zip(at("is_complete")).and_then(|(row, at)| row[at].as_deref().map(|cell| cell == "true" || cell == "1"));
    let is_wrong = wanted.is_complete.is_some_and(|wanted| complete != Some(wanted));
    is_wrong.then(|| format!("is complete: {complete:?}, by hand {:?}", wanted.is_complete))
}

/// An example project, `cdnow` for one.
pub fn example(name: &str) -> Project {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs").join(name);
    // In the project's folder, in which its files are.
    let mut duckdb = Driver::start("duckdb", &folder).unwrap();
    let kept = kept(name, &folder.join("data"));
    let make = move || check(&folder, &Options::default());
    let tables = given::read(&make().model, &mut duckdb, Some(&kept));
    let deployed = deploy(&make().valid().unwrap(), &mut duckdb);
    Project { name: name.to_owned(), tables, deployed: Some(deployed), make: std::rc::Rc::new(make), as_of: None, test: None }
}

/// The folder for the rows of an example, which are read once; another one when its data is another.
fn kept(name: &str, data: &Path) -> PathBuf {
    let mut files: Vec<String> = std::fs::read_dir(data)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let known = entry.metadata().unwrap();
            format!("{} {} {:?}", entry.file_name().display(), known.len(), known.modified().unwrap())
        })
        .collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    let folder = left_behind().join(format!("rows-{name}-{:016x}", hasher.finish()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs the `deploy.sql` of a project and reads its views.
fn deploy(valid: &Valid, duckdb: &mut Driver) -> Answers {
    let files = outputs(valid, Documents::None).unwrap();
    let script = files.iter().find(|file| file.path.ends_with("/deploy.sql")).unwrap();
    duckdb.run(std::slice::from_ref(&script.text)).unwrap();
    let schema = &valid.model().warehouse.schema;
    let dialect = kpic::dialect::dialect(None);
    let plain = views(valid).into_iter().filter(|view| !matches!(view.shows, Shows::Former(_)));
    plain
        .map(|view| {
            let from = kpic::sql::view(schema, &view.name, dialect);
            (view.name, duckdb.query(&format!("select * from {from}")))
        })
        .collect()
}

/// The tests of all cases that have some, each as a project of its own.
pub fn of_cases(duckdb: &mut Driver) -> Vec<Project> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut cases, mut failures) = (Vec::new(), Vec::new());
    for path in collect(&root.join("tests/cases")) {
        let name = path.strip_prefix(root.join("tests/cases")).unwrap().display().to_string().replace('\\', "/");
        read(&name, &std::fs::read_to_string(&path).unwrap(), &mut cases, &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    cases.into_iter().flat_map(|case| of_case(case, duckdb)).collect()
}

fn of_case(case: Case, duckdb: &mut Driver) -> Vec<Project> {
    // What an engine is to refuse shows nothing.
    if case.refused.is_some() {
        return Vec::new();
    }
    let Case { place, project, spec, .. } = case;
    let make = move || {
        check_texts(vec![("kpic.yml".to_owned(), project.clone()), (SPEC.to_owned(), spec.clone())], &Options::default())
    };
    let checked = make();
    if checked.findings.has_errors() {
        return Vec::new();
    }
    let tests = checked.model.tests.iter().enumerate();
    let make: std::rc::Rc<dyn Fn() -> Checked> = std::rc::Rc::new(make);
    tests
        .map(|(at, test)| {
            let make = std::rc::Rc::clone(&make);
            Project {
                name: format!("{place} {}", test.name.value),
                tables: given::of_test(&checked.model, test, duckdb),
                deployed: None,
                make,
                as_of: test.as_of,
                test: Some(at),
            }
        })
        .collect()
}

/// So many random projects that follow from a seed.
pub fn at_random(count: usize, seed: u64, duckdb: &mut Driver) -> Vec<Project> {
    let all = random::projects(count, seed);
    all.iter().enumerate().map(|(at, project)| one_at_random(at, project, duckdb)).collect()
}

fn one_at_random(at: usize, project: &random::Project, duckdb: &mut Driver) -> Project {
    duckdb.reset().unwrap();
    duckdb.run(&[random::statements(project)]).unwrap();
    // Its files are written, and read before the next project writes its own.
    let files = random::files(project);
    let make = move || check_texts(files.clone(), &Options::default());
    let valid = make().valid().unwrap_or_else(|checked| panic!("{:?}", checked.findings));
    let dialect = kpic::dialect::dialect(None);
    let shown = views(&valid).into_iter().filter_map(|view| Some((view.name, query(&valid, &view.shows)?)));
    let deployed = shown.map(|(name, plan)| (name, duckdb.query(&kpic::sql::query(&plan, dialect)))).collect();
    let tables = given::read(valid.model(), duckdb, None);
    duckdb.reset().unwrap();
    Project {
        name: format!("random {at}"),
        tables,
        deployed: Some(deployed),
        make: std::rc::Rc::new(make),
        as_of: None,
        test: None,
    }
}
