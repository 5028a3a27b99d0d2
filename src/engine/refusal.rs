//! Why an engine refuses a query: what it says, sorted into kinds that can be told in words of one's own.
//!
//! [`KINDS`] knows messages by what is in them. What no row knows is [`Kind::Other`].

use std::fmt;

/// What an engine says against a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of thing is in the way.
    pub kind: Kind,
    /// The value, name or file that the engine names, if it names one.
    pub about: Option<String>,
    /// The engine's own words: not for users, unless they ask for them.
    pub said: String,
    /// Whether it is the setup that is refused, and no query could be asked.
    pub in_setup: bool,
}

/// What kind of thing is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A whole number that 64 bits do not hold.
    Whole,
    /// A product or sum of decimals that has more digits than the engine gives it.
    Decimals,
    /// A sum that has more than 38 digits.
    Sum,
    /// A variance that a floating-point number does not hold.
    Spread,
    /// A floating-point number that is too large.
    Number,
    /// A time beyond those that the engine knows.
    Time,
    /// A value that is none of the type that it is cast to.
    NotConvertible,
    /// A stored value that is not what its column is declared as, in words that say so.
    NotStored,
    /// A table or view that is not there.
    NoRelation,
    /// A column that is not there.
    NoColumn,
    /// A file that is not there.
    NoFile,
    /// A file that is not what it is read as.
    BadFile,
    /// Texts of different collations put together.
    Collations,
    /// A name that is that of the database file and of a schema in it.
    SameName,
    /// SQL of the project that is not valid.
    BadSql,
    /// Something that the engine may not do.
    NotAllowed,
    /// A file outside the project, which SQL of a project may not read.
    Outside,
    /// The network, which SQL of a project may not use.
    Network,
    /// Anything else that SQL of a project may not do, such as looking at the environment.
    Confined,
    /// SQL that the engine was not given, because its shell would read it as something else.
    Unread,
    /// A query that has more parts than the engine takes.
    TooLong,
    /// More memory, or room on the disk, than there is.
    NoMemory,
    /// Something that is to change, and that others read.
    Needed,
    /// Something that others are at work with, for longer than is waited.
    Busy,
    /// The query was ended from outside.
    Interrupted,
    /// Anything else.
    Other,
}

/// How kinds are told: all of the texts are in the message. The first row that fits counts.
const KINDS: &[(&[&str], Kind)] = &[
    (&["file system operations are disabled"], Kind::Outside),
    (&["requires the extension httpfs"], Kind::Network),
    (&["disabled through configuration"], Kind::Confined),
    (&["configuration has been locked"], Kind::Confined),
    (&["Missing Extension"], Kind::Confined),
    (&["Table with name"], Kind::NoRelation),
    (&["Schema with name"], Kind::NoRelation),
    (&["Referenced column"], Kind::NoColumn),
    (&["does not have a column"], Kind::NoColumn),
    (&["out of range of the DECIMAL type"], Kind::Decimals),
    (&["Catalog", "does not exist"], Kind::BadSql),
    (&["types with different collation"], Kind::Collations),
    (&["Ambiguous reference to catalog or schema"], Kind::SameName),
    (&["Binder Error"], Kind::BadSql),
    (&["Parser Error"], Kind::BadSql),
    (&["Syntax Error"], Kind::BadSql),
    (&["Out of Memory Error"], Kind::NoMemory),
    (&["No space left"], Kind::NoMemory),
    (&["INTERRUPT Error"], Kind::Interrupted),
    (&["Permission"], Kind::NotAllowed),
    (&["No files found"], Kind::NoFile),
    (&["Cannot open", "o such file"], Kind::NoFile),
    (&["Cannot open", "does not exist"], Kind::NoFile),
    (&["Overflow", "DECIMAL"], Kind::Decimals),
    (&["Could not cast value", "DECIMAL"], Kind::Decimals),
    (&["to type DECIMAL", "out of range"], Kind::Decimals),
    (&["Overflow", "HUGEINT"], Kind::Sum),
    (&["Overflow", "INT128"], Kind::Sum),
    (&["Date", "out of range:"], Kind::Time),
    (&["Error: Date out of range"], Kind::Time),
    (&["imestamp", "range"], Kind::Time),
    (&["date/time"], Kind::Time),
    (&["infinite timestamps"], Kind::Time),
    (&["Type DOUBLE", "out of range"], Kind::Time),
    (&["Type INT", "out of range", "type INT32"], Kind::Time),
    (&["Type INT", "out of range"], Kind::Whole),
    (&["Overflow"], Kind::Whole),
    (&["STDDEV", "out of range"], Kind::Spread),
    (&["VAR", "out of range"], Kind::Spread),
    (&["Error when converting column"], Kind::NotConvertible),
    (&["Conversion Error"], Kind::NotConvertible),
    (&["Could not parse string"], Kind::NotConvertible),
    (&["utf-8"], Kind::BadFile),
    (&["CSV Error"], Kind::BadFile),
    (&["Error when sniffing"], Kind::BadFile),
    (&["a Parquet file"], Kind::BadFile),
    (&["magic bytes"], Kind::BadFile),
    (&["Malformed JSON"], Kind::BadFile),
];

