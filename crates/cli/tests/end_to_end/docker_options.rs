//! How a Dockerfile is built, as far as the configuration and the command line say.

use crate::common::TestEnvironment;
use serde_json::{Value, json};

/// Makes a Dockerfile that needs nothing, at `v1.2.3`.
fn environment() -> TestEnvironment {
    let environment = TestEnvironment::new();
    environment.write("Dockerfile", "FROM scratch\nARG A\nCOPY a /\nLABEL argument=$A said=file\n");
    environment.write("a", "a");
    environment.commit("A Dockerfile.");
    environment.git(&["tag", "v1.2.3"]);
    environment
}

fn configure(environment: &TestEnvironment, platforms: &[&str], options: &Value) {
    let image = json!({
        "source": "Dockerfile", "destination": "localhost:1/team/case", "platforms": platforms, "dockerOptions": options,
    });
    environment.write("consign.yaml", json!({ "build": [image] }).to_string());
}

#[test]
fn values_name_the_version() {
    let environment = environment();
    let labels = json!({
        "said": "{version}", "commit": "{commit}", "short": "{short-commit}", "when": "{created}", "shell": "${commit}",
    });
    configure(&environment, &["linux/amd64"], &json!({"args": {"A": "v{version}"}, "labels": labels}));
    environment.consign(&["build", "--to", "oci:image"]).expect(0);
    let config = environment.consign(&["inspect", "--config", "--platform", "linux/amd64", "oci:image"]).json();
    let commit = environment.git(&["rev-parse", "HEAD"]);
    let expected = json!({
        "argument": "v1.2.3", "said": "1.2.3", "commit": commit, "short": commit[..7], "when": "2023-11-14T22:13:20Z",
        "shell": "${commit}",
    });
    assert_eq!(config["config"]["Labels"], expected);
    // Runners agree on a time that is given.
    let epoch = environment.invocation().variable("SOURCE_DATE_EPOCH", "7");
    epoch.run(&["build", "--to", "oci:other"]).expect(0);
    let config = environment.consign(&["inspect", "--config", "--platform", "linux/amd64", "oci:other"]).json();
    assert_eq!(config["config"]["Labels"]["when"], "1970-01-01T00:00:07Z");
    // What the command line says is taken as it stands.
    environment.consign(&["build", "--build-arg", "A={version}", "--to", "oci:third"]).expect(0);
    let config = environment.consign(&["inspect", "--config", "--platform", "linux/amd64", "oci:third"]).json();
    assert_eq!(config["config"]["Labels"]["argument"], "{version}");

    configure(&environment, &["linux/amd64"], &json!({"args": {"A": "{versoin}"}}));
    let error = environment.consign(&["check"]).expect(3).error();
    assert!(error.contains("`{versoin}` stands for nothing here") && error.contains("`{short-commit}`"), "{error}");
}

#[test]
fn a_release_takes_the_flags_of_a_build() {
    let environment = environment();
    environment
        .write("Dockerfile", "FROM scratch AS first\nARG A\nCOPY a /\nLABEL argument=$A\nFROM first\nLABEL last=yes\n");
    let registry = environment.registry();
    let image =
        json!({"source": "Dockerfile", "destination": format!("{registry}/team/case"), "platforms": ["linux/amd64"]});
    let configuration =
        json!({"build": [image], "signing": {"key": "cosign.key"}, "registries": {registry: {"serve": "registry"}}});
    environment.write("consign.yaml", configuration.to_string());
    environment.commit("Two stages.");
    environment.git(&["tag", "v1.2.4"]);
    environment.consign(&["release", "--build-arg", "A=given", "--target", "first"]).expect(0);
    let _server = environment.serve();
    let image = environment.reference("team/case:1.2.4");
    let config = environment.consign(&["inspect", "--config", "--platform", "linux/amd64", &image]).expect(0).json();
    assert_eq!(config["config"]["Labels"], json!({"argument": "given"}));
    // What is wrong with a flag is said as `build` says it.
    for (flags, expected) in [
        (&["--pull", "--offline"][..], "`--pull` asks registries, and consign is offline"),
        (&["--no-cache=none"], "there is no stage `none`"),
        (&["--builder", "docker", "--builder", "buildah"], "`--builder` names a program, and something else"),
        (&["--secret", "id=token,env=UNSET"], "the variable `UNSET` is not set"),
        (&["--secret", "id=token,src=/dev/zero"], "/dev/zero is a device, not a file"),
    ] {
        let run = environment.consign(&[&["release", "--dry-run"], flags].concat()).expect(2);
        assert!(run.stderr.contains(expected), "{flags:?}: {}", run.stderr);
    }
}

