//! Damaged variants of good bytes, for parsers to survive. What they are depends only on the number of the case.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What parsers stumble over: limits of numbers, lengths, and the words of the formats.
const PIECES: [&[u8]; 24] = [
    b"\0",
    b"\n",
    b"\n\n",
    b"\r\n",
    b"-",
    b":",
    b"..",
    b"/",
    b"../",
    b".wh.",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\x80\0\0\0\xff\xff\xff\xff",
    b"18446744073709551615",
    b"9223372036854775807",
    b"77777777777",
    b"-1",
    b"1e999",
    b"{",
    b"[[[[[[[[",
    b"\"",
    b"\xc3\xa9",
    b"\xe2\x80\xae",
    b"99999999 path=a\n",
];
const TAR_BLOCK: usize = 512;

/// Calls `parse` with damaged variants of the seeds: `cases` for each, or as many as `PROPTEST_CASES` says. Panics, with the number of the case,
/// where it panics; that it returns is all that is asked of it.
pub fn survives(seeds: &[Vec<u8>], cases: u64, parse: impl Fn(&[u8])) {
    let cases = cases_or(cases);
    for (number, seed) in seeds.iter().enumerate() {
        for case in 0..cases {
            let bytes = damaged(seed, case);
            assert!(catch_unwind(AssertUnwindSafe(|| parse(&bytes))).is_ok(), "seed {number}, case {case}");
        }
    }
}

/// Returns how many cases to try: as many as `PROPTEST_CASES` says, else this many.
pub fn cases_or(cases: u64) -> u64 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(cases)
}

/// Returns the files in the folder that the variable `CONSIGN_SEEDS` names, as further seeds; none where it is not set.
pub fn seeds_of_the_caller() -> Vec<Vec<u8>> {
    let Some(folder) = std::env::var_os("CONSIGN_SEEDS") else { return Vec::new() };
    let entries = std::fs::read_dir(Path::new(&folder)).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

/// Returns a variant of some bytes.
pub fn damaged(seed: &[u8], case: u64) -> Vec<u8> {
    let mut random = Random::new(case);
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(4) {
        damage(&mut bytes, &mut random);
    }
    if random.below(4) > 0 {
        repair_tar_headers(&mut bytes);
    }
    bytes
}

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    match random.below(7) {
        0 => bytes.truncate(at),
        1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        2 if at < bytes.len() => bytes[at] = random.below(256) as u8,
        3 => {
            let piece = PIECES[random.below(PIECES.len())];
            bytes.splice(at..at, piece.iter().copied());
        }
        4 => {
            let piece = PIECES[random.below(PIECES.len())];
            let end = (at + piece.len()).min(bytes.len());
            bytes.splice(at..end, piece.iter().copied());
        }
        5 => {
            let end = (at + random.below(2 * TAR_BLOCK)).min(bytes.len());
            let copy = bytes[at..end].to_vec();
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, copy);
        }
        _ => {
            let end = (at + random.below(2 * TAR_BLOCK)).min(bytes.len());
            bytes.drain(at..end);
        }
    }
}

/// Gives tar headers their checksums, so that readers look further.
fn repair_tar_headers(bytes: &mut [u8]) {
    for offset in 0..8.min(bytes.len()) {
        for block in bytes[offset..].chunks_exact_mut(TAR_BLOCK).filter(|block| &block[257..262] == b"ustar") {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
}

/// A simple generator of numbers (Marsaglia's xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(case: u64) -> Self {
        Self(case.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}
