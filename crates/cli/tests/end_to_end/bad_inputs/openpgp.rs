use super::index::mirrored;
use super::signed::{in_release, release_text, sign};
use super::{Case, Table};
use crate::common::TestEnvironment;
use crate::debian::mirror;
use consign_testkit::mirror::{Fault, Mirror, SigningKey};
use insta::assert_snapshot;
use std::fs;

/// Changes the signed release file.
fn changed(change: impl Fn(&str) -> String + 'static) -> impl Fn(&TestEnvironment) {
    move |environment| environment.write(&in_release(), change(&environment.read(&in_release())))
}

fn signed_by(sign: impl Fn(&SigningKey, &str) -> String + 'static) -> impl Fn(&TestEnvironment) {
    move |environment| {
        let key = SigningKey::generate(Mirror::DATE).unwrap();
        environment.write(&in_release(), sign(&key, &release_text(environment)));
        environment.write("mirror.gpg", key.public().unwrap());
    }
}

fn keyring(bytes: &'static [u8]) -> impl Fn(&TestEnvironment) {
    move |environment| environment.write("mirror.gpg", bytes)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("signature: none", |environment| environment.write(&in_release(), release_text(environment))),
        Case::new("signature: none beside the release file", |environment| {
            environment.write("mirror/dists/stable/Release", release_text(environment));
            fs::remove_file(environment.path(&in_release())).unwrap();
        }),
        Case::new("signature: by another key", mirrored(mirror().fault(Fault::WrongKey))),
        Case::new("signature: of another text", mirrored(mirror().fault(Fault::Release))),
        Case::new("signature: with SHA-1", |environment| {
            let key = SigningKey::generate_old(Mirror::DATE).unwrap();
            let text = release_text(environment);
            environment.write(&in_release(), key.clear_sign_weakly(&text, Mirror::DATE).unwrap());
            environment.write("mirror.gpg", key.public().unwrap());
        }),
        Case::new(
            "signature: that has expired",
            signed_by(|key, text| key.clear_sign_briefly(text, Mirror::DATE, 60).unwrap()),
        ),
        Case::new("signature: from the future", signed_by(|key, text| key.clear_sign(text, 4_000_000_000).unwrap())),
        Case::new("signature: a text before it", changed(|signed| format!("Suite: stable\n\n{signed}"))),
        Case::new("signature: a text after it", changed(|signed| format!("{signed}Suite: stable\n"))),
        Case::new(
            "signature: a text among its headers",
            changed(|signed| signed.replacen("\n\n", "\nSuite: stable\n\n", 1)),
        ),
        Case::new("signature: two texts", changed(|signed| format!("{signed}\n{signed}"))),
        Case::new(
            "signature: broken armor",
            changed(|signed| {
                let (text, signature) = signed.split_once("-----BEGIN PGP SIGNATURE-----\n\n").unwrap();
                format!("{text}-----BEGIN PGP SIGNATURE-----\n\n!!!!{}", &signature[4..])
            }),
        ),
        Case::new("signature: cut off", changed(|signed| signed[..signed.len() - 60].to_owned())),
        Case::new("signature: of MD5 sums only", |environment| {
            let text = release_text(environment);
            sign(environment, &text.replace("SHA256:\n", "MD5Sum:\n"));
        }),
        Case::new("keyring: empty", keyring(b"")),
        Case::new("keyring: no key", keyring(b"This is not a key.\n")),
        Case::new("keyring: a key that is cut off", |environment| {
            let bytes = fs::read(environment.path("mirror.gpg")).unwrap();
            environment.write("mirror.gpg", &bytes[..bytes.len() / 2]);
        }),
        Case::new("keyring: not there", |environment| fs::remove_file(environment.path("mirror.gpg")).unwrap()),
    ]
}

