//! Compares what lies anywhere with advisories: images, folders, and documents of others.

use crate::contents::{Reading, key, on_a_thread};
use crate::listed_image::{Counted, PLATFORMS, Wanted, list_platform, wanted};
use crate::scan::SCAN_FORMAT;
use crate::{EngineProgram, ImportProblem, ListedImage, ReleaseError, Scanner, name_of};
use consign_image::Place;
use consign_inventory::Catalogue;
use consign_oci::{Descriptor, Digest, Document, Exact, Platform};
use consign_receipt::predicate::{self, Vulnerabilities};
use consign_receipt::{Receipt, Statement, Trust};
use consign_report::PackageVersions;
use consign_scan::{Database, ListedContents, ScanError, Subject, listed_contents, scan};
use consign_store::Store;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;
use std::sync::Arc;

/// What is kept in the store of images that were compared before.
const KIND: &str = "scan";
/// Largest of it that is read again, in bytes.
const KEPT_LIMIT: u64 = 64 << 20;

/// One platform of an image that lies anywhere, compared with advisories.
#[derive(Clone, Debug, PartialEq)]
pub struct ScannedImage {
    /// What it runs on.
    pub platform: Platform,
    /// Digest of its manifest; of a folder, that of what is in it.
    pub digest: Digest,
    /// Its packages, but for those that a distribution's package brought.
    pub packages: PackageVersions,
    /// What its settings and files say and, if that was wanted, its SBOM; none of a folder or a document.
    pub contents: Vec<Receipt>,
    /// What was found: a claim of the type `vulns`; `None`: nobody was asked what is known against its packages.
    pub receipt: Option<Receipt>,
}

impl ScannedImage {
    /// Returns it as it is kept: its platform, its packages and the length of what its settings say on a line each, and the statements.
    fn to_bytes(&self) -> Result<Vec<u8>, ReleaseError> {
        let scan = self.receipt.as_ref().map(|receipt| receipt.statement.bytes()).unwrap_or_default();
        let packages = serde_json::to_string(&self.packages)?;
        let facts = self.contents.iter().find(|receipt| receipt.statement.predicate_type == predicate::IMAGE_FACTS);
        let facts = facts.map(|facts| facts.statement.bytes()).unwrap_or_default();
        let head = format!("{}\n{packages}\n{}\n", self.platform, facts.len());
        Ok([head.as_bytes(), facts, scan].concat())
    }

    /// Takes what was kept of the image with this digest; `None`: it is something else.
    fn from_bytes(bytes: &[u8], digest: &Digest) -> Option<Self> {
        let mut parts = bytes.splitn(4, |byte| *byte == b'\n');
        let platform = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
        let packages = serde_json::from_slice(parts.next()?).ok()?;
        let length: usize = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
        let (facts, scan) = parts.next()?.split_at_checked(length)?;
        let read = |bytes: &[u8], predicate_type: &str| {
            let statement: Exact<Statement> = Exact::read(bytes.to_vec()).ok()?;
            let is_it = statement.is_about(digest) && statement.predicate_type == predicate_type;
            is_it.then_some(Receipt { statement, trust: Trust::Derived })
        };
        let contents = match facts {
            [] => Vec::new(),
            facts => vec![read(facts, predicate::IMAGE_FACTS)?],
        };
        let receipt = Some(read(scan, predicate::VULNERABILITIES)?);
        Some(Self { platform, digest: digest.clone(), packages, contents, receipt })
    }

    /// Returns what was found; `None`: nobody was asked.
    pub fn claim(&self) -> Result<Option<Vulnerabilities>, serde_json::Error> {
        let statement = self.receipt.iter().map(|receipt| &receipt.statement);
        statement.map(|statement| Vulnerabilities::deserialize(&statement.predicate)).next().transpose()
    }

