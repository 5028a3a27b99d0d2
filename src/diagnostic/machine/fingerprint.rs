//! What makes a finding the same one in a later run, though lines have moved.

use super::Places;
use crate::diagnostic::{Finding, Findings};
use std::collections::HashMap;

/// A fingerprint for each finding, in their order, all of them different.
///
/// It is made of the code, the file, and the characters that the finding points at; where that is the same for several, of
/// which of them it is. Lines, columns and the wording of messages play no part.
pub(super) fn fingerprints(findings: &Findings, places: &Places<'_>) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let fingerprint = |finding: &Finding| {
        let subject = match finding.labels.first() {
            Some(label) => format!("{}\0{}", places.path(label.span.file), places.files.slice(label.span)),
            None => format!("\0{}", finding.message),
        };
        let subject = format!("{}\0{subject}", finding.code.id);
        let nth = seen.entry(subject.clone()).or_insert(0);
        *nth += 1;
        format!("{:032x}", fnv1a(format!("{subject}\0{nth}").as_bytes()))
    };
    findings.iter().map(fingerprint).collect()
}

/// A fingerprint of a text.
pub(super) fn of_text(text: &str) -> String {
    format!("{:032x}", fnv1a(text.as_bytes()))
}

/// The 128-bit FNV-1a hash. The standard library's hashers may differ from version to version; this one never will.
fn fnv1a(bytes: &[u8]) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(BASIS, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::fnv1a;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(format!("{:032x}", fnv1a(b"")), "6c62272e07bb014262b821756295c58d");
        assert_eq!(format!("{:032x}", fnv1a(b"foobar")), "343e1662793c64bf6f0d3597ba446f18");
    }
}
