//! What registries of clouds, and those with certificates, cannot be told.

use crate::refused_after_image;

#[test]
fn ecr_that_cannot_be_meant() {
    let text = r#"registries:
  registry.example.org:
    ecr:
      region: Frankfurt
      endpoint: api.ecr.eu-central-1.amazonaws.com
      mutable-tags: [latest, a, b, c, d, e]
      lifecycle-policy: '{"rules":'
      tag-mutability: immutable
"#;
    insta::assert_snapshot!(refused_after_image(text), @r#"
    error[C012]: this is not the name of a region, such as `eu-central-1`
     --> consign.yaml:7:15
      |
    7 |       region: Frankfurt
      |               ^^^^^^^^^

    error[C012]: `endpoint` must be an address such as `https://api.ecr.eu-central-1.amazonaws.com`
     --> consign.yaml:8:17
      |
    8 |       endpoint: api.ecr.eu-central-1.amazonaws.com
      |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[C012]: `mutable-tags` says which tags can be moved although `immutable-tags` is set, and it is not
     --> consign.yaml:9:7
      |
    9 |       mutable-tags: [latest, a, b, c, d, e]
      |       ^^^^^^^^^^^^
      |
      = hint: add `immutable-tags: true`

    error[C012]: ECR takes at most 5 of these
     --> consign.yaml:9:7
      |
    9 |       mutable-tags: [latest, a, b, c, d, e]
      |       ^^^^^^^^^^^^

    error[C012]: `lifecycle-policy` begins as JSON, but is none
      --> consign.yaml:10:25
       |
    10 |       lifecycle-policy: '{"rules":'
       |                         ^^^^^^^^^^^

    error[C003]: unknown key `tag-mutability` in a registry of Amazon ECR
      --> consign.yaml:11:7
       |
    11 |       tag-mutability: immutable
       |       ^^^^^^^^^^^^^^
       |
       = hint: the keys here are `role`, `audience`, `region`, `endpoint`, `create`, `encryption`, `immutable-tags`, `mutable-tags`, `scan-on-push`, `resource-tags` and `lifecycle-policy`
    "#);
}

#[test]
fn certificates_and_logins_that_cannot_be_meant() {
    let text = r#"registries:
  ghcr.io:
    token: hunter2
    credential-helper: pass
  one.example.org:
    credential-helper: ../pass
    client-certificate: { certificate: client.pem }
  localhost:5000:
    serve: registry
    token: { env: TOKEN }
    ca: ca.pem
  two.example.org:
    username: { env: USER }
    password: { env: PASSWORD }
    token: { env: TOKEN }
  three.example.org:
    client-certificate:
      certificate: client.pem
      key: |
        -----BEGIN PRIVATE KEY-----
        hunter2
"#;
    let said = refused_after_image(text);
    assert!(!said.contains("hunter2"), "{said}");
    insta::assert_snapshot!(said, @"
    error[C015]: `token` must not stand in the configuration
     --> consign.yaml:6:5
      |
    6 |     token: ***
      |     ^^^^^
      |
      = hint: write `token: { env: NAME }` with the name of an environment variable

    error[C012]: credentials come from one place: `username` and `password`, `token`, `credential-helper`, or docker's files
     --> consign.yaml:7:5
      |
    7 |     credential-helper: pass
      |     ^^^^^^^^^^^^^^^^^

    error[C012]: this is not the name of a credential helper
     --> consign.yaml:9:24
      |
    9 |     credential-helper: ../pass
      |                        ^^^^^^^
      |
      = hint: the program `docker-credential-pass` is named `pass`

    error[C006]: `key` is missing: the file with its key
      --> consign.yaml:10:27
       |
    10 |     client-certificate: { certificate: client.pem }
       |                           ^^^^^^^^^^^

    error[C012]: the embedded registry needs no credentials: it takes a token that is made for the run
      --> consign.yaml:13:5
       |
    13 |     token: { env: TOKEN }
       |     ^^^^^

    error[C012]: this registry is spoken to in plain HTTP, which knows no certificates
      --> consign.yaml:14:5
       |
    14 |     ca: ca.pem
       |     ^^

    error[C012]: credentials come from one place: `username` and `password`, `token`, `credential-helper`, or docker's files
      --> consign.yaml:18:5
       |
    18 |     token: { env: TOKEN }
       |     ^^^^^

    error[C015]: a private key must not stand in the configuration
      --> consign.yaml:22:7
       |
    22 |       key: |
       |       ^^^
       |
       = hint: write the path of its file, and replace this key: it has been seen
    ");
}
