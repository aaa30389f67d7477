//! Releases and packages that this machine's apt knows, where it is a Debian machine.

use consign_package::deb::{
    Keyring, PackagesIndex, Preferred, Relation, ReleaseError, Request, Searched, Target, resolve, verify_release,
};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// What apt fetched last, if this is a Debian machine that has run it.
#[test]
fn verifies_what_this_machine_has() {
    let keyring = std::fs::read("/usr/share/keyrings/debian-archive-keyring.gpg");
    let (Ok(keyring), Ok(lists)) = (keyring, std::fs::read_dir("/var/lib/apt/lists")) else {
        println!("not run: apt lists (not a Debian machine)");
        return;
    };
    let keyring = Keyring::read(Path::new("debian-archive-keyring.gpg"), &keyring).unwrap();
    let paths = lists.filter_map(|entry| Some(entry.ok()?.path()));
    let releases: Vec<_> = paths.filter(|path| path.to_string_lossy().ends_with("_InRelease")).collect();
    let mut verified = 0;
    for path in &releases {
        let bytes = std::fs::read(path).unwrap();
        // Judged at the time it was made, so that an old list does not fail.
        let date = String::from_utf8_lossy(&bytes)
            .lines()
            .find_map(|line| line.strip_prefix("Date: ").map(str::to_owned))
            .unwrap();
        let then = jiff::fmt::rfc2822::parse(&date).unwrap().timestamp();
        match verify_release(&bytes, &keyring, then) {
            Ok(release) => {
                assert!(release.files.len() > 5, "{path:?}");
                verified += 1;
            }
            Err(ReleaseError::Untrusted { .. }) if !String::from_utf8_lossy(&bytes).contains("Origin: Debian") => {}
            Err(error) => panic!("{path:?}: {error}"),
        }
    }
    if verified == 0 {
        println!("not run: apt lists (none from Debian)");
    }
}

/// What apt knows, as one index.
#[test]
fn resolves_what_this_machine_knows() {
    let output = std::process::Command::new("apt-cache").args(["dumpavail"]).output();
    let Some(output) = output.ok().filter(|output| output.status.success() && output.stdout.len() > 1_000_000) else {
        println!("not run: apt-cache dumpavail (no apt, or no lists)");
        return;
    };
    let index = PackagesIndex::parse("apt-cache dumpavail", output.stdout).unwrap();
    let Some(nginx) = index.named("nginx").unwrap().pop() else {
        println!("not run: nginx (not in the lists)");
        return;
    };
    let architecture = if nginx.architecture == "all" { "amd64" } else { &nginx.architecture };
    let wanted: Vec<Relation> =
        ["nginx", "ca-certificates", "tzdata"].iter().map(|name| name.parse().unwrap()).collect();
    let target = Target { architecture, indexes: &[Searched { index: &index, last_resort: false }] };
    let request =
        Request { wanted: &wanted, recommends: false, preferred: &Preferred::new(), stop: &AtomicBool::new(false) };
    let selections = resolve(&[target], &request).unwrap().remove(0);
    let names: Vec<&str> = selections.iter().map(|chosen| chosen.record.name.as_str()).collect();
    for name in ["nginx", "ca-certificates", "tzdata", "libc6", "openssl"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for chosen in &selections {
        for clause in &chosen.record.depends {
            let met = clause.iter().any(|relation| selections.iter().any(|other| other.record.satisfies(relation)));
            assert!(met, "{}: {clause:?}", chosen.record.name);
        }
    }
}
