use super::MirrorError;
use pgp::composed::{ArmorOptions, CleartextSignedMessage, KeyType, SecretKeyParamsBuilder, SignedSecretKey};
use pgp::packet::{SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::ser::Serialize as _;
use pgp::types::{KeyDetails as _, Password, Timestamp};
use rand::rngs::OsRng;

/// An OpenPGP key that signs archives.
pub struct SigningKey(SignedSecretKey);

impl SigningKey {
    /// Makes a key that has existed since `time`, in seconds since 1970.
    pub fn generate(time: u64) -> Result<Self, MirrorError> {
        let parameters = SecretKeyParamsBuilder::default()
            .key_type(KeyType::Ed25519Legacy)
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
        let key = &self.0.primary_key;
        let mut configuration = SignatureConfig::from_key(OsRng, key, SignatureType::Text)?;
        configuration.hashed_subpackets = vec![
            Subpacket::regular(SubpacketData::SignatureCreationTime(timestamp(time)))?,
            Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
        ];
        configuration.unhashed_subpackets = vec![Subpacket::regular(SubpacketData::IssuerKeyId(key.legacy_key_id()))?];
        let message = CleartextSignedMessage::new(text, configuration, key, &Password::empty())?;
        Ok(message.to_armored_string(ArmorOptions::default())?)
    }
}

fn timestamp(time: u64) -> Timestamp {
    Timestamp::from_secs(u32::try_from(time).unwrap_or(u32::MAX))
}
