use super::DOCKER_HUB;
use super::json::{Json, Object, render};
use crate::Credentials;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use consign_oci::RegistryPath;
use serde::de::Error as _;

/// The key of the credentials themselves.
const AUTHS: &str = "auths";
/// The key of the helpers of some registries.
const HELPERS: &str = "credHelpers";
/// The key of the helper of all others.
const STORE: &str = "credsStore";

/// The name beside an identity token, as `az acr login` writes it: podman and skopeo take no entry without a name.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// Such a file, to be changed. What is not changed stays as it is, in its order.
pub struct ConfigText(Object);

/// Who keeps credentials instead of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeper {
    /// The helper's name.
    pub name: String,
    /// What it calls the registry.
    pub server: String,
    /// Whether it keeps those of all registries: then the file lists which they are.
    pub(super) is_store: bool,
}

/// How a file lists a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Listed {
    /// With its credentials.
    WithSecrets,
    /// As one whose credentials somebody else keeps.
    ByName,
}

impl ConfigText {
    /// Parses a file. One that is empty is as good as an empty object.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        if text.trim().is_empty() {
            return Ok(Self(Object::new()));
        }
        let Json::Object(object) = serde_json::from_str(text)? else {
            return Err(serde_json::Error::custom("it is not a JSON object"));
        };
        // What is not as it should be is not for us to replace.
        let this = Self(object);
        for key in [AUTHS, HELPERS] {
            if !matches!(this.value(key), None | Some(Json::Null | Json::Object(_))) {
                return Err(serde_json::Error::custom(format!("`{key}` is not an object")));
            }
        }
        Ok(this)
    }

    /// Returns the file's text.
    pub fn render(&self) -> Result<String, serde_json::Error> {
        Ok(render(&self.0)? + "\n")
    }

    /// Returns who keeps the credentials of a registry, or of this part of it, in place of the file.
    pub fn keeper(&self, at: &RegistryPath) -> Option<Keeper> {
        let named = |value: &Json| match value {
            Json::Text(name) if !name.is_empty() => Some(name.clone()),
            _ => None,
        };
        if let Some(Json::Object(helpers)) = self.value(HELPERS)
            && let Some((server, helper)) = helpers.iter().rev().find(|(key, _)| names(key, at))
        {
            // An empty name says that the file keeps them.
            return named(helper).map(|name| Keeper { name, server: server.clone(), is_store: false });
        }
        named(self.value(STORE)?).map(|name| Keeper { name, server: key_of(at), is_store: true })
    }

    /// Puts credentials in place of those that are there.
    pub fn set(&mut self, at: &RegistryPath, credentials: &Credentials) {
        let auth = |username: &str, password: &str| ("auth", BASE64.encode(format!("{username}:{password}")));
        let entry = match credentials {
            Credentials::Anonymous => {
                self.remove(at);
                return;
            }
            Credentials::Basic { username, password } => vec![auth(username, password.expose())],
            Credentials::Identity(token) => vec![auth(NOBODY, ""), ("identitytoken", token.expose().to_owned())],
            Credentials::Bearer(token) => vec![("registrytoken", token.expose().to_owned())],
        };
        self.put(at, entry.into_iter().map(|(key, value)| (key.to_owned(), Json::Text(value))).collect());
    }

    /// Lists a registry whose credentials somebody else keeps.
    pub fn list(&mut self, at: &RegistryPath) {
        self.put(at, Object::new());
    }

    /// Returns how a registry is listed, if it is, whatever address of it that stands under.
    pub(super) fn listed(&self, at: &RegistryPath) -> Option<Listed> {
        let Some(Json::Object(auths)) = self.value(AUTHS) else { return None };
        let entries = auths.iter().filter(|(key, _)| names(key, at));
        let is_empty = |value: &Json| matches!(value, Json::Object(entry) if entry.is_empty());
        entries.map(|(_, value)| if is_empty(value) { Listed::ByName } else { Listed::WithSecrets }).min()
    }

    /// Takes the credentials of a registry out, whatever address of it they stand under. Returns whether there was an entry.
    pub fn remove(&mut self, at: &RegistryPath) -> bool {
        let Some(auths) = self.auths() else { return false };
        let before = auths.len();
        auths.retain(|(key, _)| !names(key, at));
        auths.len() < before
    }

    fn put(&mut self, at: &RegistryPath, entry: Object) {
        if self.auths().is_none() {
            self.0.retain(|(key, _)| key != AUTHS);
            self.0.insert(0, (AUTHS.to_owned(), Json::Object(Object::new())));
        }
        let Some(auths) = self.auths() else { return };
        let place = auths.iter().position(|(key, _)| names(key, at)).unwrap_or(auths.len());
        auths.retain(|(key, _)| !names(key, at));
        auths.insert(place, (key_of(at), Json::Object(entry)));
    }

    fn auths(&mut self) -> Option<&mut Object> {
        self.0.iter_mut().rev().find_map(|(key, value)| match value {
            Json::Object(object) if key == AUTHS => Some(object),
            _ => None,
        })
    }

    fn value(&self, key: &str) -> Option<&Json> {
        self.0.iter().rev().find(|(found, _)| found == key).map(|(_, value)| value)
    }
}

