use consign_oci::Digest;
use consign_store::Store;

/// Largest thing that is kept, in bytes.
const LIMIT: u64 = 4 << 30;

/// What was made of downloads whose digests were checked, in a form that is read faster.
#[derive(Clone)]
pub(crate) struct Kept {
    store: Store,
    reuse: bool,
}

impl Kept {
    /// With `reuse`, what earlier runs kept is used.
    pub(crate) fn new(store: &Store, reuse: bool) -> Self {
        Self { store: store.clone(), reuse }
    }

    pub(crate) fn get(&self, kind: Kind, of: &Digest) -> Option<Vec<u8>> {
        self.reuse.then(|| self.store.derived(kind.name, &kind.key(of), LIMIT))?
    }

    pub(crate) fn put(&self, kind: Kind, of: &Digest, bytes: &[u8]) {
        self.store.keep_derived(kind.name, &kind.key(of), bytes);
    }
}

/// What is kept of a sort of downloads.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// What it is called in the store.
    pub(crate) name: &'static str,
    /// The number of its form: raise it when what is made of the same download changes.
    pub(crate) form: u32,
}

impl Kind {
    fn key(self, of: &Digest) -> Digest {
        Digest::of(format!("{} in form {} of {of}", self.name, self.form).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_in_another_form_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(&Store::open(folder.path().join("store")).unwrap(), true);
        let (one, other) = (Digest::of(b"one"), Digest::of(b"other"));
        let kind = |name, form| Kind { name, form };
        kept.put(kind("package", 1), &one, b"made");
        assert_eq!(kept.get(kind("package", 1), &one).unwrap(), b"made");
        for (kind, of) in [(kind("package", 2), &one), (kind("index", 1), &one), (kind("package", 1), &other)] {
            assert_eq!(kept.get(kind, of), None);
        }
    }
}
