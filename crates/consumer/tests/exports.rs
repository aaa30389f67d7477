//! What is exported, for each consumer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use consign_consumer::{
    Certificate, ExportError, Form, Forms, KyvernoKind, Reading, Request, Root, SignedBy, Signer, Text,
};
use serde_json::{Value, json};

const KEY: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n";
const OTHER: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const WORKFLOWS: &str = "https://github.com/team/app/.github/workflows";
const BUNDLE: Forms = Forms { bundle: true, legacy: false };
const LEGACY: Forms = Forms { bundle: false, legacy: true };
const BOTH: Forms = Forms { bundle: true, legacy: true };

fn request(forms: Forms, signers: Vec<Signer>) -> Request {
    let images = ["registry.example.org:5000/team/app", "ghcr.io/team/app"].map(|text| text.parse().unwrap());
    Request { name: "team-app".to_owned(), images: images.to_vec(), signers, forms, released: false }
}

fn key(pem: &str) -> Signer {
    Signer::Key { name: "cosign.pub".to_owned(), pem: pem.to_owned() }
}

fn exact(text: &str) -> Text {
    Text::Exact(text.to_owned())
}

fn pattern(text: &str) -> Text {
    Text::Pattern(text.to_owned())
}

fn by(identity: Text, root: Root) -> Signer {
    let certificate = Certificate { identity, issuer: exact(ISSUER), claims: Vec::new(), root };
    Signer::Certificate(Box::new(certificate))
}

fn mail(root: Root) -> Signer {
    let identity = exact("releases@example.org");
    let issuer = exact("https://accounts.example.org");
    Signer::Certificate(Box::new(Certificate { identity, issuer, claims: Vec::new(), root }))
}

/// Two workflows, each for the main branch, and one of them for tags.
fn workflows() -> Vec<Signer> {
    let identities = [
        exact(&format!("{WORKFLOWS}/release.yml@refs/heads/main")),
        pattern(r"https://github\.com/team/app/\.github/workflows/release\.yml@refs/tags/v\d+\.\d+\.\d+"),
        exact(&format!("{WORKFLOWS}/nightly.yml@refs/heads/main")),
    ];
    identities.map(|identity| by(identity, public())).to_vec()
}

fn document(timestamps: bool) -> Value {
    let chain = |bytes: &str| json!({ "certificates": [{ "rawBytes": bytes }] });
    let name = json!({ "organization": "Example", "commonName": "authority" });
    let key = |bytes: &str| json!({ "rawBytes": bytes, "keyDetails": "PKIX_ECDSA_P256_SHA_256" });
    let stamps = json!([{ "subject": name, "uri": "https://tsa.example.org", "certChain": chain("VFNB") }]);
    json!({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [{ "baseUrl": "https://rekor.example.org", "hashAlgorithm": "SHA2_256", "publicKey": key("UkVLT1I=") }],
        "certificateAuthorities": [{ "subject": name, "uri": "https://fulcio.example.org", "certChain": chain("RlVMQ0lP") }],
        "ctlogs": [{ "baseUrl": "https://ct.example.org", "hashAlgorithm": "SHA2_256", "publicKey": key("Q1Q=") }],
        "timestampAuthorities": if timestamps { stamps } else { json!([]) },
    })
}

fn public() -> Root {
    Root::new(None, &document(false)).unwrap()
}

fn private() -> Root {
    Root::new(Some("root.json".to_owned()), &document(true)).unwrap()
}

fn kyverno(request: &Request) -> Result<String, ExportError> {
    request.kyverno(KyvernoKind::ImageValidatingPolicy)?.yaml()
}

fn cluster_policy(request: &Request) -> Result<String, ExportError> {
    request.kyverno(KyvernoKind::ClusterPolicy)?.yaml()
}

fn policy_controller(request: &Request) -> Result<String, ExportError> {
    request.policy_controller()?.yaml()
}

fn containers(request: &Request) -> Result<String, ExportError> {
    let containers = request.containers_policy()?;
    Ok(format!("{}---\n{}", containers.policy.json()?, containers.registries))
}

#[test]
fn kyverno_is_told() {
    insta::assert_snapshot!("kyverno_one_key", kyverno(&request(BUNDLE, vec![key(KEY)])).unwrap());
    let keys = || vec![key(KEY), key(OTHER), key(KEY)];
    insta::assert_snapshot!("kyverno_two_keys", kyverno(&request(BOTH, keys())).unwrap());
    insta::assert_snapshot!("kyverno_workflows", kyverno(&request(BUNDLE, workflows())).unwrap());
    let released = Request { released: true, ..request(BUNDLE, workflows()) };
    insta::assert_snapshot!("kyverno_released", kyverno(&released).unwrap());
    insta::assert_snapshot!("kyverno_legacy", kyverno(&request(LEGACY, workflows())).unwrap());
    let mixed = vec![key(KEY), by(pattern(".*"), public()), by(exact("builder"), private())];
    insta::assert_snapshot!("kyverno_mixed_with_private_root", kyverno(&request(BUNDLE, mixed)).unwrap());
}

