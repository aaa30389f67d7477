//! Databases of rpm's in each of their forms.

mod berkeley;
mod damaged;
mod forms;
mod header;
mod packages;
mod real;
mod sqlite;
