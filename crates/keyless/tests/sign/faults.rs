//! Services that fail, and that lie.

use crate::world::{check, everything, github, impatience, open, services, statement, web};
use consign_keyless::{
    CertificateProblem, KeylessError, Options, Patience, Secret, Session, Source, TokenError, WebError,
};
use consign_testkit::sigstore::{Fault, REQUEST_TOKEN, Service, Sigstore};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Signs a statement at a Sigstore of which something goes wrong.
async fn sign(sigstore: &Sigstore, log_version: u32) -> Result<(), KeylessError> {
    open(sigstore, log_version).await?.sign(&statement()).await.map(drop)
}

/// Returns a fault that keeps what is answered, and one that answers that again.
fn again() -> (Fault, Fault) {
    let earlier = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&earlier);
    let keep = move |bytes: Vec<u8>| {
        kept.lock().unwrap().clone_from(&bytes);
        bytes
    };
    (Fault::alter(keep), Fault::alter(move |_| earlier.lock().unwrap().clone()))
}

/// Alters a JSON document.
fn altered(alter: impl Fn(&mut Value) + Send + Sync + 'static) -> Fault {
    Fault::alter(move |bytes| {
        let mut value = serde_json::from_slice(&bytes).unwrap();
        alter(&mut value);
        value.to_string().into_bytes()
    })
}

#[tokio::test]
async fn what_passes_is_waited_for() {
    for service in [Service::Issuer, Service::Authority, Service::OldLog, Service::Timestamps] {
        let sigstore = Sigstore::start().await.unwrap();
        sigstore.fail(service, 1, Fault::Busy(429, 3600));
        sigstore.fail(service, 1, Fault::Status(503));
        // The log keeps the entry, but its answer is lost: the next try finds it there.
        sigstore.fail(service, 1, Fault::Lost(502));
        sign(&sigstore, 1).await.unwrap();
        // A log of version 1 is asked once more, for the entry that it has.
        let more = usize::from(service == Service::OldLog);
        assert_eq!(sigstore.requests(service), 4 + more, "{service:?}");
        assert_eq!(sigstore.logged(Service::OldLog).len(), 1);
    }
}

#[tokio::test]
async fn what_does_not_pass_ends() {
    for service in [Service::Issuer, Service::Authority, Service::Log, Service::Timestamps] {
        for (fault, tries) in [(Fault::Status(500), 5), (Fault::Status(400), 1), (Fault::Status(403), 1)] {
            let sigstore = Sigstore::start().await.unwrap();
            sigstore.fail(service, usize::MAX, fault.clone());
            let error = sign(&sigstore, 2).await.unwrap_err();
            let text = everything(&error);
            assert!(text.contains("it went wrong"), "{service:?} {fault:?}: {text}");
            assert_eq!(sigstore.requests(service), tries, "{service:?} {fault:?}");
            assert_eq!(sigstore.logged(Service::Log).len(), 0);
        }
    }
}

#[tokio::test]
async fn whoever_says_nothing_is_not_waited_for() {
    for service in [Service::Issuer, Service::Authority, Service::Log, Service::Timestamps] {
        let sigstore = Sigstore::start().await.unwrap();
        sigstore.fail(service, usize::MAX, Fault::Hang);
        let short = Patience { timeout: Duration::from_millis(300), tries: 2, ..impatience() };
        let session = Session::open(github(&sigstore), services(&sigstore, 2), Options::default(), web(short)).await;
        let error = match session {
            Ok(session) => session.sign(&statement()).await.map(drop).unwrap_err(),
            Err(error) => error,
        };
        let is_timeout = matches!(
            error,
            KeylessError::Web(WebError::Timeout { .. })
                | KeylessError::Token(TokenError::Web(WebError::Timeout { .. }))
        );
        assert!(is_timeout, "{service:?}: {}", everything(&error));
    }
}

