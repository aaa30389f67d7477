use super::Sealing;
use super::at::At;
use crate::{ReleaseError, list_image, scan_image};
use consign_attach::{Before, Forms, Signing, direct_parts, parts};
use consign_oci::media_type::{is_index, is_manifest};
use consign_oci::{Descriptor, Digest, Document, Exact};
use consign_plan::configuration::{MirrorStatement, SyncSettings};
use consign_receipt::predicate::{COPY_RECORD, COSIGN_VULNERABILITIES, CopyRecord, SBOM, SIGNATURE, label};
use consign_receipt::{Identity, Statement};
use consign_report::cosign_predicate;
use consign_sign::{Annotations, LIMIT};
use consign_transfer::{Arrived, Refusal, Seal, Sealed};
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

/// Manifests of one image that are signed at once.
const AT_ONCE: usize = 6;
/// Where in what cosign calls `vuln` stands what was found. The rest says when and by which database, and is no news.
const FINDINGS: &str = "/scanner/result";

/// Signs what an entry of `sync` mirrors.
pub struct Sealer {
    shared: Arc<Sealing>,
    sign: bool,
    attest: BTreeSet<MirrorStatement>,
    verified_by: Option<Identity>,
    always: bool,
    dry_run: bool,
}

impl Sealer {
    /// Returns what signs the images of an entry; `None`: it asks for nothing. `verified_by`: by whose signatures images are let in.
    pub fn new(
        shared: &Arc<Sealing>,
        entry: &SyncSettings,
        verified_by: Option<Identity>,
        always: bool,
        dry_run: bool,
    ) -> Option<Self> {
        let SyncSettings { sign, attest, .. } = entry;
        let (shared, sign, attest) = (shared.clone(), *sign, attest.clone());
        (sign || !attest.is_empty()).then(|| Self { shared, sign, attest, verified_by, always, dry_run })
    }

    async fn sealed(&self, image: Arrived<'_>) -> Result<Sealed, ReleaseError> {
        if let Some(document) = image.document.filter(|_| self.dry_run) {
            return Ok(self.expected(document));
        }
        let at = At::new(image, &self.shared)?;
        let mut sealed = Sealed::default();
        let key = format!("{}@{} {} {:?}", at.destination.repository, image.root.digest, self.sign, self.attest);
        let once = self.shared.signed.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        let work = Box::pin(self.whole(&at, &mut sealed));
        let before = once.get_or_try_init(|| work).await?;
        sealed.attested += self.copied(&at, before).await?;
        Ok(sealed)
    }

    /// Returns how much there is to sign of an image that is not there.
    fn expected(&self, document: &Document) -> Sealed {
        let listed: BTreeMap<&Digest, &Descriptor> = direct_parts(document).map(|part| (&part.digest, part)).collect();
        let count = match document {
            Document::Index(_) => listed.values().filter(|part| is_manifest(&part.media_type)).count(),
            Document::Manifest(_) => 1,
        };
        let of_platforms = count * self.of_platforms().len();
        Sealed {
            signed: if self.sign { listed.len() + 1 } else { 0 },
            attested: of_platforms + usize::from(self.asks(MirrorStatement::CopiedFrom)),
        }
    }

    fn asks(&self, statement: MirrorStatement) -> bool {
        self.attest.contains(&statement)
    }

