//! Metadata of packages that lie unopened in zip archives.

use std::io::Read;

use zip::ZipArchive;

use super::Listing;
use crate::content::Content;

/// Bytes of one member that is read.
const MAX_MEMBER: u64 = 4 << 20;
/// Bytes of all members together.
const MAX_TOTAL: u64 = 64 << 20;

/// Reads the members of an archive that are `wanted` by their names, each by `parse`. Its packages know their member.
pub(super) fn members(
    content: &mut Content,
    wanted: fn(&str) -> bool,
    parse: fn(&str, &[u8]) -> Listing,
) -> Listing {
    let mut archive = match ZipArchive::new(content) {
        Ok(archive) => archive,
        Err(error) => {
            return Listing::warning(format!(
                "is no zip archive that can be read ({error}); its packages are not covered"
            ));
        }
    };
    let mut listing = Listing::default();
    let mut left = MAX_TOTAL;
    for index in 0..archive.len() {
        let Some(Ok(name)) = archive.name_for_index(index) else { continue };
        if !wanted(&name) {
            continue;
        }
        let name = name.into_owned();
        // What a member says of its size is not believed: no more is unpacked than is left.
        let most = MAX_MEMBER.min(left);
        let mut bytes = Vec::new();
        let read = archive
            .by_index(index)
            .map_err(Into::into)
            .and_then(|member| member.take(most + 1).read_to_end(&mut bytes));
        left = left.saturating_sub(bytes.len() as u64);
        let fault = match read {
            Err(error) => error.to_string(),
            Ok(_) if bytes.len() as u64 > most => format!("it has more than {most} bytes"),
            Ok(_) => {
                let Listing { packages, warnings, .. } = parse(&name, &bytes);
                listing.warnings.extend(warnings.into_iter().map(|warning| format!("{name}: {warning}")));
                listing.packages.extend(
                    packages.into_iter().map(|package| super::Package { within: name.clone(), ..package }),
                );
                continue;
            }
        };
        listing.warnings.push(format!("{name} cannot be read ({fault}), so its package is not covered"));
        if left == 0 {
            break;
        }
    }
    listing
}