#[test]
fn what_changes_nothing_is_said() {
    let environment = environment();
    environment.write("Dockerfile", "FROM scratch\nARG A VERSION\nONBUILD ARG LATER=1\nCOPY a /\n");
    configure(&environment, &["linux/amd64", "linux/arm64"], &json!({"args": {"OTHER": "b"}}));
    let warnings = |arguments: &[&str]| {
        let run = environment.invocation().variable("C", "c").run(arguments).expect(0);
        let warnings = run.stderr.lines().filter_map(|line| line.strip_prefix("warning: ")).map(str::to_owned);
        warnings.collect::<Vec<_>>()
    };
    let given = ["A=a", "LATER=2", "VERSON=b", "C", "UNSET", "http_proxy=http://localhost:1", "NO_PROXY=*"];
    let given = given.iter().flat_map(|given| ["--build-arg", given]);
    assert_eq!(
        warnings(&["build"].into_iter().chain(given).collect::<Vec<_>>()),
        [
            "`--build-arg C`: no ARG of Dockerfile declares it; only an ONBUILD of a base can",
            "`--build-arg VERSON`: no ARG of Dockerfile declares it (did you mean `VERSION`?); only an ONBUILD of a base can",
        ]
    );
    assert!(warnings(&["build", "--build-arg", "A=a"]).is_empty());
    let text = environment.read("Dockerfile");
    environment.write("Dockerfile", format!("# syntax=docker/dockerfile:1.7-labs\n{text}"));
    assert!(warnings(&["build"]).is_empty());
    environment.write("Dockerfile", format!("# syntax=example.org/frontend:1\n{text}"));
    assert_eq!(
        warnings(&["build"]),
        [
            "Dockerfile: `# syntax=example.org/frontend:1` changes nothing: consign reads the file as `docker/dockerfile` does. \
          A BuildKit uses that frontend: `--builder ADDRESS`"
        ]
    );
    assert!(warnings(&["build", "--quiet"]).is_empty());
    // Whatever another builder makes of it is that builder's business.
    let run = environment.consign(&["build", "--builder", "unix:///none", "--build-arg", "AB=b"]);
    assert!(run.status != 0 && !run.stderr.contains("warning: "), "{}", run.stderr);
}

#[test]
fn what_was_built_is_written_down() {
    let environment = environment();
    let metadata = |platforms: &[&str]| {
        configure(&environment, platforms, &json!({"args": {"A": "a"}}));
        let run = environment.consign(&["build", "--metadata-file", "metadata.json", "--output", "json"]).expect(0);
        let metadata: Value = serde_json::from_str(&environment.read("metadata.json")).unwrap();
        (metadata, run.json()["images"][0].clone())
    };
    let names =
        "localhost:1/team/case:1.2.3,localhost:1/team/case:1.2,localhost:1/team/case:1,localhost:1/team/case:latest";
    let (one, report) = metadata(&["linux/amd64"]);
    assert_eq!(one["containerimage.digest"], report["rows"][0]["digest"]);
    assert_eq!(one["containerimage.descriptor"]["digest"], one["containerimage.digest"]);
    assert_eq!(one["containerimage.descriptor"]["platform"], json!({"os": "linux", "architecture": "amd64"}));
    assert_eq!(one["image.name"], names);
    let manifest = environment.consign(&["build", "--to", "oci:image"]).expect(0);
    drop(manifest);
    let manifest = environment.consign(&["inspect", "oci:image"]).expect(0).json();
    assert_eq!(one["containerimage.config.digest"], manifest["config"]["digest"]);

    let (both, report) = metadata(&["linux/amd64", "linux/arm64"]);
    assert_eq!(both["containerimage.digest"], report["index"]);
    assert_eq!(both["containerimage.descriptor"]["mediaType"], "application/vnd.oci.image.index.v1+json");
    assert_eq!(both["containerimage.descriptor/linux/amd64"], one["containerimage.descriptor"]);
    assert_eq!(both["containerimage.config.digest/linux/amd64"], one["containerimage.config.digest"]);
    assert_eq!(both["containerimage.descriptor/linux/arm64"]["digest"], report["rows"][1]["digest"]);

    // What is not built changes nothing.
    environment.write("Dockerfile", "FROM scratch\nCOPY none /\n");
    environment.consign(&["build", "--metadata-file", "metadata.json"]).expect(3);
    assert_eq!(serde_json::from_str::<Value>(&environment.read("metadata.json")).unwrap(), both);
    let error = environment.consign(&["build", "--metadata-file", "none/metadata.json"]);
    assert_ne!(error.status, 0);
}

