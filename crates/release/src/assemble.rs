use crate::ReleaseError;
use consign_oci::{Descriptor, Exact, Index, Platform, annotation};
use std::collections::BTreeMap;

/// Facts about the source that the index carries. They are not in the platforms' images, whose digests so stay as they are when only these change.
#[derive(Clone, Debug, Default)]
pub struct SourceFacts {
    /// The version released.
    pub version: String,
    /// The commit.
    pub revision: Option<String>,
    /// Where the source is.
    pub url: Option<String>,
}

/// Makes the index of these platforms' manifests, in the order given, and of what is embedded about them.
pub(crate) fn assemble(
    platforms: &[(Platform, Descriptor)],
    embedded: Vec<Descriptor>,
    created: &str,
    source: &SourceFacts,
    annotations: &BTreeMap<String, String>,
) -> Result<Exact<Index>, ReleaseError> {
    let manifests = platforms.iter().map(|(platform, manifest)| {
        let mut descriptor = manifest.plain();
        descriptor.platform = Some(platform.clone());
        descriptor
    });
    let mut index = Index::new(manifests.chain(embedded).collect());
    let facts = [
        (annotation::CREATED, Some(created)),
        (annotation::VERSION, Some(source.version.as_str())),
        (annotation::REVISION, source.revision.as_deref()),
        (annotation::SOURCE, source.url.as_deref()),
    ];
    for (key, value) in facts {
        index.annotations.extend(value.map(|value| (key.to_owned(), value.to_owned())));
    }
    index.annotations.extend(annotations.clone());
    Ok(Exact::write(index)?)
}
