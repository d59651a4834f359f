//! The GraphQL schema: one folder per noun. It decodes ids, asks permission, calls one room function and
//! wraps the result; it holds no rules of its own.

#![expect(clippy::unused_async, reason = "resolvers are async functions, also those that wait for nothing")]

#[macro_use]
mod connection;
mod context;
mod cost;
pub mod error;
mod execute;
mod loaders;
mod node;
mod scalars;
#[macro_use]
mod user_error;

mod allow_rule;
mod container;
mod host;
mod image;
mod malware;
mod order;
mod overview;
mod report;
mod scan_job;
mod secret;
mod server_info;
mod vulnerability;

use async_graphql::{EmptySubscription, ID, MergedObject, SDLExportOptions, Schema, SchemaBuilder};

pub use context::Services;
pub use execute::{RequestId, execute};

/// The deepest that fields may be nested; the standard introspection query needs 15.
const MAX_DEPTH: usize = 15;
/// The most points a query may cost: a field costs one, a page its rows times what one row costs. A hundred
/// images with their twenty plain fields cost about 2,000.
const MAX_COMPLEXITY: usize = 10_000;
/// The most directives on one field.
const MAX_DIRECTIVES: usize = 4;

/// What can be asked.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    image::ImageQuery,
    host::HostQuery,
    container::ContainerQuery,
    scan_job::ScanJobQuery,
    vulnerability::VulnerabilityQuery,
    allow_rule::AllowRuleQuery,
    overview::OverviewQuery,
    server_info::ServerInfoQuery,
);

/// What can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(
    image::ImageMutation,
    scan_job::ScanJobMutation,
    report::ReportMutation,
    allow_rule::AllowRuleMutation,
);

/// The schema, ready to execute requests.
pub type AppSchema = Schema<Query, Mutation, EmptySubscription>;

/// Makes the schema over what its resolvers need.
pub fn schema(services: Services) -> AppSchema {
    builder().data(services).finish()
}

/// The schema in the schema definition language, as `server/schema.graphql` holds it.
pub fn sdl() -> String {
    builder().finish().sdl_with_options(
        SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items().include_specified_by(),
    )
}

fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY)
        .limit_directives(MAX_DIRECTIVES)
        .disable_suggestions()
        .override_output_type_description::<ID>("An opaque text that names one thing.")
        .extension(cost::CostLimit)
}

#[cfg(test)]
mod tests;
