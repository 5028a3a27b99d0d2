//! Guesses at what a misspelt name was meant to be.

use std::collections::BTreeSet;

/// The candidate nearest to `typed`, if any is near enough to be worth saying.
///
/// Nearness is the Damerau-Levenshtein distance, at most a third of the longer word; a candidate that is the same but for
/// case, or that starts with what was typed, counts as near.
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
        // One for many, or many for one, is the likeliest slip of all.
        if crate::text::plural(&lower) == candidate || crate::text::plural(candidate) == lower {
            distance = 0;
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

/// Where a misspelt word comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// From the language: whoever writes another word has made a mistake, because it means nothing.
    Language,
    /// From a project, whose names may be as alike as `new_mrr` and `net_mrr`; the one that was meant may not be there.
    Project,
}

/// The candidate that `typed` is certain to have been meant to be, so that it can be put there without asking.
///
/// It is the only one that is the same but for case, or the only one that is one typing error away. A name of a project has to
/// be longer, and only a letter that is missing, doubled up or swapped with its neighbour counts: another letter or another
/// digit may be another name.
pub fn certain<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>, words: Words) -> Option<&'a str> {
    let lower = typed.to_lowercase();
    let all: BTreeSet<&str> = candidates.into_iter().filter(|candidate| *candidate != typed).collect();
    let mut same = all.iter().filter(|candidate| candidate.to_lowercase() == lower);
    if let Some(first) = same.next() {
        return same.next().is_none().then_some(first);
    }
    let mut near = all.iter().filter(|candidate| strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()) == 1);
    let only = near.next().filter(|_| near.next().is_none())?;
    let long_enough = typed.chars().count().min(only.chars().count())
        >= match words {
            Words::Language => 4,
            Words::Project => 5,
        };
    (long_enough && (words == Words::Language || is_slip(&lower, only))).then_some(only)
}

/// Whether two words that are one typing error apart have the same letters but for one that is missing or there twice.
fn is_slip(typed: &str, meant: &str) -> bool {
    let (shorter, longer) = if typed.len() < meant.len() { (typed, meant) } else { (meant, typed) };
    let mut letters: Vec<char> = longer.chars().collect();
    for char in shorter.chars() {
        match letters.iter().position(|letter| *letter == char) {
            Some(at) => letters.swap_remove(at),
            None => return false,
        };
    }
    let swapped = letters.is_empty();
    let digits = |word: &str| word.chars().filter(char::is_ascii_digit).collect::<String>();
    digits(typed) == digits(meant) && (swapped || letters.len() == 1)
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
        assert_eq!(nearest("ride", ["mean_ride", "rides"]), Some("rides"));
        assert_eq!(nearest("countries", ["country", "counters"]), Some("country"));
        assert_eq!(nearest("", names), None);
    }

    #[test]
    fn a_word_of_the_language_is_certain_if_only_one_is_near() {
        let keys = ["owner", "grain", "grains", "min", "max", "better"];
        let certain = |typed| certain(typed, keys, Words::Language);
        assert_eq!(certain("onwer"), Some("owner"));
        assert_eq!(certain("ovner"), Some("owner"));
        assert_eq!(certain("Better"), Some("better"));
        assert_eq!(certain("Min"), Some("min"));
        assert_eq!(certain("grainn"), None, "`grain` and `grains` are both near");
        assert_eq!(certain("mix"), None, "too short, and two are near");
        assert_eq!(certain("bettter_"), None);
    }

    #[test]
    fn a_name_of_a_project_is_certain_only_if_it_cannot_be_another_name() {
        let names = ["revenue", "new_mrr", "orders_2024", "visit_a", "signups"];
        let certain = |typed| certain(typed, names, Words::Project);
        assert_eq!(certain("revenu"), Some("revenue"));
        assert_eq!(certain("revenuee"), Some("revenue"));
        assert_eq!(certain("reveune"), Some("revenue"));
        assert_eq!(certain("sign_ups"), Some("signups"));
        assert_eq!(certain("net_mrr"), None, "another letter may be another name");
        assert_eq!(certain("orders_2042"), None, "digits that change places are another year");
        assert_eq!(certain("orders_224"), None);
        assert_eq!(certain("visit_b"), None);
        assert_eq!(super::certain("mrr", ["mrrs"], Words::Project), None, "too short");
    }
}
