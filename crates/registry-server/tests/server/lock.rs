//! Who may have the folder: one process that writes, and any number that only read.

use crate::world::{http, send};
use consign_oci::Digest;
use consign_registry_server::{Options, Registry, Running, Server, ServerError, WriteToken};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

async fn bind(folder: &Path, read_only: bool) -> Result<Server, ServerError> {
    let options = Options { read_only, ..Options::new(folder) };
    Server::bind("127.0.0.1:0".parse().unwrap(), options).await
}

async fn status(running: &Running, method: &str, path: &str) -> u16 {
    send(&http(), &running.address().to_string(), method, path, &[], "").await.status
}

/// Returns the paths of everything in a folder, sorted.
fn listing(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(listing(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

#[tokio::test]
async fn one_process_writes() {
    let folder = tempfile::tempdir().unwrap();
    let first = bind(folder.path(), false).await.unwrap().spawn();
    let refused = bind(folder.path(), false).await.err().unwrap();
    assert!(matches!(&refused, ServerError::Locked { folder: found, .. } if found == folder.path()), "{refused}");
    assert!(matches!(Registry::open(Options::new(folder.path())), Err(ServerError::Locked { .. })));
    // Others may read meanwhile.
    let upload = format!("a/blobs/uploads/?digest={}", Digest::of(b""));
    assert_eq!(status(&first, "POST", &upload).await, 201);
    let reader = bind(folder.path(), true).await.unwrap().spawn();
    assert_eq!(status(&reader, "GET", &format!("a/blobs/{}", Digest::of(b""))).await, 200);
    assert_eq!(status(&reader, "POST", &upload).await, 403);
    // A reader keeps nobody from writing, and whoever ended does not either.
    first.stop().await.unwrap();
    let second = bind(folder.path(), false).await.unwrap().spawn();
    assert_eq!(status(&second, "POST", &upload).await, 201);
}

#[tokio::test]
async fn whoever_finds_the_folder_taken_learns_where_anyone_may_write() {
    for (token, expected) in [(None, true), (WriteToken::new("of one run"), false)] {
        let folder = tempfile::tempdir().unwrap();
        let options = || Options { write_token: token.clone(), ..Options::new(folder.path()) };
        let any = "127.0.0.1:0".parse().unwrap();
        let first = Server::bind(any, options()).await.unwrap();
        let expected = expected.then(|| first.address());
        // Also where the address is the same.
        for address in [any, first.address()] {
            let error = Server::bind(address, options()).await.err().unwrap();
            assert!(matches!(error, ServerError::Locked { open_at, .. } if open_at == expected), "{error}");
        }
        // A stranger at the address is told apart, and what the last one wrote does not speak for the next.
        drop(first);
        let stranger = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let error = Server::bind(stranger.local_addr().unwrap(), options()).await.err().unwrap();
        assert!(matches!(error, ServerError::Listen { .. }), "{error}");
        let _unserved = Registry::open(options()).unwrap();
        assert!(matches!(Registry::open(options()), Err(ServerError::Locked { open_at: None, .. })));
    }
}

#[tokio::test]
async fn read_only_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("registry");
    // Not even where there is nothing yet.
    assert!(matches!(bind(&root, true).await, Err(ServerError::Folder(_))));
    assert!(!root.exists());
    fs::create_dir_all(root.join("repositories/a/_tags")).unwrap();
    fs::create_dir(root.join("uploads")).unwrap();
    fs::write(root.join("uploads/of-another-process"), "x").unwrap();
    let before = listing(&root);
    fs::set_permissions(&root, Permissions::from_mode(0o555)).unwrap();
    let running = bind(&root, true).await.unwrap().spawn();
    for (method, path, expected) in [
        ("GET", "", 200),
        ("GET", "a/tags/list", 200),
        ("GET", "a/manifests/1", 404),
        ("POST", "a/blobs/uploads/", 403),
        ("PUT", "a/manifests/1", 403),
    ] {
        assert_eq!(status(&running, method, path).await, expected, "{method} {path}");
    }
    running.stop().await.unwrap();
    fs::set_permissions(&root, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(listing(&root), before);
}
