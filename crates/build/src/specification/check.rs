//! From the shape of the YAML to a specification whose values can be used.

use super::wire::{UserName, Wire, WireFile};
use super::{
    Contents, FileSpecification, PackagesSpecification, Place, Position, Problem, RuntimeSpecification, Specification,
    SpecificationError, UserSpecification,
};
use consign_image::ImageReference;
use consign_oci::Platform;
use consign_oci::layer::EntryPath;
use consign_package::deb::Relation;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::error::Error;

/// Most entries of one list in an image file.
const COUNT_LIMIT: usize = 10_000;

/// Checks the values of an image file.
pub(super) struct Checker<'a> {
    pub(super) file: &'a str,
}

pub(super) type Checked<T> = Result<T, SpecificationError>;

impl Checker<'_> {
    pub(super) fn specification(&self, wire: Wire) -> Checked<Specification> {
        let files = wire.files.as_ref().map_or(0, |files| files.value.len());
        let contents = match wire.packages {
            Some(packages) => {
                self.exclusive("base", wire.base.as_ref(), "packages")?;
                let users = wire.users.map(|users| users.value).unwrap_or_default();
                Contents::Packages(PackagesSpecification {
                    packages: self.packages(packages)?,
                    suite: wire.suite.map(|suite| self.suite(suite)).transpose()?,
                    users: users.into_iter().map(|user| self.user(user)).collect::<Checked<_>>()?,
                    exclude: wire.exclude.map(|exclude| exclude.value).unwrap_or_default(),
                    recommends: wire.recommends.is_some_and(|recommends| recommends.value),
                })
            }
            None => {
                let other = if wire.base.is_some() { "base" } else { "files" };
                self.exclusive("suite", wire.suite.as_ref(), other)?;
                self.exclusive("users", wire.users.as_ref(), other)?;
                self.exclusive("exclude", wire.exclude.as_ref(), other)?;
                self.exclusive("recommends", wire.recommends.as_ref(), other)?;
                if files == 0 && wire.base.is_none() {
                    return Err(self.refuse(Position::START, Problem::Empty));
                }
                Contents::Files { base: wire.base.map(|base| self.base(base)).transpose()? }
            }
        };
        let runtime = RuntimeSpecification {
            entrypoint: wire.entrypoint,
            command: wire.command,
            user: wire.user.map(|user| self.runs_as(user)).transpose()?,
            working_directory: wire
                .working_directory
                .map(|folder| self.absolute("working-directory", folder))
                .transpose()?,
            environment: self.environment(wire.environment)?,
            ports: wire.ports.into_iter().map(|port| self.port(port)).collect::<Checked<_>>()?,
            volumes: wire.volumes.into_iter().map(|folder| self.absolute("volumes", folder)).collect::<Checked<_>>()?,
            stop_signal: wire.stop_signal.map(|signal| self.signal(signal)).transpose()?,
            labels: wire.labels,
        };
        Ok(Specification {
            contents,
            platforms: wire.platforms.iter().map(|text| self.platform(text)).collect::<Checked<_>>()?,
            runtime,
            run: wire.run.map(|run| self.run(run, files)).transpose()?,
            files: wire.files.map(|files| self.files(files)).transpose()?.unwrap_or_default(),
        })
    }

    pub(super) fn refuse(&self, position: Position, problem: Problem) -> SpecificationError {
        SpecificationError { file: self.file.to_owned(), position, problem }
    }

    pub(super) fn value<T>(&self, key: &'static str, value: &Spanned<T>, problem: impl ToString) -> SpecificationError {
        self.refuse(Position::of(value), Problem::Value { key, problem: problem.to_string() })
    }

    fn exclusive<T>(&self, key: &'static str, value: Option<&Spanned<T>>, other: &'static str) -> Checked<()> {
        value.map_or(Ok(()), |value| Err(self.refuse(Position::of(value), Problem::Kind { key, other })))
    }

    fn platform(&self, text: &Spanned<String>) -> Checked<Platform> {
        let platform: Platform = text.value.parse().map_err(|error| self.value("platforms", text, error))?;
        if !platform.is_known() {
            let message = format!("no images are made for the architecture of `{platform}`");
            return Err(self.value("platforms", text, message));
        }
        Ok(platform)
    }

    fn base(&self, base: Spanned<String>) -> Checked<String> {
        match base.value.parse::<ImageReference>() {
            Ok(_) => Ok(base.value),
            Err(error) => Err(self.value("base", &base, error)),
        }
    }

    fn environment(&self, variables: BTreeMap<String, Spanned<String>>) -> Checked<BTreeMap<String, String>> {
        let variable = |(name, value): (String, Spanned<String>)| {
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err(self.value("environment", &value, format!("`{name}` is not a name of a variable")));
            }
            Ok((name, value.value))
        };
        variables.into_iter().map(variable).collect()
    }

    fn runs_as(&self, user: Spanned<UserName>) -> Checked<String> {
        let name = match &user.value {
            UserName::Number(number) => return Ok(number.to_string()),
            UserName::Name(name) => name,
        };
        if name.split(':').count() > 2 || name.split(':').any(str::is_empty) || name.contains(char::is_whitespace) {
            let problem = format!("`{name}` is not `user` or `user:group`, by name or number");
            return Err(self.value("user", &user, problem));
        }
        Ok(name.clone())
    }

    fn signal(&self, signal: Spanned<String>) -> Checked<String> {
        let text = &signal.value;
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_uppercase())
                && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"+-".contains(&b))
        };
        let is_number = text.parse::<u8>().is_ok_and(|number| (1..=64).contains(&number));
        if !text.strip_prefix("SIG").is_some_and(is_name) && !is_number {
            let problem = format!("`{text}` is not a signal: expected a name such as `SIGTERM`, or a number");
            return Err(self.value("stop-signal", &signal, problem));
        }
        Ok(signal.value)
    }

    fn port(&self, port: Spanned<String>) -> Checked<String> {
        let (number, protocol) = port.value.split_once('/').unwrap_or((&port.value, "tcp"));
        if number.parse::<u16>().is_err() || !matches!(protocol, "tcp" | "udp" | "sctp") {
            let problem = format!("`{}` is not a port: expected a number and `/tcp` or `/udp`", port.value);
            return Err(self.value("ports", &port, problem));
        }
        Ok(port.value)
    }

    fn absolute(&self, key: &'static str, path: Spanned<String>) -> Checked<String> {
        if !path.value.starts_with('/') {
            return Err(self.value(key, &path, format!("`{}` does not begin with `/`", path.value)));
        }
        Ok(path.value)
    }

    fn files(&self, files: Spanned<Vec<WireFile>>) -> Checked<Vec<FileSpecification>> {
        if files.value.len() > COUNT_LIMIT {
            return Err(self.value("files", &files, format!("more than {COUNT_LIMIT} entries")));
        }
        let file = |file: WireFile| {
            if let Err(error) = file.path.value.parse::<EntryPath>() {
                return Err(self.value("files", &file.path, error));
            }
            let path = self.absolute("files", file.path)?;
            let place = Place { file: self.file.to_owned(), position: Position::of(&file.source) };
            let WireFile { source, mode, owner, provided, .. } = file;
            Ok(FileSpecification { source: source.value, path, mode, owner, provided, place })
        };
        files.value.into_iter().map(file).collect()
    }

    fn packages(&self, packages: Spanned<Vec<Spanned<String>>>) -> Checked<Vec<String>> {
        if packages.value.is_empty() || packages.value.len() > COUNT_LIMIT {
            return Err(self.value("packages", &packages, format!("expected 1 to {COUNT_LIMIT} packages")));
        }
        let package = |package: Spanned<String>| match Relation::wanted(&package.value) {
            Ok(_) => Ok(package.value),
            Err(error) => {
                let why = error.source().map(|source| format!(": {source}")).unwrap_or_default();
                Err(self.value("packages", &package, format!("{error}{why}")))
            }
        };
        packages.value.into_iter().map(package).collect()
    }

    fn suite(&self, suite: Spanned<String>) -> Checked<String> {
        let text = &suite.value;
        let valid = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        if !valid || text.starts_with('.') {
            return Err(self.value("suite", &suite, format!("`{text}` is not the name of a suite")));
        }
        Ok(suite.value)
    }

    fn user(&self, user: Spanned<UserSpecification>) -> Checked<UserSpecification> {
        let UserSpecification { name, home, shell, .. } = &user.value;
        let valid = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.len() <= 32;
        if !valid {
            return Err(self.value("users", &user, format!("`{name}` is not the name of an account")));
        }
        let absolute = |path: &String| path.starts_with('/') && !path.contains([':', '\n', '\0']);
        if ![home, shell].into_iter().flatten().all(absolute) {
            return Err(self.value("users", &user, format!("home and shell of `{name}` must be absolute paths")));
        }
        Ok(user.value)
    }
}
