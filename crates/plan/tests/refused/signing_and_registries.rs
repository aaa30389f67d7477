//! Keys, credentials, registries, mirrors.

use crate::refused_after_image;

#[test]
fn signing_without_a_key() {
    let text = r#"signing: {}
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C006]: `key` is missing: the private key to sign with, such as `consign keygen` makes, or `keyless: true`
     --> consign.yaml:4:10
      |
    4 | signing: {}
      |          ^
    ");
}

#[test]
fn a_key_in_a_service() {
    let text = r#"signing:
  key: awskms://alias/key
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C007]: keys at `awskms:` are not supported by this version
     --> consign.yaml:5:8
      |
    5 |   key: awskms://alias/key
      |        ^^^^^^^^^^^^^^^^^^
      |
      = hint: a program of yours can ask the service or the device for signatures: `exec:PROGRAM ARGUMENT…` (docs/keys.md)
    ");
}

#[test]
fn a_bad_variable() {
    let text = r#"signing:
  key: env://NOT A NAME
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C012]: after `env://` stands the name of an environment variable
     --> consign.yaml:5:8
      |
    5 |   key: env://NOT A NAME
      |        ^^^^^^^^^^^^^^^^
      |
      = hint: a key is a file, `env://NAME`, `k8s://NAMESPACE/SECRET` or `exec:PROGRAM ARGUMENT…` (docs/keys.md)
    ");
}

#[test]
fn a_private_key_in_the_file() {
    let text = r#"signing:
  key: |
    -----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
    hunter2
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C015]: a private key must not stand in the place of its name
     --> consign.yaml:5:3
      |
    5 |   key: |
      |   ^^^
      |
      = hint: write the path of the key file, or `env://NAME`, and replace this key: it has been seen
    ");
}

#[test]
fn a_password_in_the_file() {
    let text = r#"registries:
  ghcr.io:
    username: { env: GHCR_USER }
    password: hunter2
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C015]: `password` must not stand in the configuration
     --> consign.yaml:7:5
      |
    7 |     password: ***
      |     ^^^^^^^^
      |
      = hint: write `password: { env: NAME }` with the name of an environment variable
    ");
}

#[test]
fn a_password_in_one_line() {
    let text = r#"registries:
  ghcr.io: { usernmae: { env: U }, password: hunter2 }
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C003]: unknown key `usernmae` in a registry
     --> consign.yaml:5:14
      |
    5 |   ghcr.io: { usernmae: { env: U }, password: ***
      |              ^^^^^^^^
      |
      = hint: did you mean `username`?

    error[C015]: `password` must not stand in the configuration
     --> consign.yaml:5:36
      |
    5 |   ghcr.io: { usernmae: { env: U }, password: ***
      |                                    ^^^^^^^^
      |
      = hint: write `password: { env: NAME }` with the name of an environment variable
    ");
}

#[test]
fn half_a_login() {
    let text = r#"registries:
  ghcr.io:
    username: { env: GHCR_USER }
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C006]: `password` is missing: `username` stands alone
     --> consign.yaml:6:5
      |
    6 |     username: { env: GHCR_USER }
      |     ^^^^^^^^
    ");
}

#[test]
fn bad_credentials() {
    let text = r#"registries:
  ghcr.io:
    docker-config: yes
    username: { variable: X }
    password: { env: a-b }
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C005]: `docker-config` must be `true` or `false`, not a text
     --> consign.yaml:6:20
      |
    6 |     docker-config: yes
      |                    ^^^

    error[C003]: unknown key `variable` in a credential
     --> consign.yaml:7:17
      |
    7 |     username: { variable: X }
      |                 ^^^^^^^^
      |
      = hint: the only key here is `env`

    error[C006]: `env` is missing: the name of an environment variable
     --> consign.yaml:7:17
      |
    7 |     username: { variable: X }
      |                 ^^^^^^^^

    error[C012]: `env` must be the name of an environment variable
     --> consign.yaml:8:22
      |
    8 |     password: { env: a-b }
      |                      ^^^
    ");
}

#[test]
fn plain_http_elsewhere() {
    let text = r#"registries:
  10.0.0.5:5000:
    plain-http: true
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C016]: plain HTTP is allowed on loopback only: anybody on the way could change what is pushed and pulled
     --> consign.yaml:6:5
      |
    6 |     plain-http: true
      |     ^^^^^^^^^^
    ");
}

