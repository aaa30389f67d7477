use crate::{
    AdvisoryReport, FactReport, PlatformDifference, ScanDifference, facts, platform_difference, printable, table,
};
use consign_oci::Digest;
use consign_receipt::Coverage;
use consign_receipt::predicate::{ImageFacts, Lifetime};
use serde::Serialize;

/// What advisories say about an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanReport {
    /// The image, as the user named it.
    pub reference: String,
    /// What it was compared with; `None`: only its settings and files were asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseReport>,
    /// Its platforms, in the order of its index.
    pub platforms: Vec<ScannedPlatform>,
    /// What was found, sorted by package.
    pub advisories: Vec<AdvisoryReport>,
    /// What settings, files and licences say: all that the policy judges, or what anybody should look at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FactReport>,
    /// Packages that are not the same on all platforms, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<PlatformDifference>,
    /// How that differs from another image, if it was compared with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<ScanDifference>,
    /// What a person should look at.
    pub warnings: Vec<String>,
}

/// What an image was compared with: consign's database, or that of another scanner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseReport {
    /// The scanner and its version; `None`: consign itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanner: Option<String>,
    /// Digest of all records together, of consign's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// How many there are of consign's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<usize>,
    /// When the newest was changed, RFC 3339; of others, when all were.
    pub last_update: String,
}

/// One platform of an image, and how much of it could be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScannedPlatform {
    /// What it is called, as [`PlatformName`](crate::PlatformName) says it.
    pub platform: String,
    /// Digest of its manifest.
    pub digest: Digest,
    /// Its packages by origin; `None`: they were to be compared with nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Vec<Coverage>>,
    /// Until when its distribution is looked after, where it has releases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Lifetime>,
    /// What its settings and files say; `None`: only a document was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<ImageFacts>,
}

impl ScanReport {
    /// Returns the report for people: a table of findings, then for each platform how much was compared. That nothing was found is never
    /// said of what nothing is known about.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut section = |title: &str, found: &[AdvisoryReport]| {
            if !found.is_empty() {
                let headers = headers(found);
                let rows: Vec<Vec<String>> = found.iter().map(|found| cells(found)[..headers.len()].to_vec()).collect();
                text.push_str(&format!("{title}{}\n", table(headers, &rows)));
            }
        };
        section("", &self.advisories);
        if let Some(ScanDifference { reference, new, gone, both }) = &self.since {
            let other = printable(reference);
            section(&format!("new since {other}:\n"), new);
            section(&format!("gone since {other}:\n"), gone);
            text.push_str(&format!("since {other}: {} new, {} gone, {both} in both\n", new.len(), gone.len()));
        }
        if !self.findings.is_empty() {
            let headers = facts::headers(&self.findings);
            let rows = self.findings.iter().map(|found| facts::cells(found)[..headers.len()].to_vec());
            text.push_str(&format!("{}\n", table(headers, &rows.collect::<Vec<_>>())));
        }
        platform_lines(self).iter().for_each(|line| text.push_str(&format!("{line}\n")));
        let differences = platform_difference::lines(&self.differences);
        differences.iter().for_each(|line| text.push_str(&format!("{}\n", printable(line))));
        self.warnings.iter().for_each(|warning| text.push_str(&format!("warning: {}\n", printable(warning))));
        text
    }
}

/// Returns a line for each platform, how much of it was compared, and one for the database.
pub(crate) fn platform_lines(report: &ScanReport) -> Vec<String> {
    let platforms = report.platforms.iter().map(|platform| {
        let name = &platform.platform;
        let Some(coverage) = &platform.coverage else { return format!("{name}: not compared with advisories") };
        let found = report.advisories.iter().filter(|found| found.platforms.contains(name)).count();
        let lifetime = platform.lifetime.as_ref().map(lifetime_text).unwrap_or_default();
        format!("{name}: {}{lifetime}", summary(coverage, found))
    });
    platforms.chain(report.database.as_ref().map(database_text)).collect()
}

