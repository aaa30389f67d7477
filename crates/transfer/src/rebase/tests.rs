//! What becomes of manifests and configs, as tables.

use super::RebaseProblem;
use super::difference::Difference;
use super::join::{Joined, Single, join};
use super::marks::Marks;
use consign_oci::annotation::{BASE_CHAIN, BASE_DIGEST, BASE_NAME};
use consign_oci::{Descriptor, Digest, Exact, ImageConfig, chain_id, media_type};
use serde_json::{Value, json};

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

/// Makes an image of these layers. A capital letter is a layer of the same content, compressed anew.
fn image(layers: &str) -> Single {
    let history = layers.chars().map(|layer| json!({ "created_by": format!("add {layer}") }));
    changed(layers, &history.collect::<Vec<_>>(), |_, _| {})
}

fn changed(layers: &str, history: &[Value], change: impl FnOnce(&mut Value, &mut Value)) -> Single {
    let contents: Vec<Digest> = layers.chars().map(|layer| digest(&layer.to_lowercase().to_string())).collect();
    let mut config = json!({
        "architecture": "amd64", "os": "linux", "config": {"Env": ["A=1"]}, "x-unknown": 7,
        "rootfs": {"type": "layers", "diff_ids": contents}, "history": history,
    });
    let of = |layer: char| {
        let descriptor = Descriptor::new(media_type::LAYER_GZIP, digest(&format!("packed {layer}")), 7);
        let mut value = serde_json::to_value(descriptor).unwrap();
        value["annotations"] = json!({ "of": layer.to_string() });
        value
    };
    let mut manifest = json!({
        "schemaVersion": 2, "mediaType": media_type::MANIFEST, "layers": layers.chars().map(of).collect::<Vec<_>>(),
        "config": Descriptor::of(media_type::CONFIG, b""),
    });
    change(&mut manifest, &mut config);
    let config: Exact<ImageConfig> = Exact::read(serde_json::to_vec(&config).unwrap()).unwrap();
    let media_type = manifest["config"]["mediaType"].as_str().unwrap().to_owned();
    manifest["config"] = serde_json::to_value(config.descriptor(&media_type)).unwrap();
    Single { manifest: Exact::read(serde_json::to_vec(&manifest).unwrap()).unwrap(), config }
}

fn marks(add: bool) -> Marks {
    let name = Some("localhost:1/base:1".to_owned());
    Marks {
        name,
        old_root: Some(digest("old root")),
        new_root: digest("new root"),
        new_image: digest("new image"),
        add,
    }
}

fn joined(one: &Single, old: &Single, new: &Single) -> Joined {
    join(one, old, new, &marks(false)).unwrap()
}

/// Returns the layers, as they were named, and what the history tells of.
fn shape(joined: &Joined) -> (String, String) {
    let Single { manifest, config } = &joined.image;
    assert_eq!(manifest.config, config.descriptor(media_type::CONFIG));
    let layers = manifest.layers.iter().map(|layer| layer.annotations["of"].as_str());
    let contents: Vec<Digest> = manifest.layers.iter().map(|layer| digest(&layer.annotations["of"])).collect();
    assert_eq!(config.rootfs.diff_ids, contents);
    let word = |made: &consign_oci::History| {
        let text = made.created_by.clone().unwrap_or_else(|| "?".to_owned());
        if made.empty_layer { format!("({text})") } else { text.replace("add ", "") }
    };
    (layers.collect(), config.history.iter().map(word).collect())
}

#[test]
fn the_layers_of_the_old_base_are_replaced() {
    for (one, old, new, expected) in [
        ("abxy", "ab", "cd", "cdxy"),
        ("abxy", "ab", "cdef", "cdefxy"),
        ("abxy", "ab", "b", "bxy"),
        ("abxy", "ab", "abc", "abcxy"),
        ("ab", "ab", "cd", "cd"),
        ("abxy", "", "cd", "cdabxy"),
        ("abxy", "ab", "", "xy"),
    ] {
        let result = joined(&image(one), &image(old), &image(new));
        assert_eq!(shape(&result), (expected.to_owned(), expected.to_owned()), "{one}: {old} -> {new}");
        assert_eq!(result.own, one.len() - old.len());
        let config: Value = serde_json::from_slice(result.image.config.bytes()).unwrap();
        assert_eq!(config["x-unknown"], 7);
        // The same again gives the same bytes.
        assert_eq!(joined(&image(one), &image(old), &image(new)).image, result.image);
    }
}

