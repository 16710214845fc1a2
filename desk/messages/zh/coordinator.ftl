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
coordinator-keys-older-advice = 从更换密钥的目录或更新的备份取得密钥
coordinator-choice = { $field } 不能取值 { $got }
coordinator-choice-advice = 请另选；成员见 roster list，限制见 --help
coordinator-epoch-choice = { $field } 不能取值 { $got }
coordinator-epoch-choice-advice = 各密钥及其所处状态见“ceremony keys”
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

coordinator-initialised = 协调方已建立。供银行核对的授权方指纹：{ $fingerprint }
coordinator-key-file-made = 文件 { $path } 可打开全部密钥。请把它移到其他介质上，与本目录及其备份分开保管，并在 config.toml 中写明新位置。
coordinator-invited = 此文字只能交给 { $bank }，只能使用一次，有效期至 { $until }。
coordinator-fingerprint-told = 银行会看到以下指纹，并须经其他途径从贵方得到同一指纹：{ $fingerprint }
coordinator-keys-backed-up = 密钥已封存于 { $path }。请与本机分开存放，并与开启它的口令或密钥分开存放。
coordinator-keys-restored = 密钥已恢复。授权方指纹：{ $fingerprint }
coordinator-rekeyed = 在 config.toml 的 [unlock] 下写入下列内容后，即由新口令开启密钥：{ $line }。在此之前仍用旧口令。
coordinator-root-renewed = 授权方根证书已续期，密钥和指纹不变；下次启动时写入名册。
coordinator-key-rotated = 协调方已换用新的签名密钥；下次启动时写入名册。
coordinator-tls-rotated = 协调方证书背后已换用新的密钥（{ $key }）；下次启动时写入名册。
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

## 帮助

help-coordinator = 监管方的协调端：准入银行，发起任务，查看进展
help-coordinator-init = 为协调端建立目录
    .example = 示例：
        lianfang-coordinator init --listen 0.0.0.0:7443 --advertise hub.example:7443 --dir /var/lib/lianfang-coordinator
    .listen = 监听地址，格式为 主机:端口
    .advertise = 邀请中告知银行的地址；省略时为监听地址
    .key-file = 用于打开密钥的文件，至少 32 个随机字节；不存在时自动生成
    .passphrase-file = 存放口令的文件，用于打开密钥
    .credential = 用于打开密钥的服务管理器凭据
help-coordinator-invite = 为一家银行生成邀请
    .example = 示例：
        lianfang-coordinator invite alpha --dir /var/lib/lianfang-coordinator
    .bank = 银行代号：a-z、0-9 和“-”，至多 32 个字符
    .group = 该银行所属的法人集团；省略时为其自身代号
help-coordinator-serve = 运行协调端
    .example = 示例：
        lianfang-coordinator serve --dir /var/lib/lianfang-coordinator
help-coordinator-roster = 成员：列出、确认、暂停、恢复、撤销；授权方指纹
help-coordinator-roster-list = 列出成员和待确认的银行
    .example = 示例：
        lianfang-coordinator roster list --dir /var/lib/lianfang-coordinator
help-coordinator-roster-confirm = 核对指纹后准入银行
    .example = 示例：
        lianfang-coordinator roster confirm alpha --dir /var/lib/lianfang-coordinator
    .bank = 银行代号
    .confirm = 银行报出的指纹；省略时在终端询问
help-coordinator-roster-suspend = 暂停一家成员
    .example = 示例：
        lianfang-coordinator roster suspend alpha --dir /var/lib/lianfang-coordinator
    .bank = 银行代号
help-coordinator-roster-resume = 恢复一家已暂停的成员
    .example = 示例：
        lianfang-coordinator roster resume alpha --dir /var/lib/lianfang-coordinator
    .bank = 银行代号