    /// Returns the types of what is stated about each platform.
    fn of_platforms(&self) -> Vec<&'static str> {
        let all = [(MirrorStatement::Sbom, SBOM), (MirrorStatement::Vulnerabilities, COSIGN_VULNERABILITIES)];
        all.into_iter().filter(|(statement, _)| self.asks(*statement)).map(|(_, stated)| stated).collect()
    }

    /// Signs and attests all of an image but from where it came, and returns what was attached to it before. The image itself is signed last: where its
    /// signature is there, so are those of what it lists.
    async fn whole(&self, at: &At<'_>, sealed: &mut Sealed) -> Result<Before, ReleaseError> {
        let (root, of_platforms) = (at.image.root, self.of_platforms());
        let is_list = is_index(&root.media_type);
        let mut asked: Vec<&str> = if is_list { Vec::new() } else { of_platforms.clone() };
        asked.extend(self.sign.then_some(SIGNATURE));
        asked.extend(self.asks(MirrorStatement::CopiedFrom).then_some(COPY_RECORD));
        let before = match asked[..] {
            [] => Before::default(),
            _ => at.signing(&self.shared, "", self.shared.forms).before(root, &asked).await?,
        };
        if !of_platforms.is_empty() {
            sealed.attested += match is_list {
                false => self.state(at, root, &before).await?,
                true => {
                    let platforms = stream::iter(platforms(listed(at).await?));
                    let one = async |platform: Descriptor| {
                        let looking = at.signing(&self.shared, "", self.shared.forms);
                        let before = looking.before(&platform, &self.of_platforms()).await?;
                        self.state(at, &platform, &before).await
                    };
                    platforms.map(one).buffer_unordered(AT_ONCE).try_fold(0, async |all, made| Ok(all + made)).await?
                }
            };
        }
        if self.sign && (self.always || !before.has(SIGNATURE, |_| true)) {
            sealed.signed += self.sign(at, &before).await?;
        }
        Ok(before)
    }

    /// Signs an image and what it lists, and returns how much of that was not signed.
    async fn sign(&self, at: &At<'_>, before: &Before) -> Result<usize, ReleaseError> {
        let mut listed = listed(at).await?;
        listed.retain(|part| part.digest != at.image.root.digest);
        let one = async |part: Descriptor| {
            let before = at.signing(&self.shared, "", self.shared.forms).before(&part, &[SIGNATURE]).await?;
            self.sign_one(at, &part, &before).await
        };
        let signed = stream::iter(listed).map(one).buffer_unordered(AT_ONCE);
        let signed = signed.try_fold(0, async |all, signed| Ok(all + signed)).await?;
        Ok(signed + self.sign_one(at, at.image.root, before).await?)
    }

    async fn sign_one(&self, at: &At<'_>, part: &Descriptor, before: &Before) -> Result<usize, ReleaseError> {
        let Some(forms) = before.missing(SIGNATURE, |_| true) else { return Ok(0) };
        if !self.dry_run {
            let identity = at.destination.repository.to_string();
            let signing = at.signing(&self.shared, at.created().await?, forms);
            signing.sign_anew(part, &identity, &Annotations::default()).await?;
        }
        Ok(1)
    }

    /// States what is in one platform, and what is known against that, and returns how much of it was not stated.
    async fn state(&self, at: &At<'_>, platform: &Descriptor, before: &Before) -> Result<usize, ReleaseError> {
        let mut made = 0;
        if self.asks(MirrorStatement::Sbom)
            && let Some(forms) = before.missing(SBOM, |_| true)
        {
            if !self.dry_run {
                let statement = self.sbom(at, platform).await?;
                self.attest(at, platform, &statement, forms).await?;
            }
            made += 1;
        }
        if self.asks(MirrorStatement::Vulnerabilities) {
            made += usize::from(self.compare(at, platform, before).await?);
        }
        Ok(made)
    }

    /// States what is known against what is in one platform, unless the same was stated before. Returns whether it was not.
    async fn compare(&self, at: &At<'_>, platform: &Descriptor, before: &Before) -> Result<bool, ReleaseError> {
        let stated = before.has(COSIGN_VULNERABILITIES, |_| true);
        if self.dry_run && !stated {
            return Ok(true);
        }
        let Some(statement) = self.findings(at, platform).await? else { return Ok(false) };
        let found = statement.predicate.pointer(FINDINGS);
        if before.has(COSIGN_VULNERABILITIES, |known| known.predicate.pointer(FINDINGS) == found) {
            return Ok(false);
        }
        match (self.dry_run, stated) {
            (true, _) => {}
            (false, false) => self.attest(at, platform, &statement, self.shared.forms).await?,
            (false, true) => {
                let signing = at.signing(&self.shared, at.created().await?, self.shared.forms);
                check(at, &statement)?;
                Signing { replace: true, ..signing }.attest(platform, &statement).await?;
            }
        }
        Ok(true)
    }

    /// States from where an image was copied, unless the same was stated before. Returns how often.
    async fn copied(&self, at: &At<'_>, before: &Before) -> Result<usize, ReleaseError> {
        let (Some(source), true) = (at.image.source, self.asks(MirrorStatement::CopiedFrom)) else { return Ok(0) };
        let record = CopyRecord {
            source: source.name(),
            destination: at.destination.clone(),
            index: at.image.root.digest.clone(),
            time: jiff::Timestamp::now().to_string(),
            // What is there already was not verified now.
            verified_by: self.verified_by.clone().filter(|_| at.image.document.is_some()),
        };
        let is_same = |statement: &Statement| {
            CopyRecord::deserialize(&statement.predicate)
                .is_ok_and(|known| known.source == record.source && known.destination == record.destination)
        };
        let Some(forms) = before.missing(COPY_RECORD, is_same) else { return Ok(0) };
        if !self.dry_run {
            let claim = serde_json::to_value(&record)?;
            let statement = Exact::write(Statement::new(&record.index, COPY_RECORD, claim))?;
            self.attest(at, at.image.root, &statement, forms).await?;
        }
        Ok(1)
    }

    async fn attest(
        &self,
        at: &At<'_>,
        subject: &Descriptor,
        statement: &Exact<Statement>,
        forms: Forms,
    ) -> Result<(), ReleaseError> {
        check(at, statement)?;
        Ok(at.signing(&self.shared, at.created().await?, forms).attest_anew(subject, statement).await?)
    }

    async fn sbom(&self, at: &At<'_>, platform: &Descriptor) -> Result<Exact<Statement>, ReleaseError> {
        let _room = self.shared.room.acquire().await;
        let listed = match &self.shared.store {
            Some(store) => list_image(&at.place, platform, store, &[]).await?,
            None => Vec::new(),
        };
        let sbom = listed.first().map(|listed| listed.sbom()).transpose()?;
        sbom.map(|sbom| sbom.statement).ok_or_else(|| at.fixed().into())
    }

    async fn findings(&self, at: &At<'_>, platform: &Descriptor) -> Result<Option<Exact<Statement>>, ReleaseError> {
        let _room = self.shared.room.acquire().await;
        let scanned = match &self.shared.store {
            Some(store) => scan_image(&at.place, platform, store, &[], false, self.shared.scanner.as_ref()).await?,
            None => Vec::new(),
        };
        let Some(claim) = scanned.first().map(|scanned| scanned.claim()).transpose()?.flatten() else {
            return Ok(None);
        };
        let claim = cosign_predicate(&claim);
        Ok(Some(Exact::write(Statement::new(&platform.digest, COSIGN_VULNERABILITIES, claim))?))
    }
}

impl Seal for Sealer {
    fn seal<'a>(&'a self, image: Arrived<'a>) -> BoxFuture<'a, Result<Sealed, Refusal>> {
        Box::pin(async move { Ok(Box::pin(self.sealed(image)).await?) })
    }
}

/// Returns an image and what it lists, but for attestations, the image itself last.
async fn listed(at: &At<'_>) -> Result<Vec<Descriptor>, ReleaseError> {
    Ok(parts(&at.place, at.document().await?).await?)
}

/// Returns the images of all this.
fn platforms(mut parts: Vec<Descriptor>) -> Vec<Descriptor> {
    parts.retain(|part| is_manifest(&part.media_type));
    parts
}

/// Fails on what nobody would read who verifies the image: signed it grows by a third.
fn check(at: &At<'_>, statement: &Exact<Statement>) -> Result<(), ReleaseError> {
    let size = (statement.bytes().len() as u64).div_ceil(3).saturating_mul(4);
    if size <= LIMIT {
        return Ok(());
    }
    let (image, what) = (at.destination.to_string(), label(&statement.predicate_type).to_owned());
    Err(ReleaseError::TooLarge { image, platform: None, what, size, limit: LIMIT })
}
