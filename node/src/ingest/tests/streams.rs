//! Long files in bounded memory, and bytes of any kind.

use std::io::{self, Write as _};

use proptest::prelude::*;

use super::*;

/// A file of any length that is made while it is read; it counts how much was asked for at once.
struct Endless {
    rows: u64,
    at: u64,
    line: Vec<u8>,
}

impl Endless {
    fn length(&self) -> u64 {
        self.rows * self.line.len() as u64
    }
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        for byte in into.iter_mut().take(usize::try_from(self.length() - self.at).unwrap()) {
            let place = usize::try_from(self.at % self.line.len() as u64).unwrap();
            *byte = if self.at < 40 {
                b"record,mobile,role                     \n"[usize::try_from(self.at).unwrap()]
            } else {
                self.line[place]
            };
            self.at += 1;
            written += 1;
        }
        Ok(written)
    }
}

impl Seek for Endless {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let io::SeekFrom::Start(at) = to else { return Err(io::ErrorKind::Unsupported.into()) };
        self.at = at;
        Ok(at)
    }
}

#[test]
fn two_hundred_thousand_rows_pass_through_a_bounded_buffer() {
    let line = b"R0000001,1391234567813912345678,agent  \n".to_vec();
    assert_eq!(line.len(), 40);
    let endless = Endless { rows: 200_001, at: 0, line };
    let (mut csv, _) = csv::Csv::open(endless, &Options::default()).unwrap();
    let (mut rows, mut most) = (0, 0);
    while let Some(line) = csv.next().unwrap() {
        assert!(matches!(line, Line::Cells(_)));
        rows += 1;
        most = most.max(csv.records.held());
    }
    assert_eq!(rows, 200_000);
    assert!(most <= 4 * line::ROW_BYTES, "{most} bytes were held");
}

/// What the relations of a workbook name as a sheet is read as one, whatever its ending says.
#[test]
fn pictures_are_of_any_bytes_and_of_a_bounded_size() {
    let sheet = books::rows(&[&["record", "mobile"], &["A1", "139"]]);
    let with = |name: &str, mebibytes: usize| {
        let book = Cursor::new(books::book(&[("a", &sheet)], &[]));
        let mut zip = zip::ZipWriter::new_append(book).unwrap();
        let options = zip::write::SimpleFileOptions::default().compression_level(Some(1));
        zip.start_file(name, options).unwrap();
        let piece = vec![b'x'; 1 << 20];
        for _ in 0..mebibytes {
            zip.write_all(&piece).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    for name in ["xl/media/a.png", "xl/drawings/B.VML", "xl/printerSettings/c.bin"] {
        assert_eq!(read(&with(name, 2)).len(), 1, "{name}");
        let bytes = with(name, 65);
        assert!(bytes.len() < 4 << 20);
        let error = refusal(&bytes);
        assert!(matches!(error, IngestError::TooLarge { what: "bytes of a picture", .. }), "{name}: {error}");
    }
}

/// Whoever waits for a disk waits for ever, if a file that is damaged looks like one that cannot be read.
#[test]
fn a_disk_that_fails_is_told_from_a_workbook_that_is_damaged() {
    let met = |error: fn() -> io::Error| -> [IngestError; 2] {
        [zip::result::ZipError::Io(error()).into(), calamine::XlsxError::Io(error()).into()]
    };
    // The fifth of the system's numbers is that of a disk that fails, the 22nd that of a place that is none.
    for error in met(|| io::Error::from_raw_os_error(5)) {
        assert!(matches!(error, IngestError::Read(_)), "{error}");
    }
    let damaged: [fn() -> io::Error; 4] = [
        || io::Error::from_raw_os_error(22),
        || io::ErrorKind::UnexpectedEof.into(),
        || io::ErrorKind::InvalidData.into(),
        || io::Error::other("of a library"),
    ];
    for error in damaged.into_iter().flat_map(met) {
        assert!(matches!(error, IngestError::Damaged), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_end_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), headed: bool) {
        let bytes = if headed { [b"record,mobile,hold,typology\n".to_vec(), bytes].concat() } else { bytes };
        if let Ok(file) = open(&bytes) {
            for entry in file {
                let entry = entry.unwrap();
                prop_assert!(entry.row.is_some() || !entry.issues.is_empty(), "nothing is dropped in silence");
            }
        }
    }

    #[test]
    fn any_csv_soup_is_all_accounted_for(soup in "[a,;\"\r\n ]{0,200}", piece in 1_usize..7) {
        let text = format!("record,mobile\n{soup}");
        let whole = read(text.as_bytes());
        let by_piece = RegisterFile::open(Trickle(Cursor::new(text.into_bytes()), piece), &Options::default()).unwrap();
        let by_piece: Vec<Entry> = by_piece.map(Result::unwrap).collect();
        prop_assert_eq!(whole.len(), by_piece.len());
        for (one, other) in whole.iter().zip(&by_piece) {
            prop_assert_eq!(&one.issues, &other.issues);
            prop_assert_eq!(one.row.as_ref().map(|row| &row.record), other.row.as_ref().map(|row| &row.record));
        }
    }

    #[test]
    fn what_a_csv_writer_writes_is_read(rows in prop::collection::vec(("[A-Z][0-9]{1,5}", "[^\u{0}\r]{0,30}"), 0..20)) {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        writer.write_record(["record", "url"]).unwrap();
        for (record, url) in &rows {
            writer.write_record([record, url]).unwrap();
        }
        let entries = read(&writer.into_inner().unwrap());
        prop_assert_eq!(entries.len(), rows.len());
        for (entry, (record, url)) in entries.iter().zip(&rows) {
            prop_assert_eq!(&entry.row.as_ref().unwrap().record, record);
            if !cells::text(url).is_empty() {
                prop_assert_eq!(cell(entry, Identifier::Url), url);
            }
        }
    }
}

/// Gives a few bytes at a time, as a slow disk may.
struct Trickle(Cursor<Vec<u8>>, usize);

impl Read for Trickle {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = into.len().min(self.1);
        self.0.read(&mut into[..length])
    }
}

impl Seek for Trickle {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}
