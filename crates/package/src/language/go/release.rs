/// Returns the number of a release of Go, as advisories write it: `1.21.3` of `go1.21.3`, `1.22.0-rc.1` of `go1.22rc1`. What vendors add does not
/// count. `None`: built from its sources, between releases.
pub(super) fn number(go: &str) -> Option<String> {
    let word = go.split_whitespace().next()?.strip_prefix("go")?;
    let end = word.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(word.len());
    let (number, rest) = word.split_at_checked(end)?;
    if number.split('.').any(str::is_empty) || !number.contains('.') {
        return None;
    }
    for (written, ordered) in [("rc", "rc"), ("beta", "beta")] {
        let Some(rest) = rest.strip_prefix(written) else { continue };
        let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        let (count, rest) = rest.split_at_checked(end)?;
        let whole = if number.matches('.').count() == 1 { format!("{number}.0") } else { number.to_owned() };
        return (!count.is_empty() && is_of_vendor(rest)).then(|| format!("{whole}-{ordered}.{count}"));
    }
    is_of_vendor(rest).then(|| number.to_owned())
}

/// Returns whether what follows a number is a vendor's, and does not say that it is another release.
fn is_of_vendor(rest: &str) -> bool {
    let rest = rest.trim_start_matches(['-', '+', '_']);
    !rest.starts_with("devel") && !rest.starts_with("pre")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_releases() {
        for (go, expected) in [
            ("go1.21.3", Some("1.21.3")),
            ("go1.19", Some("1.19")),
            ("go1.22rc1", Some("1.22.0-rc.1")),
            ("go1.9.2rc2", Some("1.9.2-rc.2")),
            ("go1.18beta2", Some("1.18.0-beta.2")),
            ("go1.20.5-fips", Some("1.20.5")),
            ("go1.21.1 X:boringcrypto", Some("1.21.1")),
            ("go1.22.5 (Red Hat 1.22.5-1.el9) X:strictfipsruntime", Some("1.22.5")),
            ("go1.27-devel_5d6b2b9f Mon Nov 2 2026", None),
            ("devel go1.22-abcdef Mon Nov 2 2026", None),
            ("devel +abcdef", None),
            ("go1.", None),
            ("go1..2", None),
            ("go1.22rc", None),
            ("gotip", None),
            ("", None),
        ] {
            assert_eq!(number(go).as_deref(), expected, "{go}");
        }
    }
}
