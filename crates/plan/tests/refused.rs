//! Every kind of broken configuration, and what is said about it.

#![expect(clippy::panic, reason = "a helper of tests fails by panicking")]

use consign_plan::Configuration;

/// Returns what is said about a configuration, as on a terminal without colour.
fn refused(text: &str) -> String {
    match Configuration::parse("consign.yaml", text) {
        Ok(configuration) => panic!("accepted: {configuration:?}"),
        Err(error) => error.render(false),
    }
}

#[test]
fn an_empty_file() {
    let text = r#""#;
    insta::assert_snapshot!(refused(text), @r"
    error[C005]: the configuration must be a mapping, not nothing
     --> consign.yaml:1:1
      |
    1 |
      | ^
    ");
}

#[test]
fn nothing_to_build() {
    let text = r#"version: 1
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C006]: `build` is missing: there is nothing to build
     --> consign.yaml:1:1
      |
    1 | version: 1
      | ^^^^^^^
    ");
}

#[test]
fn an_empty_list() {
    let text = r#"build: []
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C006]: `build` lists no image: there is nothing to build
     --> consign.yaml:1:8
      |
    1 | build: []
      |        ^
    ");
}

#[test]
fn a_list_at_the_top() {
    let text = r#"- source: x
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C005]: the configuration must be a mapping, not a list
     --> consign.yaml:1:3
      |
    1 | - source: x
      |   ^^^^^^
    ");
}

#[test]
fn yaml_that_does_not_parse() {
    let text = r#"build:
  - source: [a, b
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C001]: not valid YAML: unclosed bracket '['
     --> consign.yaml:2:13
      |
    2 |   - source: [a, b
      |             ^
    ");
}

#[test]
fn a_tab() {
    let text = r#"build:
	- source: x
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C001]: not valid YAML: tabs disallowed within this context (block indentation)
     --> consign.yaml:2:2
      |
    2 |     - source: x
      |     ^
    ");
}

#[test]
fn two_documents() {
    let text = r#"build: []
---
build: []
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C001]: the file must be a single YAML document
     --> consign.yaml:3:1
      |
    3 | build: []
      | ^
    ");
}

#[test]
fn an_unknown_tag() {
    let text = r#"build: !include x.yaml
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C001]: not valid YAML: unsupported tag `!include`
     --> consign.yaml:1:17
      |
    1 | build: !include x.yaml
      |                 ^^^^^^
    ");
}

#[test]
fn an_unknown_anchor() {
    let text = r#"build: *images
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C001]: not valid YAML: alias references unknown anchor
     --> consign.yaml:1:8
      |
    1 | build: *images
      |        ^
    ");
}

#[test]
fn a_key_that_stands_twice() {
    let text = r#"build:
  - source: a.yaml
    source: b.yaml
    destination: ghcr.io/a/b
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C004]: the key `source` stands twice
     --> consign.yaml:3:5
      |
    3 |     source: b.yaml
      |     ^^^^^^
    ");
}

#[test]
fn an_unknown_key_at_the_top() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
signin:
  key: cosign.key
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C003]: unknown key `signin` in the configuration
     --> consign.yaml:4:1
      |
    4 | signin:
      | ^^^^^^
      |
      = hint: did you mean `signing`?
    ");
}

#[test]
fn an_unknown_key_in_an_image() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
    platfroms: [linux/amd64]
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C003]: unknown key `platfroms` in an image
     --> consign.yaml:4:5
      |
    4 |     platfroms: [linux/amd64]
      |     ^^^^^^^^^
      |
      = hint: did you mean `platforms`?
    ");
}

#[test]
fn an_unknown_key_without_a_near_one() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
    entrypoint: [/bin/x]
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C003]: unknown key `entrypoint` in an image
     --> consign.yaml:4:5
      |
    4 |     entrypoint: [/bin/x]
      |     ^^^^^^^^^^
      |
      = hint: the keys here are `name`, `source`, `destination`, `destinations`, `platforms`, `tags`, `tests` and `annotations`
    ");
}

