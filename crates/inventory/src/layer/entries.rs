use consign_oci::layer::EntryPath;

/// The entries of a layer, in the order in which they lie. Paths are long, many, and like the one before, so each stands there as the
/// length of what they share and the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entries {
    bytes: Vec<u8>,
    last: String,
}

/// What an entry puts at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A folder.
    Directory,
    /// A file, with its permission bits, and the numbers of what says what is in it.
    File {
        /// Permission bits.
        mode: u32,
        /// Number of the note, if a cataloguer looked at the file.
        note: Option<u32>,
        /// Number of what else is to be known of it.
        facts: Option<u32>,
    },
    /// A link to this target, as written.
    Symlink(String),
    /// Another name of this path.
    HardLink(EntryPath),
    /// A device or a pipe.
    Other,
}

impl Entries {
    /// Adds an entry.
    pub(crate) fn push(&mut self, path: &EntryPath, item: &Item) {
        let path = path.as_str();
        let mut shared = path.bytes().zip(self.last.bytes()).take_while(|(one, other)| one == other).count();
        while !path.is_char_boundary(shared) {
            shared -= 1;
        }
        self.number(shared);
        self.text(&path[shared..]);
        self.last.truncate(shared);
        self.last.push_str(&path[shared..]);
        match item {
            Item::Directory => self.bytes.push(0),
            Item::File { mode, note, facts } => {
                self.bytes.push(1);
                self.number(*mode as usize);
                self.number(note.map_or(0, |note| note as usize + 1));
                self.number(facts.map_or(0, |facts| facts as usize + 1));
            }
            Item::Symlink(target) => {
                self.bytes.push(2);
                self.text(target);
            }
            Item::HardLink(target) => {
                self.bytes.push(3);
                self.text(target.as_str());
            }
            Item::Other => self.bytes.push(4),
        }
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Writes a number seven bits at a time, the lowest first; the eighth says that more follow.
    fn number(&mut self, mut number: usize) {
        while number >= 0x80 {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// Returns the entries as they are kept.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes entries that were kept, of a layer with so many notes, and facts of so many files. `None`: they are damaged.
    pub(crate) fn read(bytes: Vec<u8>, notes: usize, files: usize) -> Option<Self> {
        let entries = Self { bytes, last: String::new() };
        let mut reader = Reader { rest: &entries.bytes, path: String::new() };
        while !reader.rest.is_empty() {
            let (_, item) = reader.next()?;
            if let Item::File { note, facts, .. } = item
                && (note.is_some_and(|note| note as usize >= notes)
                    || facts.is_some_and(|facts| facts as usize >= files))
            {
                return None;
            }
        }
        Some(entries)
    }

    /// Returns the entries in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (EntryPath, Item)> {
        let mut reader = Reader { rest: &self.bytes, path: String::new() };
        // What was pushed can be read.
        std::iter::from_fn(move || reader.next())
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    path: String,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<(EntryPath, Item)> {
        let shared = self.number()?;
        if shared > self.path.len() || !self.path.is_char_boundary(shared) {
            return None;
        }
        let rest = self.text()?;
        self.path.truncate(shared);
        self.path.push_str(rest);
        let path = self.path.parse().ok()?;
        let (kind, after) = self.rest.split_first()?;
        self.rest = after;
        let item = match kind {
            0 => Item::Directory,
            1 => {
                let mut next = || u32::try_from(self.number()?).ok();
                let (mode, note, facts) = (next()?, next()?, next()?);
                Item::File { mode, note: note.checked_sub(1), facts: facts.checked_sub(1) }
            }
            2 => Item::Symlink(self.text()?.to_owned()),
            3 => Item::HardLink(self.text()?.parse().ok()?),
            4 => Item::Other,
            _ => return None,
        };
        Some((path, item))
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = 0;
        for shift in (0..u32::BITS).step_by(7) {
            let (byte, after) = self.rest.split_first()?;
            self.rest = after;
            number |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

impl<'a> Reader<'a> {
    fn text(&mut self) -> Option<&'a str> {
        let (text, after) = self.number().and_then(|length| self.rest.split_at_checked(length))?;
        self.rest = after;
        std::str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<(EntryPath, Item)> {
        [
            ("usr", Item::Directory),
            ("usr/lib", Item::Directory),
            ("usr/lib/é", Item::File { mode: 0o4755, note: None, facts: Some(2) }),
            ("usr/lib/è", Item::File { mode: 0o644, note: Some(7), facts: None }),
            ("lib", Item::Symlink("usr/lib".to_owned())),
            ("a", Item::HardLink("usr/lib/é".parse().unwrap())),
            ("dev/null", Item::Other),
            (&"x/".repeat(300), Item::Directory),
        ]
        .map(|(path, item)| (path.parse().unwrap(), item))
        .into()
    }

    #[test]
    fn what_is_kept_comes_back() {
        let mut written = Entries::default();
        entries().iter().for_each(|(path, item)| written.push(path, item));
        assert_eq!(written.iter().collect::<Vec<_>>(), entries());
        let read = Entries::read(written.as_bytes().to_vec(), 8, 3).unwrap();
        assert_eq!(read.iter().collect::<Vec<_>>(), entries());
        assert!(Entries::read(written.as_bytes().to_vec(), 7, 3).is_none(), "a note that is not there");
        assert!(Entries::read(written.as_bytes().to_vec(), 8, 2).is_none(), "facts that are not there");
    }

    #[test]
    fn what_is_damaged_is_not_read() {
        let mut written = Entries::default();
        entries().iter().for_each(|(path, item)| written.push(path, item));
        let whole = written.as_bytes();
        for end in 0..whole.len() {
            let read = Entries::read(whole[..end].to_vec(), 8, 3).map(|read| read.iter().count());
            assert!(read.is_none_or(|count| count < entries().len()), "{end}");
        }
        for at in 0..whole.len() {
            let mut spoilt = whole.to_vec();
            spoilt[at] ^= 0x81;
            _ = Entries::read(spoilt, 8, 3);
        }
    }
}
