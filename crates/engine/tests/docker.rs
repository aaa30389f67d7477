//! Docker's HTTP interface, against a daemon that is none.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use consign_engine::{Access, Engine, EngineError, Engines};
use consign_oci::Digest;
use futures::stream;
use std::collections::BTreeMap;
use std::io;
use tempfile::TempDir;
use tokio::net::UnixListener;

struct World {
    folder: TempDir,
    engines: Engines,
}

impl World {
    fn of(router: Router) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("docker.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { folder, engines: Engines { docker: Access::Socket(socket), environment: BTreeMap::new() } }
    }

    async fn save(&self, name: &str) -> Result<Vec<u8>, EngineError> {
        let archive = self.engines.save(Engine::Docker, &name.parse().unwrap(), self.folder.path()).await?;
        Ok(std::fs::read(archive).unwrap())
    }

    async fn load(&self, archive: &[u8]) -> Result<(), EngineError> {
        std::fs::write(Engines::archive_in(self.folder.path()), archive).unwrap();
        self.engines.load(Engine::Docker, &"x".parse().unwrap(), self.folder.path()).await
    }
}

#[tokio::test]
async fn asks_for_full_names() {
    let answer = async |Path(rest): Path<String>| match rest.rsplit_once('/') {
        Some((name, "get")) => (StatusCode::OK, name.to_owned()),
        Some((name, "json")) if name.starts_with("docker.io") => {
            let digest = Digest::of(name.as_bytes());
            (StatusCode::OK, format!(r#"{{"Id": "{digest}", "RepoDigests": []}}"#))
        }
        _ => (StatusCode::NOT_FOUND, r#"{"message": "No such image"}"#.to_owned()),
    };
    let world = World::of(Router::new().route("/images/{*rest}", get(answer)));
    assert_eq!(world.save("alpine").await.unwrap(), b"docker.io/library/alpine:latest");
    let facts = async |name: &str| {
        world.engines.facts(Engine::Docker, &name.parse().unwrap(), world.folder.path()).await.unwrap()
    };
    assert!(facts("alpine").await.unwrap().keeps(&Digest::of(b"docker.io/library/alpine:latest")));
    assert_eq!(facts("ghcr.io/a/b").await, None);
    std::fs::remove_file(Engines::archive_in(world.folder.path())).unwrap();
    let digest = Digest::of(b"x");
    let named = format!("ghcr.io/a/b@{digest}");
    assert_eq!(world.save(&named).await.unwrap(), named.as_bytes());
}

#[tokio::test]
async fn repeats_what_docker_says() {
    let long = "no\\u001b[2J space ".repeat(1000);
    let refused = async move |_: Bytes| (StatusCode::INTERNAL_SERVER_ERROR, format!(r#"{{"message": "{long}end"}}"#));
    let world = World::of(Router::new().route("/images/{*rest}", get(refused.clone()).post(refused)));
    for error in [world.save("x").await.unwrap_err(), world.load(b"x").await.unwrap_err()] {
        let said = error.to_string();
        assert!(said.ends_with("end") && said.len() < 3000 && !said.contains('\u{1b}'), "{said}");
    }
    // Who says no before all has come, and hears no more, may not be heard to the end either.
    let error = world.load(&[0; 8 << 20]).await.unwrap_err();
    assert!(matches!(error, EngineError::Refused { .. } | EngineError::Broken { .. }), "{error}");
    let world = World::of(Router::new());
    let said = world.save("x").await.unwrap_err().to_string();
    assert_eq!(said, "docker refuses `GET /images/docker.io/library/x:latest/get`: 404 Not Found");
}

#[tokio::test]
async fn an_image_that_breaks_off_is_none() {
    let broken = async || {
        let pieces = [Ok(Bytes::from_static(b"half")), Err(io::Error::other("no more"))];
        Body::from_stream(stream::iter(pieces))
    };
    let world = World::of(Router::new().route("/images/{*rest}", get(broken)));
    assert!(matches!(world.save("x").await.unwrap_err(), EngineError::Broken { .. }));
}

#[tokio::test]
async fn sends_every_byte_and_hears_late_errors() {
    let late = async |body: Bytes| {
        let sum = Digest::of(&body);
        format!("{{\"status\":\"Loading\"}}\r\n{{\"errorDetail\":{{\"message\":\"x\"}},\"error\":\"got {sum}\"}}\r\n")
    };
    let world = World::of(Router::new().route("/images/load", post(late)));
    let archive: Vec<u8> = (0..1_500_000_u32).map(|number| (number % 251) as u8).collect();
    let said = world.load(&archive).await.unwrap_err().to_string();
    assert!(said.ends_with(&format!("got {}", Digest::of(&archive))), "{said}");
    let fine = async |_: Bytes| "{\"stream\":\"Loaded image: x\"}\n";
    World::of(Router::new().route("/images/load", post(fine))).load(b"x").await.unwrap();
}

#[tokio::test]
async fn endless_answers_are_not_kept() {
    let endless =
        async || Body::from_stream(stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from(vec![b' '; 1 << 20]))));
    let world = World::of(Router::new().route("/images/{*rest}", get(endless).post(endless)));
    let facts = world.engines.facts(Engine::Docker, &"x".parse().unwrap(), world.folder.path()).await;
    assert!(matches!(facts, Err(EngineError::Refused { .. })));
    assert!(matches!(world.load(b"x").await, Err(EngineError::Refused { .. })));
}

#[tokio::test]
async fn says_where_nobody_is() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("none");
    let engines = Engines { docker: Access::Socket(socket.clone()), environment: BTreeMap::new() };
    let error = engines.save(Engine::Docker, &"x".parse().unwrap(), folder.path()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("docker does not answer at {}", socket.display()));
    assert!(error.hint().unwrap().contains("DOCKER_HOST"));
}
