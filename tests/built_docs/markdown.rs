//! What a reader of Markdown sees on a page: its prose, its links, the anchors of its headings.

use std::collections::BTreeSet;

/// A page without its blocks of code.
pub(crate) fn prose(page: &str) -> String {
    let mut fence: Option<usize> = None;
    let mut out = String::new();
    for line in page.lines() {
        let ticks = line.chars().take_while(|char| *char == '`').count();
        match fence {
            Some(open) if ticks >= open && line.len() == ticks => fence = None,
            None if ticks >= 3 => fence = Some(ticks),
            Some(_) => {}
            None => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    assert_eq!(fence, None, "a block of code is not closed");
    out
}

/// A page's prose without what stands in the type of code.
pub(crate) fn without_code(page: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    let mut before = ' ';
    for char in prose(page).chars() {
        if char == '`' && before != '\\' {
            inside = !inside;
        } else if !inside {
            out.push(char);
        }
        before = char;
    }
    assert!(!inside, "{page}");
    out
}

/// The targets of links: what stands in parentheses after an unescaped bracket.
pub(crate) fn links(page: &str) -> Vec<String> {
    let prose = without_code(page);
    let mut found = Vec::new();
    for (at, _) in prose.match_indices("](") {
        if !prose[..at].ends_with('\\') {
            found.push(prose[at + 2..].split(')').next().unwrap().to_owned());
        }
    }
    found
}

/// The anchors of a page's headings, as code hosts and `MkDocs` make them of plain titles.
pub(crate) fn anchors(page: &str) -> BTreeSet<String> {
    let headings = prose(page);
    let titles = headings.lines().filter_map(|line| line.strip_prefix('#')).map(|line| line.trim_start_matches('#').trim());
    titles.map(|title| title.to_lowercase().replace(' ', "-")).collect()
}

/// The path to which a link on a page leads.
pub(crate) fn target(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            ".." => assert!(parts.pop().is_some(), "{link} on {page} leads out of the documents"),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The lines of tables, with an empty line between two tables.
pub(crate) fn page_tables(prose: &str) -> Vec<String> {
    prose.lines().map(|line| if line.starts_with('|') { line.to_owned() } else { String::new() }).collect()
}

pub(crate) fn unescaped(line: &str, mark: char) -> usize {
    line.match_indices(mark).filter(|(at, _)| !line[..*at].ends_with('\\')).count()
}