#[test]
fn what_is_missing_is_said_before_anything_is_built() {
    let environment = environment();
    environment.write("garbage.pem", "garbage");
    let daemon = |ca: &str| json!({"builders": [{"address": "tcp://127.0.0.1:1", "ca": ca}]});
    for (options, expected) in [
        (json!({"secrets": "id=token,env=UNSET"}), "the secret `token`: the variable `UNSET` is not set"),
        (json!({"secrets": [{"id": "npmrc", "src": "none"}]}), "the secret `npmrc`: cannot read"),
        (json!({"ssh": ["default"]}), "SSH_AUTH_SOCK is not set, so there is no agent"),
        (json!({"builder": "buildkit"}), "`builder: buildkit` without an address"),
        (daemon("none.pem"), "`ca`: cannot read `none.pem`: No such file"),
        (daemon("garbage.pem"), "`ca`: `garbage.pem` cannot be used: there is no certificate in it"),
    ] {
        configure(&environment, &["linux/amd64"], &options);
        for command in [["build"], ["release"]] {
            let run = environment.consign(&command).expect(3);
            assert!(run.stderr.contains(expected), "{options}: {}", run.stderr);
        }
        // Whoever only looks needs none of it.
        environment.consign(&["check"]).expect(0);
    }
    assert_eq!(environment.stored_blobs(), 0);
    configure(&environment, &["linux/amd64"], &json!({}));
    let both = environment.consign(&["build", "--builder", "docker", "--builder", "buildah"]);
    assert_eq!(both.status, 2, "{}", both.stderr);
}

#[test]
fn options_that_contradict_each_other() {
    let environment = environment();
    for (options, expected) in [
        (json!({"builder": "docker", "builders": ["unix:///a"]}), "`builders` are BuildKit daemons"),
        (json!({"builder": "podman"}), "`podman` is no value of `builder`"),
        (json!({"network": "bridge"}), "`bridge` is no value of `network`"),
        (json!({"secrets": [{"id": "a", "src": "a", "env": "A"}]}), "use `src` or `env`"),
        (json!({"secrets": [{"id": "a"}]}), "`src` is missing"),
        (json!({"secrets": [{"id": "a", "env": "b c"}]}), "`env` must be the name of an environment variable"),
        (
            json!({"builders": [{"address": "tcp://a:1", "ca": "a", "certificate": "b", "key": "PRIVATE KEY"}]}),
            "a private key must not stand in the configuration",
        ),
        (json!({"secrets": ["a"]}), "write `id=NAME,src=FILE`"),
        (json!({"secrets": ["id=a", {"id": "a", "env": "A"}]}), "the secret `a` stands twice"),
        (json!({"builders": [{"ca": "a"}]}), "`address` is missing"),
        (json!({"builders": [{"address": "unix:///a", "ca": "a"}]}), "`ca` is for builders at `tcp://`"),
        (json!({"builders": [{"address": "tcp://a:1", "certificate": "a"}]}), "`key` is missing"),
        (json!({"builders": [{"address": "tcp://a:1", "certificate": "a", "key": "b"}]}), "`ca` is missing"),
    ] {
        configure(&environment, &["linux/amd64"], &options);
        let run = environment.consign(&["check"]).expect(3);
        assert!(run.stderr.contains(expected), "{options}: {}", run.stderr);
    }
}

