//! What a fetcher asks of servers, keeps, and refuses.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use consign_fetch::{FetchError, Fetcher, Options, RedirectError};
use consign_oci::Digest;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that answers the nth request with the nth answer, the last one for ever, and remembers what it was asked.
struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await.unwrap());
                }
                let count = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(String::from_utf8(request).unwrap().to_ascii_lowercase());
                    seen.len()
                };
                let answer = answers[(count - 1).min(answers.len() - 1)].clone();
                stream.write_all(&answer).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        Self { port, requests }
    }

    fn url(&self, path: &str) -> String {
        format!("http://localhost:{}/{path}", self.port)
    }

    fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}", body.len())
        .into_bytes()
}

fn fetcher(cache: &Path, offline: bool) -> Fetcher {
    Fetcher::new(Options { cache: cache.join("cache"), offline, user_agent: "consign-test/1".into() }).unwrap()
}

#[tokio::test]
async fn asks_again_with_the_name_of_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(vec![
        answer("200 OK", "etag: \"one\"\r\nlast-modified: Sat, 01 Jan 2022 00:00:00 GMT\r\n", "first"),
        answer("304 Not Modified", "", ""),
        answer("200 OK", "", "second"),
        answer("404 Not Found", "", ""),
    ])
    .await;
    let fetcher = fetcher(folder.path(), false);
    let url = server.url("InRelease");
    for expected in ["first", "first", "second"] {
        assert_eq!(fetcher.current(&url, 100).await.unwrap(), expected);
    }
    assert!(matches!(fetcher.current(&url, 100).await, Err(FetchError::NotFound { .. })));
    let requests = server.requests.lock().unwrap().clone();
    assert!(
        requests[0].contains("user-agent: consign-test/1") && !requests[0].contains("if-none-match"),
        "{}",
        requests[0]
    );
    for request in &requests[1..3] {
        assert!(
            request.contains("if-none-match: \"one\"") && request.contains("if-modified-since: sat, 01 jan 2022"),
            "{request}"
        );
    }

    let offline = self::fetcher(folder.path(), true);
    assert_eq!(offline.current(&url, 100).await.unwrap(), "second");
    assert!(matches!(offline.current(&server.url("other"), 100).await, Err(FetchError::Offline { .. })));
    assert_eq!(server.count(), 4);
}

#[tokio::test]
async fn takes_bytes_of_a_digest_from_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(vec![answer("200 OK", "", "content")]).await;
    let digest = Digest::of(b"content");
    let fetcher = fetcher(folder.path(), false);
    let url = server.url("a.deb");
    let (first, second) = tokio::join!(fetcher.exact(&url, &digest, 7), fetcher.exact(&url, &digest, 7));
    assert_eq!((first.unwrap(), second.unwrap()), ("content".into(), "content".into()));
    assert_eq!(server.count(), 1, "two tasks share one download");
    assert_eq!(
        self::fetcher(folder.path(), true).exact("http://nowhere.invalid/", &digest, 7).await.unwrap(),
        "content"
    );

    std::fs::write(folder.path().join("cache/exact/sha256").join(digest.hex()), "Content").unwrap();
    assert_eq!(fetcher.exact(&url, &digest, 7).await.unwrap(), "content");
    assert_eq!(server.count(), 2, "a damaged file is fetched again");
}

#[tokio::test]
async fn keeps_nothing_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(vec![answer("200 OK", "", "content")]).await;
    let fetcher = fetcher(folder.path(), false);
    let url = server.url("a.deb");
    let (right, wrong) = (Digest::of(b"content"), Digest::of(b"other"));
    match fetcher.exact(&url, &wrong, 7).await {
        Err(FetchError::Digest { found, expected, .. }) => assert_eq!((found, expected), (right.clone(), wrong)),
        other => panic!("{other:?}"),
    }
    for size in [3, 8] {
        let error = fetcher.exact(&url, &right, size).await.unwrap_err().to_string();
        assert_eq!(error, format!("{url}: 7 bytes, expected {size}"));
    }
    assert!(matches!(fetcher.current(&url, 6).await, Err(FetchError::TooLarge { limit: 6, .. })));
    assert!(!folder.path().join("cache").exists());
}

#[tokio::test]
async fn bounds_bodies_of_unstated_length() {
    let folder = tempfile::tempdir().unwrap();
    let body = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(100_000)).into_bytes();
    let server = Server::start(vec![body]).await;
    let fetcher = fetcher(folder.path(), false);
    assert!(matches!(fetcher.current(&server.url(""), 99_999).await, Err(FetchError::TooLarge { .. })));
    let error = fetcher.exact(&server.url("a"), &Digest::of(b"x"), 1).await.unwrap_err().to_string();
    assert_eq!(error, format!("{}: more than 1 bytes, expected 1", server.url("a")));
    assert_eq!(fetcher.current(&server.url(""), 100_000).await.unwrap().len(), 100_000);
}

