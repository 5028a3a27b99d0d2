//! A text as a YAML scalar. Whatever kpic writes into a spec file is quoted here and nowhere else.

/// Words that some readers of YAML take for something else than a text.
const WORDS: [&str; 11] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "~", ""];

/// A text as it is if it cannot be misread by anybody, else in double quotes.
pub fn text(text: &str) -> String {
    let first_is_letter = text.chars().next().is_some_and(char::is_alphabetic);
    let harmless = |char: char| char.is_alphanumeric() || matches!(char, ' ' | '_' | '-' | '.' | '/' | '(' | ')');
    let is_word = WORDS.contains(&text.to_lowercase().as_str());
    let is_plain = first_is_letter && text.chars().all(harmless) && !text.ends_with(' ') && !is_word;
    if is_plain { text.to_owned() } else { double(text) }
}

/// A text in double quotes, as JSON has it.
pub fn double(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text that was quoted, in the quotes that need no escapes: double ones, unless it holds such. `source` is how it was written.
pub(super) fn quoted(text: &str, source: &str) -> String {
    let is_simple = !text.contains(['"', '\\', '\n']);
    if is_simple && !source.contains('\\') {
        return format!("\"{text}\"");
    }
    // `"a \"b\""` reads better as `'a "b"'`.
    let needs_escapes = source.replace("\\\"", "").contains('\\') || text.contains('\n');
    if source.starts_with('"') && !needs_escapes && !text.contains('\'') {
        return format!("'{text}'");
    }
    source.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_double_unless_the_text_has_some() {
        for (source, decoded, wanted) in [
            ("'%'", "%", "\"%\""),
            ("''", "", "\"\""),
            ("'it''s'", "it's", "\"it's\""),
            (r#"'say "yes"'"#, r#"say "yes""#, r#"'say "yes"'"#),
            (r#""say \"yes\"""#, r#"say "yes""#, r#"'say "yes"'"#),
            (r#""\"it's\"""#, r#""it's""#, r#""\"it's\"""#),
            (r#""a\nb""#, "a\nb", r#""a\nb""#),
            (r#""\u00e9""#, "é", r#""\u00e9""#),
            (r"'a\b'", r"a\b", r"'a\b'"),
        ] {
            assert_eq!(quoted(decoded, source), wanted, "{source}");
        }
    }

    #[test]
    fn what_could_be_misread_is_quoted() {
        for plain in ["Revenue", "raw.orders", "a (b)"] {
            assert_eq!(text(plain), plain);
        }
        for other in ["yes", "Off", "", "1", "a: b", "a #b", "-", "a ", "null"] {
            assert!(text(other).starts_with('"'), "{other}");
        }
    }
}
