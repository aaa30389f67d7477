use crate::reach::Reach;
use jiff::Timestamp;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

/// Most other names of one advisory. The best known have a dozen.
const NAME_LIMIT: usize = 1_000;
/// Longest name, in bytes.
const NAME_LENGTH_LIMIT: usize = 1_000;
/// Most that is stated of how bad it is, for all packages and for each. Every finding repeats it.
const SEVERITY_LIMIT: usize = 100;
/// Most elements of any other list.
const LIST_LIMIT: usize = 100_000;

/// What of an OSV record is looked at (OSV schema 1.7). A list or text that is `null` is as good as absent.
#[derive(Debug, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    #[serde(deserialize_with = "time")]
    pub(crate) modified: Timestamp,
    #[serde(default, deserialize_with = "published_if_any")]
    pub(crate) published: Option<Timestamp>,
    #[serde(default, deserialize_with = "time_if_any")]
    pub(crate) withdrawn: Option<Timestamp>,
    #[serde(default, deserialize_with = "list::<_, _, NAME_LIMIT>")]
    pub(crate) aliases: Vec<String>,
    /// Advisories that this one passes on.
    #[serde(default, deserialize_with = "list::<_, _, LIST_LIMIT>")]
    pub(crate) upstream: Vec<String>,
    /// What has to do with it, in whatever way.
    #[serde(default, deserialize_with = "list::<_, _, LIST_LIMIT>")]
    pub(crate) related: Vec<String>,
    #[serde(default, deserialize_with = "list::<_, _, SEVERITY_LIMIT>")]
    pub(crate) severity: Vec<StatedSeverity>,
    #[serde(default, deserialize_with = "list::<_, _, LIST_LIMIT>")]
    pub(crate) affected: Vec<Affected>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) database_specific: Words,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) summary: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) details: String,
    #[serde(default, deserialize_with = "list::<_, _, LIST_LIMIT>")]
    pub(crate) references: Vec<Reference>,
}

/// A page about it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reference {
    #[serde(deserialize_with = "or_default")]
    pub(crate) url: String,
}

/// A package, and which versions of it are affected.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Affected {
    pub(crate) package: Option<Package>,
    #[serde(deserialize_with = "list::<_, _, SEVERITY_LIMIT>")]
    pub(crate) severity: Vec<StatedSeverity>,
    #[serde(deserialize_with = "list::<_, _, LIST_LIMIT>")]
    pub(crate) ranges: Vec<Range>,
    #[serde(deserialize_with = "list::<_, _, LIST_LIMIT>")]
    pub(crate) versions: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) ecosystem_specific: Words,
    #[serde(deserialize_with = "or_default")]
    pub(crate) database_specific: Words,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) ecosystem: String,
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Range {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default, deserialize_with = "list::<_, _, LIST_LIMIT>")]
    pub(crate) events: Vec<Event>,
}

/// Where a stretch of affected versions begins or ends.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Stops")]
pub(crate) enum Event {
    Introduced(Box<str>),
    Fixed(Box<str>),
    LastAffected(Box<str>),
    Limit(Box<str>),
    /// Several of them, which are one event only in a record that cannot be understood.
    Several,
}

/// An event as it is written.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Stops {
    introduced: Option<Box<str>>,
    fixed: Option<Box<str>>,
    last_affected: Option<Box<str>>,
    limit: Option<Box<str>>,
}

impl TryFrom<Stops> for Event {
    type Error = &'static str;

    fn try_from(stops: Stops) -> Result<Self, Self::Error> {
        let Stops { introduced, fixed, last_affected, limit } = stops;
        match (introduced, fixed, last_affected, limit) {
            (None, None, None, None) => Err("an event has none of `introduced`, `fixed`, `last_affected` and `limit`"),
            (Some(version), None, None, None) => Ok(Self::Introduced(version)),
            (None, Some(version), None, None) => Ok(Self::Fixed(version)),
            (None, None, Some(version), None) => Ok(Self::LastAffected(version)),
            (None, None, None, Some(version)) => Ok(Self::Limit(version)),
            _ => Ok(Self::Several),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct StatedSeverity {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) score: String,
}

/// The places where publishers put a word for the severity, and what else only some of them say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Words {
    pub(crate) severity: Option<Value>,
    pub(crate) urgency: Option<Value>,
    /// What it is if it is no vulnerability, such as `unmaintained` (RustSec).
    pub(crate) informational: Option<Value>,
    /// On which systems it is so (RustSec).
    affects: Option<Value>,
    /// Where a range without an end does end, in words (GitHub).
    pub(crate) last_known_affected_version_range: Option<Value>,
}

impl Words {
    /// Returns where an advisory applies. What is not a list of words says nothing.
    pub(crate) fn reach(&self) -> Reach {
        let words = |key: &str| {
            let list = self.affects.as_ref().and_then(|affects| affects.get(key)?.as_array());
            let words = list.into_iter().flatten().filter_map(Value::as_str).take(SEVERITY_LIMIT);
            words.map(|word| word.chars().take(SEVERITY_LIMIT).collect()).collect()
        };
        Reach { systems: words("os"), architectures: words("arch") }
    }
}

impl Record {
    /// Reads a record: JSON, or YAML if its name ends so.
    pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let record: Self = if name.ends_with(".json") {
            serde_json::from_slice(bytes)?
        } else {
            let text = std::str::from_utf8(bytes)?;
            // The message has the line; the source line itself may be long.
            serde_saphyr::from_str_with_options(text, options()).map_err(|error| error.without_snippet().to_string())?
        };
        // Every finding repeats them.
        let packages = record.affected.iter().filter_map(|affected| affected.package.as_ref());
        let packages = packages.flat_map(|package| [&package.ecosystem, &package.name]);
        if [&record.id].into_iter().chain(&record.aliases).chain(packages).any(|name| name.len() > NAME_LENGTH_LIMIT) {
            return Err(format!("one of its names has more than {NAME_LENGTH_LIMIT} bytes").into());
        }
        Ok(record)
    }
}

pub(crate) fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 64,
            max_documents: 1,
            max_events: 2_000_000,
            max_nodes: 1_000_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_merge_keys: 100,
            max_total_scalar_bytes: 32 << 20,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 50_000, max_replay_stack_depth: 16 },
        with_snippet: false,
    }
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|error| D::Error::custom(format!("`modified` is no time: {error}")))
}

/// Reads `null` and an empty text as no time.
fn time_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    let time = text.map(|text| text.parse()).transpose();
    time.map_err(|error| D::Error::custom(format!("`withdrawn` is no time: {error}")))
}

/// Reads what says nothing reliable as no time: it is looked at only where there is no better one.
fn published_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_str().and_then(|text| text.parse().ok()))
}

/// Reads `null` as nothing.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a list of at most `LIMIT` elements, and `null` as an empty one.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>, const LIMIT: usize>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct List<T, const LIMIT: usize>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>, const LIMIT: usize> Visitor<'de> for List<T, LIMIT> {
        type Value = Vec<T>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_seq(self)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
            let mut list = Vec::new();
            while let Some(element) = elements.next_element()? {
                if list.len() == LIMIT {
                    return Err(A::Error::custom(format!("a list has more than {LIMIT} elements")));
                }
                list.push(element);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_option(List::<T, LIMIT>(PhantomData))
}
