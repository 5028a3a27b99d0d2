//! dbt reads every model, and every text about one, as a Jinja template, which can run macros and SQL. Nothing that a spec says may be a template.

/// Whether a brace and what follows it begin something of Jinja.
fn begins(next: Option<char>) -> bool {
    matches!(next, Some('{' | '%' | '#') | None)
}

/// A text of which Jinja, once it has rendered it, gives exactly this text.
pub(super) fn exact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        // At the end too: something may stand behind the text.
        if char == '{' && begins(chars.peek().copied()) { out.push_str("{{ '{' }}") } else { out.push(char) }
    }
    out
}

/// A text for people that is none of Jinja however often it is rendered: braces stand apart in it.
pub(super) fn said(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        out.push(char);
        if char == '{' && begins(chars.peek().copied()) {
            out.push(' ');
        }
    }
    // A text that ends with a brace has no blank behind it.
    if text.ends_with('{') {
        out.pop();
    }
    out
}

/// Whether a text would be taken for a template, in whole or in part.
pub(super) fn is_template(text: &str) -> bool {
    exact(text) != text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Jinja makes of a text, as far as it knows texts in quotes only. Nothing but these may be in it.
    fn rendered(text: &str) -> String {
        minijinja::Environment::new().render_str(text, ()).unwrap()
    }

    const HOSTILE: &[&str] = &[
        "{{ 1 + 1 }}",
        "{% set x = 1 %}",
        "{# hidden #}",
        "{{{ 1 }}}",
        "{",
        "{{",
        "{%",
        "{%- raw -%}{{ 1 }}{% endraw %}",
        "{{ '{' }}{ 1 }}",
        "{'a': {'b': 1}}",
        "a {b} }} %} #}",
    ];

    #[test]
    fn what_is_exact_is_the_text_again() {
        for text in HOSTILE {
            assert_eq!(rendered(&exact(text)), *text);
            assert_eq!(rendered(&format!("{}{{{{ 7 }}}}", exact(text))), format!("{text}7"));
        }
        assert_eq!(exact("a = {'b': 1}"), "a = {'b': 1}");
    }

    #[test]
    fn what_is_said_is_no_template_twice_over() {
        for text in HOSTILE {
            let once = said(text);
            assert_eq!(rendered(&once), once);
            assert_eq!(once.replace(' ', ""), text.replace(' ', ""));
        }
    }
}
