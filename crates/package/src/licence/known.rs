//! Names of single licences and exceptions.

use super::gnu;
use super::names::{EXCEPTIONS, NAMES};
use std::collections::HashMap;
use std::sync::LazyLock;

/// What documents of SPDX say where nothing is known. The list that is used has it among the licences.
pub(super) const UNSAID: &str = "NOASSERTION";
/// Words that say nothing of which licence it is.
const FILLERS: [&str; 9] = ["the", "license", "licence", "licensed", "under", "version", "ver", "v", "ver."];

/// All licences by [`key`]: of what they are called elsewhere, of their names in SPDX, and of their titles there.
static LICENCES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let mut licences: HashMap<String, &'static str> = NAMES.iter().map(|(name, id)| (key(name), *id)).collect();
    let listed = || spdx::identifiers::LICENSES.iter().filter(|licence| licence.name != UNSAID);
    for licence in listed() {
        licences.entry(key(licence.name)).or_insert(licence.name);
    }
    for licence in listed() {
        licences.entry(key(licence.full_name)).or_insert(licence.name);
    }
    licences
});

/// Returns the name in SPDX of one licence, or the expression that it means.
pub(super) fn licence(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('.');
    // Other punctuation is for more than a name.
    if !text.chars().all(|letter| letter.is_alphanumeric() || " -.+,()\"'/:&".contains(letter)) {
        return None;
    }
    if is_reference(text) {
        return Some(text.to_owned());
    }
    if text.contains("://") {
        return of_address(text);
    }
    if let Some(found) = gnu::licence(text) {
        return Some(found);
    }
    if let Some(found) = LICENCES.get(key(text).as_str()) {
        return Some((*found).to_owned());
    }
    let base =
        text.strip_suffix('+').or_else(|| text.strip_suffix(" or later")).or_else(|| text.strip_suffix("-or-later"));
    let found = LICENCES.get(key(base?).as_str())?;
    // Of GNU's, the names say it themselves.
    let is_plain = spdx::license_id(found).is_some_and(|id| !id.is_gnu());
    is_plain.then(|| format!("{found}+"))
}

/// Returns the name in SPDX of an exception from a licence.
pub(super) fn exception(text: &str, base: &str) -> Option<&'static str> {
    let all = spdx::identifiers::EXCEPTIONS;
    if let Some(exact) = all.iter().find(|exception| exception.name.eq_ignore_ascii_case(text)) {
        return Some(exact.name);
    }
    let wanted = key(text);
    let wanted = wanted.trim_end_matches('s').trim_end_matches("exception").trim();
    let fits = |start: &str| start.is_empty() || base.starts_with(start);
    let elsewhere = EXCEPTIONS.iter().find(|(name, start, _)| *name == wanted && fits(start)).map(|(_, _, id)| *id);
    let is_wanted = |name: &str| key(name).replace(" exception", "") == wanted;
    elsewhere.or_else(|| all.iter().find(|exception| is_wanted(exception.name)).map(|exception| exception.name))
}

/// Returns the licence at an address where SPDX, the Open Source Initiative or Apache have it.
fn of_address(text: &str) -> Option<String> {
    let (_, address) = text.split_once("://")?;
    let address = address.strip_prefix("www.").unwrap_or(address).trim_end_matches('/');
    let (host, path) = address.split_once('/')?;
    let name = path.rsplit('/').next().unwrap_or_default();
    let name = [".html", ".txt", ".php", ".json"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let name = match host.to_ascii_lowercase().as_str() {
        "opensource.org" | "spdx.org" | "licenses.nuget.org" => name.to_owned(),
        "apache.org" => format!("Apache-{}", name.to_ascii_uppercase().strip_prefix("LICENSE-")?),
        _ => return None,
    };
    spdx::identifiers::LICENSES
        .iter()
        .find(|licence| licence.name.eq_ignore_ascii_case(&name))
        .map(|licence| licence.name.to_owned())
}

/// Returns a name as all names that mean the same are compared: in small letters, without punctuation, and without words that say nothing.
fn key(text: &str) -> String {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '.' || letter == '+';
    let lower = text.to_lowercase();
    let words = lower.split(|letter| !is_part(letter)).filter(|word| !word.is_empty() && !FILLERS.contains(word));
    words.map(unversioned).collect::<Vec<_>>().join(" ")
}

/// Returns a word without the `v` before a version: `v1` as `1`, and `mplv2` as `mpl 2`.
fn unversioned(word: &str) -> String {
    let Some((name, version)) = word.rsplit_once('v') else { return word.to_owned() };
    let is_version = version.starts_with(|first: char| first.is_ascii_digit())
        && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'+');
    match (is_version, name) {
        (true, "") => version.to_owned(),
        (true, _) => format!("{name} {version}"),
        (false, _) => word.to_owned(),
    }
}

/// Returns whether a text is a reference to a licence that the same or another document has.
fn is_reference(text: &str) -> bool {
    let (document, own) = match text.strip_prefix("DocumentRef-").map(|rest| rest.split_once(':')) {
        Some(Some((document, own))) => (Some(document), own),
        Some(None) => return false,
        None => (None, text),
    };
    let is_id = |id: &str| {
        !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
    };
    document.is_none_or(is_id) && own.strip_prefix("LicenseRef-").is_some_and(is_id)
}
