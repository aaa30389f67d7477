use super::Listed;
use crate::purl;
use consign_package::Found;

impl From<Found> for Listed {
    fn from(found: Found) -> Self {
        let (version, platform) =
            (found.version.as_deref().unwrap_or_default(), found.platform.as_deref().unwrap_or_default());
        let purl = purl::of_language(found.kind, &found.name, version, platform, found.origin.is_some());
        Self {
            kind: found.kind,
            name: found.name,
            version: found.version,
            architecture: found.platform,
            licences: found.licences,
            supplier: found.supplier,
            homepage: found.homepage,
            description: found.description,
            purl,
            checksums: found.checksums,
            inner_path: found.inner_path,
            ..Self::default()
        }
    }
}
