### lianfang-coordinator 的文字。新增时请在 ../en/coordinator.ftl 中加入相同的 id 和变量。

## 什么没做成（用于 Problem::doing）

doing-invite = 邀请未能生成
doing-ceremony = 密钥仪式未能完成
doing-roster = 名册未能变更
doing-coordinator-job = 任务未能发起
doing-coordinator-job-step = 任务未按计划进行
doing-schedule = 计划未能更改或显示
doing-coordinator-init = 协调方未能建立
doing-coordinator-serve = 协调方未能启动

## 原因

coordinator-no-credentials = 服务管理器没有交付凭据 { $name }
coordinator-no-credentials-advice = 请在服务中加入 LoadCredential=，或在 config.toml 中改用其他解锁方式
coordinator-secret-file = 用于解锁密钥的文件不能使用：{ $detail }
coordinator-secret-file-advice = 请更正后再运行该命令
coordinator-cannot-listen = 无法在 { $address } 上监听（{ $detail }）
coordinator-cannot-listen-advice = 请更正 config.toml 中的 listen，或停止占用该地址的程序
coordinator-files-elsewhere = 另一个共用此数据库的协调方进程把提交和报告存放在 { $path } 以外的目录
coordinator-files-elsewhere-advice = 请在各机器上挂载同一个目录，并在各自 config.toml 的 [store] 下用 “files” 指明；若另一进程已不再运行，两分钟后重新启动
coordinator-address-unknown = 无从得知银行将通过哪个地址连接协调方
coordinator-address-unknown-advice = 请在 config.toml 中设置 advertise，或在 serve 运行时执行此命令
coordinator-nobody-waits = { $bank } 尚未申请加入，或已是成员
coordinator-nobody-waits-advice = 请先让该银行用邀请运行 enrol，然后再确认
coordinator-not-quiet = 尚有 { $number } 个任务或仪式在进行
coordinator-not-quiet-advice = 待其结束后再执行命令
coordinator-keys-older = 此目录中的密钥已更换，最新名册所记的是新的密钥
coordinator-keys-older-advice = 从更换密钥的目录或更新的备份取得密钥；若只有证书背后的密钥是旧的，且没有其他协调方共用此数据库，可用 key rotate-tls 再换一把
coordinator-choice = { $field } 不能取值 { $got }
coordinator-choice-advice = 请另选；成员见 roster list，限制见 --help
coordinator-epoch-choice = { $field } 不能取值 { $got }
coordinator-epoch-choice-advice = 各密钥及其所处状态见“ceremony keys”
coordinator-repair-exchanged = { $got } 在密钥记录产生之后更换了证书的密钥，任何持钥行都不会参加有它的修复
coordinator-repair-exchanged-advice = 用 --helpers 另选协助行；若所剩不足，或它正是遗失份额的持钥行，请用“ceremony start”建立新周期。每次更换之后、无人遗失份额之时执行“ceremony refresh”，即可避免此情况
coordinator-ceremony-open = 该类别的仪式 { $ceremony } 尚未结束
coordinator-ceremony-open-advice = 等它结束后再执行命令；缺席者见“ceremony show { $ceremony }”
coordinator-terms = 任何任务的条款都无法写入 { $field } 给出的值
coordinator-terms-advice = 其范围见 --help
coordinator-schedule-unknown = 没有名为 { $got } 的计划
coordinator-schedule-unknown-advice = 用“schedule list”查看现有计划
coordinator-schedule-exists = 已有名为 { $got } 的计划
coordinator-schedule-exists-advice = 换一个名称，或使用“schedule change”
coordinator-schedule-ends-first = 最后一天早于第一天（{ $field }）
coordinator-schedule-ends-first-advice = 让 --until 不早于 --from
coordinator-schedule-never = { $field } 在 --from 与 --until 之间没有任何运行（{ $got }）
coordinator-schedule-never-advice = 检查日期；最后一天可能已过
coordinator-schedule-too-close = { $field } 的两次运行相隔不到十分钟（{ $got }）
coordinator-schedule-too-close-advice = 减少次数：一个任务所需时间更长
coordinator-schedule-none-may-wait = 要依次补跑，运行必须可以等待（{ $field }）
coordinator-schedule-none-may-wait-advice = 使用 --overlap wait，或 --catch-up run-last
coordinator-schedule-standing = 计划 { $schedule } 的状态是 { $got }，而不是 { $wanted }
coordinator-schedule-standing-advice = 见“schedule show”；已结束的计划用“schedule change --until”延续
coordinator-schedule-running = { $schedule } 的一次运行尚未结束
coordinator-schedule-running-advice = 等它结束，或加上 --force
coordinator-schedule-no-job = { $schedule } 的这次运行没有开成任务（{ $why }）
coordinator-schedule-no-job-without = { $schedule } 的这次运行没有开成任务（{ $why }；未参加：{ $banks }）
coordinator-schedule-no-job-without-advice = { coordinator-schedule-no-job-advice }
coordinator-schedule-no-job-advice = 原因见 --help 中的 --min-change 与 --banks，所缺见“roster list”与“ceremony list”；--force 可越过 min-change

