use super::memory::{Memory, Remembered};
use super::{Parts, Position, Why};
use consign_oci::Digest;
use consign_store::{Store, StoreError};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What this build does, beside what the last one of the same image and platform did.
pub(crate) struct Journal {
    key: Digest,
    before: Memory,
    now: Mutex<Memory>,
}

impl Journal {
    /// Begins the journal of what `subject` names: an image, its file and a platform.
    pub(crate) fn open(subject: &str, store: &Store) -> Result<Self, StoreError> {
        let key = Digest::of(format!("what the steps of {subject} followed from").as_bytes());
        let before = store.step(&key)?.unwrap_or_default();
        Ok(Self { key, before, now: Mutex::default() })
    }

    /// Says why nothing is known of a step.
    pub(crate) fn why(&self, at: &Position, parts: &Parts) -> Why {
        let Some(before) = self.before.get(at) else { return Why::New };
        let below = || match self.now().first_change(at, &self.before) {
            Some(number) => format!("the layers below: step {number}"),
            None => format!("what it builds on, `{}`", at.base),
        };
        let mut differences = parts.differences(&before.parts, below);
        if before.instruction != Digest::of(at.text.as_bytes()) {
            differences.retain(|difference| difference != "the command");
            differences.insert(0, "the instruction".to_owned());
        }
        if differences.is_empty() { Why::Gone } else { Why::Changed { parts: differences } }
    }

    /// Notes what a step followed from, and what it left.
    pub(crate) fn note(&self, at: &Position, parts: Parts, left: Option<&Digest>) {
        let instruction = Digest::of(at.text.as_bytes());
        self.now().insert(at, Remembered { instruction, parts, left: left.cloned() });
    }

    /// Keeps what is new for the next build. Where that cannot be kept, the next one says less, and nothing else.
    pub(crate) fn close(&self, store: &Store) {
        let memory = std::mem::take(&mut *self.now()).over(self.before.clone());
        if memory != self.before {
            let _ = store.put_step("explanation", &self.key, &[], &memory);
        }
    }

    fn now(&self) -> MutexGuard<'_, Memory> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
