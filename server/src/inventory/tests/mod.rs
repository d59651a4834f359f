//! Hosts as values and as folders into real stores, and a real engine where there is one.

mod archives;
mod engine;
mod reconcile;
