//! Every sentence of the rule set about papers, accounts, addresses and names, as a test with its name.

use std::time::{Duration, Instant};

use lianfang_node::normalise::{Canonical, Column, IssueCode, Place, Severity};

use crate::{issues, on_test_day, read, refused, values};

fn warnings(column: Column, cell: &str) -> Vec<IssueCode> {
    issues(column, cell, Severity::Warning)
}

#[test]
fn permit_long_form_counts_reissues() {
    assert_eq!(read(Column::HkMoPermit, "h12345678"), ["hk-mo-permit:H12345678"]);
    assert_eq!(read(Column::HkMoPermit, "H1234567801;H1234567802"), ["hk-mo-permit:H12345678"]);
    assert_eq!(refused(Column::HkMoPermit, "C12345678"), IssueCode::Form);
    assert_eq!(refused(Column::HkMoPermit, "H1234567"), IssueCode::Length);
}

#[test]
fn passport_of_no_country_is_chinese() {
    assert_eq!(read(Column::Passport, "e12345678;CN:E12345678"), ["passport:CN:E12345678"]);
    assert_eq!(read(Column::Passport, "us：123456789"), ["passport:US:123456789"]);
    assert_eq!(refused(Column::Passport, "XX:123456789"), IssueCode::Country);
    assert_eq!(refused(Column::Passport, "CHN:E12345678"), IssueCode::Country);
}

#[test]
fn plate_of_five_or_six_more() {
    assert_eq!(read(Column::Plate, "闽A·12345;闽a 12345"), ["plate:闽A12345"]);
    assert_eq!(read(Column::Plate, "闽AD12345"), ["plate:闽AD12345"]);
    assert_eq!(
        read(Column::Plate, "粤Z1234港;京A1234警;京X1234应急"),
        ["plate:京A1234警", "plate:京X1234应急", "plate:粤Z1234港"]
    );
    assert_eq!(refused(Column::Plate, "闽A1234O"), IssueCode::Form);
    assert_eq!(refused(Column::Plate, "闽I12345"), IssueCode::Form);
    assert_eq!(refused(Column::Plate, "闽A1234"), IssueCode::Length);
    assert_eq!(refused(Column::Plate, "A12345"), IssueCode::Form);
}

#[test]
fn email_dots_and_tags_stay_except_at_gmail() {
    assert_eq!(read(Column::Email, " Wang.Fang+a@Example.CN "), ["email:wang.fang+a@example.cn"]);
    assert_eq!(
        read(Column::Email, "Wang.Fang+shop@Gmail.com;wangfang@gmail.com"),
        ["email:wangfang@gmail.com"]
    );
    for wrong in ["a@b", "a@@b.cn", "@b.cn", "a.b.cn", "a b@c.cn", "a@b..cn", "+@gmail.com", "a@-b.cn"] {
        assert_eq!(refused(Column::Email, wrong), IssueCode::Form, "{wrong}");
    }
}

#[test]
fn email_of_digits_at_qq_gives_a_qq() {
    assert_eq!(read(Column::Email, "10001@QQ.com"), ["email:10001@qq.com", "qq:10001"]);
    assert_eq!(read(Column::Email, "wang@qq.com"), ["email:wang@qq.com"]);
    assert_eq!(read(Column::Email, "01234@qq.com"), ["email:01234@qq.com"]);
    assert_eq!(read(Column::Email, "10001@foxmail.com"), ["email:10001@foxmail.com"]);
}

#[test]
fn wechat_words_in_front_are_cut_but_never_wx() {
    for written in [
        "WangFang_88",
        "微信:wangfang_88",
        "微信：wangfang_88",
        "weixin wangfang_88",
        "VX+wangfang_88",
        "v信: wangfang_88",
        "➕ wangfang_88",
        "➕vx：wangfang_88",
    ] {
        assert_eq!(read(Column::Wechat, written), ["wechat:wangfang_88"], "{written}");
    }
    assert_eq!(
        read(Column::Wechat, "wxid_abc123;vxabc123;weixin123"),
        ["wechat:vxabc123", "wechat:weixin123", "wechat:wxid_abc123"]
    );
    assert_eq!(refused(Column::Wechat, "wx:abc123"), IssueCode::Character);
    assert_eq!(refused(Column::Wechat, "abcd"), IssueCode::Length);
    assert_eq!(refused(Column::Wechat, "a23456789012345678901"), IssueCode::Length);
}

