//! Names under which SQLite finds modules, and functions that do more than answer: what stands where rows come from may be one, with or without parentheses and in any quotes.
//!
//! The shell has modules that read files, and its safe mode does not close them: `from fsdir where path = '...'`. So what SQL names is looked at as
//! SQLite cuts it: brackets and backticks are quotes, comments do not nest, and a text may be a name.

use std::ops::Range;

/// Modules that read files.
const OF_FILES: &[&str] = &["fsdir", "fstree", "zipfile"];

/// Modules that read the database which is open beside its tables, or the program's own state.
const OF_INTERNALS: &[&str] =
    &["sqlite_btreeinfo", "sqlite_dbdata", "sqlite_dbpage", "sqlite_dbptr", "sqlite_memstat", "sqlite_stmt"];

/// Functions of the program that read or write files, run programs or print, beside those that begin with `shell_`.
const FUNCTIONS: &[&str] =
    &["edit", "eval", "fts3_tokenizer", "load_extension", "readfile", "sha1_query", "sha3_query", "usleep", "writefile"];

/// Modules that read tables of the database which is open, or nothing.
const HARMLESS: &[&str] = &[
    "bytecode",
    "completion",
    "dbstat",
    "fts3",
    "fts3tokenize",
    "fts4",
    "fts4aux",
    "fts5",
    "fts5vocab",
    "generate_series",
    "geopoly",
    "json_each",
    "json_tree",
    "jsonb_each",
    "jsonb_tree",
    "rtree",
    "rtree_i32",
    "tables_used",
];

/// Whether a module of a program may read more than the database which is open: it is not known to do less.
pub fn may_reach_files(module: &str) -> bool {
    let module = module.to_ascii_lowercase();
    let is_known = [HARMLESS, OF_INTERNALS].iter().any(|known| known.contains(&module.as_str()));
    !is_known && !module.starts_with("pragma_")
}

/// The first name in raw SQL for SQLite that is one of a refused module: its bytes. A text counts, since SQLite takes one for a name.
pub fn module_fault(sql: &str) -> Option<Range<usize>> {
    names(sql).find(|name| is_refused(&name.text) || does_more(sql, name)).map(|name| name.range)
}

/// Whether a name is that of a function which is called, and does more than answer.
fn does_more(sql: &str, name: &Name) -> bool {
    let lower = name.text.to_ascii_lowercase();
    (lower.starts_with("shell_") || FUNCTIONS.contains(&lower.as_str()))
        && is_called(sql.get(name.range.end..).unwrap_or_default())
}

/// Whether a parenthesis comes first, behind blanks and comments.
fn is_called(rest: &str) -> bool {
    let mut rest = rest.trim_start();
    loop {
        let after = if rest.starts_with("--") {
            rest.split_once(['\n', '\r']).map(|(_, after)| after)
        } else if rest.starts_with("/*") {
            rest.split_once("*/").map(|(_, after)| after)
        } else {
            return rest.starts_with('(');
        };
        rest = after.unwrap_or_default().trim_start();
    }
}

/// The first function that some SQL calls and that does more than answer.
pub fn function_called(sql: &str) -> Option<String> {
    names(sql).find(|name| does_more(sql, name)).map(|name| name.text)
}

/// The name of a refused module, or of one of SQLite's own tables, whatever it stands for.
pub fn is_refused(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [OF_FILES, OF_INTERNALS].iter().any(|refused| refused.contains(&name.as_str()))
        || ["pragma_", "sqlite_"].iter().any(|begin| name.starts_with(begin))
}

/// The first of some modules, in lower case, that SQL names where it may be read. A text is only taken for a name behind `from`, `join`, a point, and
/// parentheses after these.
pub fn module_read<'a>(sql: &str, modules: &'a [String]) -> Option<&'a str> {
    let mut named = names(sql).filter(|name| !name.is_text || name.is_led);
    named.find_map(|name| modules.iter().find(|module| name.text.eq_ignore_ascii_case(module))).map(String::as_str)
}

/// The first of some modules, in lower case, that a statement of a database's schema uses. Tables and indexes that SQLite has stored as such read nothing; of
/// the rest, what makes a virtual table may name one within its arguments.
pub fn module_used<'a>(statement: &str, modules: &'a [String]) -> Option<&'a str> {
    let begins = |with: &str| statement.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    if ["create table ", "create index ", "create unique index "].into_iter().any(begins) {
        return None;
    }
    if ["create view ", "create trigger "].into_iter().any(begins) {
        let named = names(statement).find_map(|name| modules.iter().find(|module| name.text.eq_ignore_ascii_case(module)));
        return named.map(String::as_str);
    }
    let lower = statement.to_ascii_lowercase();
    modules.iter().find(|module| lower.contains(module.as_str())).map(String::as_str)
}

/// What SQLite may take for a name.
struct Name {
    text: String,
    range: Range<usize>,
    /// Whether it is in single quotes.
    is_text: bool,
    /// Whether it stands behind `from`, `join` or a point, perhaps in parentheses.
    is_led: bool,
}

