use crate::world::{World, fields, names};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use consign_registry::ErrorKind;
use consign_registry::cloud::{Cloud, Google};
use consign_testkit::tools::peer;
use std::fs;

const PROVIDER: &str = "projects/1/locations/global/workloadIdentityPools/pool/providers/github";
const ACCOUNT: &str = "push@project.iam.gserviceaccount.com";
const IMPERSONATE: &str =
    "POST /v1/projects/-/serviceAccounts/push@project.iam.gserviceaccount.com:generateAccessToken";
const MACHINE: &str = "GET /computeMetadata/v1/instance/service-accounts/default/token";

async fn world() -> World {
    let world = World::new().await;
    let login = STANDARD.encode("oauth2accesstoken:final");
    world.guard(&format!("Basic {login}"), "Basic realm=\"x\"");
    world
}

fn token(token: &str, seconds: i64) -> String {
    format!(r#"{{"access_token":"{token}","expires_in":{seconds},"token_type":"Bearer"}}"#)
}

fn impersonated() -> String {
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    format!(r#"{{"accessToken":"final","expireTime":"{end}"}}"#)
}

#[tokio::test]
async fn a_job_of_github_takes_on_a_service_account() {
    let world = world().await;
    world.services.answer("POST /v1/token", 200, token("federated", 3600));
    world.services.answer(IMPERSONATE, 200, impersonated());
    let (provider, service_account) = (Some(PROVIDER.to_owned()), Some(ACCOUNT.to_owned()));
    let google = Google { provider, service_account, github: world.github(), ..world.google() };
    let client = world.client(Cloud::Google(google));
    client.push("one").await.unwrap();
    let asked = world.services.asked();
    let audience = "https%3A%2F%2Fiam.googleapis.com%2Fprojects%2F1%2Flocations%2Fglobal%2FworkloadIdentityPools%2Fpool%2Fproviders%2Fgithub";
    assert_eq!(names(&asked), [&format!("GET /github?a=b&audience={audience}"), "POST /v1/token", IMPERSONATE]);
    let form = fields(&asked[1]);
    for (name, value) in [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("audience", &format!("//iam.googleapis.com/{PROVIDER}")),
        ("scope", "https://www.googleapis.com/auth/cloud-platform"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("subject_token", "identity hunter2"),
    ] {
        assert_eq!(form[name], value, "{name}");
    }
    assert_eq!(asked[1].authorization, "");
    assert_eq!(asked[2].authorization, "Bearer federated");
    assert_eq!(asked[2].body, r#"{"lifetime":"3600s","scope":["https://www.googleapis.com/auth/cloud-platform"]}"#);
    // It lasts for an hour.
    client.push("two").await.unwrap();
    assert!(world.services.asked().is_empty());
}

#[tokio::test]
async fn a_federated_identity_may_have_roles_itself() {
    let world = world().await;
    world.services.answer("POST /v1/token", 200, token("final", 3600));
    let google = || Google { provider: Some(PROVIDER.to_owned()), github: world.github(), ..world.google() };
    assert_eq!(world.pushed(Cloud::Google(google())).await.len(), 2);
    // What ends soon is used, but not kept.
    let world = self::world().await;
    world.services.answer("POST /v1/token", 200, token("final", 60));
    let google = Google { provider: Some(PROVIDER.to_owned()), github: world.github(), ..world.google() };
    let client = world.client(Cloud::Google(google));
    for text in ["one", "two"] {
        client.push(text).await.unwrap();
        assert!(names(&world.services.asked()).contains(&"POST /v1/token"));
    }
}

#[tokio::test]
async fn a_key_of_a_service_account_signs() {
    let Some(openssl) = peer("openssl") else { return };
    let (world, folder) = (world().await, tempfile::tempdir().unwrap());
    let at = |name: &str| folder.path().join(name).display().to_string();
    openssl.run(["genpkey", "-algorithm", "RSA", "-out", &at("key")]).unwrap();
    openssl.run(["pkey", "-in", &at("key"), "-pubout", "-out", &at("public")]).unwrap();
    let account = serde_json::json!({
        "type": "service_account", "client_email": ACCOUNT, "private_key_id": "id", "project_id": "project",
        "private_key": fs::read_to_string(at("key")).unwrap(), "token_uri": world.at("/token"),
    });
    fs::write(at("file"), account.to_string()).unwrap();
    world.services.answer("POST /token", 200, token("final", 3600));
    let asked = world.pushed(Cloud::Google(Google { file: Some(at("file").into()), ..world.google() })).await;
    let form = fields(&asked[0]);
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (signed, signature) = form["assertion"].rsplit_once('.').unwrap();
    let parts: Vec<serde_json::Value> =
        signed.split('.').map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()).collect();
    assert_eq!(parts[0], serde_json::json!({"alg": "RS256", "typ": "JWT", "kid": "id"}));
    assert_eq!(parts[1]["iss"], ACCOUNT);
    assert_eq!(parts[1]["aud"], world.at("/token"));
    assert_eq!(parts[1]["exp"].as_i64().unwrap() - parts[1]["iat"].as_i64().unwrap(), 3600);
    fs::write(at("signed"), signed).unwrap();
    fs::write(at("signature"), URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    openssl.run(["dgst", "-sha256", "-verify", &at("public"), "-signature", &at("signature"), &at("signed")]).unwrap();
}

#[tokio::test]
async fn somebody_elses_identity() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("text"), "in a file\n").unwrap();
    fs::write(at("json"), r#"{"value":"in a file"}"#).unwrap();
    for (nth, (source, format, expected)) in [
        (serde_json::json!({ "file": at("text") }), None, "in a file"),
        (serde_json::json!({ "file": at("json") }), Some("value"), "in a file"),
        (
            serde_json::json!({ "url": "HERE/subject", "headers": {"Authorization": "Bearer hunter2"} }),
            Some("value"),
            "at a URL",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let world = world().await;
        world.services.answer("GET /subject", 200, r#"{"value":"at a URL"}"#);
        world.services.answer("POST /sts", 200, token("federated", 3600));
        world.services.answer(IMPERSONATE, 200, impersonated());
        let mut document = serde_json::json!({
            "type": "external_account", "audience": "//iam.googleapis.com/x", "token_url": world.at("/sts"),
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token", "credential_source": source,
            "service_account_impersonation_url": world.at(IMPERSONATE.strip_prefix("POST ").unwrap()),
        });
        if let Some(field) = format {
            document["credential_source"]["format"] =
                serde_json::json!({"type": "json", "subject_token_field_name": field});
        }
        fs::write(at("file"), document.to_string().replace("HERE", &world.at(""))).unwrap();
        let asked = world.pushed(Cloud::Google(Google { file: Some(at("file").into()), ..world.google() })).await;
        let first = asked.iter().find(|asked| asked.what == "POST /sts").unwrap();
        assert_eq!(fields(first)["subject_token"], expected, "{nth}");
        assert_eq!(fields(first)["subject_token_type"], "urn:ietf:params:oauth:token-type:id_token");
        assert!(asked[0].what != "GET /subject" || asked[0].authorization == "Bearer hunter2");
    }
}

#[tokio::test]
async fn a_machine_has_an_identity_or_none() {
    let world = world().await;
    let google = || Cloud::Google(Google { metadata: Some(world.at("")), ..world.google() });
    // Whoever else answers there gives no token.
    assert_eq!(world.refused(google()).await.kind(), ErrorKind::Unauthorized);
    world.services.asked();
    world.services.answer(MACHINE, 200, token("final", 3600));
    let asked = world.pushed(google()).await;
    // The first shows that there is such a service.
    assert_eq!(names(&asked), [MACHINE, MACHINE]);
    assert!(!asked[0].headers.contains("metadata-flavor"), "{}", asked[0].headers);
    assert!(asked[1].headers.contains("metadata-flavor: Google\n"), "{}", asked[1].headers);
}

#[tokio::test]
async fn a_registry_that_asks_nobody_is_told_nothing() {
    let world = World::new().await;
    let google = Google { metadata: Some(world.at("")), file: Some("/absent".into()), ..world.google() };
    assert!(world.pushed(Cloud::Google(google)).await.is_empty());
}
