//! From Cube's data models to KPIs: for `import cube`.
//!
//! 1. Files are YAML; those in JavaScript, and those that Jinja decides on, are reported and not read.
//! 2. [`members`] reads measures, dimensions, segments and joins of a cube, [`template`] what stands in braces in their SQL.
//! 3. [`views`] makes a list of measures of each view.
//!
//! Whatever changes figures and is not known is a reason not to carry what has it.

mod members;
mod template;
mod views;

use super::artifacts::Unreadable;
use super::models::text::{Place, Texts};
use super::models::{self, From, Model, Models, Read};
use super::project::{Existing, Import, Settings};
use super::{short, words};
use crate::diagnostic::Findings;
use crate::load::{Node, Value, yaml};
use crate::pipeline::Options;
use crate::text::{FileId, Files};
use std::collections::HashMap;

/// What the names of files of a data model end in.
pub const FILES: &[&str] = &["yml", "yaml", "js", "ts", "py"];
/// No folder with more cubes is read.
const MOST: usize = 5_000;
/// How many cubes may extend one another.
const DEEPEST: usize = 20;

/// Imports the data models in a folder, into a project that is there or into a new one.
///
/// # Errors
/// Fails if there is no cube, or if what is there already keeps anything from being checked.
pub fn import(
    models: &Models<'_>,
    existing: Option<&Existing>,
    settings: &Settings,
    options: &Options,
) -> Result<Import, Unreadable> {
    let read = read(models)?;
    models::import(models.name, read, models.known, &words::CUBE, existing, settings, options)
}

/// A file whose nodes are read.
struct File<'a> {
    id: usize,
    text: &'a str,
}

impl File<'_> {
    fn place(&self, node: &Node) -> Place {
        Place { file: self.id, at: node.span.start as usize }
    }
}

/// A cube or view as its file has it.
#[derive(Clone, Copy)]
struct Definition<'a> {
    file: usize,
    text: &'a str,
    node: &'a Node,
}

impl Definition<'_> {
    fn file(&self) -> File<'_> {
        File { id: self.file, text: self.text }
    }
}

fn read(models: &Models<'_>) -> Result<Read, Unreadable> {
    let mut read = Read { texts: Texts::default(), ..Read::default() };
    let mut roots: Vec<(usize, &str, Vec<Node>)> = Vec::new();
    for file in models.files {
        match tree(file.path.as_str(), &file.text) {
            Ok(nodes) => roots.push((read.texts.add(&file.path, &file.text), &file.text, nodes)),
            Err(why) => read.left_out.push((format!("file `{}`", short(&file.path)), why)),
        }
    }
    let (mut cubes, mut views) = (Vec::new(), Vec::new());
    for (file, text, nodes) in &roots {
        let mut has_any = false;
        for (key, node) in nodes.iter().flat_map(entries) {
            let list = match key {
                "cubes" => &mut cubes,
                "views" => &mut views,
                _ => continue,
            };
            has_any = true;
            let Value::List(items) = &node.value else {
                let place = read.texts.place(Place { file: *file, at: node.span.start as usize });
                read.left_out.push((format!("`{key}`"), format!("{place}: kpic expects a list there")));
                continue;
            };
            list.extend(items.iter().map(|node| Definition { file: *file, text, node }));
        }
        if !has_any {
            let path = read.texts.place(Place { file: *file, at: 0 });
            read.left_out
                .push((format!("file `{}`", path.trim_end_matches(":1:1")), "it has neither `cubes` nor `views`".to_owned()));
        }
    }
    if cubes.is_empty() && read.left_out.is_empty() || cubes.len() > MOST {
        let message = if cubes.is_empty() {
            format!("{} has no cube", short(models.name))
        } else {
            format!("{} has more than {MOST} cubes", short(models.name))
        };
        return Err(Unreadable { message, help: "name the folder with the YAML files of the data model".to_owned() });
    }
    let named: HashMap<String, Definition<'_>> =
        cubes.iter().rev().filter_map(|cube| Some((name(cube.node)?, *cube))).collect();
    for cube in &cubes {
        self::cube(cube, &named, &mut read);
    }
    for view in &views {
        views::view(view, &mut read);
    }
    Ok(read)
}

