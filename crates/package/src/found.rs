use crate::Kind;

/// A package of a language's that a file of an image says is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Whose package it is.
    pub kind: Kind,
    /// Its name, as its ecosystem writes it in advisories: `group:artifact` for Maven, with the scope for npm, the path of the module for Go.
    pub name: String,
    /// Its version, as written; `None`: nothing says, which is not the same as any.
    pub version: Option<String>,
    /// Its licences, as written.
    pub licences: Vec<String>,
    /// Who made it, as written.
    pub supplier: Option<String>,
    /// Its home page, as written.
    pub homepage: Option<String>,
    /// What it is, in a line.
    pub description: Option<String>,
    /// What it is built for, if not for everything: the platform of a gem, such as `x86_64-linux`.
    pub platform: Option<String>,
    /// Digests of the package itself, where the file states or is it, as `algorithm:hex`, such as `sha1:…`; for a module of Go as `go.sum` has it, `h1:…`.
    pub checksums: Vec<String>,
    /// Where in the file it was found, if the file holds others, such as `BOOT-INF/lib/a.jar`.
    pub inner_path: Option<String>,
    /// Where it comes from, where that is said and is not the registry that its ecosystem's advisories are about, as written: `git`, `local`, a path.
    pub origin: Option<String>,
}

impl Found {
    /// Makes a package of which nothing else is known.
    pub fn new(kind: Kind, name: impl Into<String>, version: Option<&str>) -> Self {
        Self {
            kind,
            name: name.into(),
            version: version.map(str::to_owned),
            licences: Vec::new(),
            supplier: None,
            homepage: None,
            description: None,
            platform: None,
            checksums: Vec::new(),
            inner_path: None,
            origin: None,
        }
    }
}
