//! Compares an image that lies anywhere with advisories, on all its platforms; or all images that a configuration publishes.

mod findings;
mod inputs;
mod published;

use super::sbom;
use crate::advisories::policy_file;
use crate::arguments::{Form, ListTarget, SbomFormat, Scan, ScanTarget};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_image::Place;
use consign_inventory::{DescribedIndex, image_url, with_vulnerabilities};
use consign_oci::{Descriptor, Digest, Platform};
use consign_receipt::predicate::{self, Vulnerabilities};
use consign_receipt::{Candidate, Reason, Receipt};
use consign_release::{
    ListedImage, ScannedImage, Scanner, attached_statements, list_image, name_of, scan_document, scan_image,
    scan_listed,
};
use consign_report::{VexProduct, VexProducts, cosign_predicate, openvex};
use consign_scan::{DOCUMENT_LIMIT, Database};
use findings::{candidate, names, refusals, refused, report};
use inputs::{Rules, opened, rules, tolerant};
use serde_json::Value;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

/// Who speaks in documents of OpenVEX.
const AUTHOR: &str = "consign";

pub(crate) async fn run(arguments: &Scan, session: &Session) -> Result<ExitCode, CommandError> {
    match &arguments.reference {
        Some(target) => one(target, arguments, session).await,
        None => published::run(arguments, session).await,
    }
}

async fn one(target: &ScanTarget, arguments: &Scan, session: &Session) -> Result<ExitCode, CommandError> {
    let policy = arguments.policy.as_deref().map(|path| policy_file(path, &session.printer)).transpose()?;
    let scanner = opened(arguments, policy.as_ref(), policy.as_ref().and_then(|policy| policy.engine), session).await?;
    let (scanner, rules) = (scanner.as_ref(), rules(arguments, policy, scanner.is_some(), session)?);
    let name = target.to_string();
    let compared = compared(target, arguments, scanner, rules.as_ref(), session).await?;
    if rules.as_ref().is_some_and(Rules::wants_sbom) && !compared.is_image() {
        session
            .printer
            .note("warning: what the policy says of images (`image:`) is not asked of folders and documents");
    }
    let candidate = compared.candidate(&name);
    let rules = rules.map(|rules| rules.for_image(&candidate));
    let since = match &arguments.since {
        Some(other) => Some((other, self::compared(other, arguments, scanner, None, session).await?)),
        None => None,
    };
    let since = since.as_ref().map(|(other, since)| (*other, &since.scanned[..]));
    let mut report = report(&name, session, scanner, &compared.scanned, since, rules.as_ref())?;
    report.warnings.extend(rules.iter().flat_map(|rules| rules.unheard(&candidate)));
    let form = session.global.output;
    let refusal = refused(&name, &reasons(form, &candidate, rules, session));
    let document = match form {
        Form::Table | Form::Markdown => {
            session.printer.data(&if form == Form::Table { report.text() } else { report.markdown() })?;
            return refusal.map_or(Ok(ExitCode::Done), Err);
        }
        Form::Sarif => serde_json::to_value(report.sarif(&failures(refusal.as_ref())))?,
        Form::CyclonedxJson => compared.cyclonedx(arguments, session).await?,
        Form::CosignVuln => compared.predicate(&name)?,
        Form::Openvex => openvex(&report, &compared.products(arguments.platforms.is_empty())?, AUTHOR),
        Form::Json | Form::SpdxJson | Form::Tree => serde_json::to_value(&report)?,
    };
    match refusal {
        Some(error) if has_findings(form) => Err(error.with_document(document)),
        Some(error) if is_data(form) => Err(error),
        Some(error) => Err(error.with_report(document)),
        None => session.printer.json(&document).map(|()| ExitCode::Done),
    }
}

/// Returns whether findings are handed over as data, for others to judge.
fn is_data(form: Form) -> bool {
    matches!(form, Form::Sarif | Form::CyclonedxJson | Form::CosignVuln | Form::Openvex)
}

