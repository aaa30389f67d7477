use super::Finding;
use crate::key::Passwords;
use crate::session::Session;
use crate::signing::key_reader;
use consign_plan::Configuration;
use consign_plan::configuration::KeyReference;

/// Looks at whether the signing key could be read. It is not decrypted.
pub(super) fn signing(session: &Session, configuration: &Configuration) -> Finding {
    let area = "signing";
    let Some(signing) = &configuration.signing else {
        let next = "`consign keygen` makes a key; name it in the configuration: `signing: { key: cosign.key }`";
        return Finding::warn(area, "there is no `signing`, so that images stay unsigned").next(next);
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
