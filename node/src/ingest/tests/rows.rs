//! Headers, cells, and what is told of them.

use encoding_rs::GB18030;
use lianfang_desk::Lang;
use lianfang_proto::catalogue::{Grade, Hold, Typology};

use super::*;
use crate::ingest::issues::inert;
use crate::normalise::{IssueCode, Rules};

#[test]
fn headers_are_compared_folded() {
    let text = "\u{FEFF}ＲＥＣＯＲＤ ,首次日期, Bank Card,HK_MO permit,客户姓名,Birth_Date,ＱＱ号,letter\n";
    let file = open(text.as_bytes()).unwrap();
    let names: Vec<_> = file.columns().iter().map(|column| column.name()).collect();
    assert_eq!(
        names,
        ["record", "first_seen", "name", "birth_date", "bank-card", "qq", "hk-mo-permit", "letter"]
    );
    assert!(file.header_issues().is_empty());
}

#[test]
fn every_identifier_column_has_its_name() {
    for &identifier in Identifier::ALL {
        assert_eq!(Column::from_header(identifier.code()), Some(Column::Identifier(identifier)));
    }
    let everyday = "身份证号,手机号,固定电话,银行卡号,账号,统一社会信用代码,组织机构代码,邮箱,微信,QQ,支付宝,港澳通行证,护照,\
                    车牌,地址,快递单号,设备号,链接,应用,身份证号码,证件号码,证件号,手机号码,联系电话,手机,电话,座机,银行卡,卡号,\
                    电子邮箱,邮件,微信号,QQ号,支付宝账号";
    for header in everyday.split(',') {
        assert!(matches!(Column::from_header(header), Some(Column::Identifier(_))), "{header}");
    }
    for header in [
        "客户姓名",
        "案件号",
        "记录号",
        "类型",
        "证据等级",
        "依据",
        "末次日期",
        "限制",
        "证据",
        "备注",
        "出生日期",
    ] {
        assert!(Column::from_header(header).is_some(), "{header}");
    }
}

#[test]
fn synonyms_are_folded_and_unique() {
    let mut seen = std::collections::BTreeMap::new();
    for (header, column) in Column::synonyms() {
        assert_eq!(headers::fold(header), header, "a synonym is written as it is compared");
        assert!(seen.insert(header, column).is_none(), "{header} means two columns");
    }
}

#[test]
fn unknown_blank_and_repeated_headers() {
    let file = open(b"record,mobile,branch,,6222020000000000000,\nA1,139,x,,,\n").unwrap();
    let issues: Vec<_> =
        file.header_issues().iter().map(|i| (i.column.as_str(), i.reason.code, i.row)).collect();
    let expected = [
        ("branch", "unknown-column", 1),
        ("#4", "blank-header", 1),
        ("#5", "unknown-column", 1),
        ("#6", "blank-header", 1),
    ];
    assert_eq!(issues, expected);
    for twice in
        ["record,mobile,mobile", "record,手机号,联系电话", "record,编号,mobile", "record,mobile,x, X"]
    {
        let error = refusal(format!("{twice}\n").as_bytes());
        assert!(matches!(error, IngestError::RepeatedHeader { .. }), "{twice}: {error}");
        assert_eq!(error.exit_code(), 64);
    }
}

#[test]
fn a_register_needs_a_record_and_an_identifier() {
    let named = |headers: &str| Headers::Named(headers.to_owned());
    let error = refusal(b"case,name,mobile,cn-id\nA1,,139,\n");
    assert_eq!(error.exit_code(), 65);
    assert!(
        matches!(&error, IngestError::NoRecordColumn { found } if *found == named("case, name, mobile, cn-id"))
    );
    assert!(error.to_string().contains("case, name, mobile, cn-id"));
    let error = refusal(b"record,role,note\n");
    assert!(
        matches!(&error, IngestError::NoIdentifierColumn { found } if *found == named("record, role, note"))
    );
    assert!(matches!(refusal(b"record,name\n"), IngestError::NoIdentifierColumn { .. }));
    assert!(open("记录号,姓名,出生日期\n".as_bytes()).is_ok());
    // The first line of a file without a header is somebody's data.
    let error = refusal(b"A1,13912345678,wang.fang@example.cn\n").to_string();
    assert!(!error.contains("139") && !error.contains("wang"), "{error}");
}

#[test]
fn a_first_line_of_data_is_not_repeated() {
    let error = refusal("A1,王芳,wangfang,福州市鼓楼区五四路,王芳\nA2,李强,liqiang,福州市,\n".as_bytes());
    assert!(matches!(error, IngestError::NoHeader { columns: 5 }), "{error}");
    assert_eq!(error.exit_code(), 65);
    // Beside one that is known, what could be of a person is told by its place.
    let text = "编号,手机号,福州市鼓楼区五四路某某小区,A-1,branch,x@y,wang_88\nA1,139,,,,,\n";
    let file = open(text.as_bytes()).unwrap();
    let told: Vec<_> = file.header_issues().iter().map(|issue| issue.column.as_str()).collect();
    assert_eq!(told, ["#3", "#4", "branch", "#6", "#7"]);
}