#[test]
fn kyverno_is_told_in_the_older_kind() {
    insta::assert_snapshot!(
        "cluster_policy_keys",
        cluster_policy(&request(LEGACY, vec![key(KEY), key(OTHER)])).unwrap()
    );
    insta::assert_snapshot!("cluster_policy_workflows", cluster_policy(&request(BOTH, workflows())).unwrap());
    insta::assert_snapshot!("cluster_policy_legacy_workflows", cluster_policy(&request(LEGACY, workflows())).unwrap());
}

#[test]
fn the_policy_controller_is_told() {
    let told = |forms, signers| policy_controller(&request(forms, signers)).unwrap();
    insta::assert_snapshot!("policy_controller_keys", told(BOTH, vec![key(KEY), key(OTHER)]));
    insta::assert_snapshot!("policy_controller_workflows", told(BUNDLE, workflows()));
    insta::assert_snapshot!("policy_controller_legacy", told(LEGACY, workflows()));
    insta::assert_snapshot!("policy_controller_private_root", told(BUNDLE, vec![by(exact("builder"), private())]));
}

#[test]
fn podman_is_told() {
    let told = |signers| containers(&request(BOTH, signers)).unwrap();
    insta::assert_snapshot!("containers_one_key", told(vec![key(KEY)]));
    insta::assert_snapshot!("containers_two_keys", told(vec![key(KEY), key(OTHER)]));
    insta::assert_snapshot!("containers_address", told(vec![mail(public())]));
}

#[test]
fn images_are_named_as_each_names_them() {
    for (images, kyverno_s, controller_s, podman_s) in [
        (
            "debian",
            Some(
                "docker.io/library/debian docker.io/library/debian:* docker.io/library/debian@* index.docker.io/library/debian index.docker.io/library/debian:* index.docker.io/library/debian@* library/debian library/debian:* library/debian@* docker.io/debian docker.io/debian:* docker.io/debian@* index.docker.io/debian index.docker.io/debian:* index.docker.io/debian@* debian debian:* debian@*",
            ),
            Some("index.docker.io/library/debian:** index.docker.io/library/debian@**"),
            "docker.io/library/debian",
        ),
        (
            "docker.io/team/**",
            Some("docker.io/team/* index.docker.io/team/* team/*"),
            Some("index.docker.io/team/**"),
            "docker.io/team",
        ),
        ("ghcr.io/team/**", Some("ghcr.io/team/*"), Some("ghcr.io/team/**"), "ghcr.io/team"),
        ("ghcr.io/**", Some("ghcr.io/*"), Some("ghcr.io/**"), "ghcr.io"),
        ("docker.io/**", None, Some("index.docker.io/**"), "docker.io"),
        ("[::1]:5000/app", Some("[::1]:5000/app [::1]:5000/app:* [::1]:5000/app@*"), None, "[::1]:5000/app"),
    ] {
        let request = Request { images: vec![images.parse().unwrap()], ..request(BOTH, vec![key(KEY)]) };
        let globs = |text: String, of: &str| {
            let document: Value = serde_saphyr::from_str(&text).unwrap();
            let globs = document["spec"][of].as_array().unwrap().iter().map(|glob| glob["glob"].as_str().unwrap());
            globs.collect::<Vec<_>>().join(" ")
        };
        let found = kyverno(&request).ok().map(|text| globs(text, "matchImageReferences"));
        assert_eq!(found.as_deref(), kyverno_s, "{images}");
        let found = policy_controller(&request).ok().map(|text| globs(text, "images"));
        assert_eq!(found.as_deref(), controller_s, "{images}");
        let policy: Value = serde_json::from_str(&request.containers_policy().unwrap().policy.json().unwrap()).unwrap();
        let scopes = policy["transports"]["docker"].as_object().unwrap();
        assert_eq!(scopes.keys().collect::<Vec<_>>(), [podman_s], "{images}");
    }
}

