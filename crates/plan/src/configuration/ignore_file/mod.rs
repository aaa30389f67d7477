//! Lists of ignored advisories as other tools keep them: `.trivyignore`, `.trivyignore.yaml`, and `ignore` of `.grype.yaml`.
//!
//! An entry that says more than is understood here would cover more than it was meant to: it is left out, and that is told.

mod grype;
mod lines;
mod trivy;

use super::reader::Reader;
use super::tree::{Node, Value};
use super::{Code, ConfigurationError, SourceFile, Span, Spanned, tree};
use consign_receipt::{Exception, IgnoredAdvisory};
use jiff::civil::Date;

/// Why an entry counts that does not say why.
const NO_REASON: &str = "no reason is given";

/// What a file of another tool says is to be ignored. The file is named as the owner of each entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoreFile {
    /// The entries that are understood.
    pub entries: Vec<IgnoredAdvisory>,
    /// What is left out, with its place and why.
    pub remarks: Vec<String>,
}

impl IgnoreFile {
    /// The names by which such files are looked for.
    pub const NAMES: [&str; 3] = [".trivyignore", ".trivyignore.yaml", ".grype.yaml"];

    /// Reads a file: YAML, if its name ends so, else lines.
    pub fn parse(name: &str, text: &str) -> Result<Self, ConfigurationError> {
        if !name.ends_with(".yaml") && !name.ends_with(".yml") {
            return lines::read(name, text);
        }
        let (file, root) = tree::parse(name, text)?;
        let mut reader = Reader::new(&file);
        let mut list = List { file: &file, found: Self::default() };
        let is_of_grype = matches!(&root.value, Value::Mapping(_)) && get(&root, "ignore").is_some();
        match (&root.value, is_of_grype) {
            (Value::Null, _) => {}
            (_, true) => grype::read(&root, &mut reader, &mut list),
            (_, false) => trivy::read(&root, &mut reader, &mut list),
        }
        let found = list.found;
        let diagnostics = reader.finish();
        if diagnostics.is_empty() { Ok(found) } else { Err(ConfigurationError { diagnostics }) }
    }
}

/// What was found so far in a file.
struct List<'a> {
    file: &'a SourceFile,
    found: IgnoreFile,
}

impl List<'_> {
    fn entry(&self, advisory: &str, reason: Option<String>, until: Option<Date>) -> IgnoredAdvisory {
        let reason = reason.filter(|reason| !reason.trim().is_empty()).unwrap_or_else(|| NO_REASON.to_owned());
        IgnoredAdvisory {
            advisory: advisory.to_owned(),
            package: None,
            purl: None,
            purls: Vec::new(),
            listed: None,
            exception: Exception { platforms: Vec::new(), reason, owner: self.file.name().to_owned(), until },
        }
    }

    fn leave_out(&mut self, span: Span, what: &str, why: &str) {
        let (name, line) = (self.file.name(), self.file.diagnostic(Code::Value, span, "", None).line);
        self.found.remarks.push(format!("{name}:{line}: {what} is left out: {why}"));
    }
}

/// Returns a value of a mapping.
fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Value::Mapping(entries) = &node.value else { return None };
    entries
        .iter()
        .find(|(name, _)| name.value == key)
        .map(|(_, value)| value)
        .filter(|value| !matches!(value.value, Value::Null))
}

/// Returns the keys of a mapping that are none of these.
fn others<'n>(node: &'n Node, known: &[&str]) -> Vec<&'n str> {
    let Value::Mapping(entries) = &node.value else { return Vec::new() };
    entries.iter().map(|(name, _)| name.value.as_str()).filter(|name| !known.contains(name)).collect()
}

/// Returns the items of a list.
fn items(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.value) {
        Some(Value::Sequence(items)) => items,
        _ => &[],
    }
}

/// Returns the last day of an entry that ends when a day begins, as those of trivy's do.
fn before(reader: &mut Reader<'_>, text: &Spanned<String>) -> Option<Date> {
    match day_before(text) {
        Some(day) => Some(day),
        None => {
            reader.report(
                Code::Value,
                text.span,
                format!("`{}` is not a day: expected `YYYY-MM-DD`", super::reader::clip(text)),
            );
            None
        }
    }
}

/// Reads a day, or a time of one, as files of YAML may have it.
fn day_before(text: &str) -> Option<Date> {
    let day = text.split(['T', 't', ' ']).next().unwrap_or_default();
    day.parse::<Date>().ok().and_then(|day| day.yesterday().ok())
}

/// Returns whether a text may be the name of an advisory, as consign's own lists have it.
fn is_name(text: &str) -> bool {
    text.len() <= 200
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:+-".contains(&byte))
}
