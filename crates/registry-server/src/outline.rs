use crate::failure::{Code, Failure};
use axum::http::StatusCode;
use consign_oci::{Descriptor, Digest, media_type};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What the registry reads of a manifest. Everything else in it is the client's business and is kept byte for byte.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outline {
    schema_version: u32,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    config: Option<Part>,
    #[serde(default)]
    layers: Option<Vec<Part>>,
    #[serde(default)]
    manifests: Option<Vec<Part>>,
    #[serde(default)]
    subject: Option<Part>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    media_type: String,
    digest: Digest,
}

impl Part {
    /// Returns whether registries do not keep the bytes (image-spec, layer.md, "Non-Distributable Layers").
    fn is_kept_elsewhere(&self) -> bool {
        media_type::is_foreign(&self.media_type)
    }
}

impl Outline {
    /// Reads a manifest that was sent with this `Content-Type`.
    pub(crate) fn read(content_type: Option<&str>, bytes: &[u8]) -> Result<(Self, String), Failure> {
        let invalid = |message: String| Failure::new(StatusCode::BAD_REQUEST, Code::ManifestInvalid, message);
        // A list of values would do for the type, but is no manifest.
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(invalid("a manifest is a JSON object".to_owned()));
        }
        let outline: Self =
            serde_json::from_slice(bytes).map_err(|error| invalid(format!("not a manifest: {error}")))?;
        let sent = content_type.and_then(|text| text.split(';').next()).map(str::trim).filter(|text| !text.is_empty());
        let media_type = match (sent, &outline.media_type) {
            (Some(sent), Some(stated)) if sent != stated => {
                return Err(invalid(format!("sent as `{sent}`, but the manifest says `{stated}`")));
            }
            (Some(sent), _) => sent.to_owned(),
            (None, Some(stated)) => stated.clone(),
            (None, None) => return Err(invalid("neither the request nor the manifest says its media type".to_owned())),
        };
        if !media_type::MANIFESTS.contains(&media_type.as_str()) {
            return Err(invalid(format!("`{media_type}` is not a manifest type that this registry keeps")));
        }
        if outline.schema_version != 2 {
            return Err(invalid("schemaVersion must be 2".to_owned()));
        }
        let complete = if media_type::is_index(&media_type) {
            outline.manifests.is_some() && outline.config.is_none() && outline.layers.is_none()
        } else {
            outline.config.is_some() && outline.manifests.is_none()
        };
        if !complete {
            return Err(invalid(
                "an image has a config and no manifests; an index has manifests, no config and no layers".to_owned(),
            ));
        }
        Ok((outline, media_type))
    }

    /// Returns the digests that must be in the repository before the manifest is, each once and in order.
    pub(crate) fn needs(&self) -> Vec<&Digest> {
        let layers = self.layers.iter().flatten().filter(|layer| !layer.is_kept_elsewhere());
        let parts = self.config.iter().chain(layers).chain(self.manifests.iter().flatten());
        let mut seen = std::collections::BTreeSet::new();
        parts.map(|part| &part.digest).filter(|digest| seen.insert(*digest)).collect()
    }

    /// Returns the digest of the manifest that this one is about.
    pub(crate) fn subject(&self) -> Option<&Digest> {
        self.subject.as_ref().map(|subject| &subject.digest)
    }

    /// Returns the descriptor that lists of referrers show (distribution-spec, "Listing Referrers").
    pub(crate) fn referrer(&self, media_type: &str, digest: &Digest, size: u64) -> Descriptor {
        let config_type = self.config.as_ref().map(|config| config.media_type.clone());
        Descriptor {
            artifact_type: self.artifact_type.clone().filter(|text| !text.is_empty()).or(config_type),
            annotations: self.annotations.clone().unwrap_or_default(),
            ..Descriptor::new(media_type, digest.clone(), size)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: &str = r#"{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}"#;

    #[test]
    fn refuses_what_is_not_a_manifest() {
        let image = format!(r#"{{"schemaVersion":2,"config":{PART},"layers":[]}}"#);
        let index = r#"{"schemaVersion":2,"manifests":[]}"#;
        for (content_type, bytes, accepted) in [
            (Some(media_type::MANIFEST), image.as_str(), true),
            (Some("application/vnd.oci.image.manifest.v1+json; charset=utf-8"), &image, true),
            (Some(media_type::INDEX), index, true),
            (Some(media_type::INDEX), &image, false),
            (Some(media_type::MANIFEST), index, false),
            (None, &image, false),
            (Some("text/plain"), &image, false),
            (Some(media_type::MANIFEST), "", false),
            (Some(media_type::MANIFEST), "[]", false),
            (Some(media_type::INDEX), "[2,null,null,null,null,[]]", false),
            (Some(media_type::INDEX), r#"{"schemaVersion":1,"manifests":[]}"#, false),
            (Some(media_type::INDEX), r#"{"schemaVersion":2,"mediaType":"x","manifests":[]}"#, false),
            (
                Some(media_type::INDEX),
                r#"{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"sha256:../x"}]}"#,
                false,
            ),
        ] {
            assert_eq!(Outline::read(content_type, bytes.as_bytes()).is_ok(), accepted, "{content_type:?} {bytes}");
        }
    }

    #[test]
    fn asks_for_each_part_once_and_for_no_foreign_layer() {
        let foreign =
            PART.replace("oci.empty.v1+json", "oci.image.layer.nondistributable.v1.tar+gzip").replace("44136", "55136");
        let image = format!(r#"{{"schemaVersion":2,"config":{PART},"layers":[{PART},{foreign}]}}"#);
        let (outline, media_type) = Outline::read(Some(media_type::MANIFEST), image.as_bytes()).unwrap();
        assert_eq!(outline.needs(), [&Digest::of(b"{}")]);
        let referrer = outline.referrer(&media_type, &Digest::of(b"x"), 1);
        assert_eq!(referrer.artifact_type.as_deref(), Some(media_type::EMPTY));
    }
}
