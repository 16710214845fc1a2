//! Encodings, delimiters, quotes, limits.

use encoding_rs::GB18030;
use lianfang_proto::catalogue::Role;

use super::*;

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let unit = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
    text.encode_utf16().flat_map(unit).collect()
}

const CHINESE: &str = "编号,角色,手机号码\nA1,代理人,１３９１２３４５６７８\n";

#[test]
fn every_encoding_reads_the_same() {
    let gb = GB18030.encode(CHINESE).0.into_owned();
    let files: [(Vec<u8>, Encoding); 6] = [
        (CHINESE.into(), Encoding::Utf8),
        ([b"\xEF\xBB\xBF", CHINESE.as_bytes()].concat(), Encoding::Utf8),
        ([b"\xFF\xFE".to_vec(), utf16(CHINESE, true)].concat(), Encoding::Utf16Le),
        ([b"\xFE\xFF".to_vec(), utf16(CHINESE, false)].concat(), Encoding::Utf16Be),
        (gb.clone(), Encoding::Gb18030),
        ([b"\x84\x31\x95\x33".to_vec(), gb].concat(), Encoding::Gb18030),
    ];
    for (bytes, encoding) in files {
        let file = open(&bytes).unwrap();
        assert_eq!(file.found().encoding, Some(encoding));
        assert!(file.header_issues().is_empty());
        let entries: Vec<Entry> = file.map(Result::unwrap).collect();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].row.as_ref().unwrap().role, Some(Role::Agent));
        assert_eq!(cell(&entries[0], Identifier::Mobile), "１３９１２３４５６７８");
    }
}

#[test]
fn four_byte_characters_of_gb18030_and_their_override() {
    let text = "编号,手机号,备注\nA1,13912345678,𠮷㐂\n";
    let bytes = GB18030.encode(text).0.into_owned();
    let entries = read(&bytes);
    assert_eq!(entries[0].row.as_ref().unwrap().note, "𠮷㐂");
    let options = Options { encoding: Some(Encoding::Gbk), ..Options::default() };
    let file = RegisterFile::open(Cursor::new(bytes.clone()), &options).unwrap();
    assert_eq!(file.found().encoding, Some(Encoding::Gbk));
    let options = Options { encoding: Some(Encoding::Utf8), ..Options::default() };
    let refused = RegisterFile::open(Cursor::new(bytes), &options).err().unwrap();
    assert!(matches!(refused, IngestError::BadBytes { encoding: Encoding::Utf8, offset: 0 }));
}

#[test]
fn utf16_without_a_mark_is_not_guessed_but_can_be_named() {
    let bytes = utf16("record,mobile\nA1,13912345678\n", true);
    assert!(matches!(refusal(&bytes), IngestError::NoHeader { .. } | IngestError::BadHeader));
    let options = Options { encoding: Encoding::from_name("UTF-16LE"), ..Options::default() };
    assert_eq!(RegisterFile::open(Cursor::new(bytes), &options).unwrap().count(), 1);
}

#[test]
fn bad_bytes_are_told_with_their_offset() {
    let offset = |bytes: &[u8]| match refusal(bytes) {
        error @ IngestError::BadBytes { offset, .. } => {
            assert_eq!(error.exit_code(), 65);
            offset
        }
        other => panic!("{other}"),
    };
    assert_eq!(offset(b"record,mobile\nA\xFF1,139\n"), 15);
    assert_eq!(offset("编号,手机号\nA1,\u{E9}".as_bytes().strip_suffix(b"\xA9").unwrap()), 20);
    assert_eq!(offset(b"\xEF\xBB\xBFrecord,mobile\nA\xFF"), 18, "the mark decides, and counts");
    // UTF-8 far into the file, then a byte that neither has: the encoding that came further is told.
    let mut late = CHINESE.repeat(4000).into_bytes();
    let place = late.len() as u64;
    late.push(0xFF);
    assert_eq!(offset(&late), place);
    let mut gb = GB18030.encode(&CHINESE.repeat(4000)).0.into_owned();
    let place = gb.len() as u64;
    gb.extend(b"\x81");
    assert_eq!(offset(&gb), place, "a character cut off at the end");
    assert_eq!(offset(b"\xFF\xFEr\0e\0c"), 6, "half a unit of UTF-16");
}

