use std::collections::BTreeMap;

/// Before the name of an extended attribute in the key of its record (Go's `archive/tar`, star).
const ATTRIBUTE: &[u8] = b"SCHILY.xattr.";
/// Longest name of an extended attribute, in bytes (Linux `XATTR_NAME_MAX`).
const NAME_LIMIT: usize = 255;
/// Largest value of an extended attribute, in bytes (Linux `XATTR_SIZE_MAX`). All of an entry are bounded by its header.
const VALUE_LIMIT: usize = 64 << 10;

/// What headers before a member's own say of it: pax (POSIX.1-2008, pax, "pax Header Block") and GNU forms.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extension {
    /// Whether there was a pax header.
    pub(super) pax: bool,
    /// Name and link of GNU headers; those of pax win.
    pub(super) gnu_path: Option<Vec<u8>>,
    pub(super) gnu_link: Option<Vec<u8>>,
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    pub(super) mtime: Option<u64>,
    pub(super) attributes: BTreeMap<String, Vec<u8>>,
    pub(super) sparse: bool,
}

impl Extension {
    /// Adds the records of a pax header: `LENGTH KEY=VALUE\n`, where the length counts the whole record.
    pub(super) fn read_pax(&mut self, mut bytes: &[u8]) -> Result<(), &'static str> {
        self.pax = true;
        while !bytes.is_empty() {
            let (key, value, rest) = record(bytes).ok_or("an extended header is malformed")?;
            match key {
                b"path" | b"GNU.sparse.name" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => self.size = Some(number(value, false)?),
                b"uid" => self.uid = Some(number(value, false)?),
                b"gid" => self.gid = Some(number(value, false)?),
                // Before 1970 is 1970.
                b"mtime" if value.starts_with(b"-") => self.mtime = Some(0),
                b"mtime" => self.mtime = Some(number(value, true)?),
                _ => {
                    if let Some(name) = key.strip_prefix(ATTRIBUTE) {
                        self.attributes.insert(attribute(name, value)?, value.to_vec());
                    }
                }
            }
            self.sparse |= key.starts_with(b"GNU.sparse.");
            bytes = rest;
        }
        Ok(())
    }
}

/// Returns the name of an extended attribute that Linux can hold.
fn attribute(name: &[u8], value: &[u8]) -> Result<String, &'static str> {
    if value.len() > VALUE_LIMIT {
        return Err("an extended attribute is larger than 64 KiB");
    }
    let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty() && !name.contains('\0'));
    let name = name.filter(|name| name.len() <= NAME_LIMIT);
    name.map(str::to_owned).ok_or("an extended attribute has no name that can be")
}

type Record<'a> = (&'a [u8], &'a [u8], &'a [u8]);

fn record(bytes: &[u8]) -> Option<Record<'_>> {
    let space = bytes.iter().take(8).position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
    let record = bytes.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((&record[..equals], &record[equals + 1..], &bytes[length..]))
}

/// Reads a number; its fraction, where one may be, is left out.
fn number(value: &[u8], fraction: bool) -> Result<u64, &'static str> {
    let whole = if fraction { value.split(|byte| *byte == b'.').next().unwrap_or_default() } else { value };
    let number = std::str::from_utf8(whole).ok().and_then(|text| text.parse().ok());
    number.ok_or("an extended header has something else where a number belongs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(bytes: &[u8]) -> Result<Extension, &'static str> {
        let mut extension = Extension::default();
        extension.read_pax(bytes).map(|()| extension)
    }

    #[test]
    fn reads_records() {
        let bytes =
            b"11 path=a\n\n21 mtime=1234.567890\n9 uid=70\n24 SCHILY.xattr.x=\0\n=\xff\n\n24 GNU.sparse.major=1.0\n";
        let expected = Extension {
            pax: true,
            path: Some(b"a\n".to_vec()),
            uid: Some(70),
            mtime: Some(1234),
            attributes: [("x".to_owned(), b"\0\n=\xff\n".to_vec())].into(),
            sparse: true,
            ..Extension::default()
        };
        assert_eq!(parsed(bytes), Ok(expected));
        assert_eq!(parsed(b"").unwrap().path, None);
        assert_eq!(parsed(b"12 mtime=-1\n").unwrap().mtime, Some(0));
    }

    #[test]
    fn refuses_malformed_records() {
        for bytes in [
            &b"x"[..],
            b"8 path=a\n",
            b"11 path=a\n",
            b"0 path=a\n",
            b"3 \n",
            b"99999999999999999999 a=b\n",
            b"10 path=a\nx",
            b"8 uid=-\n",
            b"12 size=1x2\n",
            b"12 size=1.5\n",
        ] {
            assert!(parsed(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn attributes_are_bounded() {
        for (name, size, is_read) in [
            (&b"user.a"[..], VALUE_LIMIT, true),
            (b"user.a", VALUE_LIMIT + 1, false),
            (b"", 1, false),
            (b"\xff", 1, false),
            (b"a\0", 1, false),
            (&[b'x'; NAME_LIMIT], 1, true),
            (&[b'x'; NAME_LIMIT + 1], 1, false),
        ] {
            let record = [b" SCHILY.xattr.", name, b"=", &vec![0; size], b"\n"].concat();
            let digits = (1..8).find(|digits| (record.len() + digits).to_string().len() == *digits).unwrap();
            let record = [(record.len() + digits).to_string().as_bytes(), &record].concat();
            assert_eq!(parsed(&record).is_ok(), is_read, "{} {size}", String::from_utf8_lossy(name));
        }
    }
}
