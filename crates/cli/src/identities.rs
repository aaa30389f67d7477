//! Those whom the policy names, with their keys.

use crate::advisories;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::printer::Printer;
use crate::session::read_text;
use consign_plan::Configuration;
use consign_plan::configuration::IdentitySettings;
use consign_receipt::Policy;
use consign_sign::PublicKey;
use std::error::Error;
use std::path::{Path, PathBuf};

/// Largest key file, in bytes.
const KEY_LIMIT: u64 = 64 << 10;

/// Returns the configuration's policy, which believes those whom it names, and their keys.
pub(crate) fn policy(
    configuration: &Configuration,
    printer: &Printer,
) -> Result<(Policy, Vec<PublicKey>), CommandError> {
    let mut policy = configuration.policy.policy();
    if let Some(settings) = &configuration.policy.advisories {
        policy = policy.tolerating(advisories::rules(settings, |name| configuration.resolve(name), printer)?);
    }
    let identities = &configuration.policy.identities;
    let keys = keys(identities.iter(), |name| configuration.resolve(name))?;
    for (identity, key) in identities.iter().zip(&keys) {
        policy = policy.naming(&key.identity(), identity.about.iter().copied());
    }
    Ok((policy, keys))
}

/// Reads the keys of some whom a policy names, in their order.
pub(crate) fn keys<'a>(
    identities: impl Iterator<Item = &'a IdentitySettings>,
    resolve: impl Fn(&str) -> PathBuf,
) -> Result<Vec<PublicKey>, CommandError> {
    identities.map(|identity| key(&identity.key.value, &resolve(&identity.key))).collect()
}

fn key(name: &str, path: &Path) -> Result<PublicKey, CommandError> {
    let failed = |error: &(dyn Error + 'static)| {
        let mut failure = CommandError::new(ExitCode::Configuration, format!("the public key `{name}` cannot be used"));
        failure.causes.push(error.to_string());
        failure.hint("`policy.identities` names public keys, such as `cosign.pub`")
    };
    let text = read_text(path, KEY_LIMIT).map_err(|error| failed(&error))?;
    PublicKey::from_pem(&text).map_err(|error| failed(&error))
}
