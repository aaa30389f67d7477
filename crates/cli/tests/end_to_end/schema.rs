//! The JSON Schemas against everything that users copy from, and completions.

use crate::common::TestEnvironment;
use boon::{Compiler, Schemas};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const IMAGE_KEYS: [&str; 3] = ["packages", "files", "base"];

/// Fails unless a file is right by the schema of its kind.
#[track_caller]
fn check(environment: &TestEnvironment, name: &str, text: &str) {
    let mut value: Value = serde_saphyr::from_str(text).map_err(|error| format!("{name}: {error}\n{text}")).unwrap();
    let is_configuration =
        ["version", "build", "policy", "signing", "registries", "debian"].iter().any(|key| value.get(key).is_some());
    // Parts stand in the docs, too.
    if is_configuration && value.get("build").is_none() {
        value["build"] = json!([{ "source": "image.yaml", "destination": "ghcr.io/team/web" }]);
    } else if !is_configuration && IMAGE_KEYS.iter().all(|key| value.get(key).is_none()) {
        value["files"] = json!([]);
    }
    let of = if is_configuration { "config" } else { "image" };
    let schema = environment.consign(&["schema", of]).expect(0).json();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("schema.json", schema).unwrap();
    let index = compiler.compile("schema.json", &mut schemas).unwrap();
    let verdict = schemas.validate(&value, index).map_err(|error| format!("{error:#}"));
    assert_eq!(verdict, Ok(()), "{name}:\n{text}");
}

#[test]
fn documents_and_examples_are_right() {
    let environment = TestEnvironment::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut blocks = 0;
    for name in ["README.md", "docs/configuration.md", "docs/images.md"] {
        let text = fs::read_to_string(root.join(name)).unwrap();
        for block in text.split("```yaml\n").skip(1) {
            check(&environment, name, block.split("```").next().unwrap());
            blocks += 1;
        }
    }
    assert!(blocks >= 5, "{blocks}");
    for name in ["examples/hello/consign.yaml", "examples/hello/image.yaml"] {
        check(&environment, name, &fs::read_to_string(root.join(name)).unwrap());
    }
    let environment = TestEnvironment::with_image();
    for name in ["consign.yaml", "image.yaml"] {
        check(&environment, name, &environment.read(name));
    }
}

#[test]
fn a_schema_says_what_keys_are_for() {
    let environment = TestEnvironment::new();
    let schema = environment.consign(&["schema"]).expect(0).json();
    let image = &schema["properties"]["build"]["items"];
    assert_eq!(image["required"], json!(["source"]));
    assert_eq!(image["additionalProperties"], json!(false));
    /// Fails where a key has no description.
    fn described(schema: &Value) {
        for (key, value) in schema["properties"].as_object().into_iter().flatten() {
            assert!(value["description"].as_str().is_some_and(|text| text.ends_with('.')), "{key}");
        }
        match schema {
            Value::Object(members) => members.values().for_each(described),
            Value::Array(items) => items.iter().for_each(described),
            _ => {}
        }
    }
    described(&schema);
    described(&environment.consign(&["schema", "image"]).expect(0).json());
}

#[test]
fn shells_complete_commands() {
    let environment = TestEnvironment::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = environment.consign(&["completions", shell]).expect(0).stdout;
        assert!(script.contains("release") && script.contains("doctor"), "{shell}");
    }
    let script = environment.consign(&["completions", "bash"]).expect(0).stdout;
    let questions = "COMP_WORDS=(consign rel); COMP_CWORD=1; _consign consign rel consign; echo \"${COMPREPLY[@]}\"\n\
                     COMP_WORDS=(consign completions ''); COMP_CWORD=2; _consign consign '' completions; echo \"${COMPREPLY[@]}\"\n";
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-s"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut bash = bash.spawn().unwrap();
    bash.stdin.take().unwrap().write_all(format!("{script}\n{questions}").as_bytes()).unwrap();
    let output = bash.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let mut lines = said.lines();
    assert_eq!(lines.next(), Some("release"));
    assert!(lines.next().is_some_and(|line| line.contains("bash") && line.contains("fish")), "{said}");
}