#[tokio::test]
async fn repeats_what_failed_for_a_passing_reason() {
    let folder = tempfile::tempdir().unwrap();
    let broken = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\ncon".to_vec();
    let busy = answer("429 Too Many Requests", "retry-after: 0\r\n", "");
    let server = Server::start(vec![busy, broken, answer("503 Busy", "", ""), answer("200 OK", "", "content")]).await;
    let fetcher = fetcher(folder.path(), false);
    assert_eq!(fetcher.exact(&server.url("a"), &Digest::of(b"content"), 7).await.unwrap(), "content");
    assert_eq!(server.count(), 4);

    let server = Server::start(vec![answer("500 Broken", "retry-after: 0\r\n", "")]).await;
    assert!(matches!(fetcher.current(&server.url("a"), 7).await, Err(FetchError::Status { status: 500, .. })));
    assert_eq!(server.count(), 4, "one attempt and three repetitions");

    let server = Server::start(vec![answer("403 Forbidden", "", "")]).await;
    assert!(matches!(fetcher.current(&server.url("a"), 7).await, Err(FetchError::Status { status: 403, .. })));
    assert_eq!(server.count(), 1, "a refusal is final");
}

#[tokio::test]
async fn follows_few_redirects_and_only_to_servers() {
    let folder = tempfile::tempdir().unwrap();
    let fetcher = fetcher(folder.path(), false);
    let moved = |to: &str| answer("302 Found", &format!("location: {to}\r\n"), "");
    let server = Server::start(vec![moved("/b"), moved("/c"), answer("200 OK", "", "there")]).await;
    assert_eq!(fetcher.current(&server.url("a"), 100).await.unwrap(), "there");

    let server = Server::start(vec![moved("/again")]).await;
    match fetcher.current(&server.url("a"), 100).await {
        Err(FetchError::Redirect { source, .. }) => assert_eq!(source, RedirectError::TooMany { limit: 5 }),
        other => panic!("{other:?}"),
    }
    let server = Server::start(vec![moved("file:///etc/passwd")]).await;
    assert!(fetcher.current(&server.url("a"), 100).await.is_err());
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn reads_local_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b");
    std::fs::write(&path, "content").unwrap();
    let url = format!("file://{}/a%20b", folder.path().display());
    let fetcher = fetcher(folder.path(), true);
    assert_eq!(fetcher.current(&url, 7).await.unwrap(), "content");
    assert_eq!(fetcher.exact(&url, &Digest::of(b"content"), 7).await.unwrap(), "content");
    assert!(matches!(fetcher.exact(&url, &Digest::of(b"other"), 7).await, Err(FetchError::Digest { .. })));
    let error = fetcher.exact(&url, &Digest::of(b"content"), 3).await.unwrap_err().to_string();
    assert!(error.ends_with("/a b: 7 bytes, expected 3"), "{error}");
    assert!(matches!(fetcher.current(&url, 6).await, Err(FetchError::TooLarge { .. })));
    assert!(matches!(fetcher.current(&format!("{url}/c"), 6).await, Err(FetchError::NotFound { .. })));
    assert!(matches!(
        fetcher.current(&format!("file://{}", folder.path().display()), 6).await,
        Err(FetchError::File { .. })
    ));
}

#[tokio::test]
async fn says_where_nothing_answers() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let url = format!("http://user:secret@127.0.0.1:{port}/a?token=secret");
    let error = fetcher(folder.path(), false).current(&url, 1).await.unwrap_err();
    assert!(matches!(error, FetchError::Connection { .. }), "{error:?}");
    let expected = format!("http://127.0.0.1:{port}/a: connection refused");
    assert_eq!(error.to_string(), expected);
    assert!(std::error::Error::source(&error).is_none(), "said once");
    assert!(!format!("{error:?}").contains("secret"));
}

#[tokio::test]
async fn a_name_without_an_address_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let error = fetcher(folder.path(), false).current("http://no-such-mirror.invalid/a", 1).await.unwrap_err();
    assert_eq!(error.to_string(), "http://no-such-mirror.invalid/a: there is no address for that name");
}

#[tokio::test]
async fn what_was_not_there_is_not_there_offline_either() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(vec![answer("404 Not Found", "", "")]).await;
    let (name, pool) = (server.url("InRelease"), server.url("pool"));
    let digest = Digest::of(b"content");
    for offline in [false, true] {
        let fetcher = fetcher(folder.path(), offline);
        assert!(matches!(fetcher.current(&name, 100).await, Err(FetchError::NotFound { .. })), "offline: {offline}");
        let pool = fetcher.exact(&pool, &digest, 7).await;
        assert!(matches!(pool, Err(FetchError::NotFound { .. })), "offline: {offline}");
    }
    assert_eq!(server.count(), 2);
    let never_asked = fetcher(folder.path(), true).exact(&server.url("other"), &digest, 7).await;
    assert!(matches!(never_asked, Err(FetchError::Offline { .. })));
}
