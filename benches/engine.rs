//! Times the start of the engine with a trivial question: DuckDB as it is, and confined as kpic starts it, from the call until its answer is
//! there. `make bench`.
//!
//! The two take turns, and the median of their differences counts: whatever else the machine does meets both of a pair.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "shared/table.rs"]
mod table;

use kpic::engine::{DuckDb, Engine, Reach, find};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use table::{Table, seconds};

/// How many pairs there are.
const PAIRS: usize = 300;
const QUESTION: &str = "select 42 as answer";

fn main() {
    let program = find(None).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("bench").join("engine");
    std::fs::create_dir_all(&folder).unwrap();
    let starter = cfg!(target_os = "linux").then(|| PathBuf::from(env!("CARGO_BIN_EXE_kpic")));
    let confined = DuckDb {
        program: program.clone(),
        folder: folder.clone(),
        database: None,
        reach: Reach { starter, ..Reach::default() },
    };
    let mut taken = Vec::new();
    for pair in 0..=PAIRS {
        let one = || plain(&program, &folder);
        let other = || {
            let begin = Instant::now();
            let answers = confined.answer("", &[QUESTION.to_owned()]).unwrap();
            assert!(answers.first().unwrap().as_ref().unwrap().columns == ["answer"]);
            begin.elapsed().as_secs_f64()
        };
        let (one, other) = if pair % 2 == 0 {
            let one = one();
            (one, other())
        } else {
            let other = other();
            (one(), other)
        };
        // The first pair reads the programs from the disk.
        if pair > 0 {
            taken.push((one, other));
        }
    }
    let of = |figure: fn(&(f64, f64)) -> f64| median(taken.iter().map(figure).collect());
    let mut table = Table::new(&["measured"]);
    table.row("DuckDB as it is, median", &[], of(|(plain, _)| *plain), None, milliseconds);
    table.row("confined, median", &[], of(|(_, confined)| *confined), None, milliseconds);
    table.row(
        "  more than as it is, median of differences",
        &[],
        of(|(plain, confined)| confined - plain),
        Some(0.005),
        milliseconds,
    );
    table.row("all pairs", &[], taken.iter().map(|(plain, confined)| plain + confined).sum(), None, seconds);
    table.end();
}

/// The time of DuckDB alone.
fn plain(program: &Path, folder: &Path) -> f64 {
    let begin = Instant::now();
    let mut child = Command::new(program)
        .args(["-csv", "-no-init"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{QUESTION};\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("42"));
    begin.elapsed().as_secs_f64()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(figure: f64) -> String {
    format!("{:.1} ms", figure * 1000.0)
}
