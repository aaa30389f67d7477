//! Lists of packages that others made: SBOMs that lie in images, that are given to be scanned, or that are attached to images.
//!
//! Read are SPDX 2 as JSON or as tags and values, CycloneDX as JSON, and syft's own JSON. What is read is what is written; nothing is checked against the bytes of an image.

mod cyclonedx;
mod error;
mod lenient;
mod spdx;
mod syft;

pub use error::SbomError;
pub use spdx::BUILT_FROM;

use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::fmt;

/// Largest document that is read, in bytes.
pub const SIZE_LIMIT: usize = 64 << 20;

/// Most objects of a document, so that memory is bounded: packages of real documents have some, and each of them has many bytes.
const OBJECT_LIMIT: usize = 500_000;

/// What an SBOM says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sbom {
    /// The format it is written in.
    pub format: Format,
    /// The programs that wrote it, by their names in small letters, without versions.
    pub tools: Vec<String>,
    /// What it is about, if it says so.
    pub described: Option<Described>,
    /// The packages, in the order written, with those that are described themselves.
    pub packages: Vec<Package>,
    /// Which packages have files of which others, or are put together from them, as numbers in `packages`: first the whole, then the part.
    pub owned: Vec<(usize, usize)>,
    /// The images that an index is made of, where it is about one: numbers in `packages`, with the names that the document gives them.
    pub images: Vec<(usize, String)>,
    /// What the licences are that only the document has, by the names that it gives them (`LicenseRef-…`): what they are called, else their texts
    /// if they are short.
    pub own_licences: BTreeMap<String, String>,
    /// Where, in the document's words, there may be packages that it does not list. Empty where it says of none.
    pub unlisted: Vec<String>,
}

/// A format of SBOMs, and its version as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// SPDX 2, such as `2.3`.
    Spdx(String),
    /// CycloneDX, such as `1.6`.
    CycloneDx(String),
    /// syft's own; the version is that of its schema.
    Syft(String),
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, version) = match self {
            Self::Spdx(version) => ("SPDX", version),
            Self::CycloneDx(version) => ("CycloneDX", version),
            Self::Syft(version) => ("syft", version),
        };
        write!(formatter, "{name} {version}")
    }
}

/// What an SBOM is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// Its name, as written.
    pub name: Option<String>,
    /// Its version, as written.
    pub version: Option<String>,
    /// The digest of an image, as `sha256:hex`, where one is said anywhere.
    pub digest: Option<String>,
}

/// A package of an SBOM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// Its name; never empty.
    pub name: String,
    /// What stands before the name, if it is kept apart, such as the group of a Maven artifact.
    pub group: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its package URLs, as written. Most have one or none.
    pub purls: Vec<String>,
    /// Its licences, as written: what is declared, else what was concluded.
    pub licences: Vec<String>,
    /// Who supplied it, without the words of the format.
    pub supplier: Option<String>,
    /// Its home page.
    pub homepage: Option<String>,
    /// Digests of it, as `algorithm:hex`, with the algorithm in small letters and without hyphens.
    pub checksums: Vec<String>,
    /// Name and version of the source package that it was built from, where that stands beside the package URL, as trivy writes it.
    pub source: Option<(String, Option<String>)>,
    /// What it is, in small letters with hyphens, such as `library`, `container` or `operating-system`.
    pub purpose: Option<String>,
    /// Whether it is what the document is about.
    pub is_described: bool,
}

/// What tells the formats from each other.
#[derive(Deserialize)]
struct Marks {
    #[serde(rename = "spdxVersion")]
    spdx: Option<lenient::Word>,
    #[serde(rename = "bomFormat")]
    cyclonedx: Option<lenient::Word>,
    artifacts: Option<IgnoredAny>,
    #[serde(rename = "@context")]
    context: Option<lenient::Word>,
}

/// Returns whether a file of this path is an SBOM by its name: what Bitnami, Wolfi, Chainguard and others put into their images.
pub fn is_wanted(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let ends = [".spdx.json", ".cdx.json", ".spdx", ".syft.json"];
    ends.iter().any(|end| name.ends_with(end)) || ["bom.json", "sbom.json"].contains(&name)
}

/// Reads an SBOM, whichever format it has.
pub fn read(contents: &[u8]) -> Result<Sbom, SbomError> {
    if contents.len() > SIZE_LIMIT {
        return Err(SbomError::TooLarge { limit: SIZE_LIMIT });
    }
    let contents = contents.strip_prefix(b"\xef\xbb\xbf").unwrap_or(contents);
    let start = contents.trim_ascii_start();
    let unread = |form: &str| Err(SbomError::Form { form: form.to_owned() });
    if start.starts_with(b"<") {
        return unread("XML");
    } else if has_tags(start) {
        return spdx::read_tags(contents);
    }
    if contents.iter().filter(|byte| **byte == b'{').count() > OBJECT_LIMIT {
        return Err(SbomError::TooMany { limit: OBJECT_LIMIT });
    }
    let marks: Marks = serde_json::from_slice(contents).map_err(|source| SbomError::Json { source })?;
    let failed = |source| SbomError::Json { source };
    match marks {
        Marks { spdx: Some(version), .. } => match version.text().strip_prefix("SPDX-") {
            Some(version) if version.starts_with("2.") => spdx::read(contents, version).map_err(failed),
            _ => unread(&short(version.text())),
        },
        Marks { cyclonedx: Some(format), .. } if format.text() == "CycloneDX" => {
            cyclonedx::read(contents).map_err(failed)
        }
        Marks { context: Some(context), .. } if context.text().contains("spdx.org/rdf/3") => unread("SPDX 3"),
        Marks { artifacts: Some(_), .. } => syft::read(contents).map_err(failed),
        _ => Err(SbomError::Unknown),
    }
}

/// Returns whether a document has tags and values: comments may stand before its first tag.
fn has_tags(contents: &[u8]) -> bool {
    let mut lines = contents.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"));
    first.is_some_and(|line| line.starts_with(b"SPDXVersion:"))
}

fn short(text: &str) -> String {
    text.chars().take(20).collect()
}

/// Returns a digest of an image, if that is all that a text is.
fn digest(text: &str) -> Option<String> {
    let hex = text.strip_prefix("sha256:")?;
    let is_digest = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    is_digest.then(|| text.to_owned())
}

/// Returns the digest of an image that its package URL names (purl-spec, `types/oci-definition.json`).
fn digest_of_purl(purl: &str) -> Option<String> {
    let version = purl.strip_prefix("pkg:oci/")?.split(['?', '#']).next()?.rsplit_once('@')?.1;
    digest(&version.replace("%3A", ":").replace("%3a", ":"))
}

/// Returns `algorithm:hex`, in small letters.
fn checksum(algorithm: &str, value: &str) -> Option<String> {
    let is_hex = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let algorithm: String = algorithm.chars().filter(char::is_ascii_alphanumeric).collect();
    (is_hex && !algorithm.is_empty()).then(|| format!("{}:{}", algorithm.to_lowercase(), value.to_lowercase()))
}
