//! What goes into an image of a Dockerfile from elsewhere: what of it the provenance lists, and what comes from mirrors.

use crate::common::{Destination, TestEnvironment};
use consign_oci::{Descriptor, Digest, Document, Exact, Manifest, Tag, Target, media_type};
use consign_registry::Client;
use consign_testkit::git::GitServer;
use consign_testkit::registry::Fault;
use serde_json::{Value, json};
use std::fs;
use tokio::runtime::Runtime;

/// Returns the inputs that the provenance lists of the image that was written to the folder `out`.
fn inputs(environment: &TestEnvironment) -> Vec<Value> {
    let blobs = fs::read_dir(environment.path("out/blobs/sha256")).unwrap();
    let documents = blobs.filter_map(|blob| serde_json::from_slice(&fs::read(blob.unwrap().path()).unwrap()).ok());
    let found: Vec<Value> = documents
        .map(|document: Value| document["predicate"]["buildDefinition"]["resolvedDependencies"].clone())
        .filter(Value::is_array)
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].as_array().unwrap().clone()
}

/// Pushes an image for linux/amd64 with an empty layer to `base:1`, and returns its digest.
fn push_base(registry: &Destination) -> Digest {
    let client = Client::new(consign_registry::Options::default()).unwrap();
    let repository = registry.repository("base").unwrap();
    let layer = vec![0_u8; 1024];
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [Digest::of(&layer)]},
    });
    let config = config.to_string().into_bytes();
    let layer_descriptor = Descriptor::of("application/vnd.oci.image.layer.v1.tar", &layer);
    let config_descriptor = Descriptor::of(media_type::CONFIG, &config);
    let manifest = Manifest::new(config_descriptor.clone(), vec![layer_descriptor.clone()]);
    let document = Document::Manifest(Exact::write(manifest).unwrap());
    Runtime::new().unwrap().block_on(async {
        for (descriptor, bytes) in [(&config_descriptor, &config), (&layer_descriptor, &layer)] {
            let open = || {
                let bytes = bytes.clone();
                async move { Ok(std::io::Cursor::new(bytes)) }
            };
            client.push_blob(&repository, descriptor, open, None).await.unwrap();
        }
        let tag: Tag = "1".parse().unwrap();
        client.put_manifest(&repository, &Target::Tag(tag), &document).await.unwrap();
    });
    document.digest().clone()
}

#[test]
fn provenance_lists_every_input() {
    let Some(git) = GitServer::start().unwrap() else { return };
    let repository = git.repository("app").unwrap();
    repository.write("file", "x\n").unwrap();
    let commit = repository.commit().unwrap();
    let registry = Destination::start();
    let base = push_base(&registry);
    let environment = TestEnvironment::new();
    let list = format!("http://{}/v2/base/tags/list", registry.host());
    let dockerfile = format!(
        "FROM {}/base:1\nADD {} /git/\nADD {list}?token=secret /list\nCOPY --from=other /file /file\n",
        registry.host(),
        git.address("app#main"),
    );
    environment.write("Dockerfile", &dockerfile);
    environment.commit("A Dockerfile.");
    let context = format!("other={}", git.address("app?branch=main"));
    let arguments =
        ["-f", "Dockerfile", "build", "--platform", "linux/amd64", "--to", "oci:out", "--build-context", &context];
    environment.consign(&arguments).expect(0);
    let inputs = inputs(&environment);
    let has = |name: Option<&str>, uri: Option<&str>, algorithm: &str, digest: &str| {
        let is =
            |input: &&Value| name.is_none_or(|name| input["name"] == name) && uri.is_none_or(|uri| input["uri"] == uri);
        assert!(inputs.iter().filter(is).any(|input| input["digest"][algorithm] == digest), "{uri:?}: {inputs:#?}");
    };
    has(Some("Dockerfile"), None, "sha256", Digest::of(dockerfile.as_bytes()).hex());
    has(Some("base image"), None, "sha256", base.hex());
    has(None, Some(&git.address("app@main")), "gitCommit", &commit);
    has(None, Some(&git.address("app@refs/heads/main")), "gitCommit", &commit);
    has(Some("source"), None, "gitCommit", environment.git(&["rev-parse", "HEAD"]).trim());
    has(None, Some(&list), "sha256", Digest::of(b"{\"name\":\"base\",\"tags\":[\"1\"]}").hex());
    assert!(!format!("{inputs:?}").contains("secret"), "{inputs:?}");
}

#[test]
fn bases_come_from_mirrors_under_their_own_names() {
    let (registry, mirror) = (Destination::start(), Destination::start());
    assert_eq!(push_base(&registry), push_base(&mirror));
    let environment = TestEnvironment::new();
    environment.write("Dockerfile", format!("FROM {}/base:1\nLABEL a=b\n", registry.host()));
    let configuration = format!(
        "build: [{{source: Dockerfile, destination: localhost/app, platforms: [linux/amd64]}}]\n\
         registries: {{\"{}\": {{mirrors: [\"{}\"]}}}}\n",
        registry.host(),
        mirror.host()
    );
    environment.write("consign.yaml", configuration);
    environment.commit("A Dockerfile.");
    registry.forget();
    let first = environment.consign(&["build", "--to", "oci:out"]).expect(0);
    assert_eq!(registry.requests(), 0, "{:?}", registry.lines());
    let name = format!("oci://{}/base:1@", registry.host());
    assert!(inputs(&environment).iter().any(|input| input["uri"].as_str().is_some_and(|uri| uri.starts_with(&name))));

    // One that hands out wrong bytes is asked no more, and the build goes on with the right ones.
    fs::remove_dir_all(environment.beside("store")).unwrap();
    mirror.hook(|head| {
        let lies = head.method == "GET" && head.uri.path().contains("/blobs/");
        // With nothing in it.
        lies.then(|| Fault::status(200))
    });
    let second = environment.consign(&["build", "--to", "oci:out"]).expect(0);
    assert_eq!(first.stdout, second.stdout);
    assert!(registry.requests() > 0);
}

#[test]
fn a_layout_is_a_context_and_nothing_to_lock() {
    let environment = TestEnvironment::new();
    environment.write("Dockerfile", "FROM scratch\nCOPY a /\n");
    environment.write("a", "a\n");
    environment
        .consign(&["-f", "Dockerfile", "build", "--platform", "linux/amd64", "--to", "oci:layout:one"])
        .expect(0);
    environment.write("second/Dockerfile", "FROM x\nCOPY --from=x /a /b\n");
    let configuration = "build: [{source: second/Dockerfile, destination: \"localhost/app:1\", platforms: [linux/amd64],\n\
                         dockerOptions: {contexts: {x: \"oci-layout://layout:one\"}}}]\n";
    environment.write("consign.yaml", configuration);
    environment.commit("Dockerfiles.");
    environment.consign(&["build", "--to", "oci:out"]).expect(0);
    let base = environment.consign(&["inspect", "--raw", "oci:layout:one"]).expect(0).stdout;
    let digest = Digest::of(base.trim_end().as_bytes());
    let inputs = inputs(&environment);
    assert!(inputs.iter().any(|input| input["digest"]["sha256"] == digest.hex()), "{digest}: {inputs:#?}");
    environment.consign(&["lock"]).expect(0);
    assert!(!environment.path("consign.lock").exists() || !environment.read("consign.lock").contains("layout"));
    environment.write("consign.yaml", configuration.replace(":one\"}", "@sha256:00\"}"));
    let refused = environment.consign(&["build"]).expect(3).error();
    assert!(refused.contains("oci-layout://FOLDER:TAG"), "{refused}");
}
