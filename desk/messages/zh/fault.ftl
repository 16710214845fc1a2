### 故障代码。每个代码有一句说明和一句建议，均不带句号，句式见 shell.ftl 的 problem。

## 谁与谁通信

unauthenticated = 对方没有出示可接受的证书
unauthenticated-advice = 请先完成本节点的入网，或检查连接是否被中间设备截断
certificate-expired = 证书已过期
certificate-expired-advice = 请更新证书后重新启动程序
certificate-early = 按本机时钟，证书尚未生效
certificate-early-advice = 请校正本机时钟并配置时间同步（chrony 或 NTP）；若本机时钟无误，则是对方的时钟超前
certificate-unknown = 名册中没有该证书
certificate-unknown-advice = 请与监管方核对证书指纹，并由监管方登记该证书
wrong-party = 证书所示为 { $got }，而应为 { $wanted }
wrong-party-advice = 请核对配置中的地址以及该地址由谁应答
signature-invalid = 签名与所附内容不符
signature-invalid-advice = 请勿使用收到的内容，并通知监管方
unreachable = 无法连接
unreachable-advice = 请检查地址、网络以及对方是否在运行，然后重试
timed-out = 未在规定时间内收到答复
timed-out-advice = 请重试；如仍超时，请检查网络和对方负载
busy = 对方正忙，暂不受理更多请求
busy-advice = 请稍后重试

## 是否准许

not-admitted = 尚未获准参与
not-admitted-advice = 请联系监管方或持钥行予以准入
roster-stale = 协调方已太久没有确认成员名册，因此不再应答任何一方
roster-stale-advice = 检查该处与协调方的连接；恢复连接后即会应答
member-suspended = 该银行已被暂停，恢复时间另行通知
member-suspended-advice = 向监管方询问原因，并请其恢复
member-revoked = 该银行的成员资格已永久撤销
member-revoked-advice = 向监管方索取新邀请，并以新密钥、新目录入网
quota-exceeded = 将超出本密钥周期 { $wanted } 次求值的配额
quota-exceeded-advice = 请等待下一密钥周期，或申请提高配额
size-cap-exceeded = 标识符数量 { $got } 超过上限 { $wanted }
size-cap-exceeded-advice = 请减少参与的记录，或协商提高上限
not-participant = 本方不是该任务的参与方
not-participant-advice = 请联系监管方，在下一任务中列入本方
consent-refused = 该任务未获同意
consent-refused-advice = 请先与拒绝方沟通原因，再发起新任务
submission-lost = 本行提交的文件不在本目录中：它是在另一个目录中准备的，或在本目录被恢复之前准备的
submission-lost-advice = 若当初准备它的进程还在，请重新启动该进程；否则该任务将不含本行，本行从下一个任务起继续参加
consent-pending = 该任务尚未得到全部同意
consent-pending-advice = 请等待，或提醒尚未表态的各方
invite-unknown = 没有这份邀请
invite-unknown-advice = 请确认邀请文本已完整复制，或向监管方索取新的邀请
invite-expired = 邀请已过期
invite-expired-advice = 请向监管方索取新的邀请
invite-used = 邀请已被使用
invite-used-advice = 如非本行使用，请立即通知监管方；否则请索取新的邀请
fingerprint-differs = 指纹 { $got } 与预期的 { $wanted } 不一致
fingerprint-differs-advice = 请停止操作，并与对方电话核对双方指纹

## 各方须一致的事项

terms-differ = 任务条款不一致（{ $field }：本方 { $wanted }，对方 { $got }）
terms-differ-advice = 请在传送任何数据之前与监管方核对条款
roster-older = 对方的名册版本较旧（{ $got }，应为 { $wanted }）
roster-older-advice = 请待其取得最新名册后重试
roster-differs = 同一版本号 { $got } 出现了两份不同的名册
roster-differs-advice = 请停止操作，并通知监管方和其他银行
epoch-unknown = 本方没有密钥周期 { $got } 的记录
epoch-unknown-advice = 请取得最新名册和密钥记录后重试
epoch-closed = 密钥周期 { $got } 在对方已关闭，其分片和结果已删除
epoch-closed-advice = 请使用当前周期；已关闭的周期不会恢复
ledger-behind = 密钥持有方的计费序号倒退：它由备份恢复，遗失了计费记录
ledger-behind-advice = 请其人员用“key lost”宣告账本遗失，或用“key trust”接受
generation-changed = 密钥份额在此期间已更新
generation-changed-advice = 请按新一代份额重新执行该步骤
key-not-compared = 密钥指纹尚未经人工核对
key-not-compared-advice = 请与其他银行核对，然后用“key compare”确认
key-not-agreed = 尚有持钥行未确认密钥
key-not-agreed-advice = 请等待，或提醒尚未确认的持钥行

