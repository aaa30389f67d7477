//! Images made of few files, as a builder lets them flow and as they lie in blobs.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses some of it, and fails by panicking")]

use bytes::Bytes;
use consign_inventory::{Budget, Catalogue, FlowingLayer, InventoryError, LayerContents, Observer, Package};
use consign_oci::layer::{Entry, Kind, Layer, NoCache, TarWriter, write_layer};
use consign_oci::{Descriptor, Digest, ImageConfig, media_type};
use consign_receipt::predicate::ImageFacts;
use serde_json::{Value, json};
use std::io::{self, BufWriter, IntoInnerError, Read, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;

pub(crate) fn file(path: &str, contents: &str) -> Entry {
    entry(path, Kind::File(contents.to_owned().into()))
}

/// A file that anybody may execute, and with further permission bits.
pub(crate) fn program(path: &str, mode: u32, contents: impl Into<Vec<u8>>) -> Entry {
    Entry { mode: 0o755 | mode, ..entry(path, Kind::File(contents.into().into())) }
}

pub(crate) fn folder(path: &str) -> Entry {
    entry(path, Kind::Directory)
}

pub(crate) fn link(path: &str, target: &str) -> Entry {
    entry(path, Kind::Symlink(target.to_owned()))
}

pub(crate) fn hard_link(path: &str, target: &str) -> Entry {
    entry(path, Kind::HardLink(target.parse().unwrap()))
}

fn entry(path: &str, kind: Kind) -> Entry {
    Entry { mode: 0o644, ..Entry::new(path.parse().unwrap(), kind) }
}

/// Returns the paragraph of an installed package.
pub(crate) fn package(name: &str, version: &str) -> String {
    format!(
        "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\nMaintainer: A B <a@example.org>\nDescription: words\n more\n\n"
    )
}

/// Returns a layer as a gzip blob of several members, and as the tar stream in it.
pub(crate) fn blob(entries: &[Entry]) -> (Vec<u8>, Vec<u8>) {
    let segments: Vec<Vec<Entry>> = entries.iter().map(|entry| vec![entry.clone()]).collect();
    let mut compressed = Vec::new();
    write_layer(&segments, &mut compressed, &NoCache, NonZeroUsize::MIN, &mut |_| ()).unwrap();
    let mut decoder = flate2::write::MultiGzDecoder::new(Vec::new());
    decoder.write_all(&compressed).unwrap();
    (compressed, decoder.finish().unwrap())
}

/// Lets an observer see a layer as it lies in a blob that is said to hold this.
pub(crate) fn observe(
    observer: &mut Observer,
    media_type: &str,
    blob: impl Read + Send,
    contents: &[u8],
) -> Result<(), InventoryError> {
    let descriptor = Descriptor::new(media_type, Digest::of(b"the blob"), 0);
    observer.layer(&Layer { descriptor, diff_id: Digest::of(contents) }, blob, &Budget::default())
}

/// Returns what a layer of these entries holds, as it is seen while it is written.
pub(crate) fn flow(entries: impl IntoIterator<Item = Entry>) -> Result<LayerContents, InventoryError> {
    struct Flow(FlowingLayer);
    impl Write for Flow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.bytes(&Bytes::copy_from_slice(bytes));
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let output = BufWriter::with_capacity(64 << 10, Flow(FlowingLayer::new(&Budget::default())));
    let mut archive = TarWriter::new(output);
    entries.into_iter().for_each(|entry| archive.append(&entry).unwrap());
    let flow = archive.finish().unwrap().into_inner().map_err(IntoInnerError::into_error);
    flow.unwrap().0.finish()
}

/// Lists an image by each way that its layers can come, which must agree.
pub(crate) fn list(layers: &[Vec<Entry>]) -> Result<Catalogue, InventoryError> {
    let mut flowing = Observer::new();
    let mut lying = [Observer::new(), Observer::new(), Observer::new()];
    for layer in layers {
        flowing.add(Arc::new(flow(layer.clone())?))?;
        let (gzip, tar) = blob(layer);
        let zstd = zstd::encode_all(&tar[..], 1).unwrap();
        observe(&mut lying[0], media_type::LAYER_GZIP, &gzip[..], &tar)?;
        observe(&mut lying[1], media_type::LAYER_ZSTD, &zstd[..], &tar)?;
        observe(&mut lying[2], media_type::LAYER, &tar[..], &tar)?;
    }
    let result = flowing.finish();
    for other in lying.map(Observer::finish) {
        assert_eq!(result.as_ref().ok(), other.as_ref().ok());
    }
    result
}

/// Says what the settings and files of an image say, whose config has these fields, by each way that its layers can come.
pub(crate) fn facts(layers: &[Vec<Entry>], settings: &Value) -> ImageFacts {
    let mut config = json!({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}});
    config.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let config: ImageConfig = serde_json::from_value(config).unwrap();
    let (mut flowing, mut lying, mut kept) = (Observer::new(), Observer::new(), Observer::new());
    for layer in layers {
        let contents = flow(layer.clone()).unwrap();
        let bytes = contents.to_bytes().unwrap();
        flowing.add(Arc::new(contents)).unwrap();
        kept.add(Arc::new(LayerContents::from_bytes(&bytes).unwrap())).unwrap();
        let (_, tar) = blob(layer);
        observe(&mut lying, media_type::LAYER, &tar[..], &tar).unwrap();
    }
    let of = |observer: Observer| *observer.finish_image(&config).unwrap().facts.unwrap();
    let facts = of(flowing);
    assert_eq!([of(lying), of(kept)], [facts.clone(), facts.clone()]);
    facts
}

/// Returns `kind name version` of each package, and whether it has an owner.
pub(crate) fn lines(catalogue: &Catalogue) -> Vec<String> {
    let line = |package: &Package| {
        let owner = if package.owner.is_some() { " owned" } else { "" };
        format!("{} {} {}{owner}", package.kind, package.name, package.version.as_deref().unwrap_or("?"))
    };
    catalogue.packages.iter().map(line).collect()
}

/// Returns `name version` of each package, joined by commas.
pub(crate) fn names(catalogue: &Catalogue) -> String {
    let names: Vec<String> =
        catalogue.packages.iter().map(|package| format!("{} {}", package.name, package.version_text())).collect();
    names.join(", ")
}
