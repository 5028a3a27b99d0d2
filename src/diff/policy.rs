//! What a project refuses of a change, and what somebody allows of that with a reason.
//!
//! A trailer `Kpic-Allow: CLASS: REASON` allows what is denied as `CLASS`, and `Kpic-Allow: CLASS NAME: REASON` only the change of one definition. One without a
//! reason allows nothing. What is allowed is shown with its reason wherever the change is shown.

use super::{Change, Class, DENIABLE, Diff, Kind, words};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What begins a trailer, in small letters.
const TRAILER: &str = "kpic-allow:";

/// What is allowed although it is denied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Allowance {
    /// What it would be denied as: a class, `goal-mid-cycle` or `meaning-without-changelog`.
    pub class: String,
    /// The definition whose change is allowed; nothing where all are.
    pub name: Option<String>,
    /// Why.
    pub reason: String,
    /// Who says so: a commit with its author, or the request.
    pub by: String,
}

impl Allowance {
    /// Why it allows nothing, where nothing of that is denied.
    pub fn idle(&self) -> String {
        let of = self.name.as_ref().map(|name| format!(" of `{name}`")).unwrap_or_default();
        let name = self.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        format!("`Kpic-Allow: {}{name}` ({}) allows nothing: no change{of} is denied as {}", self.class, self.by, self.class)
    }

    /// In a sentence without its full stop. What others wrote is quoted by `code`.
    pub fn told(&self, code: impl Fn(&str) -> String) -> String {
        let of = self.name.as_ref().map(|name| format!(" of {}", code(name))).unwrap_or_default();
        format!("{}{of}, because {} (by {})", self.class, code(&self.reason), code(&self.by))
    }
}

/// The allowances that a text has, and what is wrong with those that are none.
pub fn trailers(text: &str, by: &str) -> (Vec<Allowance>, Vec<String>) {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for line in text.lines().map(str::trim) {
        let is_trailer = line.get(..TRAILER.len()).is_some_and(|start| start.eq_ignore_ascii_case(TRAILER));
        if !is_trailer {
            continue;
        }
        let says = line.get(TRAILER.len()..).unwrap_or_default();
        let (what, reason) = says.split_once(':').unwrap_or((says, ""));
        let mut parts = what.split_whitespace();
        let (class, name, more) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let reason = reason.trim();
        let problem = if !DENIABLE.contains(&class) {
            Some(format!("`{class}` is none of {}", DENIABLE.join(", ")))
        } else if more.is_some() {
            Some("it names more than one definition".to_owned())
        } else if reason.is_empty() {
            Some("it gives no reason: write `Kpic-Allow: CLASS NAME: REASON`".to_owned())
        } else {
            None
        };
        match problem {
            Some(why) => wrong.push(format!("`{line}` ({by}) allows nothing: {why}")),
            None => found.push(Allowance {
                class: class.to_owned(),
                name: name.map(str::to_owned),
                reason: reason.to_owned(),
                by: by.to_owned(),
            }),
        }
    }
    (found, wrong)
}

/// The lines of a text that another has not, or has less often.
pub fn new_lines(before: &str, after: &str) -> Vec<String> {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    before.lines().for_each(|line| *known.entry(line.trim()).or_default() += 1);
    let mut new = Vec::new();
    for line in after.lines().map(str::trim) {
        match known.get_mut(line) {
            Some(count) if *count > 0 => *count -= 1,
            _ => new.push(line.to_owned()),
        }
    }
    new
}

/// What counts for one change.
#[derive(Debug, Default)]
pub struct Policy<'a> {
    /// What is denied.
    pub deny: Vec<String>,
    /// What is allowed all the same.
    pub allowances: Vec<Allowance>,
    /// The new lines of the changelog.
    pub changelog: &'a [String],
    /// What people call definitions, where that may stand in the changelog in the place of their names.
    pub titles: BTreeMap<(Kind, String), String>,
}

/// What is refused.
#[derive(Debug, Default)]
pub struct Refused {
    /// For each word that is denied, how many changes there are.
    pub words: Vec<String>,
    /// Which changes, by their places in the list.
    pub changes: BTreeSet<usize>,
    /// What is allowed, although nothing of that is denied.
    pub idle: Vec<Allowance>,
}

impl Policy<'_> {
    /// What of a difference is refused; what is allowed is put down in it.
    pub fn judge(&self, diff: &mut Diff) -> Refused {
        let mut refused = Refused::default();
        let mut used = BTreeSet::new();
        for word in self.deny.iter().collect::<BTreeSet<_>>() {
            let mut count = 0;
            for (at, change) in diff.changes.iter().enumerate().filter(|(_, change)| self.is_meant(word, change)) {
                let is_named = |name: &String| *name == change.name || change.former.as_ref() == Some(name);
                let allows = |allowance: &Allowance| allowance.class == **word && allowance.name.as_ref().is_none_or(is_named);
                // One that names the definition says more than one for all.
                let by = |named: bool| self.allowances.iter().position(|of| of.name.is_some() == named && allows(of));
                if let Some(by) = by(true).or_else(|| by(false)) {
                    used.insert(by);
                } else {
                    count += 1;
                    refused.changes.insert(at);
                }
            }
            if count > 0 {
                refused.words.push(format!("{} of class {word}", words::many(count, "change")));
            }
        }
        let each = self.allowances.iter().cloned().enumerate();
        let (allowed, idle): (Vec<_>, Vec<_>) = each.partition(|(at, _)| used.contains(at));
        diff.allowed = allowed.into_iter().map(|(_, allowance)| allowance).collect();
        refused.idle = idle.into_iter().map(|(_, allowance)| allowance).collect();
        refused
    }

    fn is_meant(&self, word: &str, change: &Change) -> bool {
        match word {
            "goal-mid-cycle" => change.is_mid_cycle,
            "meaning-without-changelog" => change.class == Class::Meaning && !self.is_in_changelog(change),
            word => change.class.name() == word,
        }
    }

    /// Whether a new line of the changelog names what changes: by its name as a word of its own, or by its title in bold, as `kpic changelog` writes it.
    fn is_in_changelog(&self, change: &Change) -> bool {
        let name = if change.kind.is_single() { change.kind.noun() } else { &change.name };
        let is_part = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || matches!(char, '_' | '.'));
        let has_word = |line: &str| {
            line.match_indices(name).any(|(at, _)| {
                let (before, rest) = line.split_at(at);
                let after = rest.get(name.len()..).unwrap_or_default();
                // A full stop ends a sentence, and goes on a name only where more follows.
                let mut next = after.chars();
                let goes_on = match next.next() {
                    Some('.') => is_part(next.next()),
                    next => is_part(next),
                };
                !is_part(before.chars().next_back()) && !goes_on
            })
        };
        let title = self
            .titles
            .get(&(change.kind, change.name.clone()))
            .filter(|title| !title.is_empty())
            .map(|title| format!("**{title}**"));
        self.changelog.iter().any(|line| has_word(line) || title.as_ref().is_some_and(|title| line.contains(title.as_str())))
    }
}
