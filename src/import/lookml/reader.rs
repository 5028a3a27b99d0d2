//! LookML as pairs of keys and values that know their places. Nothing is looked at inside of SQL.
//!
//! There is no crate that reads LookML and says where things stand.

/// How many blocks may be in one another.
const DEEPEST: usize = 50;

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) key: String,
    /// The byte of the key.
    pub(super) at: usize,
    /// The name before a block.
    pub(super) name: Option<String>,
    pub(super) value: Value,
    /// The byte of the value.
    pub(super) value_at: usize,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A word, or a text in quotes.
    Text(String),
    /// What stands before `;;`.
    Sql(String),
    List(Vec<Pair>),
    Block(Vec<Pair>),
}

/// The pairs of a file, or what is wrong and where.
pub(super) fn read(text: &str) -> Result<Vec<Pair>, (usize, String)> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let pairs = reader.pairs()?;
    match reader.peek() {
        None => Ok(pairs),
        Some(_) => Err((reader.at, "kpic does not expect that there".to_owned())),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

type Fault = (usize, String);

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next character that is neither blank nor in a comment.
    fn peek(&mut self) -> Option<char> {
        loop {
            let rest = self.rest();
            let char = rest.chars().next()?;
            if char == '#' {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if char.is_whitespace() {
                self.at += char.len_utf8();
            } else {
                return Some(char);
            }
        }
    }

    fn sign(&mut self, sign: char) -> bool {
        let is_there = self.peek() == Some(sign);
        self.at += if is_there { sign.len_utf8() } else { 0 };
        is_there
    }

    fn fault<T>(&self, why: &str) -> Result<T, Fault> {
        Err((self.at, why.to_owned()))
    }

    /// A word as names and values have it.
    fn word(&mut self) -> Option<String> {
        self.peek()?;
        let rest = self.rest();
        let is_part = |char: char| char.is_alphanumeric() || "_-+.*/%@".contains(char);
        let end = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
        let word = rest.get(..end).filter(|word| !word.is_empty())?;
        self.at += end;
        Some(word.to_owned())
    }

    /// A text in double quotes, with its escapes undone.
    fn quoted(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, char)) = chars.next() {
            match char {
                '"' => {
                    self.at = start + at + 1;
                    return Ok(out);
                }
                '\\' => out.extend(chars.next().map(|(_, escaped)| escaped)),
                _ => out.push(char),
            }
        }
        self.fault("its text is not closed")
    }

    fn pairs(&mut self) -> Result<Vec<Pair>, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.fault("it is nested too deeply");
        }
        let mut all = Vec::new();
        while self.peek().is_some_and(|char| char != '}') {
            all.push(self.pair()?);
        }
        self.depth -= 1;
        Ok(all)
    }

    fn pair(&mut self) -> Result<Pair, Fault> {
        self.peek();
        let at = self.at;
        let Some(key) = self.word() else { return self.fault("kpic expects a key there") };
        if !self.sign(':') {
            return self.fault("kpic expects `:` after the key");
        }
        if key.starts_with("sql") || matches!(key.as_str(), "html" | "expression" | "expression_custom_filter") {
            let rest = self.rest();
            let Some(end) = rest.find(";;") else { return self.fault("its SQL does not end in `;;`") };
            let blank = rest.len() - rest.trim_start().len();
            let (value_at, start) = (self.at + blank.min(end), self.at + blank.min(end));
            let sql = self.text.get(start..self.at + end).unwrap_or_default().trim_end().to_owned();
            self.at += end + 2;
            return Ok(Pair { key, at, name: None, value: Value::Sql(sql), value_at });
        }
        self.peek();
        let value_at = self.at;
        let (name, value) = self.value()?;
        Ok(Pair { key, at, name, value, value_at })
    }

    /// A value, with the name before it if it is a block.
    fn value(&mut self) -> Result<(Option<String>, Value), Fault> {
        match self.peek() {
            Some('"') => Ok((None, Value::Text(self.quoted()?))),
            Some('[') => Ok((None, Value::List(self.list()?))),
            Some('{') => Ok((None, self.block()?)),
            _ => {
                let Some(word) = self.word() else { return self.fault("kpic expects a value there") };
                if self.peek() == Some('{') { Ok((Some(word), self.block()?)) } else { Ok((None, Value::Text(word))) }
            }
        }
    }

    fn block(&mut self) -> Result<Value, Fault> {
        self.sign('{');
        let pairs = self.pairs()?;
        if self.sign('}') { Ok(Value::Block(pairs)) } else { self.fault("its block is not closed") }
    }

    /// Texts, or fields with texts, in brackets; what has no field has an empty key.
    fn list(&mut self) -> Result<Vec<Pair>, Fault> {
        self.sign('[');
        let mut all = Vec::new();
        while !self.sign(']') {
            let Some(next) = self.peek() else { return self.fault("its list is not closed") };
            let at = self.at;
            let text = if next == '"' { Some(self.quoted()?) } else { self.word() };
            let Some(text) = text else { return self.fault("kpic does not read that in a list") };
            let pair = if self.sign(':') {
                self.peek();
                let value_at = self.at;
                let (name, value) = self.value()?;
                Pair { key: text, at, name, value, value_at }
            } else {
                Pair { key: String::new(), at, name: None, value: Value::Text(text), value_at: at }
            };
            all.push(pair);
            self.sign(',');
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_know_their_places() {
        let text = "# a comment\nview: orders {\n  sql_table_name: a.b ;;\n  measure: n { type: count filters: [x: \"a, b\", y.z: \"-c\"] }\n}\n";
        let pairs = read(text).unwrap();
        let Value::Block(inner) = &pairs.first().unwrap().value else { panic!("{pairs:?}") };
        assert_eq!(inner.first().unwrap().value, Value::Sql("a.b".to_owned()));
        assert_eq!(text.get(inner.first().unwrap().value_at..).unwrap().get(..3), Some("a.b"));
        let Value::Block(measure) = &inner.get(1).unwrap().value else { panic!("{inner:?}") };
        let Value::List(filters) = &measure.get(1).unwrap().value else { panic!("{measure:?}") };
        assert_eq!(filters.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["x", "y.z"]);
        for broken in
            ["view", "view:", "view: {", "a: \"b", "a: [", "sql: x", "a: }", "}", "a: [b: ", "é", &"a: b {".repeat(90)]
        {
            assert!(read(broken).is_err(), "{broken}");
        }
    }
}
