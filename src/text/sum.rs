//! A text in short: by it a build knows its own files, and a deployment its own views.

use std::fmt;
use std::str::FromStr;

/// A length and a sum of bytes. It tells an edited file; whoever knows what is in a file can make one for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    length: u64,
    mixed: u64,
}

/// Bits without a pattern, of the fraction of the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Sum {
    /// Of a text in pieces; where these begin makes no difference.
    pub fn of(pieces: &[&str]) -> Self {
        let mut sum = Self { length: 0, mixed: 0 };
        let mut word: u64 = 0;
        for byte in pieces.iter().flat_map(|piece| piece.bytes()) {
            word = word << 8 | u64::from(byte);
            sum.length += 1;
            if sum.length.is_multiple_of(8) {
                sum.mix(word);
                word = 0;
            }
        }
        sum.mix(word);
        sum
    }

    /// Of bytes, which are those of a text or not.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        std::str::from_utf8(bytes).map_or(Self { length: u64::MAX, mixed: 0 }, |text| Self::of(&[text]))
    }

    fn mix(&mut self, word: u64) {
        self.mixed = (self.mixed ^ word).wrapping_mul(FACTOR).rotate_left(29);
    }

    /// How many bytes there are.
    pub fn length(self) -> u64 {
        self.length
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.length, self.mixed)
    }
}

impl FromStr for Sum {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (length, mixed) = text.split_once('-').ok_or(())?;
        let mixed = u64::from_str_radix(mixed, 16).map_err(|_| ())?;
        Ok(Self { length: length.parse().map_err(|_| ())?, mixed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_of_the_whole_text() {
        let whole = Sum::of(&["one two three, four"]);
        assert_eq!(Sum::of(&["one t", "", "wo three, f", "our"]), whole);
        assert_eq!(Sum::of_bytes(b"one two three, four"), whole);
        assert_eq!(whole.to_string().parse(), Ok(whole));
        for other in ["one two three, fous", "one two three, foul", "one two three, four\0", "", "one two  three,four"] {
            assert_ne!(Sum::of(&[other]), whole, "{other}");
        }
        assert_ne!(Sum::of_bytes(b"\xff"), Sum::of(&[""]));
        assert!("12".parse::<Sum>().is_err() && "x-1".parse::<Sum>().is_err());
    }
}
