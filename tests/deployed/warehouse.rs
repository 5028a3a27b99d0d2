//! A project in a folder of its own, with a database that it is deployed to.

use crate::fed::fed;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The database's file, and with it its name.
pub(crate) const DATABASE: &str = "shop";

/// The lines of a view, as its reader's program prints them, in the order of texts.
pub(crate) type Lines = Vec<String>;

pub(crate) struct Warehouse {
    pub folder: PathBuf,
    _parent: Option<TempDir>,
}

impl Warehouse {
    /// A project of one spec file, with the database that some statements make.
    pub(crate) fn new(project: &str, spec: &str, data: &str) -> Self {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().to_path_buf();
        fs::create_dir(folder.join("specs")).unwrap();
        fs::write(folder.join("kpic.yml"), project).unwrap();
        fs::write(folder.join("specs/all.yml"), spec).unwrap();
        let warehouse = Self { folder, _parent: Some(parent) };
        warehouse.sql(data);
        warehouse
    }

    /// A copy of a folder below `specs/`, without a database.
    pub(crate) fn example(name: &str) -> Self {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join(name);
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("specs").join(name), &folder);
        Self { folder, _parent: Some(parent) }
    }

    pub(crate) fn kpic(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
        command.arg("-C").arg(&self.folder).args(arguments).env("KPIC_DUCKDB", duckdb()).output().unwrap()
    }

    /// What kpic prints when it succeeds.
    pub(crate) fn says(&self, arguments: &[&str]) -> String {
        let output = self.kpic(arguments);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// Builds the views and puts them into the database; their names.
    pub(crate) fn deploy(&self) -> Vec<String> {
        self.says(&["build", "--no-docs"]);
        self.sql(&fs::read_to_string(self.folder.join("build/sql/duckdb/deploy.sql")).unwrap());
        let list = "select view_name from duckdb_views() where not internal and schema_name = 'kpi' order by view_name;";
        self.sql(list).lines().map(str::to_owned).collect()
    }

    /// Runs statements, each of which has to succeed; what they print, without names of columns.
    pub(crate) fn sql(&self, statements: &str) -> String {
        let mut command = Command::new(duckdb());
        command.args(["-no-init", "-batch", "-csv", "-noheader", "-bail", &format!("{DATABASE}.duckdb")]);
        command.current_dir(&self.folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = fed(command.spawn().unwrap(), statements);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let begins: String = statements.chars().take(300).collect();
        assert!(output.status.success() && error.is_empty(), "{error}\nof {begins}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Views after some statements of their reader.
    pub(crate) fn read(&self, session: &str, views: &[String]) -> BTreeMap<String, Lines> {
        let mut script = format!("{session}\n");
        for view in views {
            script.push_str(&format!(".print view {view}\nselect columns(*)::varchar from {DATABASE}.kpi.\"{view}\";\n"));
        }
        let printed = self.sql(&script);
        let mut found: BTreeMap<String, Lines> = BTreeMap::new();
        let mut name = String::new();
        for line in printed.lines() {
            if let Some(view) = line.strip_prefix("view ") {
                view.clone_into(&mut name);
                found.insert(name.clone(), Lines::new());
            } else if let Some(lines) = found.get_mut(&name) {
                lines.push(line.to_owned());
            }
        }
        found.values_mut().for_each(|lines| lines.sort());
        assert_eq!(found.len(), views.len());
        found
    }

    /// One view: its lines.
    pub(crate) fn view(&self, name: &str) -> Lines {
        self.read("", &[name.to_owned()]).remove(name).unwrap()
    }
}

/// The plain program.
fn duckdb() -> PathBuf {
    kpic::engine::find(None).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
