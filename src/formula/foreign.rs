//! What people bring along from SQL, spreadsheets and other tools, and what is written here instead.
//!
//! [`foreign`] asks [`QUESTIONS`] one after the other. Each knows one habit, and gives the very words to write where it can.

use super::ast::Literal;
use super::explain::is_plain;
use super::habits;
use crate::spec::reader::is_open;
use std::ops::Range;

/// Where the text ceases to be a formula.
pub(super) struct Place<'a> {
    /// The whole text.
    pub text: &'a str,
    /// What stands before it.
    pub before: &'a str,
    /// What stands after it.
    pub rest: &'a str,
    /// The word that is there, up to a blank, comma or parenthesis.
    pub found: &'a str,
    /// The word before it, in lower case.
    pub last: String,
}

/// What is said about it.
pub(super) struct Words {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Which part of the text is meant, if not the word that was found.
    pub at: Option<Range<usize>>,
}

/// A message with its help.
pub(super) fn words(message: impl Into<String>, help: impl Into<String>) -> Words {
    Words { message: message.into(), help: Some(help.into()), at: None }
}

/// One habit.
type Question = fn(&Place<'_>) -> Option<Words>;

/// The habits, those that can be told for certain first.
const QUESTIONS: &[Question] = &[
    select,
    template,
    letters,
    interval,
    star,
    distinct,
    method,
    cast,
    named,
    spreadsheet,
    habits::extract,
    habits::shown_periods,
    habits::short,
    habits::one_unit,
    habits::hyphens,
    outside,
    comma,
    number,
    quotes,
    window_alone,
    habits::part_of_unit,
    unit_after_number,
    case,
    operator,
    list,
    call_without_parentheses,
    clause_without_aggregate,
];

/// What is written in another way here.
pub(super) fn foreign(place: &Place<'_>) -> Option<Words> {
    QUESTIONS.iter().find_map(|question| question(place))
}

impl<'a> Place<'a> {
    fn found_lower(&self) -> String {
        self.found.to_ascii_lowercase()
    }

    /// The first character after the place.
    pub(super) fn first(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// The first character after the place, as a text.
    fn sign(&self) -> &'a str {
        self.rest.get(..self.first().map_or(0, char::len_utf8)).unwrap_or_default()
    }

    /// The names with dots between them right before the place.
    fn path_before(&self) -> &'a str {
        let start = self
            .before
            .rfind(|char: char| !(is_plain(char) || char == '.'))
            .map_or(0, |at| at + self.before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
        self.before.get(start..).unwrap_or_default()
    }

    /// Whether the place is inside parentheses.
    fn is_inside(&self) -> bool {
        self.before.matches('(').count() > self.before.matches(')').count()
    }
}

/// `select sum(amount) from orders where ...`
fn select(place: &Place<'_>) -> Option<Words> {
    let began = place.text.trim_start();
    let word = began.split_whitespace().next().filter(|word| word.eq_ignore_ascii_case("select"))?;
    let at = place.text.len() - began.len();
    let aggregate = aggregate_of_select(began.get(word.len()..).unwrap_or_default());
    let words = words(
        "a formula is an expression, not a query",
        match aggregate {
            Some(aggregate) => format!("write only the aggregate: `{aggregate}`; a SELECT can be a source, under `query:`"),
            None => {
                "write only the aggregate, such as `sum(orders.amount where status = 'paid')`; a SELECT can be a source, under \
                     `query:`"
                    .to_owned()
            }
        },
    );
    Some(Words { at: Some(at..at + word.len()), ..words })
}

/// What the formula of a simple SELECT is.
fn aggregate_of_select(query: &str) -> Option<String> {
    let flat = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = flat.to_ascii_lowercase();
    let from = lower.find(" from ")?;
    let inside = flat.get(..from)?.trim().strip_suffix(')').filter(|inside| is_call(inside))?;
    let tables = flat.get(from + 6..)?;
    let (table, filter) = match lower.get(from + 6..)?.find(" where ") {
        Some(at) => (tables.get(..at)?, format!(" where {}", tables.get(at + 7..)?)),
        None => (tables, String::new()),
    };
    let simple = table.chars().all(|char| is_plain(char) || char == '.') && filter.len() < 80 && !filter.contains([';', '"']);
    let rest = filter.to_ascii_lowercase();
    let more = [" group by ", " order by ", " limit ", " having ", "select "].iter().any(|word| rest.contains(word));
    let source = table.rsplit('.').next()?;
    let distinct = inside.to_ascii_lowercase().find("(distinct ").and_then(|at| inside.get(at + 10..));
    if !simple || more {
        return None;
    }
    Some(match (inside.strip_suffix('*'), distinct) {
        (Some(call), _) => format!("{call}{source}{filter})"),
        (None, Some(argument)) => format!("count_distinct({argument} from {source}{filter})"),
        (None, None) => format!("{inside} from {source}{filter})"),
    })
}

/// `{{ metric('revenue') }}`, `${orders.amount}`
fn template(place: &Place<'_>) -> Option<Words> {
    let rest = place.rest.trim();
    let inner = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("${"))?;
    let inner = inner.split('}').next().unwrap_or_default().trim();
    let name = match inner.split(['\'', '"']).nth(1) {
        Some(quoted) => quoted,
        None => inner,
    };
    let is_name = !name.is_empty() && name.chars().all(|char| is_plain(char) || char == '.');
    let help =
        if is_name { format!("write only the name: `{name}`") } else { "write only the name of a KPI or column".to_owned() };
    Some(words("formulas have no templates or variables", help))
}

