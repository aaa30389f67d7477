use std::error::Error;

/// A key file that cannot be used, or a key that cannot be made or does not sign.
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
        "the private key (`{label}`) is not encrypted: encrypt it with `consign import-key-pair`, or make another with `consign keygen`"
    )]
    Unencrypted {
        /// The label of the PEM block.
        label: String,
    },
    /// The private key is encrypted in another way than cosign's.
    #[error("the private key (`{label}`) is not one of cosign's: encrypt it anew with `consign import-key-pair`")]
    Foreign {
        /// The label of the PEM block.
        label: String,
    },
    /// The private key is encrypted as it was before PKCS#8.
    #[error(
        "the private key is encrypted in PEM's own way, which protects little: rewrite it with `openssl pkcs8 -topk8 -in FILE`"
    )]
    OldEncryption,
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
    /// A key of another tool is encrypted in a way that is not read, or that costs too much to try.
    #[error(
        "the private key is encrypted in a way that is not read: expected PBES2 with AES, and PBKDF2 of at most 10,000,000 iterations or scrypt in at most 256 MiB"
    )]
    Encryption,
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
    /// The key is encrypted, and no password was given.
    #[error("the private key is encrypted, and there is no password for it")]
    NoPassword,
    /// The key cannot be decrypted.
    #[error("wrong password (or the key file was altered)")]
    Password,
    /// The private key is malformed.
    #[error("not a private key in {form}")]
    Private {
        /// The form that was expected.
        form: &'static str,
        /// What is wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The private key is of a kind that does not sign here.
    #[error(
        "the private key is {found}: consign signs with ECDSA on P-256, P-384 or P-521, RSA of 2048, 3072 or 4096 bits, and Ed25519"
    )]
    PrivateAlgorithm {
        /// The kind that it is of.
        found: String,
    },
    /// The public key is malformed.
    #[error("not a public key")]
    Public {
        /// What is wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The public key is of a kind that is not verified.
    #[error(
        "the public key is {found}: consign verifies with ECDSA on P-256, P-384 or P-521, RSA of 2048 to 8192 bits, and Ed25519"
    )]
    PublicAlgorithm {
        /// The kind that it is of.
        found: String,
    },
    /// The key cannot be written.
    #[error("the key cannot be written")]
    Encoding {
        /// What is wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// No key could be made.
    #[error("no key could be made")]
    Generation,
    /// The operating system gave no randomness.
    #[error("the operating system gave no random bytes")]
    Randomness {
        /// What it said.
        source: p256::elliptic_curve::rand_core::Error,
    },
    /// The signature cannot be computed.
    #[error("cannot sign with this key")]
    Signing,
    /// Something else that has the key does not sign.
    #[error("the signer gives no signature")]
    Signer {
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
}
