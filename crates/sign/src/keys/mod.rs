mod encrypted;
mod error;
mod pem;
mod private_key;
mod public_key;

pub use error::KeyError;
pub use private_key::PrivateKey;
pub use public_key::PublicKey;
