//! The view models: what a report says, as values. Whoever has the facts fills them in; the formats only write.

mod facts;
mod fix;
mod fleet;
mod image;
mod severity;
pub(crate) mod time;

pub use facts::{
    Advisory, AffectedPackage, Coverage, Evidence, Image, ImageFacts, Layer, LayerRef, NotAssessed, Os,
    Package, ScanResult, SetAside, SetAsideReason, Tool, Vulnerability, Warning,
};
pub use fix::{CompareVersions, Fix, group_fixes};
pub use fleet::{CoverageGap, FleetImage, FleetReport, FleetTotals, FleetVulnerability};
pub use image::{Container, Host, ImageReport, ScanStatus, SecurityStatus};
pub use severity::{Counts, Severity};

/// The version of the JSON form of a scan; it grows when a reader of the older form would misread the newer one.
pub const SCHEMA_VERSION: u32 = 1;
