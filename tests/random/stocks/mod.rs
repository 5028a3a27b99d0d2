//! States in the random projects: how they are made up, written, made smaller, and what they are by rule 5 of the language.
//!
//! What the other modules know of states is that a source may have them and that an aggregate may look at them; all the rest is here.

pub mod data;
pub mod evaluate;
pub mod formulas;
pub mod print;
pub mod shrink;
