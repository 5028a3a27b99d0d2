//! What reaches out of a project beside DuckDB: SQLite's modules, profiles of dbt's that come along, passwords of connections, and files that kpic writes.

#![allow(clippy::print_stdout, reason = "what is left out is told")]

use super::{CANARY, PROJECT, Place, over};
use crate::support::{text, write_files};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

const SQLITE: &str = "warehouse: { dialect: sqlite, schema: kpi, database: shop.db }\n";

/// Whether the program `sqlite3` is there; where it is not, that is told.
fn has_sqlite() -> bool {
    let is_there = Command::new("sqlite3").arg("-version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        println!("LEFT OUT: the program sqlite3 is not on PATH");
    }
    is_there
}

/// A project over a database of SQLite's that is made by some SQL.
fn sqlite(sql: &str) -> Place {
    let place = Place::new();
    write_files(&place.project(), &[("kpic.yml", &format!("{PROJECT}{SQLITE}")), ("specs/a.yml", &of_table("t"))]);
    make(&place, &format!("create table t (d text, s text); insert into t values ('2024-01-02', 'seen'); {sql}"));
    place
}

fn make(place: &Place, sql: &str) {
    let made = Command::new("sqlite3").args(["-batch", "shop.db", sql]).current_dir(place.project()).output().unwrap();
    assert!(made.status.success() && made.stderr.is_empty(), "{sql}: {made:?}");
}

/// A spec whose source is a table or view.
fn of_table(name: &str) -> String {
    over("QUERY").replace("query: \"QUERY\"", &format!("table: {name}"))
}

