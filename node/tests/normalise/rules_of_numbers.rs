//! Every sentence of the rule set about texts and numbers, as a test with its name.

use lianfang_node::normalise::{CELL_BYTES, Column, IssueCode, Place, Severity};

use crate::{issues, on_test_day, read, refused, values};

const NOTHING: Vec<String> = Vec::new();

fn warnings(column: Column, cell: &str) -> Vec<IssueCode> {
    issues(column, cell, Severity::Warning)
}

#[test]
fn an_empty_cell_is_no_issue() {
    for cell in ["", " ", ";；\n", "\u{feff}\u{200b}", "\u{3000}"] {
        let findings = on_test_day().cell(Column::Mobile, cell);
        assert!(findings.values.is_empty() && findings.issues.is_empty(), "{cell:?}");
    }
}

#[test]
fn a_refused_value_leaves_its_neighbours() {
    let findings = on_test_day().cell(Column::Mobile, "13912345678;nonsense；13812345670\n12");
    assert_eq!(values(&findings), ["mobile:+8613812345670", "mobile:+8613912345678"]);
    assert_eq!(findings.issues.len(), 2);
    assert!(findings.issues.iter().all(|issue| issue.column == Place::Cell(Column::Mobile)));
}

#[test]
fn one_value_however_spelled_counts_once() {
    assert_eq!(
        read(Column::Mobile, "139 1234 5678;+8613912345678;０１３９１２３４５６７８"),
        ["mobile:+8613912345678"]
    );
}

#[test]
fn limits_are_rejects_of_their_own() {
    assert_eq!(refused(Column::Address, &"福".repeat(CELL_BYTES)), IssueCode::CellTooLong);
    assert_eq!(
        refused(Column::Url, &format!("https://example.cn/{}", "a".repeat(9000))),
        IssueCode::ValueTooLong
    );
    assert_eq!(refused(Column::Qq, &"1".repeat(65)), IssueCode::ValueTooLong);
    assert_eq!(read(Column::Qq, &format!("{};10001", "1".repeat(9000))), ["qq:10001"]);
}

#[test]
fn the_register_example_of_the_interface() {
    assert_eq!(read(Column::CnId, "110105491231002"), ["cn-id:11010519491231002X"]);
    assert_eq!(read(Column::CnId, "11010519491231002x"), ["cn-id:11010519491231002X"]);
    assert_eq!(read(Column::CnId, "440524188001010014"), ["cn-id:440524188001010014"]);
    assert_eq!(read(Column::Uscc, "91350100m000100y43"), ["org-code:M000100Y4", "uscc:91350100M000100Y43"]);
    assert_eq!(read(Column::OrgCode, "M000100Y-4"), ["org-code:M000100Y4"]);
}

#[test]
fn cn_id_takes_x_in_every_width_and_no_look_alike() {
    for x in ["X", "x", "Ｘ", "ｘ", "Ⅹ", "ⅹ"] {
        assert_eq!(read(Column::CnId, &format!("11010519491231002{x}")), ["cn-id:11010519491231002X"]);
    }
    for x in ["Х", "х", "Χ", "χ", "×"] {
        assert_eq!(refused(Column::CnId, &format!("11010519491231002{x}")), IssueCode::LookAlike);
    }
}

#[test]
fn o_is_never_zero_and_l_never_one() {
    assert_eq!(refused(Column::CnId, "11O10519491231002X"), IssueCode::Character);
    assert_eq!(refused(Column::Mobile, "l3912345678"), IssueCode::Character);
    assert_eq!(refused(Column::BankCard, "622202OOOOOOOOOOOOO"), IssueCode::Character);
}

#[test]
fn only_ascii_and_full_width_digits_are_digits() {
    for odd in ["①", "½", "²", "⒈", "𝟏", "١", "๑"] {
        for column in [
            Column::CnId,
            Column::Uscc,
            Column::OrgCode,
            Column::Mobile,
            Column::Landline,
            Column::BankCard,
            Column::Account,
            Column::HkMoPermit,
            Column::Passport,
            Column::Plate,
            Column::Qq,
        ] {
            assert_eq!(refused(column, &format!("{odd}23456789")), IssueCode::DigitForm, "{odd} {column:?}");
        }
    }
    assert_eq!(read(Column::Mobile, "１３９１２３４５６７８"), ["mobile:+8613912345678"]);
}

#[test]
fn cn_id_check_digit_and_date() {
    assert_eq!(refused(Column::CnId, "110105194912310021"), IssueCode::CheckDigit);
    assert_eq!(refused(Column::CnId, "110105194902310021"), IssueCode::DateInvalid);
    assert_eq!(refused(Column::CnId, "110105490231002"), IssueCode::DateInvalid);
    assert_eq!(refused(Column::CnId, "11010519491231002"), IssueCode::Length);
    assert_eq!(refused(Column::CnId, "X10105194912310021"), IssueCode::Form);
}

