use super::{BuilderArgument, LintArguments, NoCache};
use crate::source::Source;
use clap::{Args, ValueEnum};
use consign_image::ImageReference;
use consign_oci::Platform;
use consign_plan::configuration::SecretSource;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct Lock {
    /// Writes nothing, and fails with 20 if there is something to change.
    #[arg(long)]
    pub(crate) check: bool,
    /// Packages and base images that may get newer; all if none is named.
    #[arg(long, num_args = 0.., value_name = "NAME")]
    pub(crate) update: Option<Vec<String>>,
}

#[derive(Args, Debug)]
pub(crate) struct Selection {
    /// Names of images in the configuration; all if none is given.
    #[arg(value_name = "IMAGE")]
    pub(crate) images: Vec<String>,
    /// Only this platform; may be given several times. A Dockerfile in place of a configuration is built for these.
    #[arg(long = "platform", value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platforms: Vec<Platform>,
}

#[derive(Args, Debug)]
pub(crate) struct Build {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Also writes the image here: `oci-archive:FILE`, `oci:DIR` or `store:NAME`.
    #[arg(long, value_name = "REF")]
    pub(crate) to: Option<ImageReference>,
    /// Also says of each step of a Dockerfile why it was done, or why not.
    #[arg(long)]
    pub(crate) explain: bool,
    /// Writes what was built to this file, once it is: digests and descriptors, under the names that `docker buildx build` has for them.
    #[arg(long, value_name = "FILE")]
    pub(crate) metadata_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) docker: DockerArguments,
    #[command(flatten)]
    pub(crate) lints: LintArguments,
}

/// How Dockerfiles are built, beside what the configuration says.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DockerArguments {
    /// Builds and tests again what was built and tested before; with stages of Dockerfiles, by name or number, only does their steps again.
    #[arg(long, value_name = "STAGE,…", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) no_cache: Option<NoCache>,
    /// Looks up again what the tags of bases name, which every build does that has the network: what `consign.lock` pins stays.
    #[arg(long)]
    pub(crate) pull: bool,
    /// Sets a build argument of Dockerfiles. Without a value it is taken from the environment. May be given several times.
    #[arg(long = "build-arg", value_name = "NAME[=VALUE]")]
    pub(crate) build_arguments: Vec<String>,
    /// The folder that COPY takes files from, in place of the Dockerfile's own, or of what the configuration says.
    #[arg(long, value_name = "DIR")]
    pub(crate) context: Option<PathBuf>,
    /// The stage of the Dockerfile to build; the last if not given.
    #[arg(long, value_name = "STAGE")]
    pub(crate) target: Option<String>,
    /// Who builds Dockerfiles in consign's place: the program `docker` or `buildah`, or a BuildKit daemon, such as `unix:///run/buildkit/buildkitd.sock`. Daemons may be given several times, for the platforms that each has.
    #[arg(long = "builder", value_name = "docker|buildah|ADDRESS")]
    pub(crate) builders: Vec<BuilderArgument>,
    /// Takes steps that are not known here from a cache: `REPO:TAG`, `type=registry,ref=REPO:TAG` or `type=local,src=DIR`. May be given several times.
    #[arg(long = "cache-from", value_name = "CACHE")]
    pub(crate) cache_from: Vec<String>,
    /// Leaves the steps of Dockerfiles in a cache: `type=registry,ref=REPO:TAG` or `type=local,dest=DIR`, with `,mode=max` those of all stages. May be given several times.
    #[arg(long = "cache-to", value_name = "CACHE")]
    pub(crate) cache_to: Vec<String>,
    /// Gives a folder, an image (`docker-image://REF`, `oci-layout://FOLDER:TAG`), a git repository (`https://HOST/PATH.git#REF`) or an archive on the web the name that Dockerfiles have for it. May be given several times.
    #[arg(long = "build-context", value_name = "NAME=FOLDER")]
    pub(crate) contexts: Vec<String>,
    /// Gives a secret to commands that ask for it: `id=NAME,src=FILE` or `id=NAME,env=VARIABLE`. It gets into no layer. May be given several times.
    #[arg(long = "secret", value_name = "id=NAME[,src=FILE|,env=VARIABLE]")]
    pub(crate) secrets: Vec<SecretSource>,
    /// Gives the socket of an SSH agent to commands that ask for it; that of the environment if no path is given. May be given several times.
    #[arg(long = "ssh", value_name = "NAME[=SOCKET]")]
    pub(crate) agents: Vec<String>,
    /// What commands of Dockerfiles reach that say nothing of it.
    #[arg(long, value_enum, value_name = "NETWORK")]
    pub(crate) network: Option<Network>,
    /// What Dockerfiles may do that is not safe otherwise. May be given several times.
    #[arg(long = "allow", value_enum, value_name = "ENTITLEMENT")]
    pub(crate) allowed: Vec<Entitlement>,
}

/// What Dockerfiles may do only where it is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Entitlement {
    /// `RUN --security=insecure`: all capabilities, and no filter of system calls. Such a command can get out.
    #[value(name = "security.insecure")]
    Insecure,
    /// `RUN --network=host`, which needs no leave here.
    #[value(name = "network.host")]
    HostNetwork,
}

/// What commands of Dockerfiles reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Network {
    /// Nothing but themselves.
    None,
    /// All that this machine reaches.
    Host,
}

impl From<Network> for consign_dockerfile::instruction::Network {
    fn from(network: Network) -> Self {
        match network {
            Network::None => Self::None,
            Network::Host => Self::Host,
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Release {
    /// Names of images in the configuration; all if none is given.
    #[arg(value_name = "IMAGE")]
    pub(crate) images: Vec<String>,
    /// Takes platforms from here instead of building them; may be given several times. REF is as for `scan`. Of several images, each place is named: `--from web=oci-archive:arm64.tar`.
    #[arg(long, value_name = "[IMAGE=]REF")]
    pub(crate) from: Vec<Source>,
    /// Stops after the gate: nothing is signed or written to a registry.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) docker: DockerArguments,
}