help-coordinator-roster-revoke = 永久撤销一家成员；只能凭新邀请、以新密钥重新加入
    .example = 示例：
        lianfang-coordinator roster revoke alpha --dir /var/lib/lianfang-coordinator
    .bank = 银行代号
    .yes = 不再询问
help-coordinator-roster-fingerprint = 显示授权方指纹，供银行核对
    .example = 示例：
        lianfang-coordinator roster fingerprint --dir /var/lib/lianfang-coordinator
help-coordinator-key = 授权方和协调方的密钥：备份、恢复、更换开启口令、续期
help-coordinator-key-backup = 把密钥封存到一个无需本机即可开启的文件
    .example = 示例：
        lianfang-coordinator key backup /media/usb/hub.keys --passphrase-file /etc/lianfang/backup.pass --dir /var/lib/lianfang-coordinator
    .file = 备份文件，不得已存在
    .passphrase-file = 写有开启口令的文件
    .recipient = age 公钥；持有相应身份者可开启
help-coordinator-key-restore = 用备份为尚无密钥的目录恢复密钥
    .example = 示例：
        lianfang-coordinator key restore /media/usb/hub.keys --passphrase-file /etc/lianfang/backup.pass --dir /var/lib/lianfang-coordinator
    .file = 备份文件
    .passphrase-file = 写有开启口令的文件
    .identity-file = 写有 age 身份的文件
help-coordinator-key-rekey = 改用另一口令或密钥文件开启密钥，无需重新封存数据
    .example = 示例：
        lianfang-coordinator key rekey --passphrase-file /etc/lianfang/new.pass --dir /var/lib/lianfang-coordinator
    .key-file = 至少 32 字节随机数的文件
    .passphrase-file = 写有口令的文件
    .credential = 服务管理器提供的凭据
help-coordinator-key-renew-root = 把授权方根证书再续十年，密钥和指纹不变；须在未运行服务时执行
    .example = 示例：
        lianfang-coordinator key renew-root --dir /var/lib/lianfang-coordinator
help-coordinator-key-rotate-signing = 更换协调方的签名密钥；须在未运行服务、没有任务时执行
    .example = 示例：
        lianfang-coordinator key rotate-signing --dir /var/lib/lianfang-coordinator
help-coordinator-key-rotate-tls = 更换协调方证书背后的密钥；须在未运行服务时执行
    .example = 示例：
        lianfang-coordinator key rotate-tls --dir /var/lib/lianfang-coordinator
help-coordinator-ceremony = 密钥仪式与密钥生命周期
help-coordinator-ceremony-start = 向持有方发起密钥仪式
    .example = 示例：
        lianfang-coordinator ceremony start --holders alpha,beta,gamma --threshold 2 --dir /var/lib/lianfang-coordinator
    .holders = 各密钥持有方，按份额顺序
    .threshold = 须共同计算的持有方数，至少为 2
    .epoch = 新密钥的周期编号，用于恢复后的协调方不知道各节点已有更晚周期之时；省略则为下一个
    .class = 密钥所属的标识类别
    .deadline = 逾期放弃的时限，如 2h 或 1d
help-coordinator-ceremony-refresh = 向全体持有方提议更新密钥份额；密钥本身不变
    .example = 示例：
        lianfang-coordinator ceremony refresh --dir /var/lib/lianfang-coordinator
    .epoch = 密钥周期；省略时为尚未结束的最新周期
    .class = 标识的类别
    .deadline = 仪式的期限，例如 2h 或 1d
help-coordinator-ceremony-repair = 提议由另外 T 个持有方协助，重建某持有方遗失的份额
    .example = 示例：
        lianfang-coordinator ceremony repair --holder beta --dir /var/lib/lianfang-coordinator
    .holder = 份额遗失的持有方
    .helpers = 协助的 T 个持有方；省略时为其余持有方中的前 T 个
    .epoch = 密钥周期；省略时为尚未结束的最新周期
    .class = 标识的类别
    .deadline = 仪式的期限，例如 2h 或 1d
