### lianfang-node 的文字。新增时请在 ../en/node.ftl 中加入相同的 id 和变量。

## 什么没做成（用于 Problem::doing）

doing-init = 节点未能建立
doing-enrol = 未能入网
doing-serve = 节点未能启动
doing-import = 导入未能完成
doing-job = 任务未能继续
doing-report = 报告未能写出
doing-key = 密钥步骤未能完成
doing-key-restore = 密钥未恢复
doing-certificate = 证书未更新
doing-audit = 审计检查未能完成

## 帮助

help-node = 银行节点：保存本行名单，参与任务，写出报告
help-node-init = 为本行节点建立目录
    .example = 示例：
        lianfang-node init --listen node.bank.example:7443 --dir /var/lib/lianfang
    .listen = 节点监听的地址 host:port；端口 0 表示固定选用一个空闲端口
    .advertise = 若他方经另一地址访问，告知他方的地址
    .contact = 其他银行就案件联系本行的方式，至多 64 字节
    .key-file = 打开所有机密的密钥文件，至少 32 个随机字节；省略时在目录内生成
    .passphrase-file = 存有口令的文件，用以打开所有机密
    .credential = 由 systemd 交付的凭据名称
help-node-enrol = 凭监管方交付的邀请入网
    .example = 示例：
        lianfang-node enrol lfi1-… --dir /var/lib/lianfang
    .invite = 监管方交付的邀请文字
    .fingerprint = 监管方人员念出的机构指纹；省略时询问
    .wait = 等待监管方确认的秒数
help-node-serve = 运行节点
    .example = 示例：
        lianfang-node serve --dir /var/lib/lianfang
help-node-import = 导入名单，或更新已有名单
    .example = 示例：
        lianfang-node import register.csv --dry-run --dir /var/lib/lianfang
    .file = 名单：CSV、XLSX 或 Parquet 文件
    .from = 改为查询的服务器：postgres://用户@主机/数据库 或 mysql://用户@主机/数据库
    .query = 查询内容：一条 SELECT，或 @ 加含有它的文件名
    .password-file = 含服务器密码的文件，只有本节点能读取
    .timeout = 查询时限：90s、30m、2h；默认 30m
    .source = config.toml 中以 [source.名称] 指定的服务器
    .full = 撤回文件中没有的记录
    .retract-many = 即使超过一半，或文件中没有可读的记录、有无法读出编号的行，也照样撤回
    .dry-run = 不作更改，只显示将读入的内容
    .map = 指明其他列名的 TOML 文件："对方列名" = "本系统列名"
    .format = 文件格式，取代由内容识别的格式：csv、xlsx 或 parquet
    .sheet = 工作簿的工作表，取代第一个有表头的工作表
    .encoding = 指定文件编码：utf-8、gb18030、utf-16le 或 utf-16be
    .rejects = 拒收内容写入的文件；省略时为名单旁的 rejects.csv
help-node-register = 查看名单，或撤回记录
help-node-register-list = 统计已存内容
    .example = 示例：
        lianfang-node register list --dir /var/lib/lianfang
help-node-register-show = 显示一条记录，标识加掩码
    .example = 示例：
        lianfang-node register show A1 --dir /var/lib/lianfang
    .record = 案件编号
help-node-register-retract = 撤回一条记录，其内容和缓存结果随即删除
    .example = 示例：
        lianfang-node register retract A1 --dir /var/lib/lianfang
    .record = 案件编号
help-node-hold = 使记录不进入任何任务，或重新放行
    .example = 示例：
        lianfang-node hold A1 --kind dispute --dir /var/lib/lianfang
    .record = 案件编号
    .kind = 原因：hardship 困难、dispute 争议、victim 受害
    .lift = 解除人工所设的限制
help-node-job = 查看任务，并作决定
help-node-job-list = 列出所有任务
    .example = 示例：
        lianfang-node job list --dir /var/lib/lianfang
help-node-job-show = 显示任务：条款、阶段、数字、受阻原因
    .example = 示例：
        lianfang-node job show 40e707505ee6357848e335e3200245c2 --dir /var/lib/lianfang
    .job = 任务编号
help-node-job-accept = 参加任务
    .example = 示例：
        lianfang-node job accept 40e707505ee6357848e335e3200245c2 --dir /var/lib/lianfang
    .job = 任务编号
