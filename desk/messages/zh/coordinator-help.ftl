### lianfang-coordinator 各命令的帮助。新增时请在 ../en/coordinator-help.ftl 中加入相同的 id 和属性。

help-coordinator = 监管方的协调方：准入银行，发起任务，查看进展
help-coordinator-init = 为协调方建立目录
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
help-coordinator-serve = 运行协调方
    .example = 示例：
        lianfang-coordinator serve --dir /var/lib/lianfang-coordinator
help-coordinator-roster = 成员：列出、确认、暂停、恢复、撤销；签发机构指纹
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
help-coordinator-roster-fingerprint = 显示签发机构指纹，供银行核对
    .example = 示例：
        lianfang-coordinator roster fingerprint --dir /var/lib/lianfang-coordinator
help-coordinator-key = 签发机构和协调方的密钥：备份、恢复、更换开启口令、续期、更换
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
help-coordinator-key-renew-root = 把签发机构根证书再续十年，密钥和指纹不变；须在未运行服务时执行
    .example = 示例：
        lianfang-coordinator key renew-root --dir /var/lib/lianfang-coordinator
help-coordinator-key-rotate-signing = 更换协调方的签名密钥；须在未运行服务、没有任务和仪式时执行
    .example = 示例：
        lianfang-coordinator key rotate-signing --dir /var/lib/lianfang-coordinator
help-coordinator-key-rotate-tls = 更换协调方证书背后的密钥，此后任何打开本目录的命令或服务都会把它写入名册；须在未运行服务时执行
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
