//! The file as a whole, and its keys.

use crate::{refused, refused_after_image};

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
    insta::assert_snapshot!(refused(text), @"
    error[C006]: `build` is missing: there is nothing to build, and nothing to mirror under `sync`
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
    let text = r#"signin:
  key: cosign.key
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
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
    let text = r#"    platfroms: [linux/amd64]
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
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
    let text = r#"    entrypoint: [/bin/x]
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C003]: unknown key `entrypoint` in an image
     --> consign.yaml:4:5
      |
    4 |     entrypoint: [/bin/x]
      |     ^^^^^^^^^^
      |
      = hint: the keys here are `name`, `source`, `destination`, `destinations`, `platforms`, `tags`, `tests`, `annotations`, `embed-attestations` and `dockerOptions`
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
    insta::assert_snapshot!(refused(text), @"
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
