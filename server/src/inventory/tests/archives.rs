use std::fs;

use lazaret_scanner::Limits;
use lazaret_scanner::testing::{DockerArchive, ImageBuilder, LayerBuilder, OciLayout};

use crate::inventory::archives::ArchiveFolder;

fn image(content: &str) -> ImageBuilder {
    ImageBuilder::new().layer(LayerBuilder::new().file("hello", content)).tag("hello:1").author("somebody")
}

#[test]
fn a_folder_gives_the_images_of_its_archives_and_names_those_it_cannot_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("docker.tar"), DockerArchive::new().image(image("a")).build()).expect("written");
    OciLayout::new().image(image("b")).write_folder(&at("layout")).expect("written");
    fs::write(at("broken.tar"), b"nothing").expect("written");
    fs::write(at(".partial.tar"), b"nothing").expect("written");
    let mut archives = ArchiveFolder::new(folder.path(), Limits::default());
    let snapshot = archives.snapshot().expect("a readable folder");
    let digests: Vec<String> = snapshot.images.iter().map(|image| image.digest.clone()).collect();
    assert_eq!(digests, [image("a").id().to_string(), image("b").id().to_string()]);
    assert_eq!(snapshot.images[0].tags, ["hello:1"]);
    assert!(snapshot.images[0].location.ends_with("docker.tar"));
    assert_eq!(snapshot.images[0].details.as_ref().map(|details| details.author.as_str()), Some("somebody"));
    assert!(snapshot.error.starts_with("broken.tar: "), "{}", snapshot.error);
    assert!(!snapshot.error.contains("partial"));

    fs::remove_file(at("broken.tar")).expect("removed");
    fs::write(at("docker.tar"), DockerArchive::new().image(image("longer than before")).build())
        .expect("written");
    let snapshot = archives.snapshot().expect("a readable folder");
    assert_eq!(snapshot.images[0].digest, image("longer than before").id().to_string());
    assert_eq!(snapshot.error, "");

    drop(folder);
    assert!(archives.snapshot().expect_err("no folder").to_string().contains("--archives"));
}
