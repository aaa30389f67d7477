use consign_oci::Platform;
use consign_sandbox::Host;

/// Returns the platform of this machine.
pub fn host_platform() -> Platform {
    Host::of_this_machine().unwrap().platform
}

/// Returns a platform that this machine is not.
pub fn foreign_platform() -> Platform {
    let foreign = if host_platform().architecture() == "amd64" { "linux/arm64" } else { "linux/amd64" };
    foreign.parse().unwrap()
}

/// Returns whether programs of the platform run here. If not, says so and counts it.
pub fn runs_here(platform: &Platform) -> bool {
    let runs = consign_sandbox::emulator(platform, &Host::of_this_machine().unwrap()).is_ok();
    if !runs {
        consign_testkit::tools::not_run(&format!("emulation of {platform}"));
    }
    runs
}

/// Where programs begin in memory.
const BASE: u64 = 0x40_0000;
/// Bytes of the headers of a program: that of the file and one of a segment.
const HEADERS: u64 = 64 + 56;

/// Makes a static program that prints `text` and ends with `exit`, so that tests need no compiler and no foreign packages.
pub fn program(architecture: &str, text: &str, exit: u8) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap();
    let (machine, code) = match architecture {
        "amd64" => (62, amd64(length, exit)),
        "arm64" => (183, arm64(length, exit)),
        other => panic!("no program for {other}"),
    };
    let size = HEADERS + code.len() as u64 + text.len() as u64;
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let halves =
        |bytes: &mut Vec<u8>, values: &[u16]| values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
    let words = |bytes: &mut Vec<u8>, values: &[u32]| values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
    let longs = |bytes: &mut Vec<u8>, values: &[u64]| values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
    // The file: executable, entry after the headers, one segment.
    halves(&mut bytes, &[2, machine]);
    words(&mut bytes, &[1]);
    longs(&mut bytes, &[BASE + HEADERS, 64, 0]);
    words(&mut bytes, &[0]);
    halves(&mut bytes, &[64, 56, 1, 0, 0, 0]);
    // The segment: all of the file, to be read and run.
    words(&mut bytes, &[1, 5]);
    longs(&mut bytes, &[0, BASE, BASE, size, size, 0x1_0000]);
    bytes.extend(code);
    bytes.extend(text.as_bytes());
    bytes
}

/// Makes a program that never ends: it jumps to where it is.
pub fn endless_program(architecture: &str) -> Vec<u8> {
    let mut bytes = program(architecture, "", 0);
    let jump: &[u8] = if architecture == "amd64" { &[0xeb, 0xfe] } else { &[0, 0, 0, 0x14] };
    let start = usize::try_from(HEADERS).unwrap();
    bytes[start..start + jump.len()].copy_from_slice(jump);
    bytes
}

/// `write(1, text, length)`, `exit(exit)`.
fn amd64(length: u32, exit: u8) -> Vec<u8> {
    let set_eax = |value: u8| [0xb8, value, 0, 0, 0];
    let set_edi = |value: u8| [0xbf, value, 0, 0, 0];
    let system_call = [0x0f, 0x05];
    let end = [&set_eax(60)[..], &set_edi(exit), &system_call].concat();
    let length = [&[0xba][..], &length.to_le_bytes()].concat();
    // The text lies behind the code: its address is counted from the end of this instruction.
    let distance = u32::try_from(length.len() + system_call.len() + end.len()).unwrap();
    let address = [&[0x48, 0x8d, 0x35][..], &distance.to_le_bytes()].concat();
    [&set_eax(1)[..], &set_edi(1), &address, &length, &system_call, &end].concat()
}

/// The same.
fn arm64(length: u32, exit: u8) -> Vec<u8> {
    let set = |register: u32, value: u32| 0xd280_0000 | value << 5 | register;
    let system_call = 0xd400_0001;
    // The text lies seven instructions, 28 bytes, behind the third.
    let address = 0x1000_0000 | (24 >> 2) << 5 | 1;
    let code =
        [set(8, 64), set(0, 1), address, set(2, length), system_call, set(8, 93), set(0, exit.into()), system_call];
    code.iter().flat_map(|instruction: &u32| instruction.to_le_bytes()).collect()
}
