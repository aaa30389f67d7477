use super::{SbomError, purl, text};
use crate::Place;
use consign_oci::{Digest, Platform, Reference, StatedBase};

/// The image that an SBOM describes.
#[derive(Clone, Copy, Debug)]
pub struct Described<'a> {
    /// The image's name, such as `hello` or `ghcr.io/team/hello`. The same wherever it lies.
    pub name: &'a str,
    /// The repository that it lies in, such as `ghcr.io/team/hello`, if it is at a registry.
    pub repository: Option<&'a str>,
    /// Digest of the manifest of this platform.
    pub digest: &'a Digest,
    /// What it runs on.
    pub platform: &'a Platform,
    /// When the image was made, RFC 3339, from its config; never the time of now. `None`: 1970.
    pub created: Option<&'a str>,
    /// What its layers hold, lowest first, by the digests in its config. A folder has none.
    pub layers: &'a [Digest],
    /// What it is based on, if it says so.
    pub base: Option<&'a StatedBase>,
}

/// The index that an SBOM of all platforms describes.
#[derive(Clone, Copy, Debug)]
pub struct DescribedIndex<'a> {
    /// The image's name.
    pub name: &'a str,
    /// The repository that it lies in, if it is at a registry.
    pub repository: Option<&'a str>,
    /// Digest of the index.
    pub digest: &'a Digest,
}

impl Described<'_> {
    /// Returns the layer that brought a package, in words: `layer 2 of 3, sha256:…`. `None`: it was in a folder.
    pub(super) fn layer_text(&self, place: &Place) -> Option<String> {
        if self.layers.is_empty() {
            return None;
        }
        let number = u64::from(place.layer) + 1;
        let of_base = if self.is_of_base(place) { ", of the base image" } else { "" };
        Some(match self.layer(place) {
            Some(digest) => format!("layer {number} of {}, {digest}{of_base}", self.layers.len()),
            None => format!("layer {number}"),
        })
    }

    /// Returns whether the layer that brought a package is known to be the base image's.
    pub(super) fn is_of_base(&self, place: &Place) -> bool {
        let layers = self.base.and_then(|base| base.layers).unwrap_or_default();
        (place.layer as usize) < layers
    }

    /// Returns what the layer that brought a package holds.
    pub(super) fn layer(&self, place: &Place) -> Option<&Digest> {
        self.layers.get(place.layer as usize)
    }
}

/// Returns a name as it stands in a document.
pub(super) fn name(text: &str) -> String {
    text::line(text).unwrap_or_else(|| "image".to_owned())
}

/// Returns what a base image is called. Whoever made the image wrote it.
pub(super) fn base_name(base: &StatedBase) -> String {
    base.name.as_deref().and_then(text::line).unwrap_or_else(|| "base image".to_owned())
}

/// Returns the package URL of a base image, where it is known what it is and at which registry.
pub(super) fn base_url(base: &StatedBase) -> Option<String> {
    let reference: Reference = base.name.as_deref()?.parse().ok()?;
    let repository = reference.repository.to_string();
    purl::of(&repository, Some(&repository), base.digest.as_ref()?, None)
}

/// Returns a time as documents want it: in UTC, in whole seconds (SPDX 2.3, clause 6.9).
pub(super) fn time(text: Option<&str>) -> Result<String, SbomError> {
    let text = text.unwrap_or("1970-01-01T00:00:00Z");
    let time: jiff::Timestamp =
        text.parse().map_err(|source| SbomError::Created { text: text.chars().take(100).collect(), source })?;
    let year = time.to_zoned(jiff::tz::TimeZone::UTC).year();
    if !(0..=9999).contains(&year) {
        return Err(SbomError::Year { year });
    }
    Ok(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Returns when the newest platform was made.
pub(super) fn newest<'a>(times: impl Iterator<Item = Option<&'a str>>) -> Result<String, SbomError> {
    let times: Vec<String> = times.map(time).collect::<Result<_, _>>()?;
    Ok(times.into_iter().max().unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_times_in_whole_seconds_of_utc() {
        for (text, expected) in [
            (None, "1970-01-01T00:00:00Z"),
            (Some("2026-02-03T04:05:06.789123Z"), "2026-02-03T04:05:06Z"),
            (Some("2026-02-03T04:05:06+02:00"), "2026-02-03T02:05:06Z"),
            (Some("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(time(text).unwrap(), expected);
        }
        assert!(matches!(time(Some("yesterday")), Err(SbomError::Created { .. })));
        assert!(matches!(time(Some("-000001-01-01T00:00:00Z")), Err(SbomError::Year { year: -1 })));
        assert_eq!(newest([None, Some("2026-02-03T04:05:06Z")].into_iter()).unwrap(), "2026-02-03T04:05:06Z");
    }
}
