/// Words that may follow the number of a version, and are part of it; digits may follow them.
const QUALIFIERS: [&str; 20] = [
    "snapshot",
    "release",
    "final",
    "ga",
    "sp",
    "alpha",
    "beta",
    "a",
    "b",
    "m",
    "rc",
    "cr",
    "milestone",
    "pre",
    "ea",
    "jre",
    "android",
    "incubating",
    "preview",
    "redhat",
];
/// Words behind a version that say which of an artifact's files it is.
const CLASSIFIERS: [&str; 21] = [
    "sources", "javadoc", "tests", "test", "shaded", "all", "exec", "uber", "fat", "linux", "osx", "windows", "x86_64",
    "x86_32", "aarch_64", "aarch64", "amd64", "jdk8", "nodep", "classes", "plain",
];
/// The same in several words: of an archive that Maven put what it needs into (Maven Assembly Plugin, "Pre-defined Descriptor Files").
const WITH_DEPENDENCIES: &str = "-jar-with-dependencies";

/// What the name of an archive says, as Maven names files: `artifact-version[-classifier].jar`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FileName {
    pub(super) artifact: String,
    pub(super) version: Option<String>,
}

impl FileName {
    pub(super) fn parse(path: &str) -> Self {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let stem = stem.strip_suffix(WITH_DEPENDENCIES).unwrap_or(stem);
        if let Some((bundle, version)) = stem.split_once('_').filter(|(bundle, version)| is_bundle(bundle, version)) {
            return Self { artifact: bundle.to_owned(), version: Some(version.to_owned()) };
        }
        let parts: Vec<&str> = stem.split('-').collect();
        let is_classifier = |part: &&&str| CLASSIFIERS.contains(&part.to_ascii_lowercase().as_str());
        let behind = parts.iter().rev().take_while(is_classifier).count();
        // A number within a name is none of a version: `log4j-1.2-api-2.17.1`. So it is looked for from the end on.
        let before = parts.get(..parts.len() - behind).unwrap_or_default();
        let of_version = before.iter().rev().take_while(|part| is_number(part) || is_qualifier(part)).count();
        let start = before.len() - of_version;
        let number = before.iter().skip(start.max(1)).position(|part| is_number(part));
        let Some(start) = number.map(|index| index + start.max(1)) else {
            return Self { artifact: stem.to_owned(), version: None };
        };
        let join = |parts: Option<&[&str]>| parts.unwrap_or_default().join("-");
        let artifact = join(parts.get(..start));
        // A file that is called by a number alone, `-1.jar`, is called that.
        if artifact.is_empty() {
            return Self { artifact: stem.to_owned(), version: None };
        }
        Self { artifact, version: Some(join(before.get(start..))) }
    }
}

/// Returns whether a name is one of Eclipse's: `org.eclipse.osgi_3.18.0.v20220516`.
fn is_bundle(bundle: &str, version: &str) -> bool {
    let numbers = version.split('.').take(3);
    bundle.contains('.')
        && numbers.clone().count() == 3
        && numbers.flat_map(str::bytes).all(|byte| byte.is_ascii_digit())
        && version.split('.').all(|part| !part.is_empty())
}

fn is_number(part: &str) -> bool {
    let digits = part.strip_prefix(['v', 'V', 'r']).unwrap_or(part);
    digits.starts_with(|character: char| character.is_ascii_digit())
}

fn is_qualifier(part: &str) -> bool {
    let part = part.to_ascii_lowercase();
    let word = part.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
    QUALIFIERS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names() {
        for (path, artifact, version) in [
            ("lib/guava-31.1-jre.jar", "guava", Some("31.1-jre")),
            ("log4j-1.2-api-2.17.1.jar", "log4j-1.2-api", Some("2.17.1")),
            ("log4j-1.2-api.jar", "log4j-1.2-api", None),
            ("servlet-api-2.5-6.1.14.jar", "servlet-api", Some("2.5-6.1.14")),
            ("commons-fileupload-1.0-beta-1.jar", "commons-fileupload", Some("1.0-beta-1")),
            ("kafka_2.13-3.4.0.jar", "kafka_2.13", Some("3.4.0")),
            (
                "netty-transport-native-epoll-4.1.100.Final-linux-x86_64.jar",
                "netty-transport-native-epoll",
                Some("4.1.100.Final"),
            ),
            ("app-1.0-20200101.123456-1.jar", "app", Some("1.0-20200101.123456-1")),
            ("app-1.0-SNAPSHOT-sources.jar", "app", Some("1.0-SNAPSHOT")),
            ("tabula-1.0.5-jar-with-dependencies.jar", "tabula", Some("1.0.5")),
            ("app-jar-with-dependencies.jar", "app", None),
            ("guava-r09.jar", "guava", Some("r09")),
            ("netty-all-4.1.0.Final.jar", "netty-all", Some("4.1.0.Final")),
            ("slf4j-over-log4j.jar", "slf4j-over-log4j", None),
            ("spring-beta.jar", "spring-beta", None),
            ("7zip.jar", "7zip", None),
            ("1-2-3.jar", "1", Some("2-3")),
            ("lib/-1.jar", "-1", None),
            ("org.eclipse.osgi_3.18.0.v20220516.jar", "org.eclipse.osgi", Some("3.18.0.v20220516")),
            ("app.war", "app", None),
            (".jar", "", None),
            ("all.jar", "all", None),
        ] {
            let expected = FileName { artifact: artifact.to_owned(), version: version.map(str::to_owned) };
            assert_eq!(FileName::parse(path), expected, "{path}");
        }
    }
}
