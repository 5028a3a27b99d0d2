//! Runs a program to its end, with an input, and for no longer than it may.

use super::Failure;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// A line that a program is to print between two answers. Nothing that it computes or reads can hold it, since nobody knows it before the start.
pub(super) fn mark() -> String {
    let part = || RandomState::new().build_hasher().finish();
    format!("kpic-{:016x}{:016x}", part(), part())
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// By itself, with an exit code.
    Code(i32),
    /// From outside.
    Signal,
    /// By a fault of its own.
    Crash,
    /// It was stopped, because its time was up.
    TooLate,
    /// It was stopped, because it wrote more than it may.
    TooMuch,
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

/// Runs a program, which reads `input`. It is stopped once `limit` has gone by, or once it has written more than `most` bytes.
pub(super) fn run(mut command: Command, input: String, limit: Option<Duration>, most: u64) -> io::Result<Run> {
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
    let (send, receive) = mpsc::channel();
    read(child.stdout.take(), most, send.clone(), Written::Output);
    read(child.stderr.take(), most, send, Written::Errors);
    let (mut output, mut errors, mut stopped) = (Vec::new(), Vec::new(), None);
    loop {
        let next = match until {
            None => receive.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(until) => receive.recv_timeout(until.saturating_duration_since(Instant::now())),
        };
        match next {
            Ok(written) => {
                let (Written::Output(bytes) | Written::Errors(bytes)) = &written;
                if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
                    stopped = Some(Ended::TooMuch);
                    break;
                }
                match written {
                    Written::Output(bytes) => output = bytes,
                    Written::Errors(bytes) => errors = bytes,
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                stopped = Some(Ended::TooLate);
                break;
            }
        }
    }
    if let Some(how) = stopped {
        // It may have ended meanwhile.
        let _ = child.kill();
        child.wait()?;
        return Ok(Run { output, errors, how });
    }
    let _ = writer.join();
    let how = how(child.wait()?);
    Ok(Run { output, errors, how })
}

/// How a program ended that was not stopped.
fn how(status: ExitStatus) -> Ended {
    #[cfg(unix)]
    {
        use rustix::process::Signal;
        use std::os::unix::process::ExitStatusExt;
        let faults = [Signal::ABORT, Signal::BUS, Signal::FPE, Signal::ILL, Signal::SEGV, Signal::TRAP, Signal::SYS];
        if status.signal().is_some_and(|signal| faults.iter().any(|fault| fault.as_raw() == signal)) {
            return Ended::Crash;
        }
    }
    status.code().map_or(Ended::Signal, Ended::Code)
}

/// All that a program has written to one of its outputs, or the first of more than it may.
enum Written {
    Output(Vec<u8>),
    Errors(Vec<u8>),
}

/// Reads all that comes, up to one byte more than `most`, in a thread of its own.
fn read(from: Option<impl Read + Send + 'static>, most: u64, send: mpsc::Sender<Written>, of: fn(Vec<u8>) -> Written) {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(from) = from {
            let _ = from.take(most.saturating_add(1)).read_to_end(&mut bytes);
        }
        let _ = send.send(of(bytes));
    });
}

/// The program that asks a warehouse: the one that a variable names, or the first on `PATH`.
///
/// # Errors
/// Fails if there is none.
pub(super) fn client(program: &str, variable: &str, asks: &str, install: &str) -> Result<PathBuf, Failure> {
    if let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from) {
        return if path.is_file() {
            Ok(path)
        } else {
            Err(Failure {
                message: format!("there is no program `{}` (from {variable})", path.display()),
                help: Some("correct the path".to_owned()),
            })
        };
    }
    crate::program::on_path(program).ok_or_else(|| Failure {
        message: format!("the program `{program}` was not found, which asks {asks}"),
        help: Some(format!("{install}, or say where it is with the variable {variable}")),
    })
}
