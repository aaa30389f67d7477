use consign_oci::Platform;
use std::collections::BTreeMap;

/// By how many bytes a program says what it is made for.
pub(super) const START: usize = 20;
/// Machines by the numbers that ELF has for them, with whether it is the form of 64 bits and that with the lowest byte first (System V ABI, "ELF Header").
const MACHINES: [(u16, bool, bool, &str); 9] = [
    (62, true, true, "amd64"),
    (3, false, true, "386"),
    (183, true, true, "arm64"),
    (40, false, true, "arm"),
    (21, true, true, "ppc64le"),
    (22, true, false, "s390x"),
    (243, true, true, "riscv64"),
    (258, true, true, "loong64"),
    (8, true, true, "mips64le"),
];

/// Counts what programs are made for.
#[derive(Debug, Default)]
pub(super) struct Machines(BTreeMap<&'static str, usize>);

impl Machines {
    /// Adds a file that begins so. One that is no program does not count.
    pub(super) fn add(&mut self, start: &[u8; START]) {
        let [0x7f, b'E', b'L', b'F', class, order, .., low, high] = *start else { return };
        let little = order == 1;
        let number = if little { u16::from_le_bytes([low, high]) } else { u16::from_be_bytes([low, high]) };
        let known = MACHINES.iter().find(|known| (known.0, known.1, known.2) == (number, class == 2, little));
        if let Some((.., architecture)) = known {
            *self.0.entry(architecture).or_default() += 1;
        }
    }

    /// Returns what most are made for.
    pub(super) fn platform(&self) -> Option<Platform> {
        let (architecture, _) = self.0.iter().max_by_key(|(name, count)| (**count, std::cmp::Reverse(**name)))?;
        Platform::new("linux", architecture, None).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_say_what_they_are_for() {
        let start = |class: u8, order: u8, machine: [u8; 2]| {
            let mut start = [0; START];
            start[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, order]);
            start[18..].copy_from_slice(&machine);
            start
        };
        let (amd64, arm64) = (start(2, 1, [62, 0]), start(2, 1, [183, 0]));
        for (programs, expected) in [
            (&[amd64][..], Some("linux/amd64")),
            (&[amd64, arm64, arm64], Some("linux/arm64")),
            (&[arm64, amd64], Some("linux/amd64")),
            (&[start(2, 2, [0, 22])], Some("linux/s390x")),
            (&[start(1, 1, [40, 0])], Some("linux/arm/v7")),
            // Of 32 bits, or the other way round, it is another machine.
            (&[start(1, 1, [62, 0]), start(2, 2, [62, 0]), start(2, 1, [255, 255])], None),
            (&[*b"#!/bin/sh\nexec echo."], None),
            (&[], None),
        ] {
            let mut machines = Machines::default();
            programs.iter().for_each(|program| machines.add(program));
            assert_eq!(machines.platform().map(|platform| platform.to_string()).as_deref(), expected, "{programs:?}");
        }
    }
}
