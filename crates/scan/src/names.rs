use std::collections::BTreeSet;

/// Memory of one name beside its text, roughly, in bytes.
const NODE_SIZE: usize = 64;

/// What the advisory of a record is called, and which vulnerabilities it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// All of its names.
    pub(crate) all: BTreeSet<String>,
    /// The CVE numbers that it is about.
    pub(crate) numbers: BTreeSet<String>,
}

impl Names {
    /// Returns the names of a record's advisory. One that passes on a single other one is another name for it; several are several
    /// advisories. So are several CVE numbers, whatever the record calls them: then only its own name is a name of all of it.
    pub(crate) fn of(id: &String, aliases: &[String], upstream: &[String]) -> Self {
        let numbers: BTreeSet<String> =
            [id].into_iter().chain(aliases).chain(upstream).filter_map(|name| number(name)).collect();
        let mut all = BTreeSet::from([id.clone()]);
        if numbers.len() <= 1 {
            all.extend(aliases.iter().cloned());
            all.extend(if let [only] = upstream { Some(only.clone()) } else { None });
        }
        Self { all, numbers }
    }

    /// Returns the memory that they take, roughly, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.all.iter().chain(&self.numbers).map(|name| NODE_SIZE + name.len()).sum()
    }
}

/// Returns the CVE number in a name such as `CVE-2026-1` or `DEBIAN-CVE-2026-1`.
pub(crate) fn number(name: &str) -> Option<String> {
    let name = name.to_ascii_uppercase();
    let start = name.find("CVE-")?;
    let is_number = start == 0 || name[..start].ends_with('-');
    is_number.then(|| name[start..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_numbers_are_several_vulnerabilities() {
        /// Own name, aliases, upstream, and the names and numbers that come of it.
        type Case = (&'static str, &'static [&'static str], &'static [&'static str], &'static str, &'static str);
        let cases: &[Case] = &[
            ("CVE-1", &["GHSA-a", "GHSA-b"], &[], "CVE-1 GHSA-a GHSA-b", "CVE-1"),
            ("DSA-1", &["CVE-1"], &[], "CVE-1 DSA-1", "CVE-1"),
            ("DSA-1", &["CVE-1"], &["CVE-1"], "CVE-1 DSA-1", "CVE-1"),
            ("DEBIAN-CVE-1", &[], &["CVE-1"], "CVE-1 DEBIAN-CVE-1", "CVE-1"),
            ("USN-1", &[], &["CVE-1", "UBUNTU-CVE-1"], "USN-1", "CVE-1"),
            ("DSA-1", &["CVE-1", "CVE-2"], &[], "DSA-1", "CVE-1 CVE-2"),
            ("DSA-1", &["CVE-1", "cve-2", "GHSA-a"], &[], "DSA-1", "CVE-1 CVE-2"),
            ("DSA-1", &["DEBIAN-CVE-1", "DEBIAN-CVE-2"], &[], "DSA-1", "CVE-1 CVE-2"),
            ("DSA-1", &["CVE-1"], &["CVE-2"], "DSA-1", "CVE-1 CVE-2"),
            ("CVE-1", &["CVE-2"], &[], "CVE-1", "CVE-1 CVE-2"),
            ("DSA-1", &[], &["DSA-2", "DSA-3"], "DSA-1", ""),
            ("NOTACVE-1", &["x"], &[], "NOTACVE-1 x", ""),
        ];
        for (id, aliases, upstream, all, numbers) in cases {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            let names = Names::of(&(*id).to_owned(), &owned(aliases), &owned(upstream));
            let text = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
            assert_eq!((text(&names.all).as_str(), text(&names.numbers).as_str()), (*all, *numbers), "{id}");
        }
    }
}
