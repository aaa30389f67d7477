//! Whose signatures of which images count, for the policies of others.

use crate::advisories::policy_file;
use crate::arguments::{ExportArguments, SignerNames};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::identities::{self, authority};
use crate::kept_trust;
use crate::key::{NamedKey, Passwords};
use crate::proof;
use crate::reading::read_text;
use crate::session::Session;
use crate::signer::{matcher, trusted_root};
use consign_consumer::{Certificate, ExportError, Form, Forms, Images, Request, Root, Signer, Text};
use consign_plan::Configuration;
use consign_plan::configuration::{
    CertificateSettings, IdentitySettings, KeyReference, SignerSettings, SigningSettings, TextPattern,
};
use consign_sign::PublicKey;
use std::path::{Path, PathBuf};

/// Largest file with a public key, in bytes.
const KEY_LIMIT: u64 = 64 << 10;
/// Where others are named.
const PART: &str = "`policy.identities`";

/// Returns what a policy is to say. The configuration is read only for what the command line does not name.
pub(crate) fn request(arguments: &ExportArguments, session: &Session) -> Result<Request, CommandError> {
    let is_whole = !arguments.images.is_empty() && arguments.signers.are_there();
    let configuration = if is_whole { None } else { Some(session.configuration()?) };
    let images = match &configuration {
        Some(configuration) if arguments.images.is_empty() => destinations(configuration),
        _ => arguments.images.clone(),
    };
    let mut signers = named(&arguments.signers, session)?;
    if let (false, Some(configuration)) = (arguments.signers.are_there(), &configuration) {
        signers = configured(configuration, session)?;
    }
    if signers.is_empty() {
        let hint = "name identities `for: signatures` in the policy, or `--key` or `--certificate-identity` here";
        return Err(CommandError::of(ExitCode::Configuration, &ExportError::NoSigner).hint(hint));
    }
    let signing = configuration.as_ref().and_then(|configuration| configuration.signing.as_ref());
    let format = arguments.signature_format.map(Into::into).or(signing.map(|signing| signing.format));
    let forms = format.unwrap_or_default().forms();
    let forms = Forms { bundle: forms.contains(&Form::Bundle), legacy: forms.contains(&Form::Legacy) };
    Ok(Request { name: arguments.name.clone(), images, signers, forms, released: arguments.released })
}

fn destinations(configuration: &Configuration) -> Vec<Images> {
    let destinations = configuration.images.iter().flat_map(|image| &image.destinations);
    destinations.map(|destination| Images::Of(destination.repository.clone())).collect()
}

/// Returns those whom the command line names.
fn named(names: &SignerNames, session: &Session) -> Result<Vec<Signer>, CommandError> {
    let mut signers = Vec::new();
    if let Some(path) = &names.policy {
        let policy = policy_file(path, &session.printer)?;
        signers.extend(signing(&policy.policy.identities, |name| policy.file.resolve(name), session)?);
    }
    for key in &names.keys {
        signers.push(of_key(key.reference()?.to_string(), &proof::named_key(key, session)?));
    }
    let exact = names.identities.iter().cloned().map(Text::Exact);
    let subjects: Vec<Text> = exact.chain(names.identity_patterns.iter().cloned().map(Text::Pattern)).collect();
    let Some(issuer) = names.certificate_oidc_issuer.as_ref().filter(|_| !subjects.is_empty()) else {
        return Ok(signers);
    };
    let root = root(names.trusted_root.as_deref(), session)?;
    let issuer = Text::Exact(issuer.clone());
    check(&issuer, "--certificate-oidc-issuer")?;
    for identity in subjects {
        check(&identity, "--certificate-identity")?;
        let (issuer, root) = (issuer.clone(), root.clone());
        signers.push(Signer::Certificate(Box::new(Certificate { identity, issuer, claims: Vec::new(), root })));
    }
    Ok(signers)
}

fn check(text: &Text, option: &str) -> Result<(), CommandError> {
    let (exact, pattern) = match text {
        Text::Exact(text) => (Some(text.as_str()), None),
        Text::Pattern(pattern) => (None, Some(pattern.as_str())),
    };
    matcher(option, exact, pattern).map(drop)
}

