//! Where tokens come from, and what is refused of them.

use crate::world::{everything, impatience, services, web};
use consign_keyless::{IdentityToken, KeylessError, Options, Secret, Session, Source, TokenError};
use consign_testkit::sigstore::{REQUEST_TOKEN, Service, Sigstore, claims};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;

async fn identity(sigstore: &Sigstore, source: Source) -> Result<String, KeylessError> {
    let session = Session::open(source, services(sigstore, 2), Options::default(), web(impatience())).await?;
    Ok(session.certificate().await?.identity().to_owned())
}

#[tokio::test]
async fn everybody_gets_a_certificate_of_their_own_name() {
    let sigstore = Sigstore::start().await.unwrap();
    for (claims, expected) in [
        (claims::github(), "https://github.com/octo/app/.github/workflows/release.yaml@refs/heads/main"),
        (claims::gitlab(), "https://gitlab.com/octo/app//.gitlab-ci.yml@refs/heads/main"),
        (claims::buildkite(), "https://buildkite.com/octo/app"),
        (claims::circleci(), "https://circleci.com/api/v2/projects/4711/pipeline-definitions/1001"),
        (claims::person("ada@example.com"), "ada@example.com"),
    ] {
        let token = sigstore.token(&claims);
        assert_eq!(identity(&sigstore, Source::Variable(Secret::new(token))).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn tokens_come_from_the_environment_and_from_files() {
    let sigstore = Sigstore::start().await.unwrap();
    let url = sigstore.github_url();
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", url.as_str()),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN),
    ];
    let source = Source::detect(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value));
    assert!(identity(&sigstore, source.unwrap()).await.unwrap().ends_with("release.yaml@refs/heads/main"));
    assert_eq!(sigstore.asked()[0].authorization, format!("Bearer {REQUEST_TOKEN}"));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, format!("{}\n", sigstore.token(&claims::person("ada@example.com")))).unwrap();
    assert_eq!(identity(&sigstore, Source::File(path.clone())).await.unwrap(), "ada@example.com");
    for source in [Source::File(folder.path().join("none")), Source::File(folder.path().to_owned())] {
        let error = identity(&sigstore, source).await.unwrap_err();
        assert!(matches!(error, KeylessError::Token(TokenError::File { .. })), "{error:?}");
    }
    let variable = |value: &str| Source::detect(|name| (name == "SIGSTORE_ID_TOKEN").then_some(value)).unwrap();
    let long = "x".repeat(70_000);
    for (source, content, place, problem) in [
        (Source::File(path.clone()), long.as_str(), path.display().to_string(), "has more than 65536 bytes"),
        (Source::File(path.clone()), "hunter2", path.display().to_string(), "is not a JSON Web Token"),
        (Source::File(path.clone()), "e30.e30.e30", path.display().to_string(), "has no `iss`"),
        (variable("hunter2"), "", "the variable `SIGSTORE_ID_TOKEN`".to_owned(), "is not a JSON Web Token"),
    ] {
        fs::write(&path, content).unwrap();
        let error = identity(&sigstore, source).await.unwrap_err();
        assert!(matches!(error, KeylessError::Token(TokenError::Unreadable { .. })), "{error:?}");
        assert_eq!(error.to_string(), format!("{place}: the identity token {problem}"));
    }
}

#[tokio::test]
async fn programs_of_other_cis_give_tokens() {
    let sigstore = Sigstore::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let program = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path
    };
    let given = |arguments: &str, claims: &Value| {
        let token = sigstore.token(claims);
        format!("[ \"$*\" = '{arguments}' ] && echo '{token}'")
    };
    let agent = program("agent", given("oidc request-token --audience sigstore", &claims::buildkite()));
    assert_eq!(identity(&sigstore, Source::Buildkite(agent)).await.unwrap(), "https://buildkite.com/octo/app");
    let arguments = r#"run oidc get --root-issuer --claims {"aud":"sigstore"}"#;
    let circle = program("circle", given(arguments, &claims::circleci()));
    assert!(identity(&sigstore, Source::CircleCi(circle)).await.unwrap().starts_with("https://circleci.com/"));

    for (text, expected) in [
        ("exit 3", "ends with exit status: 3"),
        ("true", "not a JSON Web Token"),
        ("head -c 100000 /dev/zero | tr '\\0' x", "more than 65536 bytes"),
    ] {
        let source = Source::Buildkite(program("wrong", text.to_owned()));
        let text = everything(&identity(&sigstore, source).await.unwrap_err());
        assert!(text.contains(expected), "{text}");
    }
    let absent = identity(&sigstore, Source::CircleCi(folder.path().join("absent"))).await.unwrap_err();
    assert!(everything(&absent).contains("does not run"));
}

#[tokio::test]
async fn tokens_that_would_be_refused_are_shown_to_nobody() {
    let sigstore = Sigstore::start().await.unwrap();
    let with = |name: &str, value: Value| {
        let mut claims = claims::github();
        claims[name] = value;
        sigstore.token(&claims)
    };
    for (token, expected) in [
        (with("exp", json!(1_600_000_000)), "expired at 2020-09-13T12:26:40Z"),
        (with("aud", json!("https://elsewhere.example")), "is for https://elsewhere.example, not for `sigstore`"),
        (with("aud", json!(["a", "b"])), "is for a, b, not for `sigstore`"),
        (with("aud", json!(null)), "is for nobody, not for `sigstore`"),
        (with("exp", json!("soon")), "has no `exp`"),
        (with("iss", json!(null)), "has no `iss`"),
        ("a.b".to_owned(), "not a JSON Web Token"),
        ("a.!.c".to_owned(), "not a JSON Web Token"),
        (String::new(), "not a JSON Web Token"),
    ] {
        let error = identity(&sigstore, Source::Variable(Secret::new(token.clone()))).await.unwrap_err();
        let text = everything(&error);
        assert!(text.contains(expected), "{text}");
        assert!(token.is_empty() || !text.contains(&token), "{text}");
    }
    assert_eq!(sigstore.asked().len(), 0);
    identity(&sigstore, Source::Variable(Secret::new(with("aud", json!(["sigstore", "b"]))))).await.unwrap_err();
    assert_eq!(sigstore.requests(Service::Authority), 1, "several audiences are for the authority to judge");
}

#[test]
fn nothing_prints_a_token() {
    let text = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJpIiwic3ViIjoicyIsImV4cCI6MX0.c2lnbmF0dXJl";
    let token = IdentityToken::read(text).unwrap();
    assert_eq!(format!("{token:?}"), "IdentityToken(of i)");
    let sources = [
        Source::Given(token),
        Source::Variable(Secret::new(text)),
        Source::GitHub { url: Secret::new(text), token: Secret::new(text) },
    ];
    for source in sources {
        let printed = format!("{source:?} {source}");
        assert!(text.split('.').all(|part| !printed.contains(part)), "{printed}");
    }
}