#[test]
fn mirrors_that_are_none() {
    let text = r#"registries:
  docker.io:
    mirrors: [mirror.example.org, "mirror.example.org:5000/hub", "https://mirror.example.org"]
"#;
    insta::assert_snapshot!(refused_after_image(text), @r#"
    error[C008]: `https://mirror.example.org` is not a registry, nor a part of one
     --> consign.yaml:6:66
      |
    6 |     mirrors: [mirror.example.org, "mirror.example.org:5000/hub", "https://mirror.example.org"]
      |                                                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: expected such as `mirror.example.org` or `mirror.example.org/hub`
    "#);
}

#[test]
fn serving_elsewhere() {
    let text = r#"registries:
  ghcr.io:
    serve: ./registry
  localhost:
    serve: ./other
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C016]: the embedded registry serves loopback only
     --> consign.yaml:6:5
      |
    6 |     serve: ./registry
      |     ^^^^^
      |
      = hint: use `localhost:PORT` or `127.0.0.1:PORT`

    error[C016]: the embedded registry needs a port, such as `localhost:5000`
     --> consign.yaml:8:5
      |
    8 |     serve: ./other
      |     ^^^^^
    ");
}

#[test]
fn not_a_registry() {
    let text = r#"registries:
  ghcr.io/team: { docker-config: true }
  team: { docker-config: true }
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C008]: `ghcr.io/team` is not a registry
     --> consign.yaml:5:3
      |
    5 |   ghcr.io/team: { docker-config: true }
      |   ^^^^^^^^^^^^
      |
      = hint: expected a host with an optional port, such as `ghcr.io` or `localhost:5000`

    error[C008]: `team` is not a registry
     --> consign.yaml:6:3
      |
    6 |   team: { docker-config: true }
      |   ^^^^
      |
      = hint: expected a host with an optional port, such as `ghcr.io` or `localhost:5000`
    ");
}

#[test]
fn bad_mirrors() {
    let text = r#"debian:
  mirrors:
    - uri: ftp://example.org/debian
      suites: [../x]
      signed-by: keys.pgp
    - uri: https://user:hunter2@example.org/debian
      suites: []
    - suits: [stable]
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C012]: `uri` must start with `https://`, `http://` or `file:///`
     --> consign.yaml:6:12
      |
    6 |     - uri: ftp://example.org/debian
      |            ^^^^^^^^^^^^^^^^^^^^^^^^

    error[C012]: `../x` cannot be one of `suites`
     --> consign.yaml:7:16
      |
    7 |       suites: [../x]
      |                ^^^^

    error[C006]: `signed-by` is missing: the file with the OpenPGP keys of the archive
     --> consign.yaml:9:7
      |
    9 |     - uri: ***
      |       ^^^

    error[C015]: `uri` must not hold a user name or password
     --> consign.yaml:9:12
      |
    9 |     - uri: ***
      |            ^^^

    error[C012]: `suites` lists nothing
      --> consign.yaml:10:15
       |
    10 |       suites: []
       |               ^

    error[C003]: unknown key `suits` in a mirror
      --> consign.yaml:11:7
       |
    11 |     - suits: [stable]
       |       ^^^^^
       |
       = hint: did you mean `suites`?

    error[C006]: `uri` is missing: where the mirror is
      --> consign.yaml:11:7
       |
    11 |     - suits: [stable]
       |       ^^^^^

    error[C006]: `signed-by` is missing: the file with the OpenPGP keys of the archive
      --> consign.yaml:11:7
       |
    11 |     - suits: [stable]
       |       ^^^^^
    ");
}

#[test]
fn mistyped_platforms() {
    let text = r#"    platforms: [linux/amd46, linux/x64x64]
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C009]: no images are made for the architecture of `linux/amd46`
     --> consign.yaml:4:17
      |
    4 |     platforms: [linux/amd46, linux/x64x64]
      |                 ^^^^^^^^^^^
      |
      = hint: did you mean `linux/amd64`?

    error[C009]: no images are made for the architecture of `linux/x64x64`
     --> consign.yaml:4:30
      |
    4 |     platforms: [linux/amd46, linux/x64x64]
      |                              ^^^^^^^^^^^^
      |
      = hint: architectures are 386, amd64, arm, arm64, loong64, mips, mips64, mips64le, mipsle, ppc64, ppc64le, riscv, riscv64, s390x, sparc64, wasm
    ");
}
