//! From relational algebra to SQL text.
//!
//! [`write`] lays a query out, indented by [`layout`]; [`spell`] has one row for each function with its SQL; [`dialect`] answers the small questions in
//! which warehouses differ. Text of users reaches SQL only through a dialect's quoting, but for raw SQL, which they gave as
//! such.

pub mod dialect;
mod layout;
mod spell;
mod write;

pub use dialect::Dialect;
pub use write::{query, relation, statement};
