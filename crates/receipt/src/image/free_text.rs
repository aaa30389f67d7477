//! Names of licences in what somebody wrote down freely, such as `GNU GPL v3 (see COPYING)`.

/// Longest text that is taken for names, in bytes. A longer one is a licence itself, and speaks of others.
const LENGTH_LIMIT: usize = 200;
/// Names of GNU's licences as words, longest first, with those of SPDX and the first version: without one, any will do.
const FAMILIES: [(&str, &str, &str); 9] = [
    ("affero general public", "AGPL", "3.0"),
    ("lesser general public", "LGPL", "2.0"),
    ("library general public", "LGPL", "2.0"),
    ("general public", "GPL", "1.0"),
    ("free documentation", "GFDL", "1.1"),
    ("agpl", "AGPL", "3.0"),
    ("lgpl", "LGPL", "2.0"),
    ("gpl", "GPL", "1.0"),
    ("gfdl", "GFDL", "1.1"),
];
/// Words between such a name and its version.
const BETWEEN: [&str; 6] = ["license", "licence", "version", "ver", "v", "public"];
/// What follows `or` where it leaves no choice between licences.
const LATER: [&str; 6] = ["later", "newer", "above", "greater", "higher", "any"];

/// Returns what the licences that a text names are called in SPDX. None where it leaves a choice: then none of them has to be taken.
pub(super) fn names(text: &str) -> Vec<String> {
    let text = text.to_ascii_lowercase();
    let words = words(&text);
    if text.len() > LENGTH_LIMIT || leaves_choice(&words) {
        return Vec::new();
    }
    let mut names: Vec<String> = text
        .split(|letter: char| !(letter.is_ascii_alphanumeric() || "-.+".contains(letter)))
        .map(|word| word.trim_end_matches('.').to_owned())
        .filter(|word| word.contains('-') && word.contains(|letter: char| letter.is_ascii_digit()))
        .collect();
    let mut at = 0;
    while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
        let (name, length) = gnu(rest);
        names.extend(name);
        at += length;
    }
    names
}

/// Returns the words of a text: letters, digits with full stops, or one sign each. `gplv3` is `gpl`, `v`, `3`.
fn words(text: &str) -> Vec<&str> {
    let kind = |letter: char| match letter {
        letter if letter.is_ascii_digit() || letter == '.' => 0,
        letter if letter.is_alphabetic() => 1,
        _ => 2,
    };
    let (mut words, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let end = match kind(first) {
            2 => first.len_utf8(),
            first => rest.find(|letter| kind(letter) != first).unwrap_or(rest.len()),
        };
        let (word, after) = rest.split_at(end);
        rest = after;
        match word.strip_suffix('v').filter(|name| name.ends_with("gpl")) {
            Some(name) => words.extend([name, "v"]),
            None if word == "-" || word.trim().is_empty() => {}
            None => words.push(word),
        }
    }
    words
}

fn leaves_choice(words: &[&str]) -> bool {
    let next = |at: usize| words.get(at + 1).copied().unwrap_or_default();
    words.iter().enumerate().any(|(at, word)| match *word {
        "/" | "|" => true,
        "or" => !LATER.contains(&next(at)) && next(at) != "(",
        _ => false,
    })
}

/// Returns the licence of GNU's that words begin with, and how many of them are looked at then.
fn gnu(words: &[&str]) -> (Option<String>, usize) {
    let is_there = |name: &str| name.split(' ').zip(words).filter(|(part, word)| part == *word).count();
    let Some((name, family, first)) = FAMILIES.iter().find(|(name, ..)| is_there(name) == name.split(' ').count())
    else {
        return (None, 1);
    };
    let length = name.split(' ').count();
    let mut after = words.iter().skip(length).skip_while(|word| BETWEEN.contains(word) || **word == ",");
    let Some(version) = after.next().filter(|word| word.starts_with(|letter: char| letter.is_ascii_digit())) else {
        return (Some(format!("{family}-{first}-or-later")), length);
    };
    let version = version.trim_end_matches('.');
    let point = if version.contains('.') { "" } else { ".0" };
    let is_later = match after.next().copied() {
        Some("+") => true,
        Some("or" | "and") => after.next().is_some_and(|word| LATER.contains(word) || *word == "("),
        _ => false,
    };
    (Some(format!("{family}-{version}{point}{}", if is_later { "-or-later" } else { "" })), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_texts() {
        for (text, expected) in [
            ("GNU GPL v3 (see COPYING)", &["GPL-3.0"][..]),
            ("GPLv3 with extras", &["GPL-3.0"]),
            ("GPL-3+ and BSD-foo", &["gpl-3+", "GPL-3.0-or-later"]),
            ("GNU Affero General Public License, version 3 or later, modified", &["AGPL-3.0-or-later"]),
            ("the Lesser General Public Licence 2.1.", &["LGPL-2.1"]),
            ("GPL, of our own kind", &["GPL-1.0-or-later"]),
            ("SSPL-1.0 (ours)", &["sspl-1.0"]),
            ("BSD-foo and MIT", &[]),
            ("GPL-3 or BSD-foo", &[]),
            ("GPLv2/MIT-like", &[]),
            ("no licence \u{e9}", &[]),
            ("", &[]),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
        assert_eq!(names(&"GPL-3 ".repeat(100)), [""; 0]);
    }
}
