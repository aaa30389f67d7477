//! Files and answers that are not what they should be. Whatever they hold, nobody else is shown a secret.

use crate::world::World;
use consign_registry::Secret;
use consign_registry::cloud::{Azure, Cloud, Google};
use consign_testkit::aws::Aws;
use std::fs;

#[tokio::test]
async fn a_file_cannot_name_other_services() {
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    world.guard("x", "Basic realm=\"x\"");
    let file = folder.path().join("file");
    fs::write(folder.path().join("token"), "hunter2").unwrap();
    let token = folder.path().join("token").display().to_string();
    let external = |token_url: &str, source: serde_json::Value| {
        serde_json::json!({
            "type": "external_account", "audience": "x", "subject_token_type": "x", "token_url": token_url,
            "credential_source": source,
        })
    };
    let here = serde_json::json!({ "file": token });
    for (document, expected) in [
        (external("https://sts.example/token", here.clone()), "sts.example is no service of Google's"),
        (external("http://sts.googleapis.com/token", here.clone()), "is not reached by HTTPS"),
        (external(&world.at("/sts"), serde_json::json!({ "url": "http://10.0.0.1/token" })), "is not reached by HTTPS"),
        (external(&world.at("/sts"), serde_json::json!({ "file": "/absent/file" })), "/absent/file"),
        (external(&world.at("/sts"), serde_json::json!({ "environment_id": "aws1" })), "other places are not known"),
        (
            external(&world.at("/sts"), serde_json::json!({ "url": world.at("/x"), "headers": {"Host": "hunter2"} })),
            "headers that are not known",
        ),
        (serde_json::json!({"type": "authorized_user", "refresh_token": "hunter2"}), "it is of neither kind"),
        (
            serde_json::json!({"type": "service_account", "client_email": "x", "private_key_id": "x", "private_key": "hunter2", "token_uri": world.at("/token")}),
            "it is no RSA key",
        ),
        (serde_json::json!("hunter2"), "it is of neither kind"),
    ] {
        fs::write(&file, document.to_string()).unwrap();
        let error = world.refused(Cloud::Google(Google { file: Some(file.clone()), ..world.google() })).await;
        let text = format!("{error} {error:?}");
        assert!(text.contains(expected) && !text.contains("hunter2"), "{text}");
    }
    assert!(world.services.asked().is_empty());
}

#[tokio::test]
async fn what_is_no_token_is_an_error_and_never_quoted() {
    let bodies = ["", "hunter2", r#"{"access_token":["hunter2"]}"#, r#"{"access_token":"hunter2","expires_in":"x y"}"#];
    for body in bodies {
        let world = World::new().await;
        world.guard("x", "Basic realm=\"x\"");
        world.services.answer("POST /v1/token", 200, body);
        let provider = Some("projects/1/locations/global/workloadIdentityPools/p/providers/g".to_owned());
        let error = world.refused(Cloud::Google(Google { provider, github: world.github(), ..world.google() })).await;
        let text = format!("{error} {error:?}");
        assert!(text.contains("its answer is no token") && !text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn nobody_is_sent_elsewhere() {
    let (elsewhere, world) = (Aws::start().await.unwrap(), World::new().await);
    world.guard("x", "Basic realm=\"x\"");
    let location = format!("{}/token", elsewhere.address());
    world.services.hook(move |_| {
        let response = axum::http::Response::builder().status(307).header("location", &location);
        Some(response.body(axum::body::Body::empty()).unwrap())
    });
    let secret = Some(Secret::new("hunter2"));
    let [tenant, client] = ["tenant", "../client"].map(|text| Some(text.to_owned()));
    world.refused(Cloud::Azure(Azure { tenant, client, secret, ..world.azure() })).await;
    let [tenant, client] = ["../other", "client"].map(|text| Some(text.to_owned()));
    let secret = Some(Secret::new("hunter2"));
    world.refused(Cloud::Azure(Azure { tenant, client, secret, ..world.azure() })).await;
    assert_eq!(world.services.names(), ["POST /tenant/oauth2/v2.0/token", "POST /..%2Fother/oauth2/v2.0/token"]);
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn nothing_prints_what_is_secret() {
    let azure = Azure { secret: Some(Secret::new("hunter2")), ..Azure::default() };
    assert!(!format!("{:?}", Cloud::Azure(azure)).contains("hunter2"));
}
