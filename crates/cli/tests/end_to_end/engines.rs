//! Images in the engines of this machine: docker, and what podman, buildah and skopeo share.

use crate::common::{Invocation, TestEnvironment, foreign_platform, host_platform, program};
use consign_oci::Digest;
use consign_testkit::engine::Engine;
use consign_testkit::tools::{counted, find, not_run, peer};
use insta::assert_snapshot;
use std::collections::BTreeMap;
use std::os::unix::fs::symlink;

/// An archive with an image of two platforms, and what engines are reached by.
struct World {
    environment: TestEnvironment,
    variables: BTreeMap<String, String>,
}

impl World {
    fn new() -> Self {
        let environment = TestEnvironment::with_image();
        environment.write(
            "image.yaml",
            "platforms: [linux/amd64, linux/arm64]\nentrypoint: [/hello]\nfiles: [{source: \"bin/{arch}\", path: /hello}]\n",
        );
        for architecture in ["amd64", "arm64"] {
            environment.write_program(&format!("bin/{architecture}"), &program(architecture, "Hello.\n", 0));
        }
        environment.commit("A program.");
        environment.consign(&["build", "--quiet", "--to", "oci-archive:two.tar"]).expect(0);
        Self { environment, variables: BTreeMap::new() }
    }

    /// With a storage that only this test knows.
    fn with_storage() -> Self {
        let mut world = Self::new();
        let at = |name: &str| world.environment.beside(name).display().to_string();
        let storage = format!(
            "[storage]\ndriver = \"vfs\"\ngraphroot = {:?}\nrunroot = {:?}\n",
            at("storage"),
            at("storage-run")
        );
        for (variable, name, text) in [
            ("CONTAINERS_STORAGE_CONF", "storage.conf", storage.as_str()),
            ("CONTAINERS_REGISTRIES_CONF", "registries.conf", ""),
            ("CONTAINERS_CONF", "containers.conf", ""),
        ] {
            std::fs::write(world.environment.beside(name), text).unwrap();
            world.variables.insert(variable.to_owned(), at(name));
        }
        world
    }

    fn invocation(&self) -> Invocation<'_> {
        let invocation = self.environment.invocation();
        self.variables.iter().fold(invocation, |invocation, (name, value)| invocation.variable(name, value))
    }

    /// Copies, and returns the digest that is printed, and what is said besides.
    fn copy(&self, arguments: &[&str]) -> (Digest, String) {
        let run = self.invocation().run(&[&["copy"], arguments].concat()).expect(0);
        (run.stdout.trim().parse().unwrap(), run.stderr)
    }

    /// Digest of the config of an image, and of its layers when they are unpacked: what an engine keeps.
    fn contents(&self, reference: &str) -> (Digest, String) {
        let run = self.invocation().run(&["inspect", "--config", reference]).expect(0);
        (Digest::of(run.stdout.as_bytes()), run.json()["rootfs"].to_string())
    }

    /// Digest of the archive's image for a platform.
    fn image(&self, architecture: &str) -> Digest {
        let list = self.environment.consign(&["inspect", "--raw", "oci-archive:two.tar"]).expect(0).json();
        let entries = list["manifests"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["platform"]["architecture"] == architecture).unwrap();
        entry["digest"].as_str().unwrap().parse().unwrap()
    }

    /// Brings images into an engine and takes them out again. Returns the digest of what comes back, and what is said when it comes.
    fn goes_round(&self, scheme: &str, name: &str) -> (Digest, String) {
        let there = format!("{scheme}:{name}");
        let (digest, said) = self.copy(&["oci-archive:two.tar", &there]);
        assert_eq!(digest, self.image(host_platform().architecture()));
        assert!(said.contains(&format!("the image for {} is taken", host_platform())), "{said}");
        let (back, said) = self.copy(&[&there, "oci:back:1"]);
        assert_eq!(self.contents(&there), self.contents("oci:back:1"));
        assert_eq!(self.contents("oci:back:1"), self.contents("oci-archive:two.tar"));
        // The other one by its platform, over the first; what an engine hands over is an image like any other.
        let other = foreign_platform();
        let (digest, _) = self.copy(&["oci-archive:two.tar", &there, "--platform", &other.to_string()]);
        assert_eq!(digest, self.image(other.architecture()));
        let config = self.invocation().run(&["inspect", "--config", &there]).expect(0).json();
        assert_eq!(config["architecture"], other.architecture());
        self.invocation().run(&["export", &there, "export.tar", "--platform", &other.to_string()]).expect(0);
        let names = self.environment.read_names("export.tar");
        assert!(names.contains(&"hello".to_owned()), "{names:?}");
        self.nothing_is_left();
        (back, said)
    }

    /// No archive lies about in the store.
    fn nothing_is_left(&self) {
        let partial = self.environment.beside("store").join("store/partial");
        assert_eq!(std::fs::read_dir(partial).unwrap().count(), 0);
    }
}

