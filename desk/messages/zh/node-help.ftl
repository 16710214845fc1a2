### lianfang-node 各命令的帮助。新增时请在 ../en/node-help.ftl 中加入相同的 id 和属性。

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
    .fingerprint = 监管方人员念出的签发机构指纹；省略时询问
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
    .epoch = 密钥的周期；省略时为最新
help-node-key-evaluate = 在持有方计算盲化元素（标准输入每行一个十六进制元素），照常计费
    .example = 示例：
        lianfang-node key evaluate --holder alpha --dir /var/lib/lianfang < elements.hex
    .holder = 持有方；省略时为本行
    .epoch = 密钥的周期；省略时为最新
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
    .authority = 签发机构签署名册所用密钥的指纹（如已知）
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
