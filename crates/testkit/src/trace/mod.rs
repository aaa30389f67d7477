//! Runs a program as a debugger would, and kills it at one of the system calls that make something last or take it away.
//!
//! The program knows nothing of this: its calls are counted from outside (ptrace(2)), over all its threads and child processes.

mod call;
mod error;
mod registers;
mod tracer;

pub use call::{Call, CallKind, Moment, NetworkCall, Point};
pub use error::TraceError;
pub use tracer::{End, Traced, is_permitted, run};