#[test]
fn wechat_that_is_a_mobile_becomes_one() {
    for written in
        ["13912345678", "微信:139 1234 5678", "139-1234-5678", "+8613912345678", "vx +86 13912345678"]
    {
        assert_eq!(read(Column::Wechat, written), ["mobile:+8613912345678"], "{written}");
    }
    assert_eq!(read(Column::Wechat, "vx: +852 9123 4567"), ["mobile:+85291234567"]);
    assert_eq!(refused(Column::Wechat, "13800138000"), IssueCode::StopList);
    assert_eq!(refused(Column::Wechat, "1391234567①"), IssueCode::DigitForm);
}

#[test]
fn qq_and_alipay() {
    assert_eq!(read(Column::Qq, "10001;１２３４５６７８９０１"), ["qq:10001", "qq:12345678901"]);
    assert_eq!(refused(Column::Qq, "01234"), IssueCode::Form);
    assert_eq!(refused(Column::Qq, "1234"), IssueCode::Form);
    assert_eq!(read(Column::Alipay, "2088000000000000"), ["alipay:2088000000000000"]);
    assert_eq!(read(Column::Alipay, "139 1234 5678"), ["mobile:+8613912345678"]);
    assert_eq!(read(Column::Alipay, "Wang.Fang@example.cn"), ["email:wang.fang@example.cn"]);
    assert_eq!(read(Column::Alipay, "10001@qq.com"), ["email:10001@qq.com", "qq:10001"]);
    assert_eq!(refused(Column::Alipay, "2089000000000000"), IssueCode::Form);
}

#[test]
fn url_loses_what_does_not_lead_anywhere() {
    for (written, canonical) in [
        ("HTTPS://Pay.Example.CN/A?utm_source=x&id=1&b=2#top", "https://pay.example.cn/A?id=1&b=2"),
        ("http://example.cn:80/a?share_token=1", "http://example.cn/a"),
        ("https://example.cn:443", "https://example.cn/"),
        ("https://example.cn:8443/a", "https://example.cn:8443/a"),
        ("https://example.cn/a?from=timeline&isappinstalled=0&from2=x", "https://example.cn/a?from2=x"),
        ("https://example.cn/a?from=shop", "https://example.cn/a?from=shop"),
        ("https://例子.中国/路", "https://例子.中国/路"),
    ] {
        assert_eq!(read(Column::Url, written), [format!("url:{canonical}")], "{written}");
    }
    assert_eq!(warnings(Column::Url, "www.example.cn/a"), [IssueCode::Scheme]);
    for wrong in ["https://", "https://localhost", "hello", "://example.cn"] {
        assert_eq!(refused(Column::Url, wrong), IssueCode::Form, "{wrong}");
    }
}

#[test]
fn device_app_and_waybill_are_as_written() {
    assert_eq!(read(Column::Device, " AbC-123456 "), ["device:AbC-123456"]);
    assert_eq!(read(Column::App, "cn.Example.loan"), ["app:cn.Example.loan"]);
    assert_eq!(refused(Column::App, "贷款王"), IssueCode::Form);
    assert_eq!(read(Column::Waybill, "sf1234567890123"), ["waybill:SF1234567890123"]);
    assert_eq!(refused(Column::Waybill, "SF 123 456"), IssueCode::Character);
}

#[test]
fn address_gives_up_to_three_levels() {
    let levels = [
        "address:福建省福州市鼓楼区五四路89号3栋502室",
        "address-building:福建省福州市鼓楼区五四路89号",
        "address-unit:福建省福州市鼓楼区五四路89号3栋502室",
    ];
    for written in [
        "福建省福州市鼓楼区五四路89号3栋502室",
        "福州市鼓楼区五四路89号3幢502",
        "福建 福州 鼓楼区 五四路八十九号三座五〇二室",
        "福州市鼓楼区五四路８９号（近地铁站）3号楼502房",
        "中国福建省福州市鼓楼区五四路89號【3栋】502室。",
    ] {
        assert_eq!(read(Column::Address, written), levels, "{written}");
    }
    assert_eq!(
        read(Column::Address, "福建省福州市鼓楼区五四路89号"),
        ["address:福建省福州市鼓楼区五四路89号", "address-building:福建省福州市鼓楼区五四路89号"]
    );
}

#[test]
fn address_of_no_known_province_or_of_a_district_is_refused() {
    assert_eq!(refused(Column::Address, "五四路89号"), IssueCode::Region);
    assert_eq!(refused(Column::Address, "鼓楼区五四路89号"), IssueCode::Region);
    assert_eq!(refused(Column::Address, "福建省福州市鼓楼区"), IssueCode::Coarse);
    assert_eq!(warnings(Column::Address, "福建省福州市闽侯县上街镇"), [IssueCode::NoNumber]);
    assert_eq!(warnings(Column::Address, "广东省福州市五四路89号"), [IssueCode::Chain]);
}

