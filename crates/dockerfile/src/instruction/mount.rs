use super::InstructionProblem;
use super::flags::similar;
use consign_oci::layer::parse_id;
use std::collections::BTreeMap;

/// What is mounted for one command alone (`RUN --mount`). Values are as written: variables in them are expanded before [`Mount::resolve`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    fields: Vec<(&'static str, Option<String>)>,
}

/// A mount whose values are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// What it is.
    pub kind: MountKind,
    /// A stage, an image or a named context that it comes from.
    pub from: Option<String>,
    /// The path there.
    pub source: Option<String>,
    /// Where it is seen.
    pub target: Option<String>,
    /// Whether nothing can be written to it.
    pub read_only: bool,
    /// The name of a cache, a secret or an agent.
    pub id: Option<String>,
    /// Who may use a cache at the same time.
    pub sharing: Sharing,
    /// The environment variable that a secret is put into.
    pub environment: Option<String>,
    /// Whether the build fails where a secret or an agent is not given.
    pub required: bool,
    /// Largest size of a temporary file system, in bytes.
    pub size: Option<u64>,
    /// Permissions.
    pub mode: Option<u32>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
}

/// What is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountKind {
    /// Files of the context, of a stage or of an image.
    Bind,
    /// A folder that is kept for later builds.
    Cache,
    /// An empty folder.
    Temporary,
    /// A secret.
    Secret,
    /// The socket of an agent.
    Ssh,
}

/// Who may use a cache at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sharing {
    /// Everybody.
    #[default]
    Shared,
    /// One; another gets a cache of its own.
    Private,
    /// One after the other.
    Locked,
}

/// The names of keys as they can be written, each with the one that it means.
const KEYS: [(&str, &str); 19] = [
    ("type", "type"),
    ("from", "from"),
    ("source", "source"),
    ("src", "source"),
    ("target", "target"),
    ("dst", "target"),
    ("destination", "target"),
    ("readonly", "readonly"),
    ("ro", "readonly"),
    ("readwrite", "readwrite"),
    ("rw", "readwrite"),
    ("id", "id"),
    ("sharing", "sharing"),
    ("env", "env"),
    ("required", "required"),
    ("size", "size"),
    ("mode", "mode"),
    ("uid", "uid"),
    ("gid", "gid"),
];

/// What a user or a group can be.
const ID: &str = "a number below 4294967295";

/// Reads the fields of a flag.
pub(super) fn read(text: &str) -> Result<Mount, InstructionProblem> {
    let fields = comma_separated(text).ok_or_else(|| InstructionProblem::Value {
        name: "mount",
        value: text.chars().take(200).collect(),
        expected: "fields between commas, those with a comma or a quote in quotes",
    })?;
    Ok(Mount { fields: fields.into_iter().map(field).collect::<Result<_, _>>()? })
}

fn field(written: String) -> Result<(&'static str, Option<String>), InstructionProblem> {
    let (name, value) = written.split_once('=').map_or((written.as_str(), None), |(key, value)| (key, Some(value)));
    let name = name.to_ascii_lowercase();
    let Some((_, key)) = KEYS.iter().find(|(written, _)| *written == name) else {
        let names = KEYS.map(|(written, _)| written);
        return Err(InstructionProblem::Key { similar: similar(&name, &names), key: name });
    };
    if value.is_none() && !["readonly", "readwrite", "required"].contains(key) {
        return Err(InstructionProblem::Value { name: "mount", value: written, expected: "key=value" });
    }
    if *key == "from" && value.is_some_and(|value| value.contains('$')) {
        let expected = "a name without variables; `FROM … AS name` may have them";
        return Err(InstructionProblem::Value { name: "from", value: value.unwrap_or_default().to_owned(), expected });
    }
    Ok((key, value.map(str::to_owned)))
}

/// Splits a line of comma-separated values (RFC 4180); `None` if its quotes are wrong.
fn comma_separated(text: &str) -> Option<Vec<String>> {
    let (mut fields, mut rest) = (Vec::new(), text);
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => {
                let (field, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
                (field.to_owned(), after)
            }
        };
        if !rest.starts_with('"') && field.contains('"') {
            return None;
        }
        fields.push(field);
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None => return after.is_empty().then_some(fields),
        }
    }
}

