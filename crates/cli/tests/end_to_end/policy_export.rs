//! Policies by which others admit images: what is taken from where, and whether one that is at hand admits just that.

use crate::common::{Destination, Run, TestEnvironment};
use consign_testkit::tools::peer;
use insta::assert_snapshot;
use serde_json::Value;
use std::process::Command;

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const WORKFLOW: &str = "https://github.com/team/app/.github/workflows/release.yml@refs/heads/main";

/// A configuration that goes to known repositories.
fn environment(signing: &str, policy: &str) -> TestEnvironment {
    let environment = TestEnvironment::with_image();
    environment.write(
        "consign.yaml",
        format!(
            "build:\n  - source: image.yaml\n    destinations: [ghcr.io/team/app, registry.example.org/team/app]\n{signing}{policy}"
        ),
    );
    environment
}

fn export(environment: &TestEnvironment, arguments: &[&str]) -> Run {
    environment.consign(&[&["policy", "export"], arguments].concat())
}

/// Returns what an export says, without the key of the test.
fn exported(environment: &TestEnvironment, arguments: &[&str]) -> String {
    let text = export(environment, arguments).expect(0).stdout;
    let key = environment.read("cosign.pub");
    let body = key.lines().nth(1).unwrap();
    text.replace(body, "KEY").replace(key.lines().nth(2).unwrap(), "KEY")
}

