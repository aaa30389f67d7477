#![no_main]

#[path = "../../crates/plan/tests/mutated/checks.rs"]
#[allow(dead_code, reason = "each target has one check")]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::vex(bytes));