/// `town = Köln`, `sum(clinics.räume)`
fn letters(place: &Place<'_>) -> Option<Words> {
    let belongs = |char: char| is_plain(char) || char.is_alphanumeric() || is_accent(char);
    place.first().filter(|char| belongs(*char) && !is_plain(*char))?;
    let at = place.text.len() - place.rest.len();
    let before = place.text.get(..at)?;
    let start = before.trim_end_matches(belongs).len();
    let end = at + place.rest.find(|char| !belongs(char)).unwrap_or(place.rest.len());
    let word = place.text.get(start..end)?;
    let before = before.get(..start)?.trim_end();
    let message = format!("`{word}` is not a name: names have only the letters `a` to `z`, digits and `_`");
    let help = if before.ends_with(['=', '<', '>']) || in_list(before) {
        format!("if it is a text, put it in single quotes: `'{word}'`")
    } else {
        let name: String = deunicode::deunicode(word).to_lowercase().chars().filter(|char| is_plain(*char)).collect();
        let name = if name.is_empty() { "a_name" } else { &name };
        if place.is_inside() || before.ends_with('.') {
            format!("give the column a name of these, `{name}: {{ type: ..., column: {word} }}`, and write `{name}`")
        } else {
            format!("give the KPI a name of these, such as `{name}`; its `title:` can be `{word}`")
        }
    };
    Some(Words { at: Some(start..end), ..words(message, help) })
}

/// Whether a character is an accent on the letter before it.
fn is_accent(char: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&char)
}

/// Whether a text ends within the list of `in (...)`.
fn in_list(before: &str) -> bool {
    let list = before.rfind('(').filter(|at| before.get(*at..).is_some_and(|list| !list.contains(')')));
    let word = list.and_then(|at| before.get(..at)).map(|before| before.trim_end().to_ascii_lowercase());
    word.is_some_and(|before| before.ends_with(" in"))
}

