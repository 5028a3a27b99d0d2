//! Guesses at what a misspelt name was meant to be.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

/// Characters of the longest name that is looked at. Nobody misspells a longer one by a letter.
const LONGEST: usize = 64;

/// What all looking in one run may cost, in steps of a comparison: enough for thousands of misspelt names. Once it is used up, names are
/// reported without a suggestion.
const BUDGET: u64 = 30_000_000;

static SPENT: AtomicU64 = AtomicU64::new(0);

/// Begins a run, whose looking costs nothing yet.
pub fn begin() {
    SPENT.store(0, Ordering::Relaxed);
}

/// Whether there is nothing left to look with.
fn is_used_up() -> bool {
    SPENT.load(Ordering::Relaxed) >= BUDGET
}

/// A name that was typed, as it is compared.
struct Typed<'a> {
    lower: Cow<'a, str>,
    length: usize,
    letters: [u8; 64],
}

impl<'a> Typed<'a> {
    fn new(typed: &'a str) -> Option<Self> {
        // Bytes first: to count the characters of a very long one takes time, too.
        let length = if typed.len() > 4 * LONGEST { return None } else { typed.chars().count() };
        let lower = lower(typed);
        let letters = letters(&lower);
        (length <= LONGEST).then_some(Self { lower, length, letters })
    }

    /// How many typing errors a candidate is away, if that is not more than `most`.
    fn distance(&self, candidate: &Self, most: usize) -> Option<usize> {
        // Each error changes the length by at most one, and at most one letter for another.
        let counts = || self.letters.iter().zip(&candidate.letters);
        let missing: usize = counts().map(|(one, other)| usize::from(one.saturating_sub(*other))).sum();
        let added: usize = counts().map(|(one, other)| usize::from(other.saturating_sub(*one))).sum();
        SPENT.fetch_add(30, Ordering::Relaxed);
        if self.length.abs_diff(candidate.length) > most || missing.max(added) > most {
            return None;
        }
        SPENT.fetch_add(u64::try_from(self.length * candidate.length).unwrap_or(u64::MAX), Ordering::Relaxed);
        Some(strsim::damerau_levenshtein(&self.lower, &candidate.lower)).filter(|distance| *distance <= most)
    }
}

/// A name in lower case.
fn lower(name: &str) -> Cow<'_, str> {
    let is_lower = name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(name) } else { Cow::Owned(name.to_lowercase()) }
}

/// How often each letter is in a name; letters that share a place count together.
fn letters(name: &str) -> [u8; 64] {
    let mut counts = [0u8; 64];
    for char in name.chars() {
        let place = usize::try_from(u32::from(char) % 64).unwrap_or_default();
        if let Some(count) = counts.get_mut(place) {
            *count = count.saturating_add(1);
        }
    }
    counts
}

/// The candidate nearest to `typed`, if any is near enough to be worth saying.
///
/// Nearness is the Damerau-Levenshtein distance, at most a third of the longer word; a candidate that is the same but for
/// case, or that starts with what was typed, counts as near.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed_as = typed;
    let typed = Typed::new(typed)?;
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if is_used_up() {
            return None;
        }
        let Some(other) = Typed::new(candidate).filter(|_| candidate != typed_as) else { continue };
        let lower = &*typed.lower;
        let longer = other.length.max(typed.length);
        let most = (longer / 3).max(1);
        let contained = lower.len() >= 3 && (candidate.starts_with(lower) || candidate.ends_with(lower));
        // One for many, or many for one, is the likeliest slip of all; a plural has a few letters more at most.
        let is_plural = other.length.abs_diff(typed.length) <= 4
            && (crate::text::plural(lower) == candidate || crate::text::plural(candidate) == lower);
        let distance = if is_plural {
            Some(0)
        } else if contained {
            Some(typed.distance(&other, 1).unwrap_or(1))
        } else {
            // One that is further away than the best so far is not of interest.
            typed.distance(&other, best.map_or(most, |(least, _)| most.min(least)))
        };
        let Some(distance) = distance.filter(|distance| longer > 2 || *distance == 0) else { continue };
        if best.is_none_or(|(least, name)| (distance, candidate) < (least, name)) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, name)| name)
}

/// The help line for an unknown name: the nearest candidate, or the list of all where there are few.
pub fn did_you_mean<'a>(typed: &str, what: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // Of names that are not looked at only the list is left, which has few.
    let most = if is_used_up() { LISTED } else { usize::MAX };
    let mut all: Vec<&str> = candidates.into_iter().take(most).collect();
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
    let (mut same, mut near) = (BTreeSet::new(), BTreeSet::new());
    let (name, typed) = (typed, Typed::new(typed)?);
    for candidate in candidates.into_iter().filter(|candidate| *candidate != name) {
        if is_used_up() {
            return None;
        }
        match Typed::new(candidate).and_then(|other| typed.distance(&other, 1)) {
            Some(0) => same.insert(candidate),
            Some(_) => near.insert(candidate),
            None => false,
        };
    }
    if let Some(first) = same.pop_first() {
        return same.is_empty().then_some(first);
    }
    let only = near.pop_first().filter(|_| near.is_empty())?;
    let long_enough = typed.length.min(only.chars().count())
        >= match words {
            Words::Language => 4,
            Words::Project => 5,
        };
    (long_enough && (words == Words::Language || is_slip(&typed.lower, only))).then_some(only)
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

/// So many names do not fit one line, however short they are.
const LISTED: usize = 160;

/// The names as one line, if they fit one.
fn list(all: &mut Vec<&str>) -> Option<String> {
    all.dedup();
    if all.len() >= LISTED {
        return None;
    }
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
    fn looking_has_an_end() {
        let long = "x".repeat(100_000);
        assert_eq!(nearest(&long, [format!("{long}x").as_str()]), None);
        let long = ["a".repeat(LONGEST + 1), "a".repeat(LONGEST)];
        assert_eq!(nearest("a".repeat(LONGEST).as_str(), long.iter().map(String::as_str)), None);
        assert_eq!(nearest("größen", ["größe", "grösse"]), Some("größe"));
        assert_eq!(nearest("abcdef", ["abcdfe", "zzzdef"]), Some("abcdfe"));
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
