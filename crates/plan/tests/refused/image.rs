//! Entries of `build`.

use crate::{refused, refused_after_image};

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
    let text = r#"    destinations: [ghcr.io/team/other]
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
    error[C004]: `destination` and `destinations` mean the same: use one of them
     --> consign.yaml:3:5
      |
    3 |     destination: ghcr.io/team/app
      |     ^^^^^^^^^^^
    ");
}

#[test]
fn bad_platforms() {
    let text = r#"    platforms: [linux, linux/amd64, linux/x86_64, linux/a b]
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
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
    let text = r#"    tags: [.x, 1.0, 1.0, "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
"#;
    insta::assert_snapshot!(refused_after_image(text), @r#"
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
    let text = r#"    tags: latest
"#;
    insta::assert_snapshot!(refused_after_image(text), @r"
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
fn a_password_in_a_destination_is_shown_nowhere() {
    for destination in
        ["bob:hunter2@ghcr.io/team/app", "bob:hunter2@ghcr.io/team/app:1.0", "https://bob:hunter2@ghcr.io/app"]
    {
        let said = refused(&format!("build:\n  - source: image.yaml\n    destination: {destination}\n"));
        assert!(said.contains("error[C015]: a destination must not hold a user name or password"), "{said}");
        assert!(said.contains("destination: ***") && !said.contains("hunter2"), "{said}");
        let broken = refused(&format!("build:\n  - destination: {destination}\n   source: [\n"));
        assert!(!broken.contains("hunter2"), "{broken}");
    }
}

#[test]
fn so_many_tags_are_never_written() {
    let tags: Vec<String> = (0..1_000).map(|number| format!("t{number}")).collect();
    let destinations: String = (0..1_000).map(|number| format!("      - ghcr.io/team/a{number}\n")).collect();
    let text =
        format!("build:\n  - source: image.yaml\n    tags: [{}]\n    destinations:\n{destinations}", tags.join(", "));
    assert!(refused(&text).contains("error[C002]: all destinations together get more than 100000 tags"));
}