#[test]
fn keys_of_the_existing_lists() {
    let text = r#"sync:
  - source: docker.io/alpine:latest
    destination: ghcr.io/a/alpine:latest
build:
  - source: Dockerfile
    destination: ghcr.io/team/app
    dockerOptions: { context: . }
    melangeConfigs: [a.yaml]
    sbom: { artifactName: app }
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C007]: `sync` is not supported by this version
     --> consign.yaml:1:1
      |
    1 | sync:
      | ^^^^

    error[C007]: `dockerOptions` is not supported by this version
     --> consign.yaml:7:5
      |
    7 |     dockerOptions: { context: . }
      |     ^^^^^^^^^^^^^

    error[C007]: `melangeConfigs` is not supported by this version
     --> consign.yaml:8:5
      |
    8 |     melangeConfigs: [a.yaml]
      |     ^^^^^^^^^^^^^^

    error[C007]: `sbom` is not supported by this version
     --> consign.yaml:9:5
      |
    9 |     sbom: { artifactName: app }
      |     ^^^^
    ");
}

#[test]
fn another_version() {
    let text = r#"version: 2
build:
  - source: image.yaml
    destination: ghcr.io/team/app
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C007]: version `2` of the configuration is not supported by this version: expected `1`
     --> consign.yaml:1:10
      |
    1 | version: 2
      |          ^
    ");
}

#[test]
fn wrong_types() {
    let text = r#"build:
  - source: [a]
    destination: { to: x }
    platforms: { linux: amd64 }
    tests: true
    annotations: [a]
    name:
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C005]: `source` must be a text, not a list
     --> consign.yaml:2:14
      |
    2 |   - source: [a]
      |              ^

    error[C005]: `destination` must be a list, not a mapping
     --> consign.yaml:3:20
      |
    3 |     destination: { to: x }
      |                    ^^

    error[C005]: `platforms` must be a list, not a mapping
     --> consign.yaml:4:18
      |
    4 |     platforms: { linux: amd64 }
      |                  ^^^^^

    error[C005]: `tests` must be a list
     --> consign.yaml:5:12
      |
    5 |     tests: true
      |            ^^^^

    error[C005]: `annotations` must be a mapping, not a list
     --> consign.yaml:6:19
      |
    6 |     annotations: [a]
      |                   ^

    error[C005]: `name` must be a text, not nothing
     --> consign.yaml:7:9
      |
    7 |     name:
      |         ^
    ");
}

#[test]
fn missing_keys() {
    let text = r#"build:
  - name: app
  - source: x.yaml
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C006]: `source` is missing: the file that describes the image
     --> consign.yaml:2:5
      |
    2 |   - name: app
      |     ^^^^

    error[C006]: `destination` is missing: the repository that the image goes to
     --> consign.yaml:2:5
      |
    2 |   - name: app
      |     ^^^^

    error[C006]: `destination` is missing: the repository that the image goes to
     --> consign.yaml:3:5
      |
    3 |   - source: x.yaml
      |     ^^^^^^
    ");
}

