//! What formulas mean, so that two versions of one can be compared.
//!
//! 1. [`write`] makes a term of a checked formula, by names instead of ids: as it is written ([`Writer::as_written`]), or with all KPIs and
//!    derived columns written out ([`Writer::written_out`]).
//! 2. [`normal`] brings a term into a normal form: two terms with the same one have the same values, in the same rows, but for the rounding of
//!    floating-point numbers. Arithmetic becomes a quotient of two polynomials ([`number`]).
//! 3. [`witness`] looks for rows on which two terms differ.
//!
//! [`compare`] puts this together. It never takes two formulas for the same that differ; where it knows neither, it says so.

mod evaluate;
pub mod mark;
pub mod normal;
pub mod number;
pub mod term;
pub mod witness;
pub mod write;

pub use term::Term;
pub use write::{Names, Writer, promised};

/// What is known of two formulas.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// They have the same values.
    Same,
    /// There are rows on which they differ.
    Different,
    /// Neither is known.
    Unknown,
}

/// Whether two formulas are proven to have the same values.
pub fn proven(before: &Term, after: &Term) -> Verdict {
    if before.is_broken() || after.is_broken() {
        return Verdict::Unknown;
    }
    let is_same = before == after || normal::same(&normal::value(before), &normal::value(after));
    if is_same { Verdict::Same } else { Verdict::Unknown }
}

/// Compares two formulas that have been written out.
pub fn compare(before: &Term, after: &Term) -> Verdict {
    if before.is_broken() || after.is_broken() {
        return Verdict::Unknown;
    }
    match proven(before, after) {
        // The terms as they are: their normal forms would hide a fault in themselves.
        Verdict::Unknown if witness::found(before, after) => Verdict::Different,
        verdict => verdict,
    }
}
