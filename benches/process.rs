//! Times `kpic check` and `kpic build` as people run them, from the start of the process to its end, on generated projects.
//!
//! `make bench`. The projects are written below `target/bench`. Each command is run several times and the fastest run counts,
//! because whatever else the machine does can only slow a run down. Memory is the peak of the process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::indexing_slicing, clippy::panic, missing_docs)]

/// That of the program, for what is measured in this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[path = "shared/dbt.rs"]
mod dbt;
#[path = "shared/goals.rs"]
mod goals;
#[path = "shared/mistakes.rs"]
mod mistakes;
#[path = "shared/project.rs"]
mod project;
#[path = "shared/table.rs"]
mod table;

#[cfg(unix)]
fn main() {
    processes::main();
}

#[cfg(not(unix))]
fn main() {
    println!("how much time and memory a process took is only known on Unix");
}

#[cfg(unix)]
mod processes {
    use super::table::{Table, seconds};
    use super::{dbt, goals, mistakes, project};
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::{TimeVal, TimeValLike};
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    /// How often each command is run.
    const ROUNDS: usize = 5;
    /// The argument with which this program runs a command once, and says what it took.
    const ONCE: &str = "--once";
    /// How much more than its share of KPIs the largest project may take, so that time is called linear in KPIs.
    const LINEAR: f64 = 1.2;

    /// What a process took.
    #[derive(Debug, Clone, Copy)]
    struct Cost {
        /// Seconds on the clock.
        wall: f64,
        /// Seconds of all processors, for the program and for the system on its behalf.
        cpu: f64,
        /// The largest memory, in MiB.
        memory: f64,
    }

    /// What a command may cost at most.
    #[derive(Debug, Clone, Copy, Default)]
    struct Limits {
        wall: Option<f64>,
        cpu: Option<f64>,
        memory: Option<f64>,
    }

    pub(super) fn main() {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        if let Some((ONCE, command)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
            once(command);
            return;
        }
        let folder = folder();
        let mut table = Table::new(&["measured"]);
        let mut ten_thousand = Vec::new();
        let mut checks = Vec::new();
        for kpis in [1_000, 10_000, 50_000] {
            let root = folder.join(format!("kpis-{kpis}"));
            let files = project::files(kpis);
            write(&root, &files);
            let limits =
                |wall, memory| if kpis == 10_000 { Limits { wall: Some(wall), memory, cpu: None } } else { Limits::default() };
            let commands: [(&str, &[&str], bool, Limits); 4] = [
                ("check", &["check"], false, limits(0.25, Some(300.0))),
                ("build of views", &["build", "--no-docs"], true, limits(0.75, None)),
                ("build with documents", &["build"], true, limits(2.0, None)),
                ("the same build again", &["build"], false, limits(2.0, None)),
            ];
            for (at, (what, arguments, is_fresh, mut limits)) in commands.into_iter().enumerate() {
                let before = || {
                    if is_fresh {
                        put_aside(&root.join("build"));
                    }
                };
                let cost = cheapest(&root, arguments, before);
                if at == 0 {
                    checks.push(cost);
                }
                match kpis {
                    10_000 => ten_thousand.push(cost),
                    50_000 => limits.cpu = Some(5.0 * LINEAR * ten_thousand[at].cpu),
                    _ => {}
                }
                show(&mut table, &format!("{what}, {} KPIs", grouped(kpis)), cost, limits);
            }
            if kpis == 10_000 {
                // Documents and views are gone from the times of `check`; what is left is reading.
                let parse = parsed_by_serde(&files);
                table.row("the same files read by serde-saphyr, one thread", &[], parse, None, seconds);
                table.row("check against that, seconds of processors", &[], ten_thousand[0].cpu / parse, Some(2.0), |ratio| {
                    format!("{ratio:.2} x")
                });
            }
        }
        let without: Vec<f64> = checks.iter().map(|check: &Cost| check.wall).collect();
        with_goals(&folder, &without, &mut table);
        many_mistakes(&folder.join("mistakes"), &mut table);
        a_hundred_changes(&folder, &mut table);
        import(&folder.join("dbt"), &mut table);
        delete_old();
        table.end();
    }

