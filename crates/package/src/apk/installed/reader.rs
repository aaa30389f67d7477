use super::{ApkFolder, ApkPackage, ITEM_LIMIT, LINE_LIMIT, PACKAGE_LIMIT, Problem};
use crate::apk::ApkChecksum;

/// Reads one line after another.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) packages: Vec<ApkPackage>,
    /// The package that is being read; `None` between two.
    package: Option<ApkPackage>,
    lines: usize,
    /// Number of its first line.
    first: usize,
    items: usize,
}

impl Reader {
    /// Returns the number of the first line of the package that was read last.
    pub(super) fn first_line(&self) -> usize {
        self.first
    }

    pub(super) fn line(&mut self, line: &[u8]) -> Result<(), Problem> {
        self.lines += 1;
        if line.is_empty() {
            return self.finish();
        }
        if line.len() > LINE_LIMIT {
            return Err(Problem::Long { limit: LINE_LIMIT });
        }
        let ([letter, b':'], value) = line.split_at_checked(2).ok_or(Problem::Form)? else { return Err(Problem::Form) };
        if !letter.is_ascii_alphabetic() {
            return Err(Problem::Form);
        }
        if self.package.is_none() {
            self.first = self.lines;
        }
        self.items += match letter {
            b'F' | b'R' => 1,
            b'D' | b'p' | b'i' | b'r' => value.split(u8::is_ascii_whitespace).count(),
            _ => 0,
        };
        if self.items > ITEM_LIMIT {
            return Err(Problem::Items { limit: ITEM_LIMIT });
        }
        let package = self.package.get_or_insert_default();
        field(package, char::from(*letter), &String::from_utf8_lossy(value))
    }

    /// Ends a package.
    pub(super) fn finish(&mut self) -> Result<(), Problem> {
        let Some(package) = self.package.take() else { return Ok(()) };
        for (what, value) in [("name", &package.name), ("version", &package.version)] {
            if value.is_empty() {
                return Err(Problem::Missing { what });
            }
        }
        if self.packages.len() == PACKAGE_LIMIT {
            return Err(Problem::Packages { limit: PACKAGE_LIMIT });
        }
        self.packages.push(package);
        Ok(())
    }
}

fn field(package: &mut ApkPackage, letter: char, value: &str) -> Result<(), Problem> {
    let text = || (!value.is_empty()).then(|| value.to_owned());
    let words = || value.split_ascii_whitespace().map(str::to_owned).collect();
    let checksum = || {
        let wrong = Problem::Value { letter, what: "digest" };
        if value.is_empty() { Ok(None) } else { ApkChecksum::parse(value).map(Some).ok_or(wrong) }
    };
    match letter {
        'P' => package.name = value.to_owned(),
        'V' => package.version = value.to_owned(),
        'A' => package.architecture = text(),
        'o' => package.origin = text(),
        'L' => package.licence = text(),
        'T' => package.description = text(),
        'U' => package.homepage = text(),
        'm' => package.maintainer = text(),
        'c' => package.commit = text(),
        'C' => package.checksum = checksum()?,
        'I' => package.size = Some(value.parse().map_err(|_| Problem::Value { letter, what: "number" })?),
        'D' => package.depends = words(),
        'p' => package.provides = words(),
        'i' => package.install_if = words(),
        'r' => package.replaces = words(),
        'F' => package.folders.push(ApkFolder { path: value.to_owned(), files: Vec::new() }),
        'R' => package.folders.last_mut().ok_or(Problem::Folder)?.files.push((value.to_owned(), None)),
        // It is of the last file.
        'Z' => {
            let folder = package.folders.last_mut().ok_or(Problem::Folder)?;
            let file = folder.files.last_mut().ok_or(Problem::Folder)?;
            file.1 = checksum()?;
        }
        // Times, owners and modes, and what newer programs may add.
        _ => {}
    }
    Ok(())
}
