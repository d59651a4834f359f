use std::fs;
use std::path::Path;

use lazaret_entities::{image, layer_analysis, scan_job};
use lazaret_scanner::Limits;
use lazaret_scanner::archive::Platforms;
use lazaret_scanner::testing::{DockerArchive, OciLayout};
use sea_orm::{EntityTrait, PaginatorTrait};
use tokio_util::sync::CancellationToken;

use super::{Yard, debian, truncate};
use crate::advisories::no_progress;
use crate::registry::Registries;
use crate::scan::engines::Engines;
use crate::scan::target::{ScannedImage, TargetContext, TargetError, scan_target};
use crate::store::testing::{on_each_database, sqlite};

async fn scan(yard: &Yard, target: &Path, image: Option<&str>) -> Result<Vec<ScannedImage>, TargetError> {
    let context = TargetContext {
        store: &yard.store,
        feed: &yard.feed(),
        fetching: &no_progress(),
        engine: None,
        image,
        platforms: Platforms::All,
        registries: &Registries::offline(),
        read_anew: false,
        skip: &crate::scan::skip::Skip::default(),
        prepared: &Engines::built_in(yard.scratch.path()).prepare(true, true),
        match_packages: true,
        limits: &Limits::default(),
        cancelled: CancellationToken::new(),
    };
    scan_target(&context, &target.display().to_string(), &|_| ()).await
}

#[tokio::test]
async fn a_target_is_scanned_without_rows_of_images_and_jobs() {
    on_each_database("a_target_is_scanned", |store| async move {
        let yard = Yard::new(store);
        yard.advise("Debian").await;
        let path = yard.archives.path().join("image.tar");
        fs::write(&path, DockerArchive::new().image(debian("1.1.1k-1").tag("shop/web:1")).build())
            .expect("written");
        let scanned = scan(&yard, &path, None).await.expect("a scan");
        assert_eq!(scanned.len(), 1);
        assert_eq!(scanned[0].tags, ["shop/web:1"]);
        assert_eq!(scanned[0].layers.len(), 2);
        let found = &scanned[0].matches.matches;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].id, "CVE-2023-0464");
        assert_eq!(found[0].fixed_versions, ["1.1.1n-0+deb11u5"]);
        let rows = yard.store.read();
        assert_eq!(image::Entity::find().count(rows).await.expect("a count"), 0);
        assert_eq!(scan_job::Entity::find().count(rows).await.expect("a count"), 0);
        let analyses = layer_analysis::Entity::find().count(rows).await.expect("a count");
        assert_eq!(analyses, 6, "packages, secrets and malware of each layer");
    })
    .await;
}

#[tokio::test]
async fn known_layers_are_not_read_again() {
    let (store, _folder) = sqlite().await;
    let yard = Yard::new(store);
    let folder = yard.archives.path().join("layout");
    OciLayout::new().image(debian("1.1.1k-1")).write_folder(&folder).expect("a layout");
    let first = scan(&yard, &folder, None).await.expect("a scan");
    // Without its layers the layout can still be scanned, for their analyses are stored.
    for diff_id in debian("1.1.1k-1").diff_ids() {
        fs::remove_file(folder.join("blobs/sha256").join(diff_id.hex())).expect("a plain layer's blob");
    }
    let second = scan(&yard, &folder, None).await.expect("a scan from stored analyses");
    assert_eq!(first[0].analysis, second[0].analysis);
    assert_eq!(first[0].layers, second[0].layers);
}

#[tokio::test]
async fn of_several_images_one_can_be_chosen() {
    let (store, _folder) = sqlite().await;
    let yard = Yard::new(store);
    let path = yard.archives.path().join("images.tar");
    let archive = DockerArchive::new().image(debian("1").tag("a:1")).image(debian("2").tag("b:1"));
    fs::write(&path, archive.build()).expect("written");
    assert_eq!(scan(&yard, &path, None).await.expect("a scan").len(), 2);
    let one = scan(&yard, &path, Some("b:1")).await.expect("a scan");
    assert_eq!(one.iter().map(|image| &image.tags).collect::<Vec<_>>(), [&["b:1"]]);
    let none = scan(&yard, &path, Some("c:1")).await.expect_err("no such image");
    assert!(none.to_string().contains("it holds a:1, b:1"), "{none}");
}

#[tokio::test]
async fn bad_targets_get_one_sentence_each() {
    let (store, _folder) = sqlite().await;
    let yard = Yard::new(store);
    let path = yard.archives.path().join("image.tar");
    fs::write(&path, OciLayout::new().image(debian("1")).build()).expect("written");
    truncate(&path);
    let cut = scan(&yard, &path, None).await.expect_err("cut off").to_string();
    assert!(cut.contains("image.tar"), "{cut}");
    fs::write(&path, b"no tar at all").expect("written");
    let alien = scan(&yard, &path, None).await.expect_err("no image").to_string();
    assert!(alien.contains("not an image archive"), "{alien}");
    let missing = scan(&yard, &yard.archives.path().join("nothing.tar"), None).await.expect_err("missing");
    assert!(missing.to_string().starts_with("there is no file or folder"), "{missing}");
}
