//! What is in a table, in one digest: two of the same digest give the same rows, and may be told apart by nothing else.
//!
//! Comes in: the bytes of a source, and what was found out about it. Goes out: a digest over both; none of a small source,
//! which is read again in no time, and none of a query, whose answer may be another each time. Never sees: a row.

use std::io::{self, Read, Seek, SeekFrom};

use lianfang_trust::{Digest, Digester};

use super::Found;
use super::headers::Layout;

/// Sources from this size on have one.
pub const LEAST_BYTES: u64 = 1 << 20;

const DOMAIN: &str = "lianfang/register-content";
const CHUNK: usize = 64 * 1024;

/// A digest over the bytes, to which the rest is still to be added. Leaves the position anywhere.
pub(super) fn of_source<S: Read + Seek>(source: &mut S) -> io::Result<Option<Digester>> {
    if source.seek(SeekFrom::End(0))? < LEAST_BYTES {
        return Ok(None);
    }
    source.seek(SeekFrom::Start(0))?;
    let (mut digester, mut piece) = (Digester::new(DOMAIN), vec![0; CHUNK]);
    loop {
        match source.read(&mut piece) {
            Ok(0) => return Ok(Some(digester)),
            Ok(count) => drop(digester.update(piece.get(..count).unwrap_or_default())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The digest with what decides how the bytes are read: format, encoding, delimiter, sheet, and which column is where.
pub(super) fn as_read(mut digester: Digester, found: &Found, layout: &Layout) -> Digest {
    let Found { format, encoding, delimiter, sheet } = found;
    let mut said = format!(
        "\n{} {} {} {}",
        format.map_or("", super::Format::name),
        encoding.map_or("", super::Encoding::name),
        delimiter.map_or(0, u32::from),
        layout.width,
    );
    for column in layout.columns() {
        said.push_str(&format!(" {}={}", column.name(), layout.place(column).unwrap_or_default()));
    }
    digester.update(said.as_bytes());
    digester.update(sheet.as_deref().unwrap_or_default().as_bytes());
    digester.finish()
}
