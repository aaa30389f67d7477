//! The program as a file.

/// The type of the program header that names a dynamic loader (System V ABI, "Program Header").
const INTERPRETER: u32 = 3;

#[test]
fn the_binary_is_static() {
    let bytes = std::fs::read(env!("CARGO_BIN_EXE_consign")).unwrap();
    let half = |offset: usize| usize::from(u16::from_le_bytes(bytes[offset..offset + 2].try_into().unwrap()));
    let word = |offset: usize| u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap());
    let table = usize::try_from(u64::from_le_bytes(bytes[32..40].try_into().unwrap())).unwrap();
    let (size, count) = (half(54), half(56));
    assert!(bytes.starts_with(b"\x7fELF\x02\x01") && count > 0);
    let types: Vec<u32> = (0..count).map(|number| word(table + number * size)).collect();
    assert!(!types.contains(&INTERPRETER), "{types:?}");
}
