//! What a dialect has to say about files: how they are read, and what kpic looks at to say what is wrong with them.
//!
//! All of it is text for the engine. Rows have the declared types and nothing is guessed from the first of them; a value that does
//! not fit makes the engine refuse. Which value that was, and where it stands, is what the other questions are for.

use crate::model::files::{FileType, Files, Written};
use std::fmt::Debug;

/// An engine's way with files.
pub trait Reading: Debug + Sync {
    /// The rows of files, as they stand after `from`: with the declared columns that are wanted, or with all that there are.
    fn rows(&self, files: &Files, wanted: Option<&[String]>) -> String;

    /// A query that lists the files behind a path, in the column `file`.
    fn list(&self, path: &str) -> String;

    /// A query for the first lines of a file of text, in the column `line`.
    fn beginning(&self, path: &str) -> String;

    /// A query for the columns that a file of Parquet or JSON has: `column_name` and `column_type`.
    fn described(&self, files: &Files, path: &str) -> String;

    /// A query for the files in which values do not fit: `file`, and for each declared column, by place, `misfits_0`, ... with
    /// how many there are. Nothing where files have types of their own.
    fn misfits(&self, files: &Files) -> Option<String>;

    /// A query for the first values of a column that do not fit, of one file: `row`, which counts rows from 1, and `value`.
    fn first_misfits(&self, files: &Files, path: &str, column: usize) -> Option<String>;

    /// A condition: whether a text of a file is of a type. `text` is SQL that gives it, null where there is none.
    fn fits(&self, text: &str, ty: FileType, written: &Written) -> String;

    /// A query for where a row of a file of text stands: its number in the column `line`, and the line itself in `text`.
    fn place_of(&self, files: &Files, path: &str, row: u64) -> Option<String>;

    /// What looks for lines of a file of text that cannot be taken apart into so many values: what is to be run before, and the
    /// query. It gives `line`, `kind` and `text`.
    fn broken_lines(&self, files: &Files, path: &str, columns: usize) -> Option<(String, String)>;
}
