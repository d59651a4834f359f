//! The view models: what a report says, as values. Whoever has the facts fills them in; the formats only write.

mod allowed;
mod aside;
mod category;
mod facts;
mod finding;
mod fix;
mod fleet;
mod identity;
mod image;
mod malware;
mod secret;
mod severity;
pub(crate) mod time;

pub use allowed::Allowed;
pub use aside::{SetAside, SetAsideReason};
pub use category::{Category, CategoryResult, CategoryStatus, EngineVersion};
pub use facts::{
    Advisory, AffectedPackage, Coverage, Evidence, ImageFacts, NotAssessed, Package, ScanResult, Tool,
    Vulnerability, Warning,
};
pub use finding::Finding;
pub use fix::{CompareVersions, Fix, group_fixes};
pub use fleet::{
    CoverageGap, FleetImage, FleetMalware, FleetReport, FleetSecret, FleetTotals, FleetVulnerability,
};
pub use identity::{Image, Kind, Layer, LayerRef, Os};
pub use image::{Container, Host, ImageReport, ScanStatus, SecurityStatus};
pub use malware::{Malware, MalwareEngine};
pub use secret::{Secret, SecretKind, SecretSource};
pub use severity::{Counts, Severity};

/// The version of the JSON form of a scan; it grows when a reader of the older form would misread the newer one.
pub const SCHEMA_VERSION: u32 = 1;