/// `interval '7 days'`, `interval 7 day`, `interval '7' day`
fn interval(place: &Place<'_>) -> Option<Words> {
    if place.last != "interval" || !place.rest.starts_with(|char: char| char == '\'' || char.is_ascii_digit()) {
        return None;
    }
    let quoted = place.rest.strip_prefix('\'').and_then(|rest| rest.split_once('\''));
    let (inner, after) = quoted.unwrap_or(("", place.rest));
    let is_word = |word: &&str| !word.is_empty() && word.chars().all(is_plain);
    // The unit may be outside the quotes, and without quotes so is the number.
    let mut words_after = after.split(|char: char| !is_plain(char) && !char.is_whitespace()).next()?.split_whitespace();
    let mut parts: Vec<&str> = inner.split_whitespace().collect();
    while parts.len() < 2
        && let Some(word) = words_after.next().filter(is_word)
    {
        parts.push(word);
    }
    let length = match parts.as_slice() {
        [count, unit] => count.parse::<u32>().ok().zip(crate::calendar::TimeUnit::parse(unit)),
        _ => None,
    };
    let help = match length {
        Some((count, unit)) => format!("write `{}`", Literal::Duration(count, unit)),
        None => "write one number with its unit, such as `7 days`".to_owned(),
    };
    let before = place.before.to_ascii_lowercase();
    let today =
        ["now()", "current_date", "current_timestamp", "today()", "getdate()"].into_iter().find(|now| before.contains(now));
    let more = today.map(|now| {
        format!("; there is no `{now}`, because a KPI has a value for each period: to look back from its end write `over trailing 7 days`")
    });
    let start = place.before.len() - "interval".len();
    let last = parts.last().copied().unwrap_or_default();
    let offset = place.text.len() - place.rest.len();
    let end = match quoted {
        Some((inner, _)) if inner.split_whitespace().count() > 1 => offset + inner.len() + 2,
        _ => offset + place.rest.find(last).map_or(place.found.len(), |at| at + last.len()),
    };
    let words = words("a duration is written without `interval`", help + &more.unwrap_or_default());
    Some(Words { at: Some(start..end), ..words })
}

/// `count(*)`, `count(orders.*)`
fn star(place: &Place<'_>) -> Option<Words> {
    if place.first() != Some('*') {
        return None;
    }
    if place.before.ends_with('(') {
        return Some(words(
            "`*` does not say which source's rows",
            "write the name of the source there, such as `count(orders)`",
        ));
    }
    let source = place.before.ends_with('.').then(|| place.path_before().trim_end_matches('.'))?;
    Some(words("`*` is not a column", format!("write only the source: `count({source})`")))
}

/// `count(distinct x)`
fn distinct(place: &Place<'_>) -> Option<Words> {
    let found = place.found;
    (place.last == "distinct")
        .then(|| words("distinct values have their own function", format!("write `count_distinct({found})`")))
}

/// `orders.amount.sum()`
fn method(place: &Place<'_>) -> Option<Words> {
    let (object, name) = place.path_before().rsplit_once('.').filter(|_| place.first() == Some('('))?;
    Some(words("a function goes before its argument", format!("write `{name}({object})`")))
}

/// `x::numeric`, `cast(x as integer)`
fn cast(place: &Place<'_>) -> Option<Words> {
    let help = "numbers need no cast, because `/` never rounds; otherwise write `number(x)`, `text(x)` or `date(x)`";
    let inside_cast = place.found_lower() == "as" && {
        let call = place.before.rsplit('(').nth(1).unwrap_or_default().trim_end().to_ascii_lowercase();
        place.is_inside() && (call.ends_with("cast") || call.ends_with("convert"))
    };
    (place.rest.starts_with("::") || inside_cast).then(|| words("a conversion is a function here", help))
}

/// `sum(orders.amount) as revenue`
fn named(place: &Place<'_>) -> Option<Words> {
    let name = place.rest.get(2..).map(str::trim).unwrap_or_default();
    (place.found_lower() == "as").then(|| {
        words("a formula does not name its result", format!("delete `as {name}`: the name is the key above the formula"))
    })
}

/// `= a / b`, `a ? b : c`
fn spreadsheet(place: &Place<'_>) -> Option<Words> {
    match place.first()? {
        '=' if place.before.is_empty() => Some(words("a formula starts without `=`", "delete it")),
        '?' => Some(words("`?` is not an operator here", "write `if(condition, x, y)`")),
        _ => None,
    }
}

/// The words that clauses start with.
pub(super) const CLAUSES: [&str; 8] = ["where", "over", "at", "per", "each", "from", "top", "via"];

