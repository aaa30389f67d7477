//! The repositories of a registry.

use crate::error::CommandError;
use crate::exit_code::ExitCode;
use consign_image::ImageError;
use consign_oci::{RegistryPath, Repository};
use consign_registry::{Catalog, Client, ErrorKind, RegistryError};
use std::collections::BTreeSet;

/// Lists the repositories that lie at a path.
pub(crate) async fn list(client: &Client, at: &RegistryPath) -> Result<BTreeSet<Repository>, CommandError> {
    match client.catalog(at).await.map_err(|error| refused(error, at))? {
        Catalog::Listed(repositories) => Ok(repositories.into_iter().collect()),
        Catalog::NotOffered => {
            let message = format!("{} does not list its repositories", at.registry());
            Err(CommandError::new(ExitCode::Failed, message).hint(elsewhere(at.registry())))
        }
    }
}

fn refused(error: RegistryError, at: &RegistryPath) -> CommandError {
    let kind = error.kind();
    let error = CommandError::from(ImageError::from(error));
    match kind {
        ErrorKind::Unauthorized | ErrorKind::Denied if at.registry() == "ghcr.io" => {
            error.hint("GitHub lists packages to those who may read them: set GH_TOKEN or GITHUB_TOKEN to a token with the scope `read:packages`")
        }
        ErrorKind::Unauthorized | ErrorKind::Denied => {
            error.hint("many registries list their repositories to administrators only; `consign tags REPOSITORY` lists the tags of one")
        }
        _ => error,
    }
}

/// Returns where the repositories of a registry are listed instead.
fn elsewhere(registry: &str) -> &'static str {
    match registry {
        "docker.io" => "it lists those of an account: `consign catalog docker.io/NAME`",
        "ghcr.io" => "it lists those of an account: `consign catalog ghcr.io/NAME`",
        "public.ecr.aws" => {
            "`aws ecr-public describe-repositories` lists your own; those of others are at https://gallery.ecr.aws"
        }
        _ => "its web pages, or an API of its own, may; `consign tags REPOSITORY` lists the tags of one",
    }
}
