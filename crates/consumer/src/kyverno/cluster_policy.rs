//! `ClusterPolicy` with `verifyImages` (kyverno, `api/kyverno/v1/image_verification_types.go`).

use super::{KYVERNO, PUBLIC_LOG, TIMEOUT, globs};
use crate::node::{Node, list, map};
use crate::{Certificate, Export, ExportError, Form, Request, Signer, Text};
use consign_receipt::predicate::{RELEASE_RECORD, SIGNATURE};

const NEWER: &str = "an `ImageValidatingPolicy` says it, which Kyverno has from 1.17 on";

pub(super) fn export(request: &Request) -> Result<Export, ExportError> {
    let form = form(request)?;
    let entries: Vec<Node> = request.signers.iter().map(|signer| entry(signer, form)).collect::<Result<_, _>>()?;
    let attestors = || list([map([("count", 1.into()), ("entries", Node::List(entries.clone()))])]);
    let images = request.sorted_images();
    let references = images.iter().flat_map(|images| globs(images.to_string().trim_end_matches("/**"), images));
    let rule = map([
        ("type", if form == Form::Bundle { "SigstoreBundle" } else { "Cosign" }.into()),
        ("failureAction", "Enforce".into()),
        ("imageReferences", list(references)),
    ]);
    let rule = match form {
        Form::Legacy => rule.with("attestors", Some(attestors())),
        // Any statement would pass for a signature otherwise.
        Form::Bundle => {
            let types = [Some(SIGNATURE), request.released.then_some(RELEASE_RECORD)];
            let asked = types.into_iter().flatten();
            let asked = asked.map(|wanted| map([("type", wanted.into()), ("attestors", attestors())]));
            rule.with("attestations", Some(list(asked)))
        }
    };
    let document = map([
        ("apiVersion", "kyverno.io/v1".into()),
        ("kind", "ClusterPolicy".into()),
        ("metadata", map([("name", request.name.as_str().into())])),
        (
            "spec",
            map([
                ("background", false.into()),
                ("webhookConfiguration", map([("failurePolicy", "Fail".into()), ("timeoutSeconds", TIMEOUT.into())])),
                (
                    "rules",
                    list([map([
                        ("name", "signed".into()),
                        ("match", map([("any", list([map([("resources", map([("kinds", list(["Pod"]))]))])]))])),
                        ("verifyImages", list([rule])),
                    ])]),
                ),
            ]),
        ),
    ]);
    let notes = [
        "For Kyverno 1.13 to 1.19, which has `ImageValidatingPolicy` in place of this from 1.17 on: made by `consign policy export kyverno --kind cluster-policy`.",
        Request::REST,
    ];
    Ok(Export::new(vec![document], notes.map(str::to_owned).to_vec()))
}

/// Returns the form that all signatures are looked for in: Kyverno looks for one alone.
fn form(request: &Request) -> Result<Form, ExportError> {
    let by_key = request.signers.iter().find(|signer| matches!(signer, Signer::Key { .. }));
    let form = match (request.forms.bundle, by_key) {
        (true, None) => Form::Bundle,
        (_, _) if request.forms.legacy => Form::Legacy,
        (_, signer) => {
            let signer = signer.map(ToString::to_string).unwrap_or_default();
            let reason = "in a `ClusterPolicy` it verifies bundles with certificates alone; an `ImageValidatingPolicy` takes keys, which Kyverno has from \
                          1.17 on, or sign with `signing: {format: both}`; `--signature-format both` says so where no configuration does";
            return Err(ExportError::Form { consumer: KYVERNO, signer, reason });
        }
    };
    match request.signers.first() {
        Some(signer) if form == Form::Legacy && request.released => {
            let remedy = "it looks for statements in bundles with certificates alone; let `consign verify --released` ask for it";
            Err(ExportError::Released { consumer: KYVERNO, signer: signer.to_string(), remedy })
        }
        _ => Ok(form),
    }
}

fn entry(signer: &Signer, form: Form) -> Result<Node, ExportError> {
    match signer {
        Signer::Key { pem, .. } => {
            let keys = map([
                ("publicKeys", pem.as_str().into()),
                ("rekor", map([("url", PUBLIC_LOG.into()), ("ignoreTlog", true.into())])),
                ("ctlog", map([("ignoreSCT", true.into())])),
            ]);
            Ok(map([("keys", keys)]))
        }
        Signer::Certificate(certificate) => Ok(map([("keyless", keyless(certificate, form)?)])),
    }
}

fn keyless(certificate: &Certificate, form: Form) -> Result<Node, ExportError> {
    if let Some(root) = &certificate.root.name {
        return Err(ExportError::Root { consumer: KYVERNO, root: root.clone(), remedy: NEWER });
    }
    if let Some(claim) = certificate.claims.first() {
        let (signer, what) = (certificate.to_string(), format!("the claim `{claim}`"));
        let remedy = "name the branch and the workflow by the identity, which has both, and export without the claim";
        return Err(ExportError::Signer { consumer: KYVERNO, signer, what, remedy });
    }
    let entry = |text: &Text, exact: &str, pattern: &str| match (text, form) {
        (Text::Exact(text), Form::Bundle) => Ok((exact.to_owned(), Node::from(text.as_str()))),
        // Elsewhere an exact text is a pattern, in which `*`, `?` and `.` stand for others.
        _ => match text.anchored() {
            Ok(anchored) => Ok((pattern.to_owned(), anchored.into())),
            Err(detail) => Err(ExportError::Pattern { consumer: KYVERNO, pattern: text.written().to_owned(), detail }),
        },
    };
    let subject = entry(&certificate.identity, "subject", "subjectRegExp")?;
    let issuer = entry(&certificate.issuer, "issuer", "issuerRegExp")?;
    let log = ("rekor".to_owned(), map([("url", PUBLIC_LOG.into())]));
    Ok(Node::Map(vec![subject, issuer, log]))
}
