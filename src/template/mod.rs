//! Templates of what is written: kpic's own, and those that a project has put in their place.
//!
//! A template is Jinja, as minijinja has it. Variables that do not exist are mistakes and not empty texts. `docs` makes pages with
//! templates, and `build` statements; each says with a [`Kind`] which there are.

pub mod at_work;
mod filters;
pub mod quiet;

use crate::diagnostic::{Finding, Findings, codes, suggest};
use crate::load;
use crate::text::{FileId, Files, Span};
use at_work::AtWork;
use minijinja::machinery::{Token, WhitespaceConfig, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, escape_formatter};
use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::sync::OnceLock;

/// How many steps a template may take for one page or statement. kpic's own pages take some 30 for each KPI that they list.
/// A fuzzer would wait for each that loops.
const FUEL: u64 = if cfg!(fuzzing) { 50_000 } else { 20_000_000 };

/// How many bytes a page or statement may have that a template of a project makes.
const LONGEST: usize = 100_000_000;

/// How many words and signs one tag of a template may have, and how many `elif` all of it. minijinja goes into what follows an operator one level
/// deeper each time, and has no end of its own for that.
const LARGEST: usize = 5_000;

/// How many times one template of a project may put something into something else: brackets, filters and `set`. What is nested is printed and
/// taken apart level by level, each on top of the one before.
const NESTING: usize = 1_000;

/// How deep templates of a project may go into macros and other templates, and how much room there is for all of it.
const DEPTH: usize = 100;
const ROOM: usize = 256 << 20;

/// A kind of templates.
#[derive(Debug)]
pub struct Kind {
    /// What is made with one: "page".
    pub makes: &'static str,
    /// kpic's own, by name.
    pub built_in: &'static [(&'static str, &'static str)],
    /// Whether a template is of this kind, by its name.
    pub is_named: fn(&str) -> bool,
}

/// The templates of a project, of one kind.
#[derive(Debug)]
pub struct Templates<'a> {
    kind: &'static Kind,
    environment: Environment<'a>,
    own: BTreeMap<&'a str, FileId>,
    files: &'a Files,
    /// What was said of a template that took too many steps. Others would take them again, for each page.
    exhausted: OnceLock<Finding>,
}

/// Where templates are rendered: what they print is printed as it is, and what is none prints nothing.
pub fn environment<'a>() -> Environment<'a> {
    let mut environment = Environment::new();
    environment.set_debug(true);
    environment.set_fuel(Some(FUEL));
    filters::add(&mut environment);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(|out, state, value| if value.is_none() { Ok(()) } else { escape_formatter(out, state, value) });
    environment
}

/// Where a tag begins that is too large to be read, or a template with too many `elif`, or with too much that nests, has one more; and what to say of it.
fn too_large(text: &str) -> Option<(usize, String)> {
    let (mut begun, mut parts, mut others, mut nesting) = (0, 0, 0, 0);
    // From a fault on, the parser says what is wrong.
    let read = quiet::caught(|| {
        tokenize(text, false, SyntaxConfig, WhitespaceConfig::default()).map_while(Result::ok).find_map(|(token, span)| {
            match token {
                Token::BlockStart | Token::VariableStart => (begun, parts) = (span.start_offset, 0),
                Token::Ident("elif") => others += 1,
                Token::Ident("set") | Token::BracketOpen | Token::BraceOpen | Token::Pipe => nesting += 1,
                _ => {}
            }
            parts += 1;
            let said = if parts > LARGEST || others > LARGEST {
                format!("a tag has more than {LARGEST} parts")
            } else {
                format!("the template has more than {NESTING} brackets, filters and `set`")
            };
            (parts > LARGEST || others > LARGEST || nesting > NESTING).then_some((begun, said))
        })
    });
    let (at, said) = read.flatten()?;
    Some((usize::try_from(at).ok()?, said))
}