help-node-job-refuse = 不参加任务
    .example = 示例：
        lianfang-node job refuse 40e707505ee6357848e335e3200245c2 --dir /var/lib/lianfang
    .job = 任务编号
help-node-job-retry = 立即重试任务中失败的步骤
    .example = 示例：
        lianfang-node job retry 40e707505ee6357848e335e3200245c2 --dir /var/lib/lianfang
    .job = 任务编号
help-node-report = 将任务报告写入目录
    .example = 示例：
        lianfang-node report 40e707505ee6357848e335e3200245c2 --out results --dir /var/lib/lianfang
    .job = 任务编号
    .out = 写入的目录；没有则建立
help-node-audit = 查看并核验审计日志
help-node-audit-verify = 核验日志是否完整
    .example = 示例：
        lianfang-node audit verify --dir /var/lib/lianfang
help-node-audit-list = 按时间顺序显示日志条目，每行一个 JSON 对象；不带选项时为最新的 100 条
    .example = 示例：
        lianfang-node audit list --last 20 --dir /var/lib/lianfang
    .last = 显示最新的多少条
    .from = 从第几条开始
    .limit = 由此起显示多少条
help-node-key = 查看密钥，核对其记录，计算
help-node-key-list = 列出本节点的密钥记录
    .example = 示例：
        lianfang-node key list --dir /var/lib/lianfang
help-node-key-ceremonies = 列出等待本节点人员决定的密钥仪式（policy.ceremony = "ask"）
    .example = 示例：
        lianfang-node key ceremonies --dir /var/lib/lianfang
help-node-key-join = 作为持有方参加所提议的密钥仪式
    .example = 示例：
        lianfang-node key join ID --dir /var/lib/lianfang
    .ceremony = 仪式编号
help-node-key-decline = 不参加所提议的密钥仪式
    .example = 示例：
        lianfang-node key decline ID --dir /var/lib/lianfang
    .ceremony = 仪式编号
help-node-key-compare = 声明密钥记录的短摘要与各持有方人员念出的一致
    .example = 示例：
        lianfang-node key compare --confirm TQ91-W37T-ET6Q-REKN-3AKM-M851-P5AX-41NN --dir /var/lib/lianfang
    .confirm = 念出的短摘要；省略时询问
    .epoch = 密钥的时期；省略时为最新
help-node-key-evaluate = 在持有方计算盲化元素（标准输入每行一个十六进制元素），照常计费
    .example = 示例：
        lianfang-node key evaluate --holder alpha --dir /var/lib/lianfang < elements.hex
    .holder = 持有方；省略时为本行
    .epoch = 密钥的时期；省略时为最新
help-node-key-close = 关闭已结束的密钥周期：永久删除本节点的分片和该周期的全部缓存结果
    .example = 示例：
        lianfang-node key close --epoch 1 --dir /var/lib/lianfang
    .epoch = 已结束的周期
    .yes = 不再要求输入周期编号
help-node-key-lost = 作为持有方宣告计费记录遗失（例如由备份恢复）：所有计数视为已满
    .example = 示例：
        lianfang-node key lost --seen 48213 --dir /var/lib/lianfang
    .epoch = 密钥周期；省略时为最新
    .seen = 其他银行见过的本持有方最高计费序号；序号将从其后继续
    .yes = 不再要求输入周期编号
help-node-certificate = 查看本节点的证书，或立即更新
help-node-certificate-show = 显示证书的密钥和到期时间
    .example = 示例：
        lianfang-node certificate show --dir /var/lib/lianfang
help-node-certificate-renew = 立即更新证书；使用本行证书时重新读取文件
    .example = 示例：
        lianfang-node certificate renew --dir /var/lib/lianfang
help-node-key-backup = 把本节点的密钥封存到一个无需本机即可开启的文件
    .example = 示例：
        lianfang-node key backup /media/usb/alpha.keys --passphrase-file /etc/lianfang/backup.pass --dir /var/lib/lianfang
    .file = 备份文件，不得已存在
    .passphrase-file = 写有开启口令的文件
    .recipient = age 公钥；持有相应身份者可开启
    .with-shares = 作为持钥行，一并封存在用的密钥份额
help-node-key-restore = 用备份为尚无密钥的目录恢复密钥
    .example = 示例：
        lianfang-node key restore /media/usb/alpha.keys --passphrase-file /etc/lianfang/backup.pass --dir /var/lib/lianfang
    .file = 备份文件
    .passphrase-file = 写有开启口令的文件
    .identity-file = 写有 age 身份的文件
