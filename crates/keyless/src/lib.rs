//! Signs without a key that anybody keeps: with one that is made for a release and forgotten after it.
//!
//! A [`Source`] gives an [`IdentityToken`]: whoever runs a job says who that is. For the token, a certificate authority gives a [`Session`] a
//! certificate of ten minutes. What is signed meanwhile is logged, or gets a timestamp, or both: that shows, after the certificate has ended, that
//! it was signed before. [`Services`] are asked for all that; which they are, and whom to trust, a [`Repository`] says. The formats are those of
//! Sigstore: bundles v0.3, and the annotations that cosign wrote before version 3.

mod authority;
mod bundle;
mod certificate;
mod disclosure;
mod error;
mod log;
mod secret;
mod service_list;
mod services;
mod session;
mod timestamp;
mod token;
mod update;
mod web;

pub use bundle::{LogEntry, Signed};
pub use certificate::Certificate;
pub use disclosure::{Disclosure, Visibility};
pub use error::{CertificateProblem, KeylessError};
pub use secret::Secret;
pub use service_list::{ListedService, Selection, SelectionError, ServiceList};
pub use services::{Log, LogService, LogVersion, Services, ServicesError};
pub use session::{Check, Options, Session};
pub use token::{CertificateName, IdentityToken, Person, Source, TokenError, log_in};
pub use update::{Repository, TrustMaterial, UpdateError, UpdateProblem};
pub use web::{Patience, Web, WebError};
