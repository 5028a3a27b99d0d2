//! The models: one for each view, and one for each source that is a query or files.

use super::Export;
use super::relations::Is;
use crate::build;
use crate::diagnostic::Findings;
use crate::dialect::Dialect;
use crate::model::value::Type;
use crate::plan::relation::{Atom, Body, Part, Query, RelationRef, Scalar, Select, column};
use crate::plan::types::Types;
use crate::plan::views::{self, Shows, View};
use crate::sql;
use rayon::prelude::*;

/// What every model begins with.
const BEGIN: &str = "{#- Made by kpic: change the specs instead. #}\n";

/// A model of a view.
#[derive(Debug)]
pub(super) struct Model<'a> {
    /// The view.
    pub(super) view: &'a View,
    /// Its columns; none for a former name, which has those of the other view.
    pub(super) columns: Vec<Column>,
}

/// A column of a model.
#[derive(Debug)]
pub(super) struct Column {
    /// Its name.
    pub(super) name: String,
    /// Its type, where dbt can hold a view to it.
    pub(super) ty: Option<&'static str>,
}

impl Export<'_> {
    /// Makes all models; each is given to `put`.
    pub(super) fn models(&self, put: &(dyn Fn(&str, &str) + Sync)) -> Result<Vec<Model<'_>>, Findings> {
        let made: Vec<Result<Model<'_>, Box<_>>> = self.views.par_iter().map(|view| self.of_view(view, put)).collect();
        let (mut models, mut findings) = (Vec::with_capacity(made.len()), Findings::default());
        for model in made {
            match model {
                Ok(model) => models.push(model),
                Err(finding) => _ = findings.push(*finding),
            }
        }
        if !findings.is_empty() {
            findings.sort();
            return Err(findings);
        }
        for known in &self.relations.known {
            if let Is::Model(name) = &known.is {
                let rows = sql::relation(&known.relation, self.dialect);
                let text = format!("{BEGIN}select * from {}\n", super::jinja::exact(&rows));
                put(&format!("sources/{name}.sql"), &text);
            }
        }
        Ok(models)
    }

    fn of_view<'v>(
        &self,
        view: &'v View,
        put: &(dyn Fn(&str, &str) + Sync),
    ) -> Result<Model<'v>, Box<crate::diagnostic::Finding>> {
        let path = format!("views/{}.sql", view.name);
        let Some(mut plan) = views::query(self.project, &view.shows) else {
            if let Shows::Former(name) = &view.shows {
                put(&path, &format!("{BEGIN}select * from {{{{ ref('{name}') }}}}\n"));
            }
            return Ok(Model { view, columns: Vec::new() });
        };
        let columns = typed(&plan, self.dialect);
        if columns.iter().all(|column| column.ty.is_some()) {
            as_declared(&mut plan);
        }
        self.relations.mark(&mut plan);
        let mut text = String::new();
        build::write_plan(self.project, view, &plan, self.dialect, &mut text)?;
        put(&path, &format!("{BEGIN}{}\n", self.relations.template(&text, self.dialect)));
        Ok(Model { view, columns })
    }
}

/// The columns of a plan.
fn typed(plan: &Query, dialect: &dyn Dialect) -> Vec<Column> {
    let columns = Types::of(plan).map(|(_, columns)| columns.to_vec()).unwrap_or_default();
    columns.into_iter().map(|(name, ty)| Column { name, ty: dialect.contract_type(ty) }).collect()
}

/// A sum of whole numbers may have another type than these; a contract wants to know which.
fn as_declared(plan: &mut Query) {
    let Ok((_, columns)) = Types::of(plan) else { return };
    if columns.iter().all(|(_, ty)| *ty != Type::Integer) {
        return;
    }
    let name = part_name(plan);
    let mut outer = Select::from_part(&name);
    for (own, ty) in columns.iter() {
        let value = column(&name, own);
        outer.column(if *ty == Type::Integer { Scalar::leaf(Atom::As(Box::new(value), *ty)) } else { value }, own);
    }
    let result = std::mem::replace(&mut plan.result, Body::Select(outer));
    plan.parts.push(Part { name, body: result });
}

/// A name for one more part of a plan. No name of a project has two underscores side by side.
pub(super) fn part_name(plan: &Query) -> String {
    let mut name = "all__rows".to_owned();
    while plan.parts.iter().any(|part| part.name == name) || reads(plan, &name) {
        name.push('_');
    }
    name
}

fn reads(plan: &Query, name: &str) -> bool {
    let mut found = false;
    sql::every_source(&mut plan.clone(), &mut |rows| {
        if let RelationRef::Table(parts) = &rows.relation {
            found = found || parts.last().is_some_and(|last| last.eq_ignore_ascii_case(name));
        }
    });
    found
}
