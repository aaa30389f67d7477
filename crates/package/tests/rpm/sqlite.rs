//! Writes `rpmdb.sqlite` and its log, in small: pages of 512 bytes, each row on a page of its own and those that it goes on at.

use super::berkeley::Order;

pub(crate) const PAGE: usize = 512;

fn number(number: usize) -> Vec<u8> {
    if number < 128 {
        return vec![u8::try_from(number).unwrap()];
    }
    let mut bytes = self::number(number >> 7);
    bytes.iter_mut().for_each(|byte| *byte |= 0x80);
    bytes.push(u8::try_from(number & 0x7f).unwrap());
    bytes
}

/// A row of some values with their types.
fn row(values: &[(usize, &[u8])]) -> Vec<u8> {
    let kinds: Vec<u8> = values.iter().flat_map(|(kind, _)| number(*kind)).collect();
    let body: Vec<u8> = values.iter().flat_map(|(_, bytes)| bytes.to_vec()).collect();
    [number(kinds.len() + 1), kinds, body].concat()
}

/// A page with one row, and the pages that it goes on at; `first` is the number of the page.
fn leaf(row: &[u8], index: usize, first: usize, start: usize) -> Vec<u8> {
    let (most, least) = (PAGE - 35, (PAGE - 12) * 32 / 255 - 23);
    let even = least + row.len().saturating_sub(least) % (PAGE - 4);
    let here = if row.len() <= most {
        row.len()
    } else if even <= most {
        even
    } else {
        least
    };
    let mut cell = [number(row.len()), number(index), row[..here].to_vec()].concat();
    let rest = &row[here..];
    if !rest.is_empty() {
        cell.extend(u32::try_from(first + 1).unwrap().to_be_bytes());
    }
    let mut page = vec![0; PAGE];
    page[start] = 13;
    page[start + 4] = 1;
    let at = PAGE - cell.len();
    page[start + 8..start + 10].copy_from_slice(&u16::try_from(at).unwrap().to_be_bytes());
    page[at..].copy_from_slice(&cell);
    let count = rest.len().div_ceil(PAGE - 4);
    for (number, part) in (1..).zip(rest.chunks(PAGE - 4)) {
        let next = if number < count { first + number + 1 } else { 0 };
        let mut more = [&u32::try_from(next).unwrap().to_be_bytes()[..], part].concat();
        more.resize(PAGE, 0);
        page.extend(more);
    }
    page
}

/// A database with these rows in its table.
pub(crate) fn sqlite(entries: &[Vec<u8>]) -> Vec<u8> {
    let schema = row(&[(23, b"table"), (29, b"Packages"), (29, b"Packages"), (1, &[2]), (13, b"")]);
    let mut file = leaf(&schema, 1, 1, 100);
    file[..18].copy_from_slice(b"SQLite format 3\0\x02\x00");
    file[56..60].copy_from_slice(&1_u32.to_be_bytes());
    let (mut pages, mut below) = (Vec::new(), Vec::new());
    for (index, entry) in (1..).zip(entries) {
        let first = 3 + pages.len() / PAGE;
        below.push(u32::try_from(first).unwrap());
        pages.extend(leaf(&row(&[(0, b""), (entry.len() * 2 + 12, entry)]), index, first, 0));
    }
    let mut root = vec![0; PAGE];
    root[0] = 5;
    let (last, others) = below.split_last().unwrap();
    root[3..5].copy_from_slice(&u16::try_from(others.len()).unwrap().to_be_bytes());
    root[8..12].copy_from_slice(&last.to_be_bytes());
    for (index, page) in others.iter().enumerate() {
        let at = PAGE - 8 * (index + 1);
        root[12 + 2 * index..14 + 2 * index].copy_from_slice(&u16::try_from(at).unwrap().to_be_bytes());
        root[at..at + 4].copy_from_slice(&page.to_be_bytes());
    }
    [file, root, pages].concat()
}

/// A log of pages: number, content, and the number of pages of the database where it is committed with it.
pub(crate) fn log(frames: &[(u32, &[u8], u32)], order: Order) -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let magic = 0x377f_0682 | u32::from(order == Order::Big);
    let mut bytes = words(&[magic, 3_007_000, u32::try_from(PAGE).unwrap(), 0, 7, 8]);
    let mut sums = added([0, 0], &bytes, order);
    bytes.extend(words(&sums));
    for (page, content, count) in frames {
        let head = words(&[*page, *count]);
        sums = added(added(sums, &head, order), content, order);
        bytes.extend([head, words(&[7, 8]), words(&sums), content.to_vec()].concat());
    }
    bytes
}

fn added(sums: [u32; 2], bytes: &[u8], order: Order) -> [u32; 2] {
    let word = |bytes: &[u8]| {
        let bytes = bytes.try_into().unwrap();
        if order == Order::Big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    };
    bytes.chunks_exact(8).fold(sums, |[first, second], pair| {
        let first = first.wrapping_add(word(&pair[..4])).wrapping_add(second);
        [first, second.wrapping_add(word(&pair[4..])).wrapping_add(first)]
    })
}