/// `sum(orders.amount) where status = 'paid'`: a clause after the parentheses of its aggregate.
fn outside(place: &Place<'_>) -> Option<Words> {
    let clause = place.found_lower();
    let inside = place.before.strip_suffix(')')?;
    let rest = place.rest.trim();
    let fits = inside.len() + rest.len() < 80 && !is_open(rest) && is_call(inside);
    if clause == "filter" {
        let filter = rest.get(6..).map(str::trim).and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')'));
        let help = match filter.filter(|filter| fits && filter.to_ascii_lowercase().starts_with("where ")) {
            Some(filter) => format!("write `{inside} {filter})`"),
            None => "for instance `count(orders where status = 'paid')`".to_owned(),
        };
        return Some(words("write a condition with `where`, inside the aggregate", help));
    }
    if !CLAUSES.contains(&clause.as_str()) {
        return None;
    }
    let after = rest.get(clause.len()..).unwrap_or_default().trim_start();
    if clause == "over" && after.starts_with('(') {
        let help = "slices go next to the formula: `by: [country]`; `total(x)` is x over all of them; a window of time is \
                    `sum(x over trailing 28 days)`";
        return Some(words("formulas have no window functions over rows", help));
    }
    let message = format!("`{clause}` is outside the parentheses that it belongs in");
    let help = match (clause.as_str(), window(after)) {
        ("per", _) => "`per` goes around an aggregate: `avg(sum(orders.amount) per orders.customer)`".to_owned(),
        ("over", Some(window)) if fits => format!("write `{inside} over {window})`"),
        (clause, _) if fits && clause != "each" => format!("write `{inside} {rest})`"),
        (clause, _) => {
            format!("write it inside: `{} {clause} ...)`", if inside.len() < 60 { inside } else { "sum(orders.amount" })
        }
    };
    Some(words(message, help))
}

/// A window as other tools call it, as it is written here.
pub(super) fn window(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let mut of: Vec<&str> = text.split(|char: char| !is_plain(char)).filter(|word| !word.is_empty()).collect();
    while of
        .first()
        .is_some_and(|word| matches!(*word, "the" | "last" | "past" | "rolling" | "trailing" | "previous" | "prior"))
    {
        of.remove(0);
    }
    Some(match of.as_slice() {
        [count, unit, ..] if count.parse::<u32>().is_ok() => {
            let unit = UNITS.iter().find(|known| unit.trim_end_matches('s') == **known)?;
            format!("trailing {count} {unit}{}", if *count == "1" { "" } else { "s" })
        }
        ["wtd", ..] => "week to date".to_owned(),
        ["mtd", ..] => "month to date".to_owned(),
        ["qtd", ..] => "quarter to date".to_owned(),
        ["ytd", ..] => "year to date".to_owned(),
        ["all" | "alltime" | "all_time" | "lifetime" | "ever", ..] => "all time".to_owned(),
        [unit, "to", "date", ..] if UNITS.contains(unit) => format!("{unit} to date"),
        _ => return None,
    })
}

const UNITS: [&str; 5] = ["day", "week", "month", "quarter", "year"];

/// Commas where none belong.
fn comma(place: &Place<'_>) -> Option<Words> {
    let lower = place.found_lower();
    if place.before.ends_with(',') && CLAUSES.contains(&lower.as_str()) {
        return Some(words(format!("there is no comma before `{lower}`"), "delete the comma"));
    }
    if place.first() != Some(',') {
        return None;
    }
    if place.before.ends_with(|char: char| char.is_ascii_digit()) {
        return Some(words("a comma separates arguments, not thousands", "write `1_000` or `1000`, and `0.5` with a dot"));
    }
    (!place.is_inside()).then(|| {
        words(
            "a comma only separates the arguments of a function",
            "a formula gives one figure; separate several KPIs with spaces",
        )
    })
}

/// What people call currencies.
const MONEY: [&str; 10] = ["euro", "euros", "eur", "usd", "dollar", "dollars", "pound", "pounds", "franken", "yen"];

/// Whether what stands right before the place is the source after `from`.
fn is_from(place: &Place<'_>) -> bool {
    let before = place.before.strip_suffix(place.path_before()).unwrap_or_default().trim_end();
    before.get(before.len().saturating_sub(4)..).is_some_and(|word| word.eq_ignore_ascii_case("from"))
}

