mod account;
mod builder;
mod db;
mod guidance;
mod key;
mod lints;
mod looking;
mod moving;
mod naming;
mod no_cache;
mod policy;
mod rebasing;
mod service;
mod signing;
mod store;
mod taking;
mod trust;
mod trusting;

pub(crate) use account::{Login, Logout};
pub(crate) use builder::BuilderArgument;
pub(crate) use db::{DATABASE, Db, DbBuild, DbDiff, DbPublish, DbSearch, DbStatus, DbUpdate};
pub(crate) use guidance::{CiService, Completions, Doctor, Explain, Init, Schema, SchemaOf};
pub(crate) use key::{ImportKeyPair, KeyArgument, Keygen, PublicKeyOf};
pub(crate) use lints::{Check, Deny, LintArguments};
pub(crate) use looking::{Inspect, ListTarget, Proof, Reference, Sbom, SbomFormat, Scan, ScanTarget, Verify};
pub(crate) use moving::{Copy, Looking, Promote, Synchronize};
pub(crate) use naming::{CatalogArguments, Delete, TagArguments, Tags};
pub(crate) use no_cache::NoCache;
pub(crate) use policy::{ExportArguments, Policy, PolicyExport, SignerNames};
pub(crate) use rebasing::Rebase;
pub(crate) use service::ServiceOption;
pub(crate) use signing::{Attest, Clean, CleanType, KeylessOptions, Sign, SignatureFormat};
pub(crate) use store::{Age, Store, StoreCheck, StoreDf, StorePrune};
pub(crate) use taking::{Download, DownloadAttached, DownloadBlob, Export};
pub(crate) use trust::{Conformance, GithubClaims, SignBlob, SignerOptions, VerifyBlob, VerifyBundle};
pub(crate) use trusting::{DeploymentOptions, Trust, TrustInit, TrustShow, TrustUpdate};

use crate::exit_code;
use crate::source::Source;
use clap::builder::OsStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use consign_image::ImageReference;
use consign_oci::Platform;
use consign_plan::configuration::SecretSource;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What an image may be called.
const REF: &str = "The image: `[docker://]registry/repository[:tag][@digest]`, `oci:DIR[:tag]`, `oci-archive:FILE[:tag]`, \
                   `docker-archive:FILE`, `docker-daemon:NAME[:tag]`, `containers-storage:NAME[:tag]` or `store:NAME`";

/// Takes container images from source to signed, multi-platform releases on any number of registries.
///
/// Everything is built, catalogued and tested before anything is written to a registry; what is published is what was tested.
#[derive(Debug, Parser)]
#[command(name = "consign", version, propagate_version = true, after_long_help = exit_code::table(), max_term_width = 120)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
/// The configuration that nobody names.
pub(crate) const CONFIGURATION: &str = "consign.yaml";

#[derive(Args, Debug)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// The configuration.
    #[arg(short = 'f', long = "file", global = true, value_name = "FILE", default_value = CONFIGURATION)]
    pub(crate) file: PathBuf,
    /// Runs as if started in this folder.
    #[arg(short = 'C', long = "directory", global = true, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Downloads nothing: packages, indexes and base images are those of earlier runs.
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// How the result is printed on standard output.
    #[arg(long, global = true, value_enum, default_value_t = Form::Table, value_name = "FORM")]
    pub(crate) output: Form,
    /// How progress is shown on standard error.
    #[arg(long, global = true, value_enum, default_value_t = Progress::Auto, value_name = "FORM")]
    pub(crate) progress: Progress,
    /// Shows no progress and no warnings.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Shows more.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Most platforms that are worked on at the same time; one more than there are processors if not given.
    #[arg(short, long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
    /// Where built images and downloads are kept; `consign` in the user's cache folder if not given.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "CONSIGN_STORE",
        hide_env_values = true,
        value_parser = OsStringValueParser::new(),
    )]
    pub(crate) store: Option<OsString>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For code hosts, which show it beside the code: what `scan` finds.
    Sarif,
    /// For comments on changes: what `scan` finds.
    Markdown,
    /// The predicate of cosign's type `vuln`, for `cosign attest --type vuln`: what `scan` finds on one platform.
    CosignVuln,
    /// A document of OpenVEX: what `scan` finds, and what a policy says about it.
    Openvex,
    /// SPDX 2.3: what `sbom` lists.
    SpdxJson,
    /// CycloneDX 1.6: what `sbom` lists, and what `scan` finds.
    #[value(alias = "cyclonedx")]
    CyclonedxJson,
    /// A tree, for reading: what `sbom` lists.
    Tree,
}

