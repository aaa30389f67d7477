use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::printer::Printer;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long the program may take to end after it was asked to. It does at once but where it waits for a file or another program.
const GRACE: Duration = Duration::from_secs(2);

/// The ways in which the user or the system asks this program to end. None is missed from the moment that this is made.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Begins to listen. From then on the signals no longer end the program by themselves.
    pub(crate) fn listen() -> Result<Self, CommandError> {
        let listen = |kind| {
            signal(kind).map_err(|error| CommandError::new(ExitCode::Failed, "cannot listen for signals").cause(error))
        };
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Returns what is said of a program that has ended because of them.
    pub(crate) fn interrupted() -> CommandError {
        CommandError::new(ExitCode::Interrupted, "interrupted")
    }

    /// Ends the program, whatever it waits for, soon after it was asked to for the last of so many times, and at once when it is asked again.
    pub(crate) fn insist(mut self, times: usize, printer: Arc<Printer>) {
        tokio::spawn(async move {
            for _ in 0..times {
                self.next().await;
            }
            _ = tokio::time::timeout(GRACE, self.next()).await;
            printer.error(&Self::interrupted());
            std::process::exit(ExitCode::Interrupted as i32);
        });
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
