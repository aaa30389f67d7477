//! Keys by their references: in files, variables and secrets of Kubernetes, and behind a program.

use crate::common::TestEnvironment;
use consign_testkit::tools::peer;
use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Signs with a key that lies open in a file, as a service or a device would.
const SIGNER: &str = r#"#!/bin/sh
set -eu
read -r request
echo "$request" >> "$1.requests"
case $request in
*'"public-key"'*) printf '{"publicKey":"%s"}' "$(openssl pkey -in "$1" -pubout | sed 's/$/\\n/' | tr -d '\n')" ;;
*)
    echo "$request" | sed 's/.*"digest":"\([^"]*\)".*/\1/' | base64 -d > "$1.digest"
    printf '{"signature":"%s"}' "$(openssl pkeyutl -sign -inkey "$1" -in "$1.digest" | base64 -w 0)"
    ;;
esac
env > "$1.environment"
"#;

/// Answers as `kubectl` does about the secret that `cosign generate-key-pair k8s://ci/release` makes.
const KUBECTL: &str = r#"#!/bin/sh
if [ "$*" != "get secret release --namespace ci --output json" ]; then
    for try in 1 2 3 4 5; do echo "E1124 memcache.go:265] couldn't get current server API group list" >&2; done
    echo "Error from server (NotFound): $*" >&2
    exit 1
fi
cat "$SECRET"
"#;

