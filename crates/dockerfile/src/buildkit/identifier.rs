use rustix::rand::{GetRandomFlags, getrandom};
use std::fmt::Write as _;
use std::io;

/// Returns a new name that nobody guesses: who knows a session's name on a shared daemon could ask it for its secrets.
pub(crate) fn identifier() -> io::Result<String> {
    let mut bytes = [0; 16];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        filled += getrandom(rest, GetRandomFlags::empty())?;
    }
    let mut name = String::with_capacity(32);
    for byte in bytes {
        // Writing to a text does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differ() {
        let (one, other) = (identifier().unwrap(), identifier().unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }
}
