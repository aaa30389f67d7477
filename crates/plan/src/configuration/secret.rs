use super::key_reference::is_variable;
use super::keys::{Key, Keys, Rule, Shape};
use super::reader::Reader;
use super::tree::{Node, Value};
use super::{Code, Spanned};
use std::str::FromStr;

pub(super) const KEYS: Keys = Keys {
    what: "a secret",
    known: &[
        Key::required("id", Shape::Text, "What the Dockerfile calls it."),
        Key::new("src", Shape::Text, "The file that holds it, relative to this file's folder."),
        Key::new("env", Shape::Text, "The environment variable that holds it."),
    ],
    later: &[],
    rules: &[Rule::Either("src", "env")],
};

/// Where a secret for commands of Dockerfiles is, as with `docker build --secret`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSource {
    /// What the Dockerfile calls it.
    pub id: String,
    /// Where it is.
    pub place: SecretPlace,
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// In this file, as written.
    File(String),
    /// In the environment variable of this name.
    Variable(String),
    /// In the variable of the secret's name, else in the file of that name.
    Either,
}

/// A text that names no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write `id=NAME,src=FILE` or `id=NAME,env=VARIABLE`")]
pub struct SecretSourceError;

impl FromStr for SecretSource {
    type Err = SecretSourceError;

    fn from_str(text: &str) -> Result<Self, SecretSourceError> {
        let (mut id, mut file, mut variable, mut kind) = (None, None, None, None);
        for field in text.split(',') {
            let (key, value) = field.split_once('=').ok_or(SecretSourceError)?;
            let place = match key {
                "id" => &mut id,
                "src" | "source" => &mut file,
                "env" => &mut variable,
                "type" => &mut kind,
                _ => return Err(SecretSourceError),
            };
            if value.is_empty() || place.replace(value.to_owned()).is_some() {
                return Err(SecretSourceError);
            }
        }
        let id = id.ok_or(SecretSourceError)?;
        let place = match (file, variable, kind.as_deref()) {
            (None, Some(variable), None | Some("env")) => SecretPlace::Variable(variable),
            // So is a variable named where its kind is.
            (Some(variable), None, Some("env")) => SecretPlace::Variable(variable),
            (None, None, Some("env")) => SecretPlace::Variable(id.clone()),
            (Some(file), None, None | Some("file")) => SecretPlace::File(file),
            (None, None, None | Some("file")) => SecretPlace::Either,
            _ => return Err(SecretSourceError),
        };
        Ok(Self { id, place })
    }
}

impl SecretSource {
    /// Reads a list of secrets, each as a mapping or as `--secret` takes it.
    pub(super) fn read_all(reader: &mut Reader<'_>, node: &Node) -> Vec<Spanned<Self>> {
        let items = match &node.value {
            Value::Mapping(_) => std::slice::from_ref(node),
            _ => reader.list(node, "`secrets`").unwrap_or_default(),
        };
        let mut found: Vec<Spanned<Self>> = Vec::new();
        for item in items {
            let Some(secret) = Self::read(reader, item) else { continue };
            if found.iter().any(|other| other.id == secret.id) {
                reader.report(Code::Value, secret.span, format!("the secret `{}` stands twice", secret.id));
            }
            found.push(secret);
        }
        found
    }

    fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<Self>> {
        let Value::Mapping(_) = node.value else { return reader.parsed(node, "a secret", Code::Value) };
        let fields = reader.fields(node, &KEYS)?;
        if fields.get("id").is_none() {
            reader.missing(&fields, "id", "what the Dockerfile calls the secret");
        }
        let mut text = |key: &str| fields.get(key).and_then(|node| reader.text(node, &format!("`{key}`")));
        let (id, file, variable) = (text("id"), text("src"), text("env"));
        if let (Some(name), Some((key, _))) = (&variable, fields.entry("env"))
            && !is_variable(name)
        {
            // It may be the secret itself, so it is named nowhere.
            reader.report(Code::Value, key.span, "`env` must be the name of an environment variable");
        }
        let place = match (fields.get("src"), fields.get("env")) {
            (Some(_), Some(_)) => {
                reader.report(Code::Value, node.span, "a secret is in a file or in a variable: use `src` or `env`");
                None
            }
            (None, None) => {
                reader.missing(&fields, "src", "the file that holds the secret, or `env`: the variable");
                None
            }
            _ => file
                .map(|file| SecretPlace::File(file.value))
                .or(variable.map(|name| SecretPlace::Variable(name.value))),
        };
        Some(Spanned::new(Self { id: id?.value, place: place? }, node.span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_docker_reads() {
        let file = |name: &str| SecretPlace::File(name.to_owned());
        let variable = |name: &str| SecretPlace::Variable(name.to_owned());
        let source = |place| Ok(SecretSource { id: "a".to_owned(), place });
        for (text, expected) in [
            ("id=a,src=f", source(file("f"))),
            ("type=file,id=a,source=f", source(file("f"))),
            ("id=a,env=V", source(variable("V"))),
            ("id=a,type=env", source(variable("a"))),
            ("id=a", source(SecretPlace::Either)),
            ("src=f", Err(SecretSourceError)),
            ("id=a,src=f,env=V", Err(SecretSourceError)),
            ("id=a,x=y", Err(SecretSourceError)),
            ("id=", Err(SecretSourceError)),
            ("a", Err(SecretSourceError)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }
}
