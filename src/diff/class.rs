//! What a change does to those who read the figures.

/// What a change does to those who read the figures, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Nothing.
    None,
    /// Words for people differ.
    Words,
    /// Who owns or leads something differs.
    Ownership,
    /// What is aimed for differs: a target, a threshold, a date, a weight.
    Goal,
    /// A view or a column is gone, or has another name, type, unit, kind or grain.
    Interface,
    /// Whether values differ is not known.
    Undecided,
    /// Values may differ.
    Meaning,
}

impl Class {
    /// All of them, the least first.
    pub const ALL: [Class; 7] =
        [Class::None, Class::Words, Class::Ownership, Class::Goal, Class::Interface, Class::Undecided, Class::Meaning];

    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Class::None => "none",
            Class::Words => "words",
            Class::Ownership => "ownership",
            Class::Goal => "goal",
            Class::Interface => "interface",
            Class::Undecided => "undecided",
            Class::Meaning => "meaning",
        }
    }

    /// What it does to readers, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Class::Meaning => "values may change",
            Class::Undecided => "kpic cannot tell whether values change",
            Class::Interface => "a view, column, unit, kind or grain changes",
            Class::Goal => "a target, threshold, date or weight changes",
            Class::Ownership => "an owner changes",
            Class::Words => "only words for people change",
            Class::None => "nothing changes for readers",
        }
    }
}