help-node-key-rekey = 改用另一口令或密钥文件开启密钥，无需重新封存数据
    .example = 示例：
        lianfang-node key rekey --passphrase-file /etc/lianfang/new.pass --dir /var/lib/lianfang
    .key-file = 至少 32 字节随机数的文件
    .passphrase-file = 写有口令的文件
    .credential = systemd 提供的凭据
help-node-key-rotate-tls = 更换本节点证书背后的密钥，名册随之改记新密钥
    .example = 示例：
        lianfang-node key rotate-tls --dir /var/lib/lianfang
    .at-once = 立即拒绝旧密钥（他人可能已得到它）
help-node-key-trust = 重新使用计费序号曾倒退的持有方
    .example = 示例：
        lianfang-node key trust beta --dir /var/lib/lianfang
    .holder = 持有方
    .epoch = 密钥周期；省略时为最新
help-node-evidence = 供节点以外人员使用的证据，以及这类文件能证明什么
help-node-evidence-list = 列出本节点对持有方的指控
    .example = 示例：
        lianfang-node evidence list --dir /var/lib/lianfang
help-node-evidence-export = 将一项指控写成第三方可核验的文件
    .example = 示例：
        lianfang-node evidence export 1 --out accusation.json --dir /var/lib/lianfang
    .id = 列表中的编号
    .out = 写入的文件
help-node-evidence-papers = 将名册和密钥记录写入文件，供核验证据的人使用
    .example = 示例：
        lianfang-node evidence papers --out papers.json --dir /var/lib/lianfang
    .out = 写入的文件
help-node-evidence-commitments = 作为持有方，将某银行的承诺写入文件，供检查人员使用
    .example = 示例：
        lianfang-node evidence commitments beta --out beta.json --dir /var/lib/lianfang
    .bank = 该银行
    .out = 写入的文件
    .epoch = 密钥周期；省略时为最新
help-node-evidence-disclose = 向检查人员打开本行的承诺；文件含明文标识
    .example = 示例：
        lianfang-node evidence disclose --record A1 --out inspection.json --dir /var/lib/lianfang
    .out = 写入的文件，仅供检查人员
    .record = 按案件编号指定的记录；可多次给出
    .element = 一个元素：任务编号或条款摘要、分块、位置，如 40e7…/3/17；可多次给出
help-node-evidence-verify = 说明证据文件能证明什么；不需要节点
    .example = 示例：
        lianfang-node evidence verify accusation.json --papers papers.json
    .file = 文件：指控、检查，或持有方的承诺清单
    .papers = 名册和密钥记录，由“evidence papers”写出
    .authority = 机构签署名册所用密钥的指纹（如已知）
    .commitments = 持有方保存的该银行承诺；检查文件须与其相符
help-node-policy = 查看策略；作为持有方准入成员
help-node-policy-show = 显示无需人工的事项，以及人工准入的成员
    .example = 示例：
        lianfang-node policy show --dir /var/lib/lianfang
help-node-policy-admit = 作为持有方，在配额内应答该成员
    .example = 示例：
        lianfang-node policy admit beta --quota 4000000 --dir /var/lib/lianfang
    .bank = 成员
    .quota = 其每类每期在所有持有方的总配额；省略时取配置值
help-node-policy-revoke = 作为持有方，不再应答该成员
    .example = 示例：
        lianfang-node policy revoke beta --dir /var/lib/lianfang
    .bank = 成员
help-node-policy-allow = 作为持有方，允许该成员超出配额计算
    .example = 示例：
        lianfang-node policy allow beta 50000 --dir /var/lib/lianfang
    .bank = 成员
    .elements = 在本持有方增加的元素数
help-node-doctor = 检查运维人员需要处理的事项
    .example = 示例：
        lianfang-node doctor --dir /var/lib/lianfang
help-node-bench = 测量本机，并预计任务用时
    .example = 示例：
        lianfang-node bench --identifiers 1000000
    .identifiers = 预计任务的标识数
    .key-threshold = 密钥的 T
    .holders = 密钥的 M

## 节点的话

