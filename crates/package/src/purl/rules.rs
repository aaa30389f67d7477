//! What each type of package URL has of its own (purl-spec, `types/*-definition.json`).

use super::{PackageUrl, PackageUrlError};
use crate::language::python::normalized_name;

/// Whether a type has namespaces.
#[derive(Clone, Copy, PartialEq)]
enum Namespace {
    May,
    Must,
    Never,
}

use Namespace::{May, Must, Never};

/// The rules of a type.
#[derive(Clone, Copy)]
struct Rule {
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

const fn rule(namespace: Namespace, folded: &'static str) -> Rule {
    Rule { namespace, folded, needs: None, special: None }
}

const fn special(namespace: Namespace, folded: &'static str, special: Special) -> Rule {
    Rule { namespace, folded, needs: None, special: Some(special) }
}

const fn needs(namespace: Namespace, key: &'static str, said: &'static str) -> Rule {
    Rule { namespace, folded: "", needs: Some((key, said)), special: None }
}

/// Rules, and the types that have them. A type that is not here has no rules of its own.
const RULES: [(Rule, &[&str]); 17] = [
    (rule(May, "sn"), &["alpm", "brew", "composer", "golang", "hex", "luarocks", "npm"]),
    (rule(Must, "sn"), &["apk", "bitbucket", "deb", "github"]),
    (rule(Never, ""), &["bazel", "cargo", "conda", "cran", "gem", "hackage", "nuget", "opam", "vcpkg"]),
    (rule(Never, "n"), &["bitnami", "oci", "otp"]),
    (rule(May, "s"), &["qpkg", "rpm", "yocto"]),
    (rule(May, "v"), &["huggingface"]),
    (rule(Must, ""), &["swift"]),
    (rule(Must, "snv"), &["vscode-extension"]),
    (special(Never, "n", chrome_extension), &["chrome-extension"]),
    (special(Never, "", cocoapods), &["cocoapods"]),
    (special(May, "", cpan), &["cpan"]),
    (special(Must, "", git), &["git"]),
    (special(Never, "", mlflow), &["mlflow"]),
    (special(Never, "n", underscores), &["pub"]),
    (special(Never, "nv", pypi), &["pypi"]),
    (needs(Never, "uuid", "needs the qualifier `uuid`"), &["julia"]),
    (needs(May, "tag_id", "needs the qualifier `tag_id`"), &["swid"]),
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
    let found = RULES.iter().find_map(|(rule, kinds)| Some((rule, *kinds.iter().find(|kind| **kind == url.kind)?)));
    let Some((rule, kind)) = found else { return Ok(()) };
    let refused = |reason| PackageUrlError::Rule { kind, rule: reason };
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

fn pypi(url: &mut PackageUrl) -> Result<(), &'static str> {
    url.name = normalized_name(&url.name);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_one_rule() {
        let mut kinds: Vec<&str> = RULES.iter().flat_map(|(_, kinds)| *kinds).copied().collect();
        kinds.sort_unstable();
        assert_eq!(kinds.len(), 38);
        assert!(kinds.windows(2).all(|pair| pair[0] < pair[1]), "{kinds:?}");
    }
}
