//! Names in specs, made of names that others chose.

use deunicode::deunicode;

/// A name as specs have it: `Customer ID` and `customerId` become `customer_id`, `Größe` becomes `grosse`. Nothing if no letter or
/// digit is left.
pub fn snake(name: &str) -> Option<String> {
    let ascii = deunicode(name);
    let mut out = String::new();
    let mut before = ' ';
    let mut chars = ascii.chars().peekable();
    while let Some(char) = chars.next() {
        let next_is_lower = chars.peek().is_some_and(char::is_ascii_lowercase);
        let begins_word = char.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || before.is_ascii_digit() || (before.is_ascii_uppercase() && next_is_lower));
        if (begins_word || !char.is_ascii_alphanumeric()) && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        if char.is_ascii_alphanumeric() {
            out.push(char.to_ascii_lowercase());
        }
        before = char;
    }
    let out = out.trim_end_matches('_').to_owned();
    match out.chars().next() {
        None => None,
        Some(first) if first.is_ascii_digit() => Some(format!("n{out}")),
        Some(_) => Some(out),
    }
}

/// What one row of a table of that name is called: `orders` holds an `order`.
pub(super) fn singular(name: &str) -> String {
    let (before, last) = name.rsplit_once('_').map_or(("", name), |(before, last)| (before, last));
    let one = if let Some(stem) = last.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        format!("{stem}y")
    } else if ["sses", "xes", "ches", "shes"].iter().any(|end| last.ends_with(end)) {
        last.strip_suffix("es").unwrap_or(last).to_owned()
    } else if last.len() > 3 && last.ends_with('s') && !["ss", "us", "is", "news"].iter().any(|end| last.ends_with(end)) {
        last.trim_end_matches('s').to_owned()
    } else {
        last.to_owned()
    };
    if before.is_empty() { one } else { format!("{before}_{one}") }
}

/// A name that is not taken, starting with the wish; it is taken from now on.
pub(super) fn free(wish: &str, taken: &mut Vec<String>) -> String {
    let mut name = wish.to_owned();
    let mut count = 1;
    while taken.contains(&name) {
        count += 1;
        name = format!("{wish}_{count}");
    }
    taken.push(name.clone());
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_those_of_specs() {
        let cases = [
            ("orders", "orders"),
            ("Customer ID", "customer_id"),
            ("customerId", "customer_id"),
            ("HTTPStatus", "http_status"),
            ("__odd--name__", "odd_name"),
            ("2024 sales", "n2024_sales"),
            ("Größe", "grosse"),
            ("日付", "ri_fu"),
        ];
        for (name, expected) in cases {
            assert_eq!(snake(name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(snake("--"), None);
    }

    #[test]
    fn tables_hold_rows_of_one_thing() {
        let cases = [
            ("orders", "order"),
            ("categories", "category"),
            ("order_lines", "order_line"),
            ("boxes", "box"),
            ("purchases", "purchase"),
            ("addresses", "address"),
            ("status", "status"),
            ("news", "news"),
            ("gas", "gas"),
            ("customer", "customer"),
        ];
        for (name, expected) in cases {
            assert_eq!(singular(name), expected);
        }
    }
}
