//! How others verify what was released: the exact lines.

use consign_plan::Configuration;
use consign_plan::configuration::{KeyReference, SigningBy};
use consign_report::{ReleaseReport, SignerReport, TagState};
use shlex::Quoter;

/// Returns lines for a shell, indented; nothing if nothing was signed.
pub(crate) fn instructions(report: &ReleaseReport, configuration: &Configuration) -> String {
    let Some(signer) = &report.signer else { return String::new() };
    let (first, options, cosigns) = options(signer, configuration);
    let tags = report.images.iter().filter(|image| image.signed).flat_map(|image| {
        let named = |tag: &&consign_report::TagReport| tag.state != TagState::NotMoved;
        image.destinations.iter().filter_map(move |destination| {
            let tag = destination.tags.iter().find(named)?;
            Some(format!("{}:{}", destination.repository, tag.tag))
        })
    });
    let lines = tags.flat_map(|reference| {
        let [consign, cosign] = [("consign", ""), ("cosign", cosigns)]
            .map(|(program, more)| format!("  {program} verify {options}{more} {}\n", quoted(&reference)));
        [consign, cosign]
    });
    first.into_iter().chain(lines).collect()
}

/// Returns a line that comes before, the options that say whose signatures are asked for, and what cosign needs beside them.
fn options(signer: &SignerReport, configuration: &Configuration) -> (Option<String>, String, &'static str) {
    let by = configuration.signing.as_ref().map(|signing| &signing.by);
    match signer {
        SignerReport::Certificate { identity, issuer } => {
            let root = match by {
                Some(SigningBy::Keyless(settings)) => settings.trusted_root.as_ref(),
                _ => None,
            };
            let root = root.map(|file| format!(" --trusted-root {}", quoted(&file.value))).unwrap_or_default();
            let (identity, issuer) = (quoted(identity), quoted(issuer));
            (None, format!("--certificate-identity {identity} --certificate-oidc-issuer {issuer}{root}"), "")
        }
        SignerReport::Key(_) => {
            let key = match by {
                Some(SigningBy::Key(key)) => Some(&key.value),
                _ => None,
            };
            let (first, public) = public_key(key, configuration);
            // No log is told of what a key signs.
            (first, format!("--key {}", quoted(&public)), " --insecure-ignore-tlog=true")
        }
    }
}

/// Returns the file with the public key, and how it is made if it is not there.
fn public_key(key: Option<&KeyReference>, configuration: &Configuration) -> (Option<String>, String) {
    if let Some(KeyReference::File(path)) = key {
        let public = std::path::Path::new(path).with_extension("pub");
        if let Some(public) = public.to_str().filter(|public| configuration.resolve(public).exists()) {
            return (None, public.to_owned());
        }
    }
    let made = key.map(|key| format!("  consign public-key --key {} --outfile cosign.pub\n", quoted(&key.to_string())));
    (made, "cosign.pub".to_owned())
}

fn quoted(text: &str) -> String {
    // It fails for nothing but what no argument may hold.
    Quoter::new().quote(text).map_or_else(|_| text.to_owned(), Into::into)
}