#[test]
fn cn_id_is_not_born_after_the_day_of_import() {
    let today = jiff::civil::Date::constant(1949, 12, 30);
    let findings = lianfang_node::normalise::Rules::new(today).cell(Column::CnId, "11010519491231002X");
    assert_eq!(findings.issues[0].code, IssueCode::DateFuture);
    let same_day = lianfang_node::normalise::Rules::new(jiff::civil::Date::constant(1949, 12, 31));
    assert_eq!(same_day.cell(Column::CnId, "11010519491231002X").values.len(), 1);
}

#[test]
fn cn_id_fifteen_digits_whatever_the_region() {
    for (old, code) in [
        ("810000800101001", IssueCode::OldRegion),
        ("820000800101001", IssueCode::OldRegion),
        ("830000800101001", IssueCode::OldRegion),
        ("911124800101001", IssueCode::OldRegion),
        ("110105800101996", IssueCode::OldCentury),
        ("110105800101999", IssueCode::OldCentury),
    ] {
        let value = &read(Column::CnId, old)[0];
        assert_eq!(&value[6..14], format!("{}19", &old[..6]));
        assert_eq!(warnings(Column::CnId, old), [code], "{old}");
    }
    assert_eq!(warnings(Column::CnId, "110105800101995"), []);
    // No such region has ever been.
    assert_eq!(read(Column::CnId, "000000491231002").len(), 1);
}

#[test]
fn uscc_with_a_wrong_check_digit_is_kept_with_a_warning() {
    assert_eq!(read(Column::Uscc, "91350100M000100Y44"), ["org-code:M000100Y4", "uscc:91350100M000100Y44"]);
    assert_eq!(warnings(Column::Uscc, "91350100M000100Y44"), [IssueCode::UsccCheck]);
    assert_eq!(read(Column::Uscc, "91350100M000100Y53"), ["uscc:91350100M000100Y53"]);
    for wrong in ["9135O100M000100Y43", "91350100I000100Y43", "9135010AM000100Y43"] {
        assert_eq!(refused(Column::Uscc, wrong), IssueCode::Form);
    }
    assert_eq!(refused(Column::Uscc, "M000100Y4"), IssueCode::Length);
}

#[test]
fn org_code_with_a_wrong_check_digit_is_refused() {
    assert_eq!(refused(Column::OrgCode, "M000100Y5"), IssueCode::CheckDigit);
    assert_eq!(refused(Column::OrgCode, "91350100M000100Y43"), IssueCode::Length);
}

#[test]
fn mobile_prefixes_are_cut_one_after_the_other() {
    for written in [
        "13912345678",
        "+86 139-1234-5678",
        "0086 13912345678",
        "8613912345678",
        "013912345678",
        "17951 13912345678",
        "12593 013912345678",
        "12520+8613912345678",
        "+86 17951 13912345678",
        "(+86)139.1234.5678",
        "086 13912345678",
        "17951 0086 139 1234 5678",
    ] {
        let expected =
            if written.starts_with("12520+") { NOTHING } else { vec!["mobile:+8613912345678".to_owned()] };
        assert_eq!(read(Column::Mobile, written), expected, "{written}");
    }
}

#[test]
fn mobile_that_begins_like_a_prefix_is_a_number() {
    assert_eq!(read(Column::Mobile, "17951 678795"), ["mobile:+8617951678795"]);
    assert_eq!(refused(Column::Mobile, "12593 678795"), IssueCode::Form);
}

#[test]
fn mobile_of_another_country_only_with_plus_or_00() {
    assert_eq!(read(Column::Mobile, "+852 9123 4567"), ["mobile:+85291234567"]);
    assert_eq!(read(Column::Mobile, "00852 9123 4567"), ["mobile:+85291234567"]);
    assert_eq!(read(Column::Landline, "+1 212 555 0123"), ["mobile:+12125550123"]);
    assert_eq!(refused(Column::Mobile, "852 9123 4567"), IssueCode::Form);
    assert_eq!(refused(Column::Mobile, "+1234567890123456"), IssueCode::Form);
}

#[test]
fn mobile_thirteen_other_digits_are_the_internet_of_things() {
    assert_eq!(refused(Column::Mobile, "1064812345678"), IssueCode::MachineNumber);
    assert_eq!(refused(Column::Mobile, "1441234567890"), IssueCode::MachineNumber);
}

#[test]
fn mobile_stop_list() {
    for stopped in [
        "95588",
        "955888",
        "400-123-4567",
        "12378",
        "110",
        "13800138000",
        "+86 138 0013 8000",
        "13988888888",
        "17951 13800138000",
        "+86 400 123 4567",
    ] {
        assert_eq!(refused(Column::Mobile, stopped), IssueCode::StopList, "{stopped}");
        assert_eq!(refused(Column::Landline, stopped), IssueCode::StopList, "{stopped}");
    }
}

#[test]
fn mobile_relay_of_a_platform_is_refused() {
    assert_eq!(refused(Column::Mobile, "17012345678转1234"), IssueCode::VirtualNumber);
    assert_eq!(refused(Column::Mobile, "17012345678-1234"), IssueCode::VirtualNumber);
}

