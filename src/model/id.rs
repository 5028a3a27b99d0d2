//! Tables of definitions, and the ids that stand for their rows.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// The place of a `T` in its table. Only [`Table::push`] makes ids.
pub struct Id<T> {
    index: u32,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// The place as a number, from 0.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.index.cmp(&other.index)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.index)
    }
}

/// Definitions in the order in which they came.
#[derive(Debug, Clone)]
pub struct Table<T> {
    rows: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new() }
    }
}

impl<T> Table<T> {
    /// Adds a definition.
    pub fn push(&mut self, row: T) -> Id<T> {
        let index = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push(row);
        Id { index, of: PhantomData }
    }

    /// Makes room for so many more definitions.
    pub fn reserve(&mut self, more: usize) {
        self.rows.reserve(more);
    }

    /// The definition of an id that this table made.
    #[expect(clippy::indexing_slicing, reason = "ids are made by `push` alone, and nothing is ever removed")]
    pub fn get(&self, id: Id<T>) -> &T {
        &self.rows[id.index as usize]
    }

    /// The same, to be changed.
    #[expect(clippy::indexing_slicing, reason = "ids are made by `push` alone, and nothing is ever removed")]
    pub fn get_mut(&mut self, id: Id<T>) -> &mut T {
        &mut self.rows[id.index as usize]
    }

    /// All definitions with their ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Id<T>, &T)> {
        self.rows.iter().enumerate().map(|(index, row)| (id(index), row))
    }

    /// All ids.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = Id<T>> + use<T> {
        (0..self.rows.len()).map(id)
    }

    /// All definitions.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

fn id<T>(index: usize) -> Id<T> {
    Id { index: u32::try_from(index).unwrap_or(u32::MAX), of: PhantomData }
}
