//! The shape of `run:`, before its values are checked.

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireRun {
    pub(super) command: Spanned<WireCommand>,
    pub(super) inputs: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, Spanned<WireVariable>>,
    pub(super) directory: Option<Spanned<String>>,
    pub(super) timeout: Option<Spanned<String>>,
}

/// A command as one text, or word by word.
pub(super) enum WireCommand {
    Text(String),
    Words(Vec<String>),
}

/// The value of a variable, or the name of a variable that has it.
pub(super) enum WireVariable {
    Text(String),
    /// A number or a truth value, as a reader of YAML understood it.
    Scalar(String),
    Environment(String),
}

impl<'de> Deserialize<'de> for WireCommand {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CommandVisitor)
    }
}

struct CommandVisitor;

impl<'de> Visitor<'de> for CommandVisitor {
    type Value = WireCommand;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a command, as a text or a list of words")
    }

    fn visit_str<E>(self, text: &str) -> Result<WireCommand, E> {
        Ok(WireCommand::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<WireCommand, E> {
        Ok(WireCommand::Text(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<WireCommand, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = items.next_element()? {
            words.push(word);
        }
        Ok(WireCommand::Words(words))
    }
}

impl<'de> Deserialize<'de> for WireVariable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(VariableVisitor)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum VariableKey {
    Env,
}

struct VariableVisitor;

impl<'de> Visitor<'de> for VariableVisitor {
    type Value = WireVariable;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or `{ env: NAME }`")
    }

    fn visit_str<E>(self, text: &str) -> Result<WireVariable, E> {
        Ok(WireVariable::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<WireVariable, E> {
        Ok(WireVariable::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<WireVariable, E> {
        Ok(WireVariable::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<WireVariable, E> {
        Ok(WireVariable::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<WireVariable, E> {
        Ok(WireVariable::Scalar(value.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<WireVariable, A::Error> {
        let mut name = None;
        while let Some(VariableKey::Env) = fields.next_key()? {
            name = Some(fields.next_value()?);
        }
        name.map(WireVariable::Environment).ok_or_else(|| A::Error::missing_field("env"))
    }
}
