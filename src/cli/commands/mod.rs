//! One file a command.

pub(super) mod align;
pub(super) mod build;
pub(super) mod check;
pub(super) mod completions;
pub(super) mod deploy;
pub(super) mod diff;
pub(super) mod explain;
pub(super) mod fmt;
pub(super) mod freeze;
pub(super) mod graph;
pub(super) mod init;
pub(super) mod man;
pub(super) mod move_to;
pub(super) mod query;
pub(super) mod rename;
pub(super) mod review;
pub(super) mod run;
pub(super) mod schema;
pub(super) mod status;
pub(super) mod test;
pub(super) mod verify;
pub(super) mod watch;
pub(super) mod why;
