use crate::arguments::TrustUpdate;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::kept_trust::{read, refused};
use crate::session::Session;
use crate::trust_change::update;
use consign_keyless::Repository;

pub(crate) async fn run(arguments: &TrustUpdate, session: &Session) -> Result<ExitCode, CommandError> {
    let repository = match read(session)? {
        Some(repository) => repository,
        None => Repository::new(None, None).map_err(|error| refused(&error))?,
    };
    update(&repository, arguments.out_dir.as_deref(), session).await?;
    Ok(ExitCode::Done)
}
