//! The statement that makes a view: kpic's own, or what a project's template `view.sql.j2` makes of the view's query.

use crate::diagnostic::{Finding, Findings, codes};
use crate::dialect::Dialect;
use crate::manifest::data::{self, Manifest};
use crate::model::Tables;
use crate::model::value::Type;
use crate::pipeline::Valid;
use crate::plan::relation::Query;
use crate::plan::views::{self, Shows, View};
use crate::rawsql::{self, Token};
use crate::sql;
use crate::template::{self, Templates};
use crate::text::{Files, is_control};
use minijinja::{Error, ErrorKind, Value};
use serde::Serialize;

/// The template of a view's statement.
const VIEW: &str = "view.sql.j2";

/// kpic's own templates of SQL, by name. [`Statements`] writes what this one would, without asking it: there are many views.
pub const BUILT_IN: &[(&str, &str)] = &[(VIEW, include_str!("templates/view.sql.j2"))];

static KIND: template::Kind =
    template::Kind { makes: "statement", built_in: BUILT_IN, is_named: |name| name.ends_with(".sql.j2") };

/// What a template of a statement has.
#[derive(Serialize)]
struct Context<'a> {
    project: &'a data::Project,
    view: Option<&'a data::View>,
    kpi: Option<&'a data::Kpi>,
    comment: Vec<String>,
    begin: String,
    query: String,
}

/// What is wrong with the templates of SQL among a project's files, as far as it can be told without views.
pub(super) fn template_findings(files: &Files, dialect: &'static dyn Dialect) -> Findings {
    let mut findings = Findings::default();
    templates(files, dialect, &mut findings);
    findings
}

fn templates<'a>(files: &'a Files, dialect: &'static dyn Dialect, findings: &mut Findings) -> Templates<'a> {
    let mut environment = template::environment();
    // Text of a spec as a literal of the dialect, so that none of it can be SQL.
    environment.add_filter("literal", move |value: &Value| match value.as_str() {
        Some(text) => Ok(dialect.text(text)),
        None if value.is_undefined() => Err(ErrorKind::UndefinedError.into()),
        None if value.is_none() => Ok("null".to_owned()),
        None => Err(Error::new(ErrorKind::InvalidOperation, format!("`literal` is for texts, and this is {}", value.kind()))),
    });
    Templates::new(&KIND, files, environment, findings)
}

/// Writes statements.
pub(super) struct Statements<'a> {
    project: &'a Valid,
    dialect: &'static dyn Dialect,
    /// What tables are called there, if not as in the project's plans.
    tables: Option<&'a Tables>,
    templates: Templates<'a>,
}

impl<'a> Statements<'a> {
    /// Those of a project. Findings say what is wrong with its templates.
    pub(super) fn of(project: &'a Valid, dialect: &'static dyn Dialect, findings: &mut Findings) -> Self {
        Self { project, dialect, tables: None, templates: templates(project.files(), dialect, findings) }
    }

    /// The same for another dialect, whose tables have other names. They are not made with templates of the project.
    pub(super) fn elsewhere(project: &'a Valid, dialect: &'static dyn Dialect, tables: &'a Tables) -> Self {
        Self {
            project,
            dialect,
            tables: Some(tables),
            templates: templates(project.files(), dialect, &mut Findings::default()),
        }
    }