/// `.5`, `$100`, `100 EUR`
fn number(place: &Place<'_>) -> Option<Words> {
    match place.first()? {
        '.' if !place.path_before().is_empty() => Some(words(
            format!("`{}` is a source here, and nothing of it can follow", place.path_before()),
            "after `from` comes only the source: `sum(amount from orders)` is `sum(orders.amount)`",
        ))
        .filter(|_| is_from(place)),
        '.' => Some(words("a number starts with a digit", "write `0.5`")),
        char @ ('$' | '€' | '£') => {
            let number: String =
                place.rest.chars().skip(1).take_while(|char| char.is_ascii_digit() || matches!(char, '.' | '_')).collect();
            let help = if number.is_empty() { "delete it".to_owned() } else { format!("write `{number}`") };
            Some(words(format!("a number is written without its unit, so without `{char}`"), help))
        }
        _ if !place.last.is_empty() && place.last.chars().all(|char| char.is_ascii_digit()) => {
            let is_code = place.found.len() == 3 && place.found.chars().all(|char| char.is_ascii_uppercase())
                || MONEY.iter().any(|word| place.found.eq_ignore_ascii_case(word));
            is_code.then(|| {
                let message = format!("a number is written without its unit, so without `{}`", place.found);
                words(
                    message,
                    "delete it; a number has the unit of the value it is compared with or added to, so convert \
                 it if it differs",
                )
            })
        }
        _ => None,
    }
}

/// `status = "paid"`, `status = ‘paid’`
fn quotes(place: &Place<'_>) -> Option<Words> {
    match place.first()? {
        '"' => {
            let inner = place.rest.get(1..).and_then(|rest| rest.split_once('"')).map(|(inner, _)| inner);
            let text =
                inner.filter(|inner| inner.len() < 60).map_or_else(|| "text".to_owned(), |inner| inner.replace('\'', "''"));
            Some(words("put texts in single quotes", format!("write `'{text}'`; names have no quotes")))
        }
        '‘' | '’' | '“' | '”' | '„' | '‚' | '´' => {
            let typographic = ['‘', '’', '“', '”', '„', '‚', '´', '\''];
            let inner = place.rest.chars().skip(1).take_while(|char| !typographic.contains(char)).collect::<String>();
            let ends = place.rest.chars().skip(1).any(|char| typographic.contains(&char));
            let text = if ends && !inner.is_empty() && inner.len() < 60 { inner.as_str() } else { "text" };
            Some(words("this is a typographic quote", format!("put texts in straight single quotes: `'{text}'`")))
        }
        _ => None,
    }
}

/// `over month`
fn window_alone(place: &Place<'_>) -> Option<Words> {
    let lower = place.found_lower();
    let began = place.before.trim_start().to_ascii_lowercase();
    let [.., over, unit] = began.split_whitespace().collect::<Vec<_>>()[..] else { return None };
    let ends = lower == "date" || lower == "to" || matches!(place.first(), None | Some(')'));
    (ends && over == "over").then(|| {
        let words = words(
            format!("`{unit}` alone is not a window"),
            format!("write `over {unit} to date`; for the period itself remove `over`"),
        );
        Words { at: Some(place.before.len() - unit.len()..place.before.len()), ..words }
    })
}

/// `trailing 28`, `prior(x, 2 moons)`
fn unit_after_number(place: &Place<'_>) -> Option<Words> {
    let Place { before, found, last, .. } = place;
    let is_word = !found.is_empty() && found.chars().all(|char| char.is_ascii_alphabetic() || char == '_');
    let counts = ["trailing", "within"].iter().any(|word| before.to_ascii_lowercase().contains(word));
    let wants = counts || (is_word && !is_operator(&place.found_lower()));
    if last.parse::<u32>().is_err() || before.ends_with(')') || !wants {
        return None;
    }
    let shown = if found.is_empty() { String::new() } else { format!(", but found `{found}`") };
    let message = format!("expected a unit of time after {last}{shown}");
    let help = if before.to_ascii_lowercase().contains("within") {
        format!("say how long: `within {last} days`; the units are hour, day, week, month and so on")
    } else if counts {
        "the units are day, week, month, quarter and year, as in `28 days`".to_owned()
    } else {
        "the units are second, minute, hour, day, week, month, quarter and year, as in `28 days`; a number has no other unit"
            .to_owned()
    };
    Some(words(message, help))
}

/// Whether a word stands between two values in other languages.
fn is_operator(word: &str) -> bool {
    matches!(word, "ilike" | "rlike" | "regexp" | "similar" | "mod" | "div" | "as" | "by" | "xor" | "filter" | "group")
}

