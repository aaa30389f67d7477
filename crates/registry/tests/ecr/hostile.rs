//! Answers that are not what they should be. Whatever they hold, nobody else is shown a secret.

use crate::world::World;
use axum::body::Body;
use axum::http::Response;
use consign_registry::aws::{Container, Profile, Sources};
use consign_testkit::aws::Aws;

const ROLE: &str = "arn:aws:iam::123456789012:role/push";

/// What each service is asked, and sources that ask it.
fn questions(world: &World) -> Vec<(&'static str, Sources)> {
    let container = Container { url: format!("{}/container", world.aws.address()), ..Container::default() };
    let github = Sources { github: Some(world.github()), role: Some(ROLE.to_owned()), ..world.sources() };
    let container = Sources { container: Some(container), ..world.sources() };
    let machine = Sources { metadata: Some(world.aws.address().to_owned()), ..world.sources() };
    vec![
        ("GET /github?a=b&audience=sts.amazonaws.com", github.clone()),
        ("AssumeRoleWithWebIdentity", github),
        ("GET /container", container.clone()),
        ("GET /latest/meta-data/iam/security-credentials/", machine.clone()),
        ("GET /latest/meta-data/iam/security-credentials/machine", machine),
        ("GetAuthorizationToken", container),
    ]
}

fn response(status: u16, location: Option<&str>, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::builder().status(status);
    if let Some(location) = location {
        response = response.header("location", location);
    }
    response.body(body.into()).unwrap()
}

#[tokio::test]
async fn what_is_no_answer_is_an_error_and_never_quoted() {
    const MACHINE_ROLES: &str = "GET /latest/meta-data/iam/security-credentials/";
    let bodies: [String; 6] = [
        String::new(),
        "hunter2".to_owned(),
        r#"{"value":["hunter2"],"AccessKeyId":7,"SecretAccessKey":"hunter2"}"#.to_owned(),
        r#"{"authorizationData":[{"authorizationToken":"hunter2","expiresAt":1e300}]}"#.to_owned(),
        r#"{"authorizationData":[]}"#.to_owned(),
        format!("<Credentials><SecretAccessKey>hunter2</SecretAccessKey>{}", "x".repeat(1 << 20)),
    ];
    let world = World::new().await;
    for (what, sources) in questions(&world) {
        for (nth, body) in bodies.iter().enumerate() {
            let told = body.clone();
            let world = World::new().await;
            let sources = moved(&sources, &world);
            world.aws.hook(move |asked| (asked.what == what).then(|| response(200, None, told.clone())));
            let error = world.client_of(sources, |_| {}).push("one").await.unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(!text.contains("hunter2") || what == MACHINE_ROLES, "{what} {nth}: {text}");
            if nth == 5 && what != MACHINE_ROLES {
                assert!(text.contains("more than 262144 bytes"), "{what}: {text}");
            }
        }
    }
}

/// Asks the services of another world.
fn moved(sources: &Sources, world: &World) -> Sources {
    Sources {
        github: sources.github.as_ref().map(|_| world.github()),
        container: sources
            .container
            .as_ref()
            .map(|_| Container { url: format!("{}/container", world.aws.address()), ..Container::default() }),
        metadata: sources.metadata.as_ref().map(|_| world.aws.address().to_owned()),
        role: sources.role.clone(),
        ..world.sources()
    }
}

#[tokio::test]
async fn nobody_is_sent_elsewhere() {
    let elsewhere = Aws::start().await.unwrap();
    let world = World::new().await;
    for (what, sources) in questions(&world) {
        for status in [301, 302, 307, 308] {
            let world = World::new().await;
            let location = format!("{}/container", elsewhere.address());
            let sources = moved(&sources, &world);
            world.aws.hook(move |asked| (asked.what == what).then(|| response(status, Some(&location), "")));
            world.client_of(sources, |_| {}).push("one").await.unwrap_err();
        }
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_machine_cannot_name_another_path() {
    for role in ["../../user-data", "//evil.example/x", "a?b", "http://evil.example/", "\\\\evil"] {
        let world = World::new().await;
        world.aws.answer("GET /latest/meta-data/iam/security-credentials/", 200, role);
        let metadata = Some(world.aws.address().to_owned());
        let client = world.client_of(Sources { metadata, ..world.sources() }, |_| {});
        let error = client.push("one").await.unwrap_err();
        assert!(error.to_string().contains("it names a role that is none"), "{role}: {error}");
        assert_eq!(world.aws.names().len(), 2);
    }
}

#[tokio::test]
async fn words_are_fit_for_a_terminal() {
    let world = World::new().await;
    let long = "x".repeat(10_000);
    let body = format!("<Error><Code>Access\u{1b}[31mDenied</Code><Message>a\nb{long}</Message></Error>");
    world.aws.answer("AssumeRoleWithWebIdentity", 403, body);
    let sources = Sources { github: Some(world.github()), role: Some(ROLE.to_owned()), ..world.sources() };
    let text = world.client_of(sources, |_| {}).push("one").await.unwrap_err().to_string();
    assert!(text.len() < 1000 && !text.contains(char::is_control), "{text:?}");
}

#[tokio::test]
async fn whom_a_refused_token_is_about_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    // {"sub":"repo:team/app:environment:test"}
    std::fs::write(&file, "hunter2.eyJzdWIiOiJyZXBvOnRlYW0vYXBwOmVudmlyb25tZW50OnRlc3QifQ.hunter2").unwrap();
    let world = World::new().await;
    let message = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
    let body = format!("<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>");
    world.aws.answer("AssumeRoleWithWebIdentity", 403, body);
    let sources = Sources { identity_file: Some(file), role: Some(ROLE.to_owned()), ..world.sources() };
    let error = world.client_of(sources, |_| {}).push("one").await.unwrap_err();
    assert_eq!(error.missing_action(), Some("sts:AssumeRoleWithWebIdentity"));
    let text = error.to_string();
    assert!(text.ends_with(&format!("{message}; the token's `sub` is `repo:team/app:environment:test`")), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn nothing_prints_what_is_secret() {
    let world = World::new().await;
    let mut sources = world.sources();
    sources.keys = Some(consign_registry::aws::Keys::new("AKID", "hunter2", Some("hunter2".to_owned())));
    sources.github = Some(world.github());
    sources.container =
        Some(Container { token: Some(consign_registry::Secret::new("hunter2")), ..Container::default() });
    let environment = std::collections::BTreeMap::from([("X".to_owned(), consign_registry::Secret::new("hunter2"))]);
    sources.profile = Some(Profile { environment, ..Profile::default() });
    let text = format!("{sources:?}");
    assert!(!text.contains("hunter2") && !text.contains("AKID") && !text.contains("github?"), "{text}");
}
