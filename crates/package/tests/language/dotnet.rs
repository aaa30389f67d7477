//! Packages of .NET's programs.

use super::{names, read};

const DEPS: &str = r#"{
  "runtimeTarget": {"name": ".NETCoreApp,Version=v6.0/linux-x64", "signature": ""},
  "targets": {".NETCoreApp,Version=v6.0": {}, ".NETCoreApp,Version=v6.0/linux-x64": {
    "App/1.0.0": {"dependencies": {"Newtonsoft.Json": "13.0.1"}, "runtime": {"App.dll": {}}},
    "Newtonsoft.Json/13.0.1": {"runtime": {"lib/netstandard2.0/Newtonsoft.Json.dll": {}}},
    "StyleCop.Analyzers/1.1.118": {},
    "Compiled/1.0.0": {"compile": {"ref/a.dll": {}}},
    "Texts/2.0.0": {"resources": {"de/a.resources.dll": {"locale": "de"}}},
    "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/6.0.9": {"runtime": {"System.dll": {}}}}},
  "libraries": {
    "App/1.0.0": {"type": "project", "serviceable": false, "sha512": ""},
    "Newtonsoft.Json/13.0.1": {"type": "package", "serviceable": true, "sha512": "sha512-ppPFpBcvxdsfUonNcvITKqLl3bqxWbDCZIzDWHzjpdAHRFfZe0Dw9HmA0+za13IdyrgJwpkDTDA9fHaxOrt20A=="},
    "StyleCop.Analyzers/1.1.118": {"type": "package"},
    "Compiled/1.0.0": {"type": "package"},
    "Texts/2.0.0": {"type": "Package"},
    "Elsewhere/3.0.0": {"type": "package"},
    "Referenced/4.0.0.0": {"type": "reference"},
    "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/6.0.9": {"type": "runtimepack"}}}"#;

#[test]
fn reads_what_a_program_runs_with() {
    let mut found = names(&read("app/App.deps.json", DEPS).unwrap());
    found.sort();
    let expected =
        ["Elsewhere 3.0.0", "Microsoft.NETCore.App.Runtime.linux-x64 6.0.9", "Newtonsoft.Json 13.0.1", "Texts 2.0.0"];
    assert_eq!(found, expected);
}

#[test]
fn without_a_target_every_package_counts() {
    let found = read(
        "a.deps.json",
        r#"{"libraries": {"A/1": {"type": "package"}, "B": {"type": "package"}, "/1": {"type": "package"}}}"#,
    );
    assert_eq!(names(&found.unwrap()), ["A 1", "B -"]);
}

#[test]
fn what_it_cannot_be_is_an_error() {
    assert!(read("a.deps.json", "{}").unwrap().is_empty());
    for text in [r#"{"libraries": []}"#, "{", ""] {
        assert!(read("a.deps.json", text).is_err(), "{text}");
    }
}
