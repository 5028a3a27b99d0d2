//! The formula language: its syntax tree, its parser, and its printer.
//!
//! `parse` makes the tree of a text, with `token` and `clause`, or `explain` says what it lacks, and `foreign` what other
//! languages call it. The tree keeps what was written; which level an expression belongs to and what its names mean is
//! `resolve`'s business.

pub mod ast;
mod clause;
mod explain;
mod foreign;
#[cfg(test)]
mod grammar;
mod habits;
pub mod layout;
pub mod parse;
pub mod print;
mod token;

pub use ast::{Call, Expression, Kind, Literal, Operator, Window};
pub use parse::parse;
