use crate::Job;
use consign_image::Built;
use consign_oci::Digest;
use consign_receipt::predicate::{self, BuildDefinition, Builder, Provenance, ResourceDescriptor, RunDetails};
use consign_receipt::{Receipt, Statement};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Says what the parameters of the provenance mean.
pub(crate) const BUILD_TYPE: &str = "https://consign.dev/build/v1";
/// Parameter: the name of the image.
pub(crate) const IMAGE: &str = "image";
/// Parameter: the image file. Also the name of the dependency that is the commit.
pub(crate) const SOURCE: &str = "source";
/// Parameter: the version.
pub(crate) const VERSION: &str = "version";
/// Internal parameter: the commit that tracked files differ from.
pub(crate) const MODIFIED_SINCE: &str = "modifiedSince";
/// Names the builder: consign, wherever it ran. Who vouches for that is whoever signs.
const BUILDER: &str = "https://consign.dev/builder";

/// Says how a platform was built (SLSA v1.0): what was asked for, and every input by digest. No time stands in it, so the same build says the same.
pub(crate) fn provenance(job: &Job, built: &Built, manifest: &Digest) -> Result<Receipt, serde_json::Error> {
    let mut dependencies = built.resolved_dependencies.clone();
    if let (Some(revision), false) = (&job.source.revision, job.dirty) {
        dependencies.push(ResourceDescriptor {
            name: Some(SOURCE.to_owned()),
            uri: job.source.url.as_ref().map(|url| format!("git+{url}")),
            digest: BTreeMap::from([("gitCommit".to_owned(), revision.clone())]),
        });
    }
    let internal = match (&job.source.revision, job.dirty) {
        (Some(revision), true) => json!({ MODIFIED_SINCE: revision }),
        _ => Value::Null,
    };
    let claim = Provenance {
        build_definition: BuildDefinition {
            build_type: BUILD_TYPE.to_owned(),
            external_parameters: json!({
                IMAGE: job.planned.name,
                SOURCE: job.planned.source,
                VERSION: job.source.version,
                "request": built.external_parameters,
            }),
            internal_parameters: internal,
            resolved_dependencies: dependencies,
        },
        run_details: RunDetails {
            builder: Builder {
                id: BUILDER.to_owned(),
                version: BTreeMap::from([("consign".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
            },
        },
    };
    Receipt::made(Statement::new(manifest, predicate::PROVENANCE, serde_json::to_value(claim)?))
}
