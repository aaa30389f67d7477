use super::REF;
use super::looking::predicate_type;
use clap::{Args, Subcommand};
use consign_image::{BlobReference, ImageReference};
use consign_oci::Platform;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Download {
    /// Writes a blob, such as a layer or a config, to standard output or a file.
    #[command(
        after_help = "Bytes that are not those of the digest end with an error: what was written until then is not to be used, and a file is not made.\n\nExamples:\n  consign download blob ghcr.io/team/app@sha256:4f53… > layer.tar.gz\n  consign download blob oci:some/layout@sha256:4f53… -o layer.tar.gz"
    )]
    Blob(DownloadBlob),
    /// Writes the signatures of an image, as they are attached: a line of JSON for each.
    #[command(after_help = "Example:\n  consign download signature ghcr.io/team/app:1.2.3")]
    Signature(DownloadAttached),
    /// Writes the attestations of an image: a line of JSON for each, an envelope with the statement in it.
    #[command(
        after_help = "Nothing is verified.\n\nExample:\n  consign download attestation --platform linux/arm64 ghcr.io/team/app:1.2.3 | jq -r .payload | base64 -d | jq .predicateType"
    )]
    Attestation(DownloadAttached),
    /// Writes the SBOM that is attached to an image. `consign sbom` makes one.
    #[command(
        after_help = "Of an index, the first that is found: that of the index, or of the first image that has one.\n\nExample:\n  consign download sbom --platform linux/arm64 ghcr.io/team/app:1.2.3"
    )]
    Sbom(DownloadAttached),
}

#[derive(Args, Debug)]
pub(crate) struct DownloadAttached {
    #[arg(value_name = "REF", help = REF)]
    pub(crate) reference: ImageReference,
    /// What is attached to the image of this platform, and not to the index.
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platform: Option<Platform>,
    /// Only what is of this type: as `consign attest` takes it.
    #[arg(long, value_name = "TYPE", value_parser = predicate_type)]
    pub(crate) predicate_type: Option<String>,
    /// The file; standard output if not given. It is there only once all of it is, and takes the place of one of its name.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct DownloadBlob {
    /// The blob, beside any image of its repository, layout, archive or store: `REF@DIGEST`.
    #[arg(value_name = "REF@DIGEST")]
    pub(crate) blob: BlobReference,
    /// The file; standard output if not given. It is there only once all of it is, and takes the place of one of its name.
    #[arg(short = 'o', long, value_name = "FILE")]
    // Not `file`, which is what every command calls its configuration.
    pub(crate) output_file: Option<PathBuf>,
    /// Writes to a terminal, too.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    #[arg(value_name = "REF", help = REF)]
    pub(crate) reference: ImageReference,
    /// The archive; standard output if not given, or `-`. It is there only once all of it is, and takes the place of one of its name.
    #[arg(value_name = "FILE")]
    pub(crate) archive: Option<PathBuf>,
    /// The platform; this machine's if not given.
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platform: Option<Platform>,
}
