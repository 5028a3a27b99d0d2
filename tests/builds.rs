//! Builds that are killed at any moment, and builds that meet: each tree is the old one or the new one, whole, and what somebody else has put
//! there is all there.
//!
//! `KPIC_BUILD_KILLS` and `KPIC_BUILD_PAIRS` say how many there are; `make test-builds` has more of them than `make test`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot run builds has failed")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// How many KPIs there are: enough for a build to be met in the middle.
const KPIS: usize = 60;

fn rounds(variable: &str, or: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(or)
}

/// A number that looks random and is the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end.max(1)
    }
}

fn spec(state: &str) -> String {
    let mut text =
        "sources:\n  orders: { table: orders, kind: events, time: day, columns: { day: date, amount: decimal } }\nkpis:\n"
            .to_owned();
    for at in 0..KPIS {
        // Of each state some files are those of the other, some are not there in the other, and some differ.
        let name = if at % 3 == 0 { format!("k{at}_{state}") } else { format!("k{at}") };
        let title = if at % 3 == 1 { "same" } else { state };
        text.push_str(&format!("  {name}: {{ title: {title} {at}, formula: sum(orders.amount) + {at}, grain: day }}\n"));
    }
    text
}

/// Puts a state of the specs in place in one step.
fn put(root: &Path, state: &str) {
    let new = root.join(format!(".{state}.new"));
    fs::write(&new, spec(state)).unwrap();
    fs::rename(new, root.join("specs/a.yml")).unwrap();
}

fn project(state: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop");
    fs::create_dir_all(root.join("specs")).unwrap();
    fs::write(root.join("kpic.yml"), "kpic: 1\nproject: shop\ncalendar: { start: 2024-01-01, as_of: 2024-06-30 }\n").unwrap();
    put(&root, state);
    (folder, root)
}

fn command(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
    command.arg("-C").arg(root).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn build(root: &Path) -> Child {
    command(root, &["build"]).spawn().unwrap()
}

/// All files of a tree; of a folder, that it is there.
fn tree(folder: &Path) -> Tree {
    let mut found = Tree::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// What each state builds.
fn whole(states: &[&str]) -> Vec<Tree> {
    let built = states.iter().map(|state| {
        let (_folder, root) = project(state);
        assert!(build(&root).wait().unwrap().success());
        tree(&root.join("build"))
    });
    built.collect()
}

/// Puts files of somebody else into a target.
fn others(target: &Path) -> Tree {
    let odd = OsStr::from_bytes(b"sql/odd-\xff");
    fs::create_dir_all(target.join("sql")).unwrap();
    fs::create_dir_all(target.join("notes/empty")).unwrap();
    let files: Tree =
        [("mine.txt", "mine"), ("sql/mine.sql", "select 1"), ("docs/kpis/mine.md", "# mine"), ("notes/a/b.txt", "deep")]
            .map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec()))
            .into_iter()
            .chain([(PathBuf::from(odd), b"odd".to_vec())])
            .collect();
    for (path, bytes) in &files {
        fs::create_dir_all(target.join(path).parent().unwrap()).unwrap();
        fs::write(target.join(path), bytes).unwrap();
    }
    files
}

/// That a target holds one of these trees and what somebody else has put there.
fn is_whole(target: &Path, whole: &[Tree], others: &Tree, what: &str) {
    let mut found = tree(target);
    for (path, bytes) in others {
        assert_eq!(found.remove(path).as_ref(), Some(bytes), "{what}: {} is lost", path.display());
    }
    assert!(target.join("notes/empty").is_dir(), "{what}: an empty folder is lost");
    assert!(whole.contains(&found), "{what}: {:?} is no whole tree", found.keys().collect::<Vec<_>>());
}

/// That nothing is left beside a target.
fn is_clean(root: &Path) {
    let mut left: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["build", "kpic.yml", "specs"]);
}

#[test]
fn a_build_that_is_killed_leaves_the_old_tree_or_the_new_one() {
    let states = ["one", "two"];
    let trees = whole(&states);
    let (_folder, root) = project("one");
    let target = root.join("build");
    let mut others = others(&target);
    let begun = Instant::now();
    assert!(build(&root).wait().unwrap().success());
    let whole_time = u64::try_from(begun.elapsed().as_micros()).unwrap();
    let mut random = Random(7);
    for round in 0..rounds("KPIC_BUILD_KILLS", 25) {
        put(&root, states[(round + 1) % 2]);
        let mut child = build(&root);
        std::thread::sleep(Duration::from_micros(random.below(whole_time + whole_time / 5)));
        // Somebody else adds a file while the build is at work.
        let late = target.join(format!("late-{round}"));
        if fs::write(&late, "late").is_ok() {
            others.insert(late.strip_prefix(&target).unwrap().to_path_buf(), b"late".to_vec());
        }
        std::thread::sleep(Duration::from_micros(random.below(whole_time / 20)));
        child.kill().unwrap();
        child.wait().unwrap();
        // What came in at the very end may still be in the old tree; the next build brings it over.
        let there: Tree = others
            .iter()
            .filter(|(path, _)| target.join(path).exists())
            .map(|(path, bytes)| (path.clone(), bytes.clone()))
            .collect();
        assert!(there.len() + 1 >= others.len());
        is_whole(&target, &trees, &there, &format!("kill {round}"));
        if round % 5 == 4 {
            assert!(build(&root).wait().unwrap().success());
            is_whole(&target, &trees[(round + 1) % 2..=(round + 1) % 2], &others, &format!("after kill {round}"));
            is_clean(&root);
        }
    }
    assert!(build(&root).wait().unwrap().success());
    is_whole(&target, &trees, &others, "in the end");
    is_clean(&root);
}

#[test]
fn two_builds_that_meet_leave_one_whole_tree() {
    let states = ["one", "two"];
    let trees = whole(&states);
    let (_folder, root) = project("one");
    let target = root.join("build");
    let others = others(&target);
    let mut random = Random(11);
    for round in 0..rounds("KPIC_BUILD_PAIRS", 12) {
        put(&root, states[round % 2]);
        let mut first = build(&root);
        std::thread::sleep(Duration::from_micros(random.below(60_000)));
        put(&root, states[(round + 1) % 2]);
        let mut second = build(&root);
        assert!(first.wait().unwrap().success() && second.wait().unwrap().success(), "pair {round}");
        is_whole(&target, &trees, &others, &format!("pair {round}"));
        is_clean(&root);
    }
}

#[test]
fn a_watch_that_builds_and_a_build_do_not_harm_each_other() {
    let states = ["one", "two"];
    let trees = whole(&states);
    let (_folder, root) = project("one");
    let target = root.join("build");
    let others = others(&target);
    let mut watch = command(&root, &["watch", "--build"]).spawn().unwrap();
    for round in 0..rounds("KPIC_BUILD_PAIRS", 12) / 3 {
        put(&root, states[round % 2]);
        std::thread::sleep(Duration::from_millis(130));
        assert!(build(&root).wait().unwrap().success(), "round {round}");
        is_whole(&target, &trees, &others, &format!("round {round}"));
    }
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert!(build(&root).wait().unwrap().success());
    is_whole(&target, &trees, &others, "in the end");
    is_clean(&root);
}
