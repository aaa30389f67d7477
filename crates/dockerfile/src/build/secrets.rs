use std::collections::BTreeMap;
use std::fmt;

/// Secrets by name. What they are is in no debug output.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<String, Vec<u8>>);

impl Secrets {
    /// Adds a secret, in place of another of the same name.
    pub fn insert(&mut self, id: String, secret: Vec<u8>) {
        self.0.insert(id, secret);
    }

    /// Returns all of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Vec<u8>)> {
        self.0.iter()
    }

    /// Returns a secret.
    pub fn get(&self, id: &str) -> Option<&Vec<u8>> {
        self.0.get(id)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}
