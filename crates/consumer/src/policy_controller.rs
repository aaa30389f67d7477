//! `ClusterImagePolicy` (sigstore/policy-controller, `policy.sigstore.dev/v1beta1`), and `TrustRoot` beside it.

use crate::images::{HUB, HUB_INDEX};
use crate::node::{Node, list, map};
use crate::root::{Authority, Log, base64};
use crate::{Certificate, Export, ExportError, Form, Images, Request, Root, Text};
use consign_receipt::predicate::{RELEASE_RECORD, SIGNATURE};

const CONTROLLER: &str = "the policy controller";
/// The public authority, and its log.
const PUBLIC_AUTHORITY: &str = "https://fulcio.sigstore.dev";
const PUBLIC_LOG: &str = "https://rekor.sigstore.dev";
const NO_BUNDLE: &str = "up to version 0.15 it verifies bundles with certificates alone; sign with `signing: {format: both}`; `--signature-format both` says so where no configuration does";
const NO_RECORD: &str =
    "it looks for statements in bundles with certificates alone; let `consign verify --released` ask for it";

impl Request {
    /// Says it in the words of Sigstore's policy controller, version 0.13 or newer.
    pub fn policy_controller(&self) -> Result<Export, ExportError> {
        self.check()?;
        let keys = self.keys();
        let mut authorities = Vec::new();
        for (number, (signer, pem)) in (1..).zip(&keys) {
            let signer = || signer.to_string();
            if !self.forms.legacy {
                return Err(ExportError::Form { consumer: CONTROLLER, signer: signer(), reason: NO_BUNDLE });
            }
            if self.released {
                return Err(ExportError::Released { consumer: CONTROLLER, signer: signer(), remedy: NO_RECORD });
            }
            // Without `ctlog`, nobody has to vouch for a key.
            authorities.push(map([
                ("name", format!("key{number}").into()),
                ("key", map([("data", (*pem).into()), ("hashAlgorithm", "sha256".into())])),
                ("signatureFormat", Form::Legacy.to_string().into()),
            ]));
        }
        let mut roots: Vec<&Root> = Vec::new();
        // One for each: of bundles, cosign verifies one identity at a time (3.0.5, `pkg/cosign/verify.go`).
        for (number, certificate) in (1..).zip(self.certificates()) {
            let root = &certificate.root;
            let is_known = |known: &&Root| known.json == root.json;
            if root.name.is_some() && !roots.iter().any(is_known) {
                roots.push(root);
            }
            let position = roots.iter().position(is_known).filter(|_| root.name.is_some());
            let reference = position.map(|position| self.reference(position));
            authorities.push(self.keyless(&format!("identity{number}"), certificate, reference.as_deref())?);
        }
        let numbered = roots.iter().enumerate();
        let mut documents: Vec<Node> =
            numbered.map(|(position, root)| trust_root(&self.reference(position), root)).collect::<Result<_, _>>()?;
        let images = self.sorted_images();
        let images = images.into_iter().map(globs).collect::<Result<Vec<_>, _>>()?.concat();
        let globs = images.into_iter().map(|glob| map([("glob", glob.into())]));
        let policy = map([
            ("apiVersion", "policy.sigstore.dev/v1beta1".into()),
            ("kind", "ClusterImagePolicy".into()),
            ("metadata", map([("name", self.name.as_str().into())])),
            (
                "spec",
                map([("mode", "enforce".into()), ("images", list(globs)), ("authorities", Node::List(authorities))]),
            ),
        ]);
        let mut notes = vec![
            "For the policy controller 0.13 or newer: made by `consign policy export policy-controller`.".to_owned(),
        ];
        if !roots.is_empty() && self.forms.bundle {
            notes.push(
                "Up to 0.15.1 it may not find the logs of a TrustRoot in bundles (policy-controller#1968).".to_owned(),
            );
        }
        notes.push("It looks at namespaces that have the label `policy.sigstore.dev/include: \"true\"`.".to_owned());
        notes.push(Self::REST.to_owned());
        documents.push(policy);
        Ok(Export::new(documents, notes))
    }

    /// Returns the name of a trusted root.
    fn reference(&self, position: usize) -> String {
        format!("{}-{}", self.name, position + 1)
    }

    fn keyless(&self, name: &str, certificate: &Certificate, reference: Option<&str>) -> Result<Node, ExportError> {
        let parts = &certificate.root.parts;
        let authority = parts.certificate_authorities.first().and_then(|authority| authority.uri.as_deref());
        let authority = authority.filter(|_| reference.is_some()).unwrap_or(PUBLIC_AUTHORITY);
        let keyless = map([("url", authority.into()), ("identities", list([identity(certificate)?]))]);
        let no_log = reference.is_some() && parts.certificate_logs.is_empty();
        let keyless = keyless.with("trustRootRef", reference).with("insecureIgnoreSCT", no_log.then_some(true));
        let node = map([("name", name.into()), ("keyless", keyless)]);
        let node = match reference {
            None => node.with("ctlog", Some(map([("url", PUBLIC_LOG.into())]))),
            // Where it asks for timestamps it asks no log.
            Some(reference) => {
                let by = if parts.logs.is_empty() { "rfc3161timestamp" } else { "ctlog" };
                node.with(by, Some(map([("trustRootRef", reference.into())])))
            }
        };
        if !self.forms.bundle {
            if self.released {
                let signer = certificate.to_string();
                return Err(ExportError::Released { consumer: CONTROLLER, signer, remedy: NO_RECORD });
            }
            return Ok(node.with("signatureFormat", Some(Form::Legacy.to_string())));
        }
        // It looks for bundles only where a statement is asked for; the signature is one.
        let asked = [Some(("signature", SIGNATURE)), self.released.then_some(("release-record", RELEASE_RECORD))];
        let asked = asked.into_iter().flatten();
        let asked = asked.map(|(name, wanted)| map([("name", name.into()), ("predicateType", wanted.into())]));
        let node = node.with("signatureFormat", Some(Form::Bundle.to_string()));
        Ok(node.with("attestations", Some(list(asked))))
    }
}

