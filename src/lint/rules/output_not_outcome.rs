//! `output-not-outcome`: a key result says what becomes different for somebody, not what is delivered.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::OUTPUT_NOT_OUTCOME, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for (_, result) in lens.key_results() {
        // A title that nobody wrote is made of the name.
        let span = result.title_span.unwrap_or(result.name.span);
        let Some(word) = output(&result.title) else { continue };
        let message = format!("`{}` is a task, not an outcome: \"{word}\"", result.name.value);
        findings.report(&codes::OUTPUT_NOT_OUTCOME, span, message).help(
            "ask what will be different for customers once it is done, and measure that; list the tasks under `initiatives`",
        );
    }
}

/// Verbs of delivery with which outputs start.
const OUTPUTS: [&str; 22] = [
    "launch",
    "ship",
    "implement",
    "build",
    "deliver",
    "develop",
    "deploy",
    "release",
    "roll",
    "migrate",
    "finish",
    "complete",
    "create",
    "design",
    "write",
    "publish",
    "hold",
    "organise",
    "organize",
    "introduce",
    "set",
    "install",
];

/// The verb of delivery with which a title starts.
fn output(title: &str) -> Option<&str> {
    let mut words = title.split_whitespace();
    let first = words.next()?;
    let lower = first.to_lowercase();
    let second = words.next().unwrap_or_default().to_lowercase();
    // "Set up a portal" and "Roll out" deliver; "Set a record" and "Roll back churn" do not. Nor does "Hold margin".
    let delivers = match lower.as_str() {
        "roll" => second == "out",
        "set" => second == "up",
        "hold" => matches!(second.as_str(), "a" | "workshops" | "trainings" | "webinars" | "events"),
        // What is done again and again by customers is an outcome: "Complete rate", "Release frequency".
        "complete" | "release" | "design" | "build" => matches!(second.as_str(), "a" | "an" | "the" | "our" | "all" | "new"),
        word => OUTPUTS.contains(&word),
    };
    delivers.then_some(first)
}

#[cfg(test)]
mod tests {
    use super::output;

    #[test]
    fn outputs_and_outcomes() {
        for title in
            ["Launch the partner portal", "Ship guided onboarding", "Roll out SSO", "Set up a data team", "Build a new app"]
        {
            assert!(output(title).is_some(), "{title}");
        }
        for title in [
            "Lift activation",
            "Hold gross margin",
            "Release frequency doubles",
            "Launches per week",
            "Shipping on time",
            "Set a record",
        ] {
            assert_eq!(output(title), None, "{title}");
        }
    }
}
