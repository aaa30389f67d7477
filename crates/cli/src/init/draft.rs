use super::find::Found;
use super::forge::Forge;
use super::kind::{Entry, Kind};
use consign_oci::Reference;
use std::collections::BTreeSet;

/// Where images go that nobody knows a registry of: one that `release` serves on this machine.
const LOCAL: &str = "localhost:5000";
/// A first image file.
const IMAGE: &str = "\
# What is in the image; docs/images.md has every key. Instead of `files`, or beside it, Debian packages:
#   packages: [base-files, ca-certificates, nginx]
files:
  - source: hello.txt
    path: /hello.txt
";

/// A file that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewFile {
    /// Its path, relative to the configuration's folder.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What a first configuration is made of.
pub(crate) struct Draft<'a> {
    /// What the images are called where nothing else names them.
    pub(crate) name: &'a str,
    /// What is there already.
    pub(crate) found: &'a [Found],
    /// Where git says that the source is.
    pub(crate) forge: Option<&'a Forge>,
    /// Whether there is a commit that tags can follow from.
    pub(crate) has_commit: bool,
    /// Environment variables that hold user name and password of the forge's registry.
    pub(crate) variables: Option<(&'static str, &'static str)>,
}

impl Draft<'_> {
    /// Writes the configuration, and the image that it needs where there is none that this version builds.
    pub(crate) fn files(&self, path: &str) -> Vec<NewFile> {
        let images: Vec<&str> = self.images().collect();
        let mut files = Vec::new();
        let images = if images.is_empty() {
            files.push(NewFile { path: "image.yaml".to_owned(), text: IMAGE.to_owned() });
            files.push(NewFile { path: "hello.txt".to_owned(), text: "Hello.\n".to_owned() });
            vec!["image.yaml"]
        } else {
            images
        };
        files.insert(0, NewFile { path: path.to_owned(), text: self.configuration(&images) });
        files
    }

    /// Returns the image files and Dockerfiles that are there.
    fn images(&self) -> impl Iterator<Item = &str> {
        let built = |found: &&Found| matches!(found.kind, Kind::Image | Kind::Dockerfile);
        self.found.iter().filter(built).map(|found| found.path.as_str())
    }

    fn configuration(&self, images: &[&str]) -> String {
        let mut text = String::from(
            "# Written by `consign init`. docs/configuration.md has every key; `consign check` reads this file, `consign plan` shows what follows.\n\
             build:\n",
        );
        let (mut names, mut destinations) = (BTreeSet::new(), BTreeSet::new());
        for image in images {
            let name = unique(&name_of(image, self.name), &mut names);
            let listed = self.listed(image).filter(|destination| destinations.insert(*destination));
            let destination = listed.map_or_else(|| self.destination(&name, images.len() > 1), scalar);
            text.push_str(&format!("  - source: {}\n    destination: {destination}\n", scalar(image)));
            if images.len() > 1 {
                text.push_str(&format!("    name: {name}\n"));
            }
            if !self.has_commit {
                text.push_str("    tags: [latest] # once there is a commit, leave this out: tags follow from git\n");
            }
        }
        text.push_str("    # platforms: [linux/amd64, linux/arm64]\n    # tests:\n    #   - command: [/usr/bin/program, --version]\n");
        text.push_str(
            "\n# `consign keygen` makes a key. Without one, images stay unsigned.\n# signing:\n#   key: cosign.key\n",
        );
        text.push_str(&self.registry());
        text.push_str(&self.others());
        text
    }

    /// Returns where a list has an image go.
    fn listed(&self, image: &str) -> Option<&str> {
        let mut entries = self.found.iter().filter_map(|found| match &found.kind {
            Kind::List(entries) => entries.iter().find(|entry| entry.is_of(&found.path, image)),
            _ => None,
        });
        let entry = entries.next()?;
        let reference = entry.destination.parse::<Reference>().ok()?;
        reference.digest.is_none().then_some(entry.destination.as_str())
    }

    fn destination(&self, name: &str, several: bool) -> String {
        match self.forge {
            Some(forge) if several => format!("{}/{name}", forge.repository),
            Some(forge) => forge.repository.clone(),
            None => format!("{LOCAL}/{name}"),
        }
    }

    fn registry(&self) -> String {
        match (self.forge, self.variables) {
            (None, _) => format!(
                "\n# Git does not say which registry the images belong to. Until you name one, they go to one that `release` serves from a folder.\n\
                 registries:\n  {LOCAL}:\n    serve: registry\n"
            ),
            (Some(forge), Some((username, password))) => format!(
                "\nregistries:\n  {}:\n    username: {{ env: {username} }}\n    password: {{ env: {password} }}\n",
                forge.registry
            ),
            (Some(forge), None) => {
                format!("\n# To log in: `consign login {0}`.\n", forge.registry)
            }
        }
    }

    /// Lists what is there and is not built by this version.
    fn others(&self) -> String {
        let mut text = String::new();
        for found in self.found {
            let Found { path, kind } = found;
            match kind {
                Kind::Image | Kind::Dockerfile => {}
                Kind::Apko | Kind::Melange => {
                    text.push_str(&format!("#   {}: {} {kind}\n", comment(path), article(kind)));
                }
                Kind::List(entries) => {
                    text.push_str(&format!("#   {}: a list, with\n", comment(path)));
                    let built = |entry: &&Entry| self.images().any(|image| entry.is_of(path, image));
                    for entry in entries.iter().filter(|entry| !built(entry)) {
                        let verb = if entry.is_copied { "copies" } else { "builds" };
                        let (source, destination) = (comment(&entry.source), comment(&entry.destination));
                        text.push_str(&format!("#     {verb} {source} to {destination}\n"));
                    }
                }
            }
        }
        if !text.is_empty() {
            text.insert_str(0, "\n# There is also what this version does not build or copy:\n");
        }
        text
    }
}