## 报文

message-too-large = 报文为 { $got } 字节，超过上限 { $wanted }
message-too-large-advice = 请确认双方程序版本一致
message-out-of-order = 报文次序有误（应为 { $wanted }，收到 { $got }）
message-out-of-order-advice = 请从应有的位置继续传送
message-repeated = 该报文此前已收到
message-repeated-advice = 如不反复出现，无须处理
message-truncated = 报文不完整
message-truncated-advice = 请重试；如反复出现，请检查双方之间的网络
malformed-field = 字段 { $field } 的格式不正确
malformed-field-advice = 请确认双方程序版本一致
not-canonical = 字段 { $field } 不是规范编码
not-canonical-advice = 请确认双方程序版本一致；正确的程序不会发出此类内容
identity-element = 字段 { $field } 为群的单位元
identity-element-advice = 查明原因之前，请勿与该方继续
digest-differs = { $field } 的摘要与收到的内容不符
digest-differs-advice = 请重试；如反复出现，请通知对方

## 持钥行

holder-lied = 持钥行的答复经验证为错误
holder-lied-advice = 其答复不予采用，请通知监管方并移交审计记录
holder-unchecked = 无法验证持钥行的答复
holder-unchecked-advice = 请重试，或改由其他持钥行应答
holders-missing = 所需 { $wanted } 个持钥行中仅 { $got } 个可连接
holders-missing-advice = 请待更多持钥行上线后重试
ceremony-failed-missing = 有持钥行未按时参加，密钥仪式失败
ceremony-failed-missing-advice = 请确认所有持钥行均在运行，然后重新举行仪式
ceremony-failed-lied = 有持钥行提交的内容经验证为错误，密钥仪式失败
ceremony-failed-lied-advice = 请先与该持钥行查明原因，再重新举行仪式
ceremony-unknown = 没有这次密钥仪式
ceremony-unknown-advice = 请列出各次仪式并核对名称

## 任务

job-unknown = 没有该任务
job-unknown-advice = 请列出任务并核对名称
job-closed = 该任务已关闭
job-closed-advice = 请参加下一任务
job-nothing-failed = 该任务没有失败的步骤，目前处于 { $stage }
job-nothing-failed-advice = 请用 job show 查看进展
job-worked-on = 该任务正在处理中
job-worked-on-advice = 请在一分钟后重新执行
job-not-ready = 该任务尚未进行到这一步
job-not-ready-advice = 请稍后重试
job-deadline-passed = 该任务的截止时间已过
job-deadline-passed-advice = 请参加下一任务，或请监管方延后截止时间
submission-conflict = 本行已为该任务提交过不同的内容
submission-conflict-advice = 请保留原提交；提交后不可替换
submission-files-gone = 任务已放弃：协调方已没有各行提交的文件，原因是协调方由备份恢复，或文件已丢失
submission-files-gone-advice = 请重新发起该任务；任务内容未向任何一方披露
root-differs = 收到的数据与 { $field } 已签名的根不符
root-differs-advice = 请勿使用该报告，并通知监管方
label-does-not-open = 随匹配结果收到的标签无法打开
label-does-not-open-advice = 请通知发送方银行；匹配本身仍然有效

## 本机

