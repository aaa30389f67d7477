//! Good bundles, for tests to change.
#![allow(dead_code, reason = "each test uses what it needs")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use consign_oci::Digest;
use consign_sign::PublicKey;
use consign_trust::{
    Artifact, Certified, Conditions, Keyed, Keyless, Log, Matcher, Rules, TrustError, TrustedRoot, Vouched, read_bundle,
};
use serde_json::Value;
use sigstore_trust_root::{
    SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_PRODUCTION_TRUSTED_ROOT, SIGSTORE_STAGING_TRUSTED_ROOT,
};

/// The bundles with certificates that verify.
pub(crate) const NAMES: [&str; 7] =
    ["blob", "attestation", "rekor2", "rekor2-attestation", "version-0.1", "version-0.2", "other-name"];

pub(crate) enum What {
    Bytes(Vec<u8>),
    Digest(Digest),
    Statement,
}

/// A bundle, and what it takes to verify it.
pub(crate) struct Good {
    pub(crate) bundle: Value,
    pub(crate) root: Value,
    pub(crate) what: What,
    pub(crate) subject: Matcher,
    pub(crate) issuer: Matcher,
    pub(crate) claims: Vec<String>,
    pub(crate) rules: Rules,
}

pub(crate) fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub(crate) fn json(name: &str) -> Value {
    serde_json::from_slice(&file(name)).unwrap()
}

impl Good {
    pub(crate) fn read(name: &str) -> Self {
        let github = "https://token.actions.githubusercontent.com";
        let oauth = "https://github.com/login/oauth";
        let (subject, issuer) = match name {
            "blob" => ("w.vollprecht@gmail.com", oauth),
            "attestation" => {
                ("https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/main", github)
            }
            "rekor2" => ("jku@goto.fi", oauth),
            "rekor2-attestation" => (
                "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main",
                github,
            ),
            "github" => ("https://dotcom.releases.github.com", github),
            "version-0.1" => {
                ("https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main", github)
            }
            "version-0.2" => {
                ("https://github.com/trailofbits/rfc8785.py/.github/workflows/release.yml@refs/tags/v0.1.2", github)
            }
            "key" => ("nobody", oauth),
            "other-name" => ("foo!oidc.local", "http://oidc.local:8080"),
            other => panic!("{other}"),
        };
        let root = match name {
            "rekor2" | "rekor2-attestation" => serde_json::from_str(SIGSTORE_STAGING_TRUSTED_ROOT).unwrap(),
            "github" => serde_json::from_str(SIGSTORE_GITHUB_TRUSTED_ROOT).unwrap(),
            "other-name" => json("other-name-root.json"),
            _ => serde_json::from_str(SIGSTORE_PRODUCTION_TRUSTED_ROOT).unwrap(),
        };
        let bundle = json(&format!("{name}.json"));
        let what = match name {
            "blob" | "rekor2" | "key" => What::Bytes(file(&format!("{name}.txt"))),
            "version-0.2" | "other-name" => What::Digest(message_digest(&bundle)),
            _ => What::Statement,
        };
        let exact = |text: &str| Matcher::exact(text).unwrap();
        let (subject, issuer) = (exact(subject), exact(issuer));
        Self { bundle, root, what, subject, issuer, claims: Vec::new(), rules: Rules::default() }
    }

    pub(crate) fn verify(&self) -> Result<Certified, TrustError> {
        let root = TrustedRoot::read(&serde_json::to_vec(&self.root).unwrap())
            .map_err(|error| TrustError::Root { detail: error.to_string() })?;
        let mut conditions = Conditions::new(self.issuer.clone(), self.subject.clone());
        for claim in &self.claims {
            conditions = conditions.with(consign_trust::ClaimCondition::parse(claim).unwrap());
        }
        let keyless = Keyless { root, conditions, rules: self.rules };
        keyless.verify(&read_bundle(&serde_json::to_vec(&self.bundle).unwrap())?, self.artifact())
    }

    /// Verifies it by a key.
    pub(crate) fn verify_by(&self, key: &str, log: Log) -> Result<Vouched, TrustError> {
        let root = TrustedRoot::read(&serde_json::to_vec(&self.root).unwrap()).unwrap();
        let keyed = Keyed { key: PublicKey::from_pem(key).unwrap(), root, log };
        keyed.verify(&read_bundle(&serde_json::to_vec(&self.bundle).unwrap())?, self.artifact())
    }

    pub(crate) fn artifact(&self) -> Artifact<'_> {
        match &self.what {
            What::Bytes(bytes) => Artifact::Bytes(bytes),
            What::Digest(digest) => Artifact::Digest(digest),
            What::Statement => Artifact::Statement,
        }
    }

    /// Returns a value in the bundle. What is not there is made.
    pub(crate) fn at(&mut self, pointer: &str) -> &mut Value {
        at(&mut self.bundle, pointer)
    }

    /// Changes one bit of what stands there in Base64, `from_end` bytes before its end.
    pub(crate) fn flip(&mut self, pointer: &str, from_end: usize) {
        self.change(pointer, |bytes| {
            let at = bytes.len() - 1 - from_end;
            bytes[at] ^= 1;
        });
    }

    /// Changes what stands there in Base64.
    pub(crate) fn change(&mut self, pointer: &str, change: impl FnOnce(&mut Vec<u8>)) {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;
        let value = self.at(pointer);
        let mut bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
        change(&mut bytes);
        *value = STANDARD.encode(bytes).into();
    }

    /// Takes a value out of the bundle.
    pub(crate) fn remove(&mut self, pointer: &str) {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = self.bundle.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
        let removed = match parent {
            Value::Array(values) => Some(values.remove(name.parse().unwrap())),
            Value::Object(values) => values.remove(name),
            _ => None,
        };
        assert!(removed.is_some(), "{pointer}");
    }

    /// Takes a value from another bundle.
    pub(crate) fn take(&mut self, pointer: &str, other: &str) {
        let other = json(&format!("{other}.json"));
        *self.at(pointer) = other.pointer(pointer).unwrap_or_else(|| panic!("{pointer}")).clone();
    }
}

pub(crate) fn at<'a>(value: &'a mut Value, pointer: &str) -> &'a mut Value {
    pointer.split('/').skip(1).fold(value, |value, name| match value {
        Value::Array(values) => &mut values[name.parse::<usize>().unwrap()],
        value => &mut value[name],
    })
}

fn message_digest(bundle: &Value) -> Digest {
    use base64::Engine as _;
    let digest = bundle["messageSignature"]["messageDigest"]["digest"].as_str().unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(digest).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Digest::from_sha256_hex(&hex).unwrap()
}
