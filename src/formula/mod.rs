//! The formula language: its syntax tree, its parser, and its printer.
//!
//! `parse` makes the tree of a text, or `explain` says what it lacks, and `foreign` what other languages call it; only they know
//! pest's rules. The tree keeps what was written; which level an expression belongs to and
//! what its names mean is `resolve`'s business.

pub mod ast;
mod explain;
mod foreign;
pub mod parse;
pub mod print;

pub use ast::{Call, Expression, Kind, Literal, Operator, Window};
pub use parse::parse;