impl<'a> Templates<'a> {
    /// kpic's templates of a kind with those among a project's files in their place. Findings say what is wrong with these.
    pub fn new(kind: &'static Kind, files: &'a Files, environment: Environment<'a>, findings: &mut Findings) -> Self {
        let own: BTreeMap<&str, FileId> =
            load::templates(files).into_iter().filter(|(name, _)| (kind.is_named)(name)).collect();
        let mut templates = Self { kind, environment, own: own.clone(), files, exhausted: OnceLock::new() };
        if !own.is_empty() {
            // They put things into themselves, or into each other without an end.
            ["namespace", "dict"].iter().for_each(|name| templates.environment.remove_global(name));
            templates.environment.set_recursion_limit(DEPTH);
        }
        for (name, text) in kind.built_in {
            if !own.contains_key(name) {
                templates.add(name, text, findings);
            }
        }
        for (name, file) in own {
            // Templates with `_` at the front are those that others include; a project may have some of its own.
            if !name.starts_with('_') && !kind.built_in.iter().any(|(known, _)| *known == name) {
                let message = format!("there is no template `{name}` for a {}", kind.makes);
                let finding = findings.report(&codes::UNKNOWN_TEMPLATE, Span::start_of(file), message);
                let known = kind.built_in.iter().map(|(known, _)| *known);
                finding.help = suggest::did_you_mean(name, "the templates are", known).or_else(|| {
                    Some(format!(
                        "a template has the name of one of kpic's own, such as `{}`; names with `_` in front are parts that \
                         others include",
                        kind.built_in.first().map_or("", |(known, _)| known)
                    ))
                });
                continue;
            }
            let text = files.get(file).map_or("", |file| file.text.as_str());
            templates.add(name, text, findings);
        }
        templates
    }

    /// Whether the project has any of its own.
    pub fn has_own(&self) -> bool {
        !self.own.is_empty()
    }

    fn add(&mut self, name: &'a str, text: &'a str, findings: &mut Findings) {
        // What is always the same is worked out now.
        let _at_work = self.own.contains_key(name).then(|| AtWork::on(name));
        let environment = &mut self.environment;
        if let Some((at, said)) = too_large(text) {
            let mut finding = *self.refused(name, &said, "write it as several, and include one in the other");
            if let (Some(file), Some(label)) = (self.own.get(name), finding.labels.first_mut()) {
                label.span = Span::new(*file, at..at + 2);
            }
            findings.push(finding);
            return;
        }
        // minijinja 2.24 panics at some templates that are none, such as `{% import "x" as a/b %}`.
        let Some(added) = quiet::caught(|| environment.add_template(name, text)) else {
            let help = "look for a tag that is not written as the template language has it";
            findings.push(*self.refused(name, "the template cannot be read", help));
            return;
        };
        if let Err(error) = added {
            findings.push(self.finding(&error, &Value::UNDEFINED));
        }
    }

