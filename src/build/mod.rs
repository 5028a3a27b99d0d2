//! What `kpic build` writes: the SQL of every view, all of it in one file to deploy, the manifest, and documents for people.

mod tree;

pub use tree::{Problem, write};

use crate::diagnostic::Findings;
use crate::docs;
use crate::load;
use crate::manifest;
use crate::manifest::present::Present;
use crate::model::Model;
use crate::pipeline::{self, Checked, Valid};
use crate::plan::views::{self, Shows, View};
use crate::sql::{self, Dialect, dialect};
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// How many views are made before these are written.
const AT_ONCE: usize = 256;

/// What takes the files that are made, from any thread: the path from the target folder, with `/`, and the text in pieces.
pub type Sink<'a> = &'a (dyn Fn(&str, &[&str]) + Sync);

/// A file below the target folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its path from the target folder, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The same project, with what is wrong with its own templates among its findings. Whether a template uses what a page does not
/// have shows only once pages are made; where the project has errors, so that there are none, it is only read.
pub fn with_templates(mut checked: Checked) -> Checked {
    if load::templates(&checked.files).is_empty() {
        return checked;
    }
    let found = match checked.valid() {
        Ok(valid) => {
            let found = make(&valid, Documents::Pages(None), &|_, _| {}).err();
            checked = valid.into_checked();
            found.unwrap_or_default()
        }
        Err(wrong) => {
            checked = *wrong;
            docs::template_findings(&checked.files)
        }
    };
    checked.findings.append(found);
    checked.findings.sort();
    checked
}

/// What a build makes beside views and the manifest.
#[derive(Debug, Clone, Copy)]
pub enum Documents<'a> {
    /// Nothing.
    None,
    /// Pages for people, which say how things stand where that is known.
    Pages(Option<&'a Present>),
}

/// How much a build has made.
#[derive(Debug, Clone)]
pub struct Built {
    /// The file that makes all views.
    pub deploy: String,
    /// How many views.
    pub views: usize,
    /// How many pages.
    pub pages: usize,
}

/// Makes all files of a project: `deploy.sql`, the views, the manifest with its schema, and the documents; each is given to `sink`,
/// as soon as it is made.
///
/// # Errors
/// Gives findings if one of the project's templates is wrong.
pub fn make(project: &Valid, documents: Documents<'_>, sink: Sink<'_>) -> Result<Built, Findings> {
    let name = project.model().warehouse.dialect.as_ref();
    let dialect = dialect::dialect(name.map(|name| name.value.as_str()));
    let views = views::views(project);
    let give = |output: &Output| sink(&output.path, &[&output.text]);
    let data = || {
        let manifest = manifest::manifest(project, &views, dialect);
        sink(manifest::FILE, &[&manifest::json(&manifest)]);
        sink(manifest::SCHEMA_FILE, &[&manifest::schema()]);
        manifest
    };
    // Some are made, then these are written, while another thread makes the next: to make files in one folder is a matter of one
    // thread at a time, and to go in and out of the system at each of them costs more than it gains.
    let some = |views: &[View]| {
        let mut text = String::new();
        let view = |view: &View| {
            text.clear();
            statement(project, view, dialect, &mut text);
            Output { path: sql::file(&view.name, dialect), text: text.clone() }
        };
        let made: Vec<Output> = views.iter().map(view).collect();
        made.iter().for_each(give);
        made
    };
    let (statements, manifest): (Vec<Output>, _) =
        rayon::join(|| views.par_chunks(AT_ONCE).flat_map_iter(some).collect(), data);
    let deploy = format!("sql/{}/deploy.sql", dialect.name());
    let all_views = || {
        let begin = deploy_begin(project.model(), dialect);
        let statements = statements.iter().flat_map(|statement| ["\n", &statement.text]);
        sink(&deploy, &std::iter::once(begin.as_str()).chain(statements).collect::<Vec<_>>());
    };
    let pages = || {
        let Documents::Pages(present) = documents else { return Ok(0) };
        let sql = views.iter().zip(&statements).map(|(view, output)| (view.name.as_str(), output.text.as_str())).collect();
        let page = |page: docs::Page| sink(&format!("docs/{}", page.path), &[&page.text]);
        docs::pages(&manifest, present, &sql, project.files(), &page)
    };
    let ((), pages) = rayon::join(all_views, pages);
    let built = Built { deploy, views: views.len(), pages: pages? };
    pipeline::aside((views, statements, manifest));
    Ok(built)
}

/// All files of a project, in the order of their paths.
///
/// # Errors
/// Gives findings if one of the project's templates is wrong.
pub fn outputs(project: &Valid, documents: Documents<'_>) -> Result<Vec<Output>, Findings> {
    let outputs = Mutex::new(Vec::new());
    let keep = |path: &str, text: &[&str]| {
        let output = Output { path: path.to_owned(), text: text.concat() };
        outputs.lock().unwrap_or_else(PoisonError::into_inner).push(output);
    };
    make(project, documents, &keep)?;
    let mut outputs = outputs.into_inner().unwrap_or_else(PoisonError::into_inner);
    outputs.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(outputs)
}

/// Writes the statement that makes a view, after a comment that says what it is.
fn statement(project: &Valid, view: &View, dialect: &dyn Dialect, text: &mut String) {
    let model = project.model();
    for line in &view.comment {
        text.push_str("--");
        // A line break would end the comment and begin SQL.
        for word in line.split_whitespace() {
            text.push(' ');
            text.push_str(word);
        }
        text.push('\n');
    }
    text.push_str("create or replace view ");
    text.push_str(&qualified(model, &view.name, dialect));
    text.push_str(" as\n");
    match (&view.shows, views::query(project, &view.shows)) {
        (Shows::Former(name), _) => text.push_str(&format!("select * from {};\n", qualified(model, name, dialect))),
        (_, Some(query)) => sql::write_statement(&query, dialect, text),
        (_, None) => {}
    }
}

/// A view's name with its schema.
fn qualified(model: &Model, name: &str, dialect: &dyn Dialect) -> String {
    sql::view(&model.warehouse.schema, name, dialect)
}

/// What stands before all views in one file, which can be run again and again.
fn deploy_begin(model: &Model, dialect: &dyn Dialect) -> String {
    let schema: Vec<_> = model.warehouse.schema.iter().map(|part| dialect.identifier(part)).collect();
    let of = if model.name.is_empty() {
        String::new()
    } else {
        format!(" of {}", model.name.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let mut text = format!("-- The views{of}, made by kpic. Safe to run again.\n");
    if !schema.is_empty() {
        text.push_str(&format!("create schema if not exists {};\n", schema.join(".")));
    }
    text
}
