/// A text or parts that make no package URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageUrlError {
    /// It does not begin with `pkg:`.
    #[error("a package URL begins with `pkg:`")]
    Scheme,
    /// There is no type, or one that no type is called.
    #[error("a package URL needs a type of letters, digits, `.` and `-`, such as `deb`")]
    Type,
    /// There is no name.
    #[error("the package URL has no name")]
    NoName,
    /// What follows a percent sign is no byte in hexadecimal, or the bytes are no text.
    #[error("the {component} of the package URL is not encoded as UTF-8 and percent signs")]
    Encoding {
        /// Which part.
        component: &'static str,
    },
    /// A segment has a slash in it.
    #[error("the {component} of the package URL has an encoded slash in a segment")]
    Slash {
        /// Which part.
        component: &'static str,
    },
    /// A key that no qualifier has.
    #[error("`{key}` is no key of a qualifier: a letter, then letters, digits, `.`, `-` and `_`")]
    Key {
        /// The key; cut short where it is long.
        key: String,
    },
    /// A key is there twice.
    #[error("the qualifier `{key}` is there twice")]
    Twice {
        /// The key.
        key: String,
    },
    /// What the type requires is not there, or what it forbids is.
    #[error("a package URL of type `{kind}` {rule}")]
    Rule {
        /// The type.
        kind: &'static str,
        /// What is wrong, as in `needs a namespace`.
        rule: &'static str,
    },
}
