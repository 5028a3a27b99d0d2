//! Specs of somebody who wants more than figures: each is checked, tested, run, asked, verified, built and deployed, and nothing outside of the
//! project is touched, read or printed.
//!
//! Beside each project stand a file and a database with a canary, the environment holds it, and a server would give it away. A
//! command of a shell would make a file `PWNED`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot run the program has failed")]
#![cfg(unix)]

#[path = "attacks/calling.rs"]
mod calling;
#[path = "attacks/reaching.rs"]
mod reaching;
mod support;

use kpic::engine::find;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use support::{text, write_files};

const PROJECT: &str = "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-01-31 }\n";
const CANARY: &str = "canary-4711";

/// A project in a folder, with what it must not reach beside it.
struct Place {
    outer: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let outer = tempfile::Builder::new().prefix("kpic für ").tempdir().unwrap();
        write_files(
            outer.path(),
            &[
                ("secret.csv", &format!("d,s\n2024-01-02,{CANARY}\n")),
                ("project/kpic.yml", PROJECT),
                ("project/orders.csv", "id,d,a\0\n1,2024-01-02,x\n"),
                ("project/payload.sh", "touch PWNED\n"),
            ],
        );
        let made = Command::new(find(None).unwrap())
            .args(["-no-init", "other.duckdb"])
            .arg(format!("create table t as select date '2024-01-02' as d, '{CANARY}' as s"))
            .current_dir(outer.path())
            .output();
        assert!(made.unwrap().status.success());
        std::os::unix::fs::symlink("../secret.csv", outer.path().join("project/link.csv")).unwrap();
        std::os::unix::fs::symlink("..", outer.path().join("project/linked")).unwrap();
        Self { outer }
    }

    fn project(&self) -> PathBuf {
        self.outer.path().join("project")
    }

    fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.project()).env("SECRET_TOKEN", CANARY).env("KPIC_DUCKDB", find(None).unwrap());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn kpic(&self, arguments: &[&str]) -> Output {
        self.command(Path::new(env!("CARGO_BIN_EXE_kpic")), arguments).output().unwrap()
    }

    /// All that there is, with the size and time of what stands outside the project.
    fn state(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.outer.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let meta = fs::symlink_metadata(&path).unwrap();
                if path.starts_with(self.project().join("build")) || path.to_string_lossy().contains("kpic-lock") {
                    continue;
                }
                if meta.is_dir() {
                    folders.push(path);
                } else {
                    found.push(format!("{} {} {:?}", path.display(), meta.len(), meta.modified().unwrap()));
                }
            }
        }
        found.sort();
        found
    }

    /// What every command says, and the engine's own shell of what is deployed.
    fn all_commands(&self) -> String {
        let commands: &[&[&str]] = &[
            &["check"],
            &["test"],
            &["run", "--verbose"],
            &["query", "n", "--by", "s", "--verbose"],
            &["query", "n", "--sql"],
            &["verify", "--verbose"],
            &["build"],
            &["build", "--figures"],
        ];
        let mut said = String::new();
        for arguments in commands {
            let output = self.kpic(arguments);
            said.push_str(&format!("{arguments:?}\n{}{}", text(&output.stdout), text(&output.stderr)));
        }
        // Who deploys a view lets it use the network; there is none here.
        let specs = fs::read_to_string(self.project().join("specs/a.yml")).unwrap();
        if specs.contains("://") {
            return said;
        }
        if let Ok(deploy) = fs::read_to_string(self.project().join("build/sql/duckdb/deploy.sql")) {
            let mut shell = self.command(&find(None).unwrap(), &["-no-init"]).spawn().unwrap();
            shell.stdin.take().unwrap().write_all(deploy.as_bytes()).unwrap();
            let output = shell.wait_with_output().unwrap();
            said.push_str(&format!("deploy.sql\n{}{}", text(&output.stdout), text(&output.stderr)));
        }
        said
    }

    /// Plays a spec; gives what was said.
    fn play(&self, spec: &str) -> String {
        write_files(&self.project(), &[("specs/a.yml", spec)]);
        let _ = fs::remove_dir_all(self.project().join("build"));
        let before = self.state();
        let said = self.all_commands();
        assert!(!said.contains("panicked"), "{spec}\n{said}");
        assert!(!said.contains(CANARY), "{spec}\n{said}");
        assert_eq!(self.state(), before, "{spec}\n{said}");
        let mut built = vec![self.project().join("build")];
        while let Some(folder) = built.pop().filter(|folder| folder.is_dir()) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    built.push(path);
                } else {
                    assert!(!String::from_utf8_lossy(&fs::read(&path).unwrap()).contains(CANARY), "{}", path.display());
                }
            }
        }
        said
    }
}

