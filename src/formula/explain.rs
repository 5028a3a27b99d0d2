//! Says in words what a text that is not a formula lacks.
//!
//! 1. What YAML did to the text: it cut it at ` #` or at a comma, or a quote is open.
//! 2. `foreign` knows what people bring along from SQL and spreadsheets, and what is written here instead.
//! 3. [`lacking`] goes by the word before the place.
//!
//! No name of a token or rule ever reaches a user.

use super::clause::order;
use super::foreign::{CLAUSES, Place, Words, foreign, window, words};
use super::parse::Completed;
use crate::diagnostic::{Findings, codes};
use crate::spec::reader::{Cut, FormulaText, is_open};

/// Reports why a text ceases to be a formula at a byte, behind something that is complete or not.
pub(super) fn explain(formula: &FormulaText, at: usize, completed: Completed, findings: &mut Findings) {
    let text = formula.text.as_str();
    let rest = text.get(at..).unwrap_or_default();
    let before = text.get(..at).unwrap_or_default().trim_end();
    let open = is_open(text);
    let cut = match formula.cut {
        Some(Cut::Comment) if open || rest.trim().is_empty() => Some("` #`, which starts a comment"),
        Some(Cut::Comma) if open => Some("`,`, which separates the entries between `{` and `}`"),
        _ => None,
    };
    if let Some(cut) = cut {
        findings
            .report(&codes::FORMULA_CUT, formula.span, format!("YAML ended this formula at {cut}"))
            .here("this is all that is left of it")
            .help("put double quotes around the whole formula");
        return;
    }
    if text.matches('\'').count() % 2 == 1 {
        let open = text.rfind('\'').unwrap_or(0);
        findings
            .report(&codes::FORMULA_SYNTAX, formula.span(open, text.len()), "this text has no closing quote")
            .help("put texts in single quotes, and double a quote inside: `'it''s'`");
        return;
    }
    let found = rest.split(|char: char| char.is_whitespace() || matches!(char, '(' | ')' | ',')).next().unwrap_or_default();
    let last = before.rsplit(|char: char| !(char.is_ascii_alphanumeric() || char == '_')).next().unwrap_or_default();
    let place = Place { text, before, rest, found, last: last.to_ascii_lowercase() };
    let Words { message, help, at: part } = foreign(&place).unwrap_or_else(|| lacking(&place, completed));
    let width = if found.is_empty() { rest.chars().next().map_or(0, char::len_utf8) } else { found.len() };
    let span = if let Some(part) = part {
        formula.span(part.start, part.end)
    } else if width == 0 {
        let last = before.char_indices().next_back().map_or(0, |(at, _)| at);
        formula.span(last, before.len())
    } else {
        formula.span(at, at + width)
    };
    findings.report(&codes::FORMULA_SYNTAX, span, message).help = help;
}

/// What the place lacks, from the word before it and from what could have come.
fn lacking(place: &Place<'_>, completed: Completed) -> Words {
    let Place { before, rest, found, last, .. } = place;
    let expected = match last.as_str() {
        // The word is a name, or the last of what has been read in full.
        _ if completed != Completed::Nothing => None,
        "where" => Some("a condition after `where`"),
        "from" => Some("the name of a source after `from`"),
        "per" => Some("a column after `per`"),
        "via" => Some("the name of a reference after `via`"),
        "at" => Some("a time column after `at`"),
        "each" => Some("`day`, `week`, `month`, `quarter` or `year` after `each`"),
        "over" => Some("a window after `over`"),
        "trailing" => Some("a number of periods after `trailing`, such as `28 days`"),
        "within" => Some("a time after `within`, such as `14 days`"),
        "top" => Some("a whole number after `top`"),
        "not" if before.to_ascii_lowercase().ends_with("is not") => Some("`null` after `is not`"),
        "and" | "or" | "not" | "when" => Some("a condition"),
        "then" | "else" => Some("a value"),
        "is" => Some("`null` or `not null` after `is`"),
        "in" => Some("a list in parentheses after `in`"),
        "to" => Some("`date` after `to`"),
        "all" => Some("`time` after `all`"),
        "previous" => Some("`period` after `previous`"),
        _ => None,
    };
    let first = rest.chars().next();
    let shown = match first {
        None => "the formula ends here".to_owned(),
        Some(char) if found.is_empty() => format!("found `{char}`"),
        Some(_) => format!("found `{found}`"),
    };
    if let Some(expected) = expected {
        let help = match last.as_str() {
            "over" => Some(window(rest).map_or_else(
                || "windows are `trailing 28 days`, `quarter to date`, `all time` and `previous period`".to_owned(),
                |window| format!("write `over {window}`"),
            )),
            "not" if expected.starts_with('`') => Some("for other values write `!=`".to_owned()),
            "is" => Some("for other values write `=`".to_owned()),
            _ => None,
        };
        return Words { message: format!("expected {expected}, but {shown}"), help, at: None };
    }
    let open = before.matches('(').count() + rest.matches('(').count();
    let closed = before.matches(')').count() + rest.matches(')').count();
    let operator = before.chars().next_back().filter(|char| "+-*/=<>,(".contains(*char));
    match (first, operator) {
        (Some('%'), _) if rest.trim() == "%" => words(
            "`%` belongs to the number right before it and is not an operator",
            "to show a share in percent write `unit: \"%\"` next to the formula",
        ),
        (Some('%'), _) => words(
            "`%` belongs to the number right before it and is not an operator",
            "write `25%`, or `mod(a, b)` for the remainder",
        ),
        (Some(')'), _) if closed > open => words("this `)` closes nothing", "delete it"),
        (None, None) if open > closed => words("a `(` is not closed", "add `)`"),
        (_, Some(operator)) => words(
            format!("expected a value after `{operator}`, but {shown}"),
            "a value is a KPI, an aggregate such as `count(orders)`, a column inside an aggregate, a number or a text in \
             single quotes",
        ),
        _ if before.is_empty() => words(
            format!("a formula cannot start here: {shown}"),
            "it starts with a KPI, an aggregate such as `count(orders)`, a number or `(`",
        ),
        _ if completed != Completed::Nothing && CLAUSES.contains(&last.as_str()) => words(
            format!("`{last}` is read as a name here, but {shown} after it"),
            if before.len() == last.len() {
                format!("`{last}` goes inside the parentheses of an aggregate, after its argument")
            } else {
                format!("write what is missing before `{last}`")
            },
        ),
        _ if completed == Completed::Clause => words(
            format!("expected another clause or `)`, but {shown}"),
            format!("after its arguments a function takes, in this order: {}", order()),
        ),
        _ if completed == Completed::Operand => words(
            format!("expected an operator or the end, but {shown}"),
            "operators are `+ - * /`, comparisons, `and`, `or`, `in`, `between`, `like` and `is`; everything that belongs \
             to an aggregate goes inside its parentheses",
        ),
        _ => words(
            format!("this does not belong here: {shown}"),
            "`kpic explain formula-syntax` shows what formulas look \
         like",
        ),
    }
}

/// Whether a character can be in a name or number.
pub(super) fn is_plain(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}
