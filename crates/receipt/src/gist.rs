use crate::predicate::{CYCLONEDX, OLDER_PROVENANCE, PROVENANCE, SBOM, is_of_type};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// Most bases that are kept.
const BASES: usize = 8;
/// Longest text that is kept, in characters.
const LENGTH: usize = 200;

/// What a statement says, in short: what people ask for first, in a bounded size, whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gist {
    /// What is in an image.
    Sbom {
        /// Format and version: `SPDX-2.3`, `CycloneDX 1.6`.
        format: String,
        /// How many packages it lists, or components, as CycloneDX calls them.
        count: usize,
    },
    /// How an image was built.
    Provenance {
        /// Names the builder, if it is named.
        builder: Option<String>,
        /// From when, as it is written.
        started: Option<String>,
        /// Until when, as it is written.
        finished: Option<String>,
        /// Package URLs of the images that it was built on, some of them where there are many.
        bases: Vec<String>,
    },
}

impl Gist {
    /// Returns the gist of a predicate; `None` for types that have none here, and for what is malformed.
    pub fn of(predicate_type: &str, predicate: &Value) -> Option<Self> {
        Sketch::deserialize(predicate).ok()?.gist(predicate_type)
    }

    /// The same of the bytes of a statement. What is not told takes no memory.
    pub fn of_statement(predicate_type: &str, statement: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Statement {
            predicate: Sketch,
        }
        serde_json::from_slice::<Statement>(statement).ok()?.predicate.gist(predicate_type)
    }

    /// Returns whether the other answers the same question.
    pub fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Returns the facts in it, in words.
    pub fn facts(&self) -> Vec<String> {
        match self {
            Self::Sbom { format, count } => {
                let what = if format.starts_with("CycloneDX") { "component" } else { "package" };
                vec![format!("{format}, {count} {what}{}", if *count == 1 { "" } else { "s" })]
            }
            Self::Provenance { builder, started, finished, bases } => {
                let words = [("by", builder), ("from", started), ("to", finished)].into_iter();
                let words: Vec<String> =
                    words.filter_map(|(word, text)| Some(format!("{word} {}", text.as_ref()?))).collect();
                let built = (!words.is_empty()).then(|| format!("built {}", words.join(" ")));
                let bases = (!bases.is_empty()).then(|| format!("on {}", bases.join(", ")));
                built.into_iter().chain(bases).collect()
            }
        }
    }
}

/// What is read of the predicates of SPDX, CycloneDX and both kinds of provenance. None has a field of another's with another meaning.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Sketch {
    spdx_version: Option<String>,
    packages: Option<Vec<IgnoredAny>>,
    spec_version: Option<String>,
    components: Option<Vec<IgnoredAny>>,
    builder: Option<Builder>,
    metadata: Option<Metadata>,
    materials: Option<Vec<Input>>,
    build_definition: Option<Definition>,
    run_details: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Definition {
    resolved_dependencies: Option<Vec<Input>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    builder: Option<Builder>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Builder {
    id: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "startedOn", alias = "buildStartedOn")]
    started: Option<String>,
    #[serde(rename = "finishedOn", alias = "buildFinishedOn")]
    finished: Option<String>,
}

#[derive(Deserialize)]
struct Input {
    uri: Option<String>,
}

impl Sketch {
    fn gist(self, predicate_type: &str) -> Option<Gist> {
        let count = |list: Option<Vec<IgnoredAny>>| list.map_or(0, |list| list.len());
        if is_of_type(predicate_type, SBOM) {
            let format = self.spdx_version.map_or_else(|| "SPDX".to_owned(), clip);
            return Some(Gist::Sbom { format, count: count(self.packages) });
        }
        if is_of_type(predicate_type, CYCLONEDX) {
            let format = clip(format!("CycloneDX {}", self.spec_version.unwrap_or_default()));
            return Some(Gist::Sbom { format, count: count(self.components) });
        }
        let (builder, metadata, inputs) = match predicate_type {
            PROVENANCE => {
                let details = self.run_details.unwrap_or_default();
                (details.builder, details.metadata, self.build_definition.unwrap_or_default().resolved_dependencies)
            }
            OLDER_PROVENANCE => (self.builder, self.metadata, self.materials),
            _ => return None,
        };
        let (started, finished) = metadata.map_or((None, None), |metadata| (metadata.started, metadata.finished));
        let is_image = |uri: &String| uri.starts_with("pkg:docker/") || uri.starts_with("pkg:oci/");
        let bases = inputs.into_iter().flatten().filter_map(|input| input.uri).filter(is_image);
        Some(Gist::Provenance {
            builder: builder.and_then(|builder| told(builder.id)),
            started: told(started),
            finished: told(finished),
            bases: bases.take(BASES).map(clip).collect(),
        })
    }
}

/// Returns a text, unless it is empty: BuildKit writes its builder so where nobody named it.
fn told(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(clip)
}

fn clip(text: String) -> String {
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", text.split_at(end).0),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tells_what_people_ask_for() {
        let docker = "pkg:docker/debian@12?platform=linux%2Famd64";
        let source = "git+https://example.com/app";
        for (predicate_type, predicate, facts) in [
            (SBOM, json!({"spdxVersion": "SPDX-2.3", "packages": [{}]}), vec!["SPDX-2.3, 1 package".to_owned()]),
            (SBOM, json!({}), vec!["SPDX, 0 packages".to_owned()]),
            (
                "https://cyclonedx.org/bom/v1.6",
                json!({"specVersion": "1.6", "components": [{}, {}], "metadata": {"component": {}}}),
                vec!["CycloneDX 1.6, 2 components".to_owned()],
            ),
            (
                PROVENANCE,
                json!({
                    "buildDefinition": {"resolvedDependencies": [{"uri": docker}, {"uri": source}]},
                    "runDetails": {"builder": {"id": "https://b"}, "metadata": {"startedOn": "1", "finishedOn": "2"}},
                }),
                vec!["built by https://b from 1 to 2".to_owned(), format!("on {docker}")],
            ),
            (
                OLDER_PROVENANCE,
                json!({
                    "builder": {"id": ""}, "materials": [{"uri": docker}],
                    "metadata": {"buildStartedOn": "1", "buildFinishedOn": "2"},
                }),
                vec!["built from 1 to 2".to_owned(), format!("on {docker}")],
            ),
            (PROVENANCE, json!({}), vec![]),
        ] {
            let gist = Gist::of(predicate_type, &predicate).unwrap();
            assert_eq!(gist.facts(), facts, "{predicate_type}");
            let statement = json!({"predicateType": predicate_type, "predicate": predicate}).to_string();
            assert_eq!(Gist::of_statement(predicate_type, statement.as_bytes()), Some(gist));
        }
        assert_eq!(Gist::of("https://example.com/claim", &json!({})), None);
        assert_eq!(Gist::of(SBOM, &json!({"packages": "many"})), None);
        assert_eq!(Gist::of_statement(SBOM, b"{}"), None);
    }

    #[test]
    fn is_of_bounded_size() {
        let inputs: Vec<Value> =
            (0..100).map(|number| json!({"uri": format!("pkg:oci/{number}{}", "x".repeat(1000))})).collect();
        let predicate = json!({"builder": {"id": "ü".repeat(1000)}, "materials": inputs});
        let facts = Gist::of(OLDER_PROVENANCE, &predicate).unwrap().facts();
        assert!(facts.concat().chars().count() < (BASES + 1) * (LENGTH + 10), "{facts:?}");
    }
}
