use super::Place;
use serde::{Deserialize, Serialize};

/// Files that the user puts into the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileSpecification {
    /// The file or folder, relative to the image file's folder. `{arch}` and other words for the platform are filled in.
    pub source: String,
    /// Where it goes in the image.
    pub path: String,
    /// Permission bits; the default is 0755 for folders and executable files, 0644 for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The owner; the default is root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Libraries and loaders, by name, that are there only when the program runs; `*` and `?` stand for anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub provided: Vec<String>,
    /// Where the image file names it. No part of what is asked for.
    #[serde(skip)]
    pub place: Place,
}

/// Permission bits, written in octal in quotes: `"0644"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mode(u32);

impl Mode {
    /// Returns the bits, at most `0o7777`.
    pub fn bits(self) -> u32 {
        self.0
    }
}

impl TryFrom<String> for Mode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let octal = (3..=4).contains(&text.len()) && text.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
        let bits = u32::from_str_radix(&text, 8).ok().filter(|_| octal);
        bits.map(Self)
            .ok_or_else(|| format!("`{text}` is not a mode: expected three or four octal digits, such as \"0644\""))
    }
}

impl From<Mode> for String {
    fn from(mode: Mode) -> Self {
        format!("{:04o}", mode.0)
    }
}

/// `user` or `user:group`, by name or number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Owner {
    /// The user.
    pub user: String,
    /// The group; `None` is the group that the user belongs to, or the group of the same number.
    pub group: Option<String>,
}

impl TryFrom<String> for Owner {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let valid = |name: &str| {
            !name.is_empty()
                && name.len() <= 32
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
        };
        let (user, group) = match text.split_once(':') {
            Some((user, group)) => (user, Some(group)),
            None => (text.as_str(), None),
        };
        if !valid(user) || !group.is_none_or(valid) {
            return Err(format!("`{text}` is not an owner: expected `user` or `user:group`, by name or number"));
        }
        Ok(Self { user: user.to_owned(), group: group.map(str::to_owned) })
    }
}

impl From<Owner> for String {
    fn from(owner: Owner) -> Self {
        match owner.group {
            Some(group) => format!("{}:{group}", owner.user),
            None => owner.user,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_octal() {
        for (text, expected) in [("0644", Some(0o644)), ("755", Some(0o755)), ("4755", Some(0o4755)), ("0x1f", None)] {
            assert_eq!(Mode::try_from(text.to_owned()).ok().map(Mode::bits), expected, "{text}");
        }
        for text in ["", "0888", "+755", "77777", "07"] {
            assert!(Mode::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn owners_are_names_or_numbers() {
        let owner = |text: &str| Owner::try_from(text.to_owned()).map(String::from);
        for text in ["root", "root:root", "65532:65532", "www-data:adm"] {
            assert_eq!(owner(text).as_deref(), Ok(text));
        }
        for text in ["", ":", "a:", ":b", "a b", "a:b:c"] {
            assert!(owner(text).is_err(), "{text}");
        }
    }
}