/// `**` is any text there, and `*` any without slashes. Docker Hub has its own name.
fn globs(images: &Images) -> Result<Vec<String>, ExportError> {
    let hub = |registry: &str| if registry == HUB { HUB_INDEX.to_owned() } else { registry.to_owned() };
    let globs = match images {
        Images::Of(repository) => {
            let name = format!("{}/{}", hub(repository.registry()), repository.path());
            vec![format!("{name}:**"), format!("{name}@**")]
        }
        Images::Below(path) => match path.path() {
            "" => vec![format!("{}/**", hub(path.registry()))],
            below => vec![format!("{}/{below}/**", hub(path.registry()))],
        },
    };
    match globs.iter().any(|glob| glob.contains(['[', ']'])) {
        true => {
            let remedy = "it knows registries by name, or by an address of version 4";
            Err(ExportError::Images { consumer: CONTROLLER, images: images.to_string(), remedy })
        }
        false => Ok(globs),
    }
}

fn identity(certificate: &Certificate) -> Result<Node, ExportError> {
    if let Some(claim) = certificate.claims.first() {
        let (signer, what) = (certificate.to_string(), format!("the claim `{claim}`"));
        let remedy = "name the branch and the workflow by the identity, which has both, and export without the claim";
        return Err(ExportError::Signer { consumer: CONTROLLER, signer, what, remedy });
    }
    let entry = |text: &Text, exact: &str, pattern: &str| match text {
        Text::Exact(text) => Ok((exact.to_owned(), Node::from(text.as_str()))),
        Text::Pattern(written) => match text.anchored() {
            Ok(anchored) => Ok((pattern.to_owned(), anchored.into())),
            Err(detail) => Err(ExportError::Pattern { consumer: CONTROLLER, pattern: written.clone(), detail }),
        },
    };
    let subject = entry(&certificate.identity, "subject", "subjectRegExp")?;
    Ok(Node::Map(vec![subject, entry(&certificate.issuer, "issuer", "issuerRegExp")?]))
}

/// Writes a trusted root as a resource of its own (`policy.sigstore.dev/v1alpha1`). Keys and certificates are PEM, in base64.
fn trust_root(name: &str, root: &Root) -> Result<Node, ExportError> {
    let parts = &root.parts;
    let authorities = |all: &[Authority]| all.iter().map(|one| authority(one, root)).collect::<Result<Vec<_>, _>>();
    let some = |items: Vec<Node>| (!items.is_empty()).then_some(Node::List(items));
    let logs = |all: &[Log]| some(all.iter().map(log).collect());
    let keys = map([("certificateAuthorities", Node::List(authorities(&parts.certificate_authorities)?))]);
    let keys = keys.with("tLogs", logs(&parts.logs)).with("ctLogs", logs(&parts.certificate_logs));
    let keys = keys.with("timestampAuthorities", some(authorities(&parts.timestamp_authorities)?));
    Ok(map([
        ("apiVersion", "policy.sigstore.dev/v1alpha1".into()),
        ("kind", "TrustRoot".into()),
        ("metadata", map([("name", name.into())])),
        ("spec", map([("sigstoreKeys", keys)])),
    ]))
}

fn log(log: &Log) -> Node {
    map([
        ("baseURL", log.base_url.as_str().into()),
        ("hashAlgorithm", "sha-256".into()),
        ("publicKey", base64(&log.pem()).into()),
    ])
}

/// It asks for names and an address, though it compares none of them.
fn authority(authority: &Authority, root: &Root) -> Result<Node, ExportError> {
    let subject = &authority.subject;
    let name = |first: &Option<String>, second: &Option<String>| {
        [first, second].into_iter().flatten().find(|name| !name.is_empty()).cloned()
    };
    let organization = name(&subject.organization, &subject.common_name);
    let common_name = name(&subject.common_name, &subject.organization);
    let uri = authority.uri.as_ref().filter(|uri| !uri.is_empty());
    let (Some(organization), Some(common_name), Some(uri)) = (organization, common_name, uri) else {
        let remedy = "every authority in it needs a name (`subject`) and an address (`uri`)";
        return Err(ExportError::Root { consumer: CONTROLLER, root: root.label(), remedy });
    };
    Ok(map([
        ("subject", map([("organization", organization.into()), ("commonName", common_name.into())])),
        ("uri", uri.as_str().into()),
        ("certChain", base64(&authority.pem()).into()),
    ]))
}
