use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Db {
    /// Makes a database of feeds: one file that `scan --db` opens at once. The same feeds give the same bytes.
    #[command(
        after_help = "Feeds are recognized by their content: OSV records, the security databases of Alpine, Wolfi and Chainguard, Debian's tracker, CISA's known exploited vulnerabilities, EPSS, and CVE records of the NVD and of the CVE list, of which severities and titles are taken.\n\nExamples:\n  consign db build all.zip kev.json epss_scores-current.csv.gz --to advisories.db\n  consign db build main.json community.json --published 2026-11-20T00:00:00Z --to alpine.db"
    )]
    Build(DbBuild),
    /// Shows what a database was made of, and how old its parts are.
    #[command(
        after_help = "Examples:\n  consign db status advisories.db\n  consign db status advisories.db --output json"
    )]
    Status(DbStatus),
    /// Finds advisories by name, or by the package that they are about.
    #[command(
        after_help = "Examples:\n  consign db search CVE-2026-12345 --db advisories.db\n  consign db search openssl --db advisories.db\n  consign db search 'pkg:apk/alpine/openssl@1.1.1d-r2?distro=alpine-3.11.5' --db advisories.db"
    )]
    Search(DbSearch),
    /// Shows which advisories a newer database has, has no more, or has changed.
    #[command(after_help = "Example:\n  consign db diff old.db new.db")]
    Diff(DbDiff),
}

#[derive(Args, Debug)]
pub(crate) struct DbBuild {
    /// Folders, archives (.zip, .tar, .tar.gz, .tar.xz, .tar.zst) and files of feeds (.json, .yaml, .yml, .csv, also with .gz, .xz or .zst).
    #[arg(value_name = "SOURCE", required = true)]
    pub(crate) sources: Vec<PathBuf>,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// When feeds were published that do not say so themselves, such as Alpine's: RFC 3339.
    #[arg(long, value_name = "TIME")]
    pub(crate) published: Option<Timestamp>,
}

#[derive(Args, Debug)]
pub(crate) struct DbStatus {
    /// The database.
    #[arg(value_name = "FILE", default_value = DEFAULT)]
    pub(crate) database: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct DbSearch {
    /// A name of an advisory, such as a CVE number; the name of a package; or a package URL.
    #[arg(value_name = "NAME|CVE|PURL")]
    pub(crate) query: String,
    /// The database, or a folder, an archive or a file of feeds.
    #[arg(long, value_name = "FILE", default_value = DEFAULT)]
    pub(crate) db: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct DbDiff {
    /// The older database.
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The newer one.
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
}

/// Where a database is looked for that nobody names.
const DEFAULT: &str = "advisories.db";