## 结果

coordinator-initialised = 协调方已建立。供银行核对的签发机构指纹：{ $fingerprint }
coordinator-key-file-made = 文件 { $path } 可打开全部密钥。请把它移到其他介质上，与本目录及其备份分开保管，并在 config.toml 中写明新位置。
coordinator-invited = 此文字只能交给 { $bank }，只能使用一次，有效期至 { $until }。
coordinator-fingerprint-told = 银行会看到以下指纹，并须经其他途径从贵方得到同一指纹：{ $fingerprint }
coordinator-keys-backed-up = 密钥已封存于 { $path }。请与本机分开存放，并与开启它的口令或密钥分开存放。
coordinator-keys-restored = 密钥已恢复。签发机构指纹：{ $fingerprint }
coordinator-rekeyed = 在 config.toml 的 [unlock] 下写入下列内容后，即由新口令开启密钥：{ $line }。在此之前仍用旧口令。
coordinator-root-renewed = 签发机构根证书已续期，密钥和指纹不变；此后任何打开本目录的命令或服务都会把它写入名册。请重新备份密钥。
coordinator-key-rotated = 协调方已换用新的签名密钥；此后任何打开本目录的命令或服务都会把它写入名册。请重新备份密钥。
coordinator-tls-rotated = 协调方证书背后已换用新的密钥（{ $key }）；此后任何打开本目录的命令或服务都会把它写入名册。请重新备份密钥：旧备份带回的是旧密钥，协调方凭它不能启动。
coordinator-serving = 协调方正在 { $address } 上监听。
coordinator-ask-fingerprint = { $bank } 向您报出的指纹是什么？
coordinator-roster-changed = { $bank }：名册现为第 { $version } 版。
coordinator-audit-whole = 审计日志完整：共 { $entries } 条，链头 { $head }。
coordinator-standing-active = 有效
coordinator-standing-suspended = 已暂停
coordinator-standing-revoked = 已撤销
coordinator-ask-revoke = { $bank } 将永久失去成员资格，只能凭新邀请、以新密钥重新加入。请输入其代号以继续：
coordinator-standing-waiting = 待确认
coordinator-schedule-next = { $schedule }：下一次运行计划在 { $next }。
coordinator-schedule-is-active = { $schedule } 不再有后续运行。
coordinator-schedule-is-paused = { $schedule } 已暂停。
coordinator-schedule-is-ended = { $schedule } 已结束。
coordinator-schedule-is-removed = { $schedule } 已移除。
coordinator-column-schedule = 计划
coordinator-column-rhythm = 节律
coordinator-column-next = 下一次运行
coordinator-column-planned = 计划时间
coordinator-column-fate = 结果
coordinator-column-why = 原因
coordinator-column-absent = 缺席
coordinator-column-late = 迟到
coordinator-job-rests = 任务已暂停，须由人员重新启动：请先排除受阻原因，再执行 job retry { $job }。
coordinator-job-retried = 任务现已重试。
coordinator-column-bank = 银行
coordinator-column-group = 法人集团
coordinator-column-standing = 状态
coordinator-column-address = 地址
coordinator-column-fingerprint = 指纹
coordinator-column-task = 任务
coordinator-column-generation = 代
coordinator-column-closes = 结束
coordinator-column-ceremony = 仪式
coordinator-column-class = 类别
coordinator-column-epoch = 周期
coordinator-column-state = 进展
coordinator-column-deadline = 截止时间
coordinator-column-job = 任务
coordinator-column-submitted = 已提交
coordinator-column-purpose = 目的
coordinator-column-field = 字段
coordinator-column-value = 值

coordinator-restore-done = 备份已恢复，成员名册已重新签署为第 { $version } 版；原有内容在 { $aside }。备份之后暂停的成员须再次暂停，之后加入的成员须重新登记，之后更换的协调方密钥须再次更换
coordinator-restore-noted = 已记录数据库经过恢复，成员名册已重新签署为第 { $version } 版。备份之后暂停的成员须再次暂停，之后加入的成员须重新登记，之后更换的协调方密钥须再次更换