/// Returns whether findings are handed over as data in a form that is of use where not all could be looked at. A statement about an image would say too
/// much then.
fn has_findings(form: Form) -> bool {
    matches!(form, Form::Sarif | Form::CyclonedxJson)
}

/// Returns, for those who read findings, why not all could be looked at.
fn failures(refusal: Option<&CommandError>) -> Vec<String> {
    refusal.map(CommandError::why).into_iter().collect()
}

/// Returns why an image does not pass. Whoever reads the findings as data decides about them; that a platform was compared with nothing is no
/// finding, with rules or without.
fn reasons(form: Form, candidate: &Candidate, rules: Option<Rules>, session: &Session) -> Vec<Reason> {
    let (stated, image) = rules.map(|rules| (rules.judges.then_some(rules.rules), rules.image)).unwrap_or_default();
    let is_judged = stated.is_some() || image.is_some();
    let has = |predicate_type: &str| {
        let mut receipts = candidate.platforms.iter().flat_map(|platform| &platform.receipts);
        receipts.any(|receipt: &Receipt| receipt.statement.predicate_type == predicate_type)
    };
    let is_compared = has(predicate::VULNERABILITIES);
    let advisories = stated.or_else(|| is_compared.then(tolerant));
    // A document says nothing of settings and files.
    let image = image.filter(|_| has(predicate::IMAGE_FACTS));
    let mut reasons = refusals(candidate, session, (advisories, image));
    if is_data(form) || !is_judged {
        reasons.retain(Reason::is_database);
    }
    reasons
}

/// What was compared with advisories.
struct Compared {
    /// Digest of the image, or of the document.
    digest: Digest,
    scanned: Vec<ScannedImage>,
    /// Documents of OpenVEX that are attached to each platform, as far as somebody asks for them.
    attached: Vec<Vec<Receipt>>,
    of: Source,
}

/// Where it was found.
enum Source {
    Image(Place, Descriptor),
    Folder(ListedImage),
    Document,
}

async fn compared(
    target: &ScanTarget,
    arguments: &Scan,
    scanner: Option<&Scanner>,
    rules: Option<&Rules>,
    session: &Session,
) -> Result<Compared, CommandError> {
    match target {
        ScanTarget::Contents(ListTarget::Image(reference)) => {
            let (place, root) = session.open(reference).await?;
            let store = session.store().await?;
            let wants_sbom = rules.is_some_and(Rules::wants_sbom);
            let scanned = scan_image(&place, &root, &store, &arguments.platforms, wants_sbom, scanner).await?;
            let voices = rules.map(|rules| &rules.voices[..]).unwrap_or_default();
            let attached = match voices {
                [] => Vec::new(),
                voices => attached_statements(&place, &root.digest, &scanned, voices).await?,
            };
            Ok(Compared { digest: root.digest.clone(), scanned, attached, of: Source::Image(place, root) })
        }
        ScanTarget::Contents(ListTarget::Folder(folder)) => {
            let image = sbom::folder(folder, &arguments.platforms, session).await?;
            let scanned = scan_listed(&image, of_consign(scanner)?).await?;
            let (digest, scanned, attached) = (image.digest.clone(), vec![scanned], Vec::new());
            Ok(Compared { digest, scanned, attached, of: Source::Folder(image) })
        }
        ScanTarget::Sbom(file) => {
            let contents = read_bounded(file)?;
            let digest = Digest::of(&contents);
            let scanned = scan_document(&file.display().to_string(), contents, of_consign(scanner)?).await?;
            Ok(Compared { digest, scanned, attached: Vec::new(), of: Source::Document })
        }
    }
}

/// Returns the database that consign compares with.
fn of_consign(scanner: Option<&Scanner>) -> Result<&Arc<Database>, CommandError> {
    match scanner {
        Some(Scanner::Database(database)) => Ok(database),
        None => Err(inputs::nothing_named()),
        Some(Scanner::Engine(program)) => {
            let message = format!("{} is asked about images, not about folders and documents", program.engine);
            Err(CommandError::new(ExitCode::Usage, message).hint("consign compares them itself: `--db`"))
        }
    }
}

