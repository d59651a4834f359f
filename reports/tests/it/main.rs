//! Tests of the formats over example models.
