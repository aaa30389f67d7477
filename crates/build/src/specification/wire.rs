use super::{Contents, FileSpecification, PackagesSpecification, RuntimeSpecification, Specification};
use consign_oci::Platform;
use consign_oci::layer::EntryPath;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Largest image file that is read, in bytes.
const LENGTH_LIMIT: usize = 1 << 20;
/// Most entries of one list in an image file.
const COUNT_LIMIT: usize = 10_000;

/// An account of the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSpecification {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// The number of its group; the default is the same as `uid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Its folder, which is made where it is missing; the default is `/home/NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// Its shell; the default is `/usr/sbin/nologin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<String>,
}

/// An image file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpecificationError {
    /// The file is not the YAML that is expected.
    #[error("{name}:{line}:{column}: the image file is not valid\n{snippet}")]
    Yaml {
        /// The file.
        name: String,
        /// Line, from 1; 0 where it is not known.
        line: u64,
        /// Column, from 1.
        column: u64,
        /// The lines around it, and what is wrong.
        snippet: String,
    },
    /// A value of a key cannot be used.
    #[error("{name}: `{key}`: {problem}")]
    Value {
        /// The file.
        name: String,
        /// The key.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// Keys that exclude each other.
    #[error("{name}: `{key}` cannot stand in an image file with `{other}`")]
    Kind {
        /// The file.
        name: String,
        /// The key that does not belong.
        key: &'static str,
        /// The key that says which kind of image it is.
        other: &'static str,
    },
    /// Nothing to build.
    #[error("{name}: an image file needs `packages`, `files` or `base`")]
    Empty {
        /// The file.
        name: String,
    },
    /// The file is too large.
    #[error("{name}: larger than {limit} bytes")]
    TooLarge {
        /// The file.
        name: String,
        /// The most that is read, in bytes.
        limit: usize,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Wire {
    packages: Option<Vec<String>>,
    suite: Option<String>,
    users: Option<Vec<UserSpecification>>,
    exclude: Option<Vec<String>>,
    base: Option<String>,
    #[serde(default)]
    platforms: Vec<String>,
    #[serde(default)]
    files: Vec<FileSpecification>,
    entrypoint: Option<Vec<String>>,
    command: Option<Vec<String>>,
    user: Option<UserName>,
    working_directory: Option<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    ports: Vec<String>,
    #[serde(default)]
    volumes: Vec<String>,
    stop_signal: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// A user by name, or by number without quotes.
#[derive(Deserialize)]
#[serde(untagged)]
enum UserName {
    Number(u32),
    Name(String),
}

pub(super) fn parse(name: &str, text: &str) -> Result<Specification, SpecificationError> {
    if text.len() > LENGTH_LIMIT {
        return Err(SpecificationError::TooLarge { name: name.to_owned(), limit: LENGTH_LIMIT });
    }
    let wire: Wire = serde_saphyr::from_str(text).map_err(|error| yaml_error(name, &error))?;
    Reader { name }.specification(wire)
}

fn yaml_error(name: &str, error: &serde_saphyr::Error) -> SpecificationError {
    let (line, column) = error.location().map_or((0, 0), |location| (location.line(), location.column()));
    let mut snippet = error.to_string();
    if let serde_saphyr::Error::SerdeUnknownField { field, expected, .. } = error.without_snippet() {
        let nearest = expected
            .iter()
            .max_by(|one, other| strsim::jaro_winkler(field, one).total_cmp(&strsim::jaro_winkler(field, other)));
        if let Some(nearest) = nearest.filter(|nearest| strsim::jaro_winkler(field, nearest) > 0.7) {
            // Writing to a string cannot fail.
            let _ = write!(snippet, "\ndid you mean `{nearest}`?");
        }
    }
    SpecificationError::Yaml { name: name.to_owned(), line, column, snippet }
}

struct Reader<'a> {
    name: &'a str,
}

impl Reader<'_> {
    fn specification(&self, wire: Wire) -> Result<Specification, SpecificationError> {
        let runtime = RuntimeSpecification {
            entrypoint: wire.entrypoint,
            command: wire.command,
            user: wire.user.map(|user| match user {
                UserName::Number(number) => number.to_string(),
                UserName::Name(name) => name,
            }),
            working_directory: wire.working_directory,
            environment: wire.environment,
            ports: wire.ports,
            volumes: wire.volumes,
            stop_signal: wire.stop_signal,
            labels: wire.labels,
        };
        let contents = match wire.packages {
            Some(packages) => {
                self.exclusive("base", wire.base.is_some(), "packages")?;
                Contents::Packages(PackagesSpecification {
                    packages,
                    suite: wire.suite,
                    users: wire.users.unwrap_or_default(),
                    exclude: wire.exclude.unwrap_or_default(),
                })
            }
            None => {
                let other = if wire.base.is_some() { "base" } else { "files" };
                self.exclusive("suite", wire.suite.is_some(), other)?;
                self.exclusive("users", wire.users.is_some(), other)?;
                self.exclusive("exclude", wire.exclude.is_some(), other)?;
                if wire.files.is_empty() && wire.base.is_none() {
                    return Err(SpecificationError::Empty { name: self.name.to_owned() });
                }
                Contents::Files { base: wire.base }
            }
        };
        let platforms = wire.platforms.iter().map(|text| self.platform(text)).collect::<Result<_, _>>()?;
        let specification = Specification { contents, platforms, runtime, files: wire.files };
        self.check(&specification)?;
        Ok(specification)
    }

    fn exclusive(&self, key: &'static str, present: bool, other: &'static str) -> Result<(), SpecificationError> {
        if present {
            return Err(SpecificationError::Kind { name: self.name.to_owned(), key, other });
        }
        Ok(())
    }

    fn platform(&self, text: &str) -> Result<Platform, SpecificationError> {
        text.parse().map_err(|error| self.value("platforms", error))
    }

    fn value(&self, key: &'static str, problem: impl ToString) -> SpecificationError {
        SpecificationError::Value { name: self.name.to_owned(), key, problem: problem.to_string() }
    }

    fn check(&self, specification: &Specification) -> Result<(), SpecificationError> {
        let refuse = |key, problem: String| Err(self.value(key, problem));
        let runtime = &specification.runtime;
        for key in runtime.environment.keys() {
            if key.is_empty() || key.contains(['=', '\0']) {
                return refuse("environment", format!("`{key}` is not a name of a variable"));
            }
        }
        for port in &runtime.ports {
            let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
            if number.parse::<u16>().is_err() || !matches!(protocol, "tcp" | "udp" | "sctp") {
                return refuse("ports", format!("`{port}` is not a port: expected a number and `/tcp` or `/udp`"));
            }
        }
        for folder in runtime.volumes.iter().chain(&runtime.working_directory) {
            if !folder.starts_with('/') {
                return refuse("volumes", format!("`{folder}` does not begin with `/`"));
            }
        }
        for file in &specification.files {
            if let Err(error) = file.path.parse::<EntryPath>() {
                return refuse("files", error.to_string());
            }
            if !file.path.starts_with('/') {
                return refuse("files", format!("the path `{}` does not begin with `/`", file.path));
            }
        }
        if let Contents::Packages(packages) = &specification.contents {
            self.check_packages(packages)?;
        }
        if specification.files.len() > COUNT_LIMIT {
            return refuse("files", format!("more than {COUNT_LIMIT} entries"));
        }
        Ok(())
    }

    fn check_packages(&self, packages: &PackagesSpecification) -> Result<(), SpecificationError> {
        if packages.packages.is_empty() || packages.packages.len() > COUNT_LIMIT {
            return Err(self.value("packages", format!("expected 1 to {COUNT_LIMIT} packages")));
        }
        if let Some(suite) = &packages.suite {
            let valid = !suite.is_empty() && suite.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
            if !valid || suite.starts_with('.') {
                return Err(self.value("suite", format!("`{suite}` is not the name of a suite")));
            }
        }
        for user in &packages.users {
            let field = |text: &str| !text.is_empty() && !text.contains([':', '\n', '\0']);
            let name = user.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
                && user.name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && user.name.len() <= 32;
            if !name {
                return Err(self.value("users", format!("`{}` is not the name of an account", user.name)));
            }
            if ![&user.home, &user.shell].into_iter().flatten().all(|path| path.starts_with('/') && field(path)) {
                return Err(self.value("users", format!("home and shell of `{}` must be absolute paths", user.name)));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Specification, SpecificationError> {
        Specification::parse("image.yaml", text)
    }

    #[test]
    fn reads_packages() {
        let text = "packages: [nginx, base-files=12.4]\nsuite: bookworm\nplatforms: [linux/amd64, linux/arm64/v8]\nuser: 65532\n\
                    working-directory: /srv\nports: [8080/tcp]\nusers: [{name: app, uid: 65532}]\n\
                    files:\n- {source: ./a, path: /etc/a, mode: \"0640\", owner: \"root:adm\"}\n";
        let specification = parse(text).unwrap();
        let Contents::Packages(packages) = &specification.contents else { panic!("not packages") };
        assert_eq!(packages.packages, ["nginx", "base-files=12.4"]);
        assert_eq!(specification.platforms[1].to_string(), "linux/arm64");
        assert_eq!(specification.runtime.user.as_deref(), Some("65532"));
        assert_eq!(specification.files[0].mode.unwrap().bits(), 0o640);
    }

    #[test]
    fn says_where_and_what() {
        let table = [
            ("packages: [a]\npackagess: [b]\n", "image.yaml:2:1", "did you mean `packages`?"),
            ("files:\n- source: a\n  path: /a\n  mod: \"0644\"\n", "image.yaml:4:3", "did you mean `mode`?"),
            ("files:\n- {source: a, path: /a, mode: \"9\"}\n", "image.yaml:2", "octal digits"),
            ("packages: [a]\nbase: x\n", "image.yaml", "`base` cannot stand in an image file with `packages`"),
            ("files: [{source: a, path: /a}]\nsuite: x\n", "image.yaml", "`suite` cannot stand"),
            ("user: x\n", "image.yaml", "needs `packages`, `files` or `base`"),
            ("packages: [a]\nplatforms: [linux]\n", "image.yaml", "`linux` is not a platform"),
            ("packages: [a]\nports: [http]\n", "image.yaml", "`http` is not a port"),
            ("packages: [a]\nsuite: ../x\n", "image.yaml", "is not the name of a suite"),
            ("packages: [a]\nfiles: [{source: a, path: /../x}]\n", "image.yaml", "leads out of its folder"),
            ("packages: [a]\nusers: [{name: \"x:y\", uid: 1}]\n", "image.yaml", "is not the name of an account"),
            ("packages: []\n", "image.yaml", "expected 1 to"),
        ];
        for (text, place, problem) in table {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.starts_with(place) && message.contains(problem), "{text}\n{message}");
        }
    }
}