    /// The same KPIs with a North Star, claims, and an objective with five key results for each ten of them: what that adds to `check`.
    fn with_goals(folder: &Path, without: &[f64], table: &mut Table) {
        let mut ten_thousand = None;
        for (kpis, without) in [1_000, 10_000, 50_000].into_iter().zip(without) {
            let root = folder.join(format!("goals-{kpis}"));
            write(&root, &goals::files(kpis, kpis / 10));
            let cost = cheapest(&root, &["check"], || {});
            let mut limits = Limits::default();
            match kpis {
                10_000 => ten_thousand = Some(cost),
                50_000 => limits.cpu = ten_thousand.map(|ten_thousand: Cost| 5.0 * LINEAR * ten_thousand.cpu),
                _ => {}
            }
            let what = format!("check, {} KPIs and {} objectives", grouped(kpis), grouped(kpis / 10));
            show(table, &what, cost, limits);
            let most = (kpis == 10_000).then_some(0.15);
            table.row("  more than without goals", &[], cost.wall - without, most, seconds);
        }
    }

    /// A project with 2,000 mistakes, each of which is reported once.
    fn many_mistakes(root: &Path, table: &mut Table) {
        let (files, mistakes) = mistakes::project(10_000);
        write(root, &files);
        let output = kpic(root, &["check", "--format", "json"]).output().unwrap();
        let findings: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
        let errors = findings.iter().filter(|finding| finding["severity"] == "error").count();
        assert_eq!(errors, mistakes, "errors that were reported, mistakes that were made");
        let cost = cheapest(root, &["check"], || {});
        show(table, "check, 2,000 mistakes in 10,000 KPIs", cost, Limits { wall: Some(1.0), ..Limits::default() });
    }

    /// A hundred changed formulas among 10,000 KPIs: against another folder, and against a commit.
    fn a_hundred_changes(folder: &Path, table: &mut Table) {
        let (old, new) = (folder.join("diff-old"), folder.join("diff-new"));
        let mut files = project::files(10_000);
        write(&old, &files);
        write(&new, &files);
        git(&new, &["init", "--quiet"]);
        git(&new, &["add", "--all"]);
        git(&new, &["commit", "--quiet", "--message", "before"]);
        let mut left = 100;
        for (_, text) in &mut files {
            while left > 0 && text.contains("where status = 'paid' and items") {
                *text = text.replacen("where status = 'paid' and items", "where status = 'sent' and items", 1);
                left -= 1;
            }
        }
        assert_eq!(left, 0);
        for (path, text) in &files {
            std::fs::write(new.join(path), text).unwrap();
        }
        let limits = Limits { wall: Some(0.5), ..Limits::default() };
        let (from, to) = (old.display().to_string(), new.display().to_string());
        let folders = cheapest(&new, &["diff", &from, &to], || {});
        show(table, "diff of two folders, 100 changes in 10,000 KPIs", folders, limits);
        let commit = cheapest(&new, &["diff", "HEAD"], || {});
        show(table, "diff from a commit, 100 changes in 10,000 KPIs", commit, limits);
        table.row("  more than from a folder", &[], commit.wall - folders.wall, Some(0.2), seconds);
    }

