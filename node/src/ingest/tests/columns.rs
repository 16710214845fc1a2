//! Parquet files as data platforms write them, and as nobody should.

use std::sync::Arc;

use ::parquet::basic::Compression;
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use super::*;

/// The values of one column with their levels.
pub(crate) enum Values {
    Texts(Vec<&'static str>),
    Bytes(Vec<&'static [u8]>),
    Longs(Vec<i64>),
    Days(Vec<i32>),
    Floats(Vec<f64>),
    /// Values, definition levels, repetition levels.
    Nested(Vec<&'static str>, Vec<i16>, Vec<i16>),
}

pub(crate) fn written(schema: &str, compression: Compression, columns: &[Values]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema, properties).unwrap();
    let mut group = file.next_row_group().unwrap();
    for column in columns {
        let mut writer = group.next_column().unwrap().unwrap();
        // None of them is copied, for a long one may stand there many times.
        let shared = |text: &'static str| ByteArray::from(bytes::Bytes::from_static(text.as_bytes()));
        let texts = |texts: &[&'static str]| texts.iter().map(|&text| shared(text)).collect::<Vec<_>>();
        match column {
            Values::Texts(values) => writer.typed::<ByteArrayType>().write_batch(&texts(values), None, None),
            Values::Bytes(values) => {
                let values: Vec<_> = values.iter().map(|bytes| ByteArray::from(bytes.to_vec())).collect();
                writer.typed::<ByteArrayType>().write_batch(&values, None, None)
            }
            Values::Longs(values) => writer.typed::<Int64Type>().write_batch(values, None, None),
            Values::Days(values) => writer.typed::<Int32Type>().write_batch(values, None, None),
            Values::Floats(values) => writer.typed::<DoubleType>().write_batch(values, None, None),
            Values::Nested(values, defined, repeated) => {
                writer.typed::<ByteArrayType>().write_batch(&texts(values), Some(defined), Some(repeated))
            }
        }
        .unwrap();
        writer.close().unwrap();
    }
    group.close().unwrap();
    file.close().unwrap();
    bytes
}

const SCHEMA: &str = "message register {
    REQUIRED BYTE_ARRAY record (UTF8);
    REQUIRED BYTE_ARRAY role;
    REQUIRED INT64 手机号;
    REQUIRED INT32 first_seen (DATE);
    REQUIRED DOUBLE qq;
    OPTIONAL GROUP email (LIST) { REPEATED GROUP list { OPTIONAL BYTE_ARRAY element (UTF8); } }
    REQUIRED INT64 elsewhere;
}";

fn columns() -> Vec<Values> {
    vec![
        Values::Texts(vec!["A1", "A2", "A3"]),
        Values::Texts(vec!["代理人", "agent", ""]),
        Values::Longs(vec![13_912_345_678, 13_812_345_678, 0]),
        Values::Days(vec![19_753, 0, -1]),
        Values::Floats(vec![10001.0, 1e22, 0.5]),
        Values::Nested(vec!["a@b.cn", "c@d.cn"], vec![3, 3, 0, 1], vec![0, 1, 0, 0]),
        Values::Longs(vec![1, 2, 3]),
    ]
}

#[test]
fn columns_read_as_their_text_would_under_every_compression() {
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(::parquet::basic::GzipLevel::default()),
        Compression::ZSTD(::parquet::basic::ZstdLevel::default()),
        Compression::LZ4_RAW,
    ] {
        let file = open(&written(SCHEMA, compression, &columns())).unwrap();
        assert_eq!(file.found().format, Some(Format::Parquet));
        let told: Vec<_> = file.header_issues().iter().map(|issue| issue.column.as_str()).collect();
        assert_eq!(told, ["elsewhere"], "what means nothing is told, and not read");
        let entries: Vec<Entry> = file.map(Result::unwrap).collect();
        assert_eq!(entries.len(), 3);
        let first = entries[0].row.as_ref().unwrap();
        assert_eq!(
            (first.record.as_str(), first.first_seen.unwrap().to_string().as_str()),
            ("A1", "2024-01-31")
        );
        assert_eq!(cell(&entries[0], Identifier::Mobile), "13912345678");
        assert_eq!(cell(&entries[0], Identifier::Email), "a@b.cn;c@d.cn");
        assert_eq!(codes(&entries[0]), ["numeric-cell"], "a floating-point number is no identifier");
        assert_eq!(entries[1].row.as_ref().unwrap().first_seen.unwrap().to_string(), "1970-01-01");
    }
}

/// 受害人 and 争议 in GBK, as a column of bytes may have them.
#[test]
fn bytes_that_are_no_text_protect() {
    let schema = "message register { REQUIRED BYTE_ARRAY record (UTF8); REQUIRED BYTE_ARRAY role; REQUIRED BYTE_ARRAY hold;
        REQUIRED BYTE_ARRAY typology; REQUIRED INT32 first_seen (DATE); REQUIRED BYTE_ARRAY mobile (UTF8); }";
    let victim: &[u8] = b"\xCA\xDC\xBA\xA6\xC8\xCB";
    let dispute: &[u8] = b"\xD5\xF9\xD2\xE9";
    let (agent, nothing): (&[u8], &[u8]) = (b"agent", b"");
    let bytes = written(
        schema,
        Compression::SNAPPY,
        &[
            Values::Texts(vec!["A1", "A2", "A3"]),
            Values::Bytes(vec![victim, agent, agent]),
            Values::Bytes(vec![nothing, dispute, nothing]),
            Values::Bytes(vec![nothing, nothing, dispute]),
            Values::Days(vec![0, 0, i32::MAX]),
            Values::Texts(vec!["13912345678"; 3]),
        ],
    );
    let entries = read(&bytes);
    let found: Vec<_> = entries.iter().map(codes).collect();
    let expected: [&[&str]; 3] = [&["unknown-role"], &["unknown-hold"], &["unknown-typology", "bad-date"]];
    assert_eq!(found, expected);
    let rows = entries.iter().map(|entry| entry.row.as_ref().unwrap().disposition());
    assert_eq!(rows.collect::<Vec<_>>(), [Disposition::Out, Disposition::Held, Disposition::In]);
}

