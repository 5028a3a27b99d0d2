//! Puts an entry into a map of a spec file, as an author would: in lines where the map is in lines, in braces where it is in braces. Nothing
//! else of the file changes. A file in its canonical layout stays in it.

use super::outline::{begin_of, breaks, column, end_of, roots};
use super::tree::{self, Entry, Kind, Map, Node, Stream};
use super::{comments, format};

/// An entry to be put somewhere.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    /// The keys that lead to the map. Those that are not there yet are put there too.
    pub map: &'a [&'a str],
    /// The key. Among keys that are in order it goes where it belongs, else behind all others.
    pub key: &'a str,
    /// The value, as it stands in braces.
    pub value: &'a str,
    /// Whether it takes the place of an entry with that key.
    pub replaces: bool,
    /// A comment that may stand behind it, and whether it is to: it goes where the entry has a line of its own.
    pub comment: Option<(&'a str, bool)>,
}

/// Why an entry cannot be put somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cannot {
    /// The file is not YAML, or has no such map.
    NotThere,
    /// The map, or what it is in, is an anchor or an alias, which stands for other places too.
    Shared,
    /// What is to be a map is something else.
    NotAMap,
    /// There is an entry with that key.
    Taken,
    /// The entry that it would replace has comments.
    HasComments,
}

/// The text with the entry.
///
/// # Errors
/// Fails, with nothing changed, if there is no place for it that is surely its own.
pub fn put(path: &str, text: &str, wish: &Wish<'_>) -> Result<String, Cannot> {
    let made = once(path, text, wish)?;
    let is_canonical = format(path, text).is_ok_and(|canonical| canonical == text);
    if is_canonical && let Ok(canonical) = format(path, &made) {
        return Ok(canonical);
    }
    Ok(made)
}

fn once(path: &str, text: &str, wish: &Wish<'_>) -> Result<String, Cannot> {
    let mut stream = tree::read(path, text).map_err(|_| Cannot::NotThere)?;
    comments::attach(text, &mut stream);
    let (first, rest) = wish.map.split_first().ok_or(Cannot::NotThere)?;
    let section = roots(&stream).find_map(|root| entry(root, first)).ok_or(Cannot::NotThere)?;
    let place = Place { text, stream: &stream, wish };
    let (range, written) = place.within(section, rest)?;
    let (before, after) = (text.get(..range.start).unwrap_or_default(), text.get(range.end..).unwrap_or_default());
    Ok(format!("{before}{written}{after}"))
}

fn entry<'a>(node: &'a Node, key: &str) -> Option<&'a Entry> {
    let Kind::Map(map) = &node.kind else { return None };
    map.entries.iter().find(|entry| entry.key.text() == Some(key))
}

/// A text that takes the place of some bytes.
type Change = (std::ops::Range<usize>, String);

struct Place<'a> {
    text: &'a str,
    stream: &'a Stream,
    wish: &'a Wish<'a>,
}