    /// A thousand metrics of a dbt project, as a new project.
    fn import(root: &Path, table: &mut Table) {
        write(root, &dbt::files(1_000));
        let output = kpic(root, &["import", "dbt", "target", "--dry-run", "--format", "json"]).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["counts"]["not_carried"], 0, "metrics that are not carried");
        let cost = cheapest(root, &["import", "dbt", "target", "--dry-run"], || {});
        show(table, "import of 1,000 metrics from dbt", cost, Limits { wall: Some(1.0), ..Limits::default() });
    }

    fn git(folder: &Path, arguments: &[&str]) {
        let settings = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
        let status = Command::new("git").arg("-C").arg(folder).args(settings).args(arguments).status().unwrap();
        assert!(status.success(), "git {arguments:?}");
    }

    fn show(table: &mut Table, what: &str, cost: Cost, limits: Limits) {
        table.row(what, &[], cost.wall, limits.wall, seconds);
        table.row("  seconds of processors", &[], cost.cpu, limits.cpu, seconds);
        table.row("  memory", &[], cost.memory, limits.memory, |mib| format!("{mib:.0} MiB"));
    }

    /// The program that was built with this one, or another one to compare it with.
    fn kpic(root: &Path, arguments: &[&str]) -> Command {
        let program = std::env::var_os("KPIC_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_kpic").into());
        let mut command = Command::new(program);
        command.arg("-C").arg(root).args(arguments);
        command
    }

    /// The least that a command took of several times, each figure for itself.
    fn cheapest(root: &Path, arguments: &[&str], before: impl Fn()) -> Cost {
        let command = kpic(root, arguments);
        let mut least = Cost { wall: f64::MAX, cpu: f64::MAX, memory: f64::MAX };
        for _ in 0..ROUNDS {
            before();
            // A process of its own for each run: the system keeps one sum of time and one peak of memory for all children.
            let mut own = Command::new(std::env::current_exe().unwrap());
            let output = own.arg(ONCE).arg(command.get_program()).args(command.get_args()).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success(), "{arguments:?}: {text}");
            let figures: Vec<f64> = text.split_whitespace().map(|figure| figure.parse().unwrap()).collect();
            let [wall, cpu, memory] = figures[..] else { panic!("{text}") };
            least = Cost { wall: least.wall.min(wall), cpu: least.cpu.min(cpu), memory: least.memory.min(memory) };
        }
        least
    }

    /// Runs a command, and prints the seconds, the seconds of processors and the memory that it took.
    fn once(command: &[String]) {
        let (program, arguments) = command.split_first().expect("a command");
        let begin = Instant::now();
        let status = Command::new(program).args(arguments).stdout(Stdio::null()).status().unwrap();
        let wall = begin.elapsed().as_secs_f64();
        assert!(matches!(status.code(), Some(0 | 1)), "{command:?}: {status}");
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        let seconds = |time: TimeVal| Duration::from_micros(u64::try_from(time.num_microseconds()).unwrap()).as_secs_f64();
        let memory = f64::from(u32::try_from(usage.max_rss()).unwrap());
        let unit = if cfg!(target_os = "macos") { 1024.0 * 1024.0 } else { 1024.0 };
        println!("{wall} {} {}", seconds(usage.user_time()) + seconds(usage.system_time()), memory / unit);
    }

    /// The seconds in which serde-saphyr reads the same files into plain values, one after the other.
    fn parsed_by_serde(files: &[(String, String)]) -> f64 {
        let once = |_| {
            let begin = Instant::now();
            for (_, text) in files {
                let value: serde_json::Value = serde_saphyr::from_str(text).unwrap();
                assert!(value.is_object());
            }
            begin.elapsed().as_secs_f64()
        };
        (0..ROUNDS).map(once).fold(f64::MAX, f64::min)
    }

    /// Writes a project into a folder, whose former contents go.
    fn write(root: &Path, files: &[(String, String)]) {
        put_aside(root);
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    /// Moves a folder out of the way, until [`delete_old`]. To delete it at once would slow down what is measured next: some file
    /// systems look for a long time for numbers of files that were not in use a moment ago.
    fn put_aside(folder: &Path) {
        if folder.exists() {
            std::fs::create_dir_all(old()).unwrap();
            let place = old().join(std::fs::read_dir(old()).unwrap().count().to_string());
            std::fs::rename(folder, place).unwrap();
        }
    }

    fn delete_old() {
        if old().exists() {
            std::fs::remove_dir_all(old()).unwrap();
        }
    }

    /// Where all of this is.
    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("bench")
    }

    fn old() -> PathBuf {
        folder().join("old")
    }

    /// A number with a comma before each three digits.
    fn grouped(number: usize) -> String {
        if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
    }
}