#[test]
fn a_late_character_that_is_not_utf8_makes_the_whole_file_gb18030() {
    let mut bytes = b"record,mobile,note\n".to_vec();
    for number in 0..5000 {
        bytes.extend(format!("A{number},13912345678,\n").bytes());
    }
    bytes.extend(GB18030.encode("B,13912345678,王芳\n").0.iter());
    let file = open(&bytes).unwrap();
    assert_eq!(file.found().encoding, Some(Encoding::Gb18030));
    let last = file.map(Result::unwrap).last().unwrap();
    assert_eq!((last.number, last.row.unwrap().note.as_str()), (5002, "王芳"));
}

#[test]
fn delimiters_are_known_by_the_columns_they_give() {
    for (delimiter, name) in [(",", ','), (";", ';'), ("\t", '\t'), ("|", '|')] {
        let text = "record/role/mobile\nA1/agent/13912345678\n".replace('/', delimiter);
        let file = open(text.as_bytes()).unwrap();
        assert_eq!(file.found().delimiter, Some(name));
        assert_eq!(file.columns(), [Column::Record, Column::Role, Column::Identifier(Identifier::Mobile)]);
    }
    let file = open("编号\t手机号\t备注,说明;其他,角色\nA1\t139\t\n".as_bytes()).unwrap();
    assert_eq!((file.found().delimiter, file.columns().len()), (Some('\t'), 2));
}