node-initialised = 节点已建立，将在 { $listen } 监听。请向监管方念出本节点的指纹：{ $fingerprint }
node-key-file-made = 已在目录内生成密钥文件 { $path }；它能打开所有机密，请移到其他介质，并写入 config.toml。
node-own-fingerprint = 请向监管方人员念出本节点的指纹：{ $fingerprint }
node-ask-fingerprint = 邀请所示机构指纹为 { $fingerprint }。请输入监管方人员念出的指纹：
node-enrolled = 已以 { $bank } 入网，名册版本 { $version }。
node-certificate = 证书 { $fingerprint }，有效期至 { $ends }（剩 { $days } 天）。
node-keys-backed-up = 密钥已封存于 { $path }，含密钥份额 { $shares } 份。请与本机分开存放，并与开启它的口令或密钥分开存放。
node-keys-restored = 密钥已恢复。本节点指纹：{ $fingerprint }。下次启动将检查的密钥份额：{ $shares } 份。
node-rekeyed = 在 config.toml 的 [unlock] 下写入下列内容后，即由新口令开启密钥：{ $line }。在此之前仍用旧口令。
jobs-elsewhere = 另一个共用此数据库的进程正在处理任务
jobs-elsewhere-advice = 任务只由一个进程处理，因为提交的文件在它的目录中：请在本目录的 config.toml 的 [serve] 下设置 “jobs = false”；若另一进程已不再运行，两分钟后重新启动
node-serving = 正在 { $address } 监听。
node-importing = 行
node-imported = 已读 { $rows } 行，{ $records } 条记录，{ $identifiers } 个标识；拒收 { $rejected } 项、提示 { $warnings } 项，见 { $path }。
node-import-taken-up = 其中 { $rows } 行已由先前中断的导入读取，未重复处理。
node-import-spared = 有 { $records } 条记录的行无法读取，保持原样。
node-import-found = 编码 { $encoding }，分隔符“{ $delimiter }”。未作任何更改。前几行：
node-import-found-table = 格式 { $format }，工作表“{ $sheet }”。未作任何更改。前几行：
node-register = { $records } 条记录，{ $identifiers } 个不同标识。
node-retracted = 记录已撤回；其内容和缓存结果已删除。
node-hold-set = 已设限制；在人工解除前，该记录不进入任何任务。
node-hold-lifted = 限制已解除。
node-job-accepted = 已接受任务。
node-job-refused = 已拒绝任务。
node-job-rests = 任务已暂停，须由人员重新启动：请先排除受阻原因，再执行 job retry { $job }。
node-job-retried = 任务现已重试。
node-report-written = 已将 { $rows } 行写入 { $path }。
node-ask-key-digest = 本节点的密钥记录短摘要为 { $digest }。请输入各持有方人员念出的摘要：
node-key-compared = 密钥记录 { $digest } 已核对；本节点今后使用该密钥。
node-admitted = 已准入 { $bank }，配额 { $quota }。
node-revoked = 今后不再应答 { $bank }。
node-allowed = { $bank } 可在本节点多计算 { $elements } 个元素。
certificate-ends = 节点证书将在 { $days } 天后到期
certificate-ends-advice = 请监管方签发新证书
node-bench = { $identifiers } 个标识在 { $cores } 核上约需 { $time }，不计网络和磁盘。引擎：{ $lanes }。
node-ceremony-joined = 本节点参加该仪式。
node-ceremony-declined = 本节点不参加该仪式。
node-ask-close = 将永久删除周期 { $epoch } 的分片和缓存结果。如要继续，请输入周期编号：
node-epoch-closed = 周期 { $epoch } 已关闭：删除 { $shares } 个分片和 { $outputs } 个缓存结果。
node-ask-lost = 周期 { $epoch } 的所有计数将视为已满，只有人工许可才能放行。如要继续，请输入周期编号：
node-ledger-lost = 周期 { $epoch } 的账本视为遗失；计费序号从 { $number } 之后继续。请用“policy allow”给各银行所需的许可。
node-holder-trusted = 重新使用 { $holder }。
evidence-written = 已写入 { $path }。
evidence-disclosed = 打开 { $opened } 个元素，未能打开 { $withheld } 个；已写入 { $path }。文件含明文标识。
evidence-lied = 证据成立：{ $holder } 向 { $accuser } 签署了错误的回答。
evidence-holds = 对 { $bank } 的检查成立：{ $accounts } 个元素对应记录，{ $fillings } 个为填充，{ $withheld } 个未能打开。
evidence-commitments = { $count } 项承诺由 { $bank } 签署。
evidence-basis = 结论以下列名册和密钥记录为依据，请与其他银行人员核对其摘要：{ $basis }
evidence-flaw-malformed = 有字段格式不符
evidence-flaw-not-in-papers = 名册和密钥记录中没有该银行、持有方或密钥
evidence-flaw-request-not-signed = 请求并非由其所指银行签署
evidence-flaw-answer-not-signed = 回答并非由其所指持有方签署
evidence-flaw-other-request = 回答针对的是另一请求
evidence-flaw-other-elements = 元素不是所签署的元素
evidence-flaw-other-holder = 指控针对的是另一持有方的回答
evidence-flaw-unsigned = 指控所依据的证明并非持有方签署
evidence-flaw-nothing-pinned = 校验元素的证明不成立，无从确定正确回答
evidence-flaw-honest = 持有方的回答正确
evidence-flaw-other-root = 有记录不能导出银行签署的根
evidence-flaw-other-identifier = 有元素不是所示标识的盲化结果
evidence-flaw-not-committed = 持有方没有保存这一承诺
audit-holds = 审计日志完整：{ $entries } 条，末端 { $head }。

