use crate::arguments::{Login, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::prompt::name_and_password;
use crate::session::Session;
use consign_image::ImageError;
use consign_registry::docker_config::{Kept, keep};
use consign_registry::{Credentials, Entrance, ErrorKind, RegistryError};
use serde_json::json;

pub(crate) async fn run(arguments: &Login, session: &Session) -> Result<ExitCode, CommandError> {
    let at = &arguments.at;
    let file = session.environment.credential_file().ok_or_else(|| {
        let error = CommandError::new(ExitCode::Failed, "there is no place for credentials: HOME is not set");
        error.hint("name a file with REGISTRY_AUTH_FILE, or a folder with DOCKER_CONFIG")
    })?;
    let (username, password) = name_and_password(arguments, &session.printer)?;
    let credentials = Credentials::named(&username, password.expose());
    let client = session.client_as(at, credentials.clone())?;
    let entrance = client.enter(at).await.map_err(|error| refused(&at.to_string(), &username, error))?;
    let kept = keep(&file, at, &credentials, &session.for_helpers()).await?;
    let printer = &session.printer;
    printer.note(&match entrance {
        Entrance::Checked => format!("{at}: logged in as {username}"),
        Entrance::Open => format!("{at}: it lets anybody in, and has not looked at whether the password is right"),
    });
    let file = file.display();
    printer.note(&match &kept {
        Kept::InFile => format!("The password is kept in {file}, and is not encrypted there."),
        Kept::ByHelper { name } => format!("The password is kept by docker-credential-{name}, which {file} names."),
    });
    if session.output == Output::Json {
        let helper = match &kept {
            Kept::InFile => None,
            Kept::ByHelper { name } => Some(name),
        };
        let checked = entrance == Entrance::Checked;
        printer.json(&json!({
            "registry": at.to_string(),
            "username": username,
            "checked": checked,
            "file": file.to_string(),
            "helper": helper,
        }))?;
    }
    Ok(ExitCode::Done)
}

fn refused(registry: &str, username: &str, error: RegistryError) -> CommandError {
    if !matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Denied) {
        return ImageError::from(error).into();
    }
    CommandError::new(ExitCode::Failed, format!("{registry} does not let {username} in with this password"))
        .cause(error)
        .hint("many registries take a token in place of the account's password; nothing was stored")
}