fn name(name: &str, birth_date: &str) -> Vec<String> {
    values(&on_test_day().name_birth(name, birth_date))
}

#[test]
fn name_alone_never_matches_anything() {
    for (name, date) in [("王芳", ""), ("", "1980-01-31"), ("", ""), ("王芳", "\u{200b}")] {
        let findings = on_test_day().name_birth(name, date);
        assert!(findings.values.is_empty() && findings.issues.is_empty());
    }
}

#[test]
fn name_dots_blanks_and_case() {
    for dot in
        ["\u{b7}", "\u{2022}", "\u{2027}", "\u{2219}", "\u{22c5}", "\u{30fb}", "\u{ff65}", ".", "．", " · "]
    {
        assert_eq!(
            name(&format!("阿依古丽{dot}买买提"), "1980-01-31"),
            ["name-birth:阿依古丽·买买提/1980-01-31"],
            "{dot}"
        );
    }
    assert_eq!(name("王 \u{3000}芳", "1980-01-31"), ["name-birth:王芳/1980-01-31"]);
    assert_eq!(name("  Wang   fang ", "1980-01-31"), ["name-birth:WANG FANG/1980-01-31"]);
    assert_eq!(name("J. Smith", "1980-01-31"), ["name-birth:J. SMITH/1980-01-31"]);
}

#[test]
fn name_that_is_blanked_out_is_refused() {
    for masked in ["王*", "王某某", "王＊芳"] {
        let findings = on_test_day().name_birth(masked, "1980-01-31");
        assert!(findings.values.is_empty());
        assert_eq!((findings.issues[0].code, findings.issues[0].column), (IssueCode::Masked, Place::Name));
    }
    assert!(name("王芳/李四", "1980-01-31").is_empty());
}

#[test]
fn birth_date_writings() {
    for date in [
        "1980-01-31",
        "1980/1/31",
        "1980.01.31",
        "19800131",
        "1980年1月31日",
        "１９８０－０１－３１",
        "1980-01-31 00:00:00",
        "1980-01-31T00:00:00Z",
        "1980年 1月 31日",
    ] {
        assert_eq!(name("王芳", date), ["name-birth:王芳/1980-01-31"], "{date}");
    }
    for (date, code) in [
        ("1980-02-30", IssueCode::DateInvalid),
        ("29251", IssueCode::DateInvalid),
        ("31/01/1980", IssueCode::DateInvalid),
        ("2026-02-01", IssueCode::DateFuture),
        ("1980-01-31;1981-01-31", IssueCode::BirthDates),
        ("1980-01-①", IssueCode::DigitForm),
    ] {
        let findings = on_test_day().name_birth("王芳", date);
        assert!(findings.values.is_empty());
        assert_eq!((findings.issues[0].code, findings.issues[0].column), (code, Place::BirthDate), "{date}");
    }
}

#[test]
fn storage_gives_back_what_was_kept() {
    let findings = on_test_day().cell(Column::CnId, "110105491231002");
    let value = &findings.values[0];
    let stored = Canonical::from_stored(value.kind(), value.value().to_owned());
    assert_eq!(&stored, value);
    assert_eq!(stored.tag_input().as_str(), "cn-id|v1|11010519491231002X");
    assert_eq!(stored.masked(), "110***********002X");
}

#[test]
fn a_typical_cell_is_quick() {
    let cells = [
        (Column::CnId, "110105491231002"),
        (Column::Mobile, "139 1234 5678"),
        (Column::BankCard, "6222020000000000000"),
        (Column::Uscc, "91350100m000100y43"),
        (Column::Email, "Wang.Fang@example.cn"),
        (Column::Landline, "0998-6555123"),
        (Column::Address, "福州市鼓楼区五四路89号3幢502"),
    ];
    let rules = on_test_day();
    let turn = |count: usize| {
        let start = Instant::now();
        for _ in 0..count {
            for (column, cell) in cells {
                assert!(!rules.cell(column, cell).values.is_empty());
            }
        }
        start.elapsed()
    };
    turn(10);
    let each = turn(1000) / 1000 / u32::try_from(cells.len()).unwrap();
    println!("{each:?} a cell");
    // A debug build is many times slower than the figure that counts; this catches only a change of order.
    assert!(each < Duration::from_micros(200), "{each:?}");
}