    /// Returns how many packages were looked at.
    fn packages(&self) -> Result<usize, ReleaseError> {
        let coverage = self.claim()?.map(|claim| claim.coverage).unwrap_or_default();
        Ok(coverage.iter().map(|coverage| coverage.packages).sum())
    }
}

/// Compares an image with advisories: all platforms if none are named, as [`list_image`](crate::list_image) lists them. What was found is kept in the
/// store, by the digests of the manifest and of all that the database says: who asks again for the same needs neither the layers nor a list of packages.
/// `scanner`: who compares; `None`: nobody, and only what settings and files say is returned.
pub async fn scan_image(
    place: &Place,
    root: &Descriptor,
    store: &Store,
    platforms: &[Platform],
    wants_sbom: bool,
    scanner: Option<&Scanner>,
) -> Result<Vec<ScannedImage>, ReleaseError> {
    let scanning =
        Scanning { wants_sbom, place, name: name_of(place, root), store, reading: Reading::new(store), scanner };
    let images = stream::iter(wanted(place, root, platforms).await?);
    let mut images = images.map(|image| scanning.platform(image)).buffered(PLATFORMS);
    let (mut all, mut counted) = (Vec::new(), Counted::default());
    while let Some(image) = images.try_next().await? {
        counted.add(image.packages()?, &scanning.name.0, &image.platform)?;
        all.push(image);
    }
    Ok(all)
}

/// What is needed to compare the platforms of an image.
struct Scanning<'a> {
    place: &'a Place,
    name: (String, Option<String>),
    store: &'a Store,
    reading: Reading,
    scanner: Option<&'a Scanner>,
    /// Whether the SBOMs are needed, too, which are not kept.
    wants_sbom: bool,
}

impl Scanning<'_> {
    async fn platform(&self, wanted: Wanted) -> Result<ScannedImage, ReleaseError> {
        match self.scanner {
            Some(Scanner::Database(database)) => self.compared(wanted, database).await,
            Some(Scanner::Engine(engine)) => self.by_engine(wanted, engine).await,
            None => {
                let listed = list_platform(self.place, &self.name, wanted, &self.reading).await?;
                let sbom = if self.wants_sbom { Some(listed.sbom()?) } else { None };
                looked_at(&listed, sbom, None)
            }
        }
    }

    /// Returns what is known of one platform, else compares it.
    async fn compared(
        &self,
        (platform, descriptor): Wanted,
        database: &Arc<Database>,
    ) -> Result<ScannedImage, ReleaseError> {
        let digest = descriptor.digest.clone();
        let stated = platform.as_ref().map(Platform::to_string).unwrap_or_default();
        let key = key(KIND, format!("{SCAN_FORMAT} {digest} {} {stated}", database.state()));
        let kept = if self.wants_sbom { None } else { self.store.derived(KIND, &key, KEPT_LIMIT) };
        if let Some(known) = kept.and_then(|bytes| ScannedImage::from_bytes(&bytes, &digest)) {
            return Ok(known);
        }
        let listed = list_platform(self.place, &self.name, (platform, descriptor), &self.reading).await?;
        let mut scanned = scan_listed(&listed, database).await?;
        if self.wants_sbom {
            scanned.contents.push(listed.sbom()?);
        }
        self.store.keep_derived(KIND, &key, &scanned.to_bytes()?);
        Ok(scanned)
    }

    /// Lists what is in one platform, and lets another scanner say what is known against it. Whether that would say the same again only it can know.
    async fn by_engine(
        &self,
        (platform, descriptor): Wanted,
        engine: &EngineProgram,
    ) -> Result<ScannedImage, ReleaseError> {
        let listed = list_platform(self.place, &self.name, (platform, descriptor.clone()), &self.reading).await?;
        let Document::Manifest(manifest) = self.place.document(&descriptor).await? else {
            return Err(ImportProblem::NoPlatforms.of(self.place));
        };
        let sbom = listed.sbom()?;
        let receipt = Box::pin(engine.scan(&listed.compared(), self.place, &manifest, &sbom)).await?;
        looked_at(&listed, self.wants_sbom.then_some(sbom), Some(receipt))
    }
}

