//! Archives of all forms, whole and broken.

use std::cell::{Cell, RefCell};
use std::io::Write as _;

use super::*;
use crate::image::merge;
use crate::testing::{
    Compression, DockerArchive, DockerFormat, ImageBuilder, LayerBuilder, OciLayout, TarBuilder,
};

const STATUS: &str = "var/lib/dpkg/status";
const FORMATS: [DockerFormat; 3] = [DockerFormat::Folders, DockerFormat::Flat, DockerFormat::Blobs];
const COMPRESSIONS: [Compression; 5] = [
    Compression::Plain,
    Compression::Gzip,
    Compression::GzipMembers,
    Compression::Zstd,
    Compression::ZstdFrames,
];

fn dpkg(name: &str) -> String {
    format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n\n")
}

fn base() -> LayerBuilder {
    LayerBuilder::new().os_release("debian", "12", "Debian 12").file(STATUS, dpkg("bash"))
}

/// Two layers, one of them twice.
fn image() -> ImageBuilder {
    let upper =
        || LayerBuilder::new().file("srv/node_modules/x/package.json", r#"{"name":"x","version":"1.2.3"}"#);
    ImageBuilder::new().tag("test/app:1").layer(base()).layer(upper()).layer(upper())
}

fn read_stream(bytes: &[u8], options: &ReadOptions<'_>) -> Result<Contents, ArchiveError> {
    let bytes = bytes.to_vec();
    let open = move || Ok(Box::new(io::Cursor::new(bytes.clone())) as Box<dyn Read>);
    read(&Source::Stream(&open), options)
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn read_file(bytes: &[u8], options: &ReadOptions<'_>) -> Result<Contents, ArchiveError> {
    read(&Source::File(file(bytes).path().to_owned()), options)
}

/// Reads as a file and as a stream, and expects the same of both.
fn read_both(bytes: &[u8]) -> Result<Contents, ArchiveError> {
    let options = ReadOptions::new();
    let (file, stream) = (read_file(bytes, &options), read_stream(bytes, &options));
    match (&file, &stream) {
        (Ok(file), Ok(stream)) => assert_eq!(file, stream),
        (Err(file), Err(stream)) => {
            assert_eq!(std::mem::discriminant(file), std::mem::discriminant(stream), "{file} / {stream}");
        }
        _ => panic!("file: {:?}, stream: {:?}", file.err(), stream.err()),
    }
    stream
}

fn packages(contents: &Contents, image: &ArchiveImage) -> Vec<String> {
    let layers: Vec<_> = image.config.diff_ids.iter().map(|diff_id| &contents.layers[diff_id]).collect();
    merge(&layers).packages.iter().map(|p| format!("{} {} {}", p.ecosystem, p.name, p.layer)).collect()
}

fn check(contents: &Contents) {
    assert_eq!(contents.images.len(), 1);
    let found = &contents.images[0];
    assert_eq!(found.id, image().id());
    assert_eq!(found.tags, ["test/app:1"]);
    assert_eq!(contents.layers.len(), 2, "a layer that is there twice is read once");
    assert_eq!(packages(contents, found), ["Debian:12 bash 0", "npm x 1"]);
}

#[test]
fn docker_archives_of_every_generation_are_read() {
    for format in FORMATS {
        for compression in COMPRESSIONS {
            let archive = DockerArchive::new().image(image()).format(format).compression(compression).build();
            let contents = read_both(&archive).unwrap();
            check(&contents);
            let has_manifest = contents.images[0].manifest_digest.is_some();
            assert_eq!(has_manifest, format == DockerFormat::Blobs);
        }
    }
}

#[test]
fn a_packed_archive_is_told_by_its_bytes() {
    let archive = DockerArchive::new().image(image()).build();
    for compression in COMPRESSIONS {
        check(&read_both(&compression.pack(&archive)).unwrap());
    }
}

#[test]
fn oci_layouts_are_read_as_tar_and_folder() {
    for compression in COMPRESSIONS {
        let layout = || OciLayout::new().image(image()).compression(compression).nested().with_attestations();
        check(&read_both(&layout().build()).unwrap());
        let folder = tempfile::tempdir().unwrap();
        layout().write_folder(folder.path()).unwrap();
        check(&read(&Source::Folder(folder.path().to_owned()), &ReadOptions::new()).unwrap());
    }
}

#[test]
fn all_platforms_of_an_index_are_listed_without_attestations_and_artefacts() {
    let arm = ImageBuilder::new().platform("linux", "arm64").layer(base());
    let layout = OciLayout::new().with_attestations().with_artifact().nested().image(image()).image(arm);
    let contents = read_both(&layout.build()).unwrap();
    let platforms: Vec<_> = contents.images.iter().map(|image| image.config.architecture.as_str()).collect();
    assert_eq!(platforms, ["amd64", "arm64"]);
}

#[test]
fn one_image_with_many_tags_is_one_and_null_tags_are_none() {
    let other = ImageBuilder::new().layer(base());
    for format in FORMATS {
        let archive = DockerArchive::new()
            .format(format)
            .image(image())
            .image(image().tag("test/app:latest"))
            .image(other.clone())
            .build();
        let contents = read_both(&archive).unwrap();
        assert_eq!(contents.images.len(), 2);
        assert_eq!(contents.images[0].tags, ["test/app:1", "test/app:latest"]);
        assert!(contents.images[1].tags.is_empty());
    }
}

#[test]
fn a_cut_archive_is_never_read_with_success() {
    let archive = DockerArchive::new().image(image()).build();
    // The last 1024 bytes are the end marker, of which half suffices.
    for end in (1..archive.len() - 1024).step_by(97) {
        let error = read_both(&archive[..end]).unwrap_err();
        let expected = matches!(error, ArchiveError::Truncated(_) | ArchiveError::NotAnImage(_));
        assert!(
            expected && (end < 512 || matches!(error, ArchiveError::Truncated(_))),
            "cut at {end}: {error}"
        );
    }
    let packed = Compression::Gzip.pack(&archive);
    for end in [packed.len() - 1, packed.len() - 8, packed.len() / 2] {
        assert!(matches!(read_both(&packed[..end]), Err(ArchiveError::Truncated(_))), "cut at {end}");
    }
}

#[test]
fn a_blob_that_is_not_what_its_digest_says_is_refused() {
    let layer = base().build();
    let blob = format!("blobs/sha256/{}", Digest::of(&layer).hex());
    let other = LayerBuilder::new().file("evil", "").build();
    let layout = OciLayout::new().image(ImageBuilder::new().layer(base())).extra(&blob, other);
    assert!(matches!(read_both(&layout.build()), Err(ArchiveError::DigestMismatch { .. })));
}

#[test]
fn a_layer_that_is_not_its_diff_id_is_refused() {
    let image = ImageBuilder::new().layer(base()).claiming_diff_ids(vec![Digest::of(b"other")]);
    for compression in [Compression::Plain, Compression::Gzip] {
        let docker = DockerArchive::new().image(image.clone()).compression(compression).build();
        assert!(matches!(read_both(&docker), Err(ArchiveError::DigestMismatch { .. })));
        let oci = OciLayout::new().image(image.clone()).compression(compression).build();
        assert!(matches!(read_both(&oci), Err(ArchiveError::DigestMismatch { .. })));
    }
    let uneven = ImageBuilder::new().layer(base()).claiming_diff_ids(vec![]);
    let archive = DockerArchive::new().image(uneven).build();
    assert!(matches!(read_both(&archive), Err(ArchiveError::Malformed { .. })));
}

#[test]
fn a_damaged_configuration_is_refused() {
    let blob = format!("blobs/sha256/{}", image().id().hex());
    let layout = OciLayout::new().image(image()).extra(&blob, r#"{"rootfs":{}}"#);
    assert!(matches!(read_both(&layout.build()), Err(ArchiveError::DigestMismatch { .. })));
}

#[test]
fn a_missing_layer_is_named_unless_it_is_known() {
    let missing = image().diff_ids()[0];
    let archive = OciLayout::new().image(image()).without_blob(missing).build();
    match read_both(&archive) {
        Err(ArchiveError::MissingLayer { image, layer, .. }) => {
            assert_eq!((image, layer), ("test/app:1".to_owned(), missing.to_string()));
        }
        other => panic!("{other:?}"),
    }
    let options = ReadOptions { missing: &|diff_id| all_but(*diff_id, missing), ..ReadOptions::new() };
    for contents in [read_file(&archive, &options), read_stream(&archive, &options)] {
        assert_eq!(contents.unwrap().layers.len(), 1);
    }
    let config = OciLayout::new().image(image()).without_blob(image().id()).build();
    assert!(matches!(read_both(&config), Err(ArchiveError::MissingBlob(_))));
}

#[test]
fn known_layers_are_left_out_and_not_read_where_the_archive_can_be_sought_in() {
    let big = LayerBuilder::new().file("big", vec![1; 4 << 20]);
    let image = ImageBuilder::new().layer(base()).layer(big);
    let known = image.diff_ids()[1];
    let archive = DockerArchive::new().image(image).build();
    let bytes = Cell::new(0);
    let options = ReadOptions {
        missing: &|diff_id| all_but(*diff_id, known),
        progress: &|read| bytes.set(read),
        ..ReadOptions::new()
    };
    assert_eq!(read_file(&archive, &options).unwrap().layers.len(), 1);
    assert!(bytes.get() < 1 << 20, "{} bytes were read", bytes.get());
    assert_eq!(read_stream(&archive, &options).unwrap().layers.len(), 1);
    assert!(bytes.get() > 4 << 20);
}

#[test]
fn what_is_no_image_is_said_with_what_is_expected() {
    let tar = TarBuilder::new().file("hello.txt", "hi").build();
    let web = TarBuilder::new().file("manifest.json", r#"{"name":"app"}"#).build();
    let helm = OciLayout::new().with_artifact().build();
    let old = TarBuilder::new().file("repositories", "{}").build();
    for bytes in [&tar[..], &web, &helm, &old, b"", b"{}", b"plain text", &Compression::Gzip.pack(b"text")] {
        match read_both(bytes) {
            Err(error @ ArchiveError::NotAnImage(_)) => assert!(error.to_string().contains("docker save")),
            other => panic!("{other:?}"),
        }
    }
    let xz = [0xfd, b'7', b'z', b'X', b'Z', 0, 0, 0];
    assert!(matches!(read_both(&xz), Err(ArchiveError::UnsupportedMediaType { .. })));
    let gone = read(&Source::File("/nonexistent/image.tar".into()), &ReadOptions::new());
    assert!(matches!(gone, Err(ArchiveError::Io { .. })));
}

#[test]
fn names_that_lead_out_of_the_archive_find_nothing() {
    let config = image().config_json();
    for path in ["../../../../etc/hostname", "/etc/hostname"] {
        let manifest = format!(r#"[{{"Config":"{path}","RepoTags":null,"Layers":[]}}]"#);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("manifest.json"), &manifest).unwrap();
        let read = read(&Source::Folder(folder.path().to_owned()), &ReadOptions::new());
        assert!(matches!(read, Err(ArchiveError::MissingBlob(_))));
        let tar = TarBuilder::new().file(path, &config).file("manifest.json", manifest).build();
        let read = read_both(&tar);
        assert!(read.is_err());
    }
}

#[test]
fn links_of_an_archive_in_a_loop_are_a_missing_layer() {
    let image = ImageBuilder::new().layer(base());
    let manifest = format!(r#"[{{"Config":"c.json","Layers":["a/layer.tar"],"RepoTags":["x:{}"]}}]"#, 1);
    let tar = TarBuilder::new()
        .symlink("a/layer.tar", "../b/layer.tar")
        .symlink("b/layer.tar", "../a/layer.tar")
        .file("c.json", image.config_json())
        .file("manifest.json", manifest)
        .build();
    assert!(matches!(read_both(&tar), Err(ArchiveError::MissingLayer { .. })));
}

#[test]
fn content_behind_links_is_read_in_a_second_pass() {
    let base = || LayerBuilder::new().os_release("debian", "12", "Debian 12");
    let linked: [Vec<LayerBuilder>; 5] = [
        // A symbolic link, absolute and to a lower layer.
        vec![base().file("data/db", dpkg("bash")), LayerBuilder::new().symlink(STATUS, "/data/db")],
        // A hard link to a name that nobody wanted, in one layer.
        vec![base().file("data/db", dpkg("bash")).hardlink(STATUS, "data/db")],
        // A hard link to a lower layer whose file is removed later.
        vec![
            base().file("data/db", dpkg("bash")),
            LayerBuilder::new().hardlink(STATUS, "data/db"),
            LayerBuilder::new().whiteout("data"),
        ],
        // A linked folder.
        vec![base().file("data/status", dpkg("bash")).symlink("var/lib/dpkg", "../../data")],
        // Links over several layers, the last one relative.
        vec![
            base().file("srv/real", dpkg("bash")),
            LayerBuilder::new().symlink("data/db", "../srv/real"),
            LayerBuilder::new().symlink(STATUS, "../../../data/db"),
        ],
    ];
    for (number, layers) in linked.into_iter().enumerate() {
        let image = layers.into_iter().fold(ImageBuilder::new(), ImageBuilder::layer);
        for compression in [Compression::Plain, Compression::Zstd] {
            let archive = OciLayout::new().image(image.clone()).compression(compression).build();
            let contents = read_both(&archive).unwrap();
            let packages = packages(&contents, &contents.images[0]);
            assert_eq!(packages, ["Debian:12 bash 0"], "case {number}");
        }
    }
}

#[test]
fn os_release_behind_an_unusual_link_is_read() {
    let layer = LayerBuilder::new()
        .symlink("etc/os-release", "../opt/release")
        .file("opt/release", "ID=debian\nVERSION_ID=\"11\"\n")
        .file(STATUS, dpkg("bash"));
    let contents = read_both(&DockerArchive::new().image(ImageBuilder::new().layer(layer)).build()).unwrap();
    assert_eq!(packages(&contents, &contents.images[0]), ["Debian:11 bash 0"]);
}

#[test]
fn index_lists_the_same_images_without_reading_layers() {
    let big = ImageBuilder::new().tag("a:1").layer(LayerBuilder::new().file("big", vec![1; 4 << 20]));
    let archive = DockerArchive::new().image(big).build();
    for bytes in [archive.clone(), Compression::Zstd.pack(&archive)] {
        let images =
            index(&Source::File(file(&bytes).path().to_owned()), &Limits::default(), &Platforms::All)
                .unwrap();
        assert_eq!(images, read_both(&bytes).unwrap().images);
    }
}

#[test]
fn cancelling_ends_the_reading_and_progress_grows() {
    let image = ImageBuilder::new().layer(LayerBuilder::new().file("big", vec![1; 8 << 20]));
    let archive = DockerArchive::new().image(image).build();
    let seen = RefCell::new(Vec::new());
    let options = ReadOptions {
        progress: &|read| seen.borrow_mut().push(read),
        cancelled: &|| seen.borrow().len() >= 3,
        ..ReadOptions::new()
    };
    assert!(matches!(read_stream(&archive, &options), Err(ArchiveError::Cancelled)));
    assert!(seen.borrow().is_sorted() && seen.borrow().len() == 3);
    seen.borrow_mut().clear();
    assert!(matches!(read_file(&archive, &options), Err(ArchiveError::Cancelled)));
}

#[test]
fn limits_of_an_archive_are_errors() {
    let archive = OciLayout::new().image(image()).image(ImageBuilder::new().layer(base())).build();
    for limits in [
        Limits { images: 1, ..Limits::default() },
        Limits { layers: 2, ..Limits::default() },
        Limits { entries: 2, ..Limits::default() },
        Limits { layer_bytes: 512, ..Limits::default() },
        Limits { file_bytes: 20, ..Limits::default() },
    ] {
        let options = ReadOptions { limits: limits.clone(), ..ReadOptions::new() };
        for read in [read_file(&archive, &options), read_stream(&archive, &options)] {
            assert!(matches!(read, Err(ArchiveError::LimitExceeded { .. })), "{limits:?}: {:?}", read.err());
        }
    }
}

#[test]
fn bombs_and_deep_json_end_with_an_error() {
    let bomb = ImageBuilder::new().layer(LayerBuilder::new().file("zeros", vec![0; 96 << 20]));
    let archive = OciLayout::new().image(bomb).compression(Compression::Zstd).build();
    let options = ReadOptions { limits: Limits { ratio: 50, ..Limits::default() }, ..ReadOptions::new() };
    for read in [read_file(&archive, &options), read_stream(&archive, &options)] {
        assert!(matches!(read, Err(ArchiveError::LimitExceeded { .. })));
    }
    let deep = TarBuilder::new().file("index.json", "[".repeat(200_000)).build();
    assert!(read_both(&deep).is_err());
}

#[test]
fn an_error_of_the_stream_is_not_called_damage() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the engine went away"))
        }
    }
    let archive = DockerArchive::new().image(image()).build();
    for bytes in [archive[..2000].to_vec(), Compression::Gzip.pack(&archive)[..100].to_vec()] {
        let open = move || Ok(Box::new(io::Cursor::new(bytes.clone()).chain(Broken)) as Box<dyn Read>);
        let error = read(&Source::Stream(&open), &ReadOptions::new()).unwrap_err();
        assert!(matches!(error, ArchiveError::Io { .. }), "{error}");
        assert!(error.to_string().contains("the engine went away"));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 64, ..Default::default() })]

    /// Whatever is damaged, the answer is the image as it was made or an error.
    #[test]
    fn a_damaged_archive_is_an_error_or_harmless(at in 0_usize..100_000, mask in 1_u8.., packed: bool) {
        let compression = if packed { Compression::Gzip } else { Compression::Plain };
        let mut archive = OciLayout::new().image(image()).compression(compression).build();
        let at = at % archive.len();
        archive[at] ^= mask;
        let reads = [read_file(&archive, &ReadOptions::new()), read_stream(&archive, &ReadOptions::new())];
        for contents in reads.into_iter().flatten() {
            assert_eq!(contents.images[0].id, image().id());
            assert_eq!(packages(&contents, &contents.images[0]), ["Debian:12 bash 0", "npm x 1"]);
        }
    }
}

/// What is missing when the analyses of one layer are there.
pub(super) fn all_but(diff_id: Digest, known: Digest) -> Analysers {
    if diff_id == known { Analysers::NONE } else { Analysers::ALL }
}
