//! Names of tar entries as paths inside the image.

/// The path of an entry inside the image: relative, without `.` and doubled slashes. `None` when a `..` in it could
/// lead out. Bytes that are no UTF-8 are replaced. The root is the empty path.
pub(crate) fn inside(name: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(name);
    let mut path = String::with_capacity(text.len());
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => return None,
            part => {
                if !path.is_empty() {
                    path.push('/');
                }
                path.push_str(part);
            }
        }
    }
    Some(path)
}

/// What an entry's file name says about lower layers (OCI image-spec, layer.md, "Whiteouts").
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// `path` of lower layers is removed.
    Whiteout(String),
    /// All that lower layers have below `path` is removed.
    Opaque(String),
    /// Bookkeeping of AUFS, which engines skip.
    Bookkeeping,
    /// A removal of `.` or `..`, which no tool writes.
    Hostile,
}

/// Reads the `.wh.` names. Only the start of a file name counts: `notes.wh.txt` is an ordinary file.
pub(super) fn marker(path: &str) -> Option<Marker> {
    if path.split('/').rev().skip(1).any(|part| part.starts_with(".wh..wh.")) {
        return Some(Marker::Bookkeeping);
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let hidden = name.strip_prefix(".wh.")?;
    Some(match hidden {
        ".wh..opq" => Marker::Opaque(folder.to_owned()),
        "" | "." | ".." => Marker::Hostile,
        _ if hidden.starts_with(".wh.") => Marker::Bookkeeping,
        _ if folder.is_empty() => Marker::Whiteout(hidden.to_owned()),
        _ => Marker::Whiteout(format!("{folder}/{hidden}")),
    })
}
