//! Files and places in them: what every other module points at when it speaks of "here".
//!
//! A [`Span`] is a range of bytes in one file. Lines and columns are computed only when a finding is shown, because most
//! projects have none to show.

pub use shown::{grouped, is_bidi, is_control, json, shown, shown_on_a_line};
pub use sum::Sum;
pub use words::{plural, title};

mod shown;
mod sum;
mod words;

use memchr::memchr_iter;
use std::ops::Range;
use std::sync::OnceLock;

/// One file of the project, by its place in [`Files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

impl FileId {
    /// The first file: that of the project.
    pub const FIRST: Self = Self(0);
}

/// A range of bytes in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// The range `range` of `file`.
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        let byte = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { file, start: byte(range.start), end: byte(range.end) }
    }

    /// The range as indexes into the file's text.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether another range lies within this one.
    pub fn holds(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// The empty range at the beginning of `file`.
    pub fn start_of(file: FileId) -> Self {
        Self { file, start: 0, end: 0 }
    }

    /// From the beginning of `self` to the end of `other`; `self` where they are in different files.
    #[must_use]
    pub fn to(self, other: Span) -> Self {
        if self.file == other.file { Self { end: other.end.max(self.end), ..self } } else { self }
    }
}

/// A value together with the place where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// `value`, which stands at `span`.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A name as written in a spec, with its place.
pub type Name = Spanned<String>;

/// A place as people and editors count: lines and columns from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// The text of one file.
#[derive(Debug, Clone)]
pub struct File {
    /// The path from the project's folder, with `/` on every system.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// Where its lines start, once somebody has asked.
    lines: OnceLock<Lines>,
    /// What is not to be shown of it.
    hidden: Vec<Range<usize>>,
}

impl File {
    /// The line index.
    pub fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::of(&self.text))
    }

    /// Whether a range of bytes has some that are not to be shown.
    pub fn hides(&self, range: &Range<usize>) -> bool {
        self.hidden.iter().any(|hidden| hidden.start < range.end && range.start < hidden.end)
    }

    /// What is not to be shown, line by line.
    pub fn hidden(&self) -> impl Iterator<Item = &str> {
        let texts = self.hidden.iter().filter_map(|range| self.text.get(range.clone()));
        texts.flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty())
    }
}

/// Every file that the compiler has read, in the order of their paths.
#[derive(Debug, Clone, Default)]
pub struct Files {
    files: Vec<File>,
}

impl Files {
    /// Adds a file.
    pub fn add(&mut self, path: String, text: String) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(File { path, text, lines: OnceLock::new(), hidden: Vec::new() });
        id
    }

    /// Keeps a range from being shown, because it may be a secret.
    pub fn hide(&mut self, span: Span) {
        if let Some(file) = self.files.get_mut(span.file.0 as usize) {
            file.hidden.push(span.range());
        }
    }

    /// The file of that id.
    pub fn get(&self, id: FileId) -> Option<&File> {
        self.files.get(id.0 as usize)
    }

    /// The path of that file, empty if there is none.
    pub fn path(&self, id: FileId) -> &str {
        self.get(id).map_or("", |file| file.path.as_str())
    }

    /// The text that `span` covers.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.file).and_then(|file| file.text.get(span.range())).unwrap_or_default()
    }

    /// Every file with its id.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &File)> {
        self.files.iter().enumerate().map(|(at, file)| (FileId(u32::try_from(at).unwrap_or(u32::MAX)), file))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The line of the beginning of `span`, from 1.
    pub fn line(&self, span: Span) -> usize {
        self.position(span.file, span.start as usize).line
    }

    /// The place of a byte, in lines and columns.
    pub fn position(&self, file: FileId, byte: usize) -> Position {
        self.get(file).map_or(Position { line: 1, column: 1 }, |file| file.lines().position(&file.text, byte))
    }
}

/// The same lines as those of [`str::lines`], found several times as fast.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut begin = 0;
    // A line break at the end ends the last line, and starts no other.
    let last = (!text.is_empty() && !text.ends_with('\n')).then_some(text.len());
    memchr_iter(b'\n', text.as_bytes()).chain(last).map(move |end| {
        let line = text.get(begin..end).unwrap_or_default();
        begin = end + 1;
        if end < text.len() { line.strip_suffix('\r').unwrap_or(line) } else { line }
    })
}

/// Where each line of a text starts.
#[derive(Debug, Clone)]
pub struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// The lines of `text`.
    pub fn of(text: &str) -> Self {
        let ends = memchr_iter(b'\n', text.as_bytes());
        Self { starts: std::iter::once(0).chain(ends.map(|at| at + 1)).collect() }
    }

    /// The byte at which a line starts, counted from 1; nothing behind the last one.
    pub fn start_of(&self, line: usize) -> Option<usize> {
        self.starts.get(line.checked_sub(1)?).copied()
    }

    /// The place of a byte of `text`, which must be the text that the index was made of.
    pub fn position(&self, text: &str, byte: usize) -> Position {
        self.place(text, byte, |before| before.chars().count())
    }

    /// The same with the column in UTF-16 code units, as SARIF and editors count.
    pub fn position_utf16(&self, text: &str, byte: usize) -> Position {
        self.place(text, byte, |before| before.encode_utf16().count())
    }

    fn place(&self, text: &str, byte: usize, width: impl Fn(&str) -> usize) -> Position {
        let byte = byte.min(text.len());
        let line = self.starts.partition_point(|start| *start <= byte);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = text.get(start..byte).map_or(0, width);
        Position { line, column: column + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        let mut files = Files::default();
        let id = files.add("a.yml".into(), "größe: 1\r\nb: 2\n".into());
        assert_eq!(files.position(id, 0), Position { line: 1, column: 1 });
        assert_eq!(files.position(id, "größe".len()), Position { line: 1, column: 6 });
        assert_eq!(files.position(id, "größe: 1\r\n".len()), Position { line: 2, column: 1 });
        assert_eq!(files.position(id, 999), Position { line: 3, column: 1 });
    }

    #[test]
    fn lines_are_those_of_the_standard_library() {
        for text in ["", "a", "a\n", "a\r\nb\r", "\n\n", "\r\n", "a\n\r\nb\rc\n\n", "é\nñ"] {
            assert_eq!(lines(text).collect::<Vec<_>>(), text.lines().collect::<Vec<_>>(), "{text:?}");
        }
    }

    #[test]
    fn utf16_columns_count_code_units() {
        let text = "a: '\u{1f600}' b";
        let lines = Lines::of(text);
        assert_eq!(lines.position(text, text.len()).column, 9);
        assert_eq!(lines.position_utf16(text, text.len()).column, 10);
    }
}
