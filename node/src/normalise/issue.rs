//! Why a value was refused, or is kept although it is odd: a closed list with stable codes and a remedy for each.
//!
//! Goes out: codes for `rejects.csv`, and one sentence in English or Chinese that says what to do. Never: the value.

use lianfang_desk::Lang;

use super::{Column, Place};

/// Whether the value was refused or kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The value is left out; its record and its neighbours in the cell are not.
    Reject,
    /// The value is kept, and somebody should look at it.
    Warning,
}

impl Severity {
    /// As `rejects.csv` writes it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Warning => "warning",
        }
    }
}

/// Stamps out the list of codes with severity and both remedies.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $severity:ident, $code:literal, $en:literal, $zh:literal;)+) => {
        /// What was found. Codes are stable and never given to another meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum IssueCode { $($(#[$doc])* $variant,)+ }

        impl IssueCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code, as it stands in `rejects.csv`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// Whether a value with this code is refused or kept.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            /// What to do, in the reader's language. Never names the value.
            pub const fn remedy(self, lang: Lang) -> &'static str {
                match (self, lang) { $(
                    (Self::$variant, Lang::En) => $en,
                    (Self::$variant, Lang::Zh) => $zh,
                )+ }
            }
        }
    };
}

codes! {
    /// A cell of more than 64 KiB.
    CellTooLong = Reject, "cell-too-long",
        "The cell is larger than 64 KiB; put one subject's values into it, not a list.",
        "单元格超过64 KiB；一格只放一个主体的值，不要放整份名单。";
    /// A value longer than its column takes.
    ValueTooLong = Reject, "value-too-long",
        "The value is longer than this column takes; if these are several values, separate them with a semicolon.",
        "该值超过本列允许的长度；如为多个值，请用分号分隔。";
    /// A digit that is neither ASCII nor full width.
    DigitForm = Reject, "digit-form",
        "A digit is written as a circled, raised, fractional or foreign digit; type it as 0 to 9.",
        "数字使用了带圈、上标、分数或外文数字；请改用0至9。";
    /// A Greek or Cyrillic letter, or a multiplication sign.
    LookAlike = Reject, "look-alike-letter",
        "A character only looks like a Latin letter (Cyrillic, Greek or a multiplication sign); type the Latin letter.",
        "含有形似拉丁字母的字符（西里尔、希腊字母或乘号）；请改为拉丁字母。";
    /// A character that the kind does not have.
    Character = Reject, "illegal-character",
        "A character does not belong in this column; take out words and signs, and separate several values with a semicolon.",
        "含有本列不允许的字符；请去掉文字和符号，多个值用分号分隔。";
    /// Blanked-out characters.
    Masked = Reject, "masked-value",
        "Part of the value is blanked out; export the full value.",
        "该值已脱敏；请导出完整的值。";
    /// A spreadsheet has turned it into a number.
    Rounded = Reject, "rounded-number",
        "A spreadsheet or program has turned the value into a number; export the column as text.",
        "该值被表格软件或程序转成了数值；请以文本格式重新导出该列。";
    /// Too many or too few characters.
    Length = Reject, "wrong-length",
        "The number of characters is wrong for this column; look it up in the original.",
        "位数与本列不符；请核对原件。";
    /// Any other misfit with the form of the column.
    Form = Reject, "wrong-form",
        "The value has not the form of this column; correct it, or move it to the column of its kind.",
        "该值不符合本列格式；请更正，或移至对应类型的列。";
    /// The check digit is wrong.
    CheckDigit = Reject, "check-digit",
        "The check digit is wrong, so a character was mistyped; look it up in the original.",
        "校验码不符，说明有字符录错；请核对原件。";
    /// No such day.
    DateInvalid = Reject, "date-invalid",
        "The birth date is no day of the calendar, or not written as year, month and day; look it up in the original.",
        "出生日期不是有效日期，或未按年月日书写；请核对原件。";
    /// After the day of import.
    DateFuture = Reject, "date-future",
        "The birth date lies after the day of import; look it up in the original, and check this machine's clock.",
        "出生日期晚于导入当日；请核对原件，并检查本机时钟。";
    /// A service number or a placeholder that many people's records share.
    StopList = Reject, "stop-list",
        "This is a service number or a placeholder, not a person's telephone; leave the cell empty or find the real number.",
        "这是服务号码或占位号码，不是个人电话；请留空或查找真实号码。";
    /// Thirteen digits of the internet of things.
    MachineNumber = Reject, "iot-number",
        "Thirteen digits are a machine's number (internet of things); give the person's number.",
        "十三位号码属于物联网设备；请填写个人号码。";
    /// A mobile with an extension is an intermediary's number, shared by many people.
    VirtualNumber = Reject, "virtual-number",
        "A mobile number with an extension is a platform's relay, shared by many people; give the person's own number.",
        "带分机的手机号是平台的隐私号，由多人共用；请填写本人号码。";
    /// No area code of the mainland.
    AreaCode = Reject, "area-code-unknown",
        "The area code is missing or unknown; write the number as area code and number, such as 010-65551234.",
        "区号缺失或不存在；请写成区号加号码，例如010-65551234。";
    /// One character repeated.
    Placeholder = Reject, "placeholder",
        "One digit repeated is a placeholder; leave the cell empty or find the real number.",
        "全部为同一数字，属于占位值；请留空或查找真实号码。";
    /// The country is no ISO 3166-1 code.
    Country = Reject, "country-unknown",
        "The country is not a two-letter ISO 3166 code; write it as CN:E12345678.",
        "国家不是ISO 3166两位代码；请写成CN:E12345678的形式。";
    /// The province cannot be told.
    Region = Reject, "region-unknown",
        "The province cannot be told from this address; begin it with province and city.",
        "无法确定地址所属省份；请从省、市写起。";
    /// Nothing below the district.
    Coarse = Reject, "address-too-coarse",
        "The address ends with the district, where very many people live; add street and number.",
        "地址只到区县，范围过大；请补充街道和门牌号。";
    /// Two birth dates beside one name.
    BirthDates = Reject, "birth-date-several",
        "There are several birth dates for one record; keep the right one.",
        "同一记录有多个出生日期；请只保留正确的一个。";
    /// Fifteen digits with a region that never issued them.
    OldRegion = Warning, "cn-id-old-region",
        "Fifteen digits were never issued for this region; check the number against the original.",
        "该地区从未发放过15位号码；请核对原件。";
    /// Fifteen digits, sequence 996 to 999.
    OldCentury = Warning, "cn-id-century",
        "In fifteen digits the sequences 996 to 999 meant a birth year 18xx; it was read as 19xx, check the original.",
        "15位号码中顺序码996至999表示18xx年出生；已按19xx年读取，请核对原件。";
    /// A unified code whose check digit is wrong; a few real ones are.
    UsccCheck = Warning, "uscc-check",
        "The check digit is wrong; a few real codes have this, so the value is kept: compare it with the licence.",
        "校验码不符；少数真实代码如此，故予保留：请与营业执照核对。";
    /// A unified code that has no organisation code inside.
    UsccInner = Warning, "uscc-inner",
        "No valid organisation code lies inside, so none was derived; compare the value with the licence.",
        "其中不含有效的组织机构代码，未作推导；请与营业执照核对。";
    /// A card number without a valid check digit is an account number.
    CardCheck = Warning, "card-check",
        "The card check digit is wrong; it was read as an account number: compare it with the card.",
        "银行卡校验码不符，已按账号读取；请与卡片核对。";
    /// An area code without its 0.
    AreaZero = Warning, "area-code-no-zero",
        "The 0 before the area code is missing and was supplied; export the column as text.",
        "区号前缺0，已补上；请以文本格式导出该列。";
    /// A web address without scheme.
    Scheme = Warning, "url-no-scheme",
        "The scheme is missing, so it will not match the same address with http or https; add it.",
        "链接缺少协议，无法与带http或https的同一链接匹配；请补上。";
    /// Province and city contradict each other.
    Chain = Warning, "address-chain",
        "Province and city contradict each other; the address was kept as written.",
        "省与市不一致，已按原文保留；请核对。";
    /// Neither house number nor room.
    NoNumber = Warning, "address-no-number",
        "The address has no house number or room, so it may be shared by many; complete it if you can.",
        "地址没有门牌号或房号，可能由多人共用；如有条件请补全。";
}

