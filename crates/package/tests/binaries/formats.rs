//! Programs made by hand: headers, one segment of data, and sections.

/// Where the data is loaded.
pub(crate) const ADDRESS: u64 = 0x1_0000;
/// Where the data is in the files.
const START: usize = 0x400;

/// How an ELF file is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    pub(crate) bits: u8,
    pub(crate) little: bool,
}

pub(crate) const MACHINES: [Machine; 4] = [
    Machine { bits: 64, little: true },
    Machine { bits: 64, little: false },
    Machine { bits: 32, little: true },
    Machine { bits: 32, little: false },
];

impl Machine {
    fn half(self, number: u16) -> Vec<u8> {
        if self.little { number.to_le_bytes().to_vec() } else { number.to_be_bytes().to_vec() }
    }

    fn number(self, number: u32) -> Vec<u8> {
        if self.little { number.to_le_bytes().to_vec() } else { number.to_be_bytes().to_vec() }
    }

    /// An address.
    pub(crate) fn word(self, number: u64) -> Vec<u8> {
        match (self.bits, self.little) {
            (32, _) => self.number(u32::try_from(number).unwrap()),
            (_, true) => number.to_le_bytes().to_vec(),
            (_, false) => number.to_be_bytes().to_vec(),
        }
    }

    /// Makes an ELF file whose data is in a section of this name; without a list of sections where the name is empty.
    pub(crate) fn elf(self, section: &str, data: &[u8]) -> Vec<u8> {
        let wide = self.bits == 64;
        let (header, segment, listed) = if wide { (64, 56, 64) } else { (52, 32, 40) };
        let names = format!("\0{section}\0.shstrtab\0");
        let names_start = START + data.len();
        let list = names_start + names.len();
        let sections: u16 = if section.is_empty() { 0 } else { 3 };
        let mut file = vec![0x7f, b'E', b'L', b'F', if wide { 2 } else { 1 }, if self.little { 1 } else { 2 }, 1];
        file.resize(16, 0);
        file.extend([self.half(2), self.half(62), self.number(1)].concat());
        let list_start = if sections == 0 { 0 } else { list as u64 };
        file.extend([self.word(ADDRESS), self.word(header), self.word(list_start), self.number(0)].concat());
        let header = u16::try_from(header).unwrap();
        file.extend(
            [header, segment, 1, listed, sections, sections.saturating_sub(1)].map(|half| self.half(half)).concat(),
        );
        // One segment, which is read and written.
        let (kind, flags) = (self.number(1), self.number(6));
        let size = self.word(data.len() as u64);
        let (offset, address, align) = (self.word(START as u64), self.word(ADDRESS), self.word(16));
        file.extend(if wide {
            [kind, flags, offset, address.clone(), address, size.clone(), size, align].concat()
        } else {
            [kind, offset, address.clone(), address, size.clone(), size, flags, align].concat()
        });
        file.resize(START, 0);
        file.extend(data);
        if sections > 0 {
            file.extend(names.as_bytes());
            file.extend(self.listed(0, 0, 0, 0, 0));
            file.extend(self.listed(1, 1, ADDRESS, START, data.len()));
            file.extend(self.listed(u32::try_from(section.len() + 2).unwrap(), 3, 0, names_start, names.len()));
        }
        file
    }

    fn listed(self, name: u32, kind: u32, address: u64, offset: usize, size: usize) -> Vec<u8> {
        let zero = self.word(0);
        [
            [self.number(name), self.number(kind), zero.clone(), self.word(address)].concat(),
            [self.word(offset as u64), self.word(size as u64), self.number(0), self.number(0), zero.clone(), zero]
                .concat(),
        ]
        .concat()
    }
}

/// Makes a PE file of 64 bits with one section, whose flags are these.
pub(crate) fn pe(section: &str, flags: u32, data: &[u8]) -> Vec<u8> {
    let mut file = b"MZ".to_vec();
    file.resize(0x3c, 0);
    file.extend(0x40_u32.to_le_bytes());
    file.extend(b"PE\0\0");
    file.extend([0x8664_u16, 1].map(u16::to_le_bytes).concat());
    file.extend([0; 12]);
    file.extend([240_u16, 2].map(u16::to_le_bytes).concat());
    let mut optional = vec![0; 240];
    optional[..2].copy_from_slice(&0x20b_u16.to_le_bytes());
    optional[24..32].copy_from_slice(&0x4000_0000_u64.to_le_bytes());
    optional[108..112].copy_from_slice(&16_u32.to_le_bytes());
    file.extend(optional);
    let mut name = section.as_bytes().to_vec();
    name.resize(8, 0);
    file.extend(name);
    let size = u32::try_from(data.len()).unwrap();
    let start = u32::try_from(START).unwrap();
    file.extend([size, 0x1000, size, start, 0, 0, 0, flags].map(u32::to_le_bytes).concat());
    file.resize(START, 0);
    file.extend(data);
    file
}

/// Makes a Mach-O file of 64 bits with one segment of data, and one section in it.
pub(crate) fn mach_o(section: &str, data: &[u8]) -> Vec<u8> {
    let name = |text: &str| {
        let mut name = text.as_bytes().to_vec();
        name.resize(16, 0);
        name
    };
    let size = data.len() as u64;
    let start = u32::try_from(START).unwrap();
    let mut file = [0xfeed_facf_u32, 0x0100_000c, 0, 2, 1, 152, 0, 0].map(u32::to_le_bytes).concat();
    file.extend([0x19_u32, 152].map(u32::to_le_bytes).concat());
    file.extend(name("__DATA"));
    file.extend([ADDRESS, size, START as u64, size].map(u64::to_le_bytes).concat());
    file.extend([3_u32, 3, 1, 0].map(u32::to_le_bytes).concat());
    file.extend(name(section));
    file.extend(name("__DATA"));
    file.extend([ADDRESS, size].map(u64::to_le_bytes).concat());
    file.extend([start, 4, 0, 0, 0, 0, 0, 0].map(u32::to_le_bytes).concat());
    file.resize(START, 0);
    file.extend(data);
    file
}

/// Puts several files into one, as Apple does for several machines.
pub(crate) fn fat(files: &[Vec<u8>]) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    let mut file = [[0xca, 0xfe, 0xba, 0xbe], number(files.len())].concat();
    let mut start = 0x1000;
    for one in files {
        file.extend([number(7), number(3), number(start), number(one.len()), number(12)].concat());
        start += one.len();
    }
    file.resize(0x1000, 0);
    file.extend(files.concat());
    file
}