## 节点出了什么问题

already-initialised = 目录 { $path } 中已有机密
already-initialised-advice = 请为 --dir 另选目录
secrets-damaged = 封存的机密无法读取（{ $detail }）
secrets-damaged-advice = 请从备份恢复该目录
secret-file-unreadable = 机密文件 { $path } 无法读取
secret-file-unreadable-advice = 请检查它是否存在、属于本用户且他人不可读
secret-file-open = 机密文件 { $path } 可被其他用户读取（权限 { $mode }）
secret-file-open-advice = 执行 “chmod go-rwx { $path }”；若已有他人看到，请更换该机密
credentials-directory-missing = 服务管理器没有交付凭据 { $name }
credentials-directory-missing-advice = 请以服务方式启动节点，并配置 LoadCredential
own-certificate-unusable = 银行自有证书 { $path } 无法使用
own-certificate-unusable-advice = 请提供 PEM 文件：叶证书在前的证书链、其 PKCS#8 私钥和根证书
not-enrolled = 本节点尚未入网
not-enrolled-advice = 请凭监管方交付的邀请运行 enrol
already-enrolled = 本节点已以 { $bank } 入网
already-enrolled-advice = 其他银行请用其他目录
invite-unreadable = 邀请无法读取
invite-unreadable-advice = 请完整复制，从 lfi1- 直到末尾
enrolment-not-confirmed = 监管方人员尚未确认本节点的指纹
enrolment-not-confirmed-advice = 请向其念出指纹，然后用同一邀请再次运行 enrol
address-not-available = 无法在地址 { $field } 监听
address-not-available-advice = 请检查端口是否被占用、地址是否属于本机
not-while-serving = “serve”运行期间不能执行该命令
not-while-serving-advice = 请先停止 serve
import-busy = 另一次导入正在进行
import-busy-advice = 请等它结束
rejects-are-register = 拒收清单将会覆盖名单文件 { $path } 本身
rejects-are-register-advice = 请用 --rejects 指定另一个文件
register-changed = { $path } 在读取期间发生了变化，未导入任何内容
register-changed-advice = 请在无人写入该文件之后重新导入
full-no-record = { $path } 中没有可读的记录；作为完整名单，它会撤回 { $count } 条记录
full-no-record-advice = 请重新导出；若名单确应为空，请用 --full --retract-many 导入
full-unreadable-rows = { $path } 有 { $rows } 行无法读出编号；作为完整名单，它会撤回 { $count } 条记录
full-unreadable-rows-advice = 请更正拒收清单所列的行；若这些记录确实不在其中，请用 --full --retract-many 导入
full-retracts-many = { $path } 缺少 { $records } 条记录中的 { $count } 条；作为完整名单，它会将其撤回
full-retracts-many-advice = 请确认文件完整，再用 --full --retract-many 导入
record-unknown = 名单中没有该记录
record-unknown-advice = 请按文件中的案件编号填写
record-retracted = 该记录已撤回
record-retracted-advice = 如需恢复请重新导入
record-not-held = 该记录没有人工限制
record-not-held-advice = 随文件而来的限制由以后的文件解除
job-forgotten = 协调方已不知道该任务：它由更早的备份恢复，该任务不会再有人结束
job-forgotten-advice = 请参加下一任务
job-given-up = 协调方已放弃该任务，不会有报告
job-given-up-advice = 请向监管方询问原因，并参加下一任务
job-decided = 任务已处于 { $stage }
job-decided-advice = 请用 job show 查看进展
report-not-kept = 本节点尚无该任务的报告
report-not-kept-advice = 请等 job show 显示 returned 或 done
report-none = 该任务在本节点已结束（{ $stage }），没有报告
report-none-advice = 原因请见“job show”；请参加下一任务
key-digest-differs = 输入内容不是本节点密钥记录的短摘要 { $digest }
key-digest-differs-advice = 请勿使用该密钥，并向各持有方人员和监管方询问原因
key-backup-damaged = 无法读取密钥备份 { $path }：{ $detail }
key-backup-damaged-advice = 换用另一份副本
key-backup-secret = 用于封存或开启备份的内容不可用：{ $detail }
key-backup-secret-advice = 更正文件或收件公钥后再次执行命令
key-backup-of-another = 备份中是另一类参与方的密钥：{ $got }
key-backup-of-another-advice = 用该参与方自己的程序恢复
file-exists = { $path } 已存在
file-exists-advice = 换一个名称，或在不需要时删除该文件
certificate-exchanges = 证书背后的密钥一天内已更换 { $limit } 次，已达上限；下次可在 { $until } 更换
certificate-exchanges-advice = 请届时重新执行；在此之前现用密钥继续有效
certificate-is-own = 证书来自本行自己的文件
certificate-is-own-advice = 把新密钥和新证书放到原处，节点会自行采用
not-a-holder = 该银行不持有此密钥的份额
not-a-holder-advice = 请用 --holder 指定持有方；key list 可查看
element-unreadable = 第 { $line } 行不是 64 位十六进制的元素
element-unreadable-advice = 请每行一个元素
elements-number = 给了 { $got } 个元素，每次可计算 1 至 { $limit } 个
elements-number-advice = 请分批提交
member-unknown = 名册中没有活动成员 { $bank }
member-unknown-advice = 请检查名称；名册成员由监管方准入
not-confirmed = 未获确认，没有作任何更改
not-confirmed-advice = 请重新运行命令并输入周期编号，或给出 --yes
epoch-in-use = 任务 { $job } 正在使用这一周期
epoch-in-use-advice = 请等待其结束或截止，或拒绝该任务
ceremony-decided = 对该仪式已经作出决定
ceremony-decided-advice = key ceremonies 可查看已作的决定；如有误，请监管方重新提议
holder-not-in-doubt = 该持有方在这一周期没有疑问
holder-not-in-doubt-advice = policy show 列出计费序号曾倒退的持有方
admit-refused = 本节点的策略不再接纳新成员
admit-refused-advice = 请修改 config.toml 中的 policy.admit 并重新启动节点
accusation-unknown = 没有以已签署回答为依据的指控 { $got }
accusation-unknown-advice = evidence list 列出编号
evidence-unreadable = { $path } 不能作为证据文件读取
evidence-unreadable-advice = 请检查文件是否完整，是否由“evidence”写出
evidence-unfounded = 证据不成立：{ $reason }
evidence-unfounded-advice = 除提交者之外，不得据此对任何人作出结论
papers-of-another-authority = 名册和密钥记录由另一机构签署，与所给的不同
papers-of-another-authority-advice = 请勿使用；请向您认识的银行索取

help-node-backup = 将数据库与已加密的密钥复制到一个目录，节点运行时亦可执行
    .example = 示例：
        lianfang-node backup /var/backups/lianfang-2026-11-22 --dir /var/lib/lianfang
    .to = 写入的目录，须为新目录或空目录
help-node-restore = 用备份替换现有内容
    .example = 示例：
        lianfang-node restore /var/backups/lianfang-2026-11-22 --dir /var/lib/lianfang
    .from = 备份所在目录
    .server = 数据库位于 PostgreSQL 服务器，且已在服务器上恢复
    .complete = 声明自备份以来本节点未应答过其他银行：计数保持不变
node-restore-done = 备份已恢复；原有内容在 { $aside }。作为持钥行，本节点视其账本为遗失：所有计数均视为已满，直至有人另行许可（policy allow）
node-restore-noted = 已记录数据库经过恢复：凡未声明完整的计数均视为已满，直至有人另行许可（policy allow）
restore-of-another-bank = 目录 { $path } 属于另一家银行：其指纹为 { $wanted }，备份的指纹为 { $got }
restore-of-another-bank-advice = 请核对备份，或用 --dir 指定一个空目录；未替换任何内容