/// A row of data may hold words that are headers elsewhere; then nothing of it is told but how many cells it has.
#[test]
fn a_row_with_known_words_is_no_header() {
    for (row, cells) in [
        ("手机号,福州市鼓楼区五四路某某小区,A-1", 3),
        ("王芳,电话,福州", 3),
        ("王芳,电话,信用卡,福州", 4),
        ("王芳,电话,信用卡", 3),
        (",王芳,,电话,信用卡,", 6),
        ("王芳,电话", 2),
    ] {
        let error = refusal(format!("{row}\n李强,邮件,网站\n").as_bytes());
        let counted = Headers::Counted(cells);
        assert!(
            matches!(&error, IngestError::NoRecordColumn { found } if *found == counted),
            "{row}: {error}"
        );
        let told = error.to_string();
        assert!(!["王芳", "福州", "电话", "手机号"].iter().any(|cell| told.contains(cell)), "{row}: {told}");
    }
    // A word for the record is not enough, whatever it stands beside, nor are words that are there twice.
    for (row, cells) in [("编号,王芳,福州", 3), ("案件编号,A-1,姓名,王芳", 4)] {
        let error = refusal(format!("{row}\n").as_bytes());
        let counted = Headers::Counted(cells);
        assert!(
            matches!(&error, IngestError::NoIdentifierColumn { found } if *found == counted),
            "{row}: {error}"
        );
    }
    for row in ["王芳,福州,手机,电话", "编号,王芳,手机,王芳"] {
        let error = refusal(format!("{row}\n").as_bytes());
        assert!(matches!(&error, IngestError::RepeatedHeader { header } if header == "#4"), "{row}: {error}");
    }
    // What a map names is known, also what it leaves out; headers are told then, values by their places.
    let map = HeaderMap::from_toml("\"客户\" = \"name\"\n\"支行\" = \"ignore\"\n").unwrap();
    let options = Options { map, ..Options::default() };
    let bytes = "客户,支行,手机号,A-1\n".as_bytes().to_vec();
    let error = RegisterFile::open(Cursor::new(bytes), &options).err().unwrap();
    let named = Headers::Named("客户, 支行, 手机号, #4".to_owned());
    assert!(matches!(&error, IngestError::NoRecordColumn { found } if *found == named), "{error}");
}

#[test]
fn empty_files_and_files_of_a_header() {
    for empty in [&b""[..], b"\xEF\xBB\xBF", b"\n\r\n"] {
        let error = refusal(empty);
        assert!(matches!(error, IngestError::Empty));
        assert_eq!(error.exit_code(), 65);
    }
    assert!(read(b"record,mobile").is_empty());
    assert!(read(b"record,mobile\r\n\r\n").is_empty());
    assert!(matches!(refusal(b"\"record,mobile\nA1,139\n"), IngestError::BadHeader));
}

#[test]
fn a_map_names_and_silences_headers() {
    let map = HeaderMap::from_toml(
        "\"客户 键\" = \"record\"\n\"联系电话\" = \"landline\"\n\"电话\" = \"ignore\"\n",
    )
    .unwrap();
    let options = Options { map, ..Options::default() };
    let bytes = "客户_键;联系电话;电话;手机\nA1;01065551234;x;139\n".as_bytes().to_vec();
    let file = RegisterFile::open(Cursor::new(bytes), &options).unwrap();
    let names: Vec<_> = file.columns().iter().map(|column| column.name()).collect();
    assert_eq!(names, ["record", "mobile", "landline"]);
    assert!(file.header_issues().is_empty());
    for wrong in [
        "\"a\" = \"nothing\"",
        "a =",
        "a = 1",
        "[t]\na = \"record\"",
        "\"a_b\" = \"record\"\n\"A b\" = \"mobile\"",
    ] {
        assert_eq!(HeaderMap::from_toml(wrong).unwrap_err().exit_code(), 64, "{wrong}");
    }
}

#[test]
fn what_cannot_be_read_protects() {
    let entries = read(
        "record,role,typology,grade,hold,first_seen,last_seen,mobile\n\
         A1,lawyer,,,,,,1\nA2,agent,,,maybe,,,1\nA3,agent,催收,D,,2024-13-01,,1\nA4,受害人,,,,,,1\n\
         A5,,反催收；illegal-agency,a,困难,2024/1/31,2023年12月1日,1\n"
            .as_bytes(),
    );
    let dispositions: Vec<_> =
        entries.iter().map(|entry| entry.row.as_ref().unwrap().disposition()).collect();
    let (inside, held) = (Disposition::In, Disposition::Held);
    assert_eq!(dispositions, [Disposition::Out, held, inside, Disposition::Victim, held]);
    let found: Vec<_> = entries.iter().map(codes).collect();
    let expected: [&[&str]; 5] = [
        &["unknown-role"],
        &["unknown-hold"],
        &["unknown-typology", "unknown-grade", "bad-date"],
        &[],
        &["date-order"],
    ];
    assert_eq!(found, expected);
    let last = entries[4].row.as_ref().unwrap();
    assert_eq!(last.typologies, [Typology::IllegalAgency, Typology::AntiCollection]);
    assert_eq!((last.grade, last.hold), (Grade::Judged, Holding::Held(Hold::Hardship)));
    let third = entries[2].row.as_ref().unwrap();
    assert!((third.grade, third.typologies.len()) == (Grade::Suspected, 0) && third.first_seen.is_none());
}

