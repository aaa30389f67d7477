//! What each type of package URL has of its own (purl-spec, `types/*-definition.json`).

use super::{PackageUrl, PackageUrlError};

/// Whether a type has namespaces.
#[derive(Clone, Copy, PartialEq)]
enum Namespace {
    May,
    Must,
    Never,
}

use Namespace::{May, Must, Never};

/// The rules of a type.
struct Rule {
    kind: &'static str,
    namespace: Namespace,
    /// What is not case sensitive, of `s` (namespace), `n` (name) and `v` (version), and so in small letters.
    folded: &'static str,
    /// A qualifier without which the package is not known, and how that is said.
    needs: Option<(&'static str, &'static str)>,
    /// What else is to be said.
    special: Option<Special>,
}

/// Normalizes or refuses: what is wrong, in words.
type Special = fn(&mut PackageUrl) -> Result<(), &'static str>;

const fn rule(kind: &'static str, namespace: Namespace, folded: &'static str) -> Rule {
    Rule { kind, namespace, folded, needs: None, special: None }
}

const fn special(kind: &'static str, namespace: Namespace, folded: &'static str, special: Special) -> Rule {
    Rule { kind, namespace, folded, needs: None, special: Some(special) }
}

const fn needs(kind: &'static str, namespace: Namespace, key: &'static str, said: &'static str) -> Rule {
    Rule { kind, namespace, folded: "", needs: Some((key, said)), special: None }
}

/// Sorted by type. A type that is not here has no rules of its own.
const RULES: [Rule; 38] = [
    rule("alpm", May, "sn"),
    rule("apk", Must, "sn"),
    rule("bazel", Never, ""),
    rule("bitbucket", Must, "sn"),
    rule("bitnami", Never, "n"),
    rule("brew", May, "sn"),
    rule("cargo", Never, ""),
    special("chrome-extension", Never, "n", chrome_extension),
    special("cocoapods", Never, "", cocoapods),
    rule("composer", May, "sn"),
    rule("conda", Never, ""),
    special("cpan", May, "", cpan),
    rule("cran", Never, ""),
    rule("deb", Must, "sn"),
    rule("gem", Never, ""),
    special("git", Must, "", git),
    rule("github", Must, "sn"),
    rule("golang", May, "sn"),
    rule("hackage", Never, ""),
    rule("hex", May, "sn"),
    rule("huggingface", May, "v"),
    needs("julia", Never, "uuid", "needs the qualifier `uuid`"),
    rule("luarocks", May, "sn"),
    special("mlflow", Never, "", mlflow),
    rule("npm", May, "sn"),
    rule("nuget", Never, ""),
    rule("oci", Never, "n"),
    rule("opam", Never, ""),
    rule("otp", Never, "n"),
    special("pub", Never, "n", underscores),
    special("pypi", Never, "nv", pypi),
    rule("qpkg", May, "s"),
    rule("rpm", May, "s"),
    needs("swid", May, "tag_id", "needs the qualifier `tag_id`"),
    rule("swift", Must, ""),
    rule("vcpkg", Never, ""),
    rule("vscode-extension", Must, "snv"),
    rule("yocto", May, "s"),
];

/// Brings a package URL into the canonical form of its type.
pub(super) fn apply(url: &mut PackageUrl) -> Result<(), PackageUrlError> {
    if has_path_for_name(&url.kind) {
        // The namespace is the host, and the name the whole path on it.
        if let Some((host, path)) = url.namespace.as_deref().and_then(|namespace| namespace.split_once('/')) {
            url.name = format!("{path}/{}", url.name);
            url.namespace = Some(host.to_owned());
        }
    }
    let Some(rule) = RULES.binary_search_by(|rule| rule.kind.cmp(&url.kind)).ok().and_then(|at| RULES.get(at)) else {
        return Ok(());
    };
    let refused = |reason| PackageUrlError::Rule { kind: rule.kind, rule: reason };
    match (rule.namespace, &url.namespace) {
        (Must, None) => return Err(refused("needs a namespace")),
        (Never, Some(_)) => return Err(refused("has no namespace")),
        _ => {}
    }
    if let Some((_, said)) = rule.needs.filter(|(key, _)| !url.qualifiers.contains_key(*key)) {
        return Err(refused(said));
    }
    let PackageUrl { namespace, name, version, .. } = &mut *url;
    for (letter, part) in [('s', namespace.as_mut()), ('n', Some(name)), ('v', version.as_mut())] {
        if let Some(part) = part.filter(|_| rule.folded.contains(letter)) {
            *part = part.to_lowercase();
        }
    }
    rule.special.map_or(Ok(()), |special| special(url).map_err(refused))
}

/// Returns whether slashes of the name separate segments.
pub(super) fn has_path_for_name(kind: &str) -> bool {
    kind == "git"
}

fn chrome_extension(url: &mut PackageUrl) -> Result<(), &'static str> {
    if url.name.len() != 32 || !url.name.bytes().all(|byte| (b'a'..=b'p').contains(&byte)) {
        return Err("has a name of 32 letters from `a` to `p`");
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_version = |text: &str| text.split('.').count() <= 4 && text.split('.').all(is_number);
    url.version.as_deref().is_none_or(is_version).then_some(()).ok_or("has a version of one to four numbers")
}

fn cocoapods(url: &mut PackageUrl) -> Result<(), &'static str> {
    if url.name.starts_with('.') || url.name.contains(|letter: char| letter == '+' || letter.is_whitespace()) {
        return Err("has a name without spaces, `+` and a leading period");
    }
    Ok(())
}

fn cpan(url: &mut PackageUrl) -> Result<(), &'static str> {
    if url.name.contains("::") {
        return Err("has the name of a distribution, such as `URI-PackageURL`, not of a module");
    }
    url.namespace = url.namespace.take().map(|author| author.to_uppercase());
    Ok(())
}

/// Paths are case sensitive, but not at the hosts that have types of their own, in which they are not.
fn git(url: &mut PackageUrl) -> Result<(), &'static str> {
    let host = url.namespace.as_deref().unwrap_or_default().to_lowercase();
    if matches!(host.as_str(), "github" | "github.com" | "bitbucket" | "bitbucket.org") {
        url.name = url.name.to_lowercase();
        url.namespace = Some(host);
    }
    Ok(())
}

/// Names are case sensitive on Azure's servers, but not on those of Databricks.
fn mlflow(url: &mut PackageUrl) -> Result<(), &'static str> {
    if url.qualifiers.get("repository_url").is_some_and(|address| address.contains("databricks")) {
        url.name = url.name.to_lowercase();
    }
    Ok(())
}

/// Names of pub's have small letters, digits and `_` alone.
fn underscores(url: &mut PackageUrl) -> Result<(), &'static str> {
    url.name = url.name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
    Ok(())
}

/// PEP 503: runs of `-`, `_` and `.` are one `-`.
fn pypi(url: &mut PackageUrl) -> Result<(), &'static str> {
    let mut name = String::with_capacity(url.name.len());
    for letter in url.name.chars() {
        match letter {
            '-' | '_' | '.' if name.ends_with('-') => {}
            '-' | '_' | '.' => name.push('-'),
            letter => name.push(letter),
        }
    }
    url.name = name;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted() {
        assert!(RULES.windows(2).all(|pair| pair[0].kind < pair[1].kind));
    }
}
