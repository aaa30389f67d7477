/// Why something cannot be said in the words of somebody else.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Nobody is named whose signatures count.
    #[error("nobody is named whose signatures count: such a policy would admit nothing")]
    NoSigner,
    /// No image is named that it is for.
    #[error("no image is named that the policy is for")]
    NoImage,
    /// It is no name of a resource of Kubernetes.
    #[error(
        "`{name}` is no name of a resource of Kubernetes: at most 63 small letters, digits and `-`, the first and last no `-`"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// What is signed is in no form that the consumer reads.
    #[error("{consumer} cannot read what {signer} signs: {reason}")]
    Form {
        /// Who reads it.
        consumer: &'static str,
        /// Whose signature it is.
        signer: String,
        /// Why not, and what to do.
        reason: &'static str,
    },
    /// Something about a signer that the consumer has no words for.
    #[error("{consumer} cannot ask for {what} of {signer}: {remedy}")]
    Signer {
        /// Who reads it.
        consumer: &'static str,
        /// Whose signature it is.
        signer: String,
        /// What cannot be asked for.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A regular expression that may mean something else there.
    #[error("the pattern `{pattern}` may mean something else to {consumer}, which reads RE2: {detail}")]
    Pattern {
        /// Who reads it.
        consumer: &'static str,
        /// The pattern.
        pattern: String,
        /// What in it.
        detail: String,
    },
    /// Images that the consumer has no words for.
    #[error("{consumer} cannot be told of `{images}`: {remedy}")]
    Images {
        /// Who reads it.
        consumer: &'static str,
        /// The images.
        images: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The release record cannot be asked for.
    #[error("{consumer} cannot ask {signer} for a release record: {remedy}")]
    Released {
        /// Who reads it.
        consumer: &'static str,
        /// Whose signature it is.
        signer: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A trusted root has something that the consumer has no words for.
    #[error("{consumer} cannot be told of the trusted root in {root}: {remedy}")]
    Root {
        /// Who reads it.
        consumer: &'static str,
        /// The file.
        root: String,
        /// What to do.
        remedy: &'static str,
    },
    /// It cannot be written as JSON.
    #[error("the policy cannot be written")]
    Json(#[source] serde_json::Error),
    /// It cannot be written as YAML.
    #[error("the policy cannot be written: {detail}")]
    Yaml {
        /// Why not.
        detail: String,
    },
}
