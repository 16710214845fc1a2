//! One register is one register, in whatever form it comes.

use super::*;
use crate::ingest::tests::books::{book, rows};

/// Three records, of which one value each is odd.
pub(super) const CSV: &str = "编号,角色,手机号,身份证号,首次日期,限制\n\
    A1,agent,139 1234 5678;+8613912345678,110105491231002,2024-01-31,\n\
    A2,agency,13800138000,,2024-02-30,maybe\n\
    A1,agent,13712345678,,,\nA3,,１３９１２３４５６７９,440524188001010014,,dispute\n";

fn workbook() -> Vec<u8> {
    let sheet = rows(&[
        &["编号", "角色", "手机号", "身份证号", "首次日期", "限制"],
        &[
            "A1",
            "agent",
            "139 1234 5678;+8613912345678",
            "110105491231002",
            "<c r=\"AT\" s=\"1\"><v>45322</v></c>",
        ],
        &["A2", "agency", "13800138000", "", "2024-02-30", "maybe"],
        &["A1", "agent", "13712345678"],
        &["A3", "", "１３９１２３４５６７９", "440524188001010014", "", "dispute"],
    ]);
    book(&[("登记", &sheet)], &[])
}

/// Imports one form of the register into a store of its own, and then the text: which changes nothing.
pub(super) async fn says_the_same(register: RegisterFile) {
    let desk = Desk::new().await;
    let rejects = || Rejects::new(Vec::new(), Lang::En).unwrap();
    let text = |rejects: Rejects<Vec<u8>>| String::from_utf8(rejects.finish().unwrap()).unwrap();
    let (mut of_form, mut of_text) = (rejects(), rejects());
    let first = desk.register.import(register.into(), options(), &mut of_form, |_| ()).await;
    let first = first.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((first.rows, first.records, first.added), (4, 3, 3));
    let again = desk.register.import(file(CSV).into(), options(), &mut of_text, |_| ()).await.unwrap();
    // The print of a record is over all that it says.
    assert_eq!((again.records, again.unchanged), (3, 3));
    assert_eq!((&again.by_kind, &again.by_standing), (&first.by_kind, &first.by_standing));
    assert_eq!(text(of_form), text(of_text));
    assert_eq!(desk.values(&desk.everything()).await, ["cn-id 11010519491231002X", "mobile +8613912345678"]);
}

#[tokio::test]
async fn a_text_and_a_workbook_say_the_same() {
    says_the_same(file(CSV)).await;
    says_the_same(RegisterFile::open(Cursor::new(workbook()), &Options::default()).unwrap()).await;
}

#[cfg(feature = "parquet")]
#[tokio::test]
async fn a_text_and_a_parquet_file_say_the_same() {
    use crate::ingest::tests::columns::{Values, written};
    let schema = "message register { REQUIRED BYTE_ARRAY 编号 (UTF8); REQUIRED BYTE_ARRAY 角色 (UTF8);
        REQUIRED BYTE_ARRAY 手机号 (UTF8); REQUIRED BYTE_ARRAY 身份证号; REQUIRED BYTE_ARRAY 首次日期 (UTF8);
        REQUIRED BYTE_ARRAY 限制 (UTF8); }";
    let columns = [
        Values::Texts(vec!["A1", "A2", "A1", "A3"]),
        Values::Texts(vec!["agent", "agency", "agent", ""]),
        Values::Texts(vec![
            "139 1234 5678;+8613912345678",
            "13800138000",
            "13712345678",
            "１３９１２３４５６７９",
        ]),
        Values::Texts(vec!["110105491231002", "", "", "440524188001010014"]),
        Values::Texts(vec!["2024-01-31", "2024-02-30", "", ""]),
        Values::Texts(vec!["", "maybe", "", "dispute"]),
    ];
    let bytes = written(schema, parquet::basic::Compression::SNAPPY, &columns);
    says_the_same(RegisterFile::open(Cursor::new(bytes), &Options::default()).unwrap()).await;
}
