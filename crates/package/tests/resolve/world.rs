use consign_package::deb::{
    PackagesIndex, Preferred, Relation, Request, ResolveError, Searched, Selection, Target, resolve,
};
use std::sync::atomic::AtomicBool;

/// Makes an index of lines such as `a 1 Depends: b | c; Provides: d`. An architecture may follow the version after a slash.
pub(crate) fn index(name: &str, lines: &str) -> PackagesIndex {
    index_for(name, "amd64", lines)
}

/// Makes an index of packages that are for an architecture where none is written.
pub(crate) fn index_for(name: &str, architecture: &str, lines: &str) -> PackagesIndex {
    let mut text = String::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.splitn(3, ' ');
        let (package, version) = (words.next().unwrap(), words.next().unwrap());
        let (version, architecture) = version.split_once('/').unwrap_or((version, architecture));
        text += &format!(
            "Package: {package}\nVersion: {version}\nArchitecture: {architecture}\nFilename: {package}.deb\nSize: 1\n"
        );
        text += &format!("SHA256: {}\n", "0".repeat(64));
        for field in words.next().unwrap_or_default().split("; ").filter(|field| !field.is_empty()) {
            text += &format!("{field}\n");
        }
        text.push('\n');
    }
    PackagesIndex::parse(name, text.into_bytes()).unwrap()
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    pub(crate) wanted: Vec<Relation>,
    pub(crate) recommends: bool,
    pub(crate) preferred: Preferred,
}

impl Ask {
    /// Asks for packages, with commas between them.
    pub(crate) fn of(wanted: &str) -> Self {
        let names = wanted.split(',').filter(|name| !name.is_empty());
        Self { wanted: names.map(|name| Relation::wanted(name).unwrap()).collect(), ..Self::default() }
    }

    /// Prefers versions such as `amd64 a 1`, with commas between them.
    pub(crate) fn preferring(mut self, preferred: &str) -> Self {
        for words in preferred.split(',').map(|text| text.split(' ').collect::<Vec<_>>()) {
            self.preferred.insert((words[0].to_owned(), words[1].to_owned()), words[2].parse().unwrap());
        }
        self
    }

    pub(crate) fn among(&self, targets: &[Target<'_>]) -> Result<Vec<Vec<Selection>>, ResolveError> {
        self.until(&AtomicBool::new(false), targets)
    }

    /// Chooses unless it is stopped.
    pub(crate) fn until(&self, stop: &AtomicBool, targets: &[Target<'_>]) -> Result<Vec<Vec<Selection>>, ResolveError> {
        let Self { wanted, recommends, preferred } = self;
        resolve(targets, &Request { wanted, recommends: *recommends, preferred, stop })
    }

    /// Chooses for amd64.
    pub(crate) fn of_one(&self, index: &PackagesIndex) -> Result<Vec<Selection>, ResolveError> {
        let indexes = [Searched { index, last_resort: false }];
        self.among(&[Target { architecture: "amd64", indexes: &indexes }]).map(|mut chosen| chosen.remove(0))
    }

    /// Chooses for architectures, each with its packages.
    pub(crate) fn of_several(&self, packages: &[(&str, &str)]) -> Result<Vec<Vec<Selection>>, ResolveError> {
        let indexes: Vec<_> =
            packages.iter().map(|(architecture, lines)| index_for(architecture, architecture, lines)).collect();
        let searched: Vec<_> = indexes.iter().map(|index| [Searched { index, last_resort: false }]).collect();
        let targets: Vec<_> = packages
            .iter()
            .zip(&searched)
            .map(|((architecture, _), indexes)| Target { architecture, indexes })
            .collect();
        self.among(&targets)
    }
}

/// Writes what was chosen, `a=1 b=2`.
pub(crate) fn names(selections: &[Selection]) -> String {
    let words: Vec<String> =
        selections.iter().map(|chosen| format!("{}={}", chosen.record.name, chosen.record.version)).collect();
    words.join(" ")
}
