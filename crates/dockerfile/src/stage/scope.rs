use crate::instruction::Argument;
use crate::{ExpandError, Expander, Variables};

/// What a build is given from outside.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Build arguments (`--build-arg`).
    pub arguments: Variables,
    /// What every build knows: `TARGETPLATFORM`, `TARGETOS`, `TARGETARCH`, `TARGETVARIANT`, the same with `BUILD`, and `TARGETSTAGE`.
    pub automatic: Variables,
}

/// What tells programs the time that their output is to have, in seconds since 1970 (reproducible-builds.org, "SOURCE_DATE_EPOCH specification").
pub const EPOCH: &str = "SOURCE_DATE_EPOCH";
/// Arguments that need no ARG: they say by whom the web is reached (Dockerfile reference, "Predefined ARGs").
const PROXIES: [&str; 5] = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

impl Given {
    /// Returns the arguments that commands see without ARG. Programs look for them in one spelling or the other, so both are there.
    pub(crate) fn proxies(&self) -> impl Iterator<Item = (String, String)> {
        PROXIES.into_iter().flat_map(|upper| {
            let lower = upper.to_lowercase();
            let given = |name: &str| self.arguments.get(name);
            let values =
                [given(upper).or(given(&lower)), given(&lower).or(given(upper))].map(Option::<&String>::cloned);
            [upper.to_owned(), lower].into_iter().zip(values).filter_map(|(name, value)| Some((name, value?)))
        })
    }
}

/// Returns whether an argument needs no ARG: it is there for commands in any case.
pub fn is_predefined(name: &str) -> bool {
    PROXIES.iter().any(|upper| *upper == name || upper.to_lowercase() == name)
}

/// An argument whose default cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the default of ARG {name}")]
pub struct ScopeError {
    /// The argument.
    pub name: String,
    /// What is wrong.
    pub source: ExpandError,
}

/// Returns the variables that FROM can use: those that every build knows, then the arguments before the first stage, each of which may use those
/// before it.
pub fn global(arguments: &[Argument], given: &Given, expander: &Expander) -> Result<Variables, ScopeError> {
    let mut variables = given.automatic.clone();
    for argument in arguments {
        let value = match (given.arguments.get(&argument.name), &argument.default) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => {
                let expanded = expander.expand(default, &variables);
                expanded.map_err(|source| ScopeError { name: argument.name.clone(), source })?.text
            }
            (None, None) => continue,
        };
        variables.insert(argument.name.clone(), value);
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Escape;

    #[test]
    fn proxies_need_no_declaration() {
        for (name, expected) in [("HTTP_PROXY", true), ("no_proxy", true), ("Http_Proxy", false), (EPOCH, false)] {
            assert_eq!(is_predefined(name), expected, "{name}");
        }
    }

    #[test]
    fn what_is_given_wins_over_defaults() {
        let argument =
            |name: &str, default: Option<&str>| Argument { name: name.into(), default: default.map(Into::into) };
        let given = Given {
            arguments: [("B".to_owned(), "given".to_owned())].into(),
            automatic: [("TARGETARCH".to_owned(), "arm64".to_owned())].into(),
        };
        let arguments = [
            argument("A", Some("a-$TARGETARCH")),
            argument("B", Some("default")),
            argument("C", Some("$A-$B")),
            argument("D", None),
        ];
        let found = global(&arguments, &given, &Expander::new(Escape::BACKSLASH)).unwrap();
        let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, [("A", "a-arm64"), ("B", "given"), ("C", "a-arm64-given"), ("TARGETARCH", "arm64")]);
    }
}
