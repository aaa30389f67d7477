use consign_oci::Platform;

/// A lock that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It is not what `consign lock` writes.
    #[error("it is not a lock")]
    Syntax(#[from] serde_json::Error),
    /// Another version of consign wrote it.
    #[error("it has version {version}, and this consign reads version {known}")]
    Version {
        /// Its version.
        version: u32,
        /// The version that is read.
        known: u32,
    },
    /// A value is none that a lock has.
    #[error("image `{image}`, {platform}: the `{field}` of the package `{package}` is none that a lock can have")]
    Value {
        /// Name of the image.
        image: String,
        /// The platform.
        platform: Platform,
        /// The package.
        package: String,
        /// The field.
        field: &'static str,
    },
    /// A platform has no packages.
    #[error("image `{image}`, {platform}: there are no packages")]
    Empty {
        /// Name of the image.
        image: String,
        /// The platform.
        platform: Platform,
    },
    /// Packages are not sorted, or one is there twice.
    #[error("image `{image}`, {platform}: the package `{package}` is there twice or not in order")]
    Order {
        /// Name of the image.
        image: String,
        /// The platform.
        platform: Platform,
        /// The package.
        package: String,
    },
}
