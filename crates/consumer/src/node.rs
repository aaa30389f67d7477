use serde::ser::{Serialize, SerializeMap, Serializer};

/// A document in the order in which people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Text(String),
    Flag(bool),
    Number(u32),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// Makes a mapping.
pub(crate) fn map<const N: usize>(entries: [(&str, Node); N]) -> Node {
    Node::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// Makes a list.
pub(crate) fn list(items: impl IntoIterator<Item = impl Into<Node>>) -> Node {
    Node::List(items.into_iter().map(Into::into).collect())
}

impl Node {
    /// Adds an entry to a mapping, if there is a value.
    pub(crate) fn with(mut self, key: &str, value: Option<impl Into<Self>>) -> Self {
        if let (Self::Map(entries), Some(value)) = (&mut self, value) {
            entries.push((key.to_owned(), value.into()));
        }
        self
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => serializer.serialize_u32(*number),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Node {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u32> for Node {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}
