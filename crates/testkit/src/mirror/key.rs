use super::MirrorError;
use pgp::composed::{ArmorOptions, CleartextSignedMessage, KeyType, SecretKeyParamsBuilder, SignedSecretKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::ser::Serialize as _;
use pgp::types::{Duration, KeyDetails as _, Password, Timestamp};
use rand::rngs::OsRng;

/// An OpenPGP key that signs archives.
pub struct SigningKey(SignedSecretKey);

impl SigningKey {
    /// Makes a key that has existed since `time`, in seconds since 1970.
    pub fn generate(time: u64) -> Result<Self, MirrorError> {
        Self::generate_as(KeyType::Ed25519Legacy, time)
    }

    /// Makes a key of a kind that still signs with hashes that nobody should trust.
    pub fn generate_old(time: u64) -> Result<Self, MirrorError> {
        Self::generate_as(KeyType::Rsa(2048), time)
    }

    fn generate_as(kind: KeyType, time: u64) -> Result<Self, MirrorError> {
        let parameters = SecretKeyParamsBuilder::default()
            .key_type(kind)
            .can_sign(true)
            .can_certify(true)
            .created_at(timestamp(time))
            .primary_user_id("Test archive <archive@example.org>".to_owned())
            .build()
            .map_err(|error| MirrorError::Key { reason: error.to_string() })?;
        Ok(Self(parameters.generate(OsRng)?))
    }

    /// Returns the public key, binary.
    pub fn public(&self) -> Result<Vec<u8>, MirrorError> {
        Ok(self.0.to_public_key().to_bytes()?)
    }

    /// Signs a text in the clear at `time`, in seconds since 1970.
    pub fn clear_sign(&self, text: &str, time: u64) -> Result<String, MirrorError> {
        self.sign(text, time, |_| Ok(()))
    }

    /// Signs a text with SHA-1, for which another text can be made that has the same signature. Only old keys do that.
    pub fn clear_sign_weakly(&self, text: &str, time: u64) -> Result<String, MirrorError> {
        self.sign(text, time, |configuration| {
            configuration.hash_alg = HashAlgorithm::Sha1;
            Ok(())
        })
    }

    /// Signs a text for so many seconds.
    pub fn clear_sign_briefly(&self, text: &str, time: u64, seconds: u32) -> Result<String, MirrorError> {
        self.sign(text, time, |configuration| {
            let lifetime = SubpacketData::SignatureExpirationTime(Duration::from_secs(seconds));
            configuration.hashed_subpackets.push(Subpacket::regular(lifetime)?);
            Ok(())
        })
    }

    fn sign(
        &self,
        text: &str,
        time: u64,
        change: impl FnOnce(&mut SignatureConfig) -> Result<(), MirrorError>,
    ) -> Result<String, MirrorError> {
        let key = &self.0.primary_key;
        let mut configuration = SignatureConfig::from_key(OsRng, key, SignatureType::Text)?;
        configuration.hashed_subpackets = vec![
            Subpacket::regular(SubpacketData::SignatureCreationTime(timestamp(time)))?,
            Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
        ];
        configuration.unhashed_subpackets = vec![Subpacket::regular(SubpacketData::IssuerKeyId(key.legacy_key_id()))?];
        change(&mut configuration)?;
        let message = CleartextSignedMessage::new(text, configuration, key, &Password::empty())?;
        Ok(message.to_armored_string(ArmorOptions::default())?)
    }
}

fn timestamp(time: u64) -> Timestamp {
    Timestamp::from_secs(u32::try_from(time).unwrap_or(u32::MAX))
}
