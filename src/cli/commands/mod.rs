//! One file a command.

pub(super) mod align;
pub(super) mod blame;
pub(super) mod build;
pub(super) mod changelog;
pub(super) mod check;
pub(super) mod completions;
pub(super) mod deploy;
pub(super) mod diff;
pub(super) mod explain;
pub(super) mod freeze;
pub(super) mod graph;
pub(super) mod import;
pub(super) mod init;
pub(super) mod log;
pub(super) mod man;
pub(super) mod owners;
pub(super) mod query;
pub(super) mod review;
pub(super) mod run;
pub(super) mod schema;
pub(super) mod status;
pub(super) mod test;
pub(super) mod verify;
pub(super) mod watch;
pub(super) mod why;
