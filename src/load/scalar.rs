//! Which character of the file a character of a scalar is.
//!
//! A formula may be in a plain, quoted, literal or folded scalar; YAML undoes escapes, indentation and folding before
//! anyone parses it. [`origins`] goes through the source once more and says where each decoded byte came from, so that a
//! finding inside a formula points at the exact characters, whatever the quoting.

use super::yaml::{Scalar, Style};

/// For each byte of the scalar's text, and for the end of it, where its character starts and ends in the file.
///
/// `source` is the scalar as it is in the file and `start` where that is. If the two do not match (which would be a
/// mistake of ours) every byte is said to be the whole scalar, so that findings still point at it.
pub fn origins(scalar: &Scalar, source: &str, start: usize) -> Vec<(u32, u32)> {
    let pairs = match scalar.style {
        Style::Plain => flow(source, Quote::None),
        Style::Single => flow(inside(source), Quote::Single),
        Style::Double => flow(inside(source), Quote::Double),
        Style::Literal | Style::Folded => block(source, &scalar.text),
    };
    let shift = usize::from(matches!(scalar.style, Style::Single | Style::Double));
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let place = |at: usize| byte(start + shift + at);
    let mut places = Vec::with_capacity(scalar.text.len() + 1);
    let mut wanted = scalar.text.chars();
    let mut end = 0;
    for (decoded, at, width) in pairs {
        match wanted.next() {
            Some(char) if char == decoded => {
                end = at + width;
                places.extend(std::iter::repeat_n((place(at), place(end)), decoded.len_utf8()));
            }
            // A block scalar's last line breaks may be cut off.
            None => break,
            Some(_) => return vec![(byte(start), byte(start + source.len())); scalar.text.len() + 1],
        }
    }
    if wanted.next().is_some() {
        return vec![(byte(start), byte(start + source.len())); scalar.text.len() + 1];
    }
    places.push((place(end), place(end)));
    places
}

/// The source of a quoted scalar without its quotes.
fn inside(source: &str) -> &str {
    source.get(1..source.len().saturating_sub(1)).unwrap_or_default()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    None,
    Single,
    Double,
}

/// A decoded character, the byte where it is in the source, and how many bytes it takes there.
type Decoded = (char, usize, usize);

/// Undoes the folding and escapes of a scalar that is not a block.
fn flow(source: &str, quote: Quote) -> Vec<Decoded> {
    let mut out: Vec<Decoded> = Vec::with_capacity(source.len());
    let mut chars = source.char_indices().peekable();
    // Blanks before a line break are dropped, so they wait until it is clear what follows them. Escaped ones stay.
    let mut blanks: Vec<Decoded> = Vec::new();
    while let Some((at, char)) = chars.next() {
        match char {
            ' ' | '\t' => blanks.push((char, at, 1)),
            '\r' | '\n' => {
                blanks.clear();
                let breaks = skip_breaks(char, &mut chars);
                let end = chars.peek().map_or(source.len(), |(next, _)| *next);
                if breaks == 1 {
                    out.push((' ', at, end - at));
                } else {
                    out.extend((1..breaks).map(|_| ('\n', at, end - at)));
                }
            }
            '\'' if quote == Quote::Single => {
                out.append(&mut blanks);
                chars.next();
                out.push(('\'', at, 2));
            }
            '\\' if quote == Quote::Double => {
                out.append(&mut blanks);
                escape(at, &mut chars, &mut out);
            }
            _ => {
                out.append(&mut blanks);
                out.push((char, at, char.len_utf8()));
            }
        }
    }
    out.append(&mut blanks);
    out
}

/// Goes over a line break and all blank lines and indentation after it; says how many breaks there were.
fn skip_breaks(first: char, chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>) -> usize {
    let mut breaks = 1;
    if first == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n') {
        chars.next();
    }
    while let Some((_, next)) = chars.peek().copied() {
        match next {
            ' ' | '\t' => {
                chars.next();
            }
            '\r' | '\n' => {
                chars.next();
                if next == '\r' && chars.peek().is_some_and(|(_, after)| *after == '\n') {
                    chars.next();
                }
                breaks += 1;
            }
            _ => break,
        }
    }
    breaks
}

/// Decodes one escape of a double-quoted scalar.
fn escape(at: usize, chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>, out: &mut Vec<Decoded>) {
    let Some((_, kind)) = chars.next() else { return };
    let digits = match kind {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => 0,
    };
    let decoded = match kind {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        'x' | 'u' | 'U' => {
            let mut value = 0u32;
            for _ in 0..digits {
                let digit = chars.next().and_then(|(_, char)| char.to_digit(16)).unwrap_or(0);
                value = value.wrapping_mul(16).wrapping_add(digit);
            }
            char::from_u32(value).unwrap_or('\u{fffd}')
        }
        '\r' | '\n' => {
            // An escaped line break joins the lines without a space.
            let breaks = skip_breaks(kind, chars);
            let end = chars.peek().map_or(at + 2, |(next, _)| *next);
            out.extend((1..breaks).map(|_| ('\n', at, end - at)));
            return;
        }
        other => other,
    };
    out.push((decoded, at, 2 + digits));
}