/// A spec whose source is a query, as YAML has it in double quotes.
fn over(query: &str) -> String {
    format!(
        "teams: {{ t: {{ title: T }} }}
sources:
  orders:
    query: \"{}\"
    kind: events
    time: d
    columns: {{ d: date, s: text }}
kpis:
  n: {{ description: x, formula: count(orders), owner: t, by: [s] }}
tests:
  one: {{ given: {{ orders: [{{ d: 2024-01-02 }}] }}, expect: {{ n: {{ 2024-01: 1 }} }} }}
",
        query.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r")
    )
}

/// Queries that are refused when they are checked.
const REFUSED: &[&str] = &[
    "select date '2024-01-02' as d, 'x' as s /* ' */;\n.shell sh payload.sh\nselect 1 /* ' */",
    "select date '2024-01-02' as d, 'x' as s) as a /* ' */;\n.shell sh payload.sh\nselect 1 from (select 1 /* ' */",
    "select date '2024-01-02' as d, 'x' as s; copy (select 1) to '../PWNED'",
    "select date '2024-01-02' as d, 'x' as s; attach '../other.duckdb' as o",
    "copy (select 1) to '../PWNED'",
    "install httpfs",
    "attach '../other.duckdb' as o; from o.t",
    "pragma database_list",
    "select date '2024-01-02' as d, E'a'\n'\\'; copy (select 1) to ''../PWNED''; --' as s",
    "select date '2024-01-02' as d, 'x' as \"s\n.shell sh payload.sh\n\"",
    "select date '2024-01-02' as d, 'x\n.shell sh payload.sh\n",
    "select date '2024-01-02' as d, 'x' as s /* /* */;\n.shell sh payload.sh\n",
];

/// Queries that call what may do more than read: they write files through a link into the hooks of the repository, switch the parser, or run a
/// text as SQL.
const CALLING: &[&str] = &[
    "select date '2024-01-02' as d, (select count(*)::varchar from enable_profiling(format = 'json', save_location = 'hook.json')) as s",
    "select date '2024-01-02' as d, (select count(*)::varchar from \"Enable_Profiling\"(save_location = '../PWNED')) as s",
    "select date '2024-01-02' as d, (select count(*)::varchar from system.main.enable_profiling /* ( */ (save_location = 'x')) as s",
    "select date '2024-01-02' as d, (select count(*)::varchar from enable_logging(storage = 'file', storage_path = 'logs')) as s",
    "select date '2024-01-02' as d, (select count(*)::varchar from disable_logging()) as s",
    "select date '2024-01-02' as d, (select count(*)::varchar from checkpoint()) as s",
    "select date '2024-01-02' as d, (select count(*)::varchar from enable_peg_parser()) as s",
    "from query('select date ''2024-01-02'' as d, getenv(''SECRET_TOKEN'') as s')",
    "from json_execute_serialized_sql(json_serialize_sql('select date ''2024-01-02'' as d, ''x'' as s'))",
    "select date '2024-01-02' as d, getenv('SECRET_TOKEN') as s",
    "from query('select date ''2024-01-02'' as d, file as s from gl' || 'ob(''**/../*'')')",
    "select date '2024-01-02' as d, write_log('x') as s",
    "select date '2024-01-02' as d, s from nobody_knows('x')",
];

/// Queries that the engine refuses; `{}` is the folder in which the canary is, and `{http}` a server that has it.
const CONFINED: &[&str] = &[
    "select date '2024-01-02' as d, content as s from read_text('/proc/self/environ')",
    "select date '2024-01-02' as d, content as s from read_text('/etc/passwd')",
    "from '{}/secret.csv'",
    "from \"../secret.csv\"",
    "from read_csv('../secret.csv')",
    "from read_csv('../*.csv')",
    "from read_csv('specs/../../secret.csv')",
    "from read_csv('file://{}/secret.csv')",
    "from read_csv('link.csv')",
    "from read_csv('l*k.csv')",
    "from read_csv('linked/secret.csv')",
    "from read_csv('*/secret.csv')",
    "from read_csv('**/secret.csv')",
    "select date '2024-01-02' as d, cast(content as varchar) as s from read_blob('../other.duckdb')",
    "select date '2024-01-02' as d, file as s from glob('/etc/pass*')",
    "select date '2024-01-02' as d, cast(columns as varchar) as s from sniff_csv('../secret.csv')",
    "from '../other.duckdb'",
    "from read_csv('{http}/secret.csv')",
    "from read_parquet('s3://bucket/secret.parquet')",
];

/// Queries that are fine, if what they hold stays what it is.
const FINE: &[&str] = &[
    "select date '2024-01-02' as d, 'a\n.shell sh payload.sh\nb' as s",
    "select date '2024-01-02' as d, $$a;\n.shell sh payload.sh\n$$ as s",
    "select date '2024-01-02' as d, E'\\'; copy (select 1) to ''../PWNED''; --' as s",
    "select date '2024-01-02' as d, E'\\';\n.shell sh payload.sh\n' as s",
    "select date '2024-01-02' as d, 'x' /* /* */ ;\n.shell sh payload.sh\n*/ as s",
    "select date '2024-01-02' as d, 'x' -- ';\n/* '\n.shell sh payload.sh\n*/ as s",
    "select date '2024-01-02' as d, [']; copy (select 1) to ''../PWNED''; --'][1] as s",
];

