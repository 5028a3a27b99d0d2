//! `files:` of a source, as a map: the paths, and how what is in the files is written.

use super::reader::{Reader, Text, text_list};
use super::shape::{Field, Record, Shape};
use crate::load::{Node, Value};
use crate::model::files::FORMATS;
use crate::text::Span;

/// The files of a source as written.
#[derive(Debug, Clone)]
pub struct Files {
    /// Where all of it stands.
    pub span: Span,
    /// The paths.
    pub paths: Vec<Text>,
    /// What they are, unless their endings say it.
    pub format: Option<Text>,
    /// What stands between two values of a line.
    pub delimiter: Option<Text>,
    /// The sign before the fraction of a number.
    pub decimal: Option<Text>,
    /// The sign between groups of digits.
    pub thousands: Option<Text>,
    /// How dates are written.
    pub date: Option<Text>,
    /// How timestamps are written.
    pub timestamp: Option<Text>,
    /// What stands for null, if the spec says so.
    pub null: Option<Vec<Text>>,
    /// Whether the first line has names.
    pub header: Option<bool>,
    /// Where that is said.
    pub header_span: Option<Span>,
    /// Whether a file may lack a column.
    pub by_name: Option<bool>,
    /// Where that is said.
    pub by_name_span: Option<Span>,
}

/// The keys of files.
pub static FILES: Record = Record {
    what: "`files:`",
    fields: &[
        Field::new(
            "paths",
            Shape::Either(&[Shape::Text, Shape::List(&Shape::Text)]),
            "The paths, relative to the project's folder; `*` stands for any name.",
        )
        .example("data/orders-*.csv")
        .required(),
        Field::new("format", Shape::Word(FORMATS), "The format of the files. Default: by their endings.").example("csv"),
        Field::new("delimiter", Shape::Text, "CSV: the character between values, or `tab`. Default: a comma, in `.tsv` a tab.")
            .example("\";\""),
        Field::new("decimal", Shape::Text, "The decimal separator. Default: a dot.").example("\",\""),
        Field::new("thousands", Shape::Text, "The thousands separator. Default: none.").example("\".\""),
        Field::new("date", Shape::Text, "How dates are written. Default: ISO 8601, `%Y-%m-%d`.").example("\"%d/%m/%Y\""),
        Field::new(
            "timestamp",
            Shape::Text,
            "How timestamps are written, or, with `%z`, instants. Default: ISO 8601, `2025-01-31 14:30:00`.",
        )
        .example("\"%d/%m/%Y %H:%M\""),
        Field::new(
            "null",
            Shape::Either(&[Shape::Text, Shape::List(&Shape::Text)]),
            "The texts that mean null. Default: in CSV an empty field.",
        )
        .example("[\"\", NA]"),
        Field::new("header", Shape::Truth, "CSV: `false` if there is no header line; then columns have numbers, `column: 1`.")
            .example("false"),
        Field::new("by_name", Shape::Truth, "`true` if some files may lack a column; it is null there.").example("true"),
    ],
};

/// Reads the files of a source; nothing if there are none.
pub(super) fn decode(node: &Node) -> Option<Files> {
    let reader = Reader::of(node);
    let is_map = matches!(node.value, Value::Map(_));
    let paths = if is_map { reader.texts("paths") } else { text_list(node) };
    (is_map || !paths.is_empty()).then(|| Files {
        span: node.span,
        paths,
        format: reader.text("format"),
        delimiter: reader.text("delimiter"),
        decimal: reader.text("decimal"),
        thousands: reader.text("thousands"),
        date: reader.text("date"),
        timestamp: reader.text("timestamp"),
        null: reader.get("null").map(text_list),
        header: reader.truth("header"),
        header_span: reader.key_span("header"),
        by_name: reader.truth("by_name"),
        by_name_span: reader.key_span("by_name"),
    })
}
