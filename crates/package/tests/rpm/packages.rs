//! What is read of a package.

use super::berkeley::ndb;
use super::header::{Field, header};
use consign_package::rpm::{self, HeaderError, RpmError, RpmPackage};

fn read(fields: &[(u32, Field)]) -> Result<Vec<RpmPackage>, RpmError> {
    rpm::read(&ndb(&[header(fields)]), None)
}

fn with(fields: Vec<(u32, Field)>) -> Vec<(u32, Field)> {
    let mut all = vec![(1000, Field::Text("a")), (1001, Field::Text("1")), (1002, Field::Text("2"))];
    all.extend(fields);
    all
}

#[test]
fn reads_all_that_is_said() {
    const HEX: &str = "F6e1d213170f254b38ef8e6b738448b1ab8b69b520545e94f36437822a60f1d5";
    let packages = read(&[
        (63, Field::Binary(&[0; 16])),
        (261, Field::Binary(&[0x1f; 16])),
        (269, Field::Text("no digest")),
        (273, Field::Text(HEX)),
        (1000, Field::Text("nodejs-libs")),
        (1001, Field::Text("18.0")),
        (1002, Field::Text("3.el9")),
        (1003, Field::Numbers(&[1])),
        (1004, Field::Translated("Libraries".to_owned())),
        (1009, Field::Numbers(&[7])),
        (1011, Field::Text("Red Hat, Inc.")),
        (1014, Field::Text("MIT and \u{e4}")),
        (1015, Field::Text("packager")),
        (1020, Field::Text("https://nodejs.org")),
        (1022, Field::Text("x86_64")),
        (1029, Field::States(&[0, 2, 1, 4])),
        (1035, Field::Texts(&[HEX, HEX, "", HEX])),
        (1044, Field::Text("nodejs-18.0-3.el9.src.rpm")),
        (1116, Field::Numbers(&[1, 0, 0, 1])),
        (1117, Field::Texts(&["node", "README", "", "libnode.so"])),
        (1118, Field::Texts(&["/usr/share/doc/", "/usr/bin/"])),
        (5009, Field::Long(1 << 40)),
        (5011, Field::Numbers(&[8])),
        (5096, Field::Text("nodejs:18:1:2")),
    ]);
    let package = &packages.unwrap()[0];
    assert_eq!((package.name.as_str(), package.full_version().as_str()), ("nodejs-libs", "1:18.0-3.el9"));
    let source = package.source.as_ref().unwrap();
    assert_eq!((source.name.as_str(), source.version.as_str()), ("nodejs", "18.0-3.el9"));
    let texts = [&package.architecture, &package.summary, &package.vendor, &package.licence, &package.packager];
    let expected = ["x86_64", "Libraries", "Red Hat, Inc.", "MIT and \u{e4}", "packager"];
    assert_eq!(texts.map(|text| text.as_deref().unwrap()), expected);
    assert_eq!(package.homepage.as_deref(), Some("https://nodejs.org"));
    assert_eq!(package.modularity_label.as_deref(), Some("nodejs:18:1:2"));
    assert_eq!(package.size, Some(1 << 40));
    assert_eq!(package.checksums, [format!("sha256:{}", HEX.to_lowercase()), format!("md5:{}", "1f".repeat(16))]);
    // What was not installed is not owned.
    assert_eq!(package.files.iter().collect::<Vec<_>>(), [("/usr/bin/", "node"), ("/usr/share/doc/", "")]);
    let digests: Vec<_> = package.files.with_digests().map(|(_, _, digest)| digest).collect();
    assert_eq!(digests, [Some(format!("sha256:{}", HEX.to_lowercase()).as_str()), None]);
    assert_eq!(
        package.purl("rhel", Some("9.4")).to_string(),
        "pkg:rpm/rhel/nodejs-libs@18.0-3.el9?arch=x86_64&distro=rhel-9.4&epoch=1&rpmmod=nodejs:18:1:2&upstream=nodejs-18.0-3.el9.src.rpm"
    );
}

