//! SQL as text: its tokens, as DuckDB and PostgreSQL cut it, and the relations that it names; [`name`] has the names of relations alone.
//! [`query_fault`] and [`expression_fault`] say what may be in specs, [`plain`] writes it so that nothing around it is read as another thing.
//!
//! Specs hold SQL of their own, under `query:` and `sql:`. Whoever asks something of it asks its tokens: what is in a text, a
//! quoted name or a comment is none of the words around it. Nothing here parses SQL, and nothing fails: what is not closed is one
//! token up to the end.

mod allowed;
mod calls;
mod lines;
mod modules;
pub mod name;
mod one;
mod plain;
mod relations;
mod scan;
mod statements;

pub use allowed::{Calls, call_beyond, listed, qualified};
pub use calls::{WRITES, call_fault, engine_view, refused_call};
pub use lines::ends_statement;
pub use modules::{function_called, is_refused, may_reach_files, module_fault, module_read, module_used};
pub use one::{Fault, Why, command_line, expression_fault, query_fault};
pub use plain::{literal, plain};
pub use relations::{Named, relations, texts_read};
pub use scan::{odd_blank, tokens};
pub use statements::odd_statement;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in double quotes.
    Quoted,
    /// A text in single quotes, perhaps with a prefix such as `E`, or between dollars.
    Text,
    /// A number.
    Number,
    /// An operator: as many of its characters as the engines take together.
    Operator,
    /// A parenthesis, bracket, comma, point, semicolon or the like.
    Mark,
    /// A parameter such as `$1`.
    Parameter,
    /// A comment, to the end of its line or from `/*` to `*/`.
    Comment,
    /// A text, quoted name or comment that is not closed.
    Open,
    /// A character that SQL does not need.
    Other,
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its characters, with quotes.
    pub text: &'a str,
    /// The byte at which it starts.
    pub start: usize,
}

impl Token<'_> {
    /// The byte after it.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is that word, in any case.
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is that mark.
    pub fn is_mark(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.text == mark
    }

    /// The name that it is, without quotes; nothing if it is none.
    pub fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Word => Some(self.text.to_owned()),
            Kind::Quoted => {
                let inner = self.text.strip_prefix('"')?.strip_suffix('"')?;
                Some(inner.replace("\"\"", "\""))
            }
            _ => None,
        }
    }
}

/// An expression in parentheses, in lines that start with blanks.
pub fn enclosed(sql: &str) -> String {
    format!("({})", plain(sql, 4))
}