#[test]
fn nothing_changes_where_nothing_is_to_change() {
    let one = image("abxy");
    assert_eq!(joined(&one, &image("ab"), &image("ab")).image, one);
}

#[test]
fn what_does_not_fit_is_refused() {
    let (one, two) = (image("abxy"), image("cd"));
    let problem =
        |one: &Single, old: &Single, new: &Single| join(one, old, new, &marks(false)).unwrap_err().to_string();
    for (old, expected) in [
        ("ac", "it is not built on the old base: its layer 2 is "),
        ("ba", "it is not built on the old base: its layer 1 is "),
        ("aB", "its layer 2 holds what the old base's does, but was compressed anew"),
        ("abxyz", "it is not built on the old base: it has 4 layers, and the old base has 5"),
    ] {
        let text = problem(&one, &image(old), &two);
        assert!(text.contains(expected), "{old}: {text}");
    }
    // Configs that lie.
    let contents =
        |contents: Vec<Digest>| changed("abxy", &[], |_, config| config["rootfs"]["diff_ids"] = json!(contents));
    let lie = contents(vec![digest("a"), digest("c"), digest("x"), digest("y")]);
    assert!(problem(&lie, &image("ab"), &two).contains("do not agree on what layer 2"));
    let lie = contents(vec![digest("a")]);
    assert_eq!(problem(&lie, &image("ab"), &two), "the image has 4 layers, and its config lists 1");
    assert_eq!(problem(&one, &image("ab"), &lie), "the new base has 4 layers, and its config lists 1");
    let lie = changed("abxy", &[json!({"empty_layer": true}), json!({})], |_, _| {});
    assert_eq!(problem(&lie, &image("ab"), &two), "the image has 4 layers, and the history in its config tells of 1");
    let of_windows = changed("cd", &[], |_, config| config["os.version"] = json!("10.0"));
    assert!(matches!(join(&one, &image("ab"), &of_windows, &marks(false)), Err(RebaseProblem::Version)));
    let many = image(&"c".repeat(999));
    assert!(matches!(
        join(&one, &image("ab"), &many, &marks(false)),
        Err(RebaseProblem::TooManyLayers { count: 1001, .. })
    ));
    let large = changed("cd", &[json!({"comment": "x".repeat(8 << 20)}), json!({})], |_, _| {});
    assert!(matches!(
        join(&one, &image("ab"), &large, &marks(false)),
        Err(RebaseProblem::TooLarge { what: "config", .. })
    ));
}

#[test]
fn an_image_is_not_put_onto_itself() {
    for new in ["abxy", "abxyz"] {
        let error = join(&image("abxy"), &image("ab"), &image(new), &marks(false)).unwrap_err();
        assert!(matches!(error, RebaseProblem::Circle), "{error}");
    }
}

#[test]
fn histories_are_joined() {
    let (a, b, x) = (json!({"created_by": "add a"}), json!({"created_by": "add b"}), json!({"created_by": "add x"}));
    let command = json!({"created_by": "CMD", "empty_layer": true, "x-unknown": 1});
    let old = [a.clone(), b.clone(), command.clone()];
    let of_image = [&old[..], &[command.clone(), x.clone()]].concat();
    for (what, of_image, of_old, expected) in [
        ("what the base says after its last layer goes, too", &of_image[..], &old[..], "c(CMD)x"),
        ("where it stands there in other words, it stays", &of_image, &[a.clone(), a.clone()], "c(CMD)(CMD)x"),
        ("where there is none, layers are told of without words", &[], &old, "c?"),
    ] {
        let (one, two) = (changed("abx", of_image, |_, _| {}), changed("ab", of_old, |_, _| {}));
        assert_eq!(shape(&joined(&one, &two, &image("c"))).1, expected, "{what}");
    }
    let bare = |layers: &str| changed(layers, &[], |_, config| drop(config.as_object_mut().unwrap().remove("history")));
    assert_eq!(shape(&joined(&bare("abx"), &bare("ab"), &bare("c"))).1, "");
    assert_eq!(shape(&joined(&image("abx"), &image("ab"), &bare("c"))).1, "?x");
    let one = joined(&changed("abx", &of_image, |_, _| {}), &changed("ab", &old, |_, _| {}), &image("c"));
    let config: Value = serde_json::from_slice(one.image.config.bytes()).unwrap();
    assert_eq!(config["history"][1], command);
}

