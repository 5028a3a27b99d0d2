//! `kpic watch`: a real process, real changes of files, a real interrupt.

use crate::folder::Folder;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const KPI: &str = "kpis: { late: { formula: FORMULA, description: Late., owner: sales } }\n";

/// How long a slow machine may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is printed once a check is over.
const WAITING: &str = "waiting for changes";

struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let mut child = folder.command(&[&["watch"], arguments].concat()).spawn().unwrap();
        let (sender, lines) = channel();
        for stream in
            [Box::new(child.stdout.take().unwrap()) as Box<dyn std::io::Read + Send>, Box::new(child.stderr.take().unwrap())]
        {
            let sender = sender.clone();
            std::thread::spawn(move || {
                BufReader::new(stream).lines().map_while(Result::ok).for_each(|line| _ = sender.send(line));
            });
        }
        Self { child, lines }
    }

    /// What is printed until it waits again.
    fn says(&self) -> String {
        let begun = Instant::now();
        let mut said = String::new();
        while !said.contains(WAITING) {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("only this has been said:\n{said}"));
            said.push_str(&line);
            said.push('\n');
        }
        said
    }

    /// Whether nothing is said for a while.
    fn is_silent(&self) -> bool {
        self.lines.recv_timeout(Duration::from_secs(1)).is_err()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sample() -> Folder {
    let folder = Folder::new();
    folder.fine(&["init", "--sample"]);
    folder
}

#[test]
fn every_change_is_checked_and_nothing_ends_it() {
    let folder = sample();
    let watch = Watch::start(&folder, &[]);
    assert!(watch.says().starts_with("fine: 5 KPIs over 1 source\n"));

    folder.write("specs/late.yml", &KPI.replace("FORMULA", "count(order where amount > 1)"));
    let said = watch.says();
    assert!(said.contains("changed: specs/late.yml") && said.contains("`order`") && said.contains("1 error"), "{said}");

    // As editors save: a file of another name that takes the place of the first.
    folder.write("specs/.late.yml.swp", &KPI.replace("FORMULA", "count(orders where amount > 1)"));
    fs::rename(folder.path().join("specs/.late.yml.swp"), folder.path().join("specs/late.yml")).unwrap();
    let said = watch.says();
    assert!(said.contains("changed: specs/late.yml") && said.contains("fine: 6 KPIs"), "{said}");

    // A folder that was not there, and a broken project file.
    folder.write("specs/more/and/more.yml", "kpis: [");
    let said = watch.says();
    assert!(said.contains("changed: specs/more/and/more.yml") && said.contains("K0002"), "{said}");
    fs::remove_dir_all(folder.path().join("specs/more")).unwrap();
    let said = watch.says();
    assert!(said.contains("changed: specs/more/and/more.yml") && said.contains("fine: 6 KPIs"), "{said}");
    let project = folder.read("kpic.yml");
    fs::remove_file(folder.path().join("kpic.yml")).unwrap();
    let said = watch.says();
    assert!(said.contains("K0001") && said.contains("kpic.yml"), "{said}");
    folder.write("kpic.yml", &project);
    assert!(watch.says().contains("fine: 6 KPIs"));

    // Another folder of specs, which comes after it is named.
    folder.write("kpic.yml", &format!("{project}specs: elsewhere\n"));
    let said = watch.says();
    assert!(said.contains("there is no folder `elsewhere`"), "{said}");
    fs::rename(folder.path().join("specs"), folder.path().join("elsewhere")).unwrap();
    assert!(watch.says().contains("fine: 6 KPIs"));
    fs::remove_file(folder.path().join("elsewhere/late.yml")).unwrap();
    let said = watch.says();
    assert!(said.contains("changed: elsewhere/late.yml") && said.contains("fine: 5 KPIs"), "{said}");
}

#[test]
fn what_is_no_change_is_not_checked() {
    let folder = sample();
    let watch = Watch::start(&folder, &[]);
    watch.says();
    folder.write("specs/notes.md", "no spec");
    folder.write("notes.txt", "no spec");
    let same = folder.read("specs/sales.yml");
    folder.write("specs/sales.yml", &same);
    assert!(watch.is_silent());
    // Several writes one after the other are one change.
    for count in 0..5 {
        folder.write("specs/sales.yml", &format!("{same}# {count}\n"));
        folder.write("specs/tests.yml", &format!("{}# {count}\n", folder.read("specs/tests.yml")));
    }
    let said = watch.says();
    assert!(said.contains("changed: specs/sales.yml, specs/tests.yml"), "{said}");
    assert!(watch.is_silent());
}

#[test]
fn it_builds_what_is_fine_and_only_that() {
    let folder = sample();
    let watch = Watch::start(&folder, &["--build"]);
    assert!(watch.says().contains("built "));
    let view = "build/sql/duckdb/revenue.sql";
    let first = folder.read(view);
    let sales = folder.read("specs/sales.yml");
    folder.write("specs/sales.yml", &sales.replace("sum(orders.amount where", "sum(orders.amuont where"));
    let said = watch.says();
    assert!(said.contains("amuont") && !said.contains("built "), "{said}");
    assert_eq!(folder.read(view), first);
    folder.write("specs/sales.yml", &sales.replace("sum(orders.amount where", "max(orders.amount where"));
    assert!(watch.says().contains("built "));
    assert!(folder.read(view).contains("max(case when isfinite(amount) then amount end)"), "{}", folder.read(view));
    // What it writes itself is no change.
    assert!(watch.is_silent());
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_it() {
    use std::os::unix::process::ExitStatusExt;
    // A program that was started in the background may be told to ignore interrupts, and hands that on.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).map(|mask| u64::from_str_radix(mask.trim(), 16));
    if ignored.is_some_and(|mask| mask.unwrap() & 0b10 != 0) {
        eprintln!("LEFT OUT: interrupts are ignored here, so none can end `kpic watch`");
        return;
    }
    let folder = sample();
    let mut watch = Watch::start(&folder, &[]);
    watch.says();
    let killed = Command::new("kill").args(["-INT", &watch.child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let status = watch.child.wait().unwrap();
    assert!(status.signal() == Some(2) || matches!(status.code(), Some(0 | 130)), "{status:?}");
}

#[test]
fn without_a_project_there_is_nothing_to_watch() {
    let folder = Folder::new();
    let outcome = folder.kpic(&["watch"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""));
    assert!(outcome.stderr.contains("there is no kpic.yml"), "{}", outcome.stderr);
}
