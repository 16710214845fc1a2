//! Which header means which column, as a list of lines: the column, then every way to write it in folded form.

use std::collections::BTreeMap;

const LINES: &str = "
record: record record-id case-id case-no 编号 案件编号 案件号 案号 案件编码 记录号 记录编号 业务编号 投诉编号 投诉单号 工单号 工单编号 受理编号
role: role 角色 主体角色 人员角色
typology: typology typologies 类型 案件类型 行为类型 类型代码
grade: grade 证据等级 等级 证据级别
basis: basis 依据 法律依据 依据代码 处理依据
first_seen: first-seen 首次日期 首次时间 首次发现日期 首次出现日期 首次投诉日期
last_seen: last-seen 末次日期 末次时间 最近日期 最后日期 末次出现日期 末次投诉日期
hold: hold 限制 限制标识 限制原因 保护标识
evidence: evidence 证据 证据摘要 证据编号 证据材料
note: note notes remark remarks 备注 说明
name: name 姓名 客户姓名 客户名称 投诉人姓名 代理人姓名 当事人姓名 姓名全称
birth_date: birth-date birthdate birthday date-of-birth 出生日期 出生年月日 生日
letter: letter 投诉内容 投诉信 投诉文本
cn-id: cn-id id-card id-no id-number 身份证号 身份证号码 身份证 身份证件号 身份证件号码 居民身份证 居民身份证号 居民身份证号码 公民身份号码 证件号 证件号码 客户证件号码 客户身份证号
mobile: mobile mobile-no mobile-phone phone 手机号 手机号码 手机 移动电话 联系电话 联系方式 联系手机 联系手机号 客户手机号 电话 电话号码 来电号码 预留手机号
landline: landline telephone tel 固定电话 固话 座机 座机号 座机号码 单位电话 办公电话 家庭电话 住宅电话
bank-card: bank-card card-no card-number 银行卡号 银行卡 银行卡号码 卡号 信用卡号 信用卡 借记卡号 收款卡号 付款卡号
account: account account-no account-number 账号 帐号 账户 帐户 银行账号 银行帐号 银行账户 账户号 收款账号 收款账户 付款账号 对公账号
uscc: uscc credit-code 统一社会信用代码 统一信用代码 社会信用代码 信用代码 企业信用代码
org-code: org-code organization-code 组织机构代码 机构代码 组织机构代码证号 组织机构代码证
email: email e-mail mail 邮箱 电子邮箱 电子邮件 邮件 邮箱地址 电子邮箱地址 邮件地址
wechat: wechat wechat-id weixin 微信 微信号 微信账号 微信id
qq: qq qq-no qq-number qq号 qq号码 qq账号
alipay: alipay alipay-id 支付宝 支付宝账号 支付宝帐号 支付宝账户 支付宝号
hk-mo-permit: hk-mo-permit 港澳通行证 港澳通行证号 港澳通行证号码 港澳居民来往内地通行证 港澳居民来往内地通行证号 港澳居民来往内地通行证号码 回乡证 回乡证号
passport: passport passport-no passport-number 护照 护照号 护照号码
plate: plate plate-no license-plate 车牌 车牌号 车牌号码 机动车号牌
address: address 地址 联系地址 通讯地址 通信地址 家庭地址 住址 居住地址 寄件地址 寄件人地址 收件地址 邮寄地址 单位地址 注册地址 经营地址
waybill: waybill waybill-no tracking-number 快递单号 快递号 运单号 运单号码 物流单号 邮件号
device: device device-id 设备号 设备编号 设备id 设备标识 设备指纹 imei
url: url link 链接 网址 链接地址 网站 网页链接
app: app app-id package-name 应用 应用包名 应用名 包名
";

/// Columns by header.
pub(super) fn columns() -> BTreeMap<&'static str, &'static str> {
    let lines = LINES.lines().filter_map(|line| line.split_once(": "));
    lines.flat_map(|(column, headers)| headers.split(' ').map(move |header| (header, column))).collect()
}