#[test]
fn what_is_not_read_is_named() {
    let nested = "message r { REQUIRED BYTE_ARRAY record (UTF8); \
                  REQUIRED GROUP mobile { REQUIRED BYTE_ARRAY a (UTF8); REQUIRED BYTE_ARRAY b (UTF8); } }";
    let texts = || Values::Texts(vec!["a"]);
    let error = refusal(&written(nested, Compression::SNAPPY, &[texts(), texts(), texts()]));
    assert!(
        matches!(&error, IngestError::ColumnType { column, kind } if column == "mobile" && kind == "nested")
    );
    let plain = "message r { REQUIRED BYTE_ARRAY record (UTF8); REQUIRED BYTE_ARRAY mobile (UTF8); }";
    let brotli = Compression::BROTLI(::parquet::basic::BrotliLevel::default());
    let error = refusal(&written(plain, brotli, &[texts(), texts()]));
    assert!(matches!(&error, IngestError::Compression { kind } if kind == "BROTLI"), "{error}");
    assert_eq!(error.exit_code(), 65);
    let twice = "message r { REQUIRED BYTE_ARRAY record (UTF8); REQUIRED BYTE_ARRAY mobile (UTF8); \
                 REQUIRED BYTE_ARRAY Mobile (UTF8); }";
    let error = refusal(&written(twice, Compression::SNAPPY, &[texts(), texts(), texts()]));
    assert!(matches!(error, IngestError::RepeatedHeader { .. }));
    // The file itself says that these are names of columns, however few of them are known.
    let strange = "message r { REQUIRED BYTE_ARRAY mobile (UTF8); REQUIRED BYTE_ARRAY branch (UTF8); \
                   REQUIRED BYTE_ARRAY desk (UTF8); }";
    let error = refusal(&written(strange, Compression::SNAPPY, &[texts(), texts(), texts()]));
    let named = Headers::Named("mobile, branch, desk".to_owned());
    assert!(matches!(&error, IngestError::NoRecordColumn { found } if *found == named), "{error}");
    let unknown = "message r { REQUIRED BYTE_ARRAY branch (UTF8); REQUIRED BYTE_ARRAY desk (UTF8); }";
    let error = refusal(&written(unknown, Compression::SNAPPY, &[texts(), texts()]));
    let named = Headers::Named("branch, desk".to_owned());
    assert!(matches!(&error, IngestError::NoRecordColumn { found } if *found == named), "{error}");
    let bare = "message r { REQUIRED BYTE_ARRAY record (UTF8); }";
    assert!(matches!(
        refusal(&written(bare, Compression::SNAPPY, &[texts()])),
        IngestError::NoIdentifierColumn { .. }
    ));
}

#[test]
fn promises_of_room_are_not_believed() {
    let plain = "message r { REQUIRED BYTE_ARRAY record (UTF8); REQUIRED BYTE_ARRAY mobile (UTF8); }";
    let long: &'static str = Box::leak("1".repeat(17 << 20).into_boxed_str());
    let bytes = written(
        plain,
        Compression::ZSTD(::parquet::basic::ZstdLevel::default()),
        &[Values::Texts(vec!["A1"]), Values::Texts(vec![long])],
    );
    assert!(bytes.len() < 1 << 20);
    let error = refusal(&bytes);
    assert!(matches!(error, IngestError::TooLarge { what: "bytes of a page", .. }), "{error}");
    let mut footer =
        written(plain, Compression::SNAPPY, &[Values::Texts(vec!["A1"]), Values::Texts(vec!["1"])]);
    let at = footer.len() - 8;
    footer[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(refusal(&footer), IngestError::TooLarge { .. }));
    assert!(matches!(refusal(b"PAR1"), IngestError::Damaged));
}

