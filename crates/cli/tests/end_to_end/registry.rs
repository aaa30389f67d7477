//! Destinations that are there, that are not, and that ask who writes.

use crate::common::{TestEnvironment, free_port};
use consign_registry_server::{Options, Server, WriteToken};
use insta::assert_snapshot;
use std::net::{Ipv4Addr, SocketAddr};

/// Serves a folder from this process, with options that the command line does not have.
fn serve(environment: &TestEnvironment, change: impl FnOnce(&mut Options)) -> impl Drop {
    struct Stop(Option<tokio::runtime::Runtime>);
    impl Drop for Stop {
        fn drop(&mut self) {
            self.0.take().unwrap().shutdown_background();
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut options = Options::new(environment.path("registry"));
    options.access_log = Some(consign_release::access_log(&environment.path("registry")).unwrap());
    change(&mut options);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, environment.port));
    let server = runtime.block_on(Server::bind(address, options)).unwrap();
    runtime.spawn(server.run(std::future::pending()));
    Stop(Some(runtime))
}

#[test]
fn two_registries_get_the_same_image() {
    let environment = TestEnvironment::with_image();
    let other = free_port();
    environment.replace(
        "consign.yaml",
        &format!("localhost:{}/mirror", environment.port),
        &format!("127.0.0.1:{other}/mirror"),
    );
    environment.write(
        "consign.yaml",
        environment.read("consign.yaml") + &format!("  127.0.0.1:{other}:\n    serve: registry-other\n"),
    );
    environment.consign(&["release"]).expect(0);
    let one = environment.read("registry/repositories/team/hello/_tags/latest");
    assert_eq!(environment.read("registry-other/repositories/mirror/hello/_tags/latest"), one);
    // Everything is there by digest before a tag is written, on both.
    for log in [environment.log(), environment.log_of("registry-other")] {
        let writes = log.writes();
        let is_tag = |line: &String| line.contains("/manifests/") && !line.contains("/manifests/sha256:");
        let first = writes.iter().position(is_tag).unwrap();
        assert!(writes[first..].iter().all(is_tag), "{writes:#?}");
        let tags: Vec<&str> = writes[first..].iter().map(|line| line.split(['/', ' ']).rev().nth(2).unwrap()).collect();
        assert_eq!(tags, ["1.2.3", "1.2", "1", "latest"]);
    }
}

#[test]
fn a_destination_that_is_gone() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "    serve: registry\n", "    plain-http: true\n");
    let server = environment.serve();
    environment.consign(&["release"]).expect(0);
    drop(server);
    assert_snapshot!(environment.consign(&["release", "--quiet"]), @"
    status 1
    --- stdout
    IMAGE  PLATFORM     BUILD   INVENTORY  TRIAL  GATE  SIGN  PUBLISH  VERIFY   DIGEST
    hello  linux/amd64  cached  cached     -      ok    ok    failed   skipped  000000000001
    hello  linux/arm64  cached  cached     -      ok    ok    failed   skipped  000000000002

    hello  sha256:000000000003…  not published
      localhost:PORT1/team/hello: 1.2.3 not moved, 1.2 not moved, 1 not moved, latest not moved
      localhost:PORT1/mirror/hello: 1.2.3 not moved, 1.2 not moved, 1 not moved, latest not moved
    --- stderr
    error: localhost:PORT1/team/hello: not published
      caused by: HEAD http://localhost:PORT1/v2/team/hello/manifests/1.2.3: connection refused
    hint: is the registry running, and is its name right?
    ");
    // It is as if nothing had happened.
    let _server = environment.serve();
    environment.log().clear();
    environment.consign(&["release"]).expect(0);
    assert_eq!(environment.log().writes(), [""; 0]);
}

#[test]
fn one_of_two_that_is_gone_keeps_all_tags_where_they_are() {
    let environment = TestEnvironment::with_image();
    let other = free_port();
    environment.replace(
        "consign.yaml",
        &format!("localhost:{}/mirror", environment.port),
        &format!("localhost:{other}/mirror"),
    );
    let run = environment.consign(&["release"]).expect(1);
    assert!(run.error().contains(&format!("localhost:{other}/mirror/hello: not published")), "{}", run.error());
    let tagged = |line: &String| line.contains("/manifests/") && !line.contains("/manifests/sha256:");
    assert!(!environment.log().writes().iter().any(tagged), "{:#?}", environment.log().writes());
}

