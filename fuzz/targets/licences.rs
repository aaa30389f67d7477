#![no_main]

#[path = "../../crates/package/tests/mutated/checks/mod.rs"]
#[allow(dead_code, reason = "each target has one check")]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::names::licences(bytes));