const LISTS: &str = "message r { REQUIRED BYTE_ARRAY record (UTF8);
    OPTIONAL GROUP email (LIST) { REPEATED GROUP list { OPTIONAL BYTE_ARRAY element (UTF8); } }
    OPTIONAL GROUP mobile (LIST) { REPEATED GROUP list { OPTIONAL BYTE_ARRAY element (UTF8); } } }";

/// One row whose lists have so many elements, all of which are nothing.
fn lists(emails: usize, mobiles: usize) -> Vec<u8> {
    let nothing = |count: usize| {
        let repeated = (0..count).map(|at| i16::from(at > 0)).collect();
        Values::Nested(Vec::new(), vec![2; count], repeated)
    };
    written(LISTS, Compression::SNAPPY, &[Values::Texts(vec!["A1"]), nothing(emails), nothing(mobiles)])
}

#[test]
fn lists_without_end_are_refused() {
    let half = 2 << 20;
    let bytes = lists(half, half + 1);
    assert!(bytes.len() < 1 << 20, "it is small: {}", bytes.len());
    let error = refusal(&bytes);
    let what = "bytes of rows that are read at once";
    assert!(matches!(error, IngestError::TooLarge { what: found, .. } if found == what), "{error}");
    // One long value of the dictionary, again and again in one row.
    let long: &'static str = Box::leak("1".repeat(1 << 19).into_boxed_str());
    let longs = |count: usize| {
        let repeated = (0..count).map(|at| i16::from(at > 0)).collect();
        let columns = [
            Values::Texts(vec!["A1"]),
            Values::Nested(vec!["a"], vec![3], vec![0]),
            Values::Nested(vec![long; count], vec![3; count], repeated),
        ];
        written(LISTS, Compression::SNAPPY, &columns)
    };
    let bytes = longs(1_100);
    assert!(bytes.len() < 1 << 20, "it is small: {}", bytes.len());
    let error = refusal(&bytes);
    assert!(matches!(error, IngestError::TooLarge { what: found, .. } if found == what), "{error}");
    assert_eq!(read(&longs(3)).len(), 1);
    let entries = read(&lists(10_000, 1));
    assert_eq!(entries.iter().map(codes).collect::<Vec<_>>(), [["no-identifier"]]);
}

/// As many rows as the common writers put into a row group: more values than one row may have.
#[test]
fn rows_with_lists_are_read_however_many_they_are() {
    let rows = 1 << 20;
    let fours: Vec<i16> = [0, 1, 1, 1].repeat(rows);
    // Two values, a list that is nothing, one of no values, and one value, in turn.
    let (mut defined, mut repeated) = (Vec::new(), Vec::new());
    for _ in 0..rows / 4 {
        defined.extend([3, 3, 0, 1, 3]);
        repeated.extend([0, 1, 0, 0, 0]);
    }
    let values = vec!["13912345678"; rows / 4 * 3];
    let columns = [
        Values::Texts(vec!["A1"; rows]),
        Values::Nested(Vec::new(), vec![2; fours.len()], fours),
        Values::Nested(values, defined, repeated),
    ];
    let mut file = open(&written(LISTS, Compression::SNAPPY, &columns)).unwrap();
    let found: Vec<_> = file.by_ref().take(4).map(Result::unwrap).collect();
    let cells: Vec<_> = found.iter().map(|entry| cell(entry, Identifier::Mobile)).collect();
    assert_eq!(cells, ["13912345678;13912345678", "", "", "13912345678"]);
}

/// The library would read on where the description says that there is no more.
#[test]
fn pages_behind_the_last_value_are_looked_at() {
    use ::parquet::file::metadata::{ParquetMetaDataReader, ParquetMetaDataWriter};
    let bytes = bytes::Bytes::from(lists(3, 3));
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&bytes).unwrap();
    // The same file with another description behind it: the first list is said to have so many values.
    let promising = |values: i64| {
        let mut file = metadata.clone().into_builder();
        let mut groups = file.take_row_groups();
        let mut group = groups.remove(0).into_builder();
        let mut columns = group.take_columns();
        let list = columns.remove(1).into_builder().set_num_values(values).build().unwrap();
        columns.insert(1, list);
        let file = file.add_row_group(group.set_column_metadata(columns).build().unwrap()).build();
        let mut to = bytes.to_vec();
        ParquetMetaDataWriter::new(&mut to, &file).finish().unwrap();
        to
    };
    assert_eq!(read(&promising(3)).len(), 1);
    for values in [-1, 0, 2, 4] {
        let error = refusal(&promising(values));
        assert!(matches!(error, IngestError::Damaged), "{values}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn changed_files_end_without_a_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
        folded: bool,
    ) {
        let compression = if folded { Compression::SNAPPY } else { Compression::UNCOMPRESSED };
        let mut bytes = written(SCHEMA, compression, &columns());
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        match open(&bytes) {
            Ok(file) => prop_assert!(file.take(10_000).count() < 10_000),
            // No disk failed.
            Err(error) => prop_assert!(!matches!(error, IngestError::Read(_)), "{error}"),
        }
    }
}
