//! Who stands in the registers: complainants, agents, firms, and what is known of each.
//!
//! Comes in: an index. Goes out: a subject with its facts, each of which says in which column it is written and which
//! canonical identifiers it gives. The first fact is the anchor, written by every bank that knows the subject.

use lianfang_proto::catalogue::{Kind, Role};

use super::Chance;
use super::numbers::{Numbers, pick};

const SURNAMES: [char; 20] = [
    '王', '李', '张', '刘', '陈', '杨', '赵', '黄', '周', '吴', '徐', '孙', '胡', '朱', '高', '林', '何',
    '郭', '马', '罗',
];
const GIVEN: [char; 40] = [
    '伟', '芳', '娜', '敏', '静', '丽', '强', '磊', '军', '洋', '勇', '艳', '杰', '娟', '涛', '明', '超',
    '霞', '平', '刚', '桂', '英', '华', '玉', '兰', '秀', '珍', '建', '国', '红', '梅', '海', '燕', '春',
    '雪', '龙', '文', '志', '新', '辉',
];
const STREETS: [&str; 12] = [
    "福建省福州市鼓楼区五四路",
    "福建省福州市鼓楼区五一北路",
    "福建省厦门市思明区湖滨南路",
    "广东省广州市天河区体育西路",
    "广东省深圳市福田区深南大道",
    "四川省成都市锦江区春熙路",
    "湖北省武汉市江岸区中山大道",
    "浙江省杭州市西湖区文三路",
    "江苏省南京市鼓楼区中央路",
    "山东省济南市历下区泉城路",
    "陕西省西安市雁塔区长安南路",
    "湖南省长沙市芙蓉区五一大道",
];

/// One cell's worth of knowledge.
#[derive(Clone)]
pub(super) struct Fact {
    /// The column that it is written in.
    pub(super) column: Kind,
    /// What is written, before noise, and the kind that says how it may be written.
    pub(super) written: (Kind, String),
    /// Every canonical identifier that it gives.
    pub(super) gives: Vec<(Kind, String)>,
}

impl Fact {
    fn plain(kind: Kind, value: String) -> Self {
        Self { column: kind, written: (kind, value.clone()), gives: vec![(kind, value)] }
    }
}

/// One person or firm.
pub(super) struct Subject {
    pub(super) role: Role,
    pub(super) facts: Vec<Fact>,
    pub(super) name: String,
    pub(super) birth: Option<(u64, u64, u64)>,
    /// The old and the new mobile of somebody who changed it: a bank knows one of them, or both.
    pub(super) mobiles: [String; 2],
}

impl Subject {
    /// The subject of this index; complainants may share what their agent uses.
    pub(super) fn new(numbers: Numbers, index: u64, agent: Option<u64>, chance: &mut Chance) -> Self {
        match index % 10 {
            0 => Self::agent(numbers, index),
            1 | 2 => Self::firm(numbers, index),
            3 => Self::from_hong_kong(numbers, index),
            _ => Self::complainant(numbers, index, agent, chance),
        }
    }

    /// Whether the subject of this index is an agent, whose mobile and address complainants share.
    pub(super) const fn is_agent(index: u64) -> bool {
        index.is_multiple_of(10)
    }

    fn person(numbers: Numbers, index: u64, role: Role, facts: Vec<Fact>) -> Self {
        let name = if index % 23 == 4 {
            format!("阿依{}·买买提", pick(&GIVEN, index / 23))
        } else {
            let given = [pick(&GIVEN, index / 20), pick(&GIVEN, index / 800)];
            format!("{}{}{}", pick(&SURNAMES, index), given[0], given[1])
        };
        let mobiles = [numbers.mobile(2 * index), numbers.mobile(2 * index + 1)];
        Self { role, facts, name, birth: Some(numbers.birth(index)), mobiles }
    }

