use std::fmt;

/// A scanner of others whose verdict somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    /// Aqua Security's.
    Trivy,
    /// Anchore's.
    Grype,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Trivy, Self::Grype];

    /// Returns its name, which is also that of its program.
    pub fn word(self) -> &'static str {
        match self {
            Self::Trivy => "trivy",
            Self::Grype => "grype",
        }
    }

    /// Returns where it is developed, by which receipts name it.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Trivy => "https://github.com/aquasecurity/trivy",
            Self::Grype => "https://github.com/anchore/grype",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}
