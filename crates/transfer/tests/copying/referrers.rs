//! What is about an image comes with it.

use crate::world::{World, push_artifact, push_image, push_index, push_tagged};
use consign_image::Place;
use consign_oci::{Document, Repository};
use consign_transfer::Options;
use std::collections::BTreeSet;

/// Returns the digests of what is about a manifest.
async fn about(place: &Place, subject: &Document) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for referrer in place.referrers(subject.digest()).await.unwrap() {
        assert!(place.exact_document(&referrer).await.is_ok());
        found.push(referrer.digest.to_string());
    }
    found.sort();
    found
}

fn repository(name: &str) -> Repository {
    name.rsplit_once(':').unwrap().0.parse().unwrap()
}

fn cosign_tag(subject: &Document, suffix: &str) -> String {
    format!("sha256-{}.{suffix}", subject.digest().hex())
}

#[tokio::test]
async fn signatures_of_the_index_and_of_each_platform_come_with_it() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let index = push_index(&from, 1).await;
    let place = world.source(&from);
    let Document::Index(list) = &index else { unreachable!() };
    let mut subjects = vec![index.clone()];
    for entry in &list.manifests {
        subjects.push(place.document(entry).await.unwrap());
    }
    let mut tags = Vec::new();
    for subject in &subjects {
        let attestation = push_artifact(&repository(&from), subject, "attestation").await;
        // What is about an attestation, too.
        push_artifact(&repository(&from), &attestation, "about it").await;
        for suffix in ["sig", "att", "sbom"] {
            let tag = cosign_tag(subject, suffix);
            tags.push((tag.clone(), push_tagged(&repository(&from), &tag, &tag).await));
        }
    }
    world.copy(&from, &to, &Options::default()).await;
    // Nobody is asked twice.
    let asked: Vec<String> = world.from.lines().into_iter().filter(|line| line.contains("/referrers/")).collect();
    assert_eq!(asked.len(), asked.iter().collect::<BTreeSet<_>>().len());
    let there = world.source(&to);
    for subject in &subjects {
        let attestations = about(&there, subject).await;
        assert_eq!(attestations, about(&place, subject).await);
        assert_eq!(attestations.len(), 1);
        let attestation = attestations[0].parse().unwrap();
        assert_eq!(there.referrers(&attestation).await.unwrap().len(), 1);
    }
    for (tag, document) in tags {
        assert_eq!(there.tagged(&tag.parse().unwrap()).await.unwrap().unwrap().digest, *document.digest(), "{tag}");
    }
    // The name came last.
    let writes = world.to.lines();
    let last = writes.iter().rfind(|line| line.starts_with("PUT")).unwrap();
    assert!(last.contains("/manifests/1 "), "{last}");
}

#[tokio::test]
async fn registries_without_a_list_get_one() {
    let mut world = World::new().await;
    world.to =
        consign_testkit::registry::TestRegistry::start_with(|options| options.referrers_api = false).await.unwrap();
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let image = push_image(&from, 1, 1).await;
    for text in ["one", "two", "three"] {
        push_artifact(&repository(&from), &image, text).await;
    }
    world.copy(&from, &to, &Options::default()).await;
    assert_eq!(about(&world.source(&to), &image).await, about(&world.source(&from), &image).await);
}

#[tokio::test]
async fn what_lists_its_own_subject_ends() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let image = push_image(&from, 1, 1).await;
    // An index that is about an image that it lists.
    let mut list = consign_oci::Index::new(vec![image.descriptor()]);
    list.subject = Some(image.descriptor());
    let list = Document::Index(consign_oci::Exact::write(list).unwrap());
    let target = list.digest().clone().into();
    world.client.put_manifest(&repository(&from), &target, &list).await.unwrap();
    world.copy(&from, &to, &Options::default()).await;
    assert_eq!(about(&world.source(&to), &image).await, [list.digest().to_string()]);
}

#[tokio::test]
async fn a_layout_and_an_archive_hold_them_too() {
    let mut world = World::new().await;
    let from = World::at(&world.from, "team/app:1");
    let image = push_image(&from, 1, 2).await;
    let signature = push_artifact(&repository(&from), &image, "signature").await;
    for name in [
        format!("oci:{}:1", world.path("layout").display()),
        format!("oci-archive:{}:1", world.path("archive.tar").display()),
        "store:app".to_owned(),
    ] {
        world.copy(&from, &name, &Options::default()).await;
        let place = world.source(&name);
        assert_eq!(about(&place, &image).await, [signature.digest().to_string()], "{name}");
        // And out again.
        let back = World::at(&world.to, "back/app:1");
        world.copy(&name, &back, &Options::default()).await;
        assert_eq!(about(&world.source(&back), &image).await, [signature.digest().to_string()], "{name}");
    }
}

#[tokio::test]
async fn what_only_a_tag_leads_to_goes_into_a_layout_and_is_missed_in_an_archive() {
    let mut world = World::new().await;
    let from = World::at(&world.from, "team/app:1");
    let image = push_image(&from, 1, 1).await;
    let tag = cosign_tag(&image, "sig");
    let signature = push_tagged(&repository(&from), &tag, "signature").await;
    let layout = format!("oci:{}", world.path("layout").display());
    for _ in 0..2 {
        assert_eq!(world.copy(&from, &layout, &Options::default()).await.left_behind, []);
        // It is no image: there is one, which needs no name.
        assert_eq!(world.source(&layout).root().await.unwrap().unwrap().digest, *image.digest());
    }
    let back = World::at(&world.to, "back/app:1");
    world.copy(&layout, &back, &Options::default()).await;
    let tag = tag.parse().unwrap();
    assert_eq!(world.source(&back).tagged(&tag).await.unwrap().unwrap().digest, *signature.digest());
    let archive = format!("oci-archive:{}", world.path("archive.tar").display());
    assert_eq!(world.copy(&from, &archive, &Options::default()).await.left_behind, [tag]);
}