impl TestEnvironment {
    fn read_names(&self, archive: &str) -> Vec<String> {
        let mut archive = tar::Archive::new(std::fs::File::open(self.path(archive)).unwrap());
        let names = archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string());
        names.collect()
    }
}

#[test]
fn the_storage_of_podman_buildah_and_skopeo() {
    let mut world = World::with_storage();
    for name in ["podman", "buildah", "skopeo"] {
        let Some(program) = peer(name) else { continue };
        // This one alone is found.
        let alone = world.environment.beside(&format!("only-{name}"));
        std::fs::create_dir(&alone).unwrap();
        symlink(program.command().get_program(), alone.join(name)).unwrap();
        world.variables.insert("PATH".to_owned(), alone.display().to_string());
        let image = format!("localhost/from-{name}");
        let (back, said) = world.goes_round("containers-storage", &format!("{image}:1"));
        let given = world.image(host_platform().architecture());
        assert_eq!(back != given, said.contains("hands over an image with another digest"), "{said}");
        let absent = world.invocation().run(&["digest", "containers-storage:localhost/absent"]).expect(1);
        assert!(absent.stderr.contains(&format!("error: `{name} ")) && absent.stderr.contains("localhost/absent"));
        if name == "podman" {
            let known = program
                .run_with(&world.variables, ["image", "inspect", "--format", "{{.Digest}}", &format!("{image}:1")]);
            let by_digest = format!("containers-storage:{image}@{}", known.unwrap().trim());
            let config = world.invocation().run(&["inspect", "--config", &by_digest]).expect(0).json();
            assert_eq!(config["architecture"], foreign_platform().architecture());
            // In docker's format, too.
            world.copy(&["oci-archive:two.tar", "containers-storage:localhost/docker:1", "--format", "docker"]);
            let kind = ["image", "inspect", "--format", "{{.ManifestType}}", "localhost/docker:1"];
            let kind = program.run_with(&world.variables, kind).unwrap();
            assert_eq!(kind.trim(), "application/vnd.docker.distribution.manifest.v2+json");
        }
        counted(&format!("Engines: containers-storage by {name}"));
    }
}