/// Returns the key that a configuration signs with, and those whose signatures its policy counts.
fn configured(configuration: &Configuration, session: &Session) -> Result<Vec<Signer>, CommandError> {
    let mut signers = Vec::new();
    // Whom the token names that a release without a key is signed for, the policy says.
    if let Some(key) = configuration.signing.as_ref().and_then(SigningSettings::key) {
        signers.push(of_key(key.to_string(), &public_half(key, configuration, session)?));
    }
    signers.extend(self::signing(&configuration.policy.identities, |name| configuration.resolve(name), session)?);
    Ok(signers)
}

/// Returns the public half of a key: what lies beside it, as `consign keygen` leaves it, and needs no password.
fn public_half(
    reference: &KeyReference,
    configuration: &Configuration,
    session: &Session,
) -> Result<PublicKey, CommandError> {
    let failed =
        || CommandError::new(ExitCode::Failed, format!("cannot read the public half of the key `{reference}`"));
    if let KeyReference::File(path) = reference {
        let beside = configuration.resolve(path).with_extension("pub");
        if path.ends_with(".key") && beside.is_file() {
            let text = read_text(&beside, KEY_LIMIT).map_err(|error| failed().cause(error))?;
            return PublicKey::from_pem(&text).map_err(|error| failed().cause(error));
        }
    }
    let passwords = Passwords::new(&session.environment, None);
    let key = NamedKey::new(reference, |path| configuration.resolve(path), &session.environment, passwords);
    let public = match reference {
        KeyReference::File(_) | KeyReference::Environment(_) => key.signer().map(|signer| signer.public().clone()),
        KeyReference::Kubernetes { .. } | KeyReference::Program(_) => key.public(),
    };
    public.map_err(|error| failed().cause(error.as_ref()).hint("`--key FILE` names the public key itself"))
}

/// Returns those whose signatures count.
fn signing(
    identities: &[IdentitySettings],
    resolve: impl Fn(&str) -> PathBuf,
    session: &Session,
) -> Result<Vec<Signer>, CommandError> {
    let signing = identities.iter().filter(|identity| identity.signs);
    signing.map(|identity| signer(&identity.signer, &resolve, session)).collect()
}

fn signer(
    settings: &SignerSettings,
    resolve: impl Fn(&str) -> PathBuf,
    session: &Session,
) -> Result<Signer, CommandError> {
    match settings {
        SignerSettings::Key(key) => Ok(of_key(key.value.clone(), &identities::key(key, &resolve(key), PART)?)),
        SignerSettings::Certificate(certificate) => {
            // What cannot be asked of signatures here is not said to others.
            authority(settings, &resolve, PART, session)?;
            self::certificate(certificate, resolve, session)
        }
    }
}

fn certificate(
    settings: &CertificateSettings,
    resolve: impl Fn(&str) -> PathBuf,
    session: &Session,
) -> Result<Signer, CommandError> {
    let text = |pattern: &TextPattern| match pattern {
        TextPattern::Exact(text) => Text::Exact(text.value.clone()),
        TextPattern::Pattern(pattern) => Text::Pattern(pattern.value.clone()),
    };
    let path = settings.trusted_root.as_ref().map(|file| resolve(file));
    Ok(Signer::Certificate(Box::new(Certificate {
        identity: text(&settings.identity),
        issuer: text(&settings.issuer),
        claims: settings.claims.iter().map(|claim| claim.value.clone()).collect(),
        root: root(path.as_deref(), session)?,
    })))
}

/// Reads who counts. Others know the public Sigstore by themselves.
fn root(path: Option<&Path>, session: &Session) -> Result<Root, CommandError> {
    let name = match path {
        Some(path) => Some(path.display().to_string()),
        None => kept_trust::read(session)?.filter(|kept| !kept.is_public()).map(|kept| kept.mirror()),
    };
    let wrong = |what: &str| {
        let file = name.as_deref().unwrap_or("it");
        CommandError::new(ExitCode::Configuration, format!("the trusted root in {file} cannot be passed on: {what}"))
    };
    match &trusted_root(path, session)?.documents()?[..] {
        [document] => Root::new(name.clone(), document).map_err(|error| wrong("it is malformed").cause(error)),
        _ => Err(wrong("there are several in it").hint("name a file with one of them for each identity")),
    }
}

fn of_key(name: String, key: &PublicKey) -> Signer {
    Signer::Key { name, pem: key.to_pem() }
}