/// Undoes the indentation and folding of a block scalar, led by the text that came out of it.
///
/// The source starts after the first line's indentation. Line by line the decoded text says whether a break stayed a break or
/// became a space; what is in the source between the lines is breaks and indentation.
fn block(source: &str, decoded: &str) -> Vec<Decoded> {
    let mut out: Vec<Decoded> = Vec::with_capacity(decoded.len());
    let bytes = source.as_bytes();
    let mut at = 0;
    for char in decoded.chars() {
        let here = source.get(at..).and_then(|rest| rest.chars().next());
        if here == Some(char) && char != '\n' {
            out.push((char, at, char.len_utf8()));
            at += char.len_utf8();
            continue;
        }
        let found = match char {
            // A space may be a folded line break.
            ' ' | '\n' => bytes.get(at).is_some_and(|byte| matches!(byte, b'\n' | b'\r')),
            _ => false,
        };
        if found {
            let start = at;
            at += if source.get(at..).is_some_and(|rest| rest.starts_with("\r\n")) { 2 } else { 1 };
            out.push((char, start, at - start));
            continue;
        }
        // Between the lines: indentation, and the breaks that folding took away.
        let skipped =
            source.get(at..).map_or(0, |rest| rest.find(|next: char| next == char && !next.is_whitespace()).unwrap_or(0));
        let gap = source.get(at..at + skipped).unwrap_or_default();
        if skipped > 0 && gap.chars().all(|between| matches!(between, ' ' | '\t' | '\n' | '\r')) {
            at += skipped;
            out.push((char, at, char.len_utf8()));
            at += char.len_utf8();
        } else {
            out.push((char, at, 0));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Findings;
    use crate::load::yaml::{Node, Value, parse};
    use crate::text::Files;

    /// The file's text at the place of `needle` in the decoded value of the key `f`.
    fn found(yaml: &str, needle: &str) -> String {
        let mut files = Files::default();
        let id = files.add("a.yml".into(), yaml.into());
        let roots = parse(id, yaml, &mut Findings::default()).expect("yaml");
        let node = value_of_f(&roots[0]).expect("the key f");
        let Value::Scalar(scalar) = &node.value else { panic!("a scalar") };
        let places = origins(scalar, files.slice(node.span), node.span.start as usize);
        assert_eq!(places.len(), scalar.text.len() + 1);
        let from = scalar.text.find(needle).expect("the needle");
        let start = places[from].0 as usize;
        let end = places[from + needle.len() - 1].1 as usize;
        yaml[start..end].to_owned()
    }

    fn value_of_f(node: &Node) -> Option<&Node> {
        match &node.value {
            Value::Map(entries) => entries
                .iter()
                .find_map(|entry| if entry.key.value == "f" { Some(&entry.value) } else { value_of_f(&entry.value) }),
            Value::List(items) => items.iter().find_map(value_of_f),
            Value::Null | Value::Scalar(_) => None,
        }
    }

    #[test]
    fn plain_and_quoted() {
        assert_eq!(found("f: sum(a) / größe + b # c\n", "größe"), "größe");
        assert_eq!(found("f: 'sum(a) where x = ''größe'' + b'\n", "+ b"), "+ b");
        assert_eq!(found("f: \"s = \\u00e9\\t'x' + b\"\n", "'x'"), "'x'");
        assert_eq!(found("f: one\n  two\n\n  three\n", "three"), "three");
        assert_eq!(found("f: 'one\r\n  two\r\n\r\n  three'\r\n", "three"), "three");
        assert_eq!(found("f: \"one \\\n   two\"\n", "two"), "two");
    }

    #[test]
    fn blocks() {
        assert_eq!(found("k:\n  f: |\n    one\n      two\n\n    three\n", "two"), "two");
        assert_eq!(found("k:\n  f: |\n    one\n      two\n\n    three\n", "three"), "three");
        assert_eq!(found("k:\n  f: >-\n    one\n    two\n\n    three\n      four\n    five\n", "five"), "five");
        assert_eq!(found("k:\r\n  f: >\r\n    one\r\n    two\r\n\r\n    three\r\n", "three"), "three");
        assert_eq!(found("k:\n  f: |-\n    sum(\n      a\n    ) / b\n", "/ b"), "/ b");
    }

    #[test]
    fn aliases_point_at_what_they_stand_for() {
        assert_eq!(found("a: &x sum(b) + c\nf: *x\n", "c"), "c");
    }
}
