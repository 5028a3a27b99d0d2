//! Texts of specs as pages show them. Templates escape them; here they are only cut into parts.

/// The paragraphs of a text: what blank lines part.
pub(super) fn paragraphs(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for line in text.lines() {
        match found.last_mut() {
            _ if line.trim().is_empty() => found.push(String::new()),
            Some(last) if last.is_empty() => line.trim().clone_into(last),
            Some(last) => last.push_str(&format!("\n{}", line.trim())),
            None => {}
        }
    }
    found.retain(|paragraph| !paragraph.is_empty());
    found
}

/// The first sentence of a text.
pub(super) fn summary(text: &str) -> String {
    const LONGEST: usize = 160;
    let first = paragraphs(text).into_iter().next().unwrap_or_default();
    let line = first.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = [". ", "! ", "? "].iter().filter_map(|end| line.find(end)).min();
    let sentence = end.and_then(|end| line.get(..=end)).unwrap_or(&line);
    if sentence.chars().count() <= LONGEST {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(LONGEST).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words))
}

/// An address that a page may lead to; nothing for any other, which would run something or show another file.
pub(super) fn address(text: &str) -> Option<&str> {
    let is_plain = text.chars().all(|char| !char.is_control() && !char.is_whitespace());
    let lower = text.to_ascii_lowercase();
    (is_plain && ["https://", "http://", "mailto:"].iter().any(|begin| lower.starts_with(begin))).then_some(text)
}

/// A name or status with blanks: `on track`.
pub(super) fn plain(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_part_paragraphs() {
        assert_eq!(paragraphs("one\n two\n\n\nthree\n"), ["one\ntwo", "three"]);
        assert!(paragraphs(" \n").is_empty());
        assert_eq!(summary("What buyers\npaid. Free orders count.\n\nMore."), "What buyers paid.");
        assert!(summary(&"word ".repeat(60)).ends_with("word…"));
    }

    #[test]
    fn addresses_run_nothing() {
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            " https://a.b",
            "https://a b",
            "//a.b",
            "java\nscript:x",
        ] {
            assert_eq!(address(bad), None, "{bad}");
        }
        assert_eq!(address("HTTPS://a.b/?x=<y>"), Some("HTTPS://a.b/?x=<y>"));
    }
}
