use crate::arguments::{Output, VerifyBlob};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::reading::read_bytes;
use crate::session::Session;
use crate::signer::{Signed, Signer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consign_oci::{Digest, Exact};
use consign_receipt::{Statement, predicate};
use consign_report::printable;
use consign_trust::{Evidence, TrustError, Vouched, read_file_bundle};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

/// Largest bundle, in bytes.
const BUNDLE_LIMIT: u64 = consign_sign::LIMIT;
/// Largest bare signature, in bytes. One of RSA with 8,192 bits has 1,024, and in Base64 1,368.
const SIGNATURE_LIMIT: u64 = 8 << 10;

pub(crate) fn run(arguments: &VerifyBlob, session: &Session) -> Result<ExitCode, CommandError> {
    let signer = arguments.signer.signer(session)?;
    let content = arguments.blob.read()?;
    let signed = match (&arguments.bundle, &arguments.signature, &signer) {
        (Some(path), _, _) => {
            let bundle = read_file_bundle(&read(path, BUNDLE_LIMIT)?)?;
            let signed = signer.verify(&bundle, content.artifact())?;
            check_type(&signed, arguments.predicate_type.as_deref())?;
            signed
        }
        (None, Some(path), Signer::Key(keyed)) => {
            let bytes = read(path, SIGNATURE_LIMIT)?;
            keyed.verify_bare(&plain(bytes), content.artifact())?;
            Signed::Key(Vouched { evidence: Evidence::default(), statement: None })
        }
        _ => return Err(CommandError::new(ExitCode::Usage, "there is neither a bundle nor a signature with a key")),
    };
    match session.output {
        Output::Json => session.printer.json(&as_json(&content.digest(), &signer, &signed))?,
        Output::Table => session.printer.data(&text(arguments, &signer, &signed))?,
    }
    Ok(ExitCode::Done)
}

/// Reads a bundle or a signature. One that is not there is none.
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, CommandError> {
    read_bytes(path, limit).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            CommandError::new(ExitCode::NotSigned, format!("there is no signature in {}", path.display())).cause(error)
        }
        ErrorKind::FileTooLarge => {
            CommandError::new(ExitCode::Verification, format!("{} is no signature", path.display())).cause(error)
        }
        _ => CommandError::new(ExitCode::Failed, format!("cannot read {}", path.display())).cause(error),
    })
}

/// Returns a signature as it is. In a file it may be in Base64.
fn plain(bytes: Vec<u8>) -> Vec<u8> {
    let text = std::str::from_utf8(&bytes).ok();
    text.and_then(|text| STANDARD.decode(text.trim()).ok()).unwrap_or(bytes)
}

/// Refuses statements of another type. Anybody may have said anything about a file, and by that has not signed it.
fn check_type(signed: &Signed, wanted: Option<&str>) -> Result<(), CommandError> {
    let found = predicate_type(signed)?;
    match (found.as_deref(), wanted) {
        (None, None) | (Some(predicate::SIGNATURE), None) => Ok(()),
        (Some(found), Some(wanted)) if found == wanted => Ok(()),
        (found, _) => {
            let found = found.map_or("it signs the file itself".to_owned(), |found| {
                format!("it is a statement of the type `{}`", printable(found))
            });
            let error =
                CommandError::new(ExitCode::Verification, format!("the bundle is not what is asked for: {found}"));
            Err(match wanted {
                None => error.hint("if that statement is what you want, say its type with `--type`"),
                Some(_) => error,
            })
        }
    }
}

/// Returns the type of what was signed, if it is a statement.
fn predicate_type(signed: &Signed) -> Result<Option<String>, CommandError> {
    let bytes = match signed {
        Signed::Key(vouched) => &vouched.statement,
        Signed::Keyless(certified) => &certified.statement,
    };
    let read =
        |bytes: &Vec<u8>| Exact::<Statement>::read(bytes.clone()).map(|statement| statement.predicate_type.clone());
    let malformed = |error: serde_json::Error| TrustError::Statement { detail: error.to_string() };
    Ok(bytes.as_ref().map(read).transpose().map_err(malformed)?)
}

fn evidence(signed: &Signed) -> &Evidence {
    match signed {
        Signed::Key(vouched) => &vouched.evidence,
        Signed::Keyless(certified) => &certified.evidence,
    }
}

fn text(arguments: &VerifyBlob, signer: &Signer, signed: &Signed) -> String {
    let mut lines = vec![("verified", arguments.blob.to_string())];
    match (signer, signed) {
        (Signer::Key(keyed), _) => lines.push(("key", keyed.key.fingerprint().to_string())),
        (_, Signed::Keyless(certified)) => {
            lines.push(("by", certified.subject.clone()));
            lines.push(("issuer", certified.issuer.clone()));
        }
        _ => {}
    }
    lines.extend(arguments.predicate_type.iter().map(|kind| ("type", kind.clone())));
    let evidence = evidence(signed);
    lines.extend(evidence.times.first().map(|time| ("signed", time.to_string())));
    lines.extend(evidence.entries.iter().map(|entry| {
        let index = entry.index.map(|index| format!(" {index}")).unwrap_or_default();
        ("logged", format!("{}{index}", entry.log))
    }));
    lines.iter().map(|(name, value)| format!("{name:<8}  {}\n", printable(value))).collect()
}

fn as_json(digest: &Digest, signer: &Signer, signed: &Signed) -> Value {
    let evidence = evidence(signed);
    let by = match (signer, signed) {
        (_, Signed::Keyless(certified)) => {
            let claims: BTreeMap<_, _> = certified.claims.iter().map(|(claim, value)| (claim.name(), value)).collect();
            json!({
                "subject": certified.subject,
                "issuer": certified.issuer,
                "claims": claims,
                "certificate": certified.certificate,
                "certificateLogged": certified.certificate_logged,
            })
        }
        (Signer::Key(keyed), _) => json!({ "key": keyed.key.fingerprint() }),
        (Signer::Keyless(_), Signed::Key(_)) => json!({}),
    };
    json!({
        "verified": true,
        "digest": digest,
        "by": by,
        "type": predicate_type(signed).ok().flatten(),
        "times": evidence.times.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "logEntries": evidence.entries.iter().map(|entry| json!({ "log": entry.log, "index": entry.index })).collect::<Vec<_>>(),
    })
}
