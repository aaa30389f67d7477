use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// Most keys that are looked at.
const KEY_LIMIT: usize = 32;
/// Bytes in which a large feed shows what it is.
const HEAD: usize = 64 << 10;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Osv,
    SecurityDatabase,
    DebianTracker,
    KnownExploited,
    Epss,
    Nvd,
    CveRecord,
    CveChanges,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Osv => "OSV record",
            Self::SecurityDatabase => "security database of Alpine, Wolfi or Chainguard",
            Self::DebianTracker => "file of Debian's security tracker",
            Self::KnownExploited => "catalog of known exploited vulnerabilities",
            Self::Epss => "table of EPSS scores",
            Self::Nvd => "feed of the NVD",
            Self::CveRecord => "CVE record",
            Self::CveChanges => "list of changed CVE records",
        }
    }
}

/// Returns whether a file is YAML, by its name.
pub(super) fn is_yaml(place: &str) -> bool {
    [".yaml", ".yml"].iter().any(|end| place.ends_with(end))
}

/// Returns whether what begins so may be larger than any record.
pub(crate) fn is_bulk(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD)];
    let has = |text: &str| head.windows(text.len()).any(|window| window == text.as_bytes());
    has("\"NVD_CVE\"") || has("\"releases\"") && has("\"CVE-") || has("#model_version:") || has("cve,epss,percentile")
}

/// Returns whether this is a page of a website, by what it begins with: no feed begins so.
pub(super) fn is_page(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes.trim_ascii_start()).starts_with(b"<")
}

/// Returns what a file is; `None`: nothing that is known. YAML of which nothing is known is taken for a record, whose reader says why. What is no JSON, or
/// only a part of it, is an error.
pub(super) fn recognized(place: &str, bytes: &[u8]) -> Result<Option<Kind>, serde_json::Error> {
    if place.ends_with(".csv") {
        let is_scores = bytes.starts_with(b"#model_version:") || bytes.starts_with(b"cve,epss,percentile");
        return Ok(is_scores.then_some(Kind::Epss));
    }
    if is_yaml(place) {
        let text = String::from_utf8_lossy(bytes);
        let has = |key: &str| text.lines().any(|line| line.starts_with(key));
        let is_database = has("packages:") && (has("reponame:") || has("distroversion:"));
        return Ok(Some(if is_database { Kind::SecurityDatabase } else { Kind::Osv }));
    }
    let shape: Shape = serde_json::from_slice(bytes)?;
    let has = |key: &str| shape.keys.iter().any(|known| known == key);
    Ok(Some(match () {
        () if has("id") || has("modified") || has("affected") => Kind::Osv,
        () if has("vulnerabilities") && (has("catalogVersion") || has("dateReleased")) => Kind::KnownExploited,
        () if has("vulnerabilities") && (has("format") || has("resultsPerPage")) => Kind::Nvd,
        () if has("cveMetadata") => Kind::CveRecord,
        () if has("packages") && (has("reponame") || has("distroversion") || has("apkurl")) => Kind::SecurityDatabase,
        () if has("fetchTime") => Kind::CveChanges,
        () if shape.is_of_vulnerabilities => Kind::DebianTracker,
        () => return Ok(None),
    }))
}

/// The outer keys of a JSON object, or of the first element of a list.
#[derive(Default)]
struct Shape {
    keys: Vec<String>,
    /// Whether the first value of all is an object by numbers of vulnerabilities.
    is_of_vulnerabilities: bool,
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;

        impl<'de> Visitor<'de> for Look {
            type Value = Shape;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
                let mut shape = Shape::default();
                while let Some(key) = map.next_key::<String>()? {
                    if shape.keys.is_empty() {
                        let inner = map.next_value::<Inner>()?;
                        shape.is_of_vulnerabilities = inner.0;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                    if shape.keys.len() < KEY_LIMIT {
                        shape.keys.push(key);
                    }
                }
                Ok(shape)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shape, A::Error> {
                let first = list.next_element::<Shape>()?.unwrap_or_default();
                while list.next_element::<IgnoredAny>()?.is_some() {}
                // Only lists of changes are lists.
                Ok(Shape {
                    keys: first.keys.into_iter().filter(|key| key == "fetchTime").collect(),
                    ..Shape::default()
                })
            }
        }

        deserializer.deserialize_any(Look)
    }
}

/// Whether a value is an object by numbers of vulnerabilities. Whatever else stands there is passed over.
struct Inner(bool);

impl<'de> Deserialize<'de> for Inner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;

        impl<'de> Visitor<'de> for Look {
            type Value = Inner;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Inner, A::Error> {
                let first = map.next_key::<String>()?;
                let is_number = |key: &String| key.starts_with("CVE-") || key.starts_with("TEMP-");
                if first.is_some() {
                    map.next_value::<IgnoredAny>()?;
                    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                }
                Ok(Inner(first.is_some_and(|key| is_number(&key))))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Inner, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Inner(false))
            }

            fn visit_str<E>(self, _: &str) -> Result<Inner, E> {
                Ok(Inner(false))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Inner, E> {
                Ok(Inner(false))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Inner, E> {
                Ok(Inner(false))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Inner, E> {
                Ok(Inner(false))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Inner, E> {
                Ok(Inner(false))
            }

            fn visit_unit<E>(self) -> Result<Inner, E> {
                Ok(Inner(false))
            }
        }

        deserializer.deserialize_any(Look)
    }
}
