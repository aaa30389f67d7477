//! Databases of real images.

use consign_package::rpm::{self, RpmPackage};
use consign_testkit::tools::{no_data, peer};
use std::path::{Path, PathBuf};

fn data() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    std::env::var_os("CONSIGN_TEST_DATA").map_or_else(beside, PathBuf::from).join("rpmdb")
}

fn read(name: &str) -> Option<Vec<RpmPackage>> {
    let Ok(bytes) = std::fs::read(data().join(name)) else {
        no_data("databases of rpm's");
        return None;
    };
    Some(rpm::read(&bytes, None).unwrap())
}

fn named<'a>(packages: &'a [RpmPackage], name: &str) -> &'a RpmPackage {
    packages.iter().find(|package| package.name == name).unwrap()
}

#[test]
fn reads_sqlite() {
    let Some(packages) = read("cbl-mariner-2.0-rpmdb.sqlite") else { return };
    assert_eq!(packages.len(), 129);
    let audit = named(&packages, "audit");
    assert_eq!((audit.full_version().as_str(), audit.epoch), ("3.0.6-1.cm2", None));
    assert_eq!(audit.source.as_ref().unwrap().name, "audit");
    assert_eq!(audit.size, Some(814_676));
    assert_eq!(audit.checksums[0], "sha256:7334576900a60052c8ca462f8903cfe89a48e48176a28f8510480564e1d6342c");
    let files: usize = packages.iter().map(|package| package.files.len()).sum();
    assert_eq!(files, 7269);
    assert!(named(&packages, "bash").files.iter().any(|file| file == ("/bin/", "bash")));
}

#[test]
fn reads_ndb() {
    let Some(packages) = read("sle15-bci-Packages.db") else { return };
    assert_eq!(packages.len(), 35);
    let glibc = named(&packages, "glibc");
    assert!(glibc.files.iter().any(|file| file == ("/etc/", "ld.so.conf")));
    assert_eq!(glibc.vendor.as_deref(), Some("SUSE LLC <https://www.suse.com/>"));
}

#[test]
fn reads_berkeley() {
    let Some(packages) = read("libuuid-Packages") else { return };
    assert_eq!(packages.len(), 1);
    let package = &packages[0];
    let source = package.source.as_ref().unwrap();
    assert_eq!((package.name.as_str(), source.name.as_str()), ("libuuid", "util-linux"));
    assert_eq!((package.version.as_str(), source.version.as_str()), ("2.32.1", "2.32.1-42.el8_8"));
    assert_eq!(package.checksums[2], "md5:c1e561f13d39aee443a1f00258fba000");
}

/// What rpm itself says of the same databases.
#[test]
fn agrees_with_rpm() {
    let Some(program) = peer("rpm") else { return };
    for (file, place, backend) in
        [("cbl-mariner-2.0-rpmdb.sqlite", "rpmdb.sqlite", "sqlite"), ("libuuid-Packages", "Packages", "bdb_ro")]
    {
        let Some(packages) = read(file) else { return };
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(place), std::fs::read(data().join(file)).unwrap()).unwrap();
        let said = program.run([
            "--dbpath".as_ref(),
            folder.path().as_os_str(),
            "--define".as_ref(),
            format!("_db_backend {backend}").as_ref(),
            "-qa".as_ref(),
            "--qf".as_ref(),
            "%{NAME}|%{EPOCH}|%{VERSION}|%{RELEASE}|%{ARCH}|%{SOURCERPM}|%{LICENSE}|%{SIZE}|%{SIGMD5}[|%{FILENAMES}]\\n".as_ref(),
        ]);
        let said = said.unwrap();
        let mut said: Vec<&str> = said.lines().collect();
        said.sort_unstable();
        let mut ours: Vec<String> = packages.iter().map(line).collect();
        ours.sort_unstable();
        assert_eq!(ours, said, "{file}");
    }
}

/// Writes a package as rpm is asked to.
fn line(package: &RpmPackage) -> String {
    let epoch = package.epoch.map_or("(none)".to_owned(), |epoch| epoch.to_string());
    let md5 = package.checksums.iter().find_map(|checksum| checksum.strip_prefix("md5:")).unwrap();
    let texts = [
        &package.name,
        &epoch,
        &package.version,
        &package.release,
        package.architecture.as_ref().unwrap(),
        &package.source.as_ref().unwrap().file,
        package.licence.as_ref().unwrap(),
        &package.size.unwrap().to_string(),
        md5,
    ];
    let files = package.files.iter().map(|(folder, name)| format!("|{folder}{name}"));
    texts.map(str::to_owned).join("|") + &files.collect::<String>()
}
