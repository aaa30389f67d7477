//! The content store: blobs by digest, references, receipts and step results as small files.
