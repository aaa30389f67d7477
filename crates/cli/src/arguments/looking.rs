use super::REF;
use clap::{Args, ValueEnum};
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
    /// Looks at these platforms alone; may be given several times. One that is not there is an error.
    #[arg(long = "platform", value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platforms: Vec<Platform>,
}

#[derive(Args, Debug)]
pub(crate) struct Sbom {
    #[arg(value_name = "REF", help = REF)]
    pub(crate) reference: ImageReference,
    /// The format; SPDX 2.3 if nothing says.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<SbomFormat>,
    /// Looks at these platforms alone; may be given several times. With one, the document is that of its image; else that of the index.
    #[arg(long = "platform", value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platforms: Vec<Platform>,
    /// Writes one document for the index and one for each platform into this folder, which is made if it is not there.
    #[arg(long = "to", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SbomFormat {
    /// SPDX 2.3, JSON.
    SpdxJson,
    /// CycloneDX 1.6, JSON.
    CyclonedxJson,
    /// A tree, for reading.
    Tree,
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
