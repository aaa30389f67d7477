//! Keys become a login, which is kept.

use crate::world::{World, stated};
use consign_registry::aws::{AwsError, Keys, Sources};
use consign_registry::ecr::{Ecr, Registry};
use consign_registry::{ErrorKind, HostOptions, Pushed, RegistryError};
use consign_testkit::registry::Fault;
use futures::future::try_join_all;
use std::sync::Arc;

const ROLE: &str = "arn:aws:iam::123456789012:role/push";

#[tokio::test]
async fn three_requests_from_nothing_to_a_push() {
    let world = World::new().await;
    let github = Some(world.github());
    let client = world.client_of(Sources { github, ..world.sources() }, |ecr| ecr.role = Some(ROLE.to_owned()));
    assert_eq!(client.push("one").await.unwrap(), Pushed::Uploaded);
    let asked = world.aws.asked();
    let names: Vec<&str> = asked.iter().map(|asked| asked.what.as_str()).collect();
    assert_eq!(
        names,
        ["GET /github?a=b&audience=sts.amazonaws.com", "AssumeRoleWithWebIdentity", "GetAuthorizationToken"]
    );
    // What was shown, to whom, and what not.
    assert_eq!(asked[0].authorization, "bearer hunter2 job");
    assert_eq!(asked[1].authorization, "");
    let role = "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpush&RoleSessionName=consign";
    assert!(asked[1].body.contains(&format!("{role}&WebIdentityToken=identity+hunter2")), "{}", asked[1].body);
    assert!(asked[2].authorization.contains("Credential=AKIDROLE/"), "{}", asked[2].authorization);
    assert!(asked[2].authorization.contains("/eu-central-1/ecr/aws4_request"), "{}", asked[2].authorization);
    assert!(asked[2].headers.contains("x-amz-security-token: session\n"));
    // The registry is not asked how it wants to be logged in to.
    assert_eq!(world.lines().len(), 1);
    // Clones have the login, and other repositories take it.
    client.client.clone().manifest(&client.repository, &consign_oci::Target::Tag("1".parse().unwrap())).await.unwrap();
    client.push("two").await.unwrap();
    assert!(world.aws.names().is_empty());
}

#[tokio::test]
async fn of_many_at_once_one_asks() {
    let world = World::new().await;
    let client = world.client(|_| {});
    try_join_all(["a", "b", "c", "d", "e", "f"].map(|text| client.push(text))).await.unwrap();
    assert_eq!(world.aws.names(), ["GetAuthorizationToken"]);
}

#[tokio::test]
async fn what_was_refused_is_not_asked_for_again_at_once() {
    let world = World::new().await;
    world.aws.answer("GetAuthorizationToken", 400, r#"{"__type":"AccessDeniedException"}"#);
    let client = world.client(|_| {});
    for asked in [&["GetAuthorizationToken"][..], &[]] {
        let error = client.push("one").await.unwrap_err();
        assert_eq!(error.missing_action(), Some("ecr:GetAuthorizationToken"), "{error}");
        assert_eq!(world.aws.names(), asked);
    }
}

#[tokio::test]
async fn what_ends_soon_is_asked_for_again() {
    let names = ["AssumeRoleWithWebIdentity", "GetAuthorizationToken"];
    // What lasts for a minute is used, but not kept.
    for (keys, logins, expected) in [(60, 60, &names[..]), (3600, 60, &names[1..]), (60, 3600, &[])] {
        let world = World::new().await;
        world.aws.last(keys, logins);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "one\n").unwrap();
        let sources = Sources {
            identity_file: Some(file.clone()),
            role: Some(ROLE.to_owned()),
            session_name: Some("release".to_owned()),
            ..world.sources()
        };
        let client = world.client_of(sources, |_| {});
        client.push("first").await.unwrap();
        let asked = world.aws.asked();
        assert_eq!(asked.iter().map(|asked| asked.what.as_str()).collect::<Vec<_>>(), names);
        assert!(asked[0].body.ends_with("RoleSessionName=release&WebIdentityToken=one"), "{}", asked[0].body);
        // The file is written anew before the token in it ends.
        std::fs::write(&file, "two").unwrap();
        client.push("second").await.unwrap();
        let asked = world.aws.asked();
        assert_eq!(asked.iter().map(|asked| asked.what.as_str()).collect::<Vec<_>>(), expected, "{keys} {logins}");
        for asked in asked.iter().filter(|asked| asked.what == names[0]) {
            assert!(asked.body.ends_with("WebIdentityToken=two"), "{}", asked.body);
        }
    }
}

#[tokio::test]
async fn a_login_that_is_not_taken_is_replaced_once() {
    let world = World::new().await;
    let client = world.client(|_| {});
    client.push("one").await.unwrap();
    // Somebody else's login ends this one.
    world.client(|_| {}).push("two").await.unwrap();
    world.aws.asked();
    client.push("three").await.unwrap();
    assert_eq!(world.aws.names(), ["GetAuthorizationToken"]);
    let challenge = ("www-authenticate", "Basic realm=\"x\"");
    world.registry.hook(move |_| {
        let mut response = axum::http::Response::new(axum::body::Body::empty());
        *response.status_mut() = axum::http::StatusCode::UNAUTHORIZED;
        response.headers_mut().insert(challenge.0, challenge.1.parse().unwrap());
        Some(Fault::Answer(response))
    });
    // The first hook that decides counts: until the login is the newest, the registry itself refuses it.
    world.client(|_| {}).push("four").await.unwrap_err();
    world.aws.asked();
    assert_eq!(client.push("five").await.unwrap_err().kind(), ErrorKind::Unauthorized);
    assert_eq!(world.aws.names(), ["GetAuthorizationToken"]);
}

#[tokio::test]
async fn what_somebody_stated_counts_first() {
    let world = World::new().await;
    // They would be taken.
    let sources = Sources { keys: Some(Keys::new("AKIDSTATED", "hunter2", None)), ..world.sources() };
    let ecr = Ecr::new(Registry::in_region("eu-central-1").unwrap(), Arc::new(sources));
    let client = world.client_with(HostOptions { credentials: stated(), ecr: Some(ecr), ..HostOptions::default() });
    assert_eq!(client.push("one").await.unwrap_err().kind(), ErrorKind::Unauthorized);
    assert!(world.aws.names().is_empty());
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let world = World::new().await;
    let error = world.client_of(world.sources(), |_| {}).push("one").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().starts_with(&format!("there are no AWS credentials for {}", world.registry.host())));
    for (role, github, expected) in [
        (None, Some(world.github()), "nothing names a role"),
        (Some(ROLE.to_owned()), None, "`permissions: id-token: write`"),
    ] {
        let client = world.client_of(Sources { role, github, ..world.sources() }, |_| {});
        let error = client.push("one").await.unwrap_err();
        let RegistryError::Aws(AwsError::NoCredentials { lacks: Some(lacks), .. }) = error else { panic!("{error}") };
        assert!(lacks.contains(expected), "{lacks}");
    }
    assert!(world.aws.names().is_empty());
}
