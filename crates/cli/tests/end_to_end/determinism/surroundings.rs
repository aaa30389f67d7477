//! Who makes an image, where, in which order files come, and by how many threads, leaves no mark on it.

use super::RELEASE;
use super::disordered::Disordered;
use crate::common::{Run, TestEnvironment};
use consign_testkit::mirror::{Mirror, MirrorPackage};
use std::collections::BTreeSet;

/// An image of many files, and one of packages and the same files.
fn with_many_files() -> TestEnvironment {
    let environment = TestEnvironment::with_image();
    let tool = |architecture: &str| {
        let tool = MirrorPackage::new("tool", "2.0-1", architecture).time(1_650_000_000);
        (0..40).fold(tool, |tool, number| tool.file(&format!("usr/share/tool/{number}"), b"x", 0o644))
    };
    let mirror = Mirror::new("stable").architectures(&["amd64", "arm64"]).package(tool("amd64")).package(tool("arm64"));
    environment.write("mirror.gpg", mirror.write(&environment.path("mirror")).unwrap().keyring);
    // Names that languages sort in their own ways.
    for (number, name) in ["Z", "a", "ä", "_", "I", "ı", "i", "10", "9", "a-b", "ab", "a.b", "日本"].iter().enumerate()
    {
        for folder in ["", "sub/", "sub/Sub/", "other/"] {
            environment.write(&format!("many/{folder}{name}"), format!("{number} {folder}"));
        }
    }
    environment.write_program("many/sub/run", b"#!/bin/sh\n");
    let platforms = "platforms: [linux/amd64, linux/arm64]\nfiles: [{source: many, path: /srv/many}]\n";
    environment.write("image.yaml", format!("{platforms}entrypoint: [/srv/many/sub/run]\n"));
    environment.write("tool.yaml", format!("{platforms}packages: [tool]\nsuite: stable\n"));
    let registry = environment.registry();
    let more = format!("  - source: tool.yaml\n    destination: {registry}/team/tool\nsigning:");
    environment.replace("consign.yaml", "signing:", &more);
    let mirrors = format!(
        "debian:\n  mirrors: [{{uri: \"file://{}\", suites: [stable], signed-by: mirror.gpg}}]\n",
        environment.path("mirror").display()
    );
    environment.write("consign.yaml", environment.read("consign.yaml") + &mirrors);
    environment.commit("Many files.");
    environment.git(&["tag", "v2.0.0"]);
    environment
}

fn of(run: Run) -> Vec<String> {
    let digests = run.expect(0).digests();
    assert_eq!(digests.len(), 2 * 3, "{digests:?}");
    digests
}

#[test]
fn another_user_makes_the_same() {
    let environment = with_many_files();
    let first = of(environment.consign(&RELEASE));
    assert_eq!(of(environment.as_another_user(&RELEASE)), first);
}

#[test]
fn another_machine_makes_the_same() {
    let environment = with_many_files();
    let first = of(environment.consign(&RELEASE));
    let Some(run) = environment.on_another_machine(&RELEASE) else { return };
    assert_eq!(of(run), first);
}

#[test]
fn threads_times_languages_and_masks_do_not_matter() {
    let environment = with_many_files();
    let first = of(environment.consign(&[&RELEASE[..], &["--jobs", "1"]].concat()));
    for (umask, jobs, zone, language) in
        [("000", "2", "Asia/Tokyo", "C"), ("077", "1", "America/St_Johns", "tr_TR.UTF-8"), ("027", "2", "", "POSIX")]
    {
        let variables = [("TZ", zone), ("LC_ALL", language), ("LANG", "C.UTF-8")];
        let run = environment.under_umask(umask, &variables, &[&RELEASE[..], &["--jobs", jobs]].concat());
        assert_eq!(of(run), first, "{umask} {jobs} {zone} {language}");
    }
}

#[test]
fn one_processor_makes_the_same_as_all() {
    let environment = with_many_files();
    let first = of(environment.consign(&RELEASE));
    // As many threads compress as there are processors that the program may use.
    assert_eq!(of(environment.on_one_processor(&RELEASE)), first);
}

#[test]
fn the_order_of_files_does_not_matter() {
    let environment = with_many_files();
    let first = of(environment.consign(&RELEASE));
    let mut orders = BTreeSet::new();
    for order in ["--sort-dirents=yes", "--reverse-dirents=yes", "--shuffle-dirents=yes"] {
        let Some(disordered) = Disordered::mount(&environment.folder(), order) else { return };
        let names = disordered.folder.join("many/sub").read_dir().unwrap().map(|entry| entry.unwrap().file_name());
        orders.insert(names.collect::<Vec<_>>());
        let run = environment.invocation().store(order).folder(&disordered.folder).run(&RELEASE);
        assert_eq!(of(run), first, "{order}");
    }
    assert_eq!(orders.len(), 3);
}
