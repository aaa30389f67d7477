//! Whom to trust and whom to ask, brought up to date from a repository that may say anything.

use crate::world::{everything, impatience, web};
use consign_keyless::{Repository, Services, TrustMaterial, UpdateError, UpdateProblem, Web, WebError};
use consign_testkit::sigstore::{Fault, Published, Service, Sigstore};
use jiff::{SignedDuration, Timestamp};
use std::fs;
use std::path::Path;

fn repository(sigstore: &Sigstore) -> Repository {
    let (url, root) = sigstore.updates();
    Repository::new(Some(&url), Some(&root)).unwrap()
}

fn quick() -> Web {
    web(impatience())
}

async fn update(repository: &Repository) -> Result<Repository, UpdateError> {
    repository.update(&quick(), Timestamp::now()).await
}

fn material(repository: &Repository) -> TrustMaterial {
    repository.material(Timestamp::now()).unwrap()
}

/// Returns what is wrong with what a repository says.
fn problem(error: UpdateError) -> UpdateProblem {
    let found = match error {
        UpdateError::Repository { problem, .. } | UpdateError::Kept { problem, .. } => Ok(problem),
        error => Err(everything(&error)),
    };
    found.unwrap()
}

#[tokio::test]
async fn says_whom_to_trust_and_whom_to_ask() {
    let sigstore = Sigstore::start().await.unwrap();
    let first = update(&repository(&sigstore)).await.unwrap();
    let said = material(&first);
    assert_eq!(said.trusted_root, sigstore.trusted_root().to_string().into_bytes());
    assert_eq!((said.root_version, said.version), (1, 1));
    let day = said.expires.duration_since(Timestamp::now());
    assert!(day > SignedDuration::from_hours(23) && day <= SignedDuration::from_hours(24), "{day}");
    let services = Services::read(&said.signing_config.unwrap(), Timestamp::now()).unwrap();
    assert_eq!(services.issuer().unwrap().as_str(), sigstore.issuer());

    // Nothing new: no more is asked than whether there is.
    let asked = |from: usize| sigstore.asked().into_iter().skip(from).map(|asked| asked.what).collect::<Vec<_>>();
    let before = sigstore.asked().len();
    let again = update(&first).await.unwrap();
    assert_eq!(asked(before), ["GET /2.root.json", "GET /timestamp.json"]);
    assert_eq!(first.write().unwrap(), again.write().unwrap());

    sigstore.publish(|published| (published.version, published.log_version) = (2, None));
    let second = update(&again).await.unwrap();
    assert_eq!((material(&second).version, material(&second).signing_config), (2, None));
    assert_eq!(material(&first).version, 1, "what is new changes nothing that is old");
}

#[tokio::test]
async fn what_is_kept_needs_no_connection() {
    let sigstore = Sigstore::start().await.unwrap();
    sigstore.publish(|published| published.roots = 2);
    let repository = update(&repository(&sigstore)).await.unwrap();
    let (said, bytes, before) = (material(&repository), repository.write().unwrap(), sigstore.asked().len());
    let kept = Repository::read(&bytes).unwrap();
    assert_eq!((material(&kept), kept.mirror()), (said.clone(), sigstore.updates().0));
    assert_eq!(kept.write().unwrap(), bytes);
    assert_eq!(sigstore.asked().len(), before);

    let later = kept.material(said.expires + SignedDuration::from_secs(1)).unwrap_err();
    assert!(matches!(problem(later), UpdateProblem::Expired { role, .. } if role == "timestamp"));

    // Whatever is altered, nothing else is believed.
    let text = String::from_utf8(bytes).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let names: Vec<_> = document["files"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 7, "{names:?}");
    for name in &names {
        let file = document["files"][name].as_str().unwrap();
        let middle = file.len() / 2;
        let digit = if &file[middle..=middle] == "0" { "1" } else { "0" };
        for damaged in
            [format!("{}{digit}{}", &file[..middle], &file[middle + 1..]), String::new(), file[..middle].to_owned()]
        {
            let mut document = document.clone();
            document["files"][name] = damaged.into();
            let kept = Repository::read(document.to_string().as_bytes()).unwrap();
            match kept.material(Timestamp::now()) {
                // The first root is there beside what it must be known by.
                Ok(found) => assert_eq!((name.as_str(), &found), ("root_history/1.root.json", &said)),
                Err(error) => assert!(matches!(error, UpdateError::Kept { .. }), "{}", everything(&error)),
            }
        }
        let mut without = document.clone();
        without["files"].as_object_mut().unwrap().remove(name);
        let kept = Repository::read(without.to_string().as_bytes()).unwrap();
        if let Ok(found) = kept.material(Timestamp::now()) {
            assert_eq!(found, said);
        }
    }
    for bytes in [&b""[..], b"[]", b"{\"version\":2,\"mirror\":\"\",\"files\":{}}", &[b'['; 100_000]] {
        assert!(matches!(Repository::read(bytes), Err(UpdateError::Form { .. })));
    }
}

