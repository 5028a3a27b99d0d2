//! What `kpic build` writes: the SQL of every view, all of it in one file to deploy, the manifest, and documents for people.

mod tree;

pub use tree::{Problem, write};

use crate::diagnostic::Findings;
use crate::docs;
use crate::load;
use crate::manifest::present::Present;
use crate::manifest::{self, Manifest};
use crate::model::Model;
use crate::pipeline::{Checked, Valid};
use crate::plan::views::{self, Shows, View};
use crate::sql::{self, Dialect, dialect};
use rayon::prelude::*;

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
            let found = outputs(&valid, None).err();
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

/// All files of a project: `deploy.sql`, the views, the manifest with its schema, and the documents, which say how things stand
/// where that is known.
///
/// # Errors
/// Gives findings if one of the project's templates is wrong.
pub fn outputs(project: &Valid, present: Option<&Present>) -> Result<Vec<Output>, Findings> {
    let made = Made::of(project);
    let sql = made.views.iter().map(|view| view.name.as_str()).zip(made.statements.iter().map(String::as_str)).collect();
    let pages = docs::pages(&made.manifest, present, &sql, project.files())?
        .into_iter()
        .map(|page| Output { path: format!("docs/{}", page.path), text: page.text });
    let mut outputs = made.files(project.model());
    outputs.extend(pages);
    Ok(outputs)
}

/// The same without the documents.
pub fn outputs_without_documents(project: &Valid) -> Vec<Output> {
    Made::of(project).files(project.model())
}

/// What files are made of.
struct Made {
    views: Vec<View>,
    /// The statement of each view.
    statements: Vec<String>,
    manifest: Manifest,
    /// The manifest as a file, and its schema.
    data: [Output; 2],
    dialect: &'static dyn Dialect,
}

impl Made {
    fn of(project: &Valid) -> Self {
        let name = project.model().warehouse.dialect.as_ref();
        let dialect = dialect::dialect(name.map(|name| name.value.as_str()));
        let views = views::views(project);
        let (statements, (manifest, data)) = rayon::join(
            || views.par_iter().map(|view| statement(project, view, dialect)).collect(),
            || {
                let manifest = manifest::manifest(project, &views, dialect);
                let output = |path: &str, text: String| Output { path: path.to_owned(), text };
                let json = output(manifest::FILE, manifest::json(&manifest));
                (manifest, [json, output(manifest::SCHEMA_FILE, manifest::schema())])
            },
        );
        Self { views, statements, manifest, data, dialect }
    }

    /// The files, but for the documents.
    fn files(self, model: &Model) -> Vec<Output> {
        let deploy = deploy(model, &self.statements, self.dialect);
        let deploy = Output { path: format!("sql/{}/deploy.sql", self.dialect.name()), text: deploy };
        let file = |(view, text): (&View, String)| Output { path: sql::file(&view.name, self.dialect), text };
        std::iter::once(deploy).chain(self.views.iter().zip(self.statements).map(file)).chain(self.data).collect()
    }
}

/// The statement that makes a view, after a comment that says what it is.
fn statement(project: &Valid, view: &View, dialect: &dyn Dialect) -> String {
    let model = project.model();
    let mut text = String::with_capacity(2_000);
    for line in &view.comment {
        // A line break would end the comment and begin SQL.
        text.push_str(&format!("-- {}\n", line.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    text.push_str(&format!("create or replace view {} as\n", qualified(model, &view.name, dialect)));
    match (&view.shows, views::query(project, &view.shows)) {
        (Shows::Former(name), _) => text.push_str(&format!("select * from {};\n", qualified(model, name, dialect))),
        (_, Some(query)) => sql::write_statement(&query, dialect, &mut text),
        (_, None) => {}
    }
    text
}

/// A view's name with its schema.
fn qualified(model: &Model, name: &str, dialect: &dyn Dialect) -> String {
    sql::view(&model.warehouse.schema, name, dialect)
}

/// Everything in one file, in an order in which it can be run, again and again.
fn deploy(model: &Model, statements: &[String], dialect: &dyn Dialect) -> String {
    let schema: Vec<_> = model.warehouse.schema.iter().map(|part| dialect.identifier(part)).collect();
    let of = if model.name.is_empty() {
        String::new()
    } else {
        format!(" of {}", model.name.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let mut text = String::with_capacity(200 + statements.iter().map(|statement| statement.len() + 1).sum::<usize>());
    text.push_str(&format!("-- The views{of}, made by kpic. Safe to run again.\n"));
    if !schema.is_empty() {
        text.push_str(&format!("create schema if not exists {};\n", schema.join(".")));
    }
    for statement in statements {
        text.push('\n');
        text.push_str(statement);
    }
    text
}
