use super::Reason;
use super::end::{End, half, word};
use super::entry::Entry;

/// Length of an entry of the directory, without its name and what is behind it; of the header before an entry's bytes.
const LISTED: usize = 46;
pub(super) const HEADER: usize = 30;
const MARK: &[u8] = b"PK\x01\x02";

/// The directory of a zip archive.
pub(in crate::language) struct Directory<'a> {
    /// The entries that are wanted.
    pub(in crate::language) wanted: Vec<Entry<'a>>,
    /// How many there are.
    pub(in crate::language) count: u64,
    /// What is wrong with it, though entries were found.
    pub(in crate::language) problem: Option<Reason>,
}

impl<'a> Directory<'a> {
    /// Reads the directory: as many entries as it has, whatever it states, but no more than `limit`.
    pub(in crate::language) fn read(
        contents: &'a [u8],
        limit: u64,
        is_wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<Self, Reason> {
        let end = End::find(contents).ok_or(Reason::NoArchive)?;
        let archive = contents.get(end.before..).unwrap_or_default();
        let mut rest = contents.get(end.start..end.end).unwrap_or_default();
        let mut directory = Self { wanted: Vec::new(), count: 0, problem: None };
        let mut stretches = Vec::new();
        while !rest.is_empty() && directory.count <= limit {
            let Some((entry, after)) = listed(archive, rest) else {
                directory.problem = Some(Reason::Damaged("its directory breaks off"));
                break;
            };
            rest = after;
            directory.count += 1;
            stretches.push(entry.stretch());
            if is_wanted(entry.name) {
                directory.wanted.push(entry);
            }
        }
        stretches.sort_unstable();
        if stretches.windows(2).any(|pair| matches!(pair, [(_, end), (start, _)] if start < end)) {
            return Err(Reason::Overlap);
        }
        let is_stated =
            if end.is_whole { directory.count == end.stated } else { directory.count & 0xffff == end.stated };
        if !is_stated && directory.problem.is_none() && directory.count <= limit {
            directory.problem = Some(Reason::Count { stated: end.stated, listed: directory.count });
        }
        Ok(directory)
    }
}

/// Takes the first entry off a directory.
fn listed<'a>(archive: &'a [u8], rest: &'a [u8]) -> Option<(Entry<'a>, &'a [u8])> {
    let header = rest.get(..LISTED).filter(|header| header.starts_with(MARK))?;
    let length = |place| half(header, place).map(usize::from);
    let (name, rest) = rest.get(LISTED..)?.split_at_checked(length(28)?)?;
    let (extra, rest) = rest.split_at_checked(length(30)?)?;
    let (_, rest) = rest.split_at_checked(length(32)?)?;
    let mut entry = Entry {
        archive,
        name,
        is_encrypted: half(header, 8)? & 1 != 0,
        method: half(header, 10)?,
        sum: word(header, 16)?,
        compressed: word(header, 20)?.into(),
        size: word(header, 24)?.into(),
        offset: word(header, 42)?.into(),
    };
    entry.widen(extra)?;
    Some((entry, rest))
}
