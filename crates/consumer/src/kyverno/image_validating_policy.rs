//! `ImageValidatingPolicy` (kyverno/api, `policies.kyverno.io/v1`): looks for bundles by itself, and for the older form where there are none.

use super::{KYVERNO, PUBLIC_LOG, TIMEOUT, globs, names};
use crate::node::{Node, list, map};
use crate::{Certificate, Export, ExportError, Request, Root, Text};
use consign_receipt::predicate::{RELEASE_RECORD, SIGNATURE};

/// All images of a pod.
const CONTAINERS: &str = "(images.containers + images.initContainers + images.ephemeralContainers)";
const NO_CLAIMS: &str =
    "name the branch and the workflow by the identity, which has both, and export without the claim";

pub(super) fn export(request: &Request) -> Result<Export, ExportError> {
    let (keys, certificates) = (request.keys(), request.certificates());
    let mut attestors = Vec::new();
    // Each is a number of signatures; a sum that is not zero has one.
    let (mut signed, mut released) = (Vec::new(), Vec::new());
    for (number, (signer, pem)) in (1..).zip(&keys) {
        if request.released {
            let remedy = "it verifies statements by a key only if a transparency log has them; let `consign verify --released` ask for it";
            return Err(ExportError::Released { consumer: KYVERNO, signer: signer.to_string(), remedy });
        }
        let name = format!("key{number}");
        signed.push(format!("verifyImageSignatures(image, [attestors.{name}])"));
        attestors.push(attestor(&name, map([("key", map([("data", (*pem).into())])), ("ctlog", no_log())])));
    }
    // One for each: of bundles, cosign verifies one identity at a time (3.1.2, `pkg/cosign/verify.go`).
    for (number, certificate) in (1..).zip(&certificates) {
        let name = format!("identity{number}");
        attestors.push(attestor(&name, keyless(certificate)?));
        // Of bundles, any statement would pass for a signature otherwise.
        signed.push(match request.forms.bundle {
            true => format!("verifyAttestationSignatures(image, attestations.signature, [attestors.{name}])"),
            false => format!("verifyImageSignatures(image, [attestors.{name}])"),
        });
        released.push(format!("verifyAttestationSignatures(image, attestations.releaseRecord, [attestors.{name}])"));
    }
    let mut attestations = Vec::new();
    let mut validations = vec![validation(&signed, "no signature by anybody whose signatures count")];
    if request.forms.bundle && !certificates.is_empty() {
        attestations.push(attestation("signature", SIGNATURE));
    }
    if request.released {
        attestations.push(attestation("releaseRecord", RELEASE_RECORD));
        validations.push(validation(&released, "no release record by anybody whose signatures count"));
    }
    let spec = map([
        ("validationActions", list(["Deny"])),
        ("failurePolicy", "Fail".into()),
        ("webhookConfiguration", map([("timeoutSeconds", TIMEOUT.into())])),
        ("evaluation", map([("background", map([("enabled", false.into())]))])),
        ("matchConstraints", pods()),
        ("matchImageReferences", references(request)?),
        ("attestors", Node::List(attestors)),
    ]);
    let spec = spec.with("attestations", (!attestations.is_empty()).then_some(Node::List(attestations)));
    let spec = spec.with("validations", Some(Node::List(validations)));
    let document = map([
        ("apiVersion", "policies.kyverno.io/v1".into()),
        ("kind", "ImageValidatingPolicy".into()),
        ("metadata", map([("name", request.name.as_str().into())])),
        ("spec", spec),
    ]);
    Ok(Export::new(vec![document], notes(request, !keys.is_empty(), &certificates)))
}