#[test]
fn records_are_kept_as_written() {
    let long = "x".repeat(129);
    let text = format!("record,mobile\n \u{FEFF}Ａ-1/x\u{7} ,1\n{long},1\n{},1\n", "y".repeat(128));
    let entries = read(text.as_bytes());
    assert_eq!(entries[0].row.as_ref().unwrap().record, "Ａ-1/x");
    assert_eq!(codes(&entries[1]), ["record-too-long"]);
    assert!(entries[1].issues[0].record.is_empty());
    assert!(entries[2].row.is_some());
}

#[test]
fn both_files_of_the_interface() {
    let alpha = "record,role,cn-id,mobile,uscc,hold\n\
                 A1,agent,110105491231002,139 1234 5678;+8613912345678,,\n\
                 A2,agency,,,91350100m000100y43,\nA3,agent,440524188001010014,,,dispute\n";
    let entries = read(alpha.as_bytes());
    assert!(entries.iter().all(|entry| entry.issues.is_empty()));
    assert_eq!(cell(&entries[0], Identifier::Mobile), "139 1234 5678;+8613912345678");
    assert_eq!(entries[2].row.as_ref().unwrap().hold, Holding::Held(Hold::Dispute));
    let beta = "record,role,身份证号,手机号,组织机构代码,限制\nB1,complainant,11010519491231002x,,,\n\
                B2,agency,,０１３９１２３４５６７８,M000100Y-4,\nB3,agent,440524188001010014,,,\n";
    let entries = read(&GB18030.encode(beta).0);
    assert_eq!(entries.len(), 3);
    assert_eq!(cell(&entries[1], Identifier::Mobile), "０１３９１２３４５６７８");
    assert_eq!(cell(&entries[1], Identifier::OrgCode), "M000100Y-4");
}

#[test]
fn rejects_are_written_even_when_there_are_none() {
    let none = Rejects::new(Vec::new(), Lang::En).unwrap().finish().unwrap();
    assert_eq!(none, b"row,record,column,severity,code,message\n");
    let mut rejects = Rejects::new(Vec::new(), Lang::Zh).unwrap();
    let (record, column) = ("=cmd|' /C calc'!A0".to_owned(), "mobile".to_owned());
    rejects.write(&Issue { row: 7, record, column, reason: issues::CELL_TOO_LONG }).unwrap();
    assert_eq!((rejects.rejected(), rejects.warned()), (1, 0));
    let text = String::from_utf8(rejects.finish().unwrap()).unwrap();
    let line = text.lines().nth(1).unwrap();
    assert_eq!(line, "7,'=cmd|' /C calc'!A0,mobile,reject,cell-too-long,单元格超过该列允许的长度；请缩短。");
}

#[test]
fn issues_of_values_stand_beside_those_of_cells() {
    let found = Rules::new(jiff::civil::date(2026, 11, 22)).cell(Identifier::Mobile, "13800138000");
    let issue = Issue::of_value(9, "A1", &found.issues[0]);
    assert_eq!((issue.row, issue.column.as_str(), issue.reason.code), (9, "mobile", "stop-list"));
    let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
    rejects.write(&issue).unwrap();
    assert_eq!(rejects.rejected(), 1);
    assert!(!String::from_utf8(rejects.finish().unwrap()).unwrap().contains("138"));
}

#[test]
fn no_cell_is_a_formula() {
    for formula in ["=1", "+1", "-1", "@a", " =1", "\t=1", "＝1", "\u{3000}＋1"] {
        assert!(inert(formula).starts_with('\''), "{formula}");
    }
    for plain in ["", "a=1", "'=1", "A-1"] {
        assert_eq!(inert(plain), plain);
    }
    for reason in issues::ALL {
        assert_eq!(
            (inert(reason.english), inert(reason.chinese)),
            (reason.english.into(), reason.chinese.into())
        );
        assert_eq!(issues::ALL.iter().filter(|other| other.code == reason.code).count(), 1);
    }
    for &code in IssueCode::ALL {
        // The one code of both lists: a cell may be too long for the file, or for the rules.
        let ours = issues::ALL.iter().filter(|reason| reason.code == code.code()).count();
        assert_eq!(ours, usize::from(code == IssueCode::CellTooLong), "{}", code.code());
    }
}
