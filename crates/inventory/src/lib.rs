//! What is in an image: catalogue and SBOM.
