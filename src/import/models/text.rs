//! SQL in parts, some of which name members of models; and the SQL that a tool makes of them, of which each part is known where it stands.

use super::super::short;
use super::super::sql::{Fault, plain_quotes};
use crate::dialect::Dialect;
use crate::rawsql::{Kind, Token, tokens};
use crate::text::is_control;

/// No SQL that is longer is put together.
const LONGEST: usize = 20_000;
/// No SQL that has more parts is.
const MOST: usize = 2_000;

/// A place in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::import) struct Place {
    pub(in crate::import) file: usize,
    /// The byte.
    pub(in crate::import) at: usize,
}

/// The files that were read, to say where something stands.
#[derive(Debug, Default)]
pub(in crate::import) struct Texts {
    all: Vec<(String, String, Vec<usize>)>,
}

impl Texts {
    pub(in crate::import) fn add(&mut self, path: &str, text: &str) -> usize {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        self.all.push((path.to_owned(), text.to_owned(), lines));
        self.all.len() - 1
    }

    /// A place as people name it: its file, line and column.
    pub(in crate::import) fn place(&self, place: Place) -> String {
        let Some((path, text, lines)) = self.all.get(place.file) else { return String::new() };
        let line = lines.partition_point(|start| *start <= place.at);
        let start = line.checked_sub(1).and_then(|line| lines.get(line)).copied().unwrap_or(0);
        let column = text.get(start..place.at).map_or(0, |before| before.chars().count());
        format!("{}:{line}:{}", short(path), column + 1)
    }
}

/// A part of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import) enum Piece {
    /// SQL as it is.
    Plain(String),
    /// The table of the model itself.
    This,
    /// A name without a model before it: a member of the model itself, or another model's table.
    Name(String),
    /// A member of a model.
    Member(String, String),
    /// A template that is not read, and why.
    Odd(String),
}

/// SQL in parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::import) struct Sql {
    pub(in crate::import) at: Place,
    pub(in crate::import) parts: Vec<(Place, Piece)>,
}

impl Sql {
    /// SQL that a tool adds of itself.
    pub(in crate::import) fn plain(at: Place, text: &str) -> Self {
        Self { at, parts: vec![(at, Piece::Plain(text.to_owned()))] }
    }

    /// Its text, if it is nothing else.
    pub(in crate::import) fn only_text(&self) -> Result<String, (Place, String)> {
        let mut out = String::new();
        for (at, piece) in &self.parts {
            match piece {
                Piece::Plain(text) => out.push_str(text),
                Piece::Odd(why) => return Err((*at, why.clone())),
                Piece::This | Piece::Name(_) | Piece::Member(..) => {
                    return Err((*at, "it names other parts of the model, which kpic does not put in there".to_owned()));
                }
            }
        }
        Ok(out)
    }

    /// The column that it is, if it is one of the model's own table and nothing else.
    pub(in crate::import) fn one_column(&self) -> Option<String> {
        let mut text = String::new();
        for (_, piece) in &self.parts {
            match piece {
                Piece::Plain(plain) => text.push_str(plain),
                // A name that no column has.
                Piece::This if text.trim().is_empty() => text.push_str("this"),
                _ => return None,
            }
        }
        let has_table = self.parts.iter().any(|(_, piece)| *piece == Piece::This);
        let text = text.trim().replace('`', "\"");
        let bare = if has_table { text.strip_prefix("this")?.trim_start().strip_prefix('.')?.trim_start() } else { &text };
        super::super::sources::one_name(bare)
    }
}

/// SQL that is put together of parts.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) text: String,
    /// Where parts begin, where they stand in the files, and whether they are there as they are here.
    segments: Vec<(usize, Place, bool)>,
}

impl Draft {
    /// Adds SQL of a tool's own.
    pub(super) fn add(&mut self, at: Place, text: &str) {
        self.segments.push((self.text.len(), at, false));
        self.text.push_str(text);
    }

    /// Adds a name in quotes.
    pub(super) fn name(&mut self, at: Place, name: &str) {
        self.add(at, &format!("\"{}\"", name.replace('"', "\"\"")));
    }

    /// Adds SQL of a file.
    pub(super) fn plain(&mut self, at: Place, text: &str, dialect: &dyn Dialect) -> Result<(), (Place, String)> {
        if self.segments.len() > MOST || self.text.len() + text.len() > LONGEST {
            return Err((at, format!("its SQL is longer than {LONGEST} bytes")));
        }
        let odd = text.find(|char: char| is_control(char) && !char.is_whitespace());
        let odd = odd.or_else(|| dialect.reads_otherwise(text).and_then(|part| text.find(part)));
        if let Some(odd) = odd {
            let rest = text.get(odd..).unwrap_or_default().lines().next().unwrap_or_default();
            let why = format!("kpic does not know how {} reads `{}`", dialect.name(), short(rest));
            return Err((Place { at: at.at + odd, ..at }, why));
        }
        let mut plain = plain_quotes(text, dialect);
        // A comment would take the parts after it with it.
        let comments = tokens(text).filter(|token| token.kind == Kind::Comment);
        let comments: Vec<_> = comments.map(|token| token.start..token.end()).collect();
        for range in comments {
            plain.replace_range(range.clone(), &" ".repeat(range.len()));
        }
        self.segments.push((self.text.len(), at, true));
        self.text.push_str(&plain);
        Ok(())
    }

    /// Where a byte of it stands in the files.
    pub(super) fn place(&self, byte: usize) -> Place {
        let next = self.segments.partition_point(|(start, ..)| *start <= byte);
        let found = next.checked_sub(1).and_then(|at| self.segments.get(at));
        let Some((start, place, is_there)) = found else { return Place::default() };
        Place { at: place.at + if *is_there { byte.saturating_sub(*start) } else { 0 }, ..*place }
    }

    /// Its tokens without comments.
    pub(super) fn tokens(&self) -> Result<Vec<Token<'_>>, Fault> {
        let all: Vec<Token<'_>> = tokens(&self.text).filter(|token| token.kind != Kind::Comment).collect();
        let odd =
            all.iter().find(|token| matches!(token.kind, Kind::Open | Kind::Other | Kind::Parameter) || token.is_mark(";"));
        match odd {
            Some(odd) => Err(Fault::at(odd.start, &format!("kpic does not read `{}` there", short(odd.text)))),
            None => Ok(all),
        }
    }
}
