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
    object::{Image, Layer},
    package::purl_of,
    status::{FindingCategory, Severity, SeverityCounts},
};
