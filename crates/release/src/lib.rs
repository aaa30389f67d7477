//! Runs a plan: steps, the gate and two-phase publishing.
