//! Those whom the policy names, with their keys.

use crate::advisories;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::printer::Printer;
use crate::session::read_text;
use consign_plan::Configuration;
use consign_receipt::Policy;
use consign_sign::PublicKey;
use std::error::Error;

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
    let mut keys = Vec::new();
    for identity in &configuration.policy.identities {
        let failed = |error: &(dyn Error + 'static)| {
            let message = format!("the public key `{}` cannot be used", identity.key.value);
            let mut failure = CommandError::new(ExitCode::Configuration, message);
            failure.causes.push(error.to_string());
            failure.hint("`policy.identities` names public keys, such as `cosign.pub`")
        };
        let text = read_text(&configuration.resolve(&identity.key), KEY_LIMIT).map_err(|error| failed(&error))?;
        let key = PublicKey::from_pem(&text).map_err(|error| failed(&error))?;
        policy = policy.naming(&key.identity(), identity.requirements.iter().copied());
        keys.push(key);
    }
    Ok((policy, keys))
}
