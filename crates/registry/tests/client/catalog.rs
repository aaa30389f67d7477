use crate::world::{World, always, answer, path};
use consign_oci::RegistryPath;
use consign_registry::{Catalog, ErrorKind, RegistryError};
use consign_testkit::registry::Fault;

fn at(world: &World, path: &str) -> RegistryPath {
    format!("{}{path}", world.registry.host()).parse().unwrap()
}

/// Returns what is listed at a path, as paths.
async fn listed(world: &World, path: &str) -> Result<Option<Vec<String>>, RegistryError> {
    Ok(match world.client.catalog(&at(world, path)).await? {
        Catalog::NotOffered => None,
        Catalog::Listed(found) => Some(found.iter().map(|repository| repository.path().to_owned()).collect()),
    })
}

#[tokio::test]
async fn all_pages_are_read_and_what_lies_elsewhere_is_left_out() {
    let world = World::new().await;
    world.registry.hook(|head| {
        let next = [("link", "</v2/_catalog?last=team/app&n=2>; rel=\"next\"")];
        Some(Fault::Answer(match &*path(head) {
            "/v2/_catalog?n=1000" => answer(200, &next, r#"{"repositories":["a","team/app"]}"#),
            "/v2/_catalog?last=team/app&n=2" => answer(200, &[], r#"{"repositories":["teamwork","team/b/c"]}"#),
            _ => return None,
        }))
    });
    for (path, expected) in [
        ("", &["a", "team/app", "teamwork", "team/b/c"][..]),
        ("/team", &["team/app", "team/b/c"][..]),
        ("/team/app", &["team/app"][..]),
        ("/none", &[][..]),
    ] {
        assert_eq!(listed(&world, path).await.unwrap().unwrap(), expected, "{path}");
    }
}

#[tokio::test]
async fn odd_lists() {
    for (body, expected) in [
        (r#"{"repositories":null}"#, Some(&[][..])),
        ("{}", Some(&[][..])),
        (r#"{"repositories":["ok","../x","UPPER","","a b"]}"#, Some(&["ok"][..])),
        (r#"{"repositories":{}}"#, None),
        ("[]", None),
        ("", None),
    ] {
        let world = World::new().await;
        always(&world.registry, |_, _| true, move || answer(200, &[], body));
        match (listed(&world, "").await, expected) {
            (Ok(Some(found)), Some(expected)) => assert_eq!(found, expected, "{body}"),
            (Err(RegistryError::Protocol { .. }), None) => {}
            (found, _) => panic!("{body}: {found:?}"),
        }
    }
    let world = World::new().await;
    always(
        &world.registry,
        |_, _| true,
        || answer(200, &[], format!(r#"{{"repositories":["a"{}]}}"#, ",\"a\"".repeat(100_000))),
    );
    assert!(matches!(listed(&world, "").await, Err(RegistryError::Protocol { .. })));
}

#[tokio::test]
async fn who_lists_nothing_is_told_from_who_refuses() {
    for (status, body, expected) in [
        (404, "", Ok(None)),
        (405, "", Ok(None)),
        (501, "", Ok(None)),
        (400, r#"{"errors":[{"code":"UNSUPPORTED"}]}"#, Ok(None)),
        (400, "", Err(ErrorKind::Other)),
        (401, "", Err(ErrorKind::Unauthorized)),
        (403, "", Err(ErrorKind::Denied)),
    ] {
        let world = World::new().await;
        always(&world.registry, |_, _| true, move || answer(status, &[], body));
        assert_eq!(listed(&world, "").await.map_err(|error| error.kind()), expected, "{status} {body}");
    }
    // These are not even asked.
    let world = World::new().await;
    for registry in ["docker.io", "ghcr.io", "public.ecr.aws"] {
        assert_eq!(world.client.catalog(&registry.parse().unwrap()).await.unwrap(), Catalog::NotOffered);
    }
}
