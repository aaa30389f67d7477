use super::image::{PLATFORMS, platforms, texts_by_key};
use super::keys::{Key, Keys, Shape};
use super::reader::{Reader, clip};
use super::tree::{Node, Value};
use super::{Code, Spanned, duration};
use consign_oci::Platform;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(super) const KEYS: Keys = Keys {
    what: "a test",
    known: &[
        Key::new("name", Shape::Text, "Its name. Default: the command."),
        Key::required(
            "command",
            Shape::Or(&Shape::Text, &Shape::Items(&Shape::AnyText)),
            "The program and its arguments, run in the image without network. No shell splits them.",
        ),
        Key::new("user", Shape::Text, "Who runs it, as `user[:group]`. Default: the image's user."),
        Key::new("environment", Shape::Map(&Shape::AnyText), "Variables that it sees besides the image's."),
        Key::new(
            "timeout",
            Shape::Form("^([0-9]+[smhd])+$"),
            "How long it may take, such as `30s`, at most 1h. Default: 60s.",
        ),
        Key::new("expect", Shape::Mapping(&EXPECT_KEYS), "What it should do. Default: end with status 0."),
        Key::new("platforms", PLATFORMS, "The platforms that it is run on. Default: all."),
    ],
    later: &["http", "files", "shell"],
    rules: &[],
};
const EXPECT_KEYS: Keys = Keys {
    what: "`expect`",
    known: &[
        Key::new("exit", Shape::Number(0, 255), "The exit status. Default: 0."),
        Key::new("output", Shape::Text, "A text that standard output and standard error together must contain."),
    ],
    later: &["stdout", "stderr"],
    rules: &[],
};
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);
/// Words that mean something to a shell only.
const SHELL_WORDS: [&str; 8] = ["&&", "||", "|", ";", "&", ">", ">>", "<"];

/// One command that is run in the image, and what it should do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialSettings {
    /// Its name: what was written, else the command.
    pub name: Spanned<String>,
    /// The program and its arguments; at least one word. No shell splits them.
    pub command: Vec<String>,
    /// Who runs it, as in an image's config. `None`: the image's own user.
    pub user: Option<String>,
    /// Variables that it sees besides the image's own.
    pub environment: BTreeMap<String, String>,
    /// How long it may take, from 1 second to 1 hour.
    pub timeout: Duration,
    /// What it should do.
    pub expect: Expectation,
    /// The platforms that it is run on. Empty: all.
    pub platforms: Vec<Spanned<Platform>>,
}

/// What a tried command should do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// Its exit status.
    pub exit: u8,
    /// A text that its standard output and standard error together should contain.
    pub output: Option<String>,
}

impl TrialSettings {
    pub(crate) fn read_all(reader: &mut Reader<'_>, node: &Node) -> Vec<Self> {
        let items = match &node.value {
            Value::Sequence(items) => &items[..],
            _ => {
                reader.report(Code::WrongType, node.span, "`tests` must be a list");
                &[]
            }
        };
        let trials: Vec<Self> = items.iter().filter_map(|item| Self::read(reader, item)).collect();
        let mut names = BTreeSet::new();
        for trial in &trials {
            if !names.insert(trial.name.as_str()) {
                let message = format!("two tests are called `{}`", clip(&trial.name));
                reader.report_hint(Code::DuplicateName, trial.name.span, message, "give one of them another `name:`");
            }
        }
        trials
    }

    fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, &KEYS)?;
        let command = match fields.get("command") {
            Some(node) => command(reader, node),
            None => {
                reader.missing(&fields, "command", "what the test runs");
                None
            }
        };
        let name = match (fields.get("name"), &command) {
            (Some(node), _) => reader.text(node, "`name`"),
            (None, Some(command)) => Some(Spanned::new(clip(&command.join(" ")), command.span)),
            (None, None) => None,
        };
        let user = fields.get("user").and_then(|node| reader.text(node, "`user`"));
        let environment =
            fields.get("environment").map(|node| texts_by_key(reader, node, "`environment`")).unwrap_or_default();
        let timeout = fields.get("timeout").map_or(Some(DEFAULT_TIMEOUT), |node| timeout(reader, node));
        let expect = fields.get("expect").map(|node| Expectation::read(reader, node)).unwrap_or_default();
        let platforms = fields.get("platforms").map(|node| platforms(reader, node)).unwrap_or_default();
        let user = user.map(|user| user.value);
        Some(Self { name: name?, command: command?.value, user, environment, timeout: timeout?, expect, platforms })
    }
}

impl Expectation {
    fn read(reader: &mut Reader<'_>, node: &Node) -> Self {
        let Some(fields) = reader.fields(node, &EXPECT_KEYS) else { return Self::default() };
        let exit = fields.get("exit").and_then(|node| reader.integer(node, "`exit`", 0, 255));
        let output = fields.get("output").and_then(|node| reader.text(node, "`output`"));
        Self {
            exit: exit.and_then(|exit| exit.try_into().ok()).unwrap_or_default(),
            output: output.map(|output| output.value),
        }
    }
}

fn command(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<Vec<String>>> {
    let words = match &node.value {
        Value::Scalar { .. } => {
            let text = reader.text(node, "`command`")?;
            let Some(words) = shlex::split(&text) else {
                reader.report(Code::Command, node.span, "a quotation mark of the command is not closed");
                return None;
            };
            if let Some(word) = words.iter().find(|word| SHELL_WORDS.contains(&word.as_str())) {
                let message = format!("`{word}` needs a shell, and commands are run without one");
                reader.report_hint(
                    Code::Command,
                    node.span,
                    message,
                    "write `command: [/bin/sh, -c, \"…\"]`, if the image has a shell",
                );
                return None;
            }
            words
        }
        _ => {
            let items = reader.list(node, "`command`")?;
            let words: Vec<_> = items.iter().map(|item| reader.any_text(item, "each word of `command`")).collect();
            words.into_iter().map(|word| word.map(|word| word.value)).collect::<Option<_>>()?
        }
    };
    if words.first().is_none_or(String::is_empty) {
        reader.report(Code::Command, node.span, "the command names no program");
        return None;
    }
    Some(Spanned::new(words, node.span))
}

fn timeout(reader: &mut Reader<'_>, node: &Node) -> Option<Duration> {
    let text = reader.text(node, "`timeout`")?;
    let Some(timeout) = duration::parse(&text) else {
        let message = format!("`{}` is not a length of time", clip(&text));
        reader.report_hint(
            Code::Duration,
            node.span,
            message,
            "write a number and a unit, such as `30s`, `5m` or `1h`",
        );
        return None;
    };
    if timeout.is_zero() || timeout > LONGEST_TIMEOUT {
        reader.report(Code::Duration, node.span, "the timeout of a test is from 1 second to 1 hour");
        return None;
    }
    Some(timeout)
}