/// All that SQLite may take for names, keywords among them.
fn names(sql: &str) -> impl Iterator<Item = Name> {
    let (mut at, mut leads) = (0, false);
    std::iter::from_fn(move || {
        loop {
            let rest = sql.get(at..)?;
            let first = rest.chars().next()?;
            let start = at;
            let to_end = |of: Option<usize>, more: usize| of.map_or(rest.len(), |found| found + more);
            let length = match first {
                '-' if rest.starts_with("--") => to_end(rest.find(['\n', '\r']), 1),
                '/' if rest.starts_with("/*") => to_end(rest.get(2..).and_then(|rest| rest.find("*/")), 4),
                '\'' | '"' | '`' => quoted(rest, first),
                '[' => to_end(rest.find(']'), 1),
                _ if is_word(first) && !first.is_ascii_digit() => to_end(rest.find(|char| !is_word(char)), 0),
                _ => first.len_utf8(),
            };
            at += length;
            let token = rest.get(..length)?;
            let text = match first {
                '\'' | '"' | '`' => {
                    let twice = [first, first].iter().collect::<String>();
                    let inner = token.get(1..).unwrap_or_default();
                    inner.strip_suffix(first).unwrap_or(inner).replace(&twice, &first.to_string())
                }
                '[' => token.trim_start_matches('[').trim_end_matches(']').to_owned(),
                _ if is_word(first) && !first.is_ascii_digit() => token.to_owned(),
                _ => {
                    let is_between = token.trim().is_empty() || token.starts_with("--") || token.starts_with("/*");
                    leads = if is_between || first == '(' { leads } else { first == '.' };
                    continue;
                }
            };
            let is_led = std::mem::replace(&mut leads, ["from", "join"].iter().any(|word| token.eq_ignore_ascii_case(word)));
            return Some(Name { text, range: start..at, is_text: first == '\'', is_led });
        }
    })
}

/// The characters of a name without quotes.
fn is_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '_' | '$') || !char.is_ascii()
}

/// How many bytes something in quotes has; a doubled quote stands for itself.
fn quoted(rest: &str, quote: char) -> usize {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        if char == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return at + quote.len_utf8();
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules() -> Vec<String> {
        vec!["fsdir".to_owned(), "csv".to_owned()]
    }

    #[test]
    fn a_module_is_found_under_any_quotes() {
        for sql in [
            "select data from fsdir where path = '/x'",
            "select data from main . FSDIR",
            "select data from \"Fsdir\" as f",
            "select data from [fsdir]",
            "select data from `fsdir`",
            "select data from 'fsdir'",
            "select data from t,fsdir",
            "select data from t join /* /* */ fsdir",
            "select data from t -- x\n, (fsdir)",
            "select (select name from zipfile where z = 'a')",
            "select 1 from pragma_database_list",
            "select 1 from sqlite_dbpage",
            "select ']' from [a'] join fsdir on '",
        ] {
            assert!(module_fault(sql).is_some(), "{sql}");
        }
        for sql in [
            "select fsdirs, '/fsdir/x' from t",
            "select 1 from t -- fsdir",
            "select \"a\"\"fsdir\" /* fsdir */ from t",
            "select name from schemas, json_each(x)",
            "",
        ] {
            assert_eq!(module_fault(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_an_engine_is_given_may_have_texts_of_such_a_name() {
        let read = |sql: &str| module_read(sql, &modules()).map(str::to_owned);
        assert_eq!(read("select * from t where a in ('x', 'fsdir') and b = 'csv'"), None);
        assert_eq!(read("select * from  /* x */ 'fsdir'"), Some("fsdir".to_owned()));
        assert_eq!(read("select * from main.'CSV'"), Some("csv".to_owned()));
        assert_eq!(read("select * from t, `csv`"), Some("csv".to_owned()));
    }

    #[test]
    fn what_a_schema_uses_is_told() {
        let used = |sql: &str| module_used(sql, &modules()).is_some();
        for sql in [
            "CREATE VIRTUAL TABLE t USING csv(filename='/x')",
            "CREATE VIRTUAL TABLE \"a using fts5\" /* using fts5 */ USING/**/[csv](filename='/x')",
            "CREATE VIRTUAL TABLE t USING fts5(a, content=fsdir)",
            "create/**/virtual table t using csv",
            "CREATE VIEW v AS SELECT * FROM fsdir WHERE path = '/x'",
            "CREATE TRIGGER v AFTER INSERT ON t BEGIN SELECT * FROM [fsdir]; END",
        ] {
            assert!(used(sql), "{sql}");
        }
        for sql in [
            "CREATE TABLE csv (fsdir)",
            "CREATE INDEX csv ON t (fsdir)",
            "CREATE VIRTUAL TABLE t USING fts5(a)",
            "CREATE VIEW v AS SELECT csvs FROM t -- csv",
        ] {
            assert!(!used(sql), "{sql}");
        }
    }

    #[test]
    fn the_tables_are_in_order() {
        assert!([OF_FILES, OF_INTERNALS, HARMLESS].iter().all(|modules| modules.is_sorted()));
    }

    #[test]
    fn every_module_of_the_program_is_judged() {
        let listed = std::process::Command::new("sqlite3").args(["-batch", ":memory:", "pragma module_list"]).output();
        // Where the program is not installed, nothing is compared.
        let Ok(listed) = listed else { return };
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.lines().any(|module| module == "json_each"), "{listed}");
        let left: Vec<&str> = listed.lines().filter(|module| may_reach_files(module) && !is_refused(module)).collect();
        assert_eq!(left, Vec::<&str>::new(), "judge them: OF_FILES if they read files, HARMLESS if they do not");
    }
}