help-coordinator-ceremony-keys = 列出每个密钥及其所处的状态
    .example = 示例：
        lianfang-coordinator ceremony keys --dir /var/lib/lianfang-coordinator
help-coordinator-ceremony-activate = 今后的任务使用该周期；前一周期开始退役
    .example = 示例：
        lianfang-coordinator ceremony activate --epoch 2 --overlap 30d --dir /var/lib/lianfang-coordinator
    .epoch = 周期
    .overlap = 前一周期继续多久，例如 30d
    .class = 标识的类别
help-coordinator-ceremony-retire = 宣布周期的结束：新任务不再使用它，到期删除份额和缓存结果
    .example = 示例：
        lianfang-coordinator ceremony retire --epoch 1 --closes 30d --dir /var/lib/lianfang-coordinator
    .epoch = 周期
    .closes = 多久之后结束，例如 30d
    .class = 标识的类别
help-coordinator-ceremony-close = 立即结束周期：从未启用的，或正在退役的
    .example = 示例：
        lianfang-coordinator ceremony close --epoch 1 --dir /var/lib/lianfang-coordinator
    .epoch = 周期
    .class = 标识的类别
help-coordinator-ceremony-list = 列出全部密钥仪式
    .example = 示例：
        lianfang-coordinator ceremony list --dir /var/lib/lianfang-coordinator
help-coordinator-ceremony-show = 查看一次密钥仪式及尚缺的持有方
    .example = 示例：
        lianfang-coordinator ceremony show ID --dir /var/lib/lianfang-coordinator
    .id = 仪式编号
help-coordinator-job = 任务：发起、列出、查看、重试
help-coordinator-job-start = 签署任务条款并开始接收提交
    .example = 示例：
        lianfang-coordinator job start --match-threshold 2 --disclosure labels --purpose 联防联治 --basis 监管要求 --dir /var/lib/lianfang-coordinator
    .match-threshold = 多少个法人集团同时命中才算匹配，至少 2
    .disclosure = 告知成员的范围：count、institutions 或 labels
    .purpose = 任务的目的
    .basis = 任务的法律依据
    .class = 标识的类别；不填为 subject
    .banks = 参加的银行；不填为全部有效成员
    .groups = 参加的法人集团，其下银行全部参加
    .everyone = 全部有效成员参加
    .deadline = 多久之内须交齐提交，如 30s、2h、7d；不填为 7d
    .deadline-of = 期限不同的个别银行，如 alpha=5d,beta=1d；none 表示没有例外
    .remind = 在银行期限之前多久提醒，如 1d,6h；none 表示不提醒
    .grace = 期限之后多久仍接收该行提交；不填为不宽限
    .size-cap = 一家银行最多提交的行数；不填为 4000000
    .chunk = 一次求值的元素数，2 的幂；不填为 8192
    .least-rows = 提交至少补齐到这么多行的 2 的幂；不填为 1024
    .kinds = 进入任务的标识种类；不填为全部
    .roles = 进入任务的角色；不填为 agent、agency、complainant
help-coordinator-job-list = 列出全部任务
    .example = 示例：
        lianfang-coordinator job list --dir /var/lib/lianfang-coordinator
help-coordinator-job-show = 查看任务及各参加方的进展
    .example = 示例：
        lianfang-coordinator job show ID --dir /var/lib/lianfang-coordinator
    .id = 任务编号
