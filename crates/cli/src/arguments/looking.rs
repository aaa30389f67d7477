use super::annotations::Pairs;
use super::{REF, SignerOptions};
use clap::{Args, ValueEnum};
use consign_image::{ImageReference, ImageReferenceError};
use consign_oci::Platform;
use consign_receipt::{Engine, predicate};
use consign_verify::Consumer;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Who verifies, where nobody says.
const VERIFIER: &str = "https://consign.dev/verifier";

#[derive(Args, Debug)]
pub(crate) struct Verify {
    #[arg(value_name = "REF", help = REF)]
    pub(crate) reference: ImageReference,
    #[command(flatten)]
    pub(crate) proof: Proof,
    /// A signature must say this; may be given several times.
    #[arg(short = 'a', long = "annotations", value_name = "KEY=VALUE[,KEY=VALUE…]", value_parser = Pairs::read)]
    pub(crate) annotations: Vec<Pairs>,
    /// There must be a signed statement of this type, about the image or about each of its platforms: a name that `cosign attest` knows, or a URI; may be
    /// given several times. `--output json` prints these statements. What consign did not release needs no signature beside.
    #[arg(long = "type", value_name = "TYPE", value_parser = predicate_type)]
    pub(crate) predicate_types: Vec<String>,
    /// Writes how the verification ended into this file: a statement of SLSA's type for that, which nobody signed.
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
    /// The URI that names whoever verifies, for the summary.
    #[arg(long, value_name = "URI", requires = "summary", default_value = VERIFIER)]
    pub(crate) verifier_id: String,
    /// The URI that names the policy, for the summary.
    #[arg(long, value_name = "URI", requires = "summary")]
    pub(crate) policy_uri: Option<String>,
    /// Also says whether somebody else would accept the image: exit status 12 if not.
    #[arg(long = "as", value_name = "CONSUMER", value_enum)]
    pub(crate) consumer: Option<ConsumerName>,
}

/// Reads the type of a statement: a name that cosign has for it, or a URI.
pub(super) fn predicate_type(text: &str) -> Result<String, &'static str> {
    predicate::of_name(text).map(str::to_owned).ok_or("it is no type of a statement")
}

/// Whoever else verifies images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConsumerName {
    /// cosign 3.
    Cosign,
    /// podman, skopeo and CRI-O, by containers-policy.json(5).
    Podman,
    /// Kyverno.
    Kyverno,
    /// The policy controller of Sigstore.
    PolicyController,
}

impl From<ConsumerName> for Consumer {
    fn from(name: ConsumerName) -> Self {
        match name {
            ConsumerName::Cosign => Self::Cosign,
            ConsumerName::Podman => Self::Podman,
            ConsumerName::Kyverno => Self::Kyverno,
            ConsumerName::PolicyController => Self::PolicyController,
        }
    }
}

/// What an image has to show.
#[derive(Args, Debug)]
pub(crate) struct Proof {
    #[command(flatten)]
    pub(crate) signer: SignerOptions,
    /// Also asks for what this policy does: a configuration, or a file with only its section `policy`. Where nothing else says whose signature it must be,
    /// those count whom it names `for: signatures`.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Fails unless consign released the image, so that a signed record says which tags are to name it. What carries such a signature must have the record in
    /// any case.
    #[arg(long)]
    pub(crate) released: bool,
    /// Also reads and hashes every layer.
    #[arg(long)]
    pub(crate) content: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Scan {
    /// The image: [docker://]registry/repository[:tag][@digest], oci:DIR[:tag], oci-archive:FILE[:tag], docker-archive:FILE[:tag], docker-daemon:NAME,
    /// containers-storage:NAME or store:NAME; dir:DIR, a folder with a root file system; or sbom:FILE, an SBOM of SPDX, CycloneDX or syft. Without it,
    /// everything that the configuration's lists `build` and `sync` have published.
    #[arg(value_name = "REF")]
    pub(crate) reference: Option<ScanTarget>,
    /// A database that `db build` made, or folders, archives and files of feeds; may be given several times, but a database not beside others. Without it, those of the policy.
    #[arg(long = "db", value_name = "PATH")]
    pub(crate) databases: Vec<PathBuf>,
    /// Lets another scanner that is installed here say what is known against the packages of an image, with its own database.
    #[arg(long, value_name = "SCANNER", conflicts_with = "databases", value_parser = engine)]
    pub(crate) engine: Option<Engine>,
    /// A configuration, or a file with only its section `policy`: exit status 11 if what is found does not pass.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// A list of ignored advisories as trivy and grype have it; may be given several times. Without it and a policy, what lies here is read:
    /// .trivyignore, .trivyignore.yaml, .grype.yaml.
    #[arg(long = "ignore-file", value_name = "FILE")]
    pub(crate) ignore_files: Vec<PathBuf>,
    /// A document of OpenVEX: what it says is no flaw of the image is ignored; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) vex: Vec<PathBuf>,
    /// Also tells what is new and what is gone since another image, by the same advisories.
    #[arg(long, value_name = "REF")]
    pub(crate) since: Option<ScanTarget>,
    /// Looks at these platforms alone; may be given several times. One that is not there is an error.
    #[arg(long = "platform", value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platforms: Vec<Platform>,
}

/// Reads the name of a scanner.
fn engine(text: &str) -> Result<Engine, String> {
    let found = Engine::ALL.into_iter().find(|engine| engine.word() == text);
    found.ok_or_else(|| format!("it can be {}", Engine::ALL.map(Engine::word).join(" or ")))
}

/// What is looked into.
#[derive(Clone, Debug)]
pub(crate) enum ListTarget {
    /// An image.
    Image(ImageReference),
    /// A folder with a root file system.
    Folder(PathBuf),
}

/// What is compared with advisories.
#[derive(Clone, Debug)]
pub(crate) enum ScanTarget {
    /// What is in something.
    Contents(ListTarget),
    /// A list of packages.
    Sbom(PathBuf),
}

impl FromStr for ListTarget {
    type Err = ImageReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match path(text, "dir:")? {
            Some(folder) => Ok(Self::Folder(folder)),
            None => text.parse().map(Self::Image),
        }
    }
}

impl FromStr for ScanTarget {
    type Err = ImageReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match path(text, "sbom:")? {
            Some(file) => Ok(Self::Sbom(file)),
            None => text.parse().map(Self::Contents),
        }
    }
}

/// Returns what follows a scheme. `None`: it is another.
fn path(text: &str, scheme: &str) -> Result<Option<PathBuf>, ImageReferenceError> {
    match text.strip_prefix(scheme) {
        Some("") => Err(ImageReferenceError::Empty { text: text.to_owned() }),
        path => Ok(path.map(PathBuf::from)),
    }
}

impl fmt::Display for ListTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(reference) => reference.fmt(formatter),
            Self::Folder(folder) => write!(formatter, "dir:{}", folder.display()),
        }
    }
}

impl fmt::Display for ScanTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contents(target) => target.fmt(formatter),
            Self::Sbom(file) => write!(formatter, "sbom:{}", file.display()),
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Sbom {
    /// The image: [docker://]registry/repository[:tag][@digest], oci:DIR[:tag], oci-archive:FILE[:tag], docker-archive:FILE[:tag], docker-daemon:NAME,
    /// containers-storage:NAME or store:NAME; or dir:DIR, a folder with a root file system.
    #[arg(value_name = "REF")]
    pub(crate) target: ListTarget,
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