#[test]
fn sql_of_a_spec_is_data() {
    let place = Place::new();
    for query in REFUSED {
        let said = place.play(&over(query));
        assert!(said.contains("K0821 not-one-query"), "{query}: {said}");
    }
}

#[test]
fn functions_that_do_something_are_not_called() {
    let place = Place::new();
    hooked(&place);
    for query in CALLING {
        let said = place.play(&over(query));
        assert!(said.contains("K0824 call-not-allowed"), "{query}: {said}");
    }
}

/// A repository around the project's files, with a link to one of its hooks.
fn hooked(place: &Place) {
    write_files(&place.project(), &[(".git/hooks/pre-commit", "exit 0\n"), (".git/config", CANARY)]);
    std::os::unix::fs::symlink(".git/hooks/pre-commit", place.project().join("hook.json")).unwrap();
}

/// Views and macros of a database are SQL too, which kpic does not see. The kernel keeps the engine from writing, whatever the command
/// line opens, and an engine whose settings they have changed is not trusted.
#[cfg(target_os = "linux")]
#[test]
fn sql_in_a_database_writes_nothing() {
    let place = Place::new();
    hooked(&place);
    let calls = [
        "enable_profiling(format = 'json', save_location = 'hook.json')",
        "enable_profiling(format = 'json', save_location = 'new.json')",
        "enable_profiling(format = 'json', save_location = '../PWNED')",
        "enable_logging(storage = 'file', storage_path = 'logs')",
        "enable_peg_parser()",
    ];
    let shapes: [&dyn Fn(&str) -> String; 3] = [
        &|call| format!("create view t as select date '2024-01-02' as d, (select count(*)::varchar from {call}) as s"),
        &|call| {
            format!(
                "create view t as select date '2024-01-02' as d, 'x' as s; \
                 create macro max(x) as (select count_star() from {call})"
            )
        },
        // What the engine is asked about itself is not answered by the database.
        &|call| {
            format!(
                "create macro current_setting(x) as true; create macro error(x) as null; create macro duckdb_settings() as table select \
                 'a' as name, 'b' as value; create view t as select date '2024-01-02' as d, (select count(*)::varchar from {call}) as s"
            )
        },
    ];
    write_files(&place.project(), &[("specs/a.yml", &over("from t").replace("query: \"from t\"", "table: t"))]);
    for call in calls {
        for shape in shapes {
            let database = place.outer.path().join("made.duckdb");
            let _ = fs::remove_file(&database);
            let mut shell = Command::new(find(None).unwrap());
            shell.args(["-no-init", "made.duckdb", &shape(call)]).current_dir(place.outer.path());
            assert!(shell.output().unwrap().status.success(), "{call}");
            let before = place.state();
            for flags in [&[][..], &["--allow-network"], &["--allow-path", ".."]] {
                let query = ["query", "n", "--by", "s", "--database", "../made.duckdb", "--no-guards"];
                let output = place.kpic(&[&query, flags].concat());
                let said = text(&output.stderr);
                assert_eq!(place.state(), before, "{call} {flags:?}: {said}");
                let told =
                    ["SQL changed DuckDB's setting", "DuckDB stopped before", "DuckDB crashed before", "K0905 engine-refused"];
                let is_told = told.iter().any(|told| said.contains(told));
                assert!(!output.status.success() && is_told, "{call} {flags:?}: {output:?}");
            }
        }
    }
}

/// The token of a checkout may be in a repository's own files.
#[cfg(target_os = "linux")]
#[test]
fn the_repository_is_not_read() {
    let place = Place::new();
    hooked(&place);
    std::os::unix::fs::symlink(".git", place.project().join("git")).unwrap();
    write_files(&place.project(), &[("sub/x.csv", "d,s\n2024-01-02,seen\n")]);
    for query in [
        "select date '2024-01-02' as d, content as s from read_text('.git/config')",
        "select date '2024-01-02' as d, content as s from read_text('git/config')",
        "select date '2024-01-02' as d, content as s from read_text('.g*/con*')",
        "select date '2024-01-02' as d, content as s from read_text('sub/../.git/config')",
    ] {
        let said = place.play(&over(query));
        assert!(said.contains("K0905 engine-refused"), "{query}: {said}");
    }
    write_files(&place.project(), &[("specs/a.yml", &over("from read_csv('sub/x.csv')"))]);
    let output = place.kpic(&["query", "n", "--by", "s"]);
    assert!(text(&output.stdout).contains("seen"), "{output:?}");
}

#[test]
fn the_engine_is_confined() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let http = format!("http://{}", server.local_addr().unwrap());
    let place = Place::new();
    for query in CONFINED {
        let query = query.replace("{http}", &http).replace("{}", place.outer.path().to_str().unwrap());
        let said = place.play(&over(&query));
        let refused = ["K0905 engine-refused", "K0903 not-in-data"].iter().any(|code| said.contains(code));
        assert!(refused, "{query}: {said}");
        assert!(server.accept().is_err(), "{query}");
    }
}

