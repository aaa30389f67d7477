mod account;
mod annotations;
mod blob;
mod builder;
mod building;
mod command;
mod db;
mod global;
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
mod serving;
mod signer;
mod signing;
mod store;
mod taking;
mod trust;

pub(crate) use account::{Login, Logout};
pub(crate) use annotations::Pairs;
pub(crate) use blob::{Conformance, SignBlob, VerifyBlob, VerifyBundle};
pub(crate) use builder::BuilderArgument;
pub(crate) use building::{Build, DockerArguments, Entitlement, Lock, Release, Selection};
pub(crate) use command::Command;
pub(crate) use db::{DATABASE, Db, DbBuild, DbDiff, DbPublish, DbSearch, DbStatus, DbUpdate};
pub(crate) use global::{CONFIGURATION, Color, Form, Global, Output, Progress};
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
pub(crate) use serving::{Registry, Serve};
pub(crate) use signer::{GithubClaims, SignerOptions};
pub(crate) use signing::{Attest, BundleOption, Clean, CleanType, CosignOptions, KeylessOptions, Sign, SigningOptions};
pub(crate) use store::{Age, Store, StoreCheck, StoreDf, StorePrune};
pub(crate) use taking::{Download, DownloadAttached, DownloadBlob, Export};
pub(crate) use trust::{DeploymentOptions, Trust, TrustInit, TrustShow, TrustUpdate};

use crate::exit_code;
use clap::Parser;

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