/// One thing that was found, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Issue {
    /// Whether the value was refused or kept.
    pub severity: Severity,
    /// What was found.
    pub code: IssueCode,
    /// The column in which it was found.
    pub column: Place,
}

impl Issue {
    pub(super) const fn new(code: IssueCode, column: Place) -> Self {
        Self { severity: code.severity(), code, column }
    }

    /// Every one that can be found: each code in each place.
    pub fn every() -> impl Iterator<Item = Self> {
        let cells = Column::ALL.iter().map(|&column| Place::Cell(column));
        let places: Vec<Place> = cells.chain([Place::Name, Place::BirthDate]).collect();
        IssueCode::ALL
            .iter()
            .flat_map(move |&code| places.clone().into_iter().map(move |place| Self::new(code, place)))
    }

    /// What to do about it, in the reader's language: the code's remedy, or a closer one where a column has it.
    pub const fn remedy(&self, lang: Lang) -> &'static str {
        let close = match (self.code, self.column) {
            (IssueCode::Form | IssueCode::Length, Place::Cell(column)) => form(column, lang),
            _ => None,
        };
        match close {
            Some(text) => text,
            None => self.code.remedy(lang),
        }
    }
}

/// How a value of the column is written, for those with a form that a sentence can hold.
const fn form(column: Column, lang: Lang) -> Option<&'static str> {
    let (en, zh) = match column {
        Column::CnId => {
            ("Write all 15 or 18 characters of the identity card.", "请填写完整的15位或18位身份证号。")
        }
        Column::Uscc => (
            "Write all 18 characters; a code of nine characters belongs in the column org-code.",
            "请填写完整的18位代码；9位代码请放入组织机构代码列。",
        ),
        Column::OrgCode => (
            "Write all nine characters; a code of 18 characters belongs in the column uscc.",
            "请填写完整的9位代码；18位代码请放入统一社会信用代码列。",
        ),
        Column::Mobile | Column::Landline => (
            "Write a mobile as 11 digits, a fixed line with its area code, a foreign number with + and country code.",
            "手机号写11位，固定电话写区号，境外号码写+和国家代码。",
        ),
        Column::BankCard => ("Write all 13 to 19 digits of the card.", "请填写完整的13至19位卡号。"),
        Column::HkMoPermit => ("Write H or M and eight digits.", "请填写H或M加8位数字。"),
        Column::Plate => (
            "Write the province, a letter and 5 or 6 more, such as 闽A12345.",
            "请写省份简称、字母和5或6位，例如闽A12345。",
        ),
        Column::Alipay => (
            "Write 2088 and 12 digits, or the mobile or e-mail that is the account's name.",
            "请填写2088开头的16位号码，或作为账户名的手机号、邮箱。",
        ),
        _ => return None,
    };
    Some(match lang {
        Lang::En => en,
        Lang::Zh => zh,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_kebab_case_and_unique() {
        let mut codes: Vec<_> = IssueCode::ALL.iter().map(|c| c.code()).collect();
        assert!(codes.iter().all(|c| c.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), IssueCode::ALL.len());
    }

    #[test]
    fn every_code_has_a_remedy_in_both_languages() {
        for &code in IssueCode::ALL {
            assert!(code.remedy(Lang::En).is_ascii() || code.remedy(Lang::En).contains('闽'));
            assert!(code.remedy(Lang::Zh).ends_with('。'));
        }
    }
}