    /// The dialect that they are in.
    pub(super) fn dialect(&self) -> &'static dyn Dialect {
        self.dialect
    }

    /// Whether they are made with templates of the project, which look at the manifest.
    pub(super) fn are_own(&self) -> bool {
        self.templates.has_own()
    }

    /// Writes the statement that makes a view of a plan, after a comment that says what it is. Without a manifest it is kpic's own.
    pub(super) fn write(
        &self,
        view: &View,
        plan: Option<&Query>,
        manifest: Option<&Manifest>,
        text: &mut String,
    ) -> Result<(), Box<Finding>> {
        if let Some(manifest) = manifest {
            return self.render(view, plan, manifest, text);
        }
        let begun = text.len();
        for line in &view.comment {
            text.push_str("-- ");
            push_line(text, &self.dialect.comment(line));
            text.push('\n');
        }
        text.push_str(&self.begin(&view.name));
        text.push('\n');
        self.query(view, plan, text)?;
        // Only a view that names its schema can be bound to nothing.
        let is_named = !matches!(view.shows, Shows::Former(_)) || !self.project.model().warehouse.schema.is_empty();
        if is_named && !self.dialect.view_end().is_empty() {
            text.push('\n');
            text.push_str(self.dialect.view_end());
        }
        text.push_str(";\n");
        self.in_its_encoding(text, begun);
        Ok(())
    }

    /// A file that is run alone says in which encoding it is written, where that matters.
    fn in_its_encoding(&self, text: &mut String, begun: usize) {
        if let Some(statement) = self.dialect.before_text()
            && !text.get(begun..).unwrap_or_default().is_ascii()
        {
            text.insert_str(begun, &format!("{statement};\n"));
        }
    }

    fn render(&self, view: &View, plan: Option<&Query>, manifest: &Manifest, text: &mut String) -> Result<(), Box<Finding>> {
        let line = |line: &String| {
            let mut text = String::new();
            push_line(&mut text, &self.dialect.comment(line));
            text
        };
        let known = manifest.views.get(&view.name);
        let mut query = String::new();
        self.query(view, plan, &mut query)?;
        let context = Context {
            project: &manifest.project,
            view: known,
            kpi: known.and_then(|view| manifest.kpis.get(view.kpi.as_ref()?)),
            comment: view.comment.iter().map(line).collect(),
            begin: self.begin(&view.name),
            query: query.clone(),
        };
        let made = self.templates.render(VIEW, &Value::from_serialize(context))?;
        // The rest of a template is SQL that a reviewer has read; this would not be SQL.
        if made.lines().any(|line| line.starts_with('.')) || made.contains(is_control) || made.contains('\r') {
            let message = "the statement has a line that starts with a dot, or a control character";
            let help = "an engine's shell reads such a line as a command, which can run programs: put a space before it";
            return Err(self.templates.refused(VIEW, message, help));
        }
        // Where a text ends is up to settings that the template may change, and a backslash that stands outside of texts begins a command.
        let is_psql = self.dialect.is_read_by_psql();
        if is_psql && made.contains('\\') {
            let message = "the statement has a backslash, which kpic's own SQL for `psql` never has";
            let help = "`psql` may read one as the beginning of a command, which can run programs: write `chr(92)` in texts, and nothing in comments";
            return Err(self.templates.refused(VIEW, message, help));
        }
        // What stands around the query: `psql` puts values of its own in the place of `:name`, and cuts texts elsewhere behind such a blank.
        let around = || made.split(query.as_str());
        if is_psql && around().any(has_variable) {
            let message = "the statement has a colon before a name, in whose place `psql` puts a value of its own";
            return Err(self.templates.refused(VIEW, message, "put a blank behind the colon"));
        }
        if !self.dialect.is_embedded() && around().any(|part| rawsql::odd_blank(part).is_some()) {
            let message = "the statement has a blank that only some engines take for one, such as a no-break space";
            return Err(self.templates.refused(VIEW, message, "write an ordinary blank"));
        }
        let is_hidden =
            |token: &Token<'_>| matches!(token.kind, rawsql::Kind::Text | rawsql::Kind::Quoted | rawsql::Kind::Comment);
        if rawsql::tokens(&made).any(|token| token.text.contains('\\') && !is_hidden(&token)) {
            let message = "the statement has a backslash outside of texts, names and comments";
            let help = "a shell may read one as the beginning of a command, which can run programs: remove it";
            return Err(self.templates.refused(VIEW, message, help));
        }
        // The query has been looked at, and has what kpic writes itself.
        let allowed = &self.project.model().warehouse.functions;
        let called = |part| rawsql::call_fault(part).and_then(|range| part.get(range));
        let called = around().filter(|_| self.dialect.is_embedded()).find_map(called);
        if let Some(name) = called.or_else(|| around().find_map(|part| self.dialect.reads_beyond(part, allowed))) {
            let message =
                format!("the statement uses `{name}`, with which `{}` does more than read tables", self.dialect.name());
            return Err(self.templates.refused(VIEW, &message, "remove it"));
        }
        if let Some((message, help)) = self.cut_elsewhere(&made, &query) {
            return Err(self.templates.refused(VIEW, &message, help));
        }
        let begun = text.len();
        text.push_str(&made);
        self.in_its_encoding(text, begun);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Ok(())
    }

    /// Why what a template makes may not be cut into what stands before the query, the query, and what stands behind it. What is open before would swallow the query and make
    /// SQL of what looks like a text behind it.
    fn cut_elsewhere(&self, made: &str, query: &str) -> Option<(String, &'static str)> {
        let parts: Vec<&str> = if query.is_empty() { vec![made] } else { made.split(query).collect() };
        let [before, behind @ ..] = parts.as_slice() else { return None };
        if behind.len() > 1 {
            return Some(("the statement has the query more than once".to_owned(), "write `{{ query }}` once"));
        }
        let help = "put `{{ query }}` on a line of its own, outside of texts, names and comments";
        let last = rawsql::tokens(before).last();
        let is_in_comment = last.is_some_and(|token| {
            token.kind == rawsql::Kind::Comment && token.end() == before.len() && !token.text.ends_with("*/")
        });
        let line = before.rsplit('\n').next().unwrap_or_default();
        let is_open = |part: &str| {
            let shown = rawsql::tokens(part).filter(|token| !matches!(token.kind, rawsql::Kind::Comment | rawsql::Kind::Text));
            let ticks: usize = shown.map(|token| token.text.matches('`').count()).sum();
            ticks % 2 == 1 || rawsql::tokens(part).any(|token| token.kind == rawsql::Kind::Open)
        };
        let is_apart = before.ends_with([' ', '\n', '(']) || before.is_empty();
        let is_apart = is_apart && behind.iter().all(|behind| behind.is_empty() || behind.starts_with([' ', '\n', ')', ';']));
        if !behind.is_empty()
            && (is_in_comment || line.contains(['#']) || line.contains("--") || line.contains("//") || !is_apart)
        {
            return Some(("the query does not stand alone in the statement".to_owned(), help));
        }
        if parts.iter().any(|part| is_open(part)) {
            return Some((
                "the statement has a text, a name or a comment that is not closed before or behind the query".to_owned(),
                help,
            ));
        }
        if let Some(odd) = parts.iter().find_map(|part| self.dialect.reads_otherwise(part)) {
            let odd: String = odd.chars().take(20).collect();
            let message = format!("the statement has `{odd}`, which `{}` may read as something else", self.dialect.name());
            return Some((message, "write it in another way, or without it"));
        }
        // The query has names of a spec, which may be any words.
        let framed = parts.join("select 1");
        if let Some(odd) = rawsql::odd_statement(&framed, &self.own_names()) {
            let message =
                format!("the statement `{odd}` does more than make, fill or describe a relation of the project's schema");
            return Some((message, "run it in another way: a template makes views and tables, and says who may read them"));
        }
        if !self.dialect.is_embedded() && parts.iter().any(|part| is_over_lines(part)) {
            let message = "the statement has a text or a name with a line break, or a comment in another one".to_owned();
            return Some((message, "a program may cut it there: write it on one line, and comments one after another"));
        }
        // What programs of warehouses take for commands or for variables of theirs, wherever it stands.
        let is_command = |line: &str| line.trim_start().starts_with('!');
        if !self.dialect.is_embedded() && (made.contains("${") || parts.iter().any(|part| part.lines().any(is_command))) {
            let message =
                "the statement has a line that begins with `!`, or `${`, which a warehouse's program may read as a command"
                    .to_owned();
            return Some((message, "remove it"));
        }
        None
    }

    /// How the names of relations of the project begin, in each way in which they may be written.
    fn own_names(&self) -> Vec<String> {
        let schema = &self.project.model().warehouse.schema;
        if self.dialect.has_schemas() {
            let parts: Vec<_> = schema.iter().map(|part| self.dialect.identifier(part)).collect();
            return vec![format!("{}.", parts.join("."))];
        }
        let start = format!("{}__", schema.join("__"));
        vec![format!("\"{}", start.replace('"', "\"\"")), start]
    }

    /// The query of a view, without a semicolon.
    fn query(&self, view: &View, plan: Option<&Query>, text: &mut String) -> Result<(), Box<Finding>> {
        query(self.project, view, plan, self.tables, self.dialect, text)
    }

    /// What stands before the query of a view. What is to be a table is a view here too: a file of statements cannot tell whose table it would replace.
    fn begin(&self, view: &str) -> String {
        let (view, options) = (self.relation(view), self.dialect.view_options());
        if self.dialect.replaces_views() {
            format!("create or replace view {view}{options} as")
        } else {
            format!("drop view if exists {view};\ncreate view {view}{options} as")
        }
    }

    /// A view's name with its schema.
    fn relation(&self, view: &str) -> String {
        sql::view(&self.project.model().warehouse.schema, view, self.dialect)
    }
}

