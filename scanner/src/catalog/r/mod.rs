//! Packages of CRAN, for R: the libraries of an installation, and renv's lock files.

pub mod installed;
pub mod renv_lock;

/// Names of CRAN and of Posit's copies of it, as they stand in an installed package and in a lock file. Packages of other
/// repositories, of Bioconductor and of Git are none of CRAN's.
const REPOSITORIES: [&str; 4] = ["CRAN", "RSPM", "P3M", "PPM"];
