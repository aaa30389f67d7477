use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Packages by their package URL (purl-spec): the version and each qualifier only where it names one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PackagePattern {
    text: String,
    parts: Parts,
}

/// A text that names no packages.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no package URL: expected `pkg:TYPE/NAME`, such as `pkg:deb/debian/openssl`")]
pub struct NoPackagePattern {
    text: String,
}

/// A package URL taken apart, with nothing encoded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Parts {
    name: String,
    version: Option<String>,
    qualifiers: BTreeMap<String, String>,
}

impl PackagePattern {
    /// Returns whether a package is meant. Letters are as they are: what names packages writes them in the one form that each type has.
    pub fn matches(&self, purl: &str) -> bool {
        let Some(package) = Parts::of(purl) else { return false };
        let has = |(key, value): (&String, &String)| package.qualifiers.get(key) == Some(value);
        self.parts.name == package.name
            && (self.parts.version.is_none() || self.parts.version == package.version)
            && self.parts.qualifiers.iter().all(has)
    }
}

impl Parts {
    fn of(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("pkg:")?.trim_start_matches('/');
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        // A name may begin with an `@`, as scopes of npm do where nobody encodes them.
        let start = path.rfind('/')?;
        let (name, version) = match path[start..].find('@').map(|at| start + at).filter(|at| *at > start + 1) {
            Some(at) => (&path[..at], Some(decoded(&path[at + 1..]))),
            None => (path, None),
        };
        let (kind, name) = name.split_once('/').filter(|(kind, name)| !kind.is_empty() && !name.is_empty())?;
        let pairs = qualifiers.split('&').filter_map(|pair| pair.split_once('='));
        let qualifiers = pairs.map(|(key, value)| (key.to_ascii_lowercase(), decoded(value))).collect();
        Some(Self { name: format!("{}/{}", kind.to_ascii_lowercase(), decoded(name)), version, qualifiers })
    }
}

/// Returns the version of a package URL, with nothing encoded; `None`: it has none, or is none.
pub(super) fn version(purl: &str) -> Option<String> {
    Parts::of(purl)?.version
}

/// Takes back the encoding of bytes (RFC 3986, section 2.1). What is not encoded as it should be stays as it is.
fn decoded(text: &str) -> String {
    let digit = |byte: Option<&u8>| {
        byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok())
    };
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(byte) = bytes.get(index) {
        match (byte, digit(bytes.get(index + 1)), digit(bytes.get(index + 2))) {
            (b'%', Some(high), Some(low)) => {
                plain.push(high * 16 + low);
                index += 3;
            }
            _ => {
                plain.push(*byte);
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

impl FromStr for PackagePattern {
    type Err = NoPackagePattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = Parts::of(text).ok_or_else(|| NoPackagePattern { text: text.chars().take(200).collect() })?;
        Ok(Self { text: text.to_owned(), parts })
    }
}

impl TryFrom<String> for PackagePattern {
    type Error = NoPackagePattern;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PackagePattern> for String {
    fn from(pattern: PackagePattern) -> Self {
        pattern.text
    }
}

impl fmt::Display for PackagePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_says_as_much_as_it_means() {
        let matches = |pattern: &str, purl: &str| pattern.parse::<PackagePattern>().unwrap().matches(purl);
        let openssl = "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl";
        assert!(matches("pkg:deb/debian/libssl3", openssl));
        assert!(matches("pkg:deb/debian/libssl3@3.0.11-1~deb12u2", openssl));
        assert!(matches("pkg:DEB/debian/libssl3?arch=amd64", openssl));
        for other in [
            "pkg:deb/debian/libssl",
            "pkg:deb/ubuntu/libssl3",
            "pkg:apk/debian/libssl3",
            "pkg:deb/debian/libssl3@3.0.11",
            "pkg:deb/debian/libssl3?arch=arm64",
            "pkg:deb/libssl3",
        ] {
            assert!(!matches(other, openssl), "{other}");
        }
        let scoped = "pkg:npm/%40babel/core@7.1.0%2Bx";
        for same in ["pkg:npm/@babel/core", "pkg:npm/%40babel/core@7.1.0+x", "pkg:npm/%40babel/core@7.1.0%2bx"] {
            assert!(matches(same, scoped), "{same}");
        }
        assert!(!matches("pkg:npm/@babel/core@7.1.1", scoped));
        assert!(matches("pkg:npm/left-pad", "pkg:npm/left-pad@1.0.0"));
        for text in ["", "openssl", "pkg:", "pkg:deb", "pkg:deb/", "pkg:/x"] {
            assert!(text.parse::<PackagePattern>().is_err(), "{text}");
        }
    }
}
