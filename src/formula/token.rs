//! From a formula's text to its tokens. What a word means depends on where it stands, so only reserved words are told apart.

/// A part of a formula's text that is looked at as one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, or a word such as `where` that means something in its place only.
    Word,
    /// A word that is never a name.
    Reserved(Reserved),
    /// A name between backticks.
    Quoted,
    /// Digits alone: `28`. What counts something is written so.
    Whole,
    /// Any other number: `1_000`, `0.5`
    Number,
    /// A number with `%` right behind it.
    Percent,
    /// A text between single quotes.
    Text,
    /// One of `= != <> < <= > >=`, and `==`, which gets an answer of its own.
    Comparator,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `.`
    Dot,
    /// What no formula holds. The text behind it has not been looked at.
    Unknown,
    /// The end of the text.
    Nothing,
}

/// A word that is never a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the word itself")]
pub(super) enum Reserved {
    And,
    Or,
    Not,
    In,
    Between,
    Like,
    Is,
    Null,
    True,
    False,
    Case,
    When,
    Then,
    Else,
    End,
}

const RESERVED: [(&str, Reserved); 15] = [
    ("and", Reserved::And),
    ("or", Reserved::Or),
    ("not", Reserved::Not),
    ("in", Reserved::In),
    ("between", Reserved::Between),
    ("like", Reserved::Like),
    ("is", Reserved::Is),
    ("null", Reserved::Null),
    ("true", Reserved::True),
    ("false", Reserved::False),
    ("case", Reserved::Case),
    ("when", Reserved::When),
    ("then", Reserved::Then),
    ("else", Reserved::Else),
    ("end", Reserved::End),
];

/// How deep parentheses and `case` may nest.
pub(super) const DEEPEST: usize = 60;

/// The tokens of a text; the last is [`Kind::Unknown`] or [`Kind::Nothing`].
///
/// # Errors
/// Gives the first byte at which the text is nested deeper than [`DEEPEST`], before anything walks it.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, usize> {
    let mut tokens = Vec::with_capacity(text.len() / 4 + 2);
    let mut depth = 0usize;
    let mut reader = Reader { text, at: 0 };
    loop {
        reader.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        let start = reader.at;
        let kind = reader.token();
        match kind {
            Kind::Open | Kind::Reserved(Reserved::Case) => depth += 1,
            Kind::Close | Kind::Reserved(Reserved::End) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(start);
        }
        tokens.push(Token { kind, start, end: reader.at });
        if matches!(kind, Kind::Unknown | Kind::Nothing) {
            return Ok(tokens);
        }
    }
}

/// A text, and how much of it has been read.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    /// The byte so many places on; 0, which no token holds, behind the end.
    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Goes on behind all bytes of a kind; gives how many there were.
    fn skip(&mut self, belongs: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let count = rest.iter().position(|byte| !belongs(*byte)).unwrap_or(rest.len());
        self.at += count;
        count
    }

    fn token(&mut self) -> Kind {
        let (kind, length) = match (self.byte(0), self.byte(1)) {
            (b'a'..=b'z' | b'A'..=b'Z' | b'_', _) => return self.word(),
            (b'0'..=b'9', _) => return self.number(),
            (b'\'', _) => return self.quoted(),
            (b'`', _) => return self.name(),
            (b'<', b'>' | b'=') | (b'!' | b'>' | b'=', b'=') => (Kind::Comparator, 2),
            (b'<' | b'>' | b'=', _) => (Kind::Comparator, 1),
            (b'+', _) => (Kind::Plus, 1),
            (b'-', _) => (Kind::Minus, 1),
            (b'*', _) => (Kind::Star, 1),
            (b'/', _) => (Kind::Slash, 1),
            (b'(', _) => (Kind::Open, 1),
            (b')', _) => (Kind::Close, 1),
            (b',', _) => (Kind::Comma, 1),
            (b'.', _) => (Kind::Dot, 1),
            _ if self.at >= self.text.len() => (Kind::Nothing, 0),
            _ => (Kind::Unknown, 0),
        };
        self.at += length;
        kind
    }

    fn word(&mut self) -> Kind {
        let start = self.at;
        self.skip(is_plain);
        let word = self.text.get(start..self.at).unwrap_or_default();
        let reserved = RESERVED.iter().find(|(reserved, _)| reserved.eq_ignore_ascii_case(word));
        reserved.map_or(Kind::Word, |(_, reserved)| Kind::Reserved(*reserved))
    }

    fn number(&mut self) -> Kind {
        let is_digit = |byte: u8| byte.is_ascii_digit();
        let mut is_whole = true;
        self.skip(is_digit);
        if self.byte(0) == b'_' {
            is_whole = false;
            self.skip(|byte| is_digit(byte) || byte == b'_');
        }
        if self.byte(0) == b'.' {
            is_whole = false;
            if is_digit(self.byte(1)) {
                self.at += 1;
                self.skip(is_digit);
                if self.byte(0) == b'_' {
                    self.skip(|byte| is_digit(byte) || byte == b'_');
                    return if is_plain(self.byte(0)) { Kind::Unknown } else { Kind::Number };
                }
            }
        }
        match self.byte(0) {
            b'%' => {
                self.at += 1;
                Kind::Percent
            }
            byte if is_plain(byte) => Kind::Unknown,
            _ if is_whole => Kind::Whole,
            _ => Kind::Number,
        }
    }

    /// A text; two quotes in it are one that belongs to it.
    fn quoted(&mut self) -> Kind {
        loop {
            self.at += 1;
            self.skip(|byte| byte != b'\'');
            if self.byte(1) != b'\'' {
                break;
            }
            self.at += 1;
        }
        self.closed(Kind::Text)
    }

    fn name(&mut self) -> Kind {
        self.at += 1;
        let length = self.skip(|byte| !matches!(byte, b'`' | b'\n'));
        if length == 0 || self.byte(0) != b'`' { Kind::Unknown } else { self.closed(Kind::Quoted) }
    }

    /// The closing quote, if it is there.
    fn closed(&mut self, kind: Kind) -> Kind {
        if self.at >= self.text.len() {
            return Kind::Unknown;
        }
        self.at += 1;
        kind
    }
}

/// Whether a byte can be in a name or number.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::RESERVED;
    use crate::spec::RESERVED_WORDS;

    #[test]
    fn reserved_words_are_those_that_specs_refuse_as_names() {
        assert_eq!(RESERVED.map(|(word, _)| word), RESERVED_WORDS);
    }
}
