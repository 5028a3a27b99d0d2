//! A line that says what is being waited for, once it takes more than a second, on a terminal.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Does some work; says `what` on stderr if it takes long and somebody may be looking.
pub(super) fn during<T>(what: &str, work: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work();
    }
    let done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&done);
    let what = what.to_owned();
    let teller = std::thread::spawn(move || {
        let begun = Instant::now();
        let mut told = false;
        while !seen.load(Ordering::Acquire) {
            std::thread::park_timeout(Duration::from_millis(200));
            if begun.elapsed() >= Duration::from_secs(1) && !seen.load(Ordering::Acquire) {
                let mut stream = std::io::stderr().lock();
                let _ = write!(stream, "\r{what} … {} s", begun.elapsed().as_secs()).and_then(|()| stream.flush());
                told = true;
            }
        }
        if told {
            let mut stream = std::io::stderr().lock();
            let _ = write!(stream, "\r\x1b[K").and_then(|()| stream.flush());
        }
    });
    let result = work();
    done.store(true, Ordering::Release);
    teller.thread().unpark();
    let _ = teller.join();
    result
}
