use consign_oci::{Descriptor, Exact, Manifest, annotation};

/// Media type of a Sigstore bundle v0.3, and artifact type of a manifest that carries one.
pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// What the media types of bundles of all versions start with.
const ANY_BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
/// Annotation: whether the bundle holds an envelope or a bare signature.
const CONTENT: &str = "dev.sigstore.bundle.content";
/// Annotation: the type of the statement in the envelope.
const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";

/// A referrer: a manifest and the blobs that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The manifest.
    pub manifest: Exact<Manifest>,
    /// The blobs, each with its descriptor.
    pub blobs: Vec<(Descriptor, Vec<u8>)>,
}

/// Makes the manifest that carries a bundle about `subject`, as cosign 3 does (cosign, `pkg/oci/remote/write.go`).
///
/// `created` is an RFC 3339 time. It comes from the caller, who takes it from the image's own inputs, so that the digest does not depend
/// on when the image was signed.
pub fn artifact(
    subject: &Descriptor,
    bundle: &[u8],
    predicate_type: &str,
    created: &str,
) -> Result<Artifact, serde_json::Error> {
    let layer = Descriptor::of(BUNDLE, bundle);
    let empty = Descriptor::empty();
    let mut manifest =
        Manifest::new(Descriptor { artifact_type: Some(BUNDLE.to_owned()), ..empty.clone() }, vec![layer.clone()]);
    manifest.artifact_type = Some(BUNDLE.to_owned());
    manifest.subject = Some(subject.plain());
    for (key, value) in [(annotation::CREATED, created), (CONTENT, "dsse-envelope"), (PREDICATE_TYPE, predicate_type)] {
        manifest.annotations.insert(key.to_owned(), value.to_owned());
    }
    let blobs = vec![(empty, b"{}".to_vec()), (layer, bundle.to_vec())];
    Ok(Artifact { manifest: Exact::write(manifest)?, blobs })
}

/// Returns the bundle that a manifest carries, if it carries one. Judged by the layer, since some registries' clients list referrers
/// with a wrong artifact type.
pub fn bundle_of(manifest: &Manifest) -> Option<&Descriptor> {
    match &manifest.layers[..] {
        [layer] if layer.media_type.starts_with(ANY_BUNDLE) => Some(layer),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_oci::{Digest, Platform, media_type};

    #[test]
    fn has_the_form_of_cosign() {
        let mut subject = Descriptor::new(media_type::MANIFEST, Digest::of(b"image"), 5);
        subject.platform = Some("linux/arm64".parse::<Platform>().unwrap());
        let artifact = artifact(&subject, b"bundle", "https://example.com/claim", "2026-01-02T03:04:05Z").unwrap();
        let expected = format!(
            concat!(
                r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","#,
                r#""artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json","#,
                r#""config":{{"mediaType":"application/vnd.oci.empty.v1+json","#,
                r#""digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"#,
                r#""artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}},"#,
                r#""layers":[{{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","digest":"{}","size":6}}],"#,
                r#""subject":{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":5}},"#,
                r#""annotations":{{"dev.sigstore.bundle.content":"dsse-envelope","#,
                r#""dev.sigstore.bundle.predicateType":"https://example.com/claim","#,
                r#""org.opencontainers.image.created":"2026-01-02T03:04:05Z"}}}}"#,
            ),
            Digest::of(b"bundle"),
            subject.digest,
        );
        assert_eq!(String::from_utf8_lossy(artifact.manifest.bytes()), expected);
        for (descriptor, bytes) in &artifact.blobs {
            assert!(descriptor.digest.matches(bytes));
        }
        assert_eq!(bundle_of(&artifact.manifest), Some(&Descriptor::of(BUNDLE, b"bundle")));
    }

    #[test]
    fn knows_a_bundle_by_its_layer() {
        let manifest = |layers: &[&str]| {
            let layers = layers.iter().map(|media_type| Descriptor::of(media_type, b"x")).collect();
            Manifest::new(Descriptor::empty(), layers)
        };
        assert!(bundle_of(&manifest(&["application/vnd.dev.sigstore.bundle+json;version=0.2"])).is_some());
        for layers in [&[][..], &[media_type::LAYER], &[BUNDLE, BUNDLE]] {
            assert!(bundle_of(&manifest(layers)).is_none(), "{layers:?}");
        }
    }
}
