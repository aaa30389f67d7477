//! Files that a package owns, as text: a line for each, with its digest, as far as the database of the distribution has one.

/// Returns the line of a file. The digest is `algorithm:hex`, or nothing.
pub(crate) fn line(digest: &str, path: &str) -> String {
    format!("{digest} {path}")
}

/// Returns digest and path of each file.
pub(crate) fn files(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| line.split_once(' '))
}

/// Reads what dpkg lists: a path on each line.
pub(crate) fn of_list(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|path| line("", path)).collect();
    lines.join("\n")
}

/// Reads what dpkg's database has of configuration files, each as a path, the MD5 of what the package brought, and perhaps a word on it.
pub(crate) fn of_configuration<'a>(stated: impl Iterator<Item = &'a str>) -> String {
    let lines = stated.filter_map(|line| {
        let (path, rest) = line.split_once(" ")?;
        Some(format!("{}  {path}", rest.split(' ').next()?))
    });
    of_digests(&lines.collect::<Vec<_>>().join("\n"))
}

/// Reads what dpkg has of digests: on each line the MD5 of a file, in hexadecimal, and its path.
pub(crate) fn of_digests(text: &str) -> String {
    let is_hex = |hex: &str| hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digest = |hex: &str| if is_hex(hex) { format!("md5:{}", hex.to_ascii_lowercase()) } else { String::new() };
    let lines = text.lines().filter_map(|line| line.split_once(char::is_whitespace));
    let lines: Vec<String> = lines.map(|(hex, path)| line(&digest(hex), path.trim_start())).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_dpkg_has() {
        let list = of_list("/.\n/usr/a b\n");
        assert_eq!(files(&list).collect::<Vec<_>>(), [("", "/."), ("", "/usr/a b")]);
        let hex = "D41D8CD98F00B204E9800998ECF8427E";
        let configuration =
            of_configuration([format!("/etc/a {hex} obsolete").as_str(), "/etc/b newconffile"].into_iter());
        let expected = format!("md5:{} /etc/a\n /etc/b", hex.to_lowercase());
        assert_eq!(configuration, expected);
        let digests = of_digests(&format!("{hex}  usr/a b\nx usr/c\nalone\n"));
        let expected = format!("md5:{}", hex.to_lowercase());
        assert_eq!(files(&digests).collect::<Vec<_>>(), [(expected.as_str(), "usr/a b"), ("", "usr/c")]);
    }
}
