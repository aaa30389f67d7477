//! Whom to trust and whom to ask: chosen, kept and brought up to date.

use crate::common::{Run, TestEnvironment};
use consign_keyless::{Options, Patience, Secret, Services, Session, Source, Web};
use consign_oci::Digest;
use consign_testkit::sigstore::{Published, REQUEST_TOKEN, Service, Sigstore, claims};
use consign_testkit::tools::peer;
use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

const IDENTITY: &str = "https://github.com/octo/app/.github/workflows/release.yaml@refs/heads/main";

struct World {
    environment: TestEnvironment,
    sigstore: Sigstore,
}

impl World {
    /// Starts a Sigstore, with a file that it signed.
    async fn new() -> Self {
        let (environment, sigstore) = (TestEnvironment::new(), Sigstore::start().await.unwrap());
        environment.write("root.json", sigstore.updates().1);
        environment.write("app", "app");
        let this = Self { environment, sigstore };
        let services = this.sigstore.signing_config(2).to_string();
        this.environment.write("bundle.json", this.sign(services.as_bytes()).await);
        this
    }

    /// Signs the file at these services.
    async fn sign(&self, services: &[u8]) -> Vec<u8> {
        let source = Source::GitHub { url: Secret::new(self.sigstore.github_url()), token: Secret::new(REQUEST_TOKEN) };
        let services = Services::read(services, Timestamp::now()).unwrap();
        let web = Web::new("test", Patience::default()).unwrap();
        let session = Session::open(source, services, Options::default(), web).await.unwrap();
        let hash = Digest::of(b"app")
            .hex()
            .as_bytes()
            .chunks(2)
            .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap())
            .collect::<Vec<_>>();
        session.sign_hash(hash.try_into().unwrap()).await.unwrap().bundle
    }

    fn init(&self, more: &[&str]) -> Run {
        let mirror = self.sigstore.updates().0;
        let line = ["trust", "init", "--mirror", &mirror, "--root", "root.json"];
        self.environment.consign(&[&line[..], more].concat())
    }

    fn verify(&self, more: &[&str]) -> Run {
        let issuer = self.sigstore.issuer();
        let line = ["verify-blob", "app", "--bundle", "bundle.json", "--certificate-identity", IDENTITY];
        self.environment.consign(&[&line[..], &["--certificate-oidc-issuer", issuer], more].concat())
    }

    fn show(&self) -> Run {
        self.environment.consign(&["trust", "show", "--output", "json"])
    }

    fn kept(&self) -> PathBuf {
        self.environment.beside("home/.local/share/consign/trust.json")
    }
}

