//! Says in words what a text that is no formula lacks.
//!
//! 1. What YAML did to the text: it cut it at ` #` or at a comma, or a quote is open.
//! 2. [`foreign`] knows what people bring along from SQL and spreadsheets, and what is written here instead.
//! 3. [`lacking`] goes by the word before the place.
//!
//! No rule's name ever reaches a user.

use super::parse::grammar::Rule;
use crate::diagnostic::{Findings, codes};
use crate::spec::reader::{Cut, FormulaText, is_open};
use pest::error::{Error, ErrorVariant, InputLocation};

/// Where the text ceases to be a formula.
struct Place<'a> {
    /// What stands before it.
    before: &'a str,
    /// What stands after it.
    rest: &'a str,
    /// The word that stands there, up to a blank, comma or parenthesis.
    found: &'a str,
    /// The word before it, in lower case.
    last: String,
}

/// A message with its help.
type Words = (String, Option<String>);

fn words(message: impl Into<String>, help: impl Into<String>) -> Words {
    (message.into(), Some(help.into()))
}

/// Reports why a text does not fit the grammar.
pub(super) fn explain(formula: &FormulaText, error: &Error<Rule>, findings: &mut Findings) {
    let text = formula.text.as_str();
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at.min(text.len()),
    };
    let rest = text.get(at..).unwrap_or_default();
    let before = text.get(..at).unwrap_or_default().trim_end();
    let open = is_open(text);
    let cut = match formula.cut {
        Some(Cut::Comment) if open || rest.trim().is_empty() => Some("` #`, which begins a comment"),
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
            .help("texts stand between single quotes; a quote inside one is doubled: `'it''s'`");
        return;
    }
    let found = rest.split(|char: char| char.is_whitespace() || matches!(char, '(' | ')' | ',')).next().unwrap_or_default();
    let last = before.rsplit(|char: char| !(char.is_ascii_alphanumeric() || char == '_')).next().unwrap_or_default();
    let place = Place { before, rest, found, last: last.to_ascii_lowercase() };
    let (message, help) = foreign(&place).unwrap_or_else(|| lacking(&place, error));
    let width = if found.is_empty() { rest.chars().next().map_or(0, char::len_utf8) } else { found.len() };
    let span = if width == 0 {
        let last = before.char_indices().next_back().map_or(0, |(at, _)| at);
        formula.span(last, before.len())
    } else {
        formula.span(at, at + width)
    };
    findings.report(&codes::FORMULA_SYNTAX, span, message).help = help;
}

/// What is written in another way here.
fn foreign(place: &Place<'_>) -> Option<Words> {
    let Place { before, rest, found, last } = place;
    let lower = found.to_ascii_lowercase();
    let began = before.trim_start().to_ascii_lowercase();
    let first = rest.chars().next();
    if began.split_whitespace().next() == Some("select") {
        return Some(words(
            "a formula is an expression and no query",
            "write the aggregate alone: `sum(orders.amount where status = 'paid')`; a SELECT can be a source, under `query:`",
        ));
    }
    if first == Some('*') && before.ends_with('(') {
        return Some(words("`*` does not say rows of which source", "name the source: `count(orders)`"));
    }
    if last == "distinct" {
        return Some(words("different values have a function of their own", format!("write `count_distinct({found})`")));
    }
    if let Some(help) = outside(place, &lower) {
        return Some(words(format!("`{lower}` stands outside of the parentheses that it belongs to"), help));
    }
    if before.ends_with(',') && matches!(lower.as_str(), "where" | "over" | "at" | "per" | "each" | "from" | "top" | "via") {
        return Some(words(format!("no comma comes before `{lower}`"), "delete the comma"));
    }
    if before.ends_with(|char: char| char.is_ascii_digit()) && first == Some(',') {
        return Some(words("a comma separates arguments and no thousands", "write `1_000` or `1000`, and `0.5` with a point"));
    }
    if first == Some('.') {
        return Some(words("a number begins with a digit", "write `0.5`"));
    }
    if (lower == "date" || lower == "to" || first.is_none() || first == Some(')'))
        && let [.., over, unit] = began.split_whitespace().collect::<Vec<_>>().as_slice()
        && *over == "over"
    {
        return Some(words(
            format!("`{unit}` alone is no window"),
            format!("write `over {unit} to date`; for the period itself leave `over` out"),
        ));
    }
    if last.parse::<u32>().is_ok()
        && (["trailing", "within"].iter().any(|word| before.to_ascii_lowercase().contains(word)) || is_word(&lower))
        && !ends_call(before)
    {
        let shown = if found.is_empty() { String::new() } else { format!(", but found `{found}`") };
        let message = format!("expected a unit of time after {last}{shown}");
        let help = if before.to_ascii_lowercase().contains("within") {
            format!("say how long: `within {last} days`; the units are hour, day, week, month and so on")
        } else {
            "the units are day, week, month, quarter and year, as in `28 days`".to_owned()
        };
        return Some(words(message, help));
    }
    let count = |word: &str| {
        began.split(|char: char| !char.is_ascii_alphanumeric() && char != '_').filter(|part| *part == word).count()
    };
    if count("when") > count("then") {
        return Some(words(
            "expected `then` after the condition of `when`",
            "for instance `case when orders > 0 then 1 else 0 end`",
        ));
    }
    if count("case") > count("end") && (first.is_none() || first == Some(')')) {
        return Some(words("this `case` is not closed", "add `end`"));
    }
    let sign = |what: &str, help: &str| Some(words(format!("`{what}` is no operator here"), help));
    match (lower.as_str(), first?) {
        ("filter", _) => Some(words("a condition is written `where`", "for instance `count(orders where status = 'paid')`")),
        ("group", _) => Some(words(
            "a formula has no `group by`",
            "slices stand beside the formula: `by: [country]`; for a value of each customer write `per`",
        )),
        ("in", _) => Some(words("expected a list in parentheses after `in`", "for instance `status in ('paid', 'open')`")),
        (_, '‘' | '’' | '“' | '”' | '„' | '‚' | '´') => {
            Some(words("this is a typographic quote", "texts stand between straight single quotes: `'paid'`"))
        }
        (_, '{' | '[') => Some(words(
            format!("`{}` has no meaning in a formula", first.unwrap_or('{')),
            "lists stand in parentheses, `status in ('paid', 'open')`; there are no templates",
        )),
        (_, '^') => sign("^", "write `power(x, 2)`"),
        (_, '#') => Some(words("a formula has no comments", "say it under `description:`")),
        (_, ';') => Some(words("a formula does not end with `;`", "delete it")),
        (_, '|') if rest.starts_with("||") => sign("||", "write `or` between conditions, and `concat(a, b)` for texts"),
        (_, '&' | '|' | '!') => sign(found, "write `and`, `or`, `not`"),
        _ => None,
    }
}