/// The forms that every command has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// For people.
    Table,
    /// For programs.
    Json,
}

impl From<Form> for Output {
    fn from(form: Form) -> Self {
        match form {
            Form::Table | Form::Tree | Form::Markdown => Self::Table,
            Form::Json | Form::Sarif | Form::CosignVuln | Form::Openvex | Form::SpdxJson | Form::CyclonedxJson => {
                Self::Json
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    /// Bars on a terminal, else plain lines.
    Auto,
    /// Bars.
    Tty,
    /// A line for each step, and all that commands of builds write.
    Plain,
    /// A JSON object for each step.
    Json,
    /// Nothing.
    Quiet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Writes a first `consign.yaml` for what is in the folder. Overwrites nothing.
    #[command(after_help = "Examples:\n  consign init\n  consign init --ci github")]
    Init(Init),
    /// Checks the configuration and the image files that it names, and says what could be better in Dockerfiles. Writes nothing, and asks nothing of a network.
    #[command(
        after_help = "Examples:\n  consign check -f release/consign.yaml\n  consign check -f Dockerfile --deny warnings"
    )]
    Check(Check),
    /// Shows everything that `release` would do. Writes nothing.
    #[command(after_help = "Examples:\n  consign plan\n  consign plan --output json | jq '.images[].destinations'")]
    Plan(Selection),
    /// Builds, catalogues and tests images, into the store or an archive. No registry is written to.
    #[command(
        after_help = "Examples:\n  consign build\n  consign build hello --platform linux/arm64 --to oci-archive:arm64.tar"
    )]
    Build(Box<Build>),
    /// Builds, tests, signs and publishes: first everything by digest, then the tags.
    #[command(
        after_help = "Examples:\n  consign release\n  consign release --dry-run\n  consign release --from oci-archive:hello.tar"
    )]
    Release(Box<Release>),
    /// Pins what the files leave open, in `consign.lock`: packages by version and digest, base images by digest. Versions that are locked stay.
    #[command(
        after_help = "Examples:\n  consign lock\n  consign lock --update openssl\n  consign lock --check          # in CI: 20 if the lock is not what the files ask for\n  consign lock --update --check # 20 if there is anything newer"
    )]
    Lock(Lock),
    /// Checks an image from its tag down: every platform present, everything signed, the tag in the release record, the policy met.
    #[command(
        after_help = "Examples:\n  consign verify localhost:5080/team/hello:1.2.3 --key cosign.pub\n  consign verify --content --key cosign.pub store:hello"
    )]
    Verify(Verify),
    /// Signs an image where it lies: the index and every image in it. What the key has signed already is not signed again.
    #[command(
        after_help = "The password of the key is taken from COSIGN_PASSWORD, else asked for.\n\nExamples:\n  consign sign --key cosign.key ghcr.io/team/app@sha256:4f53…\n  consign sign --key env://COSIGN_PRIVATE_KEY --signature-format both -a team=base ghcr.io/team/app:1.2.3"
    )]
    Sign(Sign),
    /// Attaches a signed statement to an image: an SBOM, provenance, what a scanner found, or any document.
    #[command(
        after_help = "Examples:\n  consign attest --key cosign.key --type spdxjson --predicate app.spdx.json ghcr.io/team/app:1.2.3\n  consign scan --output cosign-vuln REF | consign attest --key cosign.key --type vuln --predicate - REF"
    )]
    Attest(Attest),
    /// Takes away what is attached to an image on a registry, whoever attached it.
    #[command(
        after_help = "Examples:\n  consign clean localhost:5000/team/app:1.2.3\n  consign clean --type signature localhost:5000/team/app:1.2.3"
    )]
    Clean(Clean),
    /// Compares the packages of an image, on all its platforms, with advisories.
    #[command(
        after_help = "Without `--policy`, what is found is only shown.\n\nExamples:\n  consign scan --db advisories.db localhost:5080/team/hello:1.2.3\n  consign scan --policy consign.yaml oci-archive:hello.tar\n  consign scan --db advisories --output sarif oci:some/layout:1.0\n  consign scan --db advisories.db dir:/srv/rootfs"
    )]
    Scan(Scan),
    /// Lists what is in an image, as SPDX or CycloneDX: on every platform, with licences, hashes and the layers that brought it.
    #[command(
        after_help = "The same image gives the same bytes. For an index, there is one document for it and one for each platform: see `--to`.\n\nExamples:\n  consign sbom ghcr.io/team/app:1.2.3 > app.spdx.json\n  consign sbom --format cyclonedx-json --platform linux/arm64 debian:12\n  consign sbom --to sboms oci-archive:app.tar\n  consign sbom --output tree oci:some/layout:1.0\n  consign sbom dir:rootfs"
    )]
    Sbom(Sbom),
    /// The advisory database: one file, made of the feeds of those who publish advisories.
    #[command(subcommand)]
    Db(Db),
    /// Shows what is attached to an image: platforms, signatures, attestations.
    #[command(after_help = "Example:\n  consign tree localhost:5080/team/hello:latest")]
    Tree(Reference),
    /// Shows an image's manifest or index.
    #[command(
        after_help = "Examples:\n  consign inspect debian:12\n  consign inspect --raw oci:some/layout:1.0\n  consign inspect --config --platform linux/arm64 debian:12"
    )]
    Inspect(Inspect),
    /// Copies an image as it is, with all platforms, signatures and attestations, between registries, layouts, archives, the store, docker and podman.
    #[command(
        after_help = "What is there already is not sent, and nothing is done where DST is what SRC is. The tag comes last.\n\nExamples:\n  consign copy ghcr.io/team/app:1.2.3 registry.example.org/mirror/app:1.2.3\n  consign copy --platform linux/arm64 debian:12 oci:debian\n  consign copy --all-tags ghcr.io/team/app localhost:5000/app\n  consign copy oci-archive:app.tar docker-daemon:team/app:1.2.3"
    )]
    Copy(Copy),
    /// Keeps images like others: what the list `sync` of the configuration says. Only what differs is copied, with its signatures.
    #[command(
        after_help = "Everything is looked at at once. An entry that fails stops no other; then the exit status is 6.\n\nExamples:\n  consign sync\n  consign sync --dry-run\n  consign sync -f mirrors.yaml --output json"
    )]
    Sync(Synchronize),
    /// Verifies an image, and copies exactly what was verified, with its signatures. The tag moves last.
    #[command(
        after_help = "Nothing is written unless everything is signed, in SRC's release record, and as the policy asks.\n\nExamples:\n  consign promote --key cosign.pub ghcr.io/team/app:1.2.3 registry.example.org/prod/app\n  consign promote --key cosign.pub --policy consign.yaml localhost:5000/app@sha256:4f53… prod.example.org/app:stable"
    )]
    Promote(Promote),
    /// Puts an image onto a newer base without building it: the base's layers are replaced, its own stay as they are. No layer is read.
    #[command(
        after_help = "The bases are those that the annotations `org.opencontainers.image.base.name` and `.base.digest` name, unless they are given. Where the base has not moved, nothing is done.\n\nExamples:\n  consign rebase ghcr.io/team/app:1.2.3 --dry-run\n  consign rebase ghcr.io/team/app:1.2.3 --tag 1.2.3-1\n  consign rebase --old-base debian:12.5 --new-base debian:12.6 ghcr.io/team/app@sha256:4f53… ghcr.io/team/app:next"
    )]
    Rebase(Rebase),
    /// Writes the file system of an image as one tar archive: its layers laid on each other, with owners and links.
    #[command(
        after_help = "What is at a registry is first fetched into the store's folder, and is gone from there afterwards.\n\nExamples:\n  consign export debian:12 | tar -t\n  consign export --platform linux/arm64 oci:some/layout:1.0 rootfs.tar"
    )]
    Export(Export),
    /// Writes parts of images to files.
    #[command(subcommand)]
    Download(Download),
    /// Prints the digest that a name stands for.
    #[command(after_help = "Example:\n  consign digest ghcr.io/team/app:1.2.3")]
    Digest(Reference),
    /// Lists the tags of a repository or a layout.
    #[command(
        after_help = "Tags under which signatures are kept (`sha256-….sig`) are among them.\n\nExamples:\n  consign tags ghcr.io/team/app\n  consign tags oci:some/layout"
    )]
    Tags(Tags),
    /// Lists the repositories of a registry, where it does that.
    #[command(
        after_help = "Docker Hub, GHCR and public ECR do not.\n\nExamples:\n  consign catalog localhost:5000\n  consign catalog registry.example.org/team"
    )]
    Catalog(CatalogArguments),
    /// Gives an image another tag where it is. Nothing is copied.
    #[command(after_help = "Example:\n  consign tag ghcr.io/team/app:1.2.3 stable")]
    Tag(TagArguments),
    /// Deletes an image, or a tag, from a registry.
    #[command(
        after_help = "A registry may refuse it, or delete by digest only.\n\nExamples:\n  consign delete localhost:5000/team/app:old\n  consign delete localhost:5000/team/app@sha256:4f53…\n  consign delete --blob localhost:5000/team/app@sha256:9a27…"
    )]
    Delete(Delete),
    /// Logs in to a registry: asks it whether the credentials are right, and keeps them where docker and podman look for them.
    #[command(
        after_help = "They are kept in the file that REGISTRY_AUTH_FILE names, else in `config.json` in the folder that DOCKER_CONFIG names, else in `~/.docker/config.json`; or by the credential helper that this file names.\n\nExamples:\n  consign login ghcr.io -u somebody\n  consign login docker.io -u somebody --password-stdin < token\n  consign login registry.example.org/team -u team"
    )]
    Login(Login),
    /// Forgets the credentials of a registry, wherever they are kept.
    #[command(after_help = "Example:\n  consign logout ghcr.io")]
    Logout(Logout),
    /// Makes a key pair for signing, in cosign's format: `cosign.key` and `cosign.pub`.
    #[command(
        after_help = "The password is taken from COSIGN_PASSWORD, else from the file that COSIGN_PASSWORD_FILE names, else asked for.\n\nExamples:\n  consign keygen --output-key-prefix release\n  consign keygen --algorithm ed25519 --password-file password"
    )]
    Keygen(Keygen),
    /// Encrypts a private key of another tool in cosign's format: `import-cosign.key` and `import-cosign.pub`.
    #[command(
        after_help = "The new password is found as for `keygen`; the one that the key has now is asked for.\n\nExample:\n  consign import-key-pair --key openssl.pem --output-key-prefix release"
    )]
    ImportKeyPair(ImportKeyPair),
    /// Prints the public key of a private one.
    #[command(
        after_help = "Examples:\n  consign public-key --key cosign.key --outfile cosign.pub\n  consign public-key --key env://COSIGN_PRIVATE_KEY\n  consign public-key --key 'exec:./sign-with-kms alias/release'"
    )]
    PublicKey(PublicKeyOf),
    /// Signs a file with a key, in cosign's formats.
    #[command(
        after_help = "The same file and key give the same signature. The password is taken from COSIGN_PASSWORD, else asked for.\n\nExamples:\n  consign sign-blob app.tar.gz --key cosign.key --bundle app.tar.gz.sigstore.json\n  consign sign-blob app.tar.gz --key cosign.key > app.tar.gz.sig"
    )]
    SignBlob(SignBlob),
    /// Checks whose signature a Sigstore bundle is, and that it is of this file: with a key, or with a certificate for a person or a workflow. Asks nothing of a network.
    #[command(
        after_help = "Patterns match the whole of a value. Without `--trusted-root`, who counts is what `consign trust init` chose, else the public Sigstore, as it was when consign was made.\n\nExamples:\n  consign verify-blob app.tar.gz --bundle app.tar.gz.sigstore.json --key cosign.pub\n  consign verify-blob app.tar.gz --bundle app.tar.gz.sigstore.json \\\n    --certificate-identity https://github.com/team/app/.github/workflows/release.yml@refs/tags/v1.2.3 \\\n    --certificate-oidc-issuer https://token.actions.githubusercontent.com\n  consign verify-blob app.tar.gz --bundle app.tar.gz.sigstore.json \\\n    --certificate-identity-regexp 'https://github[.]com/team/app/.*' \\\n    --certificate-oidc-issuer https://token.actions.githubusercontent.com \\\n    --certificate-claim runner-environment=github-hosted"
    )]
    VerifyBlob(Box<VerifyBlob>),
    /// Whose logs, certificates and timestamps count, and who is asked for them.
    #[command(subcommand)]
    Trust(Trust),
    /// Policies by which others admit images.
    #[command(subcommand)]
    Policy(Policy),
    /// What the conformance suite of Sigstore calls.
    #[command(subcommand, hide = true)]
    Conformance(Conformance),
    /// The embedded registry.
    #[command(subcommand)]
    Registry(Registry),
    /// The folder in which everything is kept that can be made again.
    #[command(subcommand)]
    Store(Store),
    /// Looks at whether this machine has what the configuration needs, and says what to do where it does not. Changes nothing but what it is asked to.
    #[command(
        after_help = "Exits with 1 where something would fail.\n\nExamples:\n  consign doctor\n  sudo consign doctor --fix\n  consign doctor --offline --output json"
    )]
    Doctor(Doctor),
    /// Says what an exit code, the code of a problem in a configuration or a reason of the gate means, and what to do.
    #[command(
        after_help = "Examples:\n  consign explain 11\n  consign explain C003\n  consign explain missing-receipt"
    )]
    Explain(Explain),
    /// Prints the JSON Schema of `consign.yaml` or of image files, for editors.
    #[command(
        after_help = "Examples:\n  consign schema > consign.schema.json\n  consign schema image > image.schema.json"
    )]
    Schema(Schema),
    /// Prints a script that completes commands and options in a shell.
    #[command(
        after_help = "Examples:\n  consign completions bash > ~/.local/share/bash-completion/completions/consign\n  consign completions fish > ~/.config/fish/completions/consign.fish"
    )]
    Completions(Completions),
}

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

#[derive(Debug, Subcommand)]
pub(crate) enum Registry {
    /// Serves a folder as a registry, until interrupted.
    #[command(after_help = "Example:\n  consign registry serve --root registry --listen 127.0.0.1:5080")]
    Serve(Serve),
}

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// The folder; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) root: PathBuf,
    /// Address and port; a loopback address.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5000")]
    pub(crate) listen: SocketAddr,
    /// Takes no writes.
    #[arg(long)]
    pub(crate) read_only: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// An argument of a command that is called like one of every command would get what is meant for that one.
    #[test]
    fn no_command_takes_the_name_of_an_option_of_all() {
        fn look(command: &clap::Command, of_all: &[String]) {
            for inner in command.get_subcommands() {
                let own = inner.get_arguments().filter(|argument| !argument.is_global_set());
                for argument in own {
                    assert!(!of_all.contains(&argument.get_id().to_string()), "{} {argument}", inner.get_name());
                }
                look(inner, of_all);
            }
        }
        let all = Arguments::command();
        let of_all = all.get_arguments().filter(|argument| argument.is_global_set());
        look(&all, &of_all.map(|argument| argument.get_id().to_string()).collect::<Vec<_>>());
    }
}
