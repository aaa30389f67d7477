use consign_oci::Platform;
use object::elf;
use object::read::elf::FileHeader as _;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an ELF file says it runs on (System V ABI, "ELF Header").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    machine: u16,
    bits: u8,
    little: bool,
    /// The calling convention of ARM, where the file states one: whether floating-point arguments go in registers.
    hard_float: Option<bool>,
}

impl Machine {
    /// Returns what an ELF file is for; `None` when the bytes are no ELF file.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.get(..4)? != elf::ELFMAG {
            return None;
        }
        let (machine, flags, little, bits) = match (bytes.get(4)?, bytes.get(5)?) {
            (1, data) => {
                let header = elf::FileHeader32::<object::Endianness>::parse(bytes).ok()?;
                let endian = header.endian().ok()?;
                (header.e_machine(endian), header.e_flags(endian).0, *data == 1, 32)
            }
            (_, data) => {
                let header = elf::FileHeader64::<object::Endianness>::parse(bytes).ok()?;
                let endian = header.endian().ok()?;
                (header.e_machine(endian), header.e_flags(endian).0, *data == 1, 64)
            }
        };
        let hard_float = match flags & (elf::EF_ARM_ABI_FLOAT_HARD | elf::EF_ARM_ABI_FLOAT_SOFT) {
            elf::EF_ARM_ABI_FLOAT_HARD if machine == elf::EM_ARM => Some(true),
            elf::EF_ARM_ABI_FLOAT_SOFT if machine == elf::EM_ARM => Some(false),
            _ => None,
        };
        Some(Self { machine: machine.0, bits, little, hard_float })
    }

    /// Returns what files for this platform say; `None` for a platform that this version does not know.
    pub fn of(platform: &Platform) -> Option<Self> {
        let (machine, bits, little) = match platform.architecture() {
            "amd64" => (elf::EM_X86_64, 64, true),
            "386" => (elf::EM_386, 32, true),
            "arm64" => (elf::EM_AARCH64, 64, true),
            "arm" => (elf::EM_ARM, 32, true),
            "ppc64le" => (elf::EM_PPC64, 64, true),
            "s390x" => (elf::EM_S390, 64, false),
            "riscv64" => (elf::EM_RISCV, 64, true),
            "mips64le" => (elf::EM_MIPS, 64, true),
            "loong64" => (elf::EM_LOONGARCH, 64, true),
            _ => return None,
        };
        let hard_float = (platform.variant() == Some("v7")).then_some(true);
        Some(Self { machine: machine.0, bits, little, hard_float })
    }

    /// Returns whether a file for `self` runs where files are for `platform`'s machine.
    pub fn runs_on(&self, platform: &Self) -> bool {
        let float = match (self.hard_float, platform.hard_float) {
            (Some(file), Some(platform)) => file == platform,
            _ => true,
        };
        (self.machine, self.bits, self.little) == (platform.machine, platform.bits, platform.little) && float
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match elf::Machine(self.machine) {
            elf::EM_X86_64 => "x86-64",
            elf::EM_386 => "x86",
            elf::EM_AARCH64 => "AArch64",
            elf::EM_ARM => "ARM",
            elf::EM_PPC64 => "PowerPC64",
            elf::EM_S390 => "S/390",
            elf::EM_RISCV => "RISC-V",
            elf::EM_MIPS => "MIPS",
            elf::EM_LOONGARCH => "LoongArch",
            machine => return write!(formatter, "machine {}, {}-bit", machine.0, self.bits),
        };
        let order = if self.little { "little-endian" } else { "big-endian" };
        write!(formatter, "{name}, {}-bit, {order}", self.bits)?;
        match self.hard_float {
            Some(true) => write!(formatter, ", hard-float"),
            Some(false) => write!(formatter, ", soft-float"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes the header of an ELF file.
    fn header(bits: u8, little: bool, machine: elf::Machine, flags: u32) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..7].copy_from_slice(&[
            0x7f,
            b'E',
            b'L',
            b'F',
            if bits == 64 { 2 } else { 1 },
            if little { 1 } else { 2 },
            1,
        ]);
        let (half, word) = if little {
            (machine.0.to_le_bytes(), flags.to_le_bytes())
        } else {
            (machine.0.to_be_bytes(), flags.to_be_bytes())
        };
        bytes[18..20].copy_from_slice(&half);
        let at = if bits == 64 { 48 } else { 36 };
        bytes[at..at + 4].copy_from_slice(&word);
        bytes
    }

    #[test]
    fn tells_machines_apart() {
        let table = [
            ("linux/amd64", header(64, true, elf::EM_X86_64, 0), true),
            ("linux/amd64", header(64, true, elf::EM_AARCH64, 0), false),
            ("linux/386", header(64, true, elf::EM_X86_64, 0), false),
            ("linux/386", header(32, true, elf::EM_386, 0), true),
            ("linux/ppc64le", header(64, false, elf::EM_PPC64, 0), false),
            ("linux/ppc64le", header(64, true, elf::EM_PPC64, 2), true),
            ("linux/s390x", header(64, false, elf::EM_S390, 0), true),
            ("linux/arm/v7", header(32, true, elf::EM_ARM, elf::EF_ARM_ABI_FLOAT_HARD), true),
            ("linux/arm/v7", header(32, true, elf::EM_ARM, elf::EF_ARM_ABI_FLOAT_SOFT), false),
            ("linux/arm/v6", header(32, true, elf::EM_ARM, elf::EF_ARM_ABI_FLOAT_SOFT), true),
        ];
        for (platform, bytes, expected) in table {
            let wanted = Machine::of(&platform.parse().unwrap()).unwrap();
            let found = Machine::read(&bytes).unwrap();
            assert_eq!(found.runs_on(&wanted), expected, "{platform}: {found} on {wanted}");
        }
    }

    #[test]
    fn what_is_no_elf_file_has_no_machine() {
        for bytes in [&b""[..], b"#!/bin/sh", b"\x7fELF", b"\x7fELF\x02\x01\x01short"] {
            assert_eq!(Machine::read(bytes), None);
        }
        assert_eq!(Machine::of(&"plan9/amd65".parse().unwrap()), None);
    }
}
