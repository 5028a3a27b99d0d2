//! What the fuzz targets share.

use std::sync::LazyLock;

pub mod targets;

/// Threads with as much stack as the program gives its own.
static DEEP: LazyLock<rayon::ThreadPool> = LazyLock::new(|| {
    rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(64 << 20).build().expect("a pool of one thread")
});

/// Runs a target on a thread with the stack that the program has.
pub fn on_a_deep_stack(target: impl FnOnce() + Send) {
    DEEP.install(target);
}
