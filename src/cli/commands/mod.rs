//! One file a command.

pub(super) mod build;
pub(super) mod check;
pub(super) mod explain;
pub(super) mod init;
pub(super) mod query;
pub(super) mod run;
pub(super) mod test;
pub(super) mod verify;
pub(super) mod watch;
