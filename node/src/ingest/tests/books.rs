//! Workbooks as spreadsheets write them, and as nobody should.

use std::io::Write as _;

use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

/// A workbook of these sheets, each the inside of its `sheetData`, with the shared texts.
pub(crate) fn book(sheets: &[(&str, &str)], shared: &[&str]) -> Vec<u8> {
    let (mut names, mut relations) = (String::new(), String::new());
    for (index, (name, _)) in sheets.iter().enumerate() {
        let state = if name.starts_with("hidden") { "state=\"hidden\"" } else { "" };
        names += &format!("<sheet name=\"{name}\" sheetId=\"{0}\" {state} r:id=\"rId{0}\"/>", index + 1);
        relations += &format!(
            "<Relationship Id=\"rId{0}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" \
             Target=\"worksheets/sheet{0}.xml\"/>",
            index + 1
        );
    }
    let texts: String = shared.iter().map(|text| format!("<si><t>{text}</t></si>")).collect();
    let main = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    let mut parts = vec![
        ("[Content_Types].xml".to_owned(), "<Types/>".to_owned()),
        (
            "_rels/.rels".to_owned(),
            "<Relationships><Relationship Id=\"rId1\" Target=\"xl/workbook.xml\" \
             Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\"/></Relationships>"
                .to_owned(),
        ),
        (
            "xl/workbook.xml".to_owned(),
            format!("<workbook {main} xmlns:r=\"r\"><sheets>{names}</sheets></workbook>"),
        ),
        ("xl/_rels/workbook.xml.rels".to_owned(), format!("<Relationships>{relations}</Relationships>")),
        (
            "xl/sharedStrings.xml".to_owned(),
            format!("<sst {main} uniqueCount=\"{}\">{texts}</sst>", shared.len()),
        ),
        // The second form of cells is that of dates.
        (
            "xl/styles.xml".to_owned(),
            format!(
                "<styleSheet {main}><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
            ),
        ),
    ];
    for (index, (_, data)) in sheets.iter().enumerate() {
        let xml = format!("<worksheet {main}><sheetData>{data}</sheetData></worksheet>");
        parts.push((format!("xl/worksheets/sheet{}.xml", index + 1), xml));
    }
    archive(&parts)
}