/// Returns a field up to the quote that ends it, and what follows; two quotes stand for one.
fn quoted_field(text: &str) -> Option<(String, &str)> {
    let (mut field, mut rest) = (String::new(), text);
    loop {
        let (part, after) = rest.split_once('"')?;
        field.push_str(part);
        let Some(more) = after.strip_prefix('"') else { return Some((field, after)) };
        field.push('"');
        rest = more;
    }
}

impl Mount {
    /// Returns where it comes from: a stage, an image or a named context. It has no variables.
    pub fn from(&self) -> Option<&str> {
        self.last("from")
    }

    fn last(&self, key: &str) -> Option<&str> {
        self.fields.iter().rfind(|(name, _)| *name == key).and_then(|(_, value)| value.as_deref())
    }

    /// Makes the mount, with its values expanded.
    pub fn resolve<E: From<InstructionProblem>>(
        &self,
        mut expand: impl FnMut(&str) -> Result<String, E>,
    ) -> Result<Resolved, E> {
        let mut values = BTreeMap::new();
        for (key, value) in &self.fields {
            values.insert(*key, value.as_deref().map(&mut expand).transpose()?);
        }
        Ok(resolve(values)?)
    }
}

fn resolve(mut values: BTreeMap<&'static str, Option<String>>) -> Result<Resolved, InstructionProblem> {
    let kind = match values.remove("type").flatten().map(|text| text.to_ascii_lowercase()).as_deref() {
        None | Some("bind") => MountKind::Bind,
        Some("cache") => MountKind::Cache,
        Some("tmpfs") => MountKind::Temporary,
        Some("secret") => MountKind::Secret,
        Some("ssh") => MountKind::Ssh,
        Some(other) => return Err(value("type", other, "bind, cache, tmpfs, secret or ssh")),
    };
    for (key, kinds) in [
        ("size", &[MountKind::Temporary][..]),
        ("sharing", &[MountKind::Cache]),
        ("required", &[MountKind::Secret, MountKind::Ssh]),
        ("env", &[MountKind::Secret]),
        ("mode", &[MountKind::Cache, MountKind::Secret, MountKind::Ssh]),
        ("uid", &[MountKind::Cache, MountKind::Secret, MountKind::Ssh]),
        ("gid", &[MountKind::Cache, MountKind::Secret, MountKind::Ssh]),
    ] {
        if values.contains_key(key) && !kinds.contains(&kind) {
            return Err(InstructionProblem::KeyOfOther { key, kind: kind.name() });
        }
    }
    let read_only = switch(&mut values, "readonly")?;
    let writable = switch(&mut values, "readwrite")?;
    let read_only = read_only.or(writable.map(|writable| !writable));
    let sharing = match values.remove("sharing").flatten().map(|text| text.to_ascii_lowercase()).as_deref() {
        None | Some("shared") => Sharing::Shared,
        Some("private") => Sharing::Private,
        Some("locked") => Sharing::Locked,
        Some(other) => return Err(value("sharing", other, "shared, private or locked")),
    };
    let required = switch(&mut values, "required")?.unwrap_or(false);
    let resolved = Resolved {
        kind,
        read_only: read_only.unwrap_or(!matches!(kind, MountKind::Cache | MountKind::Temporary)),
        sharing,
        required,
        size: number(&mut values, "size", "a size, such as 64m", bytes)?,
        mode: number(&mut values, "mode", "an octal number", |text| u32::from_str_radix(text, 8).ok())?,
        uid: number(&mut values, "uid", ID, parse_id)?,
        gid: number(&mut values, "gid", ID, parse_id)?,
        from: values.remove("from").flatten(),
        source: values.remove("source").flatten(),
        target: values.remove("target").flatten(),
        id: values.remove("id").flatten(),
        environment: values.remove("env").flatten(),
    };
    if kind == MountKind::Secret {
        if resolved.from.is_some() {
            return Err(InstructionProblem::KeyOfOther { key: "from", kind: kind.name() });
        }
        if resolved.source.is_none() && resolved.target.is_none() && resolved.id.is_none() {
            return Err(InstructionProblem::Missing { what: "`id` of the secret" });
        }
    }
    Ok(resolved)
}