/// Whether a text or a name goes over lines, or a comment holds another: programs cut these in several ways.
fn is_over_lines(part: &str) -> bool {
    rawsql::tokens(part).any(|token| match token.kind {
        rawsql::Kind::Text | rawsql::Kind::Quoted => token.text.contains('\n'),
        rawsql::Kind::Comment => {
            token.text.starts_with("/*") && token.text.get(2..).is_some_and(|inside| inside.contains("/*"))
        }
        _ => false,
    }) || part.split('`').skip(1).step_by(2).any(|name| name.contains('\n'))
}

/// Writes the query of a view, without a semicolon.
///
/// # Errors
/// Gives a finding if the warehouse would not take it.
pub fn write_query(project: &Valid, view: &View, dialect: &dyn Dialect, text: &mut String) -> Result<(), Box<Finding>> {
    query(project, view, views::query(project, &view.shows).as_ref(), None, dialect, text)
}

/// The same of a plan that shows what the view shows.
///
/// # Errors
/// Gives a finding if the warehouse would not take it.
pub fn write_plan(
    project: &Valid,
    view: &View,
    plan: &Query,
    dialect: &dyn Dialect,
    text: &mut String,
) -> Result<(), Box<Finding>> {
    query(project, view, Some(plan), None, dialect, text)
}

