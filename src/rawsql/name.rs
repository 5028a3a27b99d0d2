//! The parts of a relation's name as a spec writes it: `orders`, `raw.orders`, `shop."my.schema"."say ""hi"""`.

/// Cuts a name at its points. A part in double quotes may hold points, and quotes that are doubled; any other part stands as it is,
/// blanks around it left out.
///
/// # Errors
/// Says what is wrong with it.
pub fn parts(name: &str) -> Result<Vec<String>, &'static str> {
    let mut parts = Vec::new();
    let mut rest = name.trim();
    loop {
        let (part, after) = if let Some(inner) = rest.strip_prefix('"') {
            quoted(inner)?
        } else {
            let (part, after) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
            if part.contains('"') {
                return Err("a double quote is inside a part that does not start with one");
            }
            (part.trim().to_owned(), after)
        };
        if part.is_empty() {
            return Err("a part of it is empty");
        }
        parts.push(part);
        match after.trim_start().strip_prefix('.') {
            Some(next) => rest = next.trim_start(),
            None if after.trim().is_empty() => return Ok(parts),
            None => return Err("something other than a dot follows a part in double quotes"),
        }
    }
}

/// A part whose opening quote has been read, and what follows its closing one.
fn quoted(inner: &str) -> Result<(String, &str), &'static str> {
    let mut part = String::new();
    let mut rest = inner;
    loop {
        let Some((before, after)) = rest.split_once('"') else { return Err("a double quote is not closed") };
        part.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                part.push('"');
                rest = next;
            }
            None => return Ok((part, after)),
        }
    }
}

/// A part as it has to be written to be read as itself.
pub fn written(part: &str) -> String {
    let plain = !part.is_empty() && part.trim() == part && !part.contains(['.', '"']);
    if plain { part.to_owned() } else { format!("\"{}\"", part.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_parts() {
        let cases: [(&str, &[&str]); 8] = [
            ("orders", &["orders"]),
            (" raw . orders ", &["raw", "orders"]),
            ("My Orders", &["My Orders"]),
            ("\"my.db\".raw.\"Orders\"", &["my.db", "raw", "Orders"]),
            ("\"say \"\"hi\"\"\".\"\"\"\"", &["say \"hi\"", "\""]),
            ("größe.日付;--", &["größe", "日付;--"]),
            ("\" a \"", &[" a "]),
            ("a.b.c.d", &["a", "b", "c", "d"]),
        ];
        for (name, expected) in cases {
            assert_eq!(parts(name).unwrap(), expected, "{name}");
            let again: Vec<String> = expected.iter().map(|part| written(part)).collect();
            assert_eq!(parts(&again.join(".")).unwrap(), expected, "{name}");
        }
        for wrong in ["", " ", ".a", "a.", "a..b", "\"a", "\"a\"\"", "\"\"", "a\"b", "\"a\"b", "a.\"b\".c\"d\""] {
            assert!(parts(wrong).is_err(), "{wrong}");
        }
    }
}
