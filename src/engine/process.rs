//! Runs a program to its end, with an input, and for no longer than it may.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// By itself, with an exit code.
    Code(i32),
    /// From outside.
    Signal,
    /// It was stopped, because its time was up.
    TooLate,
}

/// What a program has left behind.
pub(super) struct Run {
    /// What it wrote to its standard output.
    pub output: Vec<u8>,
    /// What it wrote to its standard error.
    pub errors: Vec<u8>,
    /// How it ended.
    pub how: Ended,
}

/// Runs a program, which reads `input`. It is stopped once `limit` has gone by.
pub(super) fn run(mut command: Command, input: String, limit: Option<Duration>) -> io::Result<Run> {
    let until = limit.and_then(|limit| Instant::now().checked_add(limit));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // Output is read while the input is written: neither side waits for the other with a full pipe.
    let stdin = child.stdin.take();
    let writer = thread::spawn(move || {
        if let Some(mut stdin) = stdin {
            // A program that ends early says why by itself.
            let _ = stdin.write_all(input.as_bytes());
        }
    });
    let (errors, output) = (reader(child.stderr.take()), reader(child.stdout.take()));
    let mut late = false;
    let mut wait = |from: &mpsc::Receiver<Vec<u8>>| {
        let Some(until) = until.filter(|_| !late) else { return from.recv().unwrap_or_default() };
        match from.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(bytes) => bytes,
            Err(mpsc::RecvTimeoutError::Disconnected) => Vec::new(),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                late = true;
                // It may have ended meanwhile.
                let _ = child.kill();
                Vec::new()
            }
        }
    };
    let output = wait(&output);
    let errors = wait(&errors);
    if late {
        child.wait()?;
        return Ok(Run { output, errors, how: Ended::TooLate });
    }
    let _ = writer.join();
    let how = child.wait()?.code().map_or(Ended::Signal, Ended::Code);
    Ok(Run { output, errors, how })
}

/// Reads all that comes, in a thread of its own.
fn reader(from: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            let _ = from.read_to_end(&mut bytes);
        }
        let _ = send.send(bytes);
    });
    receive
}
