//! Archives as `docker save` and `podman save` write them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use consign_image::{ImageError, Layout, Trouble, import};
use consign_oci::{Digest, Document, ImageConfig, media_type};
use consign_store::Store;
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use support::{Member, World, gzip, layer, place, tar};
use tar::EntryType;

/// An archive of one image with two layers, of which the second is there a second time by a link.
struct Saved {
    world: World,
    config: Vec<u8>,
    layers: [Vec<u8>; 2],
}

impl Saved {
    fn new() -> Self {
        let layers = ["one", "two"].map(layer);
        let diff_ids: Vec<String> =
            [&layers[0], &layers[1], &layers[1]].map(|layer| Digest::of(layer).to_string()).to_vec();
        let rootfs = json!({"type": "layers", "diff_ids": diff_ids});
        let config = json!({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs});
        Self { world: World::new(), config: config.to_string().into_bytes(), layers }
    }

    fn listed(&self) -> serde_json::Value {
        json!([{
            "Config": "config.json",
            "RepoTags": ["localhost:5000/team/app:1.0", "team/app:latest"],
            "Layers": ["a/layer.tar", "b/layer.tar", "c/layer.tar"],
        }])
    }

    fn members(&self, list: &serde_json::Value) -> Vec<Member> {
        vec![
            Member::file("config.json", &self.config),
            Member { kind: EntryType::Directory, ..Member::file("a/", "") },
            Member::file("a/layer.tar", &self.layers[0]),
            Member::file("b/layer.tar", gzip(&self.layers[1])),
            Member::link("c/layer.tar", "../b/layer.tar"),
            Member::link("unused/layer.tar", "../../../etc/passwd"),
            Member::file("manifest.json", list.to_string()),
            Member::file("repositories", "{}"),
        ]
    }

    fn open(&self, members: &[Member]) -> Result<Layout, ImageError> {
        let path = self.path();
        fs::write(&path, tar(members)).unwrap();
        Layout::docker_archive(&path)
    }

    fn path(&self) -> PathBuf {
        self.world.path("saved.tar")
    }
}

#[tokio::test]
async fn is_read_as_the_layout_that_it_would_be() {
    let saved = Saved::new();
    let layout = saved.open(&saved.members(&saved.listed())).unwrap();
    assert_eq!(layout.tags(), ["1.0".parse().unwrap(), "latest".parse().unwrap()]);
    let root = layout.root(None).unwrap().unwrap();
    assert_eq!(layout.root(Some(&"1.0".parse().unwrap())).unwrap().unwrap().digest, root.digest);
    let place = place(layout);
    let Document::Manifest(manifest) = place.document(&root).await.unwrap() else { panic!("an index") };
    let types: Vec<&str> = manifest.layers.iter().map(|layer| layer.media_type.as_str()).collect();
    assert_eq!(types, [media_type::LAYER, media_type::LAYER_GZIP, media_type::LAYER_GZIP]);
    assert_eq!(manifest.config.digest, Digest::of(&saved.config));
    let config: ImageConfig = serde_json::from_slice(&place.bytes(&manifest.config, 4096).await.unwrap()).unwrap();
    assert_eq!(config.rootfs.diff_ids.len(), 3);
    // All of it can be brought in, by digests that are checked.
    let store = Store::open(saved.world.path("other")).unwrap();
    import(&place, &root, &store).await.unwrap();
    assert_eq!(store.read(&manifest.layers[0].digest, 1 << 20).unwrap(), saved.layers[0]);
    assert_eq!(store.read(&manifest.layers[2].digest, 1 << 20).unwrap(), gzip(&saved.layers[1]));
}

#[test]
fn is_read_where_it_is_compressed() {
    let saved = Saved::new();
    let bytes = tar(&saved.members(&saved.listed()));
    let expected = saved.open(&saved.members(&saved.listed())).unwrap().root(None).unwrap();
    for compressed in [gzip(&bytes), zstd::encode_all(&bytes[..], 1).unwrap()] {
        fs::write(saved.path(), compressed).unwrap();
        assert_eq!(Layout::docker_archive(&saved.path()).unwrap().root(None).unwrap(), expected);
    }
    // What becomes far more than any image is left to its owner, and so is what few compress with.
    for (compressed, tool) in [(gzip(&vec![0; 64 << 20]), "gunzip"), (b"BZh91AY".to_vec(), "bunzip2")] {
        fs::write(saved.path(), compressed).unwrap();
        let error = Layout::docker_archive(&saved.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("decompress it first (`{tool}`)")), "{error}");
    }
    fs::write(saved.path(), &gzip(&bytes)[..200]).unwrap();
    let error = Layout::docker_archive(&saved.path()).unwrap_err().to_string();
    assert!(error.contains("cannot decompress"), "{error}");
}

#[tokio::test]
async fn a_layer_that_the_config_does_not_describe_is_altered() {
    let saved = Saved::new();
    let mut members = saved.members(&saved.listed());
    members[2] = Member::file("a/layer.tar", layer("other"));
    let layout = saved.open(&members).unwrap();
    let root = layout.root(None).unwrap().unwrap();
    let store = Store::open(saved.world.path("other")).unwrap();
    let error = import(&place(layout), &root, &store).await.unwrap_err();
    assert_eq!(error.trouble(), Trouble::Altered, "{error}");
    assert!(!store.contains(&root.digest));
}

