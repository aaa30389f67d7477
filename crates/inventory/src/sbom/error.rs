/// An image that no SBOM can be written for.
#[derive(Debug, thiserror::Error)]
pub enum SbomError {
    /// The image config states a time that is none.
    #[error("the image config's `created` is `{text}`, which is not an RFC 3339 time")]
    Created {
        /// What it states.
        text: String,
        /// What is wrong.
        source: jiff::Error,
    },
    /// The image config states a time of which documents have no form.
    #[error("the image config's `created` is in the year {year}, and documents have years from 0 to 9999")]
    Year {
        /// The year.
        year: i16,
    },
    /// The document cannot be written as JSON.
    #[error("the SBOM cannot be written")]
    Json {
        /// What is wrong.
        #[from]
        source: serde_json::Error,
    },
}
