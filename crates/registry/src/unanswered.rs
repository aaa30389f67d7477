use crate::tls::{Distrust, distrust};

/// Says in a few words why no answer came: what a registry's certificate has to do with it, else what everybody says.
pub(crate) fn reason(error: &reqwest::Error) -> String {
    let Some((meaning, said)) = distrust(error) else { return consign_fetch::reason(error) };
    match meaning {
        Distrust::UnknownAuthority => "its certificate is vouched for by nobody who is trusted here".to_owned(),
        Distrust::WrongCertificate => said,
        Distrust::WantsIdentity => "it wants a client certificate, and was shown none".to_owned(),
        Distrust::RefusesIdentity => format!("it wants another client certificate than it was shown, if any ({said})"),
    }
}
