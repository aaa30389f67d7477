use super::REF;
use clap::{Args, Subcommand};
use consign_image::ImageReference;
use jiff::Timestamp;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Db {
    /// Makes a database of feeds: one file that `scan --db` opens at once. The same feeds give the same bytes.
    #[command(
        after_help = "Feeds are recognized by their content: OSV records, the security databases of Alpine, Wolfi and Chainguard, Debian's tracker, CISA's known exploited vulnerabilities, EPSS, and CVE records of the NVD and of the CVE list, of which severities and titles are taken.\n\nExamples:\n  consign db build all.zip kev.json epss_scores-current.csv.gz --to advisories.db\n  consign db build main.json community.json --published 2026-11-20T00:00:00Z --to alpine.db"
    )]
    Build(DbBuild),
    /// Makes a database of feeds as their publishers offer them now, or fetches one that was published; the old one stays if anything fails.
    #[command(
        after_help = "Without SOURCE, the database of the configuration is updated, from what `from:` beside `databases:` says, and consign.lock says which it is then. Without a configuration, it is made of the feeds of Debian, Alpine, Wolfi, Chainguard, AlmaLinux, Rocky Linux, the languages, KEV, EPSS and the NVD.\n\nFeeds that are known by name: alpine, alpine:BRANCH (such as alpine:v3.22), chainguard, debian, epss, kev, nvd, osv:ECOSYSTEM (such as osv:npm, osv:Ubuntu, osv:AlmaLinux), wolfi.\n\nExamples:\n  consign db update\n  consign db update --locked\n  consign db update debian kev epss --to advisories.db\n  consign db update alpine:v3.22 --mirror https://mirror.example/feeds\n  consign db update ghcr.io/team/advisories:latest"
    )]
    Update(DbUpdate),
    /// Brings a database to a registry, as an artifact that `db update` fetches. The same database has the same digest there.
    #[command(after_help = "Example:\n  consign db publish advisories.db ghcr.io/team/advisories:latest")]
    Publish(DbPublish),
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
pub(crate) struct DbUpdate {
    /// Names of feeds, addresses, paths that begin with `.` or `/`, or the reference of a database that was published.
    #[arg(value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,
    /// The file to write; advisories.db if nothing says.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Sees to it that the database is the one that consign.lock names; nothing is asked for if it is.
    #[arg(long, conflicts_with_all = ["sources", "to"])]
    pub(crate) locked: bool,
    /// Asks for feeds below this address, by host and path, in place of their publishers; may be given several times.
    #[arg(long = "mirror", value_name = "URL", value_parser = mirror)]
    pub(crate) mirrors: Vec<String>,
    /// When feeds were published that do not say so themselves, RFC 3339; now, if nothing says.
    #[arg(long, value_name = "TIME")]
    pub(crate) published: Option<Timestamp>,
}

#[derive(Args, Debug)]
pub(crate) struct DbPublish {
    /// The database.
    #[arg(value_name = "FILE")]
    pub(crate) database: PathBuf,
    #[arg(value_name = "REF", help = REF)]
    pub(crate) reference: ImageReference,
}

#[derive(Args, Debug)]
pub(crate) struct DbStatus {
    /// The database.
    #[arg(value_name = "FILE", default_value = DATABASE)]
    pub(crate) database: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct DbSearch {
    /// A name of an advisory, such as a CVE number; the name of a package; or a package URL.
    #[arg(value_name = "NAME|CVE|PURL")]
    pub(crate) query: String,
    /// The database, or a folder, an archive or a file of feeds.
    #[arg(long, value_name = "FILE", default_value = DATABASE)]
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
pub(crate) const DATABASE: &str = "advisories.db";

fn mirror(text: &str) -> Result<String, String> {
    match consign_fetch::is_mirror_address(text) {
        true => Ok(text.to_owned()),
        false => Err("expected the address of a server or a folder: `https://…`, `http://…` or `file:///…`".to_owned()),
    }
}
