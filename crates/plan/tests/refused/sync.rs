//! Entries of `sync`.

use crate::refused;
use consign_oci::Reference;
use consign_plan::Configuration;
use consign_plan::configuration::{AgeSettings, Route, SyncSettings};
use std::time::Duration;

fn source(entry: &SyncSettings) -> &Reference {
    let Route::Repository { source, .. } = &entry.route else { unreachable!() };
    &source.value
}

#[test]
fn the_list_that_people_keep() {
    let text = "sync:
  - source: docker.io/alpine:latest
    destination: ghcr.io/somecoolorg/images/alpine:latest
  - source: ghcr.io/somecoolorg/images/hello@sha256:a61743b19423a01827ba68a1ec81a09d04f84bc69848303905ecbc73824fb88b
    destination: ghcr.io/somecoolorg/images/hello:some-cool-tag
    always: true
build:
  - source: ./images/hello/image.yaml
    destination: ghcr.io/somecoolorg/images/hello:latest
    melangeConfigs: [./images/hello/pkg-hello.yaml]
";
    let configuration = Configuration::parse_for_sync("consign.yaml", text).unwrap();
    let [alpine, hello] = &configuration.mirrors[..] else { unreachable!() };
    assert_eq!(source(alpine).to_string(), "docker.io/library/alpine:latest");
    assert_eq!((alpine.always, hello.always, alpine.referrers, alpine.tags.is_none()), (false, true, true, true));
    assert_eq!(source(hello).digest.as_ref().unwrap().hex()[..6], *"a61743");
    // Only mirroring can do without what the rest says.
    assert!(Configuration::parse("consign.yaml", text).is_err());
    let alone = text.split("build:").next().unwrap();
    assert!(Configuration::parse("consign.yaml", alone).unwrap().images.is_empty());
}

#[test]
fn everything_that_can_be_said() {
    let text = r#"sync:
  - source: ghcr.io/team/app
    destinations: [one.example/app, two.example/app]
    tags: { match: ['v(\d+.*)', 'latest'], exclude: '.*-rc.*', semver: '>=1.2 <3 || ^4', newest: 5 }
    platforms: [linux/amd64, linux/s390x, windows/amd64]
    referrers: false
    immutable: 'v.*'
    minimum-age: 3d
    windows: ['22:00-06:00', 'Sat-Sun 00:00-24:00']
    backup: '{tag}-until-{date}'
    prune: { maximum: 10, keep: [mine-.*] }
  - source: ghcr.io/team/app
    destination: three.example/app
    tags: all
    minimum-age: { created: 12h }
    prune: true
  - { source: ghcr.io/team/app, destination: four.example/app, tags: [1.2, latest] }
"#;
    let configuration = Configuration::parse("consign.yaml", text).unwrap();
    let [rich, all, list] = &configuration.mirrors[..] else { unreachable!() };
    let tags = rich.tags.as_ref().unwrap();
    assert_eq!(
        (rich.route.repositories().len(), tags.matching.len(), tags.newest, rich.platforms.len()),
        (3, 2, Some(5), 3)
    );
    assert!(rich.immutable[0].is_match("v1") && !rich.immutable[0].is_match("xv1"));
    assert_eq!((all.prune.as_ref().unwrap().maximum_percent, rich.prune.as_ref().unwrap().maximum_percent), (20, 10));
    assert_eq!(rich.minimum_age, Some(AgeSettings::Seen(Duration::from_secs(3 * 86_400))));
    assert_eq!((all.minimum_age, rich.windows.len()), (Some(AgeSettings::Created(Duration::from_secs(43_200))), 2));
    assert_eq!(list.tags.as_ref().unwrap().list.len(), 2);
}

