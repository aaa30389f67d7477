use super::encoding::{decoded, decoded_path};
use super::{PackageUrl, PackageUrlError};
use std::collections::BTreeMap;
use std::str::FromStr;

impl FromStr for PackageUrl {
    type Err = PackageUrlError;

    /// Reads a package URL, from right to left, as the specification's "How to parse" says. Keys of qualifiers may be in capitals.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rest, subpath) = text.rsplit_once('#').unwrap_or((text, ""));
        let (rest, query) = rest.rsplit_once('?').unwrap_or((rest, ""));
        let (scheme, rest) = rest.split_once(':').ok_or(PackageUrlError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("pkg") {
            return Err(PackageUrlError::Scheme);
        }
        let (kind, path) = rest.trim_start_matches('/').split_once('/').ok_or(PackageUrlError::Type)?;
        // Looked at first, so that what is no package URL at all is told as such.
        check_type(kind)?;
        let (path, version) = split_version(path)?;
        let path = path.trim_end_matches('/');
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        let present = |text: String| (!text.is_empty()).then_some(text);
        Self {
            kind: kind.to_owned(),
            namespace: present(decoded_path(namespace, "namespace")?),
            name: decoded(name, "name")?,
            version: present(decoded(version, "version")?),
            qualifiers: qualifiers(query)?,
            subpath: present(decoded_path(subpath, "subpath")?),
        }
        .checked()
    }
}

/// Splits the version off. A scope of npm's may stand there with its sign not encoded, as in `@scope/name`.
fn split_version(path: &str) -> Result<(&str, &str), PackageUrlError> {
    match path.rsplit_once('@') {
        None => Ok((path, "")),
        Some((before, after)) if before.is_empty() || before.ends_with('/') => {
            if after.contains('/') {
                Ok((path, ""))
            } else {
                Err(PackageUrlError::NoName)
            }
        }
        Some(split) => Ok(split),
    }
}

fn qualifiers(query: &str) -> Result<BTreeMap<String, String>, PackageUrlError> {
    let mut qualifiers = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        add_qualifier(&mut qualifiers, key, &decoded(value, "qualifiers")?)?;
    }
    Ok(qualifiers)
}

/// Adds a qualifier, unless its value is empty.
pub(super) fn add_qualifier(
    qualifiers: &mut BTreeMap<String, String>,
    key: &str,
    value: &str,
) -> Result<(), PackageUrlError> {
    let is_key = key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if !is_key {
        return Err(PackageUrlError::Key { key: key.chars().take(100).collect() });
    }
    let key = key.to_ascii_lowercase();
    if value.is_empty() {
        return Ok(());
    }
    if qualifiers.contains_key(&key) {
        return Err(PackageUrlError::Twice { key: key.chars().take(100).collect() });
    }
    qualifiers.insert(key, value.to_owned());
    Ok(())
}

/// Checks a type.
pub(super) fn check_type(kind: &str) -> Result<(), PackageUrlError> {
    let is_type = kind.starts_with(|first: char| first.is_ascii_alphabetic())
        && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    if is_type { Ok(()) } else { Err(PackageUrlError::Type) }
}
