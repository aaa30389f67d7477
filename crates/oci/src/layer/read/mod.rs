//! What is in a layer, read once, as container engines read it: the one reader for all who look into layers, so that none of them sees
//! something else than the others.

mod counted;
mod error;
mod extension;
mod member;
mod members;
mod path;

pub use counted::Counted;
pub use error::LayerError;
pub use member::{Member, MemberKind};
pub use members::{Members, begins_tar_stream};
pub use path::{MemberPathError, member_path};
