//! SQL of specs: `query:` is one query and `sql:` one expression, so that neither is read as anything else in the SQL around it.

use crate::diagnostic::{Code, Findings, codes};
use crate::rawsql::{self, Fault, Why};
use crate::spec::reader::{FormulaText, Text};

/// For each fault of SQL what is said of it, and how it is fixed. `{}` is the SQL at the place.
const WORDS: &[(Why, &str, &str)] = &[
    (Why::Empty, "there is no SQL here", "write the SQL, or remove the key"),
    (
        Why::Start,
        "a query cannot start with `{}`",
        "write one query: `select ...`, `with ... select ...`, `from ...` or `values ...`",
    ),
    (Why::Semicolon, "a second statement follows this semicolon", "keep one; use `with` to name parts of a query"),
    (Why::Ends, "a semicolon ends a statement, but this is an expression", "delete it"),
    (Why::Comma, "this comma starts a second expression", "keep one expression, and make the second one another column"),
    (Why::Closes, "`{}` was never opened", "delete it, or open it earlier"),
    (Why::NotClosed, "`{}` is not closed", "close it"),
    (Why::OpenText, "this text is not closed", "close it, and double a quote inside a text: `'it''s'`"),
    (Why::OpenName, "this quoted name is not closed", "close it, and double a quote inside a name"),
    (Why::OpenComment, "this comment is not closed", "close it with `*/`; each `/*` inside needs its own `*/`"),
    (
        Why::Return,
        "SQL cannot have a carriage return: engines differ in whether it ends a comment",
        "write a line break, or put one into a text with the engine's function: `chr(13)`",
    ),
    (Why::Other, "SQL has no character `{}` outside texts", "delete it"),
    (Why::GoesOn, "this text continues one with escapes on the line before", "write both as one text, or join them with `||`"),
    (
        Why::BrokenLine,
        "a text with a prefix cannot have a line break or a backslash",
        "write it on one line, and as `E'...'` if it has a backslash",
    ),
    (
        Why::Unicode,
        "`U&` means different things by a setting of the database",
        "write the characters themselves, or escapes in `E'...'`",
    ),
    (Why::Command, "this name has a line that starts with `.` or `#`", COMMAND),
];

/// How such a name is fixed.
const COMMAND: &str = "the engine's shell reads such a line as a command: rename the column";

/// Reports what keeps a query of a spec from being one.
pub(super) fn query(sql: &FormulaText, findings: &mut Findings) {
    if let Some(fault) = rawsql::query_fault(&sql.text) {
        report(sql, &fault, &codes::NOT_ONE_QUERY, findings);
    }
    call(sql, findings);
}

/// Reports what keeps an expression of a spec from being one.
pub(super) fn expression(sql: &FormulaText, findings: &mut Findings) {
    if let Some(fault) = rawsql::expression_fault(&sql.text) {
        report(sql, &fault, &codes::NOT_ONE_EXPRESSION, findings);
    }
    call(sql, findings);
}

/// Reports the call of a function that may do more than answer.
fn call(sql: &FormulaText, findings: &mut Findings) {
    if let Some(range) = rawsql::engine_view(&sql.text) {
        let name = sql.text.get(range.clone()).unwrap_or_default();
        let message = format!("SQL of a spec cannot read `{name}`: it is what the engine says of itself, and no data");
        let help = "read tables and views of your own; a column of that name needs another one";
        findings.report(&codes::CALL_NOT_ALLOWED, sql.span(range.start, range.end), message).help(help);
        return;
    }
    let Some(range) = rawsql::call_fault(&sql.text) else { return };
    let name = sql.text.get(range.clone()).unwrap_or_default();
    let message = format!("SQL of a spec cannot call `{name}`");
    let help = "use a function that only reads, such as `read_csv`, `unnest` or `range`; for a function of your own, make a view of it \
                and name that";
    findings.report(&codes::CALL_NOT_ALLOWED, sql.span(range.start, range.end), message).help(help);
}

/// Reports a name whose lines cannot be in SQL.
pub(super) fn name(name: &Text, findings: &mut Findings) {
    if rawsql::command_line(&name.value).is_some() {
        let message = "this name has a line that starts with `.` or `#`";
        findings.report(&codes::COMMAND_IN_NAME, name.span, message).help(COMMAND);
    }
}

fn report(sql: &FormulaText, fault: &Fault, code: &'static Code, findings: &mut Findings) {
    let at = sql.text.get(fault.range.clone()).unwrap_or_default();
    let span = sql.span(fault.range.start, fault.range.end);
    // Control characters, which no row of the table is for, are reported where texts are read.
    let Some((_, message, help)) = WORDS.iter().find(|(why, ..)| *why == fault.why) else { return };
    findings.report(code, span, message.replace("{}", at)).help(*help);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_words() {
        let all = [
            Why::Empty,
            Why::Start,
            Why::Semicolon,
            Why::Ends,
            Why::Comma,
            Why::Closes,
            Why::NotClosed,
            Why::OpenText,
            Why::OpenName,
            Why::OpenComment,
            Why::Return,
            Why::Other,
            Why::GoesOn,
            Why::BrokenLine,
            Why::Unicode,
            Why::Command,
        ];
        for why in all {
            assert_eq!(WORDS.iter().filter(|(of, ..)| *of == why).count(), 1, "{why:?}");
        }
        assert_eq!(WORDS.len(), all.len());
    }
}
