use consign_image::Place;
use consign_oci::{Descriptor, Digest, Exact, Manifest, Reference, Target, media_type};
use consign_receipt::Statement;
use consign_registry::{Client, Options};
use consign_sign::PrivateKey;
use consign_store::Store;
use tokio::runtime::Runtime;

/// Attaches a statement to what it is about, which lies in the repository: signed by the key, or by nobody.
pub fn attach(repository: &str, statement: &Statement, key: Option<&PrivateKey>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let put = |bytes: &[u8]| store.put(bytes).unwrap();
    let reference: Reference = repository.parse().unwrap();
    let about: Digest = format!("sha256:{}", statement.subject[0].digest["sha256"]).parse().unwrap();
    Runtime::new().unwrap().block_on(async {
        let client = Client::new(Options::default()).unwrap();
        let subject = client.manifest_descriptor(&reference.repository, &Target::Digest(about)).await.unwrap().unwrap();
        let manifest = artifact(&subject, Exact::write(statement.clone()).unwrap(), key, put);
        let place = Place::Registry { client, reference };
        place.send_artifact(&manifest, &store).await.unwrap();
    });
}

/// Makes the manifest of what is attached, and hands on all that it is made of.
fn artifact(
    subject: &Descriptor,
    statement: Exact<Statement>,
    key: Option<&PrivateKey>,
    put: impl Fn(&[u8]) -> Digest,
) -> Descriptor {
    let manifest = match key {
        Some(key) => {
            let bundle = consign_sign::sign(&statement, key).unwrap();
            let created = "2026-01-02T03:04:05Z";
            let artifact = consign_sign::artifact(subject, &bundle, &statement.predicate_type, created).unwrap();
            artifact.blobs.iter().for_each(|(_, bytes)| _ = put(bytes));
            artifact.manifest
        }
        None => {
            put(b"{}");
            put(statement.bytes());
            let mut manifest = Manifest::new(Descriptor::empty(), vec![statement.descriptor(media_type::IN_TOTO)]);
            manifest.artifact_type = Some(media_type::IN_TOTO.to_owned());
            manifest.subject = Some(subject.plain());
            Exact::write(manifest).unwrap()
        }
    };
    put(manifest.bytes());
    manifest.descriptor(media_type::MANIFEST)
}
