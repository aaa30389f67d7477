//! What is left when a release is killed, or a destination fails, at any moment: no tag names something incomplete or unsigned, and
//! running again completes. The rule is that of two-phase publishing, and what is checked is what lies in the registries.

mod calls;
mod destinations;
mod disk;
mod judge;
mod requests;
mod scenario;
mod state;
mod told;
