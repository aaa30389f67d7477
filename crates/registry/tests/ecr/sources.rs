//! Where keys come from, and which source counts before which.

use crate::world::World;
use consign_registry::aws::{Container, Keys, Profile, Sources};
use consign_registry::{ErrorKind, Secret};
use std::fs;

const PUT_TOKEN: &str = "PUT /latest/api/token";
const ROLES: &str = "GET /latest/meta-data/iam/security-credentials/";

/// Takes a source away.
type Take = fn(&mut Sources);

#[tokio::test]
async fn the_first_source_that_there_is_counts() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let [identity, profile] = ["identity", "credentials"].map(|name| folder.path().join(name));
    fs::write(&identity, "token").unwrap();
    fs::write(&profile, "[default]\naws_access_key_id=AKIDPROFILE\naws_secret_access_key=hunter2\n").unwrap();
    let mut sources = Sources {
        keys: Some(Keys::new("AKIDSTATED", "hunter2", Some("session".to_owned()))),
        role: Some("role".to_owned()),
        identity_file: Some(identity),
        github: Some(world.github()),
        container: Some(Container { url: format!("{}/container", world.aws.address()), ..Container::default() }),
        profile: Some(Profile { name: "default".to_owned(), files: vec![profile], ..Profile::default() }),
        metadata: Some(world.aws.address().to_owned()),
        ..world.sources()
    };
    let machine = format!("{ROLES}machine");
    let takers: [(Take, &str, &[&str]); 6] = [
        (|sources| sources.keys = None, "AKIDSTATED", &[]),
        (|sources| sources.identity_file = None, "AKIDROLE", &["AssumeRoleWithWebIdentity"]),
        (
            |sources| sources.github = None,
            "AKIDROLE",
            &["GET /github?a=b&audience=sts.amazonaws.com", "AssumeRoleWithWebIdentity"],
        ),
        (|sources| sources.container = None, "AKIDHERE", &["GET /container"]),
        (|sources| sources.profile = None, "AKIDPROFILE", &[]),
        (|sources| sources.metadata = None, "AKIDHERE", &[PUT_TOKEN, ROLES, &machine]),
    ];
    for (take, id, before) in takers {
        world.client_of(sources.clone(), |_| {}).push("one").await.unwrap();
        let asked = world.aws.asked();
        let (last, others) = asked.split_last().unwrap();
        assert_eq!(others.iter().map(|asked| asked.what.as_str()).collect::<Vec<_>>(), before, "{id}");
        assert!(last.authorization.contains(&format!("Credential={id}/")), "{id}: {}", last.authorization);
        take(&mut sources);
    }
    assert!(world.client_of(sources, |_| {}).push("one").await.is_err());
}

#[tokio::test]
async fn a_container_shows_what_it_was_given() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, "of the file\n").unwrap();
    let token = Some(Secret::new("of the environment"));
    for (token, token_file, expected) in
        [(None, None, ""), (token.clone(), None, "of the environment"), (token, Some(file), "of the file")]
    {
        let url = format!("{}/container", world.aws.address());
        let container = Some(Container { url, token, token_file });
        world.client_of(Sources { container, ..world.sources() }, |_| {}).push("one").await.unwrap();
        assert_eq!(world.aws.asked()[0].authorization, expected);
    }
}

#[tokio::test]
async fn a_machine_shows_its_token() {
    let world = World::new().await;
    let metadata = Some(world.aws.address().to_owned());
    world.client_of(Sources { metadata, ..world.sources() }, |_| {}).push("one").await.unwrap();
    let asked = world.aws.asked();
    assert!(asked[0].headers.contains("x-aws-ec2-metadata-token-ttl-seconds: "));
    for asked in &asked[1..3] {
        assert!(asked.headers.contains("x-aws-ec2-metadata-token: metadata token\n"), "{}", asked.headers);
    }
}

#[tokio::test]
async fn a_machine_without_a_role_is_asked_once() {
    let world = World::new().await;
    world.aws.answer(ROLES, 404, "");
    let metadata = Some(world.aws.address().to_owned());
    let client = world.client_of(Sources { metadata, ..world.sources() }, |_| {});
    for expected in [&[PUT_TOKEN, ROLES][..], &[]] {
        assert_eq!(client.push("one").await.unwrap_err().kind(), ErrorKind::Unauthorized);
        assert_eq!(world.aws.names(), expected);
    }
}

#[tokio::test]
async fn a_source_that_is_named_must_have_keys() {
    let world = World::new().await;
    let absent = std::path::PathBuf::from("/absent/file");
    let container = |url: &str| Container { url: url.to_owned(), ..Container::default() };
    let role = || Some("role".to_owned());
    let here = |path: &str| format!("{}{path}", world.aws.address());
    for (sources, expected) in [
        (Sources { identity_file: Some(absent.clone()), role: role(), ..world.sources() }, "/absent/file"),
        (Sources { container: Some(container(&here("/elsewhere"))), ..world.sources() }, "it answers 404"),
        (Sources { container: Some(container("http://10.0.0.1/x")), ..world.sources() }, "is not reached by HTTPS"),
        (
            Sources {
                container: Some(Container { token_file: Some(absent), ..container(&here("/container")) }),
                ..world.sources()
            },
            "/absent/file",
        ),
        (
            Sources {
                profile: Some(Profile { name: "x".to_owned(), is_stated: true, ..Profile::default() }),
                ..world.sources()
            },
            "there is none of the name `x`",
        ),
        (Sources { metadata: Some("http://10.0.0.1".to_owned()), ..world.sources() }, "is not reached by HTTPS"),
    ] {
        let error = world.client_of(sources, |_| {}).push("one").await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
