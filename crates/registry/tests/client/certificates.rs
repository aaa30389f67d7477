//! Whom a registry is recognized by, and who is told who we are.

use crate::world::{World, always, answer, client, named, read};
use consign_registry::{Client, Distrust, ErrorKind, HostOptions, Options, RegistryError, Secret, Tls, TlsError};
use consign_testkit::certificates;
use consign_testkit::front::{Clients, Front};
use consign_testkit::registry::Fault;
use consign_testkit::tools::{Peer, peer};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// Certificates, and registries behind TLS.
struct Secured {
    openssl: Peer,
    folder: TempDir,
    world: World,
}

impl Secured {
    /// Returns `None` where the program is absent that makes certificates, which is counted.
    async fn new() -> Option<Self> {
        let openssl = peer("openssl")?;
        let folder = tempfile::tempdir().unwrap();
        certificates::make(&openssl, folder.path()).unwrap();
        Some(Self { openssl, folder, world: World::new().await })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    async fn front(&self, name: &str, clients: Clients) -> Front {
        Front::start(&self.world.registry.host(), self.folder.path(), name, clients).await.unwrap()
    }

    /// Trusts `authority`, and shows the certificate of `identity` if there is one.
    fn tls(&self, authority: &str, identity: Option<&str>) -> Tls {
        let mut tls = Tls::default();
        tls.trust(self.text(&format!("{authority}.pem")).as_bytes()).unwrap();
        if let Some(name) = identity {
            let key = Secret::new(self.text(&format!("{name}.key")));
            tls.identify(self.text(&format!("{name}.pem")).as_bytes(), &key).unwrap();
        }
        tls
    }

    /// Asks a registry whose certificate is told by `tls` for a tag.
    async fn ask(&self, front: &Front, tls: Tls) -> Result<bool, RegistryError> {
        let repository = format!("{}/team/app", front.host()).parse().unwrap();
        let found = client_of(front, tls).manifest(&repository, &named("1")).await?;
        Ok(found.is_some())
    }
}

fn client_of(front: &Front, tls: Tls) -> Client {
    let host = HostOptions { tls, plain_http: Some(false), ..HostOptions::default() };
    client(Options { hosts: BTreeMap::from([(front.host(), host)]), ..Options::default() })
}

#[tokio::test]
async fn a_registry_is_recognized_by_what_is_named_for_it() {
    let Some(secured) = Secured::new().await else { return };
    secured.world.push_image(Some("1"), "x").await;
    let front = secured.front("server", Clients::MayShow).await;
    assert!(secured.ask(&front, secured.tls("authority", None)).await.unwrap());
    assert_eq!(front.shown(), [false]);
    secured.world.registry.forget();
    for tls in [Tls::default(), secured.tls("stranger", None)] {
        let error = secured.ask(&front, tls).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Untrusted(Distrust::UnknownAuthority), "{error:?}");
        assert!(
            error.to_string().ends_with(": its certificate is vouched for by nobody who is trusted here"),
            "{error}"
        );
    }
    // Nothing was sent, and nothing is tried again that will not pass.
    assert_eq!((secured.world.registry.requests(), front.shown().len()), (0, 0));
}

