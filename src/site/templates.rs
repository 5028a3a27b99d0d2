//! The templates of pages. Every text that they print is escaped for HTML; what is markup was made by [`super::chart`], which escapes its own texts.

use super::words;
use crate::diagnostic::{Finding, Findings};
use crate::template::{self, Kind};
use crate::text::Files;
use minijinja::{AutoEscape, Value};
use sha2::{Digest, Sha256};

/// kpic's own templates, by name.
const BUILT_IN: &[(&str, &str)] = &[
    ("index.html.j2", include_str!("templates/index.html.j2")),
    ("kpis.html.j2", include_str!("templates/kpis.html.j2")),
    ("tree.html.j2", include_str!("templates/tree.html.j2")),
    ("objectives.html.j2", include_str!("templates/objectives.html.j2")),
    ("objective.html.j2", include_str!("templates/objective.html.j2")),
    ("scorecard.html.j2", include_str!("templates/scorecard.html.j2")),
    ("teams.html.j2", include_str!("templates/teams.html.j2")),
    ("team.html.j2", include_str!("templates/team.html.j2")),
    ("journeys.html.j2", include_str!("templates/journeys.html.j2")),
    ("journey.html.j2", include_str!("templates/journey.html.j2")),
    ("kpi.html.j2", include_str!("templates/kpi.html.j2")),
    ("_page.html.j2", include_str!("templates/_page.html.j2")),
    ("_macros.html.j2", include_str!("templates/_macros.html.j2")),
];

/// The templates of a site. A project has none of its own: they would have to keep what the content policy says.
static KIND: Kind = Kind { makes: "page", built_in: BUILT_IN, is_named: |_| false };

/// The style sheet of all pages.
const STYLE: &str = include_str!("templates/site.css");
/// The script of all pages: pages are read without it too.
const SCRIPT: &str = include_str!("templates/site.js");

/// The templates.
pub(super) struct Templates<'a>(template::Templates<'a>);

impl<'a> Templates<'a> {
    pub(super) fn new(files: &'a Files, findings: &mut Findings) -> Self {
        let mut environment = template::environment();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.add_filter("paragraphs", |text: &str| words::paragraphs(text));
        environment.add_filter("address", |text: &str| words::address(text).map(str::to_owned));
        environment.add_filter("plain", words_of);
        environment.add_global("style", Value::from_safe_string(STYLE.to_owned()));
        environment.add_global("script", Value::from_safe_string(SCRIPT.to_owned()));
        environment.add_global("policy", Value::from_safe_string(policy()));
        Self(template::Templates::new(&KIND, files, environment, findings))
    }

    /// A page.
    ///
    /// # Errors
    /// Gives what is wrong with the template.
    pub(super) fn render(&self, name: &str, context: &Value) -> Result<String, Box<Finding>> {
        self.0.render(name, context)
    }
}

fn words_of(text: &str) -> String {
    words::plain(text)
}

/// What a page may do: show itself, in its own style, and run its own script. It asks for nothing.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        base64(&Sha256::digest(STYLE)),
        base64(&Sha256::digest(SCRIPT))
    )
}

/// Bytes as text, as content policies have them.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS.get((group >> (18 - 6 * place)) as usize & 63).copied().unwrap_or(b'=');
            text.push(if place > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_text() {
        // RFC 4648, 10.
        let word = "foobar".as_bytes();
        let each: Vec<String> = (0..=word.len()).map(|length| base64(&word[..length])).collect();
        assert_eq!(each, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
    }

    /// Inside of a page they end where a tag of that name does, and nowhere else.
    #[test]
    fn style_and_script_cannot_end_early() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</") && !text.contains("<!--") && !text.contains('\r'));
        }
    }
}
