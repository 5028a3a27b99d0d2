//! Specs, templates, folders and command lines that would keep kpic busy, end it badly, or leave something behind.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot run the program has failed")]
#![cfg(unix)]

mod support;

use kpic::engine::find;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use support::{text, write_files};

const PROJECT: &str = "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-01-31 }\n";
const SPEC: &str = "sources:
  s: { query: \"select date '2024-01-02' as d, 'x' as t\", kind: events, time: d, columns: { d: date, t: text } }
kpis:
  k: { description: x, formula: count(s), by: [t] }
";

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/a.yml", SPEC)]);
    write_files(folder.path(), files);
    folder
}

fn kpic(folder: &Path, arguments: &[&str]) -> Command {
    let mut kpic = Command::new(env!("CARGO_BIN_EXE_kpic"));
    kpic.args(arguments).current_dir(folder).env("KPIC_DUCKDB", find(None).unwrap()).stdin(Stdio::null());
    kpic
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    kpic(folder, arguments).output().unwrap()
}

/// What took half a minute and more before, with a program that is not even optimised.
#[test]
fn many_mistakes_take_no_more_time_than_they_are_many() {
    let long = "x".repeat(900);
    let typos: String = (0..2000).map(|i| format!("  kpi_number_{i}: {{ formula: kpi_numbr_{i} + 1 }}\n")).collect();
    let names: String = (0..100).map(|i| format!("  k_{long}{i}: {{ formula: j_{long}{i} + 1 }}\n")).collect();
    let specs = [
        format!("teams:\n{}", "  t: { title: T }\n".repeat(20_000)),
        format!("sources:\n  s:\n    table: t\n{}", (0..20_000).map(|i| format!("    unknown{i}: {i}\n")).collect::<String>()),
        format!("kpis:\n{typos}"),
        format!("kpis:\n{names}"),
    ];
    for spec in specs {
        let folder = project(&[("specs/a.yml", &spec)]);
        let begun = Instant::now();
        let output = run(folder.path(), &["check", "--format", "github"]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        assert!(begun.elapsed() < Duration::from_secs(60), "{:.40}: {:?}", spec, begun.elapsed());
    }
}

#[test]
fn a_template_with_a_tag_that_has_no_end_is_a_finding() {
    let many = |part: &str| part.repeat(200_000);
    for template in [
        format!("{{{{ 1{} }}}}", many("+1")),
        format!("{{{{ {}1 }}}}", many("-")),
        format!("{{{{ x{} }}}}", many(".a")),
        format!("{{{{ x{} }}}}", many("|e")),
        format!("{{% if x %}}{}{{% endif %}}", many("{% elif x %}")),
        format!("{{% raw %}}{{{{ '}}}} {{# {{% endraw %}}{{{{ '}}}}' ~ 1{} }}}}", many("+1")),
    ] {
        let folder = project(&[("templates/kpi.md.j2", &template)]);
        for command in ["check", "build"] {
            let output = run(folder.path(), &[command]);
            let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
            assert_eq!(output.status.code(), Some(1), "{template:.40}: {said:.400}");
            assert!(
                said.contains("K0812 bad-template")
                    && (said.contains("more than 5000 parts") || said.contains("more than 1000 brackets, filters and `set`")),
                "{template:.40}: {said:.400}"
            );
        }
        let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert_eq!(left.filter(|name| name.contains("kpic-")).collect::<Vec<_>>(), Vec::<String>::new());
    }
}

/// Temporary files of an engine go, whatever ends kpic.
#[cfg(target_os = "linux")]
#[test]
fn temporary_files_go_with_kpic() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let spec = SPEC
        .replace("'x' as t", "count(*)::varchar as t from range(1000000) a, range(1000000) b where hash(a.range, b.range) = 1");
    let folder = project(&[("specs/a.yml", &spec)]);
    let temporary = tempfile::tempdir().unwrap();
    let left = || fs::read_dir(temporary.path()).unwrap().count();
    let wait_for = |what: &dyn Fn() -> bool| {
        let until = Instant::now() + Duration::from_secs(20);
        while !what() {
            assert!(Instant::now() < until);
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let mut kpic = Command::new("/usr/bin/env");
        kpic.args(["--default-signal=HUP,INT,TERM", env!("CARGO_BIN_EXE_kpic"), "run"]).current_dir(folder.path());
        kpic.env("KPIC_DUCKDB", find(None).unwrap()).env("TMPDIR", temporary.path());
        let mut kpic = kpic.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for(&|| left() > 0);
        std::thread::sleep(Duration::from_secs(1));
        kill(Pid::from_raw(i32::try_from(kpic.id()).unwrap()), signal).unwrap();
        kpic.wait().unwrap();
        wait_for(&|| left() == 0);
    }
    // Where nobody is left to clean up, the next one does.
    let dead = temporary.path().join("kpic-spill-dead");
    fs::create_dir(&dead).unwrap();
    fs::write(dead.join("owner"), "").unwrap();
    let simple = project(&[]);
    let output = kpic(simple.path(), &["run"]).env("TMPDIR", temporary.path()).output().unwrap();
    assert!(output.status.success() && left() == 0, "{output:?}");
}

#[test]
fn temporary_files_have_a_limit() {
    let query = "select date '2024-01-02' as d, hash(range)::varchar || repeat('x', 100) as t from range(10000000) order by t, d limit 3000000";
    let folder = project(&[("specs/a.yml", &SPEC.replace("select date '2024-01-02' as d, 'x' as t", query))]);
    let output = run(folder.path(), &["query", "k", "--memory", "100MB", "--spill", "1MB", "--no-guards"]);
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains("memory"), "{said}");
}

