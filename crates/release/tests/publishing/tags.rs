//! Phase two.

use crate::image::{TestImage, before_put, client, tags_written};
use consign_release::{Interruption, PublishedTag, ReleaseError, Sent, move_tags};
use consign_report::TagState;
use consign_testkit::registry::{Fault, TestRegistry};

/// Two images for one registry, sent: `team/a` and `mirror/a` get `1.0.0`, `1.0` and `latest`, `team/b` gets `edge` and `latest`.
async fn two_images(registry: &TestRegistry) -> [TestImage; 2] {
    let repository = |path: &str| registry.repository(path).unwrap();
    let tags: &[&str] = &["1.0.0", "1.0", "latest"];
    [
        TestImage::new("a", &[(repository("team/a"), tags), (repository("mirror/a"), tags)]),
        TestImage::new("b", &[(repository("team/b"), &["edge", "latest"])]),
    ]
}

async fn send(images: &[TestImage]) -> Vec<Sent> {
    let mut sent = Vec::new();
    for image in images {
        sent.push(image.send().await.unwrap());
    }
    sent
}

/// Moves the tags and returns what was told of each, and the result.
async fn moved(sent: &[Sent], interruption: &Interruption) -> (Vec<PublishedTag>, Result<(), ReleaseError>) {
    let mut told = Vec::new();
    let result = move_tags(sent, &client(), interruption, |tag| told.push(tag.clone())).await;
    (told, result)
}

/// Returns the lists of moved, unchanged, unknown and unmoved tags, without the registry, and the cause.
fn interrupted(error: ReleaseError) -> ([String; 4], ReleaseError) {
    let ReleaseError::Interrupted { moved, unchanged, unknown, unmoved, source } = error else { panic!("{error}") };
    let text = |references: &[consign_oci::Reference]| {
        let names = references
            .iter()
            .map(|reference| format!("{}:{}", reference.repository.path(), reference.tag.as_ref().unwrap()));
        names.collect::<Vec<_>>().join(" ")
    };
    ([text(&moved), text(&unchanged), text(&unknown), text(&unmoved)], *source)
}

#[tokio::test]
async fn move_most_specific_first_over_all_images() {
    let registry = TestRegistry::start().await.unwrap();
    let images = two_images(&registry).await;
    let sent = send(&images).await;
    assert_eq!(tags_written(&registry), [""; 0]);
    let (told, result) = moved(&sent, &Interruption::new()).await;
    result.unwrap();
    let order = [
        "team/a:1.0.0",
        "mirror/a:1.0.0",
        "team/b:edge",
        "team/a:1.0",
        "mirror/a:1.0",
        "team/a:latest",
        "mirror/a:latest",
        "team/b:latest",
    ];
    assert_eq!(tags_written(&registry), order);
    let told: Vec<String> = told.iter().map(|tag| format!("{} {} {:?}", tag.image, tag.reference, tag.state)).collect();
    let image = |tag: &str| u8::from(tag.starts_with("team/b"));
    assert_eq!(told, order.map(|tag| format!("{} {}/{tag} Moved", image(tag), registry.host())));

    // Again: nothing is written, and every tag is told of.
    registry.forget();
    let (told, result) = moved(&send(&images).await, &Interruption::new()).await;
    result.unwrap();
    assert!(told.len() == order.len() && told.iter().all(|tag| tag.state == TagState::Unchanged), "{told:?}");
    assert_eq!(registry.writes(), 0);
}

#[tokio::test]
async fn what_somebody_else_moved_before_the_first_leaves_all_where_they_are() {
    let registry = TestRegistry::start().await.unwrap();
    let images = two_images(&registry).await;
    let sent = send(&images).await;
    let other = TestImage::new("c", &[(registry.repository("mirror/a").unwrap(), &["latest"])]);
    moved(&send(std::slice::from_ref(&other)).await, &Interruption::new()).await.1.unwrap();
    registry.forget();
    let (told, result) = moved(&sent, &Interruption::new()).await;
    let error = result.unwrap_err();
    assert!(
        matches!(&error, ReleaseError::TagMovedMeanwhile { found: Some(found), .. } if found == other.verdict.index()),
        "{error}"
    );
    assert_eq!((told, registry.writes()), (Vec::new(), 0));
}

#[tokio::test]
async fn what_somebody_else_moves_between_two_is_left_to_them() {
    let registry = TestRegistry::start().await.unwrap();
    let images = two_images(&registry).await;
    // `1.0` of the first image is there from an earlier run.
    let early = TestImage::new("a", &[(registry.repository("team/a").unwrap(), &["1.0"])]);
    let other = TestImage::new("c", &[(registry.repository("team/b").unwrap(), &["other"])]);
    moved(&send(&[early, other]).await, &Interruption::new()).await.1.unwrap();
    let sent = send(&images).await;
    let tags = registry.folder().join("repositories/team/b/_tags");
    before_put(&registry, "team/a:latest", move || {
        std::fs::copy(tags.join("other"), tags.join("latest")).unwrap();
    });
    let (told, result) = moved(&sent, &Interruption::new()).await;
    let error = result.unwrap_err();
    assert!(
        error.to_string().contains(&format!("; named before: {}/team/a:1.0; not moved: ", registry.host())),
        "{error}"
    );
    let (lists, source) = interrupted(error);
    assert_eq!(
        lists,
        [
            "team/a:1.0.0 mirror/a:1.0.0 team/b:edge mirror/a:1.0 team/a:latest mirror/a:latest",
            "team/a:1.0",
            "",
            "team/b:latest"
        ]
    );
    assert!(matches!(source, ReleaseError::TagMovedMeanwhile { .. }), "{source}");
    assert_eq!(told.len(), 7);
}

