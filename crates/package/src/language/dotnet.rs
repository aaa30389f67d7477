//! .NET: the `NAME.deps.json` that lies beside each program.

use super::{LanguageError, PACKAGE_LIMIT, json, line};
use crate::{Found, Kind};
use serde_json::Value;

/// Stands before the name of a runtime that a program brings along.
const RUNTIME_PACK: &str = "runtimepack.";
/// What a program takes from a package when it runs. A package of which it takes nothing was there for the compiler.
const AT_RUN_TIME: [&str; 4] = ["runtime", "runtimeTargets", "native", "resources"];

/// Returns whether this path is that of a list of a program's packages.
pub fn is_wanted(path: &str) -> bool {
    path.ends_with(".deps.json")
}

/// Reads a list. Packages of which the program has files count, and the runtime if it brings one; the program's own projects are no packages.
pub fn read(path: &str, contents: &[u8]) -> Result<Vec<Found>, LanguageError> {
    let value = json::parse(path, contents)?;
    let Some(libraries) = value.get("libraries") else { return Ok(Vec::new()) };
    let form = || LanguageError::Form { path: path.to_owned(), expected: "object of libraries" };
    let libraries = libraries.as_object().ok_or_else(form)?;
    if libraries.len() > PACKAGE_LIMIT {
        return Err(LanguageError::TooMany { path: path.to_owned(), limit: PACKAGE_LIMIT });
    }
    let target = value.get("runtimeTarget").and_then(|target| target.get("name")).and_then(Value::as_str);
    let target = target.and_then(|target| value.get("targets")?.get(target));
    let package = |(key, library): (&String, &Value)| {
        let is_package = |kind: &str| ["package", "runtimepack"].iter().any(|known| kind.eq_ignore_ascii_case(known));
        if !library.get("type").and_then(Value::as_str).is_some_and(is_package) || is_unused(target, key) {
            return None;
        }
        let (name, version) = key.split_once('/').unwrap_or((key, ""));
        let name = line(name.strip_prefix(RUNTIME_PACK).unwrap_or(name))?;
        Some(Found::new(Kind::NuGet, name, line(version).as_deref()))
    };
    Ok(libraries.iter().filter_map(package).collect())
}

/// Returns whether the target says that nothing of a library is used. A library that it does not name may be.
fn is_unused(target: Option<&Value>, key: &str) -> bool {
    let Some(used) = target.and_then(|target| target.get(key)) else { return false };
    let has = |field: &&str| used.get(field).and_then(Value::as_object).is_some_and(|files| !files.is_empty());
    !AT_RUN_TIME.iter().any(has)
}
