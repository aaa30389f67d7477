//! Builds by real daemons: whatever of `BUILDKIT_HOST`, `buildkitd`, and the engines of this Debian release and the next one is there. Each says so.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod cases;
mod daemons;
mod reaching;
mod world;

use daemons::Daemon;

#[tokio::test(flavor = "multi_thread")]
async fn by_the_configured_builder() {
    if let Some(daemon) = Daemon::configured() {
        cases::all(&daemon).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_buildkitd() {
    if let Some(daemon) = Daemon::buildkitd("buildkitd", &[]).await {
        cases::all(&daemon).await;
        reaching::by_command(&daemon).await;
        reaching::like_buildctl(&daemon).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_next_engine() {
    if let Some(daemon) = Daemon::next_engine().await {
        cases::all(&daemon).await;
        reaching::by_command(&daemon).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_an_engine() {
    if let Some(daemon) = Daemon::plain_engine().await {
        cases::all(&daemon).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_certificates() {
    reaching::by_certificates().await;
}
