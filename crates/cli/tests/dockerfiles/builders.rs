//! Builds by others in consign's place, through the program: what comes of them is what consign makes itself, and nothing is left behind.

use crate::base::Bases;
use crate::common::{Invocation, TestEnvironment};
use crate::image::{Image, Lines};
use consign_testkit::certificates;
use consign_testkit::engine::Engine;
use consign_testkit::tools::{Peer, counted, find, not_run, peer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

const SECRET: &str = "correct-horse-battery-staple";
const PLATFORM: &str = "linux/amd64";

/// A Dockerfile that asks for all that can be configured, and names images in each way that there is.
const TEXT: &str = r#"ARG TAG=1
FROM HOST/amd64-only:none AS unused
RUN false
FROM HOST/busybox:${TAG} AS first
ARG WORDS=none
RUN --mount=type=secret,id=token,required=true \
    # The secret itself stays out.
    wc -c < /run/secrets/token > /size; \
    echo "$WORDS" > /words
RUN --mount=type=bind,from=HOST/configured:1,target=/mnt \
    cp /mnt/srv/data/a /mounted
FROM HOST/busybox:1
COPY --from=first /size /words /mounted /made/
COPY --from=HOST/configured:1 \
    --chown=7:8 /usr/bin/tool /tool
HEALTHCHECK CMD ["/bin/true"]
LABEL kept=file said=file
USER 7
"#;

struct World {
    bases: Bases,
    environment: TestEnvironment,
}

impl World {
    fn new() -> Option<Self> {
        let (bases, environment) = (Bases::serve()?, TestEnvironment::new());
        let this = Self { bases, environment };
        this.environment.write("Dockerfile", TEXT.replace("HOST", &this.bases.host()));
        this.environment.commit("A Dockerfile.");
        this.environment.git(&["tag", "v1.2.3"]);
        Some(this)
    }

    /// Writes the configuration, with further options of the Dockerfile.
    fn configure(&self, more: &Value) {
        let mut options = json!({
            "args": {"WORDS": "{version} {short-commit} {created} ${X}"},
            "labels": {"said": "{version}", "commit": "{commit}"},
            "secrets": [{"id": "token", "env": "TOKEN_OF_MINE"}],
            "network": "none",
        });
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let image = json!({
            "source": "Dockerfile", "destination": "localhost:1/case", "platforms": [PLATFORM], "dockerOptions": options,
        });
        self.environment.write("consign.yaml", json!({ "build": [image] }).to_string());
    }

    /// Makes certificates, and returns what makes an engine listen at a port with them: first where.
    fn certified(&self, openssl: &Peer) -> Vec<String> {
        certificates::make(openssl, &self.environment.folder()).unwrap();
        let at = |name: &str| self.environment.path(name).display().to_string();
        let [authority, server, key] = ["authority.pem", "server.pem", "server.key"].map(at);
        let host = format!("--host=tcp://127.0.0.1:{}", self.environment.port);
        let files = [format!("--tlscacert={authority}"), format!("--tlscert={server}"), format!("--tlskey={key}")];
        [host, "--tlsverify".to_owned()].into_iter().chain(files).collect()
    }

    fn invocation(&self) -> Invocation<'_> {
        self.environment.invocation().variable("TOKEN_OF_MINE", SECRET)
    }

    /// Builds, and returns what came of it and its digest.
    fn build(&self, invocation: &Invocation<'_>) -> (Lines, String) {
        let archive = self.environment.beside("image.tar");
        let to = format!("oci-archive:{}", archive.display());
        let metadata = self.environment.beside("metadata.json");
        for old in [&archive, &metadata] {
            let _ = fs::remove_file(old);
        }
        self.bases.requests();
        let run = invocation.run(&[
            "build",
            "-v",
            "--to",
            &to,
            "--metadata-file",
            metadata.to_str().unwrap(),
            "--output",
            "json",
        ]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        // Nobody asks what a tag names that is locked.
        let asked = self.bases.requests();
        assert!(!asked.iter().any(|line| line.contains("/manifests/1")), "{asked:?}");
        assert!(!run.stdout.contains(SECRET) && !run.stderr.contains(SECRET), "{}", run.stderr);
        let metadata: Value = serde_json::from_slice(&fs::read(metadata).unwrap()).unwrap();
        let digest = metadata["containerimage.digest"].as_str().unwrap().to_owned();
        assert_eq!(run.json()["images"][0]["rows"][0]["digest"], digest);
        let image = Image::of_archive(&archive, &PLATFORM.parse().unwrap());
        assert_eq!(image.problems(), Vec::<String>::new());
        (image.lines().unwrap(), digest)
    }

    /// Returns what consign itself makes of it.
    fn ours(&self) -> Lines {
        self.configure(&json!({}));
        self.environment.consign(&["lock"]).expect(0);
        let (lines, _) = self.build(&self.invocation());
        let commit = self.environment.git(&["rev-parse", "HEAD"]);
        let words = format!("1.2.3 {} 2023-11-14T22:13:20Z ${{X}}\n", &commit[..7]);
        let found = |path: &str| lines.iter().find(|(line, _)| line.trim_matches('/') == path).map(|(_, text)| text);
        assert_eq!(found("made/words"), Some(&format!("file 0644 0:0 {words:?}")));
        assert_eq!(found("made/size"), Some(&format!("file 0644 0:0 {:?}", format!("{}\n", SECRET.len()))));
        let labels: Value = serde_json::from_str(&lines["Labels"]).unwrap();
        assert_eq!(labels, json!({"kept": "file", "said": "1.2.3", "commit": commit}));
        lines
    }
}

#[test]
fn by_buildah() {
    let Some(buildah) = peer("buildah") else { return };
    let Some(world) = World::new() else { return };
    let ours = world.ours();
    world.configure(&json!({"builder": "buildah"}));
    let (first, second) = (Storage::new(&world, "one"), Storage::new(&world, "two"));
    if let Err(error) = buildah.run_with(&first.variables, ["images"]) {
        not_run(&format!("buildah without further rights: {error}"));
        return;
    }
    let (theirs, digest) = world.build(&first.given(world.invocation()));
    assert_eq!(theirs, ours);
    assert!(!buildah.run_with(&first.variables, ["images", "--all", "--quiet"]).unwrap().is_empty(), "nothing is kept");
    let names = buildah.run_with(&first.variables, ["images", "--format", "{{.Name}}"]).unwrap();
    let host = world.bases.host();
    assert!(names.lines().all(|name| name == "<none>" || name.starts_with(&host)), "a name is left: {names}");
    // Another machine, with nothing kept, makes the same.
    let (_, again) = world.build(&second.given(world.invocation()).store("another"));
    assert_eq!(again, digest);
    counted("Builds through the program: by buildah");
}

/// A storage of buildah's own, in which it asks a registry of this machine.
struct Storage {
    variables: BTreeMap<String, String>,
}

impl Storage {
    fn new(world: &World, name: &str) -> Self {
        let folder = world.environment.beside(name);
        fs::create_dir(&folder).unwrap();
        let at = |name: &str| folder.join(name).display().to_string();
        let storage = format!("[storage]\ndriver = \"vfs\"\ngraphroot = {:?}\nrunroot = {:?}\n", at("root"), at("run"));
        let registries = format!("[[registry]]\nlocation = {:?}\ninsecure = true\n", world.bases.host());
        // Without the right to raise limits, buildah's own must be given.
        let containers = "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n";
        let mut variables = BTreeMap::from([("BUILDAH_ISOLATION".to_owned(), "chroot".to_owned())]);
        for (variable, name, text) in [
            ("CONTAINERS_STORAGE_CONF", "storage.conf", storage.as_str()),
            ("CONTAINERS_REGISTRIES_CONF", "registries.conf", &registries),
            ("CONTAINERS_CONF", "containers.conf", containers),
        ] {
            fs::write(folder.join(name), text).unwrap();
            variables.insert(variable.to_owned(), at(name));
        }
        Self { variables }
    }

    fn given<'a>(&self, invocation: Invocation<'a>) -> Invocation<'a> {
        self.variables.iter().fold(invocation, |invocation, (name, value)| invocation.variable(name, value))
    }
}