type Case = (&'static str, Box<dyn Fn(&mut Published)>, fn(&UpdateProblem) -> bool);

fn cases() -> Vec<Case> {
    let case = |name, change: fn(&mut Published), expected| -> Case { (name, Box::new(change), expected) };
    let with = |name, file: &'static str, bytes: Option<Vec<u8>>, expected| -> Case {
        (
            name,
            Box::new(move |published: &mut Published| {
                published.version += 1;
                published.instead.insert(file.to_owned(), bytes.clone());
            }),
            expected,
        )
    };
    let forged = |name, file: &'static str, expected| -> Case {
        (
            name,
            Box::new(move |published: &mut Published| {
                published.version += 1;
                published.roots = 2;
                published.forged = Some(file);
            }),
            expected,
        )
    };
    let is_signature =
        |problem: &UpdateProblem| matches!(problem, UpdateProblem::Signature { found: 0, threshold: 1, .. });
    let is_altered = |problem: &UpdateProblem| matches!(problem, UpdateProblem::Altered { .. });
    let is_missing = |problem: &UpdateProblem| matches!(problem, UpdateProblem::Missing { .. });
    let is_large = |problem: &UpdateProblem| matches!(problem, UpdateProblem::TooLarge { .. });
    let is_malformed = |problem: &UpdateProblem| matches!(problem, UpdateProblem::Malformed { .. });
    vec![
        with("another target", "signing_config.v0.2.json", Some(b"{}".to_vec()), is_altered),
        forged("the timestamp by a stranger", "timestamp.json", is_signature),
        forged("the snapshot by a stranger", "snapshot.json", is_signature),
        forged("the targets by a stranger", "targets.json", is_signature),
        forged("the next root by a stranger", "2.root.json", is_signature),
        case(
            "an expired timestamp",
            |published| (published.version, published.expires) = (6, Timestamp::now() - SignedDuration::from_secs(1)),
            |problem| matches!(problem, UpdateProblem::Expired { role, .. } if role == "timestamp"),
        ),
        case(
            "an earlier version",
            |published| published.version = 4,
            |problem| matches!(problem, UpdateProblem::Rollback { known: 5, offered: 4, .. }),
        ),
        with("no timestamp", "timestamp.json", None, is_missing),
        with("no snapshot", "6.snapshot.json", None, is_missing),
        with("no targets", "6.targets.json", None, is_missing),
        with("no target", "trusted_root.json", None, is_missing),
        with("a large timestamp", "timestamp.json", Some(vec![b' '; 20_000]), is_large),
        with("a large snapshot", "6.snapshot.json", Some(vec![b' '; (1 << 20) + 1]), is_large),
        with("a large target", "trusted_root.json", Some(vec![b' '; 100_000]), is_large),
        with("an answer without end", "6.targets.json", Some(vec![b' '; 5 << 20]), |problem| {
            matches!(problem, UpdateProblem::Web(WebError::TooLarge { .. }))
        }),
        with("a page", "timestamp.json", Some(b"<html>".to_vec()), is_malformed),
        with("brackets", "timestamp.json", Some(vec![b'['; 10_000]), is_malformed),
        with("a root out of order", "2.root.json", Some(b"{\"signed\":{},\"signatures\":[]}".to_vec()), is_malformed),
    ]
}

#[tokio::test]
async fn nothing_else_is_believed() {
    for (name, change, expected) in cases() {
        let sigstore = Sigstore::start().await.unwrap();
        sigstore.publish(|published| published.version = 5);
        let mut known = update(&repository(&sigstore)).await.unwrap();
        // Where the targets are the same, they are not fetched again.
        if name.contains("target") {
            known = repository(&sigstore);
        }
        let before = known.write().unwrap();
        sigstore.publish(|published| change(published));
        let error = update(&known).await.unwrap_err();
        let text = everything(&error);
        assert!(expected(&problem(error)), "{name}: {text}");
        assert_eq!(known.write().unwrap(), before, "{name}");
    }
}

