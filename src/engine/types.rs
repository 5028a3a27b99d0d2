//! What engines call their types, and the types of specs that they fit.

/// Types that specs do not tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Conditions.
    Boolean,
    /// Whole numbers of any size.
    Integer,
    /// Exact decimal numbers.
    Decimal,
    /// Floating numbers.
    Floating,
    /// Texts, and what is written as one.
    Text,
    /// Days.
    Date,
    /// Readings of a wall clock.
    Timestamp,
    /// Points in time.
    Instant,
    /// Anything that specs have no type for.
    Other,
}

impl Family {
    /// The family of a type by its name; nothing for a column of nothing but nulls, which has no type of its own.
    pub fn of(ty: &str) -> Option<Self> {
        if ty.ends_with(']') {
            return Some(Family::Other);
        }
        let mut name = ty.to_uppercase();
        if let (Some(open), Some(close)) = (name.find('('), name.rfind(')')) {
            // `TIMESTAMP(3) WITH TIME ZONE`
            name.replace_range(open..=close, "");
        }
        let name = name.trim();
        Some(match name {
            "BOOLEAN" => Family::Boolean,
            "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT" | "UINTEGER" | "UBIGINT"
            | "UHUGEINT" => Family::Integer,
            "DECIMAL" | "NUMERIC" => Family::Decimal,
            "FLOAT" | "DOUBLE" | "REAL" | "DOUBLE PRECISION" => Family::Floating,
            "VARCHAR" | "ENUM" | "UUID" | "TEXT" | "CHARACTER VARYING" | "CHARACTER" | "BPCHAR" | "NAME" => Family::Text,
            "DATE" => Family::Date,
            "TIMESTAMP" | "TIMESTAMP WITHOUT TIME ZONE" | "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP_NS" => Family::Timestamp,
            "TIMESTAMP WITH TIME ZONE" => Family::Instant,
            "\"NULL\"" | "NULL" => return None,
            _ => Family::Other,
        })
    }

    /// The type that a spec declares for it.
    pub fn declared(self) -> Option<&'static str> {
        Some(match self {
            Family::Boolean => "boolean",
            Family::Integer => "integer",
            Family::Decimal => "decimal",
            Family::Floating => "number",
            Family::Text => "text",
            Family::Date => "date",
            Family::Timestamp => "timestamp",
            Family::Instant => "instant",
            Family::Other => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Family;

    #[test]
    fn types_have_families() {
        let declared = |ty| Family::of(ty).map(Family::declared);
        assert_eq!(declared("DECIMAL(18,4)"), Some(Some("decimal")));
        assert_eq!(declared("ENUM('a', 'b')"), Some(Some("text")));
        assert_eq!(declared("TIMESTAMP WITH TIME ZONE"), Some(Some("instant")));
        assert_eq!(declared("INTEGER[]"), Some(None));
        assert_eq!(declared("DECIMAL(18,4)[]"), Some(None));
        assert_eq!(declared("\"NULL\""), None);
        assert_eq!(declared("timestamp(3) without time zone"), Some(Some("timestamp")));
        assert_eq!(declared("timestamp with time zone"), Some(Some("instant")));
        assert_eq!(declared("character varying(20)"), Some(Some("text")));
        assert_eq!(declared("numeric(18,2)"), Some(Some("decimal")));
        assert_eq!(declared("order_status"), Some(None));
        // Its values are equal in any case, and texts are equal by their bytes.
        assert_eq!((declared("citext"), declared("public.citext")), (Some(None), Some(None)));
    }
}
