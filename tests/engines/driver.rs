//! An engine behind a program of `drivers/`: requests and answers are lines of JSON.

use super::tables::{Answer, Table};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Write, stderr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

/// The engines that have a driver.
pub const ENGINES: [&str; 12] = [
    "duckdb",
    "postgres",
    "postgres18",
    "sqlite",
    "clickhouse",
    "mariadb",
    "datafusion",
    "spark",
    "bigquery",
    "snowflake",
    "redshift",
    "trino",
];

/// Dialects that run on an engine of another name.
const STAND_INS: [(&str, &str); 3] = [("databricks", "spark"), ("mysql", "mariadb"), ("athena", "trino")];

/// Other versions of the engine that runs a dialect.
const OTHER_VERSIONS: [(&str, &str); 1] = [("postgres", "postgres18")];

/// The engines that run a dialect: one, and other versions of it.
pub fn engines_of(dialect: &str) -> Vec<&'static str> {
    let name = STAND_INS.iter().find(|(of, _)| *of == dialect).map_or(dialect, |(_, engine)| engine);
    let others = OTHER_VERSIONS.iter().filter(|(of, _)| *of == dialect).map(|(_, engine)| *engine);
    ENGINES.into_iter().filter(|engine| *engine == name).chain(others).collect()
}

/// The floating-point numbers that an engine does not have, and stores null in their place.
pub fn stored_as_null(engine: &str) -> &'static [&'static str] {
    match engine {
        "sqlite" => &["NaN"],
        "mariadb" => &["NaN", "Infinity", "-Infinity"],
        _ => &[],
    }
}

/// How many rows of a table an engine gets at most. Google's evaluator of BigQuery has 128 MB for what is between, and goes through all rows of a window
/// for each of them.
pub fn most_rows(engine: &str) -> Option<usize> {
    (engine == "bigquery").then_some(500)
}

/// Whether an engine of tests gives up where the warehouse would not: Google's evaluator of BigQuery has 128 MB for what is between, and works
/// out a value that is the same for all rows once for each of them.
pub fn gives_up(engine: &str, why: &str) -> bool {
    engine == "bigquery"
        && (why.starts_with("[RESOURCE_EXHAUSTED] Out of memory for MemoryAccountant") || why.starts_with("no answer within"))
}

/// Where what tests leave behind lands.
pub fn left_behind() -> PathBuf {
    let folder = root().join("target/engines");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Tells people something even where the test passes.
pub fn tell(line: &str) {
    // The test runner keeps what macros print.
    _ = writeln!(stderr(), "{line}");
}

/// An engine that answers.
pub struct Driver {
    pub name: &'static str,
    /// The engine's version.
    pub version: String,
    /// How far its answers prove something: `executed`, `emulated` or `parsed`.
    pub tier: String,
    /// How long it took to start.
    pub started: Duration,
    process: Child,
    input: Option<ChildStdin>,
    /// The lines that it says.
    output: Receiver<String>,
    folder: PathBuf,
}

/// For how long an answer is waited for.
fn patience() -> Duration {
    let seconds = std::env::var("KPIC_ENGINE_TIMEOUT").ok().map(|seconds| seconds.parse().unwrap());
    Duration::from_secs(seconds.unwrap_or(300))
}

impl Driver {
    /// Starts an engine in a folder. It has to be installed.
    pub fn start(name: &'static str, folder: &Path) -> Result<Self, String> {
        let begin = Instant::now();
        let driver = root().join(format!("tests/engines/drivers/on_{name}.py"));
        let log = File::create(left_behind().join(format!("{name}.log"))).map_err(|error| error.to_string())?;
        let mut command = Command::new(program(name));
        command.arg(driver).current_dir(folder).env("PYTHONDONTWRITEBYTECODE", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut process = command.spawn().map_err(|error| format!("{name}: {error}"))?;
        let (input, said) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        let (heard, output) = channel();
        // Ends with the driver, or with whoever listens.
        spawn(move || said.lines().map_while(Result::ok).try_for_each(|line| heard.send(line)));
        let (version, tier, folder) = (String::new(), String::new(), folder.to_path_buf());
        let mut driver = Self { name, version, tier, started: Duration::ZERO, process, input, output, folder };
        let hello: Hello = driver.hear()?;
        (driver.version, driver.tier) = (hello.version, hello.tier);
        driver.started = begin.elapsed();
        Ok(driver)
    }

    /// Makes tables, or replaces them.
    pub fn tables(&mut self, tables: &[Table]) -> Result<(), String> {
        self.ask::<Done>(&Request { tables, ..Request::to("tables") }).map(|_| ())
    }

    /// Runs statements.
    pub fn run(&mut self, statements: &[String]) -> Result<(), String> {
        self.ask::<Done>(&Request { sql: Some(json!(statements)), ..Request::to("run") }).map(|_| ())
    }

    /// The rows of a query.
    pub fn query(&mut self, sql: &str) -> Result<Answer, String> {
        self.ask(&Request { sql: Some(json!(sql)), ..Request::to("query") })
    }

    /// Writes the rows of a query to a file, from which tables can be made.
    pub fn write(&mut self, sql: &str, file: &Path) -> Result<(), String> {
        self.ask::<Done>(&Request { sql: Some(json!(sql)), file: Some(file), ..Request::to("write") }).map(|_| ())
    }

    /// Drops everything, and takes settings back.
    pub fn reset(&mut self) -> Result<(), String> {
        self.ask::<Done>(&Request::to("reset")).map(|_| ())
    }

    /// Sets something for the session.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.ask::<Done>(&Request { name: Some(name), value: Some(value), ..Request::to("set") }).map(|_| ())
    }

    /// Whether it can be asked.
    pub fn answers(&self) -> bool {
        self.input.is_some()
    }

    /// Starts it anew, after it was gone or did not answer.
    pub fn restart(&mut self) -> Result<(), String> {
        *self = Self::start(self.name, &self.folder.clone())?;
        Ok(())
    }

    fn ask<T: DeserializeOwned>(&mut self, request: &Request<'_>) -> Result<T, String> {
        let gone = |error: std::io::Error| format!("the driver has gone: {error}");
        let input = self.input.as_mut().ok_or("the driver has gone")?;
        let line = serde_json::to_string(request).map_err(|error| error.to_string())?;
        input.write_all(format!("{line}\n").as_bytes()).and_then(|()| input.flush()).map_err(gone)?;
        self.hear()
    }

    fn hear<T: DeserializeOwned>(&mut self) -> Result<T, String> {
        let log = left_behind().join(format!("{}.log", self.name));
        let line = match self.output.recv_timeout(patience()) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => {
                self.input = None;
                return Err(format!("the driver has gone; {} may say why", log.display()));
            }
            Err(RecvTimeoutError::Timeout) => {
                // Whatever it says from now on would be taken for another answer.
                self.input = None;
                _ = self.process.kill();
                return Err(format!("no answer within {} s", patience().as_secs()));
            }
        };
        let wrong = |error: serde_json::Error| format!("{}: no answer: {error}: {line:.200}", self.name);
        if line.starts_with("{\"error\"") {
            return Err(serde_json::from_str::<Refused>(&line).map_err(wrong)?.error);
        }
        serde_json::from_str(&line).map_err(wrong)
    }
}

