use super::{Described, text};
use crate::Package;
use consign_oci::Digest;
use std::collections::BTreeMap;

/// Letters of a digest that tell two images for one platform apart.
const DIGEST_LENGTH: usize = 12;

/// Returns a name for each image of an index, of letters that may stand in identifiers and names of files: its platform. Where several images are for one, as
/// those for versions of Windows are, a part of the digest follows.
pub fn labels(images: &[Described<'_>]) -> Vec<String> {
    let platform = |image: &Described<'_>| text::identifier(&image.platform.to_string());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    images.iter().for_each(|image| *counts.entry(platform(image)).or_default() += 1);
    let mut labels: Vec<String> = Vec::new();
    for image in images {
        let platform = platform(image);
        let is_alone = counts.get(&platform) == Some(&1);
        let digest = image.digest.hex();
        let short = digest.get(..DIGEST_LENGTH).unwrap_or(digest);
        let label = if is_alone { platform } else { format!("{platform}-{short}") };
        // The same image for two platforms whose names differ in other letters alone.
        let again = (2..).map(|number| format!("{label}-{number}"));
        labels.extend(std::iter::once(label.clone()).chain(again).find(|label| !labels.contains(label)));
    }
    labels
}

/// Returns an identifier that no other package of the document has: the name for people, a hash to tell packages apart that have it, too.
/// In a document of several images it says which.
pub(super) fn of_package(package: &Package, image: Option<&str>) -> String {
    let image = image.map(|image| format!("{image}-")).unwrap_or_default();
    let Package { name, kind, architecture, version, purl, owner, .. } = package;
    let [architecture, version, owner] = [architecture, version, owner].map(|part| part.as_deref().unwrap_or_default());
    let whole = [kind.purl_type(), name, architecture, version, purl, owner].join("\0");
    format!("Package-{image}{kind}-{}-{}", text::identifier(name), &Digest::of(whole.as_bytes()).hex()[..16])
}

/// Returns the identifier of an image, in a document of one or several.
pub(super) fn of_image(image: Option<&str>) -> String {
    image.map_or_else(|| "Image".to_owned(), |image| format!("Image-{image}"))
}

/// Returns the identifier of the image that an image is based on.
pub(super) fn of_base(image: Option<&str>) -> String {
    image.map_or_else(|| "BaseImage".to_owned(), |image| format!("BaseImage-{image}"))
}

/// Returns the identifier of a distribution.
pub(super) fn of_distribution(image: Option<&str>) -> String {
    image.map_or_else(|| "OperatingSystem".to_owned(), |image| format!("OperatingSystem-{image}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_image_has_its_own_name() {
        let digests = [Digest::of(b"1"), Digest::of(b"2")];
        let platforms = ["windows/amd64", "linux/arm/v7"].map(|text| text.parse().unwrap());
        let image = |platform: usize, digest: usize| Described {
            name: "x",
            repository: None,
            digest: &digests[digest],
            platform: &platforms[platform],
            created: None,
            layers: &[],
            base: None,
        };
        let names = labels(&[image(0, 0), image(1, 0), image(0, 1), image(0, 1)]);
        let [one, other] = [0, 1].map(|number: usize| format!("windows-amd64-{}", &digests[number].hex()[..12]));
        assert_eq!(names, [one, "linux-arm-v7".to_owned(), other.clone(), format!("{other}-2")]);
    }
}
