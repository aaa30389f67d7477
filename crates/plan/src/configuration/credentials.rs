use super::Code;
use super::key_reference::is_variable;
use super::keys::{Key, Keys, Shape};
use super::reader::{Fields, Reader};
use super::tree::Value;

pub(super) const ENVIRONMENT_KEYS: Keys = Keys {
    what: "a credential",
    known: &[Key::required("env", Shape::Text, "The name of an environment variable.")],
    later: &["file", "command"],
    rules: &[],
};

/// Where the credentials of a registry come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Docker's or podman's files and their credential helpers.
    #[default]
    DockerConfig,
    /// Environment variables with these names.
    Environment {
        /// The variable that holds the user name.
        username: String,
        /// The variable that holds the password or token.
        password: String,
    },
    /// An environment variable with this name holds a token, which is shown as it is.
    Token(String),
    /// The program `docker-credential-NAME` knows them.
    Helper(String),
    /// Nowhere: no login.
    Anonymous,
}

impl Credentials {
    /// Returns the names of the environment variables that hold secrets.
    pub fn variables(&self) -> Vec<&str> {
        match self {
            Self::Environment { username, password } => vec![username, password],
            Self::Token(token) => vec![token],
            Self::DockerConfig | Self::Helper(_) | Self::Anonymous => Vec::new(),
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Self {
        let docker = fields.get("docker-config").and_then(|node| reader.boolean(node, "`docker-config`"));
        let [username, password, token] = ["username", "password", "token"].map(|key| variable(reader, fields, key));
        let helper = fields.get("credential-helper").and_then(|node| reader.text(node, "`credential-helper`"));
        if let Some(helper) = helper.as_ref().filter(|helper| !is_helper(helper)) {
            let hint = "the program `docker-credential-pass` is named `pass`";
            reader.report_hint(Code::Value, helper.span, "this is not the name of a credential helper", hint);
        }
        let stated = |key: &str| fields.entry(key).map(|(key, _)| key);
        let login = stated("username").or(stated("password"));
        let files = stated("docker-config").filter(|_| docker == Some(true));
        let places = [login, stated("token"), stated("credential-helper"), files];
        match (login, files, &places.into_iter().flatten().collect::<Vec<_>>()[..]) {
            (Some(key), Some(_), _) => {
                let message = "credentials come either from variables or from docker's configuration";
                reader.report(Code::Value, key.span, message);
            }
            (_, _, [_, further, ..]) => {
                let message = "credentials come from one place: `username` and `password`, `token`, `credential-helper`, or docker's files";
                reader.report(Code::Value, further.span, message);
            }
            _ => {}
        }
        match (stated("username"), stated("password"), files) {
            (Some(_), None, None) => reader.missing(fields, "password", "`username` stands alone"),
            (None, Some(_), None) => reader.missing(fields, "username", "`password` stands alone"),
            _ => {}
        }
        match (username, password, token, helper, docker) {
            (Some(username), Some(password), ..) => Self::Environment { username, password },
            (_, _, Some(token), ..) => Self::Token(token),
            (_, _, _, Some(helper), _) => Self::Helper(helper.value),
            (.., Some(false)) => Self::Anonymous,
            _ => Self::DockerConfig,
        }
    }
}

/// Reads `KEY: { env: NAME }`. A text in its place may be a secret: it is named nowhere.
fn variable(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str) -> Option<String> {
    let (name, node) = fields.entry(key)?;
    if let Value::Scalar { .. } = &node.value {
        let hint = format!("write `{key}: {{ env: NAME }}` with the name of an environment variable");
        reader.report_hint(Code::Secret, name.span, format!("`{key}` must not stand in the configuration"), hint);
        return None;
    }
    let fields = reader.fields(node, &ENVIRONMENT_KEYS)?;
    let Some(node) = fields.get("env") else {
        reader.missing(&fields, "env", "the name of an environment variable");
        return None;
    };
    let variable = reader.text(node, "`env`")?;
    if !is_variable(&variable) {
        reader.report(Code::Value, node.span, "`env` must be the name of an environment variable");
        return None;
    }
    Some(variable.value)
}

/// Returns whether a text may name a credential helper, as the schema has it.
fn is_helper(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
