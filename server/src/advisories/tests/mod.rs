//! Tests of the room as a whole, on real databases.

mod fetching;
mod importing;
mod matches;
mod rematching;
mod samples;
