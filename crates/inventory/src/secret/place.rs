//! Which files are worth a search.

/// Largest file that is searched, in bytes. Whoever writes secrets down writes them into small files.
const SIZE_LIMIT: u64 = 1 << 20;
/// Folders that hold what everybody has: manuals, tables, declarations, and what package managers wrote.
const SKIPPED: [&str; 14] = [
    "usr/include/",
    "usr/share/doc/",
    "usr/share/fonts/",
    "usr/share/i18n/",
    "usr/share/icons/",
    "usr/share/info/",
    "usr/share/locale/",
    "usr/share/man/",
    "usr/share/mime/",
    "usr/share/terminfo/",
    "usr/share/zoneinfo/",
    "var/lib/apt/",
    "var/lib/dpkg/",
    "var/lib/rpm/",
];
/// Ends of names of files in which nobody writes a secret, or in which it is not text.
const ENDS: [&str; 25] = [
    ".a", ".bz2", ".class", ".css", ".elc", ".eot", ".gif", ".gz", ".h", ".hpp", ".ico", ".jar", ".jpg", ".mo", ".o",
    ".pdf", ".png", ".po", ".pyc", ".svg", ".ttf", ".woff", ".woff2", ".xz", ".zst",
];
/// Folders into which package managers of languages put what others published.
const PUBLISHED: [&str; 6] = ["node_modules", "site-packages", "dist-packages", "gems", "vendor", "mod"];
/// Folders of standard libraries, by how they begin: whoever installs a language has the same.
const STANDARD: [&str; 15] = [
    "usr/lib/erlang/",
    "usr/lib/go",
    "usr/lib/perl5/",
    "usr/lib/python",
    "usr/lib/ruby/",
    "usr/lib/rustlib/",
    "usr/lib64/python",
    "usr/local/go/",
    "usr/local/lib/erlang/",
    "usr/local/lib/perl5/",
    "usr/local/lib/python",
    "usr/local/lib/ruby/",
    "usr/local/rustup/toolchains/",
    "usr/share/go",
    "usr/share/perl",
];
/// What lies there to try or to show something. Keys in it are known to everybody.
const TRIED: [&str; 12] = [
    "__tests__",
    "demo",
    "doc",
    "docs",
    "example",
    "examples",
    "fixtures",
    "samples",
    "test",
    "testdata",
    "testing",
    "tests",
];

/// Returns whether a file is searched for secrets, by its path, its size, and how it begins.
pub(crate) fn is_searched(path: &str, size: u64, start: &[u8]) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // Only texts have no zeros.
    (1..=SIZE_LIMIT).contains(&size)
        && !start.contains(&0)
        && !ENDS.iter().any(|end| name.ends_with(end))
        && !SKIPPED.iter().any(|folder| path.starts_with(folder))
        && !is_tried(path)
}

fn is_tried(path: &str) -> bool {
    let mut folders = path.split('/');
    let is_known = STANDARD.iter().any(|start| path.starts_with(start));
    (is_known || folders.any(|folder| PUBLISHED.contains(&folder))) && folders.any(|folder| TRIED.contains(&folder))
}
