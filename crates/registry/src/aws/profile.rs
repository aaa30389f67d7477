use super::{AwsError, Keys, Profile, process};
use crate::web::file;
use std::collections::BTreeMap;

const PLACE: &str = "the AWS profile";
/// Settings by which a profile gets its keys in ways that are the AWS CLI's own.
const OF_THE_CLI: [&str; 4] = ["sso_session", "sso_start_url", "role_arn", "login_session"];

impl Profile {
    /// Returns the keys of the profile; `None` if it has none, unless somebody named it.
    pub(super) async fn keys(&self) -> Result<Option<Keys>, AwsError> {
        let mut found = None;
        for path in &self.files {
            // Not everybody has both.
            if !path.exists() {
                continue;
            }
            let Some(settings) = section(&file::read(path, PLACE)?, &self.name) else { continue };
            let known = found.get_or_insert_with(BTreeMap::new);
            settings.into_iter().for_each(|(key, value)| _ = known.entry(key).or_insert(value));
            let settings = &*known;
            if let (Some(id), Some(secret)) = (settings.get("aws_access_key_id"), settings.get("aws_secret_access_key"))
            {
                return Ok(Some(Keys::new(id, secret, settings.get("aws_session_token").cloned())));
            }
        }
        let name = &self.name;
        let problem = match &found {
            Some(settings) if settings.contains_key("credential_process") => {
                return process::keys(&settings["credential_process"], &self.environment).await.map(Some);
            }
            Some(settings) if OF_THE_CLI.iter().any(|key| settings.contains_key(*key)) => format!(
                "`{name}` gets its keys in a way that only the AWS CLI knows; `eval \"$(aws configure export-credentials --profile {name} --format env)\"` hands them over"
            ),
            _ if !self.is_stated => return Ok(None),
            Some(_) => format!("`{name}` has no keys"),
            None => format!("there is none of the name `{name}`"),
        };
        Err(AwsError::source(PLACE, problem))
    }
}

/// Returns the settings of a profile: in one of the files its section has the name alone, in the other `profile` stands before it.
fn section(text: &str, name: &str) -> Option<BTreeMap<String, String>> {
    let mut found: Option<BTreeMap<String, String>> = None;
    let mut inside = false;
    for line in text.lines() {
        if let Some(title) = line.trim().strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let title = title.0.trim();
            inside = title.strip_prefix("profile ").map_or(title, str::trim) == name;
            if inside {
                found.get_or_insert_default();
            }
        // Settings within settings are indented.
        } else if inside
            && !line.starts_with([' ', '\t', '#', ';'])
            && let (Some((key, value)), Some(found)) = (line.split_once('='), &mut found)
        {
            found.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use std::fs;

    const CREDENTIALS: &str =
        "# keys\n[default]\naws_access_key_id = D\naws_secret_access_key=d/=\n\n[ other ]\naws_access_key_id=O\n";
    const CONFIG: &str = "[profile run]\ncredential_process = sh -c 'printf \"%s\" \"$ANSWER\"'\nregion = x\n[profile sso]\nsso_session = s\n[profile empty]\nregion = y\ns3 =\n  aws_access_key_id = no\n[sso-session s]\n";
    const ANSWER: &str = r#"{"Version":1,"AccessKeyId":"P","SecretAccessKey":"p"}"#;

    #[tokio::test]
    async fn keys_of_profiles() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["credentials", "absent", "config"].map(|name| folder.path().join(name));
        fs::write(&files[0], CREDENTIALS).unwrap();
        fs::write(&files[2], CONFIG).unwrap();
        let variables = [("ANSWER", ANSWER), ("PATH", "/usr/bin:/bin")];
        let environment: BTreeMap<_, _> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
        for (name, is_stated, expected) in [
            ("default", false, Ok(Some("D"))),
            ("run", true, Ok(Some("P"))),
            ("empty", false, Ok(None)),
            ("empty", true, Err("has no keys")),
            ("other", true, Err("has no keys")),
            ("absent", false, Ok(None)),
            ("absent", true, Err("there is none of the name `absent`")),
            ("sso", false, Err("--profile sso --format env")),
        ] {
            let files = files.to_vec();
            let profile = Profile { name: name.to_owned(), is_stated, files, environment: environment.clone() };
            match (profile.keys().await, expected) {
                (Ok(keys), Ok(expected)) => {
                    assert_eq!(keys.as_ref().map(|keys| keys.id.expose()), expected, "{name}");
                }
                (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
                (found, _) => panic!("{name}: {found:?}"),
            }
        }
        assert_eq!(section(CREDENTIALS, "default").unwrap()["aws_secret_access_key"], "d/=");
    }

    #[tokio::test]
    async fn programs_that_give_nothing() {
        for (line, expected) in [
            ("sh -c 'exit 1'", "it failed"),
            ("sh -c 'echo hunter2'", "it gives no keys"),
            ("/absent/program", "it cannot be run"),
            ("'", "has no end"),
            ("", "names no program"),
        ] {
            let environment = BTreeMap::from([("PATH".to_owned(), Secret::new("/usr/bin:/bin"))]);
            let error = process::keys(line, &environment).await.unwrap_err();
            assert!(error.to_string().contains(expected), "{line}: {error}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}
