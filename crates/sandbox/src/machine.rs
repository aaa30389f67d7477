/// An architecture that QEMU emulates for single programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Machine {
    /// OCI's name.
    pub(crate) architecture: &'static str,
    /// QEMU's name.
    pub(crate) qemu: &'static str,
    /// ELF class: 1 for 32, 2 for 64 bits.
    class: u8,
    big_endian: bool,
    /// ELF machine number (System V ABI, `e_machine`).
    number: u16,
}

const fn machine(architecture: &'static str, qemu: &'static str, class: u8, big_endian: bool, number: u16) -> Machine {
    Machine { architecture, qemu, class, big_endian, number }
}

const MACHINES: [Machine; 10] = [
    machine("386", "i386", 1, false, 3),
    machine("amd64", "x86_64", 2, false, 62),
    machine("arm", "arm", 1, false, 40),
    machine("arm64", "aarch64", 2, false, 183),
    machine("loong64", "loongarch64", 2, false, 258),
    machine("mips64le", "mips64el", 2, false, 8),
    machine("mipsle", "mipsel", 1, false, 8),
    machine("ppc64le", "ppc64le", 2, false, 21),
    machine("riscv64", "riscv64", 2, false, 243),
    machine("s390x", "s390x", 2, true, 22),
];

impl Machine {
    /// Returns the machine with OCI's name for it.
    pub(crate) fn of(architecture: &str) -> Option<Self> {
        MACHINES.into_iter().find(|machine| machine.architecture == architecture)
    }

    /// Returns the name of the handler for this machine's programs, as Debian's packages have it.
    pub(crate) fn handler(&self) -> String {
        format!("qemu-{}", self.qemu)
    }

    /// Returns the line that registers `interpreter` for this machine's programs (Linux, `admin-guide/binfmt-misc.rst`). The flag `F` opens the
    /// interpreter at once, so that it need not be in the root file system.
    pub(crate) fn registration(&self, interpreter: &str, flags: &str) -> String {
        let short = |value: u16| if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        let data = if self.big_endian { 2 } else { 1 };
        // ELF header: identification, type, machine. The operating system's byte may be any, the type executable (2) or shared (3).
        let mut magic = [0x7f, b'E', b'L', b'F', self.class, data, 1].to_vec();
        let mut mask = vec![0xff; 7];
        magic.extend([0; 9]);
        mask.extend([0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        magic.extend(short(2));
        mask.extend(short(0xfffe));
        magic.extend(short(self.number));
        mask.extend([0xff, 0xff]);
        format!(":{}:M::{}:{}:{interpreter}:{flags}", self.handler(), escaped(&magic), escaped(&mask))
    }
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_as_qemu_documents() {
        for (architecture, expected) in [
            (
                "arm64",
                r":qemu-aarch64:M::\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/q:F",
            ),
            (
                "s390x",
                r":qemu-s390x:M::\x7f\x45\x4c\x46\x02\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x16:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff:/q:F",
            ),
        ] {
            assert_eq!(Machine::of(architecture).unwrap().registration("/q", "F"), expected);
        }
    }
}
