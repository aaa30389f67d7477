use crate::attestations::{Attestations, Reader, Wanted};
use crate::fetch;
use crate::image::{check_image, check_other};
use crate::{Failure, Owner, Part, Piece, VerifyError};
use consign_image::ENTRY_LIMIT;
use consign_oci::{Descriptor, Document, Platform};

/// Everything that was seen on the way through an image's graph.
pub(crate) struct Walk {
    pub(crate) index: Piece,
    /// Whether the reference names an index at all.
    pub(crate) is_index: bool,
    pub(crate) attestations: Attestations,
    pub(crate) platforms: Vec<(Platform, Piece, Attestations)>,
    pub(crate) checks: Vec<Piece>,
    pub(crate) failures: Vec<Failure>,
}

impl Walk {
    /// Goes through the graph from its root; with `content`, through every layer too. Layers of an index that the key did not sign are left
    /// alone: a stranger's can take any time to decompress, and the answer is known.
    pub(crate) async fn of(reader: &Reader<'_>, root: &Descriptor, content: bool) -> Result<Self, VerifyError> {
        let index = Piece::new(Part::Manifest, &Owner::Index, &root.digest);
        let document = fetch::document(reader.place(), root, &index).await?;
        let attestations = reader.about(&root.digest, &Owner::Index, Wanted::Everything).await?;
        let content = content && attestations.is_signed();
        let is_index = matches!(document, Document::Index(_));
        let checks = vec![index.clone()];
        let mut walk = Self { index, is_index, attestations, platforms: Vec::new(), checks, failures: Vec::new() };
        if let Document::Index(document) = document {
            if document.manifests.len() > ENTRY_LIMIT {
                let (piece, count) = (walk.index, document.manifests.len());
                return Err(Failure::TooMany { piece, what: "entries", count, limit: ENTRY_LIMIT }.into());
            }
            for descriptor in &document.manifests {
                let platform = document.platforms().find(|(_, other)| std::ptr::eq(*other, descriptor));
                walk.visit(reader, descriptor, platform.map(|(platform, _)| platform), content).await?;
            }
        }
        Ok(walk)
    }

    async fn visit(
        &mut self,
        reader: &Reader<'_>,
        descriptor: &Descriptor,
        platform: Option<&Platform>,
        content: bool,
    ) -> Result<(), VerifyError> {
        let found = match platform {
            Some(platform) => check_image(reader.place(), descriptor, platform, content).await?,
            None => check_other(reader.place(), descriptor).await?,
        };
        self.checks.extend(found.checks);
        self.failures.extend(found.failures);
        if let Some(platform) = platform {
            let owner = Owner::Platform(platform.clone());
            let attestations = reader.about(&descriptor.digest, &owner, Wanted::Everything).await?;
            let piece = Piece::new(Part::Manifest, &owner, &descriptor.digest);
            self.platforms.push((platform.clone(), piece, attestations));
        }
        Ok(())
    }
}