/// The folder in which kpic is started may be somebody else's project.
#[test]
fn a_program_of_the_folder_is_not_started() {
    use std::os::unix::fs::PermissionsExt;

    let folder = project(&[("duckdb", "#!/bin/sh\ntouch PWNED\n"), ("bin/duckdb", "#!/bin/sh\ntouch PWNED\n")]);
    for program in ["duckdb", "bin/duckdb"] {
        fs::set_permissions(folder.path().join(program), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = |path: &str| {
        let mut named = kpic(folder.path(), &["run", "--duckdb", "duckdb"]);
        let mut from = kpic(folder.path(), &["run"]);
        let mut found = kpic(folder.path(), &["run"]);
        from.env("KPIC_DUCKDB", "duckdb");
        found.env_remove("KPIC_DUCKDB");
        for command in [&mut named, &mut from, &mut found] {
            let output = command.env("PATH", path).output().unwrap();
            assert!(!folder.path().join("PWNED").exists(), "{path}: {output:?}");
        }
    };
    ["", ".", "./bin", "bin", ":/nowhere", "/nowhere::", "./bin:."].into_iter().for_each(path);
    // One that is named with a folder is meant.
    run(folder.path(), &["run", "--duckdb", "./duckdb", "--allow-network"]);
    let real = find(None).unwrap();
    let beside = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(real, beside.path().join("duckdb")).unwrap();
    let output = kpic(folder.path(), &["run", "--duckdb", "duckdb"]).env("PATH", beside.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn output_goes_into_no_folder_that_serves_for_something_else() {
    let source = SPEC.replace("query: \"select date '2024-01-02' as d, 'x' as t\"", "files: data/a.csv");
    for target in [
        "specs/x",
        "templates/x",
        "data/out",
        ".github",
        ".github/workflows",
        ".git.",
        "GIT~1",
        "\".g\\u200cit\"",
        ".gitlab",
        "data",
    ] {
        let folder = project(&[
            ("kpic.yml", &format!("{PROJECT}target_dir: {target}\n")),
            ("specs/a.yml", &source),
            ("data/a.csv", "d,t\n2024-01-02,x\n"),
            ("templates/_x.md.j2", "x"),
        ]);
        let said = text(&run(folder.path(), &["check"]).stdout);
        assert!(said.contains("K0121 target-in-use") || said.contains("K0122") || said.contains("K0123"), "{target}: {said}");
    }
}

#[test]
fn what_is_not_a_file_is_not_read() {
    for (files, made) in [("pipe.csv", "pipe.csv"), ("'d/*.csv'", "d/pipe.csv")] {
        let spec = SPEC.replace("query: \"select date '2024-01-02' as d, 'x' as t\"", &format!("files: {files}"));
        let folder = project(&[("specs/a.yml", &spec), ("d/a.csv", "d,t\n2024-01-02,x\n")]);
        assert!(Command::new("mkfifo").arg(folder.path().join(made)).status().unwrap().success());
        for command in ["check", "run", "verify"] {
            let output = run(folder.path(), &[command]);
            let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
            assert!(said.contains("K0120") && said.contains("is not a regular file"), "{files} {command}: {said}");
        }
    }
    let folder =
        project(&[("specs/a.yml", &SPEC.replace("query: \"select date '2024-01-02' as d, 'x' as t\"", "files: .git/a.csv"))]);
    assert!(text(&run(folder.path(), &["check"]).stdout).contains("`.git` belongs to version control"));
}

#[test]
fn programs_and_terminals_get_no_commands() {
    let odd = "a\u{9b}\u{85}\u{202e}\u{2066}\u{61c}\u{2028}b";
    let is_odd = |char: char| odd.contains(char) && !matches!(char, 'a' | 'b');
    let folder = project(&[("specs/a.yml", &format!("{SPEC}  \"{odd}\": {{ formula: count(s) }}\n{odd}: 1\n"))]);
    for format in ["json", "sarif", "gitlab", "github", "human"] {
        let output = run(folder.path(), &["check", "--format", format]);
        assert!(!text(&output.stdout).contains(is_odd), "{format}: {}", text(&output.stdout));
    }
    for arguments in [[odd, "x"], ["check", &format!("--{odd}")], ["run", &format!("--format={odd}")]] {
        let said = text(&run(folder.path(), &arguments).stderr);
        assert!(!said.is_empty() && !said.contains(is_odd), "{said}");
    }
}
