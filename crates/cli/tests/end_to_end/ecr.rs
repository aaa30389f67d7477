//! Amazon ECR, as far as one who runs the program sees it.

use crate::common::{Run, TestEnvironment};
use crate::world::World;
use consign_testkit::aws::Aws;
use std::fs;
use std::path::Path;
use tokio::runtime::Runtime;

const ROLE: &str = "arn:aws:iam::123456789012:role/push";

/// A registry of ECR that is the destination, and the services that it belongs to.
struct Amazon {
    world: World,
    aws: Aws,
    _runtime: Runtime,
}

impl Amazon {
    fn new(settings: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let (world, aws) = (World::new(), runtime.block_on(Aws::start()).unwrap());
        aws.guard(&world.registry);
        let ecr = format!("    ecr: {{region: eu-central-1, endpoint: \"{}\", {settings}}}\n", aws.address());
        world.environment.replace("consign.yaml", "    docker-config: true\n", &ecr);
        Self { world, aws, _runtime: runtime }
    }

    /// Releases in a job of GitHub Actions that may take on a role.
    fn release(&self) -> Run {
        let here = self.aws.address();
        let invocation = self.world.environment.invocation().variable("AWS_ENDPOINT_URL_STS", here);
        let invocation = invocation.variable("ACTIONS_ID_TOKEN_REQUEST_URL", &format!("{here}/github?a=b"));
        invocation.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hunter2").run(&["release"])
    }
}

#[test]
fn a_job_without_any_stored_key_releases() {
    let amazon = Amazon::new(&format!("role: \"{ROLE}\", create: true, lifecycle-policy: keep.json"));
    amazon.world.environment.write("keep.json", r#"{"rules": []}"#);
    amazon.release().expect(0);
    let asked = amazon.aws.asked();
    let count = |what: &str| asked.iter().filter(|asked| asked.what.contains(what)).count();
    assert!(asked.iter().any(|asked| asked.body.contains("role%2Fpush")));
    // A login for the whole run, and two repositories.
    assert_eq!((count("GET /github"), count("AssumeRole"), count("GetAuthorizationToken")), (1, 1, 1));
    assert_eq!((count("CreateRepository"), count("PutLifecyclePolicy")), (2, 2));
    // Nothing is made twice.
    amazon.release().expect(0);
    assert!(!amazon.aws.names().contains(&"CreateRepository".to_owned()));
}

#[test]
fn what_is_missing_is_said() {
    let amazon = Amazon::new(&format!("role: \"{ROLE}\", create: true"));
    amazon.aws.answer("CreateRepository", 400, r#"{"__type":"AccessDeniedException","message":"no"}"#);
    let error = amazon.release().expect(1).error();
    assert!(error.contains("AWS refuses ecr:CreateRepository"), "{error}");
    assert!(error.contains("hint: allow it in a policy of the user or role: ecr:CreateRepository"), "{error}");
    // What somebody runs who is in no job.
    let machine = amazon.world.environment.invocation().variable("AWS_EC2_METADATA_DISABLED", "true");
    let error = machine.run(&["release"]).expect(1).error();
    assert!(
        error.contains("there are no AWS credentials for") && error.contains("`permissions: id-token: write`"),
        "{error}"
    );
    let named = amazon.world.environment.invocation().variable("AWS_PROFILE", "absent").run(&["release"]);
    assert!(named.expect(1).error().contains("there is none of the name `absent`"));
}

#[test]
fn what_dockers_file_says_counts_first() {
    let amazon = Amazon::new("create: true");
    amazon.world.docker_config(r#"{"auths": {"HOST": {"auth": "bWU6YQ=="}}}"#);
    let error = amazon.release().expect(1).error();
    assert!(error.contains("401") && error.contains("hint: log in"), "{error}");
    assert!(amazon.aws.names().is_empty());
}

#[test]
fn a_registry_that_is_not_known_to_be_of_ecr() {
    let amazon = Amazon::new("create: true");
    amazon.world.environment.replace("consign.yaml", "region: eu-central-1, ", "");
    let error = amazon.release().expect(3).error();
    assert!(error.contains("so that its region is not known") && error.contains("hint: add `region`"), "{error}");
}

#[test]
fn what_is_documented_is_right() {
    let environment = TestEnvironment::with_image();
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/ecr.md")).unwrap();
    let blocks = |of: &str| text.split(of).skip(1).map(|rest| rest.split("```").next().unwrap()).collect::<Vec<_>>();
    let settings: Vec<&str> =
        blocks("```yaml\n").into_iter().filter(|block| block.starts_with("registries:")).collect();
    let [settings] = settings[..] else { unreachable!("one block has the settings") };
    let build = "build: [{source: image.yaml, destination: \"localhost:5000/team/app:1\"}]\n";
    environment.write("consign.yaml", format!("{build}{settings}"));
    environment.consign(&["check"]).expect(0);
    let policies = blocks("```json\n");
    assert_eq!(policies.len(), 2);
    for policy in policies {
        let policy: serde_json::Value = serde_json::from_str(policy).unwrap();
        assert_eq!(policy["Version"], "2012-10-17");
    }
}
