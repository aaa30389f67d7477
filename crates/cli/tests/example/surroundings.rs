//! The example's image from the distribution's own packages is the same whoever makes it, and where.

use super::example;
use super::page::Page;
use crate::common::{TestEnvironment, free_port};
use consign_testkit::tools::not_run;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

const RELEASE: [&str; 4] = ["release", "--dry-run", "--output", "json"];
/// What was downloaded once serves the others.
const AGAIN: [&str; 5] = ["release", "--dry-run", "--output", "json", "--offline"];

#[test]
fn the_surroundings_do_not_matter() {
    if !Path::new("/etc/apt").is_dir() {
        return not_run("a machine with apt sources");
    }
    let environment = example(&Page { port: free_port() });
    if !name_the_archive(&environment) {
        return not_run("a machine whose apt names its archive (apt-get update)");
    }
    let first = environment.consign(&RELEASE).expect(0).digests();
    assert_eq!(first.len(), 3, "{first:?}");
    let user = environment.as_another_user(&AGAIN);
    assert_eq!(user.expect(0).digests(), first, "another user");
    let variables = [("TZ", "Asia/Kathmandu"), ("LC_ALL", "tr_TR.UTF-8")];
    for (umask, jobs) in [("077", "1"), ("000", "2")] {
        let run = environment.under_umask(umask, &variables, &[&AGAIN[..], &["--jobs", jobs]].concat());
        assert_eq!(run.expect(0).digests(), first, "umask {umask}, {jobs} jobs");
    }
    if let Some(run) = environment.on_another_machine(&AGAIN) {
        assert_eq!(run.expect(0).digests(), first, "another machine");
    }
}

/// Writes into the configuration where the packages come from, which is as a rule the machine's own business, and leaves out what is tried.
fn name_the_archive(environment: &TestEnvironment) -> bool {
    let format = "$(REPO_URI) $(CODENAME)";
    let mut command = Command::new("apt-get");
    let Ok(output) = command.args(["indextargets", "--format", format, "Created-By: Packages"]).output() else {
        return false;
    };
    let os_release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let codename = os_release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).unwrap_or_default();
    let text = String::from_utf8(output.stdout).unwrap();
    let of_debian = |line: &&str| line.split(' ').nth(1).is_some_and(|suite| suite.starts_with(codename));
    let mirrors: BTreeSet<&str> = text.lines().filter(of_debian).collect();
    let Ok(keys) = fs::read("/usr/share/keyrings/debian-archive-keyring.gpg") else { return false };
    environment.write("archive.gpg", keys);
    let registry = environment.registry();
    let mut configuration = format!(
        "build:\n  - source: image.yaml\n    destination: {registry}/hello/web\nsigning: {{key: cosign.key}}\ndebian:\n  mirrors:\n"
    );
    for (uri, suite) in mirrors.iter().filter_map(|line| line.split_once(' ')) {
        writeln!(configuration, "    - {{uri: \"{uri}\", suites: [{suite}], signed-by: archive.gpg}}").unwrap();
    }
    environment.write("consign.yaml", configuration);
    environment.write("image.yaml", format!("suite: {codename}\n{}", environment.read("image.yaml")));
    // The third adds time, and nothing that the others do not show.
    environment.replace("image.yaml", ", linux/ppc64le", "");
    environment.commit("Where it is made does not say what of.");
    environment.git(&["tag", "v1.0.1"]);
    !mirrors.is_empty() && !codename.is_empty()
}
