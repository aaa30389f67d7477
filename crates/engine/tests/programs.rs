//! Engines by their programs, which here are scripts.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use consign_engine::{Access, Engine, EngineError, Engines};
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

/// Prints its arguments, where it is run and what it sees.
const TELLS: &str =
    r#"echo "$0 $*" | sed "s,^[^ ]*/,," >> "$LOG"; echo "$PWD $TMPDIR $SECRET" >> "$LOG"; echo x > image.tar"#;

struct World {
    folder: TempDir,
    engines: Engines,
}

impl World {
    fn of(programs: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("work")).unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        for (name, script) in programs {
            let path = folder.path().join("bin").join(name);
            fs::write(&path, format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")).unwrap();
            fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        }
        let at = |name: &str| folder.path().join(name).display().to_string();
        let environment =
            BTreeMap::from([("PATH".to_owned(), format!(".:{}", at("bin"))), ("LOG".to_owned(), at("log"))]);
        Self { engines: Engines { docker: Access::Program, environment }, folder }
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Has an image saved and loaded, and returns what was run.
    async fn told(&self, engine: Engine) -> Vec<String> {
        let name = "localhost/x".parse().unwrap();
        assert_eq!(self.engines.save(engine, &name, &self.work()).await.unwrap(), self.work().join("image.tar"));
        self.engines.load(engine, &name, &self.work()).await.unwrap();
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap();
        let surroundings = format!("{0} {0} ", self.work().display());
        let (calls, others): (Vec<&str>, Vec<&str>) = log.lines().partition(|line| !line.starts_with('/'));
        assert_eq!(others, [surroundings.as_str(); 2]);
        calls.into_iter().map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn each_program_is_told_in_its_own_words() {
    let podman = [
        "podman image save --quiet --format oci-archive --output image.tar localhost/x:latest",
        "podman image load --quiet --input image.tar",
    ];
    let buildah =
        ["buildah push --quiet localhost/x:latest oci-archive:image.tar", "buildah pull --quiet oci-archive:image.tar"];
    let skopeo = [
        "skopeo copy --quiet containers-storage:localhost/x:latest oci-archive:image.tar",
        "skopeo copy --quiet oci-archive:image.tar containers-storage:localhost/x:latest",
    ];
    let docker =
        ["docker image save --output image.tar localhost/x:latest", "docker image load --quiet --input image.tar"];
    // The best of those that are there.
    for (there, calls) in [
        (&["podman", "buildah", "skopeo", "docker"][..], podman),
        (&["buildah", "skopeo", "docker"], buildah),
        (&["skopeo", "docker"], skopeo),
    ] {
        let programs: Vec<_> = there.iter().map(|name| (*name, TELLS)).collect();
        assert_eq!(World::of(&programs).told(Engine::Containers).await, calls);
    }
    assert_eq!(World::of(&[("podman", TELLS), ("docker", TELLS)]).told(Engine::Docker).await, docker);
}

#[tokio::test]
async fn says_which_programs_would_do() {
    let world = World::of(&[]);
    // Not one that lies where consign happens to be run.
    for (engine, message, package) in [
        (Engine::Docker, "the images of docker are reached by docker, which is not on PATH", "docker.io"),
        (
            Engine::Containers,
            "the images of the storage of podman are reached by podman, buildah, skopeo, which are not on PATH",
            "podman",
        ),
    ] {
        let error = world.engines.save(engine, &"x".parse().unwrap(), &world.work()).await.unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.hint().unwrap().contains(package));
    }
}

#[tokio::test]
async fn repeats_what_a_program_says() {
    let fails = "echo out; yes | head -c 9000000 >&2; printf 'it is\\033[2J gone' >&2; exit 3";
    let world = World::of(&[("podman", fails)]);
    let name = "x".parse().unwrap();
    let error = world.engines.save(Engine::Containers, &name, &world.work()).await.unwrap_err();
    assert!(matches!(&error, EngineError::Failed { status, .. } if status == "exit status: 3"), "{error}");
    let world = World::of(&[("podman", "printf 'it is\\033[2J gone' >&2; exit 3")]);
    let error = world.engines.load(Engine::Containers, &name, &world.work()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`podman image load --quiet --input image.tar` failed (exit status: 3): it is[2J gone"
    );
    assert_eq!(error.hint(), None);
    let world = World::of(&[("podman", "echo write x: no space left on device >&2; exit 1")]);
    let error = world.engines.save(Engine::Containers, &name, &world.work()).await.unwrap_err();
    assert!(error.hint().unwrap().contains("make space"));
    // Whoever fails here has nothing to say of it.
    assert_eq!(world.engines.facts(Engine::Containers, &name, &world.work()).await.unwrap(), None);
}
