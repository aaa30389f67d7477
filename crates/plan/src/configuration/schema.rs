//! The JSON Schema of the file (draft 2020-12), written from the tables that the reader reads by.

use super::file::KEYS;
use super::keys::{Keys, Rule, Shape};
use serde_json::{Map, Value, json};

/// Returns the JSON Schema of `consign.yaml`: its keys and the form of their values. What follows from several values together, such as
/// two images with one destination, it does not say.
pub fn schema() -> Value {
    let mut schema = json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "consign.yaml" });
    if let (Value::Object(schema), Value::Object(mapping)) = (&mut schema, mapping(&KEYS)) {
        schema.extend(mapping);
    }
    schema
}

fn mapping(keys: &Keys) -> Value {
    let mut properties = Map::new();
    for key in keys.known {
        let mut value = shape(&key.shape);
        value["description"] = json!(key.meaning);
        properties.insert(key.name.to_owned(), value);
    }
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    let required: Vec<&str> = keys.known.iter().filter(|key| key.required).map(|key| key.name).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let mut either = Vec::new();
    for rule in keys.rules {
        match rule {
            Rule::Either(one, other) => {
                either.push(json!({ "oneOf": [{ "required": [one] }, { "required": [other] }] }))
            }
            Rule::OneAtLeast(one, other) => {
                schema["anyOf"] = json!([{ "required": [one] }, { "required": [other] }]);
            }
            Rule::Together(one, other) => {
                schema["dependentRequired"][one] = json!([other]);
                schema["dependentRequired"][other] = json!([one]);
            }
        }
    }
    match &either[..] {
        [] => {}
        [only] => schema["oneOf"] = only["oneOf"].clone(),
        _ => schema["allOf"] = json!(either),
    }
    schema
}

fn shape(form: &Shape) -> Value {
    match form {
        Shape::Text => json!({ "type": ["string", "number", "boolean"], "pattern": "\\S" }),
        Shape::AnyText => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Form(pattern) => json!({ "type": "string", "pattern": pattern }),
        Shape::Word(words) => json!({ "enum": words() }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Number(from, to) => json!({ "type": "integer", "minimum": from, "maximum": to }),
        Shape::List(item) => json!({ "type": "array", "items": shape(item) }),
        Shape::Items(item) => json!({ "type": "array", "items": shape(item), "minItems": 1 }),
        Shape::Some(item) => json!({ "anyOf": [shape(item), shape(&Shape::Items(item))] }),
        Shape::Or(one, other) => json!({ "anyOf": [shape(one), shape(other)] }),
        Shape::Mapping(keys) => mapping(keys),
        Shape::Map(value) => json!({ "type": "object", "additionalProperties": shape(value) }),
    }
}
