//! Other people's registries.

use crate::world::{basic, client, image, named, push};
use consign_oci::{Descriptor, Digest, Document, Exact, Index, RegistryPath, Repository, Tag, media_type};
use consign_registry::{Catalog, Entrance, ErrorKind, HostOptions, Options, Pushed};
use consign_testkit::distribution::Distribution;
use tokio::io::AsyncReadExt;

#[tokio::test]
async fn debians_docker_registry_with_a_password() {
    let Some(peer) = Distribution::start_with_login() else { return };
    let peer = peer.unwrap();
    let at: RegistryPath = peer.host().parse().unwrap();
    let client_as = |password: &str| {
        let host = HostOptions { credentials: basic("me", password), ..HostOptions::default() };
        client(Options { hosts: [(peer.host(), host)].into(), ..Options::default() })
    };
    assert_eq!(client_as("wrong").enter(&at).await.unwrap_err().kind(), ErrorKind::Unauthorized);
    let client = client_as("secret");
    assert_eq!(client.enter(&at).await.unwrap(), Entrance::Checked);
    let repositories: Vec<Repository> =
        ["a", "team/app", "teamwork"].iter().map(|path| format!("{at}/{path}").parse().unwrap()).collect();
    for repository in &repositories {
        for blob in [&b"{}"[..], b"x"] {
            push(&client, repository, blob, None).await.unwrap();
        }
        client.put_manifest(repository, &named("1"), &image("x", |_| {})).await.unwrap();
    }
    let digest = Digest::of(b"x");
    assert_eq!(client.blob_size(&repositories[0], &digest).await.unwrap(), Some(1));
    assert_eq!(client.blob_size(&repositories[0], &Digest::of(b"absent")).await.unwrap(), None);
    assert_eq!(client.catalog(&at).await.unwrap(), Catalog::Listed(repositories.clone()));
    let team = format!("{at}/team").parse().unwrap();
    assert_eq!(client.catalog(&team).await.unwrap(), Catalog::Listed(repositories[1..2].to_vec()));
}

#[tokio::test]
async fn debians_docker_registry() {
    let Some(peer) = Distribution::start() else { return };
    let peer = peer.unwrap();
    let client = client(Options::default());
    let [app, copy] = ["team/app", "copy"].map(|path| format!("{}/{path}", peer.host()).parse().unwrap());
    assert_eq!(client.tags(&app).await.unwrap(), []);
    // Blobs.
    // The first is sent with the request that asks to; after that it is known that this registry does not take that.
    for (bytes, first) in [(&b"{}"[..], Pushed::Uploaded), (b"x", Pushed::Uploaded), (b"x", Pushed::Existed)] {
        assert_eq!(push(&client, &app, bytes, None).await.unwrap(), first);
    }
    assert_eq!(push(&client, &copy, b"x", Some(&app)).await.unwrap(), Pushed::Mounted);
    assert_eq!(push(&client, &copy, b"y", Some(&app)).await.unwrap(), Pushed::Uploaded);
    let mut bytes = Vec::new();
    client.blob(&app, &Descriptor::of("x/y", b"x")).await.unwrap().read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, b"x");
    // Manifests.
    let document = image("x", |_| {});
    let index = Document::Index(Exact::write(Index::new(vec![document.descriptor()])).unwrap());
    for (tag, document) in [("1.0", &document), ("latest", &index)] {
        assert_eq!(client.manifest_descriptor(&app, &named(tag)).await.unwrap(), None);
        client.put_manifest(&app, &named(tag), document).await.unwrap();
        for target in [named(tag), document.digest().clone().into()] {
            assert_eq!(client.manifest_descriptor(&app, &target).await.unwrap(), Some(document.descriptor()));
            assert_eq!(client.manifest(&app, &target).await.unwrap().as_ref(), Some(document));
        }
    }
    assert_eq!(client.tags(&app).await.unwrap().len(), 2);
    let error = client.put_manifest(&copy, &named("1"), &document).await.unwrap_err();
    assert!(error.to_string().contains("MANIFEST_BLOB_UNKNOWN"), "{error}");
    let error = client.blob(&app, &Descriptor::of("x/y", b"absent")).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // Referrers, of which it knows nothing: they are listed under a tag.
    let subject = document.descriptor();
    assert_eq!(client.referrers(&app, &subject.digest).await.unwrap(), []);
    let mut expected: Vec<Digest> = Vec::new();
    for number in 0..3 {
        let about = image("x", |manifest| {
            manifest.subject = Some(subject.clone());
            manifest.artifact_type = Some(format!("x/type{number}"));
        });
        client.put_manifest(&app, &about.digest().clone().into(), &about).await.unwrap();
        expected.push(about.digest().clone());
    }
    let found = client.referrers(&app, &subject.digest).await.unwrap();
    assert_eq!(found.iter().map(|listed| listed.digest.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(found[2].artifact_type.as_deref(), Some("x/type2"));
    let list = client.manifest_descriptor(&app, &Tag::of_referrers(&subject.digest).into()).await.unwrap();
    assert_eq!(list.map(|list| list.media_type).as_deref(), Some(media_type::INDEX));
}