#[test]
fn a_program_that_is_not_there() {
    let environment = environment();
    let programs = environment.beside("programs");
    std::fs::create_dir(&programs).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let git = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.exists()).unwrap();
    std::os::unix::fs::symlink(git, programs.join("git")).unwrap();
    let without = environment.invocation().variable("PATH", programs.to_str().unwrap());
    for (builder, package) in [("docker", "install docker with buildx"), ("buildah", "install buildah")] {
        configure(&environment, &["linux/amd64"], &json!({"builder": builder}));
        let run = without.run(&["build", "--quiet"]).expect(3);
        assert!(run.stderr.contains(package), "{}", run.stderr);
        // The command line comes before the configuration.
        configure(&environment, &["linux/amd64"], &json!({}));
        let run = without.run(&["build", "--quiet", "--builder", builder]).expect(3);
        assert!(run.stderr.contains(package), "{}", run.stderr);
    }
}

/// A `docker` with buildx that builds nothing, but writes down what it is told, and hands over what was built before.
const FAKE: &str = r#"#!/bin/sh
printf '%s\n' "$*" >> "$HOME/told"
case "$1 $2" in
"buildx build")
    for word in "$@"; do
        case $word in
        id=token,src=*) cat "${word#*src=}" > "$HOME/secret" ;;
        */Dockerfile) cat "$word" > "$HOME/file" ;;
        esac
    done ;;
"save --output") cp "$HOME/built.tar" "$3" ;;
esac
"#;

#[test]
fn docker_with_buildx_is_told_all() {
    let environment = environment();
    let home = environment.beside("home");
    configure(&environment, &["linux/amd64"], &json!({}));
    let to = format!("oci-archive:{}", home.join("built.tar").display());
    environment.consign(&["build", "--to", &to]).expect(0);
    let programs = environment.beside("programs");
    std::fs::create_dir(&programs).unwrap();
    std::fs::write(programs.join("docker"), FAKE).unwrap();
    std::fs::set_permissions(programs.join("docker"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    environment.write("more/b", "b");
    let options = json!({
        "builder": "docker", "args": {"A": "a b"}, "labels": {"l": "{version}"}, "contexts": {"more": "more"},
        "secrets": {"id": "token", "env": "TOKEN"}, "ssh": "default=/agent.sock", "network": "host",
    });
    configure(&environment, &["linux/amd64"], &options);
    let run = environment.invocation().variable("PATH", &path).variable("TOKEN", "hunter2");
    let run = run.run(&["build", "-v", "--no-cache", "--output", "json"]).expect(0);
    assert!(!run.stdout.contains("hunter2") && !run.stderr.contains("hunter2"), "{}", run.stderr);
    let read = |name: &str| std::fs::read_to_string(home.join(name)).unwrap();
    assert_eq!(read("secret"), "hunter2");
    assert_eq!(read("file"), environment.read("Dockerfile"));
    let told = read("told");
    assert!(!told.contains("hunter2"), "{told}");
    let lines: Vec<&str> = told.lines().collect();
    let [version, build, save, remove] = &lines[..] else { unreachable!("{told}") };
    assert_eq!(*version, "buildx version");
    let folder = environment.folder().display().to_string();
    for expected in [
        "--load --file /",
        "--platform linux/amd64",
        "--build-arg A=a b",
        "--label l=1.2.3",
        &format!("--build-context more={folder}/more"),
        "--ssh default=/agent.sock",
        "--network host",
        "--no-cache",
        "--build-arg SOURCE_DATE_EPOCH=1700000000",
    ] {
        assert!(build.contains(expected), "{expected}: {build}");
    }
    assert!(build.ends_with(&folder), "{build}");
    let name = build.split("--tag ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert!(name.starts_with("consign-build:"), "{name}");
    assert!(save.ends_with(name), "{save}");
    assert_eq!(*remove, format!("image rm --force {name}"));
}
