//! An archive of packages that is changed and signed again: all but the change is right.

use crate::common::TestEnvironment;
use consign_oci::Digest;
use consign_testkit::mirror::{Mirror, SigningKey};

const SUITE: &str = "mirror/dists/stable";
pub(super) const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// Returns the path of the release file.
pub(super) fn in_release() -> String {
    format!("{SUITE}/InRelease")
}

/// Returns the text of the release file, without its signature.
pub(super) fn release_text(environment: &TestEnvironment) -> String {
    let signed = environment.read(&in_release());
    let (_, body) = signed.split_once("\n\n").unwrap();
    let (text, _) = body.split_once("-----BEGIN PGP SIGNATURE").unwrap();
    format!("{}\n", text.trim_end())
}

/// Replaces a text in the release file, wherever it stands, and signs it.
pub(super) fn resign(environment: &TestEnvironment, from: &str, to: &str) {
    let text = release_text(environment);
    assert!(text.contains(from), "{text}");
    sign(environment, &text.replace(from, to));
}

/// Writes a release file, signed by a new key, which is trusted from then on.
pub(super) fn sign(environment: &TestEnvironment, text: &str) {
    let key = SigningKey::generate(Mirror::DATE).unwrap();
    environment.write(&in_release(), key.clear_sign(text, Mirror::DATE).unwrap());
    environment.write("mirror.gpg", key.public().unwrap());
}

/// Makes these the only indexes, and signs the release file that lists them.
pub(super) fn list(environment: &TestEnvironment, indexes: &[(String, Vec<u8>)]) {
    let mut text = release_text(environment).replace("Acquire-By-Hash: yes\n", "");
    text.truncate(text.find("SHA256:\n").unwrap() + "SHA256:\n".len());
    for (path, bytes) in indexes {
        environment.write(&format!("{SUITE}/{path}"), bytes);
        text.push_str(&format!(" {} {} {path}\n", Digest::of(bytes).hex(), bytes.len()));
    }
    sign(environment, &text);
}

/// Changes the index of each architecture.
pub(super) fn reindex(environment: &TestEnvironment, change: impl Fn(&str, &str) -> String) {
    let indexes = ARCHITECTURES.map(|architecture| {
        let path = format!("main/binary-{architecture}/Packages");
        let text = change(architecture, &environment.read(&format!("{SUITE}/{path}")));
        (path, text.into_bytes())
    });
    list(environment, &indexes);
}

/// Puts another file in the place of the package `tool` of each architecture.
pub(super) fn repackage(environment: &TestEnvironment, make: impl Fn(&str) -> Vec<u8>) {
    reindex(environment, |architecture, index| {
        let path = package(architecture);
        let old = std::fs::read(environment.path(&path)).unwrap();
        let new = make(architecture);
        environment.write(&path, &new);
        let sums = |bytes: &[u8]| format!("Size: {}\nSHA256: {}\n", bytes.len(), Digest::of(bytes).hex());
        assert!(index.contains(&sums(&old)), "{index}");
        index.replace(&sums(&old), &sums(&new))
    });
}

/// Returns the path of the package `tool`.
pub(super) fn package(architecture: &str) -> String {
    format!("mirror/pool/main/tool/tool_2.0-1_{architecture}.deb")
}
