use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Architectures that images are made for, in Go's names (`go tool dist list`, and those of Debian that Go has a name for).
pub const ARCHITECTURES: [&str; 16] = [
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le", "riscv",
    "riscv64", "s390x", "sparc64", "wasm",
];

/// What an image runs on: `os/architecture[/variant]`, in Go's names (image-spec, image-index.md, "platform").
///
/// Parsing normalizes as containerd does, so that equal platforms compare equal: `arm64/v8` is `arm64`, `arm` is `arm/v7`,
/// `x86_64` is `amd64`, `aarch64` is `arm64`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl Platform {
    /// Returns the operating system, such as `linux`.
    pub fn os(&self) -> &str {
        &self.os
    }

    /// Returns the architecture, such as `arm64`.
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// Returns the variant, such as `v7`.
    pub fn variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }

    /// Returns the platform of entries of an index that are no image: `unknown/unknown`.
    pub fn unknown() -> Self {
        Self { os: "unknown".to_owned(), architecture: "unknown".to_owned(), variant: None }
    }

    /// Makes a platform of its parts, normalized.
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Result<Self, PlatformError> {
        let valid = |part: &str| {
            part.len() <= 32
                && part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        };
        let variant = variant.filter(|variant| !variant.is_empty());
        if !valid(os) || !valid(architecture) || !variant.is_none_or(valid) {
            let parts: Vec<&str> = [os, architecture].into_iter().chain(variant).collect();
            return Err(PlatformError { text: parts.join("/").chars().take(100).collect() });
        }
        let os = os.to_ascii_lowercase();
        let (architecture, variant) = match (architecture.to_ascii_lowercase().as_str(), variant) {
            ("x86_64" | "x86-64" | "amd64", None | Some("v1")) => ("amd64".to_owned(), None),
            ("x86_64" | "x86-64", variant) => ("amd64".to_owned(), variant),
            ("aarch64" | "arm64", None | Some("8" | "v8")) => ("arm64".to_owned(), None),
            ("aarch64", variant) => ("arm64".to_owned(), variant),
            ("armhf", None) | ("arm", None | Some("7")) => ("arm".to_owned(), Some("v7")),
            ("armel", None) | ("arm", Some("6")) => ("arm".to_owned(), Some("v6")),
            ("arm", Some("5")) => ("arm".to_owned(), Some("v5")),
            ("ppc64el", variant) => ("ppc64le".to_owned(), variant),
            ("i386", None) => ("386".to_owned(), None),
            (other, variant) => (other.to_owned(), variant),
        };
        Ok(Self { os, architecture, variant: variant.map(str::to_owned) })
    }

    /// Returns whether the architecture is one that images are made for: a mistyped one has the form of a platform, too.
    pub fn is_known(&self) -> bool {
        ARCHITECTURES.contains(&self.architecture.as_str())
    }

    /// Returns the platform as a single word for file names, such as `linux-arm-v7`.
    pub fn slug(&self) -> String {
        self.to_string().replace('/', "-")
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(formatter, "/{variant}"),
            None => Ok(()),
        }
    }
}

/// A text that is not a platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a platform: expected `os/architecture` or `os/architecture/variant`, such as `linux/arm64`")]
pub struct PlatformError {
    /// What was read.
    pub text: String,
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let mut parts = text.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(os), Some(architecture), variant, None) => Self::new(os, architecture, variant),
            _ => Err(PlatformError { text: text.chars().take(100).collect() }),
        }
    }
}

/// The form that platforms have in descriptors and configs.
#[derive(Serialize, Deserialize)]
struct Wire {
    architecture: String,
    os: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    variant: Option<String>,
}

impl Serialize for Platform {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { os, architecture, variant } = self.clone();
        Wire { architecture, os, variant }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Platform {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Wire { architecture, os, variant } = Wire::deserialize(deserializer)?;
        Self::new(&os, &architecture, variant.as_deref()).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizes() {
        for (text, expected) in [
            ("linux/amd64", "linux/amd64"),
            ("linux/x86_64", "linux/amd64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/arm/v6", "linux/arm/v6"),
            ("linux/ppc64el", "linux/ppc64le"),
            ("Linux/S390X", "linux/s390x"),
        ] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn knows_what_images_are_made_for() {
        for (text, known) in
            [("linux/x86_64", true), ("linux/arm/v6", true), ("linux/amd46", false), ("linux/x86", false)]
        {
            assert_eq!(text.parse::<Platform>().unwrap().is_known(), known, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_platform() {
        for text in
            ["", "linux", "linux/", "/amd64", "linux/amd64/v1/x", "linux/a b", "linux/amd64/a b", "linux/../etc"]
        {
            assert_eq!(text.parse::<Platform>().unwrap_err().text, text);
        }
    }

    #[test]
    fn has_the_form_of_the_specification() {
        let platform: Platform = "linux/arm/v7".parse().unwrap();
        let json = serde_json::to_string(&platform).unwrap();
        assert_eq!(json, r#"{"architecture":"arm","os":"linux","variant":"v7"}"#);
        assert_eq!(serde_json::from_str::<Platform>(&json).unwrap(), platform);
    }
}