fn switch(
    values: &mut BTreeMap<&'static str, Option<String>>,
    key: &'static str,
) -> Result<Option<bool>, InstructionProblem> {
    // As Go's ParseBool does.
    match values.remove(key) {
        None => Ok(None),
        Some(None) => Ok(Some(true)),
        Some(Some(text)) => match text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Some(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Some(false)),
            other => Err(value(key, other, "true or false")),
        },
    }
}

fn number<T>(
    values: &mut BTreeMap<&'static str, Option<String>>,
    key: &'static str,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, InstructionProblem> {
    let Some(text) = values.remove(key).flatten() else { return Ok(None) };
    parse(&text).map(Some).ok_or_else(|| value(key, &text, expected))
}

/// Reads a size in bytes: a number with one of the letters k, m, g, t or p, and with `b` or `ib` after it or not; each is 1024 of the one before.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).trim_end();
    let power = match text[digits.len()..].trim_start() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        "p" | "pb" | "pib" => 5,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(1024_u64.pow(power))
}

fn value(name: &'static str, value: &str, expected: &'static str) -> InstructionProblem {
    InstructionProblem::Value { name, value: value.to_owned(), expected }
}

impl MountKind {
    fn name(self) -> &'static str {
        match self {
            Self::Bind => "bind",
            Self::Cache => "cache",
            Self::Temporary => "tmpfs",
            Self::Secret => "secret",
            Self::Ssh => "ssh",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> Result<Resolved, InstructionProblem> {
        read(text)?.resolve(|value| Ok(value.replace("$X", "x")))
    }

    #[test]
    fn knows_every_kind() {
        let bind = resolved("from=build,source=/a,dst=/b").unwrap();
        assert_eq!((bind.kind, bind.read_only), (MountKind::Bind, true));
        assert_eq!((bind.source.as_deref(), bind.target.as_deref()), (Some("/a"), Some("/b")));
        let cache = resolved("type=CACHE,target=/c,id=$X,sharing=locked,mode=0700,uid=1,gid=2").unwrap();
        assert_eq!((cache.kind, cache.read_only, cache.sharing), (MountKind::Cache, false, Sharing::Locked));
        assert_eq!((cache.id.as_deref(), cache.mode, cache.uid, cache.gid), (Some("x"), Some(0o700), Some(1), Some(2)));
        let temporary = resolved("type=tmpfs,target=/t,size=64m").unwrap();
        assert_eq!((temporary.size, temporary.read_only), (Some(64 << 20), false));
        let secret = resolved("type=secret,id=a,env=TOKEN,required").unwrap();
        assert_eq!((secret.environment.as_deref(), secret.required), (Some("TOKEN"), true));
        let quoted = resolved("type=bind,\"source=a,b\"\"c\",rw=true,target=d").unwrap();
        assert_eq!((quoted.source.as_deref(), quoted.read_only), (Some("a,b\"c"), false));
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, expected) in [
            ("type=nfs", "`nfs` is no value of `type`: bind, cache, tmpfs, secret or ssh"),
            ("tpye=bind", "`--mount` has no key `tpye` (did you mean `type`?)"),
            ("source", "`source` is no value of `mount`: key=value"),
            ("from=$X", "`$X` is no value of `from`: a name without variables; `FROM … AS name` may have them"),
            ("type=bind,size=1", "`size` is nothing for a mount of type bind"),
            ("type=secret", "`id` of the secret is missing"),
            ("type=cache,uid=app", "`app` is no value of `uid`: a number below 4294967295"),
            ("type=secret,id=a,gid=4294967295", "`4294967295` is no value of `gid`: a number below 4294967295"),
            ("type=tmpfs,size=many", "`many` is no value of `size`: a size, such as 64m"),
            (
                "type=bind,\"a",
                "`type=bind,\"a` is no value of `mount`: fields between commas, those with a comma or a quote in quotes",
            ),
        ] {
            assert_eq!(resolved(text).unwrap_err().to_string(), expected, "{text}");
        }
    }
}
