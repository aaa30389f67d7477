//! What layers hold is seen while they are written, and is what is found where they lie.

use crate::base::Bases;
use crate::common::TestEnvironment;
use serde_json::Value;
use std::fs;

/// The first stage is not in the image.
const FILE: &str = "FROM REGISTRY/busybox:1 AS made\n\
                    COPY data /unused\n\
                    RUN sed s/copied/unused/ /unused/package.json > /package.json\n\
                    FROM REGISTRY/busybox:1\n\
                    COPY data /data\n\
                    RUN mkdir /made && sed s/copied/made/ /data/package.json > /made/package.json\n\
                    COPY --from=made /package.json /taken/package.json\n\
                    RUN LAST\n";

#[test]
fn what_is_seen_of_layers_is_what_lies_there() {
    let Some(bases) = Bases::serve() else { return };
    let environment = TestEnvironment::new();
    environment.write("data/package.json", r#"{"name": "copied", "version": "1.0.0"}"#);
    let build = |last: &str| {
        environment.write("Dockerfile", FILE.replace("REGISTRY", &bases.host()).replace("LAST", last));
        environment.invocation().store("here").run(&["-f", "Dockerfile", "build", "--quiet", "--to", "oci:layout"])
    };
    // Nothing is listed of a build that fails: what is known was seen before.
    build("false").expect(1);
    let names = fs::read_dir(environment.beside("here/store/derived")).unwrap();
    let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with("layer-contents-")).count(), 3);
    build("true").expect(0);
    let list = |store: &str| environment.invocation().store(store).run(&["sbom", "oci:layout"]).expect(0);
    let listed = list("here");
    assert_eq!(listed.stdout, list("elsewhere").stdout);
    let document: Value = listed.json();
    let packages = document["packages"].as_array().unwrap().iter().map(|package| package["name"].as_str().unwrap());
    let expected = ["copied", "made", "unused"];
    assert_eq!(packages.filter(|name| expected.contains(name)).collect::<Vec<_>>(), expected);
}