    /// What a template makes of a context.
    ///
    /// # Errors
    /// Gives what is wrong with the template.
    pub fn render(&self, name: &str, context: &Value) -> Result<String, Box<Finding>> {
        if let Some(finding) = self.exhausted.get() {
            return Err(Box::new(finding.clone()));
        }
        let template = self.environment.get_template(name);
        let rendered = template.and_then(|template| {
            if !self.has_own() {
                return template.render(context);
            }
            let _at_work = self.own.contains_key(name).then(|| AtWork::on(name));
            let page = || {
                let mut page = Page::default();
                template.render_captured_to(context, &mut page)?;
                Ok(String::from_utf8(page.0).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
            };
            with_room(page).unwrap_or_else(|| Err(Error::new(ErrorKind::InvalidOperation, "the template cannot be worked out")))
        });
        rendered.map_err(|error| {
            let is_too_long = is_too_long(&error);
            let finding = if is_too_long { *self.too_long(name) } else { self.finding(&error, context) };
            if is_too_long || innermost(&error).kind() == ErrorKind::OutOfFuel {
                let _ = self.exhausted.set(finding.clone());
            }
            Box::new(finding)
        })
    }

    /// What is wrong with what a template has made.
    pub fn refused(&self, name: &str, message: &str, help: &str) -> Box<Finding> {
        let span = self.own.get(name).map(|file| Span::start_of(*file));
        let mut finding = match span {
            Some(span) => Finding::new(&codes::BAD_TEMPLATE, span, message.to_owned()),
            None => Finding::placeless(&codes::BAD_TEMPLATE, format!("{name}: {message}")),
        };
        finding.help(help);
        Box::new(finding)
    }

    fn too_long(&self, name: &str) -> Box<Finding> {
        let message = format!("the template makes more than {} MB for one {}", LONGEST / 1_000_000, self.kind.makes);
        self.refused(name, &message, "it may loop within loops: make it do less")
    }

    /// What is wrong with a template, at the place in the project's own file.
    fn finding(&self, error: &Error, context: &Value) -> Finding {
        let errors = chain(error);
        let own = errors.iter().rev().find_map(|error| Some((*error, *self.own.get(error.name()?)?)));
        let innermost = errors.last().copied().unwrap_or(error);
        let (place, span) = match own {
            Some((error, file)) => (error, Some(self.blamed(innermost, self.span(error, file)))),
            None => (innermost, None),
        };
        let written = span.map_or("", |span| self.files.slice(span)).trim();
        let message = match (innermost.kind(), innermost.detail()) {
            (ErrorKind::UndefinedError, _) if !written.is_empty() && std::ptr::eq(place, innermost) => {
                format!("there is no `{written}`")
            }
            (ErrorKind::OutOfFuel, _) => {
                format!("the template takes more than {FUEL} steps for one {}", self.kind.makes)
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
        finding.help = nearest(self.kind.makes, written, context).or_else(|| {
            let syntax = innermost.kind() == ErrorKind::SyntaxError;
            if innermost.kind() == ErrorKind::OutOfFuel {
                return Some("it may have nested loops, or call itself: simplify it".to_owned());
            }
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

/// What some work gives that goes deeper than others; nothing where it panics, or where there is no room for it.
fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let started = std::thread::Builder::new().stack_size(ROOM).spawn_scoped(scope, || quiet::caught(work));
        started.ok()?.join().ok()?
    })
}

/// What a template of a project makes, as long as it is not too long.
#[derive(Default)]
struct Page(Vec<u8>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether an error is that of a page that is too long.
fn is_too_long(error: &Error) -> bool {
    let mut at: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = at {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::FileTooLarge) {
            return true;
        }
        at = error.source();
    }
    false
}

/// An error with those that it comes from: what an included template does wrong is the source of an error in the one that includes it.
fn chain(error: &Error) -> Vec<&Error> {
    let mut errors = vec![error];
    while let Some(source) = errors.last().and_then(|error| std::error::Error::source(*error)) {
        let Some(inner) = source.downcast_ref::<Error>() else { break };
        errors.push(inner);
    }
    errors
}

fn innermost(error: &Error) -> &Error {
    chain(error).last().copied().unwrap_or(error)
}

/// The name that was probably meant by a path such as `kpi.titel`.
fn nearest(makes: &str, written: &str, context: &Value) -> Option<String> {
    let mut at = context.clone();
    let mut before = String::new();
    for part in written.split('.') {
        let next = at.get_attr(part).ok().filter(|value| !value.is_undefined());
        let Some(next) = next else {
            let keys: Vec<String> = at.try_iter().ok()?.filter_map(|key| key.as_str().map(str::to_owned)).collect();
            if let Some(near) = suggest::nearest(part, keys.iter().map(String::as_str)) {
                return Some(format!("did you mean `{near}`?"));
            }
            let what = if before.is_empty() { format!("the {makes} has") } else { format!("`{before}` has") };
            return Some(format!("{what}: {}", keys.join(", "))).filter(|_| !keys.is_empty());
        };
        before = if before.is_empty() { part.to_owned() } else { format!("{before}.{part}") };
        at = next;
    }
    None
}

/// Of findings the first of each that is the same: a template that is wrong is wrong wherever it is used.
pub fn each_once(found: impl IntoIterator<Item = Box<Finding>>) -> Findings {
    let mut findings = Findings::default();
    let mut said = HashSet::new();
    for finding in found {
        let place = finding.labels.first().map(|label| label.span);
        if said.insert((place, finding.message.clone())) {
            findings.push(*finding);
        }
    }
    findings.sort();
    findings
}
