use super::REF;
use clap::Args;
use consign_image::ImageReference;
use consign_oci::Platform;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct Verify {
    #[arg(value_name = "REF", help = REF)]
    pub(crate) reference: ImageReference,
    #[command(flatten)]
    pub(crate) proof: Proof,
}

/// What an image has to show.
#[derive(Args, Debug)]
pub(crate) struct Proof {
    /// The public key that everything must be signed with.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Also asks for what this policy does: a configuration, or a file with only its section `policy`.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Also reads and hashes every layer.
    #[arg(long)]
    pub(crate) content: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Scan {
    #[arg(value_name = "REF", help = REF)]
    pub(crate) reference: ImageReference,
    /// A database that `db build` made, or folders, archives and files of feeds; may be given several times. Without it, those of the policy.
    #[arg(long = "db", value_name = "PATH")]
    pub(crate) databases: Vec<PathBuf>,
    /// A configuration, or a file with only its section `policy`: exit status 11 if what is found does not pass.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Reference {
    #[arg(value_name = "REF", help = REF)]
    pub(crate) reference: ImageReference,
}

#[derive(Args, Debug)]
pub(crate) struct Inspect {
    #[arg(value_name = "REF", help = REF)]
    pub(crate) reference: ImageReference,
    /// Prints the exact bytes, as the digest has them: of the manifest or index, or with `--config` of the config.
    #[arg(long)]
    pub(crate) raw: bool,
    /// Prints the config of the platform's image, as it is.
    #[arg(long)]
    pub(crate) config: bool,
    /// The platform. If not given, an index is shown itself, and `--config` takes the image for this machine.
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platform: Option<Platform>,
}
