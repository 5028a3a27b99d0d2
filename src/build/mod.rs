//! What `kpic build` writes: the SQL of every view, all of it in one file to deploy, the manifest, and documents for people.
//!
//! `statement` makes what creates a view, with a project's own template where there is one; `tree` writes all files as one, and `lock`
//! lets one build at a time do so.

mod lock;
mod note;
pub mod said;
mod statement;
mod tree;

pub use crate::template::at_work::{AtWork as TemplateAtWork, names as templates_at_work};
pub use lock::{Lock, PATIENCE};
pub use statement::{BUILT_IN, has_own_template, write_plan, write_query};
pub use tree::{Problem, write};

use crate::diagnostic::{Finding, Findings};
use crate::dialect::{self, Dialect};
use crate::docs;
pub use crate::docs::Beside;
use crate::load;
use crate::manifest::{self, data::Manifest};
use crate::model::Model;
use crate::model::Tables;
use crate::pipeline::{self, Checked, Valid};
use crate::plan::relation::Query;
use crate::plan::views::{self, View};
use crate::sql;
use crate::template::each_once;
use rayon::prelude::*;
use statement::Statements;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// How many views are made before these are written.
const AT_ONCE: usize = 256;

/// What takes the files that are made, from any thread: the path from the target folder, with `/`, and the text in pieces.
pub type Sink<'a> = &'a (dyn Fn(&str, &[&str]) + Sync);

/// The folders of a site's pages.
const SITE: &[&str] = &["kpis", "objectives", "scorecards", "journeys", "teams"];

/// Whether a path is one that a build or a site may write: its folders and names have no point in front, and it is a statement, a page, a manifest or
/// part of a dbt project.
fn is_output(path: &str) -> bool {
    let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0']);
    let ends = |ending: &str| Path::new(path).extension().is_some_and(|found| found == ending);
    path.split('/').all(is_plain)
        && match path.split_once('/') {
            Some(("sql", _)) => ends("sql"),
            Some(("docs", _)) => ends("md"),
            Some(("models", name)) => is_model(name),
            Some((folder, page)) if SITE.contains(&folder) && ends("html") => !page.contains('/'),
            None if [manifest::FILE, manifest::SCHEMA_FILE, "dbt_project.yml"].contains(&path) || ends("html") => true,
            _ => is_model(path),
        }
}

