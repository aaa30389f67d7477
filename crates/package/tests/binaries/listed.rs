//! A list of crates as `cargo auditable` writes it, made by hand.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write as _;

pub(crate) const LIST: &str = r#"{"packages":[
    {"name":"adler","version":"0.2.3","source":"crates.io"},
    {"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},
    {"name":"forked","version":"0.1.0","source":"git","kind":"runtime","dependencies":[0]},
    {"name":"tool","version":"3.0.0","source":"local","dependencies":[0,1,2],"root":true}],"format":1}"#;

pub(crate) fn compressed(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}
