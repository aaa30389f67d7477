use super::*;
use crate::layer::Contents;
use std::collections::BTreeMap;

fn entry(path: &str, kind: Kind) -> Entry {
    Entry { mtime: 7, ..Entry::new(path.parse().unwrap(), kind) }
}

fn written(entries: &[Entry]) -> Vec<u8> {
    let mut writer = TarWriter::new(Vec::new());
    entries.iter().for_each(|entry| writer.append(entry).unwrap());
    writer.finish().unwrap()
}

#[test]
fn links_are_as_given() {
    let shortened = format!("a{}b", "/".repeat(150));
    let targets = ["a//b/./c/", "./x", "..", "/", &"long/".repeat(50), &shortened];
    let bytes = written(&targets.map(|target| entry("l", Kind::Symlink(target.to_owned()))));
    let mut archive = tar::Archive::new(&bytes[..]);
    let found: Vec<Vec<u8>> =
        archive.entries().unwrap().map(|entry| entry.unwrap().link_name_bytes().unwrap().into_owned()).collect();
    assert_eq!(found, targets.map(|target| target.as_bytes().to_vec()));
}

#[test]
fn numbers_of_any_size_are_read_back() {
    for (uid, gid) in [(0, 2_097_151), (2_097_152, u32::MAX), (u32::MAX, 0)] {
        let mtime = 8_589_934_592 + u64::from(gid);
        let bytes = written(&[Entry { uid, gid, mtime, ..entry("a", Kind::Directory) }]);
        let mut archive = tar::Archive::new(&bytes[..]);
        let found = archive.entries().unwrap().next().unwrap().unwrap();
        let header = found.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (uid.into(), gid.into()));
        assert_eq!(header.mtime().unwrap(), mtime);
    }
}

#[test]
fn attributes_devices_and_pipes_are_read_back() {
    let attributes = BTreeMap::from([
        ("user.z".to_owned(), vec![]),
        ("security.capability".to_owned(), b"\x01\0\0\x02=\xff".to_vec()),
    ]);
    let long = "d/".repeat(100);
    let device = |class, major, minor| Kind::Device(Device { class, major, minor });
    let bytes = written(&[
        Entry { attributes: attributes.clone(), ..entry(&format!("{long}f"), Kind::File("x".into())) },
        entry("null", device(DeviceClass::Character, 1, 3)),
        entry("disk", device(DeviceClass::Block, 4095, 1_048_575)),
        Entry { attributes, ..entry("pipe", Kind::Fifo) },
    ]);
    let mut archive = tar::Archive::new(&bytes[..]);
    let mut lines = Vec::new();
    for found in archive.entries().unwrap() {
        let mut found = found.unwrap();
        let records = found.pax_extensions().unwrap().into_iter().flatten().map(|record| {
            let record = record.unwrap();
            format!(" {}={:?}", record.key().unwrap(), record.value_bytes())
        });
        let records: String = records.collect();
        let header = found.header();
        let (kind, numbers) = (header.entry_type(), (header.device_major().ok(), header.device_minor().ok()));
        lines.push(format!("{} {kind:?} {numbers:?}{records}", found.path_bytes().len()));
    }
    let records = " SCHILY.xattr.security.capability=[1, 0, 0, 2, 61, 255] SCHILY.xattr.user.z=[]";
    let none = "(None, None)";
    assert_eq!(
        lines,
        [
            format!("201 Regular {none}{records}"),
            "4 Char (Some(Some(1)), Some(Some(3)))".to_owned(),
            "4 Block (Some(Some(4095)), Some(Some(1048575)))".to_owned(),
            format!("4 Fifo {none}{records}"),
        ]
    );
}

/// Nothing, as often as asked for, without a byte of it being moved.
struct Zeros(u64);

impl Read for Zeros {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.min(buffer.len() as u64);
        self.0 -= count;
        Ok(count as usize)
    }
}

/// Keeps the start of what is written, and counts the rest.
#[derive(Default)]
struct Start {
    kept: Vec<u8>,
    size: u64,
}

impl Write for Start {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = 512_usize.saturating_sub(self.kept.len());
        self.kept.extend(&bytes[..room.min(bytes.len())]);
        self.size += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn files_may_be_larger_than_eight_gibibytes() {
    let size = (8 << 30) + 513;
    let mut writer = TarWriter::new(Start::default());
    writer.append_from(&entry("large", Kind::File(Contents::default())), size, Zeros(size)).unwrap();
    writer.append(&entry("next", Kind::Directory)).unwrap();
    let Start { kept, size: all } = writer.finish().unwrap();
    // Header, contents in whole blocks, the next header, the end.
    assert_eq!(all, 512 + size.next_multiple_of(512) + 512 + 1024);
    let header = Header::from_byte_slice(&kept);
    assert_eq!(header.entry_size().unwrap(), size);

    let next = written(&[entry("next", Kind::Directory)]);
    let stream = kept.chain(Zeros(size.next_multiple_of(512))).chain(&next[..]);
    let sizes: Vec<u64> = tar::Archive::new(stream).entries().unwrap().map(|entry| entry.unwrap().size()).collect();
    assert_eq!(sizes, [size, 0]);
}

#[test]
fn contents_from_elsewhere_make_no_difference() {
    for contents in ["", "abcd", &"long".repeat(200_000)] {
        let file = entry("a", Kind::File(contents.to_owned().into()));
        let mut writer = TarWriter::new(Vec::new());
        writer.append_from(&file, contents.len() as u64, contents.as_bytes()).unwrap();
        assert!(writer.finish().unwrap() == written(&[file]), "{} bytes", contents.len());
    }
}

#[test]
fn what_fails_does_not_look_complete() {
    let file = entry("a", Kind::File(Contents::default()));
    let too_large = Kind::Device(Device { class: DeviceClass::Block, major: 0, minor: 1 << 21 });
    for (size, contents) in [(5, "abcd"), (3, "abcd"), (0, "a"), (1, "")] {
        let mut bytes = Vec::new();
        let mut writer = TarWriter::new(&mut bytes);
        writer.append(&entry("whole", Kind::Directory)).unwrap();
        assert!(writer.append(&entry("device", too_large.clone())).is_err());
        let error = writer.append_from(&file, size, contents.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("`/a` has more or less than {size} bytes")), "{error}");
        drop(writer);
        assert!(bytes.len() < 1024 + 512, "{size}: {}", bytes.len());
    }
}
