//! Amazon ECR, private and public: how to log in there with keys of AWS, and repositories that are made when they are first pushed to.

mod api;
mod listing;
mod name;
mod repository;
mod session;

pub use name::Registry;
pub use repository::{Encryption, NewRepository};

pub(crate) use session::{Held, Session};

use crate::aws::Sources;
use std::sync::Arc;

/// What is particular about a registry of ECR.
#[derive(Clone, Debug)]
pub struct Ecr {
    /// Which registry it is.
    pub registry: Registry,
    /// Where keys come from.
    pub sources: Arc<Sources>,
    /// The role that identity tokens are shown for; it counts before the one of `sources`.
    pub role: Option<String>,
    /// Who identity tokens of GitHub are for. `None`: AWS.
    pub audience: Option<String>,
    /// Where ECR's own service is, if elsewhere.
    pub endpoint: Option<String>,
    /// Whether a repository is made that is pushed to and not there. `None`: no, unless [`Self::create_by_default`] says so.
    pub create: Option<bool>,
    /// How repositories are made.
    pub new: NewRepository,
}

impl Ecr {
    /// Names a registry, with nothing particular about it.
    pub fn new(registry: Registry, sources: Arc<Sources>) -> Self {
        let (role, audience, endpoint) = (None, None, None);
        Self { registry, sources, role, audience, endpoint, create: None, new: NewRepository::default() }
    }

    /// Has repositories made, unless somebody said otherwise.
    pub fn create_by_default(&mut self) {
        self.create.get_or_insert(true);
    }
}