/// What a driver is asked.
#[derive(Serialize)]
struct Request<'a> {
    r#do: &'static str,
    #[serde(skip_serializing_if = "<[Table]>::is_empty")]
    tables: &'a [Table],
    sql: Option<Value>,
    file: Option<&'a Path>,
    name: Option<&'a str>,
    value: Option<&'a str>,
}

impl Request<'_> {
    fn to(r#do: &'static str) -> Self {
        Self { r#do, tables: &[], sql: None, file: None, name: None, value: None }
    }
}

/// What a driver says against something.
#[derive(Deserialize)]
struct Refused {
    error: String,
}

/// What it says at first.
#[derive(Deserialize)]
struct Hello {
    version: String,
    tier: String,
}

/// What it says to all but questions.
#[derive(Deserialize)]
struct Done {
    #[serde(rename = "ok")]
    _ok: bool,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It ends when nobody can ask any more, and takes a server of its own along.
        self.input = None;
        for _ in 0..200 {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn program(name: &str) -> PathBuf {
    root().join(".tools/engines").join(name).join("start")
}

/// A setting of these tests that is a list, with commas or blanks between.
pub fn listed(variable: &str) -> Vec<String> {
    let given = std::env::var(variable).unwrap_or_default();
    given.split([',', ' ']).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// Whether an engine is to be asked: it is installed. One that is not is told of, and where it is required, that fails.
pub fn is_there(name: &str) -> bool {
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let (only, required) = (listed("KPIC_ENGINE_ONLY"), listed("KPIC_ENGINES"));
    if let Some(unknown) = only.iter().chain(&required).find(|name| !ENGINES.contains(&name.as_str()) && *name != "all") {
        panic!("there is no engine {unknown}; there are {}", ENGINES.join(", "));
    }
    // All others are compared with DuckDB.
    if !only.is_empty() && name != "duckdb" && !only.iter().any(|wanted| wanted == name) {
        return false;
    }
    if program(name).exists() {
        return true;
    }
    let is_required = required.iter().any(|wanted| wanted == name || wanted == "all");
    let install = format!("tests/engines/install.sh {name}");
    assert!(!is_required, "the engine {name} is required and not installed: run {install}");
    let mut told = TOLD.lock().unwrap();
    if told.insert(name.to_owned()) {
        let count = told.len();
        tell(&format!("ENGINE LEFT OUT ({count} so far): {name} is not installed, nothing is proven for it; {install}"));
    }
    false
}

/// One process for each engine, which all tests share.
type Shared = Mutex<Option<Driver>>;

/// The one process of an engine, which is waited for and emptied; nothing where it is not to be asked.
pub fn driver(name: &'static str) -> Option<Held> {
    static ALL: OnceLock<BTreeMap<&'static str, Shared>> = OnceLock::new();
    if !is_there(name) {
        return None;
    }
    let all = ALL.get_or_init(|| ENGINES.into_iter().map(|name| (name, Mutex::new(None))).collect());
    // A test that has failed leaves an engine that still answers.
    let mut held = all[name].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(Err(why)) = held.as_mut().map(Driver::reset) {
        tell(&format!("{name} is started anew: {why}"));
        *held = None;
    }
    if held.is_none() {
        let driver = Driver::start(name, &std::env::temp_dir()).unwrap_or_else(|why| panic!("{name}: {why}"));
        tell(&format!("{name} {} ({}) started in {:.1} s", driver.version, driver.tier, driver.started.as_secs_f64()));
        *held = Some(driver);
    }
    Some(Held(held))
}

/// An engine that nobody else asks as long as this is there.
pub struct Held(MutexGuard<'static, Option<Driver>>);

impl std::ops::Deref for Held {
    type Target = Driver;

    fn deref(&self) -> &Driver {
        self.0.as_ref().unwrap()
    }
}

impl std::ops::DerefMut for Held {
    fn deref_mut(&mut self) -> &mut Driver {
        self.0.as_mut().unwrap()
    }
}
