### lianfang-coordinator 的文字。新增时请在 ../en/coordinator.ftl 中加入相同的 id 和变量。

## 什么没做成（用于 Problem::doing）

doing-invite = 邀请未能生成
doing-ceremony = 密钥仪式未能完成
doing-roster = 名册未能变更
doing-coordinator-job = 任务未能发起
doing-coordinator-job-step = 任务未按计划进行
doing-coordinator-init = 协调方未能建立
doing-coordinator-serve = 协调方未能启动

## 原因

coordinator-no-credentials = 服务管理器没有交付凭据 { $name }
coordinator-no-credentials-advice = 请在服务中加入 LoadCredential=，或在 config.toml 中改用其他解锁方式
coordinator-secret-file = 用于解锁密钥的文件不能使用：{ $detail }
coordinator-secret-file-advice = 请更正后再运行该命令
coordinator-cannot-listen = 无法在 { $address } 上监听（{ $detail }）
coordinator-cannot-listen-advice = 请更正 config.toml 中的 listen，或停止占用该地址的程序
coordinator-address-unknown = 无从得知银行将通过哪个地址连接协调方
coordinator-address-unknown-advice = 请在 config.toml 中设置 advertise，或在 serve 运行时执行此命令
coordinator-nobody-waits = { $bank } 尚未申请加入，或已是成员
coordinator-nobody-waits-advice = 请先让该银行用邀请运行 enrol，然后再确认
coordinator-not-quiet = 尚有 { $number } 个任务或仪式在进行
coordinator-not-quiet-advice = 待其结束后再执行命令
coordinator-choice = { $field } 不能取值 { $got }
coordinator-choice-advice = 请另选；成员见 roster list，限制见 --help

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
coordinator-serving = 协调方正在 { $address } 上监听。
coordinator-ask-fingerprint = { $bank } 向您报出的指纹是什么？
coordinator-roster-changed = { $bank }：名册现为第 { $version } 版。
coordinator-audit-whole = 审计日志完整：共 { $entries } 条，链头 { $head }。
coordinator-standing-active = 有效
coordinator-standing-suspended = 已暂停
coordinator-standing-revoked = 已撤销
coordinator-ask-revoke = { $bank } 将永久失去成员资格，只能凭新邀请、以新密钥重新加入。请输入其代号以继续：
coordinator-standing-waiting = 待确认
coordinator-job-rests = 任务已暂停，须由人员重新启动：请先排除受阻原因，再执行 job retry { $job }。
coordinator-job-retried = 任务现已重试。
coordinator-column-bank = 银行
coordinator-column-group = 法人集团
coordinator-column-standing = 状态
coordinator-column-address = 地址
coordinator-column-fingerprint = 指纹
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
        lianfang-coordinator key backup /media/usb/hub.keys --passphrase-file /root/backup.pass --dir /var/lib/lianfang-coordinator
    .file = 备份文件，不得已存在
    .passphrase-file = 写有开启口令的文件
    .recipient = age 公钥；持有相应身份者可开启
help-coordinator-key-restore = 用备份为尚无密钥的目录恢复密钥
    .example = 示例：
        lianfang-coordinator key restore /media/usb/hub.keys --passphrase-file /root/backup.pass --dir /var/lib/lianfang-coordinator
    .file = 备份文件
    .passphrase-file = 写有开启口令的文件
    .identity-file = 写有 age 身份的文件
help-coordinator-key-rekey = 改用另一口令或密钥文件开启密钥，无需重新封存数据
    .example = 示例：
        lianfang-coordinator key rekey --passphrase-file /root/new.pass --dir /var/lib/lianfang-coordinator
    .key-file = 至少 32 字节随机数的文件
    .passphrase-file = 写有口令的文件
    .credential = 服务管理器提供的凭据
help-coordinator-key-renew-root = 把授权方根证书再续十年，密钥和指纹不变；须在未运行服务时执行
    .example = 示例：
        lianfang-coordinator key renew-root --dir /var/lib/lianfang-coordinator
help-coordinator-key-rotate-signing = 更换协调方的签名密钥；须在未运行服务、没有任务时执行
    .example = 示例：
        lianfang-coordinator key rotate-signing --dir /var/lib/lianfang-coordinator
help-coordinator-ceremony = 密钥仪式：发起、列出、查看
help-coordinator-ceremony-start = 向持有方发起密钥仪式
    .example = 示例：
        lianfang-coordinator ceremony start --holders alpha,beta,gamma --threshold 2 --dir /var/lib/lianfang-coordinator
    .holders = 各密钥持有方，按份额顺序
    .threshold = 须共同计算的持有方数，至少为 2
    .class = 密钥所属的标识类别
    .deadline = 逾期放弃的时限，如 2h 或 1d
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
    .match-threshold = 构成匹配的法人集团数，至少为 2
    .disclosure = 向成员披露的内容：count、institutions 或 labels
    .purpose = 任务的目的
    .basis = 任务的法律依据
    .class = 标识类别
    .banks = 参加的银行；省略时为全部有效成员
    .deadline = 接收提交的时限，如 30s、2h 或 7d
    .size-cap = 一家银行至多可提交的行数
    .chunk = 每批计算的元素数，须为 2 的幂
    .least-rows = 提交补齐到 2 的幂，且不少于此行数
    .kinds = 纳入的标识种类；省略时为全部
    .roles = 纳入的角色；省略时为代理人、代理机构和投诉人
help-coordinator-job-list = 列出全部任务
    .example = 示例：
        lianfang-coordinator job list --dir /var/lib/lianfang-coordinator
help-coordinator-job-show = 查看任务及各参加方的进展
    .example = 示例：
        lianfang-coordinator job show ID --dir /var/lib/lianfang-coordinator
    .id = 任务编号
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
