//! Persons log in with their browser.

use crate::world::{everything, impatience, services, web};
use consign_keyless::{Options, Patience, Session, Source, TokenError, Web, log_in};
use consign_testkit::sigstore::{Fault, Service, Sigstore, claims};
use std::time::Duration;
use tokio::task::JoinHandle;

/// A browser that follows where it is sent.
fn browse(address: String) -> JoinHandle<String> {
    tokio::spawn(async move {
        let browser = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        browser.get(address).send().await.unwrap().text().await.unwrap()
    })
}

async fn arrive(
    sigstore: &Sigstore,
    web: &Web,
    open: impl Fn(&str) -> Option<String>,
) -> Result<(String, Source), TokenError> {
    let mut browser = None;
    let services = services(sigstore, 2);
    let token = log_in(web, services.issuer().unwrap(), |address| browser = open(address).map(browse)).await?;
    let page = browser.unwrap().await.unwrap();
    Ok((page, Source::Given(token)))
}

#[tokio::test]
async fn a_person_logs_in() {
    let sigstore = Sigstore::start().await.unwrap();
    sigstore.set_claims(claims::person("ada@example.com"));
    let web = web(impatience());
    let (page, source) = arrive(&sigstore, &web, |address| Some(address.to_owned())).await.unwrap();
    assert!(page.contains("You are logged in"), "{page}");
    let session = Session::open(source, services(&sigstore, 2), Options::default(), web).await.unwrap();
    assert_eq!(session.certificate().await.unwrap().identity(), "ada@example.com");
}

#[tokio::test]
async fn whoever_guesses_the_way_back_is_not_listened_to() {
    let sigstore = Sigstore::start().await.unwrap();
    let web = web(Patience { login: Duration::from_millis(300), ..impatience() });
    let guess = |address: &str| {
        let address = reqwest::Url::parse(address).unwrap();
        let (_, back) = address.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap();
        Some(format!("{back}?code=stolen&state=guessed"))
    };
    let error = arrive(&sigstore, &web, guess).await.unwrap_err();
    assert!(matches!(error, TokenError::LoginTimeout { .. }), "{}", everything(&error));
    assert!(sigstore.asked().iter().all(|asked| asked.what != "POST /token"));
}

#[tokio::test]
async fn a_refused_login_says_why() {
    let sigstore = Sigstore::start().await.unwrap();
    let web = web(impatience());
    let refuse = |address: &str| {
        let address = reqwest::Url::parse(address).unwrap();
        let value = |wanted: &str| address.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
        Some(format!(
            "{}?error=access_denied&error_description=not+today&state={}",
            value("redirect_uri"),
            value("state")
        ))
    };
    let error = arrive(&sigstore, &web, refuse).await.unwrap_err();
    assert_eq!(error.to_string(), "the login was refused: not today");

    sigstore.fail(
        Service::Issuer,
        1,
        Fault::alter(|_| br#"{"authorization_endpoint":"http://elsewhere.example"}"#.to_vec()),
    );
    let error = arrive(&sigstore, &web, |address| Some(address.to_owned())).await.unwrap_err();
    assert!(matches!(error, TokenError::Answer { .. }), "{}", everything(&error));
}