#[test]
fn by_an_engine() {
    if let Some(dockerd) = peer("dockerd") {
        by_engine("dockerd", &dockerd, r#"{"storage-driver":"vfs"}"#, false);
    }
}

#[test]
fn by_the_next_engine() {
    // The room's own tests speak of it where it is absent.
    if let Some(dockerd) = find("dockerd-next") {
        let config = r#"{"features":{"containerd-snapshotter":true}}"#;
        by_engine("dockerd of the next release", &dockerd, config, true);
    }
}

/// Builds by an engine's BuildKit, and by `docker` and the engine.
fn by_engine(name: &str, dockerd: &Peer, config: &str, takes_contexts: bool) {
    let Some(world) = World::new() else { return };
    let openssl = peer("openssl");
    let more = openssl.as_ref().map(|openssl| world.certified(openssl)).unwrap_or_default();
    let mut engine = Engine::docker(dockerd, config, &more).unwrap();
    if let Err(said) = engine.wait().unwrap() {
        not_run(&format!("{name}, which says: {said}"));
        return;
    }
    let address = engine.address();
    let ours = world.ours();
    // One without contexts that have names gets images by digest in what it is sent.
    world.configure(&json!({"builders": [address]}));
    assert_eq!(world.build(&world.invocation()).0, ours);
    counted(&format!("Builds through the program: by the BuildKit of {name}"));
    world.environment.write("more/a", "a");
    world.configure(&json!({"builders": [address], "contexts": {"more": "more"}}));
    let run = world.invocation().run(&["build", "--quiet"]);
    // Another image would be taken for it.
    assert_eq!(run.stderr.contains("is too old for contexts with names"), !takes_contexts, "{}", run.stderr);
    assert_eq!(run.status, if takes_contexts { 0 } else { 3 }, "{}", run.stderr);
    if let Some(tcp) = more.first().and_then(|host| host.strip_prefix("--host=")) {
        let daemon = json!({"address": tcp, "ca": "authority.pem", "certificate": "client.pem", "key": "client.key"});
        world.configure(&json!({"builders": [daemon]}));
        assert_eq!(world.build(&world.invocation()).0, ours);
        let daemon = json!({"address": tcp, "ca": "stranger.pem", "platforms": [PLATFORM]});
        world.configure(&json!({"builders": [daemon]}));
        assert_ne!(world.invocation().run(&["build", "--quiet"]).status, 0);
        let daemon = json!({"address": tcp, "ca": "authority.pem", "platforms": ["linux/s390x"]});
        world.configure(&json!({"builders": [daemon]}));
        let refused = world.invocation().run(&["build", "--quiet"]).expect(3);
        assert!(refused.stderr.contains("for linux/s390x"), "{}", refused.stderr);
        counted(&format!("Builds through the program: by {name}, by TLS"));
    }
    let Some(docker) = peer("docker") else { return };
    let host = format!("--host={address}");
    if docker.run([&host, "version"]).is_err() {
        not_run("docker of a version that speaks with dockerd");
        return;
    }
    world.configure(&json!({"builder": "docker"}));
    assert_eq!(world.build(&world.invocation().variable("DOCKER_HOST", &address)).0, ours);
    assert_eq!(docker.run([&host, "images", "--quiet", "--filter=reference=consign-build"]).unwrap(), "");
    counted(&format!("Builds through the program: by docker and {name}"));
}
