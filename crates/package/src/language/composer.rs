//! Composer: `vendor/composer/installed.json`.

use super::{LanguageError, PACKAGE_LIMIT, json};
use crate::{Found, Kind};
use serde_json::Value;

/// Returns whether this path is that of a list of installed packages. Beside it lies `installed.php`, which says the same.
pub fn is_wanted(path: &str) -> bool {
    path.ends_with("composer/installed.json") && super::ends(path) == ("composer", "installed.json")
}

/// Reads a list: Composer 1 writes an array, Composer 2 an object with one. Versions stay as written, with their `v`.
pub fn read(path: &str, contents: &[u8]) -> Result<Vec<Found>, LanguageError> {
    let value = json::parse(path, contents)?;
    let list = value.get("packages").unwrap_or(&value).as_array();
    let list = list.ok_or_else(|| LanguageError::Form { path: path.to_owned(), expected: "list of packages" })?;
    if list.len() > PACKAGE_LIMIT {
        return Err(LanguageError::TooMany { path: path.to_owned(), limit: PACKAGE_LIMIT });
    }
    list.iter().enumerate().map(|(number, value)| package(path, number, value)).collect()
}

fn package(path: &str, number: usize, value: &Value) -> Result<Found, LanguageError> {
    let name = json::text(value, "name").ok_or_else(|| LanguageError::Missing {
        path: path.to_owned(),
        place: format!("package {} has ", number + 1),
        field: "name",
    })?;
    let version = json::text(value, "version");
    let digest = value.get("dist").and_then(|dist| json::text(dist, "shasum"));
    let first = value.get("authors").and_then(Value::as_array).and_then(|authors| authors.first());
    Ok(Found {
        licences: json::licences(value.get("license")),
        supplier: first.and_then(json::author),
        homepage: json::text(value, "homepage"),
        description: json::text(value, "description"),
        checksums: digest.map(|digest| format!("sha1:{digest}")).into_iter().collect(),
        ..Found::new(Kind::Composer, name, version.as_deref())
    })
}