#[tokio::test]
async fn a_name_without_an_address_is_said() {
    let sigstore = Sigstore::start().await.unwrap();
    let (url, token) = (Secret::new("https://no-such-issuer.invalid/token"), Secret::new(REQUEST_TOKEN));
    let session =
        Session::open(Source::GitHub { url, token }, services(&sigstore, 2), Options::default(), web(impatience()));
    let error = session.await.err().unwrap().to_string();
    assert!(error.ends_with("there is no address for that name"), "{error}");
}

#[tokio::test]
async fn nobody_is_sent_elsewhere_with_a_token() {
    let (sigstore, elsewhere) = (Sigstore::start().await.unwrap(), Sigstore::start().await.unwrap());
    for service in [Service::Issuer, Service::Authority, Service::Timestamps] {
        sigstore.fail(service, 1, Fault::Redirect(elsewhere.issuer().to_owned()));
        let text = everything(&sign(&sigstore, 2).await.unwrap_err());
        assert!(text.contains("redirects (307)"), "{text}");
    }
    assert_eq!(elsewhere.asked().len(), 0);
}

#[tokio::test]
async fn answers_without_end_are_not_read() {
    let sigstore = Sigstore::start().await.unwrap();
    sigstore.fail(Service::Authority, 1, Fault::alter(|_| vec![b' '; 5 << 20]));
    let error = sign(&sigstore, 2).await.unwrap_err();
    assert!(matches!(error, KeylessError::Web(WebError::TooLarge { .. })), "{}", everything(&error));
}

#[tokio::test]
async fn a_certificate_is_for_this_key_and_this_token() {
    let sigstore = Sigstore::start().await.unwrap();
    let (keep, again) = again();
    sigstore.fail(Service::Authority, 1, keep);
    sign(&sigstore, 2).await.unwrap();
    sigstore.fail(Service::Authority, 1, again);
    let error = sign(&sigstore, 2).await.unwrap_err();
    assert!(
        matches!(error, KeylessError::Certificate { problem: CertificateProblem::Key, .. }),
        "{}",
        everything(&error)
    );

    sigstore.impersonate("https://github.com/eve/app/.github/workflows/release.yaml@refs/heads/main");
    let error = sign(&sigstore, 2).await.unwrap_err();
    let KeylessError::Certificate { problem: CertificateProblem::Identity { expected, found }, .. } = &error else {
        panic!("{}", everything(&error));
    };
    assert_eq!(expected, "octo/app/.github/workflows/release.yaml@refs/heads/main");
    assert!(found.contains("eve/app"), "{found}");
    assert_eq!(sigstore.logged(Service::Log).len(), 1);
}

#[tokio::test]
async fn answers_that_are_none_are_told_apart() {
    for service in [Service::Issuer, Service::Authority, Service::OldLog, Service::Log, Service::Timestamps] {
        for bytes in [&b""[..], b"{}", b"[]", b"\x30\x00", &[b'['; 100_000]] {
            let sigstore = Sigstore::start().await.unwrap();
            sigstore.fail(service, 1, Fault::alter(|_| bytes.to_vec()));
            let error = sign(&sigstore, if service == Service::OldLog { 1 } else { 2 }).await.unwrap_err();
            let is_told = matches!(error, KeylessError::Answer { .. } | KeylessError::Token(TokenError::Answer { .. }));
            assert!(is_told, "{service:?}: {}", everything(&error));
        }
    }
}

#[tokio::test]
async fn a_log_answers_with_the_entry_of_this_signature() {
    for (service, version) in [(Service::OldLog, 1), (Service::Log, 2)] {
        let sigstore = Sigstore::start().await.unwrap();
        let session = open(&sigstore, version).await.unwrap();
        let (keep, again) = again();
        sigstore.fail(service, 1, keep);
        session.sign(&statement()).await.unwrap();
        sigstore.fail(service, 1, again);
        let error = session.sign(&statement()).await.unwrap_err();
        assert!(matches!(error, KeylessError::Entry { .. }), "{service:?}: {}", everything(&error));
    }
}

