use jiff::Timestamp;
use std::path::PathBuf;

/// A service of a private deployment, written as cosign has it: `url=URL,key=value,…`.
#[derive(Clone, Debug)]
pub(crate) struct ServiceOption {
    /// Its address.
    pub(crate) url: String,
    /// Its certificates, or its public key.
    pub(crate) material: PathBuf,
    /// From when on it is used.
    pub(crate) from: Option<Timestamp>,
    /// Until when.
    pub(crate) until: Option<Timestamp>,
    /// How it is spoken to.
    pub(crate) version: u32,
    /// Who runs it.
    pub(crate) operator: Option<String>,
    /// The name that a log signs its checkpoints with.
    pub(crate) origin: Option<String>,
}

/// Reads an authority, of certificates or timestamps.
pub(crate) fn authority(text: &str) -> Result<ServiceOption, String> {
    read(text, Some("certificate-chain"), &["api-version", "operator"], 1)
}

/// Reads a log of certificates.
pub(crate) fn certificate_log(text: &str) -> Result<ServiceOption, String> {
    read(text, Some("public-key"), &[], 1)
}

/// Reads a log of signatures.
pub(crate) fn log(text: &str) -> Result<ServiceOption, String> {
    let log = read(text, Some("public-key"), &["api-version", "operator", "origin"], 2)?;
    match log.origin.is_some() && log.version != 2 {
        true => Err("`origin` is for `api-version=2`".to_owned()),
        false => Ok(log),
    }
}

/// Reads who gives tokens.
pub(crate) fn issuer(text: &str) -> Result<ServiceOption, String> {
    read(text, None, &["api-version", "operator"], 1)
}

fn read(text: &str, material: Option<&str>, more: &[&str], last_version: u32) -> Result<ServiceOption, String> {
    let mut service = ServiceOption {
        url: String::new(),
        material: PathBuf::new(),
        from: None,
        until: None,
        version: 1,
        operator: None,
        origin: None,
    };
    let mut seen = Vec::new();
    for pair in text.split(',') {
        let (key, value) = pair.split_once('=').ok_or_else(|| format!("`{pair}` is not `KEY=VALUE`"))?;
        let (key, value) = (key.trim(), value.trim());
        let is_known = ["url", "start-time", "end-time"].contains(&key) || material == Some(key) || more.contains(&key);
        if !is_known {
            let known = ["url"].iter().chain(&material).chain(&["start-time", "end-time"]).chain(more);
            let known: Vec<_> = known.map(|key| format!("`{key}`")).collect();
            return Err(format!("`{key}` is none of {}", known.join(", ")));
        }
        if value.is_empty() || seen.contains(&key) {
            return Err(format!("`{key}` is given {}", if value.is_empty() { "without a value" } else { "twice" }));
        }
        seen.push(key);
        let time = || value.parse().map(Some).map_err(|_| format!("`{key}` is no time, such as 2026-01-01T00:00:00Z"));
        match key {
            "url" => value.clone_into(&mut service.url),
            "start-time" => service.from = time()?,
            "end-time" => service.until = time()?,
            "operator" => service.operator = Some(value.to_owned()),
            "origin" => service.origin = Some(value.to_owned()),
            "api-version" => {
                let version = value.parse().ok().filter(|version| (1..=last_version).contains(version));
                service.version =
                    version.ok_or_else(|| format!("`api-version` is at least 1 and at most {last_version}"))?;
            }
            _ => service.material = PathBuf::from(value),
        }
    }
    match ["url"].into_iter().chain(material).find(|key| !seen.contains(key)) {
        Some(missing) => Err(format!("`{missing}=` is missing")),
        None => Ok(service),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn services_are_written_as_for_cosign() {
        let log = log("url=https://log.example, public-key=a=b.pub,api-version=2,origin=log.example,operator=me,start-time=2026-01-01T00:00:00Z").unwrap();
        assert_eq!((log.url.as_str(), log.version, log.operator.as_deref()), ("https://log.example", 2, Some("me")));
        assert_eq!((log.material, log.origin.as_deref()), (PathBuf::from("a=b.pub"), Some("log.example")));
        assert_eq!(log.from.unwrap().to_string(), "2026-01-01T00:00:00Z");
        for (parse, text, expected) in [
            (authority as fn(&str) -> Result<ServiceOption, String>, "url=a", "`certificate-chain=` is missing"),
            (authority, "certificate-chain=a", "`url=` is missing"),
            (authority, "url=a,certificate-chain=", "without a value"),
            (authority, "url=a,url=b,certificate-chain=c", "`url` is given twice"),
            (authority, "url=a,certificate-chain=c,api-version=2", "at most 1"),
            (authority, "url=a,certificate-chain=c,start-time=now", "no time"),
            (authority, "url", "not `KEY=VALUE`"),
            (certificate_log, "url=a,public-key=b,api-version=1", "`api-version` is none of `url`, `public-key`"),
            (super::log, "url=a,public-key=b,origin=c", "`origin` is for"),
            (super::log, "url=a,public-key=b,api-version=3", "at most 2"),
            (issuer, "url=a,public-key=b", "`public-key` is none of"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
