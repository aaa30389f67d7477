//! Those whom the policy names, and what it takes to know their signatures.

use crate::advisories;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::reading::read_text;
use crate::session::Session;
use crate::signer::trusted_root;
use consign_plan::Configuration;
use consign_plan::configuration::{CertificateSettings, IdentitySettings, SignerSettings, TextPattern};
use consign_receipt::Policy;
use consign_sign::PublicKey;
use consign_trust::{Authority, ClaimCondition, Conditions, Keyless, Matcher, Rules};
use std::error::Error;
use std::path::{Path, PathBuf};

/// Largest key file, in bytes.
const KEY_LIMIT: u64 = 64 << 10;

/// Returns the configuration's policy, which believes those whom it names, and them.
pub(crate) fn policy(
    configuration: &Configuration,
    session: &Session,
) -> Result<(Policy, Vec<Authority>), CommandError> {
    let mut policy = configuration.policy.policy();
    if let Some(settings) = &configuration.policy.advisories {
        policy = policy.tolerating(advisories::rules(settings, |name| configuration.resolve(name), &session.printer)?);
    }
    let identities = &configuration.policy.identities;
    let authorities = authorities(identities.iter(), |name| configuration.resolve(name), session)?;
    for (identity, authority) in identities.iter().zip(&authorities) {
        policy = policy.naming(&authority.identity(), identity.about.iter().copied());
    }
    Ok((policy, authorities))
}

/// Reads what it takes to know the signatures of some whom a policy names, in their order.
pub(crate) fn authorities<'a>(
    identities: impl Iterator<Item = &'a IdentitySettings>,
    resolve: impl Fn(&str) -> PathBuf,
    session: &Session,
) -> Result<Vec<Authority>, CommandError> {
    identities.map(|identity| authority(&identity.signer, &resolve, "`policy.identities`", session)).collect()
}

/// Reads what it takes to know the signatures of somebody whom a part of the configuration names.
pub(crate) fn authority(
    signer: &SignerSettings,
    resolve: impl Fn(&str) -> PathBuf,
    part: &str,
    session: &Session,
) -> Result<Authority, CommandError> {
    match signer {
        SignerSettings::Key(key) => self::key(key, &resolve(key), part).map(Authority::Key),
        SignerSettings::Certificate(certificate) => keyless(certificate, resolve, part, session),
    }
}

/// Reads the public key of somebody whom a part of the configuration names.
pub(crate) fn key(name: &str, path: &Path, part: &str) -> Result<PublicKey, CommandError> {
    let failed = |error: &(dyn Error + 'static)| {
        let mut failure = CommandError::new(ExitCode::Configuration, format!("the public key `{name}` cannot be used"));
        failure.causes.push(error.to_string());
        failure.hint(format!("{part} names public keys, such as `cosign.pub`"))
    };
    let text = read_text(path, KEY_LIMIT).map_err(|error| failed(&error))?;
    PublicKey::from_pem(&text).map_err(|error| failed(&error))
}

fn keyless(
    settings: &CertificateSettings,
    resolve: impl Fn(&str) -> PathBuf,
    part: &str,
    session: &Session,
) -> Result<Authority, CommandError> {
    let wrong = |what: &str, cause: String| {
        let mut error = CommandError::new(ExitCode::Configuration, format!("{part}: {what} cannot be used"));
        error.causes.push(cause);
        error
    };
    let matcher = |pattern: &TextPattern| {
        let matcher = match pattern {
            TextPattern::Exact(text) => Matcher::exact(text.value.as_str()),
            TextPattern::Pattern(pattern) => Matcher::pattern(pattern.value.as_str()),
        };
        matcher.map_err(|error| wrong(&format!("`{pattern}`"), error.to_string()))
    };
    let mut conditions = Conditions::new(matcher(&settings.issuer)?, matcher(&settings.identity)?);
    for claim in &settings.claims {
        let condition =
            ClaimCondition::parse(claim).map_err(|cause| wrong(&format!("the claim `{}`", claim.value), cause))?;
        conditions = conditions.with(condition);
    }
    let root = trusted_root(settings.trusted_root.as_ref().map(|file| resolve(file)).as_deref(), session)?;
    Ok(Authority::Keyless(Box::new(Keyless { root, conditions, rules: Rules::default() })))
}
