//! The closed lists that every party must read the same way: identifier kinds, roles, typologies, evidence grades.
//!
//! Comes in: a code as it stands in terms, labels or totals. Goes out: one of the enums below, or `None`.
//! The codes are stable and lower case; their numbers are what travels inside a sealed label and in the terms, so a
//! number is never given to another meaning. Source: the product's catalogue (rule set 1).

/// Stamps out a closed list: the enum, its codes, its numbers, and the way back from both.
macro_rules! closed_list {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal, $code:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant = $number,)+ }

        impl $name {
            /// Every member of the list, in the order of its numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code, as it stands in files and on the wire.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The stable number, as it stands inside labels and terms.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// The member with this code.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// The member with this number.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}

closed_list! {
    /// A kind of identifier. `kind|v1|value` is the input of the tag function (rule set 1).
    Kind {
        /// 居民身份证, GB 11643.
        CnId = 1, "cn-id";
        /// 统一社会信用代码, GB 32100.
        Uscc = 2, "uscc";
        /// 组织机构代码, GB 11714.
        OrgCode = 3, "org-code";
        /// Mobile phone, mainland or E.164.
        Mobile = 4, "mobile";
        /// Fixed line with area code.
        Landline = 5, "landline";
        /// Payment card, 13 to 19 digits with a Luhn digit.
        BankCard = 6, "bank-card";
        /// Account number without a Luhn digit.
        Account = 7, "account";
        /// 港澳居民来往内地通行证.
        HkMoPermit = 8, "hk-mo-permit";
        /// Passport: country and number.
        Passport = 9, "passport";
        /// 车牌.
        Plate = 10, "plate";
        /// E-mail address.
        Email = 11, "email";
        /// 微信 id.
        Wechat = 12, "wechat";
        /// QQ number.
        Qq = 13, "qq";
        /// 支付宝 account number.
        Alipay = 14, "alipay";
        /// Device id.
        Device = 15, "device";
        /// 快递单号.
        Waybill = 16, "waybill";
        /// Web address.
        Url = 17, "url";
        /// Application package name.
        App = 18, "app";
        /// Address down to the building.
        AddressBuilding = 19, "address-building";
        /// Address down to the unit or room.
        AddressUnit = 20, "address-unit";
        /// Address as normalised, whole.
        Address = 21, "address";
        /// Name together with birth date.
        NameBirth = 22, "name-birth";
    }
}

closed_list! {
    /// What a record's subject is. A victim never enters a job.
    Role {
        /// 代理人: a person who files for others as a trade.
        Agent = 1, "agent";
        /// 代理机构: a firm that does.
        Agency = 2, "agency";
        /// 投诉人: whoever complained; the default.
        Complainant = 3, "complainant";
        /// 受害人: never leaves the bank.
        Victim = 4, "victim";
    }
}

closed_list! {
    /// The typologies of the catalogue.
    Typology {
        /// 非法代理维权.
        IllegalAgency = 1, "illegal-agency";
        /// 反催收.
        AntiCollection = 2, "anti-collection";
        /// 逃废债.
        DebtEvasion = 3, "debt-evasion";
        /// 恶意投诉.
        MaliciousComplaint = 4, "malicious-complaint";
        /// 征信修复.
        CreditRepair = 5, "credit-repair";
        /// 代理退保.
        PolicySurrender = 6, "policy-surrender";
        /// 非法贷款中介.
        LoanBroker = 7, "loan-broker";
        /// 保险欺诈.
        InsuranceFraud = 8, "insurance-fraud";
        /// 羊毛党.
        PromotionAbuse = 9, "promotion-abuse";
        /// 电信网络诈骗.
        TelecomFraud = 10, "telecom-fraud";
        /// 盗取账号.
        AccountTheft = 11, "account-theft";
        /// 仿冒网站和APP.
        Phishing = 12, "phishing";
    }
}

impl Typology {
    /// The Chinese name by which registers and statutes call it.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::IllegalAgency => "非法代理维权",
            Self::AntiCollection => "反催收",
            Self::DebtEvasion => "逃废债",
            Self::MaliciousComplaint => "恶意投诉",
            Self::CreditRepair => "征信修复",
            Self::PolicySurrender => "代理退保",
            Self::LoanBroker => "非法贷款中介",
            Self::InsuranceFraud => "保险欺诈",
            Self::PromotionAbuse => "羊毛党",
            Self::TelecomFraud => "电信网络诈骗",
            Self::AccountTheft => "盗取账号",
            Self::Phishing => "仿冒网站和APP",
        }
    }
}

closed_list! {
    /// Evidence grade; a lower number is better evidence.
    Grade {
        /// Judged by a court or an authority.
        Judged = 1, "A";
        /// Documented.
        Documented = 2, "B";
        /// Suspected; the default.
        Suspected = 3, "C";
    }
}

closed_list! {
    /// Why a record is kept out of every job.
    Hold {
        /// 困难: genuine hardship.
        Hardship = 1, "hardship";
        /// 争议: the person disputes the record.
        Dispute = 2, "dispute";
        /// 受害: the subject is a victim.
        Victim = 3, "victim";
    }
}

closed_list! {
    /// What the members of a job are told.
    Disclosure {
        /// An exact number of legal groups; no label travels.
        Count = 1, "count";
        /// Which banks.
        Institutions = 2, "institutions";
        /// Which banks, and their labels.
        Labels = 3, "labels";
    }
}

closed_list! {
    /// A class of identifiers; every class has its own key, shares and counters.
    Class {
        /// All identifiers of subjects.
        Subject = 1, "subject";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_numbers_lead_back() {
        for &kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
            assert_eq!(Kind::from_number(kind.number()), Some(kind));
        }
        assert_eq!(Kind::from_code("CN-ID"), None);
        assert_eq!(Kind::from_number(0), None);
    }

    #[test]
    fn numbers_are_golden() {
        let kinds: Vec<_> = Kind::ALL.iter().map(|k| (k.number(), k.code())).collect();
        assert_eq!(kinds.first(), Some(&(1, "cn-id")));
        assert_eq!(kinds.last(), Some(&(22, "name-birth")));
        assert_eq!(Grade::Judged.number(), 1);
    }
}