fn kinds(entries: &Value) -> Vec<&str> {
    entries.as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_chosen_counts_wherever_no_file_is_named() {
    let world = World::new().await;
    world.verify(&[]).expect(12);
    assert_eq!(world.show().expect(0).json()["source"]["kind"], "built-in");

    let run = world.init(&["--output", "json"]).expect(0).json();
    let mirror = world.sigstore.updates().0;
    assert_eq!((run["repository"].as_str(), run["rootVersion"].as_u64()), (Some(mirror.as_str()), Some(1)));
    assert_eq!(run["kept"], world.kept().display().to_string());
    assert_eq!(run["changed"], true);

    let asked = world.sigstore.asked().len();
    let run = world.verify(&[]).expect(0);
    assert!(run.stdout.contains(IDENTITY), "{}", run.stdout);
    let shown = world.show().expect(0).json();
    assert_eq!((&shown["source"]["kind"], &shown["source"]["repository"]), (&"kept".into(), &mirror.as_str().into()));
    let known = ["log", "log", "certificate-authority", "certificate-log", "timestamp-authority"];
    assert_eq!(kinds(&shown["roots"][0]["members"]), known);
    let services = ["certificate-service", "token-service", "log-service", "timestamp-service"];
    assert_eq!(kinds(&shown["services"]), services);
    let table = world.environment.consign(&["trust", "show"]).expect(0).stdout;
    assert!(table.starts_with(&format!("from     {mirror}\nexpires  ")) && table.contains("WHO IS ASKED"), "{table}");
    assert_eq!(world.sigstore.asked().len(), asked, "nothing is asked of a network");

    // Who is asked for signatures is known from there, too.
    world.environment.write("token", world.sigstore.token(&claims::github()));
    let sign = ["sign-blob", "app", "--identity-token", "token", "--bundle", "bundle.json"];
    world.environment.consign(&sign).expect(0);
    assert_eq!(world.sigstore.logged(Service::Log).len(), 2);
    world.verify(&[]).expect(0);

    // A file that is named counts in its place.
    world.environment.write("other.json", Sigstore::start().await.unwrap().trusted_root().to_string());
    world.verify(&["--trusted-root", "other.json"]).expect(12);
    // Another place for what is kept has nothing.
    let elsewhere = world.environment.invocation().variable("XDG_DATA_HOME", "/absent");
    assert_eq!(elsewhere.run(&["trust", "show", "--output", "json"]).expect(0).json()["source"]["kind"], "built-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_believed_only_as_it_was_signed() {
    let world = World::new().await;
    world.init(&[]).expect(0);
    let kept: Value = serde_json::from_slice(&fs::read(world.kept()).unwrap()).unwrap();
    let other = Sigstore::start().await.unwrap();
    let damaged = |change: &dyn Fn(&mut Value)| {
        let mut kept = kept.clone();
        change(&mut kept);
        fs::write(world.kept(), kept.to_string()).unwrap();
        let run = world.verify(&[]).expect(3);
        assert!(run.stdout.is_empty(), "{}", run.stdout);
        world.environment.consign(&["trust", "show"]).expect(3);
        run.stderr
    };
    let root = other.trusted_root().to_string();
    let error = damaged(&|kept| kept["files"]["targets/trusted_root.json"] = root.clone().into());
    assert!(error.contains("does not say whom to trust now") && error.contains("consign trust init"), "{error}");
    let stranger = String::from_utf8(other.updates().1).unwrap();
    let error = damaged(&|kept| kept["root"] = stranger.clone().into());
    assert!(error.contains("is not signed by those whom the root names"), "{error}");
    damaged(&|kept| _ = kept.as_object_mut().unwrap().remove("root"));
    damaged(&|kept| kept["files"]["timestamp.json"] = "{}".into());
    damaged(&|kept| kept["files"] = Value::Object(serde_json::Map::default()));
    damaged(&|kept| kept["version"] = 2.into());
    fs::write(world.kept(), "{").unwrap();
    assert_snapshot!(world.verify(&[]), @"
    status 3
    --- stderr
    error: not what was kept of a repository: EOF while parsing an object at line 1 column 1
    hint: [root]/home/.local/share/consign/trust.json is not as it was kept: `consign trust init` keeps it anew
    ");
    world.environment.consign(&["trust", "update"]).expect(3);
    // Whoever trusts a key needs nobody else; whoever names a file neither.
    let key = ["sign-blob", "app", "--key", "cosign.key", "--bundle", "key.json"];
    world.environment.consign(&key).expect(0);
    let run =
        world.environment.consign(&["verify-blob", "app", "--key", "cosign.pub", "--bundle", "key.json"]).expect(0);
    assert!(run.stderr.starts_with("note: of logs, those of the public Sigstore count alone"), "{}", run.stderr);
    world.environment.write("trusted.json", world.sigstore.trusted_root().to_string());
    world.verify(&["--trusted-root", "trusted.json"]).expect(0);
    world.init(&[]).expect(0);
    world.verify(&[]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_is_told() {
    let world = World::new().await;
    world.init(&[]).expect(0);
    let update = |more: &[&str]| world.environment.consign(&[&["trust", "update"], more].concat());
    let run = update(&[]).expect(0);
    assert!(run.stdout.ends_with("Whom to trust and whom to ask is as it was.\n"), "{}", run.stdout);

    world.sigstore.publish(|published| (published.roots, published.version, published.log_version) = (2, 2, Some(1)));
    let run = update(&["--output", "json", "--out-dir", "carried"]).expect(0).json();
    assert_eq!((&run["rootVersion"], &run["version"], &run["changed"]), (&2.into(), &2.into(), &true.into()));
    let change = |name: &str| {
        let entry = &run[name].as_array().unwrap()[..];
        assert_eq!(entry.len(), 1, "{run}");
        (entry[0]["kind"].as_str().unwrap().to_owned(), entry[0]["version"].as_u64().unwrap())
    };
    assert_eq!((change("added"), change("removed")), (("log-service".to_owned(), 1), ("log-service".to_owned(), 2)));
    // The files say the same, and do not expire.
    assert_eq!(run["files"], serde_json::json!(["carried/trusted_root.json", "carried/signing_config.json"]));
    world.verify(&["--trusted-root", "carried/trusted_root.json"]).expect(0);
    world
        .environment
        .write("bundle.json", world.sign(world.environment.read("carried/signing_config.json").as_bytes()).await);
    world.verify(&[]).expect(0);

    world.sigstore.publish(|published| (published.version, published.log_version) = (3, None));
    let run = update(&[]).expect(0);
    assert!(run.stdout.contains("\n-  log-service  "), "{}", run.stdout);
    let run = world.show().expect(0);
    assert_eq!(run.json()["services"], serde_json::json!([]));
    assert!(run.stderr.contains("says whom to trust, and not whom to ask"), "{}", run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_changes_nothing() {
    let world = World::new().await;
    // Somebody else's root, or the public one.
    world.environment.write("stranger.json", Sigstore::start().await.unwrap().updates().1);
    let mirror = world.sigstore.updates().0;
    let init = |more: &[&str]| world.environment.consign(&[&["trust", "init", "--mirror", &mirror], more].concat());
    for more in [&[][..], &["--root", "stranger.json"]] {
        let run = init(more).expect(5);
        assert!(run.stderr.contains("`timestamp` is not signed by those whom the root names"), "{}", run.stderr);
    }
    init(&["--root", "app"]).expect(3);
    init(&["--root", "missing.json"]).expect(3);
    init(&["--root", "root.json", "--offline"]).expect(1);
    world.environment.consign(&["trust", "init", "--mirror", "http://tuf.example"]).expect(2);
    assert!(!world.kept().exists());

    world.sigstore.publish(|published| published.version = 3);
    world.init(&[]).expect(0);
    let before = fs::read(world.kept()).unwrap();
    let update = |change: fn(&mut Published), status: i32, expected: &str| {
        world.sigstore.publish(change);
        let run = world.environment.consign(&["trust", "update"]).expect(status);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
        assert_eq!(fs::read(world.kept()).unwrap(), before);
    };
    update(|published| published.version = 2, 5, "older than what was said before: version 2, after 3");
    update(
        |published| {
            published.version = 4;
            published.instead.insert("trusted_root.json".to_owned(), Some(b"{}".to_vec()));
            published.instead.insert("signing_config.v0.2.json".to_owned(), Some(b"{}".to_vec()));
            published.log_version = Some(1);
        },
        5,
        "a file is not the one that is signed",
    );
    update(
        |published| _ = published.instead.insert("timestamp.json".to_owned(), None),
        1,
        "there is no `timestamp.json`",
    );
    world.verify(&[]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_no_longer_counts() {
    let world = World::new().await;
    let expires = Timestamp::now() + SignedDuration::from_secs(8);
    world.sigstore.publish(|published| published.expires = expires);
    world.init(&[]).expect(0);
    let kept = || {
        let findings = world.environment.consign(&["doctor", "--output", "json"]).json();
        let found =
            findings["findings"].as_array().unwrap().iter().find(|finding| finding["area"] == "trust").unwrap().clone();
        found["level"].as_str().unwrap().to_owned()
    };
    assert_eq!(kept(), "warn");
    while Timestamp::now() <= expires {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let run = world.verify(&[]).expect(3);
    assert!(
        run.stderr.contains("`timestamp` expired at") && run.stderr.contains("consign trust update"),
        "{}",
        run.stderr
    );
    assert_eq!(kept(), "fail");
    world.environment.consign(&["trust", "update"]).expect(5);
    world.sigstore.publish(|published| {
        (published.version, published.expires) = (2, Timestamp::now() + SignedDuration::from_hours(100));
    });
    let run = world.environment.consign(&["trust", "update"]).expect(0);
    assert!(run.stdout.ends_with("Whom to trust and whom to ask is as it was.\n"), "{}", run.stdout);
    world.verify(&[]).expect(0);
    assert_eq!(kept(), "ok");
}

/// Writes certificates and keys as whoever runs a Sigstore has them, and returns the options that name them.
fn described(world: &World) -> Vec<String> {
    let pem = |label: &str, base64: &Value| {
        let text = base64.as_str().unwrap().as_bytes();
        let lines = text.chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\n");
        format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")
    };
    let root = world.sigstore.trusted_root();
    let chain = |entry: &Value| {
        let certificates = entry["certChain"]["certificates"].as_array().unwrap();
        certificates.iter().map(|one| pem("CERTIFICATE", &one["rawBytes"])).collect::<String>()
    };
    let key = |entry: &Value| pem("PUBLIC KEY", &entry["publicKey"]["rawBytes"]);
    world.environment.write("fulcio.pem", chain(&root["certificateAuthorities"][0]));
    world.environment.write("tsa.pem", chain(&root["timestampAuthorities"][0]));
    world.environment.write("ctfe.pub", key(&root["ctlogs"][0]));
    world.environment.write("rekor.pub", key(&root["tlogs"][0]));
    let services = world.sigstore.signing_config(2);
    let url = |name: &str| services[name][0]["url"].as_str().unwrap().to_owned();
    let ctfe = root["ctlogs"][0]["baseUrl"].as_str().unwrap();
    [
        ("--fulcio", format!("url={},certificate-chain=fulcio.pem", url("caUrls"))),
        ("--ctfe", format!("url={ctfe},public-key=ctfe.pub")),
        ("--rekor", format!("url={},public-key=rekor.pub,api-version=2,operator=me", url("rekorTlogUrls"))),
        ("--tsa", format!("url={},certificate-chain=tsa.pem", url("tsaUrls"))),
        ("--oidc-provider", format!("url={}", url("oidcUrls"))),
    ]
    .into_iter()
    .flat_map(|(option, value)| [option.to_owned(), value])
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_deployment_is_two_files() {
    let world = World::new().await;
    let described = described(&world);
    let init = |services: &[String], more: &[&str]| {
        let services = services.iter().map(String::as_str).collect::<Vec<_>>();
        world.environment.consign(&[&["trust", "init"], &services[..], more].concat())
    };
    assert_snapshot!(init(&described, &["--out-dir", "sigstore"]), @"
    status 0
    --- stdout
    written  sigstore/trusted_root.json
    written  sigstore/signing_config.json
    ");
    let files =
        || ["trusted_root", "signing_config"].map(|name| world.environment.read(&format!("sigstore/{name}.json")));
    let written = files();
    init(&described, &["--out-dir", "sigstore"]).expect(0);
    assert_eq!(files(), written);
    assert!(!world.kept().exists(), "they count where they are named");
    world.environment.write("bundle.json", world.sign(written[1].as_bytes()).await);
    world.verify(&["--trusted-root", "sigstore/trusted_root.json"]).expect(0);
    world.verify(&[]).expect(12);
    let files = ["--trusted-root", "sigstore/trusted_root.json", "--signing-config", "sigstore/signing_config.json"];
    let shown =
        world.environment.consign(&[&["trust", "show", "--output", "json"], &files[..]].concat()).expect(0).json();
    assert_eq!(
        kinds(&shown["roots"][0]["members"]),
        ["log", "certificate-authority", "certificate-log", "timestamp-authority"]
    );
    assert_eq!(shown["services"][2]["version"], 2);

    // Who verifies signatures of keys alone has no authority.
    let run = init(&described[4..6], &["--out-dir", "keys"]).expect(0);
    assert!(run.stderr.contains("there is no signing_config.json"), "{}", run.stderr);
    init(&["--fulcio".to_owned(), "url=https://a.example".to_owned()], &[]).expect(2);
    init(&described[..2], &["--root", "root.json"]).expect(2);
    init(&["--fulcio".to_owned(), "url=https://a.example,certificate-chain=rekor.pub".to_owned()], &[]).expect(3);
    init(&["--tsa".to_owned(), "url=https://a.example,certificate-chain=fulcio.pem".to_owned()], &[]).expect(3);
    init(&["--rekor".to_owned(), "url=https://a.example,public-key=fulcio.pem".to_owned()], &[]).expect(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn cosign_takes_the_same() {
    let Some(cosign) = peer("cosign") else { return };
    let world = World::new().await;
    let run = |arguments: &[&str]| {
        let mut command = cosign.command();
        command.args(arguments);
        world.environment.run_other(command)
    };
    let described = described(&world);
    let described = described.iter().map(String::as_str).collect::<Vec<_>>();
    world.environment.consign(&[&["trust", "init"], &described[..]].concat()).expect(0);
    // cosign has entries of Rekor 2 only since version 3; of Rekor 1 this one has the key.
    world.environment.write("bundle.json", world.sign(world.sigstore.signing_config(1).to_string().as_bytes()).await);
    let key = world.sigstore.trusted_root()["tlogs"][1].clone();
    let mut root: Value = serde_json::from_str(&world.environment.read("trusted_root.json")).unwrap();
    root["tlogs"].as_array_mut().unwrap().push(key);
    world.environment.write("trusted_root.json", root.to_string());
    let issuer = world.sigstore.issuer();
    let whose = ["--certificate-identity", IDENTITY, "--certificate-oidc-issuer", issuer];
    let line = ["verify-blob", "app", "--new-bundle-format", "--bundle", "bundle.json", "--use-signed-timestamps"];
    run(&[&line, &whose[..], &["--trusted-root", "trusted_root.json"]].concat()).expect(0);
    // The repository is one for cosign, too.
    let asked = world.sigstore.requests(Service::Updates);
    run(&["initialize", "--mirror", &world.sigstore.updates().0, "--root", "root.json"]).expect(0);
    assert!(world.sigstore.requests(Service::Updates) > asked);
}