#[tokio::test]
async fn a_registry_that_refuses_ends_it() {
    let registry = TestRegistry::start().await.unwrap();
    let images = two_images(&registry).await;
    let sent = send(&images).await;
    registry.fail(1, |method, path| method == "PUT" && path == "/v2/mirror/a/manifests/1.0", || Fault::status(403));
    let (told, result) = moved(&sent, &Interruption::new()).await;
    let (lists, source) = interrupted(result.unwrap_err());
    assert_eq!(
        lists,
        [
            "team/a:1.0.0 mirror/a:1.0.0 team/b:edge team/a:1.0",
            "",
            "",
            "mirror/a:1.0 team/a:latest mirror/a:latest team/b:latest"
        ]
    );
    assert!(matches!(source, ReleaseError::Destination { .. }), "{source}");
    assert_eq!(told.len(), 4);

    // Before the first one the error stands alone: nothing has moved.
    let sent = send(&images).await;
    registry.fail(1, |method, path| method == "PUT" && path == "/v2/mirror/a/manifests/1.0", || Fault::status(403));
    let (told, result) = moved(&sent, &Interruption::new()).await;
    assert!(matches!(result.unwrap_err(), ReleaseError::Destination { .. }));
    assert!(told.len() == 4 && told.iter().all(|tag| tag.state == TagState::Unchanged), "{told:?}");
    // Running again completes.
    let (told, result) = moved(&send(&images).await, &Interruption::new()).await;
    result.unwrap();
    assert_eq!(told.iter().filter(|tag| tag.state == TagState::Moved).count(), 4);
}

#[tokio::test]
async fn a_tag_that_moved_without_an_answer_has_moved() {
    let registry = TestRegistry::start().await.unwrap();
    let images = two_images(&registry).await;
    let sent = send(&images).await;
    let refusal = || match Fault::status(400) {
        Fault::Answer(response) => Fault::Replace(response),
        other => other,
    };
    registry.fail(1, |method, path| method == "PUT" && path == "/v2/team/a/manifests/1.0", refusal);
    let (told, result) = moved(&sent, &Interruption::new()).await;
    result.unwrap();
    assert!(told.iter().all(|tag| tag.state == TagState::Moved), "{told:?}");
}

#[tokio::test]
async fn of_a_tag_that_nobody_can_look_up_nothing_is_known() {
    let registry = TestRegistry::start().await.unwrap();
    let images = two_images(&registry).await;
    let sent = send(&images).await;
    let vanishing = registry.vanishing();
    let is_first = |method: &str, path: &str| method == "PUT" && path == "/v2/team/a/manifests/1.0.0";
    registry.fail(1, is_first, move || Fault::CallAfter(vanishing.clone()));
    let (told, result) = moved(&sent, &Interruption::new()).await;
    // Also if it is the first of all.
    let (lists, source) = interrupted(result.unwrap_err());
    let later = "mirror/a:1.0.0 team/b:edge team/a:1.0 mirror/a:1.0 team/a:latest mirror/a:latest team/b:latest";
    assert_eq!(lists, ["", "", "team/a:1.0.0", later]);
    assert!(matches!(source, ReleaseError::Destination { .. }), "{source}");
    assert_eq!(told.iter().map(|tag| tag.state).collect::<Vec<_>>(), [TagState::Unknown]);
    assert_eq!(tags_written(&registry), ["team/a:1.0.0"]);
}

#[tokio::test]
async fn an_interruption_is_noticed_between_two_tags() {
    let registry = TestRegistry::start().await.unwrap();
    let images = two_images(&registry).await;
    let sent = send(&images).await;
    let interruption = Interruption::new();
    let interrupt = interruption.clone();
    before_put(&registry, "mirror/a:1.0.0", move || interrupt.cancel());
    let (told, result) = moved(&sent, &interruption).await;
    let (lists, source) = interrupted(result.unwrap_err());
    assert_eq!(lists[0], "team/a:1.0.0 mirror/a:1.0.0");
    assert_eq!(lists[3], "team/b:edge team/a:1.0 mirror/a:1.0 team/a:latest mirror/a:latest team/b:latest");
    assert!(matches!(source, ReleaseError::Stopped), "{source}");
    assert_eq!(told.len(), 2);
    assert_eq!(tags_written(&registry), ["team/a:1.0.0", "mirror/a:1.0.0"]);

    let (told, result) = moved(&sent, &interruption).await;
    assert!(matches!(result.unwrap_err(), ReleaseError::Stopped) && told.is_empty());
}
