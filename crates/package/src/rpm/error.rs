/// A database of rpm's that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RpmError {
    /// It is in no form that rpm has.
    #[error("this is no database of rpm's: neither SQLite, nor ndb, nor a hash of Berkeley DB")]
    Unknown,
    /// It is in a form that rpm does not write.
    #[error("the rpm database is {what}, which is not read; `rpmdb --rebuilddb` in the image writes it anew")]
    Unsupported {
        /// What it is.
        what: &'static str,
    },
    /// It is not what its form says.
    #[error("the rpm database ({form}) is damaged at byte {offset}: {reason}")]
    Damaged {
        /// Its form.
        form: &'static str,
        /// Where, in bytes from the beginning.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// It has more packages than any image.
    #[error("the rpm database has more than {limit} entries, and no more are read")]
    Packages {
        /// The most that are read.
        limit: usize,
    },
    /// An entry does not describe a package.
    #[error("entry {number} of the rpm database is damaged")]
    Header {
        /// Which, counted from 1 as they lie.
        number: usize,
        /// What is wrong.
        source: HeaderError,
    },
}

impl RpmError {
    /// Says where a database is damaged.
    pub(super) fn damaged(form: &'static str, offset: usize, reason: &'static str) -> Self {
        Self::Damaged { form, offset: u64::try_from(offset).unwrap_or(u64::MAX), reason }
    }
}

/// A header that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Its length is not what it says.
    #[error("its length is not what it says")]
    Length,
    /// A field lies where nothing is, or is of another type.
    #[error("the field {tag} lies outside of it, or is not of its type")]
    Field {
        /// Number of the field.
        tag: u32,
    },
    /// A field lists more than any.
    #[error("the field {tag} has more than {limit} texts, and no more are read")]
    Texts {
        /// Number of the field.
        tag: u32,
        /// The most that are read.
        limit: usize,
    },
    /// A field is missing.
    #[error("the field {tag}, {name}, is missing")]
    Missing {
        /// Number of the field.
        tag: u32,
        /// Its name.
        name: &'static str,
    },
    /// Names and folders of files do not fit together.
    #[error("its files are in folders that it does not list")]
    Files,
}
