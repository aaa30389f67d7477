/// The number that is no user's and no group's: it says to the kernel that an owner stays as it is (chown(2)).
pub const NO_ID: u32 = u32::MAX;

/// Returns the user or group that a decimal number stands for, if it is one.
pub fn parse_id(text: &str) -> Option<u32> {
    text.parse().ok().filter(|id| *id != NO_ID)
}
