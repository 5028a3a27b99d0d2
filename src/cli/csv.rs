//! Rows as CSV, as RFC 4180 has it. That does not know null, which is told from an empty text by quotes here.

use crate::engine::Rows;
use crate::plan::relation::{Body, Query};
use serde_json::Value;
use std::borrow::Cow;

/// What stands for null: text that needs no quotes, because what is in quotes is a value.
pub(super) fn null(text: &str) -> Result<String, String> {
    if text.contains(is_special) {
        return Err("the text for null cannot contain a comma, a quote or a line break".to_owned());
    }
    Ok(text.to_owned())
}

/// A text as a cell of a spreadsheet: one that would be taken for a formula gets an apostrophe. Numbers stay numbers.
fn safe_for_spreadsheets(text: &str) -> Cow<'_, str> {
    // Some leave out blanks before it, and read signs of full width as the others.
    let is_blank = |char: char| char.is_whitespace() || matches!(char, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}');
    let begin = text.trim_start_matches(is_blank);
    let begins_formula = text.starts_with(['\t', '\r']) || begin.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '−', '＠']);
    if begins_formula && text.parse::<f64>().is_err() { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The answer to a query, with names of columns even where there are no rows.
pub(super) fn text(plan: Option<&Query>, rows: &Rows, null: &str, is_safe: bool) -> String {
    let of_plan = || match plan.map(|plan| &plan.result) {
        Some(Body::Select(select)) => select.columns.iter().map(|(_, name)| name.clone()).collect(),
        _ => Vec::new(),
    };
    let columns: Vec<String> = if rows.columns.is_empty() { of_plan() } else { rows.columns.clone() };
    let line = |cells: Vec<String>| format!("{}\n", cells.join(","));
    let mut out = line(columns.iter().map(|name| field(name, "")).collect());
    for row in &rows.rows {
        let cells = row.iter().map(|value| match value {
            Value::Null => null.to_owned(),
            Value::String(text) if is_safe => field(&safe_for_spreadsheets(text), null),
            Value::String(text) => field(text, null),
            other => field(&other.to_string(), null),
        });
        out.push_str(&line(cells.collect()));
    }
    out
}

/// A value, in quotes where it would be taken for null or for more than one value.
fn field(text: &str, null: &str) -> String {
    if text.is_empty() || text == null || text.contains(is_special) || is_command(text) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Whether a CI would take a line that starts so for a command.
fn is_command(text: &str) -> bool {
    text.trim_start().starts_with("::") || text.trim_start().starts_with("##")
}

fn is_special(char: char) -> bool {
    matches!(char, '"' | ',' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::engine::Rows;
    use serde_json::{Value, json};

    #[test]
    fn null_is_told_from_every_value() {
        let row =
            vec![json!(null), json!(""), json!("NA"), json!("a,\"b\"\r\n"), json!(0), json!(1.5), json!(true), json!(" ")];
        let rows = Rows { columns: ["a", "b,c", "", "d", "e", "f", "g", "h"].map(str::to_owned).to_vec(), rows: vec![row] };
        let names = "a,\"b,c\",\"\",d,e,f,g,h\n";
        assert_eq!(text(None, &rows, "", false), format!("{names},\"\",NA,\"a,\"\"b\"\"\r\n\",0,1.5,true, \n"));
        assert_eq!(text(None, &rows, "NA", false), format!("{names}NA,\"\",\"NA\",\"a,\"\"b\"\"\r\n\",0,1.5,true, \n"));
        assert_eq!(text(None, &rows, "0", false), format!("{names}0,\"\",NA,\"a,\"\"b\"\"\r\n\",\"0\",1.5,true, \n"));
    }

    #[test]
    fn texts_that_are_formulas_get_an_apostrophe_and_numbers_do_not() {
        let rows = Rows {
            columns: vec!["a".to_owned()],
            rows: ["=1+1", "+cmd|x", "@sum(a)", "-2", "-2.5e3", "-x", "a=1"].map(|text| vec![Value::from(text)]).into(),
        };
        let others = ["\n=1", " =1", "\u{a0}=1", "＝1", "＋1", "＠x", "－x"];
        let others = Rows { columns: vec!["a".to_owned()], rows: others.map(|text| vec![Value::from(text)]).into() };
        assert_eq!(text(None, &others, "", true).matches('\'').count(), 7);
        let command = Rows {
            columns: vec!["a".to_owned()],
            rows: vec![vec![Value::from("::error::x")], vec![Value::from("##[error]x")]],
        };
        assert_eq!(text(None, &command, "", false), "a\n\"::error::x\"\n\"##[error]x\"\n");
        assert_eq!(text(None, &rows, "", true), "a\n'=1+1\n'+cmd|x\n'@sum(a)\n-2\n-2.5e3\n'-x\na=1\n");
        assert_eq!(text(None, &rows, "", false), "a\n=1+1\n+cmd|x\n@sum(a)\n-2\n-2.5e3\n-x\na=1\n");
        let number = Rows { columns: vec!["a".to_owned()], rows: vec![vec![Value::from(-3)]] };
        assert_eq!(text(None, &number, "", true), "a\n-3\n");
    }
}