disk-full = 磁盘空间不足，无法写入{ $place ->
    [server] 数据库服务器
    [store] 数据库
   *[other] { " " }{ $path }
}
disk-full-advice = 请清理磁盘空间后重新执行
disk-read-only = { $place ->
    [server] 数据库服务器不接受写入
    [store] 数据库为只读
   *[other] { $path } 所在磁盘为只读
}
disk-read-only-advice = 请恢复可写后重新执行
wrong-passphrase = 口令或密钥文件无法打开 { $path } 中的密钥
wrong-passphrase-advice = 请核对所配置的口令或密钥文件
directory-busy = 目录 { $path } 正由进程 { $pid } 使用
directory-busy-advice = 请等待其结束，或停止该进程
config-invalid = { $path } 无法使用：{ $field }：{ $detail }
config-invalid-advice = 请更正后重新启动
config-value = { $path } 无法使用：{ $field } 应为 { $wanted }
config-value-advice = 请更正后重新启动
config-unknown-field = { $path } 中的字段 { $field } 不存在
config-unknown-field-advice = 请更正拼写或删除该字段
audit-broken = 审计日志在第 { $got } 条处断裂
audit-broken-advice = 请保持目录原状，并通知审计负责人
store-newer = { $place ->
    [server] 服务器上的模式
    [store] 数据库
    [file] 文件 { $path } 中的数据库
   *[other] { $path } 中的数据库
}由更新的版本写成
store-newer-advice = 请使用该版本或更新的版本
store-foreign = { $place ->
    [server] 服务器上的模式
    [store] 数据库
    [file] 文件 { $path } 中的数据库
   *[other] { $path } 中的数据库
}的第 { $step } 步与本程序不符：由其他程序建立，或曾被外部改动
store-foreign-advice = 请使用建立它的程序，并确认它属于本方
store-busy = 本方的另一进程，或本进程中耗时较长的操作，正占用数据库
store-busy-advice = 请待其结束后重新执行；如一直不结束，请查找本方挂起的进程
wrong-keys = 此目录中的密钥不同于{ $place ->
    [server] 服务器上的模式
    [store] 数据库
    [file] 文件 { $path } 中的数据库
   *[other] { " " }{ $path } 中的数据库
}建立时所用的密钥
wrong-keys-advice = 请指定与其对应的目录，或本方自己的数据库
store-unreachable = 数据库服务器没有响应，或已结束连接
store-unreachable-advice = 请确认其正在运行且从本机可达，然后重新执行
store-address = 无法识别数据库服务器地址
store-address-advice = 请在配置所指的文件中写成 postgres://用户@主机/数据库
store-refused = 数据库服务器拒绝连接，或该数据库不适用：{ $detail }
store-refused-advice = 请在服务器上或在地址文件中改正，然后重新执行
store-without-servers = 本程序未包含 PostgreSQL 支持
store-without-servers-advice = 请安装包含该支持的版本，或继续使用内置数据库文件
store-corrupt = { $place ->
    [server] 服务器上的模式
    [store] 数据库
    [file] 文件 { $path } 中的数据库
   *[other] { $path } 中的数据库
}已损坏（{ $detail }）
store-corrupt-advice = 请用最近的备份恢复
store-failed = { $place ->
    [server] 数据库服务器未能完成所请求的操作
    [file] 文件 { $path } 无法使用
   *[store] 数据库未能完成所请求的操作
}（{ $detail }）
store-failed-advice = { $place ->
    [server] 未发现数据丢失：请查看数据库服务器的日志并按其所示排除，然后重新执行
   *[other] 未发现数据丢失：请检查数据库所在目录和磁盘，或其服务器的日志，然后重新执行
}
internal = 程序内部出错（{ $detail }）
internal-advice = 请将发生时间和本段文字报告给程序维护方

## 名单文件

