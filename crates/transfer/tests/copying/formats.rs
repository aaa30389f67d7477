//! Images in OCI's format and in docker's.

use crate::careless::Careless;
use crate::world::{World, client, push_artifact, push_image, push_index};
use consign_oci::{Descriptor, Digest, Document, Exact, Index, Manifest, Reference, media_type};
use consign_transfer::{Copied, Copier, Format, Options, Remark, State, TransferError};
use serde_json::{Value, json};
use std::time::Duration;

fn to(format: Format) -> Options {
    Options { format: Some(format), ..Options::default() }
}

impl World {
    /// Copies in a format, and returns what there is to remark.
    async fn convert(&self, from: &str, to_name: &str, format: Format) -> Result<(Copied, Vec<Remark>), TransferError> {
        let (source, sink, options) = (self.source(from), self.sink(to_name), to(format));
        let copier = Copier::new(&source, &sink, &options);
        let copied = copier.copy().await?;
        Ok((copied, copier.remarks()))
    }

    /// Returns what a name names, as JSON, and its digest.
    async fn read(&self, name: &str) -> (Value, Digest) {
        let place = self.source(name);
        let document = place.document(&place.root().await.unwrap().unwrap()).await.unwrap();
        (serde_json::from_slice(document.bytes()).unwrap(), document.digest().clone())
    }

    /// Reads all of an image, whose parts must be what they are listed as.
    async fn is_whole(&self, name: &str) {
        let place = self.source(name);
        let root = place.root().await.unwrap().unwrap();
        let mut open = vec![place.exact_document(&root).await.unwrap()];
        while let Some(document) = open.pop() {
            for part in document.children() {
                match document {
                    Document::Index(_) => open.push(place.exact_document(part).await.unwrap()),
                    Document::Manifest(_) => {
                        assert_eq!(place.bytes(part, 1 << 20).await.unwrap().len() as u64, part.size)
                    }
                }
            }
        }
    }
}

/// Writes a text under a name, as what it says that it is.
async fn put(name: &str, text: &str) -> Document {
    let reference: Reference = name.parse().unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    let document = Document::read(value["mediaType"].as_str().unwrap(), text.as_bytes().to_vec()).unwrap();
    client().put_manifest(&reference.repository, &reference.target(), &document).await.unwrap();
    document
}

#[tokio::test]
async fn there_and_back_is_what_it_was() {
    let world = World::new().await;
    let (from, other, back) =
        (World::at(&world.from, "team/app:1"), World::at(&world.to, "other/app:1"), World::at(&world.to, "back/app:1"));
    let index = push_index(&from, 2).await;
    let (copied, remarks) = world.convert(&from, &other, Format::Docker).await.unwrap();
    let converted = copied.root.digest.clone();
    assert_eq!(
        remarks,
        [Remark::Converted { format: Format::Docker, from: index.digest().clone(), to: converted.clone() }]
    );
    world.is_whole(&other).await;
    let (list, digest) = world.read(&other).await;
    assert_eq!((list["mediaType"].as_str(), digest), (Some(media_type::DOCKER_INDEX), converted));
    let child = list["manifests"][2]["digest"].as_str().unwrap();
    let (manifest, _) = world.read(&format!("{}@{child}", other.trim_end_matches(":1"))).await;
    assert_eq!(manifest["mediaType"], media_type::DOCKER_MANIFEST);
    assert_eq!(manifest["config"]["mediaType"], media_type::DOCKER_CONFIG);
    assert_eq!(manifest["layers"][1]["mediaType"], "application/vnd.docker.image.rootfs.diff.tar");
    // Nothing is done twice, nor to what has the format.
    let (again, _) = world.convert(&from, &other, Format::Docker).await.unwrap();
    assert_eq!(again.state, State::Unchanged);
    let (same, remarks) = world.convert(&other, &back, Format::Docker).await.unwrap();
    assert_eq!((same.root.digest, remarks), (copied.root.digest, Vec::new()));
    let (back, _) = world.convert(&other, &back, Format::Oci).await.unwrap();
    assert_eq!(back.root.digest, *index.digest());
}

