use super::{Case, Table};
use crate::common::TestEnvironment;
use insta::assert_snapshot;

/// Writes `consign.yaml` with this text.
fn written(text: impl Into<Vec<u8>>) -> impl Fn(&TestEnvironment) {
    let text = text.into();
    move |environment| environment.write("consign.yaml", &text)
}

/// Puts this before `signing:`.
fn with(section: &'static str) -> impl Fn(&TestEnvironment) {
    move |environment| environment.replace("consign.yaml", "signing:\n", &format!("{section}signing:\n"))
}

fn replaced(from: &'static str, to: &'static str) -> impl Fn(&TestEnvironment) {
    move |environment| environment.replace("consign.yaml", from, to)
}

/// Lists that hold each other: a few lines that would be 9¹² words.
fn bomb() -> String {
    let level = |level: usize| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", "));
    let levels: String = (1..12).map(level).collect();
    format!("a0: &a0 [x, x, x, x, x, x, x, x, x]\n{levels}")
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("configuration: a bracket that is not closed", written("build: [\n")),
        Case::new("configuration: not a text", written(*b"build:\n  - source: \xff\n")),
        Case::new("configuration: nested without end", written(format!("build: {}", "[".repeat(100_000)))),
        Case::new("configuration: aliases that multiply", written(bomb())),
        Case::new("configuration: 1 MiB of comments", written("#".repeat((1 << 20) + 1))),
        Case::new("configuration: a key twice", with("signing: {key: other.key}\n")),
        Case::new("configuration: a key that is none", with("polcy: {require: [trials]}\n")),
        Case::new("configuration: no images", written("build: []\n")),
        Case::new("configuration: a text for a list", written("build: image.yaml\n")),
        Case::new(
            "configuration: a platform that is none",
            replaced("image.yaml\n", "image.yaml\n    platforms: [linux/amd46]\n"),
        ),
        Case::new("configuration: a tag that is none", replaced("image.yaml\n", "image.yaml\n    tags: [\"-1\"]\n")),
        Case::new("configuration: two images for one tag", |environment| {
            let image = format!(
                "  - {{source: image.yaml, name: other, destination: {}/team/hello}}\n",
                environment.registry()
            );
            environment.replace("consign.yaml", "signing:\n", &format!("{image}signing:\n"));
        }),
        Case::new("configuration: a password", replaced("    serve: registry\n", "    password: hunter2\n")),
        Case::new(
            "configuration: plain HTTP to everybody",
            replaced("registries:\n", "registries:\n  ghcr.io: {plain-http: true}\n"),
        ),
        Case::new("configuration: an image file that is not there", replaced("image.yaml", "imag.yaml")),
        Case::new("configuration: a requirement that is none", with("policy: {require: [everything]}\n")),
        Case::new(
            "configuration: an advisory ignored for ever, without a reason",
            with(
                "policy:\n  advisories:\n    databases: [advisories]\n    maximum-severity: low\n    ignore: [{advisory: CVE-2026-1}]\n",
            ),
        ),
        Case::new(
            "configuration: advisories that are not there",
            with("policy:\n  advisories:\n    databases: [advisories]\n    maximum-severity: low\n"),
        ),
        Case::new(
            "configuration: an identity whose key is not there",
            with("policy:\n  identities: [{key: runner.pub}]\n"),
        ),
    ]
}

