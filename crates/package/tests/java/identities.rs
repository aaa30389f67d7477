//! What archives are, and what is in them.

use crate::zips::{Entry, zip};
use crate::{lines, problems};
use consign_package::language::java;

/// Catalogues an archive, which must have no problems.
fn found(path: &str, entries: &[Entry]) -> Vec<String> {
    let catalogued = java::read(path, &zip(entries));
    assert_eq!(problems(&catalogued), [""; 0], "{path}");
    lines(&catalogued)
}

#[test]
fn maven_says_what_an_archive_is_and_what_was_copied_into_it() {
    let app = Entry::properties("com.example", "app-core", "1.0");
    let copied = Entry::properties("org.other", "lib", "2.1");
    let lib = "org.other:lib 2.1 in META-INF/maven/org.other/lib/pom.properties";
    let own = ["com.example:app-core 1.0", lib];
    // By the name of the file, whatever follows it; by the manifest where the file was renamed; by neither.
    assert_eq!(found("lib/app-core-1.0.jar", &[copied.clone(), app.clone()]), own);
    assert_eq!(found("app-core-1.0-shaded.jar", &[copied.clone(), app.clone()]), own);
    assert_eq!(found("app-core.jar", &[copied.clone(), app.clone()]), own);
    let title = Entry::manifest("Implementation-Title: app-core");
    assert_eq!(found("app.jar", &[title, copied.clone(), app.clone()]), own);
    let bundle = Entry::manifest("Bundle-SymbolicName: com.example.app-core;singleton:=true");
    assert_eq!(found("app.jar", &[bundle, copied.clone(), app.clone()]), own);
    let unknown = ["app ?", lib, "com.example:app-core 1.0 in META-INF/maven/com.example/app-core/pom.properties"];
    assert_eq!(found("app.jar", &[copied.clone(), app]), unknown);
    // An archive of Maven's has its own.
    let made = Entry::manifest("Created-By: Maven JAR Plugin 3.4.1");
    assert_eq!(found("app.jar", &[made, Entry::properties("com.example", "demo", "0.1")]), ["com.example:demo 0.1"]);
    // What was copied into an archive of Gradle's is not the archive.
    assert_eq!(found("tool-3.0.jar", &[copied]), ["tool 3.0", lib]);
}

#[test]
fn files_of_properties_are_read_as_java_reads_them() {
    for (text, expected) in [
        ("groupId = a.b\nartifactId:c\n  version 1.0\n", "a.b:c 1.0"),
        ("! note\rgroupId=a\\\n   .b\rartifactId=\\u0063\rversion=1\\:0\r", "a.b:c 1:0"),
        ("groupId=a.b\nartifactId=c\nversion=${project.version}\n", "a.b:c ?"),
    ] {
        assert_eq!(found("c.jar", &[Entry::new("META-INF/maven/x/pom.properties", text)]), [expected], "{text}");
    }
    for text in ["artifactId=c\nversion=1\n", "groupId=${g}\nartifactId=c\n", "", "\u{fffd}"] {
        assert_eq!(found("c.jar", &[Entry::new("META-INF/maven/x/pom.properties", text)]), ["c ?"], "{text}");
    }
}

