//! Build information as Go writes it, made by hand.

use super::formats::{ADDRESS, Machine};

pub(crate) const SECTION: &str = ".go.buildinfo";
/// The flags of a section that is read and written.
pub(crate) const DATA: u32 = 0xc000_0040;
pub(crate) const LIST: &str = "path\ta.example/b/cmd/c\nmod\ta.example/b\t(devel)\t\ndep\tx.example/one\tv1.2.3\th1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\
    dep\tx.example/two\tv1.0.0\n=>\tx.example/fork\tv1.0.1\th1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=\ndep\tx.example/three\tv1.0.0\n=>\t./three\t(devel)\t\n\
    build\t-compiler=gc\nbuild\t-ldflags=\"-X 'main.version=v0.9.1' -s\"\nbuild\tvcs.revision=abc\n";

/// A text with its length in front of it, 7 bits a byte.
fn counted(text: &[u8]) -> Vec<u8> {
    let (mut length, mut bytes) = (text.len(), Vec::new());
    while length >= 0x80 {
        bytes.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap());
    [bytes, text.to_vec()].concat()
}

/// Marks stand around the list of modules.
fn marked(list: &str) -> Vec<u8> {
    [b"0123456789abcdef", list.as_bytes(), b"0123456789abcdef"].concat()
}

/// Build information as Go 1.18 and later write it.
pub(crate) fn inline(go: &str, list: &str) -> Vec<u8> {
    let header = [&b"\xff Go buildinf:\x08\x02"[..], &[0; 16]].concat();
    [header, counted(go.as_bytes()), counted(&marked(list))].concat()
}

/// Build information as Go before 1.18 writes it: addresses of texts, which are addresses and lengths.
pub(crate) fn pointers(machine: Machine, go: &str, list: &str) -> Vec<u8> {
    let word = machine.bits / 8;
    let list = marked(list);
    let mut data = [&b"\xff Go buildinf:"[..], &[word, u8::from(!machine.little)]].concat();
    let texts = ADDRESS + 96;
    data.extend([machine.word(ADDRESS + 32), machine.word(ADDRESS + 64)].concat());
    data.resize(32, 0);
    data.extend([machine.word(texts), machine.word(go.len() as u64)].concat());
    data.resize(64, 0);
    data.extend([machine.word(texts + go.len() as u64), machine.word(list.len() as u64)].concat());
    data.resize(96, 0);
    [data, go.as_bytes().to_vec(), list].concat()
}
