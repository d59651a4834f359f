//! One line starts the product: `Lazaret::start(Database::Sqlite).await`.

mod images;
mod program;
mod registry;

pub use images::{advisories, debian, node_app, python_app, write_archive};
pub use program::{Database, Lazaret, databases, lazaret, online, run, stderr, stdout};
pub use registry::Registry;
