use super::keys::{Key, Keys, Shape};
use super::reader::Reader;
use super::tree::Node;
use super::{Code, Spanned, duration};
use std::time::Duration;

pub(super) const KEYS: Keys = Keys {
    what: "`cache`",
    known: &[
        Key::new(
            "max-age",
            Shape::Form("^([0-9]+[smhd])+$"),
            "The greatest age, such as `24h`, of what a command made that had the network; it is then run again. Default: nothing ages.",
        ),
        Key::new(
            "from",
            Shape::Some(&Shape::Text),
            "Where to look for steps that are not known here: `type=registry,ref=REPO:TAG`, `REPO:TAG` or `type=local,src=DIR`.",
        ),
        Key::new(
            "to",
            Shape::Some(&Shape::Text),
            "Where to leave the steps of a build: `type=registry,ref=REPO:TAG` or `type=local,dest=DIR`, with `,mode=max` those of all stages.",
        ),
    ],
    later: &[],
    rules: &[],
};

/// What is kept of earlier builds of a Dockerfile, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheSettings {
    /// The greatest age of what a command made that had the network.
    pub max_age: Option<Duration>,
    /// Caches to take from, as written.
    pub from: Vec<Spanned<String>>,
    /// Caches to write to, as written.
    pub to: Vec<Spanned<String>>,
}

impl CacheSettings {
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Self {
        let Some(fields) = reader.fields(node, &KEYS) else { return Self::default() };
        let texts = |reader: &mut Reader<'_>, key: &str| {
            fields.get(key).map(|node| reader.texts(node, &format!("`{key}`"))).unwrap_or_default()
        };
        let (from, to) = (texts(reader, "from"), texts(reader, "to"));
        Self { max_age: fields.get("max-age").and_then(|node| max_age(reader, node)), from, to }
    }
}

fn max_age(reader: &mut Reader<'_>, node: &Node) -> Option<Duration> {
    let text = reader.text(node, "`max-age`")?;
    let age = duration::parse(&text);
    if age.is_none() {
        let message = "`max-age` must be a length of time, such as `24h` or `1h30m`";
        reader.report(Code::Value, node.span, message);
    }
    age
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Configuration;

    fn read(cache: &str) -> Result<CacheSettings, String> {
        let text = format!("build: [{{source: a, destination: localhost:1/b, dockerOptions: {{cache: {cache}}}}}]");
        let configuration = Configuration::parse("consign.yaml", &text).map_err(|error| error.to_string())?;
        Ok(configuration.images[0].docker.cache.clone())
    }

    #[test]
    fn reads_ages_and_places() {
        let settings = read("{max-age: 1h30m, from: [a, b], to: 'type=local,dest=c'}").unwrap();
        let texts = |all: &[Spanned<String>]| all.iter().map(|text| text.value.clone()).collect::<Vec<_>>();
        assert_eq!(settings.max_age, Some(Duration::from_secs(5400)));
        assert_eq!(
            (texts(&settings.from), texts(&settings.to)),
            (vec!["a".into(), "b".into()], vec!["type=local,dest=c".into()])
        );
        for wrong in ["{max-age: 24}", "{max-age: soon}", "{max-ago: 24h}", "{from: {a: b}}", "24h"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
