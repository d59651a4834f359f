//! Images.

mod filter;
mod lookup;
mod mutation;
mod object;
mod package;
mod status;

pub(super) use self::{
    filter::{ImageConnection, ImageFilterInput, ImageOrderInput, connection_of},
    lookup::ImageQuery,
    mutation::ImageMutation,
    object::Image,
    package::purl_of,
    status::{Severity, SeverityCounts},
};
