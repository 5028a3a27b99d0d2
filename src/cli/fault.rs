//! What is said when kpic itself fails: a fault of ours, not of the project. It never gives a number.

use super::out;
use crate::template::quiet;
use std::panic::PanicHookInfo;

/// Says so in words for a user instead of those of the language that kpic is written in.
pub(super) fn explain() {
    std::panic::set_hook(Box::new(|info| {
        if !quiet::is_caught() {
            out::error(&explained(info));
        }
    }));
}

fn explained(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    let what = text.unwrap_or("no reason given").trim_end();
    let place = info.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "error[internal]: kpic {version} failed: {what}{place}\n  = help: this is a fault of kpic, not of your project, and no figure was \
         made of it; please report it with the command and, if you can, the spec\n"
    )
}
