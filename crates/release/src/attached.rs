//! What is attached to images that lie anywhere, and says what is no flaw of them.

use crate::brought::Reader;
use crate::{ReleaseError, ScannedImage};
use consign_image::Place;
use consign_oci::Digest;
use consign_receipt::{Receipt, Testimony};
use consign_trust::Authority;

/// Reads the documents of OpenVEX that are attached to an image: of each platform, in the order of `platforms`, those about its manifest and those about
/// the `root`. Of those that one of the authorities signed all are returned, of others one for each manifest, which says nothing.
///
/// At most 1,000 manifests about each manifest are looked at, and 256 MiB of all. Fails where a place does not say what is about an image.
pub async fn attached_statements(
    place: &Place,
    root: &Digest,
    platforms: &[ScannedImage],
    authorities: &[Authority],
) -> Result<Vec<Vec<Receipt>>, ReleaseError> {
    let mut reader = Reader::new(std::slice::from_ref(place));
    let mut about =
        async |digest: &Digest| reader.read(digest, &[Testimony::Vex]).await?.receipts(authorities, |_| Ok(()));
    let about_root = about(root).await?;
    let mut all = Vec::new();
    for platform in platforms {
        let mut receipts = about_root.clone();
        if platform.digest != *root {
            receipts.extend(about(&platform.digest).await?);
        }
        all.push(receipts);
    }
    Ok(all)
}