#[test]
fn what_cannot_be() {
    let text = r#"sync:
  - source: ghcr.io/team/app:1
    destination: one.example/app:2
    tags: { match: '(', semver: new, newest: 0 }
    immutable: '['
    minimum-age: soon
    backup: old
  - source: me:secret@ghcr.io/team/app
    destination: one.example/app:2@sha256:a61743b19423a01827ba68a1ec81a09d04f84bc69848303905ecbc73824fb88b
    prune: { maximum: 101 }
  - destination: one.example/app:x
    awlays: true
  - source: a:1
    destination: [one.example/app:x, 'one.example/app:x']
    backup: 'x y {tag}'
    windows: daily
    minimum-age: { seen: 1d, created: 1d }
"#;
    insta::assert_snapshot!(refused(text), @"
    error[C012]: `tags` chooses from a repository, and this is one image
     --> consign.yaml:2:13
      |
    2 |   - source: ghcr.io/team/app:1
      |             ^^^^^^^^^^^^^^^^^^
      |
      = hint: leave its tag or digest out, or `tags`

    error[C012]: several tags cannot become one
     --> consign.yaml:3:18
      |
    3 |     destination: one.example/app:2
      |                  ^^^^^^^^^^^^^^^^^
      |
      = hint: every tag keeps its name: leave this one out

    error[C012]: `(` is not a regular expression: unclosed group
     --> consign.yaml:4:20
      |
    4 |     tags: { match: '(', semver: new, newest: 0 }
      |                    ^^^

    error[C012]: `new` is not a range of versions
     --> consign.yaml:4:33
      |
    4 |     tags: { match: '(', semver: new, newest: 0 }
      |                                 ^^^
      |
      = hint: expected one such as `>=1.2 <3`, `^2`, `1.4.x` or `^1 || ^2`

    error[C005]: `newest` must be a whole number from 1 to 100000, not `0`
     --> consign.yaml:4:46
      |
    4 |     tags: { match: '(', semver: new, newest: 0 }
      |                                              ^

    error[C012]: `[` is not a regular expression: unclosed character class
     --> consign.yaml:5:16
      |
    5 |     immutable: '['
      |                ^^^

    error[C011]: `soon` is not a length of time: expected one such as `3d` or `12h`
     --> consign.yaml:6:18
      |
    6 |     minimum-age: soon
      |                  ^^^^

    error[C012]: every backup would take the place of the last
     --> consign.yaml:7:13
      |
    7 |     backup: old
      |             ^^^
      |
      = hint: write `{tag}`, `{date}`, `{time}` or `{digest}` somewhere

    error[C015]: a source must not hold a user name or password
     --> consign.yaml:8:13
      |
    8 |   - source: ***
      |             ^^^
      |
      = hint: give them under `registries:` by the names of environment variables, or by `docker login`

    error[C008]: a destination cannot name a digest
     --> consign.yaml:9:18
      |
    9 |     destination: one.example/app:2@sha256:a61743b19423a01827ba68a1ec81a09d04f84bc69848303905ecbc73824fb88b
      |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: the digest is known only once the image is built; leave `@…` out

    error[C005]: `maximum` must be a whole number from 1 to 100, not `101`
      --> consign.yaml:10:23
       |
    10 |     prune: { maximum: 101 }
       |                       ^^^

    error[C006]: `source` is missing: the image to mirror
      --> consign.yaml:11:5
       |
    11 |   - destination: one.example/app:x
       |     ^^^^^^^^^^^

    error[C003]: unknown key `awlays` in a mirrored image
      --> consign.yaml:12:5
       |
    12 |     awlays: true
       |     ^^^^^^
       |
       = hint: did you mean `always`?

    error[C013]: `one.example/app:x` is the destination twice
      --> consign.yaml:14:38
       |
    14 |     destination: [one.example/app:x, 'one.example/app:x']
       |                                      ^^^^^^^^^^^^^^^^^^^

    error[C010]: `x y 0` is not a tag: at most 128 letters, digits, `_`, `.` and `-`, the first not `.` or `-`
      --> consign.yaml:15:13
       |
    15 |     backup: 'x y {tag}'
       |             ^^^^^^^^^^^

    error[C012]: `daily` is not a time of the week
      --> consign.yaml:16:14
       |
    16 |     windows: daily
       |              ^^^^^
       |
       = hint: expected one such as `22:00-06:00` or `Sat-Sun 00:00-24:00`, in UTC

    error[C012]: an image is as old as `seen` says or as `created` does: write one of them
      --> consign.yaml:17:30
       |
    17 |     minimum-age: { seen: 1d, created: 1d }
       |                              ^^^^^^^
    ");
}

#[test]
fn what_cannot_be_required() {
    let text = "sync:
  - source: ghcr.io/team/app:1
    destination: one.example/app:1
    require: { receipts: [wishes, advisories], content: often }
  - source: ghcr.io/team/app:2
    destination: one.example/app:2
    require: { key: 'k8s://there/is/one', identity: me }
  - source: ghcr.io/team/app:3
    destination: one.example/app:3
    require: [sbom]
";
    insta::assert_snapshot!(refused(text), @"
    error[C006]: `key` is missing: the public key of whoever releases the image, or `certificate`
     --> consign.yaml:4:16
      |
    4 |     require: { receipts: [wishes, advisories], content: often }
      |                ^^^^^^^^

    error[C012]: `wishes` is not something to require
     --> consign.yaml:4:27
      |
    4 |     require: { receipts: [wishes, advisories], content: often }
      |                           ^^^^^^
      |
      = hint: a policy can require `completeness`, `provenance`, `sbom`, `trials`, `advisories` and `image-facts`

    error[C012]: `advisories` is required, and nothing says which databases and how much passes
     --> consign.yaml:4:35
      |
    4 |     require: { receipts: [wishes, advisories], content: often }
      |                                   ^^^^^^^^^^
      |
      = hint: add `advisories:` to the policy, with `databases` and `maximum-severity`

    error[C005]: `content` must be `true` or `false`, not a text
     --> consign.yaml:4:57
      |
    4 |     require: { receipts: [wishes, advisories], content: often }
      |                                                         ^^^^^

    error[C012]: the public key of somebody is named by its file
     --> consign.yaml:7:21
      |
    7 |     require: { key: 'k8s://there/is/one', identity: me }
      |                     ^^^^^^^^^^^^^^^^^^^^
      |
      = hint: write the path of a file such as `cosign.pub`

    error[C003]: unknown key `identity` in `require`
     --> consign.yaml:7:43
      |
    7 |     require: { key: 'k8s://there/is/one', identity: me }
      |                                           ^^^^^^^^
      |
      = hint: the keys here are `key`, `certificate`, `receipts`, `policy` and `content`

    error[C005]: `require` must be a mapping, not a text
      --> consign.yaml:10:15
       |
    10 |     require: [sbom]
       |               ^^^^
    ");
}

#[test]
fn what_is_signed_where_it_arrives() {
    let text = "sync:
  - { source: a.example/app:1, destination: one.example/app:1, sign: true, attest: [vuln, sbom, copied-from] }
  - { source: a.example/app:1, destination: two.example/app:1, attest: sbom, require: [{key: a.pub}, {key: b.pub}] }
signing: {key: cosign.key}
";
    let configuration = Configuration::parse_for_sync("consign.yaml", text).unwrap();
    let [all, some] = &configuration.mirrors[..] else { unreachable!() };
    assert_eq!((all.sign, some.sign, all.require.len(), some.require.len()), (true, false, 0, 2));
    let words = |entry: &SyncSettings| entry.attest.iter().map(|statement| statement.word()).collect::<Vec<_>>();
    assert_eq!((words(all), words(some)), (vec!["sbom", "vuln", "copied-from"], vec!["sbom"]));
    insta::assert_snapshot!(refused("sync:
  - source: a.example/app:1
    destination: one.example/app:1
    sign: true
    attest: [sbom, vulns, everything]
  - { source: a.example/app:1, destination: two.example/app:1, sign: yes, attest: [], require: [] }
"), @"
    error[C006]: `sign` needs somebody who signs, and there is no section `signing`
     --> consign.yaml:4:5
      |
    4 |     sign: true
      |     ^^^^
      |
      = hint: add `signing: {key: cosign.key}`, or `signing: {keyless: true}`

    error[C006]: `attest` needs somebody who signs, and there is no section `signing`
     --> consign.yaml:5:5
      |
    5 |     attest: [sbom, vulns, everything]
      |     ^^^^^^
      |
      = hint: add `signing: {key: cosign.key}`, or `signing: {keyless: true}`

    error[C012]: `vulns` is nothing that is stated about mirrored images
     --> consign.yaml:5:20
      |
    5 |     attest: [sbom, vulns, everything]
      |                    ^^^^^
      |
      = hint: did you mean `vuln`?

    error[C012]: `everything` is nothing that is stated about mirrored images
     --> consign.yaml:5:27
      |
    5 |     attest: [sbom, vulns, everything]
      |                           ^^^^^^^^^^
      |
      = hint: it can be `sbom`, `vuln` and `copied-from`

    error[C005]: `sign` must be `true` or `false`, not a text
     --> consign.yaml:6:70
      |
    6 |   - { source: a.example/app:1, destination: two.example/app:1, sign: yes, attest: [], require: [] }
      |                                                                      ^^^

    error[C012]: it names no statement
     --> consign.yaml:6:83
      |
    6 |   - { source: a.example/app:1, destination: two.example/app:1, sign: yes, attest: [], require: [] }
      |                                                                                   ^
      |
      = hint: name one, or leave the key out

    error[C012]: it names no signer
     --> consign.yaml:6:96
      |
    6 |   - { source: a.example/app:1, destination: two.example/app:1, sign: yes, attest: [], require: [] }
      |                                                                                                ^
      |
      = hint: name one, or leave the key out
    ");
}

#[test]
fn all_below_a_path() {
    let text = "sync:
  - source: quay.io/team/**
    destinations: [one.example/mirror/**, 'localhost:5000/**']
    repositories: { match: '.*/app', exclude: old/.* }
";
    let configuration = Configuration::parse("consign.yaml", text).unwrap();
    let entry = &configuration.mirrors[0];
    let Route::Namespace { source, destinations, repositories } = &entry.route else { unreachable!() };
    assert_eq!(source.value.to_string(), "quay.io/team");
    assert_eq!(
        destinations.iter().map(|path| path.value.to_string()).collect::<Vec<_>>(),
        ["one.example/mirror", "localhost:5000"]
    );
    assert!(entry.tags.is_some());
    for (rest, expected) in [("a/app", true), ("app", false), ("old/app", false), ("a/b/app", true)] {
        assert_eq!(repositories.holds(rest), expected, "{rest}");
    }
    insta::assert_snapshot!(refused("sync:
  - source: team/**
    destination: one.example/**
  - source: quay.io/team/**
    destination: one.example/all
  - source: quay.io/team/app
    destination: one.example/**
    repositories: { match: 'x' }
  - source: https://quay.io/team/**
    destination: one.example/**
  - source: quay.io/team/**
    destination: quay.io/team/mirror/**
  - source: user:secret@quay.io/**
    destination: 'one.example/UP/**'
"), @"
    error[C008]: `team` does not name a registry: a host has a dot in its name, or a port
     --> consign.yaml:2:13
      |
    2 |   - source: team/**
      |             ^^^^^^^

    error[C012]: several repositories cannot become `one.example/all`
     --> consign.yaml:5:18
      |
    5 |     destination: one.example/all
      |                  ^^^^^^^^^^^^^^^
      |
      = hint: each keeps the rest of its path: end it with `/**`

    error[C012]: the source is one repository, and this means several
     --> consign.yaml:7:18
      |
    7 |     destination: one.example/**
      |                  ^^^^^^^^^^^^^^
      |
      = hint: leave `/**` out, or write it at the source too

    error[C012]: `repositories` chooses from several, and the source is one
     --> consign.yaml:8:5
      |
    8 |     repositories: { match: 'x' }
      |     ^^^^^^^^^^^^
      |
      = hint: a source such as `ghcr.io/team/**` is all below a path

    error[C008]: `https://quay.io/team/**` is an address and no name
     --> consign.yaml:9:13
      |
    9 |   - source: https://quay.io/team/**
      |             ^^^^^^^^^^^^^^^^^^^^^^^

    error[C013]: what is mirrored there would be mirrored again, ever deeper
      --> consign.yaml:12:18
       |
    12 |     destination: quay.io/team/mirror/**
       |                  ^^^^^^^^^^^^^^^^^^^^^^
       |
       = hint: choose a path that is not below the source

    error[C015]: a source must not hold a user name or password
      --> consign.yaml:13:13
       |
    13 |   - source: ***
       |             ^^^
       |
       = hint: give them under `registries:` by the names of environment variables, or by `docker login`

    error[C008]: `one.example/UP` does not name a registry: each part of the path is lower-case letters and digits, separated by `.`, `_`, `__` or `-`
      --> consign.yaml:14:18
       |
    14 |     destination: 'one.example/UP/**'
       |                  ^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn what_would_undo_itself() {
    insta::assert_snapshot!(refused("sync:
  - source: quay.io/team/app
    destination: quay.io/team/app
    tags: all
  - source: quay.io/team/tool
    destinations: [one.example/tool]
    tags: { match: [] }
    backup: 'old-{date}'
    platforms: []
    windows: []
"), @"
    error[C013]: it would be mirrored to itself
     --> consign.yaml:3:18
      |
    3 |     destination: quay.io/team/app
      |                  ^^^^^^^^^^^^^^^^

    error[C012]: it names no tag
     --> consign.yaml:7:20
      |
    7 |     tags: { match: [] }
      |                    ^
      |
      = hint: name one, or leave the key out

    error[C012]: several tags may move in one run, and their backups would have one name
     --> consign.yaml:8:13
      |
    8 |     backup: 'old-{date}'
      |             ^^^^^^^^^^^^
      |
      = hint: write `{tag}` or `{digest}` somewhere

    error[C012]: it names no platform
     --> consign.yaml:9:16
      |
    9 |     platforms: []
      |                ^
      |
      = hint: name one, or leave the key out

    error[C012]: it names no time
      --> consign.yaml:10:14
       |
    10 |     windows: []
       |              ^
       |
       = hint: name one, or leave the key out
    ");
}
