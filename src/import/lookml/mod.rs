//! From LookML to KPIs: for `import lookml`.
//!
//! 1. [`reader`] reads files as pairs of keys and values, [`template`] SQL in them, and [`filter`] Looker's filter expressions.
//! 2. [`views`] puts together what a view extends and what refines it, and [`fields`] reads its dimensions and measures.
//! 3. [`explores`] gives views the joins that explores have.
//!
//! Whatever changes figures and is not known is a reason not to carry what has it.

mod explores;
mod fields;
mod filter;
mod reader;
mod template;
mod views;

use super::artifacts::Unreadable;
use super::models::text::Place;
use super::models::{self, Models, Read};
use super::project::{Existing, Import, Settings};
use super::{short, words};
use crate::pipeline::Options;
use reader::{Pair, Value};
use std::collections::HashMap;

/// What the names of files of LookML end in.
pub const FILES: &[&str] = &["lkml", "lookml"];
/// No folder with more views is read.
const MOST: usize = 5_000;

/// Imports the views and explores in a folder, into a project that is there or into a new one.
///
/// # Errors
/// Fails if there is no view, or if what is there already keeps anything from being checked.
pub fn import(
    models: &Models<'_>,
    existing: Option<&Existing>,
    settings: &Settings,
    options: &Options,
) -> Result<Import, Unreadable> {
    let read = read(models)?;
    models::import(models.name, read, models.known, &words::LOOKER, existing, settings, options)
}

/// A pair with the file that it is in.
#[derive(Debug, Clone)]
struct Placed {
    file: usize,
    pair: Pair,
}

impl Placed {
    fn at(&self) -> Place {
        Place { file: self.file, at: self.pair.at }
    }

    fn value_at(&self) -> Place {
        Place { file: self.file, at: self.pair.value_at }
    }

    /// The pairs of a block.
    fn inner(&self) -> Vec<Placed> {
        let (Value::Block(all) | Value::List(all)) = &self.pair.value else { return Vec::new() };
        all.iter().map(|pair| Placed { file: self.file, pair: pair.clone() }).collect()
    }

    /// A text, unless it is nothing but blanks.
    fn text(&self) -> Option<String> {
        match &self.pair.value {
            Value::Text(text) | Value::Sql(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
            Value::List(_) | Value::Block(_) => None,
        }
    }

    /// The texts of a list, or the only one.
    fn texts(&self) -> Vec<String> {
        match &self.pair.value {
            Value::List(all) => all
                .iter()
                .filter_map(|one| if let Value::Text(text) = &one.value { Some(text.clone()) } else { None })
                .collect(),
            _ => self.text().into_iter().collect(),
        }
    }
}

/// The last pair with a key, which is the one that counts.
fn get<'a>(pairs: &'a [Placed], key: &str) -> Option<&'a Placed> {
    pairs.iter().rev().find(|one| one.pair.key == key)
}

fn read(models: &Models<'_>) -> Result<Read, Unreadable> {
    let mut read = Read::default();
    let mut pairs: Vec<Placed> = Vec::new();
    for file in models.files {
        if file.path.ends_with(".lookml") {
            let why = "kpic reads views, models and explores, and no dashboards".to_owned();
            read.left_out.push((format!("file `{}`", short(&file.path)), why));
            continue;
        }
        let id = read.texts.add(&file.path, &file.text);
        match reader::read(&file.text) {
            Ok(all) => pairs.extend(all.into_iter().map(|pair| Placed { file: id, pair })),
            Err((at, why)) => {
                let place = read.texts.place(Place { file: id, at });
                read.left_out.push((format!("file `{}`", short(&file.path)), format!("{place}: {why}")));
            }
        }
    }
    // Models name files that are read anyway; what else changes figures is said.
    for pair in pairs.iter().filter(|one| one.pair.key == "case_sensitive" && one.text().as_deref() == Some("no")) {
        let place = read.texts.place(pair.at());
        read.left_out.push(("`case_sensitive: no`".to_owned(), format!("{place}: kpic compares texts as they are")));
    }
    let views = views::together(&pairs, &mut read);
    if views.is_empty() && read.left_out.is_empty() || views.len() > MOST {
        let message = if views.is_empty() {
            format!("{} has no view", short(models.name))
        } else {
            format!("{} has more than {MOST} views", short(models.name))
        };
        return Err(Unreadable { message, help: "name the folder with the `.view.lkml` files".to_owned() });
    }
    for view in &views {
        let model = fields::model(view, &views, &mut read);
        read.models.push(model);
    }
    let places: HashMap<String, usize> = read.models.iter().enumerate().map(|(at, model)| (model.name.clone(), at)).collect();
    for pair in pairs.iter().filter(|one| one.pair.key == "explore") {
        explores::explore(pair, &places, &mut read);
    }
    Ok(read)
}