#[test]
fn the_configuration_says_whose_signatures_of_which_images_count() {
    let policy = "policy:\n  identities:\n    - {key: runner.pub}\n    - for: [signatures]\n      certificate: {identity-regexp: \"https://github[.]com/team/app/.*@refs/tags/v.*\", issuer: ISSUER}\n";
    let environment = environment("signing: {key: cosign.key, format: both}\n", &policy.replace("ISSUER", ISSUER));
    // Whoever only builds signs no images; its key is not even read.
    assert_snapshot!(exported(&environment, &["policy-controller"]), @r#"
    # For the policy controller 0.13 or newer: made by `consign policy export policy-controller`.
    # It looks at namespaces that have the label `policy.sigstore.dev/include: "true"`.
    # Nothing else that `consign verify` checks is asked about: whether the tag was moved back, each platform's own signature, provenance, SBOM and trials.
    apiVersion: policy.sigstore.dev/v1beta1
    kind: ClusterImagePolicy
    metadata:
      name: consign
    spec:
      mode: enforce
      images:
      - glob: ghcr.io/team/app:**
      - glob: ghcr.io/team/app@**
      - glob: registry.example.org/team/app:**
      - glob: registry.example.org/team/app@**
      authorities:
      - name: key1
        key:
          data: |
            -----BEGIN PUBLIC KEY-----
            KEY
            KEY
            -----END PUBLIC KEY-----
          hashAlgorithm: sha256
        signatureFormat: legacy
      - name: identity1
        keyless:
          url: https://fulcio.sigstore.dev
          identities:
          - subjectRegExp: ^(?:https://github[.]com/team/app/.*@refs/tags/v.*)$
            issuer: https://token.actions.githubusercontent.com
        ctlog:
          url: https://rekor.sigstore.dev
        signatureFormat: bundle
        attestations:
        - name: signature
          predicateType: https://sigstore.dev/cosign/sign/v1
    "#);
    // Neither a password nor the private key is needed.
    std::fs::remove_file(environment.path("cosign.key")).unwrap();
    let kyverno = exported(&environment, &["kyverno", "--name", "app"]);
    assert!(kyverno.contains("kind: ImageValidatingPolicy\nmetadata:\n  name: app\n"), "{kyverno}");
    assert!(kyverno.contains("subjectRegExp: ^(?:https://github[.]com/team/app/.*@refs/tags/v.*)$"), "{kyverno}");
    let error = export(&environment, &["containers-policy"]).expect(3).error();
    assert!(error.contains("one signature of several people"), "{error}");
    // The same again, into a file.
    export(&environment, &["kyverno", "--name", "app", "--outfile", "policy.yaml"]).expect(0);
    let again = export(&environment, &["kyverno", "--name", "app"]).expect(0).stdout;
    assert_eq!(environment.read("policy.yaml"), again);
}

#[test]
fn a_policy_file_names_workflows_and_branches() {
    let environment = TestEnvironment::new();
    let identity =
        |text: String| format!("    - for: signatures\n      certificate: {{{text}, issuer: \"{ISSUER}\"}}\n");
    let identities = [
        identity(format!("identity: \"{WORKFLOW}\"")),
        identity(format!("identity: \"{}\"", WORKFLOW.replace("release", "nightly"))),
        identity(
            "identity-regexp: 'https://github\\.com/team/app/\\.github/workflows/release\\.yml@refs/tags/v.*'"
                .to_owned(),
        ),
    ];
    environment.write("policy.yaml", format!("policy:\n  identities:\n{}", identities.concat()));
    let arguments = ["--policy", "policy.yaml", "--image", "ghcr.io/team/**", "--released"];
    let cluster_policy = ["kyverno", "--kind", "cluster-policy", "--output", "json"];
    let cluster_policy = export(&environment, &[&cluster_policy[..], &arguments].concat()).expect(0).json();
    let rule = &cluster_policy["spec"]["rules"][0]["verifyImages"][0];
    assert_eq!((&rule["type"], &rule["imageReferences"][0]), (&"SigstoreBundle".into(), &"ghcr.io/team/*".into()));
    let attestations = rule["attestations"].as_array().unwrap();
    assert_eq!(attestations.len(), 2);
    let entries = attestations[0]["attestors"][0]["entries"].as_array().unwrap();
    let subjects: Vec<&Value> =
        entries.iter().map(|it| it["keyless"].get("subject").unwrap_or(&it["keyless"]["subjectRegExp"])).collect();
    let tags = r"^(?:https://github\.com/team/app/\.github/workflows/release\.yml@refs/tags/v.*)$";
    assert_eq!(subjects, [WORKFLOW, &WORKFLOW.replace("release", "nightly"), tags]);
    let controller = export(&environment, &[&["policy-controller"][..], &arguments].concat()).expect(0).stdout;
    assert!(controller.contains("    signatureFormat: bundle\n"), "{controller}");

    // The same from the command line.
    let options =
        ["--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", ISSUER, "--image", "ghcr.io/team/**"];
    let nightly = WORKFLOW.replace("release", "nightly");
    let more =
        ["--certificate-identity", &nightly, "--certificate-identity-regexp", &tags[4..tags.len() - 2], "--released"];
    let kyverno = |arguments: &[&str]| {
        let mut found = export(&environment, &[&["kyverno", "--output", "json"], arguments].concat()).expect(0).json();
        found["spec"]["attestors"].take()
    };
    assert_eq!(kyverno(&[&options[..], &more].concat()), kyverno(&arguments));
}

#[test]
fn what_cannot_be_said_fails() {
    let environment = environment("signing: {key: cosign.key}\n", "");
    for (arguments, status, expected) in [
        (&["containers-policy"][..], 3, "it reads cosign's older form alone"),
        (&["policy-controller"], 3, "up to version 0.15 it verifies bundles with certificates alone"),
        (&["kyverno", "--kind", "cluster-policy"], 3, "in a `ClusterPolicy`"),
        (&["kyverno", "--name", "App"], 2, "`App` is no name"),
        (&["kyverno", "--image", "ghcr.io/team/app:1"], 2, "names no images"),
        (&["kyverno", "--certificate-identity", "a@b.c"], 2, "--certificate-oidc-issuer"),
        (&["kyverno", "--certificate-oidc-issuer", ISSUER, "--certificate-identity-regexp", "("], 2, "cannot be used"),
        (&["kyverno", "--key", "absent.pub"], 1, "absent.pub"),
        (&["kyverno", "--policy", "policy.yaml"], 3, "nobody is named"),
    ] {
        environment.write("policy.yaml", "policy:\n  identities: [{key: cosign.pub}]\n");
        let run = export(&environment, arguments).expect(status);
        assert!(run.stderr.contains(expected), "{arguments:?}: {run}");
        assert_eq!(run.stdout, "", "{arguments:?}");
    }
}

#[test]
fn check_warns_of_those_who_cannot_read_what_is_signed() {
    let signing = |format: &str| {
        format!(
            "signing:\n  key: cosign.key\n  format: {format}\n  consumers: [cosign, kyverno, podman, policy-controller]\n"
        )
    };
    let mut environment = environment(&signing("bundle"), "");
    assert_snapshot!(environment.consign(&["check"]), @"
    status 0
    --- stderr
    warning[UnreadSignature]: podman cannot read what is signed with a key and `format: bundle`: `format: both` signs for it, too
     --> consign.yaml:7:32
      |
    7 |   consumers: [cosign, kyverno, podman, policy-controller]
      |                                ^^^^^^

    warning[UnreadSignature]: policy-controller cannot read what is signed with a key and `format: bundle`: `format: both` signs for it, too
     --> consign.yaml:7:40
      |
    7 |   consumers: [cosign, kyverno, podman, policy-controller]
      |                                        ^^^^^^^^^^^^^^^^^

    consign.yaml is right: 1 image.
    ");
    let denied = environment.consign(&["check", "--deny", "warnings"]).expect(3);
    assert!(denied.stderr.contains("2 warnings are errors by `--deny warnings`"), "{denied}");
    for format in ["legacy", "both"] {
        environment = self::environment(&signing(format), "");
        let run = environment.consign(&["check"]).expect(0);
        assert!(!run.stderr.contains("UnreadSignature"), "{format}: {run}");
    }
    for (keyless, consumers) in [("true", "podman"), ("{identity-token: token}", "")] {
        let signing =
            format!("signing: {{keyless: {keyless}, format: both, consumers: [kyverno, policy-controller, podman]}}\n");
        let run = self::environment(&signing, "").consign(&["check"]).expect(0);
        let warned = run.stderr.contains("podman knows those who sign without a key by mail address alone");
        assert_eq!(warned, consumers == "podman", "{keyless}: {run}");
        assert_eq!(run.stderr.matches("UnreadSignature").count(), usize::from(warned), "{keyless}: {run}");
    }
    environment.replace("consign.yaml", "[cosign, kyverno,", "[cosign, cosign, kyvern,");
    let error = environment.consign(&["check"]).expect(3).stderr;
    assert!(error.contains("`cosign` stands twice") && error.contains("did you mean `kyverno`?"), "{error}");
}

/// Copies an image as the policy allows it, with what the next release of Debian has: that of this one was built without these signatures.
fn copy(environment: &TestEnvironment, skopeo: Command, image: &str) -> Run {
    let mut command = skopeo;
    command.args(["--policy", "policy.json", "--registries.d", "registries.d", "copy", "--src-tls-verify=false"]);
    command.args([&format!("docker://{image}"), "dir:copied"]);
    environment.run_other(command)
}

#[test]
fn skopeo_copies_what_is_signed_and_nothing_else() {
    let Some(skopeo) = peer("skopeo-next") else { return };
    let environment = TestEnvironment::with_image();
    let registry = Destination::start();
    let host = registry.host().to_owned();
    environment.consign(&["build", "--to", "oci-archive:hello.tar"]).expect(0);
    environment.consign(&["keygen", "--output-key-prefix", "other"]).expect(0);
    environment.consign(&["keygen", "--algorithm", "rsa-2048", "--output-key-prefix", "third"]).expect(0);
    for name in ["mine", "theirs", "third", "bundle", "unsigned"] {
        let image = format!("{host}/team/{name}:1");
        environment.consign(&["copy", "--no-referrers", "oci-archive:hello.tar", &image]).expect(0);
        let (key, form) = match name {
            "mine" => ("cosign.key", "both"),
            "theirs" => ("other.key", "legacy"),
            "third" => ("third.key", "legacy"),
            "bundle" => ("cosign.key", "bundle"),
            _ => continue,
        };
        environment.consign(&["sign", "--key", key, "--signature-format", form, &image]).expect(0);
    }
    let images = format!("{host}/team/**");
    let export = |keys: &[&str]| {
        let common = ["containers-policy", "--outfile", "policy.json", "--registries-d", "registries.d/consign.yaml"];
        let rest = ["--signature-format", "both", "--image", &images];
        std::fs::create_dir_all(environment.path("registries.d")).unwrap();
        export(&environment, &[&common[..], &rest, keys].concat()).expect(0);
    };
    let copied = |name: &str| {
        let run = copy(&environment, skopeo.command(), &format!("{host}/team/{name}:1"));
        assert_eq!(run.status == 0, !run.stderr.contains("Source image rejected"), "{name}: {run}");
        run.status == 0
    };
    export(&["--key", "cosign.pub"]);
    assert_eq!(["mine", "theirs", "third", "bundle", "unsigned"].map(copied), [true, false, false, false, false]);
    export(&["--key", "cosign.pub", "--key", "third.pub"]);
    assert_eq!(["mine", "theirs", "third", "bundle", "unsigned"].map(copied), [true, false, true, false, false]);
}

#[test]
fn without_a_configuration_the_form_is_named() {
    let environment = TestEnvironment::with_image();
    std::fs::remove_file(environment.path("consign.yaml")).unwrap();
    let whose = ["--key", "cosign.pub", "--image", "ghcr.io/team/**"];
    for consumer in ["containers-policy", "policy-controller"] {
        let export = [&["policy", "export", consumer], &whose[..]].concat();
        let error = environment.consign(&export).expect(3).error();
        assert!(error.contains("`--signature-format both` says so where no configuration does"), "{error}");
        environment.consign(&[&export[..], &["--signature-format", "both"]].concat()).expect(0);
    }
}
