use crate::common::{Run, TestEnvironment, foreign_platform, host_platform, program_path, runs_here};
use crate::world::World;
use consign_testkit::registry::Fault;
use consign_testkit::tools::not_run;
use insta::assert_snapshot;
use serde_json::Value;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

/// Returns the findings of an area as `level message`.
#[track_caller]
fn found(run: &Run, area: &str) -> Vec<String> {
    let findings = run.json()["findings"].as_array().unwrap().clone();
    let of_area = findings.iter().filter(|finding| finding["area"] == area);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    of_area.map(|finding| format!("{} {}", text(&finding["level"]), text(&finding["message"]))).collect()
}

#[track_caller]
fn doctor(environment: &TestEnvironment, status: i32) -> Run {
    environment.consign(&["doctor", "--output", "json"]).expect(status)
}

#[test]
fn all_is_well() {
    let environment = TestEnvironment::with_image();
    let run = environment.consign(&["doctor"]).expect(0);
    let lines: Vec<&str> = run.stdout.lines().filter(|line| !line.contains("  store  ")).collect();
    let text = lines.join("\n").replace(&environment.git(&["rev-parse", "--short=7", "HEAD"]), "COMMIT1");
    assert_snapshot!(text.replace(&environment.port.to_string(), "PORT1"), @"
    ok    configuration  consign.yaml is right: 1 image for linux/amd64, linux/arm64
    ok    git            at COMMIT1 on main, nothing changed, tags: 1
    ok    ci             none that consign knows
    ok    sandbox        no tests and no commands of Dockerfiles are planned, so none is needed
    ok    registry       localhost:PORT1 is served from registry while `release` runs
    ok    signing        the key cosign.key is there, its password is in COSIGN_PASSWORD
    ");
    assert!(!environment.path("registry").exists() && !environment.beside("store").exists());
}

#[test]
fn a_configuration_that_is_wrong_or_absent() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "source:", "sorce:");
    let run = doctor(&environment, 1);
    assert_eq!(found(&run, "configuration"), ["fail consign.yaml:2:5: unknown key `sorce` in an image"]);
    assert!(found(&run, "store")[0].starts_with("ok "), "{run}");
    std::fs::remove_file(environment.path("consign.yaml")).unwrap();
    let run = environment.consign(&["doctor"]).expect(1);
    assert!(run.stdout.contains("next: `consign init` writes a first one; `-f FILE` names another\n"), "{run}");
}

#[test]
fn git_that_keeps_tags_from_following() {
    let environment = TestEnvironment::with_image();
    environment.write("hello.txt", "changed\n");
    let dirty = "warn tracked files differ from the commit: a release gets no tag but the short commit with `-dirty`";
    assert_eq!(found(&doctor(&environment, 0), "git"), [dirty]);
    environment.commit("Second.");
    let url = format!("file://{}", environment.folder().display());
    environment.git(&["clone", "--quiet", "--depth=1", &url, "../clone"]);
    let run = environment.consign(&["-C", "../clone", "doctor", "-f", "../source/consign.yaml", "--output", "json"]);
    assert_eq!(found(&run, "git").len(), 1);
    std::fs::copy(environment.path("consign.yaml"), environment.beside("clone/consign.yaml")).unwrap();
    std::fs::copy(environment.path("cosign.key"), environment.beside("clone/cosign.key")).unwrap();
    let run = environment.consign(&["-C", "../clone", "doctor", "--output", "json"]).expect(0);
    assert!(found(&run, "git")[0].starts_with("warn this clone is shallow"), "{run}");
    let run = environment.consign(&["-C", "../clone", "build"]).expect(0);
    assert!(run.stderr.contains("The clone is shallow, so git may not know when image.yaml last changed"), "{run}");
}

#[test]
fn a_store_that_cannot_be_used() {
    let environment = TestEnvironment::with_image();
    let folder = environment.beside("store/store");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    let run = doctor(&environment, 1);
    assert!(found(&run, "store")[0].starts_with("fail others than its owner may write to "), "{run}");
    let file = environment.path("hello.txt").display().to_string();
    let run = environment.invocation().variable("CONSIGN_STORE", &file).run(&["doctor", "--output", "json"]);
    assert_eq!(found(&run.expect(1), "store"), [format!("fail {file} is no folder")]);
}

