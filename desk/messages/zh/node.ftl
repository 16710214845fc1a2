### lianfang-node 的文字。新增时请在 ../en/node.ftl 中加入相同的 id 和变量。

## 什么没做成（用于 Problem::doing）

doing-init = 节点未能建立
doing-enrol = 未能入网
doing-serve = 节点未能启动
doing-import = 导入未能完成
doing-job = 任务未能继续
doing-report = 报告未能写出
doing-key = 密钥步骤未能完成
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
    .file = 名单，CSV 文件
    .full = 撤回文件中没有的记录
    .dry-run = 不作更改，只显示将读入的内容
    .map = 指明其他列名的 TOML 文件："对方列名" = "本系统列名"
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
help-node-report = 将任务报告写入目录
    .example = 示例：
        lianfang-node report 40e707505ee6357848e335e3200245c2 --out results --dir /var/lib/lianfang
    .job = 任务编号
    .out = 写入的目录；没有则建立
help-node-audit = 查看并核验审计日志
help-node-audit-verify = 核验日志是否完整
    .example = 示例：
        lianfang-node audit verify --dir /var/lib/lianfang
help-node-audit-list = 显示日志条目，每行一个 JSON 对象
    .example = 示例：
        lianfang-node audit list --from 100 --dir /var/lib/lianfang
    .from = 从第几条开始
    .limit = 显示多少条
help-node-key = 查看密钥，核对其记录，计算
help-node-key-list = 列出本节点的密钥记录
    .example = 示例：
        lianfang-node key list --dir /var/lib/lianfang
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
node-serving = 正在 { $address } 监听。
node-importing = 行
node-imported = 已读 { $rows } 行，{ $records } 条记录，{ $identifiers } 个标识；拒收 { $rejected } 项、提示 { $warnings } 项，见 { $path }。
node-import-found = 编码 { $encoding }，分隔符“{ $delimiter }”。未作任何更改。前几行：
node-register = { $records } 条记录，{ $identifiers } 个不同标识。
node-retracted = 记录已撤回；其内容和缓存结果已删除。
node-hold-set = 已设限制；在人工解除前，该记录不进入任何任务。
node-hold-lifted = 限制已解除。
node-job-accepted = 已接受任务。
node-job-refused = 已拒绝任务。
node-report-written = 已将 { $rows } 行写入 { $path }。
node-ask-key-digest = 本节点的密钥记录短摘要为 { $digest }。请输入各持有方人员念出的摘要：
node-key-compared = 密钥记录 { $digest } 已核对；本节点今后使用该密钥。
node-admitted = 已准入 { $bank }，配额 { $quota }。
node-revoked = 今后不再应答 { $bank }。
node-allowed = { $bank } 可在本节点多计算 { $elements } 个元素。
node-bench = { $identifiers } 个标识在 { $cores } 核上约需 { $time }，不计网络和磁盘。
audit-holds = 审计日志完整：{ $entries } 条，末端 { $head }。

## 节点出了什么问题

already-initialised = 目录 { $path } 中已有机密
already-initialised-advice = 请为 --dir 另选目录
secrets-damaged = 封存的机密无法读取（{ $detail }）
secrets-damaged-advice = 请从备份恢复该目录
secret-file-unreadable = 机密文件 { $path } 无法读取
secret-file-unreadable-advice = 请检查它是否存在、属于本用户且他人不可读
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
not-while-serving = 正在服务的节点不能运行该命令
not-while-serving-advice = 请先停止 serve
import-busy = 另一次导入正在进行
import-busy-advice = 请等它结束
record-unknown = 名单中没有该记录
record-unknown-advice = 请按文件中的案件编号填写
record-retracted = 该记录已撤回
record-retracted-advice = 如需恢复请重新导入
record-not-held = 该记录没有人工限制
record-not-held-advice = 随文件而来的限制由以后的文件解除
job-decided = 任务已处于 { $stage }
job-decided-advice = 请用 job show 查看进展
report-not-kept = 本节点尚无该任务的报告
report-not-kept-advice = 请等 job show 显示 returned 或 done
key-digest-differs = 输入内容不是本节点密钥记录的短摘要 { $digest }
key-digest-differs-advice = 请勿使用该密钥，并向各持有方人员和监管方询问原因
not-a-holder = 该银行不持有此密钥的份额
not-a-holder-advice = 请用 --holder 指定持有方；key list 可查看
element-unreadable = 第 { $line } 行不是 64 位十六进制的元素
element-unreadable-advice = 请每行一个元素
elements-number = 给了 { $got } 个元素，每次可计算 1 至 { $limit } 个
elements-number-advice = 请分批提交
member-unknown = 名册中没有活动成员 { $bank }
member-unknown-advice = 请检查名称；名册成员由监管方准入
