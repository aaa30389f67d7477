//! What documents say of the image that an image is based on.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{file, list, package};
use consign_inventory::{Catalogue, Described, DescribedIndex, cyclonedx_index, spdx_index};
use consign_oci::{Digest, StatedBase};
use serde_json::{Value, json};

const NAME: &str = "registry.example.org/library/debian:12";

fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

/// An image with a package in each of its two layers.
fn catalogue() -> Catalogue {
    let status = [package("a", "1"), package("b", "1")];
    let layer = |packages: &[String]| vec![file("var/lib/dpkg/status", &packages.concat())];
    list(&[layer(&status[..1]), layer(&status)]).unwrap()
}

fn documents(base: Option<&StatedBase>) -> [Value; 4] {
    let (catalogue, platform, layers) = (catalogue(), "linux/amd64".parse().unwrap(), ["one", "two"].map(digest));
    let (digest, of_index) = (digest("manifest"), digest("index"));
    let image = Described {
        name: "hello",
        repository: None,
        digest: &digest,
        platform: &platform,
        created: None,
        layers: &layers,
        base,
    };
    let index = DescribedIndex { name: "hello", repository: None, digest: &of_index };
    let platforms = [(image, &catalogue)];
    [
        catalogue.spdx(&image).unwrap(),
        catalogue.cyclonedx(&image).unwrap(),
        spdx_index(&index, &platforms).unwrap(),
        cyclonedx_index(&index, &platforms).unwrap(),
    ]
}

fn list_of<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().unwrap().iter()
}

#[test]
fn the_base_is_an_ancestor() {
    let base = StatedBase { name: Some(NAME.to_owned()), digest: Some(digest("base")), layers: Some(1) };
    let (text, hex) = (digest("base").to_string(), digest("base").hex().to_owned());
    let purl = format!("pkg:oci/debian@{text}?repository_url=registry.example.org%2Flibrary%2Fdebian");
    let [spdx, cyclonedx, of_index, of_cyclonedx_index] = documents(Some(&base));
    for (document, id, image) in
        [(&spdx, "BaseImage", "Image"), (&of_index, "BaseImage-linux-amd64", "Image-linux-amd64")]
    {
        let id = format!("SPDXRef-{id}");
        let described = list_of(document, "packages").find(|package| package["SPDXID"] == id).unwrap();
        assert_eq!((&described["name"], &described["versionInfo"]), (&json!(NAME), &json!(text)));
        assert_eq!(described["checksums"], json!([{"algorithm": "SHA256", "checksumValue": hex}]));
        assert_eq!(described["externalRefs"][0]["referenceLocator"], purl);
        assert_eq!(described["primaryPackagePurpose"], "CONTAINER");
        let relationship = json!({
            "spdxElementId": format!("SPDXRef-{image}"), "relationshipType": "DESCENDANT_OF", "relatedSpdxElement": id,
        });
        assert!(list_of(document, "relationships").any(|found| *found == relationship), "{document}");
    }
    for (component, id) in [
        (&cyclonedx["metadata"]["component"], "BaseImage"),
        (&of_cyclonedx_index["components"][0], "BaseImage-linux-amd64"),
    ] {
        let ancestor = json!({
            "type": "container", "bom-ref": id, "name": NAME, "version": text,
            "hashes": [{"alg": "SHA-256", "content": hex}], "purl": purl,
            "properties": [{"name": "consign:layers", "value": "1"}],
        });
        assert_eq!(component["pedigree"], json!({ "ancestors": [ancestor] }));
    }
}

#[test]
fn each_package_is_of_the_base_or_of_the_image() {
    let places = |base: Option<&StatedBase>| {
        let [spdx, cyclonedx, ..] = documents(base);
        let of_spdx: Vec<String> =
            list_of(&spdx, "packages").filter_map(|package| Some(package["sourceInfo"].as_str()?.to_owned())).collect();
        let context = |component: &Value| {
            component["evidence"]["occurrences"][0]["additionalContext"].as_str().unwrap().to_owned()
        };
        let of_cyclonedx: Vec<String> = list_of(&cyclonedx, "components").map(context).collect();
        for (one, other) in of_spdx.iter().zip(&of_cyclonedx) {
            assert!(one.ends_with(&format!("({other})")), "{one}\n{other}");
        }
        of_cyclonedx
    };
    let [one, two] = ["one", "two"].map(digest);
    let [lower, upper] = [format!("layer 1 of 2, {one}"), format!("layer 2 of 2, {two}")];
    let stated = |layers| StatedBase { name: Some(NAME.to_owned()), digest: None, layers };
    assert_eq!(places(Some(&stated(Some(1)))), [format!("{lower}, of the base image"), upper.clone()]);
    // Which layers are the base's is not guessed.
    assert_eq!(places(Some(&stated(None))), [lower.clone(), upper.clone()]);
    assert_eq!(places(None), [lower, upper]);
}
