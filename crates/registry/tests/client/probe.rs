//! Asking a registry how it is.

use crate::world::{World, always, answer};
use consign_registry::{ErrorKind, RegistryError};

#[tokio::test]
async fn says_whether_referrers_are_listed_and_writes_nothing() {
    for referrers_api in [true, false] {
        let world = World::with(|options| options.referrers_api = referrers_api).await;
        let probe = world.client.probe(&world.repository).await.unwrap();
        assert_eq!(probe.referrers, Some(referrers_api));
        assert_eq!(world.registry.writes(), 0);
    }
}

#[tokio::test]
async fn passes_on_the_clock() {
    let world = World::new().await;
    let date = [("date", "Sat, 21 Nov 2026 10:00:00 GMT")];
    always(&world.registry, |_, _| true, move || answer(404, &date, "{}"));
    let probe = world.client.probe(&world.repository).await.unwrap();
    assert_eq!((probe.referrers, probe.date.as_deref()), (Some(false), Some("Sat, 21 Nov 2026 10:00:00 GMT")));
}

#[tokio::test]
async fn a_repository_that_is_not_there_says_nothing() {
    let world = World::new().await;
    let body = r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#;
    always(&world.registry, |_, _| true, move || answer(404, &[], body));
    assert_eq!(world.client.probe(&world.repository).await.unwrap().referrers, None);
}

#[tokio::test]
async fn what_refuses_or_is_no_registry_is_an_error() {
    for (status, expected) in [(401, ErrorKind::Unauthorized), (403, ErrorKind::Denied)] {
        let world = World::new().await;
        always(&world.registry, |_, _| true, move || answer(status, &[], "{}"));
        assert_eq!(world.client.probe(&world.repository).await.unwrap_err().kind(), expected);
    }
    let world = World::new().await;
    always(&world.registry, |_, _| true, || answer(200, &[("content-type", "text/html")], "<p>Hello.</p>"));
    let error = world.client.probe(&world.repository).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotARegistry { .. }), "{error}");
    // Pages for what is not known are no reason to doubt a registry.
    let world = World::new().await;
    let page = |_: &str, path: &str| path.contains("/referrers/");
    always(&world.registry, page, || answer(404, &[("content-type", "text/html")], "<p>Nothing.</p>"));
    assert_eq!(world.client.probe(&world.repository).await.unwrap().referrers, Some(false));
}