#[test]
fn signatures() {
    let table = Table::new();
    let (said, wrong) = table.run(|| table.packages(), cases());
    assert_snapshot!(said, @"
    # signature: none
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: line 1 of the release file: something stands before the signed text
    hint: name another mirror in `debian: mirrors:`, or ask those who keep this one

    # signature: none beside the release file
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, has no signature: there is neither InRelease nor Release.gpg
    hint: consign builds only from archives that are signed: let apt-ftparchive or reprepro sign this one, and name the key in `signed-by`

    # signature: by another key
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: no valid signature by a key in mirror.gpg: FINGERPRINT: not a trusted key
    hint: is the archive's own key in the file that `signed-by` names? If so, somebody changed the release file: name another mirror in `debian: mirrors:`

    # signature: of another text
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: no valid signature by a key in mirror.gpg: FINGERPRINT: does not match the text
    hint: is the archive's own key in the file that `signed-by` names? If so, somebody changed the release file: name another mirror in `debian: mirrors:`

    # signature: with SHA-1
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: no valid signature by a key in mirror.gpg: FINGERPRINT: made with SHA1, which is not strong enough
    hint: is the archive's own key in the file that `signed-by` names? If so, somebody changed the release file: name another mirror in `debian: mirrors:`

    # signature: that has expired
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: no valid signature by a key in mirror.gpg: FINGERPRINT: the signature expired at 2023-11-14T22:14:20Z
    hint: is the archive's own key in the file that `signed-by` names? If so, somebody changed the release file: name another mirror in `debian: mirrors:`

    # signature: from the future
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: no valid signature by a key in mirror.gpg: FINGERPRINT: the signature is from the future: 2096-10-02T07:06:40Z
    hint: is the archive's own key in the file that `signed-by` names? If so, somebody changed the release file: name another mirror in `debian: mirrors:`

    # signature: a text before it
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: line 1 of the release file: something stands before the signed text
    hint: name another mirror in `debian: mirrors:`, or ask those who keep this one

    # signature: a text after it
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: line 25 of the release file: something stands after the signed text
    hint: name another mirror in `debian: mirrors:`, or ask those who keep this one

    # signature: a text among its headers
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: line 3 of the release file: a header other than `Hash`, or no empty line before the signed text
    hint: name another mirror in `debian: mirrors:`, or ask those who keep this one

    # signature: two texts
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: line 26 of the release file: something stands after the signed text
    hint: name another mirror in `debian: mirrors:`, or ask those who keep this one

    # signature: broken armor
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: the signatures of the release file cannot be read
      caused by: IO error: failed reading: armor footer
    hint: name another mirror in `debian: mirrors:`, or ask those who keep this one

    # signature: cut off
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: line 22 of the release file: the signed text or its signature does not end
    hint: name another mirror in `debian: mirrors:`, or ask those who keep this one

    # signature: of MD5 sums only
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: the release file has no SHA256 hashes
    hint: name another mirror in `debian: mirrors:`, or ask those who keep this one

    # keyring: empty
    3 error: mirror.gpg holds no OpenPGP keys that can be used
      caused by: mirror.gpg: no OpenPGP public key, neither binary nor armored
    hint: `debian: mirrors:` in the configuration names other sources

    # keyring: no key
    3 error: mirror.gpg holds no OpenPGP keys that can be used
      caused by: mirror.gpg: not a valid OpenPGP keyring
      caused by: IO error: unknown packet header version 1010100
    hint: `debian: mirrors:` in the configuration names other sources

    # keyring: a key that is cut off
    3 error: mirror.gpg holds no OpenPGP keys that can be used
      caused by: mirror.gpg: not a valid OpenPGP keyring
      caused by: error while parsing composed key: IO
    hint: `debian: mirrors:` in the configuration names other sources

    # keyring: not there
    3 error: cannot read mirror.gpg
      caused by: No such file or directory (os error 2)
    hint: `debian: mirrors:` in the configuration names other sources
    ");
    assert_eq!(wrong, [""; 0]);
}
