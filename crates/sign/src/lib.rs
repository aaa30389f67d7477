//! Keys, DSSE envelopes and Sigstore bundles.