help-coordinator-schedule = 计划：每个计划时点开一个任务，专项行动持续多久就开多久
help-coordinator-schedule-add = 新建计划
    .example = 示例：
        lianfang-coordinator schedule add weekly --weekly mon@02:00 --deadline 3d --remind 1d,6h --match-threshold 2 --disclosure labels --purpose 联防联治 --basis 监管要求 --dir /var/lib/lianfang-coordinator
    .name = 计划的名称：a-z、0-9 和“-”，最多 32 个字符
    .weekly = 每周：星期与时刻，如 mon@02:00 或 mon,thu@02:00
    .monthly = 每月：1 至 28 日或 last（最后一日）与时刻，如 1@02:00 或 last@02:00
    .cron = 五个字段的 cron 表达式，如 "0 2 1 */3 *"
    .once = 仅一次：日期与时刻，如 2027-01-15T02:00
    .zone = 时刻与日期所用的时区；不填为 Asia/Shanghai
    .from = 专项行动的第一天；none 表示立即开始
    .until = 专项行动的最后一天；none 表示没有终点
    .catch-up = 协调方停机期间错过的运行：skip 跳过，run-last 补最后一次，run-all:N 依次补最多 N 次；不填为 run-last
    .overlap = 上一次未结束或间隔不足时到来的运行：wait 等待或 skip 跳过；不填为 wait
    .min-interval = 两次运行开始之间的最短间隔；不填为不限
    .min-change = 参加银行与上次相差至少一家而少于这么多家时跳过该次运行；count 时默认 3，否则 0
    .match-threshold = { help-coordinator-job-start.match-threshold }
    .disclosure = { help-coordinator-job-start.disclosure }
    .purpose = { help-coordinator-job-start.purpose }
    .basis = { help-coordinator-job-start.basis }
    .class = { help-coordinator-job-start.class }
    .banks = { help-coordinator-job-start.banks }
    .groups = { help-coordinator-job-start.groups }
    .everyone = { help-coordinator-job-start.everyone }
    .deadline = { help-coordinator-job-start.deadline }
    .deadline-of = { help-coordinator-job-start.deadline-of }
    .remind = { help-coordinator-job-start.remind }
    .grace = { help-coordinator-job-start.grace }
    .size-cap = { help-coordinator-job-start.size-cap }
    .chunk = { help-coordinator-job-start.chunk }
    .least-rows = { help-coordinator-job-start.least-rows }
    .kinds = { help-coordinator-job-start.kinds }
    .roles = { help-coordinator-job-start.roles }
help-coordinator-schedule-change = 更改计划，自即刻起生效；未给出的选项保持不变
    .example = 示例：
        lianfang-coordinator schedule change weekly --weekly tue@02:00 --dir /var/lib/lianfang-coordinator
    .name = { help-coordinator-schedule-add.name }
    .weekly = { help-coordinator-schedule-add.weekly }
    .monthly = { help-coordinator-schedule-add.monthly }
    .cron = { help-coordinator-schedule-add.cron }
    .once = { help-coordinator-schedule-add.once }
    .zone = { help-coordinator-schedule-add.zone }
    .from = { help-coordinator-schedule-add.from }
    .until = { help-coordinator-schedule-add.until }
    .catch-up = { help-coordinator-schedule-add.catch-up }
    .overlap = { help-coordinator-schedule-add.overlap }
    .min-interval = { help-coordinator-schedule-add.min-interval }
    .min-change = { help-coordinator-schedule-add.min-change }
    .match-threshold = { help-coordinator-job-start.match-threshold }
    .disclosure = { help-coordinator-job-start.disclosure }
    .purpose = { help-coordinator-job-start.purpose }
    .basis = { help-coordinator-job-start.basis }
    .class = { help-coordinator-job-start.class }
    .banks = { help-coordinator-job-start.banks }
    .groups = { help-coordinator-job-start.groups }
    .everyone = { help-coordinator-job-start.everyone }
    .deadline = { help-coordinator-job-start.deadline }
    .deadline-of = { help-coordinator-job-start.deadline-of }
    .remind = { help-coordinator-job-start.remind }
    .grace = { help-coordinator-job-start.grace }
    .size-cap = { help-coordinator-job-start.size-cap }
    .chunk = { help-coordinator-job-start.chunk }
    .least-rows = { help-coordinator-job-start.least-rows }
    .kinds = { help-coordinator-job-start.kinds }
    .roles = { help-coordinator-job-start.roles }