fn said(output: &Output) -> String {
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

#[test]
fn sql_for_sqlite_names_no_module() {
    if !has_sqlite() {
        return;
    }
    let place = sqlite("");
    let file = place.outer.path().join("secret.csv");
    let read =
        |from: &str| format!("select '2024-01-02' as d, cast(data as text) as s from {from} where path = '{}'", file.display());
    for from in
        ["fsdir", "FsDir", "\"FSDIR\"", "main.fsdir", "[fsdir]", "`fsdir`", "'fsdir'", "t join fsdir", "t, /* x */ (fsdir)"]
    {
        let output = place.play(&over(&read(from)));
        assert!(output.contains("K0824 call-not-allowed") || output.contains("K0806 not-in-dialect"), "{from}: {output}");
    }
    for query in [
        "select '2024-01-02' as d, cast(data as text) as s from zipfile where z = '../x.zip'",
        "select '2024-01-02' as d, file as s from pragma_database_list",
        "select '2024-01-02' as d, cast(data as text) as s from sqlite_dbpage",
    ] {
        let output = place.play(&over(query));
        assert!(output.contains("K0824 call-not-allowed"), "{query}: {output}");
    }
    // A table of the name, whose rows a condition chooses.
    let table = of_table("fsdir")
        .replace("{ d: date, s: text }", "{ d: { type: date, column: name }, s: { type: text, column: path } }");
    let output = place.play(&table);
    assert!(output.contains("K0824 call-not-allowed"), "{output}");
    write_files(&place.project(), &[("specs/a.yml", &of_table("t"))]);
    let output = place.kpic(&["query", "n", "--by", "s"]);
    assert!(text(&output.stdout).contains("seen"), "{output:?}");
}

/// What the program's own functions print would be taken for an answer.
#[test]
fn sql_for_sqlite_prints_no_answer() {
    if !has_sqlite() {
        return;
    }
    let place = sqlite("");
    let calls = [
        "shell_putsnl('x')",
        "Shell_PutsNl /* x */ ('x')",
        "\"shell_putsnl\"('x')",
        "edit('x', 'y')",
        "readfile('x')",
        "sha3_query('x')",
    ];
    for call in calls {
        let output = place.play(&over(&format!("select '2024-01-02' as d, {call} as s")));
        assert!(output.contains("K0824 call-not-allowed"), "{call}: {output}");
    }
    make(&place, "create view v as select '2024-01-02' as d, shell_putsnl('[{\"n\":7}]') as s");
    let output = place.play(&of_table("v"));
    assert!(output.contains("calls `shell_putsnl`, which does more than answer"), "{output}");
    // What the program takes for a blank, or kpic writes as one.
    for blank in ["\u{a0}", "\u{feff}", "\u{2003}"] {
        let output = place.play(&over(&format!("select '2024-01-02' as d,{blank}edit('x', 'y') as s")));
        assert!(output.contains("K0806 not-in-dialect"), "{blank:?}: {output}");
    }
    // A column may have such a name.
    let output = sqlite("").play(&over("select '2024-01-02' as d, edit as s from (select 'x' as edit)"));
    assert!(!output.contains("K0824"), "{output}");
}

/// What stands in a database, SQL of a spec only names.
#[test]
fn a_database_of_sqlite_reads_no_file() {
    if !has_sqlite() {
        return;
    }
    for kind in ["view", "table", "content"] {
        let place = sqlite("");
        let outer = place.outer.path().display().to_string();
        let zip = format!("insert into temp.z(name, data) values ('a', '{CANARY}')");
        make(&place, &format!("create virtual table temp.z using zipfile('{outer}/x.zip'); {zip}"));
        make(&place, &match kind {
            "view" => format!("create view v as select '2024-01-02' as d, cast(data as text) as s from [fsdir] where path = '{outer}/secret.csv'"),
            "table" => {
                format!("create virtual table zz using zipfile('{outer}/x.zip'); create view v as select '2024-01-02' as d, cast(data as text) as s from zz")
            }
            _ => "create virtual table zz using fts5(data, content = fsdir); create view v as select '2024-01-02' as d, data as s from zz".to_owned(),
        });
        // A view of that name does not hide which modules there are.
        make(&place, "create view pragma_module_list as select 'fts5' as name");
        let output = place.play(&of_table("v"));
        let uses = if kind == "table" { "zipfile" } else { "fsdir" };
        assert!(output.contains(&format!("uses the module `{uses}`, which may read other files")), "{kind}: {output}");
    }
}

/// Each of these databases is read, whatever it has beside tables and however it keeps its changes.
#[test]
fn other_databases_of_sqlite_are_read() {
    if !has_sqlite() {
        return;
    }
    for sql in [
        "create virtual table f using fts5(a); create virtual table r using rtree(id, a, b); create view v as select * from t",
        "create table zipfile_log (fsdir text default 'fsdir'); create index zipfile_log_by on zipfile_log (fsdir)",
        "pragma journal_mode = wal",
    ] {
        let place = sqlite(sql);
        for _ in 0..2 {
            let output = place.kpic(&["query", "n", "--by", "s"]);
            assert!(output.status.success() && text(&output.stdout).contains("seen"), "{sql}: {output:?}");
        }
        let test = place.kpic(&["test", "--live"]);
        assert!(test.status.success(), "{test:?}");
    }
    // A log that somebody else has still open.
    let place = sqlite("pragma journal_mode = wal");
    let mut shell = Command::new("sqlite3");
    shell.args(["-batch", "shop.db"]).current_dir(place.project()).stdin(std::process::Stdio::piped());
    let mut shell = shell.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut input = shell.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, b"insert into t values ('2024-01-03', 'late');\nselect 'done';\n").unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(shell.stdout.take().unwrap()), &mut line).unwrap();
    let output = place.kpic(&["query", "n", "--by", "s"]);
    assert!(text(&output.stdout).contains("late"), "{line} {output:?}");
    drop(input);
    assert!(shell.wait().unwrap().success());
}

#[test]
fn a_log_of_sqlite_that_is_a_link_is_not_read() {
    if !has_sqlite() {
        return;
    }
    let place = sqlite("");
    for name in ["shop.db-wal", "shop.db-shm", "shop.db-journal"] {
        symlink("../secret.csv", place.project().join(name)).unwrap();
        let output = place.kpic(&["query", "n", "--by", "s"]);
        let told = text(&output.stderr).contains("beside it is not a regular file");
        assert!(output.status.code() == Some(3) && told, "{name}: {output:?}");
        fs::remove_file(place.project().join(name)).unwrap();
    }
}