register-unreadable = { $path } 无法作为名单读取（{ $detail }）
register-unreadable-advice = 请重新导出为带一行表头的 CSV
register-no-record-column = { $offset ->
    [0] { $path } 没有记录编号列，现有表头为 { $got }
   *[other] { $path } 的第一行（{ $offset } 格）没有记录编号列名，可能是数据
}
register-no-record-column-advice = 请将其中一列命名为“record”或“编号”，或使用 --map
register-header-too-low = { $path } 的工作表前 { $offset } 行中没有表头
register-header-too-low-advice = 请删除表头之上的行，使表头位于前 { $offset } 个非空行之内
register-other-sheets = { $path } 的其他工作表也含有名单（{ $got }），--full 会撤回其中的记录
register-other-sheets-advice = 请用 --sheet 指定完整名单所在的工作表，或合并到一张工作表
register-not-a-file = { $path } 不是磁盘上的文件；管道无法读取
register-not-a-file-advice = 请先保存为文件，再导入
register-compression = { $path } 以 { $got } 压缩，不能读取
register-compression-advice = 请不压缩，或以 snappy、zstd、gzip、lz4-raw 写出
header-map-unreadable = { $path } 无法作为表头对照读取
header-map-unreadable-advice = 每行写作 "对方表头" = "本系统列名"
header-map-target = 表头对照 { $path } 所写的列 { $field } 不存在
header-map-target-advice = 请使用手册所列列名，或 "ignore"
file-not-utf-8 = { $path } 不是 UTF-8
file-not-utf-8-advice = 请另存为 UTF-8
register-no-identifier-column = { $offset ->
    [0] { $path } 没有任何标识符列，现有表头为 { $got }
   *[other] { $path } 的第一行（{ $offset } 格）没有任何标识符列名，可能是数据
}
register-no-identifier-column-advice = 请至少将一列按手册所列名称命名，或使用 --map
register-header-twice = { $path } 中列 { $field } 出现两次
register-header-twice-advice = 请重命名或删除其中一列
encoding-undecodable = { $path } 的文字从第 { $offset } 字节起不是有效的 { $got }
encoding-undecodable-advice = 请另存为 UTF-8 或 GB18030，或用 --encoding 指明编码
register-damaged = { $path } 已损坏，或并非其看上去的格式
register-damaged-advice = 请重新导出；如仍不行，请导出为 CSV
register-not-of-format = { $path } 不是 --format 所说的 { $got } 文件
register-not-of-format-advice = 请去掉 --format：格式由内容识别
register-not-built = 本程序构建时未包含 { $got }
register-not-built-advice = 请使用包含该功能的版本，或将名单导出为 CSV
register-too-large = { $path } 超出限制：{ $got }（最多读取 { $offset }）
register-too-large-advice = 请导出为没有此限制的 CSV，或分批导出
register-no-such-sheet = 工作簿 { $path } 没有该名称的工作表；现有 { $got }
register-no-such-sheet-advice = 请用 --sheet 指定其中之一
register-column-type = { $path } 的列 { $field } 的类型不能读取（{ $got }）
register-column-type-advice = 请导出或查询为文本，多个值之间用 ; 分隔
register-old-workbook = { $path } 是 Excel 97 至 2003 的工作簿
register-old-workbook-advice = 请打开后另存为 .xlsx 或 CSV
register-encrypted = { $path } 已加密或设有密码
register-encrypted-advice = 请另存为不带密码的文件，并放在只有本节点能读取的位置
register-macros = { $path } 是含宏的工作簿
register-macros-advice = 请另存为不含宏的 .xlsx
register-binary-workbook = { $path } 是二进制工作簿（.xlsb）
register-binary-workbook-advice = 请另存为 .xlsx 或 CSV
register-open-document = { $path } 是 OpenDocument 电子表格
register-open-document-advice = 请另存为 .xlsx 或 CSV
register-compressed = { $path } 是压缩包或压缩文件
register-compressed-advice = 请先解压
source-unknown = config.toml 中没有 [source.{ $got }]
source-unknown-advice = 请指定已有的名称，或先添加
source-address = { $path } 的地址不是 PostgreSQL 或 MySQL 服务器的地址
source-address-advice = 请写成 postgres://用户@主机/数据库 或 mysql://用户@主机/数据库
source-password-in-address = { $path } 的地址中含有密码
source-password-in-address-advice = 请将密码放入只有本节点能读取的文件，并用 --password-file 指定
source-not-built = 无法查询 { $path } 的服务器（{ $detail }）
source-not-built-advice = 请使用包含此类服务器支持的版本，或将名单导出为 CSV
source-unreachable = 无法连接 { $path } 的服务器，或连接中断
source-unreachable-advice = 请检查地址和网络，然后重新导入
source-certificate = { $path } 的服务器没有出示其地址所信任的证书
source-certificate-advice = 请在地址中指明签发机构的证书（PostgreSQL：sslrootcert=路径，MySQL：ssl-ca=路径），主机名须与服务器证书一致；若服务器没有启用 TLS，请先启用
source-refused = { $path } 的服务器拒绝该用户、密码或所查询的内容（代码 { $got }）
source-refused-advice = 请检查用户、密码文件和用户权限
source-query = { $path } 的服务器无法理解该查询（代码 { $got }）
source-query-advice = 请先在服务器自带的客户端中试行；必须是一条 SELECT
source-no-rows = { $path } 的查询不返回任何行
source-no-rows-advice = 必须是一条 SELECT
source-data = { $path } 的查询读到的某个值与其类型不符或超出范围（代码 { $got }）
source-data-advice = 请在表中更正该值，或修改查询中的类型转换
source-writes = { $path } 的查询会改动数据
source-writes-advice = 查询只能读取
source-timed-out = { $path } 的查询超过了时限
source-timed-out-advice = 请用 --timeout 给更多时间，或减少查询内容
source-failed = { $path } 的服务器中止了查询（代码 { $got }）
source-failed-advice = 请查看服务器日志
