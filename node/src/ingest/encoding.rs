//! From the bytes of a file to its text, by the rule that guesses nothing.
//!
//! Comes in: a readable, seekable source. Goes out: the encoding in force, then UTF-8 text piece by piece.
//! A byte-order mark decides; without one the whole file must be valid UTF-8, else it must decode as GB18030 (which
//! contains GBK and GB2312). The whole file is checked before the first row is read, so a bad byte near the end leaves
//! nothing half imported. Never sees: columns or rows. Trusts: nobody. Fails: with the offset of the first bad byte.
//! Sources: the WHATWG Encoding Standard (tables, and GBK decoded by GB18030's decoder), GB 18030, Unicode ch. 23.8.

use std::io::{Read, Seek, SeekFrom};

use encoding_rs::{Decoder, DecoderResult, Encoding as Standard, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

use super::IngestError;

/// How many bytes are read at a time.
const CHUNK: usize = 64 * 1024;

/// An encoding that a register may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without its mark.
    Utf8,
    /// UTF-16, least significant byte first.
    Utf16Le,
    /// UTF-16, most significant byte first.
    Utf16Be,
    /// GB18030.
    Gb18030,
    /// GBK; read by the decoder of GB18030, of which it is a part.
    Gbk,
}

impl Encoding {
    /// Every name that `--encoding` takes.
    pub const ALL: &'static [Self] = &[Self::Utf8, Self::Utf16Le, Self::Utf16Be, Self::Gb18030, Self::Gbk];

    /// The name as the command line and the preview write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Gb18030 => "gb18030",
            Self::Gbk => "gbk",
        }
    }

    /// The encoding with this name, in any letter case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|encoding| encoding.name().eq_ignore_ascii_case(name.trim()))
    }

    fn standard(self) -> &'static Standard {
        match self {
            Self::Utf8 => UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Gb18030 => GB18030,
            Self::Gbk => GBK,
        }
    }

    /// The byte-order mark in this encoding.
    const fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf8 => b"\xEF\xBB\xBF",
            Self::Utf16Le => b"\xFF\xFE",
            Self::Utf16Be => b"\xFE\xFF",
            Self::Gb18030 | Self::Gbk => b"\x84\x31\x95\x33",
        }
    }
}

/// What a file was found, or said, to be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detected {
    /// The encoding in force.
    pub encoding: Encoding,
    /// Whether the file begins with a byte-order mark, which is not part of its text.
    pub marked: bool,
}

/// Finds the encoding of a whole file, and that all of it decodes. Leaves the position anywhere.
pub fn detect<S: Read + Seek>(source: &mut S, said: Option<Encoding>) -> Result<Detected, IngestError> {
    source.seek(SeekFrom::Start(0))?;
    let mut head = [0_u8; 4];
    let length = read_full(source, &mut head)?;
    let head = head.get(..length).unwrap_or_default();
    if let Some(encoding) = said {
        return checked(source, encoding, head.starts_with(encoding.mark()));
    }
    let by_mark = [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Gb18030];
    if let Some(encoding) = by_mark.into_iter().find(|encoding| head.starts_with(encoding.mark())) {
        return checked(source, encoding, true);
    }
    let utf8 = match checked(source, Encoding::Utf8, false) {
        Err(IngestError::BadBytes { offset, .. }) => offset,
        other => return other,
    };
    match checked(source, Encoding::Gb18030, false) {
        // The encoding that came further is the one that was meant.
        Err(IngestError::BadBytes { offset, .. }) if offset < utf8 => {
            Err(IngestError::BadBytes { encoding: Encoding::Utf8, offset: utf8 })
        }
        other => other,
    }
}

fn checked<S: Read + Seek>(
    source: &mut S,
    encoding: Encoding,
    marked: bool,
) -> Result<Detected, IngestError> {
    let detected = Detected { encoding, marked };
    let mut text = Text::new(source, detected)?;
    let mut piece = String::new();
    while text.read_into(&mut piece)? {
        piece.clear();
    }
    Ok(detected)
}

fn read_full(source: &mut impl Read, into: &mut [u8]) -> Result<usize, IngestError> {
    let mut filled = 0;
    while let Some(rest) = into.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(fault) if fault.kind() == std::io::ErrorKind::Interrupted => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(filled)
}

/// The text of a file, decoded piece by piece.
pub(super) struct Text<S> {
    source: S,
    decoder: Decoder,
    encoding: Encoding,
    bytes: Vec<u8>,
    consumed: u64,
    ended: bool,
}

impl<S: Read + Seek> Text<S> {
    /// Starts at the first byte after the mark.
    pub(super) fn new(mut source: S, detected: Detected) -> Result<Self, IngestError> {
        let skipped = if detected.marked { detected.encoding.mark().len() as u64 } else { 0 };
        source.seek(SeekFrom::Start(skipped))?;
        let decoder = detected.encoding.standard().new_decoder_without_bom_handling();
        let (encoding, bytes) = (detected.encoding, vec![0; CHUNK]);
        Ok(Self { source, decoder, encoding, bytes, consumed: skipped, ended: false })
    }
}

impl<S: Read> Text<S> {
    /// Appends the next piece, at most a few times [`CHUNK`]; `false` once nothing is left.
    pub(super) fn read_into(&mut self, text: &mut String) -> Result<bool, IngestError> {
        if self.ended {
            return Ok(false);
        }
        let length = read_full(&mut self.source, &mut self.bytes)?;
        self.ended = length < self.bytes.len();
        let mut rest = self.bytes.get(..length).unwrap_or_default();
        loop {
            // A multiple of the input is always enough; the floor covers what the decoder held back.
            text.reserve(rest.len().saturating_mul(3).saturating_add(64));
            let (outcome, read) = self.decoder.decode_to_string_without_replacement(rest, text, self.ended);
            self.consumed += read as u64;
            rest = rest.get(read..).unwrap_or_default();
            match outcome {
                DecoderResult::InputEmpty => return Ok(true),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(bad, after) => {
                    let back = u64::from(bad) + u64::from(after);
                    let offset = self.consumed.saturating_sub(back);
                    return Err(IngestError::BadBytes { encoding: self.encoding, offset });
                }
            }
        }
    }
}