/// Whatever the program would read or write: here it is a script in its place that tries.
#[cfg(target_os = "linux")]
#[test]
fn the_kernel_keeps_sqlite_from_other_files() {
    if !has_sqlite() || !kpic::engine::kernel_confines() {
        println!("LEFT OUT: no sqlite3, or no Landlock");
        return;
    }
    let place = sqlite("");
    let outer = place.outer.path().display().to_string();
    let script = format!(
        "#!/bin/sh\nexec 3>&2 2>/dev/null\nread_one() {{ while read -r line; do echo \"Error: $line\" >&3; done < \"$1\"; }}\n\
         (read_one '{outer}/secret.csv')\n(read_one kpic.yml)\n(read_one /etc/passwd)\n\
         for file in '{outer}'/*; do [ -e \"$file\" ] && echo \"Error: $file\" >&3; done\n\
         (echo x > '{outer}/PWNED')\nexec sqlite3 \"$@\" 2>&3\n"
    );
    let program = place.outer.path().join("tries");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = place.command(Path::new(env!("CARGO_BIN_EXE_kpic")), &["query", "n", "--by", "s"]);
    let output = command.env("KPIC_SQLITE3", &program).output().unwrap();
    assert!(output.status.success() && text(&output.stdout).contains("seen") && output.stderr.is_empty(), "{output:?}");
    assert!(!place.outer.path().join("PWNED").exists(), "{output:?}");
}

/// A variable that points into the project is set by CI for dbt, and what stands there comes from whoever wrote the project.
#[test]
fn a_profile_that_comes_along_is_not_used() {
    let place = Place::new();
    let outer = place.outer.path().canonicalize().unwrap();
    let profiles = "p: { target: a, outputs: { a: { type: duckdb, path: ../other.duckdb }, b: { type: \"{{ env_var('SECRET_TOKEN') }}\" }, c: { type: duckdb, path: \"{{ env_var('SECRET_TOKEN') }}\" } } }\n";
    write_files(&place.project(), &[("specs/a.yml", &of_table("t")), ("profiles.yml", profiles), (".dbt/x", "")]);
    write_files(&outer, &[("elsewhere/profiles.yml", profiles)]);
    symlink("../profiles.yml", place.project().join(".dbt/profiles.yml")).unwrap();
    symlink("project", outer.join("link")).unwrap();
    let run = |folder: &str, home: &Path, flags: &[&str]| {
        let arguments = [&["query", "n", "--by", "s"], flags].concat();
        let mut command = place.command(Path::new(env!("CARGO_BIN_EXE_kpic")), &arguments);
        command.env("KPIC_PROFILE", "p").env("HOME", home).env("DBT_PROFILES_DIR", folder).output().unwrap()
    };
    let absolute = place.project().display().to_string();
    for (folder, home) in [
        (".", &outer),
        ("../link", &outer),
        ("../elsewhere/../project", &outer),
        ("/proc/self/cwd", &outer),
        (absolute.as_str(), &outer),
        ("", &place.project()),
    ] {
        let output = run(folder, home, &[]);
        let told = text(&output.stderr).contains("belongs to the project or its repository");
        let no_such = folder.starts_with("/proc") && !Path::new(folder).exists();
        assert!(
            output.status.code() == Some(3) && (told || no_such) && !said(&output).contains(CANARY),
            "{folder}: {output:?}"
        );
    }
    // One elsewhere is used, until that is the repository.
    let output = run("../elsewhere", &outer, &[]);
    assert!(text(&output.stdout).contains(CANARY), "{output:?}");
    fs::create_dir(outer.join(".git")).unwrap();
    let output = run("../elsewhere", &outer, &[]);
    assert!(output.status.code() == Some(3) && text(&output.stderr).contains("`--profiles-dir DIR`"), "{output:?}");
    let output = run("", &outer, &["--profiles-dir", "."]);
    assert!(text(&output.stdout).contains(CANARY), "{output:?}");
    // What a variable holds is shown nowhere.
    for target in ["b", "c"] {
        let output = run("", &outer, &["--profiles-dir", ".", "--profile-target", target]);
        assert!(output.status.code() == Some(3) && !said(&output).contains(CANARY), "{output:?}");
    }
}

