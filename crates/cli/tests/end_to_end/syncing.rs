//! `sync`.

use crate::common::{Destination, Run, TestEnvironment};
use consign_testkit::distribution::Distribution;
use insta::assert_snapshot;

/// Makes an image in a layout, the digest of which is returned.
pub(crate) fn image(environment: &TestEnvironment) -> String {
    let report = environment.consign(&["release", "--output", "json"]).expect(0).json();
    let _server = environment.serve();
    environment.consign(&["copy", &environment.reference("team/hello:latest"), "oci:images:1"]).expect(0);
    report["images"][0]["index"].as_str().unwrap().to_owned()
}

/// Releases the image to a registry of its own, and returns that, and the image's repository there.
pub(crate) fn released(environment: &TestEnvironment) -> (Destination, String) {
    let registry = Destination::start();
    let repository = format!("{}/team/hello", registry.host());
    let image = format!("build: [{{source: image.yaml, destination: {repository}}}]\nsigning: {{key: cosign.key}}\n");
    environment.write("consign.yaml", image);
    environment.consign(&["release"]).expect(0);
    (registry, repository)
}

fn write(environment: &TestEnvironment, text: &str) {
    environment.write("mirrors.yaml", text);
}

/// Every key of the list that people keep, with the keys beside it that only other commands read.
fn existing_list(from: &str, to: &str, digest: &str) -> String {
    format!(
        "sync:
  - source: {from}/alpine:latest
    destination: {to}/somecoolorg/images/alpine:latest
  - source: {from}/alpine:latest
    destination: {to}/somecoolorg/images/again:latest
    always: true
  - source: {from}/alpine@{digest}
    destination: {to}/somecoolorg/images/alpine:some-cool-tag
build:
  - source: ./images/hello/image.yaml
    destination: {to}/somecoolorg/images/hello:latest
    melangeConfigs: [./images/hello/pkg-hello.yaml]
"
    )
}