    fn agent(numbers: Numbers, index: u64) -> Self {
        let mobile = numbers.mobile(2 * index);
        let wechat_is_mobile = Fact {
            column: Kind::Wechat,
            written: (Kind::Mobile, mobile.clone()),
            gives: vec![(Kind::Mobile, mobile)],
        };
        let facts = vec![
            Fact::plain(Kind::CnId, numbers.cn_id(index)),
            wechat_is_mobile,
            Fact::plain(Kind::Landline, numbers.landline(index)),
            Fact::plain(Kind::Waybill, numbers.waybill(index)),
            Fact::plain(Kind::Plate, numbers.plate(index)),
            Fact::plain(Kind::Alipay, numbers.alipay(index)),
            address(numbers, index),
        ];
        Self::person(numbers, index, Role::Agent, facts)
    }

    fn firm(numbers: Numbers, index: u64) -> Self {
        let (uscc, org_code) = (numbers.uscc(index), numbers.org_code(index));
        let code = Fact {
            column: Kind::Uscc,
            written: (Kind::Uscc, uscc.clone()),
            gives: vec![(Kind::Uscc, uscc), (Kind::OrgCode, org_code)],
        };
        let word = numbers.word(index);
        let facts = vec![
            code,
            Fact::plain(Kind::Account, numbers.account(index)),
            Fact::plain(Kind::Landline, numbers.landline(index)),
            Fact::plain(Kind::Url, format!("https://tousu-{word}.example.cn/p/{index}?id={index}")),
            Fact::plain(Kind::App, format!("cn.example.a{word}")),
            address(numbers, index),
        ];
        let name = format!("{}维权咨询有限公司", pick(&GIVEN, index));
        Self { role: Role::Agency, facts, name, birth: None, mobiles: [String::new(), String::new()] }
    }

    fn from_hong_kong(numbers: Numbers, index: u64) -> Self {
        let facts = vec![
            Fact::plain(Kind::HkMoPermit, numbers.permit(index)),
            Fact::plain(Kind::Mobile, numbers.foreign_mobile(index)),
            Fact::plain(Kind::Passport, numbers.passport(index)),
            Fact::plain(Kind::BankCard, numbers.bank_card(index)),
        ];
        Self::person(numbers, index, Role::Complainant, facts)
    }

    fn complainant(numbers: Numbers, index: u64, agent: Option<u64>, chance: &mut Chance) -> Self {
        let (qq, word) = (numbers.qq(index), numbers.word(index));
        let by_qq = format!("{qq}@qq.com");
        let email = match index % 4 {
            0 => Fact {
                column: Kind::Email,
                written: (Kind::Email, by_qq.clone()),
                gives: vec![(Kind::Email, by_qq), (Kind::Qq, qq.clone())],
            },
            1 => Fact {
                column: Kind::Email,
                written: (Kind::Email, format!("wang.{word}+bank@gmail.com")),
                gives: vec![(Kind::Email, format!("wang{word}@gmail.com"))],
            },
            _ => Fact::plain(Kind::Email, format!("wang.{word}+a@example.cn")),
        };
        let mut facts = vec![
            Fact::plain(Kind::CnId, numbers.cn_id(index)),
            email,
            Fact::plain(Kind::BankCard, numbers.bank_card(index)),
            Fact::plain(Kind::Wechat, format!("wang_{word}")),
            Fact::plain(Kind::Device, numbers.device(index)),
        ];
        if index.is_multiple_of(3) {
            facts.push(Fact::plain(Kind::Qq, qq));
        }
        if let Some(agent) = agent.filter(|_| chance.often(40)) {
            facts.push(Fact::plain(Kind::Mobile, numbers.mobile(2 * agent)));
            facts.push(address(numbers, agent));
        }
        Self::person(numbers, index, Role::Complainant, facts)
    }
}

/// An address with house, block and room. The building is the house number; unit and whole are the same text here.
fn address(numbers: Numbers, index: u64) -> Fact {
    let place = numbers.building(index);
    let street = pick(&STREETS, place % 12);
    let building = format!("{street}{}号", place / 12 + 1);
    let unit = format!("{building}{}栋{}室", place % 9 + 1, 101 + place % 800);
    let gives = [Kind::AddressBuilding, Kind::AddressUnit, Kind::Address]
        .into_iter()
        .zip([building, unit.clone(), unit.clone()])
        .collect();
    Fact { column: Kind::Address, written: (Kind::Address, unit), gives }
}
