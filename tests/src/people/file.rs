//! How a bank writes its file: encoding, mark, delimiter, line ends, language of headers, order of columns.
//!
//! Comes in: rows of cells. Goes out: the bytes of a register, row by row. Sources: RFC 4180; the encodings of rule set 1.

use std::io::{self, Write};

use encoding_rs::GB18030;
use lianfang_proto::catalogue::Kind;

/// Columns that are not identifiers: the product's header, a Chinese one, an everyday one.
const FIELDS: [[&str; 3]; 11] = [
    ["record", "编号", "案件编号"],
    ["role", "角色", "角色"],
    ["typology", "类型", "类型"],
    ["grade", "证据等级", "证据等级"],
    ["basis", "依据", "依据"],
    ["first_seen", "首次日期", "首次日期"],
    ["last_seen", "末次日期", "末次日期"],
    ["hold", "限制", "限制"],
    ["note", "备注", "备注"],
    ["name", "姓名", "客户姓名"],
    ["birth_date", "出生日期", "出生日期"],
];

/// Identifier columns, likewise.
const IDENTIFIERS: [(Kind, [&str; 2]); 19] = [
    (Kind::CnId, ["身份证号", "证件号码"]),
    (Kind::Mobile, ["手机号", "联系电话"]),
    (Kind::Landline, ["固定电话", "座机"]),
    (Kind::BankCard, ["银行卡号", "卡号"]),
    (Kind::Account, ["账号", "银行账号"]),
    (Kind::Uscc, ["统一社会信用代码", "社会信用代码"]),
    (Kind::OrgCode, ["组织机构代码", "机构代码"]),
    (Kind::Email, ["邮箱", "电子邮箱"]),
    (Kind::Wechat, ["微信", "微信号"]),
    (Kind::Qq, ["QQ", "ＱＱ号"]),
    (Kind::Alipay, ["支付宝", "支付宝账号"]),
    (Kind::HkMoPermit, ["港澳通行证", "回乡证号"]),
    (Kind::Passport, ["护照", "护照号码"]),
    (Kind::Plate, ["车牌", "车牌号"]),
    (Kind::Address, ["地址", "联系地址"]),
    (Kind::Waybill, ["快递单号", "运单号"]),
    (Kind::Device, ["设备号", "设备编号"]),
    (Kind::Url, ["链接", "网址"]),
    (Kind::App, ["应用", "应用包名"]),
];

/// What the bytes of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// UTF-8 without a mark.
    Utf8,
    /// UTF-8 with its mark.
    Utf8Marked,
    /// GB18030.
    Gb18030,
    /// UTF-16, little end first, with its mark.
    Utf16Le,
    /// UTF-16, big end first, with its mark.
    Utf16Be,
}

/// The habits of one bank's export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// The encoding.
    pub writing: Writing,
    /// Comma, semicolon or tab.
    pub delimiter: char,
    /// The end of a line.
    pub line_end: &'static str,
    headers: usize,
    rotation: usize,
}

impl Style {
    /// The habits of the bank at this place; five neighbours have five encodings.
    pub fn of(bank: usize) -> Self {
        let writings =
            [Writing::Utf8, Writing::Gb18030, Writing::Utf8Marked, Writing::Utf16Le, Writing::Utf16Be];
        Self {
            writing: writings[bank % 5],
            delimiter: [',', ',', ';', ',', '\t'][bank % 5],
            line_end: ["\n", "\r\n"][bank % 2],
            headers: bank % 3,
            rotation: bank * 3 % IDENTIFIERS.len(),
        }
    }

    /// Plain UTF-8 with the product's headers.
    pub const fn plain() -> Self {
        Self { writing: Writing::Utf8, delimiter: ',', line_end: "\n", headers: 0, rotation: 0 }
    }

    fn columns(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let fields = FIELDS.iter().map(move |names| (names[0], names[self.headers]));
        let places = (0..IDENTIFIERS.len()).map(move |place| (place + self.rotation) % IDENTIFIERS.len());
        let identifiers = places.map(move |place| {
            let (kind, names) = &IDENTIFIERS[place];
            (kind.code(), if self.headers == 0 { kind.code() } else { names[self.headers - 1] })
        });
        fields.chain(identifiers)
    }

    /// Writes mark and header.
    pub(super) fn start(self, into: &mut impl Write) -> io::Result<()> {
        if matches!(self.writing, Writing::Utf8Marked | Writing::Utf16Le | Writing::Utf16Be) {
            self.write(into, "\u{FEFF}")?;
        }
        self.line(into, self.columns().map(|(_, header)| header))
    }

    /// Writes one row, given the text of every column.
    pub(super) fn row<'a>(
        self,
        into: &mut impl Write,
        cell: impl Fn(&'static str) -> &'a str,
    ) -> io::Result<()> {
        self.line(into, self.columns().map(|(column, _)| cell(column)))
    }

    fn line<'a>(self, into: &mut impl Write, cells: impl Iterator<Item = &'a str>) -> io::Result<()> {
        let mut line = String::new();
        for (place, cell) in cells.enumerate() {
            if place > 0 {
                line.push(self.delimiter);
            }
            if cell.contains([self.delimiter, '"', '\n', '\r']) {
                line.push('"');
                line.push_str(&cell.replace('"', "\"\""));
                line.push('"');
            } else {
                line.push_str(cell);
            }
        }
        line.push_str(self.line_end);
        self.write(into, &line)
    }

    fn write(self, into: &mut impl Write, text: &str) -> io::Result<()> {
        match self.writing {
            Writing::Utf8 | Writing::Utf8Marked => into.write_all(text.as_bytes()),
            Writing::Gb18030 => into.write_all(&GB18030.encode(text).0),
            Writing::Utf16Le => {
                into.write_all(&text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
            }
            Writing::Utf16Be => {
                into.write_all(&text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>())
            }
        }
    }
}
