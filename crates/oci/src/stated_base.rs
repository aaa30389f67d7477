use crate::{Digest, annotation};
use std::collections::BTreeMap;

/// What a manifest's annotations say of the image that it is based on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedBase {
    /// What the base is called, such as `docker.io/library/debian:12`.
    pub name: Option<String>,
    /// The base, or its list of platforms.
    pub digest: Option<Digest>,
    /// How many of the image's layers are the base's, the lowest ones. `None`: nothing that holds says so.
    pub layers: Option<usize>,
}

impl StatedBase {
    /// Reads what the annotations of an image with these layers (`diffIDs`, lowest first) say. `None`: they name no base.
    pub fn of(annotations: &BTreeMap<String, String>, layers: &[Digest]) -> Option<Self> {
        let name = annotations.get(annotation::BASE_NAME).filter(|name| !name.trim().is_empty()).cloned();
        let digest = annotations.get(annotation::BASE_DIGEST).and_then(|digest| digest.parse().ok());
        let chain = annotations.get(annotation::BASE_CHAIN).and_then(|chain| chain.parse::<Digest>().ok());
        let layers = chain.and_then(|chain| chain_ids(layers).position(|found| found == chain)).map(|top| top + 1);
        (name.is_some() || digest.is_some()).then_some(Self { name, digest, layers })
    }

    /// Returns the annotations of an image that is based on one with this manifest and these layers (`diffIDs`, lowest first).
    pub fn annotations(name: Option<&str>, manifest: &Digest, layers: &[Digest]) -> BTreeMap<String, String> {
        let digest = (annotation::BASE_DIGEST.to_owned(), manifest.to_string());
        let name = name.map(|name| (annotation::BASE_NAME.to_owned(), name.to_owned()));
        let chain = chain_id(layers).map(|chain| (annotation::BASE_CHAIN.to_owned(), chain.to_string()));
        [Some(digest), name, chain].into_iter().flatten().collect()
    }
}

/// Returns the chain ID of layers (`diffIDs`, lowest first); `None`: there are none.
pub fn chain_id(layers: &[Digest]) -> Option<Digest> {
    chain_ids(layers).last()
}

/// Returns the chain ID up to each layer (image-spec, config.md, "Layer `ChainID`").
fn chain_ids(layers: &[Digest]) -> impl Iterator<Item = Digest> {
    layers.iter().scan(None::<Digest>, |below, layer| {
        let chain =
            below.as_ref().map_or_else(|| layer.clone(), |below| Digest::of(format!("{below} {layer}").as_bytes()));
        *below = Some(chain.clone());
        Some(chain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    #[test]
    fn chains_are_those_of_the_specification() {
        let [a, b, c] = ["a", "b", "c"].map(layer);
        assert_eq!(chain_id(&[]), None);
        assert_eq!(chain_id(std::slice::from_ref(&a)), Some(a.clone()));
        let two = Digest::of(format!("{a} {b}").as_bytes());
        let three = Digest::of(format!("{two} {c}").as_bytes());
        assert_eq!(chain_id(&[a, b, c]), Some(three));
    }

    #[test]
    fn what_is_written_is_read() {
        let [a, b, c] = ["a", "b", "c"].map(layer);
        let base = layer("manifest");
        // The same layer may be there twice.
        let of_base = [a.clone(), a.clone()];
        let annotations = StatedBase::annotations(Some("debian:12"), &base, &of_base);
        let stated = StatedBase { name: Some("debian:12".to_owned()), digest: Some(base.clone()), layers: Some(2) };
        assert_eq!(StatedBase::of(&annotations, &[a.clone(), a.clone(), a.clone(), b.clone()]), Some(stated.clone()));
        // Put onto another base by somebody who knows nothing of the chain.
        assert_eq!(StatedBase::of(&annotations, &[c, a, b]), Some(StatedBase { layers: None, ..stated }));
        // A base without layers.
        let empty = StatedBase::annotations(None, &base, &[]);
        assert_eq!(StatedBase::of(&empty, &[]), Some(StatedBase { name: None, digest: Some(base), layers: None }));
    }

    #[test]
    fn what_names_no_base_states_none() {
        let of = |pairs: &[(&str, &str)]| {
            let annotations = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            StatedBase::of(&annotations, &[layer("a")])
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(annotation::BASE_NAME, " "), (annotation::BASE_DIGEST, "sha256:short")]), None);
        assert_eq!(of(&[(annotation::BASE_CHAIN, layer("a").to_string().as_str())]), None);
    }
}