#[test]
fn manifests_and_names_of_files_say_the_rest() {
    for (path, manifest, expected) in [
        ("guava-31.1-jre.jar", "Created-By: 17", "guava 31.1-jre"),
        ("app.jar", "Implementation-Title: my-service\nImplementation-Version: 1.4.2", "my-service 1.4.2"),
        ("app.jar", "implementation-title: My Service\nIMPLEMENTATION-VERSION: 1.4.2", "app 1.4.2"),
        ("app.jar", "Implementation-Version: ${version}\nSpecification-Version: 1.4", "app 1.4"),
        (
            "x.jar",
            "Bundle-SymbolicName: org.eclipse.osgi; singleton:=true\nBundle-Version: 3.18.0.v2022",
            "org.eclipse.osgi 3.18.0.v2022",
        ),
        (
            "a.jar",
            "Implementation-Title: a-name-that-goes-\n on-\n in-lines\nImplementation-Version: 1",
            "a-name-that-goes-on-in-lines 1",
        ),
        ("core-1.0.jar", "Implementation-Vendor-Id: com.example", "com.example:core 1.0"),
        (
            "commons-lang3-3.12.0.jar",
            "Bundle-SymbolicName: org.apache.commons.lang3",
            "org.apache.commons:commons-lang3 3.12.0",
        ),
        // The group of Guava is `com.google.guava`: which of two ways made the name is not known.
        ("guava-31.1.jar", "Bundle-SymbolicName: com.google.guava", "guava 31.1"),
        (
            "git.hpi",
            "Group-Id: org.jenkins-ci.plugins\nShort-Name: git\nPlugin-Version: 5.2",
            "org.jenkins-ci.plugins:git 5.2",
        ),
        ("a.jar", "Name-Of: nothing\n\nName: x.class\nImplementation-Version: 9", "a ?"),
    ] {
        assert_eq!(found(path, &[Entry::manifest(manifest)]), [expected], "{path} {manifest}");
    }
}

#[test]
fn a_manifest_says_who_made_an_archive_and_its_licences() {
    let manifest = "Bundle-License: \"Apache-2.0\";link=\"https://x.example\", https://mit.example\nImplementation-Vendor: A B\nBundle-DocURL: https://a.example";
    let file = zip(&[Entry::manifest(manifest), Entry::properties("a.b", "c", "1")]);
    let catalogued = java::read("c-1.jar", &file);
    let [one] = &catalogued.found[..] else { panic!("{catalogued:?}") };
    assert_eq!(one.licences, ["Apache-2.0", "https://mit.example"]);
    assert_eq!((one.supplier.as_deref(), one.homepage.as_deref()), (Some("A B"), Some("https://a.example")));
}

#[test]
fn archives_in_archives_are_read() {
    let inner = zip(&[Entry::properties("a.b", "deep", "3")]);
    let library = zip(&[Entry::properties("a.b", "lib", "2"), Entry::new("lib/deep-3.jar", inner)]);
    let entries = [
        Entry::manifest("Implementation-Title: app\nImplementation-Version: 1"),
        Entry::stored("BOOT-INF/lib/lib-2.jar", library.clone()),
        Entry::new("WEB-INF/lib/other-4.0.JAR", zip(&[Entry::new("a.class", "")])),
        Entry::new("WEB-INF/lib/empty.jar", ""),
    ];
    let expected = [
        "a.b:deep 3 in BOOT-INF/lib/lib-2.jar!/lib/deep-3.jar",
        "a.b:lib 2 in BOOT-INF/lib/lib-2.jar",
        "other 4.0 in WEB-INF/lib/other-4.0.JAR",
        "app 1",
    ];
    assert_eq!(found("app.war", &entries), expected);
    // A script that runs an archive lies before it; something else may lie behind.
    let file = zip(&entries);
    for whole in [[&b"#!/bin/sh\nexec java -jar $0\n"[..], &file].concat(), [&file[..], b"signature"].concat()] {
        let catalogued = java::read("app.war", &whole);
        assert_eq!((lines(&catalogued), problems(&catalogued)), (expected.map(str::to_owned).to_vec(), Vec::new()));
    }
}

#[test]
fn each_archive_has_its_sum() {
    use sha1::{Digest as _, Sha1};
    let inner = zip(&[Entry::properties("a.b", "c", "1"), Entry::properties("x", "copied", "1")]);
    let outer = zip(&[Entry::new("c-1.jar", inner.clone())]);
    let sum = |bytes: &[u8]| {
        format!("sha1:{}", Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    };
    let found = java::read("app.ear", &outer).found;
    let sums: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.checksums.clone())).collect();
    assert_eq!(sums, [("a.b:c", vec![sum(&inner)]), ("x:copied", vec![]), ("app", vec![sum(&outer)])]);
}
