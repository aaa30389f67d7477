//! The JSON Schema of image files (draft 2020-12).

use super::Specification;
use serde_json::{Value, json};

impl Specification {
    /// Returns the JSON Schema of image files: their keys and the form of their values.
    pub fn schema() -> Value {
        let texts = || json!({ "type": "array", "items": text() });
        let some = |item: Value| json!({ "type": "array", "items": item, "minItems": 1 });
        let absolute = || json!({ "type": "string", "pattern": "^/" });
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "image file",
            "type": "object",
            "additionalProperties": false,
            "anyOf": [{ "required": ["packages"] }, { "required": ["base"] }, { "required": ["files"] }],
            "dependentSchemas": { "packages": { "not": { "required": ["base"] } } },
            "dependentRequired": { "run": ["files"], "suite": ["packages"], "users": ["packages"], "exclude": ["packages"], "recommends": ["packages"] },
            "properties": {
                "packages": about("What to install, as `name` or `name=version`, with all that it depends on.", some(text())),
                "suite": about("The suite, such as `bookworm`. Default: that of the machine.", text()),
                "users": about("Accounts besides those of the packages.", json!({ "type": "array", "items": user() })),
                "recommends": about("Whether what packages recommend is installed too, where it is to be had.", json!({ "type": "boolean" })),
                "exclude": about("Paths to leave out: `*` and `?` within a name, `**` across folders.", texts()),
                "base": about("The image to build on: a reference, `oci:DIR` or `oci-archive:FILE`.", text()),
                "platforms": about(
                    "Platforms to build for, as `os/architecture[/variant]`. Default: this machine's.",
                    json!({ "type": "array", "items": { "type": "string", "pattern": "^[^/]+/[^/]+(/[^/]+)?$" } }),
                ),
                "run": about("What makes some of your own files first, once for each platform, on this machine.", run()),
                "files": about("Your own files and folders. Later entries win over earlier ones.", json!({ "type": "array", "items": file() })),
                "entrypoint": about("The program and its first arguments.", texts()),
                "command": about("Further arguments.", texts()),
                "user": about("Who runs it: `user[:group]`, by name or number.", text()),
                "working-directory": about("The folder that the program starts in.", absolute()),
                "environment": about(
                    "Environment variables.",
                    json!({ "type": "object", "propertyNames": { "pattern": "^[^=]+$" }, "additionalProperties": text() }),
                ),
                "ports": about(
                    "Ports, such as `8080/tcp`.",
                    json!({ "type": "array", "items": { "type": ["string", "integer"], "pattern": "^[+0-9]+(/(tcp|udp|sctp))?$" } }),
                ),
                "volumes": about("Folders for data.", json!({ "type": "array", "items": absolute() })),
                "stop-signal": about("The signal that asks the program to stop, such as `SIGQUIT`.", text()),
                "labels": about("Labels.", json!({ "type": "object", "additionalProperties": text() })),
            },
        })
    }
}

fn user() -> Value {
    let number = || json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "uid"],
        "properties": {
            "name": about("Its name.", text()),
            "uid": about("Its number.", number()),
            "gid": about("The number of its group. Default: the same as `uid`.", number()),
            "home": about("Its folder. Default: `/home/NAME`.", text()),
            "shell": about("Its shell. Default: `/usr/sbin/nologin`.", text()),
        },
    })
}

fn run() -> Value {
    let texts = || json!({ "type": "array", "items": text() });
    let env = about("The name of a variable of this machine.", text());
    let of_machine =
        json!({ "type": "object", "additionalProperties": false, "required": ["env"], "properties": { "env": env } });
    let variable = json!({ "anyOf": [text(), of_machine] });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["command"],
        "properties": {
            "command": about(
                "The program and its arguments, without a shell. `{arch}`, `{rust-target}` and others are filled in.",
                json!({ "type": ["string", "boolean", "array"], "items": text(), "minItems": 1 }),
            ),
            "inputs": about(
                "Files, folders and patterns that the results follow from. Default: all in this file's folder that git does not ignore.",
                texts(),
            ),
            "environment": about(
                "Variables: a text, or `{ env: NAME }` for that of this machine.",
                json!({ "type": "object", "propertyNames": { "pattern": "^[^=]+$" }, "additionalProperties": variable }),
            ),
            "directory": about("The folder that it runs in, relative to this file's.", text()),
            "timeout": about("How long it may take. Default: `30m`.", text()),
        },
    })
}

