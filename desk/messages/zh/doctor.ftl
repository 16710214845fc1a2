### 体检：两个程序的检查结果。每条为不带句号的短句；“-advice” 为处理办法。

doctor-check = 检查项
doctor-state = 状态
doctor-found = 结果
doctor-state-ok = 正常
doctor-state-warn = 警告
doctor-state-fail = 有误

doctor-folder-ok = 目录和密钥只有本用户可读
doctor-folder-open = { $path } 可被其他用户读取（权限 { $mode }）
doctor-folder-open-advice = 执行 “chmod go-rwx { $path }”
doctor-folder-foreign = { $path } 属于另一个用户
doctor-folder-foreign-advice = 用运行 “serve” 的用户执行本命令，或用 “chown -R” 把目录交给该用户
doctor-disk-ok = 剩余 { $free }
doctor-disk-low = 只剩 { $free }，低于 { $least } 时任务会停止
doctor-disk-low-advice = 清理该磁盘，或把目录移到更大的磁盘
doctor-files-ok = 磁盘还能容纳更多文件
doctor-files-low = 该磁盘只能再建 { $free } 个文件
doctor-files-low-advice = 删除该磁盘上的文件，或把目录移到别处
doctor-descriptors-ok = 可同时打开的文件数足够
doctor-descriptors-low = 只能同时打开 { $limit } 个文件，需要 { $least } 个
doctor-descriptors-low-advice = 在服务单元中设置 LimitNOFILE=65536，或启动前执行 “ulimit -n 65536”
doctor-config-ok = 配置正常
doctor-config-remote = 探针和指标在 { $address } 提供，其他机器无需口令即可访问
doctor-config-remote-advice = 用防火墙只放行监控系统，或把 http.listen 设为 127.0.0.1
doctor-config-debug = 日志记录所有细节
doctor-config-debug-advice = 排查结束后在 [log] 下设置 level = "info"
doctor-engine-ok = 使用计算引擎 { $engine }
doctor-store-ok = 数据库完好
doctor-store-damaged = 数据库已损坏（{ $detail }）
doctor-store-damaged-advice = 停止程序，保留该文件，并恢复最近的备份
doctor-audit-ok = 审计日志完整，共 { $entries } 条
doctor-backup-ok = 最近一次备份开始于 { $days } 天前
doctor-backup-young = 尚无备份
doctor-backup-old = 最近一次备份开始于 { $days } 天前
doctor-backup-old-advice = 用 “backup” 备份到一个空目录，并设定时任务每天执行
doctor-backup-none = { $days } 天以来从未备份
doctor-backup-none-advice = 用 “backup” 备份到一个空目录，并设定时任务每天执行
doctor-certificate-ok = 本机证书还有 { $days } 天到期
doctor-certificate-soon = 本机证书将在 { $days } 天后到期
doctor-certificate-soon-advice = 立即更新，见运维手册“证书”一节
doctor-certificate-over = 本机证书已经到期
doctor-certificate-over-advice = 立即更新，见运维手册“证书”一节；此前任何连接都无法建立
doctor-authority-ok = 监管方根证书还有 { $days } 天到期
doctor-authority-soon = 监管方根证书将在 { $days } 天后到期
doctor-authority-soon-advice = 立即更新，见运维手册“证书”一节
doctor-authority-over = 监管方根证书已经到期
doctor-authority-over-advice = 立即更新，见运维手册“证书”一节；此前任何连接都无法建立
doctor-port-ok = 在 { $address } 正常应答
doctor-port-idle = { $address } 无人监听：当前没有运行 serve
doctor-port-idle-advice = 启动 “serve”
doctor-port-taken = 无法监听 { $address }（{ $detail }）
doctor-port-taken-advice = 结束占用该端口的程序，或修改 config.toml 的 “listen”
doctor-port-other = { $address } 由别的程序应答（{ $detail }）
doctor-port-other-advice = 结束占用该端口的程序，或修改 config.toml 的 “listen”

## 节点专有

