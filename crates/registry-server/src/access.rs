use std::fmt;

/// One answered request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRecord {
    /// Method, such as `PUT`.
    pub method: String,
    /// Path and query as they were sent.
    pub path: String,
    /// Status code of the answer.
    pub status: u16,
    /// Length of the answer's body in bytes.
    pub bytes: u64,
    /// What went wrong inside the server, which the answer does not tell.
    pub failure: Option<String>,
}

impl AccessRecord {
    /// Returns whether the method is one that changes a repository.
    pub fn writes(&self) -> bool {
        matches!(self.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
    }
}

impl fmt::Display for AccessRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {} {}", self.method, self.path, self.status, self.bytes)?;
        match &self.failure {
            Some(failure) => write!(formatter, " ({})", failure.escape_debug()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_line() {
        let failure = Some("a\nb".to_owned());
        let record =
            AccessRecord { method: "PUT".into(), path: "/v2/a/manifests/1".into(), status: 500, bytes: 7, failure };
        assert_eq!(record.to_string(), r"PUT /v2/a/manifests/1 500 7 (a\nb)");
        assert!(record.writes());
        assert!(!AccessRecord { method: "HEAD".into(), ..record }.writes());
    }
}