#[tokio::test]
async fn what_others_have_written_keeps_its_spaces_and_its_order() {
    let world = World::new().await;
    let from = World::at(&world.from, "team/app:1");
    let image = push_image(&from, 1, 1).await;
    let Document::Manifest(manifest) = &image else { unreachable!() };
    let (config, layer) = (&manifest.config, &manifest.layers[0]);
    let text = format!(
        "{{\n   \"schemaVersion\": 2,\n   \"mediaType\": \"{}\",\n   \"config\": {{\n      \"size\": {},\n      \"digest\": \"{}\",\n      \
         \"mediaType\": \"{}\"\n   }},\n   \"layers\": [\n      {{ \"mediaType\": \"{}\", \"size\": {}, \"digest\": \"{}\" }}\n   ]\n}}",
        media_type::DOCKER_MANIFEST,
        config.size,
        config.digest,
        media_type::DOCKER_CONFIG,
        media_type::DOCKER_LAYER_GZIP,
        layer.size,
        layer.digest,
    );
    let original = put(&from, &text).await;
    let layout = format!("oci:{}:1", world.path("layout").display());
    let (copied, _) = world.convert(&from, &layout, Format::Oci).await.unwrap();
    let expected = [
        (media_type::DOCKER_MANIFEST, media_type::MANIFEST),
        (media_type::DOCKER_CONFIG, media_type::CONFIG),
        (media_type::DOCKER_LAYER_GZIP, media_type::LAYER_GZIP),
    ];
    let expected = expected.iter().fold(text, |text, (docker, oci)| text.replace(docker, oci));
    assert_eq!(copied.root.digest, Digest::of(expected.as_bytes()));
    let (back, _) = world.convert(&layout, &World::at(&world.to, "back:1"), Format::Docker).await.unwrap();
    assert_eq!(back.root.digest, *original.digest());
}

