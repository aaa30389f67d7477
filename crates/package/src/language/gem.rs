//! RubyGems: the `NAME-VERSION.gemspec` of each installed gem.
//!
//! It is a program in Ruby, which is not run: what RubyGems itself writes is one assignment of a literal to a line. It also writes
//! a comment, `# stub: NAME VERSION PLATFORM …`, that it reads itself rather than to run the program.

use super::{LanguageError, TEXT_LIMIT, line};
use crate::{Found, Kind};

/// Most texts of a list, such as licences.
const LIST_LIMIT: usize = 100;

/// Returns whether this path is that of an installed gem's specification. Those in a gem's own folder are the same, or templates of it.
pub fn is_wanted(path: &str) -> bool {
    let in_folder = || path.split('/').rev().skip(1).any(|part| part == "specifications");
    path.ends_with(".gemspec") && in_folder()
}

/// Reads a specification.
pub fn read(path: &str, contents: &[u8]) -> Result<Vec<Found>, LanguageError> {
    let text = String::from_utf8_lossy(contents);
    let missing = |field| LanguageError::Missing { path: path.to_owned(), place: "it has ".to_owned(), field };
    let stub = text.lines().find_map(|line| line.strip_prefix("# stub: "));
    let mut stub = stub.unwrap_or_default().split_whitespace();
    let (stub_name, stub_version, stub_platform) = (stub.next(), stub.next(), stub.next());
    let one = |field: &str| assigned(&text, field).into_iter().flatten().next().as_deref().and_then(line);
    let or = |field: &str, stub: Option<&str>| one(field).or_else(|| stub.and_then(line));
    let name = or("name", stub_name).ok_or_else(|| missing("name that is a literal"))?;
    let version = or("version", stub_version).ok_or_else(|| missing("version that is a literal"))?;
    let licences = assigned(&text, "licenses").or_else(|| assigned(&text, "license")).unwrap_or_default();
    let author = assigned(&text, "authors").or_else(|| assigned(&text, "author"));
    Ok(vec![Found {
        licences: licences.iter().filter_map(|text| line(text)).collect(),
        supplier: author.into_iter().flatten().find_map(|text| line(&text)),
        homepage: one("homepage"),
        description: one("summary"),
        platform: or("platform", stub_platform).filter(|platform| platform != "ruby"),
        ..Found::new(Kind::Gem, name, Some(&version))
    }])
}

/// Returns the literals that are assigned to a field: `s.FIELD = "…"`, `s.FIELD = ["…", '…']`. `None` where there is no such line, or where
/// something else is assigned.
fn assigned(text: &str, field: &str) -> Option<Vec<String>> {
    let is_variable = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let assigned = line.trim_start().split_once('.').filter(|(variable, _)| is_variable(variable));
        let value =
            assigned.and_then(|(_, rest)| rest.strip_prefix(field)?.trim_start_matches([' ', '\t']).strip_prefix('='));
        if let Some(value) = value.filter(|value| !value.starts_with(['=', '~', '>'])) {
            return literals(&text[end - value.len()..]);
        }
        start = end;
    }
    None
}

/// Returns the texts at the start of an expression: one literal, or a list of them, which may go on over several lines.
fn literals(expression: &str) -> Option<Vec<String>> {
    let expression = expression.trim_start();
    let expression = expression.strip_prefix("Gem::Version.new(").unwrap_or(expression);
    let Some(mut rest) = expression.strip_prefix('[') else {
        return literal(expression).map(|(text, _)| vec![text]);
    };
    let mut list = Vec::new();
    while list.len() < LIST_LIMIT {
        rest = rest.trim_start();
        if rest.starts_with(']') {
            return Some(list);
        }
        let (text, after) = literal(rest)?;
        list.push(text);
        let after = after.strip_prefix(".freeze").unwrap_or(after).trim_start();
        rest = after.strip_prefix(',').unwrap_or(after);
    }
    Some(list)
}

/// Returns a text and what follows it: in quotes of either kind, or as `%q(…)` between any brackets. One that is computed is none.
fn literal(expression: &str) -> Option<(String, &str)> {
    let (open, rest) = match expression.strip_prefix("%q").or_else(|| expression.strip_prefix("%Q")) {
        Some(rest) => (rest.chars().next()?, rest),
        None => (expression.chars().next().filter(|quote| ['"', '\''].contains(quote))?, expression),
    };
    let close = match open {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        other => other,
    };
    let is_plain = open == '\'' || expression.starts_with("%q");
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        // Descriptions may be longer, and are not kept.
        if text.len() > 16 * TEXT_LIMIT {
            return None;
        }
        match letter {
            _ if letter == close => return Some((text, &rest[at + close.len_utf8()..])),
            '\\' => unescape(&mut text, letters.next()?.1, &mut letters, is_plain),
            '#' if !is_plain && rest[at..].starts_with("#{") => return None,
            _ => text.push(letter),
        }
    }
    None
}

/// Adds what an escape stands for. RubyGems writes letters beyond ASCII as `\u00E9` or `\u{1F600}`.
fn unescape(text: &mut String, letter: char, letters: &mut impl Iterator<Item = (usize, char)>, is_plain: bool) {
    match letter {
        'n' if !is_plain => text.push('\n'),
        't' if !is_plain => text.push('\t'),
        'u' if !is_plain => {
            let digits: String = match letters.next() {
                Some((_, '{')) => {
                    letters.map(|(_, letter)| letter).take_while(|letter| *letter != '}').take(6).collect()
                }
                Some((_, first)) => std::iter::once(first).chain(letters.map(|(_, letter)| letter).take(3)).collect(),
                None => return,
            };
            text.push(
                u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER),
            );
        }
        _ if is_plain && letter != '\\' && letter != '\'' => text.extend(['\\', letter]),
        _ => text.push(letter),
    }
}