#[tokio::test]
async fn a_registry_that_wants_to_know_who_we_are() {
    let Some(secured) = Secured::new().await else { return };
    secured.world.push_image(Some("1"), "x").await;
    let front = secured.front("server", Clients::MustShow).await;
    assert!(secured.ask(&front, secured.tls("authority", Some("client"))).await.unwrap());
    assert_eq!(front.shown(), [true]);
    let error = secured.ask(&front, secured.tls("authority", None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Untrusted(Distrust::WantsIdentity), "{error:?}");
    assert!(error.to_string().ends_with(": it wants a client certificate, and was shown none"), "{error}");
    let error = secured.ask(&front, secured.tls("authority", Some("stranger"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Untrusted(Distrust::RefusesIdentity), "{error:?}");
    assert!(front.shown().is_empty());
}

#[tokio::test]
async fn a_registry_that_hangs_up_on_strangers() {
    let Some(secured) = Secured::new().await else { return };
    secured.world.registry.hook(|_| Some(Fault::Drop));
    let front = secured.front("server", Clients::MayShow).await;
    let error = secured.ask(&front, secured.tls("authority", None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Untrusted(Distrust::WantsIdentity), "{error:?}");
    assert!(error.to_string().ends_with("was shown none, and hung up"), "{error}");
    let error = secured.ask(&front, secured.tls("authority", Some("client"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error:?}");
}

#[tokio::test]
async fn who_we_are_is_told_to_the_registry_alone() {
    let Some(secured) = Secured::new().await else { return };
    let (front, other) = (secured.front("server", Clients::MustShow).await, World::new().await);
    let elsewhere =
        Front::start(&other.registry.host(), secured.folder.path(), "server", Clients::MayShow).await.unwrap();
    let blob = other.push(b"hello").await;
    let (host, tokens) = (elsewhere.host(), elsewhere.host());
    // It names a token service on another host, and sends whoever wants a blob there, too.
    always(
        &secured.world.registry,
        |_, path| path.contains("/blobs/"),
        move || {
            answer(
                307,
                &[("location", &format!("https://{host}/v2/team/app/blobs/{}", consign_oci::Digest::of(b"hello")))],
                "",
            )
        },
    );
    let challenge = format!("Bearer realm=\"https://{tokens}/token\",service=\"x\"");
    secured.world.registry.fail(
        1,
        |_, path| path.contains("/manifests/"),
        move || Fault::Answer(answer(401, &[("www-authenticate", &challenge)], "")),
    );
    always(&other.registry, |_, path| path.starts_with("/token"), || answer(200, &[], r#"{"token":"x"}"#));
    let client = client_of(&front, secured.tls("authority", Some("client")));
    let repository: consign_oci::Repository = format!("{}/team/app", front.host()).parse().unwrap();
    let World { registry, .. } = other;
    let world = World { registry, client, repository };
    assert_eq!(read(&world, &blob).await.unwrap(), b"hello");
    assert!(world.client.manifest(&world.repository, &named("1")).await.unwrap().is_none());
    let told = front.shown();
    assert!(!told.is_empty() && told.iter().all(|shown| *shown), "{told:?}");
    let elsewhere = elsewhere.shown();
    assert!(!elsewhere.is_empty() && elsewhere.iter().all(|shown| !shown), "{elsewhere:?}");
    assert!(world.registry.lines().iter().any(|line| line.starts_with("GET /token")), "{:?}", world.registry.lines());
}

#[tokio::test]
async fn a_certificate_that_vouches_for_itself() {
    let Some(secured) = Secured::new().await else { return };
    secured.world.push_image(Some("1"), "x").await;
    for (name, subject) in [("own", "IP:127.0.0.1"), ("others", "DNS:registry.example")] {
        let file = |ending: &str| secured.file(&format!("{name}.{ending}")).display().to_string();
        let (key, pem, subject) = (file("key"), file("pem"), format!("subjectAltName={subject}"));
        let made =
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=own", "-addext", &subject];
        secured.openssl.run(made.into_iter().chain(["-keyout", &key, "-out", &pem])).unwrap();
    }
    // It is an authority's and a server's at once, as docker's documentation makes one.
    let front = secured.front("own", Clients::MayShow).await;
    assert!(secured.ask(&front, secured.tls("own", None)).await.unwrap());
    assert!(secured.ask(&front, secured.tls("authority", None)).await.is_err());
    let others = secured.front("others", Clients::MayShow).await;
    let error = secured.ask(&others, secured.tls("others", None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Untrusted(Distrust::WrongCertificate), "{error:?}");
}

#[tokio::test]
async fn keys_of_every_kind() {
    let Some(secured) = Secured::new().await else { return };
    let at = |name: &str| secured.file(name).display().to_string();
    let run = |arguments: &[&str]| secured.openssl.run(arguments).unwrap();
    let rsa = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=rsa", "-keyout", &at("rsa.key")];
    run(&[&rsa[..], &["-out", &at("rsa.pem")]].concat());
    run(&["rsa", "-traditional", "-in", &at("rsa.key"), "-out", &at("pkcs1.key")]);
    run(&["pkcs8", "-topk8", "-nocrypt", "-in", &at("client.key"), "-out", &at("pkcs8.key")]);
    run(&["pkcs8", "-topk8", "-passout", "pass:hunter2", "-in", &at("client.key"), "-out", &at("encrypted.key")]);
    let mut tls = Tls::default();
    let mut identify = |certificate: &str, key: &str| {
        tls.identify(secured.text(certificate).as_bytes(), &Secret::new(secured.text(key)))
    };
    for (certificate, key, kind) in [
        ("client.pem", "client.key", "BEGIN EC PRIVATE KEY"),
        ("client.pem", "pkcs8.key", "BEGIN PRIVATE KEY"),
        ("rsa.pem", "pkcs1.key", "BEGIN RSA PRIVATE KEY"),
    ] {
        assert!(secured.text(key).contains(kind), "{key}");
        identify(certificate, key).unwrap();
    }
    for (certificate, key) in [("client.pem", "encrypted.key"), ("client.pem", "client.pem")] {
        assert!(matches!(identify(certificate, key), Err(TlsError::NoKey)), "{key}");
    }
    assert!(matches!(identify("client.key", "client.key"), Err(TlsError::NoCertificate)));
    // A key that is another's.
    assert!(matches!(identify("client.pem", "server.key"), Err(TlsError::Unusable(_))));
    assert!(!format!("{tls:?}").contains("KEY"));
    for broken in ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(Tls::default().trust(broken.as_bytes()).is_err(), "{broken}");
    }
    let many = secured.text("authority.pem").repeat(1001);
    assert!(matches!(Tls::default().trust(many.as_bytes()), Err(TlsError::TooMany)));
}