#[test]
fn the_list_that_people_keep() {
    let environment = TestEnvironment::with_image();
    let digest = image(&environment);
    let (from, to) = (Destination::start(), Destination::start());
    environment.consign(&["copy", "oci:images:1", &format!("{}/alpine:latest", from.host())]).expect(0);
    write(&environment, &existing_list(&from.host(), &to.host(), &digest));
    let sync = ["sync", "-f", "mirrors.yaml", "--output", "json"];
    let report = environment.consign(&sync).expect(0).json();
    let states = |report: &serde_json::Value| -> Vec<String> {
        let entries = report["entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["images"][0]["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states(&report), ["copied", "copied", "copied"]);
    for name in ["alpine:latest", "again:latest", "alpine:some-cool-tag"] {
        let name = format!("{}/somecoolorg/images/{name}", to.host());
        assert_eq!(environment.consign(&["digest", &name]).expect(0).stdout.trim(), digest);
    }
    environment
        .consign(&["verify", "--key", "cosign.pub", &format!("{}/somecoolorg/images/alpine@{digest}", to.host())])
        .expect(0);
    to.forget();
    let again = environment.consign(&sync).expect(0).json();
    assert_eq!(states(&again), ["unchanged", "copied", "unchanged"]);
    // What is always copied is written again, and nothing else.
    let written: Vec<String> =
        to.records().into_iter().filter(|record| record.writes()).map(|record| record.path).collect();
    assert!(!written.is_empty() && written.iter().all(|path| path.contains("/again/")), "{written:?}");
}

#[test]
fn the_same_list_between_two_of_debians_registries() {
    let (Some(from), Some(to)) = (Distribution::start(), Distribution::start()) else { return };
    let (from, to) = (from.unwrap(), to.unwrap());
    let environment = TestEnvironment::with_image();
    let digest = image(&environment);
    environment.consign(&["copy", "oci:images:1", &format!("{}/alpine:latest", from.host())]).expect(0);
    write(&environment, &existing_list(&from.host(), &to.host(), &digest));
    let sync = ["sync", "-f", "mirrors.yaml"];
    let shown = environment.consign(&sync).expect(0).stdout;
    assert_eq!(shown.lines().filter(|line| line.contains(" copied ") && line.ends_with(&digest)).count(), 3, "{shown}");
    for name in ["alpine:latest", "again:latest", "alpine:some-cool-tag"] {
        let name = format!("{}/somecoolorg/images/{name}", to.host());
        assert_eq!(environment.consign(&["digest", &name]).expect(0).stdout.trim(), digest);
        let by_digest = format!("{}@{digest}", name.rsplit_once(':').unwrap().0);
        environment.consign(&["verify", "--key", "cosign.pub", &by_digest]).expect(0);
    }
    // One tag of the list that is there already, in two requests; in one, for whoever believes what was seen just now.
    write(
        &environment,
        &format!(
            "sync: [{{source: '{}/alpine:latest', destination: '{}/somecoolorg/images/alpine:latest'}}]",
            from.host(),
            to.host()
        ),
    );
    for (arguments, expected) in [(&sync[..], 2), (&[&sync[..], &["--believe", "10m"]].concat(), 1)] {
        let before = from.requests().unwrap() + to.requests().unwrap();
        let ended = environment.consign(arguments).expect(0);
        assert_eq!(from.requests().unwrap() + to.requests().unwrap() - before, expected, "{}", ended.stderr);
    }
}

#[test]
fn what_fails_and_what_does_not() {
    let environment = TestEnvironment::with_image();
    image(&environment);
    let (from, to) = (Destination::start(), Destination::start());
    environment.consign(&["copy", "oci:images:1", &format!("{}/app:1.0", from.host())]).expect(0);
    let (from, to) = (from.host(), to.host());
    write(
        &environment,
        &format!(
            "sync:
  - {{source: '{from}/absent:1', destination: '{to}/absent:1'}}
  - {{source: '{from}/app', destination: '{to}/app', tags: all}}
"
        ),
    );
    let planned =
        environment.consign(&["sync", "-f", "mirrors.yaml", "--dry-run", "--output", "json"]).expect(6).json();
    assert_eq!((&planned["dryRun"], &planned["entries"][1]["images"][0]["state"]), (&true.into(), &"copied".into()));
    assert!(planned["count"]["bytesSent"].as_u64().unwrap() > 0);
    let done = environment.consign(&["sync", "-f", "mirrors.yaml"]).expect(6);
    assert!(done.stdout.contains("absent:1"), "{}", done.stdout);
    assert!(done.stderr.contains("1 of 2 could not be mirrored"), "{}", done.stderr);
    assert_eq!(environment.consign(&["tags", &format!("{to}/app")]).expect(0).stdout, "1.0\n");
    assert_snapshot!(environment.consign(&["sync"]), @"
    status 3
    --- stderr
    error: the configuration lists nothing to mirror
    hint: list images under `sync:`
    ");
    assert_snapshot!(environment.consign(&["build", "-f", "mirrors.yaml"]), @"
    status 3
    --- stderr
    error: the configuration lists no image to build
    hint: list images under `build:`; `consign sync` mirrors those under `sync:`
    ");
    environment.consign(&["check", "-f", "mirrors.yaml"]).expect(0);
}

#[test]
fn what_is_required_is_verified_first() {
    let environment = TestEnvironment::with_image();
    let (_released, from) = released(&environment);
    let mirrored = Destination::start();
    let to = format!("{}/mirror/hello", mirrored.host());
    environment.consign(&["keygen", "--output-key-prefix", "other"]).expect(0);
    let requiring = |tags: &str, require: &str| {
        let entry = format!("source: '{from}', destination: '{to}', tags: {tags}, require: {require}");
        write(&environment, &format!("sync: [{{{entry}}}]\n"));
        environment.consign(&["sync", "-f", "mirrors.yaml"])
    };
    let refused = |ended: Run, code, why: &str| {
        let ended = ended.expect(code);
        assert!(ended.stdout.contains("  refused  ") && ended.stdout.contains(why), "{}", ended.stdout);
        assert!(ended.stderr.contains("is not let in\n") && ended.stderr.contains(why), "{}", ended.stderr);
    };
    refused(requiring("[latest]", "{key: other.pub}"), 13, "not signed by key");
    refused(requiring("[latest]", "{key: cosign.pub, receipts: [trials]}"), 11, "trial");
    environment.write("policy.yaml", "policy: {require: trials}\n");
    refused(requiring("[latest]", "{key: cosign.pub, policy: policy.yaml}"), 11, "trial");
    assert_eq!(mirrored.writes(), 0);
    // A tag that the release did not give.
    environment.consign(&["tag", &format!("{from}:latest"), "unrecorded"]).expect(0);
    let ended = requiring("[latest, unrecorded]", "{key: cosign.pub, receipts: [sbom], content: true}").expect(6);
    assert!(ended.stdout.contains("unrecorded  refused"), "{}", ended.stdout);
    assert_eq!(mirrored.tags_written(), ["mirror/hello:latest"]);
    // What is there already is not asked about again.
    requiring("[latest]", "{key: other.pub}").expect(0);
    let ended = requiring("[latest]", "{key: absent.pub}").expect(3);
    assert!(ended.stderr.contains("the public key `absent.pub` cannot be used"), "{}", ended.stderr);
}

#[test]
fn everything_below_a_path() {
    let (Some(from), Some(to)) = (Distribution::start(), Distribution::start()) else { return };
    let (from, to) = (from.unwrap(), to.unwrap());
    let environment = TestEnvironment::with_image();
    image(&environment);
    let (from, to) = (from.host(), to.host());
    let push = |name: &str| environment.consign(&["copy", "oci:images:1", &format!("{from}/{name}")]).expect(0);
    for name in ["team/app:1", "team/app:2", "team/deep/tool:1", "team/old/tool:1", "teamwork/app:1"] {
        push(name);
    }
    let absent = "127.0.0.1:1/nobody/**";
    let entry = format!("source: '{from}/team/**', destination: '{to}/all/**', repositories: {{exclude: old/.*}}");
    write(&environment, &format!("sync: [{{{entry}}}, {{source: {absent}, destination: '{to}/none/**'}}]\n"));
    let ended = environment.consign(&["sync", "-f", "mirrors.yaml"]).expect(6);
    let failed = ended.stdout.lines().any(|line| line.starts_with(absent) && line.contains(" failed "));
    assert!(failed, "{}", ended.stdout);
    assert!(ended.stderr.contains("1 of 4 could not be mirrored"), "{}", ended.stderr);
    let there = || environment.consign(&["catalog", &to]).expect(0).stdout;
    assert_eq!(there(), format!("{to}/all/app\n{to}/all/deep/tool\n"));
    let tags = environment.consign(&["tags", &format!("{to}/all/app")]).expect(0).stdout;
    assert!(tags.starts_with("1\n2\n"), "{tags}");
    // What is made later comes along.
    push("team/new:1");
    write(&environment, &format!("sync: [{{{entry}}}]\n"));
    environment.consign(&["sync", "-f", "mirrors.yaml"]).expect(0);
    assert_eq!(there(), format!("{to}/all/app\n{to}/all/deep/tool\n{to}/all/new\n"));
}

#[test]
fn at_other_times_nothing_happens() {
    let environment = TestEnvironment::with_image();
    image(&environment);
    let (from, to) = (Destination::start(), Destination::start());
    environment.consign(&["copy", "oci:images:1", &format!("{}/app:1", from.host())]).expect(0);
    // Four hours from now, until eight hours from now.
    let hour = |later: i64| format!("{:02}:00", (jiff::Timestamp::now().as_second() / 3600 + later) % 24);
    let entry = format!("source: '{}/app:1', destination: '{}/app:1'", from.host(), to.host());
    write(&environment, &format!("sync: [{{{entry}, windows: '{}-{}'}}]\n", hour(4), hour(8)));
    let sync = ["sync", "-f", "mirrors.yaml", "--output", "json"];
    let report = environment.consign(&sync).expect(0).json();
    assert_eq!(report["entries"][0]["state"], "closed");
    assert_eq!(to.writes(), 0);
    write(
        &environment,
        &format!("sync: [{{{entry}, windows: ['{}-{}', '{}-{}']}}]\n", hour(4), hour(8), hour(20), hour(4)),
    );
    let report = environment.consign(&[&sync[..], &["--bandwidth", "100M"]].concat()).expect(0).json();
    assert_eq!(report["entries"][0]["images"][0]["state"], "copied");
}

#[test]
fn two_at_once_do_no_harm() {
    let environment = TestEnvironment::with_image();
    let digest = image(&environment);
    let (from, to) = (Destination::start(), Destination::start());
    for tag in 1..=20 {
        environment.consign(&["copy", "oci:images:1", &format!("{}/app:{tag}", from.host())]).expect(0);
    }
    write(&environment, &format!("sync: [{{source: {}/app, destination: {}/app, tags: all}}]", from.host(), to.host()));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| environment.consign(&["sync", "-f", "mirrors.yaml"]).expect(0));
        }
    });
    let tags = environment.consign(&["tags", &format!("{}/app", to.host())]).expect(0).stdout;
    assert_eq!(tags.lines().filter(|tag| !tag.starts_with("sha256-")).count(), 20, "{tags}");
    let by_digest = format!("{}/app@{digest}", to.host());
    environment.consign(&["verify", "--key", "cosign.pub", &by_digest]).expect(0);
    environment.consign(&["store", "check"]).expect(0);
}

