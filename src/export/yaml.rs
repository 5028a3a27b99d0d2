//! YAML that every reader reads the same way, be it of YAML 1.1 or 1.2: a text that is not a plain word is in double quotes.

/// A value of YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Yaml {
    /// A text.
    Text(String),
    /// A number, `true`, `false` or `null`, as it is written.
    Plain(String),
    /// A list.
    List(Vec<Yaml>),
    /// A map, in its order.
    Map(Vec<(String, Yaml)>),
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Yaml::Text(text.to_owned())
    }
}

impl From<String> for Yaml {
    fn from(text: String) -> Self {
        Yaml::Text(text)
    }
}

impl From<bool> for Yaml {
    fn from(truth: bool) -> Self {
        Yaml::Plain(truth.to_string())
    }
}

/// A map of these entries.
pub(super) fn map<const N: usize>(entries: [(&str, Yaml); N]) -> Yaml {
    Yaml::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

impl Yaml {
    /// A value of JSON, its texts as `text` has them.
    pub(super) fn of_json(value: &serde_json::Value, text: &dyn Fn(&str) -> String) -> Self {
        match value {
            serde_json::Value::Null => Yaml::Plain("null".to_owned()),
            serde_json::Value::Bool(truth) => (*truth).into(),
            serde_json::Value::Number(number) => Yaml::number(&number.to_string()),
            serde_json::Value::String(string) => text(string).into(),
            serde_json::Value::Array(items) => Yaml::List(items.iter().map(|item| Self::of_json(item, text)).collect()),
            serde_json::Value::Object(entries) => {
                Yaml::Map(entries.iter().map(|(key, value)| (text(key), Self::of_json(value, text))).collect())
            }
        }
    }

    /// A number in digits; a text where YAML 1.1 would read it as something else.
    pub(super) fn number(digits: &str) -> Self {
        let unsigned = digits.strip_prefix('-').unwrap_or(digits);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // With a 0 in front it would be octal.
        let is_plain = are_digits(whole) && are_digits(fraction) && (whole == "0" || !whole.starts_with('0'));
        if is_plain { Yaml::Plain(digits.to_owned()) } else { digits.into() }
    }

    /// A file of it.
    pub(super) fn file(&self) -> String {
        let mut out = "# Made by kpic: change the specs instead.\n".to_owned();
        self.write(&mut out, 0, false);
        out
    }

    /// Writes it on lines of its own; `begun` says whether the first of them has its indent already.
    fn write(&self, out: &mut String, indent: usize, begun: bool) {
        let start = |out: &mut String, first: bool| {
            if !(first && begun) {
                out.push_str(&" ".repeat(indent));
            }
        };
        match self {
            Yaml::Map(entries) if !entries.is_empty() => {
                for (at, (key, value)) in entries.iter().enumerate() {
                    start(out, at == 0);
                    out.push_str(&scalar(key));
                    out.push(':');
                    value.beside(out, indent);
                }
            }
            Yaml::List(items) if !items.is_empty() => {
                for (at, item) in items.iter().enumerate() {
                    start(out, at == 0);
                    out.push_str("- ");
                    item.write(out, indent + 2, true);
                }
            }
            _ => {
                start(out, true);
                out.push_str(&self.short());
                out.push('\n');
            }
        }
    }

    /// Writes it behind a key.
    fn beside(&self, out: &mut String, indent: usize) {
        match self {
            Yaml::Map(entries) if !entries.is_empty() => {
                out.push('\n');
                self.write(out, indent + 2, false);
            }
            Yaml::List(items) if !items.is_empty() => {
                if items.iter().all(|item| !matches!(item, Yaml::Map(_) | Yaml::List(_))) {
                    let items: Vec<String> = items.iter().map(Yaml::short).collect();
                    out.push_str(&format!(" [{}]\n", items.join(", ")));
                } else {
                    out.push('\n');
                    self.write(out, indent + 2, false);
                }
            }
            _ => {
                out.push(' ');
                out.push_str(&self.short());
                out.push('\n');
            }
        }
    }

    fn short(&self) -> String {
        match self {
            Yaml::Text(text) => scalar(text),
            Yaml::Plain(plain) => plain.clone(),
            Yaml::List(_) => "[]".to_owned(),
            Yaml::Map(_) => "{}".to_owned(),
        }
    }
}

/// Words that are no texts in YAML 1.1.
const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|char: char| char.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'))
        && !WORDS.contains(&text);
    if is_plain {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            ' '..='~' | '\u{a1}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' => {
                out.push(char);
            }
            _ => out.push_str(&format!("\\U{:08x}", u32::from(char))),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_texts_stay_apart() {
        let all = map([
            ("plain", "shop_2".into()),
            ("word", "no".into()),
            ("digits", "12".into()),
            ("number", Yaml::number("-1.50")),
            ("octal", Yaml::number("007")),
            ("truth", true.into()),
            ("hostile", "a: \"b\"\n- c #\u{85}\u{2028}\\".into()),
            ("list", Yaml::List(vec!["a".into(), Yaml::Plain("1".to_owned())])),
            ("none", Yaml::List(Vec::new())),
            ("maps", Yaml::List(vec![map([("name", "x".into()), ("of", map([("y: z", "é".into())]))])])),
        ]);
        let expected = r#"# Made by kpic: change the specs instead.
plain: shop_2
word: "no"
digits: "12"
number: -1.50
octal: "007"
truth: true
hostile: "a: \"b\"\n- c #\U00000085\U00002028\\"
list: [a, 1]
none: []
maps:
  - name: x
    of:
      "y: z": "é"
"#;
        assert_eq!(all.file(), expected);
    }
}
