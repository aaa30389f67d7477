use super::REF;
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
