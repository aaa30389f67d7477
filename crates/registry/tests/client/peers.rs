//! Other people's registries.

use crate::world::{client, image, named, push};
use consign_oci::{Descriptor, Digest, Document, Exact, Index, Tag, media_type};
use consign_registry::{ErrorKind, Options, Pushed};
use consign_testkit::tools::peer;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

/// Debian's `docker-registry`, which ends when this is dropped.
struct Distribution {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Distribution {
    async fn start() -> Option<Self> {
        let program = peer("docker-registry")?;
        let folder = tempfile::tempdir().unwrap();
        // Below the ports that the system gives out: between here and its start nobody else takes one of these.
        let ports = 20_000 + (std::process::id() % 10_000) as u16..32_000;
        let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports.into_iter().find(free).unwrap()));
        let configuration = folder.path().join("configuration.yaml");
        let data = folder.path().join("data");
        let text = format!(
            "version: 0.1\nlog: {{level: warn, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: {}}}, \
             delete: {{enabled: true}}}}\nhttp: {{addr: '{address}'}}\n",
            data.display()
        );
        fs::write(&configuration, text).unwrap();
        let mut command = program.command();
        command.arg("serve").arg(&configuration).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap();
        let started = Self { process, address, _folder: folder };
        let mut tries = 0;
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tries += 1;
            assert!(tries < 400, "docker-registry does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Some(started)
    }
}

impl Drop for Distribution {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn debians_docker_registry() {
    let Some(peer) = Distribution::start().await else { return };
    let client = client(Options::default());
    let [app, copy] = ["team/app", "copy"].map(|path| format!("{}/{path}", peer.address).parse().unwrap());
    assert_eq!(client.tags(&app).await.unwrap(), []);
    // Blobs.
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
