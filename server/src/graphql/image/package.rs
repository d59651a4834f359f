//! The packages of an image.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use lazaret_entities::package;
use lazaret_scanner::ecosystem;

use crate::{
    graphql::{
        connection::{ListTag, PageArgs},
        context::{database, requester},
        error::ApiError,
        order::{limited, searched},
        scalars::DateTime,
    },
    inventory::list_packages::{ImagePackageFilter, InstalledPackage as Row, count_packages, list_packages},
    scan::packages,
};

connection!(
    InstalledPackageConnection,
    InstalledPackageEdge,
    InstalledPackage,
    "A page of packages.",
    "A package in a page."
);

/// Which packages are wanted. All conditions must hold; what is absent or null asks nothing.
#[derive(InputObject, Clone, Debug, Default)]
#[graphql(name = "PackageFilter")]
pub struct PackageFilterInput {
    /// Text in the name, the source package's name or the version.
    search: Option<String>,
    /// The ecosystem as OSV names it, with release, for example `Debian:11`: any of these.
    ecosystem: Option<Vec<String>>,
}

/// What tells of a package.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "lazaret_entities::image_package::Evidence")]
pub enum PackageEvidence {
    /// A package manager's record of an installation.
    Installed,
    /// A lock file names it; it may not be installed.
    Lockfile,
}

/// The formats of bills of materials.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "crate::reporting::SbomFormat")]
pub enum SbomFormat {
    /// CycloneDX 1.6 as JSON.
    #[graphql(name = "CYCLONEDX")]
    CycloneDx,
    /// SPDX 2.3 as JSON.
    Spdx,
}

/// A package of an image as the API shows it.
#[derive(Clone, Debug)]
pub struct InstalledPackage(Row);

/// A package where an image has it.
#[Object]
impl InstalledPackage {
    /// An id of this row, unique within the image's packages.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The ecosystem as OSV names it, with release, for example `Debian:11` or `PyPI`.
    async fn ecosystem(&self) -> &str {
        &self.0.package.ecosystem
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.package.name
    }

    /// The version, with its epoch where there is one.
    async fn version(&self) -> &str {
        &self.0.package.version
    }

    /// The name of the source package it was built from; its own where there is none.
    async fn source_name(&self) -> &str {
        &self.0.package.source_name
    }

    /// The version of the source package; its own where there is none.
    async fn source_version(&self) -> &str {
        &self.0.package.source_version
    }

    /// The architecture that it was built for; null where there is none.
    async fn architecture(&self) -> Option<&str> {
        crate::graphql::host::said(&self.0.package.arch)
    }

    /// The licences that it declares, as an SPDX expression where they are one; null when it declares none.
    async fn licenses(&self) -> Option<&str> {
        crate::graphql::host::said(&self.0.package.licenses)
    }

    /// The package URL; null where its ecosystem has no type of package URLs.
    async fn purl(&self) -> Option<String> {
        purl_of(&self.0.package)
    }

    /// The file that tells of it, without a leading slash.
    async fn path(&self) -> &str {
        &self.0.path
    }

    /// The position of the layer that brought it; 0 is the lowest.
    async fn layer(&self) -> i32 {
        self.0.layer
    }

    /// What kind of file tells of it.
    async fn evidence(&self) -> PackageEvidence {
        self.0.evidence.into()
    }

    /// Since when it is known to be there.
    async fn since(&self) -> DateTime {
        self.0.since.into()
    }
}

/// A page of an image's packages.
pub(super) async fn connection_of(
    ctx: &Context<'_>,
    page: PageArgs,
    filter: Option<PackageFilterInput>,
    image_id: i64,
) -> Result<InstalledPackageConnection, ApiError> {
    let input = filter.unwrap_or_default();
    let filter = ImagePackageFilter {
        image_id,
        search: searched(input.search)?,
        ecosystem: limited("ecosystem", input.ecosystem)?,
    };
    let tag = ListTag::of(&("packages", &filter));
    let request = page.request(&tag)?;
    let (conn, requester) = (database(ctx)?.clone(), requester(ctx)?.clone());
    let rows = list_packages(&conn, &requester, &filter, &request).await?;
    let count = Box::new(move || -> futures_util::future::BoxFuture<'static, _> {
        let (conn, requester, filter) = (conn.clone(), requester.clone(), filter.clone());
        Box::pin(async move { Ok(count_packages(&conn, &requester, &filter).await?) })
    });
    Ok(InstalledPackageConnection::new(rows.map(InstalledPackage), tag, count))
}

/// The package URL of a stored package, when its ecosystem tells which type it has.
pub(in crate::graphql) fn purl_of(package: &package::Model) -> Option<String> {
    ecosystem::is_known(&package.ecosystem).then(|| packages::purl(package, ""))
}
