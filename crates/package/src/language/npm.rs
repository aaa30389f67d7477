//! npm: the `package.json` of each package.

use super::{LanguageError, json};
use crate::{Found, Kind};
use serde_json::Value;

/// Longest name that npm's registry takes, in bytes.
const NAME_LIMIT: usize = 214;
/// Longest version that npm takes, in bytes.
const VERSION_LIMIT: usize = 256;

/// Returns whether this path is that of a package's description. Packages lie in `node_modules`, Debian's in `usr/share/nodejs`, and programs
/// anywhere; packages that are part of another's files (`dist/compiled/NAME`) are as much there as others.
pub fn is_wanted(path: &str) -> bool {
    path.ends_with("package.json") && super::ends(path).1 == "package.json"
}

/// Reads a `package.json`. One that has no name or no version describes no package: npm needs both to publish one.
pub fn read(path: &str, contents: &[u8]) -> Result<Vec<Found>, LanguageError> {
    let value = match json::parse(path, contents) {
        Ok(value) => value,
        // Packages bring damaged files along to test themselves with. They say nothing of a package, as nothing installed them.
        Err(_) if is_inside_package(path) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    Ok(package(&value).into_iter().collect())
}

fn package(value: &Value) -> Option<Found> {
    let name = json::text(value, "name").filter(|name| is_name(name))?;
    let version = json::text(value, "version").filter(|version| version.len() <= VERSION_LIMIT)?;
    let mut licences = json::licences(value.get("license"));
    if licences.is_empty() {
        // What it was called until 2014.
        licences = json::licences(value.get("licenses"));
    }
    Some(Found {
        licences,
        supplier: value.get("author").and_then(json::author),
        homepage: json::text(value, "homepage"),
        description: json::text(value, "description"),
        ..Found::new(Kind::Npm, name, Some(&version))
    })
}

/// Returns whether npm takes, or once took, this name: old ones have capitals.
fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~!'()*".contains(&byte);
        !part.is_empty() && part.bytes().all(is_known)
    };
    let (scope, own) = match name.strip_prefix('@').map(|rest| rest.split_once('/')) {
        Some(Some((scope, own))) => (Some(scope), own),
        Some(None) => return false,
        None => (None, name),
    };
    let starts_well = scope.is_some() || !own.starts_with(['.', '_', '-']);
    name.len() <= NAME_LIMIT && starts_well && is_part(own) && scope.is_none_or(is_part)
}

/// Returns whether a path lies below the folder of an installed package, and is not the description of that package itself.
fn is_inside_package(path: &str) -> bool {
    let Some((_, inner)) = path.rsplit_once("node_modules/") else { return false };
    let own = if inner.starts_with('@') { 2 } else { 1 };
    inner.split('/').count() > own + 1
}