#[test]
fn configurations() {
    let table = Table::new();
    let (said, wrong) = table.run(|| table.image(), cases());
    assert_snapshot!(said, @r#"
    # configuration: a bracket that is not closed
    3 error[C001]: not valid YAML: unclosed bracket '['
     --> consign.yaml:1:8
      |
    1 | build: [
      |        ^

    # configuration: not a text
    3 error: cannot read consign.yaml
      caused by: it is not a text (UTF-8)
    hint: name another file with `-f FILE`, or another folder with `-C DIR`

    # configuration: nested without end
    3 error[C001]: not valid YAML: recursion limit exceeded
     --> consign.yaml:1:32
      |
    1 | build: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[...
      |                                ^

    # configuration: aliases that multiply
    3 error[C002]: the file is too deep, or expands to too much
     --> consign.yaml:5:30
      |
    5 | a4: &a4 [*a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3]
      |                              ^^^

    # configuration: 1 MiB of comments
    3 error[C002]: the file is larger than 1048576 bytes
     --> consign.yaml:1:1
      |
    1 |
      | ^

    # configuration: a key twice
    3 error[C004]: the key `signing` stands twice
     --> consign.yaml:5:1
      |
    5 | signing:
      | ^^^^^^^

    # configuration: a key that is none
    3 error[C003]: unknown key `polcy` in the configuration
     --> consign.yaml:4:1
      |
    4 | polcy: {require: [trials]}
      | ^^^^^
      |
      = hint: did you mean `policy`?

    # configuration: no images
    3 error[C006]: `build` lists no image: there is nothing to build
     --> consign.yaml:1:8
      |
    1 | build: []
      |        ^

    # configuration: a text for a list
    3 error[C005]: an image must be a mapping, not a text
     --> consign.yaml:1:8
      |
    1 | build: image.yaml
      |        ^^^^^^^^^^

    # configuration: a platform that is none
    3 error[C009]: no images are made for the architecture of `linux/amd46`
     --> consign.yaml:3:17
      |
    3 |     platforms: [linux/amd46]
      |                 ^^^^^^^^^^^
      |
      = hint: did you mean `linux/amd64`?

    # configuration: a tag that is none
    3 error[C010]: `-1` is not a tag: at most 128 letters, digits, `_`, `.` and `-`, the first not `.` or `-`
     --> consign.yaml:3:12
      |
    3 |     tags: ["-1"]
      |            ^^^^

    # configuration: two images for one tag
    3 error[C013]: `localhost:PORT1/team/hello`, with tags from git, is the destination for two images
     --> consign.yaml:4:52
      |
    4 |   - {source: image.yaml, name: other, destination: localhost:PORT1/team/hello}
      |                                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^

    # configuration: a password
    3 error[C015]: `password` must not stand in the configuration
     --> consign.yaml:8:5
      |
    8 |     password: ***
      |     ^^^^^^^^
      |
      = hint: write `password: { env: NAME }` with the name of an environment variable

    error[C006]: `username` is missing: `password` stands alone
     --> consign.yaml:8:5
      |
    8 |     password: ***
      |     ^^^^^^^^

    # configuration: plain HTTP to everybody
    3 error[C016]: plain HTTP is allowed on loopback only: anybody on the way could change what is pushed and pulled
     --> consign.yaml:7:13
      |
    7 |   ghcr.io: {plain-http: true}
      |             ^^^^^^^^^^

    # configuration: an image file that is not there
    3 error[C019]: cannot read the image file: No such file or directory (os error 2)
     --> consign.yaml:2:13
      |
    2 |   - source: imag.yaml
      |             ^^^^^^^^^

    # configuration: a requirement that is none
    3 error[C012]: `everything` is not something to require
     --> consign.yaml:4:20
      |
    4 | policy: {require: [everything]}
      |                    ^^^^^^^^^^
      |
      = hint: a policy can require `completeness`, `provenance`, `sbom`, `trials`, `advisories` and `image-facts`

    # configuration: an advisory ignored for ever, without a reason
    3 error[C006]: `reason` is missing: why it does not count
     --> consign.yaml:8:15
      |
    8 |     ignore: [{advisory: CVE-2026-1}]
      |               ^^^^^^^^

    error[C006]: `owner` is missing: who answers for that
     --> consign.yaml:8:15
      |
    8 |     ignore: [{advisory: CVE-2026-1}]
      |               ^^^^^^^^

    error[C006]: `until` is missing: the last day on which it does not count, as `YYYY-MM-DD`
     --> consign.yaml:8:15
      |
    8 |     ignore: [{advisory: CVE-2026-1}]
      |               ^^^^^^^^

    # configuration: advisories that are not there
    16 error: cannot read advisories
      caused by: No such file or directory (os error 2)
    hint: a database is what `consign db build` made, or feeds of advisories in folders, archives and files: `advisories: databases:` in the policy, or `--db`

    # configuration: an identity whose key is not there
    3 error: the public key `runner.pub` cannot be used
      caused by: No such file or directory (os error 2)
    hint: `policy.identities` names public keys, such as `cosign.pub`
    "#);
    assert_eq!(wrong, [""; 0]);
}