#[test]
fn a_bad_destination() {
    let text = r#"build:
  - source: image.yaml
    destination: [ghcr.io/Team/app, ghcr.io/team/app@sha256:abc, "ghcr.io/team/app:-x"]
"#;
    insta::assert_snapshot!(refused(text), @r#"
    error[C008]: `ghcr.io/Team/app` does not name a repository: the path must be lower-case
     --> consign.yaml:3:19
      |
    3 |     destination: [ghcr.io/Team/app, ghcr.io/team/app@sha256:abc, "ghcr.io/team/app:-x"]
      |                   ^^^^^^^^^^^^^^^^

    error[C008]: `sha256:abc` is not a digest: expected `sha256:` and 64, or `sha512:` and 128, lower-case hexadecimal digits
     --> consign.yaml:3:37
      |
    3 |     destination: [ghcr.io/Team/app, ghcr.io/team/app@sha256:abc, "ghcr.io/team/app:-x"]
      |                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[C008]: `-x` is not a tag: at most 128 letters, digits, `_`, `.` and `-`, the first not `.` or `-`
     --> consign.yaml:3:66
      |
    3 |     destination: [ghcr.io/Team/app, ghcr.io/team/app@sha256:abc, "ghcr.io/team/app:-x"]
      |                                                                  ^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn a_destination_with_a_digest() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C008]: a destination cannot name a digest
     --> consign.yaml:3:18
      |
    3 |     destination: ghcr.io/team/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
      |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: the digest is known only once the image is built; leave `@…` out
    ");
}

#[test]
fn both_spellings_of_destination() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
    destinations: [ghcr.io/team/other]
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C004]: `destination` and `destinations` mean the same: use one of them
     --> consign.yaml:3:5
      |
    3 |     destination: ghcr.io/team/app
      |     ^^^^^^^^^^^
    ");
}

#[test]
fn bad_platforms() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
    platforms: [linux, linux/amd64, linux/x86_64, linux/a b]
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C009]: `linux` is not a platform: expected `os/architecture` or `os/architecture/variant`, such as `linux/arm64`
     --> consign.yaml:4:17
      |
    4 |     platforms: [linux, linux/amd64, linux/x86_64, linux/a b]
      |                 ^^^^^

    error[C009]: the platform `linux/amd64` stands twice
     --> consign.yaml:4:37
      |
    4 |     platforms: [linux, linux/amd64, linux/x86_64, linux/a b]
      |                                     ^^^^^^^^^^^^

    error[C009]: `linux/a b` is not a platform: expected `os/architecture` or `os/architecture/variant`, such as `linux/arm64`
     --> consign.yaml:4:51
      |
    4 |     platforms: [linux, linux/amd64, linux/x86_64, linux/a b]
      |                                                   ^^^^^^^^^
    ");
}

#[test]
fn bad_tags() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
    tags: [.x, 1.0, 1.0, "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
"#;
    insta::assert_snapshot!(refused(text), @r#"
    error[C010]: `.x` is not a tag: at most 128 letters, digits, `_`, `.` and `-`, the first not `.` or `-`
     --> consign.yaml:4:12
      |
    4 |     tags: [.x, 1.0, 1.0, "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
      |            ^^

    error[C010]: the tag `1.0` stands twice
     --> consign.yaml:4:21
      |
    4 |     tags: [.x, 1.0, 1.0, "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
      |                     ^^^

    error[C010]: the tag `sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855` is reserved: signatures and attestations have such names
     --> consign.yaml:4:26
      |
    4 |     tags: [.x, 1.0, 1.0, "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
      |                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn a_lone_tag() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
    tags: latest
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C012]: `tags` must be `git` or a list of tags
     --> consign.yaml:4:11
      |
    4 |     tags: latest
      |           ^^^^^^
      |
      = hint: write `tags: [latest]` for exactly that tag
    ");
}

#[test]
fn a_source_elsewhere() {
    let text = r#"build:
  - source: https://example.com/image.yaml
    destination: ghcr.io/team/app
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C012]: `source` must be the path of a file, not a URL
     --> consign.yaml:2:13
      |
    2 |   - source: https://example.com/image.yaml
      |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: check it out first, and name the file there
    ");
}

#[test]
fn a_bad_name() {
    let text = r#"build:
  - name: ../app
    source: image.yaml
    destination: ghcr.io/team/app
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C012]: the name of an image is at most 128 letters, digits, `_`, `.` and `-`, the first not `.` or `-`
     --> consign.yaml:2:11
      |
    2 |   - name: ../app
      |           ^^^^^^
    ");
}

#[test]
fn two_images_of_one_name() {
    let text = r#"build:
  - source: a.yaml
    destination: ghcr.io/a/app
  - source: b.yaml
    destination: ghcr.io/b/app
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C014]: two images are called `app`
     --> consign.yaml:5:18
      |
    5 |     destination: ghcr.io/b/app
      |                  ^^^^^^^^^^^^^
      |
      = hint: give one of them another `name:`
    ");
}

