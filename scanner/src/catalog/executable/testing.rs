//! Executables of a few sections, for tests.

/// A 64-bit ELF file with these sections: name, address and bytes. Those whose index is in `loaded` are loaded to
/// memory, writable.
pub(in crate::catalog) fn elf(sections: &[(&str, u64, Vec<u8>)], loaded: &[usize]) -> Vec<u8> {
    let mut names = vec![0];
    let mut headers = vec![[0; 64]];
    let mut segments: Vec<[u8; 56]> = Vec::new();
    let mut bytes = vec![0; 64 + 56 * loaded.len()];
    let mut add = |kind: u32, address: u64, content: &[u8], names_before: usize| {
        bytes.resize(bytes.len().next_multiple_of(16), 0);
        let offset = bytes.len() as u64;
        bytes.extend_from_slice(content);
        let mut header = [0; 64];
        header[..4].copy_from_slice(&u32::try_from(names_before).unwrap().to_le_bytes());
        header[4..8].copy_from_slice(&kind.to_le_bytes());
        header[8..16].copy_from_slice(&3u64.to_le_bytes());
        header[16..24].copy_from_slice(&address.to_le_bytes());
        header[24..32].copy_from_slice(&offset.to_le_bytes());
        header[32..40].copy_from_slice(&(content.len() as u64).to_le_bytes());
        headers.push(header);
        offset
    };
    for (index, (name, address, content)) in sections.iter().enumerate() {
        let offset = add(1, *address, content, names.len());
        names.extend_from_slice(name.as_bytes());
        names.push(0);
        if loaded.contains(&index) {
            let mut segment = [0; 56];
            segment[..4].copy_from_slice(&1u32.to_le_bytes());
            segment[4..8].copy_from_slice(&6u32.to_le_bytes());
            segment[8..16].copy_from_slice(&offset.to_le_bytes());
            segment[16..24].copy_from_slice(&address.to_le_bytes());
            segment[32..40].copy_from_slice(&(content.len() as u64).to_le_bytes());
            segments.push(segment);
        }
    }
    let table = names.clone();
    add(3, 0, &table, 0);
    let sections_at = bytes.len() as u64;
    for header in &headers {
        bytes.extend_from_slice(header);
    }
    for (index, segment) in segments.iter().enumerate() {
        bytes[64 + 56 * index..][..56].copy_from_slice(segment);
    }
    let count = |count: usize| u16::try_from(count).unwrap().to_le_bytes();
    bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    bytes[16..18].copy_from_slice(&2u16.to_le_bytes());
    bytes[18..20].copy_from_slice(&62u16.to_le_bytes());
    bytes[20..24].copy_from_slice(&1u32.to_le_bytes());
    bytes[32..40].copy_from_slice(&64u64.to_le_bytes());
    bytes[40..48].copy_from_slice(&sections_at.to_le_bytes());
    bytes[52..54].copy_from_slice(&count(64));
    bytes[54..56].copy_from_slice(&count(56));
    bytes[56..58].copy_from_slice(&count(segments.len()));
    bytes[58..60].copy_from_slice(&count(64));
    bytes[60..62].copy_from_slice(&count(headers.len()));
    bytes[62..64].copy_from_slice(&count(headers.len() - 1));
    bytes
}
