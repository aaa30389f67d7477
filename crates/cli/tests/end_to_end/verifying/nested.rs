//! Indexes in an index, and images that are listed without a platform: what is not looked at does not pass for verified.

use super::World;
use consign_oci::Digest;
use serde_json::{Value, json};
use std::fs;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

impl World {
    /// Writes an index of these entries into the layout `built` and onto the registry, and returns its name there.
    fn push_index(&self, name: &str, entries: &[Value]) -> String {
        let descriptor = self.put_index(entries);
        let list = self.environment.path("built/index.json");
        let mut index: Value = serde_json::from_str(&fs::read_to_string(&list).unwrap()).unwrap();
        let mut named = descriptor;
        named["annotations"] = json!({ "org.opencontainers.image.ref.name": name });
        index["manifests"].as_array_mut().unwrap().push(named);
        fs::write(list, index.to_string()).unwrap();
        let to = format!("{}/team/{name}:1", self.registry.host());
        self.run(&["copy", "--no-referrers", &format!("oci:built:{name}"), &to]).expect(0);
        to
    }

    fn put_index(&self, entries: &[Value]) -> Value {
        let text = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }).to_string();
        let digest = Digest::of(text.as_bytes());
        fs::write(self.environment.path(&format!("built/blobs/sha256/{}", digest.hex())), &text).unwrap();
        json!({ "mediaType": INDEX, "digest": digest, "size": text.len() })
    }

    /// Returns the entries of the image that was built.
    fn entries(&self) -> Vec<Value> {
        let list = self.run(&["inspect", "--raw", "oci:built:1"]).expect(0).json();
        list["manifests"].as_array().unwrap().clone()
    }
}

#[test]
fn what_an_index_in_an_index_lists_is_signed_and_verified() {
    let world = World::new(true);
    let inner = world.put_index(&world.entries());
    let image = world.push_index("nested", &[inner]);
    let verify = |more: &[&str]| world.run(&[&["verify", "--key", "cosign.pub"], more, &[&image]].concat());
    world.run(&["sign", "--key", "cosign.key", "--recursive=false", &image]).expect(0);
    let verified = verify(&[]).expect(0).stdout;
    assert!(
        verified.contains("\nlinux/amd64            ") && verified.contains("\nlinux/arm64            "),
        "{verified}"
    );
    let signed = world.run(&["sign", "--key", "cosign.key", "--output", "json", &image]).expect(0).json();
    assert_eq!(signed[0]["manifests"].as_array().unwrap().len(), 4);
    let verified = verify(&[]).expect(0).stdout;
    assert!(verified.contains("linux/amd64  signature") && verified.contains("linux/arm64  signature"), "{verified}");
    let error = verify(&["--type", "spdxjson"]).expect(13).error();
    assert!(error.contains("manifest of linux/arm64"), "{error}");
    world.environment.write("policy.yaml", "policy: {require: [sbom]}\n");
    let error = verify(&["--policy", "policy.yaml"]).expect(11).error();
    assert!(error.contains("linux/arm64"), "{error}");

    world.run(&["copy", &image, "oci:copied:1"]).expect(0);
    let copied = ["verify", "--key", "cosign.pub", "--content", "oci:copied:1"];
    world.run(&copied).expect(0);
    let arm64 = world.entries()[1]["digest"].as_str().unwrap().replace(':', "/");
    fs::write(world.environment.path(&format!("copied/blobs/{arm64}")), "{}").unwrap();
    world.run(&copied).expect(12);
    fs::remove_file(world.environment.path(&format!("copied/blobs/{arm64}"))).unwrap();
    world.run(&copied).expect(12);
    assert_eq!(world.run(&["clean", "--type", "all", &image]).expect(0).stderr.matches("4 removed").count(), 1);
}

#[test]
fn an_image_that_is_listed_without_a_platform_is_verified_for_its_own() {
    let world = World::new(true);
    let mut entries = world.entries();
    entries[1].as_object_mut().unwrap().remove("platform");
    let image = world.push_index("nameless", &entries);
    world.run(&["sign", "--key", "cosign.key", "--recursive=false", &image]).expect(0);
    let verify = ["verify", "--key", "cosign.pub", &image];
    assert!(world.run(&verify).expect(0).stdout.contains("\nlinux/arm64            "));
    world.run(&["sign", "--key", "cosign.key", &image]).expect(0);
    let verified = world.run(&verify).expect(0).stdout;
    assert!(verified.contains("linux/arm64  signature"), "{verified}");
}

#[test]
fn what_is_too_deep_or_too_much_is_refused() {
    let world = World::new(true);
    let mut nested = world.entries();
    for _ in 0..9 {
        nested = vec![world.put_index(&nested)];
    }
    let deep = world.put_index(&nested);
    // Nothing else takes it either, so that it is named by hand.
    let list = json!({ "schemaVersion": 2, "manifests": [deep] }).to_string();
    fs::write(world.environment.path("built/index.json"), list).unwrap();
    let error = world.run(&["verify", "--key", "cosign.pub", "oci:built"]).expect(12).error();
    assert!(error.contains("levels of indexes"), "{error}");
    world.run(&["sign", "--key", "cosign.key", "oci:built"]).expect(1);
}
