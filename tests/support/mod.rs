//! One line starts the product: `Lazaret::start(Database::Sqlite).await`.

mod images;
mod program;
mod registry;

pub use images::{advisories, base, debian, eicar, node_app, planted, python_app, random, write_archive};
pub use program::{Database, Lazaret, databases, lazaret, online, run, stderr, stdout};
pub use registry::Registry;
