use super::chunk::{CHUNK_LIMIT, ITEM_LIMIT, Place};
use super::encoding::{Decoder, Encoder, Malformed};
use crate::summary::{FeedSummary, Origin, Times};
use consign_oci::Digest;
use sha2::{Digest as _, Sha256};

/// What every database begins with. The bytes at the end show when a transfer has taken it for a text.
pub(crate) const MAGIC: &[u8; 8] = b"CONSADV\x1a";
/// The format that is written, and the only one that is read.
pub(crate) const VERSION: u32 = 2;
/// Length of the header: the magic bytes, the version, and the length of the table of contents.
pub(crate) const HEADER: usize = 20;
/// Length of the hash of header and table, which follows the table: the digest of the database.
pub(crate) const HASH: usize = 32;
/// Longest table of contents, in bytes. A database of ten gigabytes has a tenth of it.
pub(crate) const CONTENTS_LIMIT: u64 = 256 << 20;

/// Parts of a database, in the order in which they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// Texts that occur in many places, once each.
    Texts,
    /// What each record says, whatever the package.
    Records,
    /// By ecosystem and package, what is said of it.
    Packages,
    /// By number, what is known of a vulnerability beside what records say.
    Vulnerabilities,
    /// By name, the records that have it.
    Names,
    /// By artifact of Maven's, the names of all packages that are called so in some group.
    Artifacts,
    /// Of each record, what only people want to know.
    Details,
}

impl Section {
    pub(crate) const ALL: [Self; 7] = [
        Self::Texts,
        Self::Records,
        Self::Packages,
        Self::Vulnerabilities,
        Self::Names,
        Self::Artifacts,
        Self::Details,
    ];

    /// Returns whether its items are found by key.
    pub(crate) fn is_keyed(self) -> bool {
        matches!(self, Self::Packages | Self::Vulnerabilities | Self::Names | Self::Artifacts)
    }
}

/// Where everything lies in a database, and what it is made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contents {
    /// Of all records.
    pub(crate) times: Times,
    pub(crate) feeds: Vec<FeedSummary>,
    pub(crate) sections: [SectionContents; 7],
}

/// Where a section lies.
#[derive(Clone, Debug, Default)]
pub(crate) struct SectionContents {
    /// How many items it has.
    pub(crate) items: u64,
    pub(crate) chunks: Vec<Place>,
}

impl Contents {
    /// Writes the header, the table, and the hash of both: the digest of the database.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut table = Encoder::default();
        times(&self.times, &mut table);
        table.count(self.feeds.len());
        for FeedSummary { name, records, published, digest, origins } in &self.feeds {
            table.text(name);
            table.number(*records);
            table.time(*published);
            table.text(&digest.to_string());
            table.count(origins.len());
            for Origin { ecosystem, times: origin } in origins {
                table.text(ecosystem);
                times(origin, &mut table);
            }
        }
        for section in &self.sections {
            table.number(section.items);
            table.count(section.chunks.len());
            for Place { stored, length, digest, first, key, .. } in &section.chunks {
                table.number(*stored);
                table.number(*length);
                table.0.extend_from_slice(digest);
                table.number(*first);
                table.bytes(key);
            }
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(table.0.len() as u64).to_le_bytes());
        bytes.append(&mut table.0);
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        bytes
    }

    /// Reads the table.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut table = Decoder(bytes);
        let mut contents = Self { times: read_times(&mut table)?, ..Self::default() };
        contents.feeds = table.list(|table| {
            Ok(FeedSummary {
                name: table.text()?.to_owned(),
                records: table.number()?,
                published: table.time()?,
                digest: table.text()?.parse().map_err(|_| Malformed)?,
                origins: table
                    .list(|table| Ok(Origin { ecosystem: table.text()?.to_owned(), times: read_times(table)? }))?,
            })
        })?;
        let mut offset = 0u64;
        for (kind, section) in Section::ALL.into_iter().zip(&mut contents.sections) {
            section.items = table.number()?;
            section.chunks = table.list(|table| {
                let (stored, length) = (table.number()?, table.number()?);
                if stored > CHUNK_LIMIT || length > CHUNK_LIMIT {
                    return Err(Malformed);
                }
                let digest = table.take(32)?.try_into().map_err(|_| Malformed)?;
                let (first, key) = (table.number()?, table.bytes()?.to_vec());
                let place = Place { offset, stored, length, digest, first, key };
                offset = offset.checked_add(stored).ok_or(Malformed)?;
                Ok(place)
            })?;
            if !section.is_sound(kind) {
                return Err(Malformed);
            }
        }
        if table.0.is_empty() { Ok(contents) } else { Err(Malformed) }
    }

    /// Returns how many bytes lie behind the table.
    pub(crate) fn stored(&self) -> u64 {
        let chunks = self.sections.iter().flat_map(|section| &section.chunks);
        chunks.map(|chunk| chunk.offset.saturating_add(chunk.stored)).max().unwrap_or_default()
    }

    pub(crate) fn section(&self, section: Section) -> &SectionContents {
        &self.sections[section as usize]
    }
}

