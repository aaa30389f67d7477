use crate::world::{World, always, answer};
use consign_oci::Tag;
use consign_registry::{ErrorKind, RegistryError};
use consign_testkit::registry::Fault;
use std::sync::atomic::{AtomicUsize, Ordering};

fn tags<const N: usize>(tags: [&str; N]) -> Vec<Tag> {
    tags.iter().map(|tag| tag.parse().unwrap()).collect()
}

#[tokio::test]
async fn all_pages_are_read() {
    let world = World::new().await;
    assert_eq!(world.client.tags(&world.repository).await.unwrap(), tags([]));
    for tag in ["b", "1.0", "latest", "a"] {
        world.push_image(Some(tag), "x").await;
    }
    world.asked();
    assert_eq!(world.client.tags(&world.repository).await.unwrap(), tags(["1.0", "a", "b", "latest"]));
    assert_eq!(world.asked().len(), 1);
    // A registry with small pages of its own.
    world.registry.hook(|head| {
        let uri = head.uri.to_string();
        uri.ends_with("n=1000").then(|| {
            let link = [("link", "</v2/team/app/tags/list?n=2&last=a>; rel=\"next\"")];
            Fault::Answer(answer(200, &link, r#"{"name":"team/app","tags":["1.0","a"]}"#))
        })
    });
    assert_eq!(world.client.tags(&world.repository).await.unwrap(), tags(["1.0", "a", "b", "latest"]));
    assert_eq!(world.asked(), ["GET tags/list?n=1000 200", "GET tags/list?n=2&last=a 200"]);
}

#[tokio::test]
async fn a_list_that_breaks_off_is_no_list() {
    let world = World::new().await;
    world.push_image(Some("a"), "x").await;
    world.registry.hook(|head| {
        head.uri.to_string().ends_with("n=1000").then(|| {
            let link = [("link", "</v2/team/app/tags/list?n=2&last=a>; rel=\"next\"")];
            Fault::Answer(answer(200, &link, r#"{"name":"team/app","tags":["a"]}"#))
        })
    });
    let gone = || answer(404, &[], r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#);
    always(&world.registry, |_, path| path.contains("last=a"), gone);
    let error = world.client.tags(&world.repository).await.unwrap_err();
    assert!(matches!(error, RegistryError::Answer { status: 404, .. }), "{error:?}");
}

#[tokio::test]
async fn odd_lists() {
    for (body, expected) in [
        (r#"{"name":"a","tags":null}"#, Some(tags([]))),
        (r#"{}"#, Some(tags([]))),
        // What is no tag cannot be asked for.
        (r#"{"tags":["ok","-x","../..","a b",""]}"#, Some(tags(["ok"]))),
        (r#"{"tags":[1]}"#, None),
        ("[]", None),
        ("<html>", None),
        ("", None),
    ] {
        let world = World::new().await;
        always(&world.registry, |_, _| true, move || answer(200, &[], body));
        match (world.client.tags(&world.repository).await, expected) {
            (Ok(found), Some(expected)) => assert_eq!(found, expected, "{body}"),
            (Err(RegistryError::Protocol { .. }), None) => {}
            (found, _) => panic!("{body}: {found:?}"),
        }
    }
    let world = World::new().await;
    always(&world.registry, |_, _| true, || answer(200, &[], vec![b' '; (8 << 20) + 1]));
    let error = world.client.tags(&world.repository).await.unwrap_err();
    assert!(matches!(error, RegistryError::TooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn a_failure_is_no_list() {
    let world = World::new().await;
    always(&world.registry, |_, _| true, || answer(403, &[], ""));
    assert_eq!(world.client.tags(&world.repository).await.unwrap_err().kind(), ErrorKind::Denied);
}

#[tokio::test]
async fn pages_that_lead_astray_are_refused() {
    let other = World::new().await;
    let elsewhere = format!("http://{}/v2/team/app/tags/list", other.registry.host());
    for (target, requests) in [("?n=1000", 1), ("?n=2", 2), (elsewhere.as_str(), 1), ("file:///etc/passwd", 1)] {
        let world = World::new().await;
        let link = format!("<{target}>; rel=\"next\"");
        always(&world.registry, |_, _| true, move || answer(200, &[("link", &link)], r#"{"tags":["a"]}"#));
        let error = world.client.tags(&world.repository).await.unwrap_err();
        assert!(matches!(error, RegistryError::Protocol { .. }), "{target}: {error:?}");
        assert_eq!(world.registry.requests(), requests, "{target}");
    }
    assert_eq!(other.registry.requests(), 0);
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    let world = World::new().await;
    let page = AtomicUsize::new(0);
    world.registry.hook(move |_| {
        let link = format!("<?page={}>; rel=\"next\"", page.fetch_add(1, Ordering::Relaxed));
        Some(Fault::Answer(answer(200, &[("link", &link)], r#"{"tags":[]}"#)))
    });
    let error = world.client.tags(&world.repository).await.unwrap_err();
    assert!(matches!(error, RegistryError::Protocol { .. }), "{error:?}");
    assert_eq!(world.registry.requests(), 1000);
}
