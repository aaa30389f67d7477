use std::borrow::Cow;

/// The coordinates of an artifact that Maven writes into archives (`pom.properties`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Coordinates {
    pub(super) group: String,
    pub(super) artifact: String,
    pub(super) version: Option<String>,
}

impl Coordinates {
    /// Reads the file; `None` where it names no artifact.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mut group, mut artifact, mut version) = (None, None, None);
        for line in lines(text) {
            let (key, value) = pair(&line);
            match key.as_str() {
                "groupId" => group = said(value),
                "artifactId" => artifact = said(value),
                "version" => version = said(value),
                _ => {}
            }
        }
        Some(Self { group: group?, artifact: artifact?, version })
    }
}

/// Returns a value, unless it is empty or a place where Maven should have put one.
pub(super) fn said(value: String) -> Option<String> {
    (!value.is_empty() && !value.contains("${") && !value.contains(char::is_control)).then_some(value)
}

/// Returns the lines that hold something, each joined with those that go on with it (java.util.Properties, `load`).
fn lines(text: &str) -> Vec<Cow<'_, str>> {
    let mut lines: Vec<Cow<'_, str>> = Vec::new();
    let mut goes_on = false;
    for line in text.split(['\n', '\r']) {
        let line = line.trim_start_matches([' ', '\t', '\x0c']);
        if !goes_on && (line.is_empty() || line.starts_with(['#', '!'])) {
            continue;
        }
        let ends_in_escape = line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
        let part = if ends_in_escape { line.get(..line.len() - 1).unwrap_or_default() } else { line };
        match lines.last_mut() {
            Some(last) if goes_on => last.to_mut().push_str(part),
            _ => lines.push(Cow::Borrowed(part)),
        }
        goes_on = ends_in_escape;
    }
    lines
}

/// Takes a line apart at the first sign or space that is not escaped.
fn pair(line: &str) -> (String, String) {
    let mut is_escaped = false;
    let end = line.find(|character: char| {
        let ends = !is_escaped && matches!(character, '=' | ':' | ' ' | '\t');
        is_escaped = !is_escaped && character == '\\';
        ends
    });
    let (key, rest) = line.split_at_checked(end.unwrap_or(line.len())).unwrap_or((line, ""));
    let rest = rest.trim_start();
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim();
    (plain(key), plain(value))
}

/// Takes escapes out of a text.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('u') => {
                    let digits: String = characters.by_ref().take(4).collect();
                    let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                    plain.push(code.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                Some('t' | 'n' | 'r' | 'f') => plain.push(' '),
                Some(other) => plain.push(other),
                None => {}
            },
            other => plain.push(other),
        }
    }
    plain
}
