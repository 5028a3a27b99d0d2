//! A copy of an example project, and the two programs that work on it: kpic itself and a plain `DuckDB`.

use crate::fed::fed;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A project in a folder of its own, which is deleted in the end.
pub(crate) struct Project {
    pub folder: PathBuf,
    _parent: TempDir,
}

/// What a program left behind.
pub(crate) struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A table of texts, of which nulls are `NULL`: a line of names, and a line for each row.
pub(crate) struct Rows {
    text: String,
    separator: char,
}

/// The database in which a project's views are created.
pub(crate) const DATABASE: &str = "shop.duckdb";

/// How a null is written where every value is a text.
pub(crate) const NULL: &str = "\\N";

impl Project {
    /// A copy of a folder below `specs/`. There is a space in its path.
    pub(crate) fn copy(name: &str) -> Self {
        let parent = tempfile::Builder::new().prefix("kpic examples ").tempdir().unwrap();
        let folder = parent.path().join(name);
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("specs").join(name), &folder);
        assert!(folder.to_string_lossy().contains(' '));
        Self { folder, _parent: parent }
    }

    /// Allows what a lint finds.
    pub(crate) fn allow(&self, lint: &str) {
        let path = self.folder.join("kpic.yml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{text}lints: {{ {lint}: allow }}\n")).unwrap();
    }

    pub(crate) fn kpic(&self, arguments: &[&str]) -> Outcome {
        kpic_in(&self.folder, arguments)
    }

    /// Builds, which must succeed, and returns the files that are there then.
    pub(crate) fn build(&self, options: &[&str]) -> BTreeMap<String, Vec<u8>> {
        let outcome = self.kpic(&[&["build"], options].concat());
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{}", outcome.stdout);
        files(&self.folder.join("build"))
    }

    /// Creates the views of the last build in a plain `DuckDB`, twice, and returns their names: one for each file.
    pub(crate) fn deploy(&self) -> Vec<String> {
        let deploy = ".read build/sql/duckdb/deploy.sql\n";
        let list = "select view_name from duckdb_views() where schema_name = 'kpi';\n";
        let created = self.duckdb(DATABASE, "UTC", &format!("{deploy}{deploy}{list}"));
        let mut created: Vec<String> = created.lines().map(str::to_owned).collect();
        created.sort();
        let mut built = files(&self.folder.join("build/sql/duckdb"));
        let all = String::from_utf8(built.remove("deploy.sql").unwrap()).unwrap();
        assert_eq!(created, built.keys().map(|path| path.strip_suffix(".sql").unwrap()).collect::<Vec<_>>());
        assert!(built.into_values().all(|text| all.contains(&String::from_utf8(text).unwrap())));
        created
    }

    /// Runs a script in a plain `DuckDB` in this folder, on a machine in some time zone; it must succeed.
    pub(crate) fn duckdb(&self, database: &str, zone: &str, script: &str) -> String {
        let mut command = Command::new(duckdb());
        command.env("TZ", zone);
        command.args(["-no-init", "-batch", "-csv", "-noheader", "-bail", database]).current_dir(&self.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let outcome = outcome(fed(command.spawn().unwrap(), script));
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{}", outcome.stdout);
        outcome.stdout
    }

    /// Puts other rows in the place of a file of the copy.
    pub(crate) fn replace(&self, file: &str, query: &str) {
        self.duckdb(":memory:", "UTC", &format!("copy ({query}) to '{file}' (format parquet);\n"));
    }

    /// The rows of views that were created before, on a machine in some time zone.
    pub(crate) fn views(&self, names: &[String], zone: &str) -> BTreeMap<String, Rows> {
        let query = |name: &String| (name.clone(), format!("select * from kpi.\"{name}\" order by all"));
        self.read(DATABASE, zone, &names.iter().map(query).collect::<Vec<_>>())
    }

    /// The rows of queries that come with a name, in a database of its own.
    pub(crate) fn raw(&self, queries: &[(&str, &str)]) -> BTreeMap<String, Rows> {
        let query = |(name, query): &(&str, &str)| ((*name).to_owned(), (*query).to_owned());
        self.read(":memory:", "UTC", &queries.iter().map(query).collect::<Vec<_>>())
    }

    fn read(&self, database: &str, zone: &str, queries: &[(String, String)]) -> BTreeMap<String, Rows> {
        let folder = self.folder.join("read");
        fs::create_dir_all(&folder).unwrap();
        let copy = |(name, query): &(String, String)| {
            format!("copy ({query}) to 'read/{name}.tsv' (header, delimiter '\\t', nullstr '{NULL}');\n")
        };
        self.duckdb(database, zone, &queries.iter().map(copy).collect::<String>());
        let rows = |name: &str| Rows::new(fs::read_to_string(folder.join(format!("{name}.tsv"))).unwrap(), '\t');
        queries.iter().map(|(name, _)| (name.clone(), rows(name))).collect()
    }
}

impl Rows {
    pub(crate) fn new(text: String, separator: char) -> Self {
        assert!(!text.contains('"'), "quoted texts are more than this reader understands");
        Self { text, separator }
    }

    pub(crate) fn columns(&self) -> Vec<&str> {
        self.text.lines().next().unwrap().split(self.separator).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Vec<&str>> {
        let columns = self.columns().len();
        let rows = self.text.lines().skip(1).map(|line| line.split(self.separator).collect::<Vec<_>>());
        rows.inspect(move |row| assert_eq!(row.len(), columns, "{row:?}"))
    }

    pub(crate) fn len(&self) -> usize {
        self.text.lines().count() - 1
    }
}

/// Runs kpic as `kpic -C folder ...` and looks at what no run may do.
pub(crate) fn kpic_in(folder: &Path, arguments: &[&str]) -> Outcome {
    let outcome = outcome(kpic_command(folder, arguments).output().unwrap());
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(!said.contains('\u{1b}'), "{arguments:?} writes escapes although nobody looks: {said:?}");
    assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    outcome
}

/// The command `kpic -C folder ...` in an environment that asks for no colours and forbids none.
pub(crate) fn kpic_command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
    command.arg("-C").arg(folder).args(arguments).env("KPIC_DUCKDB", duckdb()).env("TERM", "xterm-256color");
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command
}

/// The `duckdb` program.
pub(crate) fn duckdb() -> PathBuf {
    kpic::engine::find(None).unwrap()
}

/// All files below a folder, by their paths from it.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_file() {
            fs::copy(&path, to.join(name)).unwrap();
        } else if name != "build" {
            copy(&path, &to.join(name));
        }
    }
}

fn outcome(output: std::process::Output) -> Outcome {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
