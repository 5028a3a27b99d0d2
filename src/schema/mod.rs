//! JSON Schemas of `kpic.yml` and of spec files, for editors: from the tables of `spec` that files are held against.
//!
//! The schemas are of draft 7, which is what the YAML language server reads. They are never stricter than `kpic check` about a
//! file's shape, and no schema can say what names mean: that is the business of the compiler.
//!
//! `load::json` reads YAML as editors do, by the core schema of YAML 1.2, where the compiler leaves it to each key what a scalar is.

use crate::diagnostic::Findings;
use crate::load::json::value;
use crate::load::yaml;
use crate::spec;
use crate::spec::shape::{Field, Record, Shape};
use crate::text::Files;
use serde_json::{Map, Value as Json, json};

/// Which file a schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// `kpic.yml`.
    Project,
    /// A spec file.
    Spec,
}

impl Document {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Project, Self::Spec];

    /// The name under which the schema is stored.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Project => "project.schema.json",
            Self::Spec => "spec.schema.json",
        }
    }

    fn record(self) -> &'static Record {
        match self {
            Self::Project => &spec::project::PROJECT,
            Self::Spec => &spec::FILE,
        }
    }
}

/// The schema of a file as text, with a line break at its end.
pub fn text(document: Document) -> String {
    let mut text = serde_json::to_string_pretty(&schema(document)).unwrap_or_default();
    text.push('\n');
    text
}

/// The schema of a file.
pub fn schema(document: Document) -> Json {
    let record = document.record();
    let mut definitions = Map::new();
    let root = reference(record, &mut definitions);
    let title = match document {
        Document::Project => "kpic.yml, a project of kpic",
        Document::Spec => "a spec file of kpic",
    };
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!(title));
    schema.insert("allOf".to_owned(), json!([root]));
    schema.insert("definitions".to_owned(), Json::Object(definitions));
    Json::Object(schema)
}