/// Returns the key that other programs look for.
fn key_of(at: &RegistryPath) -> String {
    if at.path().is_empty() && at.registry() == DOCKER_HUB[0] { DOCKER_HUB[1].to_owned() } else { at.to_string() }
}

fn names(key: &str, at: &RegistryPath) -> bool {
    key.parse::<RegistryPath>().is_ok_and(|path| path == *at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker_config::{DockerConfig, Found};

    fn at(text: &str) -> RegistryPath {
        text.parse().unwrap()
    }

    fn changed(text: &str, change: impl FnOnce(&mut ConfigText)) -> String {
        let mut config = ConfigText::parse(text).unwrap();
        change(&mut config);
        config.render().unwrap()
    }

    #[test]
    fn what_is_not_changed_stays() {
        let text = "{\n\t\"psFormat\": \"table\",\n\t\"auths\": {\n\t\t\"z.io\": {\n\t\t\t\"auth\": \"x\"\n\t\t},\n\t\t\"https://b.io/v2/\": {\n\t\t\t\"email\": \"e\"\n\t\t}\n\t},\n\t\"HttpHeaders\": {\n\t\t\"b\": [\n\t\t\t1,\n\t\t\t-2.5,\n\t\t\tnull,\n\t\t\ttrue\n\t\t],\n\t\t\"a\": {}\n\t}\n}\n";
        assert_eq!(changed(text, |_| ()), text);
        // "me:pass" in base64.
        let set = changed(text, |config| config.set(&at("b.io"), &Credentials::named("me", "pass")));
        let expected =
            text.replace("https://b.io/v2/", "b.io").replace("\"email\": \"e\"", "\"auth\": \"bWU6cGFzcw==\"");
        assert_eq!(set, expected);
        assert_eq!(
            changed(&set, |config| assert!(config.remove(&at("b.io")) && !config.remove(&at("c.io")))).find("b.io"),
            None
        );
        for text in ["", "{}", "{\"auths\": null}"] {
            let set = changed(text, |config| config.set(&at("b.io"), &Credentials::named("me", "pass")));
            assert_eq!(
                set, "{\n\t\"auths\": {\n\t\t\"b.io\": {\n\t\t\t\"auth\": \"bWU6cGFzcw==\"\n\t\t}\n\t}\n}\n",
                "{text}"
            );
        }
        for text in ["[]", "1", "{", "{\"auths\": []}", "{\"auths\": {}} x"] {
            assert!(ConfigText::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_found() {
        let found =
            |text: &str, repository: &str| DockerConfig::parse(text).unwrap().find(&repository.parse().unwrap());
        let secrets = [("me", "p:ass"), ("<token>", "long")].map(|(name, secret)| Credentials::named(name, secret));
        for credentials in secrets.into_iter().chain([Credentials::Bearer(crate::Secret::new("shown"))]) {
            let text = changed("", |config| {
                config.set(&at("docker.io"), &credentials);
                config.set(&at("ghcr.io/team"), &credentials);
            });
            assert!(text.contains("\"https://index.docker.io/v1/\""), "{text}");
            assert_eq!(found(&text, "debian"), Found::Credentials(credentials.clone()));
            assert_eq!(found(&text, "ghcr.io/team/app"), Found::Credentials(credentials.clone()));
            assert_eq!(found(&text, "ghcr.io/other"), Found::None);
            let nobody = "\"auth\": \"MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwOg==\"";
            assert_eq!(text.contains(nobody), text.contains("identitytoken"), "{text}");
            let text = changed(&text, |config| assert!(config.remove(&at("docker.io"))));
            assert_eq!(found(&text, "debian"), Found::None);
        }
        // Of several names of one registry none keeps what was there before.
        let old = r#"{"auths": {"docker.io": {"auth": "b2xkOm9sZA=="}, "index.docker.io": {"auth": "b2xkOm9sZA=="}}}"#;
        let text = changed(old, |config| config.set(&at("docker.io"), &Credentials::named("me", "new")));
        assert_eq!(found(&text, "debian"), Found::Credentials(Credentials::named("me", "new")));
        assert_eq!(text.matches("docker.io").count(), 1, "{text}");
    }

    #[test]
    fn names_who_keeps_them() {
        let text = r#"{"credHelpers": {"gcr.io": "gcloud", "file.io": "", "docker.io": "hub"}, "credsStore": "pass"}"#;
        let keeper =
            |name: &str, server: &str, is_store| Some(Keeper { name: name.into(), server: server.into(), is_store });
        let config = ConfigText::parse(text).unwrap();
        for (place, expected) in [
            ("gcr.io", keeper("gcloud", "gcr.io", false)),
            ("gcr.io/team", keeper("pass", "gcr.io/team", true)),
            ("docker.io", keeper("hub", "docker.io", false)),
            ("file.io", None),
            ("quay.io", keeper("pass", "quay.io", true)),
        ] {
            assert_eq!(config.keeper(&at(place)), expected, "{place}");
        }
        let store = ConfigText::parse(r#"{"credsStore": "pass"}"#).unwrap();
        assert_eq!(store.keeper(&at("docker.io")), keeper("pass", "https://index.docker.io/v1/", true));
        assert_eq!(ConfigText::parse(r#"{"credsStore": ""}"#).unwrap().keeper(&at("quay.io")), None);
    }
}
