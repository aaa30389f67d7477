//! One small file of each kind of feed, and archives of them.

use crate::common::{record, with};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::io::{Cursor, Write};

/// Returns names of files, and what is in them.
pub(crate) fn texts() -> Vec<(&'static str, String)> {
    let advisory = record("GHSA-1", "PyPI", "tool", Some("2"));
    let advisory = with(advisory, json!({"aliases": ["CVE-2026-1"], "withdrawn": "2026-06-01T00:00:00Z"}));
    let secdb = json!({"distroversion": "v3.20", "reponame": "main", "packages": [
        {"pkg": {"name": "openssl", "secfixes": {"3.1.0-r2": ["CVE-2026-1 GHSA-x ???"], "0": ["CVE-2026-3"]}}},
    ]});
    let yaml = "distroversion: v3.20\nreponame: main\npackages:\n- pkg:\n    name: a\n    secfixes:\n      1-r1:\n      - CVE-1\n";
    let tracker = json!({"tool": {
        "CVE-2026-1": {"description": "A flaw.", "releases": {
            "bookworm": {"status": "resolved", "repositories": {"bookworm": "1.0-1"}, "fixed_version": "1.0-2", "urgency": "high"},
        }},
        "CVE-2026-3": {"releases": {
            "sid": {"status": "open", "repositories": {}, "urgency": "low", "nodsa": "Minor issue", "nodsa_reason": "ignored"},
        }},
    }});
    let kev = json!({
        "catalogVersion": "2026.11.01", "dateReleased": "2026-11-01T00:00:00.0000Z",
        "vulnerabilities": [{"cveID": "CVE-2026-1", "dateAdded": "2026-10-05", "vulnerabilityName": "Other"}],
    });
    let epss =
        "#model_version:v2025.03.14,score_date:2026-11-01T12:55:00Z\ncve,epss,percentile\nCVE-2026-1,0.00043,0.5\n";
    let metric = json!([{"source": "nvd@nist.gov", "type": "Primary", "cvssData": {"vectorString": "AV:N/AC:L/Au:N/C:P/I:P/A:P", "baseScore": 5.0}}]);
    let nvd = json!({
        "resultsPerPage": 1, "format": "NVD_CVE", "version": "2.0", "timestamp": "2026-11-02T03:04:05.000",
        "vulnerabilities": [{"cve": {
            "id": "CVE-2026-1", "vulnStatus": "Analyzed", "descriptions": [{"lang": "en", "value": "Words"}], "metrics": {"cvssMetricV2": metric},
        }}],
    });
    let vector = "CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N";
    let cve = json!({
        "dataType": "CVE_RECORD", "cveMetadata": {"cveId": "CVE-2026-1", "state": "PUBLISHED", "dateUpdated": "2026-11-03T00:00:00.000Z"},
        "containers": {"cna": {
            "title": "A title", "providerMetadata": {"shortName": "acme"}, "metrics": [{"format": "CVSS", "cvssV4_0": {"vectorString": vector}}],
        }},
    });
    let of_json = [advisory, secdb, tracker, kev, nvd, cve].map(|value| ("feed.json", value.to_string()));
    of_json.into_iter().chain([("feed.yaml", yaml.to_owned()), ("feed.csv", epss.to_owned())]).collect()
}

/// Returns an archive of each form, with some of the files.
pub(crate) fn archives() -> Vec<(&'static str, Vec<u8>)> {
    let texts = texts();
    let mut tar = tar::Builder::new(Vec::new());
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (number, (name, text)) in texts.iter().enumerate().skip(1) {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        let name = format!("{number}-{name}");
        tar.append_data(&mut header, &name, text.as_bytes()).unwrap();
        zip.start_file(&*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let (tar, (_, table)) = (tar.into_inner().unwrap(), texts.last().unwrap());
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    vec![
        ("feed.csv.gz", gzip(table.as_bytes())),
        ("feed.zip", zip.finish().unwrap().into_inner()),
        ("feed.tar.gz", gzip(&tar)),
        ("feed.tar", tar),
    ]
}
