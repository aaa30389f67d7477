use crate::error::CommandError;
use crate::exit_code::ExitCode;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use consign_plan::configuration::{KeyReference, KeyReferenceError};
use consign_sign::KeyAlgorithm;
use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

#[derive(Args, Debug)]
pub(crate) struct Keygen {
    /// The kind of key.
    #[arg(
        long,
        value_name = "ALGORITHM",
        default_value_t,
        value_parser = PossibleValuesParser::new(KeyAlgorithm::ALL.map(KeyAlgorithm::name)).try_map(|name| name.parse::<KeyAlgorithm>())
    )]
    pub(crate) algorithm: KeyAlgorithm,
    /// Names the files: PREFIX.key and PREFIX.pub. Files that exist are never overwritten.
    #[arg(long, value_name = "PREFIX", default_value = "cosign")]
    pub(crate) output_key_prefix: PathBuf,
    /// Takes the new key's password from the first line of a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct ImportKeyPair {
    /// The private key: a PEM file of PKCS#1, SEC 1 or PKCS#8.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Names the files: PREFIX.key and PREFIX.pub. Files that exist are never overwritten.
    #[arg(long, value_name = "PREFIX", default_value = "import-cosign")]
    pub(crate) output_key_prefix: PathBuf,
    /// Takes the new password from the first line of a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Takes the password that the key in FILE has now from the first line of a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_password_file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct PublicKeyOf {
    /// The private key: a file, `env://NAME`, `k8s://NAMESPACE/SECRET` or `exec:PROGRAM ARGUMENT…`.
    // What begins with hyphens may be a key itself, which is not to be repeated.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) key: KeyArgument,
    /// Writes it to a file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) outfile: Option<PathBuf>,
    /// Takes the key's password from the first line of a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

/// A key that the command line names, or what is wrong with that: the parser of arguments would repeat what may be a secret.
#[derive(Clone, Debug)]
pub(crate) struct KeyArgument(Result<KeyReference, KeyReferenceError>);

impl KeyArgument {
    /// Returns the reference.
    pub(crate) fn reference(&self) -> Result<&KeyReference, CommandError> {
        self.0.as_ref().map_err(|error| CommandError::of(ExitCode::Usage, error).hint(error.hint()))
    }
}

impl FromStr for KeyArgument {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.parse()))
    }
}