#[tokio::test]
async fn roots_follow_each_other() {
    let sigstore = Sigstore::start().await.unwrap();
    let first = update(&repository(&sigstore)).await.unwrap();
    sigstore.publish(|published| (published.roots, published.version) = (3, 2));
    let third = update(&first).await.unwrap();
    assert_eq!((material(&third).root_version, material(&third).version), (3, 2));
    assert_eq!(material(&Repository::read(&third.write().unwrap()).unwrap()), material(&third));
    // Who begins with the first root finds the third, too.
    assert_eq!(material(&update(&repository(&sigstore)).await.unwrap()), material(&third));
}

#[tokio::test]
async fn who_is_not_there_or_is_somebody_else() {
    let (sigstore, other) = (Sigstore::start().await.unwrap(), Sigstore::start().await.unwrap());
    let (url, _) = sigstore.updates();
    let stranger = Repository::new(Some(&url), Some(&other.updates().1)).unwrap();
    let error = update(&stranger).await.unwrap_err();
    assert!(matches!(problem(error), UpdateProblem::Signature { .. }));
    // The public root is no better.
    let error = update(&Repository::new(Some(&url), None).unwrap()).await.unwrap_err();
    assert!(matches!(problem(error), UpdateProblem::Signature { .. }));

    sigstore.fail(Service::Updates, usize::MAX, Fault::Status(400));
    let error = update(&repository(&sigstore)).await.unwrap_err();
    assert!(matches!(problem(error), UpdateProblem::Web(WebError::Status { status: 400, .. })));
    for root in [&b""[..], b"\xff", b"{}", &sigstore.updates().1[..100]] {
        assert!(matches!(Repository::new(Some(&url), Some(root)), Err(UpdateError::Root { .. })));
    }
    for mirror in ["http://example.com", "example.com", "file://host/a"] {
        assert!(matches!(Repository::new(Some(mirror), None), Err(UpdateError::Address(_))), "{mirror}");
    }
}

/// Copies a repository into a folder, as somebody does who carries it to a machine without a network.
async fn carried(sigstore: &Sigstore, folder: &Path) -> String {
    fs::create_dir(folder.join("targets")).unwrap();
    let before = sigstore.asked().len();
    update(&repository(sigstore)).await.unwrap();
    let client = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
    let paths: Vec<_> =
        sigstore.asked().into_iter().skip(before).map(|asked| asked.what.replace("GET /", "")).collect();
    for path in paths {
        let answer = client.get(format!("{}/{path}", sigstore.updates().0)).send().await.unwrap();
        if answer.status().is_success() {
            fs::write(folder.join(path), answer.bytes().await.unwrap()).unwrap();
        }
    }
    format!("file://{}", folder.display())
}

#[tokio::test]
async fn a_repository_can_be_a_folder() {
    let (sigstore, folder) = (Sigstore::start().await.unwrap(), tempfile::tempdir().unwrap());
    let mirror = carried(&sigstore, folder.path()).await;
    let carried = Repository::new(Some(&mirror), Some(&sigstore.updates().1)).unwrap();
    let before = sigstore.asked().len();
    let updated = update(&carried).await.unwrap();
    assert!(!updated.is_remote() && updated.mirror() == mirror);
    assert_eq!(material(&updated).trusted_root, sigstore.trusted_root().to_string().into_bytes());
    assert_eq!(sigstore.asked().len(), before);

    fs::write(folder.path().join("timestamp.json"), vec![b' '; 20_000]).unwrap();
    assert!(matches!(problem(update(&carried).await.unwrap_err()), UpdateProblem::TooLarge { .. }));
    fs::remove_file(folder.path().join("timestamp.json")).unwrap();
    assert!(matches!(problem(update(&carried).await.unwrap_err()), UpdateProblem::Missing { .. }));
    fs::create_dir(folder.path().join("timestamp.json")).unwrap();
    assert!(matches!(problem(update(&carried).await.unwrap_err()), UpdateProblem::File { .. }));
}
