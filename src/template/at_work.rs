//! Which templates of a project are at work, for whoever looks on from outside.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The templates of projects that are at work, and how many times each is.
static AT_WORK: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

fn held() -> MutexGuard<'static, BTreeMap<String, usize>> {
    AT_WORK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says that a template of a project is at work, as long as there is one of these.
#[derive(Debug)]
pub struct AtWork<'a>(&'a str);

impl<'a> AtWork<'a> {
    /// Says so of a template.
    pub fn on(name: &'a str) -> Self {
        *held().entry(name.to_owned()).or_default() += 1;
        Self(name)
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let mut at_work = held();
        match at_work.get_mut(self.0) {
            Some(count) if *count > 1 => *count -= 1,
            _ => _ = at_work.remove(self.0),
        }
    }
}

/// The names of those that are at work.
pub fn names() -> Vec<String> {
    held().keys().cloned().collect()
}