fn article(kind: &Kind) -> &'static str {
    if *kind == Kind::Apko { "an" } else { "a" }
}

/// Returns what an image file's image is called: the file, or where that says nothing the folder, or where that is the first one `otherwise`.
fn name_of(path: &str, otherwise: &str) -> String {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = match file.strip_prefix("Dockerfile.") {
        Some(name) => name,
        None => file.rsplit_once('.').map_or(file, |(stem, _)| stem),
    };
    let stem = stem.strip_suffix(".image").unwrap_or(stem);
    let says = match (stem, folder.rsplit('/').next().unwrap_or_default()) {
        ("image" | "consign" | "Dockerfile" | "Containerfile", "") => otherwise,
        ("image" | "consign" | "Dockerfile" | "Containerfile", folder) => folder,
        (stem, _) => stem,
    };
    part(says)
}

/// Returns a text as a part of the path of a repository (distribution-spec, "Pulling manifests").
pub(super) fn part(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words.collect::<Vec<_>>().join("-").to_ascii_lowercase().chars().take(100).collect();
    if name.is_empty() { "image".to_owned() } else { name.trim_end_matches('-').to_owned() }
}

fn unique(name: &str, names: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut all = std::iter::once(name.to_owned()).chain(numbered);
    // There are more numbers than files.
    all.find(|name| names.insert(name.clone())).unwrap_or_default()
}

/// Returns a text as YAML: in quotes, unless it can only be meant as a text.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.contains(['.', '/'])
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:".contains(&b))
        && !text.ends_with(':');
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Returns a text for a comment, from which nothing breaks out.
fn comment(text: &str) -> String {
    if text.chars().any(char::is_control) { scalar(text) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_plan::Configuration;

    fn written(found: &[(&str, Kind)], remote: Option<&str>) -> Vec<NewFile> {
        let found: Vec<Found> =
            found.iter().map(|(path, kind)| Found { path: (*path).to_owned(), kind: kind.clone() }).collect();
        let forge = remote.and_then(Forge::of_remote);
        let draft = Draft { name: "hello", found: &found, forge: forge.as_ref(), has_commit: false, variables: None };
        draft.files("consign.yaml")
    }

    fn destinations(found: &[(&str, Kind)], remote: Option<&str>) -> Vec<(String, String)> {
        let text = &written(found, remote)[0].text;
        let configuration =
            Configuration::parse("consign.yaml", text).unwrap_or_else(|error| unreachable!("{error}\n{text}"));
        let images = configuration.images.iter();
        images.map(|image| (image.source.value.clone(), image.destinations[0].repository.to_string())).collect()
    }

    #[test]
    fn whatever_is_found_the_configuration_is_right() {
        let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
        let github = Some("https://github.com/team/app");
        assert_eq!(destinations(&[], None), [pair("image.yaml", "localhost:5000/hello")]);
        assert_eq!(destinations(&[("image.yaml", Kind::Image)], github), [pair("image.yaml", "ghcr.io/team/app")]);
        let entry = |source: &str, destination: &str| {
            let (source, destination) = (source.to_owned(), destination.to_owned());
            Kind::List(vec![Entry { is_copied: false, source, destination }])
        };
        let listed = [("a/image.yaml", Kind::Image), ("a/list.yaml", entry("./image.yaml", "ghcr.io/other/name:1"))];
        assert_eq!(destinations(&listed, github), [pair("a/image.yaml", "ghcr.io/other/name")]);
        let hostile = "x\nregistries: {a: b}\n/1 #'\".yaml";
        let found = [
            ("a/image.yaml", Kind::Image),
            ("b/a.yaml", Kind::Image),
            ("image.yaml", Kind::Image),
            (hostile, Kind::Image),
            ("true", Kind::Image),
            (hostile, Kind::Dockerfile),
            (
                hostile,
                Kind::List(vec![Entry { is_copied: true, source: hostile.to_owned(), destination: "\r".to_owned() }]),
            ),
        ];
        let expected = [
            pair("a/image.yaml", "ghcr.io/team/app/a"),
            pair("b/a.yaml", "ghcr.io/team/app/a-2"),
            pair("image.yaml", "ghcr.io/team/app/hello"),
            pair(hostile, "ghcr.io/team/app/1"),
            pair("true", "ghcr.io/team/app/true"),
            pair(hostile, "ghcr.io/team/app/1-2"),
        ];
        assert_eq!(destinations(&found, github), expected);
        assert_eq!(destinations(&found, None).len(), expected.len());
    }

    #[test]
    fn images_are_called_what_their_files_say() {
        for (path, expected) in [
            ("Dockerfile", "app"),
            ("web/Dockerfile", "web"),
            ("Dockerfile.web", "web"),
            ("web.Dockerfile", "web"),
            ("tools/image.yaml", "tools"),
            ("tools/web.image.yaml", "web"),
        ] {
            assert_eq!(name_of(path, "app"), expected, "{path}");
        }
    }

    #[test]
    fn names_fit_into_repositories() {
        for (text, expected) in [("My App", "my-app"), ("..", "image"), ("a__b.c", "a-b-c"), ("é", "image")] {
            assert_eq!(part(text), expected, "{text}");
        }
    }
}
