//! The formula language: its syntax tree, its parser, and its printer.
//!
//! `parse` is the only file that knows pest's rules. The tree keeps what was written; which level an expression belongs to and
//! what its names mean is `resolve`'s business.

pub mod ast;
pub mod parse;
pub mod print;

pub use ast::{Call, Expression, Kind, Literal, Operator, Window};
pub use parse::parse;
