//! Registries of clouds that have certificates of their own.

use crate::world::{Pusher, World, names};
use axum::body::Body;
use axum::http::Response;
use consign_registry::cloud::{Azure, AzureEndpoints, Cloud};
use consign_registry::{HostOptions, Secret, Tls};
use consign_testkit::certificates;
use consign_testkit::front::{Clients, Front};
use consign_testkit::registry::Fault;
use consign_testkit::tools::peer;
use std::fs;

#[tokio::test]
async fn tokens_are_exchanged_over_the_registrys_own_connections() {
    let Some(openssl) = peer("openssl") else { return };
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    certificates::make(&openssl, folder.path()).unwrap();
    let front = Front::start(&world.registry.host(), folder.path(), "server", Clients::MustShow).await.unwrap();
    let challenge = format!("Bearer realm=\"https://{}/oauth2/token\",service=\"x\"", front.host());
    world.registry.hook(|head| match head.uri.path() {
        "/oauth2/exchange" => Some(Fault::bytes(br#"{"refresh_token":"refresh"}"#)),
        "/oauth2/token" => Some(Fault::bytes(br#"{"access_token":"final"}"#)),
        _ => None,
    });
    world.guard("Bearer final", &challenge);
    world.services.hook(|asked| {
        asked.what.starts_with("POST /tenant/").then(|| Response::new(Body::from(r#"{"access_token":"entra"}"#)))
    });
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let mut tls = Tls::default();
    tls.trust(text("authority.pem").as_bytes()).unwrap();
    tls.identify(text("client.pem").as_bytes(), &Secret::new(text("client.key"))).unwrap();
    let [tenant, client] = ["tenant", "client"].map(|text| Some(text.to_owned()));
    let endpoints = AzureEndpoints { authority: Some(world.at("")), exchange: None };
    let cloud = Cloud::Azure(Azure { tenant, client, secret: Some(Secret::new("x")), endpoints, ..Azure::default() });
    let host = HostOptions { cloud: Some(cloud), tls, plain_http: Some(false), ..HostOptions::default() };
    Pusher::new(format!("{}/team/app", front.host()).parse().unwrap(), host).push("one").await.unwrap();
    assert_eq!(names(&world.services.asked()), ["POST /tenant/oauth2/v2.0/token"]);
    let shown = front.shown();
    assert!(!shown.is_empty() && shown.iter().all(|shown| *shown), "{shown:?}");
}
