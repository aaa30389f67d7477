//! Several archives, archives of several images, and archives that are not what they should be.

use crate::common::TestEnvironment;

fn build(environment: &TestEnvironment, arguments: &[&str], file: &str) {
    let to = format!("oci-archive:{file}");
    environment.consign(&[&["build", "--quiet"], arguments, &["--to", &to]].concat()).expect(0);
}

const RELEASE: [&str; 3] = ["release", "--quiet", "--from"];

#[test]
fn a_platform_in_two_archives_is_refused_unless_it_is_the_same() {
    let environment = TestEnvironment::with_image();
    build(&environment, &[], "both.tar");
    build(&environment, &["--platform", "linux/arm64"], "arm64.tar");
    environment.write("data/arm64", "something else\n");
    environment.write("image.yaml", environment.read("image.yaml").replace("/srv/data", "/srv/other"));
    build(&environment, &["--platform", "linux/arm64"], "other.tar");
    environment.git(&["checkout", "--quiet", "."]);
    let from = |file: &str| {
        let file = format!("oci-archive:{file}");
        environment.consign(&[&RELEASE[..], &["oci-archive:both.tar", "--from", &file]].concat())
    };
    let error = from("other.tar").expect(4).error();
    assert!(error.starts_with("error: other.tar brings linux/arm64, and so does both.tar: sha256:"), "{error}");
    assert!(error.ends_with("hint: name one of the two places\n"), "{error}");
    assert!(!environment.path("registry").exists());
    from("arm64.tar").expect(0);
    // It is what one machine would have released.
    environment.log().clear();
    environment.consign(&["release", "--quiet"]).expect(0);
    assert!(!environment.log().writes().iter().any(|write| write.contains("/manifests/latest")));
}

#[test]
fn a_platform_that_is_not_planned_is_refused() {
    let environment = TestEnvironment::with_image();
    build(&environment, &[], "both.tar");
    environment.replace("consign.yaml", "source: image.yaml", "source: image.yaml\n    platforms: [linux/amd64]");
    let error = environment.consign(&[&RELEASE[..], &["oci-archive:both.tar"]].concat()).expect(11).error();
    assert!(error.contains("linux/arm64: built, but not planned"), "{error}");
    assert!(!environment.path("registry").exists());
}

/// The same index, whether each machine builds a platform or one builds all: of several images at once, too.
#[test]
fn several_images_come_from_several_archives() {
    let environment = TestEnvironment::with_image();
    let registry = environment.registry();
    let other = format!("  - {{source: other.yaml, destination: {registry}/other}}\nsigning:");
    environment.replace("consign.yaml", "signing:", &other);
    environment.write("other.yaml", environment.read("image.yaml").replace("/etc/hello.txt", "/etc/other.txt"));
    environment.commit("Another image.");
    environment.git(&["tag", "v1.3.0"]);
    let at_once = ["release", "--dry-run", "--output", "json"];
    let at_once = environment.invocation().store("one").run(&at_once).expect(0).json();
    let mut arguments = vec!["release".to_owned(), "--output".to_owned(), "json".to_owned()];
    for image in ["hello", "other"] {
        for architecture in ["amd64", "arm64"] {
            let (platform, file) = (format!("linux/{architecture}"), format!("{image}-{architecture}.tar"));
            build(&environment, &[image, "--platform", &platform], &file);
            arguments.extend(["--from".to_owned(), format!("{image}=oci-archive:{file}")]);
        }
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let elsewhere = environment.invocation().store("two");
    let released = elsewhere.run(&arguments).expect(0).json();
    for image in 0..2 {
        assert_eq!(released["images"][image]["index"], at_once["images"][image]["index"]);
    }
    // An archive under another image's name is noticed.
    let wrong = ["release", "--quiet", "other", "--from", "other=oci-archive:hello-amd64.tar"];
    let error = environment.consign(&wrong).expect(4).error();
    assert!(error.contains("brings linux/amd64 of another image: hello, and other is released"), "{error}");
    // What does not come from elsewhere is built here.
    environment.commit("Third.");
    environment.git(&["tag", "v1.4.0"]);
    build(&environment, &["other"], "other.tar");
    environment.consign(&["release", "--quiet", "--from", "other=oci-archive:other.tar"]).expect(0);
}
