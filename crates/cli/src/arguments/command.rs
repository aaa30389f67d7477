use super::{
    Attest, Build, CatalogArguments, Check, Clean, Completions, Conformance, Copy, Db, Delete, Doctor, Download,
    Explain, Export, ImportKeyPair, Init, Inspect, Keygen, Lock, Login, Logout, Policy, Promote, PublicKeyOf, Rebase,
    Reference, Registry, Release, Sbom, Scan, Schema, Selection, Sign, SignBlob, Store, Synchronize, TagArguments,
    Tags, Trust, Verify, VerifyBlob,
};
use clap::Subcommand;

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
    /// Takes away what is attached to an image, on a registry or in a layout, whoever attached it.
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