impl Place<'_> {
    /// Puts the entry into the value of another one, in the map to which the keys lead from there.
    fn within(&self, of: &Entry, keys: &[&str]) -> Result<Change, Cannot> {
        if !of.value.marks.is_empty() || matches!(of.value.kind, Kind::Alias(_)) {
            return Err(Cannot::Shared);
        }
        let Kind::Map(map) = &of.value.kind else { return self.below_key(of, keys) };
        match keys.split_first() {
            Some((next, rest)) => match entry(&of.value, next) {
                Some(next) => self.within(next, rest),
                None if map.entries.iter().any(|entry| entry.key.text() == Some("<<")) => Err(Cannot::Shared),
                None => self.add(&of.value, map, next, rest),
            },
            None => match entry(&of.value, self.wish.key) {
                Some(known) => self.replace(known),
                None => self.add(&of.value, map, self.wish.key, &[]),
            },
        }
    }

    /// `check_ins:` with nothing behind it.
    fn below_key(&self, of: &Entry, keys: &[&str]) -> Result<Change, Cannot> {
        let rest_of_line = self.text.get(of.key.end..end_of(self.text, of.key.end)).unwrap_or_default();
        let nothing = rest_of_line.trim_start().strip_prefix(':').map(str::trim_start);
        if !of.value.is_empty() || !nothing.is_some_and(|rest| rest.is_empty() || rest.starts_with('#')) {
            return Err(Cannot::NotAMap);
        }
        let indent = column(self.text, of.key.start) + STEP;
        let lines = match keys.split_first() {
            Some((next, rest)) => self.lines(next, rest, indent),
            None => self.lines(self.wish.key, &[], indent),
        };
        Ok(self.below(end_of(self.text, of.key.end), &lines))
    }

    /// Adds an entry to a map, with maps in it for further keys.
    fn add(&self, node: &Node, map: &Map, key: &str, keys: &[&str]) -> Result<Change, Cannot> {
        // Only days, of which keys are numbers, are in order by more than chance.
        let is_day = |key: &str| key.starts_with(|char: char| char.is_ascii_digit());
        let keys_there = || map.entries.iter().map(|entry| entry.key.text().unwrap_or_default());
        let in_order = is_day(key) && keys_there().all(is_day) && keys_there().is_sorted();
        let later = map.entries.iter().find(|entry| in_order && entry.key.text() > Some(key));
        if map.flow {
            let written = self.in_braces(key, keys);
            return Ok(match (later, map.entries.last()) {
                (Some(later), _) => (later.key.start..later.key.start, format!("{written}, ")),
                (None, Some(last)) => (last.value.end..last.value.end, format!(", {written}")),
                (None, None) => (node.start..node.end, format!("{{ {written} }}")),
            });
        }
        let (Some(first), Some(last)) = (map.entries.first(), map.entries.last()) else { return Err(Cannot::NotAMap) };
        let lines = self.lines(key, keys, column(self.text, first.key.start));
        Ok(match later {
            Some(later) => {
                let at = begin_of(self.text, later);
                (at..at, lines)
            }
            None => self.below(end_of(self.text, last.value.end.max(last.key.end)), &lines),
        })
    }

    /// Lines at the start of one, or behind the end of a file whose last line does not end.
    fn below(&self, at: usize, lines: &str) -> Change {
        let is_open = self.text.get(..at).is_some_and(|before| !before.ends_with('\n'));
        (at..at, if is_open { format!("{}{lines}", breaks(self.text)) } else { lines.to_owned() })
    }

    fn replace(&self, known: &Entry) -> Result<Change, Cannot> {
        let range = known.key.end..known.value.end.max(known.key.end);
        if !self.wish.replaces {
            return Err(Cannot::Taken);
        }
        if !known.value.marks.is_empty() {
            return Err(Cannot::Shared);
        }
        if self.stream.comments.iter().any(|comment| range.contains(&comment.start)) {
            return Err(Cannot::HasComments);
        }
        // A comment that is no longer to be there goes with what it was behind.
        let rest = self.text.get(range.end..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let is_over = self.wish.comment.is_some_and(|(text, stays)| !stays && rest.trim() == format!("# {text}"));
        let end = if is_over { range.end + rest.len() } else { range.end };
        Ok((range.start..end, format!(": {}", self.wish.value)))
    }

    /// `check_ins: { 2024-05-15: 1 }`
    fn in_braces(&self, key: &str, keys: &[&str]) -> String {
        match keys.split_first() {
            Some((next, rest)) => format!("{key}: {{ {} }}", self.in_braces(next, rest)),
            None if key == self.wish.key => format!("{key}: {}", self.wish.value),
            None => format!("{key}: {{ {}: {} }}", self.wish.key, self.wish.value),
        }
    }

    /// The same in lines.
    fn lines(&self, key: &str, keys: &[&str], indent: usize) -> String {
        let (space, end) = (" ".repeat(indent), breaks(self.text));
        let comment = self.wish.comment.filter(|(_, stays)| *stays);
        let comment = comment.map(|(text, _)| format!("  # {text}")).unwrap_or_default();
        match keys.split_first() {
            Some((next, rest)) => format!("{space}{key}:{end}{}", self.lines(next, rest, indent + STEP)),
            None if key == self.wish.key => format!("{space}{key}: {}{comment}{end}", self.wish.value),
            None => format!("{space}{key}:{end}{}", self.lines(self.wish.key, &[], indent + STEP)),
        }
    }
}