/// `case` without `then` or `end`.
fn case(place: &Place<'_>) -> Option<Words> {
    let began = place.before.to_ascii_lowercase();
    let count = |word: &str| began.split(|char: char| !is_plain(char)).filter(|part| *part == word).count();
    if count("when") > count("then") {
        return Some(words(
            "expected `then` after the condition of `when`",
            "for instance `case when orders > 0 then 1 else 0 end`",
        ));
    }
    let ends = matches!(place.first(), None | Some(')'));
    (count("case") > count("end") && ends).then(|| words("this `case` is not closed", "add `end`"))
}

/// Operators of other languages.
fn operator(place: &Place<'_>) -> Option<Words> {
    let lower = place.found_lower();
    let path = place.path_before();
    let rest = place.rest;
    let value = if path.is_empty() { "x" } else { path };
    let sign = |what: &str, help: String| Some(words(format!("`{what}` is not an operator here"), help));
    let after = |sign: &str| {
        let text = rest.get(sign.len()..).unwrap_or_default().trim_start();
        let end = text.find(|char: char| !(is_plain(char) || char == '.')).unwrap_or(text.len());
        text.get(..end).filter(|text| !text.is_empty()).unwrap_or("2")
    };
    if place.before.ends_with('*') && place.first() == Some('*') {
        let base = place.before.trim_end_matches('*').trim_end();
        let base = Place { before: base, text: place.text, rest, found: place.found, last: String::new() };
        let base = if base.path_before().is_empty() { "x" } else { base.path_before() };
        return sign("**", format!("write `power({base}, {})`", after("*")));
    }
    if place.last == "not" && matches!(place.first(), Some('=' | '<' | '>')) {
        return Some(words("`not` goes before a whole condition", "write `!=`, or `not (a = b)`"));
    }
    match (lower.as_str(), place.first()?) {
        ("ilike", _) => {
            let pattern = rest.get(5..).unwrap_or_default().trim_start();
            let pattern = pattern.get(1..).and_then(|rest| rest.split_once('\'')).map_or("a%", |(pattern, _)| pattern);
            sign("ilike", format!("write `lower({value}) like '{}'`", pattern.to_lowercase()))
        }
        ("rlike" | "regexp" | "similar" | "glob", _) | (_, '~') => {
            let help = "use `like`, `starts_with(x, 'a')` or `contains(x, 'a')`; for anything else, add a column with raw \
             `sql:` to the source";
            sign(place.found, help.to_owned())
        }
        ("mod" | "div", _) => sign(&lower, "write `mod(a, b)` for the remainder, and `floor(a / b)`".to_owned()),
        (_, '^') => sign("^", format!("write `power({value}, {})`", after("^"))),
        (_, '|') if rest.starts_with("||") => {
            sign("||", "write `or` between conditions, and `concat(a, b)` for texts".to_owned())
        }
        (_, '&') => sign("&&", "write `and`".to_owned()),
        (_, '|') => sign("|", "write `or`".to_owned()),
        (_, '!') => sign("!", "write `not`".to_owned()),
        (_, dash @ ('–' | '—' | '−' | '‐' | '‑')) => {
            Some(words(format!("`{dash}` is a typographic dash"), "write the minus sign of the keyboard, `-`"))
        }
        (_, '×' | '·' | '⋅') => sign(place.sign(), "write `*`".to_owned()),
        (_, '÷' | '∕' | '⁄') => sign(place.sign(), "write `/`".to_owned()),
        (_, '≤') => sign("≤", "write `<=`".to_owned()),
        (_, '≥') => sign("≥", "write `>=`".to_owned()),
        (_, '≠') => sign("≠", "write `!=`".to_owned()),
        (_, '#') => Some(words("formulas have no comments", "put it in `description:`")),
        (_, ';') if rest.trim() == ";" => Some(words("a formula does not end with `;`", "delete it")),
        (_, ';') => Some(words("a formula gives one figure, so nothing can follow `;`", "make a KPI of each")),
        _ => None,
    }
}

