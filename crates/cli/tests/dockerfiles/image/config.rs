use super::Lines;
use serde_json::{Map, Value};

/// What of a config says how a container is run.
const PARTS: [&str; 12] = [
    "Cmd",
    "Entrypoint",
    "Env",
    "ExposedPorts",
    "Healthcheck",
    "Labels",
    "OnBuild",
    "Shell",
    "StopSignal",
    "User",
    "Volumes",
    "WorkingDir",
];

/// Returns the parts that are there, by their names. What is empty is as good as not there, and so is the root as the folder to start in.
pub(super) fn lines(config: &Value) -> Lines {
    let run = &config["config"];
    let parts = PARTS.iter().map(|part| (*part, &run[*part]));
    let whole = ["architecture", "author", "os", "variant"].map(|part| (part, &config[part]));
    let stated = parts
        .chain(whole)
        .filter(|(part, value)| !is_empty(value) && (*part, *value) != ("WorkingDir", &Value::from("/")));
    stated.map(|(part, value)| (part.to_owned(), sorted(value).to_string())).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Orders the members of objects by their names.
fn sorted(value: &Value) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    let mut members: Vec<_> = members.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
    members.sort_by(|one, other| one.0.cmp(&other.0));
    Value::Object(members.into_iter().collect::<Map<_, _>>())
}
