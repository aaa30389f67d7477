use super::{Case, Table};
use crate::common::TestEnvironment;
use insta::assert_snapshot;
use std::fs;

fn written(path: &'static str, text: &'static str) -> impl Fn(&TestEnvironment) {
    move |environment| environment.write(path, text)
}

const VERIFY: &[&str] = &["verify", "--key", "cosign.pub", "oci-archive:hello.tar"];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("key: not there", |environment| fs::remove_file(environment.path("cosign.key")).unwrap()),
        Case::new("key: no key", written("cosign.key", "This is not a key.\n")),
        Case::new("key: the public one", |environment| environment.write("cosign.key", environment.read("cosign.pub"))),
        Case::new("key: cut off", |environment| {
            let text = environment.read("cosign.key");
            environment.write("cosign.key", &text[..text.len() / 2]);
        }),
        Case::new("key: 1 MiB", |environment| environment.write("cosign.key", vec![b'x'; 1 << 20])),
        Case::new("key: not a text", |environment| environment.write("cosign.key", b"\xff\xfe")),
        Case::new("key: another password", |_| ()).password("guessed").found_late(),
        Case::new("public key: not there", |environment| fs::remove_file(environment.path("cosign.pub")).unwrap())
            .command(VERIFY),
        Case::new("public key: no key", written("cosign.pub", "This is not a key.\n")).command(VERIFY),
        Case::new("public key: the private one", |environment| {
            environment.write("cosign.pub", environment.read("cosign.key"));
        })
        .command(VERIFY),
        Case::new("public key: of no use", |environment| {
            let text = environment.read("cosign.pub");
            let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
            environment.write("cosign.pub", text.replace(&body[..40], &"A".repeat(40)));
        })
        .command(VERIFY),
    ]
}

#[test]
fn keys() {
    let table = Table::new();
    let (said, wrong) = table.run(|| table.image(), cases());
    assert_snapshot!(said, @r"
    # key: not there
    1 error: the signing key `cosign.key` cannot be used
      caused by: No such file or directory (os error 2)
    hint: `consign keygen` makes a key; its password is taken from COSIGN_PASSWORD

    # key: no key
    1 error: the signing key `cosign.key` cannot be used
      caused by: not a key file: expected a PEM block, `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----`
    hint: the key is a file that `consign keygen` or `consign import-key-pair` wrote

    # key: the public one
    1 error: the signing key `cosign.key` cannot be used
      caused by: expected `ENCRYPTED SIGSTORE PRIVATE KEY`, but the file says `PUBLIC KEY`
    hint: whoever signs needs the private key, which `consign keygen` writes to `cosign.key`

    # key: cut off
    1 error: the signing key `cosign.key` cannot be used
      caused by: not a key file: expected a PEM block, `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----`
    hint: the key is a file that `consign keygen` or `consign import-key-pair` wrote

    # key: 1 MiB
    1 error: the signing key `cosign.key` cannot be used
      caused by: it has more than 65536 bytes

    # key: not a text
    1 error: the signing key `cosign.key` cannot be used
      caused by: it is not a text (UTF-8)

    # key: another password (something good was stored before)
    1 error: the signing key `cosign.key` cannot be used
      caused by: wrong password (or the key file was altered)
    hint: a password that is not typed is COSIGN_PASSWORD, else in the file that COSIGN_PASSWORD_FILE names

    # public key: not there
    1 error: cannot read the public key in cosign.pub
      caused by: No such file or directory (os error 2)
    hint: `--key` names the public key, which `consign keygen` writes to `cosign.pub`

    # public key: no key
    1 error: cannot read the public key in cosign.pub
      caused by: not a key file: expected a PEM block, `-----BEGIN PUBLIC KEY-----`
    hint: `--key` names the public key, which `consign keygen` writes to `cosign.pub`

    # public key: the private one
    1 error: cannot read the public key in cosign.pub
      caused by: expected `PUBLIC KEY`, but the file says `ENCRYPTED SIGSTORE PRIVATE KEY`
    hint: this is the private key: whoever verifies needs the public one, which `consign public-key --key FILE` prints

    # public key: of no use
    1 error: cannot read the public key in cosign.pub
      caused by: not a public key
      caused by: unknown/unsupported ASN.1 DER tag: 0x00
    hint: `--key` names the public key, which `consign keygen` writes to `cosign.pub`
    ");
    assert_eq!(wrong, [""; 0]);
}