impl SectionContents {
    /// Returns how many items a chunk has; `None`: it has none, or there is no such chunk.
    pub(crate) fn count(&self, index: usize) -> Option<u64> {
        let first = self.chunks.get(index)?.first;
        let next = self.chunks.get(index + 1).map_or(self.items, |next| next.first);
        next.checked_sub(first).filter(|count| *count > 0)
    }

    /// Returns whether its chunks follow each other: what is looked up in a table out of order is not found, and nobody would know.
    fn is_sound(&self, kind: Section) -> bool {
        let is_bounded = |index| self.count(index).is_some_and(|count| count <= ITEM_LIMIT);
        let starts_at_zero = self.chunks.first().map_or(self.items == 0, |first| first.first == 0);
        let has_keys_in_order = match kind.is_keyed() {
            true => self.chunks.windows(2).all(|pair| pair[0].key < pair[1].key),
            false => self.chunks.iter().all(|chunk| chunk.key.is_empty()),
        };
        starts_at_zero && has_keys_in_order && (0..self.chunks.len()).all(is_bounded)
    }
}

fn times(times: &Times, table: &mut Encoder) {
    table.number(times.live);
    table.time(times.newest);
    table.time(times.settled);
}

fn read_times(table: &mut Decoder<'_>) -> Result<Times, Malformed> {
    Ok(Times { live: table.number()?, newest: table.time()?, settled: table.time()? })
}

/// Returns the digest of a database by its header and table.
pub(crate) fn digest(header_and_table: &[u8]) -> Digest {
    Digest::of(header_and_table)
}

/// Returns whether bytes have a hash.
pub(crate) fn is_hash(bytes: &[u8], expected: &[u8; 32]) -> bool {
    Sha256::digest(bytes)[..] == expected[..]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chunks of packages, each with its key and the number of its first item, of so many items in all.
    fn decoded(chunks: &[(&str, u64)], items: u64) -> Result<Contents, Malformed> {
        let place = |(key, first): &(&str, u64)| Place {
            offset: 0,
            stored: 1,
            length: 1,
            digest: [0; 32],
            first: *first,
            key: key.as_bytes().to_vec(),
        };
        let mut contents = Contents::default();
        let section = SectionContents { items, chunks: chunks.iter().map(place).collect() };
        contents.sections[Section::Packages as usize] = section;
        let bytes = contents.encode();
        Contents::decode(&bytes[HEADER..bytes.len() - HASH])
    }

    #[test]
    fn a_table_out_of_order_is_refused() {
        for (chunks, items, is_sound) in [
            (&[][..], 0, true),
            (&[("a", 0), ("b", 3)], 4, true),
            (&[], 1, false),
            (&[("a", 1)], 4, false),
            (&[("b", 0), ("a", 3)], 4, false),
            (&[("a", 0), ("a", 3)], 4, false),
            (&[("a", 0), ("b", 0)], 4, false),
            (&[("a", 0), ("b", 4)], 4, false),
            (&[("a", 0), ("b", 3), ("c", 2)], 4, false),
            (&[("a", 0)], ITEM_LIMIT + 1, false),
        ] {
            assert_eq!(decoded(chunks, items).is_ok(), is_sound, "{chunks:?} of {items}");
        }
    }
}
