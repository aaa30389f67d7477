//! Images of Debian's own packages: the gate refuses exactly what updates mend, on the platforms that lack them. The advisories are made of the
//! packages' changelogs, and what must be found is told by apt, dpkg and these changelogs.

mod apt;
mod archive;
mod changelog;
mod finding;
mod image;

use crate::common::TestEnvironment;
use archive::{ARCHITECTURES, Archive, Update};
use changelog::Fixes;
use consign_testkit::tools::{counted, not_run};
use finding::{Findings, findings};
use image::{Image, assemble};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

#[test]
fn exactly_what_updates_mend_is_refused_where_it_is_missing() {
    let environment = TestEnvironment::new();
    let Some(archive) = Archive::of_machine(&environment.beside("apt")) else { return };
    let updates = archive.updates();
    if updates.is_empty() {
        return not_run("libraries of Debian that have updates, the same for amd64 and arm64");
    }
    write_image_file(&environment, &archive, &updates);
    let released = build(&environment, &archive, "released");
    let updated = build(&environment, &archive, "updated");
    let fixes = Fixes::of(updated.contents.iter().flat_map(|contents| &contents.changelogs));
    for update in &updates {
        assert!(released.contents.iter().all(|contents| contents.version_of(&update.name) == Some(&update.released)));
        assert!(updated.contents.iter().all(|contents| contents.version_of(&update.name) == Some(&update.newest)));
        assert_eq!(fixes.newest(&update.source), Some(update.newest_of_source.as_str()), "{}", update.source);
    }
    let images = [&released, &updated];
    let missing = images.map(|image| image.contents.each_ref().map(|contents| fixes.missing_in(&contents.installed)));
    // Some were fixed in the release already, and match nothing.
    assert!(missing[0].iter().all(|found| !found.is_empty() && found.len() < fixes.count()), "{:?}", missing[0]);
    assert!(missing[1].iter().all(BTreeSet::is_empty), "{:?}", missing[1]);

    let [records, database] =
        ["advisories", "advisories.db"].map(|name| environment.beside(name).display().to_string());
    fixes.write(Path::new(&records), &format!("Debian:{}", archive.version));
    environment.consign(&["db", "build", &records, "--to", &database]).expect(0);
    let policy = format!(
        "policy:\n  require: [completeness, sbom]\n  advisories: {{databases: \"{database}\", maximum-severity: none}}\n"
    );
    environment.write("consign.yaml", environment.read("consign.yaml") + &policy);
    for parts in [[0, 0], [1, 1], [1, 0], [0, 1]] {
        let expected = [0, 1].map(|position| (PLATFORMS[position].to_owned(), &missing[parts[position]][position]));
        let expected = expected.into_iter().filter(|(_, found)| !found.is_empty());
        let expected: Findings = expected.map(|(platform, found)| (platform, found.clone())).collect();
        is_scanned(&environment, parts.map(|part| images[part]), &expected);
        is_released(&environment, parts.map(|part| images[part]), &expected);
    }
    let (refused, all, libraries) = (missing[0][1].len(), fixes.count(), updates.len());
    counted(&format!(
        "advisories made of Debian's changelogs: {refused} of {all}, by updates of {libraries} libraries"
    ));
}

fn write_image_file(environment: &TestEnvironment, archive: &Archive, updates: &[Update]) {
    let packages: Vec<&str> = updates.iter().map(|update| update.name.as_str()).collect();
    let (suite, packages) = (&archive.codename, packages.join(", "));
    environment.write(
        "image.yaml",
        format!("suite: {suite}\nplatforms: [linux/amd64, linux/arm64]\npackages: [base-files, {packages}]\n"),
    );
    environment.commit("Libraries.");
}

/// Builds the image of the release's suite alone, or of all suites, into a layout, and for each platform into an archive.
fn build(environment: &TestEnvironment, archive: &Archive, name: &str) -> Image {
    let registry = environment.registry();
    let mut configuration = format!(
        "build: [{{source: image.yaml, destination: \"{registry}/team/libraries:1.0.0\"}}]\nsigning: {{key: cosign.key}}\n\
         registries: {{\"{registry}\": {{serve: registry}}}}\ndebian:\n  mirrors:\n"
    );
    let suites = archive.suites.iter().filter(|(suite, _)| name == "updated" || **suite == archive.codename);
    for (suite, uri) in suites {
        writeln!(configuration, "    - {{uri: \"{uri}\", suites: [{suite}], signed-by: mirror.gpg}}").unwrap();
    }
    environment.write("consign.yaml", configuration);
    environment.write("mirror.gpg", fs::read(archive::KEYRING).unwrap());
    let layout = environment.beside(name);
    environment.consign(&["build", "--quiet", "--to", &format!("oci:{}", layout.display())]).expect(0);
    for (architecture, platform) in ARCHITECTURES.iter().zip(PLATFORMS) {
        let to = format!("oci-archive:{name}-{architecture}.tar");
        environment.consign(&["build", "--quiet", "--platform", platform, "--to", &to]).expect(0);
    }
    Image::read(name, layout)
}

/// A scan of an image that is assembled of these parts says exactly that.
fn is_scanned(environment: &TestEnvironment, parts: [&Image; 2], expected: &Findings) {
    let name = parts.map(|part| part.name.as_str()).join("-");
    let folder = environment.beside(&format!("of-{name}"));
    assemble(parts, &folder);
    let reference = format!("oci:{}", folder.display());
    let status = if expected.is_empty() { 0 } else { 15 };
    let scan = |more: &[&str]| {
        environment.consign(&[&["scan", "--policy", "consign.yaml", &reference], more].concat()).expect(status)
    };
    assert_eq!(&findings(&scan(&["--output", "json"]).json()), expected, "{name}");
    let table = scan(&[]).stdout;
    for (position, platform) in PLATFORMS.iter().enumerate() {
        let packages = parts[position].contents[position].installed.len();
        let line = table.lines().find(|line| line.starts_with(&format!("{platform}: "))).unwrap();
        let compared = format!("; {packages} packages, {packages} of them compared;");
        assert!(line.contains(&compared), "{name}: `{compared}` is not in `{line}`");
        assert_eq!(line.contains(": 0 advisories match;"), !expected.contains_key(*platform), "{name}: {line}");
    }
}

/// A release of what two machines built says the same, and nothing is out if the gate closes.
fn is_released(environment: &TestEnvironment, parts: [&Image; 2], expected: &Findings) {
    let name = parts.map(|part| part.name.as_str()).join("-");
    let from = [0, 1].map(|position| format!("oci-archive:{}-{}.tar", parts[position].name, ARCHITECTURES[position]));
    let arguments = ["release", "--quiet", "--output", "json", "--from", &from[0], "--from", &from[1]];
    let registry = environment.path("registry");
    let run = environment.consign(&arguments).expect(if expected.is_empty() { 0 } else { 15 });
    let image = &run.json()["images"][0];
    assert_eq!(&findings(image), expected, "{name}");
    for row in image["rows"].as_array().unwrap() {
        let is_refused = expected.contains_key(row["platform"].as_str().unwrap());
        assert_eq!(row["stages"]["scan"] == "failed", is_refused, "{name}: {row}");
    }
    assert_eq!(registry.exists(), expected.is_empty(), "{name}");
    if registry.exists() {
        fs::remove_dir_all(registry).unwrap();
    }
}