/// Lists, groups, and what is in brackets.
fn list(place: &Place<'_>) -> Option<Words> {
    let path = place.path_before();
    match (place.found_lower().as_str(), place.first()?) {
        ("group" | "by", _) => Some(words(
            "formulas have no `group by`",
            "slices go next to the formula: `by: [country]`; for a value of each customer write `per`",
        )),
        ("in", _) => {
            let rest = place.rest.get(2..).unwrap_or_default().trim_start();
            let in_brackets = || rest.strip_prefix(['[', '{'])?.split([']', '}']).next();
            // One text without any brackets.
            let alone = || rest.get(..rest.strip_prefix('\'')?.find('\'')? + 2);
            let inner = in_brackets().or_else(alone).filter(|inner| inner.len() < 60);
            let inner = inner.map_or_else(|| "'paid', 'open'".to_owned(), |inner| inner.replace('"', "'"));
            Some(words("put a list in parentheses", format!("write `in ({inner})`")))
        }
        (_, '[') if !path.is_empty() => Some(words(
            "`[` has no meaning in a formula",
            format!("an earlier period is `prior({path})` or `prior({path}, 1 year)`"),
        )),
        (_, char @ ('[' | '{')) => Some(words(
            format!("`{char}` has no meaning in a formula"),
            "lists stand in parentheses, `status in ('paid', 'open')`",
        )),
        _ => None,
    }
}

/// The functions that other languages write without parentheses around what they work on.
const CALLED: [&str; 9] = ["sum", "count", "avg", "min", "max", "median", "count_distinct", "if", "round"];

/// `count orders`, `if x > 0`
fn call_without_parentheses(place: &Place<'_>) -> Option<Words> {
    let name = CALLED.into_iter().find(|name| place.path_before().eq_ignore_ascii_case(name))?;
    let argument = place.rest.trim();
    let is_path = argument.starts_with(is_plain) && argument.chars().all(|char| is_plain(char) || char == '.');
    place.found.starts_with(is_plain).then(|| {
        let help = match name {
            "if" => "write `if(condition, x, y)`".to_owned(),
            _ if is_path => format!("write `{name}({argument})`"),
            _ => format!("write `{name}(...)`"),
        };
        words(format!("`{name}` needs parentheses around its argument"), help)
    })
}

/// `orders where status = 'paid'`: a clause without an aggregate.
fn clause_without_aggregate(place: &Place<'_>) -> Option<Words> {
    let clause = place.found_lower();
    let path = place.path_before();
    let alone = path == place.before && !path.is_empty() && CLAUSES.contains(&clause.as_str());
    alone.then(|| {
        let rest = place.rest.trim();
        let window = window(rest.get(clause.len()..).unwrap_or_default()).unwrap_or_else(|| "trailing 28 days".to_owned());
        if clause == "over" {
            let help = format!(
                "write it inside of the aggregate, `sum(orders.amount over {window})`; over the days of a KPI it is `sum({path} each day over {window})`"
            );
            return words("`over` belongs to an aggregate, and there is none", help);
        }
        let shown = if rest.len() < 80 && !is_open(rest) { rest.to_owned() } else { format!("{clause} ...") };
        let aggregate = if path.contains('.') { "sum" } else { "count" };
        let after = shown.get(clause.len()..).unwrap_or_default().trim();
        let mut help = match clause.as_str() {
            // How many periods there are is in no way what was asked for.
            "each" => format!("for the mean of them write `avg({path} {shown})`, for the highest `max({path} {shown})`"),
            "per" if UNITS.contains(&after) => format!("for the mean of a {after} write `avg({path} each {after})`"),
            "per" => format!("write `avg({aggregate}({path}) {shown})`"),
            _ => format!("write `{aggregate}({path} {shown})`"),
        };
        if clause == "where" && aggregate == "count" {
            // Which of the two `path` is, and whether the condition is on a column or a dimension, is not known here.
            let condition = shown.get(clause.len()..).unwrap_or_default().trim();
            help = format!(
                "a part of the KPI `{path}`, by a dimension, is `slice({path}, {condition})`; the rows of the source `{path}`, by \
                 a column, are `count({path} {shown})`"
            );
        }
        words(format!("`{clause}` belongs to an aggregate, and there is none"), help)
    })
}

/// Whether a text is one call whose last parenthesis was taken off.
fn is_call(inside: &str) -> bool {
    let Some((name, arguments)) = inside.split_once('(') else { return false };
    let mut depth = 1usize;
    let stays_open = arguments.chars().all(|char| {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > 0
    });
    stays_open && depth == 1 && !name.is_empty() && name.chars().all(is_plain)
}