#[test]
fn a_key_that_cannot_be_used() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "cosign.key", "env://SIGNING_KEY");
    assert_eq!(
        found(&doctor(&environment, 1), "signing"),
        ["fail the signing key `env://SIGNING_KEY` cannot be used: the variable is not set"]
    );
    environment.replace("consign.yaml", "signing:\n  key: env://SIGNING_KEY\n", "");
    assert_eq!(
        found(&doctor(&environment, 0), "signing"),
        ["warn there is no `signing`: images stay unsigned, but where a CI's token says that they are public"]
    );
}

#[test]
fn tests_need_a_sandbox_and_emulators() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "signing:", "    tests: [{command: [/bin/hello]}]\nsigning:");
    let run = environment.consign(&["doctor", "--output", "json"]);
    let sandbox = found(&run, "sandbox");
    let works = matches!(&sandbox[..], [line] if line.contains("commands can be run"));
    assert!(
        works || matches!(&sandbox[..], [line] if line.starts_with("fail ") && line.contains("user namespaces")),
        "{run}"
    );
    let emulation = found(&run, "emulation");
    assert_eq!(emulation.len(), 2, "{run}");
    assert!(emulation.contains(&format!("ok {} runs on this machine", host_platform())), "{emulation:?}");
}

#[test]
fn registries_are_asked() {
    let world = World::new();
    let environment = &world.environment;
    let host = world.registry.host();
    let run = doctor(environment, 0);
    let expected =
        ["mirror", "team"].map(|path| format!("ok {host}/{path}/hello: answers without logging in, lists referrers"));
    assert_eq!(found(&run, "registry"), expected, "{run}");
    environment.consign(&["release"]).expect(0);
    let before = world.registry.records().len();
    assert_eq!(found(&doctor(environment, 0), "registry"), expected);
    let asked = &world.registry.records()[before..];
    assert!(asked.iter().all(|record| record.method == "GET"), "{asked:?}");

    let before = world.registry.records().len();
    let run = environment.consign(&["doctor", "--offline", "--output", "json"]).expect(0);
    let expected =
        ["mirror", "team"].map(|path| format!("skip {host}/{path}/hello: not asked, offline; without logging in"));
    assert_eq!(found(&run, "registry"), expected);
    assert_eq!(world.registry.records().len(), before);

    world.registry.hook(|_| Some(Fault::login()));
    let run = environment.consign(&["doctor"]).expect(1);
    assert!(run.stdout.contains("fail  registry") && run.stdout.contains("next: log in: `consign login"), "{run}");
    // Programs are told as of any command that fails.
    let report = environment.consign(&["doctor", "--output", "json"]).expect(1).json();
    assert_eq!((&report["error"]["kind"], &report["error"]["message"]), (&"failed".into(), &"2 things fail".into()));
    world.name_variables();
    let run = doctor(environment, 1);
    let missing = format!("fail the environment variable REGISTRY_USER, with which to log in to {host}, is not set");
    assert_eq!(found(&run, "registry"), [missing.clone(), missing]);
}

#[test]
fn a_port_that_is_taken() {
    let environment = TestEnvironment::with_image();
    let listener = TcpListener::bind(("127.0.0.1", environment.port)).unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            drop(connection)
        }
    });
    let run = doctor(&environment, 1);
    let expected = format!("fail the port of {} is taken by something that is no registry", environment.registry());
    assert_eq!(found(&run, "registry"), [expected]);
}

/// What `--fix` and `--undo` do to the handlers of a namespace of its own (Linux 6.7), which never saw those of the machine.
const IN_A_MACHINE_OF_ITS_OWN: &str = r#"
    consign=$0 machine=$1 list=/proc/sys/fs/binfmt_misc
    mount -t tmpfs none /run
    mount -t tmpfs none $list
    doctor() { "$consign" doctor "$@" 2>&1 | grep handlers || true; }
    unshare --user --map-user=1000 "$consign" doctor --fix 2>&1
    echo "- once, again, and back"
    doctor --undo
    doctor --fix
    head -1 "$list/qemu-$machine"
    doctor --fix
    doctor --undo
    ls $list
    doctor --undo
    echo "- disabled, and beside that of somebody else"
    doctor --fix
    echo ":other:E::other::/bin/true:" > $list/register
    echo 0 > "$list/qemu-$machine"
    doctor --undo
    ls $list
