use crate::arguments::{CatalogArguments, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_image::ImageError;
use consign_registry::{Catalog, ErrorKind, RegistryError};
use serde_json::json;
use std::collections::BTreeSet;

pub(crate) async fn run(arguments: &CatalogArguments, session: &Session) -> Result<ExitCode, CommandError> {
    let at = &arguments.at;
    let client = session.client_of(&BTreeSet::from([at.some_repository()])).await?;
    let mut repositories = match client.catalog(at).await.map_err(refused)? {
        Catalog::Listed(repositories) => repositories,
        Catalog::NotOffered => {
            let message = format!("{} does not list its repositories", at.registry());
            return Err(CommandError::new(ExitCode::Failed, message).hint(elsewhere(at.registry())));
        }
    };
    repositories.sort();
    repositories.dedup();
    match session.output {
        Output::Json => session.printer.json(&json!({ "repositories": repositories }))?,
        Output::Table => {
            let lines: String = repositories.iter().map(|repository| format!("{repository}\n")).collect();
            session.printer.data(&lines)?;
        }
    }
    Ok(ExitCode::Done)
}

fn refused(error: RegistryError) -> CommandError {
    let kind = error.kind();
    let error = CommandError::from(ImageError::from(error));
    match kind {
        ErrorKind::Unauthorized | ErrorKind::Denied => {
            error.hint("many registries list their repositories to administrators only; `consign tags REPOSITORY` lists the tags of one")
        }
        _ => error,
    }
}

/// Returns where the repositories of a registry are listed instead.
fn elsewhere(registry: &str) -> &'static str {
    match registry {
        "docker.io" => {
            "they are at https://hub.docker.com/u/NAMESPACE; `consign tags NAMESPACE/NAME` lists the tags of one"
        }
        "ghcr.io" => {
            "`gh api users/NAME/packages?package_type=container`, or `orgs/NAME` in place of `users/NAME`, lists those of an account"
        }
        "public.ecr.aws" => {
            "`aws ecr-public describe-repositories` lists your own; those of others are at https://gallery.ecr.aws"
        }
        _ => "its web pages, or an API of its own, may; `consign tags REPOSITORY` lists the tags of one",
    }
}
