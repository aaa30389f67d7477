//! Registries with certificates of their own, which want to know who we are.

use crate::common::{Destination, TestEnvironment};
use consign_testkit::certificates;
use consign_testkit::distribution::Distribution;
use consign_testkit::front::{Clients, Front};
use consign_testkit::tools::{Peer, peer};
use insta::assert_snapshot;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use tokio::runtime::Runtime;

/// A registry behind TLS that has the tag `1` of `team/app`, and the certificates in the folder `certificates` beside the configuration.
struct World {
    environment: TestEnvironment,
    front: Front,
    plain: Destination,
    _runtime: Runtime,
}

impl World {
    fn new(openssl: &Peer, clients: Clients) -> Self {
        let environment = TestEnvironment::new();
        let folder = environment.path("certificates");
        fs::create_dir(&folder).unwrap();
        certificates::make(openssl, &folder).unwrap();
        let plain = Destination::start();
        let runtime = Runtime::new().unwrap();
        let front = runtime.block_on(Front::start(&plain.host(), &folder, "server", clients)).unwrap();
        environment.write("app.txt", "Hello.\n");
        environment.write("Dockerfile", "FROM scratch\nCOPY app.txt /\n");
        environment.commit("First.");
        environment.consign(&["build", "-f", "Dockerfile", "--to", "oci:made:1", "--quiet"]).expect(0);
        environment.consign(&["copy", "oci:made:1", &format!("{}/team/app:1", plain.host()), "--quiet"]).expect(0);
        Self { environment, front, plain, _runtime: runtime }
    }

    fn configure(&self, settings: &str) {
        let text = format!("registries:\n  {}:\n    {settings}\n", self.front.host());
        self.environment.write("consign.yaml", format!("sync: [{{source: alpine, destination: ghcr.io/a/b}}]\n{text}"));
    }

    /// Copies a file to where docker or podman would look.
    fn keep(&self, folder: &str, name: &str, from: &str) {
        let folder = self.environment.beside("home/.config").join(folder).join("certs.d").join(self.front.host());
        fs::create_dir_all(&folder).unwrap();
        fs::copy(self.environment.path("certificates").join(from), folder.join(name)).unwrap();
    }

    fn tags(&self, status: i32) -> String {
        let run = self.environment.consign(&["tags", &format!("{}/team/app", self.front.host())]).expect(status);
        run.to_string().replace(&self.front.host(), "HOST")
    }
}

