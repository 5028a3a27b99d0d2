//! From nothing to a project, and the data behind it: what `init`, `verify` and `watch` do in folders of their own, with a real
//! `DuckDB`.
//!
//! - `calendars`: commands in a calendar of the project's own
//! - `folder`: a folder, and the programs that work in it
//! - `drafts`: what drafts make of data
//! - `files`: files as sources
//! - `freshness`: what commands say of a load that has stopped
//! - `gaps`: what is left out of a KPI's views is left out of lists of figures
//! - `guards`: what is said of data beside figures
//! - `init`: what drafted projects are like
//! - `stored`: columns that are stored in less room than they are declared to need
//! - `verify`: the data against the specs
//! - `watch`: changes of files

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

#[path = "start/calendars.rs"]
mod calendars;
#[path = "start/drafts.rs"]
mod drafts;
#[path = "support/fed.rs"]
mod fed;
#[path = "start/files.rs"]
mod files;
#[path = "start/folder.rs"]
mod folder;
#[path = "start/freshness.rs"]
mod freshness;
#[path = "start/gaps.rs"]
mod gaps;
#[path = "start/guards.rs"]
mod guards;
#[path = "start/init.rs"]
mod init;
#[path = "start/stored.rs"]
mod stored;
#[path = "start/verify.rs"]
mod verify;
#[path = "start/watch.rs"]
mod watch;