#[test]
fn landline_forms_and_extensions() {
    for written in [
        "010-65551234",
        "(010)6555 1234",
        "+86 10 65551234",
        "+86 (010) 65551234",
        "0086-10-65551234",
        "86-10-65551234",
        "010-65551234转801",
        "010-65551234 转 801",
        "010-65551234-801",
        "010-65551234 ext.801",
        "010-65551234x801",
        "010-65551234分机801",
        "010-65551234转分机801",
    ] {
        assert_eq!(read(Column::Landline, written), ["landline:+861065551234"], "{written}");
        assert_eq!(warnings(Column::Landline, written), [], "{written}");
    }
    assert_eq!(read(Column::Landline, "0591-8765-4321"), ["landline:+8659187654321"]);
    assert_eq!(read(Column::Landline, "0594-2681234"), ["landline:+865942681234"]);
    assert_eq!(refused(Column::Landline, "65551234"), IssueCode::AreaCode);
    assert_eq!(refused(Column::Landline, "0260-65551234"), IssueCode::AreaCode);
    assert_eq!(read(Column::Landline, "1065551234"), ["landline:+861065551234"]);
    assert_eq!(warnings(Column::Landline, "1065551234"), [IssueCode::AreaZero]);
}

#[test]
fn form_decides_within_a_family() {
    assert_eq!(read(Column::Mobile, "010-65551234"), ["landline:+861065551234"]);
    assert_eq!(read(Column::Landline, "13912345678"), ["mobile:+8613912345678"]);
    assert_eq!(read(Column::Account, "6222020000000000000"), read(Column::BankCard, "6222020000000000000"));
    assert_eq!(read(Column::BankCard, "4111111111111112"), ["account:4111111111111112"]);
    assert_eq!(warnings(Column::BankCard, "4111111111111112"), [IssueCode::CardCheck]);
    assert_eq!(read(Column::Account, "4111 1111 1111 1111"), ["bank-card:4111111111111111"]);
}

#[test]
fn outside_a_family_the_column_decides() {
    assert_eq!(refused(Column::CnId, "13912345678"), IssueCode::Length);
    assert_eq!(refused(Column::BankCard, "622202"), IssueCode::Length);
    assert_eq!(refused(Column::Qq, "wangfang"), IssueCode::Character);
    assert_eq!(refused(Column::Email, "13912345678"), IssueCode::Form);
    assert_eq!(refused(Column::Plate, "13912345678"), IssueCode::Form);
}

#[test]
fn placeholders_and_numbers_of_spreadsheets_are_refused() {
    assert_eq!(refused(Column::BankCard, "0000000000000000"), IssueCode::Placeholder);
    assert_eq!(refused(Column::Account, "111111"), IssueCode::Placeholder);
    assert_eq!(refused(Column::Qq, "10001.0"), IssueCode::Rounded);
    assert_eq!(refused(Column::CnId, "1.10105E+17"), IssueCode::Rounded);
    assert_eq!(refused(Column::Mobile, "139****5678"), IssueCode::Masked);
}

/// As Java and exports of databases write a number into a text.
#[test]
fn numbers_of_programs_are_refused_wherever_digits_count() {
    for (column, written) in [
        (Column::Passport, "1.23456789E8"),
        (Column::Passport, "1.23E5"),
        (Column::Passport, "123456789.000"),
        (Column::Passport, "CN:12345678.25"),
        (Column::Account, "12345678.25"),
        (Column::Account, "123456789.000"),
        (Column::Account, "6222020000000001.0000"),
        (Column::Account, "6.222020000000001E15"),
        (Column::BankCard, "6222020000000001.0000"),
        (Column::Qq, "12345678.25"),
        (Column::Qq, "12345.000"),
        (Column::Qq, "1.2345678E7"),
        (Column::Alipay, "208812345678.0001"),
        (Column::Uscc, "861234567890123.000"),
        (Column::Uscc, "6222020000000001E0"),
        (Column::OrgCode, "12345678.0"),
        (Column::OrgCode, "1234567.89"),
        (Column::CnId, "1.10105194912310E17"),
        (Column::Mobile, "1.3912345678E10"),
        (Column::Mobile, "13912345678.000"),
        (Column::Device, "8.6123E14"),
        (Column::Device, "8.6123E+14"),
        (Column::Device, "861234567890123.0"),
        (Column::Waybill, "7.712345E12"),
        (Column::Waybill, "771234567890123.00"),
        (Column::Wechat, "1.234567E9"),
    ] {
        assert_eq!(refused(column, written), IssueCode::Rounded, "{written} as {column:?}");
    }
    for (column, written) in [
        (Column::Account, "6222.0200.0000.0000.001"),
        (Column::Mobile, "1391234.5678"),
        (Column::Passport, "E12345678"),
        (Column::Passport, "US:123456789"),
        (Column::Uscc, "91350100M000100Y43"),
        (Column::Device, "192.168.10.1"),
        (Column::Device, "8612e14"),
        (Column::Waybill, "1234567E3"),
        (Column::Wechat, "wang1e5"),
    ] {
        assert_ne!(read(column, written), NOTHING, "{written} as {column:?}");
    }
}
