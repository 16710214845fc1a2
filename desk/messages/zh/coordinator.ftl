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
coordinator-choice = { $field } 不能取值 { $got }
coordinator-choice-advice = 请另选；成员见 roster list，限制见 --help

## 结果

coordinator-initialised = 协调方已建立。供银行核对的授权方指纹：{ $fingerprint }
coordinator-key-file-made = 文件 { $path } 可打开全部密钥。请把它移到其他介质上，与本目录及其备份分开保管，并在 config.toml 中写明新位置。
coordinator-invited = 此文字只能交给 { $bank }，只能使用一次，有效期至 { $until }。
coordinator-fingerprint-told = 银行会看到以下指纹，并须经其他途径从贵方得到同一指纹：{ $fingerprint }
coordinator-serving = 协调方正在 { $address } 上监听。
coordinator-ask-fingerprint = { $bank } 向您报出的指纹是什么？
coordinator-roster-changed = { $bank }：名册现为第 { $version } 版。
coordinator-audit-whole = 审计日志完整：共 { $entries } 条，链头 { $head }。
coordinator-standing-active = 有效
coordinator-standing-suspended = 已暂停
coordinator-standing-waiting = 待确认
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
help-coordinator-roster = 成员：列出、确认、暂停、恢复；授权方指纹
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
help-coordinator-roster-fingerprint = 显示授权方指纹，供银行核对
    .example = 示例：
        lianfang-coordinator roster fingerprint --dir /var/lib/lianfang-coordinator
help-coordinator-ceremony = 密钥仪式与密钥生命周期
help-coordinator-ceremony-start = 向持有方发起密钥仪式
    .example = 示例：
        lianfang-coordinator ceremony start --holders alpha,beta,gamma --threshold 2 --dir /var/lib/lianfang-coordinator
    .holders = 各密钥持有方，按份额顺序
    .threshold = 须共同计算的持有方数，至少为 2
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
help-coordinator-job = 任务：发起、列出、查看
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