fn query(
    project: &Valid,
    view: &View,
    plan: Option<&Query>,
    tables: Option<&Tables>,
    dialect: &dyn Dialect,
    text: &mut String,
) -> Result<(), Box<Finding>> {
    if let Shows::Former(name) = &view.shows {
        text.push_str("select * from ");
        text.push_str(&sql::view(&project.model().warehouse.schema, name, dialect));
    }
    if let Some(plan) = plan {
        fits(project, view, plan, dialect)?;
        is_known(project, view, plan, dialect)?;
        let begin = text.len();
        sql::write_query_with(plan, tables, dialect, text);
        is_short_enough(project, view, text.get(begin..).unwrap_or_default(), dialect)?;
    }
    Ok(())
}

/// Whether a warehouse takes as many columns and parts as a query has.
fn fits(project: &Valid, view: &View, query: &Query, dialect: &dyn Dialect) -> Result<(), Box<Finding>> {
    if let Some(most) = dialect.most_parts().filter(|most| query.parts.len() > *most) {
        let (parts, name) = (query.parts.len(), dialect.name());
        let message = format!("the query of the view `{}` has {parts} parts, and `{name}` takes {most}", view.name);
        let mut finding = of_view(project, view, message);
        finding.help("put fewer KPIs on one scorecard, or spread them over several; split a KPI that is made of many others");
        return Err(Box::new(finding));
    }
    let Some(most) = dialect.most_columns().filter(|most| query.widest() > *most) else { return Ok(()) };
    let message = format!(
        "the query of the view `{}` has {} columns side by side, and `{}` takes {most}",
        view.name,
        query.widest(),
        dialect.name()
    );
    let mut finding = of_view(project, view, message);
    finding.help("put fewer KPIs on one scorecard, or spread them over several");
    Err(Box::new(finding))
}

/// Whether a warehouse has all functions of a query.
fn is_known(project: &Valid, view: &View, query: &Query, dialect: &dyn Dialect) -> Result<(), Box<Finding>> {
    let Some((function, ty)) = sql::lacked(query, dialect) else { return Ok(()) };
    let of = if ty == Type::Double { "floating-point numbers".to_owned() } else { format!("values of the type {ty}") };
    let message = format!("the view `{}` needs `{function}` of {of}, which `{}` does not have", view.name, dialect.name());
    let mut finding = of_view(project, view, message);
    finding.help("where the values are whole numbers or decimals, declare their columns as `integer` or `decimal`");
    Err(Box::new(finding))
}

/// Whether a warehouse takes a query as long as that.
fn is_short_enough(project: &Valid, view: &View, query: &str, dialect: &dyn Dialect) -> Result<(), Box<Finding>> {
    let Some(most) = dialect.longest_view() else { return Ok(()) };
    let length = query.chars().count();
    if length <= most {
        return Ok(());
    }
    let message = format!(
        "the query of the view `{}` has {length} characters, and a view of `{}` {most} at most",
        view.name,
        dialect.name()
    );
    let mut finding = of_view(project, view, message);
    finding.help("show fewer KPIs, dimensions or grains side by side: in scorecards, guardrails, objectives or the North Star");
    Err(Box::new(finding))
}

/// What is wrong with a view, where that is defined which it shows.
fn of_view(project: &Valid, view: &View, message: String) -> Finding {
    let model = project.model();
    let span = match &view.shows {
        Shows::Kpi(id, ..) => Some(model.kpis.get(*id).name.span),
        Shows::Scorecard(place) => model.scorecards.get(*place).map(|card| card.name.span),
        _ => None,
    };
    match span {
        Some(span) => Finding::new(&codes::NOT_IN_DIALECT, span, message),
        None => Finding::placeless(&codes::NOT_IN_DIALECT, message),
    }
}

/// Whether SQL has what may be a variable of `psql`: a single colon before a name, a quote or a brace, or three of them.
fn has_variable(sql: &str) -> bool {
    let begins = |char: char| char.is_alphanumeric() || matches!(char, '_' | '\'' | '"' | '{');
    let mut colons = 0;
    sql.chars().any(|char| {
        let found = (colons == 1 || colons > 2) && begins(char);
        colons = if char == ':' { colons + 1 } else { 0 };
        found
    })
}

/// Whether a project makes its statements with a template of its own.
pub fn has_own_template(project: &Valid, dialect: &'static dyn Dialect) -> bool {
    templates(project.files(), dialect, &mut Findings::default()).has_own()
}

/// A text on one line: a line break would end a comment and start SQL.
fn push_line(text: &mut String, line: &str) {
    for (at, word) in line.split_whitespace().enumerate() {
        if at > 0 {
            text.push(' ');
        }
        text.push_str(word);
    }
}