#[test]
fn texts_comments_and_names_change_nothing() {
    let place = Place::new();
    for query in FINE {
        let said = place.play(&over(query));
        assert!(!said.contains('×') && !said.contains("Error") && said.contains("deploy.sql\n"), "{query}: {said}");
        let figure = text(&place.kpic(&["query", "n", "--from", "2024-01", "--format", "csv"]).stdout);
        assert!(figure.ends_with(",1\n") || figure.contains(",1,"), "{query}: {figure}");
    }
}

/// Texts of a spec that stand in SQL or in comments of it, without any SQL in the spec.
#[test]
fn names_and_texts_of_a_spec_are_data() {
    let place = Place::new();
    let nul = "sources:
  orders: { files: orders.csv, kind: events, key: id, row: order, time: d, columns: { id: integer, d: date, s: { type: text, column: \"a\\0\" } } }
teams: { t: { title: T } }
kpis:
  n: { description: x, formula: \"count(orders where s = 'a\\n\\\";\\n.shell sh payload.sh\\n')\", owner: t }
";
    place.play(nul);
    for name in ["a\\n.shell sh payload.sh\\n", "a\\0b", "\\n.shell sh payload.sh"] {
        place.play(&nul.replace("a\\0", name));
    }
    // A template of statements is SQL for a reviewer, but no more than that.
    for line in
        ["", ".shell sh payload.sh", "select 1;\n.shell sh payload.sh\n", "{{ '.shell sh payload.sh' }}", "select '\0\n';"]
    {
        let template = format!("create or replace view {{{{ view.relation }}}} as\n{{{{ query }}}};\n{line}\n");
        write_files(&place.project(), &[("templates/view.sql.j2", &template)]);
        let said = place.play(&over("select date '2024-01-02' as d, 'x' as s"));
        let refused = said.contains("K0812 bad-template") || said.contains("control");
        assert_eq!(
            (refused, place.project().join("build/sql/duckdb").is_dir()),
            (!line.is_empty(), line.is_empty()),
            "{line}: {said}"
        );
    }
    fs::remove_dir_all(place.project().join("templates")).unwrap();
    place.play(
        "sources:
  orders: { table: \"x\\n.shell sh payload.sh\\n\", kind: events, time: d, columns: { d: date } }
kpis:
  n: { title: \"x\\n.shell sh payload.sh\\n\", description: \"x\\n.shell sh payload.sh\\r.shell sh payload.sh\", formula: count(orders) }
",
    );
}

/// Queries that would show names of files outside; one is called after the canary, and the project has a link to its folder.
#[cfg(target_os = "linux")]
const LISTING: &[&str] = &[
    "select date '2024-01-02' as d, file as s from glob('*/*')",
    "select date '2024-01-02' as d, file as s from glob('l*/*')",
    "select date '2024-01-02' as d, file as s from glob('**/../*')",
    "select date '2024-01-02' as d, file as s from glob('specs/**/../../*')",
    "select date '2024-01-02' as d, file as s from glob('**/**/**/../../../*/*')",
    "select date '2024-01-02' as d, file as s from glob('*/../**/../*')",
    "select date '2024-01-02' as d, filename as s from read_text('*/*')",
    "select date '2024-01-02' as d, filename as s from read_blob('**/../*')",
    "from read_csv('*/*.txt')",
    "from read_csv('**/../*.txt')",
];

/// Needs a kernel with Landlock, as all that are not very old have.
#[cfg(target_os = "linux")]
#[test]
fn names_of_files_outside_are_not_listed() {
    let place = Place::new();
    fs::write(place.outer.path().join(format!("{CANARY}.txt")), "x").unwrap();
    for query in LISTING {
        let said = place.play(&over(query));
        assert!(said.contains("[\"run\", \"--verbose\"]"), "{query}: {said}");
    }
    // What is inside is still found.
    place.play(&over("select date '2024-01-02' as d, file as s from glob('**/*.csv')"));
    let figure = place.kpic(&["query", "n", "--by", "s", "--from", "2024-01", "--format", "csv"]);
    assert!(text(&figure.stdout).contains("orders.csv"), "{figure:?}");
}

/// Templates that would take all memory there is: in one step, in many, and before a page is made.
#[cfg(target_os = "linux")]
const LARGE: &[&str] = &[
    "{% macro m(s, n) %}{% if n > 0 %}{{ m(s ~ s, n - 1) }}{% endif %}{% endmacro %}{{ m('x' * 9999999, 20) }}",
    "{% set l = [] %}{% macro m(l, n) %}{% if n > 0 %}{{ m(l + ['x' * (90000000 + n)], n - 1) }}{% endif %}{% endmacro %}{{ m(l, 20) }}",
    "{% set x %}{% for i in range(999) %}{{ ('x' * 9999999)|safe }}{% endfor %}{% endset %}",
    "{{ ('x' * 99999999)|list }}",
    "{% if false %}{{ ['x' * 99999999, 'y' * 99999999, 'z' * 99999999, 'x' * 99999998, 'y' * 99999998, 'z' * 99999998, \
     'x' * 99999997, 'y' * 99999997, 'z' * 99999997, 'x' * 99999996, 'y' * 99999996, 'z' * 99999996] }}{% endif %}",
];

/// Templates that would ask for more memory at once than a system gives.
const AT_ONCE: &[&str] = &[
    "{{ 'x'|indent(99999999999) }}",
    "{{ 'x'|indent(width=99999999999) }}",
    "{{ '%99999999999d'|format(3) }}",
    "{{ '%.99999999999f'|format(3) }}",
    "{{ '%*d'|format(99999999999, 3) }}",
    "{{ [1]|batch(99999999999)|list }}",
    "{{ [1]|slice(99999999999)|list }}",
    "{{ 'x' * 99999999999 }}",
    "{{ range(99999999999) }}",
];

#[test]
fn a_template_does_not_ask_for_all_memory_at_once() {
    let place = Place::new();
    write_files(&place.project(), &[("specs/a.yml", &over("select date '2024-01-02' as d, 'x' as s"))]);
    for template in AT_ONCE {
        write_files(&place.project(), &[("templates/team.md.j2", template)]);
        let output = place.kpic(&["check"]);
        let said = text(&output.stdout);
        assert!(output.status.code() == Some(1) && said.contains("invalid operation: "), "{template}: {output:?}");
        assert!(!said.contains("more than"), "{template}: {said}");
    }
    let fine = "{{ 'a\nb'|indent(4) }} {{ '%05d %s'|format(3, 'x') }} {{ [1, 2, 3]|batch(2)|list }} {{ [1, 2]|slice(2)|list }}";
    write_files(&place.project(), &[("templates/team.md.j2", fine)]);
    let output = place.kpic(&["build"]);
    let page = fs::read_to_string(place.project().join("build/docs/teams/t.md")).unwrap_or_default();
    assert!(page.contains("a b 00003 x [[1, 2], [3]] [[1], [2]]"), "{page}{output:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_template_cannot_take_all_memory() {
    let place = Place::new();
    // What was the most memory that it had, in KiB, as long as it could be asked.
    let checked = || {
        let mut kpic = place.command(Path::new(env!("CARGO_BIN_EXE_kpic")), &["check"]).spawn().unwrap();
        let status = format!("/proc/{}/status", kpic.id());
        let mut most = 0;
        while kpic.try_wait().unwrap().is_none() {
            let status = fs::read_to_string(&status).unwrap_or_default();
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
            most = most.max(peak.unwrap_or(0));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(most > 0);
        (kpic.wait_with_output().unwrap(), most)
    };
    write_files(&place.project(), &[("specs/a.yml", &over("select date '2024-01-02' as d, 'x' as s"))]);
    for template in LARGE {
        for name in ["team.md.j2", "_footer.md.j2", "view.sql.j2"] {
            fs::remove_dir_all(place.project().join("templates")).ok();
            write_files(&place.project(), &[(&format!("templates/{name}"), template)]);
            let (output, most) = checked();
            let said = text(&output.stdout);
            assert_eq!(output.status.code(), Some(1), "{template}: {output:?}");
            assert!(most < 2_000_000, "{template}: {most} KiB");
            assert!(said.contains("K0812 bad-template") && said.contains("more than 1000 MB of memory"), "{template}: {said}");
            assert!(said.contains(&format!("templates/{name}:1:1")), "{template}: {said}");
        }
    }
    let long = "{% for i in range(30) %}{{ ('x' * 9999999)|safe }}{% endfor %}";
    write_files(&place.project(), &[("templates/view.sql.j2", long)]);
    let said = text(&place.kpic(&["check"]).stdout);
    assert!(said.contains("the template makes more than 100 MB for one statement"), "{said}");
    // A build that ended so leaves what was there, and the next one cleans up.
    fs::remove_dir_all(place.project().join("templates")).unwrap();
    assert!(place.kpic(&["build"]).status.success());
    let index = fs::read(place.project().join("build/docs/index.md")).unwrap();
    write_files(&place.project(), &[("templates/team.md.j2", LARGE[0])]);
    let output = place.kpic(&["build", "--format", "json"]);
    assert!(output.status.code() == Some(1) && text(&output.stdout).contains("bad-template"), "{output:?}");
    assert_eq!(fs::read(place.project().join("build/docs/index.md")).unwrap(), index);
    fs::remove_dir_all(place.project().join("templates")).unwrap();
    assert!(place.kpic(&["build"]).status.success());
    let left = fs::read_dir(place.project()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.filter(|name| name.contains("kpic-")).collect::<Vec<_>>(), Vec::<String>::new());
}

/// What is nested is printed and taken apart level by level, each on top of the one before.
#[test]
fn a_template_cannot_nest_without_an_end() {
    let place = Place::new();
    write_files(&place.project(), &[("specs/a.yml", &over("select date '2024-01-02' as d, 'x' as s"))]);
    let written_out = "{% set x = [x] %}".repeat(2_000);
    for template in [
        "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}",
        "{% set ns = namespace(x=[]) %}{% for i in range(90000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
        "{% macro m(x, n) %}{% if n > 0 %}{{ m([x], n - 1) }}{% else %}{{ x }}{% endif %}{% endmacro %}{{ m([], 90000) }}",
        "{% macro m(x, n) %}{% if n > 0 %}{{ m(dict(a=x), n - 1) }}{% else %}{{ x }}{% endif %}{% endmacro %}{{ m([], 40) }}",
        &format!("{{% set x = 1 %}}{written_out}{{{{ x }}}}"),
    ] {
        for name in ["team.md.j2", "_footer.md.j2", "view.sql.j2"] {
            fs::remove_dir_all(place.project().join("templates")).ok();
            write_files(&place.project(), &[(&format!("templates/{name}"), template)]);
            let output = place.kpic(&["check"]);
            let said = text(&output.stdout);
            let start: String = template.chars().take(60).collect();
            assert!(output.status.code() == Some(1) && said.contains("K0812 bad-template"), "{name} {start}: {output:?}");
            assert!(said.contains(&format!("templates/{name}:1:")), "{name} {start}: {said}");
        }
    }
    // What goes as deep as it may is printed.
    let deep = format!("{{% set x = 1 %}}{}{{{{ x }}}}", "{% set x = [[[[[[[[[[x]]]]]]]]]] %}".repeat(70));
    write_files(&place.project(), &[("templates/team.md.j2", &deep)]);
    fs::remove_file(place.project().join("templates/view.sql.j2")).unwrap();
    let output = place.kpic(&["check"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// A link can lead to where a CI keeps its token.
#[cfg(unix)]
#[test]
fn what_is_read_is_not_in_a_hidden_folder() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    let own = place.project();
    let query = over("select date '2024-01-02' as d, 'x' as s");
    let folders = [("templates/_footer.md.j2", "../.git/config"), ("templates", ".git/t"), ("specs/b.yml", "../.git/config")];
    for (link, to) in folders {
        fs::remove_dir_all(own.join("templates")).ok();
        fs::remove_file(own.join("templates")).ok();
        write_files(&own, &[("specs/a.yml", &query), (".git/config", CANARY), (".git/t/_footer.md.j2", CANARY)]);
        fs::create_dir_all(own.join(link).parent().unwrap()).unwrap();
        symlink(to, own.join(link)).unwrap();
        for command in ["check", "build"] {
            let output = place.kpic(&[command]);
            let said = text(&output.stdout) + &text(&output.stderr);
            assert!(output.status.code() == Some(1) && said.contains("K0120 outside-project"), "{link}: {output:?}");
            assert!(said.contains("leads to `.git`") && !said.contains(CANARY), "{link}: {said}");
        }
        fs::remove_file(own.join(link)).unwrap();
    }
    // Data too, whether it is named there or a link leads there.
    write_files(&own, &[("sub/.git/x.csv", "d,s\n"), (".ssh/x.csv", "d,s\n")]);
    symlink("sub/.git", own.join("l")).unwrap();
    for files in ["l/x.csv", "l/*.csv", ".ssh/x.csv"] {
        write_files(
            &own,
            &[(
                "specs/a.yml",
                &query.replace("query: \"select date '2024-01-02' as d, 'x' as s\"", &format!("files: \"{files}\"")),
            )],
        );
        let output = place.kpic(&["check"]);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(said.contains("K0120 outside-project") && said.contains("leads to `."), "{files}: {said}");
    }
    fs::remove_file(own.join("l")).unwrap();
    write_files(&own, &[("specs/a.yml", &query)]);
    // As the system goes, `..` behind a link is above where it leads to.
    write_files(&own, &[(".github/x/y", ""), (".github/flows/a.yml", "teams: { t: { titel: T } }\n")]);
    write_files(&own, &[("kpic.yml", &format!("{PROJECT}specs: l/../flows\n"))]);
    symlink(".github/x", own.join("l")).unwrap();
    let output = place.kpic(&["check", "--fix"]);
    assert!(output.status.code() == Some(1) && text(&output.stdout).contains("K0120 outside-project"), "{output:?}");
}

#[test]
fn an_answer_that_fills_the_memory_is_refused() {
    let place = Place::new();
    for s in ["repeat('x', 300000000)", "cast(error(repeat('x', 300000000)) as varchar)"] {
        write_files(&place.project(), &[("specs/a.yml", &over(&format!("select date '2024-01-02' as d, {s} as s")))]);
        let output = place.kpic(&["query", "n", "--by", "s", "--verbose"]);
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(3) && said.contains("DuckDB's answer has more than 100 MB"), "{s}: {said:.500}");
    }
}

/// DuckDB would fetch an extension for it, before it is confined.
#[test]
fn a_database_of_another_kind_is_not_opened() {
    let place = Place::new();
    let kpic = format!("{PROJECT}warehouse: {{ database: a.duckdb }}\n");
    write_files(&place.project(), &[("kpic.yml", &kpic), ("specs/a.yml", &over("from t"))]);
    for begin in ["SQLite format 3\0", "", "DUCK4711DUCK\0\0\0\0", "PAR1\0\0\0\0"] {
        write_files(&place.project(), &[("a.duckdb", &format!("{begin}{}", "\0".repeat(4096)))]);
        let output = place.kpic(&["run", "--verbose"]);
        let said = text(&output.stderr);
        let is_told = said.contains("it is not a DuckDB database") || said.contains("DuckDB cannot read it");
        assert!(output.status.code() == Some(3) && is_told && !said.contains("extension"), "{begin}: {said}");
    }
}

/// The log of a database holds rows, too.
#[test]
fn a_log_that_leads_out_of_the_project_is_not_read() {
    let place = Place::new();
    let kpic = format!("{PROJECT}warehouse: {{ database: a.duckdb }}\n");
    write_files(
        &place.project(),
        &[("kpic.yml", &kpic), ("specs/a.yml", &over("from t").replace("query: \"from t\"", "table: t"))],
    );
    let make = |file: &Path, sql: &str| {
        let made = Command::new(find(None).unwrap()).arg("-no-init").arg(file).arg(sql).output().unwrap();
        assert!(made.status.success(), "{made:?}");
    };
    let database = place.project().join("a.duckdb");
    make(&database, "create table t as select date '2024-01-02' as d, 'x' as s");
    assert!(place.kpic(&["query", "n", "--by", "s"]).status.success());
    let secret = place.outer.path().join("secret.wal");
    fs::write(&secret, CANARY).unwrap();
    for name in ["a.duckdb.wal", "a.duckdb.wal.checkpoint", "a.duckdb.wal.recovery"] {
        let link = place.project().join(name);
        std::os::unix::fs::symlink(&secret, &link).unwrap();
        let output = place.kpic(&["query", "n", "--by", "s"]);
        assert!(output.status.code() == Some(3) && text(&output.stderr).contains("beside it is a link"), "{output:?}");
        fs::remove_file(link).unwrap();
    }
}

/// A repository may bring along a target, and what looks like the rest of a build that was killed.
#[test]
fn a_target_that_comes_along_leads_nowhere() {
    use std::os::unix::fs::symlink;

    let place = Place::new();
    write_files(&place.project(), &[("specs/a.yml", &over("select date '2024-01-02' as d, 'x' as s"))]);
    let build = place.project().join("build");
    // What looks like the rest of a build: its files would move through a link of the target, or replace older ones there.
    for rest in [".build.kpic-next-1", ".build.kpic-old-1"] {
        for inner in ["d/PWNED", "d/e/PWNED", "d/PWNED/x", "notes.md"] {
            write_files(&place.project(), &[("build/notes.md", "mine")]);
            symlink("../..", build.join("d")).unwrap();
            std::thread::sleep(Duration::from_millis(20));
            write_files(&place.project(), &[(&format!("{rest}/{inner}"), "stranger"), (".build.kpic-note-1", "1:1\n1:1\n")]);
            let output = place.kpic(&["build"]);
            assert!(output.status.success(), "{inner}: {output:?}");
            assert!(
                !place.outer.path().join("PWNED").exists() && !place.outer.path().join("e").exists(),
                "{inner}: {output:?}"
            );
            assert_eq!(fs::read_to_string(build.join("notes.md")).unwrap(), "mine", "{rest} {inner}");
            assert!(place.project().join(rest).join(inner).is_file(), "{inner}");
            fs::remove_dir_all(&build).unwrap();
            fs::remove_dir_all(place.project().join(rest)).unwrap();
            fs::remove_file(place.project().join(".build.kpic-note-1")).unwrap();
        }
    }
    // Files of a former build that are links to what has no end.
    assert!(place.kpic(&["build"]).status.success());
    for name in ["manifest.json", "sql/duckdb/deploy.sql", ".kpic-files"] {
        fs::remove_file(build.join(name)).unwrap();
        symlink("/dev/zero", build.join(name)).unwrap();
        let begun = Instant::now();
        let output = place.kpic(&["build"]);
        assert!(matches!(output.status.code(), Some(0 | 3)) && begun.elapsed() < Duration::from_secs(60), "{name}: {output:?}");
        fs::remove_dir_all(&build).unwrap();
        assert!(place.kpic(&["build"]).status.success());
    }
}

#[test]
fn a_database_elsewhere_is_opened_on_the_command_line_only() {
    let place = Place::new();
    let spec = over("from other.t").replace("other.t", "t");
    for database in ["../other.duckdb", "linked/other.duckdb", &format!("{}/other.duckdb", place.outer.path().display())] {
        write_files(&place.project(), &[("kpic.yml", &format!("{PROJECT}warehouse: {{ database: '{database}' }}\n"))]);
        let said = place.play(&spec);
        assert!(said.contains("K0120 outside-project") && said.contains("`--database FILE`"), "{database}: {said}");
        write_files(&place.project(), &[("specs/a.yml", &spec), ("kpic.yml", PROJECT)]);
        let output = place.kpic(&["query", "n", "--by", "s", "--database", "../other.duckdb"]);
        assert!(text(&output.stdout).contains(CANARY), "{output:?}");
    }
}

#[test]
fn the_command_line_opens_folders() {
    let place = Place::new();
    write_files(&place.project(), &[("specs/a.yml", &over("from read_csv('../secret.csv')"))]);
    let closed = place.kpic(&["query", "n", "--by", "s"]);
    assert!(text(&closed.stderr).contains("`../secret.csv` is outside the project"), "{closed:?}");
    assert!(text(&closed.stderr).contains("--allow-path DIR"), "{closed:?}");
    let open = place.kpic(&["query", "n", "--by", "s", "--allow-path", ".."]);
    assert!(text(&open.stdout).contains(CANARY), "{open:?}");
    let network = place.kpic(&["query", "n", "--by", "s", "--allow-network"]);
    assert!(text(&network.stdout).contains(CANARY), "{network:?}");
}

#[test]
fn rows_of_a_stranger_run_nothing_in_init() {
    let place = Place::new();
    write_files(&place.project(), &[("evil.csv", "id,d,\"a\0\"\"; \n.shell sh payload.sh\n\"\n1,2024-01-02,x\n")]);
    let before = place.state();
    let output = place.kpic(&["init", "new", "--csv", "evil.csv"]);
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    let new = place.project().join("new");
    let other: Vec<String> = place.state().into_iter().filter(|file| !file.contains(new.to_str().unwrap())).collect();
    assert_eq!(other, before, "{said}");
}

/// A query that takes far longer than any test.
const ENDLESS: &str = "select date '2024-01-02' as d, 'x' as s from range(1000000) as a, range(1000000) as b, range(1000000) as c \
                       where hash(a.range, b.range, c.range) = 1";

#[test]
fn an_engine_that_takes_too_long_is_stopped() {
    let place = Place::new();
    write_files(&place.project(), &[("specs/a.yml", &over(ENDLESS))]);
    let begun = Instant::now();
    let output = place.kpic(&["run", "--timeout", "1"]);
    assert!(begun.elapsed() < Duration::from_secs(20));
    let said = text(&output.stderr);
    assert!(output.status.code() == Some(3) && said.contains("did not answer within 1 second and was stopped"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_engine_ends_with_kpic() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let place = Place::new();
    write_files(&place.project(), &[("specs/a.yml", &over(ENDLESS))]);
    let engines_of = |parent: u32| -> Vec<i32> {
        let path = format!("/proc/{parent}/task");
        let tasks = fs::read_dir(path).into_iter().flatten().flatten();
        let of_task = |task: fs::DirEntry| fs::read_to_string(task.path().join("children")).unwrap_or_default();
        tasks.flat_map(|task| of_task(task).split_whitespace().map(|id| id.parse().unwrap()).collect::<Vec<i32>>()).collect()
    };
    let wait_for = |what: &dyn Fn() -> bool| {
        let until = Instant::now() + Duration::from_secs(20);
        while !what() {
            assert!(Instant::now() < until);
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        // Whoever runs the tests in the background may have signals ignored; a program that is started inherits that.
        let kpic = ["--default-signal=HUP,INT,TERM", env!("CARGO_BIN_EXE_kpic"), "run"];
        let mut kpic = place.command(Path::new("/usr/bin/env"), &kpic).spawn().unwrap();
        wait_for(&|| !engines_of(kpic.id()).is_empty());
        let is_engine = |id: &i32| {
            let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
            name.trim() == "duckdb"
        };
        wait_for(&|| engines_of(kpic.id()).iter().all(is_engine));
        let engines = engines_of(kpic.id());
        kill(Pid::from_raw(i32::try_from(kpic.id()).unwrap()), signal).unwrap();
        kpic.wait().unwrap();
        wait_for(&|| engines.iter().all(|id| !is_engine(id)));
    }
}

/// A program that answers as the engine does, and then ends in some way.
#[test]
fn an_engine_that_dies_after_it_has_answered_has_failed() {
    let place = Place::new();
    write_files(&place.project(), &[("specs/a.yml", &over("select date '2024-01-02' as d, 'x' as s"))]);
    let fake = place.outer.path().join("fake");
    for (end, fails) in [("exit 0", false), ("exit 7", true), ("kill -9 $$", true)] {
        let script = format!("#!/bin/sh\n'{}' \"$@\"\n{end}\n", find(None).unwrap().display());
        fs::write(&fake, script).unwrap();
        fs::set_permissions(&fake, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let output = place.kpic(&["run", "--duckdb", fake.to_str().unwrap()]);
        assert_eq!(output.status.code() == Some(3), fails, "{end}: {output:?}");
    }
}
