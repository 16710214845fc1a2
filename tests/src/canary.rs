//! Looks for planted identifiers where they must never be.
//!
//! Comes in: identifiers as people write them. Goes out: every place in files or recordings that holds one, in any
//! spelling that a careless program could have left: UTF-8, UTF-16 of both ends, GB18030, hexadecimal, digits alone.

use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use encoding_rs::GB18030;

/// The spellings of what was planted.
#[derive(Default)]
pub struct Canaries {
    needles: Vec<Vec<u8>>,
    /// All of them at once: a long siege plants thousands.
    all: Option<AhoCorasick>,
}

impl Canaries {
    /// All spellings of these.
    ///
    /// # Panics
    /// If there are more of them than can be looked for at once: some hundred million bytes.
    pub fn new<'a>(planted: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needles: Vec<Vec<u8>> = planted.into_iter().flat_map(spellings).collect();
        needles.sort();
        needles.dedup();
        let all = AhoCorasick::new(&needles).expect("few and short spellings");
        Self { needles, all: Some(all) }
    }

    /// The first spelling that occurs in the bytes.
    pub fn found_in(&self, bytes: &[u8]) -> Option<&[u8]> {
        let found = self.all.as_ref()?.find(bytes)?;
        self.needles.get(found.pattern().as_usize()).map(Vec::as_slice)
    }

    /// Every file under the folder that holds one.
    ///
    /// # Panics
    /// If a file cannot be read.
    pub fn found_under(&self, dir: &Path) -> Vec<PathBuf> {
        let holds = |path: &PathBuf| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let bytes = match std::fs::read(path) {
                // A file of a party that runs may be gone by now.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
                read => read.expect("the file is readable"),
            };
            self.found_in(&bytes).is_some() || self.found_in(name.as_bytes()).is_some()
        };
        files(dir).into_iter().filter(holds).collect()
    }
}

/// Every file under a folder; sockets are none, and neither is what has gone by now.
///
/// # Panics
/// If the folder cannot be read.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return found,
        read => read.expect("the folder is readable"),
    };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

fn spellings(planted: &str) -> Vec<Vec<u8>> {
    let digits: String = planted.chars().filter(char::is_ascii_digit).collect();
    let units = |turn: fn(u16) -> [u8; 2]| planted.encode_utf16().flat_map(turn).collect::<Vec<u8>>();
    let mut all = vec![
        planted.as_bytes().to_vec(),
        units(u16::to_le_bytes),
        units(u16::to_be_bytes),
        GB18030.encode(planted).0.into_owned(),
        hex::encode(planted).into_bytes(),
        planted.to_lowercase().into_bytes(),
        planted.to_uppercase().into_bytes(),
    ];
    // Fewer digits than these stand in any file by chance.
    if digits.len() >= 9 {
        all.push(digits.into_bytes());
    }
    all
}

/// Whether the needle occurs.
pub fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(bytes, needle).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_found_and_nothing_else() {
        let canaries = Canaries::new(["440524188001010014", "张三丰"]);
        let written = |bytes: &[u8]| [b"xx4405".as_slice(), bytes, b"yy"].concat();
        for spelling in spellings("张三丰").into_iter().chain(spellings("440524188001010014")) {
            assert!(canaries.found_in(&written(&spelling)).is_some(), "{spelling:?}");
        }
        assert!(canaries.found_in(&written(b"44052418800101001")).is_none());
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("deep")).unwrap();
        std::fs::write(dir.path().join("deep/file"), written(&GB18030.encode("张三丰").0)).unwrap();
        std::fs::write(dir.path().join("clean"), b"nothing").unwrap();
        assert_eq!(canaries.found_under(dir.path()), [dir.path().join("deep/file")]);
    }
}