#[test]
fn two_images_with_tags_from_git_at_one_repository() {
    let text = r#"build:
  - name: a
    source: a.yaml
    destination: ghcr.io/a/app
  - name: b
    source: b.yaml
    destination: ghcr.io/a/app
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C013]: `ghcr.io/a/app`, with tags from git, is the destination for two images
     --> consign.yaml:7:18
      |
    7 |     destination: ghcr.io/a/app
      |                  ^^^^^^^^^^^^^
    ");
}

#[test]
fn two_images_with_one_tag() {
    let text = r#"build:
  - name: a
    source: a.yaml
    destination: ghcr.io/a/app:1.0
  - name: b
    source: b.yaml
    destination: [ghcr.io/b/app, ghcr.io/a/app]
    tags: [edge, "1.0"]
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C013]: `ghcr.io/a/app:1.0` is the destination for two images
     --> consign.yaml:7:34
      |
    7 |     destination: [ghcr.io/b/app, ghcr.io/a/app]
      |                                  ^^^^^^^^^^^^^
    ");
}

#[test]
fn bad_tests() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
    tests:
      - comand: [/bin/true]
      - command: []
      - command: 'echo "x'
      - command: curl -s localhost | grep ok
      - command: [/bin/true]
        timeout: 90
      - command: [/bin/false]
        timeout: 2h
        expect: { exit: 256, outptu: x }
"#;
    insta::assert_snapshot!(refused(text), @r#"
    error[C003]: unknown key `comand` in a test
     --> consign.yaml:5:9
      |
    5 |       - comand: [/bin/true]
      |         ^^^^^^
      |
      = hint: did you mean `command`?

    error[C017]: the command names no program
     --> consign.yaml:6:18
      |
    6 |       - command: []
      |                  ^

    error[C017]: a quotation mark of the command is not closed
     --> consign.yaml:7:18
      |
    7 |       - command: 'echo "x'
      |                  ^^^^^^^^^

    error[C017]: `|` needs a shell, and commands are run without one
     --> consign.yaml:8:18
      |
    8 |       - command: curl -s localhost | grep ok
      |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: write `command: [/bin/sh, -c, "…"]`, if the image has a shell

    error[C011]: `90` is not a length of time
      --> consign.yaml:10:18
       |
    10 |         timeout: 90
       |                  ^^
       |
       = hint: write a number and a unit, such as `30s`, `5m` or `1h`

    error[C011]: the timeout of a test is from 1 second to 1 hour
      --> consign.yaml:12:18
       |
    12 |         timeout: 2h
       |                  ^^

    error[C005]: `exit` must be a whole number from 0 to 255, not `256`
      --> consign.yaml:13:25
       |
    13 |         expect: { exit: 256, outptu: x }
       |                         ^^^

    error[C003]: unknown key `outptu` in `expect`
      --> consign.yaml:13:30
       |
    13 |         expect: { exit: 256, outptu: x }
       |                              ^^^^^^
       |
       = hint: did you mean `output`?
    "#);
}

#[test]
fn two_tests_of_one_name() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
    tests:
      - command: nginx -t
      - command: [nginx, -t]
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C014]: two tests are called `nginx -t`
     --> consign.yaml:6:19
      |
    6 |       - command: [nginx, -t]
      |                   ^^^^^
      |
      = hint: give one of them another `name:`
    ");
}

#[test]
fn a_policy_of_nothing() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
policy:
  require: []
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C012]: `require` lists nothing
     --> consign.yaml:5:12
      |
    5 |   require: []
      |            ^
      |
      = hint: an empty policy would not mean that everything passes; leave it out for the default
    ");
}

