/// A key file that cannot be used, or a key that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file is longer than any key.
    #[error("too long for a key file: {length} bytes")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// There is no complete PEM block in it.
    #[error("not a key file: expected a PEM block, `-----BEGIN {expected}-----`")]
    NoPem {
        /// The label that was looked for.
        expected: &'static str,
    },
    /// It is a PEM file of something else.
    #[error("expected `{expected}`, but the file says `{found}`")]
    Label {
        /// The label that was looked for.
        expected: &'static str,
        /// The label that is there.
        found: String,
    },
    /// The private key lies open in the file.
    #[error(
        "the private key (`{label}`) is not encrypted: encrypt it with `cosign import-key-pair`, or make another with `consign keygen`"
    )]
    Unencrypted {
        /// The label of the PEM block.
        label: String,
    },
    /// What stands between the PEM labels is not Base64.
    #[error("the key file's PEM block is not Base64")]
    Base64 {
        /// What is wrong.
        source: base64::DecodeError,
    },
    /// The description of the encryption is malformed.
    #[error("the encrypted key file does not say how it is encrypted")]
    Json {
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The key is encrypted in a way that cosign does not use.
    #[error("the key file uses the {what} `{name}`: expected `{expected}`")]
    Unsupported {
        /// What kind of algorithm.
        what: &'static str,
        /// Its name in the file.
        name: String,
        /// The only one that is read.
        expected: &'static str,
    },
    /// The key derivation would cost more, or protect less, than cosign's.
    #[error("the key file has scrypt parameters N={n}, r={r}, p={p}: expected N=32768 or N=65536, r=8, p=1")]
    Cost {
        /// The cost parameter.
        n: u64,
        /// The block size.
        r: u32,
        /// The parallelism.
        p: u32,
    },
    /// The nonce or salt has a wrong length.
    #[error("the key file's {what} has {length} bytes: expected {expected}")]
    Length {
        /// Which field.
        what: &'static str,
        /// Its length in bytes.
        length: usize,
        /// The length in bytes that it must have.
        expected: usize,
    },
    /// The key cannot be decrypted.
    #[error("wrong password (or the key file was altered)")]
    Password,
    /// The decrypted key is of another kind.
    #[error("the private key is not an ECDSA P-256 key in PKCS#8, the only kind that consign signs with")]
    Algorithm {
        /// What is wrong.
        source: p256::pkcs8::Error,
    },
    /// The public key is malformed or of a kind that is not verified.
    #[error(
        "not a public key that consign verifies with: expected ECDSA P-256 or P-384, RSA of 2048 bits or more, or Ed25519"
    )]
    Public {
        /// What is wrong.
        source: sigstore_crypto::Error,
    },
    /// The public key cannot be written.
    #[error("the public key cannot be written")]
    Encoding {
        /// What is wrong.
        source: p256::pkcs8::spki::Error,
    },
    /// The operating system gave no randomness.
    #[error("the operating system gave no random bytes")]
    Randomness {
        /// What it said.
        source: p256::elliptic_curve::rand_core::Error,
    },
    /// The signature cannot be computed.
    #[error("cannot sign with this key")]
    Signing {
        /// What is wrong.
        source: p256::ecdsa::Error,
    },
}