impl Refusal {
    /// What an engine says, sorted.
    pub fn of(said: &str) -> Self {
        let fits = |needles: &[&str]| needles.iter().all(|needle| said.contains(needle));
        let kind = KINDS.iter().find(|(needles, _)| fits(needles)).map_or(Kind::Other, |(_, kind)| *kind);
        Self { kind, about: about(kind, said), said: said.to_owned(), in_setup: false }
    }
}

impl fmt::Display for Refusal {
    /// What is in the way, in plain words that can follow a colon.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = |words: &str, otherwise: &str| match &self.about {
            Some(about) => words.replace("{}", about),
            None => otherwise.to_owned(),
        };
        f.write_str(&match self.kind {
            Kind::Whole => "a whole number exceeds 9,223,372,036,854,775,807, the largest possible one".to_owned(),
            Kind::Decimals => "a decimal has more digits than the engine can store".to_owned(),
            Kind::Sum => "a sum has more than 38 digits".to_owned(),
            Kind::Spread => "a variance is too large for a number".to_owned(),
            Kind::Number => "a floating-point number exceeds 1.8e308, the largest possible one".to_owned(),
            Kind::Time => "a time is beyond the last one that the engine supports".to_owned(),
            Kind::NotConvertible => {
                let words = format!("{{}} is not {}", wanted(&self.said));
                about(&words.replace("{}", "`{}`"), &words.replace("{}", "a value"))
            }
            Kind::NotStored => about("{}", "a stored value is not what its column is declared as"),
            Kind::TooLong => "the query has more parts than the engine takes".to_owned(),
            Kind::NoRelation => about("there is no table or view `{}`", "there is no such table or view"),
            Kind::NoColumn => about("there is no column `{}`", "there is no such column"),
            Kind::NoFile => about("there is no file `{}`", "there is no such file"),
            Kind::BadFile => "the file does not have the expected format".to_owned(),
            Kind::Collations => "texts are put together whose columns have different collations of their own".to_owned(),
            Kind::SameName => about(
                "the database file and a schema in it are both called `{}`, and DuckDB does not know which is meant",
                "the database file has the name of a schema in it, and DuckDB does not know which is meant",
            ),
            Kind::BadSql => about("the SQL is not valid at `{}`", "the SQL is not valid"),
            Kind::NotAllowed => "the engine is not permitted to do that".to_owned(),
            Kind::Outside => about("`{}` is outside the project", "a file is outside the project"),
            Kind::Network => "a project's SQL may not use the network".to_owned(),
            Kind::Confined => "a project's SQL may only read the project's data".to_owned(),
            Kind::Unread => "a name has a control character, or a line that starts with `.` or `#`".to_owned(),
            Kind::NoMemory => "memory or space for temporary files ran out".to_owned(),
            Kind::Needed => "something else in the database is made of it".to_owned(),
            Kind::Busy => "somebody else is at work with it".to_owned(),
            Kind::Interrupted => "the query was interrupted".to_owned(),
            Kind::Other => "the engine refuses the query".to_owned(),
        })
    }
}

