use consign_oci::{Digest, Reference};
use serde_json::Value;
use std::collections::BTreeSet;

/// What an engine says of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What it identifies the image by: of docker the digest of a manifest or list where it keeps those, and else of the config.
    pub identity: Option<Digest>,
    /// Digests of manifests or lists that it was pulled as, or that are kept.
    pub digests: BTreeSet<Digest>,
}

impl Facts {
    /// Reads what `inspect` says, of docker or podman. What is not said is not known.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let said: Value = serde_json::from_slice(text).ok()?;
        let image = said.get(0).unwrap_or(&said);
        let digest = |value: &Value| value.as_str()?.parse::<Digest>().ok();
        // As buildah writes it, too.
        let own = ["Digest", "digest"].iter().filter_map(|key| digest(image.get(key)?));
        let names = image.get("RepoDigests").and_then(Value::as_array).into_iter().flatten();
        let pulled = names.filter_map(|name| name.as_str()?.parse::<Reference>().ok()?.digest);
        Some(Self { identity: image.get("Id").and_then(digest), digests: own.chain(pulled).collect() })
    }

    /// Returns whether the engine keeps this manifest or list as it is.
    pub fn keeps(&self, root: &Digest) -> bool {
        self.identity.as_ref() == Some(root) || self.digests.contains(root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_both_say() {
        let (one, other) = (Digest::of(b"1"), Digest::of(b"2"));
        let docker = json!({"Id": one, "RepoDigests": [format!("alpine@{other}"), "<none>@<none>"]});
        let podman =
            json!([{"Id": "0123", "Digest": one, "RepoDigests": [format!("docker.io/library/alpine@{other}")]}]);
        for said in [docker, podman] {
            let facts = Facts::read(said.to_string().as_bytes()).unwrap();
            assert!(facts.keeps(&one) && facts.keeps(&other) && !facts.keeps(&Digest::of(b"3")), "{said}");
        }
        let buildah = json!([{"id": "0123", "digest": one}]);
        assert_eq!(Facts::read(buildah.to_string().as_bytes()).unwrap().digests, BTreeSet::from([one]));
        assert_eq!(Facts::read(b"{}"), Some(Facts::default()));
        assert_eq!(Facts::read(b"no"), None);
    }
}