#[test]
fn a_password_is_not_among_the_arguments() {
    let place = Place::new();
    let project = format!("{PROJECT}warehouse: {{ dialect: postgres, schema: kpi }}\n");
    write_files(&place.project(), &[("kpic.yml", &project), ("specs/a.yml", &of_table("raw.t"))]);
    let (program, log) = (place.outer.path().join("psql"), place.outer.path().join("log"));
    fs::write(&program, format!("#!/bin/sh\necho \"$* | $PGPASSWORD |\" >> '{}'\n", log.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for (connection, given) in [
        ("postgresql://db/shop?user=u&password=pw%2Dcanary", true),
        ("postgresql://db/shop?pass%77ord=pw-canary", true),
        ("postgresql://u:pw-canary@db/shop", true),
        ("host=db password = pw-canary", true),
        ("host=db password='pw-canary'", true),
        ("host=db sslpassword=pw-canary", false),
        ("postgresql://u:x@pw-canary@db/shop", false),
        ("POSTGRESQL://u:pw-canary@db/shop", false),
    ] {
        let _ = fs::remove_file(&log);
        let mut command = place.command(Path::new(env!("CARGO_BIN_EXE_kpic")), &["run"]);
        let output = command.env("KPIC_PSQL", &program).env("KPIC_CONNECTION", connection).output().unwrap();
        let log = fs::read_to_string(&log).unwrap_or_default();
        assert!(output.status.code() == Some(3) && !said(&output).contains("canary"), "{connection}: {output:?}");
        assert_eq!(!log.is_empty(), given, "{connection}: {output:?}");
        for line in log.lines() {
            assert!(line.ends_with("| pw-canary |") && line.matches("canary").count() == 1, "{connection}: {line}");
        }
    }
}

/// What of a script of `psql` stands in no text, whatever the server says of encodings and backslashes.
fn outside_of_texts(script: &str) -> String {
    let (mut out, mut rest) = (String::new(), script);
    while let Some((before, text)) = rest.split_once("E'") {
        out.push_str(before);
        let mut end = 0;
        let bytes = text.as_bytes();
        loop {
            match bytes.get(end..).unwrap() {
                [b'\\', ..] | [b'\'', b'\'', ..] => end += 2,
                [b'\'', ..] => break,
                _ => end += 1,
            }
        }
        rest = text.get(end + 1..).unwrap();
    }
    out + rest
}

#[test]
fn what_psql_reads_of_a_spec_is_ascii_in_texts() {
    let place = Place::new();
    let project = format!("{PROJECT}warehouse: {{ dialect: postgres, schema: kpi }}\n");
    // As the server may have it read, the last byte of a character takes the quote behind it along.
    let query = "select day as d, s, 'あ' as \"! touch PWNED #\" from raw.\"ü\" where 'あ' <> $$あ$$";
    write_files(&place.project(), &[("kpic.yml", &project), ("specs/a.yml", &over(query))]);
    // In a name a backslash is itself, so that one has to be out of the way.
    let name = over(&query.replace("\"! touch", "\"\\! touch"));
    write_files(&place.project(), &[("specs/a.yml", &name)]);
    let output = place.kpic(&["check"]);
    assert!(text(&output.stdout).contains("in another way than kpic"), "{output:?}");
    write_files(&place.project(), &[("specs/a.yml", &over(query))]);
    let (program, log) = (place.outer.path().join("psql"), place.outer.path().join("log"));
    fs::write(&program, format!("#!/bin/sh\ncat >> '{}'\n", log.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for command in ["run", "verify", "status", "freeze", "deploy"] {
        let _ = fs::remove_file(&log);
        let mut kpic = place.command(Path::new(env!("CARGO_BIN_EXE_kpic")), &[command]);
        let output = kpic.env("KPIC_PSQL", &program).env("KPIC_CONNECTION", "host=db").output().unwrap();
        let script = fs::read_to_string(&log).unwrap_or_default();
        if command == "run" || command == "verify" {
            assert!(script.contains("PWNED"), "{command}: {output:?}");
        }
        assert!(script.is_ascii() && !outside_of_texts(&script).contains("PWNED"), "{command}: {script}");
    }
}

#[test]
fn init_writes_and_reads_within_its_folder() {
    let place = Place::new();
    let outer = place.outer.path();
    let rows = "order_id,day,amount\n1,2024-01-05,3\n";
    let folder = |name: &str| {
        let folder = outer.join(name);
        write_files(&folder, &[("orders.csv", rows)]);
        folder
    };
    let init = |folder: &Path, arguments: &[&str]| {
        let mut command = place.command(Path::new(env!("CARGO_BIN_EXE_kpic")), &[&["init"], arguments].concat());
        command.current_dir(folder).output().unwrap()
    };
    let empty = outer.join("empty");
    fs::create_dir(&empty).unwrap();
    for (name, to) in [("a", "../empty"), ("b", ".github")] {
        let own = folder(name);
        fs::create_dir(own.join(".github")).unwrap();
        symlink(to, own.join("specs")).unwrap();
        let output = init(&own, &["--csv", "orders.csv"]);
        assert!(output.status.code() == Some(3) && text(&output.stderr).contains("will not write"), "{name}: {output:?}");
        let written = |folder: &Path| fs::read_dir(folder).unwrap().count();
        assert_eq!((written(&empty), written(&own.join(".github")), own.join("kpic.yml").exists()), (0, 0, false), "{name}");
    }
    // What `.gitignore` would be written by, and what it is read from.
    let own = folder("c");
    symlink("../empty/x", own.join(".gitignore.kpic-next")).unwrap();
    assert!(init(&own, &["--csv", "orders.csv"]).status.success());
    assert!(!empty.join("x").exists() && own.join(".gitignore").is_file());
    let own = folder("d");
    symlink("../secret.csv", own.join(".gitignore")).unwrap();
    let output = init(&own, &["--csv", "orders.csv"]);
    assert!(output.status.code() == Some(3) && !own.join("kpic.yml").exists(), "{output:?}");
    // Data that is somewhere else.
    let own = outer.join("e");
    fs::create_dir(&own).unwrap();
    symlink("../secret.csv", own.join("orders.csv")).unwrap();
    let output = init(&own, &["--csv", "orders.csv"]);
    assert!(output.status.code() == Some(2) && text(&output.stderr).contains("leads out of the project"), "{output:?}");
    assert!(init(&own, &["--yes"]).status.success());
    assert!(own.join("specs").is_dir() && !fs::read_to_string(own.join("kpic.yml")).unwrap().contains("orders.csv"));
    let own = place.project();
    write_files(
        &own,
        &[
            ("kpic.yml", &format!("{PROJECT}warehouse: {{ database: ../other.duckdb }}\n")),
            ("specs/a.yml", "teams: { t: { title: T } }\n"),
        ],
    );
    let output = init(&own, &["--csv", "link.csv"]);
    assert!(output.status.code() == Some(2) && text(&output.stderr).contains("leads out of the project"), "{output:?}");
    let output = init(&own, &["--table", "t"]);
    assert!(output.status.code() == Some(2) && text(&output.stderr).contains("outside the project"), "{output:?}");
}

#[test]
fn specs_in_hidden_folders_are_not_read_or_changed() {
    let place = Place::new();
    let own = place.project();
    let wrong = "teams: { t: { title: T } }\nkpis:\n  n: { descripton: x, formula: 1, owner: t }\n";
    write_files(&own, &[(".github/flows/a.yml", wrong), ("specs/b.yml", "teams: {}\n")]);
    symlink(".github/flows", own.join("kpis")).unwrap();
    let is_unchanged = || fs::read_to_string(own.join(".github/flows/a.yml")).unwrap() == wrong;
    for folder in [".github/flows", "./.github/../.github/flows", "kpis"] {
        write_files(&own, &[("kpic.yml", &format!("{PROJECT}specs: {folder}\n"))]);
        let output = place.kpic(&["check", "--fix"]);
        let told = said(&output).contains("K0120 outside-project") && said(&output).contains("`.github` is where");
        assert!(output.status.code() == Some(1) && told && is_unchanged(), "{folder}: {output:?}");
        let output = place.kpic(&["init", "--csv", "orders.csv"]);
        assert!(!output.status.success() && !own.join(".github/flows/orders.yml").exists(), "{folder}: {output:?}");
    }
    // A spec file that is one there, by a link.
    write_files(&own, &[("kpic.yml", PROJECT)]);
    symlink("../.github/flows/a.yml", own.join("specs/a.yml")).unwrap();
    let output = place.kpic(&["check", "--fix"]);
    assert!(output.status.code() == Some(1) && said(&output).contains("leads to `.github`") && is_unchanged(), "{output:?}");
    // What the command line opens is opened for reading only.
    let outside = place.outer.path().join("more.yml");
    fs::write(&outside, wrong).unwrap();
    fs::remove_file(own.join("specs/a.yml")).unwrap();
    symlink("../../more.yml", own.join("specs/a.yml")).unwrap();
    let output = place.kpic(&["--allow-path", "..", "check", "--fix"]);
    assert!(output.status.code() == Some(3) && text(&output.stderr).contains("it leads out of the project"), "{output:?}");
    assert_eq!(fs::read_to_string(&outside).unwrap(), wrong);
}
