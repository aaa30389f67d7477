//! Ways to a daemon other than its socket.

use crate::daemons::Daemon;
use crate::world::World;
use consign_dockerfile::buildkit::{Address, Builder, BuildkitError, Identity, Options, Recompute, Secret, Tls};
use consign_testkit::certificates;
use consign_testkit::tools::{Peer, find, peer};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A `docker` that reaches into no container, but to the daemon: BuildKit's own way, or by the engine's upgrade to the same protocol.
const FAKE: &str = r#"#!/bin/bash
set -eu
[ "$*" = "exec -i some-builder buildctl dial-stdio" ] || { echo "no such container: $3" >&2; exit 1; }
if [ -n "$BUILDCTL" ]; then exec "$BUILDCTL" --addr "unix://$SOCKET" dial-stdio; fi
coproc dial { exec "$DOCKER" --host "unix://$SOCKET" system dial-stdio; }
exec 3<&"${dial[0]}" 4>&"${dial[1]}"
printf 'POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n' >&4
while read -r line <&3 && [ "$line" != $'\r' ]; do :; done
cat <&3 &
cat >&4
"#;

/// Reaches a daemon through a command's standard streams.
pub(crate) async fn by_command(daemon: &Daemon) {
    let folder = daemon.path("fake");
    fs::create_dir(&folder).unwrap();
    let program = folder.join("docker");
    fs::write(&program, FAKE).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let own = if daemon.name == "buildkitd" { find("buildctl") } else { None };
    let client = find("docker");
    if own.is_none() && (client.is_none() || daemon.name == "buildkitd") {
        return;
    }
    let path = |peer: Option<Peer>| {
        peer.map(|peer| peer.command().get_program().to_str().unwrap().to_owned()).unwrap_or_default()
    };
    let environment = BTreeMap::from([
        ("PATH".to_owned(), format!("{}:/usr/bin:/bin", folder.display())),
        ("SOCKET".to_owned(), daemon.address.to_string().trim_start_matches("unix://").to_owned()),
        ("BUILDCTL".to_owned(), path(own)),
        ("DOCKER".to_owned(), path(client)),
    ]);
    let options = Options { tls: None, environment };
    let connect = async |address: &str| Builder::connect(&address.parse().unwrap(), &options).await;
    builds(&connect("docker-container://some-builder").await.unwrap()).await;
    let Err(refused) = connect("docker-container://another").await else { panic!("it connected") };
    assert!(refused.to_string().contains("no such container: another"), "{refused}");
}

/// Reaches daemons through TLS, where both sides show certificates.
pub(crate) async fn by_certificates() {
    let (Some(openssl), Some(program)) = (peer("openssl"), peer("dockerd")) else { return };
    let folder = tempfile::tempdir().unwrap();
    certificates::make(&openssl, folder.path()).unwrap();
    let port = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let flags = |address: &str, port: u16| {
        let [authority, server, key] = ["authority.pem", "server.pem", "server.key"].map(at);
        let address = format!("--{address}=tcp://127.0.0.1:{port}");
        vec![address, format!("--tlscacert={authority}"), format!("--tlscert={server}"), format!("--tlskey={key}")]
    };
    let engine = port();
    let more: Vec<_> = flags("host", engine).into_iter().chain(["--tlsverify".to_owned()]).collect();
    if let Some(_daemon) = Daemon::engine("dockerd, by TLS", &program, r#"{"storage-driver":"vfs"}"#, &more).await {
        only_with_certificates(engine, folder.path()).await;
    }
    let own = port();
    if let Some(_daemon) = Daemon::buildkitd("buildkitd, by TLS", &flags("addr", own)).await {
        only_with_certificates(own, folder.path()).await;
    }
}

/// Builds with the right certificates, and gets nowhere with any others.
async fn only_with_certificates(port: u16, folder: &Path) {
    let read = |name: String| fs::read(folder.join(name)).unwrap();
    let connect = async |authority: &str, identity: Option<&str>| {
        let identity = identity.map(|name| Identity {
            certificates: read(format!("{name}.pem")),
            key: Secret::new(read(format!("{name}.key"))),
        });
        let tls = Tls { authorities: read(format!("{authority}.pem")), identity, server_name: None };
        let address: Address = format!("tcp://127.0.0.1:{port}").parse().unwrap();
        Builder::connect(&address, &Options { tls: Some(tls), environment: BTreeMap::new() }).await
    };
    builds(&connect("authority", Some("client")).await.unwrap()).await;
    // Whoever shows no certificate, or somebody else's, or expects another builder, gets nowhere.
    for (authority, identity) in [("authority", None), ("authority", Some("stranger")), ("stranger", Some("client"))] {
        let Err(error) = connect(authority, identity).await else { panic!("{authority} {identity:?}: it connected") };
        use BuildkitError::{Broken, Call, Connect};
        assert!(matches!(error, Connect { .. } | Broken { .. } | Call { .. }), "{error:?}");
    }
}

/// Holds a build against BuildKit's own client: equal digests mean that the daemon was told the same, file by file.
pub(crate) async fn like_buildctl(daemon: &Daemon) {
    let Some(buildctl) = find("buildctl") else { return };
    let world =
        World::new(&[("a", "one"), ("b/c", "two"), ("b/d.md", "three"), (".dockerignore", "*.md\nb/e\n"), ("b/e", "")]);
    std::os::unix::fs::symlink("b/c", world.context().join("link")).unwrap();
    fs::hard_link(world.context().join("a"), world.context().join("again")).unwrap();
    fs::set_permissions(world.context().join("b/c"), fs::Permissions::from_mode(0o4751)).unwrap();
    let text = "FROM scratch\nARG X\nCOPY . /\nCOPY link ${X} /more/\nLABEL l=1\n";
    fs::write(world.context().join("Dockerfile"), text).unwrap();
    let mut solve = world.solve(text);
    solve.arguments = [("X".to_owned(), "b/d.md".to_owned())].into();
    solve.recompute = Recompute::Everything;
    // Later than every file, so that times stay as they are.
    let since = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() + 10;
    solve.created = Some(since.cast_signed());
    let ours = world.build(&daemon.connect().await.unwrap(), &solve).await.unwrap();
    let local = |name: &str| format!("{name}={}", world.context().display());
    let archive = daemon.path("theirs.tar");
    let done = buildctl.run([
        "--addr",
        &daemon.address.to_string(),
        "build",
        "--frontend",
        "dockerfile.v0",
        "--local",
        &local("context"),
        "--local",
        &local("dockerfile"),
        "--opt",
        "build-arg:X=b/d.md",
        "--opt",
        &format!("build-arg:SOURCE_DATE_EPOCH={since}"),
        "--metadata-file",
        &daemon.path("theirs.json").display().to_string(),
        "--output",
        &format!("type=oci,dest={}", archive.display()),
    ]);
    done.unwrap();
    let theirs = fs::read_to_string(daemon.path("theirs.json")).unwrap();
    let theirs: serde_json::Value = serde_json::from_str(&theirs).unwrap();
    assert_eq!(theirs["containerimage.digest"], ours.solved.facts["containerimage.digest"]);
}

async fn builds(builder: &Builder) {
    let world = World::new(&[("a", "one")]);
    let image = world.build(builder, &world.solve("FROM scratch\nCOPY a /\n")).await.unwrap();
    assert_eq!(image.read("a"), "one");
}