fn archive(parts: &[(String, String)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Rows of inline texts; a cell that begins with `<` is XML of its own, and an empty one is not there.
pub(crate) fn rows(rows: &[&[&str]]) -> String {
    let mut xml = String::new();
    for (row, cells) in rows.iter().enumerate() {
        xml += &format!("<row r=\"{}\">", row + 1);
        for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let at = format!("{}{}", char::from(b'A' + u8::try_from(column).unwrap()), row + 1);
            match cell.strip_prefix('<') {
                Some(own) => xml += &format!("<{}", own.replace("AT", &at)),
                None => xml += &format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>"),
            }
        }
        xml += "</row>";
    }
    xml
}

const HEADER: [&str; 5] = ["编号", "角色", "手机号", "首次日期", "备注"];
const NUMBER: &str = "<c r=\"AT\"><v>13912345678</v></c>";
const DATE: &str = "<c r=\"AT\" s=\"1\"><v>45322.5</v></c>";
const SHARED: &str = "<c r=\"AT\" t=\"s\"><v>0</v></c>";
const ERROR: &str = "<c r=\"AT\" t=\"e\"><v>#N/A</v></c>";

fn one(sheet: &[&[&str]]) -> Vec<u8> {
    book(&[("Sheet1", &rows(sheet))], &["１３９１２３４５６７８"])
}

#[test]
fn a_workbook_reads_as_its_text_would() {
    let bytes = one(&[&HEADER, &["A1", "agent", SHARED, DATE, "<c r=\"AT\"><v>1.5</v></c>"], &[], &["A2"]]);
    let file = open(&bytes).unwrap();
    let found = file.found().clone();
    assert_eq!((found.format, found.sheet.as_deref()), (Some(Format::Xlsx), Some("Sheet1")));
    assert!(file.header_issues().is_empty());
    let entries: Vec<Entry> = file.map(Result::unwrap).collect();
    let first = entries[0].row.as_ref().unwrap();
    assert_eq!(
        (first.record.as_str(), cell(&entries[0], Identifier::Mobile)),
        ("A1", "１３９１２３４５６７８")
    );
    assert_eq!(
        (first.first_seen.unwrap().to_string(), first.note.as_str()),
        ("2024-01-31".to_owned(), "1.5")
    );
    assert!(entries[0].issues.is_empty());
    // Blank rows are passed over, and the others have the numbers under which a spreadsheet shows them.
    assert_eq!((entries.len(), entries[1].number), (2, 4));
    assert_eq!(codes(&entries[1]), ["no-identifier"]);
}

#[test]
fn numbers_are_no_identifiers_and_errors_are_nothing() {
    let entries = read(&one(&[
        &HEADER,
        &["A1", "", NUMBER, "<c r=\"AT\"><v>20240131</v></c>", ERROR],
        &[NUMBER, "agent", "13912345678"],
        &["A3", ERROR, DATE, ERROR],
        &["A4", "agent", ERROR],
    ]));
    let found: Vec<_> = entries.iter().map(codes).collect();
    let expected: [&[&str]; 4] = [
        &["faulty-cell", "numeric-cell", "no-identifier"],
        &["numeric-cell"],
        &["unknown-role", "bad-date", "numeric-cell", "no-identifier"],
        &["faulty-cell", "no-identifier"],
    ];
    assert_eq!(found, expected);
    assert_eq!(entries[0].row.as_ref().unwrap().first_seen.unwrap().to_string(), "2024-01-31");
    assert!(entries[1].row.is_none(), "a record that is a number may have lost its digits");
    assert_eq!(entries[2].row.as_ref().unwrap().disposition(), Disposition::Out);
}

#[test]
fn the_header_is_looked_for() {
    let good = rows(&[&["某行投诉登记表"], &[], &HEADER, &["A1", "agent", "139"]]);
    let other = rows(&[&["nothing", "known"]]);
    let bytes = book(&[("hidden", &good), ("说明", &other), ("数据", &good)], &[]);
    let file = open(&bytes).unwrap();
    assert_eq!(file.found().sheet.as_deref(), Some("数据"));
    let told: Vec<_> = file.header_issues().iter().map(|issue| issue.reason.code).collect();
    assert_eq!(told, ["above-header"]);
    assert_eq!(file.map(Result::unwrap).map(|entry| entry.number).collect::<Vec<_>>(), [4]);

    let named = |sheet: &str| Options { sheet: Some(sheet.to_owned()), ..Options::default() };
    let sheet = |name| RegisterFile::open(Cursor::new(bytes.clone()), &named(name));
    assert_eq!(sheet("hidden").unwrap().found().sheet.as_deref(), Some("hidden"));
    assert!(matches!(sheet("说明").err().unwrap(), IngestError::NoHeader { columns: 2 }));
    let missing = sheet("Sheet9").err().unwrap();
    assert!(matches!(&missing, IngestError::NoSuchSheet { found } if found == "说明, 数据"), "{missing}");
    assert_eq!(missing.exit_code(), 64);
    assert!(matches!(refusal(&book(&[("a", &other)], &[])), IngestError::NoHeader { columns: 2 }));
    assert!(matches!(refusal(&book(&[("a", "")], &[])), IngestError::Empty));
}

#[test]
fn formulas_are_read_as_they_were_computed_and_told() {
    let formula = "<c r=\"AT\" t=\"str\"><f>A1</f><v>13912345678</v></c>";
    let file = open(&one(&[&HEADER, &["A1", "agent", formula]])).unwrap();
    assert_eq!(file.header_issues().iter().map(|issue| issue.reason.code).collect::<Vec<_>>(), ["formulas"]);
    let entries: Vec<_> = file.map(Result::unwrap).collect();
    assert_eq!(cell(&entries[0], Identifier::Mobile), "13912345678");
}

#[test]
fn a_header_far_below_is_told_by_the_limit() {
    let title: &[&str] = &["某行投诉登记表"];
    let mut sheet = vec![title; 10];
    sheet.push(&HEADER);
    let error = refusal(&one(&sheet));
    assert!(matches!(error, IngestError::HeaderTooLow { limit: 10 }) && error.exit_code() == 65, "{error}");
    sheet.remove(0);
    assert!(open(&one(&sheet)).is_ok());
    // What is told is the row that is most like a header, and not a title.
    let error = refusal(&one(&[title, &["手机号", "备注"], &["139", ""]]));
    let named = Headers::Named("手机号, 备注".to_owned());
    assert!(matches!(&error, IngestError::NoRecordColumn { found } if *found == named), "{error}");
}

#[test]
fn other_sheets_with_a_register_are_told_or_refused() {
    let good = rows(&[&HEADER, &["A1", "agent", "139"]]);
    let below = rows(&[&["某行"], &HEADER, &["A2", "agent", "138"]]);
    let (bare, other) = (rows(&[&HEADER]), rows(&[&["nothing", "known"], &["1", "2"]]));
    let sheets = [("a", &*good), ("hidden", &*good), ("b", &*below), ("c", &*bare), ("d", &*other)];
    let bytes = book(&sheets, &[]);
    let opened = |sheet: Option<&str>, full: bool| {
        let options = Options { sheet: sheet.map(str::to_owned), full, ..Options::default() };
        RegisterFile::open(Cursor::new(bytes.clone()), &options)
    };
    let told = |file: &RegisterFile| -> Vec<(String, &'static str)> {
        file.header_issues().iter().map(|issue| (issue.column.clone(), issue.reason.code)).collect()
    };
    assert_eq!(told(&opened(None, false).unwrap()), [("#3".to_owned(), "other-sheets")]);
    assert!(told(&opened(Some("a"), true).unwrap()).is_empty());
    let refused = opened(None, true).err().unwrap();
    assert!(matches!(&refused, IngestError::OtherSheets { places } if places == "#3"), "{refused}");
    assert_eq!(refused.exit_code(), 64);
}

#[test]
fn formulas_that_were_never_computed_are_faulty_and_not_blank() {
    let bare = "<c r=\"AT\"><f>A1</f></c>";
    let by_programs = "<c r=\"AT\"><f>A1</f><v></v></c>";
    let shared = "<c r=\"AT\" t=\"str\"><f t=\"shared\" si=\"0\"/></c>";
    let empty = "<c r=\"AT\" t=\"str\"><f>A1</f><v></v></c>";
    let entries = read(&one(&[
        &["编号", "角色", "手机号", "限制"],
        &["A1", "agent", "13912345678", bare],
        &["A2", by_programs, "13912345678"],
        &["A3", "agent", shared],
        &["A4", empty, "13912345678", empty],
        &[bare],
        &["", "<c r=\"AT\" s=\"1\"/>"],
        &["A7", "agent", "13912345678"],
    ]));
    let found: Vec<_> = entries.iter().map(|entry| (entry.number, codes(entry))).collect();
    let expected = [
        (2, vec!["unknown-hold"]),
        (3, vec!["unknown-role"]),
        (4, vec!["faulty-cell", "no-identifier"]),
        (5, vec![]),
        (6, vec!["faulty-cell"]),
        (8, vec![]),
    ];
    assert_eq!(found, expected);
    let standing = |index: usize| entries[index].row.as_ref().unwrap().disposition();
    assert_eq!(
        [standing(0), standing(1), standing(3)],
        [Disposition::Held, Disposition::Out, Disposition::In]
    );
}

#[test]
fn forms_that_are_not_read_are_named() {
    let with = |name: &str| {
        archive(&[(name.to_owned(), String::new()), ("[Content_Types].xml".to_owned(), String::new())])
    };
    let compound = [&b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"[..], &[0; 512]].concat();
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, unread) in [
        (with("xl/vbaProject.bin"), Unread::Macros),
        (with("xl/workbook.bin"), Unread::BinaryWorkbook),
        (with("mimetype"), Unread::OpenDocument),
        (archive(&[("a.csv".to_owned(), "record,mobile\n".to_owned())]), Unread::Compressed),
        (b"\x1F\x8B\x08\0".to_vec(), Unread::Compressed),
        (compound.clone(), Unread::OldWorkbook),
        ([compound, name].concat(), Unread::Encrypted),
        (b"PARE1234PARE".to_vec(), Unread::Encrypted),
    ] {
        let error = refusal(&bytes);
        assert!(matches!(error, IngestError::Unread(found) if found == unread), "{unread:?}: {error}");
        assert_eq!(error.exit_code(), 65);
    }
}

#[test]
fn a_format_is_found_by_content_and_a_name_that_lies_is_told() {
    let csv = b"record,mobile\nA1,139\n".to_vec();
    let named = |name: &str| Options { name: Some(name.to_owned()), ..Options::default() };
    let told = |bytes: &[u8], name: &str| {
        let file = RegisterFile::open(Cursor::new(bytes.to_vec()), &named(name)).unwrap();
        file.header_issues().iter().map(|issue| issue.reason.code).collect::<Vec<_>>()
    };
    assert_eq!(told(&csv, "a.xlsx"), ["other-format"]);
    assert!(told(&csv, "a.csv").is_empty() && told(&csv, "a").is_empty());
    assert_eq!(told(&one(&[&HEADER]), "a.csv"), ["other-format"]);
    let said = |format| Options { format: Some(format), ..Options::default() };
    let refused = RegisterFile::open(Cursor::new(csv.clone()), &said(Format::Xlsx)).err().unwrap();
    assert!(matches!(refused, IngestError::NotOfFormat(Format::Xlsx)) && refused.exit_code() == 64);
    assert!(RegisterFile::open(Cursor::new(csv), &said(Format::Csv)).is_ok());
    let text = b"PAR1,record,mobile\n".to_vec();
    assert!(RegisterFile::open(Cursor::new(text), &said(Format::Csv)).is_ok(), "any bytes may be text");
}

#[test]
fn limits_are_refused_by_name() {
    let too_large = |bytes: &[u8], wanted: &str| {
        let error = refusal(bytes);
        assert!(matches!(&error, IngestError::TooLarge { what, .. } if *what == wanted), "{wanted}: {error}");
    };
    // A few hundred kilobytes that unfold to more than is read: what comes out is counted, not what is promised.
    let bomb = |name: &str, text: &str, times: usize| {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for part in ["[Content_Types].xml", name] {
            zip.start_file(part, SimpleFileOptions::default().compression_level(Some(1))).unwrap();
        }
        let piece = text.repeat(1 << 10);
        for _ in 0..times {
            zip.write_all(piece.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    too_large(
        &bomb(
            "xl/sharedStrings.xml",
            "<si><t>xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx</t></si>",
            2_100,
        ),
        "bytes of shared texts",
    );
    too_large(&bomb("xl/sharedStrings.xml", "<si/>", 2_000), "shared texts");
    too_large(&bomb("xl/styles.xml", "<a>xxxxxxxxxxxxxxxxxxxxxxxxxxxx</a>", 1_100), "bytes of a part");
    too_large(&bomb("xl/worksheets/sheet1.xml", "<row/>", 2_100), "rows of a sheet");
    too_large(&bomb("xl/worksheets/sheet1.xml", "xxxxxxxx", 200), "bytes of a cell");
    too_large(&bomb("xl/worksheets/sheet1.xml", "<r><t>x</t></r>", 200), "bytes of a cell");
    let long = "y".repeat(40_000);
    let wide: Vec<&str> = std::iter::repeat_n(long.as_str(), 26).collect();
    let entries = read(&one(&[&HEADER, &wide, &["A2", "", "139"]]));
    assert_eq!(codes(&entries[0]), ["record-too-long", "long-row"]);
    let many = "<c r=\"AT\" t=\"s\"><v>0</v></c>";
    let huge = "z".repeat(600_000);
    let sheet = rows(&[&HEADER, &["A1", many, many], &["A2", "", "139"]]);
    let entries = read(&book(&[("a", &sheet)], &[&huge]));
    assert_eq!(codes(&entries[0]), ["row-too-long"]);
    assert!(entries[1].row.is_some(), "and reading goes on");
}

#[test]
fn promises_of_room_are_not_believed() {
    let text = format!("<sst uniqueCount=\"{}\"><si><t>a</t></si></sst>", u64::MAX);
    let parts = [("[Content_Types].xml", "<a/>"), ("xl/sharedStrings.xml", &text)];
    let parts = parts.map(|(name, text)| (name.to_owned(), text.to_owned()));
    assert!(matches!(refusal(&archive(&parts)), IngestError::Damaged));
    // The longer form of an archive's end may promise any number of parts.
    let mut bytes = one(&[&HEADER]);
    let mut end = b"PK\x06\x06".to_vec();
    end.extend([0; 28]);
    end.extend(u64::MAX.to_le_bytes());
    end.extend([0; 16]);
    let tail = bytes.split_off(bytes.len() - 22);
    bytes.extend(end);
    bytes.extend(tail);
    assert!(matches!(refusal(&bytes), IngestError::TooLarge { what: "parts of an archive", .. }));
}

/// A workbook whose parts are not folded, so that changes meet the readers of XML and not the sum that guards them.
fn plain_book() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let folded = one(&[&HEADER, &["A1", "agent", SHARED, DATE], &["A2", "", NUMBER], &["A3", "", "", ERROR]]);
    let mut from = zip::ZipArchive::new(Cursor::new(folded)).unwrap();
    for index in 0..from.len() {
        let mut part = from.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        zip.start_file(name, SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored))
            .unwrap();
        io::copy(&mut part, &mut zip).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Most changes meet the sums over the parts or the directory; what passes meets the readers of XML.
    #[test]
    fn changed_books_end_without_a_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = plain_book();
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

    /// The parts themselves are soup.
    #[test]
    fn sheets_of_soup_end_without_a_panic(
        soup in "(<row( r=\"[0-9]{0,11}\")?>|</row>|<c( r=\"[A-Z]{0,4}[0-9]{0,11}\")?( t=\"(s|n|e|str|d|b|inlineStr)\")?( s=\"[0-9]{1,20}\")?>|</c>|<v>[-0-9eE.]{0,12}</v>|<is>|<t>|x|&amp;|&#[0-9]{1,8};|<f si=\"[0-9]{1,10}\" t=\"shared\"/>|</sheetData>){0,60}",
        strings in prop::collection::vec("[a-z&<]{0,3}", 0..3),
    ) {
        let strings: Vec<&str> = strings.iter().map(String::as_str).collect();
        let head = rows(&[&HEADER]);
        if let Ok(file) = open(&book(&[("a", &(head + &soup))], &strings)) {
            prop_assert!(file.take(10_000).count() < 10_000);
        }
    }
}
