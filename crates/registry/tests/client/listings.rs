//! Accounts whose repositories are listed by an API of their host.

use axum::body::Body;
use axum::http::{Response, StatusCode, Uri};
use axum::{Router, http::HeaderMap};
use consign_registry::{Catalog, Client, ErrorKind, Listings, Options, RegistryError, Secret};
use std::sync::{Arc, Mutex};

/// Answers requests by their path and query; what it does not know is not there.
struct Api {
    client: Client,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Api {
    async fn with(answers: &'static [(&'static str, u16, &'static str)]) -> Self {
        Self::linked(answers, &[]).await
    }

    /// Also says, of some of them, which page follows.
    async fn linked(
        answers: &'static [(&'static str, u16, &'static str)],
        links: &'static [(&'static str, &'static str)],
    ) -> Self {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&asked);
        let answer = move |uri: Uri, headers: HeaderMap| async move {
            let token = headers.get("authorization").map(|value| format!(" {}", value.to_str().unwrap()));
            let path = uri.path_and_query().unwrap().to_string();
            seen.lock().unwrap().push(format!("{path}{}", token.unwrap_or_default()));
            let (status, body) = answers
                .iter()
                .find(|(known, _, _)| *known == path)
                .map_or((404, "{}"), |(_, status, body)| (*status, *body));
            let next = links.iter().find(|(known, _)| *known == path);
            let response = Response::builder().status(StatusCode::from_u16(status).unwrap());
            let response = next.into_iter().fold(response, |response, (_, next)| {
                response.header("link", format!("<{next}>; rel=\"next\", </1>; rel=\"last\""))
            });
            response.body(Body::from(body)).unwrap()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Some(format!("http://{}", listener.local_addr().unwrap()));
        tokio::spawn(async { axum::serve(listener, Router::new().fallback(answer)).await });
        let github_token = Some(Secret::new("ghp_secret"));
        let listings = Listings { github_token, github: base.clone(), hub: base.clone(), quay: base };
        let client = Client::new(Options { listings, ..Options::default() }).unwrap();
        Self { client, asked }
    }

    async fn list(&self, at: &str) -> Result<Option<Vec<String>>, RegistryError> {
        Ok(match self.client.catalog(&at.parse().unwrap()).await? {
            Catalog::NotOffered => None,
            Catalog::Listed(found) => Some(found.iter().map(ToString::to_string).collect()),
        })
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

#[tokio::test]
async fn docker_hub() {
    let api = Api::with(&[
        (
            "/v2/namespaces/team/repositories?page_size=100&page=1",
            200,
            r#"{"count":3,"next":"https://evil.example/x","results":[{"name":"app"},{"name":"../up"}]}"#,
        ),
        ("/v2/namespaces/team/repositories?page_size=100&page=2", 200, r#"{"next":null,"results":[{"name":"tool"}]}"#),
    ])
    .await;
    assert_eq!(api.list("docker.io/team").await.unwrap().unwrap(), ["docker.io/team/app", "docker.io/team/tool"]);
    assert_eq!(api.asked().len(), 2);
    assert_eq!(api.list("docker.io/team/tool").await.unwrap().unwrap(), ["docker.io/team/tool"]);
    assert!(matches!(api.list("docker.io/absent").await, Err(RegistryError::Protocol { .. })));
    // Nobody lists all of it.
    api.asked();
    assert_eq!(api.list("docker.io").await.unwrap(), None);
    assert!(api.asked().is_empty());
}

#[tokio::test]
async fn github() {
    const PAGE: &str = "/orgs/team/packages?package_type=container&per_page=100";
    let api = Api::with(&[
        (PAGE, 200, r#"[{"name":"app","id":1},{"name":"deep/tool"},{"name":"UPPER"}]"#),
        ("/users/somebody/packages?package_type=container&per_page=100", 200, r#"[{"name":"own"}]"#),
        ("/orgs/closed/packages?package_type=container&per_page=100", 401, "{}"),
        ("/orgs/odd/packages?package_type=container&per_page=100", 200, "<html>"),
    ])
    .await;
    assert_eq!(api.list("ghcr.io/team").await.unwrap().unwrap(), ["ghcr.io/team/app", "ghcr.io/team/deep/tool"]);
    assert_eq!(api.asked(), [format!("{PAGE} Bearer ghp_secret")]);
    assert_eq!(api.list("ghcr.io/somebody").await.unwrap().unwrap(), ["ghcr.io/somebody/own"]);
    assert_eq!(api.list("ghcr.io/closed").await.unwrap_err().kind(), ErrorKind::Unauthorized);
    for account in ["absent", "odd"] {
        let error = api.list(&format!("ghcr.io/{account}")).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("ghp_secret"), "{error:?}");
    }
}

#[tokio::test]
async fn many_pages_of_github() {
    const FIRST: &str = "/orgs/team/packages?package_type=container&per_page=100";
    const SECOND: &str = "/organizations/7/packages?package_type=container&per_page=100&page=2";
    // A page may have fewer than were asked for, and not be the last.
    const PAGES: &[(&str, u16, &str)] = &[(FIRST, 200, r#"[{"name":"app"}]"#), (SECOND, 200, r#"[{"name":"tool"}]"#)];
    let api = Api::linked(PAGES, &[(FIRST, SECOND)]).await;
    assert_eq!(api.list("ghcr.io/team").await.unwrap().unwrap(), ["ghcr.io/team/app", "ghcr.io/team/tool"]);
    assert_eq!(api.asked(), [FIRST, SECOND].map(|page| format!("{page} Bearer ghp_secret")));
    // A list that breaks off is none.
    for next in ["/absent", "https://evil.example/x", FIRST] {
        let links: &[(&str, &str)] = Box::leak(Box::new([(FIRST, next)]));
        let api = Api::linked(PAGES, links).await;
        let error = api.list("ghcr.io/team").await.unwrap_err();
        assert!(matches!(error, RegistryError::Protocol { .. }), "{next}: {error:?}");
        assert!(api.asked().len() <= 2, "{next}");
    }
}

#[tokio::test]
async fn quay() {
    let api = Api::with(&[
        (
            "/api/v1/repository?namespace=team&public=true",
            200,
            r#"{"repositories":[{"namespace":"team","name":"app"},{"namespace":"other","name":"app"}],"next_page":"a b&c"}"#,
        ),
        (
            "/api/v1/repository?namespace=team&public=true&next_page=a+b%26c",
            200,
            r#"{"repositories":[{"namespace":"team","name":"tool"}]}"#,
        ),
    ])
    .await;
    assert_eq!(api.list("quay.io/team").await.unwrap().unwrap(), ["quay.io/team/app", "quay.io/team/tool"]);
    assert!(api.asked().iter().all(|asked| !asked.contains("Bearer")));
    // It lists nothing of an account that it does not know, or whose repositories are for others.
    let api = Api::with(&[("/api/v1/repository?namespace=absent&public=true", 200, r#"{"repositories":[]}"#)]).await;
    let error = api.list("quay.io/absent").await.unwrap_err().to_string();
    assert!(error.contains("Quay knows no account `absent`, or shows what it has to others only"), "{error}");
}

#[tokio::test]
async fn pages_without_end() {
    let api = Api::with(&[
        ("/api/v1/repository?namespace=team&public=true", 200, r#"{"repositories":[],"next_page":"again"}"#),
        (
            "/api/v1/repository?namespace=team&public=true&next_page=again",
            200,
            r#"{"repositories":[],"next_page":"again"}"#,
        ),
    ])
    .await;
    assert!(matches!(api.list("quay.io/team").await, Err(RegistryError::Protocol { .. })));
    assert!(api.asked().len() <= 1_001);
}