#[test]
fn does_without_what_is_not_said() {
    let packages = read(&with(vec![(1011, Field::Text("")), (1044, Field::Text("odd.rpm"))])).unwrap();
    let package = &packages[0];
    assert_eq!((package.full_version().as_str(), package.epoch, package.size), ("1-2", None, None));
    assert_eq!((&package.vendor, &package.source, &package.architecture), (&None, &None, &None));
    assert!(package.files.is_empty() && package.checksums.is_empty());
    assert_eq!(package.purl("fedora", None).to_string(), "pkg:rpm/fedora/a@1-2");
}

#[test]
fn what_was_added_later_counts() {
    let packages = read(&with(vec![(1000, Field::Text("b"))])).unwrap();
    assert_eq!(packages[0].name, "b");
}

#[test]
fn reads_whole_paths() {
    let packages = read(&with(vec![(1027, Field::Texts(&["/bin/a", "/bin/b", "/etc/c", "d"]))])).unwrap();
    let files: Vec<_> = packages[0].files.iter().collect();
    assert_eq!(files, [("/bin/", "a"), ("/bin/", "b"), ("/etc/", "c"), ("", "d")]);
}

#[test]
fn digests_are_of_the_algorithm_that_is_named() {
    const MD5: [&str; 1] = ["00000000000000000000000000000000"];
    const SHA1: [&str; 1] = ["1111111111111111111111111111111111111111"];
    for (algorithm, digests, expected) in [
        (None, &MD5, Some("md5")),
        (None, &SHA1, None),
        (Some(Field::Numbers(&[2])), &SHA1, Some("sha1")),
        (Some(Field::Numbers(&[10])), &SHA1, None),
        (Some(Field::Text("8")), &MD5, Some("md5")),
    ] {
        let mut fields = vec![(1027, Field::Texts(&["/bin/a"])), (1035, Field::Texts(digests))];
        fields.extend(algorithm.map(|algorithm| (5011, algorithm)));
        let packages = read(&with(fields)).unwrap();
        let found: Vec<_> = packages[0].files.with_digests().map(|(.., digest)| digest.map(str::to_owned)).collect();
        assert_eq!(found, [expected.map(|algorithm| format!("{algorithm}:{}", digests[0]))]);
    }
}

#[test]
fn keys_are_no_packages() {
    assert_eq!(read(&[(1000, Field::Text("gpg-pubkey"))]), Ok(Vec::new()));
}

#[test]
fn says_what_is_wrong_with_a_header() {
    let missing = |tag, name| HeaderError::Missing { tag, name };
    let field = |tag| HeaderError::Field { tag };
    let table = [
        (vec![], missing(1000, "name")),
        (vec![(1000, Field::Text("a"))], missing(1001, "version")),
        (vec![(1000, Field::Text("a")), (1001, Field::Text("1"))], missing(1002, "release")),
        (vec![(1000, Field::Numbers(&[1]))], field(1000)),
        (with(vec![(1003, Field::Text("1"))]), field(1003)),
        (with(vec![(1117, Field::Texts(&["a"]))]), HeaderError::Files),
        (
            with(vec![(1117, Field::Texts(&["a"])), (1116, Field::Numbers(&[1])), (1118, Field::Texts(&["/"]))]),
            HeaderError::Files,
        ),
    ];
    for (fields, expected) in table {
        assert_eq!(read(&fields), Err(RpmError::Header { number: 1, source: expected }));
    }
    let good = header(&with(Vec::new()));
    for damaged in [vec![], vec![0; 7], good[1..].to_vec(), [&good[..], b"x"].concat(), vec![0xff; 100]] {
        let expected = Err(RpmError::Header { number: 1, source: HeaderError::Length });
        assert_eq!(rpm::read(&ndb(&[damaged]), None), expected);
    }
}
