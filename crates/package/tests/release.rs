//! Which release files are trusted: with keys made here.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use consign_package::deb::{
    Keyring, KeyringError, Release, ReleaseError, SignatureProblem, verify_detached, verify_release,
};
use jiff::Timestamp;
use pgp::composed::{
    ArmorOptions, CleartextSignedMessage, DetachedSignature, EncryptionCaps, KeyType, SecretKeyParamsBuilder,
    SignedPublicKey, SignedSecretKey, SubkeyParamsBuilder,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{KeyFlags, Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::{Duration, KeyDetails, Password, SigningKey, Tag, Timestamp as PgpTime};
use rand::rngs::OsRng;
use std::path::Path;

const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// 2024-06-01, the time at which all is judged here.
const NOW: u32 = 1_717_200_000;
const DAY: u32 = 24 * 60 * 60;

fn now() -> Timestamp {
    Timestamp::from_second(NOW.into()).unwrap()
}

fn text() -> String {
    format!("Origin: Debian\nSuite: stable\nDate: Fri, 31 May 2024 00:00:00 UTC\nSHA256:\n {HASH} 3 main/Packages.xz\n")
}

/// Makes a key that may sign, with a subkey that may sign, both 30 days old.
fn key() -> SignedSecretKey {
    let created = PgpTime::from_secs(NOW - 30 * DAY);
    let mut subkey = SubkeyParamsBuilder::default();
    subkey.key_type(KeyType::Ed25519Legacy).can_sign(true).can_encrypt(EncryptionCaps::None).created_at(created);
    let mut parameters = SecretKeyParamsBuilder::default();
    parameters
        .key_type(KeyType::Ed25519Legacy)
        .can_certify(true)
        .can_sign(true)
        .created_at(created)
        .primary_user_id("Archive <archive@example.org>".into())
        .subkeys(vec![subkey.build().unwrap()]);
    let mut key = parameters.build().unwrap().generate(OsRng).unwrap();
    certify(&mut key, 20 * DAY, true, vec![]);
    bind(&mut key, None);
    key
}

/// What a signature says of itself, made `age` seconds ago.
fn subpackets(key: &impl SigningKey, age: u32, more: Vec<SubpacketData>) -> Vec<Subpacket> {
    let issuer = [
        SubpacketData::SignatureCreationTime(PgpTime::from_secs(NOW - age)),
        SubpacketData::IssuerFingerprint(key.fingerprint()),
    ];
    issuer.into_iter().chain(more).map(|data| Subpacket::regular(data).unwrap()).collect()
}

fn config(key: &impl SigningKey, kind: SignatureType, hash: HashAlgorithm, hashed: Vec<Subpacket>) -> SignatureConfig {
    let mut config = SignatureConfig::v4(kind, key.algorithm(), hash);
    config.hashed_subpackets = hashed;
    config
}

fn signing() -> KeyFlags {
    let mut flags = KeyFlags::default();
    flags.set_sign(true);
    flags
}

/// Replaces the key's signature of itself.
fn certify(key: &mut SignedSecretKey, age: u32, may_sign: bool, mut more: Vec<SubpacketData>) {
    let secret = &key.primary_key;
    more.push(SubpacketData::KeyFlags(if may_sign { signing() } else { KeyFlags::default() }));
    let config = config(secret, SignatureType::CertPositive, HashAlgorithm::Sha256, subpackets(secret, age, more));
    let user = &key.details.users[0].id;
    let signature =
        config.sign_certification(secret, secret.public_key(), &Password::empty(), Tag::UserId, user).unwrap();
    key.details.users[0].signatures = vec![signature];
}

/// Replaces the signature that binds the subkey to the key.
fn bind(key: &mut SignedSecretKey, lifetime: Option<u32>) {
    let (primary, subkey) = (&key.primary_key, &key.secret_subkeys[0].key);
    let back = config(subkey, SignatureType::KeyBinding, HashAlgorithm::Sha256, subpackets(subkey, 20 * DAY, vec![]));
    let back =
        back.sign_primary_key_binding(subkey, subkey.public_key(), &Password::empty(), primary.public_key()).unwrap();
    let mut more = vec![SubpacketData::KeyFlags(signing()), SubpacketData::EmbeddedSignature(Box::new(back))];
    more.extend(lifetime.map(|seconds| SubpacketData::KeyExpirationTime(Duration::from_secs(seconds))));
    let config =
        config(primary, SignatureType::SubkeyBinding, HashAlgorithm::Sha256, subpackets(primary, 20 * DAY, more));
    let binding =
        config.sign_subkey_binding(primary, primary.public_key(), &Password::empty(), subkey.public_key()).unwrap();
    key.secret_subkeys[0].signatures = vec![binding];
}

fn sign_as(key: &impl SigningKey, text: &str, hash: HashAlgorithm, age: i64, more: Vec<SubpacketData>) -> String {
    let created = u32::try_from(i64::from(NOW) - age).unwrap();
    let hashed = subpackets(key, NOW - created.min(NOW), more);
    let mut config = config(key, SignatureType::Text, hash, hashed);
    config.hashed_subpackets[0] =
        Subpacket::regular(SubpacketData::SignatureCreationTime(PgpTime::from_secs(created))).unwrap();
    let message = CleartextSignedMessage::new(text, config, key, &Password::empty()).unwrap();
    message.to_armored_string(ArmorOptions::default()).unwrap()
}

fn sign(key: &impl SigningKey, text: &str) -> String {
    sign_as(key, text, HashAlgorithm::Sha512, 3600, vec![])
}

fn keyring(keys: &[&SignedSecretKey]) -> Keyring {
    let bytes: Vec<u8> = keys.iter().flat_map(|key| key.to_public_key().to_bytes().unwrap()).collect();
    Keyring::read(Path::new("archive.gpg"), &bytes).unwrap()
}

fn problem(in_release: &str, keyring: &Keyring) -> SignatureProblem {
    match verify_release(in_release.as_bytes(), keyring, now()) {
        Err(ReleaseError::Untrusted { mut signatures, .. }) => signatures.remove(0).problem,
        other => panic!("{other:?}"),
    }
}

fn assert_good(result: Result<Release, ReleaseError>) {
    let release = result.unwrap();
    assert_eq!(release.origin.as_deref(), Some("Debian"));
    assert_eq!(release.files["main/Packages.xz"].1, 3);
}

#[test]
fn trusts_a_key_and_its_subkey() {
    let (key, other) = (key(), key());
    for keyring in [keyring(&[&key]), keyring(&[&other, &key])] {
        assert_good(verify_release(sign(&key.primary_key, &text()).as_bytes(), &keyring, now()));
        assert_good(verify_release(sign(&key.secret_subkeys[0].key, &text()).as_bytes(), &keyring, now()));
    }
    assert_eq!(problem(&sign(&key.primary_key, &text()), &keyring(&[&other])), SignatureProblem::UnknownKey);
    assert_eq!(problem(&sign(&key.primary_key, &text()), &Keyring::default()), SignatureProblem::UnknownKey);
}

#[test]
fn one_good_signature_suffices() {
    let (key, other) = (key(), key());
    let signed_by = |key: &SignedSecretKey| -> Signature {
        let secret = &key.primary_key;
        let config = config(secret, SignatureType::Text, HashAlgorithm::Sha256, subpackets(secret, 60, vec![]));
        config.sign(secret, &Password::empty(), text().replace('\n', "\r\n").as_bytes()).unwrap()
    };
    let message = CleartextSignedMessage::new_many(&text(), |_| Ok(vec![signed_by(&other), signed_by(&key)])).unwrap();
    let message = message.to_armored_string(ArmorOptions::default()).unwrap();
    assert_good(verify_release(message.as_bytes(), &keyring(&[&key]), now()));
    let error = verify_release(message.as_bytes(), &keyring(&[&self::key()]), now()).unwrap_err();
    let fingerprint = other.fingerprint().to_string().to_uppercase();
    let expected = format!("no valid signature by a key in archive.gpg: {fingerprint}: not a trusted key; ");
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[test]
fn notices_every_change() {
    let key = key();
    let (keyring, signed) = (keyring(&[&key]), sign(&key.primary_key, &text()));
    let changed = signed.replace(" 3 main/", " 4 main/");
    assert_eq!(problem(&changed, &keyring), SignatureProblem::Mismatch);
    assert_eq!(
        problem(&signed.replace("Suite: stable", "Suite: stable\nCodename: x"), &keyring),
        SignatureProblem::Mismatch
    );
    for (text, what) in [
        (format!("Origin: Evil\n\n{signed}"), "before"),
        (format!("\n{signed}"), "an empty line before"),
        (format!("{signed}Origin: Evil\n"), "after"),
        (format!("{signed}\n{signed}"), "twice"),
        (signed.replace("-----BEGIN PGP SIGNATURE", "Origin: Evil\n-----BEGIN PGP SIGNATURE"), "inside"),
        (signed.replace("\n\nOrigin", "\nSuite: evil\n\nOrigin"), "among the headers"),
        (signed.replace("Suite: stable", "Suite: stable\r"), "a carriage return"),
        (text(), "unsigned"),
        (String::new(), "nothing"),
    ] {
        assert!(verify_release(text.as_bytes(), &keyring, now()).is_err(), "{what}");
    }
    // Spaces at line ends are not signed; they must not be read either.
    assert_good(verify_release(signed.replace("Suite: stable", "Suite: stable \t").as_bytes(), &keyring, now()));
    for position in (0..signed.len()).step_by(7) {
        let mut bytes = signed.clone().into_bytes();
        bytes[position] ^= 1;
        if let Ok(release) = verify_release(&bytes, &keyring, now()) {
            assert_eq!(release, verify_release(signed.as_bytes(), &keyring, now()).unwrap(), "byte {position}");
        }
    }
}

#[test]
fn judges_signatures() {
    let key = key();
    let (keyring, secret) = (keyring(&[&key]), &key.primary_key);
    let signed = sign_as(secret, &text(), HashAlgorithm::Sha384, 60, vec![]);
    assert_good(verify_release(signed.as_bytes(), &keyring, now()));
    let lasting = |seconds| vec![SubpacketData::SignatureExpirationTime(Duration::from_secs(seconds))];
    let expired = sign_as(secret, &text(), HashAlgorithm::Sha256, 7200, lasting(3600));
    assert!(matches!(problem(&expired, &keyring), SignatureProblem::Expired { .. }));
    assert_good(verify_release(
        sign_as(secret, &text(), HashAlgorithm::Sha256, 7200, lasting(10_000)).as_bytes(),
        &keyring,
        now(),
    ));
    let future = sign_as(secret, &text(), HashAlgorithm::Sha256, -2 * i64::from(DAY), vec![]);
    assert!(matches!(problem(&future, &keyring), SignatureProblem::Future { .. }));
    let other_kind = {
        let config = config(secret, SignatureType::Key, HashAlgorithm::Sha256, subpackets(secret, 60, vec![]));
        let signature = config.sign_key(secret, &Password::empty(), secret.public_key()).unwrap();
        CleartextSignedMessage::new_many(&text(), |_| Ok(vec![signature]))
            .unwrap()
            .to_armored_string(ArmorOptions::default())
            .unwrap()
    };
    assert_eq!(problem(&other_kind, &keyring), SignatureProblem::Form);
}

#[test]
fn a_signature_names_one_key() {
    let keys = [key(), key(), key()];
    let (keyring, secret) = (keyring(&[&keys[0], &keys[1], &keys[2]]), &keys[0].primary_key);
    let signature = |issuers: Vec<SubpacketData>| {
        let created = SubpacketData::SignatureCreationTime(PgpTime::from_secs(NOW - 60));
        let hashed = [created].into_iter().chain(issuers).map(|data| Subpacket::regular(data).unwrap()).collect();
        let config = config(secret, SignatureType::Binary, HashAlgorithm::Sha3_512, hashed);
        config.sign(secret, &Password::empty(), text().as_bytes()).unwrap()
    };
    let verify = |text: &str, signatures: Vec<Signature>| {
        let bytes: Vec<u8> =
            signatures.into_iter().flat_map(|one| DetachedSignature::new(one).to_bytes().unwrap()).collect();
        verify_detached(text.as_bytes(), &bytes, &keyring, now())
    };
    let identifier = |key: &SignedSecretKey| SubpacketData::IssuerKeyId(key.legacy_key_id());
    let fingerprint = |key: &SignedSecretKey| SubpacketData::IssuerFingerprint(key.fingerprint());
    for issuers in [
        vec![identifier(&keys[0])],
        vec![fingerprint(&keys[0])],
        vec![identifier(&keys[0]), fingerprint(&keys[0]), identifier(&keys[0])],
    ] {
        assert_good(verify(&text(), vec![signature(issuers)]));
    }
    // Were each held against each key, this would take minutes.
    let large = format!("{}X:\n{}", text(), " x\n".repeat(5_000_000));
    for issuers in
        [vec![], keys.iter().map(identifier).collect::<Vec<_>>(), keys.iter().map(fingerprint).collect::<Vec<_>>()]
    {
        match verify(&large, vec![signature(issuers); 32]) {
            Err(ReleaseError::Untrusted { signatures, .. }) => {
                assert!(signatures.iter().all(|one| one.problem == SignatureProblem::Issuer), "{signatures:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn judges_hashes() {
    let mut parameters = SecretKeyParamsBuilder::default();
    let created = PgpTime::from_secs(NOW - 30 * DAY);
    parameters
        .key_type(KeyType::Rsa(2048))
        .can_sign(true)
        .created_at(created)
        .primary_user_id("Old <old@example.org>".into());
    let mut key = parameters.build().unwrap().generate(OsRng).unwrap();
    certify(&mut key, DAY, true, vec![]);
    let keyring = keyring(&[&key]);
    for (hash, weak) in [
        (HashAlgorithm::Md5, true),
        (HashAlgorithm::Sha1, true),
        (HashAlgorithm::Sha224, true),
        (HashAlgorithm::Sha256, false),
    ] {
        let signed = sign_as(&key.primary_key, &text(), hash, 60, vec![]);
        match weak {
            true => assert!(matches!(problem(&signed, &keyring), SignatureProblem::WeakHash { .. }), "{hash}"),
            false => assert_good(verify_release(signed.as_bytes(), &keyring, now())),
        }
    }
}

#[test]
fn judges_keys() {
    let good = key();
    let in_release = sign(&good.primary_key, &text());
    let by_subkey = sign(&good.secret_subkeys[0].key, &text());
    let changed = |change: &dyn Fn(&mut SignedSecretKey)| {
        let mut key = good.clone();
        change(&mut key);
        keyring(&[&key])
    };
    let lifetime = |seconds| vec![SubpacketData::KeyExpirationTime(Duration::from_secs(seconds))];

    let expired = changed(&|key| certify(key, DAY, true, lifetime(29 * DAY)));
    assert!(matches!(problem(&in_release, &expired), SignatureProblem::KeyExpired { .. }));
    assert!(matches!(problem(&by_subkey, &expired), SignatureProblem::KeyExpired { .. }));
    assert_good(verify_release(
        in_release.as_bytes(),
        &changed(&|key| certify(key, DAY, true, lifetime(31 * DAY))),
        now(),
    ));
    let prolonged = changed(&|key| {
        let old = {
            certify(key, 10 * DAY, true, lifetime(29 * DAY));
            key.details.users[0].signatures[0].clone()
        };
        certify(key, DAY, true, lifetime(365 * DAY));
        key.details.users[0].signatures.insert(0, old);
    });
    assert_good(verify_release(in_release.as_bytes(), &prolonged, now()));

    let subkey_expired = changed(&|key| bind(key, Some(29 * DAY)));
    assert!(matches!(problem(&by_subkey, &subkey_expired), SignatureProblem::KeyExpired { .. }));
    assert_good(verify_release(in_release.as_bytes(), &subkey_expired, now()));

    assert_eq!(problem(&in_release, &changed(&|key| certify(key, DAY, false, vec![]))), SignatureProblem::KeyPurpose);
    let foreign = changed(&|key| key.details.users[0].signatures = self::key().details.users[0].signatures.clone());
    assert_eq!(problem(&in_release, &foreign), SignatureProblem::KeyUnbound);
    let adopted = {
        // Another key claims the subkey, without the subkey's consent.
        let mut thief = self::key();
        let consent = good.secret_subkeys[0].signatures[0].embedded_signature().unwrap().clone();
        let primary = &thief.primary_key;
        let more = vec![SubpacketData::KeyFlags(signing()), SubpacketData::EmbeddedSignature(Box::new(consent))];
        let config =
            config(primary, SignatureType::SubkeyBinding, HashAlgorithm::Sha256, subpackets(primary, DAY, more));
        let subkey = good.secret_subkeys[0].key.public_key();
        let binding = config.sign_subkey_binding(primary, primary.public_key(), &Password::empty(), subkey).unwrap();
        thief.secret_subkeys = good.secret_subkeys.clone();
        thief.secret_subkeys[0].signatures = vec![binding];
        keyring(&[&thief])
    };
    assert_eq!(problem(&by_subkey, &adopted), SignatureProblem::KeyUnbound);

    let revoked = changed(&|key| {
        let secret = &key.primary_key;
        let config =
            config(secret, SignatureType::KeyRevocation, HashAlgorithm::Sha256, subpackets(secret, DAY, vec![]));
        let revocation = config.sign_key(secret, &Password::empty(), secret.public_key()).unwrap();
        key.details.revocation_signatures.push(revocation);
    });
    assert_eq!(problem(&in_release, &revoked), SignatureProblem::KeyRevoked);
    assert_eq!(problem(&by_subkey, &revoked), SignatureProblem::KeyRevoked);
    let subkey_revoked = changed(&|key| {
        let (secret, subkey) = (&key.primary_key, key.secret_subkeys[0].key.public_key());
        let config =
            config(secret, SignatureType::SubkeyRevocation, HashAlgorithm::Sha256, subpackets(secret, DAY, vec![]));
        let revocation = config.sign_subkey_binding(secret, secret.public_key(), &Password::empty(), subkey).unwrap();
        key.secret_subkeys[0].signatures.push(revocation);
    });
    assert_eq!(problem(&by_subkey, &subkey_revoked), SignatureProblem::KeyRevoked);
    assert_good(verify_release(in_release.as_bytes(), &subkey_revoked, now()));
}

#[test]
fn judges_times() {
    let key = key();
    let keyring = keyring(&[&key]);
    let verify = |fields: &str| {
        verify_release(sign(&key.primary_key, &format!("{fields}{}", text())).as_bytes(), &keyring, now())
    };
    assert_good(verify("Valid-Until: Sun, 02 Jun 2024 00:00:00 UTC\n"));
    match verify("Valid-Until: Fri, 31 May 2024 23:59:59 UTC\n") {
        Err(ReleaseError::Expired { valid_until }) => assert_eq!(valid_until.to_string(), "2024-05-31T23:59:59Z"),
        other => panic!("{other:?}"),
    }
    let future = text().replace("31 May 2024", "31 May 2030").replace("Fri, ", "");
    assert!(matches!(
        verify_release(sign(&key.primary_key, &future).as_bytes(), &keyring, now()),
        Err(ReleaseError::Future { .. })
    ));
}

#[test]
fn verifies_detached_signatures() {
    let key = key();
    let keyring = keyring(&[&key]);
    for kind in [SignatureType::Binary, SignatureType::Text] {
        let secret = &key.primary_key;
        let data = if kind == SignatureType::Text { text().replace('\n', "\r\n") } else { text() };
        let config = config(secret, kind, HashAlgorithm::Sha256, subpackets(secret, 60, vec![]));
        let signature = DetachedSignature::new(config.sign(secret, &Password::empty(), data.as_bytes()).unwrap());
        let armored = signature.to_armored_bytes(ArmorOptions::default()).unwrap();
        for signature in [armored, signature.to_bytes().unwrap()] {
            assert_good(verify_detached(text().as_bytes(), &signature, &keyring, now()));
            let changed = text().replace(" 3 ", " 4 ");
            assert!(matches!(
                verify_detached(changed.as_bytes(), &signature, &keyring, now()),
                Err(ReleaseError::Untrusted { .. })
            ));
        }
    }
    for signature in [&b""[..], b"x", b"-----BEGIN PGP SIGNATURE-----\n"] {
        assert!(verify_detached(text().as_bytes(), signature, &keyring, now()).is_err());
    }
}

#[test]
fn signatures_are_small() {
    let key = key();
    let (keyring, signed) = (keyring(&[&key]), sign(&key.primary_key, &text()));
    let armor = &signed[signed.find("-----BEGIN PGP SIGNATURE").unwrap()..];
    let begin = "-----BEGIN PGP SIGNATURE-----\n";
    // Were each header looked for in all that follows, this would take minutes.
    for headers in ["Comment: x\n".repeat(90_000), format!("\n{}", "Comment: x\n".repeat(90_000))] {
        let inside = signed.replace(begin, &format!("{begin}{headers}"));
        let beside = armor.replace(begin, &format!("{begin}{headers}"));
        for result in [
            verify_release(inside.as_bytes(), &keyring, now()),
            verify_detached(text().as_bytes(), beside.as_bytes(), &keyring, now()),
        ] {
            assert!(matches!(result, Err(ReleaseError::TooManyHeaders { .. })), "{result:?}");
        }
    }
    let few = signed.replace(begin, &format!("{begin}Version: 1\n{}", "Comment: x\n".repeat(20)));
    assert_good(verify_release(few.as_bytes(), &keyring, now()));

    let inside = signed.replace("-----END PGP SIGNATURE", &format!("{}-----END PGP SIGNATURE", "\n".repeat(2 << 20)));
    for result in [
        verify_release(inside.as_bytes(), &keyring, now()),
        verify_detached(text().as_bytes(), &[0xFC, 0].repeat(1 << 20), &keyring, now()),
    ] {
        assert!(matches!(result, Err(ReleaseError::SignaturesTooLarge { .. })), "{result:?}");
    }
}

#[test]
fn reads_keyrings_of_every_form() {
    let (one, two) = (key(), key());
    let public = |key: &SignedSecretKey| SignedPublicKey::from(key.clone());
    let armored = |key| public(key).to_armored_string(ArmorOptions::default()).unwrap();
    let fingerprints = keyring(&[&one, &two]).fingerprints();
    assert_eq!(fingerprints.len(), 2);
    let joined = format!("{}\n# next\n{}", armored(&one), armored(&two));
    let read = |bytes: &[u8]| Keyring::read(Path::new("a.asc"), bytes);
    assert_eq!(read(joined.as_bytes()).unwrap().fingerprints(), fingerprints);
    let mut extended = read(armored(&one).as_bytes()).unwrap();
    extended.extend(keyring(&[&two]));
    assert_eq!(extended.fingerprints(), fingerprints);
    assert_eq!(extended.paths(), [Path::new("a.asc"), Path::new("archive.gpg")]);
    assert_eq!(
        extended.restricted_to(&[format!("{}!", fingerprints[1].to_lowercase())]).fingerprints(),
        fingerprints[1..]
    );
    let talkative = joined.replace("# next\n", &"Next: it is 10:00\n".repeat(100));
    assert_eq!(read(talkative.as_bytes()).unwrap().fingerprints(), fingerprints);
    let headers = joined.replace("BLOCK-----\n\n", &format!("BLOCK-----\n{}\n", "Comment: x\n".repeat(500_000)));
    assert!(matches!(read(headers.as_bytes()), Err(KeyringError::TooManyHeaders { .. })));
    assert!(matches!(read(b""), Err(KeyringError::Empty { .. })));
    assert!(read(b"not a key").is_err());
    assert!(read(&joined.as_bytes()[..400]).is_err());
    let bytes = public(&one).to_bytes().unwrap();
    for length in (1..bytes.len()).step_by(5) {
        if let Ok(keyring) = read(&bytes[..length]) {
            assert_eq!(keyring.fingerprints(), fingerprints[..1]);
        }
    }
}