help-coordinator-schedule-list = 列出全部计划
    .example = 示例：
        lianfang-coordinator schedule list --dir /var/lib/lianfang-coordinator
help-coordinator-schedule-show = 显示计划、最近各次运行的结果以及缺席的银行
    .example = 示例：
        lianfang-coordinator schedule show weekly --dir /var/lib/lianfang-coordinator
    .name = { help-coordinator-schedule-add.name }
    .last = 显示多少次运行
help-coordinator-schedule-pause = 暂停计划，恢复之前不再开任务；进行中的任务继续
    .example = 示例：
        lianfang-coordinator schedule pause weekly --dir /var/lib/lianfang-coordinator
    .name = { help-coordinator-schedule-add.name }
help-coordinator-schedule-resume = 恢复计划；暂停期间的运行不补
    .example = 示例：
        lianfang-coordinator schedule resume weekly --dir /var/lib/lianfang-coordinator
    .name = { help-coordinator-schedule-add.name }
help-coordinator-schedule-remove = 移除计划；它的任务保留
    .example = 示例：
        lianfang-coordinator schedule remove weekly --dir /var/lib/lianfang-coordinator
    .name = { help-coordinator-schedule-add.name }
help-coordinator-schedule-run = 不按节律，立即运行一次；不受 --min-interval 限制
    .example = 示例：
        lianfang-coordinator schedule run weekly --dir /var/lib/lianfang-coordinator
    .name = { help-coordinator-schedule-add.name }
    .force = 上次未结束或变化太少也运行
help-coordinator-schedule-next = 显示接下来各次运行的计划时间
    .example = 示例：
        lianfang-coordinator schedule next weekly --count 10 --dir /var/lib/lianfang-coordinator
    .name = { help-coordinator-schedule-add.name }
    .count = 显示多少次
help-coordinator-job-retry = 立即重试任务中失败的步骤
    .example = 示例：
        lianfang-coordinator job retry ID --dir /var/lib/lianfang-coordinator
    .id = 任务编号
help-coordinator-summary = 显示任务的汇总数，小数目不予显示
    .example = 示例：
        lianfang-coordinator summary JOB --json --dir /var/lib/lianfang-coordinator
    .job = 任务编号
help-coordinator-audit = 审计日志：校验、列出
help-coordinator-audit-verify = 校验审计日志未被更改或删减
    .example = 示例：
        lianfang-coordinator audit verify --dir /var/lib/lianfang-coordinator
help-coordinator-audit-list = 显示审计日志的最后若干条
    .example = 示例：
        lianfang-coordinator audit list --last 20 --dir /var/lib/lianfang-coordinator
    .last = 条数
help-coordinator-doctor = 检查运维人员需要处理的事项
    .example = 示例：
        lianfang-coordinator doctor --dir /var/lib/lianfang-coordinator

help-coordinator-backup = 将数据库与已加密的密钥复制到一个目录，协调方运行时亦可执行
    .example = 示例：
        lianfang-coordinator backup /var/backups/lianfang-2026-11-22 --dir /var/lib/lianfang-coordinator
    .to = 写入的目录，须为新目录或空目录
help-coordinator-restore = 用备份替换现有内容
    .example = 示例：
        lianfang-coordinator restore /var/backups/lianfang-2026-11-22 --dir /var/lib/lianfang-coordinator
    .from = 备份所在目录
    .server = 数据库位于 PostgreSQL 服务器，且已在服务器上恢复
coordinator-restore-done = 备份已恢复，成员名册已重新签署为第 { $version } 版；原有内容在 { $aside }。备份之后暂停的成员须再次暂停，之后加入的成员须重新登记
coordinator-restore-noted = 已记录数据库经过恢复，成员名册已重新签署为第 { $version } 版。备份之后暂停的成员须再次暂停，之后加入的成员须重新登记
