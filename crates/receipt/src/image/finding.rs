use super::license::{Outcome, Texts, judge, texts};
use super::{ImageRule, ImageRules, Pattern};
use crate::predicate::{HealthCheck, ImageFacts, SecretPlace, SetuidFile, UserProblem};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// Something about an image that a policy may be against, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageFinding {
    /// What kind of thing it is.
    pub rule: ImageRule,
    /// Where it is: a path, `environment NAME` or `history entry N`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The name of the package that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The licences that are denied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<String>,
    /// All of it in a sentence, without the platform.
    pub text: String,
}

impl ImageFinding {
    fn new(rule: ImageRule, text: String) -> Self {
        Self { rule, path: None, package: None, licenses: Vec::new(), text }
    }

    fn at(rule: ImageRule, path: String, text: String) -> Self {
        Self { path: Some(path), ..Self::new(rule, text) }
    }

    /// Returns what it is about in a word or two, for lists of many.
    pub fn subject(&self) -> &str {
        self.path.as_deref().or(self.package.as_deref()).unwrap_or(self.rule.word())
    }

    /// Returns whether anybody should look at it, whatever the policy: most images run as root, and distributions know their programs.
    pub fn is_notable(&self) -> bool {
        match self.rule {
            ImageRule::UnknownUser | ImageRule::Secrets => true,
            ImageRule::Entrypoint => self.path.is_some(),
            ImageRule::SetuidFiles => self.package.is_none(),
            ImageRule::RootUser | ImageRule::NoHealthCheck | ImageRule::DeniedLicenses | ImageRule::UnknownLicense => {
                false
            }
        }
    }
}

impl fmt::Display for ImageFinding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl ImageFacts {
    /// Returns what of the facts a policy may be against, sorted.
    pub fn findings(&self) -> Vec<ImageFinding> {
        let mut found = Vec::new();
        if let Some(user) = &self.user {
            let stated = &user.stated;
            let problem = user.problem.map(|problem| match problem {
                UserProblem::NoUser => format!("it cannot run as `{stated}`: /etc/passwd has no such user"),
                UserProblem::NoGroup => format!("it cannot run as `{stated}`: /etc/group has no such group"),
                UserProblem::Unread => {
                    format!("it is not known who `{stated}` is: /etc/passwd or /etc/group cannot be read")
                }
            });
            found.extend(problem.map(|text| ImageFinding::new(ImageRule::UnknownUser, text)));
            if user.problem == Some(UserProblem::Unread) && user.uid.is_none() {
                let text = format!("it is not known whether it runs as root: the user is `{stated}`");
                found.push(ImageFinding::new(ImageRule::RootUser, text));
            }
            if user.root {
                let why =
                    if stated.is_empty() { "no user is stated".to_owned() } else { format!("the user is `{stated}`") };
                found.push(ImageFinding::new(ImageRule::RootUser, format!("it runs as root: {why}")));
            }
        }
        let no_check = match self.health_check {
            HealthCheck::Present => None,
            HealthCheck::Disabled => Some("its health check is `NONE`"),
            HealthCheck::Absent => Some("it has no health check"),
        };
        found.extend(no_check.map(|text| ImageFinding::new(ImageRule::NoHealthCheck, text.to_owned())));
        if let Some(entrypoint) = &self.entrypoint {
            match (&entrypoint.program, &entrypoint.broken) {
                (None, _) => {
                    let text = "it names no program to run".to_owned();
                    found.push(ImageFinding::new(ImageRule::Entrypoint, text));
                }
                (Some(_), Some(broken)) => {
                    let text = format!("its program cannot be started: {broken}");
                    found.push(ImageFinding::at(ImageRule::Entrypoint, broken.file.clone(), text));
                }
                (Some(_), None) => {}
            }
        }
        found.extend(self.setuid_files.iter().map(of_setuid));
        found.extend(self.secrets.iter().map(|secret| {
            let path = match &secret.place {
                SecretPlace::File { path, .. } => path.clone(),
                place => place.to_string(),
            };
            let text = format!("there is a secret in {}: {}", secret.place, secret.kind);
            ImageFinding::at(ImageRule::Secrets, path, text)
        }));
        for (rule, count) in [(ImageRule::SetuidFiles, self.more_setuid_files), (ImageRule::Secrets, self.more_secrets)]
        {
            if count > 0 {
                found.push(ImageFinding::new(rule, format!("there are {count} more, {rule}")));
            }
        }
        found.sort();
        found
    }
}

fn of_setuid(file: &SetuidFile) -> ImageFinding {
    let SetuidFile { path, mode, uid, gid, package } = file;
    let bits = u32::from_str_radix(mode, 8).unwrap_or_default();
    let as_whom = match (bits & 0o4000 != 0, bits & 0o2000 != 0) {
        (true, true) => format!("user {uid} and group {gid}"),
        (false, true) => format!("group {gid}"),
        _ => format!("user {uid}"),
    };
    let of = package.as_ref().map(|package| format!(", of {package}")).unwrap_or_default();
    let text = format!("{path} runs as {as_whom}, whoever starts it (mode {mode}{of})");
    let package = package.as_deref().and_then(name_of).map(str::to_owned);
    ImageFinding { package, ..ImageFinding::at(ImageRule::SetuidFiles, path.clone(), text) }
}

/// Returns the name in a package URL.
fn name_of(purl: &str) -> Option<&str> {
    purl.split(['@', '?', '#']).next()?.rsplit('/').next()
}

impl ImageRules {
    /// Returns which packages that an SBOM lists have licences that are denied or not known (SPDX 2.3, clause 7.15).
    pub fn licenses(&self, sbom: &Value) -> Vec<ImageFinding> {
        let list = |key: &str| sbom.get(key).and_then(Value::as_array).into_iter().flatten();
        let named = list("hasExtractedLicensingInfos")
            .filter_map(|licence| Some((licence.get("licenseId")?.as_str()?, licence.get("extractedText")?.as_str()?)));
        let texts = texts(named);
        let mut found: Vec<ImageFinding> =
            list("packages").filter_map(|package| of_package(package, &self.denied_licenses, &texts)).collect();
        found.sort();
        found.dedup();
        found
    }
}

fn of_package(package: &Value, denied: &[Pattern], texts: &Texts<'_>) -> Option<ImageFinding> {
    let text = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
    // The image itself, and its distribution, are no packages of it.
    if ["CONTAINER", "OPERATING-SYSTEM"].contains(&text("primaryPackagePurpose")) {
        return None;
    }
    let (name, version, declared) = (text("name"), text("versionInfo"), text("licenseDeclared"));
    let named = format!("{name} {version}");
    let named = named.trim();
    let (rule, licenses, text) = match judge(declared, denied, texts) {
        Outcome::Allowed => return None,
        Outcome::Unknown => {
            let text = format!("{named}: no licence is known by which it may be used");
            (ImageRule::UnknownLicense, Vec::new(), text)
        }
        Outcome::Denied(licenses) => {
            let licenses: Vec<String> = licenses.into_iter().collect();
            let text = format!("{named}: its licence is denied: {}", licenses.join(", "));
            (ImageRule::DeniedLicenses, licenses, text)
        }
    };
    Some(ImageFinding { package: Some(name.to_owned()), licenses, ..ImageFinding::new(rule, text) })
}
