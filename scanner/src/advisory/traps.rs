//! Traps of real advisories, each as a record.