"#;

#[test]
fn emulators_are_registered_and_taken_back() {
    let foreign = foreign_platform();
    let machine = if foreign.architecture() == "arm64" { "aarch64" } else { "x86_64" };
    if consign_sandbox::Host::of_this_machine().unwrap().kernel < (6, 7) {
        return not_run("a kernel where user namespaces have handlers");
    }
    if !runs_here(&foreign) {
        return;
    }
    let environment = TestEnvironment::with_image();
    environment.write("Dockerfile", "FROM scratch\nCOPY hello.txt /\nRUN [\"/bin/hello\"]\n");
    let destination = environment.reference("team/hello:1");
    environment.write(
        "consign.yaml",
        format!("build: [{{source: Dockerfile, destination: \"{destination}\", platforms: [{foreign}]}}]\n"),
    );
    let mut command = std::process::Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-uc", IN_A_MACHINE_OF_ITS_OWN]);
    command.arg(program_path()).arg(machine);
    let run = environment.run_other(command);
    let mut text = run.stdout.replace(&foreign.to_string(), "FOREIGN");
    // As Debian 12 has them, and as others do.
    for emulator in [
        format!("/usr/libexec/qemu-binfmt/{machine}-binfmt-P, flags PF"),
        format!("/usr/bin/qemu-{machine}-static, flags F"),
    ] {
        text = text.replace(&emulator, "EMULATOR");
    }
    assert_snapshot!(text.replace(machine, "MACHINE"), @"
    error: only root registers handlers on the whole machine
    hint: `sudo consign doctor --fix`
    - once, again, and back
    ok    handlers  consign has registered none since this machine was started
    ok    handlers       mounted binfmt_misc on /proc/sys/fs/binfmt_misc
    ok    handlers       registered qemu-MACHINE for FOREIGN on the whole machine, until it is started again: EMULATOR
    enabled
    ok    handlers       nothing had to be registered
    ok    handlers  qemu-MACHINE is registered no more
    ok    handlers  binfmt_misc is mounted on /proc/sys/fs/binfmt_misc no more
    ok    handlers  consign has registered none since this machine was started
    - disabled, and beside that of somebody else
    ok    handlers       mounted binfmt_misc on /proc/sys/fs/binfmt_misc
    ok    handlers       registered qemu-MACHINE for FOREIGN on the whole machine, until it is started again: EMULATOR
    warn  handlers  qemu-MACHINE is not as consign registered it, so it stays
    warn  handlers  binfmt_misc stays mounted on /proc/sys/fs/binfmt_misc: others use it too
    other
    qemu-MACHINE
    register
    status
    ");
}

#[test]
fn commands_of_dockerfiles_need_a_sandbox_and_emulators() {
    let environment = TestEnvironment::with_image();
    let (host, foreign) = (host_platform(), foreign_platform());
    let destination = environment.reference("team/hello:1");
    environment.write(
        "consign.yaml",
        format!("build: [{{source: Dockerfile, destination: \"{destination}\", platforms: [{host}, {foreign}]}}]\n"),
    );
    let about = |dockerfile: &str| {
        environment.write("Dockerfile", dockerfile);
        let run = environment.consign(&["doctor", "--output", "json"]);
        (found(&run, "sandbox").len(), found(&run, "emulation").len())
    };
    assert_eq!(about("FROM scratch\nCOPY hello.txt /\n"), (1, 0));
    assert_eq!(about("FROM scratch AS unneeded\nRUN a\nFROM scratch\nCOPY hello.txt /\n"), (1, 0));
    let built_once =
        "FROM --platform=$BUILDPLATFORM scratch AS a\nFROM a AS b\nRUN a\nFROM scratch\nCOPY --from=b / /\n";
    assert_eq!(about(built_once).1, 1);
    assert_eq!(about("FROM scratch\nRUN a\n").1, 2);
}
