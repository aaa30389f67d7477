//! Whether what was built elsewhere was built for this release: a signature does not say so, since last week's build has one, too.

use crate::provenance::{BUILD_TYPE, IMAGE, MODIFIED_SINCE, SOURCE, VERSION};
use crate::{ImportProblem, Job};
use consign_oci::Platform;
use consign_receipt::Statement;
use consign_receipt::predicate::{self, BuildDefinition, Provenance};
use serde::Deserialize;
use serde_json::Value;

/// Compares what a provenance of consign's says with what is released. That of other builders says it in words of its own, which are not read.
pub(crate) fn check(job: &Job, platform: &Platform, statement: &Statement) -> Result<(), ImportProblem> {
    if statement.predicate_type != predicate::PROVENANCE {
        return Ok(());
    }
    // One that cannot be read is the gate's to refuse.
    let Ok(claim) = Provenance::deserialize(&statement.predicate) else { return Ok(()) };
    if claim.build_definition.build_type != BUILD_TYPE {
        return Ok(());
    }
    let released = Released {
        image: &job.planned.name,
        source: &job.planned.source,
        version: &job.source.version,
        revision: job.source.revision.as_deref(),
        dirty: job.dirty,
    };
    match released.differs(&claim.build_definition) {
        Some((what, found, expected)) => {
            let expected = expected.to_owned();
            Err(ImportProblem::OtherPlan { platform: platform.clone(), what, found, expected })
        }
        None => Ok(()),
    }
}

/// What a release is of.
struct Released<'a> {
    image: &'a str,
    source: &'a str,
    version: &'a str,
    revision: Option<&'a str>,
    dirty: bool,
}

impl<'a> Released<'a> {
    /// Returns the first fact that a build does not share: what it is, what the build says, and what is released. Saying nothing is no
    /// agreement: outside of git, anything can be built under the same name and version.
    fn differs(&self, build: &BuildDefinition) -> Option<(&'static str, String, &'a str)> {
        let parameter = |key: &str| build.external_parameters.get(key).and_then(Value::as_str).map(str::to_owned);
        let facts = [
            ("image", parameter(IMAGE), Some(self.image)),
            ("image file", parameter(SOURCE), Some(self.source)),
            ("commit", self.commit(build), self.revision),
            ("version", parameter(VERSION), Some(self.version)),
        ];
        let mut differences = facts.into_iter().filter_map(|(what, found, expected)| {
            let expected = expected.filter(|expected| found.as_deref() != Some(*expected))?;
            Some((what, found.map_or_else(|| "none is stated".to_owned(), |found| clip(&found)), expected))
        });
        differences.next()
    }

    /// Returns the commit that a build says it is of.
    fn commit(&self, build: &BuildDefinition) -> Option<String> {
        match build.internal_parameters.get(MODIFIED_SINCE).and_then(Value::as_str) {
            // Where this release is of modified files, too, its version says so.
            Some(revision) if self.dirty => Some(revision.to_owned()),
            Some(revision) => Some(format!("files that differ from {revision}")),
            None => {
                let mut sources =
                    build.resolved_dependencies.iter().filter(|input| input.name.as_deref() == Some(SOURCE));
                sources.find_map(|input| input.digest.get("gitCommit").cloned())
            }
        }
    }
}

fn clip(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn build(parameters: Value, internal: Value, commit: Option<&str>) -> BuildDefinition {
        let source = commit.map(|commit| json!({"name": "source", "digest": {"gitCommit": commit}}));
        let build = json!({
            "buildType": BUILD_TYPE,
            "externalParameters": parameters,
            "internalParameters": internal,
            "resolvedDependencies": source.into_iter().collect::<Vec<_>>(),
        });
        BuildDefinition::deserialize(build).unwrap()
    }

    #[test]
    fn what_is_not_said_is_not_agreed_on() {
        let all = || json!({"image": "web", "source": "image.yaml", "version": "1.2.3"});
        let with = |key: &str, value: Value| {
            let mut parameters = all();
            parameters[key] = value;
            build(parameters, Value::Null, Some("abc"))
        };
        let modified = |commit| build(all(), json!({"modifiedSince": "abc"}), commit);
        let stated = |what, found: &str, expected| Some((what, found.to_owned(), expected));
        let clean =
            |revision| Released { image: "web", source: "image.yaml", version: "1.2.3", revision, dirty: false };
        let none = "none is stated";
        for (build, expected) in [
            (build(all(), Value::Null, Some("abc")), None),
            (with("image", json!("other")), stated("image", "other", "web")),
            (with("image", Value::Null), stated("image", none, "web")),
            (with("source", json!(1)), stated("image file", none, "image.yaml")),
            (with("version", Value::Null), stated("version", none, "1.2.3")),
            (with("version", json!("")), stated("version", "", "1.2.3")),
            (build(Value::Null, Value::Null, Some("abc")), stated("image", none, "web")),
            (build(all(), Value::Null, Some("def")), stated("commit", "def", "abc")),
            (build(all(), Value::Null, None), stated("commit", none, "abc")),
            (modified(None), stated("commit", "files that differ from abc", "abc")),
            (modified(Some("abc")), stated("commit", "files that differ from abc", "abc")),
        ] {
            assert_eq!(clean(Some("abc")).differs(&build), expected, "{build:?}");
        }
        // A release that is of no commit has none to compare.
        assert_eq!(clean(None).differs(&build(all(), Value::Null, None)), None);
        let dirty = Released { dirty: true, ..clean(Some("abc")) };
        for (build, expected) in [
            (modified(None), None),
            (build(all(), Value::Null, Some("abc")), None),
            (build(all(), Value::Null, None), stated("commit", none, "abc")),
        ] {
            assert_eq!(dirty.differs(&build), expected, "{build:?}");
        }
    }
}
