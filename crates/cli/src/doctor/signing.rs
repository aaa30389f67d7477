use super::Finding;
use crate::kept_trust;
use crate::key::Passwords;
use crate::session::Session;
use crate::signing::key_reader;
use consign_plan::Configuration;
use consign_plan::configuration::KeyReference;
use jiff::{SignedDuration, Timestamp};

/// How long before its end it is said that what is kept has one: those who keep Sigstore's repository renew it days before.
const NOTICE: SignedDuration = SignedDuration::from_hours(48);

/// Looks at whether the signing key could be read. It is not decrypted.
pub(super) fn signing(session: &Session, configuration: &Configuration) -> Finding {
    let area = "signing";
    let Some(signing) = &configuration.signing else {
        let next = "`consign keygen` makes a key; name it in the configuration: `signing: { key: cosign.key }`";
        let message = "there is no `signing`: images stay unsigned, but where a CI's token says that they are public";
        return Finding::warn(area, message).next(next);
    };
    let Some(key) = signing.key() else {
        return match key_reader(session, configuration) {
            Ok(_) => Finding::ok(area, "the CI, or a person, will be asked who signs"),
            Err(error) => Finding::error(area, &error),
        };
    };
    let told = match &key.value {
        KeyReference::File(_) | KeyReference::Environment(_) => Passwords::new(&session.environment, None).told(),
        KeyReference::Kubernetes { .. } => "its password is beside it, or will be asked for",
        KeyReference::Program(_) => "the program is not asked to sign before it must",
    };
    match key_reader(session, configuration) {
        Ok(_) => Finding::ok(area, format!("the key {} is there, {told}", key.value)),
        Err(error) => Finding::error(area, &error),
    }
}

/// Looks at whether whom `trust init` chose still counts; `None` where nobody was chosen.
pub(super) fn trust(session: &Session, now: Timestamp) -> Option<Finding> {
    let area = "trust";
    let (repository, material) = match kept_trust::material(session, now) {
        Ok(kept) => kept?,
        Err(error) => return Some(Finding::error(area, &error)),
    };
    let message = format!("{} says whom to trust, until {}", repository.mirror(), material.expires);
    Some(match material.expires.duration_since(now) < NOTICE {
        true => Finding::warn(area, message).next("`consign trust update` asks for what holds longer"),
        false => Finding::ok(area, message),
    })
}
