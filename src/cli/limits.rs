//! Ends the work of a project's own templates where it takes too much memory, or never ends.
//!
//! The steps of a template are counted, but a single step can double a text, or repeat it to 100 MB, and nothing in a template's run can be
//! asked between two steps. So a thread looks on from outside. It cannot stop a template: whoever asks for a [`Watch`] ends the process.

use crate::build;
use crate::diagnostic::{Finding, Findings, codes};
use crate::load;
use crate::text::{FileId, Files, Span};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How often it looks. In that time a system gives a thread some megabytes.
const PAUSE: Duration = Duration::from_millis(5);

/// How many of several templates are named.
const NAMED: usize = 10;

/// What all of a project's own templates together may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes of memory beside what the process had before. Only Linux says how much that is.
    pub(super) memory: u64,
    /// Time on the clock.
    pub(super) time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 1_000_000_000, time: Duration::from_secs(120) }
    }
}

/// What takes the finding, with the files that it points into, and ends the process.
pub(super) type Excess = Box<dyn FnOnce(&Findings, &Files) + Send>;

/// As long as there is one, the templates of a project are looked at while they work.
#[derive(Debug)]
pub(super) struct Watch {
    /// Closed once it is over.
    _over: Sender<()>,
}

impl Watch {
    /// Looks at the templates among a project's files from here on; nothing where it has none.
    pub(super) fn over(files: &Files, limits: Limits, excess: Excess) -> Option<Self> {
        let mut own = Files::default();
        for (name, id) in load::templates(files) {
            own.add(files.path(id).to_owned(), files.get(id).map(|file| file.text.clone()).unwrap_or_default());
            debug_assert!(files.path(id).ends_with(name));
        }
        if own.is_empty() {
            return None;
        }
        let (over, ended) = channel::<()>();
        let (begun, before) = (Instant::now(), memory().unwrap_or_default());
        thread::spawn(move || {
            while ended.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                let what = if memory().is_some_and(|now| now.saturating_sub(before) > limits.memory) {
                    format!("more than {} MB of memory", limits.memory / 1_000_000)
                } else if begun.elapsed() > limits.time {
                    format!("more than {} seconds", limits.time.as_secs())
                } else {
                    continue;
                };
                return excess(&Findings::of(finding(&own, &what)), &own);
            }
        });
        Some(Self { _over: over })
    }
}

/// How much memory this process has, if the system says so.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?;
    kib.parse::<u64>().ok()?.checked_mul(1024)
}

fn finding(own: &Files, what: &str) -> Finding {
    let at_work = build::templates_at_work();
    let all: Vec<FileId> = own.iter().map(|(id, _)| id).collect();
    let is_at_work = |id: &FileId| {
        load::templates(own).iter().any(|(name, file)| file == id && at_work.iter().any(|at_work| at_work == name))
    };
    let mut blamed: Vec<FileId> = all.iter().copied().filter(is_at_work).collect();
    // One that others include is not known to be at work.
    if blamed.is_empty() {
        blamed = all;
    }
    let message = match blamed.as_slice() {
        [_] => format!("the template takes {what}"),
        _ => format!("one of these templates takes {what}"),
    };
    let mut places = blamed.into_iter().take(NAMED).map(Span::start_of);
    let mut finding = match places.next() {
        Some(first) => Finding::new(&codes::BAD_TEMPLATE, first, message),
        None => Finding::placeless(&codes::BAD_TEMPLATE, message),
    };
    for place in places {
        finding.also(place, "");
    }
    finding.help("it may join a text to itself in a loop, or repeat one many times: make it do less");
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Files {
        let mut files = Files::default();
        files.add("kpic.yml".to_owned(), "kpic: 1\n".to_owned());
        for name in names {
            files.add(format!("templates/{name}"), "x\n".to_owned());
        }
        files
    }

    fn said(names: &[&str], at_work: Option<&'static str>, limits: Limits) -> String {
        let (send, receive) = channel();
        let excess: Excess = Box::new(move |findings: &Findings, files: &Files| {
            let finding = findings.iter().next().unwrap();
            let places: Vec<&str> = finding.labels.iter().map(|label| files.path(label.span.file)).collect();
            send.send(format!("{}: {}", finding.message, places.join(" "))).unwrap();
        });
        let _at_work = at_work.map(build::TemplateAtWork::on);
        let _watch = Watch::over(&files(names), limits, excess).unwrap();
        receive.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    #[test]
    fn time_is_limited_and_the_template_is_named() {
        let limits = Limits { time: Duration::ZERO, ..Limits::default() };
        assert_eq!(said(&["one.md.j2"], None, limits), "the template takes more than 0 seconds: templates/one.md.j2");
        let two = ["limits_a.md.j2", "limits_b.md.j2"];
        assert_eq!(
            said(&two, Some("limits_b.md.j2"), limits),
            "the template takes more than 0 seconds: templates/limits_b.md.j2"
        );
        assert_eq!(
            said(&two, None, limits),
            "one of these templates takes more than 0 seconds: templates/limits_a.md.j2 templates/limits_b.md.j2"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_is_limited() {
        let limits = Limits { memory: 0, ..Limits::default() };
        let grows = thread::spawn(|| {
            let kept: Vec<Vec<u8>> = (0..100)
                .map(|_| {
                    thread::sleep(Duration::from_millis(2));
                    vec![1; 1_000_000]
                })
                .collect();
            kept.len()
        });
        assert_eq!(said(&["one.md.j2"], None, limits), "the template takes more than 0 MB of memory: templates/one.md.j2");
        assert_eq!(grows.join().unwrap(), 100);
    }

    #[test]
    fn what_is_over_is_not_looked_at_and_a_project_without_templates_never() {
        let limits = Limits { time: Duration::from_millis(300), ..Limits::default() };
        let (send, receive) = channel();
        let excess: Excess = Box::new(move |_, _| send.send(()).unwrap());
        drop(Watch::over(&files(&["one.md.j2"]), limits, excess).unwrap());
        assert_eq!(receive.recv_timeout(Duration::from_secs(2)), Err(RecvTimeoutError::Disconnected));
        assert!(Watch::over(&files(&[]), limits, Box::new(|_, _| {})).is_none());
    }
}
