//! Repositories that are made when they are first pushed to.

use crate::world::World;
use consign_oci::{Descriptor, Document, Exact, Manifest, Target};
use consign_registry::ecr::{Encryption, NewRepository};
use consign_registry::{ErrorKind, Pushed, RegistryError};
use futures::future::try_join_all;
use std::collections::BTreeMap;

const POLICY: &str = r#"{"rules":[]}"#;

fn manifest() -> Document {
    Document::Manifest(Exact::write(Manifest::new(Descriptor::empty(), Vec::new())).unwrap())
}

#[tokio::test]
async fn nobody_makes_a_repository_that_nobody_asked_for() {
    let world = World::empty().await;
    for create in [None, Some(false)] {
        let error = world.client(|ecr| ecr.create = create).push("one").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(world.aws.names(), ["GetAuthorizationToken"]);
    }
    // Where the default is to make them, one who said no is heard.
    let client = world.client(|ecr| {
        ecr.create = Some(false);
        ecr.create_by_default();
    });
    assert_eq!(client.push("one").await.unwrap_err().kind(), ErrorKind::NotFound);
    // And none is made for one who reads.
    let client = world.client(|ecr| ecr.create_by_default());
    assert_eq!(client.client.manifest(&world.repository, &Target::Tag("1".parse().unwrap())).await.unwrap(), None);
    assert!(!world.aws.names().contains(&"CreateRepository".to_owned()));
}

#[tokio::test]
async fn the_first_push_makes_it() {
    let world = World::empty().await;
    let client = world.client(|ecr| {
        ecr.create_by_default();
        ecr.new = NewRepository {
            encryption: Some(Encryption::Aes256),
            resource_tags: BTreeMap::from([("team".to_owned(), "web".to_owned())]),
            lifecycle_policy: Some(POLICY.to_owned()),
            ..NewRepository::default()
        };
    });
    let pushed = try_join_all(["a", "b", "c"].map(|text| client.push(text))).await.unwrap();
    assert_eq!(pushed, [Pushed::Uploaded; 3]);
    let asked = world.aws.asked();
    let names: Vec<&str> = asked.iter().map(|asked| asked.what.as_str()).collect();
    assert_eq!(names, ["GetAuthorizationToken", "CreateRepository", "PutLifecyclePolicy"]);
    assert!(asked[1].body.contains(r#""repositoryName":"team/app""#), "{}", asked[1].body);
    assert!(asked[1].body.contains(r#"{"encryptionType":"AES256"}"#), "{}", asked[1].body);
    assert!(asked[2].body.contains(r#""lifecyclePolicyText":"{\"rules\":[]}""#), "{}", asked[2].body);
}

#[tokio::test]
async fn a_manifest_makes_it_too() {
    let world = World::empty().await;
    let client = world.client(|ecr| ecr.create = Some(true));
    let document = manifest();
    let error = client.client.put_manifest(&world.repository, &document.digest().clone().into(), &document).await;
    // The repository is there, but not what the manifest refers to.
    let RegistryError::Answer { code: Some(code), .. } = error.unwrap_err() else { panic!("another error") };
    assert_ne!(code, "NAME_UNKNOWN");
    assert_eq!(world.aws.names(), ["GetAuthorizationToken", "CreateRepository"]);
}

#[tokio::test]
async fn one_that_somebody_else_made_is_left_as_it_is() {
    let world = World::empty().await;
    let exists = r#"{"__type":"RepositoryAlreadyExistsException","message":"it exists"}"#;
    world.aws.answer("CreateRepository", 400, exists);
    let client = world.client(|ecr| {
        ecr.create = Some(true);
        ecr.new.lifecycle_policy = Some(POLICY.to_owned());
    });
    // It is not there for all that, so the second try says so. There is no third.
    assert_eq!(client.push("one").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(world.aws.names(), ["GetAuthorizationToken", "CreateRepository"]);
}

#[tokio::test]
async fn the_action_that_is_not_allowed_is_named() {
    const NAMED: &str =
        "User: arn:aws:sts::1:assumed-role/push/consign is not authorized to perform: ecr:TagResource on resource: *";
    for (operation, message, expected) in [
        ("GetAuthorizationToken", "", "ecr:GetAuthorizationToken"),
        ("CreateRepository", "no", "ecr:CreateRepository"),
        ("CreateRepository", NAMED, "ecr:TagResource"),
        ("PutLifecyclePolicy", "", "ecr:PutLifecyclePolicy"),
    ] {
        let world = World::empty().await;
        let body = format!(r#"{{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"{message}"}}"#);
        world.aws.answer(operation, 400, body);
        let client = world.client(|ecr| {
            ecr.create = Some(true);
            ecr.new.lifecycle_policy = Some(POLICY.to_owned());
        });
        let error = client.push("one").await.unwrap_err();
        assert_eq!((error.kind(), error.missing_action()), (ErrorKind::Denied, Some(expected)), "{error}");
        assert!(error.to_string().contains(&format!("AWS refuses ecr:{operation} (400)")), "{error}");
        // That repository stays without one.
        let is_made = error.to_string().starts_with("team/app was made, but without its lifecycle policy");
        assert_eq!(is_made, operation == "PutLifecyclePolicy", "{error}");
    }
}

#[tokio::test]
async fn the_registry_names_it_too() {
    let world = World::new().await;
    let body = r#"{"errors":[{"code":"DENIED","message":"User: arn is not authorized to perform: ecr:InitiateLayerUpload on resource: x"}]}"#;
    world.registry.hook(move |_| {
        let mut response = axum::http::Response::new(axum::body::Body::from(body));
        *response.status_mut() = axum::http::StatusCode::FORBIDDEN;
        Some(consign_testkit::registry::Fault::Answer(response))
    });
    let error = world.client(|_| {}).push("one").await.unwrap_err();
    assert_eq!((error.kind(), error.missing_action()), (ErrorKind::Denied, Some("ecr:InitiateLayerUpload")));
}