#[tokio::test]
async fn signatures_stay_with_what_they_are_about() {
    let world = World::new().await;
    let (from, there) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let index = push_index(&from, 1).await;
    let repository = from.trim_end_matches(":1").parse().unwrap();
    push_artifact(&repository, &index, "signature").await;
    world.from.forget();
    let (copied, _) = world.convert(&from, &there, Format::Docker).await.unwrap();
    assert!(!world.asked().contains("/referrers/"), "{}", world.asked());
    let place = world.source(&there);
    assert!(place.referrers(index.digest()).await.unwrap().is_empty());
    assert!(place.referrers(&copied.root.digest).await.unwrap().is_empty());
    // Where nothing is converted, they come.
    let (_, remarks) = world.convert(&from, &World::at(&world.to, "other:1"), Format::Oci).await.unwrap();
    assert!(remarks.is_empty());
    assert_eq!(world.source(&World::at(&world.to, "other:1")).referrers(index.digest()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn within_a_repository_what_is_listed_is_brought() {
    let world = World::new().await;
    let (from, beside) = (World::at(&world.from, "team/app:1"), World::at(&world.from, "team/app:docker"));
    push_index(&from, 1).await;
    world.convert(&from, &beside, Format::Docker).await.unwrap();
    world.is_whole(&beside).await;
}

#[tokio::test]
async fn what_docker_has_no_place_for_is_named_or_refused() {
    let world = World::new().await;
    let from = World::at(&world.from, "team/app:1");
    let to_name = World::at(&world.to, "mirror/app:1");
    let image = push_image(&from, 1, 2).await;
    let Document::Manifest(manifest) = &image else { unreachable!() };
    let written = |change: &dyn Fn(&mut Manifest)| {
        let mut manifest = Manifest::clone(manifest);
        change(&mut manifest);
        String::from_utf8(Exact::write(manifest).unwrap().bytes().to_vec()).unwrap()
    };
    let annotated = |manifest: &mut Manifest| {
        manifest.annotations.insert("a".to_owned(), "b".to_owned());
        manifest.layers[0].annotations.insert("c".to_owned(), "d".to_owned());
        manifest.artifact_type = Some("x/y".to_owned());
    };
    put(&from, &written(&annotated)).await;
    let (_, remarks) = world.convert(&from, &to_name, Format::Docker).await.unwrap();
    let lost = ["annotations", "artifactType"].map(str::to_owned).into();
    assert_eq!(remarks[1..], [Remark::Lost { format: Format::Docker, keys: lost }]);
    let (found, _) = world.read(&to_name).await;
    assert_eq!(found.as_object().unwrap().len(), 4);
    assert_eq!(found["layers"][0].as_object().unwrap().len(), 3);
    for (change, reason) in [
        (
            &(|manifest: &mut Manifest| manifest.layers[1].media_type = media_type::LAYER_ZSTD.to_owned())
                as &dyn Fn(&mut Manifest),
            "compressed with zstd",
        ),
        (&|manifest| manifest.layers[1].media_type = "text/plain".to_owned(), "nothing like `text/plain`"),
        (&|manifest| manifest.config.media_type = "text/plain".to_owned(), "it is no image"),
    ] {
        let refused = put(&from, &written(change)).await;
        let error = world.convert(&from, "oci:none", Format::Docker).await.unwrap_err();
        assert!(matches!(&error, TransferError::Format { digest, .. } if digest == refused.digest()), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        // Of OCI's format it is already.
        assert!(world.convert(&from, &to_name, Format::Oci).await.unwrap().1.is_empty());
    }
    // Layers that are elsewhere have their like; a type that is not said is.
    let foreign = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    let text = written(&|manifest| manifest.layers[1].media_type = foreign.to_owned());
    put(&from, &text).await;
    world.convert(&from, &to_name, Format::Docker).await.unwrap();
    let (found, _) = world.read(&to_name).await;
    assert_eq!(found["layers"][1]["mediaType"], "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
}

#[tokio::test]
async fn what_a_list_says_of_its_entries_is_not_said_of_others() {
    let world = World::new().await;
    let (from, there) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let [image, about] = [push_image(&from, 1, 1).await, push_image(&from, 2, 1).await];
    let mut entry = about.descriptor();
    entry.platform = Some("unknown/unknown".parse().unwrap());
    entry.annotations.insert("vnd.docker.reference.digest".to_owned(), image.digest().to_string());
    let platform = Some("linux/amd64".parse().unwrap());
    let index = Index::new(vec![Descriptor { platform, ..image.descriptor() }, entry]);
    put(&from, std::str::from_utf8(Exact::write(index).unwrap().bytes()).unwrap()).await;
    let (_, remarks) = world.convert(&from, &there, Format::Docker).await.unwrap();
    assert_eq!(remarks[1..], [Remark::Unlisted { entries: 1 }]);
    let (list, _) = world.read(&there).await;
    assert_eq!(list["manifests"].as_array().unwrap().len(), 1);
    assert_eq!(list["manifests"][0]["platform"], json!({"architecture": "amd64", "os": "linux"}));
    // In its own format it stays whole.
    assert!(world.convert(&from, &there, Format::Oci).await.unwrap().1.is_empty());
    assert_eq!(world.read(&there).await.0["manifests"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn of_a_list_one_image_is_taken_where_there_is_place_for_one() {
    let world = World::new().await;
    let from = World::at(&world.from, "team/app:1");
    let index = push_index(&from, 1).await;
    let (source, sink) = (world.source(&from), world.sink("store:one"));
    let copy = async |usual: &str, platforms: &[&str]| {
        let platforms = platforms.iter().map(|platform| platform.parse().unwrap()).collect();
        let options = Options { one_of_list: Some(usual.parse().unwrap()), platforms, ..Options::default() };
        let copier = Copier::new(&source, &sink, &options);
        Ok::<_, TransferError>((copier.copy().await?.root.digest, copier.remarks()))
    };
    let Document::Index(list) = &index else { unreachable!() };
    for (usual, platforms, entry) in
        [("linux/arm64", &[][..], 1), ("linux/arm64", &["linux/s390x"], 3), ("none/none", &["linux/amd64"], 0)]
    {
        let (root, remarks) = copy(usual, platforms).await.unwrap();
        assert_eq!(root, list.manifests[entry].digest);
        let platform = list.manifests[entry].platform.clone().unwrap();
        assert_eq!(remarks, [Remark::OneOfList { list: index.digest().clone(), platform }]);
    }
    for (usual, platforms) in [("linux/riscv64", &[][..]), ("linux/amd64", &["linux/riscv64"])] {
        let error = copy(usual, platforms).await.unwrap_err();
        assert!(matches!(error, TransferError::Image(consign_image::ImageError::NoPlatform { .. })), "{error}");
    }
}

#[tokio::test]
async fn what_an_entry_holds_of_another_text_is_left_out() {
    let world = World::new().await;
    let (from, there) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let oci = push_image(&from, 1, 1).await;
    let docker = World::at(&world.from, "team/app:docker");
    world.convert(&from, &docker, Format::Docker).await.unwrap();
    let place = world.source(&docker);
    let docker = place.root().await.unwrap().unwrap();
    let holding = |entry: &Descriptor| {
        let mut entry = serde_json::to_value(entry).unwrap();
        entry["data"] = json!("e30=");
        entry
    };
    let entries = [holding(&oci.descriptor()), holding(&docker)];
    put(&from, &json!({"schemaVersion": 2, "mediaType": media_type::INDEX, "manifests": entries}).to_string()).await;
    world.convert(&from, &there, Format::Oci).await.unwrap();
    let (list, _) = world.read(&there).await;
    let entries = list["manifests"].as_array().unwrap();
    assert_eq!([&entries[0]["digest"], &entries[1]["digest"]], [oci.digest().to_string().as_str(); 2]);
    assert_eq!(entries[0]["data"], "e30=");
    assert_eq!(entries[1].as_object().unwrap().len(), 3, "{list}");
}

#[tokio::test]
async fn what_is_listed_again_and_again_is_converted_once() {
    let (world, source) = (World::new().await, Careless::start().await);
    let image = push_image(&World::at(&world.from, "team/app:1"), 1, 1).await;
    let image_place = world.source(&World::at(&world.from, "team/app:1"));
    for part in image.children() {
        source.blob("team/app", &part.digest, &image_place.bytes(part, 1 << 20).await.unwrap());
    }
    let (from, there) = (format!("{}/team/app:1", source.host), World::at(&world.to, "mirror/app:1"));
    let mut listed = image;
    for _ in 0..7 {
        source.document("team/app", &listed.digest().to_string(), &listed);
        listed = Document::Index(Exact::write(Index::new(vec![listed.descriptor(); 1000])).unwrap());
    }
    source.document("team/app", "1", &listed);
    let copying = tokio::time::timeout(Duration::from_secs(60), world.convert(&from, &there, Format::Docker));
    let (copied, _) = copying.await.unwrap().unwrap();
    assert!(world.to.requests() < 40, "{}", world.asked());
    let mut name = there.clone();
    for _ in 0..7 {
        let (list, _) = world.read(&name).await;
        let entries = list["manifests"].as_array().unwrap();
        assert_eq!((entries.len(), &entries[0]), (1000, &entries[999]));
        name = format!("{}@{}", there.trim_end_matches(":1"), entries[0]["digest"].as_str().unwrap());
    }
    world.is_whole(&name).await;
    assert_ne!(copied.root.digest, *listed.digest());
    // One that says another size of the same is another.
    let wrong = Descriptor { size: 7, ..listed.children()[0].clone() };
    let entries = vec![listed.children()[0].clone(), wrong];
    source.document("team/app", "1", &Document::Index(Exact::write(Index::new(entries)).unwrap()));
    let error = world.convert(&from, &there, Format::Docker).await.unwrap_err();
    assert!(matches!(error, TransferError::Image(consign_image::ImageError::Size { .. })), "{error}");
}

#[tokio::test]
async fn lists_without_end_are_refused() {
    let world = World::new().await;
    let from = World::at(&world.from, "team/app:1");
    let mut inner = push_image(&from, 1, 1).await;
    for _ in 0..9 {
        let index = Index::new(vec![inner.descriptor()]);
        inner = put(&from, std::str::from_utf8(Exact::write(index).unwrap().bytes()).unwrap()).await;
    }
    let error = world.convert(&from, &World::at(&world.to, "x:1"), Format::Docker).await.unwrap_err();
    assert!(matches!(error, TransferError::Image(consign_image::ImageError::TooDeep { .. })), "{error}");
}
