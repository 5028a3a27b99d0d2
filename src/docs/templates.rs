//! The templates of pages: kpic's own, and those that a project has put in their place.
//!
//! Whatever a template prints is escaped for Markdown unless a filter below has made Markdown of it.

use super::escape;
use crate::diagnostic::{Finding, Findings};
use crate::template::{self, Kind};
use crate::text::{Files, lines};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Value};

/// kpic's own templates, by name.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("index.md.j2", include_str!("templates/index.md.j2")),
    ("kpi.md.j2", include_str!("templates/kpi.md.j2")),
    ("north_star.md.j2", include_str!("templates/north_star.md.j2")),
    ("objective.md.j2", include_str!("templates/objective.md.j2")),
    ("team.md.j2", include_str!("templates/team.md.j2")),
    ("scorecard.md.j2", include_str!("templates/scorecard.md.j2")),
    ("guardrails.md.j2", include_str!("templates/guardrails.md.j2")),
    ("guardrail.md.j2", include_str!("templates/guardrail.md.j2")),
    ("review.md.j2", include_str!("templates/review.md.j2")),
    ("coverage.md.j2", include_str!("templates/coverage.md.j2")),
    ("taxonomy_value.md.j2", include_str!("templates/taxonomy_value.md.j2")),
    ("source.md.j2", include_str!("templates/source.md.j2")),
    ("journey.md.j2", include_str!("templates/journey.md.j2")),
    ("dimension.md.j2", include_str!("templates/dimension.md.j2")),
    ("lineage.md.j2", include_str!("templates/lineage.md.j2")),
    ("glossary.md.j2", include_str!("templates/glossary.md.j2")),
    ("_macros.md.j2", include_str!("templates/_macros.md.j2")),
    ("_header.md.j2", include_str!("templates/_header.md.j2")),
    ("_footer.md.j2", include_str!("templates/_footer.md.j2")),
];

/// The templates of pages: all but those of SQL.
static KIND: Kind = Kind { makes: "page", built_in: BUILT_IN, is_named: |name| !name.ends_with(".sql.j2") };

/// The templates of a project.
pub(super) struct Templates<'a>(template::Templates<'a>);

impl<'a> Templates<'a> {
    /// kpic's templates with those of a project in their place.
    pub(super) fn new(files: &'a Files, findings: &mut Findings) -> Self {
        let mut environment = template::environment();
        environment.set_auto_escape_callback(|_| AutoEscape::Custom("markdown"));
        environment.set_formatter(|out, _, value| {
            if value.is_none() {
                return Ok(());
            }
            match value.as_str() {
                Some(text) if !value.is_safe() => out.write_str(&escape::inline(text)).map_err(Error::from),
                Some(text) => out.write_str(text).map_err(Error::from),
                None => write!(out, "{value}").map_err(Error::from),
            }
        });
        filters(&mut environment);
        Self(template::Templates::new(&KIND, files, environment, findings))
    }

    /// A page, or what is wrong with its template.
    pub(super) fn render(&self, name: &str, context: &Value) -> Result<String, Box<Finding>> {
        self.0.render(name, context).map(|text| tidy(&text))
    }
}

/// A link to what has a `title` and a `href`; only the title where it has no page.
fn link(target: &Value) -> String {
    let attribute = |name: &str| target.get_attr(name).ok().filter(|value| !value.is_undefined() && !value.is_none());
    let title =
        attribute("title").map(|title| escape::inline(title.as_str().unwrap_or_default()).into_owned()).unwrap_or_default();
    match attribute("href") {
        // Paths are made of names and slugs: nothing in them has to be escaped.
        Some(href) => format!("[{title}]({href})"),
        None => title,
    }
}

fn joined(values: &Value, of: impl Fn(&Value) -> String) -> Result<Value, Error> {
    if values.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    let parts: Vec<String> = values.try_iter()?.map(|value| of(&value)).collect();
    Ok(Value::from_safe_string(parts.join(", ")))
}

/// What a filter has made of a value, which has to be there.
fn made(value: &Value, of: impl Fn(&Value) -> String) -> Result<Value, Error> {
    if value.is_undefined() { Err(ErrorKind::UndefinedError.into()) } else { Ok(Value::from_safe_string(of(value))) }
}

/// The filters that make Markdown.
fn filters(environment: &mut Environment<'_>) {
    fn text(value: &Value) -> &str {
        value.as_str().unwrap_or_default()
    }
    environment.add_filter("code", |value: &Value| made(value, |value| escape::code(text(value))));
    environment.add_filter("codes", |values: &Value| joined(values, |value| escape::code(text(value))));
    environment.add_filter("html", |value: &Value| made(value, |value| escape::html(text(value))));
    environment.add_filter("link", |value: &Value| made(value, link));
    environment.add_filter("links", |values: &Value| joined(values, link));
    environment.add_filter("paragraphs", |value: &Value| made(value, |value| escape::paragraphs(text(value))));
    environment.add_filter("fence", |value: &Value, language: Option<&str>| {
        made(value, |value| escape::fence(text(value), language.unwrap_or_default()))
    });
}

/// A page without trailing space, with one blank line where there are several and around headings; blocks of code stay as they
/// are.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fence: Option<usize> = None;
    let mut blank = true;
    for line in lines(text) {
        let ticks = line.bytes().take_while(|byte| *byte == b'`').count();
        match fence {
            Some(open) => {
                out.push_str(line);
                out.push('\n');
                if ticks >= open && line.len() == ticks {
                    fence = None;
                }
                continue;
            }
            None if ticks >= 3 => fence = Some(ticks),
            None => {}
        }
        let line = line.trim_end();
        let heading = line.starts_with('#');
        if !blank && (heading || line.is_empty()) {
            out.push('\n');
            blank = true;
        }
        if line.is_empty() {
            continue;
        }
        out.push_str(line);
        out.push('\n');
        blank = heading;
        if heading {
            out.push('\n');
        }
    }
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
    out
}