#[test]
fn a_program_signs_releases() {
    let Some(openssl) = peer("openssl") else { return };
    let environment = TestEnvironment::with_image();
    environment.write_program("sign", SIGNER.as_bytes());
    for (name, curve) in [("p256", "P-256"), ("p384", "P-384")] {
        let file = environment.path(&format!("{name}.key")).display().to_string();
        let curve = format!("ec_paramgen_curve:{curve}");
        openssl.run(["genpkey", "-algorithm", "EC", "-pkeyopt", &curve, "-out", &file]).unwrap();
    }
    environment.replace("consign.yaml", "key: cosign.key", "key: exec:./sign p256.key");
    environment.invocation().variable("COSIGN_PASSWORD", "hunter2").run(&["release"]).expect(0);
    assert!(!environment.read("p256.key.environment").contains("hunter2"));
    let requests = environment.read("p256.key.requests");
    assert_eq!(requests.lines().next(), Some(r#"{"version":1,"operation":"public-key"}"#));
    assert!(
        requests.contains(r#"{"version":1,"operation":"sign","digestAlgorithm":"sha256","digest":""#),
        "{requests}"
    );

    let server = environment.serve();
    let reference = environment.reference("team/hello:1.2.3");
    environment.consign(&["public-key", "--key", "exec:./sign p256.key", "--outfile", "p256.pub"]).expect(0);
    for key in ["p256.pub", "exec:./sign p256.key"] {
        environment.consign(&["verify", &reference, "--key", key]).expect(0);
    }
    environment.consign(&["verify", &reference, "--key", "cosign.pub"]).expect(13);
    drop(server);

    // What is signed with a larger key has the digest that is for it.
    environment.replace("consign.yaml", "exec:./sign p256.key", "exec:./sign p384.key");
    environment.consign(&["release"]).expect(0);
    assert!(environment.read("p384.key.requests").contains(r#""digestAlgorithm":"sha384""#));
    let _server = environment.serve();
    environment.consign(&["verify", &reference, "--key", "exec:./sign p384.key"]).expect(0);
}

#[test]
fn a_program_that_does_not_sign_is_said() {
    let environment = TestEnvironment::with_image();
    environment.write_program("locked", b"#!/bin/sh\necho '{\"error\": \"the device is locked\"}'\n");
    environment.write_program("refusing", b"#!/bin/sh\necho '{\"error\": \"no such key\"}'\necho trace >&2\nexit 1\n");
    environment.write_program("broken", b"#!/bin/sh\necho 'no such key' >&2\nexit 3\n");
    for (program, cause) in [
        ("missing", "there is no program `missing`"),
        ("./hello.txt", "there is no program `./hello.txt`"),
        ("./locked", "`[folder]/locked` refused: the device is locked"),
        ("./refusing", "`[folder]/refusing` refused: no such key"),
        ("./broken", "`[folder]/broken` failed (exit status: 3): no such key"),
    ] {
        let configuration = environment.read("consign.yaml");
        environment.replace("consign.yaml", "key: cosign.key", &format!("key: exec:{program}"));
        let error = environment.consign(&["release"]).expect(1).error();
        let expected = format!("error: the signing key `exec:{program}` cannot be used\n  caused by: {cause}\n");
        assert!(error.starts_with(&expected), "{error}");
        environment.write("consign.yaml", configuration);
    }
    assert!(!environment.path("registry").exists());
}

#[test]
fn a_secret_of_kubernetes_is_read() {
    let environment = TestEnvironment::new();
    environment.write_program("bin/kubectl", KUBECTL.as_bytes());
    environment.write("password", "pass word");
    environment.consign(&["keygen", "--output-key-prefix", "k8s", "--password-file", "password"]).expect(0);
    let encoded = |name: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(environment.read(name))
    };
    let secret = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "data": { "cosign.key": encoded("k8s.key"), "cosign.pub": encoded("k8s.pub"), "cosign.password": encoded("password") },
    });
    environment.write("secret.json", secret.to_string());
    let path = format!("{}:{}", environment.path("bin").display(), std::env::var("PATH").unwrap());
    let file = environment.path("secret.json").display().to_string();
    let run = |key: &str| {
        let invocation = environment.invocation().variable("PATH", &path).variable("SECRET", &file);
        invocation.run(&["public-key", "--key", key])
    };
    assert_eq!(run("k8s://ci/release").expect(0).stdout, environment.read("k8s.pub"));
    assert_snapshot!(run("k8s://ci/other").error(), @"
    error: the signing key `k8s://ci/other` cannot be used
      caused by: `kubectl` gives no secret: Error from server (NotFound): get secret other --namespace ci --output json
    ");
    for (content, cause) in [
        ("{}", "the secret has no `cosign.key` that is a text"),
        (r#"{"data": {"cosign.key": "?"}}"#, "the secret has no `cosign.key` that is a text"),
        ("hunter2", "`kubectl` did not answer with a secret"),
        (r#"{"data": "hunter2"}"#, "`kubectl` did not answer with a secret"),
    ] {
        fs::write(&file, content).unwrap();
        let error = run("k8s://ci/release").expect(1).error();
        assert!(error.contains(cause) && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_variable_holds_either_half() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["release"]).expect(0);
    let _server = environment.serve();
    let (private, public) = (environment.read("cosign.key"), environment.read("cosign.pub"));
    let invocation = || environment.invocation().variable("COSIGN_PRIVATE_KEY", &private).variable("PUBLIC", &public);
    let run = invocation().run(&["public-key", "--key", "env://COSIGN_PRIVATE_KEY", "--output", "json"]).expect(0);
    assert_eq!(run.json()["publicKey"], public);
    let reference = environment.reference("team/hello:1.2.3");
    invocation().run(&["verify", &reference, "--key", "env://PUBLIC"]).expect(0);
    let error = invocation().run(&["verify", &reference, "--key", "env://COSIGN_PRIVATE_KEY"]).expect(1).error();
    assert!(error.contains("expected `PUBLIC KEY`"), "{error}");
}

#[test]
fn a_key_in_place_of_its_name_is_not_repeated() {
    let environment = TestEnvironment::new();
    let key = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----";
    let run = environment.consign(&["public-key", "--key", key]);
    assert!(!run.stderr.contains("hunter2"));
    assert_snapshot!(run, @"
    status 2
    --- stderr
    error: a private key must not stand in the place of its name
    hint: write the path of the key file, or `env://NAME`, and replace this key: it has been seen
    ");
    let unknown = environment.consign(&["public-key", "--key", "awskms:///alias/release"]);
    assert_snapshot!(unknown, @"
    status 2
    --- stderr
    error: keys at `awskms:` are not supported by this version
    hint: a program of yours can ask the service or the device for signatures: `exec:PROGRAM ARGUMENT…` (docs/keys.md)
    ");
}

#[test]
fn whoever_waits_for_a_key_can_be_interrupted() {
    let environment = TestEnvironment::new();
    environment.write_program("slow", b"#!/bin/sh\nexec sleep 600\n");
    let pipe = environment.path("pipe").display().to_string();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for key in [&*pipe, "exec:./slow"] {
        let mut command = environment.invocation().command(&["public-key", "--key", key]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let id = Pid::from_child(&child);
        // From when it listens for signals is seen by what it catches.
        let status = format!("/proc/{}/status", child.id());
        let is_listening = || {
            let text = fs::read_to_string(&status).unwrap();
            let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
            u64::from_str_radix(caught.trim(), 16).unwrap() & (1 << (Signal::INT.as_raw() - 1)) != 0
        };
        while !is_listening() {
            std::thread::sleep(Duration::from_millis(5));
        }
        kill_process(id, Signal::INT).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{key}");
    }
}