/// How much further lines below a key are indented.
const STEP: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 5] = ["objectives", "grow", "key_results", "shops", "check_ins"];

    fn put(text: &str, day: &str, replaces: bool) -> Result<String, Cannot> {
        let wish = Wish { map: &KEYS, key: day, value: "{ value: 2, note: Opened. }", replaces, comment: None };
        super::put("specs/a.yml", text, &wish)
    }

    /// A file with a key result written in a way.
    fn spec(result: &str) -> String {
        format!(
            "# Goals.\nobjectives:\n  grow:\n    period: 2024-Q1   # the first\n    key_results:\n      shops:{result}\n      # another\n      other: {{ kpi: a, to: 3 }}\n"
        )
    }

    #[test]
    fn an_entry_goes_where_its_map_is() {
        for (before, after) in [
            (
                " { manual: true, to: 2 }  # ours",
                " { manual: true, to: 2, check_ins: { 2024-02-01: { value: 2, note: Opened. } } }  # ours",
            ),
            (" { check_ins: {}, to: 2 }", " { check_ins: { 2024-02-01: { value: 2, note: Opened. } }, to: 2 }"),
            (
                " { check_ins: { 2024-01-01: 1 }, to: 2 }",
                " { check_ins: { 2024-01-01: 1, 2024-02-01: { value: 2, note: Opened. } }, to: 2 }",
            ),
            (
                " { check_ins: { 2024-01-01: 1, 2024-03-01: 1 } }",
                " { check_ins: { 2024-01-01: 1, 2024-02-01: { value: 2, note: Opened. }, 2024-03-01: 1 } }",
            ),
            (
                "\n        manual: true\n        to:   2 # two",
                "\n        manual: true\n        to:   2 # two\n        check_ins:\n          2024-02-01: { value: 2, note: Opened. }",
            ),
            (
                "\n        check_ins: # weekly\n        to: 2",
                "\n        check_ins: # weekly\n          2024-02-01: { value: 2, note: Opened. }\n        to: 2",
            ),
            (
                "\n        check_ins:\n            2024-01-01: 1 # first\n            # soon\n            2024-03-01:\n              value: 1\n        to: 2",
                "\n        check_ins:\n            2024-01-01: 1 # first\n            2024-02-01: { value: 2, note: Opened. }\n            # soon\n            2024-03-01:\n              value: 1\n        to: 2",
            ),
            (
                "\n        check_ins:\n          2024-01-01:\n            value: 1\n            note: |\n              Two\n              lines.\n        to: 2",
                "\n        check_ins:\n          2024-01-01:\n            value: 1\n            note: |\n              Two\n              lines.\n          2024-02-01: { value: 2, note: Opened. }\n        to: 2",
            ),
        ] {
            assert_eq!(put(&spec(before), "2024-02-01", false).unwrap(), spec(after), "{before}");
            let windows = |text: &str| spec(text).replace('\n', "\r\n");
            assert_eq!(put(&windows(before), "2024-02-01", false).unwrap(), windows(after), "{before}");
        }
        let open = spec("").replace("\n      # another\n      other: { kpi: a, to: 3 }\n", " { to: 2 }");
        assert!(
            put(&open, "2024-02-01", false)
                .unwrap()
                .ends_with("{ to: 2, check_ins: { 2024-02-01: { value: 2, note: Opened. } } }")
        );
    }

    #[test]
    fn an_entry_is_replaced_only_if_asked() {
        let spec_of = |value: &str| spec(&format!("\n        check_ins:\n          2024-02-01:{value}\n        to: 2"));
        for value in [" 1", " { value: 1 }", "\n            value: 1\n            note: A."] {
            assert_eq!(put(&spec_of(value), "2024-02-01", false), Err(Cannot::Taken));
            assert_eq!(put(&spec_of(value), "2024-02-01", true).unwrap(), spec_of(" { value: 2, note: Opened. }"));
        }
        assert_eq!(put(&spec_of("\n            # why\n            value: 1"), "2024-02-01", true), Err(Cannot::HasComments));
    }

    #[test]
    fn what_stands_for_other_places_stays() {
        for shared in [" &a { to: 2 }", " *a", "\n        <<: { to: 2 }", " { check_ins: *a }"] {
            let text = spec(shared).replace("# Goals.", "meta: { b: &a { to: 2 } }");
            assert_eq!(put(&text, "2024-02-01", false), Err(Cannot::Shared), "{shared}");
        }
        assert_eq!(put(&spec(" { check_ins: 3 }"), "2024-02-01", false), Err(Cannot::NotAMap));
        assert_eq!(put("kpis: {}\n", "2024-02-01", false), Err(Cannot::NotThere));
        assert_eq!(put(": :", "2024-02-01", false), Err(Cannot::NotThere));
    }

    #[test]
    fn a_file_in_its_layout_stays_in_it() {
        let long = "A note that is so long that it does not fit into the line any more, since there are many words in it that need their room".repeat(2);
        let before = format("specs/a.yml", &spec(" { manual: true, to: 2 }")).unwrap();
        let value = format!("{{ value: 2, note: \"{long}\" }}");
        let after = super::put(
            "specs/a.yml",
            &before,
            &Wish { map: &KEYS, key: "2024-02-01", value: &value, replaces: false, comment: None },
        )
        .unwrap();
        assert_eq!(format("specs/a.yml", &after).unwrap(), after);
        assert!(after.contains(&long) && after.lines().count() > before.lines().count(), "{after}");
    }

    #[test]
    fn a_comment_stands_behind_an_entry_until_it_is_over() {
        let with = |text: &str, value: &str, stays: bool, replaces: bool| {
            let wish =
                Wish { map: &KEYS[..4], key: "2024-02-01", value, replaces, comment: Some(("what was learned?", stays)) };
            super::put("specs/a.yml", text, &wish).unwrap()
        };
        let before = spec("\n        to: 2");
        let asked = with(&before, "{ grade: 1 }", true, false);
        assert_eq!(asked, spec("\n        to: 2\n        2024-02-01: { grade: 1 }  # what was learned?"));
        let said = with(&asked, "{ grade: 1, learned: It. }", false, true);
        assert_eq!(said, spec("\n        to: 2\n        2024-02-01: { grade: 1, learned: It. }"));
        let other = asked.replace("# what was learned?", "# what we think");
        assert!(with(&other, "{ grade: 0 }", false, true).contains("2024-02-01: { grade: 0 }  # what we think\n"));
        // In braces there is no room for one.
        assert!(with(&spec(" { to: 2 }"), "{ grade: 1 }", true, false).contains(" { to: 2, 2024-02-01: { grade: 1 } }\n"));
    }
}