fn file() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["source", "path"],
        "properties": {
            "source": about(
                "The file or folder, relative to this file's folder. `{arch}`, `{rust-target}` and others are filled in.",
                text(),
            ),
            "path": about("Where it goes in the image.", json!({ "type": "string", "pattern": "^/" })),
            "mode": about(
                "Permission bits, in quotes. Default: 0755 if executable, else 0644.",
                json!({ "type": ["string", "integer"], "pattern": "^[0-7]{3,4}$" }),
            ),
            "owner": about("`user` or `user:group`, by name or number. Default: root.", text()),
            "provided": about(
                "Libraries and loaders, by name, that are there only when the program runs; `*` and `?` stand for anything.",
                json!({ "type": "array", "items": text() }),
            ),
        },
    })
}

/// A text. Numbers and truth values are taken as they are written.
fn text() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

fn about(meaning: &str, mut schema: Value) -> Value {
    schema["description"] = json!(meaning);
    schema
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{Problem, SpecificationError};
    use boon::{Compiler, Schemas};
    use std::collections::BTreeSet;

    /// Fails where the schema does not say the same of an image file as its reader, as far as it says anything.
    pub(in super::super) fn agrees(text: &str, read: &Result<Specification, SpecificationError>) {
        let accepted = serde_saphyr::from_str::<Value>(text).is_ok_and(|value| accepts(&value));
        match read {
            Ok(_) => assert!(accepted, "the schema refuses:\n{text}"),
            // These follow from the form of one value.
            Err(SpecificationError { problem, .. }) => match problem {
                Problem::UnknownKey { .. }
                | Problem::MissingKey { .. }
                | Problem::Type { .. }
                | Problem::Kind { .. }
                | Problem::Empty => assert!(!accepted, "the schema accepts:\n{text}"),
                _ => {}
            },
        }
    }

    fn accepts(value: &Value) -> bool {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("image.schema.json", Specification::schema()).unwrap();
        let index = compiler.compile("image.schema.json", &mut schemas).unwrap();
        schemas.validate(value, index).is_ok()
    }

    #[test]
    fn names_the_keys_that_the_reader_knows() {
        compare(&Specification::schema(), &|value| value);
    }

    /// Asks the reader which keys it knows in a mapping and in each that may stand in it, and compares them with the schema's. `around`
    /// makes an image file with a value in this place.
    fn compare(schema: &Value, around: &dyn Fn(Value) -> Value) {
        let known = known(around(json!({ "?": 0 }))).unwrap_or_default();
        let properties = schema["properties"].as_object().cloned().unwrap_or_default();
        assert_eq!(properties.keys().cloned().collect::<BTreeSet<_>>(), known);
        for (key, schema) in &properties {
            let mapping = |value: Value| around(json!({ key: value }));
            let list = |value: Value| around(json!({ key: [value] }));
            for (within, around) in [(schema, &mapping as &dyn Fn(Value) -> Value), (&schema["items"], &list)] {
                if within["properties"].is_object() || self::known(around(json!({ "?": 0 }))).is_some() {
                    compare(within, around);
                }
            }
        }
    }

    /// Returns the keys that are allowed where an image file has an unknown one, if that is what is wrong with it.
    fn known(file: Value) -> Option<BTreeSet<String>> {
        match Specification::parse("image.yaml", &file.to_string()).unwrap_err().problem {
            Problem::UnknownKey { known, .. } => Some(known.into_iter().map(str::to_owned).collect()),
            _ => None,
        }
    }
}