#[tokio::test]
async fn a_timestamp_is_of_this_signature() {
    let sigstore = Sigstore::start().await.unwrap();
    let session = open(&sigstore, 2).await.unwrap();
    let (keep, again) = again();
    sigstore.fail(Service::Timestamps, 1, keep);
    session.sign(&statement()).await.unwrap();
    sigstore.fail(Service::Timestamps, 1, again);
    let error = session.sign(&statement()).await.unwrap_err();
    assert!(matches!(error, KeylessError::Entry { .. }), "{}", everything(&error));
}

#[tokio::test]
async fn what_no_verifier_would_take_is_not_handed_out() {
    let sigstore = Sigstore::start().await.unwrap();
    // The promise of another time, which is none of the log's.
    let later = |entries: &mut Value| {
        for entry in entries.as_object_mut().unwrap().values_mut() {
            entry["integratedTime"] = json!(entry["integratedTime"].as_i64().unwrap() - 1);
        }
    };
    sigstore.fail(Service::OldLog, 1, altered(later));
    let error = sign(&sigstore, 1).await.unwrap_err();
    assert!(matches!(error, KeylessError::Rejected { .. }), "{}", everything(&error));
    sigstore.fail(Service::Log, 1, altered(|entry| entry["logIndex"] = json!("7")));
    let error = sign(&sigstore, 2).await.unwrap_err();
    assert!(matches!(error, KeylessError::Rejected { .. }), "{}", everything(&error));
    // Of another Sigstore, everything looks right but whom to trust.
    let other = Sigstore::start().await.unwrap();
    let options = Options { check: Some(check(&other)), ..Options::default() };
    let session = Session::open(github(&sigstore), services(&sigstore, 2), options, web(impatience())).await.unwrap();
    assert!(matches!(session.sign(&statement()).await, Err(KeylessError::Rejected { .. })));
}

#[tokio::test]
async fn a_certificate_that_is_about_to_end_is_followed_by_another() {
    let sigstore = Sigstore::start().await.unwrap();
    // Less than the answers of the other services may take.
    sigstore.set_validity(30);
    let session = open(&sigstore, 2).await.unwrap();
    let first = session.certificate().await.unwrap();
    sigstore.set_validity(600);
    let second = session.certificate().await.unwrap();
    assert_ne!(first.facts().public_key, second.facts().public_key);
    let statement = statement();
    let (one, other) = tokio::join!(session.sign(&statement), session.sign(&statement));
    one.and(other).unwrap();
    assert_eq!([Service::Issuer, Service::Authority].map(|service| sigstore.requests(service)), [3, 3]);
}

/// An authority whose clock is ahead refuses tokens, and quotes them.
#[tokio::test]
async fn no_error_holds_a_token() {
    let sigstore = Sigstore::start().await.unwrap();
    sigstore.put_clock(3600);
    let token = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&token);
    let now = jiff::Timestamp::now().as_second();
    sigstore.set_claims({
        let mut claims = consign_testkit::sigstore::claims::github();
        claims["exp"] = json!(now + 300);
        claims
    });
    let keep = move |bytes: Vec<u8>| {
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        *kept.lock().unwrap() = answer["value"].as_str().unwrap().to_owned();
        bytes
    };
    sigstore.fail(Service::Issuer, 1, Fault::alter(keep));
    let error = sign(&sigstore, 2).await.unwrap_err();
    let text = everything(&error);
    assert!(text.contains("it has expired"), "{text}");
    let token = token.lock().unwrap().clone();
    assert!(token.split('.').all(|part| part.len() > 20 && !text.contains(part)), "{text}");

    sigstore.fail(Service::Issuer, 1, Fault::alter(|_| format!("{REQUEST_TOKEN} is wrong").into_bytes()));
    let text = everything(&sign(&sigstore, 2).await.unwrap_err());
    assert!(!text.contains(REQUEST_TOKEN), "{text}");
}
