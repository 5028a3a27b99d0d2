//! What is to be in the warehouse.

use crate::build::said::{columns, description};
use crate::build::write_query;
use crate::diagnostic::{Finding, Findings};
use crate::dialect::Dialect;
use crate::dialect::catalog::Made;
use crate::pipeline::Valid;
use crate::plan::views::{self, Shows};
use crate::sql;
use crate::text::Sum;
use rayon::prelude::*;
use std::collections::HashMap;

/// A view that is to be there.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its name, without the schema.
    pub name: String,
    /// Its name as it stands in SQL.
    pub relation: String,
    /// What it is made as.
    pub kind: Made,
    /// Its query.
    pub query: String,
    /// What is said of it.
    pub description: String,
    /// What is said of its columns, where something is: names as they stand in SQL.
    pub columns: Vec<(String, Option<String>)>,
    /// The view of which this is a former name.
    pub former_of: Option<String>,
    /// A sum of all that; it is another one where any of it is.
    pub sum: String,
}

/// The version of what kpic makes of all this. With another one everything is made anew.
const VERSION: &str = "1";

/// The views of a project, those that others read first.
///
/// # Errors
/// Gives findings if the warehouse would not take one of them.
pub fn wanted(project: &Valid, dialect: &'static dyn Dialect) -> Result<Vec<Wanted>, Findings> {
    let schema = &project.model().warehouse.schema;
    let views = views::views(project);
    let one = |view: &views::View| {
        let mut query = String::new();
        write_query(project, view, dialect, &mut query)?;
        let named = |(name, said): (String, Option<String>)| (dialect.identifier(&name).into_owned(), said);
        Ok(Wanted {
            relation: sql::view(schema, &view.name, dialect),
            kind: views::made(project.model(), &view.shows),
            query,
            description: description(project.model(), view),
            columns: columns(project.model(), &view.shows).into_iter().map(named).collect(),
            former_of: if let Shows::Former(name) = &view.shows { Some(name.clone()) } else { None },
            sum: String::new(),
            name: view.name.clone(),
        })
    };
    let made: Vec<Result<Wanted, Box<Finding>>> = views.par_iter().map(one).collect();
    let (mut wanted, mut findings) = (Vec::with_capacity(made.len()), Findings::default());
    for view in made {
        match view {
            Ok(view) => wanted.push(view),
            Err(finding) => _ = findings.push(*finding),
        }
    }
    if !findings.is_empty() {
        findings.sort();
        return Err(findings);
    }
    let mut sums: HashMap<String, String> = HashMap::new();
    for view in &mut wanted {
        // A view under a former name has the columns that the other one had when it was made.
        let other = view.former_of.as_ref().and_then(|name| sums.get(name)).map_or("", String::as_str);
        view.sum = view.sum_with(other);
        sums.insert(view.name.clone(), view.sum.clone());
    }
    Ok(wanted)
}

impl Wanted {
    fn sum_with(&self, other: &str) -> String {
        let mut pieces = vec![VERSION, self.kind.word(), other, &self.relation, "\0", &self.query, "\0", &self.description];
        for (name, said) in &self.columns {
            pieces.extend(["\0", name, "\0", said.as_deref().unwrap_or_default()]);
        }
        Sum::of(&pieces).to_string()
    }
}
