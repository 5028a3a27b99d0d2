//! The templates of pages: kpic's own, and those that a project has put in their place.
//!
//! A template is Jinja, as minijinja has it. Whatever it prints is escaped for Markdown unless a filter below has made Markdown of
//! it. Variables that do not exist are mistakes and not empty texts.

use super::escape;
use crate::diagnostic::{Finding, Findings, codes, suggest};
use crate::text::{FileId, Files, Span, lines};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use std::collections::BTreeMap;

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

/// The templates of a project.
pub(super) struct Templates<'a> {
    environment: Environment<'a>,
    own: BTreeMap<&'a str, FileId>,
    files: &'a Files,
}

impl<'a> Templates<'a> {
    /// kpic's templates with those of a project in their place, given by name and file.
    pub(super) fn new(files: &'a Files, own: &[(&'a str, FileId)], findings: &mut Findings) -> Self {
        let mut environment = Environment::new();
        environment.set_debug(true);
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_keep_trailing_newline(true);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
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
        let mut templates = Self { environment, own: own.iter().copied().collect(), files };
        for (name, text) in BUILT_IN {
            if !templates.own.contains_key(name) {
                templates.add(name, text, findings);
            }
        }
        for (name, file) in own {
            // Templates with `_` at the front are those that others include; a project may have some of its own.
            if !name.starts_with('_') && !BUILT_IN.iter().any(|(known, _)| known == name) {
                let message = format!("no page is made with a template `{name}`");
                let finding = findings.report(&codes::UNKNOWN_TEMPLATE, Span::start_of(*file), message);
                let known = BUILT_IN.iter().map(|(known, _)| *known);
                finding.help = suggest::did_you_mean(name, "the templates are", known).or_else(|| {
                    Some("a template has the name of one of kpic's, such as `kpi.md.j2`; `_` at the front is for parts that others include".to_owned())
                });
                continue;
            }
            let text = files.get(*file).map_or("", |file| file.text.as_str());
            templates.add(name, text, findings);
        }
        templates
    }

    fn add(&mut self, name: &'a str, text: &'a str, findings: &mut Findings) {
        if let Err(error) = self.environment.add_template(name, text) {
            findings.push(self.finding(&error, &Value::UNDEFINED));
        }
    }

    /// A page, or what is wrong with its template.
    pub(super) fn render(&self, name: &str, context: &Value) -> Result<String, Box<Finding>> {
        let rendered = self.environment.get_template(name).and_then(|template| template.render(context));
        rendered.map(|text| tidy(&text)).map_err(|error| Box::new(self.finding(&error, context)))
    }

    /// What is wrong with a template, at the place in the project's own file.
    fn finding(&self, error: &Error, context: &Value) -> Finding {
        // What an included template does wrong is the source of an error in the one that includes it.
        let mut errors = vec![error];
        while let Some(source) = errors.last().and_then(|error| std::error::Error::source(*error)) {
            let Some(inner) = source.downcast_ref::<Error>() else { break };
            errors.push(inner);
        }
        let own = errors.iter().rev().find_map(|error| Some((*error, *self.own.get(error.name()?)?)));
        let innermost = errors.last().copied().unwrap_or(error);
        let (place, span) = match own {
            Some((error, file)) => (error, Some(self.blamed(innermost, self.span(error, file)))),
            None => (innermost, None),
        };
        let written = span.map_or("", |span| self.files.slice(span)).trim();
        let message = match (innermost.kind(), innermost.detail()) {
            (ErrorKind::UndefinedError, _) if !written.is_empty() && std::ptr::eq(place, innermost) => {
                format!("`{written}` is not there")
            }
            (kind, Some(detail)) => format!("{kind}: {detail}"),
            (kind, None) => kind.to_string(),
        };
        let mut finding = if let Some(span) = span {
            Finding::new(&codes::BAD_TEMPLATE, span, message)
        } else {
            let name = innermost.name().unwrap_or("a template");
            Finding::placeless(&codes::BAD_TEMPLATE, format!("{name}: {message}"))
        };
        finding.help = nearest(written, context).or_else(|| {
            let syntax = innermost.kind() == ErrorKind::SyntaxError;
            syntax.then(|| "a template is Jinja: `{{ value }}`, `{% if condition %} ... {% endif %}`".to_owned())
        });
        finding
    }

    /// What is not there: where a filter got it, that is what stands before the filter.
    fn blamed(&self, error: &Error, span: Span) -> Span {
        let before = self.files.get(span.file).and_then(|file| file.text.get(..span.start as usize)).unwrap_or_default();
        let Some(given) = before.trim_end().strip_suffix('|').map(str::trim_end) else { return span };
        let path = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.');
        let start = given.trim_end_matches(path).len();
        let is_undefined = error.kind() == ErrorKind::UndefinedError && start < given.len();
        if is_undefined { Span::new(span.file, start..given.len()) } else { span }
    }

    /// The place of an error in a file: the characters at fault, or at least the line.
    fn span(&self, error: &Error, file: FileId) -> Span {
        let text = self.files.get(file).map_or("", |file| file.text.as_str());
        if let Some(range) = error.range().filter(|range| text.get(range.clone()).is_some()) {
            return Span::new(file, range);
        }
        let line = error.line().unwrap_or(1).saturating_sub(1);
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let length = text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
        Span::new(file, start..start + length)
    }
}

/// The name that was probably meant by a path such as `kpi.titel`.
fn nearest(written: &str, context: &Value) -> Option<String> {
    let mut at = context.clone();
    let mut before = String::new();
    for part in written.split('.') {
        let next = at.get_attr(part).ok().filter(|value| !value.is_undefined());
        let Some(next) = next else {
            let keys: Vec<String> = at.try_iter().ok()?.filter_map(|key| key.as_str().map(str::to_owned)).collect();
            if let Some(near) = suggest::nearest(part, keys.iter().map(String::as_str)) {
                return Some(format!("did you mean `{near}`?"));
            }
            let what = if before.is_empty() { "the page has".to_owned() } else { format!("`{before}` has") };
            return Some(format!("{what}: {}", keys.join(", "))).filter(|_| !keys.is_empty());
        };
        before = if before.is_empty() { part.to_owned() } else { format!("{before}.{part}") };
        at = next;
    }
    None
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
