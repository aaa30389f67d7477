//! Package URLs, read by nothing of the program.

use crate::listing::Package;

/// Returns what a package URL names, with the name and the version written as all three do: an epoch belongs to the version, and names of Python's are
/// normalized (PEP 503).
pub(crate) fn package(purl: &str) -> Package {
    let rest = purl.strip_prefix("pkg:").unwrap_or_else(|| panic!("`{purl}` is no package URL"));
    let (rest, subpath) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, path) = path.split_once('/').unwrap_or_else(|| panic!("`{purl}` is no package URL"));
    // A scope of npm's may begin with the sign that also begins the version.
    let at = path.rfind('@').filter(|at| *at > 0 && !path[*at..].contains('/'));
    let (name, version) = at.map_or((path, ""), |at| (&path[..at], &path[at + 1..]));
    let (mut name, mut version) = (decoded(name), decoded(version));
    match kind {
        "deb" => name = name.rsplit('/').next().unwrap_or_default().to_owned(),
        "pypi" => name = normalized(&name),
        // A part of the path of a module may be written as a subpath.
        "golang" if !subpath.is_empty() => name = format!("{name}/{subpath}"),
        // The release of Go, which is written as `go1.2`, `v1.2` and `1.2`.
        "golang" if name == "stdlib" => version = version.trim_start_matches(['g', 'o', 'v']).to_owned(),
        _ => {}
    }
    if let Some(epoch) = qualifiers.split('&').find_map(|qualifier| qualifier.strip_prefix("epoch=")) {
        version = format!("{epoch}:{version}");
    }
    Package { kind: kind.to_owned(), name, version }
}

fn normalized(name: &str) -> String {
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).unwrap()
}
