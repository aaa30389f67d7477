//! Licences: from what is written somewhere to expressions of SPDX (SPDX 2.3, annex D).

mod gnu;
mod known;
mod names;
mod word;

use consign_oci::Digest;
use spdx::{Expression, LicenseItem, ParseMode};
use word::Word;

/// Stands before the names that a document gives to licences.
const REFERENCE: &str = "LicenseRef-";
/// Longest part of a text that is in such a name, in letters.
const NAME_LIMIT: usize = 60;
/// Longest text that is taken for the name of a licence, in bytes.
const LENGTH_LIMIT: usize = 1000;

/// Returns the expression of SPDX that a text means, such as `Apache-2.0` for `Apache License, Version 2.0`, or `GPL-2.0-or-later OR MIT` for
/// `GPLv2+/MIT`. `None` where it is unknown what is meant: `BSD` may be any of several licences, and so is none of them.
pub fn expression(text: &str) -> Option<String> {
    if text.len() > LENGTH_LIMIT {
        return None;
    }
    let text = text.replace('_', " ");
    let text = text.trim();
    if text.matches('(').count() != text.matches(')').count() {
        return None;
    }
    let found = of_name(text).or_else(|| compound(text))?;
    is_expression(&found).then_some(found)
}

/// Returns the expression that a short name of Debian's means, or several with `and`, `or` and commas (Debian's machine-readable copyright files,
/// "License syntax"): what stands behind a comma goes with all that is before it.
pub fn debian(text: &str) -> Option<String> {
    let mut parts = text.split(',').map(str::trim);
    let first = parts.next()?;
    let of_part = |part: &str| match part.to_ascii_lowercase().as_str() {
        // The same names elsewhere mean other texts: this is the one in /usr/share/common-licenses, which is Perl's.
        "artistic" | "artistic-1" => Some("Artistic-1.0-Perl".to_owned()),
        "perl" => Some("GPL-1.0-or-later OR Artistic-1.0-Perl".to_owned()),
        _ if part.to_ascii_lowercase().contains("artistic") => {
            let named = part.split_whitespace().map(|word| match word.to_ascii_lowercase().as_str() {
                "artistic" | "artistic-1" => "Artistic-1.0-Perl",
                _ => word,
            });
            expression(&named.collect::<Vec<_>>().join(" "))
        }
        _ => expression(part),
    };
    let mut found = of_part(first)?;
    for part in parts {
        let (operator, rest) = part.split_once(char::is_whitespace)?;
        let operator =
            Some(operator.to_ascii_uppercase()).filter(|operator| ["AND", "OR"].contains(&operator.as_str()))?;
        found = format!("{} {operator} {}", grouped(&found), grouped(&of_part(rest)?));
    }
    is_expression(&found).then_some(found)
}

/// Returns the `LicenseRef-…` of an expression, without those of other documents: a document that has the expression must say what they are.
pub fn references(expression: &str) -> Vec<String> {
    let Ok(parsed) = Expression::parse_mode(expression, MODE) else { return Vec::new() };
    let named = parsed.requirements().filter_map(|requirement| match &requirement.req.license {
        LicenseItem::Other(reference) if reference.doc_ref.is_none() => Some(reference.to_string()),
        _ => None,
    });
    named.collect()
}

/// Returns whether an expression names a licence that only some document has: another document must say what it is, or not have the expression.
pub fn has_references(expression: &str) -> bool {
    let is_reference = |license: &LicenseItem| matches!(license, LicenseItem::Other(_));
    let parsed = Expression::parse_mode(expression, MODE);
    parsed.is_ok_and(|parsed| parsed.requirements().any(|requirement| is_reference(&requirement.req.license)))
}

/// Returns the name that a document can give to a licence that is no expression (SPDX 2.3, clause 10.1): the same for the same text, and another
/// for any other. The document must say there what the text is.
pub fn reference(text: &str) -> String {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '.' || letter == '-';
    let name: String =
        text.chars().map(|letter| if is_allowed(letter) { letter } else { '-' }).take(NAME_LIMIT).collect();
    if name == text && !text.is_empty() {
        return format!("{REFERENCE}{name}");
    }
    let digest = Digest::of(text.as_bytes());
    let digest: String = digest.hex().chars().take(8).collect();
    format!("{REFERENCE}{}-{digest}", name.trim_matches('-')).replace("--", "-")
}

