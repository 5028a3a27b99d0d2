//! As much of JSON Schema as the manifest's schema is made of.

use serde_json::Value;

/// Holds a value against the parts of JSON Schema that the manifest's schema is made of.
pub(crate) fn fits(value: &Value, schema: &Value, whole: &Value, path: &str, wrong: &mut Vec<String>) {
    let Some(keys) = schema.as_object() else { return };
    for (key, rule) in keys {
        match key.as_str() {
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                fits(value, &whole["$defs"][name], whole, path, wrong);
            }
            "type" => {
                let types: Vec<&str> = rule.as_array().map_or_else(
                    || vec![rule.as_str().unwrap()],
                    |types| types.iter().map(|each| each.as_str().unwrap()).collect(),
                );
                let is = |name: &&str| match *name {
                    "null" => value.is_null(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_u64() || value.is_i64(),
                    "number" => value.is_number(),
                    "string" => value.is_string(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    other => panic!("the type {other}"),
                };
                if !types.iter().any(is) {
                    wrong.push(format!("{path} is not {rule}"));
                }
            }
            "required" => {
                for name in rule.as_array().unwrap().iter().map(|name| name.as_str().unwrap()) {
                    if value.get(name).is_none() {
                        wrong.push(format!("{path} has no {name}"));
                    }
                }
            }
            "properties" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    match rule.get(name) {
                        Some(rule) => fits(inner, rule, whole, &format!("{path}.{name}"), wrong),
                        None => wrong.push(format!("{path}.{name} is not in the schema")),
                    }
                }
            }
            "additionalProperties" if rule.is_object() => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    fits(inner, rule, whole, &format!("{path}.{name}"), wrong);
                }
            }
            "items" => {
                for (at, inner) in value.as_array().into_iter().flatten().enumerate() {
                    fits(inner, rule, whole, &format!("{path}[{at}]"), wrong);
                }
            }
            "anyOf" | "oneOf" => {
                let one = rule.as_array().unwrap().iter().any(|rule| {
                    let mut inner = Vec::new();
                    fits(value, rule, whole, path, &mut inner);
                    inner.is_empty()
                });
                if !one {
                    wrong.push(format!("{path} is none of {rule}"));
                }
            }
            "const" if value != rule => wrong.push(format!("{path} is not {rule}")),
            "enum" if !rule.as_array().unwrap().contains(value) => wrong.push(format!("{path} is none of {rule}")),
            "const"
            | "enum"
            | "additionalProperties"
            | "$schema"
            | "$defs"
            | "title"
            | "description"
            | "format"
            | "minimum" => {}
            other => panic!("the schema has the key {other}, which this test does not know"),
        }
    }
}
