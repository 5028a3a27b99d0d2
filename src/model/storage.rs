//! Where the values of columns come from, and what they are called beside each other.

use super::expr::RowExpr;
use super::{ColumnId, Source};

/// Where a column's values come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Storage {
    /// From the relation's column of that name.
    Stored(String),
    /// From several columns: a reference by a key of several columns.
    Several(Vec<KeyPart>),
    /// From a formula over the other columns.
    Derived(RowExpr),
    /// From raw SQL: for all dialects (`None`) or for each by name.
    Raw(RawSql),
}

/// Raw SQL: for all dialects (`None`) or for each by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawSql(pub Vec<(Option<String>, String)>);

impl RawSql {
    /// The SQL for a dialect: its own, or that for all; nothing where neither is given.
    pub fn of(&self, dialect: &str) -> Option<&str> {
        self.placed(dialect).map(|(_, sql)| sql)
    }

    /// The same with its place among all.
    pub fn placed(&self, dialect: &str) -> Option<(usize, &str)> {
        let all = || self.0.iter().enumerate();
        let own = all().find(|(_, (given, _))| given.as_deref() == Some(dialect));
        own.or_else(|| all().find(|(_, (given, _))| given.is_none())).map(|(at, (_, sql))| (at, sql.as_str()))
    }
}

/// One of several columns that hold a key together.
#[derive(Debug, Clone, PartialEq)]
pub enum KeyPart {
    /// The relation's column of that name.
    Stored(String),
    /// A column of the source that is computed.
    Made(ColumnId),
}

impl Storage {
    /// The names of the relation's columns that it takes as they are.
    pub fn stored(&self) -> impl Iterator<Item = &String> {
        let (one, several) = match self {
            Storage::Stored(name) => (Some(name), None),
            Storage::Several(parts) => (None, Some(parts)),
            Storage::Derived(_) | Storage::Raw(_) => (None, None),
        };
        let several = several.into_iter().flatten().filter_map(|part| match part {
            KeyPart::Stored(name) => Some(name),
            KeyPart::Made(_) => None,
        });
        one.into_iter().chain(several)
    }

    /// Of how many columns a value is made; one unless it is a key of several.
    pub fn parts(&self) -> usize {
        match self {
            Storage::Several(parts) => parts.len(),
            Storage::Stored(_) | Storage::Derived(_) | Storage::Raw(_) => 1,
        }
    }
}

impl Source {
    /// What a column of raw SQL is called beside the relation's own columns: as itself, unless another column of the source reads a
    /// stored one of that name.
    pub fn made_name(&self, column: ColumnId) -> String {
        let own = &self.columns.get(column).name.value;
        let same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
        let is_stored =
            |name: &str| self.columns.rows().iter().any(|known| known.storage.stored().any(|stored| same(stored, name)));
        if !is_stored(own) {
            return own.clone();
        }
        // No name of a column has two underscores side by side, so that no other column is called that.
        let mut name = format!("{own}__made");
        while is_stored(&name) {
            name.push('_');
        }
        name
    }
}