#[test]
fn lists_that_say_what_is_not_so_are_refused() {
    let saved = Saved::new();
    let listed = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut list = saved.listed();
        change(&mut list);
        saved.members(&list)
    };
    let without_list: Vec<Member> =
        saved.members(&saved.listed()).into_iter().filter(|member| member.name != "manifest.json").collect();
    let mut link_to_link = saved.members(&saved.listed());
    link_to_link[3] = Member::link("b/layer.tar", "../c/layer.tar");
    let mut link_out = saved.members(&saved.listed());
    link_out[4] = Member::link("c/layer.tar", "../../b/layer.tar");
    let hard_link = [saved.members(&saved.listed()), vec![Member::other("x", EntryType::Link)]].concat();
    let mut no_config = saved.members(&saved.listed());
    no_config[0] = Member::file("config.json", "{}");
    let many_layers = vec!["b/layer.tar"; 1001];
    let tags = |count: usize| (0..count).map(|number| format!("a:{number}")).collect::<Vec<_>>();
    let long_names: Vec<String> = (0..9000).map(|number| format!("{}:{number}", "a".repeat(800))).collect();
    for (what, members, expected) in [
        ("nothing", Vec::new(), "is not an archive of `docker save`: it has no file `manifest.json`"),
        (
            "many layers",
            listed(&|list| list[0]["Layers"] = json!(many_layers)),
            "names more than 1000 layers of one image",
        ),
        ("many names", listed(&|list| list[0]["RepoTags"] = json!(tags(10_001))), "it lists more than 10000 manifests"),
        (
            "long names",
            listed(&|list| list[0]["RepoTags"] = json!(long_names)),
            "the images in `manifest.json`, each with its names, take more than 8388608 bytes",
        ),
        ("no list", without_list, "it has no file `manifest.json`"),
        ("words", listed(&|list| *list = json!("words")), "`manifest.json`: invalid type"),
        ("no config", listed(&|list| list[0]["Config"] = json!("other.json")), "`manifest.json` names `other.json`"),
        ("a file outside", listed(&|list| list[0]["Config"] = json!("../../etc/passwd")), "names `../../etc/passwd`"),
        ("an absolute file", listed(&|list| list[0]["Config"] = json!("/etc/passwd")), "names `/etc/passwd`"),
        (
            "no layer",
            listed(&|list| list[0]["Layers"][1] = json!("x")),
            "`manifest.json` names `x`, which is not in it",
        ),
        (
            "a layer too few",
            listed(&|list| list[0]["Layers"] = json!(["a/layer.tar"])),
            "names 1 layers, but `config.json` describes 3",
        ),
        ("a link to a link", link_to_link, "`manifest.json` names `b/layer.tar`"),
        ("a link that leads out", link_out, "`manifest.json` names `c/layer.tar`"),
        ("a hard link", hard_link, "`x` is a hard link"),
        ("a config of nothing", no_config, "`config.json`: missing field"),
    ] {
        let error = saved.open(&members).err().unwrap_or_else(|| panic!("{what}: accepted"));
        assert!(error.to_string().contains(expected), "{what}: {error}");
    }
}

#[test]
fn a_layer_is_hashed_once() {
    // 4 MiB that nothing compresses, named 1,000 times by each of 300 images: over 1 TB to hash, if each mention counted.
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let layer: Vec<u8> = [0x1f, 0x8b].into_iter().chain((0..4 << 20).map(|_| noise())).collect();
    let saved = Saved::new();
    let diff_ids = vec![Digest::of(b"layer").to_string(); 1000];
    let rootfs = json!({"type": "layers", "diff_ids": diff_ids});
    let config = json!({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs});
    let image = json!({"Config": "c", "Layers": vec!["l"; 1000]});
    let members = [
        Member::file("c", config.to_string()),
        Member::file("l", &layer),
        Member::file("manifest.json", json!(vec![image; 300]).to_string()),
    ];
    let layout = saved.open(&members).unwrap();
    assert_eq!(layout.tags(), []);
    assert!(layout.root(None).unwrap().is_some());
}

#[test]
fn several_images_are_told_apart_by_their_tags() {
    let saved = Saved::new();
    let mut list = saved.listed();
    let mut other = list[0].clone();
    other["RepoTags"] = json!(["team/other:2.0"]);
    other["Config"] = json!("other.json");
    list.as_array_mut().unwrap().push(other);
    let mut members = saved.members(&list);
    members
        .push(Member::file("other.json", String::from_utf8(saved.config.clone()).unwrap().replace("amd64", "arm64")));
    let layout = saved.open(&members).unwrap();
    assert!(matches!(layout.root(None), Err(ImageError::Ambiguous { images: 2, .. })));
    assert!(layout.root(Some(&"2.0".parse().unwrap())).unwrap().is_some());
}