/// Compares what was listed with advisories.
pub async fn scan_listed(image: &ListedImage, database: &Arc<Database>) -> Result<ScannedImage, ReleaseError> {
    let receipt = compare(&image.compared(), image.sbom()?, database).await?;
    looked_at(image, None, Some(receipt))
}

/// Returns what was listed, with what was found in it.
fn looked_at(
    image: &ListedImage,
    sbom: Option<Receipt>,
    receipt: Option<Receipt>,
) -> Result<ScannedImage, ReleaseError> {
    let (packages, contents) = (versions(&image.catalogue), image.facts()?.into_iter().chain(sbom).collect());
    let (platform, digest) = (image.platform.clone(), image.digest.clone());
    Ok(ScannedImage { platform, digest, packages, contents, receipt })
}

fn versions(catalogue: &Catalogue) -> PackageVersions {
    let mut versions = PackageVersions::new();
    for package in catalogue.packages.iter().filter(|package| package.owner.is_none()) {
        let name = format!("{} {}", package.kind.purl_type(), package.name);
        versions.entry(name).or_default().insert(package.version.clone().unwrap_or_default());
    }
    versions
}

/// Compares the packages that a document lists with advisories, whoever made it: what stands in it is believed. `name`: the document, for messages. Of an
/// index, as consign lists it, each image is one of those that are returned; anything else is one, called by the digest of the document.
pub async fn scan_document(
    name: &str,
    contents: Vec<u8>,
    database: &Arc<Database>,
) -> Result<Vec<ScannedImage>, ReleaseError> {
    let (name, database) = (name.to_owned(), database.clone());
    let work = move || {
        let whole = Digest::of(&contents);
        let scanned = listed_contents(&contents)?.into_iter().map(|listed| scan_contents(listed, &whole, &database));
        scanned.collect::<Result<_, ScanError>>()
    };
    on_a_thread(work).await?.map_err(|source| ReleaseError::Document { name, source: Box::new(source) })
}

fn scan_contents(listed: ListedContents, document: &Digest, database: &Database) -> Result<ScannedImage, ScanError> {
    let ListedContents { digest, platform, sbom } = listed;
    let digest = digest.unwrap_or_else(|| document.clone());
    // Where nothing says which it is, records of any count.
    let known = Some(&platform).filter(|platform| platform.is_known());
    let receipt = scan(&Subject { digest: &digest, platform: known, sbom: &sbom, created: None }, database)?;
    Ok(ScannedImage {
        platform,
        digest,
        packages: PackageVersions::new(),
        contents: Vec::new(),
        receipt: Some(receipt),
    })
}

/// One platform of an image that is compared.
pub(crate) struct Compared<'a> {
    /// Its name, for messages.
    pub(crate) name: &'a str,
    pub(crate) digest: &'a Digest,
    pub(crate) platform: &'a Platform,
    /// When it was made, RFC 3339.
    pub(crate) created: Option<&'a str>,
}

/// Compares what an SBOM lists with advisories.
pub(crate) async fn compare(
    image: &Compared<'_>,
    sbom: Receipt,
    database: &Arc<Database>,
) -> Result<Receipt, ReleaseError> {
    let (digest, created) = (image.digest.clone(), image.created.map(str::to_owned));
    let (platform, database) = (image.platform.clone(), database.clone());
    let work = move || {
        let sbom = &sbom.statement.predicate;
        let subject = Subject { digest: &digest, platform: Some(&platform), sbom, created: created.as_deref() };
        scan(&subject, &database)
    };
    on_a_thread(work).await?.map_err(|source| ReleaseError::Scan {
        image: image.name.to_owned(),
        platform: image.platform.clone(),
        source: Box::new(source),
    })
}
