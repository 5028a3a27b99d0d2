//! The lines around a fault, as they are shown: long lines are cut, and what cannot be seen is an escape.

use crate::text::{File, Lines, Span, shown_on_a_line};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::ops::Range;

/// How many characters of a line are shown.
const LINE: usize = 300;
/// How many of them stand before the fault, in a line that is cut.
const BEFORE_FAULT: usize = 80;
/// How many lines of a fault are marked; of a longer one it is the first line.
const LINES_OF_FAULT: usize = 40;
/// From how many lines on two places are too far from each other to be shown in one piece.
const FAR: usize = 100;
/// What stands for what is cut off.
const CUT: char = '…';

/// The lines of one file around some places, as a text of their own; many lines in between are empty in it.
#[derive(Debug)]
pub(super) struct Excerpt {
    path: String,
    text: String,
    /// The line of the file that comes first, from 0.
    first: usize,
    /// Where the places are in the text, in their order, each with the column in the file, from 0.
    places: Vec<(Range<usize>, usize)>,
}

impl Excerpt {
    /// What is shown of a file around places in it. Each place is taken as far as it is in the text.
    pub(super) fn of(file: &File, spans: &[Span]) -> Self {
        let (text, lines) = (file.text.as_str(), file.lines());
        let line_of = |byte: usize| lines.position(text, byte).line;
        let ranges: Vec<Range<usize>> = spans.iter().map(|span| clamped(text, lines, span.range())).collect();
        let last_line = line_of(text.len());
        let around =
            |range: &Range<usize>| (line_of(range.start).saturating_sub(1).max(1), (line_of(range.end) + 1).min(last_line));
        let mut wanted: Vec<(usize, usize)> = ranges.iter().map(around).collect();
        wanted.sort_unstable();
        let first = wanted.first().map_or(1, |(first, _)| *first);
        let mut out = Text::default();
        let mut line = first;
        for (from, to) in wanted {
            let is_far = from > line + FAR;
            while line <= to {
                if line >= from || !is_far {
                    out.line(file, line, &ranges);
                } else {
                    out.text.push('\n');
                }
                line += 1;
            }
        }
        let place = |range: &Range<usize>| {
            let start = out.place(range.start);
            (start..out.place(range.end).max(start), lines.position(text, range.start).column - 1)
        };
        let places = ranges.iter().map(place).collect();
        Self { path: shown_on_a_line(&file.path).into_owned(), text: out.text, first: first - 1, places }
    }

    /// Where the places are in the text of the excerpt.
    pub(super) fn places(&self) -> impl Iterator<Item = Range<usize>> {
        self.places.iter().map(|(range, _)| range.clone())
    }
}

/// A range as far as it lies in a text and between characters, without lines that are too many to show.
fn clamped(text: &str, lines: &Lines, range: Range<usize>) -> Range<usize> {
    let between = |byte: usize| (0..=byte.min(text.len())).rev().find(|byte| text.is_char_boundary(*byte)).unwrap_or(0);
    let start = between(range.start);
    let end = between(range.end).max(start);
    let line = |byte: usize| lines.position(text, byte).line;
    if line(end) - line(start) < LINES_OF_FAULT {
        return start..end;
    }
    let length = text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    start..start + length
}

/// The text of an excerpt, and where it comes from.
#[derive(Default)]
struct Text {
    text: String,
    /// For the beginning of each part: the byte of the file, and that of the text. What is between two of them and not as long in both is
    /// cut or escaped.
    origins: Vec<(usize, usize)>,
}

impl Text {
    /// Adds a line of the file.
    fn line(&mut self, file: &File, number: usize, ranges: &[Range<usize>]) {
        let (text, lines) = (file.text.as_str(), file.lines());
        let begin = lines.start_of(number).unwrap_or(text.len());
        let next = lines.start_of(number + 1);
        let whole = text.get(begin..next.unwrap_or(text.len())).unwrap_or_default();
        let line = whole.trim_end_matches(['\n', '\r']);
        let end = begin + line.len();
        self.origins.push((begin, self.text.len()));
        // Bytes first: most lines are short, and this costs nothing.
        let is_long = line.len() > LINE && line.chars().count() > LINE;
        if is_long || file.hides(&(begin..end)) || line.contains(char::is_control) || shown_on_a_line(line) != line {
            let fault = ranges
                .iter()
                .filter(|range| range.start <= end && range.end >= begin)
                .map(|range| range.start.max(begin))
                .min();
            let skipped = match fault.filter(|_| is_long) {
                Some(fault) => text.get(begin..fault).map_or(0, |before| before.chars().count()).saturating_sub(BEFORE_FAULT),
                None => 0,
            };
            if skipped > 0 {
                self.text.push(CUT);
            }
            let mut rest = line.char_indices().skip(skipped);
            for (at, char) in rest.by_ref().take(LINE) {
                self.origins.push((begin + at, self.text.len()));
                if file.hides(&(begin + at..begin + at + 1)) {
                    self.text.push('*');
                // A tab is as wide as the terminal makes it.
                } else if char == '\t' {
                    self.text.push('\t');
                } else {
                    self.text.push_str(&shown_on_a_line(char.encode_utf8(&mut [0; 4])));
                }
            }
            if let Some((at, _)) = rest.next() {
                self.origins.push((begin + at, self.text.len()));
                self.text.push(CUT);
            }
        } else {
            self.text.push_str(line);
        }
        self.origins.push((end, self.text.len()));
        if next.is_some() {
            self.text.push('\n');
        }
    }

    /// Where a byte of the file is in the text.
    fn place(&self, byte: usize) -> usize {
        let after = self.origins.partition_point(|(origin, _)| *origin <= byte);
        let Some((origin, place)) = after.checked_sub(1).and_then(|at| self.origins.get(at)).copied() else { return 0 };
        let next = self.origins.get(after).copied();
        let is_as_it_is = next.is_none_or(|(next, there)| next - origin == there - place);
        let place = if is_as_it_is { place + (byte - origin) } else { place };
        (0..=place.min(self.text.len())).rev().find(|place| self.text.is_char_boundary(*place)).unwrap_or(0)
    }
}

impl SourceCode for Excerpt {
    fn read_span<'b>(
        &'b self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        let found = self.text.read_span(span, before, after)?;
        // The column of the file, and not of what is left of it.
        let known = self.places.iter().find(|(range, _)| before == 0 && range.start == span.offset());
        Ok(Box::new(MietteSpanContents::new_named(
            self.path.clone(),
            found.data(),
            *found.span(),
            found.line() + self.first,
            known.map_or(found.column(), |(_, column)| *column),
            found.line_count() + self.first,
        )))
    }
}