/// What a message is about: a name after some words, or else what is in its first quotes.
fn about(kind: Kind, said: &str) -> Option<String> {
    // What comes then is a guess of the engine's.
    let said = said.split("Did you mean").next().unwrap_or(said);
    let after = |words: &str| said.split_once(words)?.1.split_whitespace().next().map(|name| name.trim_matches('"').to_owned());
    match kind {
        Kind::NoRelation => after("with name "),
        Kind::NoColumn if said.contains("column named ") => quoted(said.split_once("column named ")?.1),
        Kind::NotConvertible if said.contains("convert string ") => quoted(said.split_once("convert string ")?.1),
        Kind::NotConvertible | Kind::NoColumn | Kind::NoFile | Kind::SameName | Kind::BadSql | Kind::Outside => quoted(said),
        _ => None,
    }
}

/// What a value is to be converted into.
const WANTED: &[(&str, &str)] = &[
    ("to INT", "a whole number"),
    ("to UINT", "a whole number"),
    ("to HUGEINT", "a whole number"),
    ("to DOUBLE", "a number"),
    ("to FLOAT", "a number"),
    ("DECIMAL", "a number"),
    ("to BOOL", "a condition"),
    ("timestamp", "a time"),
    ("TIMESTAMP", "a time"),
    ("date", "a date"),
    ("DATE", "a date"),
    ("parse string", "a time"),
];

fn wanted(said: &str) -> &'static str {
    WANTED.iter().find(|(needle, _)| said.contains(needle)).map_or("of the expected type", |(_, words)| words)
}

