//! Guesses at what a misspelt name was meant to be.

/// The candidate nearest to `typed`, if any is near enough to be worth saying.
///
/// Nearness is the Damerau-Levenshtein distance, at most a third of the longer word; a candidate that is the same but for
/// case, or that begins with what was typed, counts as near.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = typed.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate == typed || candidate.chars().count() > 200 {
            continue;
        }
        let longer = candidate.chars().count().max(typed.chars().count());
        let mut distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
        let contained = lower.len() >= 3 && (candidate.starts_with(&lower) || candidate.ends_with(&lower));
        if contained {
            distance = distance.min(1);
        }
        let near = distance <= (longer / 3).max(1) && (longer > 2 || distance == 0);
        if near && best.is_none_or(|(least, name)| (distance, candidate) < (least, name)) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, name)| name)
}

/// The help line for an unknown name: the nearest candidate, or the list of all where there are few.
pub fn did_you_mean<'a>(typed: &str, what: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut all: Vec<&str> = candidates.into_iter().collect();
    if let Some(name) = nearest(typed, all.iter().copied()) {
        let rest = list(&mut all);
        return Some(match rest {
            Some(rest) if all.len() > 1 => format!("did you mean `{name}`? {what}: {rest}"),
            _ => format!("did you mean `{name}`?"),
        });
    }
    list(&mut all).map(|rest| format!("{what}: {rest}"))
}

/// The names as one line, if they fit one.
fn list(all: &mut Vec<&str>) -> Option<String> {
    all.dedup();
    let line = all.join(", ");
    (!all.is_empty() && line.len() <= 160).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_typing_errors_and_nothing_else() {
        let names = ["amount", "status", "customer", "ordered_at"];
        assert_eq!(nearest("amuont", names), Some("amount"));
        assert_eq!(nearest("Status", names), Some("status"));
        assert_eq!(nearest("ordered", names), Some("ordered_at"));
        assert_eq!(nearest("zebra", names), None);
        assert_eq!(nearest("", names), None);
    }
}
