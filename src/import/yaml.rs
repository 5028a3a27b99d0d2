//! YAML as people write it: plain where it can be, in quotes where it has to be.

use crate::text::{is_bidi, is_control};
use serde_json::Value;

/// How long a line may be before a list or map goes over several.
const LINE: usize = 120;

/// A text as a scalar that is read as that text.
pub(super) fn scalar(text: &str) -> String {
    let first = text.chars().next().is_some_and(char::is_alphabetic);
    let harmless = |char: char| char.is_alphanumeric() || matches!(char, ' ' | '_' | '-' | '.' | '/' | '(' | ')');
    let is_plain = first && text.chars().all(harmless) && !text.ends_with(' ') && !is_word(text);
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// A formula: plain unless YAML would cut or misread it.
pub(super) fn formula(text: &str) -> String {
    let first = text.chars().next().is_some_and(|char| char.is_ascii_lowercase() || char == '(');
    let is_cut = text.contains(": ") || text.contains(" #") || text.ends_with([' ', ':']) || text.chars().any(is_control);
    if first && !is_cut && !is_word(text) { text.to_owned() } else { quoted(text) }
}

/// Whether YAML takes a text for something else.
fn is_word(text: &str) -> bool {
    ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text.to_lowercase().as_str())
}

/// The same within a map or list on one line, where commas and brackets part.
pub(super) fn inner(text: &str) -> String {
    if text.contains([',', '[', ']', '{', '}']) { quoted(text) } else { formula(text) }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A text of people: without characters that specs refuse, over several lines where it has them.
pub(super) fn prose(text: &str, indent: &str) -> String {
    let clean: String =
        text.trim().chars().filter(|char| *char == '\n' || *char == '\t' || !is_control(*char) && !is_bidi(*char)).collect();
    let lines: Vec<&str> = clean.lines().map(str::trim_end).collect();
    match lines.as_slice() {
        [] => "\"\"".to_owned(),
        [only] => prose_line(only),
        _ => {
            let body: Vec<String> =
                lines.iter().map(|line| if line.is_empty() { String::new() } else { format!("{indent}{line}") }).collect();
            format!("|-\n{}", body.join("\n"))
        }
    }
}

/// The lines of a text below a key with `|-`, without what all of them are indented by.
pub(super) fn block(text: &str, indent: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    let depth = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let common = lines.iter().skip(1).filter(|line| !line.is_empty()).map(depth).min().unwrap_or(0);
    let cut = |(at, line): (usize, &&str)| match at {
        0 => format!("{indent}{line}\n"),
        _ if line.is_empty() => "\n".to_owned(),
        _ => format!("{indent}{}\n", line.get(common..).unwrap_or_default()),
    };
    lines.iter().enumerate().map(cut).collect()
}

/// Sentences may hold commas, quotes and the like if nothing makes YAML read them otherwise.
fn prose_line(text: &str) -> String {
    let first = text.chars().next().is_some_and(char::is_alphabetic);
    let is_cut = text.contains(": ") || text.contains(" #") || text.ends_with(':') || text.contains('\t');
    if first && !is_cut && text.contains(' ') { text.to_owned() } else { scalar(text) }
}

/// Data of others on one line; nothing if it is deeper or longer than people would read.
pub(super) fn data(value: &Value) -> Option<String> {
    const LONGEST: usize = 2000;
    written(value, 0).filter(|text| text.len() <= LONGEST)
}

fn written(value: &Value, depth: usize) -> Option<String> {
    const DEEPEST: usize = 10;
    if depth > DEEPEST {
        return None;
    }
    let text = |text: &str| if text.chars().any(|char| is_control(char) || is_bidi(char)) { None } else { Some(scalar(text)) };
    Some(match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(own) => text(own)?,
        Value::Array(all) => {
            let all: Option<Vec<String>> = all.iter().map(|one| written(one, depth + 1)).collect();
            format!("[{}]", all?.join(", "))
        }
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let all: Option<Vec<String>> =
                map.iter().map(|(key, one)| Some(format!("{}: {}", text(key)?, written(one, depth + 1)?))).collect();
            format!("{{ {} }}", all?.join(", "))
        }
    })
}

/// A key with a list.
pub(super) fn list(indent: &str, key: &str, all: &[String]) -> String {
    let line = format!("{indent}{key}: [{}]\n", all.join(", "));
    if line.len() <= LINE {
        return line;
    }
    let parts: String = all.iter().map(|one| format!("{indent}  - {one}\n")).collect();
    format!("{indent}{key}:\n{parts}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_as_it_was() {
        for text in [
            "Revenue",
            "yes",
            "a: b",
            "it's",
            "two # parts",
            "12",
            "- x",
            "größe",
            "a, b",
            "",
            "x:",
            "{a}",
            "null",
            "\"q\"",
            "tab\there",
        ] {
            for written in [scalar(text), prose(text, "  "), formula(text)] {
                let read: Value = serde_saphyr::from_str(&format!("key: {written}\n")).unwrap();
                assert_eq!(read.get("key").and_then(Value::as_str), Some(text), "{written}");
            }
            let read: Value = serde_saphyr::from_str(&format!("key: {{ inner: {} }}\n", inner(text))).unwrap();
            assert_eq!(read.pointer("/key/inner").and_then(Value::as_str), Some(text));
        }
        let text = "Two lines:\n\n  the second has # signs";
        let read: Value = serde_saphyr::from_str(&format!("key: {}\nnext: 1\n", prose(text, "  "))).unwrap();
        assert_eq!(read.get("key").and_then(Value::as_str), Some(text));
        assert_eq!(prose("control\u{1b}[31m", ""), "\"control[31m\"");
    }

    #[test]
    fn data_of_others_is_bounded() {
        assert_eq!(data(&serde_json::json!({"a": ["b: c", 1.5, null]})).as_deref(), Some("{ a: [\"b: c\", 1.5, null] }"));
        let mut deep = Value::Null;
        for _ in 0..50 {
            deep = Value::Array(vec![deep]);
        }
        assert_eq!(data(&deep), None);
        assert_eq!(data(&Value::from("\u{7}")), None);
    }
}
