//! Phase one.

use crate::image::{TestImage, client, tags_written};
use consign_oci::Digest;
use consign_release::ReleaseError;
use consign_testkit::registry::{Fault, TestRegistry};

const TAGS: &[&str] = &["1.0.0", "latest"];

#[tokio::test]
async fn what_is_there_is_not_sent_again() {
    let registry = TestRegistry::start().await.unwrap();
    let image = TestImage::new("a", &[(registry.repository("team/a").unwrap(), TAGS)]);
    let first = image.send().await.unwrap();
    assert!(first.written > 0);
    assert_eq!(tags_written(&registry), [""; 0]);
    registry.forget();
    let again = image.send().await.unwrap();
    // Index, two platforms, three artifacts.
    assert_eq!((again.written, again.present), (0, 6));
    assert_eq!(registry.writes(), 0);
    assert!(!registry.lines().iter().any(|line| line.contains("/blobs/")), "{:#?}", registry.lines());
}

/// Deletes a manifest in the registry's folder, as a clean-up of old images does.
fn delete(registry: &TestRegistry, repository: &str, digest: &Digest) {
    let folder = registry.folder().join("repositories").join(repository).join("_manifests/sha256");
    std::fs::remove_file(folder.join(digest.hex())).unwrap();
}

#[tokio::test]
async fn what_somebody_deleted_is_sent_again() {
    let registry = TestRegistry::start().await.unwrap();
    let image = TestImage::new("a", &[(registry.repository("team/a").unwrap(), TAGS)]);
    image.send().await.unwrap();
    let (platform, index, artifact) = (image.first_platform(), image.verdict.index(), image.artifact());
    // After a platform the index is written again; the others stand by themselves.
    for (deleted, expected) in [(platform, vec![platform, index]), (index, vec![index]), (artifact, vec![artifact])] {
        delete(&registry, "team/a", deleted);
        registry.forget();
        let sent = image.send().await.unwrap();
        let lines = registry.lines();
        // The blobs of a manifest that is written are so small here that they are sent without asking.
        let blobs = lines.iter().filter(|line| line.starts_with("POST")).count();
        assert_eq!(sent.written, expected.len() + blobs);
        let puts: Vec<&String> = lines.iter().filter(|line| line.starts_with("PUT")).collect();
        let expected: Vec<String> =
            expected.iter().map(|digest| format!("PUT /v2/team/a/manifests/{digest} 201")).collect();
        assert_eq!(puts, expected.iter().collect::<Vec<_>>());
        registry.forget();
        image.send().await.unwrap();
        assert_eq!(registry.writes(), 0);
    }
}

#[tokio::test]
async fn an_artifact_that_is_there_and_not_listed_is_listed() {
    let registry = TestRegistry::start_with(|options| options.referrers_api = false).await.unwrap();
    let repository = registry.repository("team/a").unwrap();
    let image = TestImage::new("a", &[(repository.clone(), TAGS)]);
    let is_list = |method: &str, path: &str| method == "PUT" && path.contains("/manifests/sha256-");
    registry.fail(1, is_list, || Fault::status(400));
    image.send().await.unwrap_err();
    image.send().await.unwrap();
    for subject in image.artifacts.referrers.keys() {
        assert_eq!(client().referrers(&repository, subject).await.unwrap().len(), 1, "{subject}");
    }
}

#[tokio::test]
async fn only_what_the_gate_was_shown_is_sent() {
    let registry = TestRegistry::start().await.unwrap();
    let destinations = [(registry.repository("team/a").unwrap(), TAGS)];
    let other = Digest::of(b"another image");
    let image = TestImage::with("a", &destinations, |mut candidate| {
        candidate.platforms[1].digest = other.clone();
        candidate
    });
    let error = image.send().await.unwrap_err();
    assert!(matches!(&error, ReleaseError::NotWhatPassed { index, .. } if index == image.verdict.index()), "{error}");
    assert!(error.to_string().contains(&format!("linux/arm64 {other}")), "{error}");

    let image = TestImage::with("a", &destinations, |mut candidate| {
        candidate.planned.truncate(1);
        candidate.platforms.truncate(1);
        candidate
    });
    assert!(matches!(image.send().await.unwrap_err(), ReleaseError::NotWhatPassed { .. }));

    let mut image = TestImage::new("a", &destinations);
    let artifact = image.artifacts.referrers[image.first_platform()].clone();
    image.artifacts.referrers.insert(image.verdict.index().clone(), artifact);
    let error = image.send().await.unwrap_err();
    assert!(matches!(&error, ReleaseError::NotAbout { subject, .. } if subject == image.verdict.index()), "{error}");
    assert_eq!(registry.requests(), 0);
}