doctor-import-cut-off = 一次中断的导入所读取的部分已在此保留 { $hours } 小时
doctor-import-cut-off-advice = 请重新导入同一文件：当日已读取的部分会接着使用；任何一次完成的导入都会将其清除
doctor-watch-ok = 监视目录 { $path } 正常
doctor-watch-late = 监视目录 { $path } 中有 { $count } 个文件放置超过一小时
doctor-watch-late-advice = 若 “serve” 未运行则启动它；否则在其日志中查找 “watch.stopped”，并确认其用户可读这些文件、可写该目录
doctor-watch-failed = 监视目录 { $path } 中有 { $count } 个文件未能导入
doctor-watch-failed-advice = 查看 “failed” 中各文件旁的 .json，放入更正后的文件，并移走已处理的文件
doctor-watch-unfit = 监视目录 { $path } 中有 { $count } 项永远不会被处理：子目录、链接或过长的文件名
doctor-watch-unfit-advice = 请移走它们，或放入文件名较短的普通文件
doctor-membership-ok = 已以 { $bank } 加入
doctor-coordinator-ok = 协调方正常应答
doctor-roster-ok = 生效名册与协调方一致，版本 { $version }
doctor-roster-behind = 本节点名册版本为 { $own }，协调方为 { $version }
doctor-roster-behind-advice = 启动 “serve” 以获取新名册；若已运行，请在日志中查找 “roster.refused”
doctor-roster-ahead = 本节点名册版本为 { $own }，协调方只有 { $version }：它是从旧备份恢复的
doctor-roster-ahead-advice = 请监管方恢复最新备份；本节点不接受更旧的名册
doctor-roster-differs = { $party } 的名册版本同为 { $version }，内容却不同
doctor-roster-differs-advice = 停止参与，并通过电话与监管方和其他银行核对摘要
doctor-clock-ok = 时钟与 { $party } 一致
doctor-clock-off = 时钟与 { $party } 相差 { $seconds } 秒
doctor-clock-off-advice = 在时钟有误的机器上配置时间同步（chrony 或 NTP）
doctor-address-ok = 协调方能在 { $address } 连到本节点
doctor-address-untried = 协调方不久前刚试过，没有再试
doctor-address-untried-advice = 几秒后再执行一次
doctor-address-unreachable = 协调方无法在 { $address } 连到本节点（{ $why }）
doctor-address-unreachable-advice = 在两者之间的防火墙上放行该端口，并确认该地址指向本机
doctor-address-incompatible = { $address } 的应答方不支持 TLS 1.3 与 X25519MLKEM768（{ $why }）
doctor-address-incompatible-advice = 去掉两者之间的代理和 TLS 检测设备，并确认双方都是当前版本
doctor-address-refused = 协调方在 { $address } 遇到的证书不是本节点的（{ $why }）
doctor-address-refused-advice = 确认该地址指向本机、本目录的节点；若换过证书，请监管方确认
doctor-address-differs = config.toml 公布的是 { $own }，名册中是 { $address }
doctor-address-differs-advice = 请监管方登记新地址，或把 “advertise” 改回
doctor-holder-ok = 密钥持有方 { $party } 正常应答，剩余 { $left } 个元素
doctor-quota-low = 密钥持有方 { $party } 在本周期只会再计算 { $left } 个元素
doctor-quota-low-advice = 请该行增加额度，或等待下一周期
doctor-share-none = 本节点不持有密钥份额
doctor-share-ok = { $count } 个密钥的份额可以打开
doctor-share-missing = 缺少 { $class } 第 { $epoch } 周期的份额，而本节点是其持有方之一
doctor-share-missing-advice = 用 “key restore” 恢复，或请监管方发起修复仪式
doctor-key-uncompared = { $class } 第 { $epoch } 周期的密钥记录尚未核对
doctor-key-uncompared-advice = 与其他持有方核对数字后执行 “key compare”
doctor-key-ok = 所有密钥记录均已核对
doctor-jobs-ok = 没有受阻的任务
doctor-jobs-stuck = { $count } 个任务受阻，最早的是 { $job }（{ $detail }）
doctor-jobs-stuck-advice = 执行 “job show { $job }” 查看原因
doctor-jobs-ask = { $count } 个任务等待决定，最早的是 { $job }
doctor-jobs-ask-advice = 执行 “job accept { $job }” 或 “job refuse { $job }”

## 协调方专有

doctor-shared-files-ok = 共用此数据库的各进程都把提交和报告存放在 { $path }
doctor-shared-files-elsewhere = 另一个共用此数据库的协调方进程把提交和报告存放在 { $path } 以外的目录
doctor-shared-files-elsewhere-advice = 在各机器上挂载同一个目录，并在各自 config.toml 的 [store] 下用 “files” 指明
doctor-members-ok = { $count } 个成员均可连通
doctor-member-unreachable = 在 { $address } 连不到 { $party }（{ $why }）
doctor-member-unreachable-advice = 请该行执行 “lianfang-node doctor”
doctor-advertise-ok = 告知银行的地址是 { $address }
doctor-advertise-unknown = 无法得知银行应连接哪个地址
doctor-advertise-unknown-advice = 在 config.toml 中把 “advertise” 设为银行可达的主机名和端口
