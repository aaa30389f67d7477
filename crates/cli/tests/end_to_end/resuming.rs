//! A copy that is killed goes on where it was.

use crate::common::{Destination, TestEnvironment};
use consign_oci::{Descriptor, Exact, Index, Manifest, media_type};
use consign_testkit::registry::{Call, Fault};
use consign_testkit::tools::soaks;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::sync::{Arc, Mutex};

/// Returns how many bytes a layer has that is large enough for it to matter.
fn large() -> usize {
    if soaks() { 1 << 30 } else { 256 << 20 }
}

/// Writes a layout with an image of one large layer.
fn layout(environment: &TestEnvironment) {
    let put = |media_type: &str, bytes: &[u8]| {
        let descriptor = Descriptor::of(media_type, bytes);
        environment.write(&format!("layout/blobs/sha256/{}", descriptor.digest.hex()), bytes);
        descriptor
    };
    // Not all the same, and made at once.
    let layer: Vec<u8> =
        (0..large() / 8).flat_map(|number| (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()).collect();
    let layer = put(media_type::LAYER, &layer);
    let config =
        put(media_type::CONFIG, br#"{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}"#);
    let manifest = Exact::write(Manifest::new(config, vec![layer])).unwrap();
    let manifest = put(media_type::MANIFEST, manifest.bytes());
    let index = Exact::write(Index::new(vec![manifest])).unwrap();
    environment.write("layout/index.json", index.bytes());
    environment.write("layout/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
}

#[test]
fn a_large_blob_is_not_sent_twice() {
    let environment = TestEnvironment::new();
    layout(&environment);
    let destination = Destination::start();
    let to = format!("{}/big:1", destination.host());
    let victim: Arc<Mutex<Option<Pid>>> = Arc::default();
    let of_kill = Arc::clone(&victim);
    let kill = Call::new(move || {
        if let Some(pid) = of_kill.lock().unwrap().take() {
            kill_process(pid, Signal::KILL).unwrap();
        }
    });
    let pieces: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&pieces);
    destination.hook(move |head| {
        if head.method != "PATCH" {
            return None;
        }
        let mut pieces = seen.lock().unwrap();
        pieces.push(
            head.headers.get("content-range").map_or_else(String::new, |range| range.to_str().unwrap().to_owned()),
        );
        (pieces.len() == 1).then(|| Fault::CallMidway(kill.clone()))
    });
    let mut first = {
        let mut victim = victim.lock().unwrap();
        let child = environment.invocation().command(&["copy", "oci:layout", &to]).spawn().unwrap();
        *victim = Some(Pid::from_child(&child));
        child
    };
    assert!(!first.wait().unwrap().success());
    assert!(destination.tags_written().is_empty());
    environment.consign(&["copy", "oci:layout", &to]).expect(0);
    let pieces = pieces.lock().unwrap().clone();
    let from: usize = pieces[1].split('-').next().unwrap().parse().unwrap();
    assert!(pieces.len() == 2 && from >= large() / 2 - 1, "{pieces:?}");
    environment.consign(&["copy", &to, "oci:back:1"]).expect(0);
    let blobs = |folder: &str| fs::read_dir(environment.path(&format!("{folder}/blobs/sha256"))).unwrap().count();
    assert_eq!(blobs("back"), blobs("layout"));
}