/// Reads a document, of at most the size that is looked at.
fn read_bounded(file: &Path) -> Result<Vec<u8>, CommandError> {
    let limit = DOCUMENT_LIMIT as u64;
    let mut contents = Vec::new();
    let read = File::open(file).and_then(|opened| opened.take(limit + 1).read_to_end(&mut contents));
    read.map_err(|error| CommandError::new(ExitCode::Failed, format!("cannot read {}", file.display())).cause(error))?;
    Ok(contents)
}

impl Compared {
    fn claims(&self) -> Result<Vec<Vulnerabilities>, CommandError> {
        let claims = self.scanned.iter().filter_map(|image| image.claim().transpose());
        Ok(claims.collect::<Result<_, _>>()?)
    }

    /// Returns the SBOM with what was found.
    async fn cyclonedx(&self, arguments: &Scan, session: &Session) -> Result<Value, CommandError> {
        let images;
        let images = match &self.of {
            Source::Image(place, root) => {
                images = list_image(place, root, &session.store().await?, &arguments.platforms).await?;
                &images[..]
            }
            Source::Folder(image) => std::slice::from_ref(image),
            Source::Document => {
                let message = "`--output cyclonedx-json` is of an image, not of a document that others made";
                return Err(CommandError::new(ExitCode::Usage, message));
            }
        };
        let (name, repository) = match &self.of {
            Source::Image(place, root) => name_of(place, root),
            Source::Folder(_) | Source::Document => (self.digest.to_string(), None),
        };
        let index = DescribedIndex { name: &name, repository: repository.as_deref(), digest: &self.digest };
        let document = sbom::whole(SbomFormat::CyclonedxJson, &index, images)?;
        let found: Vec<_> = self.claims()?.into_iter().flat_map(|claim| claim.scanner.result).collect();
        Ok(with_vulnerabilities(document, &found)?)
    }

    /// Returns what the gate judges.
    fn candidate(&self, name: &str) -> Candidate {
        candidate(&self.product(name), &self.digest, &self.scanned, &self.attached)
    }

    fn is_image(&self) -> bool {
        matches!(self.of, Source::Image(..))
    }

    /// Returns the name by which statements may be about it: its repository's, or else that of the file or folder.
    fn product(&self, name: &str) -> String {
        let named = match &self.of {
            Source::Image(place, root) => Some(name_of(place, root).0),
            Source::Folder(_) | Source::Document => None,
        };
        let named = named.filter(|named| named.parse::<Digest>().is_err());
        named.unwrap_or_else(|| name.split_once(':').map_or(name, |(_, path)| path).to_owned())
    }

    /// Returns what the image is called in statements about it.
    fn products(&self, is_whole: bool) -> Result<VexProducts, CommandError> {
        let named = match &self.of {
            Source::Image(place, root) => Some(name_of(place, root)),
            Source::Folder(_) | Source::Document => None,
        };
        let url = |digest: &Digest, platform: Option<&Platform>| {
            let url = named.as_ref().and_then(|(name, at)| image_url(name, at.as_deref(), digest, platform));
            url.unwrap_or_else(|| digest.to_string())
        };
        let mut platforms = Vec::new();
        for (image, name) in self.scanned.iter().zip(names(&self.scanned)) {
            let found = image.claim()?.as_ref().map(Vulnerabilities::findings).unwrap_or_default();
            platforms.push(VexProduct::new(name.name, url(&image.digest, Some(&image.platform)), found));
        }
        Ok(VexProducts { index: is_whole.then(|| url(&self.digest, None)), platforms })
    }

    /// Returns the predicate of the only platform that was looked at.
    fn predicate(&self, name: &str) -> Result<Value, CommandError> {
        match &self.claims()?[..] {
            [claim] => Ok(cosign_predicate(claim)),
            claims => {
                let message = format!("`--output cosign-vuln` is of one platform, and {name} has {}", claims.len());
                Err(CommandError::new(ExitCode::Usage, message).hint("name one with `--platform`"))
            }
        }
    }
}