/// Returns the heads of the columns; what a policy makes of findings only where there is one.
pub(crate) fn headers(found: &[AdvisoryReport]) -> &'static [&'static str] {
    const HEADERS: [&str; 7] = ["package", "version", "advisory", "severity", "fixed in", "platforms", "policy"];
    if found.iter().any(|found| found.judgement.is_some()) { &HEADERS } else { &HEADERS[..6] }
}

/// Says until when a distribution is looked after. Whether that is over, the reader knows: a report of the same image and records is the same on
/// every day.
fn lifetime_text(lifetime: &Lifetime) -> String {
    let Lifetime { release, ends, extended, unknown_as_of } = lifetime;
    let Some(ends) = ends else {
        let table = unknown_as_of.as_ref().map(|day| format!(" (table of {day})")).unwrap_or_default();
        return format!("; until when {release} has fixes is not known here{table}");
    };
    let extended = extended.as_ref().map(|day| format!(", and paid ones until {day}")).unwrap_or_default();
    format!("; {release} has free fixes until {ends}{extended}")
}

fn database_text(database: &DatabaseReport) -> String {
    let DatabaseReport { scanner, digest, records, last_update } = database;
    let records = records.map(|records| counted(records, "record", "records") + ", ").unwrap_or_default();
    let scanner = scanner.as_ref().map(|scanner| format!("those of {}, ", printable(scanner))).unwrap_or_default();
    let digest = digest.as_ref().map(|digest| format!(", {digest}")).unwrap_or_default();
    format!("advisories: {scanner}{records}{}{digest}", age_text(last_update))
}

/// Says how old a database is. Feeds without any times are of 1970.
pub fn age_text(last_update: &str) -> String {
    match last_update.starts_with("1970-01-01") {
        true => "of unknown age".to_owned(),
        false => format!("the newest of {last_update}"),
    }
}

pub(crate) fn cells(found: &AdvisoryReport) -> [String; 7] {
    let finding = &found.finding;
    let fixed = match (&finding.fixed, finding.undetermined) {
        (Some(fixed), _) => fixed.as_str(),
        (None, false) => "-",
        (None, true) => finding.doubt.as_deref().unwrap_or("cannot be compared"),
    };
    [
        finding.package.clone(),
        finding.version.clone(),
        finding.advisory.clone(),
        finding.severity_text(),
        fixed.to_owned(),
        found.platforms.join(", "),
        found.judgement.clone().unwrap_or_default(),
    ]
}

/// Returns the likes of `2 advisories match; 96 packages, 90 of them compared; not compared: 6 of npm, what /lib/apk/db/installed lists`.
pub fn summary(coverage: &[Coverage], found: usize) -> String {
    let packages: usize = coverage.iter().map(|part| part.packages).sum();
    let covered: usize = coverage.iter().filter(|part| part.covered).map(|part| part.packages).sum();
    if coverage.is_empty() {
        return "no packages, no package database and no distribution".to_owned();
    }
    let packages_text = counted(packages, "package", "packages");
    // What was compared with nothing must not read as what nothing was found in.
    let mut text = match (covered, packages) {
        (0, 0) => "nothing could be compared, and whether advisories match is not known".to_owned(),
        (0, _) => format!("none of {packages_text} could be compared, and whether advisories match is not known"),
        _ => {
            let found = counted(found, "advisory matches", "advisories match");
            format!("{found}; {packages_text}, {covered} of them compared")
        }
    };
    let left = coverage.iter().filter(|part| !part.covered);
    let left = left.map(|part| match (part.packages, printable(&part.ecosystem)) {
        (0, place) => place,
        (packages, ecosystem) => format!("{packages} of {ecosystem}"),
    });
    let left: Vec<String> = left.collect();
    if !left.is_empty() {
        text.push_str(&format!("; not compared: {}", left.join(", ")));
    }
    text
}

/// Returns the likes of `1 record` and `2 records`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
