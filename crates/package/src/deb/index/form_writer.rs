use super::form::MAGIC;

/// Size of a block when decompressed, in bytes, unless one paragraph is larger.
pub(super) const BLOCK: usize = 16 * 1024;
/// zstd's level: the fastest that still makes it small.
const LEVEL: i32 = 1;

/// Makes the form of an index, of texts of at most 4 GiB: of larger ones there is none.
#[derive(Default)]
pub(super) struct FormWriter<'a> {
    pub(super) packages: Vec<[u32; 4]>,
    pub(super) names: Vec<(&'a str, u32)>,
    provided: Vec<(String, u32)>,
    blocks: Vec<[u32; 3]>,
    block: Vec<u8>,
    data: Vec<u8>,
}

impl<'a> FormWriter<'a> {
    /// Returns the number of packages so far.
    pub(super) fn len(&self) -> usize {
        self.packages.len()
    }

    /// Adds a package.
    pub(super) fn add(&mut self, name: &'a str, line: usize, paragraph: &str) -> Option<()> {
        // What is small is not read at the cost of what is large.
        if paragraph.len() >= BLOCK && !self.block.is_empty() {
            self.end_block()?;
        }
        self.names.push((name, narrow(self.packages.len())?));
        let place = [self.blocks.len(), self.block.len(), paragraph.len(), line];
        let [block, start, length, line] = place.map(narrow);
        self.packages.push([block?, start?, length?, line?]);
        self.block.extend_from_slice(paragraph.as_bytes());
        if self.block.len() >= BLOCK { self.end_block() } else { Some(()) }
    }

    /// Adds a name that the latest package provides.
    pub(super) fn provide(&mut self, name: String) -> Option<()> {
        self.provided.push((name, narrow(self.packages.len().saturating_sub(1))?));
        Some(())
    }

    fn end_block(&mut self) -> Option<()> {
        let compressed = zstd::bulk::compress(&self.block, LEVEL).ok()?;
        self.blocks.push([narrow(self.data.len())?, narrow(compressed.len())?, narrow(self.block.len())?]);
        self.data.extend_from_slice(&compressed);
        self.block.clear();
        Some(())
    }

    pub(super) fn finish(mut self) -> Option<Vec<u8>> {
        if !self.block.is_empty() {
            self.end_block()?;
        }
        self.names.sort();
        self.provided.sort();
        // A package that provides a name in several versions provides it once.
        self.provided.dedup();
        let (mut numbers, mut strings) = (Vec::new(), Vec::new());
        let names = table(self.names.iter().copied(), &mut numbers, &mut strings)?;
        let provided = self.provided.iter().map(|(name, number)| (name.as_str(), *number));
        let provided = table(provided, &mut numbers, &mut strings)?;
        let counts =
            [self.packages.len(), names.len(), provided.len(), numbers.len(), self.blocks.len(), strings.len()];
        let mut bytes = MAGIC.to_vec();
        for count in counts {
            bytes.extend(narrow(count)?.to_le_bytes());
        }
        let rows = self.packages.iter().chain(&names).chain(&provided).flatten();
        let all = rows.chain(&numbers).chain(self.blocks.iter().flatten());
        bytes.extend(all.flat_map(|number| number.to_le_bytes()));
        bytes.extend(strings);
        bytes.extend(self.data);
        Some(bytes)
    }
}

/// Makes a table of sorted names.
fn table<'n>(
    names: impl Iterator<Item = (&'n str, u32)>,
    numbers: &mut Vec<u32>,
    strings: &mut Vec<u8>,
) -> Option<Vec<[u32; 4]>> {
    let mut rows: Vec<[u32; 4]> = Vec::new();
    let mut last = None;
    for (name, number) in names {
        match rows.last_mut() {
            Some(row) if last == Some(name) => row[3] += 1,
            _ => {
                rows.push([narrow(strings.len())?, narrow(name.len())?, narrow(numbers.len())?, 1]);
                strings.extend_from_slice(name.as_bytes());
                last = Some(name);
            }
        }
        numbers.push(number);
    }
    Some(rows)
}

fn narrow(number: usize) -> Option<u32> {
    u32::try_from(number).ok()
}
