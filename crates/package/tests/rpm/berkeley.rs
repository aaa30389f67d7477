//! Writes `Packages` and `Packages.db`, in small.

const PAGE: usize = 512;

/// In which order bytes of a number stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    fn small(self, number: usize) -> [u8; 2] {
        let number = u16::try_from(number).unwrap();
        if self == Self::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn number(self, number: usize) -> [u8; 4] {
        let number = u32::try_from(number).unwrap();
        if self == Self::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }
}

fn put(page: &mut [u8], at: usize, bytes: &[u8]) {
    page[at..at + bytes.len()].copy_from_slice(bytes);
}

/// A hash of Berkeley DB: each package has a page of its own for its key, and others for what does not fit there.
pub(crate) fn berkeley(entries: &[Vec<u8>], order: Order) -> Vec<u8> {
    let mut pages = vec![vec![0; PAGE]];
    put(&mut pages[0], 12, &order.number(0x0006_1561));
    put(&mut pages[0], 16, &order.number(9));
    put(&mut pages[0], 20, &order.number(PAGE));
    pages[0][25] = 8;
    // The first pair says which number was given last.
    let counter = order.number(entries.len()).to_vec();
    let pairs = [(0, counter)].into_iter().chain((1..).zip(entries.iter().cloned()));
    for (key, value) in pairs {
        let key = [&[1][..], &order.number(key)].concat();
        let item = if value.len() < 200 {
            [&[1][..], &value].concat()
        } else {
            [&[3, 0, 0, 0][..], &order.number(pages.len() + 1), &order.number(value.len())].concat()
        };
        let mut page = vec![0; PAGE];
        let (first, second) = (PAGE - key.len(), PAGE - key.len() - item.len());
        put(&mut page, 20, &order.small(2));
        put(&mut page, 26, &[order.small(first), order.small(second)].concat());
        put(&mut page, first, &key);
        put(&mut page, second, &item);
        page[25] = if pages.len() % 2 == 0 { 2 } else { 13 };
        pages.push(page);
        if item[0] == 3 {
            let count = value.len().div_ceil(PAGE - 26);
            for (number, part) in (1..).zip(value.chunks(PAGE - 26)) {
                let mut page = vec![0; PAGE];
                put(&mut page, 16, &order.number(if number < count { pages.len() + 1 } else { 0 }));
                put(&mut page, 22, &order.small(part.len()));
                page[25] = 7;
                put(&mut page, 26, part);
                pages.push(page);
            }
        }
    }
    pages.concat()
}

pub(crate) fn ndb(entries: &[Vec<u8>]) -> Vec<u8> {
    let numbers =
        |numbers: &[usize]| numbers.iter().flat_map(|number| Order::Little.number(*number)).collect::<Vec<u8>>();
    let slots = (entries.len() + 2).div_ceil(256) * 4096;
    let mut bytes = [b"RpmP".to_vec(), numbers(&[0, 1, slots / 4096, entries.len() + 1, 0, 0, 0])].concat();
    let mut packages = Vec::new();
    for (index, entry) in (1..).zip(entries) {
        let mut package = [b"BlbS".to_vec(), numbers(&[index, 1, entry.len()]), entry.clone()].concat();
        package.resize((package.len() + 12).next_multiple_of(16) - 12, 0);
        package.extend(numbers(&[adler32(&package), entry.len()]));
        package.extend(b"BlbE");
        bytes.extend([b"Slot".to_vec(), numbers(&[index, (slots + packages.len()) / 16, package.len() / 16])].concat());
        packages.extend(package);
    }
    while bytes.len() < slots {
        bytes.extend([&b"Slot"[..], &[0; 12]].concat());
    }
    [bytes, packages].concat()
}

fn adler32(bytes: &[u8]) -> usize {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + usize::from(*byte)) % 65521;
        (low, (high + low) % 65521)
    });
    high << 16 | low
}