/// What is in the first quotes of a text.
fn quoted(text: &str) -> Option<String> {
    let open = text.find(['"', '\''])?;
    let quote = text.get(open..)?.chars().next()?;
    let inside = text.get(open + 1..)?;
    inside.find(quote).and_then(|close| inside.get(..close)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{DuckDb, Engine, Reach, find};
    use std::path::PathBuf;

    /// Queries that DuckDB refuses, with what kpic makes of it.
    const REFUSED: &[(&str, Kind, Option<&str>)] = &[
        ("select 9223372036854775807 * 2", Kind::Whole, None),
        ("select 9223372036854775807 + 1", Kind::Whole, None),
        ("select abs(-9223372036854775808::bigint)", Kind::Whole, None),
        ("select cast(sum(x) as bigint) from (values (9223372036854775807), (1)) as t(x)", Kind::Whole, None),
        ("select x * x from (values (1e6::decimal(18, 4))) as t(x)", Kind::Decimals, None),
        ("select x * x from (values (1::decimal(38, 20))) as t(x)", Kind::Decimals, None),
        ("select x + x from (values ('9e37'::decimal(38, 0))) as t(x)", Kind::Decimals, None),
        ("select cast(1e40 as decimal(38, 0))", Kind::Decimals, None),
        ("select cast(123456789012345678 as decimal(18, 4))", Kind::Decimals, None),
        ("select sum(x) from (values (9e37::hugeint), (9e37::hugeint)) as t(x)", Kind::Sum, None),
        ("select stddev_samp(x) from (values (1e200), (-1e200)) as t(x)", Kind::Spread, None),
        ("select var_samp(x) from (values (1e200), (-1e200)) as t(x)", Kind::Spread, None),
        ("select date '5000000-01-01' + 2000000000", Kind::Time, None),
        ("select date '2024-01-01' + cast(3000000000 as integer)", Kind::Time, None),
        ("select timestamp '2024-01-01' + to_months(100000000)", Kind::Time, None),
        ("select timestamp '290000-01-01' + to_microseconds(9000000000000000000)", Kind::Time, None),
        ("select to_microseconds(cast(1e13 * 1e6 as bigint))", Kind::Time, None),
        ("select cast('A-18' as integer)", Kind::NotConvertible, Some("A-18")),
        ("select cast('12,5' as decimal(10, 2))", Kind::NotConvertible, Some("12,5")),
        ("select cast('2024-02-30' as date)", Kind::NotConvertible, Some("2024-02-30")),
        ("select strptime('x', '%Y')", Kind::NotConvertible, Some("x")),
        ("select * from nowhere", Kind::NoRelation, Some("nowhere")),
        ("select b from (select 1 as a)", Kind::NoColumn, Some("b")),
        ("select t.b from (select 1 as a) as t", Kind::NoColumn, Some("b")),
        ("select * from read_csv('nowhere.csv')", Kind::NoFile, Some("nowhere.csv")),
        ("select * from read_parquet('Cargo.toml')", Kind::BadFile, None),
        ("select * from read_json('Cargo.toml')", Kind::BadFile, None),
        ("select x || y from (select 'a' collate nocase as x, 'b' collate noaccent as y)", Kind::Collations, None),
        ("selec 1", Kind::BadSql, Some("selec")),
        ("select nofunction(1)", Kind::BadSql, None),
        ("select sum(date '2024-01-01')", Kind::BadSql, Some("sum(DATE)")),
        ("select * from read_text('/etc/hostname')", Kind::Outside, Some("/etc/hostname")),
        ("select * from read_text('../*')", Kind::Outside, Some("../*")),
        ("select * from 'http://localhost:1/x.csv'", Kind::Network, None),
        ("select getenv('HOME')", Kind::Confined, None),
        ("set threads = 1", Kind::Confined, None),
        ("select 1 as \"a\n.shell id\"", Kind::Unread, None),
        ("select 'a\0'", Kind::Unread, None),
        ("select error('no rates yet')", Kind::Other, None),
    ];

    #[test]
    fn what_duckdb_says_is_sorted() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let engine = DuckDb { program: find(None).unwrap(), folder, database: None, reach: Reach::default() };
        for (query, kind, about) in REFUSED {
            let refusal = engine.answer("", &[(*query).to_owned()]).unwrap().remove(0).unwrap_err();
            assert_eq!((refusal.kind, refusal.about.as_deref()), (*kind, *about), "{query}: {}", refusal.said);
        }
    }

    #[test]
    fn memory_has_a_limit() {
        let reach = Reach { memory: Some("1MB".to_owned()), ..Reach::default() };
        let engine = DuckDb { program: find(None).unwrap(), folder: PathBuf::from("."), database: None, reach };
        let asked = ["select count(distinct i) from range(1000000) as t(i)".to_owned()];
        assert_eq!(engine.answer("", &asked).unwrap().remove(0).unwrap_err().kind, Kind::NoMemory);
    }

    #[test]
    fn a_value_that_cannot_be_converted_is_said_with_what_it_is_not() {
        let said = |text: &str| Refusal::of(text).to_string();
        assert_eq!(said("Conversion Error: Could not convert string 'A-18' to INT32"), "`A-18` is not a whole number");
        assert_eq!(said("Conversion Error: Could not convert string \"12,5\" to DECIMAL(10,2)"), "`12,5` is not a number");
        assert_eq!(said("Conversion Error: date field value out of range: \"2024-02-30\""), "`2024-02-30` is not a date");
        assert_eq!(said("Conversion Error: Unimplemented type"), "a value is not of the expected type");
    }

    #[test]
    fn a_database_with_the_name_of_a_schema_is_told() {
        let said =
            "Binder Error: Ambiguous reference to catalog or schema \"raw\" - use a fully qualified path like \"raw.raw\"";
        let refusal = Refusal::of(said);
        assert_eq!((refusal.kind, refusal.about.as_deref()), (Kind::SameName, Some("raw")));
    }

    #[test]
    fn a_kind_needs_all_of_its_texts() {
        assert_eq!(Refusal::of("Permission Error: no").kind, Kind::NotAllowed);
        assert_eq!(Refusal::of("INTERRUPT Error: Interrupted!").kind, Kind::Interrupted);
        assert_eq!(Refusal::of("Something else").kind, Kind::Other);
        assert_eq!(Refusal::of("Something else").about, None);
    }
}
