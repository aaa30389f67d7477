//! Signs what is mirrored where it arrives, and states from where it came and what is in it.

mod at;
mod sealer;

pub use sealer::Sealer;

use crate::Scanner;
use consign_attach::{Before, Forms, Signatory};
use consign_oci::Repository;
use consign_store::Store;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::{OnceCell, Semaphore};

/// Images that are looked into at once: what is in them is in memory.
const LOOKED_INTO: usize = 2;

/// What all share that sign mirrored images in one run.
pub struct Sealing {
    signatory: Signatory,
    forms: Forms,
    legacy: Option<Repository>,
    store: Option<Store>,
    scanner: Option<Scanner>,
    room: Semaphore,
    /// What was attached to images before this run signed them. What several names name is signed once.
    signed: Mutex<HashMap<String, Arc<OnceCell<Before>>>>,
}

impl Sealing {
    /// Begins a run in which this one signs, in these forms; the older one in the repository `legacy`, if not beside each image.
    pub fn new(signatory: Signatory, forms: Forms, legacy: Option<Repository>) -> Self {
        let legacy = legacy.filter(|_| forms.has_legacy());
        let room = Semaphore::new(LOOKED_INTO);
        Self { signatory, forms, legacy, store: None, scanner: None, room, signed: Mutex::default() }
    }

    /// Keeps in this store what is in images, which has to be known for an SBOM and for what is known against packages.
    pub fn looking_into(self, store: Store) -> Self {
        Self { store: Some(store), ..self }
    }

    /// Asks this one what is known against packages.
    pub fn comparing(self, scanner: Scanner) -> Self {
        Self { scanner: Some(scanner), ..self }
    }

    /// Returns where cosign's older form is kept, where that is not beside the image.
    pub fn legacy(&self) -> Option<&Repository> {
        self.legacy.as_ref()
    }
}
