//! Packages of Hex, for Erlang and Elixir: applications as they lie in a release, and the lock files of Mix and Rebar.

pub mod app;
pub mod mix_lock;
pub mod rebar_lock;

/// Whether `path` lies in the sources or the build of a dependency, whose lock files say nothing of the project.
fn is_dependency(path: &str) -> bool {
    path.rsplit('/').skip(1).any(|folder| matches!(folder, "deps" | "_build" | "_checkouts"))
}
