use serde::{Deserialize, Serialize};

/// A device file (mknod(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// How it is read and written.
    pub class: DeviceClass,
    /// Which driver it is for. Linux has 12 bits.
    pub major: u32,
    /// Which of the driver's devices it is. Linux has 20 bits.
    pub minor: u32,
}

/// How a device is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceClass {
    /// Byte by byte.
    Character,
    /// In blocks.
    Block,
}