/// Whether a path is one of a dbt model of kpic's, or of what is said about them, from the folder of models.
fn is_model(path: &str) -> bool {
    let ends = |ending: &str| Path::new(path).extension().is_some_and(|found| found == ending);
    match path.split_once('/') {
        Some(("views" | "sources" | "tests", name)) => !name.contains('/') && ends("sql"),
        Some(_) => false,
        None => path.starts_with("_kpic__") && ends("yml"),
    }
}

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
            let found = make(&valid, &[], Documents::Pages(Beside::default()), &|_, _| {}).err();
            checked = valid.into_checked();
            found.unwrap_or_default()
        }
        Err(wrong) => {
            checked = *wrong;
            let mut findings = docs::template_findings(&checked.files);
            findings.append(statement::template_findings(&checked.files, dialect_of(&checked.model)));
            findings
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
    /// Pages for people, with what they say beside the manifest.
    Pages(Beside<'a>),
}

/// A statement, and what is wrong with the template that it is made with.
type Made = (Output, Option<Box<Finding>>);

/// How much a build has made.
#[derive(Debug, Clone)]
pub struct Built {
    /// The files that make all views, one for each dialect.
    pub deploys: Vec<String>,
    /// How many views.
    pub views: usize,
    /// How many pages.
    pub pages: usize,
}

/// Another dialect of a project, whose plans differ in the names of tables only.
#[derive(Debug)]
pub struct Elsewhere {
    /// The dialect.
    pub dialect: &'static dyn Dialect,
    /// What tables are called there, by their names in the project's plans.
    pub tables: Tables,
}

/// Makes all files of a project: `deploy.sql`, the views, the manifest with its schema, and the documents; each is given to `sink`,
/// as soon as it is made. Statements of other dialects are made of the same plans, unless the project has a template for them.
///
/// # Errors
/// Gives findings if one of the project's templates is wrong, or a warehouse would not take a view.
pub fn make(project: &Valid, others: &[Elsewhere], documents: Documents<'_>, sink: Sink<'_>) -> Result<Built, Findings> {
    made(project, others, Some(documents), sink)
}

/// Makes the views of a project and `deploy.sql`, and nothing else: for another of its dialects.
///
/// # Errors
/// Gives findings if one of the project's templates is wrong, or the warehouse would not take a view.
pub fn make_sql(project: &Valid, sink: Sink<'_>) -> Result<Built, Findings> {
    made(project, &[], None, sink)
}

fn made(project: &Valid, others: &[Elsewhere], documents: Option<Documents<'_>>, sink: Sink<'_>) -> Result<Built, Findings> {
    let dialect = dialect_of(project.model());
    let mut wrong = Findings::default();
    let statements = Statements::of(project, dialect, &mut wrong);
    if !wrong.is_empty() {
        wrong.append(docs::template_findings(project.files()));
        return Err(wrong);
    }
    let elsewhere = others.iter().map(|other| Statements::elsewhere(project, other.dialect, &other.tables));
    let in_dialects: Vec<Statements<'_>> = std::iter::once(statements).chain(elsewhere).collect();
    let views = views::views(project);
    let data = || {
        let manifest = manifest::manifest(project, &views, dialect);
        if documents.is_some() {
            sink(manifest::FILE, &[&manifest::json(&manifest)]);
            sink(manifest::SCHEMA_FILE, &[&manifest::schema()]);
        }
        manifest
    };
    // Some are made, then these are written, while another thread makes the next: to make files in one folder is a matter of one
    // thread at a time, and to go in and out of the system at each of them costs more than it gains.
    let some = |views: &[View], manifest: Option<&Manifest>| -> Vec<Vec<Made>> {
        let mut text = String::new();
        let plans: Vec<Option<Query>> = views.iter().map(|view| views::query(project, &view.shows)).collect();
        let mut in_dialect = |statements: &Statements<'_>| {
            let view = |(view, plan): (&View, &Option<Query>)| {
                text.clear();
                let found = statements.write(view, plan.as_ref(), manifest, &mut text).err();
                (Output { path: sql::file(&view.name, statements.dialect()), text: text.clone() }, found)
            };
            let made: Vec<Made> = views.iter().zip(&plans).map(view).collect();
            made.iter().for_each(|(output, _)| sink(&output.path, &[&output.text]));
            made
        };
        in_dialects.iter().map(&mut in_dialect).collect()
    };
    let all = |manifest: Option<&Manifest>| -> Vec<Vec<Vec<Made>>> {
        views.par_chunks(AT_ONCE).map(|views| some(views, manifest)).collect()
    };
    let (chunks, manifest) = if in_dialects.first().is_some_and(Statements::are_own) {
        let manifest = data();
        (all(Some(&manifest)), Some(manifest))
    } else {
        rayon::join(|| all(None), || documents.is_some().then(data))
    };
    let (mut written, mut found) = (vec![Vec::with_capacity(views.len()); in_dialects.len()], Vec::new());
    for chunk in chunks {
        for (made, written) in chunk.into_iter().zip(&mut written) {
            for (output, wrong) in made {
                written.push(output);
                found.extend(wrong);
            }
        }
    }
    let mut wrong = each_once(found);
    let deploy = |dialect: &dyn Dialect| format!("sql/{}/deploy.sql", dialect.name());
    let all_views = || {
        in_dialects.par_iter().zip(&written).for_each(|(statements, written)| {
            let dialect = statements.dialect();
            let begin = deploy_begin(project.model(), dialect);
            let end = dialect.after_views().map(|statement| format!("\n{statement};\n"));
            let each = written.iter().flat_map(|statement| ["\n", &statement.text]);
            sink(&deploy(dialect), &std::iter::once(begin.as_str()).chain(each).chain(end.as_deref()).collect::<Vec<_>>());
        });
    };
    let pages = || {
        let (Some(Documents::Pages(beside)), Some(manifest)) = (documents, &manifest) else { return Ok(0) };
        let first = written.first().into_iter().flatten();
        let sql = views.iter().zip(first).map(|(view, output)| (view.name.as_str(), output.text.as_str())).collect();
        let page = |page: docs::Page| sink(&format!("docs/{}", page.path), &[&page.text]);
        docs::pages(manifest, beside, &sql, project.files(), &page)
    };
    let ((), pages) = rayon::join(all_views, pages);
    let pages = pages.unwrap_or_else(|found| {
        wrong.append(found);
        0
    });
    if !wrong.is_empty() {
        wrong.sort();
        return Err(wrong);
    }
    let deploys = in_dialects.iter().map(|statements| deploy(statements.dialect())).collect();
    let built = Built { deploys, views: views.len(), pages };
    drop(in_dialects);
    pipeline::aside((views, written, manifest));
    Ok(built)
}

fn dialect_of(model: &Model) -> &'static dyn Dialect {
    let name = model.warehouse.dialect.as_ref();
    dialect::dialect(name.map(|name| name.value.as_str()))
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
    make(project, &[], documents, &keep)?;
    let mut outputs = outputs.into_inner().unwrap_or_else(PoisonError::into_inner);
    outputs.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(outputs)
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
    if let Some(statement) = dialect.before_views() {
        text.push_str(&format!("{statement};\n"));
    }
    if !schema.is_empty() && dialect.has_schemas() {
        text.push_str(&format!("create {} if not exists {};\n", dialect.schema_word(), schema.join(".")));
    }
    text
}
