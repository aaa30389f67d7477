use consign_oci::{Algorithm, Descriptor, Digest, Hasher, media_type};
use consign_registry_server::Options;
use consign_testkit::registry::TestRegistry;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A registry, and someone who speaks HTTP to it.
pub(crate) struct World {
    pub(crate) registry: TestRegistry,
    http: reqwest::Client,
}

/// What a registry answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> String {
        assert!(self.header("location").starts_with("/v2/"), "{self:?}");
        self.header("location")[4..].to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Returns the codes of a list of errors, which must be well formed.
    pub(crate) fn codes(&self) -> Vec<String> {
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        let answer = self.json();
        let code = |error: &Value| {
            assert!(error["message"].is_string(), "{error}");
            error["code"].as_str().unwrap().to_owned()
        };
        answer["errors"].as_array().unwrap().iter().map(code).collect()
    }

    /// Checks that this is a refusal with one error.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.codes()), (status, vec![code.to_owned()]), "{self:?}");
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(adjust: impl FnOnce(&mut Options)) -> Self {
        Self { registry: TestRegistry::start_with(adjust).await.unwrap(), http: http() }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        send(&self.http, &self.registry.host(), method, path, headers, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    pub(crate) async fn status(&self, method: &str, path: &str) -> u16 {
        self.send(method, path, &[], "").await.status
    }

    /// Sends exactly these bytes and returns the status of the answer.
    pub(crate) async fn raw(&self, request: &str) -> u16 {
        let mut stream = TcpStream::connect(self.registry.host()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap().split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) async fn push_blob(&self, repository: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        let path = format!("{repository}/blobs/uploads/?digest={digest}");
        assert_eq!(self.send("POST", &path, &[], bytes.to_vec()).await.status, 201);
        digest
    }

    pub(crate) async fn put_manifest(&self, path: &str, media_type: &str, bytes: impl Into<Vec<u8>>) -> Answer {
        self.send("PUT", path, &[("content-type", media_type)], bytes.into()).await
    }

    /// Pushes an image of one layer with this text, under a tag, and returns its manifest.
    pub(crate) async fn push_image(&self, repository: &str, tag: &str, text: &str) -> Vec<u8> {
        self.push_blob(repository, b"{}").await;
        self.push_blob(repository, text.as_bytes()).await;
        let manifest = image(text).to_string().into_bytes();
        let answer =
            self.put_manifest(&format!("{repository}/manifests/{tag}"), media_type::MANIFEST, manifest.clone()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        manifest
    }

    /// Returns the names of unfinished uploads.
    pub(crate) fn unfinished(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.registry.folder().join("uploads")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

pub(crate) async fn send(
    http: &reqwest::Client,
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<reqwest::Body>,
) -> Answer {
    let url = Url::parse(&format!("http://{host}/v2/{path}")).unwrap();
    let mut request = http.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.body(body).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.bytes().await.unwrap().to_vec() }
}

/// Returns the manifest of an image with an empty config and one layer with this text.
pub(crate) fn image(text: &str) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": media_type::MANIFEST,
        "config": Descriptor::empty(),
        "layers": [Descriptor::of("text/plain", text.as_bytes())],
    })
}

pub(crate) fn sha512(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(Algorithm::Sha512);
    hasher.update(bytes);
    hasher.finish()
}
