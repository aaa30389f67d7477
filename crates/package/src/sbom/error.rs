/// Something that is no list of packages that can be read.
#[derive(Debug, thiserror::Error)]
pub enum SbomError {
    /// It is larger than any such list.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// It has more in it than any such list.
    #[error("more than {limit} objects")]
    TooMany {
        /// The most that are read.
        limit: usize,
    },
    /// It is not JSON, or not as its format says, or has too many packages.
    #[error("damaged at line {}, column {}", source.line(), source.column())]
    Json {
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// A line of a document of tags and values is none.
    #[error("damaged at line {line}: {problem}")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// It is an SBOM in a form that is not read.
    #[error(
        "an SBOM as {form}, which consign does not read: it reads SPDX 2 as JSON or tags and values, and JSON of CycloneDX and of syft"
    )]
    Form {
        /// Its form.
        form: String,
    },
    /// It is JSON, and of none of the formats.
    #[error("no SBOM: it has neither `spdxVersion` nor `bomFormat` nor syft's `artifacts`")]
    Unknown,
}
