//! What is in a table, in one digest: two readings with the same digest give the same rows.
//!
//! Comes in: the bytes of a source, its header, and what was found out about it. Goes out: a digest over all of it; none of a
//! small source, which is read again in no time, and none of a query, whose answer may be another each time. Never sees: a
//! row.

use std::io::{self, Read, Seek, SeekFrom};

use lianfang_trust::{Digest, Digester, Encoder};

use super::headers::Layout;
use super::line::Cells;
use super::{Encoding, Format, Found};

/// Sources from this size on have one.
const LEAST_BYTES: u64 = 1 << 20;

const BYTES: &str = "lianfang/register-bytes";
const READING: &str = "lianfang/register-reading";
const VERSION: u8 = 1;
const CHUNK: usize = 64 * 1024;

/// A digest over the bytes alone. Leaves the position anywhere.
pub(super) fn of_source<S: Read + Seek>(source: &mut S) -> io::Result<Option<Digest>> {
    if source.seek(SeekFrom::End(0))? < LEAST_BYTES {
        return Ok(None);
    }
    source.seek(SeekFrom::Start(0))?;
    let (mut digester, mut piece) = (Digester::new(BYTES), vec![0; CHUNK]);
    loop {
        match source.read(&mut piece) {
            Ok(0) => return Ok(Some(digester.finish())),
            Ok(count) => drop(digester.update(piece.get(..count).unwrap_or_default())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// How the bytes are read: format, encoding, delimiter, sheet, which row is the header, and which column is where.
pub(super) fn of_reading(header: &Cells, found: &Found, layout: &Layout) -> Vec<u8> {
    let Found { format, encoding, delimiter, sheet } = found;
    let mut to = Encoder::new(READING, VERSION);
    to.text(format.map_or("", Format::name)).text(encoding.map_or("", Encoding::name));
    to.u32(delimiter.map_or(0, u32::from)).text(sheet.as_deref().unwrap_or_default());
    let cells: Vec<&str> = header.iter().collect();
    to.list(cells, |to, cell| {
        to.text(cell);
    });
    let columns: Vec<_> = layout.columns().collect();
    to.list(columns, |to, column| {
        to.text(column.name()).u64(layout.place(column).unwrap_or_default() as u64);
    });
    to.finish()
}

/// The digest over both.
pub(super) fn as_read(bytes: &Digest, reading: &[u8]) -> Digest {
    Digest::of(READING, &[bytes.as_bytes().as_slice(), reading].concat())
}
