//! Which aggregate makes a figure of a column, for help lines.

use crate::model::facts::Type;
use crate::model::{ColumnId, Source, SourceKind};

/// What to write to make a figure of a column that is written `written`: what is added up may be no key and no text.
pub(super) fn around(source: &Source, column: ColumnId, written: &str) -> String {
    let own = source.columns.get(column);
    let name = &source.name.value;
    match own.ty {
        _ if identifies(source, column) => format!("to count them write `count_distinct({written})`"),
        Type::Text | Type::Key => format!("to count its values write `count_distinct({written})`"),
        Type::Boolean if source.kind != SourceKind::States => {
            format!("to count the rows of which it is true write `count({name} where {})`", own.name.value)
        }
        Type::Date | Type::Timestamp if source.kind != SourceKind::States => {
            format!("to count the rows by this time write `count({name} at {})`", own.name.value)
        }
        Type::Boolean | Type::Date | Type::Timestamp => format!("to count its rows write `count({name})`"),
        Type::Integer | Type::Decimal | Type::Number | Type::Null | Type::Error => {
            format!("put an aggregate around it: `sum({written})`, `avg({written})`")
        }
    }
}

/// Whether the values of a column say which row it is, of this source or of another.
pub(super) fn identifies(source: &Source, column: ColumnId) -> bool {
    source.key.contains(&column) || source.columns.get(column).reference_span.is_some()
}
