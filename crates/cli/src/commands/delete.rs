use crate::arguments::Delete;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_image::{ImageError, ImageReference};
use consign_oci::Reference;
use consign_registry::{Client, RegistryError};
use std::collections::BTreeSet;

pub(crate) async fn run(arguments: &Delete, session: &Session) -> Result<ExitCode, CommandError> {
    let ImageReference::Registry(reference) = &arguments.reference else {
        let message = format!("`{}` is on no registry", arguments.reference);
        return Err(CommandError::new(ExitCode::Usage, message).hint("what lies in files is deleted as files are"));
    };
    // Without a word, `latest` is not what somebody wants to lose.
    if reference.tag.is_none() && reference.digest.is_none() {
        let message = format!("`{reference}` names a repository, not an image");
        return Err(CommandError::new(ExitCode::Usage, message).hint("add a tag, or a digest"));
    }
    if arguments.blob {
        return blob(reference, session, &session.client(&arguments.reference).await?).await;
    }
    let client = session.client(&arguments.reference).await?;
    let repositories = BTreeSet::from([reference.repository.clone()]);
    session.recall(&client, &repositories);
    let deleted = client.delete_manifest(&reference.repository, &reference.target()).await;
    match deleted {
        Ok(true) => {
            session.remember(&client, &repositories);
            session.printer.note(&format!("{reference}: deleted"));
            Ok(ExitCode::Done)
        }
        Ok(false) => Err(CommandError::new(ExitCode::Failed, format!("there is no image {reference}"))),
        Err(error) => {
            let refuses_tag = matches!(error, RegistryError::Answer { status: 400 | 405, .. }) && by_tag(reference);
            let error = CommandError::from(ImageError::from(error));
            Err(match refuses_tag {
                true => error.hint("some registries delete by digest only, and every tag that names it: `consign digest REF` says which"),
                false => error,
            })
        }
    }
}

/// Deletes a blob. What is known of the repository from earlier runs is not true any more.
async fn blob(reference: &Reference, session: &Session, client: &Client) -> Result<ExitCode, CommandError> {
    let Reference { repository, tag: None, digest: Some(digest) } = reference else {
        let message = format!("`{reference}` names no blob");
        return Err(CommandError::new(ExitCode::Usage, message).hint("write `REPOSITORY@DIGEST`, without a tag"));
    };
    let repositories = BTreeSet::from([repository.clone()]);
    session.recall(client, &repositories);
    match client.delete_blob(repository, digest).await {
        Ok(true) => {
            session.remember(client, &repositories);
            session.printer.note(&format!("{reference}: blob deleted"));
            Ok(ExitCode::Done)
        }
        Ok(false) => Err(CommandError::new(ExitCode::Failed, format!("there is no blob {reference}"))),
        Err(error) => {
            let refuses = matches!(error, RegistryError::Answer { status: 405 | 501, .. });
            let error = CommandError::from(ImageError::from(error));
            Err(match refuses {
                true => error
                    .hint("many registries delete blobs themselves, some time after the last image that needs them"),
                false => error,
            })
        }
    }
}

fn by_tag(reference: &Reference) -> bool {
    reference.digest.is_none()
}
