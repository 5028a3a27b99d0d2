//! `number-in-objective`: an objective says where to go; how far is for its key results.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::NUMBER_IN_OBJECTIVE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for objective in lens.model.objectives.rows() {
        let Some(number) = number(&objective.title) else { continue };
        let span = objective.title_span.unwrap_or(objective.name.span);
        let message = format!("the title of `{}` has a number in it: {number}", objective.name.value);
        findings
            .report(&codes::NUMBER_IN_OBJECTIVE, span, message)
            .help("say in words what will be different, so that people remember it; the number belongs in a key result");
    }
}

/// The first word of a title that is an amount. A year, or a number within a name, is none: `2025`, `B2B`, `Q3`.
fn number(title: &str) -> Option<&str> {
    title.split_whitespace().map(|word| word.trim_matches(|char: char| matches!(char, ',' | '.' | '(' | ')' | ':' | ';'))).find(
        |word| {
            let digits = word
                .trim_start_matches(['+', '-', '$', '\u{20ac}', '\u{a3}', 'x'])
                .trim_end_matches(['%', 'x', 'k', 'm', 'K', 'M']);
            let is_number = digits.starts_with(|char: char| char.is_ascii_digit())
                && digits.chars().all(|char| char.is_ascii_digit() || matches!(char, '.' | ',' | '_'));
            let is_year = *word == digits && digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
            is_number && !is_year
        },
    )
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn amounts_and_what_only_looks_like_one() {
        assert_eq!(number("Reach 10k users"), Some("10k"));
        assert_eq!(number("Raise NPS by 20%."), Some("20%"));
        assert_eq!(number("Grow to $2.5M, and stay"), Some("$2.5M"));
        for fine in ["Lead the B2B market", "Be ready for 2025", "A great Q3", "Delight our customers"] {
            assert_eq!(number(fine), None, "{fine}");
        }
    }
}