fn notes(request: &Request, has_keys: bool, certificates: &[&Certificate]) -> Vec<String> {
    let mut notes = vec!["For Kyverno 1.17 or newer: made by `consign policy export kyverno`.".to_owned()];
    if has_keys && request.forms.bundle {
        notes.push("Kyverno takes any statement that a key has signed about the image for its signature.".to_owned());
    }
    if certificates.iter().any(|certificate| certificate.root.name.is_some()) {
        let note = "`trustedRoot` is known to Kyverno 1.19 or newer, which asks the public Sigstore's TUF repository nevertheless.";
        notes.push(note.to_owned());
    }
    notes.push(Request::REST.to_owned());
    notes
}

fn references(request: &Request) -> Result<Node, ExportError> {
    let mut found = Vec::new();
    for images in request.sorted_images() {
        for name in names(images)? {
            found.extend(globs(&name, images).into_iter().map(|glob| map([("glob", glob.into())])));
        }
    }
    Ok(Node::List(found))
}

/// Those that are made, and those that get another image or one more container.
fn pods() -> Node {
    let rule = map([
        ("apiGroups", list([""])),
        ("apiVersions", list(["v1"])),
        ("operations", list(["CREATE", "UPDATE"])),
        ("resources", list(["pods", "pods/ephemeralcontainers"])),
    ]);
    map([("resourceRules", list([rule]))])
}

fn attestor(name: &str, cosign: Node) -> Node {
    map([("name", name.into()), ("cosign", cosign)])
}

fn attestation(name: &str, predicate_type: &str) -> Node {
    map([("name", name.into()), ("intoto", map([("type", predicate_type.into())]))])
}

fn validation(counts: &[String], message: &str) -> Node {
    let expression = format!("{CONTAINERS}.map(image, {}).all(count, count > 0)", counts.join(" + "));
    map([("expression", expression.into()), ("message", message.into())])
}

/// Whoever trusts a key needs nobody else to vouch for it.
fn no_log() -> Node {
    map([("url", PUBLIC_LOG.into()), ("insecureIgnoreTlog", true.into()), ("insecureIgnoreSCT", true.into())])
}

fn keyless(certificate: &Certificate) -> Result<Node, ExportError> {
    let root = &certificate.root;
    let keyless = map([("keyless", map([("identities", list([identity(certificate)?]))]))]);
    let trusted_root = root.name.is_some().then(|| map([("value", root.json.as_str().into())]));
    Ok(keyless.with("trustedRoot", trusted_root).with("ctlog", Some(log(root))))
}

/// Says which logs have to have a signature: those that the root has.
fn log(root: &Root) -> Node {
    let parts = &root.parts;
    let url = parts.logs.first().map(|log| log.base_url.as_str()).filter(|_| root.name.is_some());
    let log = map([("url", url.unwrap_or(PUBLIC_LOG).into())]);
    if root.name.is_none() {
        return log;
    }
    let chain = match &parts.timestamp_authorities[..] {
        [authority] => Some(authority.pem()),
        _ => None,
    };
    let log = log.with("tsaCertChain", chain);
    let log = log.with("insecureIgnoreTlog", parts.logs.is_empty().then_some(true));
    log.with("insecureIgnoreSCT", parts.certificate_logs.is_empty().then_some(true))
}

fn identity(certificate: &Certificate) -> Result<Node, ExportError> {
    if let Some(claim) = certificate.claims.first() {
        let (signer, what) = (certificate.to_string(), format!("the claim `{claim}`"));
        return Err(ExportError::Signer { consumer: KYVERNO, signer, what, remedy: NO_CLAIMS });
    }
    let entry = |text: &Text, exact: &str, pattern: &str| match text {
        Text::Exact(text) => Ok((exact.to_owned(), Node::from(text.as_str()))),
        Text::Pattern(written) => match text.anchored() {
            Ok(anchored) => Ok((pattern.to_owned(), anchored.into())),
            Err(detail) => Err(ExportError::Pattern { consumer: KYVERNO, pattern: written.clone(), detail }),
        },
    };
    let subject = entry(&certificate.identity, "subject", "subjectRegExp")?;
    Ok(Node::Map(vec![subject, entry(&certificate.issuer, "issuer", "issuerRegExp")?]))
}
