//! The licences of GNU, whose names say with which version, and whether later ones do as well, in many ways.

/// Beginnings of names, in small letters, longest first, with the name in SPDX, and the version that counts where none is said: each of
/// these licences says that any version may be chosen then.
const FAMILIES: [(&str, &str, Option<&str>); 13] = [
    ("library or lesser general public license", "LGPL", Some("2.0")),
    ("lesser general public license", "LGPL", Some("2.0")),
    ("library general public license", "LGPL", Some("2.0")),
    ("affero general public license", "AGPL", Some("3.0")),
    ("general public license", "GPL", Some("1.0")),
    ("free documentation license", "GFDL", Some("1.1")),
    ("affero gpl", "AGPL", Some("3.0")),
    ("lesser gpl", "LGPL", Some("2.0")),
    ("agpl", "AGPL", Some("3.0")),
    ("lgpl", "LGPL", Some("2.0")),
    ("gpl", "GPL", Some("1.0")),
    ("gfdl-niv", "GFDL-NIV", None),
    ("gfdl", "GFDL", Some("1.1")),
];
/// What says that later versions do as well.
const LATER: [&str; 13] = [
    "+",
    "or later",
    "or-later",
    "or newer",
    "or above",
    "or greater",
    "or higher",
    "or later version",
    "or any later",
    "or any later version",
    "and later",
    "and above",
    "and newer",
];

/// Returns the name in SPDX of a licence of GNU's, such as `GPL-2.0-or-later` for `GPLv2+`.
pub(super) fn licence(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase().replace("licence", "license").replace("(at your option) ", "");
    let text = text.strip_prefix("the ").unwrap_or(&text);
    let text = text.strip_prefix("gnu ").or_else(|| text.strip_prefix("gnu-")).unwrap_or(text);
    let (start, family, least) = FAMILIES.iter().find(|(start, ..)| text.starts_with(start))?;
    let rest = separated(&text[start.len()..]);
    let rest = separated(rest.strip_prefix("license").unwrap_or(rest));
    let rest = ["version", "ver.", "ver", "v."].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
    let rest = separated(rest);
    let rest =
        rest.strip_prefix('v').filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit())).unwrap_or(rest);
    let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
    let (version, rest) = rest.split_at(end);
    let rest = separated(rest);
    let rest = rest.strip_suffix("license").map_or(rest, |rest| rest.trim_end());
    let is_later = LATER.contains(&rest);
    if !is_later && !["", "only"].contains(&rest) {
        return None;
    }
    let (version, is_later) = match version.trim_end_matches('.') {
        // Fedora writes `GPL+` for it.
        "" if rest.is_empty() || is_later => ((*least)?.to_owned(), true),
        "" => return None,
        version if version.contains('.') => (version.to_owned(), is_later),
        version => (format!("{version}.0"), is_later),
    };
    let (family, middle) = if *family == "GFDL-NIV" { ("GFDL", "-no-invariants") } else { (*family, "") };
    let name = format!("{family}-{version}{middle}-{}", if is_later { "or-later" } else { "only" });
    spdx::license_id(&name).map(|found| found.name.to_owned())
}

/// Returns a text without what separates it from the word before.
fn separated(text: &str) -> &str {
    text.trim_start_matches([' ', ',', '-'])
}
