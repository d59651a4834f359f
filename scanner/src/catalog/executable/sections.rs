//! Where the sections of an executable lie, in its file and in memory: ELF, PE and Mach-O. Nothing but headers is read.

use std::io;

use object::read::elf::{FileHeader, ProgramHeader as _, SectionHeader as _};
use object::read::macho::{MachHeader, Section as _, Segment};
use object::read::pe::ImageNtHeaders;
use object::{Endianness, LittleEndian, ReadCache, ReadRef, elf, macho, pe};

use crate::content::Content;

/// Headers of one kind that are read: the compilers of Go and Rust write a few dozen.
const MAX_HEADERS: usize = 4_096;
/// Bytes of load commands (Mach-O) that are read.
const MAX_COMMAND_BYTES: u32 = 1 << 20;

/// The map of an executable.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::catalog) struct Sections {
    /// Its named pieces; empty when it was stripped of them.
    pub sections: Vec<Section>,
    /// What of the file is loaded where; for PE and Mach-O the sections themselves.
    pub loaded: Vec<Section>,
}

/// A piece of an executable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::catalog) struct Section {
    /// Its name, empty for segments.
    pub name: String,
    /// Where it lies in memory.
    pub address: u64,
    /// Where it begins in the file.
    pub offset: u64,
    /// Its bytes in the file.
    pub size: u64,
    /// Whether it is data that the program may write.
    pub writable: bool,
}

impl Sections {
    /// Reads the headers of an executable; `None` when it is none, or its headers are broken.
    pub fn read(content: &mut Content) -> Option<Self> {
        if let Some(bytes) = content.in_memory() {
            return read(bytes);
        }
        read(&ReadCache::new(content))
    }

    /// The first section called `name` that has bytes in the file.
    pub fn named(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name && section.size > 0)
    }

    /// Reads `length` bytes that lie at `address` in memory; fewer when the piece ends before, none outside of it.
    pub fn read_memory(&self, content: &mut Content, address: u64, length: usize) -> io::Result<Vec<u8>> {
        let here = self
            .loaded
            .iter()
            .find(|piece| address.checked_sub(piece.address).is_some_and(|distance| distance < piece.size));
        let Some(piece) = here else { return Ok(Vec::new()) };
        let distance = address - piece.address;
        let rest = usize::try_from(piece.size - distance).unwrap_or(usize::MAX);
        content.read_at(piece.offset.saturating_add(distance), length.min(rest))
    }
}

fn read<'a, R: ReadRef<'a>>(data: R) -> Option<Sections> {
    let head = data.read_bytes_at(0, 8).ok()?;
    match *head {
        [0x7f, b'E', b'L', b'F', 1, ..] => read_elf::<elf::FileHeader32<Endianness>, R>(data),
        [0x7f, b'E', b'L', b'F', 2, ..] => read_elf::<elf::FileHeader64<Endianness>, R>(data),
        [b'M', b'Z', ..] => match object::read::pe::optional_header_magic(data).ok()? {
            pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC => read_pe::<pe::ImageNtHeaders32, R>(data),
            pe::IMAGE_NT_OPTIONAL_HDR64_MAGIC => read_pe::<pe::ImageNtHeaders64, R>(data),
            _ => None,
        },
        // Several machines in one file: the first stands for all, they are built of the same modules.
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 1..=16] => {
            let offset = data.read_bytes_at(16, 4).ok()?.try_into().ok()?;
            read_macho(data, u64::from(u32::from_be_bytes(offset)))
        }
        _ => read_macho(data, 0),
    }
}

fn read_elf<'a, E: FileHeader<Endian = Endianness>, R: ReadRef<'a>>(data: R) -> Option<Sections> {
    let header = E::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let few = |count: usize| count <= MAX_HEADERS;
    let mut map = Sections::default();
    if header.phnum(endian, data).is_ok_and(few) {
        for segment in header.program_headers(endian, data).unwrap_or_default() {
            if segment.p_type(endian) == elf::PT_LOAD {
                map.loaded.push(Section {
                    name: String::new(),
                    address: segment.p_vaddr(endian).into(),
                    offset: segment.p_offset(endian).into(),
                    size: segment.p_filesz(endian).into(),
                    writable: segment.p_flags(endian) & elf::PF_W != 0,
                });
            }
        }
    }
    if header.shnum(endian, data).is_ok_and(few)
        && let Ok(table) = header.sections(endian, data)
    {
        for section in table.iter() {
            // What has no bytes in the file (.bss) tells nothing.
            if section.sh_type(endian) == elf::SHT_NOBITS {
                continue;
            }
            let Ok(name) = table.section_name(endian, section) else { continue };
            map.sections.push(Section {
                name: String::from_utf8_lossy(name).into_owned(),
                address: section.sh_addr(endian).into(),
                offset: section.sh_offset(endian).into(),
                size: section.sh_size(endian).into(),
                writable: section.sh_flags(endian).into() & u64::from(elf::SHF_WRITE) != 0,
            });
        }
    }
    Some(map)
}