#[test]
fn certificates_that_the_configuration_names() {
    let Some(openssl) = peer("openssl") else { return };
    let world = World::new(&openssl, Clients::MustShow);
    world.configure(
        "ca: certificates/authority.pem\n    client-certificate: {certificate: certificates/client.pem, key: certificates/client.key}",
    );
    assert_snapshot!(world.tags(0), @"
    status 0
    --- stdout
    1
    ");
    assert_eq!(world.front.shown(), [true]);
    world.configure("ca: certificates/authority.pem");
    assert_snapshot!(world.tags(1), @"
    status 1
    --- stderr
    error: GET https://HOST/v2/team/app/tags/list: it wants a client certificate, and was shown none
    hint: `client-certificate` under `registries: HOST` in the configuration names the certificate to show and its key
    ");
    world.configure("ca: certificates/stranger.pem");
    assert_snapshot!(world.tags(1), @"
    status 1
    --- stderr
    error: GET https://HOST/v2/team/app/tags/list: its certificate is vouched for by nobody who is trusted here
    hint: `ca` under `registries: HOST` in the configuration names a file of certificates to trust; docker's and podman's folders `certs.d/HOST` may have them, too
    ");
    world.configure("plain-http: false");
    assert!(world.tags(1).contains("hint: `ca` under `registries: HOST`"));
    for settings in [
        "ca: certificates/absent.pem",
        "ca: certificates/client.key",
        "client-certificate: {certificate: certificates/client.pem, key: certificates/server.key}",
        "client-certificate: {certificate: certificates/client.pem, key: certificates/client.pem}",
    ] {
        world.configure(settings);
        let refused = world.tags(3);
        assert!(refused.contains("consign.yaml:4:"), "{refused}");
        assert!(!refused.contains("PRIVATE"), "{refused}");
    }
}

#[test]
fn certificates_in_the_folders_of_docker_and_podman() {
    let Some(openssl) = peer("openssl") else { return };
    let world = World::new(&openssl, Clients::MustShow);
    for (name, from) in [("ca.crt", "authority.pem"), ("client.cert", "client.pem"), ("client.key", "client.key")] {
        world.keep("docker", name, from);
    }
    world.tags(0);
    // Podman's folder counts first, if it has anything.
    fs::create_dir_all(world.environment.beside("home/.config/containers/certs.d").join(world.front.host())).unwrap();
    world.tags(0);
    world.keep("containers", "other.crt", "stranger.pem");
    assert!(world.tags(1).contains("its certificate is vouched for by nobody who is trusted here"));
    // The configuration counts before both, one by one.
    world.configure("ca: certificates/authority.pem");
    assert!(world.tags(1).contains("it wants a client certificate"));
    world.keep("containers", "me.cert", "client.pem");
    let refused = world.tags(1);
    assert!(refused.contains("me.key cannot be used") || refused.contains("me.key: cannot"), "{refused}");
    world.keep("containers", "me.key", "client.key");
    world.tags(0);
}

#[test]
fn login_asks_with_certificates_too() {
    let Some(openssl) = peer("openssl") else { return };
    let world = World::new(&openssl, Clients::MustShow);
    world.keep("docker", "ca.crt", "authority.pem");
    let login = ["login", &world.front.host(), "-u", "me", "--password-stdin"];
    let refused = world.environment.invocation().run_reading("secret", &login).expect(1).error();
    assert!(refused.contains("it wants a client certificate"), "{refused}");
    world.keep("docker", "client.cert", "client.pem");
    world.keep("docker", "client.key", "client.key");
    world.environment.invocation().run_reading("secret", &login).expect(0);
}

#[test]
fn debians_docker_registry_with_certificates() {
    let Some(openssl) = peer("openssl") else { return };
    let world = World::new(&openssl, Clients::MayShow);
    let Some(registry) = Distribution::start_with_certificates(&world.environment.path("certificates")) else { return };
    let registry = registry.unwrap();
    let host = registry.host();
    let text = format!(
        "sync: [{{source: alpine, destination: ghcr.io/a/b}}]\nregistries:\n  {host}:\n    ca: certificates/authority.pem\n"
    );
    world.environment.write("consign.yaml", &text);
    let (from, to) = (format!("{}/team/app:1", world.plain.host()), format!("{host}/team/app:1"));
    let refused = world.environment.consign(&["copy", &from, &to]).expect(1).error();
    assert!(refused.contains("hint: `client-certificate` under `registries: HOST`"), "{refused}");
    let identity = "    client-certificate: {certificate: certificates/client.pem, key: certificates/client.key}\n";
    world.environment.write("consign.yaml", text + identity);
    world.environment.consign(&["copy", &from, &to]).expect(0);
    let digests = [from, to].map(|reference| world.environment.consign(&["digest", &reference]).expect(0).to_string());
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn plain_http_needs_no_certificates() {
    let Some(openssl) = peer("openssl") else { return };
    let world = World::new(&openssl, Clients::MayShow);
    let pipe = world.environment.beside("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Whoever reads a pipe is seen by one who would write to it, and hears that there is nothing.
    let (readers, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            const NONBLOCK: i32 = 0o4000;
            while !done.load(Ordering::Relaxed) {
                if OpenOptions::new().write(true).custom_flags(NONBLOCK).open(&pipe).is_ok() {
                    readers.fetch_add(1, Ordering::Relaxed);
                }
                thread::sleep(Duration::from_millis(20));
            }
        });
        let path = pipe.display().to_string();
        let run = |host: &str, status: i32| {
            let run = world.environment.invocation().variable("SSL_CERT_FILE", &path);
            run.run(&["tags", &format!("{host}/team/app")]).expect(status)
        };
        run(&world.plain.host(), 0);
        assert_eq!(readers.load(Ordering::Relaxed), 0, "certificates were read");
        world.configure("plain-http: false");
        let error = run(&world.front.host(), 1).error();
        done.store(true, Ordering::Relaxed);
        assert!(
            error.contains("there are no trusted certificates on this machine") && error.contains("hint: "),
            "{error}"
        );
    });
    assert!(readers.load(Ordering::Relaxed) > 0, "the system's certificates were not read");
}

#[test]
fn a_proxy_is_not_told_who_we_are() {
    let Some(openssl) = peer("openssl") else { return };
    let world = World::new(&openssl, Clients::MayShow);
    world.environment.write(
        "consign.yaml",
        "sync: [{source: alpine, destination: ghcr.io/a/b}]\nregistries:\n  registry.example:\n    ca: certificates/authority.pem\n    client-certificate: {certificate: certificates/client.pem, key: certificates/client.key}\n",
    );
    let invocation = world.environment.invocation().variable("HTTPS_PROXY", &format!("https://{}", world.front.host()));
    assert_snapshot!(invocation.run(&["tags", "registry.example/team/app"]), @"
    status 1
    --- stderr
    error: registry.example is not asked by way of 127.0.0.1: a proxy that is reached by HTTPS would be shown the client certificate, too
    hint: name a proxy that is reached by HTTP in HTTPS_PROXY, or the registry in NO_PROXY
    ");
    assert!(world.front.shown().is_empty());
}