#[test]
fn quotes_line_breaks_and_line_ends() {
    let entries = read(
        b"\r\n\nrecord,mobile,note\r\nA1,\"139\n138\",\"a \"\"b\"\", c\"\r\n\r\nA2,5\"x,\"\"\r\nA3,1,\"z\"",
    );
    assert_eq!(entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(cell(&entries[0], Identifier::Mobile), "139\n138");
    assert_eq!(entries[0].row.as_ref().unwrap().note, "a \"b\", c");
    assert_eq!(cell(&entries[1], Identifier::Mobile), "5\"x");
    assert_eq!(entries[2].row.as_ref().unwrap().note, "z");
    assert!(entries.iter().all(|entry| entry.issues.is_empty()));
}

#[test]
fn a_first_line_may_name_the_delimiter() {
    for first in ["sep=;\n", "SEP=;\r\n", "\u{FEFF}sep=;\n", "\r\nsep=;\r\n"] {
        let file = open(format!("{first}record;mobile;note,role\nA1;139;\n").as_bytes()).unwrap();
        assert_eq!((file.found().delimiter, file.columns().len()), (Some(';'), 2), "{first:?}");
        assert_eq!(file.map(Result::unwrap).map(|entry| entry.number).collect::<Vec<_>>(), [2]);
    }
    assert!(matches!(refusal(b"sep=;"), IngestError::Empty));
    for no_delimiter in ["sep=x\nrecord,mobile\n", "sep=;record,mobile\n", "sep=\nrecord,mobile\n"] {
        assert!(open(no_delimiter.as_bytes()).is_err(), "{no_delimiter:?}");
    }
}

#[test]
fn lines_may_end_with_cr_alone() {
    let text = "record,mobile,hold,note\rA1,139,,\"a\nb\"\r\rA2,138,dispute,\"x\rA3\"\r\"A4\",\"5\"\rA5,6,,z";
    let entries = read(text.as_bytes());
    assert!(entries.iter().all(|entry| entry.issues.is_empty()));
    let records: Vec<_> = entries.iter().map(|entry| entry.row.as_ref().unwrap().record.as_str()).collect();
    assert_eq!(records, ["A1", "A2", "A4", "A5"]);
    assert_eq!(entries[0].row.as_ref().unwrap().note, "a\nb");
    assert_eq!(entries[1].row.as_ref().unwrap().disposition(), Disposition::Held);
    // An open quote costs its own row alone here, too.
    let broken = read(b"record,mobile\rA1,\"open\rA2,138\r");
    assert_eq!((codes(&broken[0]), broken.len()), (vec!["unclosed-quote"], 2));
    // CR CR LF is one end of a line, and a CR in a quoted header none.
    assert_eq!(read(b"record,mobile\r\r\nA1,139\r\r\n").len(), 1);
    let header = read(b"\"record\",\"mo\"\"\rbile\",mobile\nA1,,139\n");
    assert_eq!(cell(&header[0], Identifier::Mobile), "139");
    assert_eq!(read(b"record,mobile\r").len(), 0);
}

#[test]
fn an_open_quote_costs_its_own_row_alone() {
    let entries = read(b"record,mobile,note\nA1,1,x\nA2,2,\"open\nA3,3,y\nA4,\"4\",z\n");
    let found: Vec<_> =
        entries.iter().map(|entry| entry.row.as_ref().map(|row| row.record.as_str())).collect();
    assert_eq!(found, [Some("A1"), None, Some("A3"), Some("A4")]);
    assert_eq!(codes(&entries[1]), ["bad-quotes"]);
    assert_eq!(entries[1].issues[0].row, 3);

    let entries = read(b"record,mobile,note\nA2,2,\"open\nA3,3,y");
    assert_eq!(codes(&entries[0]), ["unclosed-quote"]);
    assert_eq!(entries[1].row.as_ref().unwrap().record, "A3");
}

#[test]
fn rows_have_a_limit_and_reading_goes_on() {
    let mut bytes = b"record,mobile,note\nA1,1,".to_vec();
    bytes.extend(vec![b'x'; line::ROW_BYTES]);
    bytes.extend(b"\nA2,2,\"");
    bytes.extend(b"line\n".repeat(line::ROW_BYTES / 5 + 1));
    let entries = read(&bytes);
    assert_eq!(codes(&entries[0]), ["row-too-long"]);
    assert_eq!(codes(&entries[1]), ["unclosed-quote"]);

    let long = format!("record,hold,note,mobile\nA1,{0},{0}{0},5\n", "x".repeat(cells::CELL_BYTES));
    let entries = read(long.as_bytes());
    assert_eq!(codes(&entries[0]), ["unknown-hold", "cell-too-long"]);
    assert_eq!(entries[0].row.as_ref().unwrap().disposition(), Disposition::Held);

    let wide = format!("record,mobile{}\n", ",x".repeat(line::COLUMNS));
    assert!(
        matches!(refusal(wide.as_bytes()), IngestError::TooManyColumns { found } if found == 2 + line::COLUMNS)
    );
}

#[test]
fn short_rows_are_filled_and_long_ones_rejected() {
    let entries = read(b"record,role,mobile,hold\nA1,agent,139\nA2,agent,139,,\nA3\n,agent,139,\n");
    assert_eq!(cell(&entries[0], Identifier::Mobile), "139");
    assert_eq!(entries[0].row.as_ref().unwrap().disposition(), Disposition::In);
    assert!(entries[1].row.is_none());
    assert_eq!((codes(&entries[1]), entries[1].issues[0].record.as_str()), (vec!["long-row"], ""));
    assert_eq!(codes(&entries[2]), ["no-identifier"]);
    assert_eq!(entries[2].row.as_ref().unwrap().role, Some(Role::Complainant));
    assert_eq!(codes(&entries[3]), ["empty-record"]);
}

/// A delimiter in a name shifts the cells behind it, and one in the record leaves half of it: a person's name, or another's
/// record, would be told as the record.
#[test]
fn a_long_row_of_text_names_no_record() {
    let header = ["姓名", "编号", "手机号"];
    let shifted = ["Wang", " Fang", "R17", "13912345678"];
    let first = ["编号", "姓名", "手机号"];
    let cut = ["R", "17", "Wang Fang", "13912345678"];
    for (header, long, next) in [(header, shifted, ["", "R18", "139"]), (first, cut, ["R18", "", "139"])] {
        for delimiter in [",", ";", "\t", "|"] {
            let text = [header.join(delimiter), long.join(delimiter), next.join(delimiter)].join("\n");
            let entries = read(text.as_bytes());
            assert!(entries[0].row.is_none());
            assert_eq!((codes(&entries[0]), entries[0].issues[0].record.as_str()), (vec!["long-row"], ""));
            assert_eq!(entries[1].row.as_ref().unwrap().record, "R18");
        }
    }
    // What stands in the record's place is not looked at: it may be too long for one.
    let long = format!("姓名,编号,手机号\nWang,{},R17,139\n", "x".repeat(200));
    assert_eq!(codes(&read(long.as_bytes())[0]), ["long-row"]);
    // The cells of a sheet have places of their own.
    let sheet = books::rows(&[&header, &["Wang, Fang", "R17", "139", "stray"]]);
    let entries = read(&books::book(&[("a", &sheet)], &[]));
    assert!(entries[0].row.is_none());
    assert_eq!((codes(&entries[0]), entries[0].issues[0].record.as_str()), (vec!["long-row"], "R17"));
}
