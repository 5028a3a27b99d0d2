//! A program that is given a text.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses a part of it, and one whose program cannot run has failed"
)]

use std::io::Write;
use std::process::{Child, Output};
use std::thread;

/// What a program says to a text. It is given while the program speaks: one that says much would wait for a reader, and we for it.
pub fn fed(mut child: Child, text: &str) -> Output {
    let mut input = child.stdin.take().unwrap();
    thread::scope(|scope| {
        // Whether it has read all of it, its exit code tells.
        scope.spawn(move || _ = input.write_all(text.as_bytes()));
        child.wait_with_output().unwrap()
    })
}
