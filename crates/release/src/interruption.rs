use crate::ReleaseError;

/// Asks a release to end. Before the first tag moves it ends at once; while tags move, after the one that is being written.
pub use tokio_util::sync::CancellationToken as Interruption;

/// Does some work, which is broken off when the run is interrupted.
pub(crate) async fn unless_interrupted<T>(
    interruption: &Interruption,
    work: impl Future<Output = Result<T, ReleaseError>>,
) -> Result<T, ReleaseError> {
    tokio::select! {
        biased;
        () = interruption.cancelled() => Err(ReleaseError::Stopped),
        result = work => result,
    }
}