/// Returns the expression of all of these expressions together, each once; `None` where there are none.
pub fn together<'a>(expressions: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut all: Vec<&str> = Vec::new();
    for expression in expressions {
        let inner = expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
        let expression = inner.filter(|inner| is_expression(inner)).unwrap_or(expression);
        if !all.contains(&expression) {
            all.push(expression);
        }
    }
    match all.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        all => {
            let is_choice = |expression: &str| expression.contains(" OR ");
            let part = |one: &&str| if is_choice(one) { grouped(one) } else { (*one).to_owned() };
            Some(all.iter().map(part).collect::<Vec<_>>().join(" AND "))
        }
    }
}

/// Names of the SPDX list that end in a plus.
const LATER: [&str; 6] = ["GPL-1.0+", "GPL-2.0+", "GPL-3.0+", "LGPL-2.0+", "LGPL-2.1+", "LGPL-3.0+"];

/// SPDX keeps names that it would rather not have any more.
const MODE: ParseMode = ParseMode { allow_deprecated: true, ..ParseMode::STRICT };

/// Returns whether an expression has a plus behind a name that is not listed so. The grammar has it (SPDX 2.3, annex D), and readers refuse it.
pub fn has_unlisted_plus(expression: &str) -> bool {
    expression.split([' ', '(', ')']).any(|word| word.ends_with('+') && !LATER.contains(&word))
}

/// Returns whether a text is an expression of SPDX already, with all names as SPDX has them.
pub fn is_expression(text: &str) -> bool {
    let is_said = |name: &LicenseItem| name.id().is_none_or(|id| id.name != known::UNSAID);
    let parsed =
        Some(text).filter(|text| text.len() <= LENGTH_LIMIT).and_then(|text| Expression::parse_mode(text, MODE).ok());
    parsed.is_some_and(|parsed| parsed.requirements().all(|requirement| is_said(&requirement.req.license)))
}

/// Returns whether SPDX's list has a licence of this name, whatever the case of its letters; with a plus, too. What `LicenseRef-` begins only some document has.
pub fn is_listed(name: &str) -> bool {
    let name = name.strip_suffix('+').unwrap_or(name);
    let is_said = |listed: &str| listed != known::UNSAID && listed.eq_ignore_ascii_case(name);
    spdx::identifiers::LICENSES.iter().any(|licence| is_said(licence.name))
}

/// Returns the names of SPDX's list of licences.
pub fn listed() -> impl Iterator<Item = &'static str> {
    spdx::identifiers::LICENSES.iter().map(|licence| licence.name).filter(|name| *name != known::UNSAID)
}

fn grouped(expression: &str) -> String {
    if expression.contains(' ') { format!("({expression})") } else { expression.to_owned() }
}

/// Translates an expression of several names, one by one.
fn compound(text: &str) -> Option<String> {
    let words = word::split(text);
    let mut translated = String::new();
    let mut base = String::new();
    let mut after_with = false;
    for word in words {
        let piece = match word {
            Word::Open => "(".to_owned(),
            Word::Close => ")".to_owned(),
            Word::And => " AND ".to_owned(),
            Word::Or => " OR ".to_owned(),
            Word::With => " WITH ".to_owned(),
            Word::Name(name) if after_with => known::exception(&name, &base)?.to_owned(),
            Word::Name(name) => {
                base = of_name(&name)?;
                base.clone()
            }
        };
        // A name that means a choice stays one.
        let piece = if piece.contains(" OR ") && piece.trim() != "OR" { grouped(&piece) } else { piece };
        after_with = piece == " WITH ";
        translated.push_str(&piece);
    }
    Some(translated)
}

/// Translates one name. What stands in parentheses behind it must mean the same, if it means anything.
fn of_name(name: &str) -> Option<String> {
    if let Some(found) = known::licence(name) {
        return Some(found);
    }
    if let Some((outer, inner)) = name.strip_suffix(')').and_then(|name| name.split_once('(')) {
        let (named, explained) = (known::licence(outer.trim()), known::licence(inner.trim()));
        return match explained {
            // `GPL (version 2)`.
            None if inner.contains(|letter: char| letter.is_ascii_digit()) => {
                known::licence(&format!("{outer} {inner}"))
            }
            None => named,
            Some(_) => named.filter(|named| explained.as_ref() == Some(named)),
        };
    }
    // `GPL-3+-with-bison-exception`, `GPL-2+-libtool-exception`.
    let lower = name.to_ascii_lowercase();
    let stem = lower.strip_suffix("-exception").unwrap_or(&lower);
    let (base, exception) = stem.split_once("-with-").or_else(|| stem.rsplit_once('-').filter(|_| stem != lower))?;
    let base = known::licence(base)?;
    let exception = known::exception(exception, &base)?;
    Some(format!("{base} WITH {exception}"))
}
