use super::member::Member;
use std::collections::BTreeMap;

/// Before the name of an extended attribute in a record, as Go's `archive/tar` and with it all engines write it.
const ATTRIBUTE: &[u8] = b"SCHILY.xattr.";

/// What headers before a member's own say of it: pax (POSIX.1-2008, pax, "pax Header Block") and GNU forms.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extension {
    pub(super) gnu_path: Option<Vec<u8>>,
    pub(super) gnu_link: Option<Vec<u8>>,
    /// Whether there was a pax header.
    pub(super) pax: bool,
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    pub(super) mtime: Option<i64>,
    pub(super) sparse: bool,
    pub(super) attributes: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Extension {
    /// Adds the records of a pax header: `LENGTH KEY=VALUE\n`, where the length counts the whole record.
    pub(super) fn read_pax(&mut self, mut bytes: &[u8]) -> Option<()> {
        self.pax = true;
        while !bytes.is_empty() {
            let (key, value, rest) = record(bytes)?;
            match key {
                b"path" | b"GNU.sparse.name" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => self.size = Some(number(value)?),
                b"uid" => self.uid = Some(number(value)?),
                b"gid" => self.gid = Some(number(value)?),
                b"mtime" => {
                    // Fractions are left out; before 1970 is 1970.
                    let whole = value.split(|byte| *byte == b'.').next().unwrap_or_default();
                    let is_early = whole.starts_with(b"-");
                    self.mtime = Some(if is_early { 0 } else { i64::try_from(number(whole)?).ok()? });
                }
                _ => {}
            }
            if let Some(name) = key.strip_prefix(ATTRIBUTE) {
                self.attributes.insert(name.to_vec(), value.to_vec());
            }
            self.sparse |= key.starts_with(b"GNU.sparse.");
            bytes = rest;
        }
        Some(())
    }

    /// Lets what was said before a member go over what its own header says.
    pub(super) fn apply(self, member: &mut Member) -> Option<()> {
        member.path = self.path.or(self.gnu_path).unwrap_or_else(|| std::mem::take(&mut member.path));
        member.uid = self.uid.map_or(Some(member.uid), |uid| u32::try_from(uid).ok())?;
        member.gid = self.gid.map_or(Some(member.gid), |gid| u32::try_from(gid).ok())?;
        member.mtime = self.mtime.unwrap_or(member.mtime);
        member.attributes = self.attributes;
        Some(())
    }
}

type Record<'a> = (&'a [u8], &'a [u8], &'a [u8]);

fn record(bytes: &[u8]) -> Option<Record<'_>> {
    let space = bytes.iter().take(8).position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
    let record = bytes.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((&record[..equals], &record[equals + 1..], &bytes[length..]))
}

fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_records() {
        let mut found = Extension::default();
        found.read_pax(b"11 path=a\n\n21 mtime=1234.567890\n9 uid=70\n23 SCHILY.xattr.x=\0\n=\xff\n").unwrap();
        assert_eq!((found.path, found.mtime, found.uid), (Some(b"a\n".to_vec()), Some(1234), Some(70)));
        assert_eq!(found.attributes, BTreeMap::from([(b"x".to_vec(), b"\0\n=\xff".to_vec())]));
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
            b"8 uid=-\n",
        ] {
            assert!(Extension::default().read_pax(bytes).is_none(), "{}", String::from_utf8_lossy(bytes));
        }
    }
}