/// How a clause is written that stands after the parentheses of its aggregate.
fn outside(place: &Place<'_>, clause: &str) -> Option<String> {
    let inside = place.before.strip_suffix(')')?;
    let is_clause = matches!(clause, "where" | "over" | "at" | "per" | "each" | "from" | "top" | "via");
    let rest = place.rest.trim();
    let fits = inside.len() + rest.len() < 80 && !is_open(rest) && is_call(inside);
    match (is_clause, fits) {
        (false, _) => None,
        (true, true) if clause != "per" && clause != "each" => Some(format!("write `{inside} {rest})`")),
        (true, _) if clause == "per" => {
            Some("`per` goes around an aggregate: `avg(sum(orders.amount) per orders.customer)`".to_owned())
        }
        (true, _) => {
            Some(format!("write it inside: `{} {clause} ...)`", if inside.len() < 60 { inside } else { "sum(orders.amount" }))
        }
    }
}

/// Whether a text is one call whose last parenthesis was taken off.
fn is_call(inside: &str) -> bool {
    inside.matches('(').count() == inside.matches(')').count() + 1
        && inside.split('(').next().is_some_and(|name| !name.is_empty() && is_word(name))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|char| char.is_ascii_alphabetic() || char == '_')
}

fn ends_call(before: &str) -> bool {
    before.ends_with(')')
}

/// What the place lacks, from the word before it and from what could have come.
fn lacking(place: &Place<'_>, error: &Error<Rule>) -> Words {
    let Place { before, rest, found, last } = place;
    let expected = match last.as_str() {
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
            "over" => Some("the windows are `trailing 28 days`, `quarter to date`, `all time` and `previous period`"),
            "not" if expected.starts_with('`') => Some("for other values write `!=`"),
            "is" => Some("for other values write `=`"),
            _ => None,
        };
        return (format!("expected {expected}, but {shown}"), help.map(str::to_owned));
    }
    let open = before.matches('(').count() + rest.matches('(').count();
    let closed = before.matches(')').count() + rest.matches(')').count();
    let operator = before.chars().next_back().filter(|char| "+-*/=<>,(".contains(*char));
    match (first, operator) {
        (Some('"'), _) => {
            words("texts stand between single quotes", "write `'text'`; double quotes have no meaning in a formula")
        }
        (Some('%'), _) => words(
            "`%` belongs to the number right before it and is not an operator",
            "write `25%`, or `mod(a, b)` for the remainder",
        ),
        (Some(')'), _) if closed > open => words("this `)` closes nothing", "delete it"),
        (None, None) if open > closed => words("a `(` is not closed", "add `)`"),
        (_, Some(operator)) => (format!("expected a value after `{operator}`, but {shown}"), None),
        _ if before.is_empty() => (format!("a formula cannot begin so: {shown}"), None),
        _ if wants_operator(error) => (format!("expected an operator or the end, but {shown}"), None),
        _ => (format!("this does not fit here: {shown}"), None),
    }
}

/// Whether an operator could have stood at the place of the error.
fn wants_operator(error: &Error<Rule>) -> bool {
    match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => {
            positives.iter().any(|rule| matches!(rule, Rule::additive | Rule::multiplicative | Rule::comparator | Rule::EOI))
        }
        ErrorVariant::CustomError { .. } => false,
    }
}
