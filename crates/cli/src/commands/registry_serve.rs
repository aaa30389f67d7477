use crate::arguments::Serve;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use crate::signals::Signals;
use consign_registry_server::{Options, Server};
use consign_release::access_log;

pub(crate) async fn run(arguments: &Serve, session: &Session) -> Result<ExitCode, CommandError> {
    let mut signals = Signals::listen()?;
    // Who only reads leaves no trace.
    let log = (!arguments.read_only).then(|| access_log(&arguments.root)).transpose()?;
    let printer = session.printer.clone();
    let options = Options {
        read_only: arguments.read_only,
        access_log: Some(Box::new(move |record| {
            printer.note(&record.to_string());
            if let Some(log) = &log {
                log(record);
            }
        })),
        ..Options::new(&arguments.root)
    };
    let server = Server::bind(arguments.listen, options).await?;
    session.printer.note(&format!("Serving {} on http://{}; Ctrl-C ends.", arguments.root.display(), server.address()));
    server.run(async move { signals.next().await }).await?;
    Ok(ExitCode::Done)
}
