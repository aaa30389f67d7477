//! The public learns nothing of a repository that it does not see.

use crate::world::{everything, impatience, services, web};
use consign_keyless::{
    Disclosure, IdentityToken, KeylessError, Log, LogService, LogVersion, Options, Services, Session, Source,
    Visibility,
};
use consign_testkit::sigstore::{Sigstore, claims};
use jiff::Timestamp;
use serde_json::{Value, json};

fn with(mut claims: Value, name: &str, value: &str) -> Value {
    claims[name] = json!(value);
    claims
}

fn given(sigstore: &Sigstore, claims: &Value) -> Source {
    Source::Given(IdentityToken::read(&sigstore.token(claims)).unwrap())
}

#[tokio::test]
async fn public_services_are_not_asked_for_a_private_repository() {
    let sigstore = Sigstore::start().await.unwrap();
    let own = services(&sigstore, 1);
    let rekor = LogService { url: "https://rekor.sigstore.dev".parse().unwrap(), version: LogVersion::V1 };
    for (claims, visibility, repository) in [
        (with(claims::github(), "repository_visibility", "private"), Some(Visibility::Private), Some("octo/app")),
        (with(claims::github(), "repository_visibility", "internal"), Some(Visibility::Internal), Some("octo/app")),
        (with(claims::gitlab(), "project_visibility", "private"), Some(Visibility::Private), Some("octo/app")),
        (with(claims::github(), "repository_visibility", "secret"), Some(Visibility::Private), Some("octo/app")),
        (claims::buildkite(), None, None),
        (claims::person("a@b.example"), None, None),
    ] {
        // The public authority logs its certificates, whatever else is logged.
        let public = Services::public(Timestamp::now()).unwrap();
        for services in [public.clone(), public.with_log(Log::None), own.clone().with_log(Log::Service(rekor.clone()))]
        {
            let session = Session::open(given(&sigstore, &claims), services, Options::default(), web(impatience()));
            let error = session.await.unwrap_err();
            let KeylessError::Disclosure { service, repository: found, visibility: found_visibility } = &error else {
                panic!("{}", everything(&error));
            };
            assert!(service.ends_with(".sigstore.dev/"), "{service}");
            assert_eq!((found.as_deref(), *found_visibility), (repository, visibility));
        }
    }
    assert_eq!(sigstore.asked().len(), 0);
}

#[tokio::test]
async fn services_of_ones_own_are_asked_and_others_where_that_is_allowed() {
    let sigstore = Sigstore::start().await.unwrap();
    let claims = with(claims::github(), "repository_visibility", "private");
    let own = services(&sigstore, 1);
    let open = |services, disclosure| {
        let options = Options { disclosure, check: None };
        Session::open(given(&sigstore, &claims), services, options, web(impatience()))
    };
    open(own.clone(), Disclosure::Refused).await.unwrap();
    let rekor = LogService { url: "https://rekor.sigstore.dev".parse().unwrap(), version: LogVersion::V1 };
    open(own.with_log(Log::Service(rekor)), Disclosure::Allowed).await.unwrap();
}

#[tokio::test]
async fn a_signature_of_no_time_is_not_made() {
    let sigstore = Sigstore::start().await.unwrap();
    let mut list = sigstore.signing_config(2);
    list["tsaUrls"] = json!([]);
    let read = |list: &Value| Services::read(list.to_string().as_bytes(), Timestamp::now()).unwrap();
    let newer = read(&list);
    list["rekorTlogUrls"] = sigstore.signing_config(1)["rekorTlogUrls"].clone();
    let older = read(&list);
    let open =
        |services| Session::open(given(&sigstore, &claims::github()), services, Options::default(), web(impatience()));
    for services in [newer, older.clone().with_log(Log::None)] {
        assert!(matches!(open(services).await, Err(KeylessError::NoTime)));
    }
    assert_eq!(sigstore.asked().len(), 0);
    open(older).await.unwrap();
}
