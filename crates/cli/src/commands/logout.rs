use crate::arguments::{Logout, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_registry::docker_config::{Kept, forget};
use serde_json::json;

pub(crate) async fn run(arguments: &Logout, session: &Session) -> Result<ExitCode, CommandError> {
    let at = &arguments.at;
    let (mut forgotten, mut first_error) = (Vec::new(), None);
    for file in session.environment.credential_files() {
        match forget(&file, at, &session.for_helpers()).await {
            Ok(kept) => forgotten.extend(kept.into_iter().map(|kept| (file.clone(), kept))),
            // What lies elsewhere is to go all the same.
            Err(error) => first_error = first_error.or(Some(CommandError::from(error))),
        }
    }
    for (file, kept) in &forgotten {
        let file = file.display();
        session.printer.note(&match kept {
            Kept::InFile => format!("{at}: taken out of {file}"),
            Kept::ByHelper { name } => format!("{at}: forgotten by docker-credential-{name}, which {file} names"),
        });
    }
    if let Some(error) = first_error {
        return Err(error);
    }
    if forgotten.is_empty() {
        session.printer.note(&format!("{at}: no credentials are kept for it"));
    }
    if session.output == Output::Json {
        let removed = forgotten.iter().map(|(file, kept)| match kept {
            Kept::InFile => json!({ "file": file.display().to_string(), "helper": null }),
            Kept::ByHelper { name } => json!({ "file": file.display().to_string(), "helper": name }),
        });
        session.printer.json(&json!({ "registry": at.to_string(), "removed": removed.collect::<Vec<_>>() }))?;
    }
    Ok(ExitCode::Done)
}
