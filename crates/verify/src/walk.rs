use crate::attestations::{Attestations, CONCURRENCY, Foreign, Reader, Wanted};
use crate::embedded::{Embedded, read_embedded, subject_of};
use crate::image::{ImageChecks, check_image, check_other, check_parts};
use crate::{Failure, Owner, Part, Piece, VerifyError};
use consign_image::{DEPTH_LIMIT, ENTRY_LIMIT};
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

    /// Looks at all that an index lists, and the indexes in it, some of it at a time.
    async fn entries(&mut self, reader: &Reader<'_>, index: &Exact<Index>, content: bool) -> Result<(), VerifyError> {
        let (mut level, mut count) = (vec![index.clone()], 0);
        for depth in 1.. {
            count += level.iter().map(|index| index.manifests.len()).sum::<usize>();
            for (what, count, limit) in [("entries", count, ENTRY_LIMIT), ("levels of indexes", depth, DEPTH_LIMIT)] {
                if count > limit {
                    return Err(Failure::TooMany { piece: self.root.clone(), what, count, limit }.into());
                }
            }
            let visits = level.iter().flat_map(|index| index.manifests.iter().map(move |entry| (index, entry)));
            let visits = visits.map(|(index, entry)| Box::pin(visit(reader, index, entry, content)));
            let mut visits = futures::stream::iter(visits.collect::<Vec<_>>()).buffered(CONCURRENCY);
            let mut deeper = Vec::new();
            while let Some(visited) = visits.next().await {
                let Visited { found, platform, embedded, index } = visited?;
                self.add(found);
                self.embedded.extend(embedded);
                self.platforms.extend(platform);
                deeper.extend(index);
            }
            drop(visits);
            if deeper.is_empty() {
                break;
            }
            level = deeper;
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
#[derive(Default)]
struct Visited {
    found: ImageChecks,
    platform: Option<(Platform, Piece, Attestations)>,
    embedded: Vec<(Digest, Embedded)>,
    /// The entry, where it is an index.
    index: Option<Exact<Index>>,
}

async fn visit(
    reader: &Reader<'_>,
    index: &Index,
    descriptor: &Descriptor,
    content: bool,
) -> Result<Visited, VerifyError> {
    let listed = index.platforms().find(|(_, listed)| std::ptr::eq(*listed, descriptor));
    let Some((platform, _)) = listed else { return visit_other(reader, index, descriptor, content).await };
    let owner = Owner::Platform(platform.clone());
    let (found, attestations) = futures::try_join!(
        check_image(reader.place(), descriptor, platform, content),
        reader.about(&descriptor.digest, &owner, Wanted::Everything)
    )?;
    let piece = Piece::new(Part::Manifest, &owner, &descriptor.digest);
    Ok(Visited { found, platform: Some((platform.clone(), piece, attestations)), ..Visited::default() })
}

/// Looks at an entry that says of no platform that it is for it. It may be an index, statements about another entry, or an image all the same: whoever
/// runs images asks its config then.
async fn visit_other(
    reader: &Reader<'_>,
    index: &Index,
    descriptor: &Descriptor,
    content: bool,
) -> Result<Visited, VerifyError> {
    let (mut found, document) = check_other(reader.place(), descriptor).await?;
    let manifest = match document {
        Some(Document::Manifest(manifest)) => manifest,
        Some(Document::Index(index)) => return Ok(Visited { found, index: Some(index), ..Visited::default() }),
        None => return Ok(Visited { found, ..Visited::default() }),
    };
    if let Some((platform, image)) = subject_of(descriptor, index) {
        let embedded = read_embedded(reader, &manifest, platform, &image.digest, &mut found).await?;
        let embedded = embedded.into_iter().map(|embedded| (image.digest.clone(), embedded)).collect();
        return Ok(Visited { found, embedded, ..Visited::default() });
    }
    // `unknown/unknown` is for nobody.
    if descriptor.platform.is_none() {
        check_parts(reader.place(), &manifest, &Owner::Other, None, content, &mut found).await?;
    }
    let Some(platform) = found.platform.take() else { return Ok(Visited { found, ..Visited::default() }) };
    let owner = Owner::Platform(platform.clone());
    let attestations = reader.about(&descriptor.digest, &owner, Wanted::Everything).await?;
    let piece = Piece::new(Part::Manifest, &owner, &descriptor.digest);
    Ok(Visited { found, platform: Some((platform, piece, attestations)), ..Visited::default() })
}