fn read_pe<'a, P: ImageNtHeaders, R: ReadRef<'a>>(data: R) -> Option<Sections> {
    use object::read::pe::ImageOptionalHeader as _;
    let dos = pe::ImageDosHeader::parse(data).ok()?;
    let mut offset = u64::from(dos.nt_headers_offset());
    let (headers, _) = P::parse(data, &mut offset).ok()?;
    let base = headers.optional_header().image_base();
    let table = headers.sections(data, offset).ok()?;
    let sections: Vec<Section> = table
        .iter()
        .take(MAX_HEADERS)
        .map(|section| Section {
            name: String::from_utf8_lossy(section.raw_name()).into_owned(),
            address: base.wrapping_add(u64::from(section.virtual_address.get(LittleEndian))),
            offset: u64::from(section.pointer_to_raw_data.get(LittleEndian)),
            size: u64::from(section.size_of_raw_data.get(LittleEndian)),
            writable: section.characteristics.get(LittleEndian) & pe::IMAGE_SCN_MEM_WRITE != 0,
        })
        .collect();
    Some(Sections { loaded: sections.clone(), sections })
}

fn read_macho<'a, R: ReadRef<'a>>(data: R, offset: u64) -> Option<Sections> {
    let magic: [u8; 4] = data.read_bytes_at(offset, 4).ok()?.try_into().ok()?;
    match u32::from_be_bytes(magic) {
        macho::MH_MAGIC | macho::MH_CIGAM => {
            read_commands::<macho::MachHeader32<Endianness>, R>(data, offset)
        }
        macho::MH_MAGIC_64 | macho::MH_CIGAM_64 => {
            read_commands::<macho::MachHeader64<Endianness>, R>(data, offset)
        }
        _ => None,
    }
}

fn read_commands<'a, M, R>(data: R, offset: u64) -> Option<Sections>
where
    M: MachHeader<Endian = Endianness>,
    R: ReadRef<'a>,
{
    let header = M::parse(data, offset).ok()?;
    let endian = header.endian().ok()?;
    if header.sizeofcmds(endian) > MAX_COMMAND_BYTES {
        return None;
    }
    let mut commands = header.load_commands(endian, data, offset).ok()?;
    let mut sections = Vec::new();
    while let Ok(Some(command)) = commands.next() {
        let Ok(Some((segment, section_data))) = M::Segment::from_command(command) else { continue };
        let Ok(table) = segment.sections(endian, section_data) else { continue };
        for section in table {
            if sections.len() >= MAX_HEADERS {
                break;
            }
            sections.push(Section {
                name: String::from_utf8_lossy(section.name()).into_owned(),
                address: section.addr(endian).into(),
                offset: offset.saturating_add(u64::from(section.offset(endian))),
                size: section.size(endian).into(),
                writable: segment.initprot(endian) & macho::VM_PROT_WRITE != 0,
            });
        }
    }
    Some(Sections { loaded: sections.clone(), sections })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::executable::testing::elf;

    /// A 64-bit Mach-O file of one writable segment with one section of `content`.
    fn macho(name: &str, content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut words = |words: &[u32]| bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        // The header: machine, kind, one command of 152 bytes.
        words(&[macho::MH_MAGIC_64, 0x0100_000c, 0, 2, 1, 152, 0, 0]);
        words(&[macho::LC_SEGMENT_64, 152]);
        // Segment name, place in memory and file, protections, one section.
        words(&[0; 12]);
        words(&[3, 3, 1, 0]);
        let mut section = [0; 16];
        section[..name.len()].copy_from_slice(name.as_bytes());
        bytes.extend_from_slice(&section);
        bytes.extend_from_slice(&[0; 16]);
        bytes.extend_from_slice(&0x1000u64.to_le_bytes());
        bytes.extend_from_slice(&(content.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&184u32.to_le_bytes());
        bytes.extend_from_slice(&[0; 28]);
        bytes.extend_from_slice(content);
        bytes
    }

    fn read_all(bytes: Vec<u8>) -> Option<Sections> {
        Sections::read(&mut bytes.into())
    }

    #[test]
    fn sections_of_macho_are_found_also_within_a_file_for_several_machines() {
        let thin = macho("__go_buildinfo", b"content");
        let section =
            |bytes: &[u8]| read_all(bytes.to_vec()).unwrap().named("__go_buildinfo").cloned().unwrap();
        let expected = Section {
            name: "__go_buildinfo".to_owned(),
            address: 0x1000,
            offset: 184,
            size: 7,
            writable: true,
        };
        assert_eq!(section(&thin), expected);
        let mut fat = vec![0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 1];
        fat.extend([0u32, 0, 28, 0, 0].iter().flat_map(|word| word.to_be_bytes()));
        fat.extend_from_slice(&thin);
        assert_eq!(section(&fat), Section { offset: 212, ..expected });
        for end in 0..fat.len() {
            read_all(fat[..end].to_vec());
        }
    }

    #[test]
    fn memory_is_read_within_one_piece() {
        let program = elf(&[(".data", 0x1000, b"0123456789".to_vec())], &[0]);
        let mut content = Content::from(program);
        let sections = Sections::read(&mut content).unwrap();
        for (address, length, expected) in [
            (0x1003, 4, &b"3456"[..]),
            (0x1008, 100, b"89"),
            (0xfff, 4, b""),
            (0x100a, 4, b""),
            (u64::MAX, 4, b""),
        ] {
            assert_eq!(sections.read_memory(&mut content, address, length).unwrap(), expected);
        }
    }

    #[test]
    fn headers_that_lie_are_no_executable_or_an_empty_one() {
        let program = elf(&[(".data", 0x1000, vec![1; 100])], &[0]);
        for place in 16..64 {
            for value in [0, 0x7f, 0xff] {
                let mut lying = program.clone();
                lying[place..place + 2].fill(value);
                read_all(lying);
            }
        }
        let mut folder = macho("x", b"");
        folder[20..24].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read_all(folder), None);
    }
}
