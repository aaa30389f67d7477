//! Documents must fit each other: descriptors, configs, the index and the release record.
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Draft, Folder, check, record_statement, signature};
use consign_oci::{Descriptor, Digest, Index, Manifest, RootFilesystem, media_type};
use consign_verify::{Failure, Outcome, VerifyError};

/// Returns the only failure.
fn failure(error: VerifyError) -> Failure {
    match error {
        VerifyError::Failed { mut failures } if failures.len() == 1 => failures.remove(0),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn configs_must_fit_their_manifests() {
    type Change = fn(&mut Draft);
    type Expected = fn(&Failure) -> bool;
    let cases: [(&str, Change, Expected, bool); 5] = [
        (
            "platform",
            |draft| draft.configs[1].platform = common::platforms()[0].clone(),
            |failure| matches!(failure, Failure::Platform { found, .. } if *found == common::platforms()[0]),
            false,
        ),
        (
            "too few layers",
            |draft| draft.configs[1].rootfs = RootFilesystem::new(Vec::new()),
            |failure| matches!(failure, Failure::LayerCount { described: 0, layers: 1, .. }),
            false,
        ),
        (
            "another layer",
            |draft| draft.configs[1].rootfs.diff_ids[0] = Digest::of(b"other"),
            |failure| matches!(failure, Failure::DiffId { stated, .. } if *stated == Digest::of(b"other")),
            true,
        ),
        (
            "not compressed",
            |draft| draft.layers[1] = b"not zstd".to_vec(),
            |failure| matches!(failure, Failure::Decompression { .. }),
            true,
        ),
        (
            "cut short",
            |draft| {
                draft.layers[0].pop();
            },
            |failure| matches!(failure, Failure::Decompression { .. }),
            true,
        ),
    ];
    for (name, change, expected, only_with_content) in cases {
        let mut layout = Folder::new();
        let mut draft = Draft::new("1.2.3", &["latest"]);
        change(&mut draft);
        draft.release(&mut layout);
        let place = layout.open("latest");
        assert_eq!(check(&place, "latest", false).await.is_ok(), only_with_content, "{name}");
        let failure = failure(check(&place, "latest", true).await.unwrap_err());
        assert!(expected(&failure), "{name}: {failure}");
    }
}

#[tokio::test]
async fn descriptors_must_fit_their_documents() {
    type Change = fn(&mut Descriptor);
    type Expected = fn(&Failure) -> bool;
    let cases: [(&str, Change, Expected); 3] = [
        ("size", |child| child.size += 1, |failure| matches!(failure, Failure::Size { .. })),
        (
            "media type",
            |child| child.media_type = media_type::INDEX.to_owned(),
            |failure| matches!(failure, Failure::Unreadable { .. }),
        ),
        (
            "another platform",
            |child| child.platform = Some("linux/s390x".parse().unwrap()),
            |failure| matches!(failure, Failure::Platform { .. }),
        ),
    ];
    for (name, change, expected) in cases {
        let mut layout = Folder::new();
        let mut release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
        change(&mut release.manifests[0]);
        let index = layout.put(media_type::INDEX, &serde_json::to_vec(&Index::new(release.manifests)).unwrap());
        layout.claim(&index, &signature(&index.digest));
        layout.tags.insert("latest", index);
        let failure = failure(check(&layout.open("latest"), "latest", false).await.unwrap_err());
        assert!(expected(&failure), "{name}: {failure}");
    }
}

#[tokio::test]
async fn the_index_has_the_recorded_platforms_and_no_others() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    for (in_index, in_record) in [(0, 2), (1, 2), (2, 1), (2, 0), (1, 1)] {
        let index = Index::new(release.manifests[..in_index].to_vec());
        let index = layout.put(media_type::INDEX, &serde_json::to_vec(&index).unwrap());
        let mut record = release.record.clone();
        record.index = index.digest.clone();
        record.platforms.truncate(in_record);
        let honest = layout.artifacts.len();
        layout.claim(&index, &signature(&index.digest));
        layout.claim(&index, &record_statement(&index.digest, &record));
        layout.tags.insert("latest", index);
        let result = check(&layout.open("latest"), "latest", false).await;
        layout.artifacts.truncate(honest);
        match result {
            Ok(_) => assert_eq!(in_index, in_record),
            Err(error) => match failure(error) {
                Failure::RecordPlatforms { recorded, found, .. } => {
                    assert_eq!(recorded.len(), in_record.saturating_sub(in_index), "{recorded:?}");
                    assert_eq!(found.len(), in_index.saturating_sub(in_record), "{found:?}");
                }
                other => panic!("{other}"),
            },
        }
    }
}

#[tokio::test]
async fn a_reference_that_names_nothing_or_no_index() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    layout.tags.insert("amd64", release.manifests[0].plain());
    let bare = Manifest::new(Descriptor::empty(), Vec::new());
    layout.tags.insert("bare", layout.put(media_type::MANIFEST, &serde_json::to_vec(&bare).unwrap()));
    let error = check(&layout.open("absent"), "absent", false).await.unwrap_err();
    assert!(matches!(error, VerifyError::NotFound { .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unavailable);
    let failure = failure(check(&layout.open("amd64"), "amd64", false).await.unwrap_err());
    assert!(matches!(failure, Failure::Shape { .. }), "{failure}");
    let error = check(&layout.open("bare"), "bare", false).await.unwrap_err();
    assert!(matches!(error, VerifyError::NotSigned { .. }), "{error:?}");
}
