//! Repositories as ECR's own service lists them.

use crate::world::{World, stated};
use consign_oci::RegistryPath;
use consign_registry::aws::Sources;
use consign_registry::ecr::{Ecr, Registry};
use consign_registry::{Catalog, HostOptions};
use consign_testkit::registry::{Fault, TestRegistry};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lists what lies at a path, by names without the registry; `None` where the registry does not list it.
async fn listed(client: &consign_registry::Client, at: &str) -> Option<Vec<String>> {
    let at: RegistryPath = at.parse().unwrap();
    match client.catalog(&at).await.unwrap() {
        Catalog::NotOffered => None,
        Catalog::Listed(found) => Some(found.iter().map(|found| found.path().to_owned()).collect()),
    }
}

#[tokio::test]
async fn all_pages_are_read() {
    let world = World::empty().await;
    world.aws.hook(|asked| {
        let page = match asked.body.contains(r#""nextToken":"more""#) {
            false => {
                r#"{"repositories":[{"repositoryName":"team/app"},{"repositoryName":"other"}],"nextToken":"more"}"#
            }
            true => r#"{"repositories":[{"repositoryName":"team/deep/tool"},{"repositoryName":"NO NAME"}]}"#,
        };
        (asked.what == "DescribeRepositories").then(|| axum::http::Response::new(page.into()))
    });
    let pusher = world.client(|_| {});
    let host = world.registry.host();
    assert_eq!(listed(&pusher.client, &format!("{host}/team")).await.unwrap(), ["team/app", "team/deep/tool"]);
    assert_eq!(world.aws.names(), ["DescribeRepositories", "DescribeRepositories"]);
    assert_eq!(world.lines(), [""; 0]);
}

#[tokio::test]
async fn a_refusal_names_the_action() {
    let world = World::empty().await;
    world.aws.answer("DescribeRepositories", 400, r#"{"__type":"AccessDeniedException","message":"no"}"#);
    let at: RegistryPath = world.registry.host().parse().unwrap();
    let error = world.client(|_| {}).client.catalog(&at).await.unwrap_err();
    assert!(error.to_string().contains("ecr:DescribeRepositories"), "{error}");
}

#[tokio::test]
async fn without_keys_and_with_others_the_registry_is_asked() {
    let world = World { registry: TestRegistry::start().await.unwrap(), ..World::empty().await };
    world
        .registry
        .hook(|head| (head.uri.path() == "/v2/_catalog").then(|| Fault::bytes(br#"{"repositories":["team/app"]}"#)));
    let ecr = Ecr::new(Registry::in_region("eu-central-1").unwrap(), Arc::new(world.sources()));
    let stated = HostOptions {
        ecr: Some(ecr),
        repositories: BTreeMap::from([("consign".to_owned(), stated())]),
        ..HostOptions::default()
    };
    let pusher = world.client_with(stated);
    assert_eq!(listed(&pusher.client, &world.registry.host()).await.unwrap(), ["team/app"]);
    assert_eq!(world.aws.names(), [""; 0]);
}

#[tokio::test]
async fn of_the_public_registry_those_of_the_account() {
    let world = World::empty().await;
    let page = r#"{"repositories":[{"repositoryName":"app","repositoryUri":"public.ecr.aws/team/app"}]}"#;
    world.aws.answer("DescribeRepositories", 200, page);
    let client = |sources: Sources| {
        let ecr = Ecr::new(Registry::of("public.ecr.aws").unwrap(), Arc::new(sources));
        let hosts =
            BTreeMap::from([("public.ecr.aws".to_owned(), HostOptions { ecr: Some(ecr), ..HostOptions::default() })]);
        consign_registry::Client::new(consign_registry::Options { hosts, ..Default::default() }).unwrap()
    };
    let keys = consign_registry::aws::Keys::new("AKIDSTATED", "hunter2", None);
    let known = client(Sources { keys: Some(keys), ..world.sources() });
    assert_eq!(listed(&known, "public.ecr.aws/team").await.unwrap(), ["team/app"]);
    assert_eq!(listed(&client(world.sources()), "public.ecr.aws/team").await, None);
}
