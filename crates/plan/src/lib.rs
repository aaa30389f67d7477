//! Configuration with source positions, tag rules and the plan. Pure.