#[test]
fn docker() {
    let Some(dockerd) = peer("dockerd") else { return };
    let mut world = World::new();
    let mut engine = Engine::docker(&dockerd, r#"{"storage-driver":"vfs"}"#, &[]).unwrap();
    if let Err(said) = engine.wait().unwrap() {
        not_run(&format!("dockerd, which says: {said}"));
        return;
    }
    world.variables.insert("DOCKER_HOST".to_owned(), engine.address());
    world.goes_round("docker-daemon", "hello:1");
    let (given, said) = world.copy(&["oci-archive:two.tar", "docker-daemon:hello:1"]);
    assert!(said.contains(&format!("note: docker does not keep {given}")), "{said}");
    assert_snapshot!(world.invocation().run(&["digest", "docker-daemon:absent"]), @"
    status 1
    --- stderr
    error: docker refuses `GET /images/docker.io/library/absent:latest/get`: reference does not exist
    ");
    counted("Engines: docker");
    // By its program, too, where it is not on this machine: that it is here nobody knows but this context.
    let Some(docker) = peer("docker") else { return };
    if docker.run([&format!("--host={}", engine.address()), "version"]).is_err() {
        not_run("docker of a version that speaks with dockerd");
        return;
    }
    world.variables.remove("DOCKER_HOST");
    let folder = world.environment.beside("docker-config").display().to_string();
    world.variables.insert("DOCKER_CONFIG".to_owned(), folder);
    let host = format!("host={}", engine.address());
    docker.run_with(&world.variables, ["context", "create", "here", "--docker", &host]).unwrap();
    docker.run_with(&world.variables, ["context", "use", "here"]).unwrap();
    world.goes_round("docker-daemon", "hello:2");
    let absent = world.invocation().run(&["digest", "docker-daemon:absent"]).expect(1);
    assert!(absent.stderr.starts_with("error: `docker image save --output image.tar docker.io/library/absent:latest`"));
    counted("Engines: docker by its program");
}

#[test]
fn docker_that_keeps_manifests() {
    // Debian's next docker, which most machines do not have.
    let Some(dockerd) = find("dockerd-next") else { return };
    let mut world = World::new();
    let config = r#"{"features":{"containerd-snapshotter":true}}"#;
    let mut engine = Engine::docker(&dockerd, config, &[]).unwrap();
    if let Err(said) = engine.wait().unwrap() {
        not_run(&format!("dockerd of the next release, which says: {said}"));
        return;
    }
    world.variables.insert("DOCKER_HOST".to_owned(), engine.address());
    let (back, said) = world.goes_round("docker-daemon", "hello:1");
    assert_eq!(back, world.image(host_platform().architecture()));
    assert!(!said.contains("note:"), "{said}");
    counted("Engines: docker that keeps manifests");
}

#[test]
fn what_engines_cannot_be_asked_for() {
    let environment = TestEnvironment::new();
    let run = |arguments: &[&str]| {
        environment.invocation().variable("PATH", "/nowhere").variable("DOCKER_HOST", "unix:///no.sock").run(arguments)
    };
    assert_snapshot!(run(&["digest", "containers-storage:localhost/x"]), @"
    status 1
    --- stderr
    error: the images of the storage of podman are reached by podman, buildah, skopeo, which are not on PATH
    hint: install one of them (Debian: podman)
    ");
    assert_snapshot!(run(&["digest", "docker-daemon:x"]), @"
    status 1
    --- stderr
    error: docker does not answer at /no.sock
      caused by: No such file or directory (os error 2)
    hint: start docker, or say where it is: DOCKER_HOST=unix:///PATH
    ");
    assert_snapshot!(run(&["copy", "oci:x", "docker-daemon:x", "--platform", "linux/amd64", "--platform", "linux/arm64"]), @"
    status 2
    --- stderr
    error: docker-daemon:docker.io/library/x:latest takes one image, and `--platform` names 2
    hint: name one platform
    ");
    let by_digest = format!("docker-daemon:x@{}", Digest::of(b""));
    assert_snapshot!(run(&["copy", "store:x", &by_digest]), @"
    status 1
    --- stderr
    error: docker-daemon:docker.io/library/x@sha256:000000000001… is not written: engines name images by tags
    ");
    assert_snapshot!(run(&["copy", "--all-tags", "localhost:1/x", "docker-daemon:x"]), @"
    status 2
    --- stderr
    error: `--all-tags` copies every tag, and DST names one image: docker-daemon:docker.io/library/x:latest
    hint: leave the tag or digest out
    ");
    assert_snapshot!(run(&["digest", "docker-daemon:--help"]), @"
    status 2
    --- stderr
    error: invalid value 'docker-daemon:--help' for '<REF>': `--help` does not name a repository: each part of the path is lower-case letters and digits, separated by `.`, `_`, `__` or `-`

    For more information, try '--help'.
    ");
    assert_snapshot!(run(&["build", "--to", "docker-daemon:x"]), @"
    status 2
    --- stderr
    error: `build` writes to no engine, and docker-daemon:docker.io/library/x:latest is in one
    hint: write to the store, and copy from there: `--to store:NAME`, then `consign copy store:NAME docker-daemon:docker.io/library/x:latest`
    ");
}
