//! Work of a library that may panic at bad input: that is a finding, and not a fault of kpic.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread does such work: who is told of panics says nothing of this one.
pub fn is_caught() -> bool {
    IS_CAUGHT.get()
}

/// What the work gives; nothing where it panics.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = IS_CAUGHT.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(before);
    done.ok()
}
