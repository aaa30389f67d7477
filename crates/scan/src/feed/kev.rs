use super::Failure;
use crate::DatabaseError;
use crate::reading::Reading;
use crate::vulnerability::Vulnerability;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

const FEED: &str = "CISA known exploited vulnerabilities";

/// The catalog of known exploited vulnerabilities (CISA's JSON schema of it).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Catalog {
    #[serde(default)]
    date_released: Option<Timestamp>,
    vulnerabilities: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(rename = "cveID")]
    number: String,
    date_added: Date,
    #[serde(default)]
    vulnerability_name: String,
}

pub(super) fn read(bytes: &[u8]) -> Result<Catalog, Failure> {
    Ok(serde_json::from_slice(bytes)?)
}

impl Catalog {
    pub(super) fn import(self, place: &str, reading: &mut Reading) -> Result<(), DatabaseError> {
        reading.feed(FEED, self.date_released);
        for Listed { number, date_added, vulnerability_name } in self.vulnerabilities {
            let known_exploited = Some(date_added.to_string());
            let known = Vulnerability { known_exploited, title: vulnerability_name, ..Vulnerability::default() };
            reading.vulnerability(place, FEED, &number.trim().to_ascii_uppercase(), known)?;
        }
        Ok(())
    }
}