#[test]
fn what_cannot_be_said_is_an_error() {
    let claims = |claim: &str| {
        let claims = vec![claim.to_owned()];
        vec![Signer::Certificate(Box::new(Certificate {
            identity: exact("a@b.c"),
            issuer: exact(ISSUER),
            claims,
            root: public(),
        }))]
    };
    let odd = || vec![by(pattern(r"(?s).*\p{L}"), public())];
    let without_log = || {
        let mut document = document(true);
        document["tlogs"] = json!([]);
        vec![mail(Root::new(Some("github.json".to_owned()), &document).unwrap())]
    };
    let with_other_log = || {
        let mut document = document(true);
        document["tlogs"][0]["publicKey"]["keyDetails"] = json!("PKIX_ED25519");
        vec![mail(Root::new(Some("rekor2.json".to_owned()), &document).unwrap())]
    };
    let released = |forms, signers| Request { released: true, ..request(forms, signers) };
    let named = |name: &str| Request { name: name.to_owned(), ..request(BOTH, vec![key(KEY)]) };
    let nameless = Request { images: Vec::new(), ..request(BOTH, vec![key(KEY)]) };
    type Exporter = fn(&Request) -> Result<String, ExportError>;
    let cases: [(Exporter, Request, &str); 26] = [
        (kyverno, request(BUNDLE, Vec::new()), "nobody is named"),
        (kyverno, nameless, "no image is named"),
        (kyverno, named("Team"), "`Team` is no name"),
        (kyverno, named("-team"), "no name"),
        (kyverno, named(""), "no name"),
        (kyverno, named(&"a".repeat(64)), "no name"),
        (
            kyverno,
            request(BUNDLE, claims("build-trigger=push")),
            "Kyverno cannot ask for the claim `build-trigger=push` of `a@b.c`",
        ),
        (kyverno, request(BUNDLE, odd()), "to Kyverno, which reads RE2: `(?s)`"),
        (kyverno, released(BUNDLE, vec![key(KEY)]), "Kyverno cannot ask the key `cosign.pub` for a release record"),
        (
            cluster_policy,
            request(BUNDLE, vec![key(KEY)]),
            "Kyverno cannot read what the key `cosign.pub` signs: in a `ClusterPolicy`",
        ),
        (cluster_policy, request(BUNDLE, claims("build-trigger=push")), "the claim `build-trigger=push`"),
        (cluster_policy, request(BUNDLE, odd()), "reads RE2"),
        (
            cluster_policy,
            request(BUNDLE, vec![mail(private())]),
            "Kyverno cannot be told of the trusted root in root.json",
        ),
        (cluster_policy, released(LEGACY, workflows()), "release record"),
        (
            policy_controller,
            request(BUNDLE, vec![key(KEY)]),
            "the policy controller cannot read what the key `cosign.pub` signs",
        ),
        (policy_controller, request(BUNDLE, claims("build-trigger=push")), "the claim `build-trigger=push`"),
        (policy_controller, request(BUNDLE, odd()), "reads RE2"),
        (policy_controller, released(BOTH, vec![key(KEY)]), "release record"),
        (policy_controller, released(LEGACY, workflows()), "release record"),
        (containers, request(BUNDLE, vec![key(KEY)]), "it reads cosign's older form alone"),
        (containers, request(BOTH, vec![key(KEY), mail(public())]), "one signature of several people"),
        (containers, request(BOTH, vec![by(exact("https://github.com/team"), public())]), "the identity of a workflow"),
        (containers, request(BOTH, vec![by(pattern("a@b.c"), public())]), "a pattern"),
        (containers, request(BOTH, claims("build-trigger=push")), "the claim `build-trigger=push`"),
        (
            containers,
            request(BOTH, with_other_log()),
            "rekor2.json: it asks for the promise of a log with a key of ECDSA",
        ),
        (containers, request(BOTH, without_log()), "github.json: it asks for the promise of a log"),
    ];
    for (export, request, expected) in cases {
        let error = export(&request).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn json_says_what_yaml_does() {
    let export = request(BUNDLE, vec![by(exact("builder"), private())]).policy_controller().unwrap();
    let json: Value = serde_json::from_str(&export.json().unwrap()).unwrap();
    assert_eq!(json["kind"], "List");
    let yaml = export.yaml().unwrap();
    let documents: Vec<Value> = yaml.split("---\n").map(|text| serde_saphyr::from_str(text).unwrap()).collect();
    assert_eq!(json["items"], Value::Array(documents));
}

#[test]
fn each_reads_what_it_does() {
    use consign_consumer::Consumer::{self, Cosign, Kyverno, Podman, PolicyController};
    let reads = |consumer: Consumer| {
        let forms = [Form::Bundle, Form::Legacy];
        forms.map(|form| {
            [SignedBy::Key, SignedBy::Address, SignedBy::Workflow].map(|by| match consumer.reads(form, by) {
                Reading::Yes => "yes",
                Reading::Told(_) => "told",
                Reading::NotSigner => "not his",
                Reading::NotForm => "no",
            })
        })
    };
    assert_eq!(reads(Cosign), [["yes"; 3], ["yes"; 3]]);
    assert_eq!(reads(Podman), [["no"; 3], ["told", "told", "not his"]]);
    assert_eq!(reads(Kyverno), [["told"; 3], ["yes"; 3]]);
    assert_eq!(reads(PolicyController), [["no", "told", "told"], ["yes"; 3]]);
}