/// The nodes of a file, or why it is not read.
fn tree(path: &str, text: &str) -> Result<Vec<Node>, String> {
    if ![".yml", ".yaml"].iter().any(|ending| path.ends_with(ending)) {
        return Err(
            "kpic reads YAML alone: of a model in JavaScript or Python it is only known what it says once it runs".to_owned()
        );
    }
    if let Some(at) = ["{%", "{#"].iter().filter_map(|sign| text.find(sign)).min() {
        let mut texts = Texts::default();
        let file = texts.add(path, text);
        let place = texts.place(Place { file, at });
        return Err(format!("{place}: Jinja decides what is in it: import what it makes"));
    }
    let mut files = Files::default();
    let file: FileId = files.add(path.to_owned(), text.to_owned());
    let mut findings = Findings::default();
    let nodes = yaml::parse(file, text, &mut findings);
    match (nodes, findings.after(0).first()) {
        (Some(nodes), None) => Ok(nodes),
        (_, Some(finding)) => {
            let line = finding.labels.first().map(|label| format!("{}:{}: ", short(path), files.line(label.span)));
            let jinja = if text.contains("{{") { "; it has Jinja: import what that makes" } else { "" };
            Err(format!("{}it is not YAML: {}{jinja}", line.unwrap_or_default(), super::on_a_line(&finding.message)))
        }
        (None, None) => Err("it is not YAML".to_owned()),
    }
}

/// The entries of a map.
fn entries(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let all = if let Value::Map(all) = &node.value { all.as_slice() } else { &[] };
    all.iter().map(|entry| (entry.key.value.as_str(), &entry.value))
}

fn get<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    entries(node).find(|(own, _)| *own == key).map(|(_, value)| value)
}

/// A text, unless it is nothing but blanks.
fn text(node: &Node) -> Option<String> {
    match &node.value {
        Value::Scalar(scalar) => Some(scalar.text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

/// The name of a definition, unless a template makes it.
fn name(node: &Node) -> Option<String> {
    get(node, "name").and_then(text).filter(|name| !name.contains(['{', '}']))
}

fn is_true(node: Option<&Node>) -> bool {
    node.and_then(text).is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// The keys of a cube that change no figure.
const HARMLESS: [&str; 13] = [
    "name",
    "title",
    "description",
    "public",
    "shown",
    "sql_alias",
    "refresh_key",
    "pre_aggregations",
    "meta",
    "hierarchies",
    "folders",
    "extends",
    "rewrite_queries",
];

fn cube(cube: &Definition<'_>, named: &HashMap<String, Definition<'_>>, read: &mut Read) {
    let at = cube.file().place(cube.node);
    let Some(name) = name(cube.node) else {
        let place = read.texts.place(at);
        read.left_out.push(("cube".to_owned(), format!("{place}: it has no name, or one that a template makes")));
        return;
    };
    if read.models.iter().any(|known| known.name.eq_ignore_ascii_case(&name)) {
        let place = read.texts.place(at);
        read.left_out.push((format!("cube `{}`", short(&name)), format!("{place}: another cube has its name")));
        return;
    }
    let mut model = Model {
        name,
        at,
        description: get(cube.node, "description").and_then(text),
        from: From::Nothing("it has neither `sql_table` nor `sql`".to_owned()),
        dimensions: Vec::new(),
        measures: Vec::new(),
        joins: Vec::new(),
    };
    // What a cube has itself comes before what the cubes have that it extends.
    let (mut next, mut seen) = (Some(*cube), 0);
    while let Some(own) = next {
        members::add(&own, &mut model, read);
        seen += 1;
        let extended = get(own.node, "extends").and_then(text);
        next = extended.as_ref().and_then(|name| named.get(name)).copied();
        if extended.is_some() && (next.is_none() || seen > DEEPEST) {
            model.from = From::Nothing("the cube that it extends is not there, or extends it too".to_owned());
            next = None;
        }
    }
    read.models.push(model);
}
