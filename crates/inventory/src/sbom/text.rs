/// Longest text taken over from a package, in characters. Debian's longest names of maintainers are a fifth of it.
const TEXT_LIMIT: usize = 1000;
/// Most words of the name of a host.
const WORD_LIMIT: usize = 20;

/// Returns a text on one line and of bounded length, or `None` if nothing is left.
pub(super) fn line(text: &str) -> Option<String> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let line: String = words.join(" ").chars().take(TEXT_LIMIT).collect();
    Some(line).filter(|line| !line.is_empty())
}

/// Returns what stands in an element's identifier: letters, digits, `.` and `-` (SPDX 2.3, clause 3.2, "SPDXRef-").
pub(super) fn identifier(text: &str) -> String {
    text.chars().take(100).map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}

/// Returns a maintainer, `Name <address>`, in SPDX's form (clause 7.5). Debian does not say which are persons and which are teams.
pub(super) fn supplier(maintainer: &str) -> Option<String> {
    let maintainer = line(maintainer)?;
    // Parentheses mark the address in SPDX's form.
    let plain = |text: &str| text.replace('(', "[").replace(')', "]").trim().to_owned();
    let (name, address) = match maintainer.rsplit_once('<') {
        Some((name, address)) => (plain(name), plain(address.trim_end_matches('>'))),
        None => (plain(&maintainer), String::new()),
    };
    match (name.is_empty(), address.contains('@') && !address.contains(' ')) {
        (false, true) => Some(format!("Organization: {name} ({address})")),
        (false, false) => Some(format!("Organization: {name}")),
        (true, true) => Some(format!("Organization: {address}")),
        (true, false) => None,
    }
}

/// Returns a home page if it is a web address of plain characters (RFC 3986, sections 2 and 3).
pub(super) fn homepage(text: &str) -> Option<String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    // Readers of SPDX take no other hosts: words with one sign between them, and letters in the end.
    let words = || name.split(['.', '-']);
    let end_is_plain = name.rsplit_once('.').is_some_and(|(_, end)| {
        end.len() >= 2 && end.get(..2).is_some_and(|start| start.bytes().all(|byte| byte.is_ascii_alphabetic()))
    });
    let name_is_plain = end_is_plain
        && words().count() <= WORD_LIMIT
        && words().all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let host_is_plain = name_is_plain && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    let rest_is_plain = rest.len() <= TEXT_LIMIT
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&b));
    // A byte that is encoded has two digits, and one sign begins what is within the page.
    let is_encoded =
        |text: &str| text.get(..2).is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let is_well_formed = rest.split('%').skip(1).all(is_encoded) && rest.matches('#').count() <= 1;
    (host_is_plain && rest_is_plain && is_well_formed).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_suppliers() {
        for (text, expected) in [
            ("A B <a@b.c>", Some("Organization: A B (a@b.c)")),
            ("A (the b) <a@b.c>", Some("Organization: A [the b] (a@b.c)")),
            ("A\nB", Some("Organization: A B")),
            ("<a@b.c>", Some("Organization: a@b.c")),
            ("A <>", Some("Organization: A")),
            (" ", None),
            ("<>", None),
        ] {
            assert_eq!(supplier(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn takes_plain_home_pages() {
        for (text, taken) in [
            ("https://www.debian.org/", true),
            ("http://a.bc:80/c?d=e#f", true),
            ("https://a.bc/%c3%A9", true),
            ("https://a.bc/%zz", false),
            ("https://a.bc/%", false),
            ("https://a.bc/%a", false),
            ("https://a.bc/c#d#e", false),
            ("https://a.bc/c[d]", false),
            ("https://a.bc:c/", false),
            ("https://a.bc:1:2/", false),
            ("ftp://a.bc/", false),
            ("https://a.b/", false),
            ("https://a--b.cd/", false),
            ("https://127.0.0.1/", false),
            ("https://", false),
            ("https://a b.c/", false),
            ("https://a.bc/\u{e9}", false),
            ("www.debian.org", false),
        ] {
            assert_eq!(homepage(text).is_some(), taken, "{text}");
        }
    }

    #[test]
    fn keeps_texts_short_and_on_one_line() {
        assert_eq!(line(" a\n\tb\u{0}c ").as_deref(), Some("a b c"));
        assert_eq!(line(&"x".repeat(5000)).map(|text| text.len()), Some(TEXT_LIMIT));
        assert_eq!(identifier("libstdc++6:amd64_1~2"), "libstdc--6-amd64-1-2");
    }
}