/// A reference to the definition of a record, which is made if it is not there yet.
fn reference(record: &'static Record, definitions: &mut Map<String, Json>) -> Json {
    let name = definition_name(record.what);
    if !definitions.contains_key(&name) {
        // It is there before its keys are, so that a record may hold itself.
        definitions.insert(name.clone(), Json::Null);
        let definition = of_record(record, definitions);
        definitions.insert(name.clone(), definition);
    }
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// "a KPI" becomes `kpi`.
fn definition_name(what: &str) -> String {
    let bare = ["a ", "an ", "the "].iter().find_map(|article| what.strip_prefix(article)).unwrap_or(what);
    let letters = bare.to_lowercase();
    let words = letters.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

fn of_record(record: &'static Record, definitions: &mut Map<String, Json>) -> Json {
    let required: Vec<&str> = record.fields.iter().filter(|field| field.required).map(|field| field.key).collect();
    let mut properties = Map::new();
    for field in record.fields {
        properties.insert(field.key.to_owned(), of_field(field, definitions));
    }
    let mut schema = Map::new();
    schema.insert("title".to_owned(), json!(record.what));
    // A map with nothing in it may be left empty in YAML.
    let ty = if required.is_empty() { json!(["object", "null"]) } else { json!("object") };
    schema.insert("type".to_owned(), ty);
    schema.insert("properties".to_owned(), Json::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    Json::Object(schema)
}

fn of_field(field: &'static Field, definitions: &mut Map<String, Json>) -> Json {
    let mut schema = Map::new();
    if field.later {
        let about = format!("{} Part of the language, but not supported yet.", field.about);
        schema.insert("description".to_owned(), json!(about));
        schema.insert("not".to_owned(), json!({}));
        schema.insert("doNotSuggest".to_owned(), json!(true));
        return Json::Object(schema);
    }
    schema.insert("description".to_owned(), json!(field.about));
    if let Some(example) = field.example.and_then(example) {
        schema.insert("examples".to_owned(), json!([example]));
    }
    match of_shape(&field.shape, definitions) {
        // What stands beside a reference is not looked at in draft 7.
        Json::Object(shape) if shape.contains_key("$ref") => {
            schema.insert("allOf".to_owned(), json!([shape]));
        }
        Json::Object(shape) => schema.extend(shape),
        _ => {}
    }
    Json::Object(schema)
}

fn of_shape(shape: &'static Shape, definitions: &mut Map<String, Json>) -> Json {
    match shape {
        // Whatever YAML makes of an unquoted text, it is read as the text that is there.
        Shape::Text | Shape::Name | Shape::Formula => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Count => json!({ "type": ["integer", "string"], "minimum": 0, "maximum": u32::MAX, "pattern": r"^\+?[0-9]+$" }),
        Shape::Number => json!({ "type": ["number", "string"], "pattern": r"^-?[0-9][0-9_.eE+-]*%?$" }),
        Shape::Truth => json!({ "enum": [true, false, "true", "false"] }),
        Shape::Day => json!({ "type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
        Shape::Period => {
            json!({ "type": ["string", "integer"], "pattern": r"^[0-9]{4}(-(Q[1-4]|W[0-9]{2}|[0-9]{2}(-[0-9]{2})?))?$" })
        }
        Shape::Nothing => json!({ "type": "null" }),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::List(inner) => json!({ "type": ["array", "null"], "items": of_shape(inner, definitions) }),
        Shape::Named(what, inner) => json!({
            "type": ["object", "null"],
            "propertyNames": {
                "description": format!("The name of {what}: lower-case letters, digits and single `_`, starting with a \
                 letter."),
                "pattern": "^[a-z][a-z0-9]*(_[a-z0-9]+)*_?$",
            },
            "additionalProperties": of_shape(inner, definitions),
        }),
        Shape::Bounds => {
            let mut list = of_shape(&Shape::List(&Shape::Number), definitions);
            if let Some(list) = list.as_object_mut() {
                list.insert("type".to_owned(), json!("array"));
                list.insert("minItems".to_owned(), json!(2));
                list.insert("maxItems".to_owned(), json!(2));
            }
            list
        }
        Shape::Map(inner) => json!({ "type": ["object", "null"], "additionalProperties": of_shape(inner, definitions) }),
        Shape::Record(record) => reference(record, definitions),
        Shape::Either(shapes) => {
            json!({ "anyOf": shapes.iter().map(|shape| of_shape(shape, definitions)).collect::<Vec<_>>() })
        }
        Shape::Any => json!({}),
    }
}

/// An example of the tables as JSON; nothing if it is not YAML, which a test rules out.
fn example(yaml: &str) -> Option<Json> {
    let mut files = Files::default();
    let file = files.add(String::new(), yaml.to_owned());
    let roots = yaml::parse(file, yaml, &mut Findings::default())?;
    roots.first().map(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::shape;
    use std::collections::BTreeMap;

    /// All records that a shape leads to.
    fn records(shape: &'static Shape, found: &mut Vec<&'static Record>) {
        match shape {
            Shape::Record(record) if !found.iter().any(|known| std::ptr::eq(*known, *record)) => {
                found.push(record);
                record.fields.iter().for_each(|field| records(&field.shape, found));
            }
            Shape::List(inner) | Shape::Named(_, inner) | Shape::Map(inner) => records(inner, found),
            Shape::Either(shapes) => shapes.iter().for_each(|shape| records(shape, found)),
            _ => {}
        }
    }

    fn all() -> Vec<&'static Record> {
        let mut found = Vec::new();
        for document in Document::ALL {
            found.push(document.record());
            document.record().fields.iter().for_each(|field| records(&field.shape, &mut found));
        }
        found
    }

    #[test]
    fn every_record_has_a_definition_of_its_own() {
        let mut names: BTreeMap<String, &str> = BTreeMap::new();
        for record in all() {
            let other = names.insert(definition_name(record.what), record.what);
            assert_eq!(other, None, "{}", record.what);
        }
        assert!(names.contains_key("kpi") && names.contains_key("entry_of_drives"), "{names:?}");
    }

    #[test]
    fn every_key_is_described_and_has_an_example_that_fits() {
        for record in all() {
            for field in record.fields {
                let place = format!("`{}` of {}", field.key, record.what);
                assert!(field.about.ends_with('.'), "{place}: {}", field.about);
                let speaks_for_itself = match &field.shape {
                    Shape::Word(_) | Shape::Truth | Shape::Record(_) | Shape::Named(..) => true,
                    Shape::List(inner) | Shape::Map(inner) => matches!(inner, Shape::Record(_)),
                    Shape::Either(shapes) => shapes.iter().any(|shape| matches!(shape, Shape::Word(_))),
                    _ => field.later,
                };
                let Some(yaml) = field.example else {
                    assert!(speaks_for_itself, "{place} has no example");
                    continue;
                };
                let mut files = Files::default();
                let file = files.add(String::new(), yaml.to_owned());
                let mut findings = Findings::default();
                let roots = yaml::parse(file, yaml, &mut findings).unwrap();
                shape::check(&roots[0], &field.shape, &mut findings);
                assert!(findings.is_empty(), "{place}: {yaml}: {findings:?}");
            }
        }
    }
}
