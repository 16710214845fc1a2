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
        lianfang-node init --dir /var/lib/lianfang
help-node-enrol = 凭监管方交付的邀请入网
    .example = 示例：
        lianfang-node enrol INVITE --dir /var/lib/lianfang
help-node-serve = 运行节点
    .example = 示例：
        lianfang-node serve --dir /var/lib/lianfang
help-node-import = 导入名单，或更新已有名单
    .example = 示例：
        lianfang-node import register.csv --dry-run --dir /var/lib/lianfang

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