#[test]
fn layers_are_named_as_the_image_s_manifest_names_them() {
    let docker = |layers: &str| {
        changed(layers, &[], |manifest, _| {
            manifest["mediaType"] = json!(media_type::DOCKER_MANIFEST);
            for layer in manifest["layers"].as_array_mut().unwrap() {
                layer["mediaType"] = json!(media_type::DOCKER_LAYER_GZIP);
            }
        })
    };
    let types = |one: &Single, old: &Single, new: &Single| -> Vec<String> {
        let layers = joined(one, old, new).image.manifest.layers.clone();
        layers.into_iter().map(|layer| layer.media_type).collect()
    };
    assert_eq!(types(&image("abx"), &image("ab"), &docker("c")), [media_type::LAYER_GZIP; 2]);
    assert_eq!(types(&docker("abx"), &image("ab"), &image("c")), [media_type::DOCKER_LAYER_GZIP; 2]);
    let zstd = changed("c", &[], |manifest, _| manifest["layers"][0]["mediaType"] = json!(media_type::LAYER_ZSTD));
    let error = join(&docker("abx"), &docker("ab"), &zstd, &marks(false)).unwrap_err();
    assert!(matches!(error, RebaseProblem::LayerType { .. }), "{error}");
    assert_eq!(types(&image("abx"), &image("ab"), &zstd), [media_type::LAYER_ZSTD, media_type::LAYER_GZIP]);
}

#[test]
fn annotations_say_what_the_image_is_based_on_now() {
    let image = |annotations: Value| changed("abx", &[], |manifest, _| manifest["annotations"] = annotations);
    let result = |annotations: Value, marks: &Marks| {
        let old = super::tests::image("ab");
        let joined = join(&image(annotations), &old, &super::tests::image("c"), marks).unwrap();
        json!(joined.image.manifest.annotations)
    };
    let (old, name) = (digest("old image").to_string(), "localhost:1/base:1");
    let (new_image, new_root) = (digest("new image").to_string(), digest("new root").to_string());
    let new_layers = chain_id(&super::tests::image("c").config.rootfs.diff_ids).unwrap().to_string();
    for (before, add, after) in [
        (json!({"a": "b"}), false, json!({"a": "b"})),
        (json!({"a": "b"}), true, json!({"a": "b", BASE_NAME: name, BASE_DIGEST: new_image})),
        (Value::Null, true, json!({BASE_NAME: name, BASE_DIGEST: new_image})),
        (json!({BASE_DIGEST: old}), false, json!({BASE_NAME: name, BASE_DIGEST: new_image})),
        // Who names the base's list of platforms goes on doing so.
        (json!({BASE_DIGEST: digest("old root")}), false, json!({BASE_NAME: name, BASE_DIGEST: new_root})),
        (json!({BASE_NAME: "other"}), false, json!({BASE_NAME: name, BASE_DIGEST: new_image})),
        // Who says which layers are the base's goes on doing so.
        (
            json!({BASE_DIGEST: old, BASE_CHAIN: digest("old layers")}),
            false,
            json!({BASE_NAME: name, BASE_DIGEST: new_image, BASE_CHAIN: new_layers}),
        ),
        // The same in other words.
        (json!({BASE_NAME: "docker://x"}), false, json!({BASE_NAME: name, BASE_DIGEST: new_image})),
    ] {
        let before = if before.is_null() { json!({}) } else { before };
        assert_eq!(result(before.clone(), &marks(add)), after, "{before}");
    }
    let short = Marks { name: Some("docker.io/library/debian:12".to_owned()), ..marks(false) };
    assert_eq!(result(json!({BASE_NAME: "debian:12"}), &short)[BASE_NAME], "debian:12");
    let nameless = Marks { name: None, ..marks(false) };
    assert_eq!(result(json!({BASE_NAME: "x", BASE_DIGEST: old}), &nameless), json!({BASE_DIGEST: new_image}));
}

#[test]
fn what_bases_say_differently_is_told_of() {
    let base = |run: Value| changed("a", &[], |_, config| config["config"] = run);
    let old = base(json!({"Env": ["PATH=/bin", "A=1"], "Cmd": ["sh"], "User": "0"}));
    let new = base(json!({"Env": ["PATH=/usr/bin", "A=1", "B=2"], "Cmd": ["bash"], "WorkingDir": "/srv", "User": "0"}));
    let result = joined(&image("ax"), &old, &new);
    let plain = |field| Difference { field, variables: Vec::new() };
    let of_environment = Difference { field: "Env", variables: vec!["B".to_owned(), "PATH".to_owned()] };
    assert_eq!(result.differences, [of_environment, plain("Cmd"), plain("WorkingDir")]);
    assert_eq!(result.image.config.config, image("ax").config.config);
}