#[test]
fn bad_requirements() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
policy:
  require: [sbom, provenence, luck]
  maximum-age: 30d
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C012]: `provenence` is not something to require
     --> consign.yaml:5:19
      |
    5 |   require: [sbom, provenence, luck]
      |                   ^^^^^^^^^^
      |
      = hint: did you mean `provenance`?

    error[C012]: `luck` is not something to require
     --> consign.yaml:5:31
      |
    5 |   require: [sbom, provenence, luck]
      |                               ^^^^
      |
      = hint: a policy can require `completeness`, `provenance`, `sbom` and `trials`

    error[C007]: `maximum-age` is not supported by this version
     --> consign.yaml:6:3
      |
    6 |   maximum-age: 30d
      |   ^^^^^^^^^^^
    ");
}

#[test]
fn signing_without_a_key() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
signing: {}
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C006]: `key` is missing: the private key to sign with, such as `consign keygen` makes
     --> consign.yaml:4:10
      |
    4 | signing: {}
      |          ^
    ");
}

#[test]
fn a_key_in_a_service() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
signing:
  key: awskms://alias/key
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C007]: keys at `awskms://` are not supported by this version
     --> consign.yaml:5:8
      |
    5 |   key: awskms://alias/key
      |        ^^^^^^^^^^^^^^^^^^
      |
      = hint: a key is a path or `env://NAME`
    ");
}

#[test]
fn a_bad_variable() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
signing:
  key: env://NOT A NAME
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C012]: after `env://` stands the name of an environment variable
     --> consign.yaml:5:8
      |
    5 |   key: env://NOT A NAME
      |        ^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn a_private_key_in_the_file() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
signing:
  key: |
    -----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
    hunter2
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C015]: a private key must not stand in the configuration
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
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
registries:
  ghcr.io:
    username: { env: GHCR_USER }
    password: hunter2
"#;
    insta::assert_snapshot!(refused(text), @r"
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
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
registries:
  ghcr.io: { usernmae: { env: U }, password: hunter2 }
"#;
    insta::assert_snapshot!(refused(text), @r"
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
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
registries:
  ghcr.io:
    username: { env: GHCR_USER }
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C006]: `password` is missing: `username` stands alone
     --> consign.yaml:6:5
      |
    6 |     username: { env: GHCR_USER }
      |     ^^^^^^^^
    ");
}

#[test]
fn bad_credentials() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
registries:
  ghcr.io:
    docker-config: yes
    username: { variable: X }
    password: { env: a-b }
"#;
    insta::assert_snapshot!(refused(text), @r"
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
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
registries:
  10.0.0.5:5000:
    plain-http: true
"#;
    insta::assert_snapshot!(refused(text), @r"
    error[C016]: plain HTTP is allowed on loopback only: anybody on the way could change what is pushed and pulled
     --> consign.yaml:6:5
      |
    6 |     plain-http: true
      |     ^^^^^^^^^^
    ");
}

#[test]
fn serving_elsewhere() {
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
registries:
  ghcr.io:
    serve: ./registry
  localhost:
    serve: ./other
"#;
    insta::assert_snapshot!(refused(text), @r"
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
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
registries:
  ghcr.io/team: { docker-config: true }
  team: { docker-config: true }
"#;
    insta::assert_snapshot!(refused(text), @r"
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
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
debian:
  mirrors:
    - uri: ftp://example.org/debian
      suites: [../x]
      signed-by: keys.pgp
    - uri: https://user:hunter2@example.org/debian
      suites: []
    - suits: [stable]
"#;
    insta::assert_snapshot!(refused(text), @r"
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
    let text = r#"build:
  - source: image.yaml
    destination: ghcr.io/team/app
    platforms: [linux/amd46, linux/x64x64]
"#;
    insta::assert_snapshot!(refused(text), @r"
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
