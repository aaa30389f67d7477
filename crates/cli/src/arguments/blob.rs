use super::{CosignOptions, KeyArgument, KeylessOptions, SignerOptions};
use crate::blob::Blob;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct VerifyBlob {
    /// The file, `-` for standard input, or its digest as `sha256:HEX`.
    #[arg(value_name = "FILE|DIGEST")]
    pub(crate) blob: Blob,
    /// The Sigstore bundle, or what `cosign sign-blob --bundle` wrote before version 3.
    #[arg(long, value_name = "FILE", required_unless_present = "signature")]
    pub(crate) bundle: Option<PathBuf>,
    /// A bare signature in place of a bundle, in Base64 or as it is: with `--key`.
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "bundle")]
    pub(crate) signature: Option<PathBuf>,
    /// Takes a bundle that is no signature of the file, but a statement of this type about it.
    #[arg(long = "type", value_name = "URI", requires = "bundle")]
    pub(crate) predicate_type: Option<String>,
    #[command(flatten)]
    pub(crate) signer: SignerOptions,
}

#[derive(Args, Debug)]
pub(crate) struct SignBlob {
    /// The file, or `-` for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) blob: PathBuf,
    /// The private key: a file, `env://NAME`, `k8s://NAMESPACE/SECRET` or `exec:PROGRAM ARGUMENT…`; if not given, the one that the configuration names.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) key: Option<KeyArgument>,
    #[command(flatten)]
    pub(crate) keyless: KeylessOptions,
    #[command(flatten)]
    pub(crate) habits: CosignOptions,
    /// Writes a Sigstore bundle into this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<PathBuf>,
    /// Writes the bare signature into this file, in Base64; to standard output if neither file is named.
    #[arg(long, value_name = "FILE")]
    pub(crate) output_signature: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Conformance {
    /// Verifies a bundle (`sigstore-conformance`, `docs/cli_protocol.md`).
    VerifyBundle(Box<VerifyBundle>),
}

#[derive(Args, Debug)]
pub(crate) struct VerifyBundle {
    /// Who counts is the Sigstore for tries.
    #[arg(long, conflicts_with = "trusted_root")]
    pub(crate) staging: bool,
    /// The bundle.
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: PathBuf,
    #[command(flatten)]
    pub(crate) signer: SignerOptions,
    /// The file, or its digest as `sha256:HEX`.
    #[arg(value_name = "FILE|DIGEST")]
    pub(crate) blob: Blob,
}