#[test]
fn beside_releases_nothing_is_half_there() {
    let environment = TestEnvironment::with_image();
    let (_released, from) = released(&environment);
    let mirrored = Destination::start();
    let to = format!("{}/mirror/hello", mirrored.host());
    write(&environment, &format!("sync: [{{source: {from}, destination: {to}, tags: all}}]\n"));
    std::thread::scope(|scope| {
        let releases = scope.spawn(|| {
            for round in 0..3 {
                environment.write("hello.txt", format!("Hello, {round}.\n"));
                environment.commit("Another.");
                environment.git(&["tag", &format!("v2.0.{round}")]);
                environment.consign(&["release"]).expect(0);
            }
        });
        while !releases.is_finished() {
            environment.consign(&["sync", "-f", "mirrors.yaml"]).expect(0);
        }
    });
    environment.consign(&["sync", "-f", "mirrors.yaml"]).expect(0);
    let tags = |repository: &str| environment.consign(&["tags", repository]).expect(0).stdout;
    let named = |repository: &str| -> Vec<String> {
        tags(repository).lines().filter(|tag| !tag.starts_with("sha256-")).map(str::to_owned).collect()
    };
    assert_eq!(named(&from), named(&to));
    assert!(named(&to).contains(&"2.0.2".to_owned()), "{:?}", named(&to));
    for tag in named(&to) {
        let digest = environment.consign(&["digest", &format!("{to}:{tag}")]).expect(0).stdout;
        assert_eq!(digest, environment.consign(&["digest", &format!("{from}:{tag}")]).expect(0).stdout);
        let by_digest = format!("{to}@{}", digest.trim());
        environment.consign(&["verify", "--content", "--key", "cosign.pub", &by_digest]).expect(0);
    }
    environment.consign(&["store", "check"]).expect(0);
}
