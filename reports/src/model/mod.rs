//! The view models: what a report says, as values. Whoever has the facts fills them in; the formats only write.

mod aside;
mod facts;
mod fix;
mod fleet;
mod identity;
mod image;
mod severity;
pub(crate) mod time;

pub use aside::{SetAside, SetAsideReason};
pub use facts::{
    Advisory, AffectedPackage, Coverage, Evidence, ImageFacts, NotAssessed, Package, ScanResult, Tool,
    Vulnerability, Warning,
};
pub use fix::{CompareVersions, Fix, group_fixes};
pub use fleet::{CoverageGap, FleetImage, FleetReport, FleetTotals, FleetVulnerability};
pub use identity::{Image, Kind, Layer, LayerRef, Os};
pub use image::{Container, Host, ImageReport, ScanStatus, SecurityStatus};
pub use severity::{Counts, Severity};

/// The version of the JSON form of a scan; it grows when a reader of the older form would misread the newer one.
pub const SCHEMA_VERSION: u32 = 1;
