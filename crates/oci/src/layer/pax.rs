use super::{Entry, EntryError};
use tar::{EntryType, Header};

/// Before the name of an extended attribute in the key of its record, as Go's `archive/tar` and engines write it.
const ATTRIBUTE: &str = "SCHILY.xattr.";
/// Most bytes of an extended header: engines read no more.
const LIMIT: usize = 1 << 20;
/// Longest name of an extended attribute, in bytes (Linux `XATTR_NAME_MAX`).
const NAME_LIMIT: usize = 255;

/// Returns the extended header of an entry that has extended attributes, and what follows it (POSIX.1-2008, pax, "pax Extended Header").
pub(super) fn extension(entry: &Entry) -> Result<Option<(Header, Vec<u8>)>, EntryError> {
    if entry.attributes.is_empty() {
        return Ok(None);
    }
    let mut records = Vec::new();
    for (name, value) in &entry.attributes {
        check_name(name).map_err(|reason| EntryError::AttributeName {
            path: entry.path.clone(),
            name: name.chars().take(NAME_LIMIT).collect(),
            reason,
        })?;
        records.extend(record(name, value));
        if records.len() > LIMIT {
            return Err(EntryError::Attributes { path: entry.path.clone(), size: records.len(), limit: LIMIT });
        }
    }
    let mut header = Header::new_ustar();
    let name = b"././@PaxHeader";
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(EntryType::XHeader);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(records.len() as u64);
    header.set_cksum();
    Ok(Some((header, records)))
}

fn check_name(name: &str) -> Result<(), &'static str> {
    match name {
        "" => Err("is empty"),
        name if name.len() > NAME_LIMIT => Err("has more than 255 bytes"),
        name if name.contains(['=', '\0', '\n']) => Err("has an equals sign, a line break or a NUL byte"),
        _ => Ok(()),
    }
}

/// Returns `LENGTH KEY=VALUE\n`, where the length counts the whole record, its own digits included.
fn record(name: &str, value: &[u8]) -> Vec<u8> {
    let rest = format!(" {ATTRIBUTE}{name}=").len() + value.len() + 1;
    let mut length = rest;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [format!("{length} {ATTRIBUTE}{name}=").as_bytes(), value, b"\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Kind;

    #[test]
    fn records_count_their_own_length() {
        // 19 bytes beside the value and the digits of the length.
        for (value, length) in [(0, 21), (78, 99), (79, 101), (977, 999), (978, 1001)] {
            let record = record("abc", &vec![b'v'; value]);
            assert!(record.starts_with(format!("{length} SCHILY.xattr.abc=").as_bytes()), "{value}");
            assert_eq!(record.len(), length, "{value}");
        }
    }

    #[test]
    fn refuses_what_no_reader_takes() {
        let entry = |name: &str, size: usize| {
            let attributes = [(name.to_owned(), vec![0; size]), ("user.b".to_owned(), vec![0; size])].into();
            Entry { attributes, ..Entry::new("a".parse().unwrap(), Kind::Directory) }
        };
        assert!(extension(&entry("user.a", 500_000)).unwrap().is_some());
        assert!(matches!(extension(&entry("user.a", 600_000)), Err(EntryError::Attributes { .. })));
        for name in ["", "user.a=b", "user.\n", "user.\0", &"x".repeat(256)] {
            assert!(matches!(extension(&entry(name, 1)), Err(EntryError::AttributeName { .. })), "{name}");
        }
    }
}
