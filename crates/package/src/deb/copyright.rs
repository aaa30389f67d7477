//! Licences of Debian packages: `usr/share/doc/NAME/copyright`. dpkg's own database says nothing of them.
//!
//! Most of these files have a form for machines (Debian's "Machine-readable debian/copyright file"); the others are free text, in which
//! the licences that every Debian system has are named by where they lie.

use crate::licence;
use std::collections::BTreeSet;

/// Largest file that is read, in bytes. The largest of Debian's are some hundred kilobytes.
const SIZE_LIMIT: usize = 16 << 20;
/// Where the texts lie that packages refer to.
const COMMON: &str = "/usr/share/common-licenses/";
/// Most words of one name; more are the text of a licence, put where its name belongs.
const WORD_LIMIT: usize = 4;
/// Most licences of a file. The longest of Debian's name some hundred.
const LICENCE_LIMIT: usize = 1000;
/// How texts of licences begin.
const TEXTS: [&str; 5] = ["permission ", "redistribution ", "this ", "by ", "copyright "];

/// A licence, as a file names it and as SPDX does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Licence {
    /// Its name as written; in free text, that of the file referred to, with a `+` where later versions do as well.
    pub written: String,
    /// The expression of SPDX, if it is known which it is.
    pub expression: Option<String>,
}

/// Returns the name of the package whose licences are in a file of this path, or `None` for other files.
pub fn package_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/').unwrap_or(path).strip_prefix("usr/share/doc/")?.strip_suffix("/copyright")?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// Reads a file. Each licence is there once, in order. A file that is too large, or names no licence, gives none.
pub fn licences(contents: &[u8]) -> Vec<Licence> {
    if contents.len() > SIZE_LIMIT {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(contents);
    let named = if is_for_machines(&text) { of_fields(&text) } else { BTreeSet::new() };
    let named = if named.is_empty() { of_references(&text) } else { named };
    let licence = |written: String| Licence { expression: licence::debian(&written), written };
    named.into_iter().take(LICENCE_LIMIT).map(licence).collect()
}

/// Returns whether a file says that it has the form for machines. Drafts of it had other addresses, and another name for the field.
fn is_for_machines(text: &str) -> bool {
    let lines = text.trim_start_matches('\u{feff}').lines().skip_while(|line| line.trim().is_empty());
    let mut first = lines.take_while(|line| !line.trim().is_empty());
    first.any(|line| field(line, "Format").or_else(|| field(line, "Format-Specification")).is_some())
}

/// Returns what the fields `License` name: those of files and of the whole. Paragraphs with a licence alone only give the text of one that is
/// named elsewhere, unless nothing else names any.
fn of_fields(text: &str) -> BTreeSet<String> {
    let (mut of_files, mut alone) = (BTreeSet::new(), BTreeSet::new());
    let mut is_alone = true;
    for line in text.lines() {
        if line.trim().is_empty() {
            is_alone = true;
        } else if ["Files", "Format", "Format-Specification"].iter().any(|name| field(line, name).is_some()) {
            is_alone = false;
        } else if let Some(name) = field(line, "License").filter(|name| is_name(name)) {
            if is_alone { &mut alone } else { &mut of_files }.insert(name.to_owned());
        }
    }
    if of_files.is_empty() { alone } else { of_files }
}

/// Returns the value of a field, if a line is that field.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (key, value) = line.split_once(':')?;
    key.eq_ignore_ascii_case(name).then(|| value.trim())
}

/// Returns whether a field has names in it. Some have the text of the licence there.
fn is_name(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let is_text = TEXTS.iter().any(|start| text.starts_with(start));
    let operators = [" and ", " or ", ",", " with "];
    let spaced = operators.iter().fold(text.clone(), |text, operator| text.replace(operator, "\n"));
    !text.is_empty()
        && text != "none"
        && !is_text
        && spaced.split('\n').all(|name| name.split_whitespace().count() <= WORD_LIMIT)
}

/// Returns the licences that free text refers to. Between one reference and the next stands what of it goes, such as whether later versions do.
fn of_references(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(COMMON) {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_.+-".contains(letter);
        let end = after.find(|letter| !is_part(letter)).unwrap_or(after.len());
        // The file may be named at the end of a sentence.
        let name = after[..end].trim_end_matches(['.', '-']);
        let words = before.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        let is_later = ["any later version", "or later", "or newer", "version 2+", "version 3+"]
            .iter()
            .any(|later| words.contains(later));
        let is_of_gnu = ["GPL", "LGPL", "GFDL"].iter().any(|gnu| name.split('-').next() == Some(*gnu));
        match name {
            "" => {}
            _ if is_of_gnu && is_later => {
                let name = if name.contains('-') { name.to_owned() } else { versioned(name, &words) };
                found.insert(if name.contains('-') { format!("{name}+") } else { name });
            }
            // The one of the University of California, with three clauses.
            "BSD" => drop(found.insert("BSD-3-clause".to_owned())),
            _ => drop(found.insert(name.to_owned())),
        }
        rest = &after[end..];
    }
    found
}

/// Returns the name of a licence with the version that words before it name: the file without one is the newest, whichever is meant.
fn versioned(name: &str, words: &str) -> String {
    let version = words.find("version ").map(|at| &words[at + "version ".len()..]).unwrap_or_default();
    let end = version.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(version.len());
    match version[..end].trim_end_matches('.') {
        "" => name.to_owned(),
        version => format!("{name}-{version}"),
    }
}