#[test]
fn credentials_come_from_the_environment() {
    let environment = TestEnvironment::with_image();
    let credentials = "    username: {env: REGISTRY_USER}\n    password: {env: REGISTRY_PASSWORD}\n";
    environment.replace("consign.yaml", "    serve: registry\n", credentials);
    let _server = serve(&environment, |options| options.write_token = WriteToken::new("open sesame"));
    assert_snapshot!(environment.consign(&["release", "--quiet"]), @"
    status 3
    --- stderr
    error: the environment variable REGISTRY_USER, with which to log in to localhost:PORT1, is not set
    hint: set it, or take it out of `registries: localhost:PORT1`
    ");
    let with = |password: &str| {
        environment
            .invocation()
            .variable("REGISTRY_USER", "me")
            .variable("REGISTRY_PASSWORD", password)
            .run(&["release", "--quiet"])
    };
    let refused = with("open says me");
    assert_snapshot!(refused, @"
    status 1
    --- stdout
    IMAGE  PLATFORM     BUILD  INVENTORY  TRIAL  GATE  SIGN  PUBLISH  VERIFY   DIGEST
    hello  linux/amd64  ok     ok         -      ok    ok    failed   skipped  000000000001
    hello  linux/arm64  ok     ok         -      ok    ok    failed   skipped  000000000002

    hello  sha256:000000000003…  not published
      localhost:PORT1/team/hello: 1.2.3 not moved, 1.2 not moved, 1 not moved, latest not moved
      localhost:PORT1/mirror/hello: 1.2.3 not moved, 1.2 not moved, 1 not moved, latest not moved
    --- stderr
    error: localhost:PORT1/team/hello: not published
      caused by: POST http://localhost:PORT1/v2/team/hello/blobs/uploads/: 401 UNAUTHORIZED: writing needs this registry's token
    hint: log in: `consign login HOST`, or name credentials under `registries:` in the configuration
    ");
    with("open sesame").expect(0);
}

#[test]
fn docker_s_file_is_read_too() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "    serve: registry\n", "    docker-config: true\n");
    let _server = serve(&environment, |options| options.write_token = WriteToken::new("open sesame"));
    environment.consign(&["release"]).expect(1);
    let file = format!(r#"{{"auths":{{"{}":{{"auth":"bWU6b3BlbiBzZXNhbWU="}}}}}}"#, environment.registry());
    std::fs::create_dir(environment.beside("docker")).unwrap();
    std::fs::write(environment.beside("docker/config.json"), file).unwrap();
    let docker = environment.beside("docker").display().to_string();
    environment.invocation().variable("DOCKER_CONFIG", &docker).run(&["release"]).expect(0);
}

#[test]
fn a_registry_without_the_referrers_api_will_do() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "    serve: registry\n", "    plain-http: true\n");
    let _server = serve(&environment, |options| options.referrers_api = false);
    environment.consign(&["release"]).expect(0);
    environment.consign(&["verify", "--key", "cosign.pub", &environment.reference("mirror/hello:1.2")]).expect(0);
    environment.log().clear();
    environment.consign(&["release"]).expect(0);
    assert_eq!(environment.log().writes(), [""; 0]);
}

#[test]
fn a_registry_that_takes_no_writes() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "    serve: registry\n", "    plain-http: true\n");
    let _server = serve(&environment, |options| options.read_only = true);
    assert_snapshot!(environment.consign(&["release", "--quiet"]).expect(1).error(), @"
    error: localhost:PORT1/team/hello: not published
      caused by: POST http://localhost:PORT1/v2/team/hello/blobs/uploads/: 403 DENIED: this registry is read-only
    hint: the credentials are known, but they do not allow this
    ");
}

#[test]
fn what_release_serves_takes_writes_from_that_run_only() {
    let environment = TestEnvironment::with_image();
    let _server = serve(&environment, |options| options.write_token = WriteToken::new("of another run"));
    assert_snapshot!(environment.consign(&["release", "--quiet"]).expect(4).error(), @"
    error: another consign serves registry
    hint: run this again when it has ended
    ");
    assert!(!environment.path("registry/repositories/team").exists());
}

#[test]
fn only_loopback_is_served() {
    let environment = TestEnvironment::new();
    let port = environment.port;
    assert_snapshot!(environment.consign(&["registry", "serve", "--root", "registry", "--listen", &format!("0.0.0.0:{port}")]), @"
    status 2
    --- stderr
    error: 0.0.0.0:PORT1 is reachable from other machines, and this registry has no TLS
    hint: serve a loopback address, and let a proxy with TLS stand before it
    ");
}
