//! Writes a view down: as Mermaid, which code hosts draw, as DOT for Graphviz, and as JSON.
//!
//! Names of definitions are plain words; titles are anything, and every form escapes them.

use super::view::{Definition, Kind, View};
use crate::text::Files;
use serde_json::{Value, json};

/// A view as a flowchart of Mermaid.
pub fn mermaid(view: &View) -> String {
    let id = |node: &Definition| format!("{}_{}", word(node.kind), node.name.replace('.', "__"));
    let mut text = String::from("flowchart LR\n");
    for node in &view.nodes {
        let label = match &node.title {
            Some(title) => format!("{}<br/>{}", mermaid_text(title), mermaid_text(&node.name)),
            None => mermaid_text(&node.name),
        };
        let (open, close) = match node.kind {
            Kind::Source => ("[(", ")]"),
            Kind::Journey => ("{{", "}}"),
            Kind::Column => ("([", "])"),
            Kind::Kpi => ("[", "]"),
        };
        text.push_str(&format!("  {}{open}\"{label}\"{close}\n", id(node)));
    }
    for (from, to) in edges(view) {
        text.push_str(&format!("  {} --> {}\n", id(from), id(to)));
    }
    text
}

/// A text between double quotes in Mermaid: its entities have `#` and `;` around them.
fn mermaid_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' => out.push_str("#quot;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '&' => out.push_str("#amp;"),
            '#' | ';' | '`' | '\\' => out.push_str(&format!("#{};", u32::from(char))),
            char if char.is_control() => out.push(' '),
            char => out.push(char),
        }
    }
    out
}

/// A view as a graph of Graphviz.
pub fn dot(view: &View) -> String {
    let id = |node: &Definition| format!("\"{}:{}\"", word(node.kind), node.name);
    let mut text = String::from("digraph kpic {\n  rankdir = LR;\n  node [fontname = \"sans-serif\"];\n");
    for node in &view.nodes {
        let label = match &node.title {
            Some(title) => format!("{}\\n{}", dot_text(title), dot_text(&node.name)),
            None => dot_text(&node.name),
        };
        let shape = match node.kind {
            Kind::Source => "cylinder",
            Kind::Journey => "hexagon",
            Kind::Column => "ellipse",
            Kind::Kpi => "box",
        };
        text.push_str(&format!("  {} [label = \"{label}\", shape = {shape}];\n", id(node)));
    }
    for (from, to) in edges(view) {
        text.push_str(&format!("  {} -> {};\n", id(from), id(to)));
    }
    text.push_str("}\n");
    text
}

/// A text between double quotes in DOT.
fn dot_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            char if char.is_control() => out.push(' '),
            char => out.push(char),
        }
    }
    out
}

/// A view as JSON, with the places of definitions.
pub fn json(view: &View, files: &Files) -> String {
    let id = |node: &Definition| format!("{}:{}", word(node.kind), node.name);
    let nodes = view.nodes.iter().map(|node| {
        json!({
            "id": id(node),
            "kind": word(node.kind),
            "name": node.name,
            "title": node.title,
            "file": files.path(node.defined.file),
            "line": files.line(node.defined),
        })
    });
    let edges = edges(view).map(|(from, to)| json!({ "from": id(from), "to": id(to) }));
    let graph = json!({ "nodes": nodes.collect::<Vec<Value>>(), "edges": edges.collect::<Vec<Value>>() });
    let mut text = crate::text::json(&graph);
    text.push('\n');
    text
}

fn edges(view: &View) -> impl Iterator<Item = (&Definition, &Definition)> {
    view.edges.iter().filter_map(|(from, to)| Some((view.nodes.get(*from)?, view.nodes.get(*to)?)))
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Source => "source",
        Kind::Journey => "journey",
        Kind::Column => "column",
        Kind::Kpi => "kpi",
    }
}
