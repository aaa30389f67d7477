use crate::attestations::{Attestations, CONCURRENCY, Foreign, Reader, Wanted};
use crate::embedded::{Embedded, read_embedded, subject_of};
use crate::image::{ImageChecks, check_image, check_other, check_parts};
use crate::{Failure, Owner, Part, Piece, VerifyError};
use consign_image::ENTRY_LIMIT;
use consign_oci::{Descriptor, Digest, Document, Exact, Index, Manifest, Platform};
use futures::StreamExt as _;

/// Everything that was seen on the way through an image's graph.
pub(crate) struct Walk {
    pub(crate) root: Piece,
    /// Whether the reference names an index at all.
    pub(crate) is_index: bool,
    pub(crate) attestations: Attestations,
    pub(crate) platforms: Vec<(Platform, Piece, Attestations)>,
    /// What the index itself says of its images, by their digests.
    pub(crate) embedded: Vec<(Digest, Embedded)>,
    pub(crate) checks: Vec<Piece>,
    pub(crate) failures: Vec<Failure>,
}

impl Walk {
    /// Goes through the graph from its root; with `content`, through every layer too. Layers of what nobody signed whose signatures count are left
    /// alone: a stranger's can take any time to decompress, and the answer is known.
    pub(crate) async fn of(reader: &Reader<'_>, root: &Document, content: bool) -> Result<Self, VerifyError> {
        let owner = if matches!(root, Document::Index(_)) { Owner::Index } else { Owner::Image };
        let piece = Piece::new(Part::Manifest, &owner, root.digest());
        let attestations = reader.about(root.digest(), &owner, Wanted::Everything).await?;
        let content = content && attestations.is_signed();
        let mut walk = Self {
            checks: vec![piece.clone()],
            root: piece,
            is_index: owner == Owner::Index,
            attestations,
            platforms: Vec::new(),
            embedded: Vec::new(),
            failures: Vec::new(),
        };
        match root {
            Document::Index(index) => walk.entries(reader, index, content).await?,
            Document::Manifest(manifest) => walk.image(reader, manifest, content).await?,
        }
        Ok(walk)
    }

    /// Looks at all that an index lists, some of it at a time.
    async fn entries(&mut self, reader: &Reader<'_>, index: &Exact<Index>, content: bool) -> Result<(), VerifyError> {
        if index.manifests.len() > ENTRY_LIMIT {
            let (piece, count) = (self.root.clone(), index.manifests.len());
            return Err(Failure::TooMany { piece, what: "entries", count, limit: ENTRY_LIMIT }.into());
        }
        let visits = index.manifests.iter().map(|descriptor| {
            let platform = index.platforms().find(|(_, other)| std::ptr::eq(*other, descriptor));
            Box::pin(visit(reader, index, descriptor, platform.map(|(platform, _)| platform), content))
        });
        let mut visits = futures::stream::iter(visits.collect::<Vec<_>>()).buffered(CONCURRENCY);
        while let Some(visited) = visits.next().await {
            let Visited { found, platform, embedded } = visited?;
            self.add(found);
            self.embedded.extend(embedded);
            self.platforms.extend(platform);
        }
        Ok(())
    }

    /// Looks at the one image that the reference names. What is no image has no platform.
    async fn image(
        &mut self,
        reader: &Reader<'_>,
        manifest: &Exact<Manifest>,
        content: bool,
    ) -> Result<(), VerifyError> {
        let mut found = ImageChecks::default();
        check_parts(reader.place(), manifest, &Owner::Image, None, content, &mut found).await?;
        if let Some(platform) = found.platform.take() {
            let Attestations { receipts, signatures, .. } = &self.attestations;
            let (receipts, signatures) = (receipts.clone(), signatures.clone());
            let attestations = Attestations { receipts, signatures, ..Attestations::default() };
            self.platforms.push((platform, self.root.clone(), attestations));
        }
        self.add(found);
        Ok(())
    }

    fn add(&mut self, found: ImageChecks) {
        self.checks.extend(found.checks);
        self.failures.extend(found.failures);
    }

    /// Returns what others signed.
    pub(crate) fn foreign(&self) -> Foreign {
        let mut all = self.attestations.foreign.clone();
        self.platforms.iter().for_each(|(_, _, found)| all.extend(&found.foreign));
        all
    }
}

/// What was seen of one entry of an index.
struct Visited {
    found: ImageChecks,
    platform: Option<(Platform, Piece, Attestations)>,
    embedded: Vec<(Digest, Embedded)>,
}

async fn visit(
    reader: &Reader<'_>,
    index: &Index,
    descriptor: &Descriptor,
    platform: Option<&Platform>,
    content: bool,
) -> Result<Visited, VerifyError> {
    let Some(platform) = platform else {
        let (mut found, document) = check_other(reader.place(), descriptor).await?;
        let about = subject_of(descriptor, index).zip(document);
        let embedded = match about {
            Some(((platform, image), Document::Manifest(manifest))) => {
                let embedded = read_embedded(reader, &manifest, platform, &image.digest, &mut found).await?;
                embedded.into_iter().map(|embedded| (image.digest.clone(), embedded)).collect()
            }
            _ => Vec::new(),
        };
        return Ok(Visited { found, platform: None, embedded });
    };
    let owner = Owner::Platform(platform.clone());
    let (found, attestations) = futures::try_join!(
        check_image(reader.place(), descriptor, platform, content),
        reader.about(&descriptor.digest, &owner, Wanted::Everything)
    )?;
    let piece = Piece::new(Part::Manifest, &owner, &descriptor.digest);
    Ok(Visited { found, platform: Some((platform.clone(), piece, attestations)), embedded: Vec::new() })
}
