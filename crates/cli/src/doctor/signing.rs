use super::Finding;
use crate::session::Session;
use crate::signing::key_reader;
use consign_plan::Configuration;

/// Looks at whether the signing key could be read. It is not decrypted.
pub(super) fn signing(session: &Session, configuration: &Configuration) -> Finding {
    let area = "signing";
    let Some(signing) = &configuration.signing else {
        let next = "`consign keygen` makes a key; name it in the configuration: `signing: { key: cosign.key }`";
        return Finding::warn(area, "there is no `signing`, so that images stay unsigned").next(next);
    };
    let password = match session.environment.get_even_empty("COSIGN_PASSWORD") {
        Some(_) => "its password is in COSIGN_PASSWORD",
        None => "its password will be asked for",
    };
    match key_reader(session, configuration) {
        Ok(_) => Finding::ok(area, format!("the key {} is there, {password}", signing.key.value)),
        Err(error) => Finding::error(area, &error),
    }
}
