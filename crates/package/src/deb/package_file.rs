use super::Version;
use super::purl::is_url_of;
use super::record::is_safe_path;
use super::relation::{is_word, valid_package_name};

/// What is written down of a package file, to fetch it without an index: by rules as strict as an index is read by.
#[derive(Clone, Copy, Debug)]
pub struct PackageFile<'a> {
    /// Name.
    pub name: &'a str,
    /// Version.
    pub version: &'a str,
    /// Debian's name of the architecture, or `all`.
    pub architecture: &'a str,
    /// Path of the file below the repository's address.
    pub path: &'a str,
    /// The package as a package URL (purl-spec, type `deb`), of any distribution.
    pub url: &'a str,
}

impl PackageFile<'_> {
    /// Returns the name of the first field that no package has so; `None` if nothing is wrong.
    pub fn wrong(&self) -> Option<&'static str> {
        let Self { name, version, architecture, path, url } = *self;
        if !valid_package_name(name) {
            return Some("name");
        }
        let Ok(version) = version.parse::<Version>() else { return Some("version") };
        if !is_word(architecture) {
            return Some("architecture");
        }
        if !is_safe_path(path) {
            return Some("path");
        }
        (!is_url_of(url, name, &version, architecture)).then_some("url")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_field_is_wrong() {
        let url = "pkg:deb/debian/g%2B%2B@1:2%2Bb1?arch=amd64&distro=debian-12&upstream=gcc%401:2";
        let good =
            PackageFile { name: "g++", version: "1:2+b1", architecture: "amd64", path: "pool/g++_2+b1.deb", url };
        let table = [
            (good, None),
            (PackageFile { url: "pkg:deb/my%20own/g%2B%2B@1:2%2Bb1?arch=amd64", ..good }, None),
            (PackageFile { name: "../g", ..good }, Some("name")),
            (PackageFile { version: "1:2_", ..good }, Some("version")),
            (PackageFile { version: "1:3", ..good }, Some("url")),
            (PackageFile { architecture: "../amd64", ..good }, Some("architecture")),
            (PackageFile { architecture: "arm64", ..good }, Some("url")),
            (PackageFile { path: "pool/%2e%2e/g.deb", ..good }, Some("path")),
            (PackageFile { path: "pool/g.deb?x", ..good }, Some("path")),
            (PackageFile { path: "pool/ä.deb", ..good }, Some("path")),
            (PackageFile { url: "", ..good }, Some("url")),
            (PackageFile { url: "https://example.org/g.deb", ..good }, Some("url")),
            (PackageFile { url: "pkg:deb/debian/gcc@1:2%2Bb1?arch=amd64", ..good }, Some("url")),
            (PackageFile { url: "pkg:deb/a/b/g%2B%2B@1:2%2Bb1?arch=amd64", ..good }, Some("url")),
            (PackageFile { url: "pkg:deb/debian/g%2B%2B@1:2%2Bb1?arch=amd64&other=1", ..good }, Some("url")),
            (PackageFile { url: "pkg:deb/debian/g%2B%2B@1:2%2Bb1?arch=amd64&distro=a/b", ..good }, Some("url")),
        ];
        for (file, expected) in table {
            assert_eq!(file.wrong(), expected, "{file:?}");
        }
    }
}
