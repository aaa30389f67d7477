use crate::world::{World, fields, names};
use consign_registry::cloud::{Azure, Cloud, IdentityService};
use consign_registry::{ErrorKind, Secret};
use std::fs;

const ENTRA: &str = "POST /tenant/oauth2/v2.0/token";
const EXCHANGE: &str = "POST /oauth2/exchange";
const TOKEN: &str = "POST /oauth2/token";
const MACHINE: &str =
    "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fcontainerregistry.azure.net";

async fn world() -> World {
    let world = World::new().await;
    world.guard("Bearer final", &format!("Bearer realm=\"{}\",service=\"team.azurecr.io\"", world.at("/oauth2/token")));
    world.services.answer(EXCHANGE, 200, r#"{"refresh_token":"refresh"}"#);
    world.services.answer(TOKEN, 200, r#"{"access_token":"final"}"#);
    world.services.answer(ENTRA, 200, r#"{"access_token":"entra","expires_in":3599}"#);
    world
}

fn application(world: &World) -> Azure {
    Azure { tenant: Some("tenant".to_owned()), client: Some("client".to_owned()), ..world.azure() }
}

#[tokio::test]
async fn a_secret_is_exchanged_twice() {
    let world = world().await;
    let azure = Azure { secret: Some(Secret::new("hunter2")), github: world.github(), ..application(&world) };
    let client = world.client(Cloud::Azure(azure));
    client.push("one").await.unwrap();
    let asked = world.services.asked();
    assert_eq!(names(&asked), [ENTRA, EXCHANGE, TOKEN]);
    let form = fields(&asked[0]);
    for (name, value) in [
        ("grant_type", "client_credentials"),
        ("client_id", "client"),
        ("client_secret", "hunter2"),
        ("scope", "https://containerregistry.azure.net/.default"),
    ] {
        assert_eq!(form[name], value, "{name}");
    }
    let form = fields(&asked[1]);
    let host = world.registry.host();
    for (name, value) in
        [("grant_type", "access_token"), ("service", &*host), ("tenant", "tenant"), ("access_token", "entra")]
    {
        assert_eq!(form[name], value, "{name}");
    }
    let form = fields(&asked[2]);
    assert_eq!((&*form["grant_type"], &*form["refresh_token"]), ("refresh_token", "refresh"));
    assert_eq!(form["scope"], "repository:team/app:pull,push");
    client.push("two").await.unwrap();
    assert!(!names(&world.services.asked()).contains(&EXCHANGE));
}

#[tokio::test]
async fn an_identity_token_in_place_of_a_secret() {
    let (world, folder) = (world().await, tempfile::tempdir().unwrap());
    let file = folder.path().join("token");
    fs::write(&file, "of kubernetes\n").unwrap();
    let kubernetes = Azure { identity_file: Some(file), github: world.github(), ..application(&world) };
    let github = Azure { github: world.github(), ..application(&world) };
    for (azure, expected) in [(kubernetes, "of kubernetes"), (github, "identity hunter2")] {
        let asked = world.pushed(Cloud::Azure(azure)).await;
        let form = fields(asked.iter().find(|asked| asked.what == ENTRA).unwrap());
        assert_eq!(form["client_assertion"], expected);
        assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        assert!(!form.contains_key("client_secret"));
        let audience = "GET /github?a=b&audience=api%3A%2F%2FAzureADTokenExchange";
        assert_eq!(names(&asked).contains(&audience), expected == "identity hunter2");
    }
}

#[tokio::test]
async fn machines_and_applications_have_identities() {
    let world = world().await;
    let service = "GET /msi?api-version=2019-08-01&resource=https%3A%2F%2Fcontainerregistry.azure.net&client_id=client";
    world.services.answer(service, 200, r#"{"access_token":"entra"}"#);
    world.services.answer(MACHINE, 200, r#"{"access_token":"entra","expires_in":"3599"}"#);
    let identity = IdentityService { url: world.at("/msi"), header: Secret::new("hunter2") };
    let app = Azure { service: Some(identity), client: Some("client".to_owned()), ..world.azure() };
    let asked = world.pushed(Cloud::Azure(app)).await;
    assert_eq!(asked[0].what, service);
    assert!(asked[0].headers.contains("x-identity-header: hunter2\n"));
    let machine = Azure { metadata: Some(world.at("")), ..world.azure() };
    let asked = world.pushed(Cloud::Azure(machine)).await;
    let probe = MACHINE.split('?').next().unwrap();
    assert_eq!(names(&asked), [probe, MACHINE, EXCHANGE, TOKEN]);
    assert!(asked[1].headers.contains("metadata: true\n"));
    assert!(!fields(&asked[2]).contains_key("tenant"));
}

#[tokio::test]
async fn what_entra_says_is_said() {
    let world = World::new().await;
    world.guard("x", "Bearer realm=\"http://127.0.0.1:1/oauth2/token\"");
    let body = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: x"}"#;
    world.services.answer(ENTRA, 401, body);
    let azure = Azure { secret: Some(Secret::new("hunter2")), ..application(&world) };
    let error = world.refused(Cloud::Azure(azure)).await;
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    let text = error.to_string();
    let expected =
        "Microsoft Entra gives no token (401): invalid_client: AADSTS7000215: Invalid client secret provided.";
    assert!(text.starts_with(expected) && !text.contains("hunter2"), "{text}");
}
