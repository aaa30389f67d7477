//! `policy.json` of podman, skopeo, CRI-O and buildah (containers-policy.json(5)), and what belongs into `registries.d`
//! (containers-registries.d(5)).

use crate::export::yaml;
use crate::node::{Node, list, map};
use crate::root::base64;
use crate::{Certificate, Export, ExportError, Images, Request, SignedBy, Signer, Text};

const PODMAN: &str = "containers-policy.json";
const KEY_TOO: &str = "it knows mail addresses alone; sign with a key, too, and export that";

/// A `policy.json`, and the file that goes with it.
#[derive(Clone, Debug)]
pub struct ContainersPolicy {
    /// The policy.
    pub policy: Export,
    /// What belongs into a file in `/etc/containers/registries.d`, as YAML.
    pub registries: String,
}

impl Request {
    /// Says it in the words of containers-policy.json(5). Images that are not named are rejected.
    pub fn containers_policy(&self) -> Result<ContainersPolicy, ExportError> {
        self.check()?;
        if let (false, Some(signer)) = (self.forms.legacy, self.signers.first()) {
            let reason = "it reads cosign's older form alone; sign with `signing: {format: both}`; `--signature-format both` says so where no configuration does";
            return Err(ExportError::Form { consumer: PODMAN, signer: signer.to_string(), reason });
        }
        if let (true, Some(signer)) = (self.released, self.signers.first()) {
            let remedy = "it looks at signatures alone; let `consign verify --released` ask for it";
            return Err(ExportError::Released { consumer: PODMAN, signer: signer.to_string(), remedy });
        }
        let requirement = self.requirement()?.with("signedIdentity", Some(map([("type", "matchRepository".into())])));
        let scopes: Vec<String> = self.sorted_images().into_iter().map(scope).collect();
        let of_scopes = |node: &Node| Node::Map(scopes.iter().map(|scope| (scope.clone(), node.clone())).collect());
        let policy = map([
            ("default", list([map([("type", "reject".into())])])),
            ("transports", map([("docker", of_scopes(&list([requirement])))])),
        ]);
        let registries = map([("docker", of_scopes(&map([("use-sigstore-attachments", true.into())])))]);
        let notes = vec![
            "Everything else is rejected. To keep what `/etc/containers/policy.json` allows, copy what stands under `docker` into that of its own."
                .to_owned(),
            "The image of the machine's platform is asked for its signature, under whatever tag: signatures name none.".to_owned(),
            Self::REST.to_owned(),
        ];
        Ok(ContainersPolicy { policy: Export::new(vec![policy], notes), registries: yaml(&registries)? })
    }

    /// One requirement, since all of several would have to be met.
    fn requirement(&self) -> Result<Node, ExportError> {
        let signed = map([("type", "sigstoreSigned".into())]);
        let keys = self.keys();
        match (&self.signers[..], &keys[..]) {
            (_, [(_, pem)]) if self.signers.iter().all(is_key) => Ok(signed.with("keyData", Some(base64(pem)))),
            // From containers/image 5.33 on: podman 5.3, skopeo 1.17.
            (_, [_, ..]) if self.signers.iter().all(is_key) => {
                Ok(signed.with("keyDatas", Some(list(keys.iter().map(|(_, pem)| base64(pem))))))
            }
            ([Signer::Certificate(certificate)], _) => fulcio(signed, certificate),
            (signers, _) => {
                let signer = signers.iter().find(|signer| !is_key(signer)).or(signers.first());
                let signer = signer.map(ToString::to_string).unwrap_or_default();
                let remedy = "it takes the signature of one of several keys, or that of one person; export each for repositories of its own";
                let what = "one signature of several people".to_owned();
                Err(ExportError::Signer { consumer: PODMAN, signer, what, remedy })
            }
        }
    }
}

fn is_key(signer: &Signer) -> bool {
    matches!(signer, Signer::Key { .. })
}

/// Adds who a certificate must be for: a mail address and an issuer, exactly.
fn fulcio(signed: Node, certificate: &Certificate) -> Result<Node, ExportError> {
    let refused = |what: &str, remedy: &'static str| {
        let (signer, what) = (certificate.to_string(), what.to_owned());
        Err(ExportError::Signer { consumer: PODMAN, signer, what, remedy })
    };
    let subject = match &certificate.identity {
        Text::Exact(subject) if SignedBy::named(subject) == SignedBy::Address => subject,
        Text::Exact(_) => return refused("the identity of a workflow", KEY_TOO),
        Text::Pattern(_) => {
            return refused("a pattern", "it compares exactly; name the address itself, or sign with a key");
        }
    };
    let Text::Exact(issuer) = &certificate.issuer else {
        return refused("a pattern", "it compares exactly; name the issuer itself");
    };
    if let Some(claim) = certificate.claims.first() {
        return refused(
            &format!("the claim `{claim}`"),
            "it looks at the address and the issuer alone; export without the claim",
        );
    }
    let parts = &certificate.root.parts;
    // It wants a promise of a log, such as Rekor 1 gives, and hence the log's key, which must be of ECDSA.
    let keys: Vec<String> = parts.logs.iter().filter(|log| log.has_ecdsa()).map(|log| base64(&log.pem())).collect();
    if keys.is_empty() || parts.certificate_authorities.is_empty() {
        let remedy = "it asks for the promise of a log with a key of ECDSA, and this root has none";
        return Err(ExportError::Root { consumer: PODMAN, root: certificate.root.label(), remedy });
    }
    let authorities: String = parts.certificate_authorities.iter().map(|authority| authority.pem()).collect();
    let fulcio = map([
        ("caData", base64(&authorities).into()),
        ("oidcIssuer", issuer.as_str().into()),
        ("subjectEmail", subject.as_str().into()),
    ]);
    let signed = signed.with("fulcio", Some(fulcio));
    Ok(match &keys[..] {
        [key] => signed.with("rekorPublicKeyData", Some(key.as_str())),
        keys => signed.with("rekorPublicKeyDatas", Some(list(keys.iter().map(String::as_str)))),
    })
}

/// Returns the scope of images: a repository, a path or a registry (containers-policy.json(5), "docker").
fn scope(images: &Images) -> String {
    match images {
        Images::Of(repository) => repository.to_string(),
        Images::Below(path) => path.to_string(),
    }
}
