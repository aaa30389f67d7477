//! Python: the metadata of installed distributions (packaging.python.org, "Core metadata specifications").

use super::{LanguageError, json, line, person};
use crate::{Found, Kind, licence};

/// What setuptools wrote where nothing was said.
const UNSAID: &str = "UNKNOWN";
/// Stands before what a classifier says of a licence.
const CLASSIFIER: &str = "License ::";

/// Returns whether this path is that of a distribution's metadata: of a wheel, of an egg, as a folder or as one file, or of a package of conda's.
pub fn is_wanted(path: &str) -> bool {
    let (folder, name) = super::ends(path);
    let has_end = |text: &str, end: &str| {
        text.len() >= end.len() && text.as_bytes()[text.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes())
    };
    match name {
        "METADATA" => has_end(folder, ".dist-info"),
        "PKG-INFO" => has_end(folder, ".egg-info") || folder == "EGG-INFO",
        _ => name.ends_with(".egg-info") || (folder == "conda-meta" && name.ends_with(".json")),
    }
}

/// Reads metadata. What it does not say of name and version the name of its folder does (PEP 427, PEP 376).
pub fn read(path: &str, contents: &[u8]) -> Result<Vec<Found>, LanguageError> {
    if path.ends_with(".json") {
        return conda(path, contents);
    }
    let headers = Headers::read(&String::from_utf8_lossy(contents));
    let missing = |field| LanguageError::Missing { path: path.to_owned(), place: "it has ".to_owned(), field };
    let (named, versioned) = of_path(path);
    let name = headers.line("Name").or(named).ok_or_else(|| missing("name"))?;
    let version = headers.line("Version").or(versioned).ok_or_else(|| missing("version"))?;
    let supplier = |name, address| person(headers.line(name), headers.line(address));
    Ok(vec![Found {
        licences: licences(&headers),
        supplier: supplier("Author", "Author-email").or_else(|| supplier("Maintainer", "Maintainer-email")),
        homepage: headers.line("Home-page").or_else(|| home(&headers)),
        description: headers.line("Summary"),
        ..Found::new(Kind::Python, name, Some(&version))
    }])
}

/// Returns a name as all names that mean the same are compared (PEP 503).
pub fn normalized_name(name: &str) -> String {
    let mut normalized = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '-' | '_' | '.' if normalized.ends_with('-') => {}
            '-' | '_' | '.' => normalized.push('-'),
            _ => normalized.push(letter.to_ascii_lowercase()),
        }
    }
    normalized
}

/// Returns the licences as written. An expression says all (PEP 639); else the field, unless only the classifiers say something that is known.
fn licences(headers: &Headers) -> Vec<String> {
    if let Some(expression) = headers.line("License-Expression") {
        return vec![expression];
    }
    let classifiers = headers.all("Classifier").filter_map(|text| text.strip_prefix(CLASSIFIER));
    let classifiers: Vec<String> = classifiers
        .filter_map(|text| line(text.rsplit("::").next().unwrap_or_default()))
        .filter(|name| name != "OSI Approved")
        .collect();
    // Some write the whole text of the licence into the field.
    let field = headers.line("License");
    let is_known = |text: &String| licence::expression(text).is_some();
    match field {
        Some(field) if is_known(&field) || classifiers.is_empty() => vec![field],
        _ => classifiers,
    }
}

/// Returns the home page among the labelled addresses (PEP 753).
fn home(headers: &Headers) -> Option<String> {
    headers.all("Project-URL").find_map(|text| {
        let (label, address) = text.split_once(',')?;
        let label: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
        if label.eq_ignore_ascii_case("homepage") { line(address) } else { None }
    })
}

/// Returns the name and version that are in the name of the metadata's folder or file: `NAME-VERSION.dist-info`, `NAME-VERSION-py3.11.egg-info`.
fn of_path(path: &str) -> (Option<String>, Option<String>) {
    let mut parts = path.rsplit('/');
    let part = parts.find(|part| !["METADATA", "PKG-INFO", "EGG-INFO"].contains(part)).unwrap_or_default();
    let stem = part.rsplit_once('.').map_or("", |(stem, _)| stem);
    let mut words = stem.splitn(3, '-');
    let mut next = || words.next().and_then(line);
    (next(), next())
}

/// Reads a record of conda's. Only what conda took from PyPI is a distribution of Python's.
fn conda(path: &str, contents: &[u8]) -> Result<Vec<Found>, LanguageError> {
    let value = json::parse(path, contents)?;
    let channel = json::text(&value, "channel");
    let is_python = channel.is_some_and(|channel| channel.trim_end_matches('/').rsplit('/').next() == Some("pypi"));
    let Some(name) = json::text(&value, "name").filter(|_| is_python) else { return Ok(Vec::new()) };
    let version = json::text(&value, "version");
    let licences = json::licences(value.get("license"));
    Ok(vec![Found { licences, ..Found::new(Kind::Python, name, version.as_deref()) }])
}

/// The headers of metadata, in the order written. The long description follows them, behind an empty line.
struct Headers(Vec<(String, String)>);

impl Headers {
    /// Reads headers with any end of line. Lines that are neither header nor the continuation of one are passed over, as Python does.
    fn read(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in text.split(['\n', '\r']).take_while(|line| !line.is_empty()) {
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = headers.last_mut() {
                    value.push('\n');
                    value.push_str(line);
                }
            } else if let Some((name, value)) = line.split_once(':') {
                headers.push((name.trim_end().to_owned(), value.trim().to_owned()));
            }
        }
        Self(headers)
    }

    /// Returns the values of a header, whose name is compared regardless of case.
    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns the first value that says something, if it is one line; a line that was folded is one.
    fn line(&self, name: &str) -> Option<String> {
        let said = self.all(name).map(str::trim).find(|value| !value.is_empty() && *value != UNSAID)?;
        // The text of a licence has many lines; what was folded because it is long has few.
        let is_text = name == "License" && said.contains('\n');
        line(&said.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|_| !is_text)
    }
}
